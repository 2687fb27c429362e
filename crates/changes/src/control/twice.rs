//! One child, registered twice: the same mother or father, or parents of the same names; the same or a near day of birth;
//! the same or nearly the same name.

use super::family::{odd, parents_of};
use crate::{
    FindingKind, Oddity, World,
    rules::{Limit, limit},
};
use dancu_core::{NameComparison, PersonName, PersonalNumber, StoreError, fold};
use dancu_register::{Identity, Link, NumberState, Person};
use jiff::civil::Date;
use std::collections::HashMap;

/// Persons whom one scan remembers by name and day of birth: some communes' worth.
const REMEMBERED_MAX: usize = 500_000;
/// Earlier persons of one name and day with whom another one is compared. Real namesakes of one day in one commune are a
/// few; a thousand of them are a fault of a file, and all pairs of a thousand are half a million.
const COMPARED_MAX: usize = 50;

/// Who was seen under a folded name and a day of birth.
#[derive(Default)]
pub(super) struct Births {
    seen: HashMap<(String, Date), Vec<PersonalNumber>>,
    count: usize,
    /// Pairs that were not compared, because there were too many of one name and day.
    pub(super) left_out: u64,
}

/// Other children of the person's parents who look like the same child.
pub(super) async fn siblings(
    world: &mut World<'_>,
    person: &Person,
    found: &mut Vec<Oddity>,
) -> Result<(), StoreError> {
    let Some(identity) = person.identity() else { return Ok(()) };
    let today = world.today;
    for (parent, _) in parents_of(person) {
        for other in world.children_on(parent, today).await? {
            let is_alike = other.number != person.number
                && is_in_use(&other)
                && other.identity().is_some_and(|other| siblings_are_alike(identity, other));
            if is_alike {
                found.push(odd(FindingKind::SameChildTwice, &[person.number, other.number]));
            }
        }
    }
    Ok(())
}

/// Persons seen before in this scan with the same name and day of birth, and with parents of the same names.
pub(super) async fn namesakes(
    world: &mut World<'_>,
    person: &Person,
    births: &mut Births,
    found: &mut Vec<Oddity>,
) -> Result<(), StoreError> {
    let Some(identity) = person.identity() else { return Ok(()) };
    let Some(day) = identity.birth_date.whole() else { return Ok(()) };
    let key = (fold(identity.name.as_str()), day);
    let before = births.seen.get(&key).map_or(&[][..], Vec::as_slice);
    let compared = before[before.len().saturating_sub(COMPARED_MAX)..].to_vec();
    births.left_out += (before.len() - compared.len()) as u64;
    for number in compared {
        let Some(other) = world.person(number).await? else { continue };
        let same_name = other.identity().is_some_and(|other| is_same_name(&identity.name, &other.name));
        if number != person.number && same_name && parents_agree(world, person, &other).await? {
            found.push(odd(FindingKind::SameChildTwice, &[person.number, number]));
        }
    }
    if births.count < REMEMBERED_MAX {
        births.seen.entry(key).or_default().push(person.number);
        births.count += 1;
    }
    Ok(())
}

/// The same name born within months of each other, or the same day and sex with names one letter apart. Twins of other
/// names are two children.
fn siblings_are_alike(one: &Identity, other: &Identity) -> bool {
    let apart = match (one.birth_date.whole(), other.birth_date.whole()) {
        (Some(one), Some(other)) => one.since(other).map_or(i32::MAX, |span| span.get_days().abs()),
        _ if one.birth_date.agrees_with(other.birth_date) => 0,
        _ => return false,
    };
    let near = limit(Limit::SiblingsLookAlikeDays, one.birth_date.first_day()).unwrap_or(0);
    if is_same_name(&one.name, &other.name) {
        return apart <= near;
    }
    let (name, another) = (fold(one.name.as_str()), fold(other.name.as_str()));
    apart == 0 && one.sex == other.sex && name != another && is_one_letter_apart(&name, &another)
}

fn is_same_name(one: &PersonName, other: &PersonName) -> bool {
    matches!(one.compare(other), NameComparison::Same | NameComparison::DiacriticsMissing)
        || other.compare(one) == NameComparison::DiacriticsMissing
}

/// Whether one parent at least is the same person or of the same name, and no parent is of another.
async fn parents_agree(world: &mut World<'_>, one: &Person, other: &Person) -> Result<bool, StoreError> {
    let mut agrees = false;
    for link in [Link::Father, Link::Mother] {
        let named = |person: &Person| {
            parents_of(person).into_iter().find(|(_, other)| *other == link).map(|(number, _)| number)
        };
        let (Some(first), Some(second)) = (named(one), named(other)) else { continue };
        if first == second {
            agrees = true;
            continue;
        }
        let first = world.person(first).await?;
        let second = world.person(second).await?;
        let both = (
            first.as_ref().and_then(Person::identity).map(|identity| &identity.name),
            second.as_ref().and_then(Person::identity).map(|identity| &identity.name),
        );
        match both {
            (Some(one), Some(other)) if is_same_name(one, other) => agrees = true,
            (Some(_), Some(_)) => return Ok(false),
            _ => {}
        }
    }
    Ok(agrees)
}

/// Whether the number is the one that the person goes by.
pub(super) fn is_in_use(person: &Person) -> bool {
    matches!(person.number_state(), NumberState::InUse | NumberState::InPlaceOf(_))
}

/// Whether one letter was added, left out or changed.
fn is_one_letter_apart(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(&long).take_while(|(one, other)| one == other).count();
    let rest = if short.len() == long.len() { &short[(same + 1).min(short.len())..] } else { &short[same..] };
    rest == &long[(same + 1).min(long.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_more_less_or_other_is_one_letter_apart() {
        for (one, other) in [("an", "anh"), ("van an", "van am"), ("a", ""), ("lan", "oan"), ("an", "an")] {
            assert!(is_one_letter_apart(one, other), "{one} {other}");
            assert!(is_one_letter_apart(other, one), "{other} {one}");
        }
        for (one, other) in [("an", "binh"), ("van an", "an van"), ("ab", "ba"), ("", "ab")] {
            assert!(!is_one_letter_apart(one, other), "{one} {other}");
        }
    }
}
