//! What may be asked. A query that fits half the country is none.

use crate::{
    QueryError,
    words::{key_words, split},
};
use dancu_core::{
    CommuneCode, Explain, Explanation, NameError, OldNumber, PartialDate, PersonName, PersonalNumber,
};
use dancu_places::{Places, Unit};
use dancu_register::COMMUNES_MAX;
use jiff::civil::Date;
use serde::Deserialize;
use std::fmt;

/// What an officer writes into the form. Blank is left out.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueryText {
    /// Personal number, 12 digits; blanks between groups do not count.
    pub number: String,
    /// Old number, 9 digits.
    pub old_number: String,
    /// Name or some of its words, with or without marks.
    pub name: String,
    /// Birth date or year: `dd/MM/yyyy`, `YYYY-MM-DD`, `YYYY-MM`, `YYYY`.
    pub birth_date: String,
    /// Commune of residence: code of five digits, or name.
    pub commune: String,
    /// Personal number of father or mother.
    pub parent_number: String,
    /// Name of father or mother.
    pub parent_name: String,
}

impl fmt::Debug for QueryText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueryText(…)")
    }
}

/// A query that was read and is narrow enough.
#[derive(Clone)]
pub struct Query {
    pub(crate) number: Option<PersonalNumber>,
    pub(crate) old_number: Option<OldNumber>,
    pub(crate) name: Option<PersonName>,
    pub(crate) birth_date: Option<PartialDate>,
    pub(crate) residence: Option<Residence>,
    pub(crate) parent_number: Option<PersonalNumber>,
    pub(crate) parent_name: Option<PersonName>,
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Query(…)")
    }
}

/// Communes of today with every code under which they stand in the register.
#[derive(Clone)]
pub(crate) struct Residence {
    /// The communes that are meant.
    meant: Vec<CommuneCode>,
    /// Their codes and those of their predecessors, ascending.
    pub(crate) codes: Vec<u32>,
}

impl Residence {
    /// Whether a code that was written on a day stands for one of them.
    pub(crate) fn covers(&self, code: CommuneCode, written_on: Date) -> bool {
        self.meant.contains(&code)
            || Places::national().present(code, written_on).iter().any(|now| self.meant.contains(&now.code))
    }
}

impl QueryText {
    /// Reads every field, then weighs whether the whole is narrow enough.
    pub fn read(&self) -> Result<Query, QueryError> {
        let query = Query {
            number: number("number", &self.number)?,
            old_number: value("old_number", &without_blanks(&self.old_number))?,
            name: name("name", &self.name)?,
            birth_date: value("birth_date", self.birth_date.trim())?,
            residence: residence(&self.commune)?,
            parent_number: number("parent_number", &self.parent_number)?,
            parent_name: name("parent_name", &self.parent_name)?,
        };
        if query.is_narrow() { Ok(query) } else { Err(QueryError::TooWide) }
    }
}

impl Query {
    /// The condition names, as they stand in the record of a disclosure: what was known, not its values.
    pub fn asked(&self) -> Vec<&'static str> {
        let conditions = [
            ("number", self.number.is_some()),
            ("old_number", self.old_number.is_some()),
            ("name", self.name.is_some()),
            ("birth_date", self.birth_date.is_some()),
            ("residence", self.residence.is_some()),
            ("parent_number", self.parent_number.is_some()),
            ("parent_name", self.parent_name.is_some()),
        ];
        conditions.into_iter().filter(|(_, is_given)| *is_given).map(|(condition, _)| condition).collect()
    }

    fn is_narrow(&self) -> bool {
        let words =
            |name: &Option<PersonName>| name.as_ref().map_or(0, |name| key_words(name.as_str()).len());
        if self.number.is_some() || self.old_number.is_some() || self.parent_number.is_some() {
            return true;
        }
        match words(&self.name) {
            // Without the person's name the parent's leads to the children.
            0 => words(&self.parent_name) >= 2 && self.birth_date.is_some(),
            1 => self.birth_date.is_some() || self.residence.is_some() || words(&self.parent_name) >= 2,
            _ => true,
        }
    }
}

fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

fn value<T: std::str::FromStr<Err: Explain>>(
    field: &'static str,
    text: &str,
) -> Result<Option<T>, QueryError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error: T::Err| QueryError::Value { field, reason: error.explain() })
}

fn number(field: &'static str, text: &str) -> Result<Option<PersonalNumber>, QueryError> {
    value(field, &without_blanks(text))
}

/// A name needs letters: signs alone would be found in nobody, and in everybody.
fn name(field: &'static str, text: &str) -> Result<Option<PersonName>, QueryError> {
    match value(field, text.trim())? {
        Some::<PersonName>(name) if key_words(name.as_str()).is_empty() => {
            Err(QueryError::Value { field, reason: NameError::Empty.explain() })
        }
        name => Ok(name),
    }
}

