//! One change: looked at, guarded and written by the writer in one piece.

use crate::{
    events,
    facts::{FactWriter, number_to_sql},
    findings, stays,
};
use dancu_changes::{CommandId, Commit, Committed, Event, Guards};
use dancu_core::PersonalNumber;
use dancu_register::{Change, KindSet};
use rusqlite::{Connection, Result, ToSql};

/// A commit with its event written out, so that the one writer of all callers has less to do.
pub(crate) struct Prepared {
    commit: Commit,
    body: String,
}

impl Prepared {
    pub(crate) fn new(commit: Commit) -> Self {
        let body = serde_json::to_string(&commit.event).expect("an event is plain JSON");
        Self { commit, body }
    }

    /// Refuses before it changes anything: what a piece returns as `Ok` stays written.
    pub(crate) fn apply(&self, connection: &Connection) -> Result<Committed> {
        let commit = &self.commit;
        if let Some((event, digest)) = events::event(connection, commit.event.id)? {
            return Ok(Committed::Known { event: Box::new(event), digest });
        }
        if is_taken_back(connection, commit.takes_back)? || !holds(connection, &commit.guards)? {
            return Ok(Committed::Stale);
        }
        self.write_facts(connection)?;
        let (event, recorded_at) = (&commit.event, commit.event.recorded_at.as_microsecond());
        let id = event.id.0.as_bytes();
        connection
            .prepare_cached(
                "INSERT INTO event (id, recorded_at, kind, digest, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((id, recorded_at, event.command.word(), commit.digest, &self.body))?;
        let mut concerns = connection
            .prepare_cached("INSERT INTO event_person (number, recorded_at, event) VALUES (?1, ?2, ?3)")?;
        for number in &event.persons {
            concerns.execute((number_to_sql(*number), recorded_at, id))?;
        }
        if let Some(commune) = event.listed_in() {
            connection
                .prepare_cached(
                    "INSERT INTO commune_event (commune, recorded_at, event) VALUES (?1, ?2, ?3)",
                )?
                .execute((commune.value(), recorded_at, id))?;
        }
        if let Some(back) = commit.takes_back {
            connection
                .prepare_cached("INSERT INTO taken_back (event, by_event) VALUES (?1, ?2)")?
                .execute((back.0.as_bytes(), id))?;
        }
        findings::add(connection, &commit.findings)?;
        stays::add(connection, &commit.stays)?;
        stays::add_units(connection, &commit.units)?;
        Ok(Committed::Done)
    }

    /// Facts, the count of persons, and the entries of the change feed.
    fn write_facts(&self, connection: &Connection) -> Result<()> {
        let mut writer = FactWriter::new(connection)?;
        let mut added = 0_u32;
        for (number, changes) in &self.commit.changes {
            let kinds = open_kinds(changes);
            if kinds.is_empty() {
                writer.change(*number, changes)?;
                continue;
            }
            added += u32::from(!is_known(connection, *number)?);
            writer.change(*number, changes)?;
            announce(connection, &self.commit.event, *number, kinds)?;
        }
        writer.finish()?;
        if added > 0 {
            connection.prepare_cached("UPDATE person_count SET persons = persons + ?1")?.execute([added])?;
        }
        Ok(())
    }
}

/// The kinds that changed, the sealed ones left out.
fn open_kinds(changes: &[Change]) -> KindSet {
    let kinds = changes.iter().map(|change| match change {
        Change::Close { kind, .. } => *kind,
        Change::Insert(fact) => fact.value.kind(),
    });
    kinds.filter(|kind| !kind.is_sealed()).collect()
}

fn is_known(connection: &Connection, number: PersonalNumber) -> Result<bool> {
    connection.prepare_cached("SELECT 1 FROM fact WHERE number = ?1 LIMIT 1")?.exists([number_to_sql(number)])
}

/// An entry of the change feed.
fn announce(connection: &Connection, event: &Event, number: PersonalNumber, kinds: KindSet) -> Result<()> {
    let recorded_at = event.recorded_at.as_microsecond();
    connection
        .prepare_cached("INSERT INTO outbox (number, event, recorded_at, kinds) VALUES (?1, ?2, ?3, ?4)")?
        .execute((number_to_sql(number), event.id.0.as_bytes(), recorded_at, kinds.bits()))
        .map(drop)
}

fn is_taken_back(connection: &Connection, event: Option<CommandId>) -> Result<bool> {
    let Some(event) = event else { return Ok(false) };
    Ok(events::taken_back_by(connection, event)?.is_some())
}

/// Whether everything is as it was read.
fn holds(connection: &Connection, guards: &Guards) -> Result<bool> {
    // Ends are later than the beginnings that they end, so that one of both is the last instant of a row.
    let version = "SELECT max(instant) FROM (
             SELECT max(coalesce(recorded_to, recorded_from)) AS instant FROM fact WHERE number = ?1
             UNION ALL
             SELECT max(coalesce(recorded_to, recorded_from)) FROM sealed_fact WHERE number = ?1
             UNION ALL
             SELECT max(recorded_at) FROM event_person WHERE number = ?1)";
    for (number, version_then) in &guards.persons {
        let now: Option<i64> = number_of(connection, version, number_to_sql(*number))?;
        if now != version_then.map(jiff::Timestamp::as_microsecond) {
            return Ok(false);
        }
    }
    for (household, count_then) in &guards.households {
        let count = "SELECT count(*) FROM household_person WHERE household = ?1";
        if number_of(connection, count, household.as_str())? != i64::try_from(*count_then).ok() {
            return Ok(false);
        }
    }
    for (number, count_then) in &guards.relatives {
        let count = "SELECT count(*) FROM relative WHERE relative = ?1";
        if number_of(connection, count, number_to_sql(*number))? != i64::try_from(*count_then).ok() {
            return Ok(false);
        }
    }
    let Some(count_then) = guards.units else { return Ok(true) };
    let count: i64 =
        connection.prepare_cached("SELECT count(*) FROM unit_change")?.query_row([], |row| row.get(0))?;
    Ok(i64::try_from(count_then).ok() == Some(count))
}

fn number_of(connection: &Connection, sql: &str, of: impl ToSql) -> Result<Option<i64>> {
    connection.prepare_cached(sql)?.query_row([of], |row| row.get(0))
}
