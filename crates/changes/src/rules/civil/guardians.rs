//! Guardianship (Civil Code 2015, art. 46–63).

use super::{
    super::{
        Ruled,
        checks::{held_on, living_on, needs_one_of, not_future, within},
    },
    age_on, identity_of, last_homes,
    limits::{Limit, limit},
    refusal::CivilRefusal,
    timeline::representatives_within,
};
use crate::{Decision, Envelope, EvidenceKind, Guardianship, World};
use dancu_register::Person;
use jiff::{Span, civil::Date};

fn representatives(person: &Person) -> &[dancu_core::PersonalNumber] {
    person.representation().map_or(&[], |representation| &representation.representatives)
}

pub(super) async fn appoint(
    envelope: &Envelope,
    guardianship: &Guardianship,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let Guardianship { ward, guardian, on } = *guardianship;
    needs_one_of(envelope, &[EvidenceKind::Decision, EvidenceKind::Judgment], "decision")?;
    if ward == guardian {
        return Err(CivilRefusal::SamePerson { field: "guardian" }.into());
    }
    not_future(world, on, "on")?;
    let ward_then = living_on(world, ward, on, "ward").await?;
    let guardian_then = living_on(world, guardian, on, "guardian").await?;
    within(envelope, &[last_homes(world, ward).await?, last_homes(world, guardian).await?].concat())?;
    let adult_age = limit(Limit::AdultAge, on);
    let is_adult = |person: &Person, field| {
        let birth = identity_of(person, field)?.birth_date;
        Ok::<_, super::super::RuleError>(adult_age.is_none_or(|years| age_on(birth, on) >= years))
    };
    if !is_adult(&guardian_then, "guardian")? || !representatives(&guardian_then).is_empty() {
        return Err(CivilRefusal::GuardianUnfit.into());
    }
    let is_by_judgment = envelope.has(EvidenceKind::Judgment);
    if is_adult(&ward_then, "ward")? && !is_by_judgment {
        return Err(CivilRefusal::WardIsAdult.into());
    }
    let birth = identity_of(&ward_then, "ward")?.birth_date;
    // Without a judgment it ends by itself when the ward is an adult (art. 62(1)(a)).
    let until =
        adult_age.filter(|_| !is_by_judgment).and_then(|years| comes_of_age(birth.first_day(), years));
    let known = representatives(&ward_then);
    let count_max = limit(Limit::GuardiansMax, on).and_then(|count| usize::try_from(count).ok());
    if !known.contains(&guardian) && count_max.is_some_and(|count_max| known.len() >= count_max) {
        return Err(CivilRefusal::GuardiansFull.into());
    }
    let facts = world.record(ward).await?.facts.as_slice();
    let mut decision = Decision::default();
    for belief in representatives_within(facts, on, until, |list| list.push(guardian)) {
        decision.believe(ward, belief);
    }
    decision.note(guardian);
    Ok(decision)
}

fn comes_of_age(born: Date, years: i32) -> Option<Date> {
    born.checked_add(Span::new().years(years)).ok()
}

pub(super) async fn end(
    envelope: &Envelope,
    guardianship: &Guardianship,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let Guardianship { ward, guardian, on } = *guardianship;
    needs_one_of(
        envelope,
        &[EvidenceKind::Decision, EvidenceKind::Judgment, EvidenceKind::Request],
        "decision",
    )?;
    not_future(world, on, "on")?;
    let ward_then = held_on(world, ward, on, "ward").await?;
    held_on(world, guardian, on, "guardian").await?;
    within(envelope, &[last_homes(world, ward).await?, last_homes(world, guardian).await?].concat())?;
    if !representatives(&ward_then).contains(&guardian) {
        return Err(CivilRefusal::NotGuardian.into());
    }
    let facts = world.record(ward).await?.facts.as_slice();
    let mut decision = Decision::default();
    for belief in representatives_within(facts, on, None, |list| list.retain(|other| *other != guardian)) {
        decision.believe(ward, belief);
    }
    decision.note(guardian);
    Ok(decision)
}