/// A commune by code or name; an old name stands for the communes of today that took its land.
fn residence(text: &str) -> Result<Option<Residence>, QueryError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let places = Places::national();
    let mut meant: Vec<CommuneCode> = if text.starts_with(|c: char| c.is_ascii_digit()) {
        let code: CommuneCode = text.parse().map_err(|error: dancu_core::PlaceError| QueryError::Value {
            field: "commune",
            reason: error.explain(),
        })?;
        let today = places.resolve(code, Places::REFORM);
        match today.or_else(|| places.old_commune(code).map(Unit::Former)) {
            Some(Unit::Present(commune)) => vec![commune.code],
            Some(Unit::Former(former)) => former.successors.clone(),
            None => Vec::new(),
        }
    } else {
        by_name(text)
    };
    meant.sort_unstable();
    meant.dedup();
    if meant.is_empty() {
        return Err(QueryError::NoCommune);
    }
    let predecessors = places
        .old_communes()
        .iter()
        .filter(|former| former.successors.iter().any(|successor| meant.contains(successor)))
        .filter_map(|former| former.code);
    let mut codes: Vec<u32> = meant.iter().copied().chain(predecessors).map(CommuneCode::value).collect();
    codes.sort_unstable();
    codes.dedup();
    if codes.len() > COMMUNES_MAX {
        return Err(QueryError::ManyCommunes);
    }
    Ok(Some(Residence { meant, codes }))
}

/// Units whose name is this one, with or without its type. What follows a comma names the province.
fn by_name(text: &str) -> Vec<CommuneCode> {
    let places = Places::national();
    let plain = |text: &str| split(text).collect::<Vec<_>>().join(" ");
    let (unit, province) =
        text.split_once(',').map_or((text, None), |(unit, rest)| (unit, Some(plain(rest))));
    let wanted = plain(unit);
    let is_it = |name: &str| {
        let name = plain(name);
        name == wanted
            || ["xa ", "phuong ", "thi tran ", "dac khu "]
                .iter()
                .any(|kind| name.strip_prefix(kind) == Some(wanted.as_str()))
    };
    let in_province = |code: CommuneCode| {
        let Some(wanted) = &province else { return true };
        places.commune(code).and_then(|commune| places.province(commune.province)).is_some_and(|province| {
            plain(&province.full_name).ends_with(wanted) || plain(province.name) == *wanted
        })
    };
    let present = places.communes().iter().filter(|commune| is_it(commune.name)).map(|commune| commune.code);
    let found: Vec<CommuneCode> = present.filter(|code| in_province(*code)).collect();
    if !found.is_empty() {
        return found;
    }
    let former = places.old_communes().iter().filter(|former| is_it(former.name));
    former.flat_map(|former| former.successors.iter().copied()).filter(|code| in_province(*code)).collect()
}

impl From<QueryError> for Explanation {
    fn from(error: QueryError) -> Self {
        error.explain()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, birth_date: &str, commune: &str) -> QueryText {
        let [name, birth_date, commune] = [name, birth_date, commune].map(str::to_owned);
        QueryText { name, birth_date, commune, ..QueryText::default() }
    }

    #[test]
    fn a_query_that_fits_too_many_is_refused() {
        for wide in [
            QueryText::default(),
            text("Lan", "", ""),
            text("", "1985", ""),
            text("", "1985-03-02", "00004"),
            QueryText { parent_name: "Nguyễn Văn Hùng".to_owned(), ..QueryText::default() },
        ] {
            assert!(matches!(wide.read(), Err(QueryError::TooWide)));
        }
        for narrow in [
            text("Trần Lan", "", ""),
            text("Lan", "1985", ""),
            text("Lan", "", "00004"),
            QueryText { number: "001 085 000 001".to_owned(), ..QueryText::default() },
            QueryText { old_number: "012345678".to_owned(), ..QueryText::default() },
            QueryText {
                parent_name: "Nguyễn Văn Hùng".to_owned(),
                birth_date: "2010".to_owned(),
                ..QueryText::default()
            },
        ] {
            assert!(narrow.read().is_ok());
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_field() {
        for (wrong, field) in [
            (QueryText { number: "12".to_owned(), ..QueryText::default() }, "number"),
            (text("Lan 7", "", ""), "name"),
            (text("- -", "1985", ""), "name"),
            (text("Lan", "31/02/1985", ""), "birth_date"),
            (text("Lan", "", "99999"), "commune"),
            (text("Lan", "", "Phường Không Đâu"), "commune"),
        ] {
            assert_eq!(wrong.read().unwrap_err().field(), field);
        }
    }

    #[test]
    fn a_commune_is_meant_by_code_and_by_name_and_brings_its_predecessors() {
        let read = |commune: &str| text("Trần Lan", "", commune).read().unwrap().residence.unwrap();
        let by_code = read("00004");
        for name in ["Phường Ba Đình, Thành phố Hà Nội", "phuong ba dinh, ha noi"] {
            assert_eq!(read(name).codes, by_code.codes);
        }
        assert!(by_code.codes.len() > 1, "wards of before 2025 became part of it");
        assert!(by_code.covers("00004".parse().unwrap(), jiff::civil::date(2026, 1, 1)));
    }

    #[test]
    fn the_conditions_are_named_without_their_values() {
        assert_eq!(text("Trần Lan", "1985", "").read().unwrap().asked(), ["name", "birth_date"]);
    }
}
