//! What many rules ask.

use super::Ruled;
use crate::{
    Envelope, EvidenceKind, World,
    refusal::{Common, Intake},
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{Life, NumberState, Person};
use jiff::civil::Date;

/// The person on a day: held, in use, born.
pub(super) async fn held_on(
    world: &mut World<'_>,
    number: PersonalNumber,
    day: Date,
    field: &'static str,
) -> Ruled<Person> {
    let today = world.today;
    let person = match world.person(number).await? {
        Some(person) if person.identity().is_some() => person,
        // Whoever is held under another number has facts of the number alone.
        Some(person) if person.number_state() != NumberState::InUse => {
            return Err(Common::OutOfUse { field }.into());
        }
        _ => return Err(Common::NotHeld { field }.into()),
    };
    if matches!(person.number_state(), NumberState::Cancelled | NumberState::ReplacedBy(_)) {
        return Err(Common::OutOfUse { field }.into());
    }
    if day == today {
        return Ok(person);
    }
    if person.identity().is_some_and(|identity| day < identity.birth_date.first_day()) {
        return Err(Common::BeforeBirth { field }.into());
    }
    Ok(world.person_on(number, day).await?.unwrap_or(person))
}

/// The person on a day, alive then and not known to have died since.
pub(super) async fn living_on(
    world: &mut World<'_>,
    number: PersonalNumber,
    day: Date,
    field: &'static str,
) -> Ruled<Person> {
    let person = held_on(world, number, day, field).await?;
    let now = world.person(number).await?;
    let is_dead = |person: &Person| matches!(person.life(), Life::Dead { .. });
    if is_dead(&person) || now.is_some_and(|now| is_dead(&now)) {
        return Err(Common::Dead { field }.into());
    }
    Ok(person)
}

/// A day is not in the future, nor after the one on which the desk heard of it.
pub(super) fn not_future(world: &World<'_>, day: Date, field: &'static str) -> Ruled<()> {
    if day > world.today {
        Err(Common::InTheFuture { field }.into())
    } else if day > world.taken_on {
        Err(Common::from(Intake::BeforeTheDay { field }).into())
    } else {
        Ok(())
    }
}

/// A kind of paper is among the evidence.
pub(super) fn needs(envelope: &Envelope, kind: EvidenceKind, word: &'static str) -> Ruled<()> {
    if envelope.has(kind) { Ok(()) } else { Err(Common::EvidenceMissing { kind: word }.into()) }
}

/// One of some kinds of papers is among the evidence.
pub(super) fn needs_one_of(envelope: &Envelope, kinds: &[EvidenceKind], words: &'static str) -> Ruled<()> {
    if kinds.iter().any(|kind| envelope.has(*kind)) {
        Ok(())
    } else {
        Err(Common::EvidenceMissing { kind: words }.into())
    }
}

/// A unit bore the code on a day.
pub(super) fn known_commune(
    world: &World<'_>,
    code: CommuneCode,
    day: Date,
    field: &'static str,
) -> Ruled<()> {
    if world.commune_is_known(code, day) { Ok(()) } else { Err(Common::UnknownCommune { field }.into()) }
}

/// The officer's commune is one of those named, or the centre acts.
pub(super) fn within(envelope: &Envelope, communes: &[CommuneCode]) -> Ruled<()> {
    match envelope.actor.commune() {
        Some(commune) if !communes.contains(&commune) => Err(Common::OutsideCommune.into()),
        _ => Ok(()),
    }
}
