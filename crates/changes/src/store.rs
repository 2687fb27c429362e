//! The port to whatever keeps events, findings, proposals and the outbox beside the register.

use crate::{
    CommandId, Cursor, Event, Finding, FindingFilter, FindingId, OutboxEntry, Proposal, ProposalFilter,
    ProposalId, Stay,
};
use async_trait::async_trait;
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::{Change, Fact, HouseholdNumber, RegisterStore};
use jiff::{Timestamp, civil::Date};

/// A person as the rules see them: the whole history, and by what a change of it meanwhile is noticed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Every row but those of sealed kinds, as [`RegisterStore::history`].
    pub facts: Vec<Fact>,
    /// The last instant at which anything was recorded of the person, sealed kinds and noted events included; `None`
    /// for a number that the register never held.
    pub version: Option<Timestamp>,
}

/// What must still be as it was read for a commit to be applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guards {
    /// Persons with the version of their record.
    pub persons: Vec<(PersonalNumber, Option<Timestamp>)>,
    /// Households with the count of all who ever were in them.
    pub households: Vec<(HouseholdNumber, u64)>,
    /// Persons with the count of all who ever named them as a relative.
    pub relatives: Vec<(PersonalNumber, u64)>,
    /// How many changes of units the decision knew of. Two commits that add some must not both pass; one that adds none
    /// may pass beside one that adds some, as if it had come before.
    pub units: Option<u64>,
}

/// A commune's code passes to another one on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitChange {
    /// The commune that ends.
    pub from: CommuneCode,
    /// The commune that takes its place.
    pub into: CommuneCode,
    /// The name of that commune from then on.
    pub name: String,
    /// First day.
    pub on: Date,
    /// The event.
    pub event: CommandId,
}

/// Everything of one change, applied in one transaction or not at all.
#[derive(Debug, Clone)]
pub struct Commit {
    /// What must still hold.
    pub guards: Guards,
    /// The event. Its `recorded_at` lies after the version of every person it changes.
    pub event: Event,
    /// Keyed digest of the command as it was sent, by which a repetition is told from another command under the same
    /// identifier.
    pub digest: [u8; 32],
    /// Writes to facts by person; sealed kinds go to their own table. Every person of the event is named, also those of
    /// whom only a note is made. Stores write one outbox entry for each person with writes to kinds that are not sealed.
    pub changes: Vec<(PersonalNumber, Vec<Change>)>,
    /// Findings; one that is known already (by its identifier) stays as it is.
    pub findings: Vec<Finding>,
    /// Stays for the commune's book.
    pub stays: Vec<Stay>,
    /// Units that pass on.
    pub units: Vec<UnitChange>,
    /// An event that this one takes back. Fails the guards when it was taken back already.
    pub takes_back: Option<CommandId>,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// It is durable.
    Done,
    /// The identifier was used before; nothing was written. The digest tells whether by the same command.
    Known {
        /// The event of then.
        event: Box<Event>,
        /// Digest of the command of then.
        digest: [u8; 32],
    },
    /// Something of the guards changed meanwhile; nothing was written. Read and decide again.
    Stale,
}

/// What keeps events and what belongs to them. Every write is one transaction, durable when it returns.
#[async_trait]
pub trait ChangeStore: RegisterStore {
    /// A person's record for the rules.
    async fn record(&self, number: PersonalNumber) -> Result<Record, StoreError>;

    /// The records of many persons, in the order of the numbers. Stores with a way to go ask once for all.
    async fn records(&self, numbers: &[PersonalNumber]) -> Result<Vec<Record>, StoreError> {
        let mut records = Vec::with_capacity(numbers.len());
        for number in numbers {
            records.push(self.record(*number).await?);
        }
        Ok(records)
    }

