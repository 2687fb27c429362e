//! Personal numbers: drawn at birth or later, cancelled, replaced; never given to anyone twice.

use super::{
    super::{
        NumberSource, Ruled,
        checks::{held_on, living_on, needs, needs_one_of, not_future, within},
    },
    identity_of, last_homes,
    parents::{can_be, look_alikes},
    refusal::CivilRefusal,
    registration_places, report_placeholder, timeline,
};
use crate::{
    Decision, Envelope, EvidenceKind, FindingKind, NumberCancellation, NumberIssue, NumberReplacement,
    Parent, World, refusal::Common,
};
use dancu_core::{CommuneCode, PersonalNumber, Sex};
use dancu_places::{Places, number_place};
use dancu_register::{
    Belief, FactKind, FactValue, Family, Identity, KindSet, Life, MaritalStatus, NumberState, Relation, links,
};

/// Draws before it is said that none is free: with half of a year's million taken, 64 fail once in 10¹⁹.
const DRAWS_MAX: u32 = 64;

/// A number that nobody ever bore: province or country, sex and birth year, and six digits that mean nothing (Decree
/// 137/2015/ND-CP, art. 13).
pub(super) async fn draw(
    world: &mut World<'_>,
    numbers: &NumberSource<'_>,
    place: u16,
    sex: Sex,
    birth_year: i16,
) -> Ruled<PersonalNumber> {
    for _ in 0..DRAWS_MAX {
        let number = match numbers {
            NumberSource::Given(given) => given.ok_or(CivilRefusal::NumbersExhausted)?,
            NumberSource::Drawn(entropy) => {
                let mut bytes = [0; 8];
                entropy.fill(&mut bytes);
                let sequence = u32::try_from(u64::from_le_bytes(bytes) % 1_000_000).expect("six digits");
                PersonalNumber::from_parts(place, sex, birth_year, sequence)
                    .ok_or(CivilRefusal::NumberNotFormed)?
            }
        };
        // Whoever is named in another's record bears the number, though the register holds nothing of them yet.
        if world.record(number).await?.version.is_none() && world.ever_related(number).await?.is_empty() {
            return Ok(number);
        }
    }
    Err(CivilRefusal::NumbersExhausted.into())
}

/// The first three digits for births that a commune registers today: its province, of the 63 before the reform of 2025, of
/// the 34 since, whose codes are among those of the 63.
pub(super) fn place_of(commune: CommuneCode, world: &World<'_>) -> Ruled<u16> {
    let place = if world.today < Places::REFORM {
        Places::national().old_commune(commune).map(|former| former.province.code)
    } else {
        world.units.province(commune).map(|province| u16::from(province.value()))
    };
    place.ok_or_else(|| Common::UnknownCommune { field: "commune" }.into())
}

pub(super) async fn issue(
    envelope: &Envelope,
    issue: &NumberIssue,
    world: &mut World<'_>,
    numbers: &NumberSource<'_>,
) -> Ruled<Decision> {
    needs_one_of(
        envelope,
        &[EvidenceKind::CivilStatusPaper, EvidenceKind::IdentityPaper, EvidenceKind::Decision],
        "civil_status_paper",
    )?;
    let born = issue.birth_date.first_day();
    not_future(world, born, "birth_date")?;
    number_place(issue.number_place).ok_or(CivilRefusal::NumberPlace)?;
    let places = [
        (issue.birth_place, "birth_place"),
        (issue.registration_place, "registration_place"),
        (issue.origin, "origin"),
    ];
    for (place, field) in places {
        super::identity::known_once(world, place, field)?;
    }
    let mut is_rare = Vec::new();
    for (number, parent) in [(issue.mother, Parent::Mother), (issue.father, Parent::Father)] {
        let Some(number) = number else { continue };
        if can_be(world, number, parent, issue.birth_date, parent.field()).await? {
            is_rare.push(number);
        }
    }
    let alike = look_alikes(world, issue.mother, issue.father, &issue.name, issue.birth_date).await?;
    if !alike.numbers.is_empty() && !issue.is_another_person {
        return Err(CivilRefusal::PossibleDuplicate.into());
    }
    let number = draw(world, numbers, issue.number_place, issue.sex, issue.birth_date.year()).await?;
    let owner = envelope.actor.commune().or(issue.registration_place);
    let mut decision = Decision::issuing(number);
    let identity = Identity {
        name: issue.name.clone(),
        sex: issue.sex,
        birth_date: issue.birth_date,
        birth_place: issue.birth_place,
        registration_place: issue.registration_place,
        origin: issue.origin,
        nationality: issue.nationality,
        old_number: issue.old_number,
    };
    let marital_status = (!super::may_marry_on(&identity, world.today)).then_some(MaritalStatus::Single);
    let family = Family { marital_status, father: issue.father, mother: issue.mother, spouse: None };
    let mut believe = |value| decision.believe(number, Belief { value, valid_from: born, valid_to: None });
    believe(FactValue::Identity(identity));
    if family != timeline::UNKNOWN_FAMILY {
        believe(FactValue::Family(family));
    }
    for parent in is_rare {
        decision.report(FindingKind::ParentAgeImpossible, &[number, parent], owner);
    }
    for other in alike.numbers {
        decision.report(FindingKind::SameChildTwice, &[number, other], owner);
    }
    report_placeholder(&mut decision, number, issue.birth_date, owner);
    Ok(decision)
}

