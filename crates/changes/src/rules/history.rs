//! Taking an event back.

use super::{
    CivilRefusal, Ruled, checks::within, civil::marries_nobody_to_the_dead,
    residence::leaves_households_whole,
};
use crate::{
    Command, Compensation, Decision, Envelope, Event, World,
    notes::{Note, note_fits},
    refusal::Common,
};
use dancu_core::{PersonalNumber, today_in_viet_nam};
use dancu_register::{Belief, Fact, FactValue, NumberState, apply_changes, links};
use jiff::Timestamp;
use std::sync::Arc;

/// An event is taken back by the office that recorded it, or by the centre, with a judgment or a decision as evidence or
/// a reason; never a second time, and never under later events that built on it.
pub(super) async fn take_back(
    envelope: &Envelope,
    compensation: &Compensation,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    if !note_fits(&compensation.reason, Note::Required) {
        return Err(Common::Text { field: "reason" }.into());
    }
    let Some(event) = world.event(compensation.event).await? else { return Err(Common::NoSuchEvent.into()) };
    if world.taken_back_by(event.id).await?.is_some() {
        return Err(Common::TakenBack.into());
    }
    // What was taken back once is done again by a new command, not by taking back the taking back. Units and stays are
    // changed by a later merge and by time.
    if matches!(event.command, Command::Compensate(_) | Command::MergeUnits(_) | Command::NotifyStay(_)) {
        return Err(Common::NotThisOffice.into());
    }
    // A commune that was merged since is followed by the one that took its place.
    let recorded_on = today_in_viet_nam(event.recorded_at);
    let office = event.actor.commune().map(|commune| world.present_codes(commune, recorded_on));
    within(envelope, &office.unwrap_or_default())?;
    leaves_households_whole(envelope, &event, world).await?;
    marries_nobody_to_the_dead(envelope, &event, world).await?;
    if let Some(issued) = event.issued {
        nobody_else_names(issued, event.recorded_at, world).await?;
    }
    let mut decision = Decision::default();
    for number in &event.persons {
        world.record(*number).await?;
        decision.taken_back.push((*number, event.recorded_at));
    }
    if let Some(issued) = event.issued {
        // The number stays out of use for ever. What was stated under it since is taken back first: it would be lost.
        decision.retired = Some(issued);
        let value = FactValue::Number(NumberState::Cancelled);
        decision.believe(issued, Belief { value, valid_from: world.today, valid_to: None });
    }
    Ok(decision)
}

/// A person's facts as they would be after an event is taken back.
pub(super) fn without(
    facts: &[Fact],
    event: &Event,
    envelope: &Envelope,
    now: Timestamp,
) -> Ruled<Vec<Fact>> {
    let source: Arc<str> = Event::source(&envelope.command, &envelope.actor).into();
    let changes = dancu_register::take_back(facts, event.recorded_at, now, &source)
        .map_err(|refused| Common::ChangedSince { kind: refused.kind })?;
    let mut facts = facts.to_vec();
    apply_changes(&mut facts, &changes);
    Ok(facts)
}

/// A number that goes out of use is in nobody's record but by the event that goes with it.
async fn nobody_else_names(
    issued: PersonalNumber,
    recorded_at: Timestamp,
    world: &mut World<'_>,
) -> Ruled<()> {
    for relative in world.ever_related(issued).await? {
        let facts = &world.record(relative).await?.facts;
        let names = |fact: &Fact| {
            fact.recorded_to.is_none()
                && fact.recorded_from != recorded_at
                && links(&fact.value).iter().any(|(named, _)| *named == issued)
        };
        if facts.iter().any(names) {
            return Err(CivilRefusal::StillNamed.into());
        }
    }
    Ok(())
}
