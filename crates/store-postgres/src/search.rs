//! The port of the search, and the entries that go with facts.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{bits, cell, limit, number_from_sql, number_to_sql, signed, stored_value, unsigned},
};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_register::FactValue;
use dancu_search::{Entry, EntryBytes, IndexProgress, Probe, Scan, SearchStore, Traits, searchable_kinds};
use deadpool_postgres::{GenericClient, Transaction};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Held by whoever adds words, so that their numbers commit in order.
const WORDS: i64 = crate::locks::Lock::SearchWords.number();

/// Collects by what the persons of a transaction are found.
#[derive(Default)]
pub(crate) struct SearchWriter {
    people: BTreeMap<PersonalNumber, Traits>,
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
    pub(crate) async fn finish(mut self, transaction: &Transaction<'_>) -> Result<()> {
        let parts = self.people.iter().filter(|(_, traits)| !traits.is_whole());
        let numbers: Vec<i64> = parts.map(|(number, _)| number_to_sql(*number)).collect();
        take_stored(transaction, &numbers, &mut self.people).await?;
        write(transaction, &self.people).await
    }
}

/// Adds what the stored facts of any time say.
async fn take_stored(
    transaction: &Transaction<'_>,
    numbers: &[i64],
    people: &mut BTreeMap<PersonalNumber, Traits>,
) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let sql = "SELECT number, kind, value FROM fact WHERE number = ANY ($1) AND (1 << kind) & $2 <> 0
               ORDER BY number, kind";
    let statement = transaction.prepare_cached(sql).await?;
    for row in &transaction.query(&statement, &[&numbers, &bits(searchable_kinds())]).await? {
        let number = number_from_sql(cell(row, 0)?)?;
        people.entry(number).or_default().take(&stored_value(row, 1)?);
    }
    Ok(())
}

async fn write(transaction: &Transaction<'_>, people: &BTreeMap<PersonalNumber, Traits>) -> Result<()> {
    let mut words = BTreeSet::new();
    let mut entries: Vec<EntryBytes> = Vec::new();
    for (number, traits) in people {
        entries.extend(traits.entries(*number, |word| {
            if !words.contains(word) {
                words.insert(word.to_owned());
            }
        }));
    }
    add_words(transaction, words).await?;
    if entries.is_empty() {
        return Ok(());
    }
    // In their order, so that two transactions never wait for each other's entries in a circle.
    entries.sort_unstable();
    entries.dedup();
    let entries: Vec<&[u8]> = entries.iter().map(|entry| &entry[..]).collect();
    let sql = "INSERT INTO search_entry SELECT * FROM unnest($1::bytea[]) ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&entries]).await?;
    Ok(())
}

async fn add_words(transaction: &Transaction<'_>, words: BTreeSet<String>) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = words.into_iter().collect();
    let sql = "SELECT word FROM search_word WHERE word = ANY ($1)";
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&words]).await?;
    let known: HashSet<&str> = rows.iter().map(|row| cell(row, 0)).collect::<Result<_>>()?;
    let new: Vec<&str> = words.iter().map(String::as_str).filter(|word| !known.contains(word)).collect();
    if new.is_empty() {
        return Ok(());
    }
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[&WORDS]).await?;
    let sql = "INSERT INTO search_word (word) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&new]).await?;
    Ok(())
}

#[async_trait]
impl SearchStore for PostgresStore {
    async fn scan(
        &self,
        probes: Vec<Probe>,
        numbers_max: usize,
        visits_max: usize,
    ) -> std::result::Result<Scan, StoreError> {
        self.database
            .read_snapshot(
                &(probes, numbers_max, visits_max),
                |transaction, (probes, numbers_max, visits_max)| {
                    Box::pin(scan(transaction, probes, *numbers_max, *visits_max))
                },
            )
            .await
    }

