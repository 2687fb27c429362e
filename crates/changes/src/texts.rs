//! The texts of a command, wherever they stand in it: none is in a code table of before Unicode. And the name of its
//! sender, which stands on lists that others read.

use crate::{Envelope, Refusal, refusal::Common};
use dancu_core::{check_name, check_text, holds_personal_number};
use serde_json::Value;

/// Characters of a staff identifier at most.
const SENDER_LENGTH_MAX: usize = 40;

/// Looks at every text of a command. What a person is called is read more strictly than the rest, so that names of other
/// languages pass.
pub(crate) fn check(envelope: &Envelope) -> Result<(), Refusal> {
    if !is_staff(envelope.actor.id()) {
        return Err(Common::Text { field: "actor" }.into());
    }
    if envelope.evidence.iter().any(|paper| paper.reference.chars().any(char::is_control)) {
        return Err(Common::EvidenceForm.into());
    }
    let sent =
        serde_json::to_value((&envelope.command, &envelope.evidence)).expect("a command is plain JSON");
    look(&sent, "")
}

/// Whether a text is the identifier of a member of staff, as accounts have it, and no number of a person.
fn is_staff(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    (1..=SENDER_LENGTH_MAX).contains(&id.len()) && id.bytes().all(fits) && !holds_personal_number(id)
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
