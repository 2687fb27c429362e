//! Stays of some days (Law on Residence 2020, art. 2(6), 30) and the current place (art. 19).

use super::{
    ResidenceLimit, ResidenceRefusal, limit,
    place::{address_of_form, communes_of, is_permanent_at, is_temporary_at, within_address},
    timeline::Timeline,
};
use crate::{
    Address, CurrentPlaceStatement, Decision, Envelope, Stay, StayNotice, World,
    refusal::Common,
    rules::{
        Ruled,
        checks::{known_commune, living_on, not_future, within},
    },
};
use dancu_core::CommuneCode;
use dancu_register::{Belief, CurrentPlace, Fact, FactKind, FactValue};
use jiff::{Span, civil::Date};

/// A host tells the commune of the stay who is under the roof for less than thirty days (art. 30). The book of stays is
/// all that it changes: it states no fact and notes no person, so that no profile of movements comes of it.
pub(super) async fn notify(
    envelope: &Envelope,
    command: &StayNotice,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let (from, until) = (command.from, command.until);
    not_future(world, from, "from")?;
    if until <= from {
        return Err(Common::OutOfOrder { field: "until" }.into());
    }
    let days = limit(world, ResidenceLimit::StayDaysMax)?;
    if until > from.saturating_add(Span::new().days(i64::from(days))) {
        return Err(ResidenceRefusal::StayTooLong { days }.into());
    }
    let kept_days = limit(world, ResidenceLimit::StayKeptDays)?;
    if until < world.today.saturating_sub(Span::new().days(i64::from(kept_days))) {
        return Err(ResidenceRefusal::StayOver.into());
    }
    let address = address_of_form(&command.address, "address.line")?;
    known_commune(world, address.commune, from, "address.commune")?;
    within_address(envelope, world, address.commune, from)?;
    living_on(world, command.number, from, "number").await?;
    let homes = Timeline::of(&world.record(command.number).await?.facts);
    is_elsewhere(&homes, &address, from)?;
    let mut decision = Decision::default();
    decision.stays.push(Stay {
        event: envelope.id,
        number: command.number,
        commune: address.commune,
        address: address.line,
        from,
        until,
    });
    Ok(decision)
}

/// Whoever stays at neither of the registered residences says where (art. 19), at the commune of the place or that of
/// residence. It holds until the next statement.
pub(super) async fn state_current_place(
    envelope: &Envelope,
    command: &CurrentPlaceStatement,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let day = command.on;
    not_future(world, day, "on")?;
    let address =
        command.address.as_ref().map(|address| address_of_form(address, "address.line")).transpose()?;
    living_on(world, command.number, day, "number").await?;
    let facts = world.record(command.number).await?.facts.clone();
    let homes = Timeline::of(&facts);
    let (known, since) = current_place_on(&facts, day);
    let mut communes = communes_of(world, &homes, day);
    let old_code = known.commune.into_iter().flat_map(|code| world.units.possible(code, since, world.today));
    communes.extend(old_code);
    if let Some(address) = &address {
        known_commune(world, address.commune, day, "address.commune")?;
        communes.extend(world.units.possible(address.commune, day, world.today));
        is_elsewhere(&homes, address, day)?;
    } else if known.commune.is_none() {
        return Err(Common::NothingNew.into());
    }
    within(envelope, &communes)?;
    let value = FactValue::CurrentPlace(CurrentPlace {
        commune: address.as_ref().map(|address| address.commune),
        address: address.map(|address| address.line),
    });
    let mut decision = Decision::default();
    let valid_to = next_statement(&facts, day);
    decision.believe(command.number, Belief { value, valid_from: day, valid_to });
    Ok(decision)
}

fn is_elsewhere(homes: &Timeline, address: &Address, day: Date) -> Ruled<()> {
    let home = homes.on(day);
    if is_permanent_at(home, address) || is_temporary_at(home, address) {
        return Err(ResidenceRefusal::AtHome.into());
    }
    Ok(())
}

fn statements(facts: &[Fact]) -> impl Iterator<Item = &Fact> {
    facts.iter().filter(|fact| fact.recorded_to.is_none() && fact.value.kind() == FactKind::CurrentPlace)
}

/// The place that is believed on a day, and since when.
fn current_place_on(facts: &[Fact], day: Date) -> (CurrentPlace, Date) {
    let mut believed = statements(facts);
    let fact = believed.find(|fact| fact.valid_from <= day && fact.valid_to.is_none_or(|end| day < end));
    match fact.map(|fact| (&fact.value, fact.valid_from)) {
        Some((FactValue::CurrentPlace(place), since)) => (place.clone(), since),
        _ => (CurrentPlace { commune: None::<CommuneCode>, address: None }, day),
    }
}

/// The first day of the next statement after a day.
fn next_statement(facts: &[Fact], day: Date) -> Option<Date> {
    statements(facts).map(|fact| fact.valid_from).filter(|from| *from > day).min()
}
