//! A store that does what another one does, and fails at one step of a proposal: before it is written, or after.

use async_trait::async_trait;
use dancu_changes::{
    ChangeStore, CommandId, Commit, Committed, Cursor, Event, Finding, FindingFilter, FindingId, OutboxEntry,
    Proposal, ProposalFilter, ProposalId, Record, Stay, UnitChange,
};
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::{
    At, Fact, FileDigest, HouseholdMember, HouseholdNumber, KindSet, LoadBatch, LoadOutcome, LoadProgress,
    Page, Person, RegisterStore, Reject, Related, Resident,
};
use dancu_testkit::MemoryChanges;
use jiff::{Timestamp, civil::Date};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// What is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The write: the power went off before it.
    Write,
    /// The answer: it went off behind it.
    Answer,
}

/// Fails at the `at`-th write, counted over proposals and commits from 1.
pub struct FailingStore {
    pub inner: Arc<MemoryChanges>,
    pub at: u32,
    pub lost: Lost,
    writes: AtomicU32,
}

type Answer<T> = Result<T, StoreError>;

impl FailingStore {
    pub fn new(inner: Arc<MemoryChanges>, at: u32, lost: Lost) -> Self {
        Self { inner, at, lost, writes: AtomicU32::new(0) }
    }

    fn is_now(&self) -> bool {
        self.writes.fetch_add(1, Ordering::SeqCst) + 1 == self.at
    }
}

fn down<T>() -> Answer<T> {
    Err(StoreError::Failed { file: "register".into(), detail: "the test stopped it".to_owned() })
}

#[async_trait]
impl RegisterStore for FailingStore {
    async fn person_now(&self, number: PersonalNumber, at: At, kinds: KindSet) -> Answer<Option<Person>> {
        self.inner.person_now(number, at, kinds).await
    }
    async fn history(&self, number: PersonalNumber) -> Answer<Vec<Fact>> {
        self.inner.history(number).await
    }
    async fn household(
        &self,
        household: &HouseholdNumber,
        at: At,
        page: Page,
    ) -> Answer<Vec<HouseholdMember>> {
        self.inner.household(household, at, page).await
    }
    async fn related(&self, number: PersonalNumber, at: At, page: Page) -> Answer<Vec<Related>> {
        self.inner.related(number, at, page).await
    }
    async fn residents(&self, communes: &[CommuneCode], at: At, page: Page) -> Answer<Vec<Resident>> {
        self.inner.residents(communes, at, page).await
    }
    async fn sealed_history(&self, number: PersonalNumber) -> Answer<Vec<Fact>> {
        self.inner.sealed_history(number).await
    }
    async fn apply(&self, batch: LoadBatch) -> Answer<LoadOutcome> {
        self.inner.apply(batch).await
    }
    async fn load_progress(&self, file: FileDigest) -> Answer<Option<LoadProgress>> {
        self.inner.load_progress(file).await
    }
    async fn rejects(&self, file: FileDigest, after: u64, length_max: usize) -> Answer<Vec<Reject>> {
        self.inner.rejects(file, after, length_max).await
    }
    async fn numbers(&self, after: Option<PersonalNumber>, length_max: usize) -> Answer<Vec<PersonalNumber>> {
        RegisterStore::numbers(&*self.inner, after, length_max).await
    }
    async fn count_persons(&self) -> Answer<u64> {
        self.inner.count_persons().await
    }
}

#[async_trait]
impl ChangeStore for FailingStore {
    async fn record(&self, number: PersonalNumber) -> Answer<Record> {
        self.inner.record(number).await
    }
    async fn ever_in_household(
        &self,
        household: &HouseholdNumber,
        length_max: usize,
    ) -> Answer<Vec<PersonalNumber>> {
        self.inner.ever_in_household(household, length_max).await
    }
    async fn ever_related(&self, number: PersonalNumber, length_max: usize) -> Answer<Vec<PersonalNumber>> {
        self.inner.ever_related(number, length_max).await
    }
    async fn commit(&self, commit: Commit) -> Answer<Committed> {
        match (self.is_now(), self.lost) {
            (false, _) => self.inner.commit(commit).await,
            (true, Lost::Write) => down(),
            (true, Lost::Answer) => {
                self.inner.commit(commit).await?;
                down()
            }
        }
    }
    async fn event(&self, id: CommandId) -> Answer<Option<(Event, [u8; 32])>> {
        self.inner.event(id).await
    }
    async fn taken_back_by(&self, id: CommandId) -> Answer<Option<CommandId>> {
        self.inner.taken_back_by(id).await
    }
    async fn events_of(
        &self,
        number: PersonalNumber,
        before: Option<Timestamp>,
        length_max: usize,
    ) -> Answer<Vec<Event>> {
        self.inner.events_of(number, before, length_max).await
    }
    async fn events_of_commune(
        &self,
        commune: CommuneCode,
        since: Timestamp,
        after: Option<CommandId>,
        length_max: usize,
    ) -> Answer<Vec<Event>> {
        self.inner.events_of_commune(commune, since, after, length_max).await
    }
    async fn outbox(&self, after: Cursor, length_max: usize) -> Answer<Vec<OutboxEntry>> {
        self.inner.outbox(after, length_max).await
    }
    async fn outbox_end(&self) -> Answer<Cursor> {
        self.inner.outbox_end().await
    }
    async fn outbox_start(&self) -> Answer<Cursor> {
        self.inner.outbox_start().await
    }
    async fn remove_outbox(&self, before: Timestamp, length_max: usize) -> Answer<usize> {
        self.inner.remove_outbox(before, length_max).await
    }
    async fn add_findings(&self, findings: Vec<Finding>) -> Answer<u64> {
        self.inner.add_findings(findings).await
    }
    async fn finding(&self, id: FindingId) -> Answer<Option<Finding>> {
        self.inner.finding(id).await
    }
    async fn findings(
        &self,
        filter: FindingFilter,
        after: Option<FindingId>,
        length_max: usize,
    ) -> Answer<Vec<Finding>> {
        self.inner.findings(filter, after, length_max).await
    }
    async fn save_finding(&self, finding: Finding, moves_before: usize) -> Answer<bool> {
        self.inner.save_finding(finding, moves_before).await
    }
    async fn save_proposal(&self, proposal: Proposal, moves_before: Option<usize>) -> Answer<bool> {
        match (self.is_now(), self.lost) {
            (false, _) => self.inner.save_proposal(proposal, moves_before).await,
            (true, Lost::Write) => down(),
            (true, Lost::Answer) => {
                self.inner.save_proposal(proposal, moves_before).await?;
                down()
            }
        }
    }
    async fn proposal(&self, id: ProposalId) -> Answer<Option<Proposal>> {
        self.inner.proposal(id).await
    }
    async fn proposals(
        &self,
        filter: ProposalFilter,
        after: Option<ProposalId>,
        length_max: usize,
    ) -> Answer<Vec<Proposal>> {
        self.inner.proposals(filter, after, length_max).await
    }
    async fn stays(
        &self,
        commune: CommuneCode,
        day: Date,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> Answer<Vec<Stay>> {
        self.inner.stays(commune, day, after, length_max).await
    }
    async fn remove_stays(&self, ended_before: Date, rows_max: u32) -> Answer<u64> {
        self.inner.remove_stays(ended_before, rows_max).await
    }
    async fn unit_changes(&self) -> Answer<Vec<UnitChange>> {
        self.inner.unit_changes().await
    }
}
