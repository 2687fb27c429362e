//! The port of the register over the state in memory.

use super::{MemoryChanges, State};
use async_trait::async_trait;
use dancu_changes::{FileRow, Finding, LOADER};
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::{
    At, Fact, FactValue, FileDigest, HouseholdMember, HouseholdNumber, KindSet, LoadBatch, LoadOutcome,
    LoadProgress, LoadRow, News, Page, Person, RegisterStore, Reject, Related, Residence, Resident, believe,
    links, person_at, record_time,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A file of which something was loaded.
#[derive(Debug)]
pub(super) struct LoadedFile {
    source: Arc<str>,
    progress: LoadProgress,
    rejects: Vec<Reject>,
}

/// The household that a row names.
pub(super) fn household_of(fact: &Fact) -> Option<&HouseholdNumber> {
    match &fact.value {
        FactValue::Residence(home) => home.household.as_ref(),
        _ => None,
    }
}

/// In the order of [`RegisterStore::history`].
pub(super) fn sorted(facts: &[Fact]) -> Vec<Fact> {
    let mut facts = facts.to_vec();
    facts.sort_by_key(|fact| (fact.value.kind(), fact.recorded_from, fact.valid_from));
    facts
}

fn home_in<'p>(person: &'p Person, communes: &[CommuneCode], at: At) -> Option<(&'p Residence, bool)> {
    let home = person.residence()?;
    if home.permanent_commune.is_some_and(|commune| communes.contains(&commune)) {
        return Some((home, false));
    }
    let is_there = home.temporary_on(at.as_of).is_some_and(|temporary| communes.contains(&temporary.commune));
    is_there.then_some((home, true))
}

impl State {
    fn persons_at(&self, at: At, page: Page) -> impl Iterator<Item = Person> {
        let numbers =
            self.facts.iter().filter(move |(number, _)| page.after.is_none_or(|after| **number > after));
        numbers.filter_map(move |(_, facts)| person_at(facts, at))
    }

    fn apply(&mut self, mut batch: LoadBatch) -> LoadOutcome {
        let known = self.files.remove(&batch.file.0);
        let stands = known.as_ref().map(|file| file.progress).unwrap_or_default();
        if stands != batch.before {
            self.files.extend(known.map(|file| (batch.file.0, file)));
            return LoadOutcome { applied: false, progress: stands, ..LoadOutcome::default() };
        }
        // Stores keep whole microseconds.
        batch.recorded_at = Timestamp::from_microsecond(batch.recorded_at.as_microsecond())
            .expect("an instant cut to microseconds is an instant");
        let mut file = known.unwrap_or_else(|| LoadedFile {
            source: Arc::clone(&batch.source),
            progress: LoadProgress::default(),
            rejects: Vec::new(),
        });
        // A file that was renamed between two runs keeps the name under which it came first.
        batch.source = Arc::clone(&file.source);
        let mut outcome = LoadOutcome { applied: true, progress: batch.after, ..LoadOutcome::default() };
        for row in &batch.rows {
            if let Some(reject) = self.take(row, &batch, &mut outcome) {
                outcome.progress.rows -= 1;
                outcome.progress.rejected += 1;
                file.rejects.push(reject);
            }
        }
        file.rejects.append(&mut batch.rejects);
        file.progress = outcome.progress;
        self.files.insert(batch.file.0, file);
        outcome
    }

    /// Adds a finding, or opens it again when it was resolved.
    fn report(&mut self, finding: Finding) {
        let (id, at) = (finding.id, finding.found_at);
        if self.add_findings(vec![finding]) == 1 {
            return;
        }
        let known = self.findings.iter_mut().find(|known| known.id == id).expect("it was not new");
        if let Some(again) = known.clone().found_again(at, LOADER) {
            *known = again;
        }
    }

    /// Takes one row in, or says why not.
    fn take(&mut self, row: &LoadRow, batch: &LoadBatch, outcome: &mut LoadOutcome) -> Option<Reject> {
        let number = row.claims.number;
        let version = self.version(number);
        let mut existing = self.facts_of(number).to_vec();
        if let Some(fault) = row.claims.fault(&existing, &batch.source) {
            let original = batch.text.get(row.at.clone()).unwrap_or_default();
            return Some(Reject::new(row.line, &fault, original));
        }
        let is_new = existing.is_empty();
        if row.claims.has_sealed() {
            existing.extend_from_slice(self.sealed.get(&number).map_or(&[], Vec::as_slice));
        }
        let News { beliefs, contradictions } = if is_new {
            News { beliefs: row.claims.first_beliefs(batch.effective).collect(), contradictions: Vec::new() }
        } else {
            row.claims.news(&existing, batch.effective)
        };
        // Sealed values and noted events count too: whoever decides a change compares the last instant of all.
        let behind = version.map(|last| last + SignedDuration::from_micros(1));
        let recorded_at = record_time(&existing, batch.recorded_at).max(behind.unwrap_or(batch.recorded_at));
        let changes = believe(&existing, number, &beliefs, recorded_at, &batch.source);
        let is_as_before = changes.is_empty();
        self.write(number, changes);
        let stated = FileRow { number, source: &batch.source, line: row.line };
        for value in &contradictions {
            self.report(Finding::of_file(stated, value, batch.recorded_at));
            outcome.contradicted += 1;
        }
        match (is_new, is_as_before) {
            (true, _) => outcome.added += 1,
            (false, true) => outcome.unchanged += 1,
            (false, false) => {
                outcome.changed += 1;
                outcome.moved_in_time += u64::from(recorded_at != batch.recorded_at);
            }
        }
        None
    }
}

