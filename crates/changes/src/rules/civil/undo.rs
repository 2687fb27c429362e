//! What taking an event back would do to marriages.

use super::{family_of, timeline::believed};
use crate::{
    Envelope, Event, World,
    refusal::Common,
    rules::{Ruled, history::without},
};
use dancu_core::PersonalNumber;
use dancu_register::{Fact, FactKind, FactValue, Life};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Taking an event back must not leave anybody married to a person who has died since: that death widowed nobody, for the
/// marriage was over then, or the other one was believed dead.
pub(in crate::rules) async fn marries_nobody_to_the_dead(
    envelope: &Envelope,
    event: &Event,
    world: &mut World<'_>,
) -> Ruled<()> {
    let now = world.now;
    let mut restored: BTreeMap<PersonalNumber, Vec<Fact>> = BTreeMap::new();
    for number in &event.persons {
        let facts = &world.record(*number).await?.facts;
        restored.insert(*number, without(facts, event, envelope, now)?);
    }
    for (number, facts) in &restored {
        for spouse in spouses(facts) {
            let theirs_now = world.record(spouse).await?.facts.clone();
            let theirs = restored.get(&spouse).unwrap_or(&theirs_now);
            let was_so = outlives(&world.record(*number).await?.facts, spouse, &theirs_now);
            if outlives(facts, spouse, theirs) && !was_so {
                return Err(Common::ChangedSince { kind: FactKind::Life }.into());
            }
        }
    }
    Ok(())
}

fn spouses(facts: &[Fact]) -> Vec<PersonalNumber> {
    let rows = believed(facts, FactKind::Family).into_iter();
    rows.filter_map(|row| family_of(&row.value)?.spouse).collect()
}

/// Whether somebody who lives is believed to be married to a spouse on a day on which that one is dead.
fn outlives(facts: &[Fact], spouse: PersonalNumber, of_spouse: &[Fact]) -> bool {
    let holds = |from: Date, to: Option<Date>, day: Date| from <= day && to.is_none_or(|end| day < end);
    let married = believed(facts, FactKind::Family).into_iter().filter(|row| {
        let family = family_of(&row.value);
        family.is_some_and(|family| family.spouse == Some(spouse))
    });
    married.into_iter().any(|row| {
        dead(of_spouse).any(|(from, to)| {
            let day = from.max(row.valid_from);
            let is_dead_too = dead(facts).any(|(from, to)| holds(from, to, day));
            holds(from, to, day) && holds(row.valid_from, row.valid_to, day) && !is_dead_too
        })
    })
}

/// The days on which a person is believed to be dead.
fn dead(facts: &[Fact]) -> impl Iterator<Item = (Date, Option<Date>)> {
    let rows = facts.iter().filter(|fact| fact.recorded_to.is_none());
    rows.filter(|fact| matches!(fact.value, FactValue::Life(Life::Dead { .. })))
        .map(|fact| (fact.valid_from, fact.valid_to))
}
