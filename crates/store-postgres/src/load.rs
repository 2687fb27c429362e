//! A stretch of a file into the register: facts by COPY, with rejects and progress in one transaction.

use crate::{
    database::{Database, Outcome},
    errors::{Fault, Result},
    fact_writer::{FactWriter, source_number},
    facts::{self, cell, instant_from_sql, number_to_sql, signed, unsigned},
    lists,
};
use dancu_changes::{FileRow, Finding, LOADER};
use dancu_core::StoreError;
use dancu_register::{
    Change, Fact, FileDigest, LoadBatch, LoadOutcome, LoadProgress, LoadRow, Reject, believe, record_time,
};
use deadpool_postgres::{Client, GenericClient, Transaction};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Held by loads alone and by changes together: a load touches too many persons and households to lock each.
const GATE: i64 = crate::locks::Lock::Load.number();

pub(crate) const GATE_SQL: &str = "SELECT pg_advisory_xact_lock_shared($1)";
pub(crate) const PERSONS_SQL: &str =
    "SELECT number, version, is_held FROM person WHERE number = ANY ($1) ORDER BY number FOR UPDATE";

/// Waits at the gate as a change, until the transaction ends.
pub(crate) async fn pass_gate(transaction: &Transaction<'_>) -> Result<()> {
    let statement = transaction.prepare_cached(GATE_SQL).await?;
    transaction.query(&statement, &[&GATE]).await?;
    Ok(())
}

/// Waits until every transaction that passed the gate before has ended, also those whose connection was lost.
pub(crate) async fn wait_for_all(client: &Client) -> Result<()> {
    client.query("SELECT pg_advisory_lock($1)", &[&GATE]).await?;
    client.query("SELECT pg_advisory_unlock($1)", &[&GATE]).await?;
    Ok(())
}

/// A batch with what was found out before its transaction.
struct Load<'b> {
    batch: &'b LoadBatch,
    /// Whole microseconds, as stores keep them.
    recorded_at: Timestamp,
    /// Number of the batch's source, for a file that is not known yet.
    source: i64,
}

/// What is being written.
struct Writing {
    facts: FactWriter,
    /// New version of persons.
    versions: BTreeMap<i64, (i64, bool)>,
    added: i64,
    rejects: Vec<Reject>,
    outcome: LoadOutcome,
    /// Changes of persons who were known; their sources are looked up together.
    changes: Vec<(dancu_core::PersonalNumber, Vec<Change>)>,
    /// What rows say against events.
    findings: Vec<Finding>,
}

/// Applies a batch.
pub(crate) async fn apply(
    database: &Database,
    batch: &LoadBatch,
) -> std::result::Result<LoadOutcome, StoreError> {
    let source = database
        .read(batch, |client, batch| {
            Box::pin(async {
                match load_file(client, batch.file).await? {
                    Some((source, _)) => Ok(source),
                    None => source_number(client, &batch.source).await,
                }
            })
        })
        .await?;
    let recorded_at = Timestamp::from_microsecond(batch.recorded_at.as_microsecond())
        .expect("an instant cut to microseconds is an instant");
    let load = Load { batch, recorded_at, source };
    database
        .write_settled(
            &load,
            |transaction, load| Box::pin(apply_once(transaction, load)),
            |client, load, answer| Box::pin(settle(client, load, answer)),
        )
        .await
}

/// A commit without an answer stands if the file stands where the batch took it.
async fn settle(client: &Client, load: &Load<'_>, answer: LoadOutcome) -> Result<Option<LoadOutcome>> {
    wait_for_all(client).await?;
    let stands = load_file(client, load.batch.file).await?.map(|(_, progress)| progress);
    Ok((stands == Some(answer.progress)).then_some(answer))
}

async fn apply_once(transaction: &Transaction<'_>, load: &Load<'_>) -> Result<Outcome<LoadOutcome>> {
    let batch = load.batch;
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[&GATE]).await?;
    let known = load_file(transaction, batch.file).await?;
    let stands = known.map(|(_, progress)| progress).unwrap_or_default();
    if stands != batch.before {
        return Ok(Outcome::Undo(LoadOutcome { applied: false, progress: stands, ..LoadOutcome::default() }));
    }
    let source = known.map_or(load.source, |(source, _)| source);
    // A file that was renamed between two runs keeps the name under which it came first.
    let name = transaction.query_one("SELECT name FROM fact_source WHERE id = $1", &[&source]).await?;
    let name: Arc<str> = cell::<&str>(&name, 0)?.into();
    let numbers = maybe_known(transaction, batch).await?;
    let mut histories = facts::histories(transaction, &numbers).await?;
    if batch.rows.iter().any(|row| row.claims.has_sealed()) {
        facts::add_sealed(transaction, &numbers, &mut histories).await?;
    }
    let persons = lock_persons(transaction, &numbers).await?;
    let mut writing = Writing {
        facts: FactWriter::default(),
        versions: BTreeMap::new(),
        added: 0,
        rejects: batch.rejects.clone(),
        outcome: LoadOutcome { applied: true, progress: batch.after, ..LoadOutcome::default() },
        changes: Vec::new(),
        findings: Vec::new(),
    };
    for row in &batch.rows {
        let number = number_to_sql(row.claims.number);
        let existing = histories.get(&number).map_or(&[][..], Vec::as_slice);
        writing.take(load, (row, existing), persons.get(&number).copied(), (source, &name));
    }
    writing.finish(transaction, (source, &name), batch).await.map(Outcome::Keep)
}

