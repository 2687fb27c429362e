//! The port of the register.

use crate::{
    SqliteStore, circles,
    facts::{self, FactWriter, number_from_sql, number_to_sql},
    findings,
};
use async_trait::async_trait;
use dancu_changes::{FileRow, Finding, LOADER};
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::{
    At, Fact, FileDigest, HouseholdMember, HouseholdNumber, KindSet, LoadBatch, LoadOutcome, LoadProgress,
    LoadRow, Page, Person, RegisterStore, Reject, Related, Resident, believe, record_time,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Result, Row};

impl SqliteStore {
    /// The person at a point of both time axes, in the caller's thread: what
    /// [`RegisterStore::person_now`] does, for callers who do not wait for anything else.
    pub fn read_person(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> std::result::Result<Option<Person>, StoreError> {
        self.database.read(|connection| facts::person(connection, number, at, kinds))
    }
}

#[async_trait]
impl RegisterStore for SqliteStore {
    async fn person_now(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> std::result::Result<Option<Person>, StoreError> {
        self.read_person(number, at, kinds)
    }

    async fn persons_now(
        &self,
        numbers: &[PersonalNumber],
        at: At,
        kinds: KindSet,
    ) -> std::result::Result<Vec<Option<Person>>, StoreError> {
        // One transaction takes the locks of the log once; each statement for itself would take them for each person.
        self.database.read_snapshot(|connection| {
            numbers.iter().map(|number| facts::person(connection, *number, at, kinds)).collect()
        })
    }

    async fn history(&self, number: PersonalNumber) -> std::result::Result<Vec<Fact>, StoreError> {
        self.database.read(|connection| facts::history(connection, number))
    }

    async fn household(
        &self,
        household: &HouseholdNumber,
        at: At,
        page: Page,
    ) -> std::result::Result<Vec<HouseholdMember>, StoreError> {
        self.database.read_snapshot(|connection| circles::members(connection, household, at, page))
    }

    async fn related(
        &self,
        number: PersonalNumber,
        at: At,
        page: Page,
    ) -> std::result::Result<Vec<Related>, StoreError> {
        self.database.read_snapshot(|connection| circles::related(connection, number, at, page))
    }

    async fn residents(
        &self,
        communes: &[CommuneCode],
        at: At,
        page: Page,
    ) -> std::result::Result<Vec<Resident>, StoreError> {
        self.database.read_snapshot(|connection| circles::residents(connection, communes, at, page))
    }

    async fn sealed_history(&self, number: PersonalNumber) -> std::result::Result<Vec<Fact>, StoreError> {
        self.database.read(|connection| facts::sealed_history(connection, number))
    }

    async fn apply(&self, batch: LoadBatch) -> std::result::Result<LoadOutcome, StoreError> {
        self.database.write(move |connection| apply(connection, batch)).await
    }

    async fn load_progress(&self, file: FileDigest) -> std::result::Result<Option<LoadProgress>, StoreError> {
        self.database.read(|connection| Ok(load_file(connection, file)?.map(|(_, progress)| progress)))
    }

    async fn rejects(
        &self,
        file: FileDigest,
        after: u64,
        length_max: usize,
    ) -> std::result::Result<Vec<Reject>, StoreError> {
        self.database.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT line, field, code, message_vi, message_en, row
                     FROM load_reject JOIN load_file USING (source)
                     WHERE digest = ?1 AND line > ?2 ORDER BY line LIMIT ?3",
                )?
                .query_map((file.0, after, length_max), |row| {
                    Ok(Reject {
                        line: row.get(0)?,
                        field: row.get(1)?,
                        code: row.get(2)?,
                        message_vi: row.get(3)?,
                        message_en: row.get(4)?,
                        row: row.get(5)?,
                    })
                })?
                .collect()
        })
    }

    async fn numbers(
        &self,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> std::result::Result<Vec<PersonalNumber>, StoreError> {
        self.database.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT DISTINCT number FROM fact WHERE number > ?1 ORDER BY number LIMIT ?2",
                )?
                .query_map((after.map_or(0, number_to_sql), length_max), |row| number_from_sql(row, 0))?
                .collect()
        })
    }

    async fn count_persons(&self) -> std::result::Result<u64, StoreError> {
        self.database
            .read(|connection| connection.query_row("SELECT persons FROM person_count", [], |row| row.get(0)))
    }
}

/// The source number of a file and how far it is loaded.
fn load_file(connection: &Connection, file: FileDigest) -> Result<Option<(i64, LoadProgress)>> {
    let read = |row: &Row<'_>| {
        let progress = LoadProgress {
            bytes: row.get(1)?,
            lines: row.get(2)?,
            rows: row.get(3)?,
            rejected: row.get(4)?,
            warnings: row.get(5)?,
            complete: row.get(6)?,
        };
        Ok((row.get(0)?, progress))
    };
    connection
        .prepare_cached(
            "SELECT source, bytes, lines, rows, rejected, warnings, complete FROM load_file WHERE digest = ?1",
        )?
        .query_row([file.0], read)
        .optional()
}

