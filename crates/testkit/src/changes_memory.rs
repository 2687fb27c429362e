//! A register with its events in memory: the plainest thing that keeps the promises of both ports, for tests of rules.

mod register;

use async_trait::async_trait;
use dancu_changes::{
    ChangeStore, CommandId, Commit, Committed, Cursor, Event, Finding, FindingFilter, FindingId, Guards,
    OutboxEntry, Proposal, ProposalFilter, ProposalId, Record, Stay, UnitChange,
};
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::{Change, Fact, HouseholdNumber, KindSet, apply_changes, links};
use jiff::{Timestamp, civil::Date};
use register::LoadedFile;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Keeps everything in vectors under one lock, and looks through all of it for every answer.
#[derive(Debug, Default)]
pub struct MemoryChanges(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    facts: BTreeMap<PersonalNumber, Vec<Fact>>,
    sealed: BTreeMap<PersonalNumber, Vec<Fact>>,
    events: Vec<(Event, [u8; 32])>,
    taken_back: HashMap<CommandId, CommandId>,
    outbox: Vec<OutboxEntry>,
    outbox_start: Cursor,
    findings: Vec<Finding>,
    proposals: Vec<Proposal>,
    stays: Vec<Stay>,
    units: Vec<UnitChange>,
    files: HashMap<[u8; 32], LoadedFile>,
}

impl MemoryChanges {
    /// An empty register.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every event in the order of its commit.
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.iter().map(|(event, _)| event.clone()).collect()
    }

    /// Everyone of whom anything was ever recorded, ascending.
    pub fn numbers(&self) -> Vec<PersonalNumber> {
        self.lock().numbers().into_iter().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn facts_of(&self, number: PersonalNumber) -> &[Fact] {
        self.facts.get(&number).map_or(&[], Vec::as_slice)
    }

    fn numbers(&self) -> BTreeSet<PersonalNumber> {
        self.facts.keys().chain(self.sealed.keys()).copied().collect()
    }

    fn version(&self, number: PersonalNumber) -> Option<Timestamp> {
        let sealed = self.sealed.get(&number).into_iter().flatten();
        let rows = self.facts_of(number).iter().chain(sealed);
        let recorded = rows.flat_map(|fact| [Some(fact.recorded_from), fact.recorded_to]).flatten();
        let noted = self.events.iter().filter(|(event, _)| event.persons.contains(&number));
        recorded.chain(noted.map(|(event, _)| event.recorded_at)).max()
    }

    /// Everyone of whom a row ever said something.
    fn whoever(&self, says: impl Fn(&Fact) -> bool) -> Vec<PersonalNumber> {
        let said = self.facts.iter().filter(|(_, facts)| facts.iter().any(&says));
        said.map(|(number, _)| *number).collect()
    }

    fn ever_in(&self, household: &HouseholdNumber) -> Vec<PersonalNumber> {
        self.whoever(|fact| register::household_of(fact) == Some(household))
    }

    fn ever_related(&self, number: PersonalNumber) -> Vec<PersonalNumber> {
        self.whoever(|fact| links(&fact.value).iter().any(|(named, _)| *named == number))
    }

    fn hold(&self, guards: &Guards) -> bool {
        let count = |list: Vec<PersonalNumber>| list.len() as u64;
        guards.persons.iter().all(|(number, version)| self.version(*number) == *version)
            && guards.households.iter().all(|(household, ever)| count(self.ever_in(household)) == *ever)
            && guards.relatives.iter().all(|(number, ever)| count(self.ever_related(*number)) == *ever)
            && guards.units.is_none_or(|then| self.units.len() as u64 == then)
    }

    fn write(&mut self, number: PersonalNumber, changes: Vec<Change>) -> KindSet {
        let kind = |change: &Change| match change {
            Change::Close { kind, .. } => *kind,
            Change::Insert(fact) => fact.value.kind(),
        };
        let (sealed, open): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| kind(change).is_sealed());
        if !sealed.is_empty() {
            apply_changes(self.sealed.entry(number).or_default(), &sealed);
        }
        if !open.is_empty() {
            apply_changes(self.facts.entry(number).or_default(), &open);
        }
        open.iter().map(kind).collect()
    }

    fn add_findings(&mut self, findings: Vec<Finding>) -> u64 {
        let mut added = 0;
        for finding in findings {
            if self.findings.iter().all(|known| known.id != finding.id) {
                self.findings.push(finding);
                added += 1;
            }
        }
        added
    }

    fn commit(&mut self, commit: Commit) -> Committed {
        if let Some((event, digest)) = self.events.iter().find(|(event, _)| event.id == commit.event.id) {
            return Committed::Known { event: Box::new(event.clone()), digest: *digest };
        }
        let is_back = commit.takes_back.is_some_and(|event| self.taken_back.contains_key(&event));
        if is_back || !self.hold(&commit.guards) {
            return Committed::Stale;
        }
        let (event, recorded_at) = (commit.event.id, commit.event.recorded_at);
        for (number, changes) in commit.changes {
            if changes.is_empty() {
                continue;
            }
            let kinds = self.write(number, changes);
            if kinds.is_empty() {
                continue;
            }
            let cursor =
                Cursor { major: 0, minor: self.outbox.last().map_or(0, |entry| entry.cursor.minor) + 1 };
            self.outbox.push(OutboxEntry { cursor, number, event, recorded_at, kinds });
        }
        self.events.push((commit.event, commit.digest));
        self.add_findings(commit.findings);
        self.stays.extend(commit.stays);
        self.units.extend(commit.units);
        self.units.sort_by_key(|change| change.on);
        self.taken_back.extend(commit.takes_back.map(|back| (back, event)));
        Committed::Done
    }
}

