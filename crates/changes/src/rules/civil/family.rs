//! Parents: recognition (Law on Civil Status 2014, art. 24–25) and adoption (Law on Adoption 2010).

use super::{
    super::{
        Ruled,
        checks::{held_on, living_on, needs_one_of, not_future, within},
    },
    age_on,
    ancestors::{ancestors, parents_of},
    death_day, family_of, identity_of, last_homes,
    limits::{Limit, limit},
    parents::{age_fits, can_be, sex_fits},
    refusal::CivilRefusal,
    refuse_if,
    timeline::{believed, family_from, identity_from},
};
use crate::{
    Adoption, Decision, Envelope, EvidenceKind, FindingKind, Parent, Recognition, World, refusal::Common,
};
use dancu_core::PersonalNumber;
use dancu_register::{FactKind, Family, Person};

/// The place of a parent in a family.
pub(super) fn slot(family: &mut Family, parent: Parent) -> &mut Option<PersonalNumber> {
    match parent {
        Parent::Father => &mut family.father,
        Parent::Mother => &mut family.mother,
    }
}

/// A father or mother by birth is recognised: from the child's birth on, for adoption changes nothing of it.
pub(super) async fn recognise(
    envelope: &Envelope,
    recognition: &Recognition,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let (child, parent, role) = (recognition.child, recognition.parent, recognition.parent_as);
    needs_one_of(
        envelope,
        &[
            EvidenceKind::Expertise,
            EvidenceKind::Judgment,
            EvidenceKind::WitnessStatement,
            EvidenceKind::CivilStatusPaper,
        ],
        "expertise",
    )?;
    if child == parent {
        return Err(CivilRefusal::SamePerson { field: "parent" }.into());
    }
    let today = world.today;
    let child_now = held_on(world, child, today, "child").await?;
    let parent_now = held_on(world, parent, today, "parent").await?;
    let child_homes = last_homes(world, child).await?;
    within(envelope, &[child_homes.clone(), last_homes(world, parent).await?].concat())?;
    if death_day(&parent_now).is_some() && !envelope.has(EvidenceKind::Judgment) {
        return Err(Common::Dead { field: "parent" }.into());
    }
    let born = identity_of(&child_now, "child")?.birth_date;
    let is_rare = can_be(world, parent, role, born, "parent").await?;
    not_descendant(world, parent, child, "parent").await?;
    let facts = world.record(child).await?.facts.clone();
    let first = believed(&facts, FactKind::Family).first().and_then(|row| family_of(&row.value)).cloned();
    let was = first.and_then(|mut family| *slot(&mut family, role));
    if was.is_some_and(|was| was != parent) && !envelope.has(EvidenceKind::Judgment) {
        return Err(CivilRefusal::ParentKnown { field: role.field() }.into());
    }
    let mut decision = Decision::default();
    // Where an adopter stands in the place, the adopter stays.
    let beliefs = family_from(&facts, born.first_day(), |family| {
        let place = slot(family, role);
        if place.is_none() || *place == was {
            *place = Some(parent);
        }
    });
    for belief in beliefs {
        decision.believe(child, belief);
    }
    decision.note(parent);
    if is_rare {
        let owner = child_homes.first().copied();
        decision.report(FindingKind::ParentAgeImpossible, &[child, parent], owner);
    }
    Ok(decision)
}

/// A parent does not descend from the child.
async fn not_descendant(
    world: &mut World<'_>,
    parent: PersonalNumber,
    child: PersonalNumber,
    field: &'static str,
) -> Ruled<()> {
    refuse_if(ancestors(world, parent).await?.contains_key(&child), CivilRefusal::AncestorOfOneself { field })
}

