//! Death, declarations by a court, their reversal, judgments that are noted.

use super::{
    super::{
        Ruled,
        checks::{held_on, known_commune, living_on, needs, needs_one_of, not_future, within},
    },
    days_between, death_day, family_of, last_homes,
    limits::{Limit, limit},
    refusal::CivilRefusal,
    report_late, taken_on,
    timeline::{believed, family_from, representatives_within, residence_ends},
};
use crate::{
    Death, Decision, Envelope, EvidenceKind, FindingKind, Judgment, Missing, Reappearance, World,
    refusal::Common,
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{
    Belief, Fact, FactKind, FactValue, Family, Life, Link, MaritalStatus, Person, Relation,
};
use jiff::{Span, civil::Date};

/// Law on Civil Status 2014, art. 32–34.
pub(super) async fn register_death(
    envelope: &Envelope,
    death: &Death,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    needs_one_of(envelope, &[EvidenceKind::DeathNotice, EvidenceKind::Judgment], "death_notice")?;
    let mut decision = dies(envelope, death, world).await?;
    let owner = envelope.actor.commune().or(last_homes(world, death.number).await?.first().copied());
    let days = days_between(death.on, taken_on(envelope, world));
    let days_max = limit(Limit::DeathRegistrationDays, world.today);
    report_late(&mut decision, FindingKind::LateDeathRegistration, death.number, days, days_max, owner);
    Ok(decision)
}

/// Civil Code 2015, art. 71.
pub(super) async fn declare_dead(
    envelope: &Envelope,
    death: &Death,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    needs(envelope, EvidenceKind::Judgment, "judgment")?;
    dies(envelope, death, world).await
}

async fn dies(envelope: &Envelope, death: &Death, world: &mut World<'_>) -> Ruled<Decision> {
    let Death { number, on, place } = *death;
    not_future(world, on, "on")?;
    let person = living_on(world, number, on, "number").await?;
    let homes = last_homes(world, number).await?;
    let mut places = homes.clone();
    if let Some(place) = place {
        known_commune(world, place, on, "place")?;
        places.extend(world.present_codes(place, on));
    }
    within(envelope, &places)?;
    let owner = homes.first().copied().or(envelope.actor.commune());
    let mut decision = Decision::default();
    let value = FactValue::Life(Life::Dead { date: Some(on) });
    decision.believe(number, Belief { value, valid_from: on, valid_to: None });
    let facts = world.record(number).await?.facts.clone();
    if happened_after(&facts, on) {
        decision.report(FindingKind::EventAfterDeath, &[number], owner);
    }
    leave_home(&mut decision, world, &person, on, owner).await?;
    for spouse in spouses_from(&facts, on) {
        let facts = &world.record(spouse).await?.facts;
        let beliefs = family_from(facts, on, |family| {
            if family.spouse == Some(number) {
                (family.marital_status, family.spouse) = (Some(MaritalStatus::Widowed), None);
            }
        });
        for belief in beliefs {
            decision.believe(spouse, belief);
        }
    }
    for (ward, _) in
        world.related_on(number, on).await?.into_iter().filter(|(_, link)| *link == Link::Representative)
    {
        let facts = &world.record(ward.number).await?.facts;
        let beliefs = representatives_within(facts, on, None, |list| list.retain(|other| *other != number));
        for belief in beliefs {
            decision.believe(ward.number, belief);
        }
    }
    Ok(decision)
}

/// Whoever is believed to be a spouse on a day or after it.
fn spouses_from(facts: &[Fact], on: Date) -> Vec<PersonalNumber> {
    let rows = believed(facts, FactKind::Family).into_iter();
    let mut spouses: Vec<PersonalNumber> = rows
        .filter(|row| row.valid_to.is_none_or(|end| end > on))
        .filter_map(|row| family_of(&row.value)?.spouse)
        .collect();
    spouses.sort_unstable();
    spouses.dedup();
    spouses
}

/// Something is said to have changed after the day. What a file said for its own day is a change only against what was
/// believed before.
fn happened_after(facts: &[Fact], on: Date) -> bool {
    const KINDS: [FactKind; 6] = [
        FactKind::Identity,
        FactKind::Family,
        FactKind::Residence,
        FactKind::Representation,
        FactKind::Absence,
        FactKind::CurrentPlace,
    ];
    KINDS.into_iter().any(|kind| {
        let rows = believed(facts, kind);
        let is_after = |row: &Fact| row.valid_from > on;
        rows.iter().any(|row| is_after(row) && !row.source.starts_with("load:"))
            || rows.windows(2).any(|pair| is_after(pair[1]) && pair[0].value != pair[1].value)
    })
}

/// The residence of the dead, and of those a court declared missing, is deleted (Law on Residence 2020, art. 24(1)(a)).
/// A household that loses its head is reported.
async fn leave_home(
    decision: &mut Decision,
    world: &mut World<'_>,
    person: &Person,
    on: Date,
    owner: Option<CommuneCode>,
) -> Ruled<()> {
    let number = person.number;
    if let Some(end) = residence_ends(&world.record(number).await?.facts, on) {
        decision.believe(number, end);
    }
    let home = person.residence().filter(|home| home.relation_to_head == Some(Relation::Head));
    let Some(household) = home.and_then(|home| home.household.clone()) else { return Ok(()) };
    let members = world.members_on(&household, world.today).await?;
    let left: Vec<&Person> = members
        .iter()
        .filter(|member| member.number != number && !matches!(member.life(), Life::Dead { .. }))
        .collect();
    let is_head = |member: &&Person| {
        member.residence().is_some_and(|home| home.relation_to_head == Some(Relation::Head))
    };
    if !left.is_empty() && !left.iter().any(is_head) {
        let numbers: Vec<PersonalNumber> = left.iter().map(|member| member.number).collect();
        decision.report(FindingKind::NoHead, &numbers, owner);
    }
    Ok(())
}

/// Civil Code 2015, art. 68.
pub(super) async fn declare_missing(
    envelope: &Envelope,
    missing: &Missing,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let Missing { number, since } = *missing;
    needs(envelope, EvidenceKind::Judgment, "judgment")?;
    not_future(world, since, "since")?;
    let person = living_on(world, number, since, "number").await?;
    let homes = last_homes(world, number).await?;
    within(envelope, &homes)?;
    let today = world.today;
    let years = limit(Limit::MissingYears, today);
    let earliest = years.and_then(|years| since.checked_add(Span::new().years(years)).ok());
    if earliest.is_some_and(|earliest| earliest > today) {
        return Err(CivilRefusal::MissingTooShort.into());
    }
    let mut decision = Decision::default();
    let value = FactValue::Life(Life::Missing { since: Some(since) });
    decision.believe(number, Belief { value, valid_from: since, valid_to: None });
    // The residence ends by the judgment, not with the last news.
    let judged = envelope.evidence.iter().filter(|paper| paper.kind == EvidenceKind::Judgment);
    let judged = judged.filter_map(|paper| paper.issued_on).find(|day| (since..=today).contains(day));
    let now = world.person(number).await?.unwrap_or(person);
    let owner = homes.first().copied().or(envelope.actor.commune());
    leave_home(&mut decision, world, &now, judged.unwrap_or(today), owner).await?;
    Ok(decision)
}

/// Civil Code 2015, art. 70 and 73. The residence is registered anew by whoever comes back.
pub(super) async fn reverse(
    envelope: &Envelope,
    reappearance: &Reappearance,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let Reappearance { number, on } = *reappearance;
    needs(envelope, EvidenceKind::Judgment, "judgment")?;
    not_future(world, on, "on")?;
    held_on(world, number, on, "number").await?;
    within(envelope, &last_homes(world, number).await?)?;
    let facts = world.record(number).await?.facts.clone();
    let declared = believed(&facts, FactKind::Life).into_iter().rfind(|row| row.valid_to.is_none());
    let declared = declared.filter(|row| is_declared(row)).ok_or(CivilRefusal::NotDeclared)?;
    let from = declared.valid_from;
    if on < from {
        return Err(Common::OutOfOrder { field: "on" }.into());
    }
    let mut decision = Decision::default();
    let value = FactValue::Life(Life::Alive);
    decision.believe(number, Belief { value, valid_from: from, valid_to: None });
    for spouse in spouses_from(&facts, from) {
        restore_marriage(&mut decision, world, number, spouse, from).await?;
    }
    Ok(decision)
}

/// A death that a hospital gave notice of is no declaration: taking it back is a compensation.
fn is_declared(row: &Fact) -> bool {
    match &row.value {
        FactValue::Life(Life::Missing { .. }) => true,
        FactValue::Life(Life::Dead { .. }) => !row.source.starts_with("register_death:"),
        _ => false,
    }
}

/// The marriage stands again unless the other has married since; then it ended with the declaration (art. 73(2)).
async fn restore_marriage(
    decision: &mut Decision,
    world: &mut World<'_>,
    number: PersonalNumber,
    spouse: PersonalNumber,
    from: Date,
) -> Ruled<()> {
    let facts = world.record(spouse).await?.facts.clone();
    let later: Vec<&Family> = believed(&facts, FactKind::Family)
        .into_iter()
        .filter(|row| row.valid_to.is_none_or(|end| end > from))
        .filter_map(|row| family_of(&row.value))
        .collect();
    // Whoever is back after the other one's death is widowed by that, as those are who never left.
    let died = world.person(spouse).await?.and_then(|spouse| death_day(&spouse));
    let is_remarried = later.iter().any(|family| family.spouse.is_some_and(|other| other != number));
    let beliefs = if is_remarried {
        let facts = &world.record(number).await?.facts;
        let ended = family_from(facts, from, |family| {
            if family.spouse == Some(spouse) {
                (family.marital_status, family.spouse) = (Some(MaritalStatus::Divorced), None);
            }
        });
        (number, ended)
    } else {
        let again = family_from(&facts, from, |family| {
            if family.marital_status == Some(MaritalStatus::Widowed) {
                (family.marital_status, family.spouse) = (Some(MaritalStatus::Married), Some(number));
            }
        });
        (spouse, again)
    };
    for belief in beliefs.1 {
        decision.believe(beliefs.0, belief);
    }
    if let Some(died) = died.filter(|_| !is_remarried) {
        let facts = &world.record(number).await?.facts;
        let widowed = family_from(facts, died.max(from), |family| {
            if family.spouse == Some(spouse) {
                (family.marital_status, family.spouse) = (Some(MaritalStatus::Widowed), None);
            }
        });
        for belief in widowed {
            decision.believe(number, belief);
        }
    }
    Ok(())
}

/// A judgment is noted without a change of another fact (Law on Civil Status 2014, art. 30).
pub(super) async fn note_judgment(
    envelope: &Envelope,
    judgment: &Judgment,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    needs(envelope, EvidenceKind::Judgment, "judgment")?;
    not_future(world, judgment.on, "on")?;
    held_on(world, judgment.number, judgment.on, "number").await?;
    within(envelope, &last_homes(world, judgment.number).await?)?;
    let mut decision = Decision::default();
    decision.note(judgment.number);
    Ok(decision)
}