impl Writing {
    fn take(
        &mut self,
        load: &Load<'_>,
        (row, existing): (&LoadRow, &[Fact]),
        person: Option<Version>,
        (source, name): (i64, &Arc<str>),
    ) {
        let claims = &row.claims;
        let number = number_to_sql(claims.number);
        // Sealed values and noted events count too: whoever decides a change compares the last instant of all.
        let after_all = person.map_or(load.recorded_at, |Version { last, .. }| {
            load.recorded_at.max(last.saturating_add(SignedDuration::from_micros(1)).unwrap_or(last))
        });
        if existing.is_empty() {
            for belief in claims.first_beliefs(load.batch.effective) {
                self.facts.insert(claims.number, &belief, after_all, source);
            }
            self.added += i64::from(person.is_none_or(|person| !person.is_held));
            self.outcome.added += 1;
            self.versions.insert(number, (after_all.as_microsecond(), true));
        } else if let Some(fault) = claims.fault(existing, name) {
            let original = load.batch.text.get(row.at.clone()).unwrap_or_default();
            self.rejects.push(Reject::new(row.line, &fault, original));
            self.outcome.progress.rows -= 1;
            self.outcome.progress.rejected += 1;
        } else {
            let news = claims.news(existing, load.batch.effective);
            let recorded_at = record_time(existing, after_all);
            let stated = FileRow { number: claims.number, source: name, line: row.line };
            let findings =
                news.contradictions.iter().map(|value| Finding::of_file(stated, value, load.recorded_at));
            self.findings.extend(findings);
            self.outcome.contradicted += news.contradictions.len() as u64;
            let changes = believe(existing, claims.number, &news.beliefs, recorded_at, name);
            if changes.is_empty() {
                self.outcome.unchanged += 1;
                return;
            }
            self.outcome.changed += 1;
            self.outcome.moved_in_time += u64::from(recorded_at != load.recorded_at);
            self.versions.insert(number, (recorded_at.as_microsecond(), true));
            self.changes.push((claims.number, changes));
        }
    }

    async fn finish(
        mut self,
        transaction: &Transaction<'_>,
        (source, name): (i64, &Arc<str>),
        batch: &LoadBatch,
    ) -> Result<LoadOutcome> {
        let mut sources = sources_of(transaction, &self.changes).await?;
        sources.insert(Arc::clone(name), source);
        for (number, changes) in &self.changes {
            self.facts.change(*number, changes, &sources)?;
        }
        save_versions(transaction, &self.versions).await?;
        count_persons(transaction, self.added, 0).await?;
        self.facts.finish(transaction).await?;
        report(transaction, &self.findings).await?;
        insert_rejects(transaction, source, &self.rejects).await?;
        save_progress(transaction, source, batch, self.outcome.progress).await?;
        Ok(self.outcome)
    }
}

/// Adds findings, and opens again those that were resolved. Few rows of a file have any.
async fn report(transaction: &Transaction<'_>, findings: &[Finding]) -> Result<()> {
    for finding in findings {
        if lists::add_findings(transaction, std::slice::from_ref(finding)).await? == 1 {
            continue;
        }
        let sql = "SELECT body FROM finding WHERE id = $1 FOR UPDATE";
        let Some(known) = lists::one::<Finding>(transaction, sql, finding.id.0).await? else { continue };
        let before = known.moves.len();
        if let Some(again) = known.found_again(finding.found_at, LOADER) {
            lists::save_finding(transaction, &again, before).await?;
        }
    }
    Ok(())
}

/// The batch's numbers up to the highest in the register: those above need no look, which is the usual case in a
/// first load of a sorted file.
async fn maybe_known(transaction: &Transaction<'_>, batch: &LoadBatch) -> Result<Vec<i64>> {
    let highest = transaction.query_one("SELECT coalesce(max(number), -1) FROM person", &[]).await?;
    let highest: i64 = cell(&highest, 0)?;
    let numbers = batch.rows.iter().map(|row| number_to_sql(row.claims.number));
    Ok(numbers.filter(|number| *number <= highest).collect())
}

/// What is known of a person's record as a whole.
#[derive(Clone, Copy)]
pub(crate) struct Version {
    /// The last instant at which anything was recorded or noted.
    pub(crate) last: Timestamp,
    /// Whether there are facts.
    pub(crate) is_held: bool,
}

/// Locks the rows of persons in ascending order, and gives the last instants at which anything was recorded of them.
pub(crate) async fn lock_persons(
    transaction: &Transaction<'_>,
    numbers: &[i64],
) -> Result<HashMap<i64, Version>> {
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = transaction.prepare_cached(PERSONS_SQL).await?;
    let rows = transaction.query(&statement, &[&numbers]).await?;
    rows.iter()
        .map(|row| {
            Ok((cell(row, 0)?, Version { last: instant_from_sql(cell(row, 1)?)?, is_held: cell(row, 2)? }))
        })
        .collect()
}