pub(super) async fn adopt(
    envelope: &Envelope,
    adoption: &Adoption,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let (child, on) = (adoption.child, adoption.on);
    needs_one_of(envelope, &[EvidenceKind::Consent], "consent")?;
    not_future(world, on, "on")?;
    let child_then = living_on(world, child, on, "child").await?;
    let identity = identity_of(&child_then, "child")?;
    let mut adopters = Vec::new();
    for (number, role) in [(adoption.father, Parent::Father), (adoption.mother, Parent::Mother)] {
        let Some(number) = number else { continue };
        if number == child {
            return Err(CivilRefusal::SamePerson { field: role.field() }.into());
        }
        adopters.push((living_on(world, number, on, role.field()).await?, role));
    }
    let mut places = last_homes(world, child).await?;
    for (adopter, _) in &adopters {
        places.extend(last_homes(world, adopter.number).await?);
    }
    within(envelope, &places)?;
    let is_stepparent = couple_fits(&child_then, &adopters)?;
    let age = age_on(identity.birth_date, on);
    let rule = if is_stepparent { Limit::AdoptedByStepparentAge } else { Limit::AdoptedAge };
    if limit(rule, on).is_some_and(|years| age >= years) {
        return Err(CivilRefusal::AdoptedTooOld.into());
    }
    let consents = envelope.evidence.iter().filter(|paper| paper.kind == EvidenceKind::Consent).count();
    if limit(Limit::AdoptedConsentAge, on).is_some_and(|years| age >= years) && consents < 2 {
        // That of whoever gives the child away, and the child's own.
        return Err(Common::EvidenceMissing { kind: "consent" }.into());
    }
    for (adopter, role) in &adopters {
        let adopter_identity = identity_of(adopter, role.field())?;
        sex_fits(&adopter_identity, *role, role.field())?;
        let older = age_on(adopter_identity.birth_date, identity.birth_date.first_day());
        // The spouse of a parent need not be older by that much (art. 14(3)), but could be the parent.
        let years_min = limit(Limit::AdopterOlderYears, on).filter(|_| !is_stepparent);
        if years_min.is_some_and(|years| older < years) {
            return Err(CivilRefusal::AdopterTooYoung { field: role.field() }.into());
        }
        if is_stepparent {
            age_fits(adopter_identity.birth_date, identity.birth_date, Parent::Father, role.field())?;
        }
        not_kin(world, adopter.number, child, role.field()).await?;
    }
    Ok(adopted(world.record(child).await?.facts.as_slice(), adoption, is_stepparent))
}

fn adopted(facts: &[dancu_register::Fact], adoption: &Adoption, is_stepparent: bool) -> Decision {
    let mut decision = Decision::default();
    let beliefs = family_from(facts, adoption.on, |family| {
        // Beside a stepparent the parent stays; else the adopters take the place of both.
        if !is_stepparent || adoption.father.is_some() {
            family.father = adoption.father;
        }
        if !is_stepparent || adoption.mother.is_some() {
            family.mother = adoption.mother;
        }
    });
    for belief in beliefs {
        decision.believe(adoption.child, belief);
    }
    if let Some(name) = &adoption.new_name {
        for belief in identity_from(facts, adoption.on, |identity| identity.name = name.clone()) {
            decision.believe(adoption.child, belief);
        }
    }
    for adopter in [adoption.father, adoption.mother].into_iter().flatten() {
        decision.note(adopter);
    }
    decision
}

/// One unmarried person adopts, or a couple, or the spouse of a parent (art. 8(3)). Says whether it is the last.
fn couple_fits(child: &Person, adopters: &[(Person, Parent)]) -> Ruled<bool> {
    let spouse = |person: &Person| person.family().and_then(|family| family.spouse);
    match adopters {
        [] => Err(CivilRefusal::NoAdopter.into()),
        [(father, _), (mother, _)] => {
            let is_couple = spouse(father) == Some(mother.number) && spouse(mother) == Some(father.number);
            if is_couple { Ok(false) } else { Err(CivilRefusal::NotSpouses.into()) }
        }
        [(adopter, ..), ..] => {
            let Some(spouse) = spouse(adopter) else { return Ok(false) };
            let parents = child.family().map(|family| [family.father, family.mother]);
            let is_stepparent = parents.is_some_and(|parents| parents.contains(&Some(spouse)));
            refuse_if(!is_stepparent, CivilRefusal::AdoptTogether).map(|()| true)
        }
    }
}

/// Grandparents, brothers and sisters do not adopt (art. 13(6)); nor do parents, or anyone who descends from the child.
async fn not_kin(
    world: &mut World<'_>,
    adopter: PersonalNumber,
    child: PersonalNumber,
    field: &'static str,
) -> Ruled<()> {
    not_descendant(world, adopter, child, field).await?;
    let is_ancestor = ancestors(world, child).await?.contains_key(&adopter);
    let parents = parents_of(world, child).await?;
    let is_sibling = !parents.is_disjoint(&parents_of(world, adopter).await?);
    refuse_if(is_ancestor || is_sibling, CivilRefusal::AdoptionOfKin { field })
}
