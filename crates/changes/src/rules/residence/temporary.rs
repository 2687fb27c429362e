//! Temporary residence beside the permanent one (Law on Residence 2020, art. 27–29).

use super::{
    ResidenceLimit, ResidenceRefusal, limit,
    place::{address_of_form, each_once, is_permanent_at, temporary_communes, within_address},
    timeline::{Timeline, is_same_temporary, with_temporary},
};
use crate::{
    Decision, Envelope, EvidenceKind, PersonOn, TemporaryStay, World,
    refusal::Common,
    rules::{
        Ruled,
        checks::{known_commune, living_on, needs_one_of, not_future, within},
    },
};
use dancu_register::TemporaryResidence;
use jiff::{Span, civil::Date};

/// For at least thirty days and at most two years at a time (art. 27), registered by the commune of the new place
/// (art. 28). It ends by itself; an extension is a new one from the day on which the old one ends.
pub(super) async fn register(
    envelope: &Envelope,
    command: &TemporaryStay,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let (from, until) = (command.from, command.until);
    each_once(command.numbers.iter().copied(), "numbers")?;
    not_too_far_ahead(world, from, "from")?;
    has_lawful_length(world, from, until)?;
    let address = address_of_form(&command.address, "address.line")?;
    known_commune(world, address.commune, from, "address.commune")?;
    within_address(envelope, world, address.commune, from)?;
    needs_one_of(envelope, &[EvidenceKind::DwellingPaper, EvidenceKind::Consent], "dwelling_paper, consent")?;
    let mut decision = Decision::default();
    for number in &command.numbers {
        living_on(world, *number, from, "numbers").await?;
        let mut homes = Timeline::of(&world.record(*number).await?.facts);
        let stretches = homes.within(from, Some(until));
        let last_day = until.yesterday().unwrap_or(from);
        if stretches.iter().any(|stretch| stretch.home.temporary_on(last_day).is_some()) {
            return Err(ResidenceRefusal::OverlapsTemporary { field: "numbers" }.into());
        }
        if stretches.iter().any(|stretch| is_permanent_at(&stretch.home, &address)) {
            return Err(ResidenceRefusal::SameAsPermanent { field: "numbers" }.into());
        }
        let temporary = TemporaryResidence {
            commune: address.commune,
            address: Some(address.line.clone()),
            since: Some(from),
        };
        for belief in homes.rewrite(from, Some(until), with_temporary(Some(temporary))) {
            decision.believe(*number, belief);
        }
    }
    Ok(decision)
}

/// It ends early: the person left, or the registration is struck out (art. 29). The commune that registered it does it.
pub(super) async fn end(envelope: &Envelope, command: &PersonOn, world: &mut World<'_>) -> Ruled<Decision> {
    not_future(world, command.on, "on")?;
    living_on(world, command.number, command.on, "number").await?;
    let mut homes = Timeline::of(&world.record(command.number).await?.facts);
    if homes.on(command.on).temporary_on(command.on).is_none() {
        return Err(ResidenceRefusal::NoTemporary.into());
    }
    within(envelope, &temporary_communes(world, &homes, command.on))?;
    let run = homes.run_around(command.on, is_same_temporary);
    let until = run.and_then(|(_, until)| until);
    let mut decision = Decision::default();
    for belief in homes.rewrite(command.on, until, with_temporary(None)) {
        decision.believe(command.number, belief);
    }
    Ok(decision)
}

fn has_lawful_length(world: &World<'_>, from: Date, until: Date) -> Ruled<()> {
    if until <= from {
        return Err(Common::OutOfOrder { field: "until" }.into());
    }
    let months = limit(world, ResidenceLimit::TemporaryResidenceMonthsMax)?;
    if until > from.saturating_add(Span::new().months(i64::from(months))) {
        return Err(ResidenceRefusal::TemporaryTooLong { months }.into());
    }
    let days = limit(world, ResidenceLimit::TemporaryResidenceDaysMin)?;
    if until < from.saturating_add(Span::new().days(i64::from(days))) {
        return Err(ResidenceRefusal::TemporaryTooShort { days }.into());
    }
    Ok(())
}

/// A temporary residence and an absence are declared when they begin, or some days before.
pub(super) fn not_too_far_ahead(world: &World<'_>, day: Date, field: &'static str) -> Ruled<()> {
    let days = limit(world, ResidenceLimit::BeginsAheadDaysMax)?;
    if day > world.today.saturating_add(Span::new().days(i64::from(days))) {
        return Err(ResidenceRefusal::TooFarAhead { field, days }.into());
    }
    Ok(())
}
