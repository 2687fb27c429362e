//! What the matcher found, row by row, in files of the run: pairs that are told, pairs that somebody has to look at, rows without
//! anybody. What officers decided before goes before what the matcher says.

use super::{
    decisions::{Decisions, row_digest},
    folder::RunFolder,
    stage::{Settled, agreed, field_names, said},
};
use crate::{
    failure::Failure,
    matching::{
        Input,
        rows::{Cut, each},
        write::{Unnamed, word},
    },
};
use dancu_exchange::FieldSet;
use dancu_quality::{
    link::{Band, Link},
    map::Selection,
    schema::Schema,
};
use std::collections::HashSet;

/// Files of the run that hold personal numbers; gone when it is finished.
pub const PAIRS: &str = "pairs.csv";
/// See [`PAIRS`].
pub const UNDECIDED: &str = "undecided.csv";
/// Rows without anybody, by key. Why so is not kept: whose row was taken by another is somebody.
pub const NOBODY: &str = "nobody.csv";

/// The files while they are written.
struct Lists<'a> {
    settled: &'a Settled,
    decisions: &'a Decisions,
    headers: Vec<(usize, String)>,
    pairs: Unnamed,
    undecided: Unnamed,
    nobody: Unnamed,
    /// Persons who were accepted for a row of this file: no other row is theirs.
    taken: HashSet<u32>,
    count: u64,
}

/// Writes them; says how many pairs are to be told. The file is read once more, for what its rows say.
pub fn write(
    folder: &RunFolder,
    settled: &Settled,
    decisions: &Decisions,
    (input, selection): (&Input, &Selection),
) -> Result<u64, Failure> {
    let named = |column: &usize| (*column, input.headers().get(*column).cloned().unwrap_or_default());
    let pair = ["row", "key", "number", "agreed", "differing", "not_held"];
    let doubtful = [
        "row",
        "key",
        "number",
        "reason",
        "probability",
        "weight",
        "levels",
        "weights",
        "agreed",
        "digest",
        "cells",
    ];
    let mut lists = Lists {
        settled,
        decisions,
        headers: selection.columns.iter().map(named).collect(),
        pairs: Unnamed::new(folder.file(PAIRS), &pair)?,
        undecided: Unnamed::new(folder.file(UNDECIDED), &doubtful)?,
        nobody: Unnamed::new(folder.file(NOBODY), &["row", "key"])?,
        taken: HashSet::new(),
        count: 0,
    };
    lists.find_taken(input)?;
    // They are in the order of the rows.
    let mut links = settled.outcome.links.as_slice();
    let (mut row, mut failed) = (0, None);
    each(input, |cut| {
        let Cut::Row(_, record) = cut else { return true };
        let (own, others) = links.split_at(links.iter().take_while(|link| link.left == row).count());
        links = others;
        failed = lists.row((row, record), own).err();
        row += 1;
        failed.is_none()
    })?;
    failed.map_or(Ok(()), Err)?;
    input.must_be_unchanged()?;
    for list in [lists.pairs, lists.undecided, lists.nobody] {
        list.whole()?.name()?;
    }
    Ok(lists.count)
}

impl Lists<'_> {
    /// Goes through the file for the rows that officers decided on, so that those before them know who is taken.
    fn find_taken(&mut self, input: &Input) -> Result<(), Failure> {
        if self.decisions.is_empty() {
            return Ok(());
        }
        let mut row = 0;
        each(input, |cut| {
            let Cut::Row(_, record) = cut else { return true };
            let (digest, _) = self.reading(self.settled.tables.left.id(row), record);
            if let Some((person, _)) = self.decisions.accepted(&digest) {
                self.taken.insert(person);
            }
            row += 1;
            true
        })
    }

    /// What a row says in the columns that are compared, and the digest by which officers' decisions know it.
    fn reading(&self, key: &str, record: &csv::ByteRecord) -> (String, Vec<(String, String)>) {
        let cell = |(column, header): &(usize, String)| {
            let value = record.get(*column).unwrap_or_default();
            (header.clone(), String::from_utf8_lossy(value).into_owned())
        };
        let cells: Vec<(String, String)> = self.headers.iter().map(cell).collect();
        (row_digest(key, &cells), cells)
    }

    fn row(&mut self, (row, record): (u32, &csv::ByteRecord), links: &[Link]) -> Result<(), Failure> {
        let key = self.settled.tables.left.id(row).to_owned();
        let is_doubtful = links.iter().any(|link| link.band == Band::Review);
        let needs_reading = is_doubtful || !self.decisions.is_empty();
        let (digest, cells) = if needs_reading { self.reading(&key, record) } else { Default::default() };
        if let Some((person, agreed)) = self.decisions.accepted(&digest) {
            return self.pair((row, &key), person, agreed);
        }
        let decisions = self.decisions;
        let register = self.settled.tables.other();
        let taken = &self.taken;
        let open = |link: &&Link| {
            !decisions.is_rejected(&digest, register.id(link.right)) && !taken.contains(&link.right)
        };
        let open: Vec<&Link> = links.iter().filter(open).collect();
        if let Some(link) = open.iter().find(|link| link.band == Band::Automatic) {
            return self.pair((row, &key), link.right, agreed(self.settled, link));
        }
        for link in &open {
            self.undecided((row, &key), link, (&digest, &cells))?;
        }
        if open.is_empty() {
            self.nobody.row([row.to_string().as_bytes(), key.as_bytes()])?;
        }
        Ok(())
    }

    fn pair(&mut self, (row, key): (u32, &str), person: u32, agreed: FieldSet) -> Result<(), Failure> {
        self.count += 1;
        let said = said(self.settled, (row, person), agreed);
        let number = self.settled.tables.other().id(person);
        let names = [said.agreed, said.differing, said.not_held].map(field_names);
        let fields = [&row.to_string(), key, number, &names[0], &names[1], &names[2]];
        self.pairs.row(fields.map(str::as_bytes))
    }

    fn undecided(
        &mut self,
        (row, key): (u32, &str),
        link: &Link,
        (digest, cells): (&str, &[(String, String)]),
    ) -> Result<(), Failure> {
        let fields = [
            row.to_string(),
            key.to_owned(),
            self.settled.tables.other().id(link.right).to_owned(),
            word(&link.reason),
            format!("{:.6}", link.probability),
            link.weight.to_string(),
            levels(&self.settled.schema, link),
            link.slot_weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("."),
            field_names(agreed(self.settled, link)),
            digest.to_owned(),
            serde_json::to_string(cells).expect("texts are JSON"),
        ];
        self.undecided.row(fields.iter().map(String::as_bytes))
    }
}

fn levels(schema: &Schema, link: &Link) -> String {
    let of_slots = (0..schema.slots().len()).map(|slot| link.levels.of(slot).to_string());
    of_slots.collect::<Vec<_>>().join(".")
}
