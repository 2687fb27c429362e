//! Marriage, divorce, annulment (Law on Marriage and Family 2014).

use super::{
    super::{
        Ruled,
        checks::{held_on, living_on, needs, not_future, within},
    },
    ancestors::{ancestors, parents_of, spouses_of},
    family_of, identity_of, last_homes,
    limits::{Limit, limit},
    may_marry_on,
    refusal::CivilRefusal,
    refuse_if,
    timeline::{believed, family_from},
};
use crate::{Decision, Envelope, EvidenceKind, Marriage, Separation, World, refusal::Common};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{Belief, Fact, FactKind, Family, Life, MaritalStatus};
use jiff::civil::Date;
use std::collections::BTreeMap;

pub(super) async fn register(
    envelope: &Envelope,
    marriage: &Marriage,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let Marriage { first, second, on } = *marriage;
    if first == second {
        return Err(CivilRefusal::SamePerson { field: "second" }.into());
    }
    not_future(world, on, "on")?;
    let mut places: Vec<Vec<CommuneCode>> = Vec::new();
    let mut sexes = Vec::new();
    for (number, other, field) in [(first, second, "first"), (second, first, "second")] {
        let person = living_on(world, number, on, field).await?;
        let identity = identity_of(&person, field)?;
        let is_missing = |life| matches!(life, Life::Missing { .. });
        let now = world.person(number).await?;
        if is_missing(person.life()) || now.as_ref().is_some_and(|now| is_missing(now.life())) {
            return Err(CivilRefusal::IsMissing { field }.into());
        }
        if !may_marry_on(&identity, on) {
            return Err(CivilRefusal::TooYoungToMarry { field }.into());
        }
        if is_married_from(&world.record(number).await?.facts, on, other) {
            return Err(CivilRefusal::Married { field }.into());
        }
        places.push(last_homes(world, number).await?);
        sexes.push(identity.sex);
    }
    if sexes[0] == sexes[1] && limit(Limit::SameSexMarriage, on) != Some(1) {
        return Err(CivilRefusal::SameSex.into());
    }
    within(envelope, &places.concat())?;
    if let Some(commune) = envelope.actor.commune()
        && places.iter().any(|homes| !homes.contains(&commune))
    {
        needs(envelope, EvidenceKind::MaritalStatusPaper, "marital_status_paper")?;
    }
    not_kin(world, first, second, on).await?;
    let mut decision = Decision::default();
    for (number, other) in [(first, second), (second, first)] {
        let beliefs = family_from(&world.record(number).await?.facts, on, |family| {
            family.marital_status = Some(MaritalStatus::Married);
            family.spouse = Some(other);
        });
        believe_all(&mut decision, number, beliefs);
    }
    Ok(decision)
}

fn believe_all(decision: &mut Decision, number: PersonalNumber, beliefs: Vec<Belief>) {
    for belief in beliefs {
        decision.believe(number, belief);
    }
}

/// Married to anyone else on a day or on any after it. Of a marriage that a file stated for its own day the wedding may
/// become known later; it lies no later than that day.
fn is_married_from(facts: &[Fact], on: Date, other: PersonalNumber) -> bool {
    let rows = believed(facts, FactKind::Family).into_iter();
    rows.filter(|row| row.valid_to.is_none_or(|end| end > on)).any(|row| {
        let Some(family) = family_of(&row.value) else { return false };
        let is_married = family.spouse.is_some() || family.marital_status == Some(MaritalStatus::Married);
        let may_be_this = row.source.starts_with("load:")
            && on <= row.valid_from
            && family.spouse.is_none_or(|spouse| spouse == other);
        is_married && !may_be_this
    })
}

/// Not in direct line, not within three generations of one stock, not bound by an adoption or an earlier marriage as
/// parent and child are (art. 5(2)(d)). The register counts what it ever believed of parents and spouses.
async fn not_kin(
    world: &mut World<'_>,
    first: PersonalNumber,
    second: PersonalNumber,
    on: Date,
) -> Ruled<()> {
    let (above_first, above_second) = (ancestors(world, first).await?, ancestors(world, second).await?);
    let is_direct = above_first.contains_key(&second) || above_second.contains_key(&first);
    let generations = limit(Limit::MarriageKinGenerations, on).and_then(|count| usize::try_from(count).ok());
    let near = |above: &BTreeMap<PersonalNumber, usize>, person: &PersonalNumber| {
        above.get(person).is_some_and(|depth| generations.is_some_and(|count| *depth < count))
    };
    let is_near =
        above_first.keys().any(|ancestor| near(&above_first, ancestor) && near(&above_second, ancestor));
    let is_by_marriage = is_in_law(world, first, second).await? || is_in_law(world, second, first).await?;
    refuse_if(is_direct || is_near || is_by_marriage, CivilRefusal::MarriageOfKin)
}

