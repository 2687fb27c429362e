//! Households: created, split, merged, another head (Law on Residence 2020, art. 10, 25).

use super::{
    ResidenceRefusal,
    permanent::head_is_of_age,
    place::{each_member_once, each_once, is_permanent_at, one_head, permanent_address, permanent_communes},
    plan::Plan,
};
use crate::{
    CommandId, Decision, Envelope, EvidenceKind, HeadChange, HouseholdCreation, HouseholdMerge,
    HouseholdSplit, Member, World,
    refusal::Common,
    rules::{
        Ruled,
        checks::{living_on, needs_one_of, not_future, within},
    },
    service::household_of,
};
use dancu_core::PersonalNumber;
use dancu_register::{HouseholdNumber, Relation};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

type Members = BTreeMap<PersonalNumber, Option<Relation>>;

/// Persons who reside at one address and belong to no household form one.
pub(super) async fn create(
    envelope: &Envelope,
    command: &HouseholdCreation,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    each_once(command.members.iter().map(|member| member.number), "members")?;
    not_future(world, command.on, "on")?;
    one_head(&command.members)?;
    all_living(world, &command.members, command.on, "members").await?;
    head_is_of_age(world, &command.members, command.on).await?;
    let mut plan = Plan::from_day(command.on);
    for member in &command.members {
        if plan.home(world, member.number).await?.household.is_some() {
            return Err(ResidenceRefusal::InAHousehold { field: "members" }.into());
        }
    }
    let numbers: Vec<PersonalNumber> = command.members.iter().map(|member| member.number).collect();
    at_one_address(world, &mut plan, &numbers).await?;
    of_their_commune(envelope, world, &mut plan, &numbers).await?;
    form(envelope, world, plan, &command.members, "members").await
}

/// Members leave a household at its address, with the consent of its head or by a judgment (art. 25(1)).
pub(super) async fn split(
    envelope: &Envelope,
    command: &HouseholdSplit,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    each_once(command.leaving.iter().map(|member| member.number), "leaving")?;
    not_future(world, command.on, "on")?;
    needs_one_of(envelope, &[EvidenceKind::Consent, EvidenceKind::Judgment], "consent, judgment")?;
    one_head(&command.leaving)?;
    all_living(world, &command.leaving, command.on, "leaving").await?;
    let mut plan = Plan::from_day(command.on);
    let members = members_of(world, &mut plan, &command.household, "household").await?;
    of_their_commune(envelope, world, &mut plan, &keys(&members)).await?;
    if command.leaving.iter().any(|leaver| !members.contains_key(&leaver.number)) {
        return Err(ResidenceRefusal::NotMember { field: "leaving" }.into());
    }
    if command.leaving.len() == members.len() {
        return Err(ResidenceRefusal::NobodyStays.into());
    }
    head_is_of_age(world, &command.leaving, command.on).await?;
    form(envelope, world, plan, &command.leaving, "leaving").await
}

/// The members of one household join another one at the same address, with the consent of its head.
pub(super) async fn merge(
    envelope: &Envelope,
    command: &HouseholdMerge,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    each_member_once(&command.relations, "relations")?;
    not_future(world, command.on, "on")?;
    needs_one_of(envelope, &[EvidenceKind::Consent, EvidenceKind::DwellingPaper], "consent, dwelling_paper")?;
    if command.from == command.into {
        return Err(ResidenceRefusal::SameHousehold.into());
    }
    if command.relations.iter().any(|member| member.relation_to_head == Relation::Head) {
        return Err(ResidenceRefusal::HeadJoins.into());
    }
    let mut plan = Plan::from_day(command.on);
    let from = members_of(world, &mut plan, &command.from, "from").await?;
    let into = members_of(world, &mut plan, &command.into, "into").await?;
    of_their_commune(envelope, world, &mut plan, &keys(&into)).await?;
    names_each(&from, &command.relations)?;
    all_living(world, &command.relations, command.on, "relations").await?;
    let all: Vec<PersonalNumber> = from.keys().chain(into.keys()).copied().collect();
    at_one_address(world, &mut plan, &all).await?;
    plan.dismiss_the_dead(world, &command.from).await?;
    assign(world, &mut plan, &command.into, &command.relations, "relations").await?;
    plan.whole(world).await
}

