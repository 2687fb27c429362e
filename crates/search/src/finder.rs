//! From a query to a ranked list. The index proposes; here the facts of today decide.

use crate::{
    Query, SearchStore,
    likeness::{FoundBy, Likeness, Measured, Wanted},
    plan::{self, Conditions, Probe, WordChoice},
    query::Residence,
    service::RESULTS_MAX,
    vocabulary::Vocabulary,
    words::key_words,
};
use dancu_core::{PartialDate, PersonName, PersonalNumber, StoreError};
use dancu_register::{At, FactKind, FactValue, KindSet, Link, NumberState, Page, Person, RegisterStore};
use std::{collections::HashSet, sync::Arc};

/// Persons whose facts one search reads.
const CANDIDATES_MAX: usize = 600;
/// Entries of the index that one search looks at: some ten milliseconds' worth.
const VISITS_MAX: usize = 400_000;
/// Persons whose facts are read at once.
const READ_TOGETHER: usize = 200;
/// Parents whose children one search by a parent's name looks up.
const PARENTS_MAX: usize = 200;
/// Children and spouses that are looked through for one parent.
const RELATED_MAX: usize = 200;

/// Numbers that one person bore one after the other and that are followed. Nobody has so many.
const REPLACEMENTS_MAX: usize = 8;

/// Someone who fits the query.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Number.
    pub number: PersonalNumber,
    /// How like the name is.
    pub likeness: Likeness,
    /// By what the person was found.
    pub found_by: FoundBy,
    points: u16,
}

/// Those who fit, the likeliest first.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// At most [`RESULTS_MAX`].
    pub hits: Vec<Hit>,
    /// Whether more than these fit, or a bound ended the search: the query is to be narrowed down.
    pub is_cut: bool,
}

/// Searches without asking who wants to know: [`crate::SearchService`] does.
pub struct Finder {
    register: Arc<dyn RegisterStore>,
    store: Arc<dyn SearchStore>,
    vocabulary: Vocabulary,
}

/// How a name is looked for.
#[derive(Clone, Copy)]
enum Stage {
    AsWritten,
    /// Its words in other orders.
    Reordered,
    /// One of them replaced by a similar one.
    Mistyped,
}

/// Numbers to look at, each once, within the bounds of one search.
#[derive(Default)]
struct Gathered {
    numbers: Vec<PersonalNumber>,
    known: HashSet<PersonalNumber>,
    visited: usize,
    is_cut: bool,
}

impl Gathered {
    fn add(&mut self, numbers: impl IntoIterator<Item = PersonalNumber>) {
        for number in numbers {
            if self.known.insert(number) {
                self.numbers.push(number);
            }
        }
    }
}

impl Finder {
    /// Over a register and its index.
    pub fn new(register: Arc<dyn RegisterStore>, store: Arc<dyn SearchStore>) -> Self {
        Self { register, store, vocabulary: Vocabulary::default() }
    }

    pub(crate) fn store(&self) -> &dyn SearchStore {
        &*self.store
    }

    pub(crate) fn register(&self) -> &dyn RegisterStore {
        &*self.register
    }

    /// Those who fit at a point of time.
    pub async fn find(&self, query: &Query, at: At) -> Result<Candidates, StoreError> {
        let present = self.present(query, at).await?;
        let is_followed = present.number != query.number;
        let query = &present;
        let mut gathered = Gathered::default();
        let mut found = Candidates::default();
        let wanted = query.name.as_ref().map(Wanted::new);
        let parent = query.parent_name.as_ref().map(Wanted::new);
        let mut weighed = 0;
        for stage in [Stage::AsWritten, Stage::Reordered, Stage::Mistyped] {
            self.gather(query, stage, at, &mut gathered).await?;
            for numbers in gathered.numbers[weighed..].chunks(READ_TOGETHER) {
                let persons = self.register.persons_now(numbers, at, needed_kinds()).await?;
                for person in persons.iter().flatten() {
                    found.hits.extend(self.weigh(query, wanted.as_ref(), parent.as_ref(), person, at).await?);
                }
            }
            weighed = gathered.numbers.len();
            if gathered.is_cut || !is_by_name(query) {
                break;
            }
            // A full list has to be narrowed down anyway; similar names would cost the most to look for and would
            // hardly get into it.
            if found.hits.len() >= RESULTS_MAX {
                found.is_cut = true;
                break;
            }
        }
        if is_followed {
            found.hits.iter_mut().for_each(|hit| hit.found_by = FoundBy::Former);
        }
        found.is_cut |= gathered.is_cut || found.hits.len() > RESULTS_MAX;
        found.hits.sort_by_key(|hit| (std::cmp::Reverse(hit.points), hit.number));
        found.hits.truncate(RESULTS_MAX);
        Ok(found)
    }

