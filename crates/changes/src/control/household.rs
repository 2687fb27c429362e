//! Households with two heads, or with none.

use super::family::odd;
use crate::{FindingKind, Oddity, World};
use dancu_core::{PersonalNumber, StoreError};
use dancu_register::{HouseholdNumber, Life, Person, Relation};

/// Looks at a household as it is today. The dead do not count: they stay in it until the household's papers are changed.
pub(super) async fn check(
    world: &mut World<'_>,
    household: &HouseholdNumber,
    found: &mut Vec<Oddity>,
) -> Result<(), StoreError> {
    let today = world.today;
    let members = world.members_on(household, today).await?;
    let living = members.iter().filter(|person| !matches!(person.life(), Life::Dead { .. }));
    let living: Vec<&Person> = living.collect();
    let is_head = |person: &&&Person| {
        person.residence().is_some_and(|home| home.relation_to_head == Some(Relation::Head))
    };
    let heads: Vec<PersonalNumber> = living.iter().filter(is_head).map(|head| head.number).collect();
    match heads.len() {
        0 if !living.is_empty() => {
            let numbers: Vec<PersonalNumber> = living.iter().map(|person| person.number).collect();
            found.push(odd(FindingKind::NoHead, &numbers));
        }
        0 | 1 => {}
        _ => found.push(odd(FindingKind::TwoHeads, &heads)),
    }
    Ok(())
}
