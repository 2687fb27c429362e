//! Births (Law on Civil Status 2014, art. 13–16).

use super::{
    super::{
        NumberSource, Ruled,
        checks::{known_commune, needs_one_of, not_future, within},
    },
    days_between, death_day, last_homes,
    limits::{Limit, limit},
    number,
    parents::{can_be, look_alikes},
    refusal::CivilRefusal,
    report_late, taken_on,
};
use crate::{Birth, Decision, Envelope, EvidenceKind, FindingKind, Parent, World, decision::SensitiveBelief};
use dancu_core::PersonalNumber;
use dancu_register::{
    Belief, FactKind, FactValue, Family, HouseholdNumber, Identity, MaritalStatus, OpenValue, Person,
    Relation, Residence,
};
use jiff::civil::Date;

pub(super) async fn register(
    envelope: &Envelope,
    birth: &Birth,
    world: &mut World<'_>,
    numbers: &NumberSource<'_>,
) -> Ruled<Decision> {
    needs_one_of(envelope, &[EvidenceKind::BirthNotice, EvidenceKind::WitnessStatement], "birth_notice")?;
    not_future(world, birth.birth_date, "birth_date")?;
    known_commune(world, birth.birth_place, birth.birth_date, "birth_place")?;
    super::identity::known_once(world, birth.origin, "origin")?;
    if matches!(birth.relation_to_head, Some(Relation::Head | Relation::Spouse)) {
        return Err(CivilRefusal::ChildAsHead.into());
    }
    let born = birth.birth_date;
    let mut rare = Vec::new();
    let mut parents = Vec::new();
    let mut places = world.present_codes(birth.birth_place, born);
    for (number, parent) in [(birth.mother, Parent::Mother), (birth.father, Parent::Father)] {
        let Some(number) = number else { continue };
        if can_be(world, number, parent, born.into(), parent.field()).await? {
            rare.push(number);
        }
        parents.extend(world.person(number).await?);
        places.extend(last_homes(world, number).await?);
    }
    within(envelope, &places)?;
    let alike = look_alikes(world, birth.mother, birth.father, &birth.name, born.into()).await?;
    if alike.is_too_close {
        return Err(CivilRefusal::SiblingTooClose.into());
    }
    if !alike.numbers.is_empty() && !birth.is_another_child {
        return Err(CivilRefusal::PossibleDuplicate.into());
    }
    let commune = envelope.actor.commune().or_else(|| places.first().copied()).unwrap_or(birth.birth_place);
    let home = home(envelope, birth, world, &parents).await?;
    let place = number::place_of(commune, world)?;
    let child = number::draw(world, numbers, place, birth.sex, born.year()).await?;
    let mut decision = Decision::issuing(child);
    believe(&mut decision, child, birth, commune, &parents);
    if let Some((residence, since)) = home {
        let value = FactValue::Residence(residence);
        decision.believe(child, Belief { value, valid_from: since, valid_to: None });
    }
    if let Some(ethnicity) = &birth.ethnicity {
        let kind = FactKind::Ethnicity;
        let value = OpenValue::read(kind, ethnicity.0.clone().into_bytes(), world.today)
            .ok_or(CivilRefusal::SensitiveForm { kind: "ethnicity" })?;
        decision.sensitive.push(SensitiveBelief { number: child, kind, value, valid_from: born });
    }
    for parent in rare {
        decision.report(FindingKind::ParentAgeImpossible, &[child, parent], Some(commune));
    }
    for other in alike.numbers {
        decision.report(FindingKind::SameChildTwice, &[child, other], Some(commune));
    }
    let days = days_between(born, taken_on(envelope, world));
    let days_max = limit(Limit::BirthRegistrationDays, world.today);
    report_late(&mut decision, FindingKind::LateBirthRegistration, child, days, days_max, Some(commune));
    Ok(decision)
}

