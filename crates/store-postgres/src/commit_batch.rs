//! Changes that were decided apart and are written in one transaction.
//!
//! Everything that a commit guards or writes is locked before it writes anything, in one order, so that commits never
//! wait in a circle. The locks are advisory ones: they also hold what is not there yet, as a person who is to be born
//! or a household without members. And PostgreSQL gives a transaction its number with its first write: since that
//! comes after the locks, the numbers of two commits about one person are in the order of the commits, as the outbox
//! promises. Those of one batch lock nothing in common, so none of them can be what another one did not expect.

use crate::{
    commit::{event, event_from_json},
    database::Outcome,
    errors::{Fault, Result},
    fact_writer::FactWriter,
    facts::{bits, cell, number_to_sql, signed},
    lists::{add_findings, insert_stays, insert_units},
    load::{
        GATE_SQL, PERSONS_SQL, SOURCES_SQL, Version, count_persons, lock_persons, pass_gate, save_versions,
        sources_named, wait_for_all,
    },
};
use dancu_changes::{Command, CommandId, Commit, Committed, Event};
use dancu_core::PersonalNumber;
use dancu_register::{Change, Fact, FactKind, FactValue, KindSet, links};
use deadpool_postgres::{Client, Transaction};
use futures_util::future::{try_join, try_join4, try_join5};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};
use tokio_postgres::types::ToSql;

/// Parts of the count of persons to which changes add.
const COUNT_PARTS: i64 = 64;

/// A commit with the JSON of its event and the names of what it locks.
pub(crate) struct Prepared {
    pub commit: Commit,
    pub body: String,
    pub locks: BTreeSet<String>,
}

impl Prepared {
    pub(crate) fn new(commit: Commit) -> Result<Self> {
        let body = serde_json::to_string(&commit.event);
        let body = body.map_err(|_| Fault::Defect("an event has no JSON"))?;
        Ok(Self { body, locks: locks(&commit), commit })
    }

    fn id(&self) -> CommandId {
        self.commit.event.id
    }
}

/// What became of a batch.
pub(crate) enum Together {
    /// The answers in the order of the batch.
    Answered(Vec<Committed>),
    /// Nothing stands: these sources of facts have no number yet.
    SourcesMissing(Vec<String>),
    /// Nothing stands: each has to be committed for itself.
    Apart,
}

/// What was found under the locks.
struct Found {
    events: HashMap<CommandId, (Event, [u8; 32])>,
    versions: HashMap<i64, Version>,
    /// Households and families that are not as a decision saw them.
    changed_households: HashSet<String>,
    changed_families: HashSet<i64>,
    sources: HashMap<Arc<str>, i64>,
    unit_changes: Option<i64>,
}

/// Writes a batch whose commits lock nothing in common.
pub(crate) async fn commit_together(
    transaction: &Transaction<'_>,
    batch: &[Arc<Prepared>],
) -> Result<Outcome<Together>> {
    let found = look(transaction, batch).await?;
    let missing = batch.iter().flat_map(|prepared| inserts(&prepared.commit)).map(|(_, fact)| &*fact.source);
    let missing: BTreeSet<&str> = missing.filter(|source| !found.sources.contains_key(*source)).collect();
    if !missing.is_empty() {
        let missing = missing.into_iter().map(str::to_owned).collect();
        return Ok(Outcome::Undo(Together::SourcesMissing(missing)));
    }
    let (mut answers, mut good) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for prepared in batch {
        let answer = match found.refusal(&prepared.commit) {
            None if takes_back(transaction, &prepared.commit).await? => {
                good.push(&**prepared);
                Committed::Done
            }
            None => Committed::Stale,
            Some(refusal) => refusal,
        };
        answers.push(answer);
    }
    if good.is_empty() {
        return Ok(Outcome::Undo(Together::Answered(answers)));
    }
    if write(transaction, &good, &found).await? {
        return Ok(Outcome::Keep(Together::Answered(answers)));
    }
    // Somebody sends one of these events at this very moment, about other persons.
    let [alone] = batch else { return Ok(Outcome::Undo(Together::Apart)) };
    let known = event(transaction, alone.id()).await?;
    let (event, digest) = known.ok_or(Fault::Defect("an event is there and is not"))?;
    let known = Committed::Known { event: Box::new(event), digest };
    Ok(Outcome::Undo(Together::Answered(vec![known])))
}