/// Sets the versions of persons and whether facts were written, and adds those who are new.
pub(crate) async fn save_versions(
    transaction: &Transaction<'_>,
    versions: &BTreeMap<i64, (i64, bool)>,
) -> Result<()> {
    if versions.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = versions.keys().copied().collect();
    let (versions, held): (Vec<i64>, Vec<bool>) = versions.values().copied().unzip();
    let sql = "INSERT INTO person (number, version, is_held)
               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::boolean[])
               ON CONFLICT (number) DO UPDATE SET version = excluded.version,
                   is_held = person.is_held OR excluded.is_held";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&numbers, &versions, &held]).await?;
    Ok(())
}

/// Adds to one part of the count of persons.
pub(crate) async fn count_persons(transaction: &Transaction<'_>, added: i64, part: i32) -> Result<()> {
    if added == 0 {
        return Ok(());
    }
    let sql = "INSERT INTO person_count (part, persons) VALUES ($1, $2)
               ON CONFLICT (part) DO UPDATE SET persons = person_count.persons + excluded.persons";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&part, &added]).await?;
    Ok(())
}

/// The numbers of the sources that changes name.
pub(crate) async fn sources_of(
    client: &impl GenericClient,
    changes: &[(dancu_core::PersonalNumber, Vec<Change>)],
) -> Result<HashMap<Arc<str>, i64>> {
    let sources = changes.iter().flat_map(|(_, changes)| changes).filter_map(|change| match change {
        Change::Insert(fact) => Some(&*fact.source),
        Change::Close { .. } => None,
    });
    let mut names: Vec<&str> = sources.collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    sources_named(client, &names).await
}

pub(crate) const SOURCES_SQL: &str = "SELECT name, id FROM fact_source WHERE name = ANY ($1)";

/// The numbers of sources that have one.
pub(crate) async fn sources_named(
    client: &impl GenericClient,
    names: &[&str],
) -> Result<HashMap<Arc<str>, i64>> {
    let statement = client.prepare_cached(SOURCES_SQL).await?;
    let rows = client.query(&statement, &[&names]).await?;
    rows.iter().map(|row| Ok((cell::<&str>(row, 0)?.into(), cell(row, 1)?))).collect()
}

/// The source number of a file and how far it is loaded.
pub(crate) async fn load_file(
    client: &impl GenericClient,
    file: FileDigest,
) -> Result<Option<(i64, LoadProgress)>> {
    let sql =
        "SELECT source, bytes, lines, rows, rejected, warnings, complete FROM load_file WHERE digest = $1";
    let statement = client.prepare_cached(sql).await?;
    let Some(row) = client.query_opt(&statement, &[&file.0.as_slice()]).await? else { return Ok(None) };
    let count = |column| unsigned(cell(&row, column)?);
    let progress = LoadProgress {
        bytes: count(1)?,
        lines: count(2)?,
        rows: count(3)?,
        rejected: count(4)?,
        warnings: count(5)?,
        complete: cell(&row, 6)?,
    };
    Ok(Some((cell(&row, 0)?, progress)))
}

async fn insert_rejects(transaction: &Transaction<'_>, source: i64, rejects: &[Reject]) -> Result<()> {
    if rejects.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO load_reject (source, line, field, code, message_vi, message_en, row)
               SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])";
    let statement = transaction.prepare_cached(sql).await?;
    let lines: Vec<i64> = rejects.iter().map(|reject| signed(reject.line)).collect();
    let texts = |text: fn(&Reject) -> &String| rejects.iter().map(text).collect::<Vec<_>>();
    let rows: Vec<&[u8]> = rejects.iter().map(|reject| reject.row.as_slice()).collect();
    let (fields, codes) = (texts(|reject| &reject.field), texts(|reject| &reject.code));
    let (vi, en) = (texts(|reject| &reject.message_vi), texts(|reject| &reject.message_en));
    let written =
        transaction.execute(&statement, &[&source, &lines, &fields, &codes, &vi, &en, &rows]).await?;
    if written == rejects.len() as u64 { Ok(()) } else { Err(Fault::Defect("rejected rows were left out")) }
}

async fn save_progress(
    transaction: &Transaction<'_>,
    source: i64,
    batch: &LoadBatch,
    progress: LoadProgress,
) -> Result<()> {
    let sql = "INSERT INTO load_file (source, digest, bytes, lines, rows, rejected, warnings, complete)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (source) DO UPDATE SET bytes = $3, lines = $4, rows = $5, rejected = $6,
                   warnings = $7, complete = $8";
    let statement = transaction.prepare_cached(sql).await?;
    let LoadProgress { bytes, lines, rows, rejected, warnings, complete } = progress;
    let [bytes, lines, rows, rejected, warnings] = [bytes, lines, rows, rejected, warnings].map(signed);
    let digest = batch.file.0.as_slice();
    transaction
        .execute(&statement, &[&source, &digest, &bytes, &lines, &rows, &rejected, &warnings, &complete])
        .await?;
    Ok(())
}
