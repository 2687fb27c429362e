//! Goes through persons and records what is odd. Bounded by the page, and taken up again after any page.

use super::{
    family, household, own,
    twice::{self, Births, is_in_use},
};
use crate::{
    ChangeStore, Finding, FindingId, FindingKind, Oddity, World, correction::present_home, service::micros,
};
use dancu_core::{Clock, CommuneCode, PersonalNumber, StoreError};
use dancu_register::{At, COMMUNES_MAX, HouseholdNumber, Page};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

/// Persons of one page.
pub const SCAN_PAGE_PERSONS: usize = 200;
/// Who opens a finding again that was resolved and is still there.
const SCANNER: &str = "scan";

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanSummary {
    /// Persons looked at.
    pub persons: u64,
    /// Findings by kind, each once a scan.
    pub found: BTreeMap<FindingKind, u64>,
    /// How many of them were not known before.
    pub new: u64,
    /// How many had been resolved, and are open again.
    pub reopened: u64,
    /// Pairs of namesakes born on one day that were not compared, because there were too many of them.
    pub pairs_left_out: u64,
}

impl ScanSummary {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.persons += other.persons;
        self.new += other.new;
        self.reopened += other.reopened;
        self.pairs_left_out += other.pairs_left_out;
        for (kind, count) in &other.found {
            *self.found.entry(*kind).or_default() += count;
        }
    }
}

/// What one page of a commune gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanPage {
    /// What was found.
    pub summary: ScanSummary,
    /// After whom to go on; `None` at the end.
    pub next: Option<PersonalNumber>,
}

/// A walk through one commune or a list of persons. It remembers names, days of birth and households, so that doubles are
/// seen across pages; one that is taken up again in the middle does not see doubles of before.
pub struct Scan {
    store: Arc<dyn ChangeStore>,
    clock: Arc<dyn Clock>,
    births: Births,
    households: HashSet<HouseholdNumber>,
    counted: HashSet<FindingId>,
}

impl Scan {
    /// A walk that has seen nothing yet.
    pub fn new(store: Arc<dyn ChangeStore>, clock: Arc<dyn Clock>) -> Self {
        let (households, counted) = (HashSet::new(), HashSet::new());
        Self { store, clock, births: Births::default(), households, counted }
    }