/// A commit without an answer stands if its event does, word for word; of a batch all stand or none.
pub(crate) async fn settle(
    client: &Client,
    batch: &[Arc<Prepared>],
    answer: Together,
) -> Result<Option<Together>> {
    let Together::Answered(answers) = answer else { return Ok(None) };
    wait_for_all(client).await?;
    let mut settled = Vec::with_capacity(answers.len());
    for (prepared, answer) in batch.iter().zip(answers) {
        if answer != Committed::Done {
            settled.push(answer);
            continue;
        }
        let Some((event, digest)) = event(client, prepared.id()).await? else { return Ok(None) };
        let is_ours = event == prepared.commit.event && digest == prepared.commit.digest;
        settled.push(if is_ours { answer } else { Committed::Known { event: Box::new(event), digest } });
    }
    Ok(Some(Together::Answered(settled)))
}

impl Found {
    /// Why a commit is not written; none when everything is as its decision saw it.
    fn refusal(&self, commit: &Commit) -> Option<Committed> {
        if let Some((event, digest)) = self.events.get(&commit.event.id) {
            return Some(Committed::Known { event: Box::new(event.clone()), digest: *digest });
        }
        let guards = &commit.guards;
        let is_known =
            |number: &PersonalNumber| self.versions.get(&number_to_sql(*number)).map(|known| known.last);
        let holds = guards.persons.iter().all(|(number, version)| is_known(number) == *version)
            && guards.households.iter().all(|(name, _)| !self.changed_households.contains(name.as_str()))
            && guards
                .relatives
                .iter()
                .all(|(number, _)| !self.changed_families.contains(&number_to_sql(*number)))
            && guards.units.is_none_or(|then| self.unit_changes == Some(signed(then)));
        (!holds).then_some(Committed::Stale)
    }

    fn is_held(&self, number: i64) -> bool {
        self.versions.get(&number).is_some_and(|known| known.is_held)
    }
}

/// Notes that a commit takes an event back, if it does; `false` when another one did.
async fn takes_back(transaction: &Transaction<'_>, commit: &Commit) -> Result<bool> {
    let Some(back) = commit.takes_back else { return Ok(true) };
    let sql = "INSERT INTO taken_back (event, by_event) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let ids: [&(dyn ToSql + Sync); 2] =
        [&back.0.as_bytes().as_slice(), &commit.event.id.0.as_bytes().as_slice()];
    Ok(transaction.execute(sql, &ids).await? > 0)
}

/// Writes commits whose guards hold; `false` when the identifier of one was taken meanwhile.
async fn write(transaction: &Transaction<'_>, good: &[&Prepared], found: &Found) -> Result<bool> {
    let mut facts = FactWriter::default();
    let mut versions: BTreeMap<i64, (i64, bool)> = BTreeMap::new();
    for prepared in good {
        let commit = &prepared.commit;
        let recorded_at = commit.event.recorded_at.as_microsecond();
        for (number, changes) in &commit.changes {
            facts.change(*number, changes, &found.sources)?;
        }
        versions
            .extend(commit.event.persons.iter().map(|number| (number_to_sql(*number), (recorded_at, false))));
        versions.extend(numbers_changed(commit).map(|number| (number, (recorded_at, true))));
    }
    let added = versions.iter().filter(|(number, (_, is_held))| *is_held && !found.is_held(**number)).count();
    // Sent together: none of them asks for what another one answers, and all stand or fall with the transaction.
    let (is_ours, (), (), ()) = try_join4(
        insert_events(transaction, good),
        facts.finish(transaction),
        save_versions(transaction, &versions),
        insert_outbox(transaction, good),
    )
    .await?;
    if !is_ours {
        return Ok(false);
    }
    if let Some(first) = good.first() {
        let part = first.commit.event.recorded_at.as_microsecond().rem_euclid(COUNT_PARTS) + 1;
        count_persons(transaction, signed(added as u64), i32::try_from(part).unwrap_or(1)).await?;
    }
    add_findings(transaction, good.iter().flat_map(|prepared| &prepared.commit.findings)).await?;
    for prepared in good {
        insert_stays(transaction, &prepared.commit.stays).await?;
        insert_units(transaction, &prepared.commit.units).await?;
    }
    Ok(true)
}

/// Persons with writes. A number of whom only a note is made is not in the register by that.
fn numbers_changed(commit: &Commit) -> impl Iterator<Item = i64> {
    let changed = commit.changes.iter().filter(|(_, changes)| !changes.is_empty());
    changed.map(|(number, _)| number_to_sql(*number))
}

