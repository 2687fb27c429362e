//! Which column of which file is what: written by whoever matches (`map.toml`), or guessed from the headers and told.

mod error;
mod guess;

pub use error::MapError;
pub use guess::guess;

use crate::{
    normal::PlacesOn,
    schema::{ColumnKind, Field, Schema},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What is told of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMap {
    /// Column of the rows' own names; their numbers in the file when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The day of which its codes and names of places are; of any time when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places_on: Option<Date>,
}

/// One thing that is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldMap {
    /// What it is.
    pub kind: ColumnKind,
    /// Its column, where both files call it the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Its column in the left file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// Its column in the right file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

/// A whole map.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchMap {
    /// Probability from which on a pair is linked without a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<f64>,
    /// Probability from which on a pair is shown to somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<f64>,
    /// Whether other given names, twins and contradicting numbers always go to somebody; as the columns are when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetoes: Option<bool>,
    /// Of the left file.
    #[serde(default)]
    pub left: FileMap,
    /// Of the right file.
    #[serde(default)]
    pub right: FileMap,
    /// What is compared.
    #[serde(default, rename = "field")]
    pub fields: Vec<FieldMap>,
}

/// Where to read what in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Position of the rows' own names.
    pub id: Option<usize>,
    /// Positions of the columns that are compared, in the order of the schema's fields.
    pub columns: Vec<usize>,
}

/// Columns of one thing in the two files.
impl FieldMap {
    fn names(&self) -> (Option<&str>, Option<&str>) {
        let both = self.column.as_deref();
        (self.left.as_deref().or(both), self.right.as_deref().or(both))
    }
}

/// Names of columns are compared without case and blanks around them.
fn position(headers: &[String], name: &str) -> Option<usize> {
    let wanted = name.trim().to_lowercase();
    headers.iter().position(|header| header.trim().to_lowercase() == wanted)
}

fn places(file: &FileMap) -> PlacesOn {
    file.places_on.map_or(PlacesOn::AnyTime, PlacesOn::Day)
}

impl MatchMap {
    /// What is compared, and where it stands in each file. `right` is none for one file.
    pub fn schema(
        &self,
        left: &[String],
        right: Option<&[String]>,
    ) -> Result<(Schema, [Selection; 2]), MapError> {
        let share = |share: Option<f64>| share.is_none_or(|share| share > 0.0 && share < 1.0);
        if !share(self.automatic) || !share(self.review) {
            return Err(MapError::Probability);
        }
        let mut selections = [
            Selection { id: column(left, self.left.id.as_deref(), "left")?, columns: Vec::new() },
            Selection { id: None, columns: Vec::new() },
        ];
        if let Some(right) = right {
            selections[1].id = column(right, self.right.id.as_deref(), "right")?;
        }
        let mut fields = Vec::new();
        for field in &self.fields {
            let (left_name, right_name) = field.names();
            let at = column(left, left_name, "left")?;
            let other_at = match right {
                Some(right) => column(right, right_name, "right")?,
                None => None,
            };
            let mut add = |side: usize, at: Option<usize>| {
                at.map(|at| {
                    selections[side].columns.push(at);
                    selections[side].columns.len() - 1
                })
            };
            let (at, other_at) = (add(0, at), add(1, other_at));
            let name = left_name.or(right_name).unwrap_or_default().to_owned();
            fields.push(Field { kind: field.kind, left: at, right: other_at, name });
        }
        let has_common = |field: &Field| field.left.is_some() && (right.is_none() || field.right.is_some());
        if !fields.iter().any(has_common) {
            return Err(MapError::NothingInCommon);
        }
        let schema = Schema::new(fields, [places(&self.left), places(&self.right)]);
        schema.map(|schema| (schema, selections)).ok_or(MapError::TooMany)
    }
}

fn column(headers: &[String], name: Option<&str>, side: &'static str) -> Result<Option<usize>, MapError> {
    let Some(name) = name else {
        return Ok(None);
    };
    let missing = || MapError::NoSuchColumn { side, column: name.chars().take(60).collect() };
    position(headers, name).map(Some).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn field(kind: ColumnKind, left: Option<&str>, right: Option<&str>) -> FieldMap {
        FieldMap { kind, column: None, left: left.map(str::to_owned), right: right.map(str::to_owned) }
    }

    #[test]
    fn columns_are_found_on_both_sides_and_may_be_missing_on_one() {
        let map = MatchMap {
            fields: vec![
                field(ColumnKind::FullName, Some("Họ tên"), Some("full_name")),
                field(ColumnKind::Phone, None, Some("phone")),
            ],
            ..MatchMap::default()
        };
        let (left, right) = (headers(&["x", " HỌ TÊN "]), headers(&["phone", "full_name"]));
        let (schema, selections) = map.schema(&left, Some(&right)).unwrap();
        assert_eq!((&*selections[0].columns, &*selections[1].columns), (&[1][..], &[1, 0][..]));
        assert_eq!(schema.slots().len(), 4);
    }

    #[test]
    fn a_column_of_one_side_meets_nothing_unless_another_fills_its_place() {
        let map = MatchMap {
            fields: vec![
                field(ColumnKind::Number, Some("cmnd"), Some("number")),
                field(ColumnKind::OldNumber, None, Some("old_number")),
                field(ColumnKind::Phone, None, Some("phone")),
                field(ColumnKind::Surname, Some("họ"), None),
                field(ColumnKind::FullName, None, Some("full_name")),
            ],
            ..MatchMap::default()
        };
        let right = headers(&["number", "old_number", "phone", "full_name"]);
        let (schema, _) = map.schema(&headers(&["cmnd", "họ"]), Some(&right)).unwrap();
        assert_eq!(schema.compared_fields(), [true, true, false, true, true]);
    }

    #[test]
    fn wrong_maps_are_told() {
        let left = headers(&["name"]);
        let of = |map: MatchMap| map.schema(&left, Some(&left)).err();
        let name = field(ColumnKind::FullName, Some("name"), Some("nam"));
        let missing = MapError::NoSuchColumn { side: "right", column: "nam".to_owned() };
        assert_eq!(of(MatchMap { fields: vec![name], ..MatchMap::default() }), Some(missing));
        let one_side = field(ColumnKind::FullName, Some("name"), None);
        assert_eq!(
            of(MatchMap { fields: vec![one_side], ..MatchMap::default() }),
            Some(MapError::NothingInCommon)
        );
        assert_eq!(of(MatchMap { automatic: Some(1.5), ..MatchMap::default() }), Some(MapError::Probability));
        let many =
            vec![FieldMap { column: Some("name".to_owned()), ..field(ColumnKind::Text, None, None) }; 30];
        assert_eq!(of(MatchMap { fields: many, ..MatchMap::default() }), Some(MapError::TooMany));
    }
}
