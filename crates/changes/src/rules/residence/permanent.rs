//! Permanent residence (Law on Residence 2020, art. 20–22).

use super::{
    ResidenceLimit, ResidenceRefusal,
    household::new_household,
    limit,
    place::{
        address_of_form, each_once, has_reached, is_permanent_at, is_temporary_at, one_head,
        permanent_address, permanent_communes, text_of_form, within_address,
    },
    plan::Plan,
    timeline::is_same_permanent_place,
};
use crate::{
    Address, Decision, Envelope, EvidenceKind, FindingKind, Member, PermanentMove, World,
    refusal::Common,
    rules::{
        Ruled,
        checks::{known_commune, living_on, needs_one_of, not_future},
    },
};
use dancu_core::PersonalNumber;
use dancu_register::{HouseholdNumber, Relation};
use jiff::civil::Date;

/// Characters of the number of a residence file at most.
const FILE_NUMBER_CHARACTERS_MAX: usize = 30;

/// Persons move together to an address of their own, or join a household with the consent of its head and the owner
/// (art. 20). The commune of the new address registers it (art. 22).
pub(super) async fn register(
    envelope: &Envelope,
    command: &PermanentMove,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let day = command.on;
    each_once(command.movers.iter().map(|member| member.number), "movers")?;
    not_future(world, day, "on")?;
    needs_one_of(envelope, &[EvidenceKind::DwellingPaper, EvidenceKind::Consent], "dwelling_paper, consent")?;
    for mover in &command.movers {
        living_on(world, mover.number, day, "movers").await?;
    }
    let mut plan = Plan::from_day(day);
    let (household, address) = if let Some(household) = &command.household {
        (household.clone(), joined(command, household, &mut plan, world).await?)
    } else {
        let Some(address) = &command.address else {
            return Err(Common::Text { field: "address" }.into());
        };
        let address = address_of_form(address, "address.line")?;
        one_head(&command.movers)?;
        head_is_of_age(world, &command.movers, day).await?;
        (new_household(world, envelope.id).await?, address)
    };
    known_commune(world, address.commune, day, "address.commune")?;
    within_address(envelope, world, address.commune, day)?;
    let file_number =
        text_of_form(command.file_number.as_deref(), FILE_NUMBER_CHARACTERS_MAX, "file_number")?;
    for mover in &command.movers {
        let home = plan.home(world, mover.number).await?;
        if command.household.is_none() && is_permanent_at(&home, &address) {
            return Err(ResidenceRefusal::AlreadyThere { field: "movers" }.into());
        }
        claimed_by_two(world, &mut plan, mover.number, &address).await?;
        plan.settle(world, mover.number, "movers", |home| {
            home.permanent_commune = Some(address.commune);
            home.permanent_address = Some(address.line.clone());
            home.household = Some(household.clone());
            home.relation_to_head = Some(mover.relation_to_head);
            home.file_number.clone_from(&file_number);
            // Whoever becomes a permanent resident of the place of a temporary residence has that one no more
            // (art. 29(1)).
            if is_temporary_at(home, &address) {
                home.temporary = None;
            }
        })
        .await?;
    }
    if command.household.is_none() {
        plan.decision.household = Some(household);
    }
    plan.whole(world).await
}

/// The address of the household that is joined.
async fn joined(
    command: &PermanentMove,
    household: &HouseholdNumber,
    plan: &mut Plan,
    world: &mut World<'_>,
) -> Ruled<Address> {
    let members = plan.members(world, household).await?;
    if members.is_empty() {
        return Err(ResidenceRefusal::NoSuchHousehold { field: "household" }.into());
    }
    if command.movers.iter().any(|mover| mover.relation_to_head == Relation::Head) {
        return Err(ResidenceRefusal::HeadJoins.into());
    }
    if command.movers.iter().any(|mover| members.contains_key(&mover.number)) {
        return Err(ResidenceRefusal::AlreadyMember { field: "movers" }.into());
    }
    let heads: Vec<PersonalNumber> = members
        .iter()
        .filter(|(_, relation)| **relation == Some(Relation::Head))
        .map(|(head, _)| *head)
        .collect();
    let [head] = heads[..] else { return Err(ResidenceRefusal::HouseholdInDisorder.into()) };
    let home = plan.home(world, head).await?;
    let Some(own) = permanent_address(&home) else {
        return Err(ResidenceRefusal::NoPermanent { field: "household" }.into());
    };
    let named = command.address.as_ref().map(|named| address_of_form(named, "address.line")).transpose()?;
    if named.is_some_and(|named| !is_permanent_at(&home, &named)) {
        return Err(ResidenceRefusal::HouseholdElsewhere.into());
    }
    Ok(own)
}

/// The head has full capacity if anybody in the household has (art. 10; Civil Code 2015, art. 20).
pub(super) async fn head_is_of_age(world: &mut World<'_>, members: &[Member], day: Date) -> Ruled<()> {
    let years = limit(world, ResidenceLimit::HeadYearsMin)?;
    let (mut head_is, mut anybody_is) = (true, false);
    for member in members {
        let person = world.person(member.number).await?;
        let is_of_age = person.is_some_and(|person| has_reached(&person, years, day));
        anybody_is |= is_of_age;
        if member.relation_to_head == Relation::Head {
            head_is = is_of_age;
        }
    }
    if anybody_is && !head_is { Err(ResidenceRefusal::HeadTooYoung.into()) } else { Ok(()) }
}

/// Another commune registered the person only days before: both claim them, and somebody has to look.
async fn claimed_by_two(
    world: &mut World<'_>,
    plan: &mut Plan,
    number: PersonalNumber,
    address: &Address,
) -> Ruled<()> {
    let day = plan.day();
    let within_days = limit(world, ResidenceLimit::TwoCommunesDays)?;
    let homes = plan.homes(world, number).await?.clone();
    let Some((since, _)) = homes.run_around(day, is_same_permanent_place) else { return Ok(()) };
    let earliest = day.saturating_sub(jiff::Span::new().days(i64::from(within_days)));
    let theirs = permanent_communes(world, &homes, day);
    let ours = world.units.possible(address.commune, day, world.today);
    // The first residence of a newborn is no move.
    let was_a_move = since.yesterday().is_ok_and(|before| homes.on(before).permanent_commune.is_some());
    if was_a_move && since >= earliest && !theirs.is_empty() && !theirs.iter().any(|code| ours.contains(code))
    {
        plan.decision.report(FindingKind::TwoCommunes, &[number], ours.first().copied());
    }
    Ok(())
}
