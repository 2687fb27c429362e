//! Declared absence (Law on Residence 2020, art. 31).

use super::{
    ResidenceRefusal,
    place::{communes_of, text_of_form},
    temporary::not_too_far_ahead,
    timeline::Timeline,
};
use crate::{
    AbsenceNotice, Decision, Envelope, PersonOn, World,
    refusal::Common,
    rules::{
        Ruled,
        checks::{living_on, not_future, within},
    },
};
use dancu_register::{Absence, Belief, Fact, FactValue};
use jiff::civil::Date;

/// Characters of a reason at most.
const REASON_CHARACTERS_MAX: usize = 200;

/// Days for which a person is declared away.
pub(super) type Away = (Date, Option<Date>);

/// The days for which a person is declared away, as believed now.
pub(super) fn away(facts: &[Fact]) -> impl Iterator<Item = Away> {
    let believed = facts.iter().filter(|fact| fact.recorded_to.is_none());
    believed.filter_map(|fact| match &fact.value {
        FactValue::Absence(absence) if absence.is_away => Some((fact.valid_from, fact.valid_to)),
        _ => None,
    })
}

/// Whoever goes away tells the commune of residence before (art. 31(2)).
pub(super) async fn declare(
    envelope: &Envelope,
    command: &AbsenceNotice,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    not_too_far_ahead(world, command.from, "from")?;
    if command.until.is_some_and(|until| until <= command.from) {
        return Err(Common::OutOfOrder { field: "until" }.into());
    }
    let reason = text_of_form(command.reason.as_deref(), REASON_CHARACTERS_MAX, "reason")?;
    living_on(world, command.number, command.from, "number").await?;
    let facts = world.record(command.number).await?.facts.clone();
    within(envelope, &communes_of(world, &Timeline::of(&facts), command.from))?;
    let meets = |(from, to): Away| {
        to.is_none_or(|end| command.from < end) && command.until.is_none_or(|until| from < until)
    };
    if away(&facts).any(meets) {
        return Err(ResidenceRefusal::AlreadyAway.into());
    }
    let value = FactValue::Absence(Absence { is_away: true, reason });
    let mut decision = Decision::default();
    decision.believe(command.number, Belief { value, valid_from: command.from, valid_to: command.until });
    Ok(decision)
}

/// The person is back.
pub(super) async fn end(envelope: &Envelope, command: &PersonOn, world: &mut World<'_>) -> Ruled<Decision> {
    not_future(world, command.on, "on")?;
    living_on(world, command.number, command.on, "number").await?;
    let facts = world.record(command.number).await?.facts.clone();
    within(envelope, &communes_of(world, &Timeline::of(&facts), command.on))?;
    let covers = |(from, to): &Away| *from <= command.on && to.is_none_or(|end| command.on < end);
    let Some((_, until)) = away(&facts).find(covers) else {
        return Err(ResidenceRefusal::NotAway.into());
    };
    let value = FactValue::Absence(Absence { is_away: false, reason: None });
    let mut decision = Decision::default();
    decision.believe(command.number, Belief { value, valid_from: command.on, valid_to: until });
    Ok(decision)
}
