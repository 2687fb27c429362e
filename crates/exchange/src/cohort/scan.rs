//! Finding the persons of an extract: commune by commune through the index of residents, each by number, a bounded part
//! at a time. Everybody has one commune of permanent residence, so nobody is found twice.

use super::{CohortCriteria, CohortExtract, Cursor};
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::{FactKind, KindSet, Page, RegisterStore, Resident};

/// Residents that are asked for at once.
const RESIDENTS_PAGE: usize = 500;
/// Residents that one step goes through, and pages of communes that it reads for them.
const RESIDENTS_MAX: usize = 8_000;
const PAGES_MAX: usize = 64;

/// The facts that say whether somebody lives under a number.
const LIFE_KINDS: KindSet = KindSet::EMPTY.with(FactKind::Life).with(FactKind::Number);

/// A part of the persons.
pub(super) struct Scanned {
    /// Those who are in, each with the commune through which they were found, in the order of the extract.
    pub chosen: Vec<(CommuneCode, PersonalNumber)>,
    /// How many of them the register cannot decide on.
    pub undecided: u64,
    /// Where the next part begins; `None` behind the last.
    pub next: Option<Cursor>,
}

/// Goes through persons from the extract's cursor on, until at least `chosen_max` are found or the part is long enough.
pub(super) async fn scan(
    register: &dyn RegisterStore,
    extract: &CohortExtract,
    chosen_max: usize,
) -> Result<Scanned, StoreError> {
    let codes = extract.criteria.codes();
    let begun = |cursor: &Cursor| codes.partition_point(|code| *code < cursor.commune);
    let mut index = extract.cursor.as_ref().map_or(0, begun);
    let here = codes.get(index).copied();
    let mut after =
        extract.cursor.filter(|cursor| Some(cursor.commune) == here).and_then(|cursor| cursor.after);
    let mut found = Scanned { chosen: Vec::new(), undecided: 0, next: None };
    let (mut residents_read, mut pages_read) = (0, 0);
    while let Some(commune) = codes.get(index).copied() {
        let is_enough = found.chosen.len() >= chosen_max;
        if is_enough || residents_read >= RESIDENTS_MAX || pages_read >= PAGES_MAX {
            found.next = Some(Cursor { commune, after });
            return Ok(found);
        }
        let page = Page { after, length_max: RESIDENTS_PAGE };
        let residents = register.residents(&[commune], extract.at(), page).await?;
        choose(register, extract, (commune, &residents), &mut found).await?;
        (residents_read, pages_read) = (residents_read + residents.len(), pages_read + 1);
        if residents.len() < RESIDENTS_PAGE {
            (index, after) = (index + 1, None);
        } else {
            after = residents.last().map(|resident| resident.number);
        }
    }
    Ok(found)
}

/// Whoever resides there for a time only is found where they reside permanently; whoever cannot have been born so is not
/// read.
async fn choose(
    register: &dyn RegisterStore,
    extract: &CohortExtract,
    (commune, residents): (CommuneCode, &[Resident]),
    found: &mut Scanned,
) -> Result<(), StoreError> {
    let criteria = &extract.criteria;
    let may_be_in = |one: &&Resident| !one.is_temporary && criteria.may_be_born(one.birth_date);
    let numbers: Vec<PersonalNumber> = residents.iter().filter(may_be_in).map(|one| one.number).collect();
    if numbers.is_empty() {
        return Ok(());
    }
    let persons = register.persons_now(&numbers, extract.at(), CohortCriteria::KINDS).await?;
    // Nobody is called who died between the day of the rows and the day of asking.
    let later = match extract.at_asking() {
        Some(at) => register.persons_now(&numbers, at, LIFE_KINDS).await?,
        None => vec![None; numbers.len()],
    };
    for (person, later) in persons.iter().zip(&later) {
        let Some(person) = person else { continue };
        if later.as_ref().is_some_and(|later| !later.is_alive()) {
            continue;
        }
        match criteria.choose(person) {
            Some(true) => found.chosen.push((commune, person.number)),
            Some(false) => {}
            None => found.undecided += 1,
        }
    }
    Ok(())
}
