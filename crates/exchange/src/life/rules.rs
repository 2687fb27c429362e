//! The gateway's rules of operation for a connection's life, from `data/connection_rules.csv`, and what a review asks,
//! from `data/review_checklist.csv`.

use super::Part;
use crate::dated_rows::{dated, rows};
use dancu_core::{Dated, DatedRules};
use jiff::civil::Date;
use std::sync::LazyLock;

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../../data/connection_rules.csv")));
const CHECKLIST: &str = include_str!("../../../../data/review_checklist.csv");

/// The rules that hold on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionRules {
    /// Share of the contract's answers a day that a pilot has, in percent.
    pub pilot_limit_percent: u32,
    /// Days of a pilot.
    pub pilot_days: u32,
    /// Hours within which the agency is told of a suspension or of a breach of terms.
    pub notice_hours: u32,
    /// Days for which limits may be lowered at a time.
    pub ceiling_days_max: u32,
    /// Answers in the sandbox that a review wants to see.
    pub sandbox_answers_min: u32,
    /// Refused requests in the sandbox that a review wants to see: software that over-reaches must take the refusal.
    pub sandbox_refusals_min: u32,
}

/// What the program itself finds out about a connection, so that nobody has to claim it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Computed {
    /// The client's software has a key, or it is a desk of our own pages, which no software can speak for.
    Keys,
    /// The client's software was answered and refused in the sandbox; a desk of our own pages has nothing to try.
    Tried,
    /// The limits follow from the declared work, or a reason is stated.
    Limit,
}

impl Computed {
    fn read(text: &str) -> Option<Self> {
        match text {
            "keys" => Some(Self::Keys),
            "tried" => Some(Self::Tried),
            "limit" => Some(Self::Limit),
            _ => None,
        }
    }
}

/// What a review asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistItem {
    /// Its code.
    pub code: String,
    /// The part of the review that asks it.
    pub part: Part,
    /// In Vietnamese.
    pub text_vi: String,
    /// In English.
    pub text_en: String,
    /// Whether a yes needs a file.
    pub is_evidence_required: bool,
    /// Found out by the program; `None`: a reviewer answers it.
    pub computed: Option<Computed>,
}

static ITEMS: LazyLock<Vec<Dated<ChecklistItem>>> = LazyLock::new(|| {
    let item = |row: &Vec<String>| {
        let item = ChecklistItem {
            code: row[0].clone(),
            part: if row[1] == "security" { Part::Security } else { Part::Legal },
            text_vi: row[2].clone(),
            text_en: row[3].clone(),
            is_evidence_required: row[4] == "yes",
            computed: Computed::read(&row[5]),
        };
        dated(item, &row[6..])
    };
    rows(CHECKLIST).iter().map(item).collect()
});

/// The rules that hold on a day; `None` before there were any.
pub fn connection_rules(on: Date) -> Option<ConnectionRules> {
    let rule = |name: &str| RULES.on(name, on);
    Some(ConnectionRules {
        pilot_limit_percent: rule("pilot_limit_percent")?,
        pilot_days: rule("pilot_days")?,
        notice_hours: rule("notice_hours")?,
        ceiling_days_max: rule("ceiling_days_max")?,
        sandbox_answers_min: rule("sandbox_answers_min")?,
        sandbox_refusals_min: rule("sandbox_refusals_min")?,
    })
}

/// What a review asks that began on a day, in the order of the table, with the law behind each item.
pub fn checklist(on: Date) -> impl Iterator<Item = &'static Dated<ChecklistItem>> {
    ITEMS.iter().filter(move |row| row.holds_on(on))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::HashSet;

    #[test]
    fn the_rules_are_whole() {
        assert_eq!(connection_rules(date(2022, 1, 5)), None);
        let rules = connection_rules(date(2026, 11, 22)).unwrap();
        assert!((1..=100).contains(&rules.pilot_limit_percent) && rules.pilot_days > 0);
        // Notice of a breach of terms within a day.
        assert_eq!(rules.notice_hours, 24);
    }

    #[test]
    fn the_checklist_is_whole() {
        for row in rows(CHECKLIST) {
            let line = row.join(",");
            assert_eq!(row.len(), 9, "{line}");
            assert!(["security", "legal"].contains(&row[1].as_str()), "{line}");
            assert!(["yes", "no"].contains(&row[4].as_str()), "{line}");
            assert!(row[5].is_empty() || Computed::read(&row[5]).is_some(), "{line}");
            assert!(row[..4].iter().all(|cell| !cell.trim().is_empty()) && !row[8].is_empty(), "{line}");
        }
        let items: Vec<_> = checklist(date(2026, 11, 22)).collect();
        let codes: HashSet<&str> = items.iter().map(|row| row.value.code.as_str()).collect();
        assert_eq!(codes.len(), items.len(), "each code stands once on a day");
        for part in Part::ALL {
            assert!(items.iter().any(|row| row.value.part == part && row.value.computed.is_none()));
        }
        assert_eq!(checklist(date(2020, 1, 1)).count(), 0);
    }

    #[test]
    fn a_quoted_field_holds_commas_and_quotes() {
        assert_eq!(rows("1,2,3,4\na,\"b, \"\"c\"\"\",,d")[0], ["a", r#"b, "c""#, "", "d"]);
    }
}