/// Locks, and then looks what stands. Everything is sent at once; PostgreSQL does one after the other.
async fn look(transaction: &Transaction<'_>, batch: &[Arc<Prepared>]) -> Result<Found> {
    let commits = || batch.iter().map(|prepared| &prepared.commit);
    let names: Vec<&str> = batch.iter().flat_map(|prepared| &prepared.locks).map(String::as_str).collect();
    let numbers = commits().flat_map(|commit| {
        let guarded = commit.guards.persons.iter().map(|(number, _)| number);
        guarded.chain(commit.changes.iter().map(|(number, _)| number)).chain(&commit.event.persons)
    });
    let numbers: BTreeSet<i64> = numbers.map(|number| number_to_sql(*number)).collect();
    let numbers: Vec<i64> = numbers.into_iter().collect();
    let sources: BTreeSet<&str> = commits().flat_map(inserts).map(|(_, fact)| &*fact.source).collect();
    let sources: Vec<&str> = sources.into_iter().collect();
    // Prepared first, since a statement that has to be prepared would be sent behind those that need its lock.
    for sql in [GATE_SQL, LOCK_SQL, EVENTS_SQL, PERSONS_SQL, CIRCLES_SQL, SOURCES_SQL, UNITS_SQL] {
        transaction.prepare_cached(sql).await?;
    }
    let look = try_join5(
        pass_gate(transaction),
        lock(transaction, &names),
        events(transaction, batch),
        lock_persons(transaction, &numbers),
        circles(transaction, batch),
    );
    let asks_units = commits().any(|commit| commit.guards.units.is_some());
    let rest = try_join(sources_named(transaction, &sources), unit_changes(transaction, asks_units));
    let (((), (), events, versions, circles), (sources, unit_changes)) = try_join(look, rest).await?;
    let (changed_households, changed_families) = circles;
    Ok(Found { events, versions, changed_households, changed_families, sources, unit_changes })
}

const UNITS_SQL: &str = "SELECT count(*) FROM unit_change";

async fn unit_changes(transaction: &Transaction<'_>, is_asked: bool) -> Result<Option<i64>> {
    if !is_asked {
        return Ok(None);
    }
    let statement = transaction.prepare_cached(UNITS_SQL).await?;
    Ok(Some(cell(&transaction.query_one(&statement, &[]).await?, 0)?))
}

const EVENTS_SQL: &str = "SELECT body, digest FROM event WHERE id = ANY ($1)";

/// Events of the batch that are known already.
async fn events(
    transaction: &Transaction<'_>,
    batch: &[Arc<Prepared>],
) -> Result<HashMap<CommandId, (Event, [u8; 32])>> {
    let ids: Vec<_> = batch.iter().map(|prepared| prepared.id()).collect();
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.0.as_bytes().as_slice()).collect();
    let statement = transaction.prepare_cached(EVENTS_SQL).await?;
    let rows = transaction.query(&statement, &[&ids]).await?;
    rows.iter()
        .map(|row| {
            let event = event_from_json(cell(row, 0)?)?;
            let digest: &[u8] = cell(row, 1)?;
            let digest = digest.try_into().map_err(|_| Fault::Damaged("the digest of an event"))?;
            Ok((event.id, (event, digest)))
        })
        .collect()
}

/// Locks in ascending order of what PostgreSQL knows the names by.
const LOCK_SQL: &str = "SELECT pg_advisory_xact_lock(name) FROM (
                            SELECT DISTINCT hashtextextended(name, 0) AS name FROM unnest($1::text[]) AS name
                            ORDER BY 1 OFFSET 0) AS ordered";

async fn lock(transaction: &Transaction<'_>, names: &[&str]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(LOCK_SQL).await?;
    transaction.query(&statement, &[&names]).await?;
    Ok(())
}

/// Households and families that have not as many as they had, by those who ever were in them or named them.
const CIRCLES_SQL: &str = "
    SELECT household, NULL::bigint FROM unnest($1::text[], $2::bigint[]) AS seen (household, ever)
    WHERE ever <> (SELECT count(*) FROM household_person AS held WHERE held.household = seen.household)
    UNION ALL
    SELECT NULL, relative FROM unnest($3::bigint[], $4::bigint[]) AS seen (relative, ever)
    WHERE ever <> (SELECT count(*) FROM relative AS held WHERE held.relative = seen.relative)";

/// The households and families that are not as the decisions saw them.
async fn circles(
    transaction: &Transaction<'_>,
    batch: &[Arc<Prepared>],
) -> Result<(HashSet<String>, HashSet<i64>)> {
    let guards = || batch.iter().map(|prepared| &prepared.commit.guards);
    let households = guards().flat_map(|guards| &guards.households);
    let (households, members): (Vec<&str>, Vec<i64>) =
        households.map(|(household, ever)| (household.as_str(), signed(*ever))).unzip();
    let relatives = guards().flat_map(|guards| &guards.relatives);
    let (relatives, naming): (Vec<i64>, Vec<i64>) =
        relatives.map(|(number, ever)| (number_to_sql(*number), signed(*ever))).unzip();
    let (mut changed_households, mut changed_families) = (HashSet::new(), HashSet::new());
    if households.is_empty() && relatives.is_empty() {
        return Ok((changed_households, changed_families));
    }
    let statement = transaction.prepare_cached(CIRCLES_SQL).await?;
    for row in &transaction.query(&statement, &[&households, &members, &relatives, &naming]).await? {
        changed_households.extend(cell::<Option<String>>(row, 0)?);
        changed_families.extend(cell::<Option<i64>>(row, 1)?);
    }
    Ok((changed_households, changed_families))
}