    /// Everyone who ever was in a household, ascending, at most `length_max`.
    async fn ever_in_household(
        &self,
        household: &HouseholdNumber,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError>;

    /// Everyone who ever was in a household with their records, ascending, at most `length_max`. Stores with a way to go
    /// ask once for all.
    async fn household_records(
        &self,
        household: &HouseholdNumber,
        length_max: usize,
    ) -> Result<Vec<(PersonalNumber, Record)>, StoreError> {
        let ever = self.ever_in_household(household, length_max).await?;
        let records = self.records(&ever).await?;
        Ok(ever.into_iter().zip(records).collect())
    }

    /// Everyone who ever named a person as a relative, ascending, at most `length_max`.
    async fn ever_related(
        &self,
        number: PersonalNumber,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError>;

    /// Applies a change.
    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError>;

    /// An event with the digest of its command.
    async fn event(&self, id: CommandId) -> Result<Option<(Event, [u8; 32])>, StoreError>;

    /// The event that took another one back.
    async fn taken_back_by(&self, id: CommandId) -> Result<Option<CommandId>, StoreError>;

    /// Events about a person recorded before an instant, the newest first.
    async fn events_of(
        &self,
        number: PersonalNumber,
        before: Option<Timestamp>,
        length_max: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// Events that officers of a commune recorded from an instant on, the newest first, after (in that order) one that was
    /// shown before; none after one that is unknown. Stays are left out: they are in the commune's book and end there.
    async fn events_of_commune(
        &self,
        commune: CommuneCode,
        since: Timestamp,
        after: Option<CommandId>,
        length_max: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// Entries of the outbox after a cursor, in their order, at most `length_max`. Never skips one that is still being
    /// committed: what is returned is complete up to its last entry.
    async fn outbox(&self, after: Cursor, length_max: usize) -> Result<Vec<OutboxEntry>, StoreError>;

    /// The cursor behind the last entry.
    async fn outbox_end(&self) -> Result<Cursor, StoreError>;

    /// The cursor up to which entries were removed because of their age. A reader that stands before it may have missed some.
    async fn outbox_start(&self) -> Result<Cursor, StoreError>;

    /// Removes the oldest entries as far as all of them were recorded before an instant, at most `length_max`, and never the
    /// newest of all; says how many. Whoever reads at the same time gets all entries behind its cursor, or finds it before
    /// [`Self::outbox_start`] afterwards.
    async fn remove_outbox(&self, before: Timestamp, length_max: usize) -> Result<usize, StoreError>;

    /// Adds findings; those that are known stay as they are. Says how many were new.
    async fn add_findings(&self, findings: Vec<Finding>) -> Result<u64, StoreError>;

    /// A finding.
    async fn finding(&self, id: FindingId) -> Result<Option<Finding>, StoreError>;

    /// Findings, the newest first, after (in that order) one that was shown before.
    async fn findings(
        &self,
        filter: FindingFilter,
        after: Option<FindingId>,
        length_max: usize,
    ) -> Result<Vec<Finding>, StoreError>;

    /// Replaces a finding if it still has `moves_before` moves; `false` when somebody else moved it meanwhile.
    async fn save_finding(&self, finding: Finding, moves_before: usize) -> Result<bool, StoreError>;

    /// Adds a proposal, or replaces it if it still has `moves_before` moves (`None`: it must be new); `false` otherwise.
    async fn save_proposal(
        &self,
        proposal: Proposal,
        moves_before: Option<usize>,
    ) -> Result<bool, StoreError>;

    /// A proposal.
    async fn proposal(&self, id: ProposalId) -> Result<Option<Proposal>, StoreError>;

    /// Proposals by their last day, the earliest first, after one that was shown before.
    async fn proposals(
        &self,
        filter: ProposalFilter,
        after: Option<ProposalId>,
        length_max: usize,
    ) -> Result<Vec<Proposal>, StoreError>;

    /// Stays in a commune on a day by number and first day, after a number that was shown before. A page ends between
    /// two persons: when somebody has several stays there on that day, the last person's may go beyond `length_max`.
    async fn stays(
        &self,
        commune: CommuneCode,
        day: Date,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> Result<Vec<Stay>, StoreError>;

    /// Removes stays whose last day lies before a day, at most `rows_max`, and with the last stay of an event the event;
    /// says how many.
    async fn remove_stays(&self, ended_before: Date, rows_max: u32) -> Result<u64, StoreError>;

    /// Every change of units, in the order of their days.
    async fn unit_changes(&self) -> Result<Vec<UnitChange>, StoreError>;
}