/// A household has another head: the old one died, left or gave it up, or what was loaded named none or two.
pub(super) async fn change_head(
    envelope: &Envelope,
    command: &HeadChange,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    each_member_once(&command.relations, "relations")?;
    not_future(world, command.on, "on")?;
    one_head(&command.relations)?;
    let mut plan = Plan::from_day(command.on);
    let members = members_of(world, &mut plan, &command.household, "household").await?;
    of_their_commune(envelope, world, &mut plan, &keys(&members)).await?;
    names_each(&members, &command.relations)?;
    all_living(world, &command.relations, command.on, "relations").await?;
    head_is_of_age(world, &command.relations, command.on).await?;
    plan.dismiss_the_dead(world, &command.household).await?;
    assign(world, &mut plan, &command.household, &command.relations, "relations").await?;
    plan.whole(world).await
}

async fn all_living(world: &mut World<'_>, members: &[Member], day: Date, field: &'static str) -> Ruled<()> {
    for member in members {
        living_on(world, member.number, day, field).await?;
    }
    Ok(())
}

/// The members form a household of their own under the number that the command gives it.
async fn form(
    envelope: &Envelope,
    world: &mut World<'_>,
    mut plan: Plan,
    members: &[Member],
    field: &'static str,
) -> Ruled<Decision> {
    let household = new_household(world, envelope.id).await?;
    assign(world, &mut plan, &household, members, field).await?;
    plan.decision.household = Some(household);
    plan.whole(world).await
}

/// The number of the household that a command forms. Senders choose identifiers; one from which the number of another
/// household follows is refused as used.
pub(super) async fn new_household(world: &mut World<'_>, id: CommandId) -> Ruled<HouseholdNumber> {
    let household = household_of(id);
    if world.household_is_known(&household).await? {
        return Err(Common::IdentifierUsed.into());
    }
    Ok(household)
}

async fn assign(
    world: &mut World<'_>,
    plan: &mut Plan,
    household: &HouseholdNumber,
    members: &[Member],
    field: &'static str,
) -> Ruled<()> {
    for member in members {
        plan.settle(world, member.number, field, |home| {
            home.household = Some(household.clone());
            home.relation_to_head = Some(member.relation_to_head);
        })
        .await?;
    }
    Ok(())
}

/// The members of a household that has some.
async fn members_of(
    world: &mut World<'_>,
    plan: &mut Plan,
    household: &HouseholdNumber,
    field: &'static str,
) -> Ruled<Members> {
    let members = plan.members(world, household).await?;
    if members.is_empty() {
        return Err(ResidenceRefusal::NoSuchHousehold { field }.into());
    }
    Ok(members)
}

fn keys(members: &Members) -> Vec<PersonalNumber> {
    members.keys().copied().collect()
}

/// The relations name every member and nobody else; that each is named once was seen before.
fn names_each(members: &Members, relations: &[Member]) -> Ruled<()> {
    let named: BTreeSet<PersonalNumber> = relations.iter().map(|member| member.number).collect();
    if named.iter().eq(members.keys()) {
        Ok(())
    } else {
        Err(ResidenceRefusal::MembersIncomplete { field: "relations" }.into())
    }
}

/// The commune where the members reside does it.
async fn of_their_commune(
    envelope: &Envelope,
    world: &mut World<'_>,
    plan: &mut Plan,
    numbers: &[PersonalNumber],
) -> Ruled<()> {
    let day = plan.day();
    let mut communes = Vec::new();
    for number in numbers {
        let homes = plan.homes(world, *number).await?.clone();
        communes.extend(permanent_communes(world, &homes, day));
    }
    within(envelope, &communes)
}

/// All of them have their permanent residence at one address.
async fn at_one_address(world: &mut World<'_>, plan: &mut Plan, numbers: &[PersonalNumber]) -> Ruled<()> {
    let mut common = None;
    for number in numbers {
        let home = plan.home(world, *number).await?;
        let Some(address) = permanent_address(&home) else {
            return Err(ResidenceRefusal::NotOneAddress.into());
        };
        if !is_permanent_at(&home, common.get_or_insert(address)) {
            return Err(ResidenceRefusal::NotOneAddress.into());
        }
    }
    Ok(())
}
