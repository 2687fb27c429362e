//! The port of the search, and the entries that go with facts.

use crate::{
    SqliteStore,
    facts::{number_from_sql, number_to_sql, unreadable},
    search_runs,
};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_register::{FactKind, FactValue};
use dancu_search::{Entry, EntryBytes, IndexProgress, Probe, Scan, SearchStore, Traits, searchable_kinds};
use rusqlite::{Connection, OptionalExtension, Result};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Collects by what the persons of a transaction are found.
#[derive(Default)]
pub(crate) struct SearchWriter {
    people: HashMap<PersonalNumber, Traits>,
}

impl SearchWriter {
    /// Takes in a fact that is written.
    pub(crate) fn note(&mut self, number: PersonalNumber, value: &FactValue) {
        if searchable_kinds().contains(value.kind()) {
            self.people.entry(number).or_default().take(value);
        }
    }

    /// Writes the entries. A person of whom only a part was written has the rest read, so that a new name is joined
    /// with the home that was known, and a new home with the name.
    pub(crate) fn finish(mut self, connection: &Connection) -> Result<()> {
        for (number, traits) in &mut self.people {
            if !traits.is_whole() {
                take_stored(connection, *number, traits)?;
            }
        }
        write(connection, &self.people)
    }
}

fn write(connection: &Connection, people: &HashMap<PersonalNumber, Traits>) -> Result<()> {
    let mut words = HashSet::new();
    let mut entries = Vec::new();
    for (number, traits) in people {
        entries.extend(traits.entries(*number, |word| {
            if !words.contains(word) {
                words.insert(word.to_owned());
            }
        }));
    }
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO search_word (word) VALUES (?1)")?;
    // In their order, so that the same facts give the same file.
    for word in words.into_iter().collect::<BTreeSet<_>>() {
        insert.execute([word])?;
    }
    entries.sort_unstable();
    entries.dedup();
    search_runs::add(connection, &entries)
}

/// Adds what the stored facts of any time say.
fn take_stored(connection: &Connection, number: PersonalNumber, traits: &mut Traits) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, value FROM fact WHERE number = ?1 AND (1 << kind) & ?2 ORDER BY kind",
    )?;
    let mut rows = statement.query((number_to_sql(number), searchable_kinds().bits()))?;
    while let Some(row) = rows.next()? {
        let kind = FactKind::from_code(row.get(0)?).ok_or_else(|| unreadable(0))?;
        let text = row.get_ref(1)?.as_bytes().map_err(|_| unreadable(1))?;
        traits.take(&FactValue::decode(kind, text).map_err(|_| unreadable(1))?);
    }
    Ok(())
}

#[async_trait]
impl SearchStore for SqliteStore {
    async fn scan(
        &self,
        probes: Vec<Probe>,
        numbers_max: usize,
        visits_max: usize,
    ) -> std::result::Result<Scan, StoreError> {
        self.database().read_snapshot(|connection| scan(connection, &probes, numbers_max, visits_max))
    }

    async fn words(
        &self,
        after: u64,
        length_max: usize,
    ) -> std::result::Result<Vec<(u64, String)>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT id, word FROM search_word WHERE id > ?1 ORDER BY id LIMIT ?2")?
                .query_map((after, length_max), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    async fn index_progress(&self) -> std::result::Result<IndexProgress, StoreError> {
        self.database().read(progress)
    }

    async fn index_more(&self, persons_max: usize) -> std::result::Result<IndexProgress, StoreError> {
        self.database().write(move |connection| index_more(connection, persons_max)).await
    }
}

fn progress(connection: &Connection) -> Result<IndexProgress> {
    connection
        .prepare_cached("SELECT done, is_complete FROM search_progress")?
        .query_row([], |row| Ok(IndexProgress { done: row.get(0)?, is_complete: row.get(1)? }))
}

fn scan(connection: &Connection, probes: &[Probe], numbers_max: usize, visits_max: usize) -> Result<Scan> {
    let runs: Vec<i64> = connection
        .prepare_cached("SELECT run FROM search_run ORDER BY run DESC")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let mut found = Scan::default();
    let mut known = HashSet::new();
    for probe in probes {
        let take = |bytes: &EntryBytes| {
            if found.visited >= visits_max {
                return false;
            }
            found.visited += 1;
            let Some(entry) = Entry::from_bytes(bytes) else { return true };
            if probe.filter.keeps(&entry) && !known.contains(&entry.number()) {
                if found.numbers.len() >= numbers_max {
                    return false;
                }
                known.insert(entry.number());
                found.numbers.push(entry.number());
            }
            true
        };
        if !search_runs::range(connection, &runs, (&probe.from, &probe.to), take)? {
            found.is_cut = true;
            break;
        }
    }
    Ok(found)
}

/// The next persons in the order of their numbers. Facts written meanwhile bring their own entries.
fn index_more(connection: &Connection, persons_max: usize) -> Result<IndexProgress> {
    let before = progress(connection)?;
    if before.is_complete {
        return Ok(before);
    }
    let after: i64 = connection.query_row("SELECT after FROM search_progress", [], |row| row.get(0))?;
    let mut people: HashMap<PersonalNumber, Traits> = HashMap::new();
    let mut last = after;
    // One step down the tree for each person: a scan would read every fact of all that lie between.
    let mut next =
        connection.prepare_cached("SELECT number FROM fact WHERE number > ?1 ORDER BY number LIMIT 1")?;
    while people.len() < persons_max.max(1) {
        let number = next.query_row([last], |row| number_from_sql(row, 0)).optional()?;
        let Some(number) = number else { break };
        let mut traits = Traits::default();
        take_stored(connection, number, &mut traits)?;
        last = number_to_sql(number);
        people.insert(number, traits);
    }
    write(connection, &people)?;
    let is_complete = people.len() < persons_max.max(1);
    connection
        .prepare_cached("UPDATE search_progress SET after = ?1, done = done + ?2, is_complete = ?3")?
        .execute((last, people.len(), is_complete))?;
    progress(connection)
}