    /// The query with the numbers that persons bear now in place of those that were replaced.
    async fn present(&self, query: &Query, at: At) -> Result<Query, StoreError> {
        let mut present = query.clone();
        for number in [&mut present.number, &mut present.parent_number].into_iter().flatten() {
            for _ in 0..REPLACEMENTS_MAX {
                let kinds = KindSet::EMPTY.with(FactKind::Number);
                let person = self.register.person_now(*number, at, kinds).await?;
                let Some(NumberState::ReplacedBy(other)) = person.map(|person| person.number_state()) else {
                    break;
                };
                *number = other;
            }
        }
        Ok(present)
    }

    /// The narrowest condition says where to look. Only a name is looked for in several stages.
    async fn gather(
        &self,
        query: &Query,
        stage: Stage,
        at: At,
        gathered: &mut Gathered,
    ) -> Result<(), StoreError> {
        if let Some(number) = query.number {
            gathered.add([number]);
        } else if let Some(old) = query.old_number {
            self.scan(vec![plan::old_number(old)], gathered).await?;
        } else if let Some(parent) = query.parent_number {
            self.children(parent, at, gathered).await?;
        } else if let Some(name) = &query.name {
            let conditions = Conditions {
                year: query.birth_date.map(year),
                communes: query.residence.as_ref().map_or_else(Vec::new, |residence| residence.codes.clone()),
            };
            self.by_name(name, stage, &conditions, gathered).await?;
        } else if let Some(name) = &query.parent_name {
            let mut parents = Gathered::default();
            for stage in [Stage::AsWritten, Stage::Reordered, Stage::Mistyped] {
                if !parents.is_cut {
                    self.by_name(name, stage, &Conditions::default(), &mut parents).await?;
                }
            }
            gathered.is_cut = parents.is_cut || parents.numbers.len() > PARENTS_MAX;
            for parent in parents.numbers.into_iter().take(PARENTS_MAX) {
                self.children(parent, at, gathered).await?;
                if gathered.numbers.len() >= CANDIDATES_MAX {
                    gathered.is_cut = true;
                    break;
                }
            }
        }
        Ok(())
    }

    async fn by_name(
        &self,
        name: &PersonName,
        stage: Stage,
        conditions: &Conditions,
        gathered: &mut Gathered,
    ) -> Result<(), StoreError> {
        let keys = key_words(name.as_str());
        let words: Vec<WordChoice> = keys.iter().map(|key| WordChoice::exact(key)).collect();
        if words.is_empty() {
            return Ok(());
        }
        let probes = match stage {
            Stage::AsWritten => plan::as_written(&words, conditions),
            Stage::Reordered => plan::reordered(&words, conditions),
            Stage::Mistyped => {
                self.vocabulary.refresh(&*self.store).await?;
                let words: Vec<WordChoice> = keys.iter().map(|key| self.vocabulary.choose(key)).collect();
                plan::mistyped(&words, conditions)
            }
        };
        self.scan(probes, gathered).await
    }

    async fn scan(&self, probes: Vec<Probe>, gathered: &mut Gathered) -> Result<(), StoreError> {
        let numbers_max = CANDIDATES_MAX.saturating_sub(gathered.numbers.len());
        let visits_max = VISITS_MAX.saturating_sub(gathered.visited);
        if probes.is_empty() {
            return Ok(());
        }
        if numbers_max == 0 || visits_max == 0 {
            gathered.is_cut = true;
            return Ok(());
        }
        let scan = self.store.scan(probes, numbers_max, visits_max).await?;
        gathered.visited += scan.visited;
        gathered.is_cut |= scan.is_cut;
        gathered.add(scan.numbers);
        Ok(())
    }

    async fn children(
        &self,
        parent: PersonalNumber,
        at: At,
        gathered: &mut Gathered,
    ) -> Result<(), StoreError> {
        let related = self.register.related(parent, at, Page::first(RELATED_MAX)).await?;
        gathered.is_cut |= related.len() >= RELATED_MAX;
        let children = related.into_iter().filter(|one| matches!(one.link, Link::Father | Link::Mother));
        gathered.add(children.map(|child| child.number));
        Ok(())
    }

    /// Whether a person fulfils every condition, and how well.
    async fn weigh(
        &self,
        query: &Query,
        wanted: Option<&Wanted>,
        parent: Option<&Wanted>,
        person: &Person,
        at: At,
    ) -> Result<Option<Hit>, StoreError> {
        let number = person.number;
        let Some(identity) = person.identity() else { return Ok(None) };
        let Some(birth_penalty) = birth_penalty(query.birth_date, identity.birth_date) else {
            return Ok(None);
        };
        if !resides(person, query.residence.as_ref()) {
            return Ok(None);
        }
        let parents = person.family().map_or([None, None], |family| [family.father, family.mother]);
        if query.parent_number.is_some() && !parents.contains(&query.parent_number) {
            return Ok(None);
        }
        if let Some(parent) = parent
            && !self.is_child_of(parent, parents, at).await?
        {
            return Ok(None);
        }
        let held_now = match wanted {
            None => Some((Measured { likeness: Likeness::Same, points: 1000 }, FoundBy::Present)),
            Some(wanted) => name_now(wanted, person),
        };
        let has_old_number = query.old_number.is_none() || query.old_number == identity.old_number;
        let found = match held_now {
            Some(found) if has_old_number => Some(found),
            _ => self.formerly(query, wanted, number, at).await?,
        };
        Ok(found.map(|(measured, found_by)| {
            // What is borne now stands above what was borne.
            let former_penalty = if found_by == FoundBy::Former { 50 } else { 0 };
            let points = measured.points.saturating_sub(birth_penalty).saturating_sub(former_penalty);
            Hit { number, likeness: measured.likeness, found_by, points }
        }))
    }

