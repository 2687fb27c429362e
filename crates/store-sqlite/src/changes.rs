//! The port of what changes the register.

use crate::{SqliteStore, circles, commit, events, facts, findings, outbox, proposals, stays};
use async_trait::async_trait;
use dancu_changes::{
    ChangeStore, CommandId, Commit, Committed, Cursor, Event, Finding, FindingFilter, FindingId, OutboxEntry,
    Proposal, ProposalFilter, ProposalId, Record, Stay, UnitChange,
};
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::HouseholdNumber;
use jiff::{Timestamp, civil::Date};
use rusqlite::Connection;

/// A count of rows as SQLite wants it.
pub(crate) fn limit(length_max: usize) -> i64 {
    i64::try_from(length_max).unwrap_or(i64::MAX)
}

/// Facts and version are of one commit, that of the transaction under way: a version that is newer than the facts would
/// guard nothing.
fn record(connection: &Connection, number: PersonalNumber) -> rusqlite::Result<Record> {
    let facts = facts::history(connection, number)?;
    let beside = facts::version_beside_history(connection, number)?;
    let recorded = facts.iter().map(|fact| fact.recorded_to.unwrap_or(fact.recorded_from));
    let version = recorded.chain(beside).max();
    Ok(Record { facts, version })
}

#[async_trait]
impl ChangeStore for SqliteStore {
    async fn record(&self, number: PersonalNumber) -> Result<Record, StoreError> {
        self.database().read_beside_writes(|connection| record(connection, number))
    }

    async fn records(&self, numbers: &[PersonalNumber]) -> Result<Vec<Record>, StoreError> {
        self.database().read_beside_writes(|connection| {
            numbers.iter().map(|number| record(connection, *number)).collect()
        })
    }

    async fn household_records(
        &self,
        household: &HouseholdNumber,
        length_max: usize,
    ) -> Result<Vec<(PersonalNumber, Record)>, StoreError> {
        self.database().read_beside_writes(|connection| {
            let ever = circles::ever_in_household(connection, household, length_max)?;
            ever.into_iter().map(|number| Ok((number, record(connection, number)?))).collect()
        })
    }

    async fn ever_in_household(
        &self,
        household: &HouseholdNumber,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError> {
        self.database()
            .read_beside_writes(|connection| circles::ever_in_household(connection, household, length_max))
    }

    async fn ever_related(
        &self,
        number: PersonalNumber,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError> {
        self.database().read_beside_writes(|connection| circles::ever_related(connection, number, length_max))
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let prepared = commit::Prepared::new(commit);
        self.database().write(move |connection| prepared.apply(connection)).await
    }

    async fn event(&self, id: CommandId) -> Result<Option<(Event, [u8; 32])>, StoreError> {
        self.database().read(|connection| events::event(connection, id))
    }

    async fn taken_back_by(&self, id: CommandId) -> Result<Option<CommandId>, StoreError> {
        self.database().read(|connection| events::taken_back_by(connection, id))
    }

    async fn events_of(
        &self,
        number: PersonalNumber,
        before: Option<Timestamp>,
        length_max: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.database().read(|connection| events::events_of(connection, number, before, length_max))
    }

    async fn events_of_commune(
        &self,
        commune: CommuneCode,
        since: Timestamp,
        after: Option<CommandId>,
        length_max: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.database()
            .read(|connection| events::events_of_commune(connection, commune, since, after, length_max))
    }

    async fn outbox(&self, after: Cursor, length_max: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        self.database().read(|connection| outbox::entries(connection, after, length_max))
    }

    async fn outbox_end(&self) -> Result<Cursor, StoreError> {
        self.database().read(outbox::end)
    }

    async fn outbox_start(&self) -> Result<Cursor, StoreError> {
        self.database().read(outbox::start)
    }

    async fn remove_outbox(&self, before: Timestamp, length_max: usize) -> Result<usize, StoreError> {
        self.database().write(move |connection| outbox::remove(connection, before, length_max)).await
    }

    async fn add_findings(&self, findings: Vec<Finding>) -> Result<u64, StoreError> {
        self.database().write(move |connection| findings::add(connection, &findings)).await
    }

    async fn finding(&self, id: FindingId) -> Result<Option<Finding>, StoreError> {
        self.database().read(|connection| findings::finding(connection, id))
    }

    async fn findings(
        &self,
        filter: FindingFilter,
        after: Option<FindingId>,
        length_max: usize,
    ) -> Result<Vec<Finding>, StoreError> {
        self.database().read_snapshot(|connection| findings::list(connection, &filter, after, length_max))
    }

    async fn save_finding(&self, finding: Finding, moves_before: usize) -> Result<bool, StoreError> {
        self.database().write(move |connection| findings::save(connection, &finding, moves_before)).await
    }

    async fn save_proposal(
        &self,
        proposal: Proposal,
        moves_before: Option<usize>,
    ) -> Result<bool, StoreError> {
        self.database().write(move |connection| proposals::save(connection, &proposal, moves_before)).await
    }

    async fn proposal(&self, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
        self.database().read(|connection| proposals::proposal(connection, id))
    }

    async fn proposals(
        &self,
        filter: ProposalFilter,
        after: Option<ProposalId>,
        length_max: usize,
    ) -> Result<Vec<Proposal>, StoreError> {
        self.database().read_snapshot(|connection| proposals::list(connection, &filter, after, length_max))
    }

    async fn stays(
        &self,
        commune: CommuneCode,
        day: Date,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> Result<Vec<Stay>, StoreError> {
        self.database().read(|connection| stays::list(connection, commune, day, after, length_max))
    }

    async fn remove_stays(&self, ended_before: Date, rows_max: u32) -> Result<u64, StoreError> {
        self.database().write(move |connection| stays::remove(connection, ended_before, rows_max)).await
    }

    async fn unit_changes(&self) -> Result<Vec<UnitChange>, StoreError> {
        self.database().read(stays::unit_changes)
    }
}
