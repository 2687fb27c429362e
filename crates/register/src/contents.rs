//! The 26 groups of a person's record, and the law behind each source of a fact.

use crate::kinds::FactKind;
use dancu_core::CommuneCode;
use jiff::civil::Date;
use std::sync::LazyLock;

/// One group of the record (Law on Identification 2023, art. 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Clause of the article, 1 to 26.
    pub clause: u8,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// The kinds of facts that hold it.
    pub kinds: Vec<FactKind>,
    /// The law that puts it into the record.
    pub legal_reference: String,
}

impl Group {
    /// Whether it is kept sealed and has a permission of its own.
    pub fn is_sealed(&self) -> bool {
        self.kinds.iter().all(|kind| kind.is_sealed())
    }
}

/// Where a fact comes from, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// The law that let it be recorded.
    pub legal_reference: String,
    /// The commune that recorded it; `None` for the centre and for files.
    pub commune: Option<CommuneCode>,
    /// Name of the file, for facts that were loaded.
    pub file: Option<String>,
}

struct Source {
    word: String,
    name_vi: String,
    name_en: String,
    legal_reference: String,
    valid_from: Date,
    valid_to: Option<Date>,
}

static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    let all = || FactKind::ALL.into_iter().chain(FactKind::SEALED);
    let kind = |word: &str| all().find(|kind| kind.as_str() == word).expect("the table names kinds of facts");
    rows(include_str!("../../../data/record_contents.csv"))
        .map(|row| Group {
            clause: row[0].parse().expect("the clauses are numbers"),
            name_vi: row[1].to_owned(),
            name_en: row[2].to_owned(),
            kinds: row[3].split(';').map(kind).collect(),
            legal_reference: row[4].to_owned(),
        })
        .collect()
});

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let source = |row: csv::StringRecord| Source {
        word: row[0].to_owned(),
        name_vi: row[1].to_owned(),
        name_en: row[2].to_owned(),
        legal_reference: row[3].to_owned(),
        valid_from: row[4].parse().expect("the table has days"),
        valid_to: (!row[5].is_empty()).then(|| row[5].parse().expect("the table has days")),
    };
    rows(include_str!("../../../data/fact_sources.csv")).map(source).collect()
});

fn rows(table: &'static str) -> impl Iterator<Item = csv::StringRecord> {
    csv::Reader::from_reader(table.as_bytes()).into_records().map(|row| row.expect("the table is sound"))
}

/// The groups in the order of their clauses.
pub fn groups() -> &'static [Group] {
    &GROUPS
}

/// What the source of a fact means: `load:people.csv:1f0c62a5b3d8`, `register_birth:00004`, `replace_number:centre`.
/// The law is that of the day on which it was recorded, or the first one known. `None` for a source of which the table
/// says nothing.
pub fn origin(source: &str, recorded_on: Date) -> Option<Origin> {
    let (word, rest) = source.split_once(':').unwrap_or((source, ""));
    let mut of_word = SOURCES.iter().filter(|row| row.word == word);
    let holds =
        |row: &&Source| row.valid_from <= recorded_on && row.valid_to.is_none_or(|end| recorded_on < end);
    let row = of_word.clone().find(holds).or_else(|| of_word.next())?;
    let is_load = word == "load";
    Some(Origin {
        name_vi: row.name_vi.clone(),
        name_en: row.name_en.clone(),
        legal_reference: row.legal_reference.clone(),
        commune: if is_load { None } else { rest.parse().ok() },
        file: is_load.then(|| rest.rsplit_once(':').map_or(rest, |(name, _)| name).to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_record_has_26_groups_and_every_kind_of_fact_is_in_one() {
        let clauses: Vec<u8> = groups().iter().map(|group| group.clause).collect();
        assert_eq!(clauses, (1..=26).collect::<Vec<u8>>());
        for kind in FactKind::ALL.into_iter().chain(FactKind::SEALED) {
            let in_a_group = groups().iter().any(|group| group.kinds.contains(&kind));
            // The law's list of the record has no portrait and no fingerprints: they belong to the identity register
            // (art. 15), which this one holds too.
            let beyond = matches!(kind, FactKind::Portrait | FactKind::Fingerprints);
            assert_eq!(in_a_group, !beyond, "{kind:?}");
        }
        let sealed: Vec<u8> =
            groups().iter().filter(|group| group.is_sealed()).map(|group| group.clause).collect();
        assert_eq!(sealed, [9, 10, 12]);
    }

    #[test]
    fn the_groups_are_those_of_the_law() {
        let law = std::fs::read_to_string("../../../shared/domain/register_fields.csv");
        let Ok(law) = law else { return };
        let clauses = csv::Reader::from_reader(law.as_bytes()).into_records().count();
        assert_eq!(clauses, groups().len());
    }

    #[test]
    fn a_source_tells_its_law_and_its_office() {
        let birth = origin("register_birth:00004", date(2026, 11, 22)).unwrap();
        assert_eq!(birth.commune, Some("00004".parse().unwrap()));
        assert_eq!(birth.name_en, "Birth registration");
        let file = origin("load:people.csv:1f0c62a5b3d8", date(2026, 11, 22)).unwrap();
        assert_eq!((file.file.as_deref(), file.commune), (Some("people.csv"), None));
        assert_eq!(origin("cancel_number:centre", date(2026, 11, 22)).unwrap().commune, None);
        assert!(origin("something", date(2026, 11, 22)).is_none());
    }
}
