//! Who descends from whom, as far as the register says it: every parent ever believed counts, adoptive or by birth.

use super::{super::Ruled, family_of, timeline::believed};
use crate::{World, refusal::Common};
use dancu_core::PersonalNumber;
use dancu_register::FactKind;
use std::collections::{BTreeMap, BTreeSet};

/// Ancestors that are looked at: ten generations hold a thousand; more is a fault of the data.
const ANCESTORS_MAX: usize = 2_000;

/// Everyone who is believed to be a parent of a person on any day.
pub(super) async fn parents_of(
    world: &mut World<'_>,
    number: PersonalNumber,
) -> Ruled<BTreeSet<PersonalNumber>> {
    let facts = &world.record(number).await?.facts;
    let families = believed(facts, FactKind::Family).into_iter().filter_map(|row| family_of(&row.value));
    Ok(families.flat_map(|family| [family.father, family.mother]).flatten().collect())
}

/// Everyone who is believed to be a husband or wife of a person on any day.
pub(super) async fn spouses_of(
    world: &mut World<'_>,
    number: PersonalNumber,
) -> Ruled<BTreeSet<PersonalNumber>> {
    let facts = &world.record(number).await?.facts;
    let families = believed(facts, FactKind::Family).into_iter().filter_map(|row| family_of(&row.value));
    Ok(families.filter_map(|family| family.spouse).collect())
}

/// The ancestors of a person with the generations between; the person with 0.
pub(super) async fn ancestors(
    world: &mut World<'_>,
    number: PersonalNumber,
) -> Ruled<BTreeMap<PersonalNumber, usize>> {
    let mut found = BTreeMap::from([(number, 0)]);
    let mut generation = vec![number];
    for depth in 1.. {
        let mut above = Vec::new();
        for person in generation {
            for parent in parents_of(world, person).await? {
                // A cycle that is in the data already ends here.
                if let std::collections::btree_map::Entry::Vacant(entry) = found.entry(parent) {
                    entry.insert(depth);
                    above.push(parent);
                }
            }
        }
        if found.len() > ANCESTORS_MAX {
            return Err(Common::BeyondBounds.into());
        }
        if above.is_empty() {
            break;
        }
        generation = above;
    }
    Ok(found)
}