/// What of a list in its order follows an entry that was shown before.
fn page<T, I: PartialEq>(list: Vec<T>, after: Option<I>, id: impl Fn(&T) -> I, length_max: usize) -> Vec<T> {
    let start = match after {
        Some(shown) => list.iter().position(|entry| id(entry) == shown).map_or(list.len(), |at| at + 1),
        None => 0,
    };
    list.into_iter().skip(start).take(length_max).collect()
}

#[async_trait]
impl ChangeStore for MemoryChanges {
    async fn record(&self, number: PersonalNumber) -> Result<Record, StoreError> {
        let state = self.lock();
        Ok(Record { facts: register::sorted(state.facts_of(number)), version: state.version(number) })
    }

    async fn ever_in_household(
        &self,
        household: &HouseholdNumber,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError> {
        Ok(self.lock().ever_in(household).into_iter().take(length_max).collect())
    }

    async fn ever_related(
        &self,
        number: PersonalNumber,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError> {
        Ok(self.lock().ever_related(number).into_iter().take(length_max).collect())
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        Ok(self.lock().commit(commit))
    }

    async fn event(&self, id: CommandId) -> Result<Option<(Event, [u8; 32])>, StoreError> {
        Ok(self.lock().events.iter().find(|(event, _)| event.id == id).cloned())
    }

    async fn taken_back_by(&self, id: CommandId) -> Result<Option<CommandId>, StoreError> {
        Ok(self.lock().taken_back.get(&id).copied())
    }

    async fn events_of(
        &self,
        number: PersonalNumber,
        before: Option<Timestamp>,
        length_max: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.lock();
        let concerned = state.events.iter().map(|(event, _)| event).filter(|event| {
            event.persons.contains(&number) && before.is_none_or(|before| event.recorded_at < before)
        });
        let mut events: Vec<Event> = concerned.cloned().collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.recorded_at));
        events.truncate(length_max);
        Ok(events)
    }

    async fn events_of_commune(
        &self,
        commune: CommuneCode,
        since: Timestamp,
        after: Option<CommandId>,
        length_max: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.lock();
        let place = |event: &Event| (event.recorded_at, event.id);
        let events = || state.events.iter().map(|(event, _)| event);
        let bound = match after {
            None => None,
            Some(id) => match events().find(|event| event.id == id) {
                Some(event) => Some(place(event)),
                None => return Ok(Vec::new()),
            },
        };
        let here = events().filter(|event| {
            event.listed_in() == Some(commune)
                && event.recorded_at >= since
                && bound.is_none_or(|bound| place(event) < bound)
        });
        let mut listed: Vec<Event> = here.cloned().collect();
        listed.sort_by_key(|event| std::cmp::Reverse(place(event)));
        listed.truncate(length_max);
        Ok(listed)
    }

    async fn outbox(&self, after: Cursor, length_max: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let state = self.lock();
        Ok(state.outbox.iter().filter(|entry| entry.cursor > after).take(length_max).copied().collect())
    }

    async fn outbox_end(&self) -> Result<Cursor, StoreError> {
        Ok(self.lock().outbox.last().map(|entry| entry.cursor).unwrap_or_default())
    }

    async fn outbox_start(&self) -> Result<Cursor, StoreError> {
        Ok(self.lock().outbox_start)
    }