/// Writes the events and puts them in the lists of their persons and communes; `false` when an identifier is taken.
async fn insert_events(transaction: &Transaction<'_>, good: &[&Prepared]) -> Result<bool> {
    let events = || good.iter().map(|prepared| &prepared.commit.event);
    let id = |event: &Event| event.id.0.as_bytes().to_vec();
    let ids: Vec<Vec<u8>> = events().map(id).collect();
    let recorded: Vec<i64> = events().map(|event| event.recorded_at.as_microsecond()).collect();
    let kinds: Vec<&str> = events().map(|event| Command::word(&event.command)).collect();
    let digests: Vec<&[u8]> = good.iter().map(|prepared| prepared.commit.digest.as_slice()).collect();
    let bodies: Vec<&str> = good.iter().map(|prepared| prepared.body.as_str()).collect();
    let sql = "INSERT INTO event (id, recorded_at, kind, digest, body)
               SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::text[])
               ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    let columns: [&(dyn ToSql + Sync); 5] = [&ids, &recorded, &kinds, &digests, &bodies];
    if transaction.execute(&statement, &columns).await? < ids.len() as u64 {
        return Ok(false);
    }
    let persons = events().flat_map(|event| {
        let recorded_at = event.recorded_at.as_microsecond();
        event.persons.iter().map(move |number| (number_to_sql(*number), (recorded_at, id(event))))
    });
    let (numbers, rest): (Vec<i64>, Vec<(i64, Vec<u8>)>) = persons.unzip();
    let (times, ids): (Vec<i64>, Vec<Vec<u8>>) = rest.into_iter().unzip();
    let sql = "INSERT INTO event_person (number, recorded_at, event)
               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])";
    let of_persons = transaction.prepare_cached(sql).await?;
    let listed = events().filter_map(|event| {
        Some((event.listed_in()?.value().cast_signed(), (event.recorded_at.as_microsecond(), id(event))))
    });
    let (communes, rest): (Vec<i32>, Vec<(i64, Vec<u8>)>) = listed.unzip();
    let (listed_times, listed_ids): (Vec<i64>, Vec<Vec<u8>>) = rest.into_iter().unzip();
    let sql = "INSERT INTO commune_event (commune, recorded_at, event)
               SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bytea[])";
    let of_communes = transaction.prepare_cached(sql).await?;
    let person_columns: [&(dyn ToSql + Sync); 3] = [&numbers, &times, &ids];
    let commune_columns: [&(dyn ToSql + Sync); 3] = [&communes, &listed_times, &listed_ids];
    try_join(
        transaction.execute(&of_persons, &person_columns),
        transaction.execute(&of_communes, &commune_columns),
    )
    .await?;
    Ok(true)
}

/// One entry for each person with writes to kinds that are not sealed.
async fn insert_outbox(transaction: &Transaction<'_>, good: &[&Prepared]) -> Result<()> {
    let (mut numbers, mut events, mut times, mut kinds) = (vec![], vec![], vec![], vec![]);
    for prepared in good {
        for (number, changes) in &prepared.commit.changes {
            let told = bits(kinds_told(changes));
            if told != 0 {
                numbers.push(number_to_sql(*number));
                events.push(prepared.commit.event.id.0.as_bytes().to_vec());
                times.push(prepared.commit.event.recorded_at.as_microsecond());
                kinds.push(told);
            }
        }
    }
    let sql = "INSERT INTO outbox (transaction, number, event, recorded_at, kinds)
               SELECT base + pg_current_xact_id()::text::bigint, changed.*
               FROM outbox_base, unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::integer[]) AS changed";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&numbers, &events, &times, &kinds]).await?;
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

fn inserts(commit: &Commit) -> impl Iterator<Item = (PersonalNumber, &Fact)> {
    commit.changes.iter().flat_map(|(number, changes)| {
        changes.iter().filter_map(|change| match change {
            Change::Insert(fact) => Some((*number, fact)),
            Change::Close { .. } => None,
        })
    })
}

/// Names of what is locked: persons, households by those who ever were in them, persons by those who ever named them.
fn locks(commit: &Commit) -> BTreeSet<String> {
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
    locks.extend((!commit.units.is_empty()).then(|| "units".to_owned()));
    // Two that would write or take back one event never come into one batch.
    locks.insert(format!("event {}", commit.event.id));
    locks.extend(commit.takes_back.map(|event| format!("event {event}")));
    locks
}
