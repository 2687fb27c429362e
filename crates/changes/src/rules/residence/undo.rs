//! What taking an event back would do to households.

use super::{
    ResidenceRefusal,
    plan::{Disorder, Plan},
    timeline::Timeline,
};
use crate::{
    Envelope, Event, World,
    rules::{Ruled, history::without},
};
use dancu_register::FactKind;
use jiff::civil::Date;

/// Taking an event back must leave every household that it touched with exactly one head. Later events can have built on
/// it through other persons: whoever joined a household that would no longer be there.
pub(in crate::rules) async fn leaves_households_whole(
    envelope: &Envelope,
    event: &Event,
    world: &mut World<'_>,
) -> Ruled<()> {
    let now = world.now;
    let mut first_day: Option<Date> = None;
    let mut restored = Vec::new();
    for number in &event.persons {
        let facts = &world.record(*number).await?.facts;
        let of_event = facts.iter().filter(|fact| {
            let is_of_it =
                fact.recorded_from == event.recorded_at || fact.recorded_to == Some(event.recorded_at);
            is_of_it && matches!(fact.value.kind(), FactKind::Residence | FactKind::Life)
        });
        let Some(day) = of_event.map(|fact| fact.valid_from).min() else { continue };
        first_day = Some(first_day.map_or(day, |first| first.min(day)));
        restored.push((*number, without(facts, event, envelope, now)?));
    }
    let Some(day) = first_day else { return Ok(()) };
    let mut plan = Plan::from_day(day);
    for (number, facts) in &restored {
        plan.replace(world, *number, facts).await?;
    }
    for disorder in plan.disorders(world).await?.iter().filter(|disorder| !disorder.was_there) {
        // A household that was loaded with two heads and then given one has two again when that is taken back: it is
        // restored, not broken.
        let is_restored = plan.all().iter().all(|(number, after)| {
            let facts = world.seen(*number).map_or(&[][..], |record| &record.facts);
            let then = Timeline::known_before(facts, event.recorded_at);
            is_same_place(after, &then, disorder)
        });
        if !is_restored {
            return Err(ResidenceRefusal::BuiltUpon.into());
        }
    }
    Ok(())
}

/// Whether somebody is the same in a household on the day of its disorder, or no member, in both pictures.
fn is_same_place(one: &Timeline, other: &Timeline, disorder: &Disorder) -> bool {
    let place = |homes: &Timeline| {
        let (household, relation) = homes.household_on(disorder.day)?;
        (*household == disorder.household).then_some((household.clone(), relation))
    };
    place(one) == place(other)
}
