//! Identity: corrected from birth on, or changed from a day on (Law on Civil Status 2014, art. 26–28); nationality.

use super::{
    super::{
        Ruled,
        checks::{held_on, known_commune, living_on, needs_one_of, not_future, within},
    },
    age_on, death_day, family_of, identity_of, last_homes,
    limits::{Limit, limit},
    may_marry_on,
    parents::{age_fits, sex_fits},
    refusal::CivilRefusal,
    refuse_if, registration_places, report_number, report_placeholder,
    timeline::{believed, identity_from},
};
use crate::{
    Decision, Envelope, EvidenceKind, IdentityChange, IdentityCorrection, IdentityFields, NationalityChange,
    Parent, World, refusal::Common,
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{Belief, Fact, FactKind, FactValue, Identity, KindSet, Link};
use jiff::civil::Date;

/// A unit bears or bore the code at some time.
pub(super) fn known_once(world: &World<'_>, code: Option<CommuneCode>, field: &'static str) -> Ruled<()> {
    match code {
        Some(code) if !world.units.was_ever(code) => Err(Common::UnknownCommune { field }.into()),
        _ => Ok(()),
    }
}

/// Papers on which an identity is corrected or changed.
const PAPERS: [EvidenceKind; 6] = [
    EvidenceKind::CivilStatusPaper,
    EvidenceKind::BirthNotice,
    EvidenceKind::IdentityPaper,
    EvidenceKind::Judgment,
    EvidenceKind::Decision,
    EvidenceKind::Expertise,
];

fn has_field(fields: &IdentityFields) -> Ruled<()> {
    refuse_if(*fields == IdentityFields::default(), CivilRefusal::NoField)
}

pub(super) async fn correct(
    envelope: &Envelope,
    correction: &IdentityCorrection,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let (number, fields) = (correction.number, &correction.fields);
    has_field(fields)?;
    needs_one_of(envelope, &PAPERS, "civil_status_paper")?;
    let today = world.today;
    let now = identity_of(&held_on(world, number, today, "number").await?, "number")?;
    let homes = last_homes(world, number).await?;
    within(envelope, &[homes.clone(), registration_places(world, &now)].concat())?;
    let right = corrected(&now, &now, fields);
    known_once(world, fields.registration_place, "registration_place")?;
    known_once(world, fields.origin, "origin")?;
    let born = right.birth_date.first_day();
    not_future(world, born, "birth_date")?;
    // Of a birth date that is known in part the code may be that of any day in it.
    match (fields.birth_place, right.birth_date.whole()) {
        (Some(place), Some(day)) => known_commune(world, place, day, "birth_place")?,
        (place, _) => known_once(world, place, "birth_place")?,
    }
    if right.birth_date != now.birth_date {
        birth_date_fits(world, number, &right).await?;
    }
    if right.sex != now.sex {
        sex_fits_others(world, number, &right).await?;
    }
    let mut decision = Decision::default();
    let facts = world.record(number).await?.facts.clone();
    rewrite(&mut decision, number, &facts, &now, fields);
    let owner = homes.first().copied();
    if fields.sex.is_some() || fields.birth_date.is_some() {
        report_number(&mut decision, number, &right, owner);
    }
    if let Some(birth) = fields.birth_date {
        report_placeholder(&mut decision, number, birth, owner);
    }
    Ok(decision)
}

/// One stretch's identity with what is right. Name and sex can have changed in a life: only the stretches that agree with
/// what is believed now are wrong with it.
fn corrected(then: &Identity, now: &Identity, fields: &IdentityFields) -> Identity {
    let name = fields.name.clone().filter(|_| then.name == now.name);
    let sex = fields.sex.filter(|_| then.sex == now.sex);
    Identity {
        name: name.unwrap_or_else(|| then.name.clone()),
        sex: sex.unwrap_or(then.sex),
        birth_date: fields.birth_date.unwrap_or(then.birth_date),
        birth_place: fields.birth_place.or(then.birth_place),
        registration_place: fields.registration_place.or(then.registration_place),
        origin: fields.origin.or(then.origin),
        nationality: then.nationality,
        old_number: fields.old_number.or(then.old_number),
    }
}

/// Believes the corrected identity for all time. A birth date that moves takes with it what begins with the birth, and
/// nothing is believed of days before it.
fn rewrite(
    decision: &mut Decision,
    number: PersonalNumber,
    facts: &[Fact],
    now: &Identity,
    fields: &IdentityFields,
) {
    let rows = believed(facts, FactKind::Identity);
    let begin = rows.first().map(|row| row.valid_from);
    let born = fields.birth_date.map(dancu_core::PartialDate::first_day);
    // Whoever was loaded with a first day after birth keeps it when the birth date stays.
    let moved = born.filter(|born| begin.is_some_and(|begin| *born != begin));
    for row in rows {
        let FactValue::Identity(then) = &row.value else { continue };
        let value = FactValue::Identity(corrected(then, now, fields));
        move_row(decision, number, row, value, begin, moved);
    }
    let Some(born) = moved else { return };
    decision.forget(number, KindSet::EMPTY.with(FactKind::Identity));
    for kind in [FactKind::Family, FactKind::Residence] {
        let rows = believed(facts, kind);
        if rows.iter().any(|row| row.valid_from < born || Some(row.valid_from) == begin) {
            decision.forget(number, KindSet::EMPTY.with(kind));
            for row in rows {
                move_row(decision, number, row, row.value.clone(), begin, Some(born));
            }
        }
    }
}

fn move_row(
    decision: &mut Decision,
    number: PersonalNumber,
    row: &Fact,
    value: FactValue,
    begin: Option<Date>,
    born: Option<Date>,
) {
    let valid_from = match born {
        Some(born) if Some(row.valid_from) == begin => born,
        Some(born) => row.valid_from.max(born),
        None => row.valid_from,
    };
    if row.valid_to.is_none_or(|end| end > valid_from) {
        decision.believe(number, Belief { value, valid_from, valid_to: row.valid_to });
    }
}

/// The birth date fits parents, children, weddings and death.
async fn birth_date_fits(world: &mut World<'_>, number: PersonalNumber, right: &Identity) -> Ruled<()> {
    let born = right.birth_date;
    let contradicts = |what| CivilRefusal::Contradicts { what };
    let today = world.today;
    let Some(person) = world.person(number).await? else { return Ok(()) };
    if death_day(&person).is_some_and(|died| died < born.first_day()) {
        return Err(contradicts("life").into());
    }
    let family = person.family().cloned();
    let parents = family.map(|family| [(family.father, Parent::Father), (family.mother, Parent::Mother)]);
    for (parent, role) in parents.into_iter().flatten() {
        let Some(parent) = parent else { continue };
        let Some(identity) = world.person(parent).await?.and_then(|parent| parent.identity().cloned()) else {
            continue;
        };
        age_fits(identity.birth_date, born, role, role.field())?;
    }
    for (child, link) in world.related_on(number, today).await? {
        let role = match link {
            Link::Father => Parent::Father,
            Link::Mother => Parent::Mother,
            Link::Spouse | Link::Representative => continue,
        };
        let Some(identity) = child.identity() else { continue };
        if identity.birth_date.first_day() < born.first_day() {
            return Err(contradicts("family").into());
        }
        age_fits(born, identity.birth_date, role, "number").map_err(|_| contradicts("family"))?;
    }
    let mut spouse = None;
    for row in believed(&world.record(number).await?.facts, FactKind::Family) {
        let Some(family) = family_of(&row.value) else { continue };
        let is_wedding = family.spouse.is_some() && family.spouse != spouse;
        if is_wedding && !may_marry_on(right, row.valid_from) {
            return Err(contradicts("family").into());
        }
        spouse = family.spouse;
    }
    Ok(())
}

/// The sex fits what the person is to children and spouse.
async fn sex_fits_others(world: &mut World<'_>, number: PersonalNumber, right: &Identity) -> Ruled<()> {
    let today = world.today;
    for (relative, link) in world.related_on(number, today).await? {
        match link {
            Link::Father => sex_fits(right, Parent::Father, "number")?,
            Link::Mother => sex_fits(right, Parent::Mother, "number")?,
            Link::Spouse => spouse_fits(&relative, right, today)?,
            Link::Representative => {}
        }
    }
    Ok(())
}

fn spouse_fits(spouse: &dancu_register::Person, right: &Identity, today: Date) -> Ruled<()> {
    let is_same = spouse.identity().is_some_and(|identity| identity.sex == right.sex);
    refuse_if(is_same && limit(Limit::SameSexMarriage, today) != Some(1), CivilRefusal::SameSex)
}

pub(super) async fn change(
    envelope: &Envelope,
    change: &IdentityChange,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let (number, fields, on) = (change.number, &change.fields, change.on);
    has_field(fields)?;
    let never = [
        (fields.birth_date.is_some(), "birth_date"),
        (fields.birth_place.is_some(), "birth_place"),
        (fields.registration_place.is_some(), "registration_place"),
        (fields.old_number.is_some(), "old_number"),
    ];
    if let Some((_, field)) = never.into_iter().find(|(is_given, _)| *is_given) {
        return Err(CivilRefusal::OnlyCorrected { field }.into());
    }
    needs_one_of(envelope, &[PAPERS.as_slice(), &[EvidenceKind::Request]].concat(), "decision")?;
    not_future(world, on, "on")?;
    let person = living_on(world, number, on, "number").await?;
    let then = identity_of(&person, "number")?;
    let homes = last_homes(world, number).await?;
    within(envelope, &[homes.clone(), registration_places(world, &then)].concat())?;
    known_once(world, fields.origin, "origin")?;
    let is_minor = limit(Limit::AdultAge, on).is_some_and(|years| age_on(then.birth_date, on) < years);
    if fields.name.is_some() && is_minor {
        // Law on Civil Status 2014, art. 26(1): the parents consent.
        needs_one_of(envelope, &[EvidenceKind::Consent], "consent")?;
    }
    let right = Identity { sex: fields.sex.unwrap_or(then.sex), ..then.clone() };
    if right.sex != then.sex {
        for (relative, link) in world.related_on(number, on).await? {
            // Children keep the father or mother that the person was to them; a marriage would not be one.
            if link == Link::Spouse {
                spouse_fits(&relative, &right, on)?;
            }
        }
    }
    let owner = homes.first().copied();
    let mut decision = Decision::default();
    let beliefs = identity_from(&world.record(number).await?.facts, on, |identity| {
        // What changed again later stays as it is.
        *identity = corrected(identity, &then, fields);
    });
    for belief in beliefs {
        decision.believe(number, belief);
    }
    if fields.sex.is_some() {
        report_number(&mut decision, number, &right, owner);
    }
    Ok(decision)
}

/// A nationality is gained, lost or restored (Law on Vietnamese Nationality 2008).
pub(super) async fn change_nationality(
    envelope: &Envelope,
    change: &NationalityChange,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    needs_one_of(envelope, &[EvidenceKind::Decision], "decision")?;
    not_future(world, change.on, "on")?;
    let person = living_on(world, change.number, change.on, "number").await?;
    let then = identity_of(&person, "number")?;
    let homes = last_homes(world, change.number).await?;
    within(envelope, &[homes, registration_places(world, &then)].concat())?;
    if then.nationality == change.nationality {
        return Err(Common::NothingNew.into());
    }
    let mut decision = Decision::default();
    let facts = &world.record(change.number).await?.facts;
    let beliefs = identity_from(facts, change.on, |identity| {
        if identity.nationality == then.nationality {
            identity.nationality = change.nationality;
        }
    });
    for belief in beliefs {
        decision.believe(change.number, belief);
    }
    Ok(decision)
}
