//! What contradicts itself within one person's own rows.

use super::limits;
use crate::{FindingKind, World};
use dancu_core::CommuneCode;
use dancu_places::Places;
use dancu_register::{CardState, Fact, FactKind, FactValue, Life, Person};
use jiff::{SignedDuration, civil::Date};

/// Every kind of oddity that the person's rows show by themselves.
pub(super) fn check(world: &World<'_>, person: &Person, facts: &[Fact]) -> Vec<FindingKind> {
    let mut found = Vec::new();
    let believed: Vec<&Fact> = facts.iter().filter(|fact| fact.recorded_to.is_none()).collect();
    if let Some(identity) = person.identity() {
        if person.number.issued_sex() != identity.sex {
            found.push(FindingKind::SexContradictsNumber);
        }
        if person.number.issued_birth_year() != identity.birth_date.year() {
            found.push(FindingKind::BirthYearContradictsNumber);
        }
        // Every day of a year is as likely as another, 1 January is not; alone it proves nothing. Without a place of
        // birth nobody looked at a birth certificate, and then it mostly stands for "some day of that year".
        let is_first = identity.birth_date.whole().is_some_and(|day| (day.month(), day.day()) == (1, 1));
        if is_first && identity.birth_place.is_none() {
            found.push(FindingKind::PlaceholderBirthDate);
        }
    }
    if is_after_death(&believed) {
        found.push(FindingKind::EventAfterDeath);
    }
    if believed.iter().any(|fact| names_unknown_commune(world, fact)) {
        found.push(FindingKind::UnknownCommune);
    }
    if is_claimed_twice(world, facts) {
        found.push(FindingKind::TwoCommunes);
    }
    found
}

/// Whether something that only the living do begins after the day of death.
fn is_after_death(believed: &[&Fact]) -> bool {
    let death = believed.iter().find_map(|fact| match fact.value {
        FactValue::Life(Life::Dead { date }) if fact.valid_to.is_none() => date,
        _ => None,
    });
    death.is_some_and(|death| believed.iter().any(|fact| is_of_the_living(fact, death)))
}

fn is_of_the_living(fact: &Fact, death: Date) -> bool {
    // A file has no day of its own for most of what it states; those rows begin on the day of the file, and prove nothing.
    let is_later = fact.valid_from > death && !fact.source.starts_with("load:");
    match &fact.value {
        // What ends by the death begins after it as well: a residence without a place, a card taken back.
        FactValue::Residence(home) => {
            fact.valid_from > death && (home.permanent_commune.is_some() || home.temporary.is_some())
        }
        FactValue::Card(card) => {
            let is_good = matches!(card.state, CardState::Issued | CardState::HandedOver);
            is_good && card.issued.is_some_and(|issued| issued > death)
        }
        FactValue::Family(family) => is_later && family.spouse.is_some(),
        FactValue::Contact(contact) => is_later && (contact.phone.is_some() || contact.email.is_some()),
        FactValue::CurrentPlace(place) => is_later && place.commune.is_some(),
        FactValue::Absence(absence) => is_later && absence.is_away,
        FactValue::OtherName(name) => is_later && name.name.is_some(),
        FactValue::Representation(held) => is_later && !held.representatives.is_empty(),
        FactValue::Identity(_)
        | FactValue::Life(_)
        | FactValue::Number(_)
        | FactValue::Shared(_)
        | FactValue::Sealed(_) => false,
    }
}

/// Whether a row names a commune that never was, or, from the units of today on, one that was not on the row's first
/// day. Of the units before them only the last state is known, so that an older day is not held against a code.
fn names_unknown_commune(world: &World<'_>, fact: &Fact) -> bool {
    let ever = |code: CommuneCode| world.units.was_ever(code);
    let on_its_day = |code: CommuneCode| {
        if fact.valid_from < Places::REFORM {
            ever(code)
        } else {
            world.commune_is_known(code, fact.valid_from)
        }
    };
    match &fact.value {
        FactValue::Identity(identity) => {
            let codes = [identity.birth_place, identity.registration_place, identity.origin];
            codes.into_iter().flatten().any(|code| !ever(code))
        }
        FactValue::Residence(home) => {
            let temporary = home.temporary.as_ref().map(|temporary| temporary.commune);
            let is_odd = |code: Option<CommuneCode>| code.is_some_and(|code| !on_its_day(code));
            is_odd(home.permanent_commune) || temporary.is_some_and(|code| !ever(code))
        }
        FactValue::CurrentPlace(place) => place.commune.is_some_and(|code| !on_its_day(code)),
        _ => false,
    }
}

/// Whether two offices stated a permanent residence in different communes within a few days of each other, both by when
/// they recorded it and by when it should hold. A move lies further apart; what was taken back is no claim.
fn is_claimed_twice(world: &World<'_>, facts: &[Fact]) -> bool {
    let Some(days) = limits::two_communes_days(world.today) else { return false };
    let claims: Vec<(&Fact, CommuneCode)> = facts
        .iter()
        .filter(|fact| fact.value.kind() == FactKind::Residence && !is_no_claim(&fact.source))
        .filter_map(|fact| match &fact.value {
            FactValue::Residence(home) => Some((fact, home.permanent_commune?)),
            _ => None,
        })
        .collect();
    claims.iter().enumerate().any(|(place, (one, here))| {
        claims[place + 1..].iter().any(|(other, there)| {
            let hours = SignedDuration::from_hours(24 * i64::from(days));
            let recorded = one.recorded_from.duration_since(other.recorded_from).abs() <= hours;
            let valid = days_between(one.valid_from, other.valid_from) <= days;
            let is_answered = stands_or_is_followed(one, other) || stands_or_is_followed(other, one);
            let offices = office(&one.source) != office(&other.source);
            recorded && valid && is_answered && offices && are_apart(world, one, *here, other, *there)
        })
    })
}

/// Whether a claim is still believed, or gave way to the other one and to nothing else.
fn stands_or_is_followed(one: &Fact, other: &Fact) -> bool {
    one.recorded_to.is_none_or(|end| end == other.recorded_from)
}

/// Units that pass on and events that are taken back say nothing of where somebody lives.
fn is_no_claim(source: &str) -> bool {
    source.starts_with("merge_units:") || source.starts_with("compensate:")
}

/// The office in a source: what stands behind the command, or the whole name of a file.
fn office(source: &str) -> &str {
    if source.starts_with("load:") { source } else { source.rsplit(':').next().unwrap_or(source) }
}

fn are_apart(world: &World<'_>, one: &Fact, here: CommuneCode, other: &Fact, there: CommuneCode) -> bool {
    let possible = world.units.possible(here, one.valid_from, world.today);
    let others = world.units.possible(there, other.valid_from, world.today);
    !others.iter().any(|code| possible.contains(code))
}

fn days_between(one: Date, other: Date) -> i32 {
    one.since(other).map_or(i32::MAX, |span| span.get_days().abs())
}