    async fn remove_outbox(&self, before: Timestamp, length_max: usize) -> Result<usize, StoreError> {
        let mut state = self.lock();
        let all_but_newest = state.outbox.len().saturating_sub(1);
        let old = state.outbox.iter().take(all_but_newest.min(length_max));
        let old = old.take_while(|entry| entry.recorded_at < before).count();
        let last = state.outbox.drain(..old).next_back().map(|entry| entry.cursor);
        state.outbox_start = last.unwrap_or(state.outbox_start);
        Ok(old)
    }

    async fn add_findings(&self, findings: Vec<Finding>) -> Result<u64, StoreError> {
        Ok(self.lock().add_findings(findings))
    }

    async fn finding(&self, id: FindingId) -> Result<Option<Finding>, StoreError> {
        Ok(self.lock().findings.iter().find(|finding| finding.id == id).cloned())
    }

    async fn findings(
        &self,
        filter: FindingFilter,
        after: Option<FindingId>,
        length_max: usize,
    ) -> Result<Vec<Finding>, StoreError> {
        let mut findings = self.lock().findings.clone();
        findings.sort_by_key(|finding| std::cmp::Reverse((finding.found_at, finding.id)));
        // The page goes on behind what was shown even if that no longer passes the filter.
        let rest = page(findings, after, |finding| finding.id, usize::MAX);
        let passes = |finding: &Finding| {
            filter.owner.is_none_or(|owner| finding.owner == Some(owner))
                && filter.state.is_none_or(|state| finding.state == state)
                && filter.kind.is_none_or(|kind| finding.kind == kind)
        };
        Ok(rest.into_iter().filter(passes).take(length_max).collect())
    }

    async fn save_finding(&self, finding: Finding, moves_before: usize) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let known = state.findings.iter_mut().find(|known| known.id == finding.id);
        let Some(known) = known.filter(|known| known.moves.len() == moves_before) else { return Ok(false) };
        *known = finding;
        Ok(true)
    }

    async fn save_proposal(
        &self,
        proposal: Proposal,
        moves_before: Option<usize>,
    ) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let known = state.proposals.iter_mut().find(|known| known.id == proposal.id);
        match (known, moves_before) {
            (None, None) => state.proposals.push(proposal),
            (Some(known), Some(moves)) if known.moves.len() == moves => *known = proposal,
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn proposal(&self, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
        Ok(self.lock().proposals.iter().find(|proposal| proposal.id == id).cloned())
    }

    async fn proposals(
        &self,
        filter: ProposalFilter,
        after: Option<ProposalId>,
        length_max: usize,
    ) -> Result<Vec<Proposal>, StoreError> {
        let mut proposals = self.lock().proposals.clone();
        proposals.sort_by_key(|proposal| (proposal.due, proposal.id));
        let rest = page(proposals, after, |proposal| proposal.id, usize::MAX);
        let passes = |proposal: &Proposal| {
            filter.owner.is_none_or(|owner| proposal.owner == owner)
                && filter.number.is_none_or(|number| proposal.number == number)
                && filter.state.is_none_or(|state| proposal.state == state)
        };
        Ok(rest.into_iter().filter(passes).take(length_max).collect())
    }

    async fn stays(
        &self,
        commune: CommuneCode,
        day: Date,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> Result<Vec<Stay>, StoreError> {
        let state = self.lock();
        let here = |stay: &&Stay| stay.commune == commune && stay.from <= day && day < stay.until;
        let mut stays: Vec<Stay> = state.stays.iter().filter(here).cloned().collect();
        stays.retain(|stay| after.is_none_or(|after| stay.number > after));
        stays.sort_by_key(|stay| (stay.number, stay.from));
        // The page ends between two persons.
        let mut page: Vec<Stay> = Vec::new();
        for stay in stays {
            if page.len() >= length_max && page.last().is_none_or(|last| last.number != stay.number) {
                break;
            }
            page.push(stay);
        }
        Ok(page)
    }

    async fn remove_stays(&self, ended_before: Date, rows_max: u32) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let (mut removed, mut kept) = (Vec::new(), Vec::new());
        for stay in std::mem::take(&mut state.stays) {
            let is_over = stay.until <= ended_before && removed.len() < rows_max as usize;
            if is_over { removed.push(stay) } else { kept.push(stay) }
        }
        let is_empty = |event: &CommandId| kept.iter().all(|stay| stay.event != *event);
        let over: Vec<CommandId> = removed.iter().map(|stay| stay.event).filter(is_empty).collect();
        state.stays = kept;
        state.events.retain(|(event, _)| !over.contains(&event.id));
        Ok(removed.len() as u64)
    }

    async fn unit_changes(&self) -> Result<Vec<UnitChange>, StoreError> {
        Ok(self.lock().units.clone())
    }
}