/// A number that was issued in error goes out of use, unless somebody who lives would be left with it in their record.
pub(super) async fn cancel(
    envelope: &Envelope,
    cancellation: &NumberCancellation,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let (number, on) = (cancellation.number, cancellation.on);
    needs_one_of(envelope, &[EvidenceKind::Decision, EvidenceKind::Judgment], "decision")?;
    not_future(world, on, "on")?;
    let person = held_on(world, number, on, "number").await?;
    let identity = identity_of(&person, "number")?;
    within(envelope, &[last_homes(world, number).await?, registration_places(world, &identity)].concat())?;
    for (relative, _) in world.related_on(number, world.today).await? {
        if !matches!(relative.life(), Life::Dead { .. }) {
            return Err(CivilRefusal::StillNamed.into());
        }
    }
    let home = person.residence().filter(|home| home.relation_to_head == Some(Relation::Head));
    if let Some(household) = home.and_then(|home| home.household.clone())
        && world.members_on(&household, world.today).await?.iter().any(|member| member.number != number)
    {
        return Err(CivilRefusal::StillNamed.into());
    }
    let mut decision = Decision::default();
    let value = FactValue::Number(NumberState::Cancelled);
    decision.believe(number, Belief { value, valid_from: on, valid_to: None });
    if let Some(end) = timeline::residence_ends(&world.record(number).await?.facts, on) {
        decision.believe(number, end);
    }
    Ok(decision)
}

/// The person gets a number that agrees with sex and birth year. Everything believed moves to it, and whoever names the
/// old number names the new one; what was known before is still seen as it was known.
pub(super) async fn replace(
    envelope: &Envelope,
    replacement: &NumberReplacement,
    world: &mut World<'_>,
    numbers: &NumberSource<'_>,
) -> Ruled<Decision> {
    let (old, on) = (replacement.number, replacement.on);
    needs(envelope, EvidenceKind::Decision, "decision")?;
    not_future(world, on, "on")?;
    let person = living_on(world, old, on, "number").await?;
    let identity = identity_of(&person, "number")?;
    within(envelope, &[last_homes(world, old).await?, registration_places(world, &identity)].concat())?;
    let now = world.person(old).await?.and_then(|person| person.identity().cloned()).unwrap_or(identity);
    if old.issued_sex() == now.sex && old.issued_birth_year() == now.birth_date.year() {
        return Err(CivilRefusal::NumberAgrees.into());
    }
    let new = draw(world, numbers, old.issued_place(), now.sex, now.birth_date.year()).await?;
    let mut decision = Decision::issuing(new);
    decision.sealed_moved = Some((old, new));
    let facts = world.record(old).await?.facts.clone();
    for kind in FactKind::ALL.into_iter().filter(|kind| *kind != FactKind::Number) {
        for row in timeline::believed(&facts, kind) {
            decision.believe(new, belief(row, row.value.clone()));
        }
        decision.forget(old, KindSet::EMPTY.with(kind));
    }
    for (number, state) in [(old, NumberState::ReplacedBy(new)), (new, NumberState::InPlaceOf(old))] {
        let value = FactValue::Number(state);
        decision.believe(number, Belief { value, valid_from: on, valid_to: None });
    }
    for relative in world.ever_related(old).await? {
        let facts = world.record(relative).await?.facts.clone();
        for row in [FactKind::Family, FactKind::Representation]
            .into_iter()
            .flat_map(|kind| timeline::believed(&facts, kind))
            .filter(|row| links(&row.value).iter().any(|(named, _)| *named == old))
        {
            decision.believe(relative, belief(row, renamed(&row.value, old, new)));
        }
    }
    Ok(decision)
}

fn belief(row: &dancu_register::Fact, value: FactValue) -> Belief {
    Belief { value, valid_from: row.valid_from, valid_to: row.valid_to }
}

/// The value with one number in place of another.
fn renamed(value: &FactValue, old: PersonalNumber, new: PersonalNumber) -> FactValue {
    let mut value = value.clone();
    match &mut value {
        FactValue::Family(family) => {
            for named in [&mut family.father, &mut family.mother, &mut family.spouse] {
                *named = named.map(|named| if named == old { new } else { named });
            }
        }
        FactValue::Representation(representation) => {
            for named in &mut representation.representatives {
                if *named == old {
                    *named = new;
                }
            }
            representation.representatives.sort_unstable();
        }
        _ => {}
    }
    value
}