#[async_trait]
impl RegisterStore for MemoryChanges {
    async fn person_now(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> Result<Option<Person>, StoreError> {
        let state = self.lock();
        let wanted = state.facts_of(number).iter().filter(|fact| kinds.contains(fact.value.kind()));
        Ok(person_at(&wanted.cloned().collect::<Vec<_>>(), at))
    }

    async fn history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError> {
        Ok(sorted(self.lock().facts_of(number)))
    }

    async fn household(
        &self,
        household: &HouseholdNumber,
        at: At,
        page: Page,
    ) -> Result<Vec<HouseholdMember>, StoreError> {
        let member = |person: Person| {
            let home = person.residence().filter(|home| home.household.as_ref() == Some(household))?;
            let identity = person.identity();
            Some(HouseholdMember {
                number: person.number,
                name: identity.map(|identity| identity.name.clone()),
                birth_date: identity.map(|identity| identity.birth_date),
                relation_to_head: home.relation_to_head,
            })
        };
        Ok(self.lock().persons_at(at, page).filter_map(member).take(page.length_max).collect())
    }

    async fn related(&self, number: PersonalNumber, at: At, page: Page) -> Result<Vec<Related>, StoreError> {
        let related = |person: Person| {
            let held = dancu_register::FactKind::ALL.into_iter().filter_map(|kind| person.held(kind));
            let named = held.flat_map(|held| links(&held.value)).filter(|(named, _)| *named == number);
            let identity = person.identity();
            let entry = |(_, link)| Related {
                number: person.number,
                name: identity.map(|identity| identity.name.clone()),
                birth_date: identity.map(|identity| identity.birth_date),
                link,
            };
            named.map(entry).collect::<Vec<_>>()
        };
        // The page ends between two persons, never between two links of one.
        let mut list: Vec<Related> = Vec::new();
        for links in self.lock().persons_at(at, page).map(related) {
            if !list.is_empty() && list.len() + links.len() > page.length_max {
                break;
            }
            list.extend(links);
        }
        Ok(list)
    }

    async fn residents(
        &self,
        communes: &[CommuneCode],
        at: At,
        page: Page,
    ) -> Result<Vec<Resident>, StoreError> {
        let resident = |person: Person| {
            let (home, is_temporary) = home_in(&person, communes, at)?;
            let temporary = home.temporary.as_ref().and_then(|temporary| temporary.address.clone());
            let identity = person.identity();
            Some(Resident {
                number: person.number,
                name: identity.map(|identity| identity.name.clone()),
                birth_date: identity.map(|identity| identity.birth_date),
                address: if is_temporary { temporary } else { home.permanent_address.clone() },
                is_temporary,
            })
        };
        Ok(self.lock().persons_at(at, page).filter_map(resident).take(page.length_max).collect())
    }

    async fn sealed_history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError> {
        Ok(sorted(self.lock().sealed.get(&number).map_or(&[], Vec::as_slice)))
    }

    async fn apply(&self, batch: LoadBatch) -> Result<LoadOutcome, StoreError> {
        Ok(self.lock().apply(batch))
    }

    async fn load_progress(&self, file: FileDigest) -> Result<Option<LoadProgress>, StoreError> {
        Ok(self.lock().files.get(&file.0).map(|file| file.progress))
    }

    async fn rejects(
        &self,
        file: FileDigest,
        after: u64,
        length_max: usize,
    ) -> Result<Vec<Reject>, StoreError> {
        let state = self.lock();
        let rejects = state.files.get(&file.0).map_or(&[][..], |file| &file.rejects);
        let mut rejects: Vec<Reject> = rejects.iter().filter(|reject| reject.line > after).cloned().collect();
        rejects.sort_by_key(|reject| reject.line);
        rejects.truncate(length_max);
        Ok(rejects)
    }

    async fn numbers(
        &self,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError> {
        let state = self.lock();
        let known = state.facts.iter().filter(|(number, facts)| Some(**number) > after && !facts.is_empty());
        Ok(known.map(|(number, _)| *number).take(length_max).collect())
    }

    async fn count_persons(&self) -> Result<u64, StoreError> {
        Ok(self.lock().numbers().len() as u64)
    }
}
