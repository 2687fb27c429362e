//! One change with all that belongs to it, in one transaction.
//!
//! Everything that a commit guards or writes is locked before it writes anything, in one order, so that commits never
//! wait in a circle. The locks are advisory ones: they also hold what is not there yet, as a person who is to be born
//! or a household without members. And PostgreSQL gives a transaction its number with its first write: since that
//! comes after the locks, the numbers of two commits about one person are in the order of the commits, as the outbox
//! promises.

use crate::{
    database::{Database, Outcome},
    errors::{Fault, Result},
    fact_writer::{FactWriter, source_number},
    facts::{bits, cell, number_to_sql, signed},
    lists::{add_findings, insert_stays, insert_units},
    load::{
        GATE_SQL, PERSONS_SQL, Version, count_persons, lock_persons, pass_gate, save_versions, sources_of,
        wait_for_all,
    },
};
use dancu_changes::{Command, CommandId, Commit, Committed, Event};
use dancu_core::{PersonalNumber, StoreError};
use dancu_register::{Change, Fact, FactKind, FactValue, KindSet, links};
use deadpool_postgres::{Client, GenericClient, Transaction};
use futures_util::future::{try_join4, try_join5};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio_postgres::types::ToSql;

/// Parts of the count of persons to which changes add.
const COUNT_PARTS: i64 = 64;

/// A commit with the JSON of its event.
struct Prepared<'c> {
    commit: &'c Commit,
    body: String,
    locks: Vec<String>,
}

/// Applies a change.
pub(crate) async fn commit(
    database: &Database,
    commit: &Commit,
) -> std::result::Result<Committed, StoreError> {
    let body = serde_json::to_string(&commit.event)
        .map_err(|_| database.failed(Fault::Defect("an event has no JSON")))?;
    let prepared = Prepared { commit, body, locks: locks(commit) };
    database
        .read(&prepared, |client, prepared| {
            Box::pin(async {
                for name in new_sources(prepared.commit) {
                    source_number(client, name).await?;
                }
                Ok(())
            })
        })
        .await?;
    database
        .write_settled(
            &prepared,
            |transaction, prepared| Box::pin(commit_once(transaction, prepared)),
            |client, prepared, answer| Box::pin(settle(client, prepared, answer)),
        )
        .await
}

/// Where the facts of a commit say they come from.
fn new_sources(commit: &Commit) -> BTreeSet<&str> {
    inserts(commit).map(|(_, fact)| &*fact.source).collect()
}

fn inserts(commit: &Commit) -> impl Iterator<Item = (PersonalNumber, &Fact)> {
    commit.changes.iter().flat_map(|(number, changes)| {
        changes.iter().filter_map(|change| match change {
            Change::Insert(fact) => Some((*number, fact)),
            Change::Close { .. } => None,
        })
    })
}

/// Names of what is locked: persons, households by those who ever were in them, persons by those who ever named them.
fn locks(commit: &Commit) -> Vec<String> {
    let mut locks = BTreeSet::new();
    let person = |number: &PersonalNumber| format!("person {}", number.value());
    let naming = |number: &PersonalNumber| format!("naming {}", number.value());
    locks.extend(commit.guards.persons.iter().map(|(number, _)| person(number)));
    locks.extend(commit.changes.iter().map(|(number, _)| person(number)));
    locks.extend(commit.event.persons.iter().map(person));
    locks.extend(
        commit.guards.households.iter().map(|(household, _)| format!("household {}", household.as_str())),
    );
    locks.extend(commit.guards.relatives.iter().map(|(number, _)| naming(number)));
    for (_, fact) in inserts(commit) {
        locks.extend(links(&fact.value).iter().map(|(named, _)| naming(named)));
        if let FactValue::Residence(home) = &fact.value {
            locks.extend(home.household.iter().map(|household| format!("household {}", household.as_str())));
        }
    }
    // Merges of units are few: one after the other.
    locks.extend(commit.guards.units.map(|_| "units".to_owned()));
    locks.into_iter().collect()
}

/// A commit without an answer stands if its event does, word for word.
async fn settle(client: &Client, prepared: &Prepared<'_>, answer: Committed) -> Result<Option<Committed>> {
    wait_for_all(client).await?;
    let Some((event, digest)) = event(client, prepared.commit.event.id).await? else { return Ok(None) };
    let is_ours = event == prepared.commit.event && digest == prepared.commit.digest;
    Ok(Some(if is_ours { answer } else { Committed::Known { event: Box::new(event), digest } }))
}

/// An event with the digest of its command.
pub(crate) async fn event(client: &impl GenericClient, id: CommandId) -> Result<Option<(Event, [u8; 32])>> {
    let statement = client.prepare_cached(EVENT_SQL).await?;
    let Some(row) = client.query_opt(&statement, &[&id.0.as_bytes().as_slice()]).await? else {
        return Ok(None);
    };
    let digest: &[u8] = cell(&row, 1)?;
    let digest = digest.try_into().map_err(|_| Fault::Damaged("the digest of an event"))?;
    Ok(Some((event_from_json(cell(&row, 0)?)?, digest)))
}