    async fn words(
        &self,
        after: u64,
        length_max: usize,
    ) -> std::result::Result<Vec<(u64, String)>, StoreError> {
        self.database
            .read(&(signed(after), limit(length_max)), |client, (after, length_max)| {
                Box::pin(async move {
                    let sql = "SELECT id, word FROM search_word WHERE id > $1 ORDER BY id LIMIT $2";
                    let statement = client.prepare_cached(sql).await?;
                    let rows = client.query(&statement, &[after, length_max]).await?;
                    rows.iter().map(|row| Ok((unsigned(cell(row, 0)?)?, cell(row, 1)?))).collect()
                })
            })
            .await
    }

    async fn index_progress(&self) -> std::result::Result<IndexProgress, StoreError> {
        self.database.read(&(), |client, ()| Box::pin(progress(client))).await
    }

    async fn index_more(&self, persons_max: usize) -> std::result::Result<IndexProgress, StoreError> {
        self.database
            .write(&limit(persons_max.max(1)), |transaction, persons_max| {
                Box::pin(index_more(transaction, *persons_max))
            })
            .await
    }
}

async fn progress(client: &impl GenericClient) -> Result<IndexProgress> {
    let row = client.query_one("SELECT done, is_complete FROM search_progress", &[]).await?;
    Ok(IndexProgress { done: unsigned(cell(&row, 0)?)?, is_complete: cell(&row, 1)? })
}

async fn scan(
    transaction: &Transaction<'_>,
    probes: &[Probe],
    numbers_max: usize,
    visits_max: usize,
) -> Result<Scan> {
    let sql = "SELECT entry FROM search_entry WHERE entry BETWEEN $1 AND $2 ORDER BY entry LIMIT $3";
    let statement = transaction.prepare_cached(sql).await?;
    let mut found = Scan::default();
    let mut known = HashSet::new();
    for probe in probes {
        // One more than may be looked at, so that an end of the bound is told from an end of the entries.
        let rows_max = limit((visits_max - found.visited).saturating_add(1));
        let rows = transaction.query(&statement, &[&&probe.from[..], &&probe.to[..], &rows_max]).await?;
        for row in &rows {
            if found.visited >= visits_max {
                found.is_cut = true;
                return Ok(found);
            }
            found.visited += 1;
            let bytes: &[u8] = cell(row, 0)?;
            let bytes: &EntryBytes =
                bytes.try_into().map_err(|_| Fault::Damaged("an entry of the search"))?;
            let Some(entry) = Entry::from_bytes(bytes) else { continue };
            if !probe.filter.keeps(&entry) || known.contains(&entry.number()) {
                continue;
            }
            if found.numbers.len() >= numbers_max {
                found.is_cut = true;
                return Ok(found);
            }
            known.insert(entry.number());
            found.numbers.push(entry.number());
        }
    }
    Ok(found)
}

/// The next persons in the order of their numbers. Facts written meanwhile bring their own entries.
async fn index_more(transaction: &Transaction<'_>, persons_max: i64) -> Result<Outcome<IndexProgress>> {
    let row = transaction.query_one("SELECT after, is_complete FROM search_progress FOR UPDATE", &[]).await?;
    let (after, is_complete): (i64, bool) = (cell(&row, 0)?, cell(&row, 1)?);
    if is_complete {
        return Ok(Outcome::Undo(progress(transaction).await?));
    }
    let sql = "SELECT number FROM person WHERE number > $1 AND is_held ORDER BY number LIMIT $2";
    let rows = transaction.query(sql, &[&after, &persons_max]).await?;
    let numbers: Vec<i64> = rows.iter().map(|row| cell(row, 0)).collect::<Result<_>>()?;
    let mut people = BTreeMap::new();
    take_stored(transaction, &numbers, &mut people).await?;
    write(transaction, &people).await?;
    let (last, done) = (numbers.last().copied().unwrap_or(after), limit(numbers.len()));
    let sql = "UPDATE search_progress SET after = $1, done = done + $2, is_complete = $3";
    transaction.execute(sql, &[&last, &done, &(done < persons_max)]).await?;
    Ok(Outcome::Keep(progress(transaction).await?))
}
