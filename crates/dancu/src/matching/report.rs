//! Counts of a run, for `report.json` and for whoever runs it.

use super::{Matched, files::Input};
use dancu_quality::{
    link::{Band, Options},
    map::MatchMap,
    table::Notes,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::Path};

/// What became of the rows of one file.
#[derive(Debug, Clone, Serialize)]
pub struct Accounts {
    /// The file's name.
    pub file: String,
    /// Rows below the header.
    pub rows_in: u64,
    /// Rows linked without a look.
    pub matched: u64,
    /// Rows that somebody has to look at.
    pub review: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Rows without anybody.
    pub none: u64,
}

impl Accounts {
    /// Of a file of which nothing was read yet.
    pub fn new(input: &Input) -> Self {
        Self { file: input.shown(), rows_in: 0, matched: 0, review: 0, rejected: 0, none: 0 }
    }

    /// Adds rows that were read.
    pub fn read(&mut self, rows: u64, rejected: u64) {
        self.rows_in += rows + rejected;
        self.rejected += rejected;
    }

    /// Takes what became of them.
    pub fn count(&mut self, matched: usize, review: usize, none: usize) {
        (self.matched, self.review, self.none) = (matched as u64, review as u64, none as u64);
    }

    /// Whether every row is in one list.
    pub const fn is_whole(&self) -> bool {
        self.rows_in == self.matched + self.review + self.rejected + self.none
    }
}

/// How often each word came up.
fn counted<T: Serialize>(words: impl Iterator<Item = T>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(super::write::word(&word)).or_default() += 1;
    }
    counts
}

/// What was set aside in a file, by column.
pub fn set_aside(notes: &Notes) -> Map<String, Value> {
    let mut by_column: Map<String, Value> = Map::new();
    for ((column, what), count) in notes {
        by_column.entry(column.clone()).or_insert_with(|| json!({}))[*what] = json!(count);
    }
    by_column
}

/// `report.json`. Counts and names of columns, nothing of persons.
pub fn json(matched: &Matched, map: &MatchMap, is_guessed: bool, options: &Options) -> Value {
    let outcome = &matched.outcome;
    let evidence = &outcome.evidence;
    let of_band = |band: Band| outcome.links.iter().filter(|link| link.band == band).count();
    let agreement: Map<String, Value> = evidence
        .agreement
        .iter()
        .map(|slot| {
            let mut levels: Map<String, Value> =
                slot.levels.iter().map(|(level, count)| ((*level).to_owned(), json!(count))).collect();
            levels.insert("not_told".to_owned(), json!(slot.not_told));
            (slot.slot.clone(), Value::Object(levels))
        })
        .collect();
    let none = outcome.none_left.iter().chain(&outcome.none_right);
    let clusters =
        outcome.clusters.iter().enumerate().filter(|(row, first)| *row == **first as usize).count();
    json!({
        "format": 1,
        "program": env!("CARGO_PKG_VERSION"),
        "files": matched.accounts,
        "links": {
            "automatic": of_band(Band::Automatic),
            "exact": outcome.links.iter().filter(|link| link.is_exact).count(),
            "review": of_band(Band::Review),
        },
        "clusters": (!outcome.clusters.is_empty()).then_some(clusters),
        "review_reasons": counted(outcome.links.iter().filter_map(|link| link.reason)),
        "none_reasons": counted(none.map(|none| none.1)),
        "agreement_of_automatic_links": agreement,
        "set_aside": evidence.notes.iter().map(set_aside).collect::<Vec<_>>(),
        "blocking": {
            "keys": evidence.blocks.keys,
            "refined_blocks": evidence.blocks.refined_blocks,
            "rows_beyond": evidence.blocks.rows_beyond,
        },
        "model": {
            "file": "model.json",
            "is_frozen": evidence.rounds == 0,
            "rounds": evidence.rounds,
            "match_rate": evidence.model.match_rate,
        },
        "thresholds": { "automatic": options.automatic, "review": options.review },
        "map": { "is_guessed": is_guessed, "fields": map.fields },
    })
}

/// The sums go to the error stream, so that they never mix with what a command prints for programs.
pub fn tell(matched: &Matched, folder: &Path) {
    for account in &matched.accounts {
        eprintln!(
            "{}: {} dòng / rows = khớp / matched {} + xem xét / review {} + loại / rejected {} + không có / none {}",
            account.file, account.rows_in, account.matched, account.review, account.rejected, account.none
        );
    }
    let beyond = matched.outcome.evidence.blocks.rows_beyond;
    if beyond > 0 {
        eprintln!(
            "{beyond} lần một dòng nằm trong nhóm quá lớn; xem report.json. / times a row was in a block too large; see report.json."
        );
    }
    eprintln!("Kết quả / results: {}", folder.display());
}