pub(crate) fn event_from_json(body: &str) -> Result<Event> {
    serde_json::from_str(body).map_err(|_| Fault::Damaged("the body of an event"))
}

async fn commit_once(transaction: &Transaction<'_>, prepared: &Prepared<'_>) -> Result<Outcome<Committed>> {
    let commit = prepared.commit;
    let numbers: BTreeSet<i64> = commit
        .guards
        .persons
        .iter()
        .map(|(number, _)| number_to_sql(*number))
        .chain(commit.changes.iter().map(|(number, _)| number_to_sql(*number)))
        .chain(commit.event.persons.iter().map(|number| number_to_sql(*number)))
        .collect();
    let numbers: Vec<i64> = numbers.into_iter().collect();
    let (known, versions, circles_hold) = look(transaction, prepared, &numbers).await?;
    if let Some((event, digest)) = known {
        return Ok(Outcome::Undo(Committed::Known { event: Box::new(event), digest }));
    }
    let guarded = &commit.guards.persons;
    let are_same = guarded
        .iter()
        .all(|(number, version)| versions.get(&number_to_sql(*number)).map(|known| known.last) == *version);
    if !are_same || !circles_hold {
        return Ok(Outcome::Undo(Committed::Stale));
    }
    if let Some(back) = commit.takes_back {
        let sql = "INSERT INTO taken_back (event, by_event) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let ids: [&(dyn ToSql + Sync); 2] =
            [&back.0.as_bytes().as_slice(), &commit.event.id.0.as_bytes().as_slice()];
        if transaction.execute(sql, &ids).await? == 0 {
            return Ok(Outcome::Undo(Committed::Stale));
        }
    }
    let mut facts = FactWriter::default();
    let sources = sources_of(transaction, &commit.changes).await?;
    for (number, changes) in &commit.changes {
        facts.change(*number, changes, &sources)?;
    }
    let recorded_at = commit.event.recorded_at.as_microsecond();
    let noted = commit.event.persons.iter().map(|number| (number_to_sql(*number), (recorded_at, false)));
    let mut all: BTreeMap<i64, (i64, bool)> = noted.collect();
    all.extend(numbers_changed(commit).map(|number| (number, (recorded_at, true))));
    let is_new = |number: &i64| versions.get(number).is_none_or(|known| !known.is_held);
    let added = all.iter().filter(|(number, (_, is_held))| *is_held && is_new(number)).count();
    // Sent together: none of them asks for what another one answers, and all stand or fall with the transaction.
    let (is_ours, (), (), ()) = try_join4(
        insert_event(transaction, prepared),
        facts.finish(transaction),
        save_versions(transaction, &all),
        insert_outbox(transaction, commit),
    )
    .await?;
    if !is_ours {
        // Somebody sends the same event at this very moment, about other persons.
        let known = event(transaction, commit.event.id).await?;
        let (event, digest) = known.ok_or(Fault::Defect("an event is there and is not"))?;
        return Ok(Outcome::Undo(Committed::Known { event: Box::new(event), digest }));
    }
    let part = recorded_at.rem_euclid(COUNT_PARTS) + 1;
    count_persons(transaction, signed(added as u64), i32::try_from(part).unwrap_or(1)).await?;
    add_findings(transaction, &commit.findings).await?;
    insert_stays(transaction, &commit.stays).await?;
    insert_units(transaction, &commit.units).await?;
    Ok(Outcome::Keep(Committed::Done))
}

/// Persons with writes. A number of whom only a note is made is not in the register by that.
fn numbers_changed(commit: &Commit) -> impl Iterator<Item = i64> {
    let changed = commit.changes.iter().filter(|(_, changes)| !changes.is_empty());
    changed.map(|(number, _)| number_to_sql(*number))
}

/// An event with the digest of its command.
type Known = Option<(Event, [u8; 32])>;

/// Locks, and then looks what stands: the event if it is known, the versions of persons, and whether the households and
/// families are as the decision saw them. Everything is sent at once; PostgreSQL does one after the other.
async fn look(
    transaction: &Transaction<'_>,
    prepared: &Prepared<'_>,
    numbers: &[i64],
) -> Result<(Known, HashMap<i64, Version>, bool)> {
    let commit = prepared.commit;
    // Prepared first, since a statement that has to be prepared would be sent behind those that need its lock.
    for sql in [GATE_SQL, LOCK_SQL, EVENT_SQL, PERSONS_SQL, CIRCLES_SQL] {
        transaction.prepare_cached(sql).await?;
    }
    let ((), (), known, versions, circles_hold) = try_join5(
        pass_gate(transaction),
        lock(transaction, &prepared.locks),
        event(transaction, commit.event.id),
        lock_persons(transaction, numbers),
        circles_hold(transaction, commit),
    )
    .await?;
    let Some(then) = commit.guards.units else { return Ok((known, versions, circles_hold)) };
    let statement = transaction.prepare_cached("SELECT count(*) FROM unit_change").await?;
    let count: i64 = cell(&transaction.query_one(&statement, &[]).await?, 0)?;
    Ok((known, versions, circles_hold && count == signed(then)))
}

