//! Some rows as examples, with the names of the file masked.

use super::folder::Run;
use crate::{
    failure::Failure,
    matching::{
        Input,
        rows::{Cut, each},
    },
};
use dancu_quality::schema::ColumnKind;
use serde_json::{Value, json};

/// Examples of one list.
const EXAMPLES_MAX: usize = 5;

/// A row that is shown as an example.
pub struct Example {
    list: &'static str,
    /// Its place among the rows that could be read.
    row: u64,
    key: String,
    what: String,
}

impl Example {
    /// Adds a row, as long as its list has few.
    pub fn add(examples: &mut Vec<Self>, list: &'static str, row: u64, key: &str, what: &str) {
        if examples.iter().filter(|example| example.list == list).count() < EXAMPLES_MAX {
            examples.push(Self { list, row, key: key.to_owned(), what: what.to_owned() });
        }
    }
}

/// The examples as the report has them; the names are read from the file once more.
pub fn examples(chosen: &[Example], run: &Run, input: &Input) -> Result<Vec<Value>, Failure> {
    let is_name = |kind: ColumnKind| {
        matches!(
            kind,
            ColumnKind::FullName | ColumnKind::Surname | ColumnKind::MiddleName | ColumnKind::GivenName
        )
    };
    let of_names = run.map.fields.iter().filter(|field| is_name(field.kind));
    let headers = of_names.filter_map(|field| field.left.as_deref().or(field.column.as_deref()));
    let at = |name: &str| {
        let wanted = name.trim().to_lowercase();
        input.headers().iter().position(|header| header.trim().to_lowercase() == wanted)
    };
    let columns: Vec<usize> = headers.filter_map(at).collect();
    let last = chosen.iter().map(|example| example.row).max();
    let (mut found, mut place) = (Vec::new(), 0);
    each(input, |cut| {
        if let Cut::Row(_, record) = cut {
            for example in chosen.iter().filter(|example| example.row == place) {
                let words = columns.iter().filter_map(|column| record.get(*column));
                let name =
                    words.map(|cell| masked(&String::from_utf8_lossy(cell))).collect::<Vec<_>>().join(" ");
                found.push(json!({
                    "list": example.list, "key": example.key, "name": name, "what": example.what,
                }));
            }
            place += 1;
        }
        last.is_some_and(|last| place <= last)
    })?;
    Ok(found)
}

/// The first letter of each word.
fn masked(name: &str) -> String {
    let initial = |word: &str| word.chars().next().map(|letter| format!("{letter}."));
    name.split_whitespace().take(8).filter_map(initial).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn of_a_name_the_first_letters_are_left() {
        assert_eq!(masked(" Nguyễn  Thị Ánh "), "N. T. Á.");
        assert_eq!(masked(""), "");
    }
}