    async fn is_child_of(
        &self,
        wanted: &Wanted,
        parents: [Option<PersonalNumber>; 2],
        at: At,
    ) -> Result<bool, StoreError> {
        for parent in parents.into_iter().flatten() {
            let kinds = KindSet::EMPTY.with(FactKind::Identity);
            let person = self.register.person_now(parent, at, kinds).await?;
            let identity = person.as_ref().and_then(Person::identity);
            if identity.is_some_and(|identity| wanted.measure(&identity.name).is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// By names and old numbers that were borne, as far as they were known at that instant.
    async fn formerly(
        &self,
        query: &Query,
        wanted: Option<&Wanted>,
        number: PersonalNumber,
        at: At,
    ) -> Result<Option<(Measured, FoundBy)>, StoreError> {
        let history = self.register.history(number).await?;
        let known = history.iter().filter(|fact| fact.recorded_from <= at.known_at);
        let mut best: Option<Measured> = None;
        let mut has_old_number = query.old_number.is_none();
        let everything = Measured { likeness: Likeness::Same, points: 1000 };
        for fact in known {
            let name = match &fact.value {
                FactValue::Identity(identity) => {
                    has_old_number |= query.old_number == identity.old_number;
                    Some(&identity.name)
                }
                FactValue::OtherName(other) => other.name.as_ref(),
                _ => None,
            };
            let Some(name) = name else { continue };
            let measured = wanted.map_or(Some(everything), |wanted| wanted.measure(name));
            if let Some(measured) = measured
                && best.is_none_or(|best| best.points < measured.points)
            {
                best = Some(measured);
            }
        }
        Ok(best.filter(|_| has_old_number).map(|measured| (measured, FoundBy::Former)))
    }
}

/// Identity, life and number are shown, family and residence are conditions.
pub(crate) const fn needed_kinds() -> KindSet {
    KindSet::EMPTY
        .with(FactKind::Identity)
        .with(FactKind::OtherName)
        .with(FactKind::Family)
        .with(FactKind::Residence)
        .with(FactKind::Life)
        .with(FactKind::Number)
}

/// Whether a name is what leads to the persons.
const fn is_by_name(query: &Query) -> bool {
    query.number.is_none()
        && query.old_number.is_none()
        && query.parent_number.is_none()
        && query.name.is_some()
}

fn year(date: PartialDate) -> u16 {
    u16::try_from(date.year()).unwrap_or(0)
}

/// The name that is borne, or the other one, whichever is more like.
fn name_now(wanted: &Wanted, person: &Person) -> Option<(Measured, FoundBy)> {
    let name = person.identity().and_then(|identity| wanted.measure(&identity.name));
    let other = person.other_name().and_then(|other| other.name.as_ref());
    let other = other.and_then(|name| wanted.measure(name)).map(|measured| (measured, FoundBy::OtherName));
    match (name.map(|measured| (measured, FoundBy::Present)), other) {
        (Some(name), Some(other)) => Some(if other.0.points > name.0.points { other } else { name }),
        (name, other) => name.or(other),
    }
}

/// Points lost by a birth date; `None` when it is another one. Day and month are often exchanged.
fn birth_penalty(wanted: Option<PartialDate>, held: PartialDate) -> Option<u16> {
    let Some(wanted) = wanted else { return Some(0) };
    if wanted.agrees_with(held) {
        // A year that was asked for says no less than the register's whole date.
        return Some(if held.whole().is_none() && wanted.whole().is_some() { 40 } else { 0 });
    }
    let (wanted, held) = (wanted.whole()?, held.whole()?);
    let exchanged =
        wanted.year() == held.year() && wanted.month() == held.day() && wanted.day() == held.month();
    exchanged.then_some(200)
}

fn resides(person: &Person, wanted: Option<&Residence>) -> bool {
    let Some(wanted) = wanted else { return true };
    let Some(held) = person.held(FactKind::Residence) else { return false };
    let Some(home) = person.residence() else { return false };
    let temporary = home.temporary.as_ref().map(|temporary| temporary.commune);
    home.permanent_commune.into_iter().chain(temporary).any(|code| wanted.covers(code, held.valid_from))
}

/// Whether a number is in use.
pub(crate) fn is_in_use(state: NumberState) -> bool {
    matches!(state, NumberState::InUse | NumberState::InPlaceOf(_))
}
