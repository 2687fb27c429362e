//! What contradicts itself between a person and parents or spouse.

use crate::{
    FindingKind, Oddity, World,
    rules::{Limit, limit},
};
use dancu_core::{PartialDate, PersonalNumber, Sex, StoreError};
use dancu_register::{Life, Link, MaritalStatus, Person};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Ancestors that are looked at in search of a cycle.
const ANCESTORS_MAX: usize = 500;

/// Parents who were too young, too old or dead when the person was born, and fathers and mothers of the other sex.
pub(super) async fn parents(
    world: &mut World<'_>,
    person: &Person,
    found: &mut Vec<Oddity>,
) -> Result<(), StoreError> {
    let Some(born) = person.identity().map(|identity| identity.birth_date) else { return Ok(()) };
    for (number, link) in parents_of(person) {
        let Some(parent) = world.person(number).await? else { continue };
        if is_impossible(&parent, link, born) {
            found.push(odd(FindingKind::ParentAgeImpossible, &[person.number, number]));
        }
        let sex = if link == Link::Mother { Sex::Female } else { Sex::Male };
        if parent.identity().is_some_and(|identity| identity.sex != sex) {
            found.push(odd(FindingKind::ParentSexMismatch, &[person.number, number]));
        }
    }
    Ok(())
}

fn is_impossible(parent: &Person, link: Link, born: PartialDate) -> bool {
    let on = born.first_day();
    let limit = |rule| limit(rule, on);
    let age = parent.identity().map(|identity| years_between(identity.birth_date, born));
    let (is_too_young, is_too_old) = match link {
        Link::Mother => (
            age.is_some_and(|age| limit(Limit::MotherAgeUsualMin).is_some_and(|least| age < least)),
            age.is_some_and(|age| limit(Limit::MotherAgeUsualMax).is_some_and(|most| age > most)),
        ),
        _ => (age.is_some_and(|age| limit(Limit::FatherAgeMin).is_some_and(|least| age < least)), false),
    };
    let days_after_death = match (parent.life(), born.whole()) {
        (Life::Dead { date: Some(death) }, Some(born)) if death < born => days_from(death, born),
        _ => 0,
    };
    let days_allowed = match link {
        Link::Mother => 0,
        _ => limit(Limit::FatherDeadDays).unwrap_or(i32::MAX),
    };
    is_too_young || is_too_old || days_after_death > days_allowed
}

/// Whole years from one birth to another; the difference of the years where a day is not known, which is the most that
/// it can be.
fn years_between(earlier: PartialDate, later: PartialDate) -> i32 {
    let years = i32::from(later.year()) - i32::from(earlier.year());
    match (earlier.whole(), later.whole()) {
        (Some(one), Some(other)) => {
            years - i32::from((other.month(), other.day()) < (one.month(), one.day()))
        }
        _ => years,
    }
}

fn days_from(one: Date, other: Date) -> i32 {
    other.since(one).map_or(i32::MAX, |span| span.get_days())
}

/// The persons of a circle that leads from a person over parents back to them; empty when there is none.
pub(super) async fn cycle(
    world: &mut World<'_>,
    person: &Person,
    found: &mut Vec<Oddity>,
) -> Result<(), StoreError> {
    let start = person.number;
    let mut child_of: BTreeMap<PersonalNumber, PersonalNumber> = BTreeMap::new();
    let mut waiting = vec![person.clone()];
    while let Some(below) = waiting.pop() {
        for (parent, _) in parents_of(&below) {
            if parent == start {
                let mut circle = vec![start, below.number];
                let mut at = below.number;
                while let Some(child) = child_of.get(&at).copied().filter(|child| *child != start) {
                    circle.push(child);
                    at = child;
                }
                found.push(odd(FindingKind::CyclicFamily, &circle));
                return Ok(());
            }
            if child_of.len() >= ANCESTORS_MAX || child_of.contains_key(&parent) {
                continue;
            }
            child_of.insert(parent, below.number);
            waiting.extend(world.person(parent).await?);
        }
    }
    Ok(())
}

/// A spouse who names nobody or somebody else, or who is named by somebody unmarried, both being alive.
pub(super) async fn spouse(
    world: &mut World<'_>,
    person: &Person,
    found: &mut Vec<Oddity>,
) -> Result<(), StoreError> {
    let Some(family) = person.family() else { return Ok(()) };
    let Some(number) = family.spouse else { return Ok(()) };
    let Some(other) = world.person(number).await? else { return Ok(()) };
    let is_alive = |person: &Person| !matches!(person.life(), Life::Dead { .. });
    let named = other.family().and_then(|family| family.spouse);
    let is_unmarried = family.marital_status.is_some_and(|status| status != MaritalStatus::Married);
    let is_odd = number == person.number || named != Some(person.number) || is_unmarried;
    if is_odd && is_alive(person) && is_alive(&other) {
        found.push(odd(FindingKind::SpouseMismatch, &[person.number, number]));
    }
    Ok(())
}

/// Father and mother whom a person names.
pub(super) fn parents_of(person: &Person) -> Vec<(PersonalNumber, Link)> {
    let Some(family) = person.family() else { return Vec::new() };
    let father = family.father.map(|father| (father, Link::Father));
    let mother = family.mother.map(|mother| (mother, Link::Mother));
    father.into_iter().chain(mother).collect()
}

/// An oddity whose owner is found later.
pub(super) fn odd(kind: FindingKind, persons: &[PersonalNumber]) -> Oddity {
    Oddity { kind, persons: persons.to_vec(), owner: None, days_late: None }
}
