//! The texts of a command, wherever they stand in it: none is in a code table of before Unicode.

use crate::{Envelope, Refusal};
use dancu_core::{check_name, check_text};
use serde_json::Value;

/// Looks at every text of a command. What a person is called is read more strictly than the rest, so that names of other
/// languages pass.
pub(crate) fn check(envelope: &Envelope) -> Result<(), Refusal> {
    let sent =
        serde_json::to_value((&envelope.command, &envelope.evidence)).expect("a command is plain JSON");
    look(&sent, "")
}

fn look(value: &Value, field: &str) -> Result<(), Refusal> {
    match value {
        Value::String(text) if !text.is_ascii() => {
            let checked = if field == "name" { check_name(text) } else { check_text(text) };
            checked.map_err(|text| Refusal::Legacy { field: field.to_owned(), text })
        }
        Value::Array(values) => values.iter().try_for_each(|value| look(value, field)),
        Value::Object(fields) => fields.iter().try_for_each(|(field, value)| look(value, field)),
        _ => Ok(()),
    }
}