fn apply(connection: &Connection, mut batch: LoadBatch) -> Result<LoadOutcome> {
    let known = load_file(connection, batch.file)?;
    let stands = known.map(|(_, progress)| progress).unwrap_or_default();
    if stands != batch.before {
        return Ok(LoadOutcome { applied: false, progress: stands, ..LoadOutcome::default() });
    }
    // Stores keep whole microseconds.
    batch.recorded_at = Timestamp::from_microsecond(batch.recorded_at.as_microsecond())
        .expect("an instant cut to microseconds is an instant");
    let mut outcome = LoadOutcome { applied: true, progress: batch.after, ..LoadOutcome::default() };
    if let Some((source, _)) = known {
        // A file that was renamed between two runs keeps the name under which it came first.
        let name = "SELECT name FROM fact_source WHERE id = ?1";
        batch.source =
            connection.prepare_cached(name)?.query_row([source], |row| row.get::<_, String>(0))?.into();
    }
    let mut writer = FactWriter::new(connection)?;
    let source = writer.source(&batch.source)?;
    // Numbers above the highest in the register need no look: the usual case in a first load of a sorted file.
    let highest: Option<i64> = connection.query_row("SELECT max(number) FROM fact", [], |row| row.get(0))?;
    for row in &batch.rows {
        let may_be_known = highest.is_some_and(|highest| number_to_sql(row.claims.number) <= highest);
        let mut existing =
            if may_be_known { facts::history(connection, row.claims.number)? } else { Vec::new() };
        if row.claims.has_sealed() && !existing.is_empty() {
            existing.extend(facts::sealed_history(connection, row.claims.number)?);
        }
        if existing.is_empty() {
            for belief in row.claims.first_beliefs(batch.effective) {
                writer.insert(row.claims.number, &belief, batch.recorded_at, source)?;
            }
            outcome.added += 1;
        } else if let Some(fault) = row.claims.fault(&existing, &batch.source) {
            let original = batch.text.get(row.at.clone()).unwrap_or_default();
            insert_reject(connection, source, &Reject::new(row.line, &fault, original))?;
            outcome.progress.rows -= 1;
            outcome.progress.rejected += 1;
        } else {
            renew(&mut writer, row, &existing, &batch, &mut outcome)?;
        }
    }
    writer.finish()?;
    for reject in &batch.rejects {
        insert_reject(connection, source, reject)?;
    }
    connection.execute("UPDATE person_count SET persons = persons + ?1", [outcome.added])?;
    save_progress(connection, source, &batch, outcome.progress)?;
    Ok(outcome)
}

/// Writes what a row says anew of a person whom the register knows.
fn renew(
    writer: &mut FactWriter<'_>,
    row: &LoadRow,
    existing: &[Fact],
    batch: &LoadBatch,
    outcome: &mut LoadOutcome,
) -> Result<()> {
    let number = row.claims.number;
    let news = row.claims.news(existing, batch.effective);
    let mut recorded_at = record_time(existing, batch.recorded_at);
    // Sealed values and noted events count too: whoever decides a change compares the last instant of all.
    if let Some(last) = facts::version_beside_history(writer.connection(), number)? {
        recorded_at = recorded_at.max(last + SignedDuration::from_micros(1));
    }
    let stated = FileRow { number, source: &batch.source, line: row.line };
    for value in &news.contradictions {
        report(writer.connection(), &Finding::of_file(stated, value, batch.recorded_at))?;
        outcome.contradicted += 1;
    }
    let changes = believe(existing, number, &news.beliefs, recorded_at, &batch.source);
    if changes.is_empty() {
        outcome.unchanged += 1;
        return Ok(());
    }
    outcome.changed += 1;
    outcome.moved_in_time += u64::from(recorded_at != batch.recorded_at);
    writer.change(number, &changes)
}

/// Adds a finding, or opens it again when it was resolved.
fn report(connection: &Connection, finding: &Finding) -> Result<()> {
    if findings::add(connection, std::slice::from_ref(finding))? == 1 {
        return Ok(());
    }
    let Some(known) = findings::finding(connection, finding.id)? else { return Ok(()) };
    let before = known.moves.len();
    if let Some(again) = known.found_again(finding.found_at, LOADER) {
        findings::save(connection, &again, before)?;
    }
    Ok(())
}

fn insert_reject(connection: &Connection, source: i64, reject: &Reject) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO load_reject (source, line, field, code, message_vi, message_en, row)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            source,
            reject.line,
            &reject.field,
            &reject.code,
            &reject.message_vi,
            &reject.message_en,
            &reject.row,
        ))
        .map(drop)
}

fn save_progress(
    connection: &Connection,
    source: i64,
    batch: &LoadBatch,
    progress: LoadProgress,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO load_file (source, digest, bytes, lines, rows, rejected, warnings, complete)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (source) DO UPDATE SET bytes = ?3, lines = ?4, rows = ?5, rejected = ?6,
                 warnings = ?7, complete = ?8",
        )?
        .execute((
            source,
            batch.file.0,
            progress.bytes,
            progress.lines,
            progress.rows,
            progress.rejected,
            progress.warnings,
            progress.complete,
        ))
        .map(drop)
}