/// The other is a parent or a child of someone to whom the person was married.
async fn is_in_law(world: &mut World<'_>, person: PersonalNumber, other: PersonalNumber) -> Ruled<bool> {
    let parents = parents_of(world, other).await?;
    for spouse in spouses_of(world, person).await? {
        if parents.contains(&spouse) || parents_of(world, spouse).await?.contains(&other) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a judgment on a marriage needs: the papers, the two spouses of each other on the day, the place.
async fn separable(envelope: &Envelope, separation: &Separation, world: &mut World<'_>) -> Ruled<()> {
    let Separation { first, second, on } = *separation;
    needs(envelope, EvidenceKind::Judgment, "judgment")?;
    if first == second {
        return Err(CivilRefusal::SamePerson { field: "second" }.into());
    }
    not_future(world, on, "on")?;
    let mut places = Vec::new();
    let mut are_spouses = true;
    for (number, other, field) in [(first, second, "first"), (second, first, "second")] {
        held_on(world, number, on, field).await?;
        places.extend(last_homes(world, number).await?);
        are_spouses &= spouse_around(&world.record(number).await?.facts, on) == Some(other);
    }
    within(envelope, &places)?;
    if are_spouses { Ok(()) } else { Err(CivilRefusal::NotSpouses.into()) }
}

/// The spouse on a day; of a day before all that is known, the one whom a file stated for its own day.
fn spouse_around(facts: &[Fact], on: Date) -> Option<PersonalNumber> {
    let rows = believed(facts, FactKind::Family);
    let row = rows.iter().find(|row| row.valid_to.is_none_or(|end| end > on))?;
    let is_known = row.valid_from <= on || (rows.first() == Some(row) && row.source.starts_with("load:"));
    family_of(&row.value)?.spouse.filter(|_| is_known)
}

/// The marriage to someone as it stands along the days of a person, also where it ended by death; another marriage ends
/// the walk.
fn unmarried(
    facts: &[Fact],
    from: Date,
    other: PersonalNumber,
    mut after: impl FnMut(&mut Family),
) -> Vec<Belief> {
    let mut is_over = false;
    family_from(facts, from, |family| {
        is_over |= family.spouse.is_some_and(|spouse| spouse != other);
        let was_of_it = family.spouse == Some(other) || family.marital_status == Some(MaritalStatus::Widowed);
        if was_of_it && !is_over {
            family.spouse = None;
            after(family);
        }
    })
}

pub(super) async fn divorce(
    envelope: &Envelope,
    separation: &Separation,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    separable(envelope, separation, world).await?;
    let Separation { first, second, on } = *separation;
    let mut decision = Decision::default();
    for (number, other) in [(first, second), (second, first)] {
        let beliefs = unmarried(&world.record(number).await?.facts, on, other, |family| {
            family.marital_status = Some(MaritalStatus::Divorced);
        });
        believe_all(&mut decision, number, beliefs);
    }
    Ok(decision)
}

/// There was no marriage: from the wedding on each is what they were before it (art. 10–12).
pub(super) async fn annul(
    envelope: &Envelope,
    separation: &Separation,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    separable(envelope, separation, world).await?;
    let Separation { first, second, on } = *separation;
    let mut decision = Decision::default();
    for (number, other) in [(first, second), (second, first)] {
        let facts = &world.record(number).await?.facts;
        let Some((wedding, before)) = wedding(facts, on, other) else {
            return Err(Common::NotHeld { field: "first" }.into());
        };
        let beliefs = unmarried(facts, wedding, other, |family| family.marital_status = before);
        believe_all(&mut decision, number, beliefs);
    }
    Ok(decision)
}

/// The first day of the marriage that stands on a day, and the marital status before it; single when nothing is known.
fn wedding(facts: &[Fact], on: Date, other: PersonalNumber) -> Option<(Date, Option<MaritalStatus>)> {
    let rows = believed(facts, FactKind::Family);
    let on = rows.first()?.valid_from.max(on);
    let mut first = None;
    let mut before = Some(MaritalStatus::Single);
    for row in rows.into_iter().rev().skip_while(|row| row.valid_from > on) {
        let Some(family) = family_of(&row.value) else { continue };
        if family.spouse == Some(other) {
            first = Some(row.valid_from);
        } else {
            before = family.marital_status.or(before);
            break;
        }
    }
    first.map(|first| (first, before))
}