fn believe(
    decision: &mut Decision,
    child: PersonalNumber,
    birth: &Birth,
    commune: dancu_core::CommuneCode,
    parents: &[Person],
) {
    let of = |number: Option<PersonalNumber>| {
        let parent = parents.iter().find(|parent| Some(parent.number) == number)?;
        parent.identity()?.origin
    };
    let identity = Identity {
        name: birth.name.clone(),
        sex: birth.sex,
        birth_date: birth.birth_date.into(),
        birth_place: Some(birth.birth_place),
        registration_place: Some(commune),
        // The family's origin is the father's unless the parents say otherwise.
        origin: birth.origin.or_else(|| of(birth.father)).or_else(|| of(birth.mother)),
        nationality: birth.nationality,
        old_number: None,
    };
    let family = Family {
        marital_status: Some(MaritalStatus::Single),
        father: birth.father,
        mother: birth.mother,
        spouse: None,
    };
    for value in [FactValue::Identity(identity), FactValue::Family(family)] {
        decision.believe(child, Belief { value, valid_from: birth.birth_date, valid_to: None });
    }
}

/// Where the child lives and since when: with the mother, else the father (Law on Residence 2020, art. 12).
async fn home(
    envelope: &Envelope,
    birth: &Birth,
    world: &mut World<'_>,
    parents: &[Person],
) -> Ruled<Option<(Residence, Date)>> {
    // The mother stands first.
    let living = || parents.iter().filter(|parent| death_day(parent).is_none());
    let mut host = living().find(|parent| is_settled(parent)).cloned();
    if let Some(household) = &birth.household {
        let lives_there = |parent: &&Person| {
            parent.residence().is_some_and(|home| home.household.as_ref() == Some(household))
        };
        host = living().find(lives_there).cloned();
        if host.is_none() {
            let members = world.members_on(household, world.today).await?;
            let is_agreed = parents.is_empty() || envelope.has(EvidenceKind::Consent);
            let head = members.iter().find(|member| is_head(member)).or(members.first());
            host = head.filter(|_| is_agreed).cloned();
            if host.is_none() {
                return Err(CivilRefusal::HouseholdOfNeither.into());
            }
        }
    }
    let Some((host, home)) = host.as_ref().and_then(|host| Some((host, host.residence()?))) else {
        return Ok(None);
    };
    let relation = home.household.as_ref().map(|household| {
        birth.relation_to_head.unwrap_or_else(|| relation_within(household, &living().collect::<Vec<_>>()))
    });
    let since = host.held(FactKind::Residence).map_or(birth.birth_date, |held| held.valid_from);
    let residence = Residence {
        permanent_commune: home.permanent_commune,
        permanent_address: home.permanent_address.clone(),
        household: home.household.clone(),
        relation_to_head: relation,
        temporary: None,
        file_number: home.file_number.clone(),
    };
    Ok(Some((residence, since.max(birth.birth_date))))
}

fn is_settled(person: &Person) -> bool {
    person.residence().is_some_and(|home| home.permanent_commune.is_some())
}

fn is_head(person: &Person) -> bool {
    person.residence().is_some_and(|home| home.relation_to_head == Some(Relation::Head))
}

/// What a child is to the head, from what the parents in that household are: the nearer of both, so that the son's child
/// is a grandchild though its mother is the head's daughter-in-law.
fn relation_within(household: &HouseholdNumber, parents: &[&Person]) -> Relation {
    let homes = parents.iter().filter_map(|parent| parent.residence());
    let within: Vec<_> = homes
        .filter(|home| home.household.as_ref() == Some(household))
        .filter_map(|home| home.relation_to_head)
        .collect();
    let is = |relations: &[Relation]| within.iter().any(|relation| relations.contains(relation));
    if is(&[Relation::Head, Relation::Spouse]) {
        Relation::Child
    } else if is(&[Relation::Child]) {
        Relation::Grandchild
    } else if is(&[Relation::Parent]) {
        Relation::Sibling
    } else {
        Relation::Other
    }
}