/// Locks in ascending order of what PostgreSQL knows the names by.
const LOCK_SQL: &str = "SELECT pg_advisory_xact_lock(name) FROM (
                            SELECT DISTINCT hashtextextended(name, 0) AS name FROM unnest($1::text[]) AS name
                            ORDER BY 1 OFFSET 0) AS ordered";
const EVENT_SQL: &str = "SELECT body, digest FROM event WHERE id = $1";
/// How many households and families are not as they were.
const CIRCLES_SQL: &str = "SELECT
    (SELECT count(*) FROM unnest($1::text[], $2::bigint[]) AS seen (household, ever)
     WHERE ever <> (SELECT count(*) FROM household_person AS held WHERE held.household = seen.household))
  + (SELECT count(*) FROM unnest($3::bigint[], $4::bigint[]) AS seen (relative, ever)
     WHERE ever <> (SELECT count(*) FROM relative AS held WHERE held.relative = seen.relative))";

async fn lock(transaction: &Transaction<'_>, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(LOCK_SQL).await?;
    transaction.query(&statement, &[&names]).await?;
    Ok(())
}

/// Whether the households and families that the decision looked at are as it saw them.
async fn circles_hold(transaction: &Transaction<'_>, commit: &Commit) -> Result<bool> {
    let guards = &commit.guards;
    if guards.households.is_empty() && guards.relatives.is_empty() {
        return Ok(true);
    }
    let households = guards.households.iter().map(|(household, ever)| (household.as_str(), signed(*ever)));
    let (households, members): (Vec<&str>, Vec<i64>) = households.unzip();
    let relatives = guards.relatives.iter().map(|(number, ever)| (number_to_sql(*number), signed(*ever)));
    let (relatives, naming): (Vec<i64>, Vec<i64>) = relatives.unzip();
    let statement = transaction.prepare_cached(CIRCLES_SQL).await?;
    let changed = transaction.query_one(&statement, &[&households, &members, &relatives, &naming]).await?;
    Ok(cell::<i64>(&changed, 0)? == 0)
}

/// Writes the event and puts it in the lists of its persons; `false` when its identifier is taken.
async fn insert_event(transaction: &Transaction<'_>, prepared: &Prepared<'_>) -> Result<bool> {
    let (commit, event) = (prepared.commit, &prepared.commit.event);
    let id = event.id.0.as_bytes().as_slice();
    let recorded_at = event.recorded_at.as_microsecond();
    let sql = "INSERT INTO event (id, recorded_at, kind, digest, body) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    let kind = Command::word(&event.command);
    let digest = commit.digest.as_slice();
    if transaction.execute(&statement, &[&id, &recorded_at, &kind, &digest, &prepared.body]).await? == 0 {
        return Ok(false);
    }
    let numbers: Vec<i64> = event.persons.iter().map(|number| number_to_sql(*number)).collect();
    let sql = "INSERT INTO event_person (number, recorded_at, event)
               SELECT number, $2, $3 FROM unnest($1::bigint[]) AS number";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&numbers, &recorded_at, &id]).await?;
    if let Some(commune) = event.listed_in() {
        let sql = "INSERT INTO commune_event (commune, recorded_at, event) VALUES ($1, $2, $3)";
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, &[&commune.value().cast_signed(), &recorded_at, &id]).await?;
    }
    Ok(true)
}

/// One entry for each person with writes to kinds that are not sealed.
async fn insert_outbox(transaction: &Transaction<'_>, commit: &Commit) -> Result<()> {
    let told =
        commit.changes.iter().map(|(number, changes)| (number_to_sql(*number), bits(kinds_told(changes))));
    let (numbers, kinds): (Vec<i64>, Vec<i32>) = told.filter(|(_, kinds)| *kinds != 0).unzip();
    let sql = "INSERT INTO outbox (transaction, number, event, recorded_at, kinds)
               SELECT base + pg_current_xact_id()::text::bigint, changed.number, $3, $4, changed.kinds
               FROM outbox_base, unnest($1::bigint[], $2::integer[]) AS changed (number, kinds)";
    let statement = transaction.prepare_cached(sql).await?;
    let event = commit.event.id.0.as_bytes().as_slice();
    let recorded_at = commit.event.recorded_at.as_microsecond();
    transaction.execute(&statement, &[&numbers, &kinds, &event, &recorded_at]).await?;
    Ok(())
}

/// The kinds of facts that changed; the sealed ones are never told.
fn kinds_told(changes: &[Change]) -> KindSet {
    let kind = |change: &Change| match change {
        Change::Close { kind, .. } => *kind,
        Change::Insert(fact) => fact.value.kind(),
    };
    changes.iter().map(kind).filter(|kind: &FactKind| !kind.is_sealed()).collect()
}