    /// The whole of a commune.
    pub async fn commune(&mut self, commune: CommuneCode) -> Result<ScanSummary, StoreError> {
        let (mut summary, mut after) = (ScanSummary::default(), None);
        loop {
            let page = self.page(commune, after).await?;
            summary.add(&page.summary);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(summary),
            }
        }
    }

    /// The next [`SCAN_PAGE_PERSONS`] residents of a commune. Who only stays there for a time is looked at in the commune
    /// of the permanent residence.
    pub async fn page(
        &mut self,
        commune: CommuneCode,
        after: Option<PersonalNumber>,
    ) -> Result<ScanPage, StoreError> {
        let store = Arc::clone(&self.store);
        let mut world = World::open(&*store, micros(self.clock.now())).await?;
        let mut codes = world.units.predecessors(commune, world.today);
        codes.truncate(COMMUNES_MAX);
        let at = At { as_of: world.today, known_at: world.now };
        let page = Page { after, length_max: SCAN_PAGE_PERSONS };
        let residents = store.residents(&codes, at, page).await?;
        let next = (residents.len() == SCAN_PAGE_PERSONS).then(|| residents.last().map(|last| last.number));
        let mut numbers = Vec::with_capacity(residents.len());
        for resident in residents {
            let person = world.person(resident.number).await?;
            // A former code may be a commune's of today, too: the day of the row decides.
            if person.is_some_and(|person| present_home(&world, &person).first() == Some(&commune)) {
                numbers.push(resident.number);
            }
        }
        Ok(ScanPage { summary: self.look_at(&mut world, &numbers).await?, next: next.flatten() })
    }

    /// The next [`SCAN_PAGE_PERSONS`] numbers of the whole register, of whom those are looked at who reside in no commune of
    /// today: no walk through communes meets them.
    pub async fn rest(&mut self, after: Option<PersonalNumber>) -> Result<ScanPage, StoreError> {
        let store = Arc::clone(&self.store);
        let mut world = World::open(&*store, micros(self.clock.now())).await?;
        let page = store.numbers(after, SCAN_PAGE_PERSONS).await?;
        let next = (page.len() == SCAN_PAGE_PERSONS).then(|| page.last().copied()).flatten();
        let mut numbers = Vec::new();
        for number in page {
            let person = world.person(number).await?;
            let has_home = person.is_some_and(|person| {
                let homes = present_home(&world, &person);
                homes.iter().any(|code| world.commune_is_known(*code, world.today))
            });
            if !has_home {
                numbers.push(number);
            }
        }
        Ok(ScanPage { summary: self.look_at(&mut world, &numbers).await?, next })
    }

    /// A list of persons, at most [`SCAN_PAGE_PERSONS`]; the rest is left out.
    pub async fn persons(&mut self, numbers: &[PersonalNumber]) -> Result<ScanSummary, StoreError> {
        let store = Arc::clone(&self.store);
        let mut world = World::open(&*store, micros(self.clock.now())).await?;
        let numbers = &numbers[..numbers.len().min(SCAN_PAGE_PERSONS)];
        self.look_at(&mut world, numbers).await
    }

    async fn look_at(
        &mut self,
        world: &mut World<'_>,
        numbers: &[PersonalNumber],
    ) -> Result<ScanSummary, StoreError> {
        let mut found = BTreeMap::new();
        let left_out = self.births.left_out;
        for number in numbers {
            for mut oddity in self.oddities(world, *number).await? {
                oddity.owner = owner(world, &oddity.persons).await?;
                let finding = Finding::found(&oddity, None, world.now);
                found.entry(finding.id).or_insert(finding);
            }
        }
        let findings: Vec<Finding> = found.into_values().collect();
        let mut summary = ScanSummary {
            persons: numbers.len() as u64,
            pairs_left_out: self.births.left_out - left_out,
            ..ScanSummary::default()
        };
        for finding in &findings {
            if self.counted.insert(finding.id) {
                *summary.found.entry(finding.kind).or_default() += 1;
            }
        }
        if findings.is_empty() {
            // Most communes have none, and a write that writes nothing costs as much as another.
            return Ok(summary);
        }
        summary.new = self.store.add_findings(findings.clone()).await?;
        if summary.new < findings.len() as u64 {
            for finding in &findings {
                summary.reopened += u64::from(self.reopen(world, finding.id).await?);
            }
        }
        Ok(summary)
    }

    async fn oddities(
        &mut self,
        world: &mut World<'_>,
        number: PersonalNumber,
    ) -> Result<Vec<Oddity>, StoreError> {
        let Some(person) = world.person(number).await?.filter(is_in_use) else { return Ok(Vec::new()) };
        let facts = world.record(number).await?.facts.clone();
        let kinds = own::check(world, &person, &facts);
        let mut found: Vec<Oddity> = kinds.into_iter().map(|kind| family::odd(kind, &[number])).collect();
        family::parents(world, &person, &mut found).await?;
        family::cycle(world, &person, &mut found).await?;
        family::spouse(world, &person, &mut found).await?;
        twice::siblings(world, &person, &mut found).await?;
        twice::namesakes(world, &person, &mut self.births, &mut found).await?;
        let household = person.residence().and_then(|home| home.household.clone());
        if let Some(household) = household.filter(|household| self.households.insert(household.clone())) {
            household::check(world, &household, &mut found).await?;
        }
        Ok(found)
    }

    /// What was resolved and is still there was not resolved. What was dismissed stays so: somebody looked at it.
    async fn reopen(&self, world: &World<'_>, id: FindingId) -> Result<bool, StoreError> {
        let Some(known) = self.store.finding(id).await? else { return Ok(false) };
        let before = known.moves.len();
        match known.found_again(world.now, SCANNER) {
            Some(again) => self.store.save_finding(again, before).await,
            None => Ok(false),
        }
    }
}

/// The commune of the first of the persons who lives somewhere, in ascending order, so that it is the same from
/// whomever a finding is reached.
async fn owner(world: &mut World<'_>, persons: &[PersonalNumber]) -> Result<Option<CommuneCode>, StoreError> {
    for number in persons.iter().copied().collect::<BTreeSet<_>>() {
        let Some(person) = world.person(number).await? else { continue };
        if let Some(commune) = present_home(world, &person).first() {
            return Ok(Some(*commune));
        }
    }
    Ok(None)
}
