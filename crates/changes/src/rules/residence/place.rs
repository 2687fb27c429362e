//! Addresses, and whose commune they are.

use super::{
    ResidenceRefusal,
    timeline::{Timeline, is_same_permanent_place, is_same_temporary},
};
use crate::{
    Address, Envelope, Member, World,
    refusal::Common,
    rules::{Ruled, checks::within},
    world::CIRCLE_MAX,
};
use dancu_core::{CommuneCode, PersonalNumber, composed, fold};
use dancu_register::{Person, Relation, Residence};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Characters of an address below the commune at most, as when files are loaded.
const ADDRESS_CHARACTERS_MAX: usize = 200;
/// Persons that one command may name, where it does not have to name all of a household.
const PERSONS_MAX: usize = 50;

/// The address with its line trimmed, if the line has the form of one.
pub(super) fn address_of_form(address: &Address, field: &'static str) -> Ruled<Address> {
    let line = composed(address.line.trim());
    let fits = (1..=ADDRESS_CHARACTERS_MAX).contains(&line.chars().count());
    if !fits || line.chars().any(char::is_control) {
        return Err(Common::Text { field }.into());
    }
    Ok(Address { commune: address.commune, line })
}

/// An optional text: trimmed, 1 to some characters when there is one.
pub(super) fn text_of_form(
    text: Option<&str>,
    characters_max: usize,
    field: &'static str,
) -> Ruled<Option<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let fits = |text: &str| text.chars().count() <= characters_max && !text.chars().any(char::is_control);
    if text.is_some_and(|text| !fits(text)) {
        return Err(Common::Text { field }.into());
    }
    Ok(text.map(composed))
}

/// One to fifty persons, each once.
pub(super) fn each_once(
    numbers: impl ExactSizeIterator<Item = PersonalNumber>,
    field: &'static str,
) -> Ruled<()> {
    each_once_of(numbers, PERSONS_MAX, field)
}

/// Each member of a household once, however many they are: all of them have to be named, and there may be as many as a
/// household may ever have had.
pub(super) fn each_member_once(members: &[Member], field: &'static str) -> Ruled<()> {
    each_once_of(members.iter().map(|member| member.number), CIRCLE_MAX, field)
}

fn each_once_of(
    numbers: impl ExactSizeIterator<Item = PersonalNumber>,
    persons_max: usize,
    field: &'static str,
) -> Ruled<()> {
    let named = numbers.len();
    let different: BTreeSet<PersonalNumber> = numbers.take(persons_max + 1).collect();
    if (1..=persons_max).contains(&named) && different.len() == named {
        Ok(())
    } else {
        Err(ResidenceRefusal::PersonsForm { field, persons_max }.into())
    }
}

/// Exactly one of the persons is the head.
pub(super) fn one_head(members: &[Member]) -> Ruled<PersonalNumber> {
    let mut heads = members.iter().filter(|member| member.relation_to_head == Relation::Head);
    match (heads.next(), heads.next()) {
        (Some(head), None) => Ok(head.number),
        _ => Err(ResidenceRefusal::NotOneHead.into()),
    }
}

/// The officer's commune is one for which a code of an address stands that is written today about a day.
pub(super) fn within_address(
    envelope: &Envelope,
    world: &World<'_>,
    commune: CommuneCode,
    day: Date,
) -> Ruled<()> {
    within(envelope, &world.units.possible(commune, day, world.today))
}

/// The communes of today of a person's permanent residence on a day.
pub(super) fn permanent_communes(world: &World<'_>, homes: &Timeline, day: Date) -> Vec<CommuneCode> {
    let since = homes.run_around(day, is_same_permanent_place).map_or(day, |(since, _)| since);
    let code = homes.on(day).permanent_commune;
    code.map(|code| world.units.possible(code, since, world.today)).unwrap_or_default()
}

/// The communes of today of a person's temporary residence on a day.
pub(super) fn temporary_communes(world: &World<'_>, homes: &Timeline, day: Date) -> Vec<CommuneCode> {
    let since = homes.run_around(day, is_same_temporary).map_or(day, |(since, _)| since);
    let temporary = homes.on(day).temporary.as_ref();
    temporary
        .map(|temporary| {
            world.units.possible(temporary.commune, temporary.since.unwrap_or(since), world.today)
        })
        .unwrap_or_default()
}

/// The communes of today in which a person resides on a day, in either way.
pub(super) fn communes_of(world: &World<'_>, homes: &Timeline, day: Date) -> Vec<CommuneCode> {
    let mut communes = permanent_communes(world, homes, day);
    communes.extend(temporary_communes(world, homes, day));
    communes
}

/// Whether an address below a commune is another one in other letters: case, marks and blanks do not make a place.
fn is_same_line(one: &str, other: &str) -> bool {
    fold(one) == fold(other)
}

/// Whether the permanent residence is at an address.
pub(super) fn is_permanent_at(home: &Residence, address: &Address) -> bool {
    home.permanent_commune == Some(address.commune)
        && home.permanent_address.as_ref().is_some_and(|line| is_same_line(line, &address.line))
}

/// Whether the temporary residence is at an address.
pub(super) fn is_temporary_at(home: &Residence, address: &Address) -> bool {
    home.temporary.as_ref().is_some_and(|temporary| {
        temporary.commune == address.commune
            && temporary.address.as_ref().is_some_and(|line| is_same_line(line, &address.line))
    })
}

/// The permanent address of a residence, as far as it has one.
pub(super) fn permanent_address(home: &Residence) -> Option<Address> {
    Some(Address { commune: home.permanent_commune?, line: home.permanent_address.clone()? })
}

/// Whether a person is known to have reached an age by a day. Of a birth date that is known in part, the earliest day
/// counts: doubt must not keep a household without a head.
pub(super) fn has_reached(person: &Person, years: u16, day: Date) -> bool {
    let Some(identity) = person.identity() else { return false };
    let reached = identity.birth_date.first_day().saturating_add(jiff::Span::new().years(i64::from(years)));
    reached <= day
}
