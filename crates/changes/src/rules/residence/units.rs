//! Units of the country are merged (resolutions of the Standing Committee of the National Assembly).

use super::{ResidenceLimit, ResidenceRefusal, limit, place::text_of_form};
use crate::{
    Decision, Envelope, UnitChange, UnitMerge, World,
    refusal::Common,
    rules::{Ruled, checks::known_commune},
    units::Units,
};
use dancu_places::Places;
use dancu_register::COMMUNES_MAX;
use jiff::Span;
use std::collections::BTreeSet;

/// Characters of a unit's name at most.
const NAME_CHARACTERS_MAX: usize = 100;

/// Communes end and their codes pass on; nothing written before changes. The centre records it, ahead of its day as a
/// rule.
pub(super) fn merge(envelope: &Envelope, command: &UnitMerge, world: &World<'_>) -> Ruled<Decision> {
    if envelope.actor.commune().is_some() {
        return Err(Common::NotThisOffice.into());
    }
    let days = limit(world, ResidenceLimit::UnitsAheadDaysMax)?;
    if command.on > world.today.saturating_add(Span::new().days(i64::from(days))) {
        return Err(ResidenceRefusal::TooFarAhead { field: "on", days }.into());
    }
    let last = world.units.changes().last().map_or(Places::REFORM, |change| change.on);
    if command.on < last {
        return Err(ResidenceRefusal::BeforeLastMerge.into());
    }
    let name = text_of_form(Some(&command.name), NAME_CHARACTERS_MAX, "name")?;
    let name = name.filter(|name| UNIT_KINDS.iter().any(|kind| name.starts_with(kind)));
    let Some(name) = name else { return Err(Common::Text { field: "name" }.into()) };
    let from: BTreeSet<_> = command.from.iter().copied().take(COMMUNES_MAX + 1).collect();
    if from.is_empty() || from.len() != command.from.len() || from.len() > COMMUNES_MAX {
        return Err(ResidenceRefusal::UnitsForm { field: "from" }.into());
    }
    for code in &from {
        known_commune(world, *code, command.on, "from")?;
    }
    let is_of_use = from.contains(&command.into) || world.units.is_known(command.into, command.on);
    if !is_of_use && world.units.was_ever(command.into) {
        return Err(ResidenceRefusal::UnitCodeUsed.into());
    }
    let known = from.iter().copied().chain(is_of_use.then_some(command.into));
    let provinces: BTreeSet<_> = known.map(|code| world.units.province(code)).collect();
    if provinces.len() != 1 {
        return Err(ResidenceRefusal::UnitsOfTwoProvinces.into());
    }
    let changes: Vec<UnitChange> = from
        .into_iter()
        .map(|from| UnitChange {
            from,
            into: command.into,
            name: name.clone(),
            on: command.on,
            event: envelope.id,
        })
        .collect();
    // The lists of residents take all codes of a unit at once, old and new.
    let all = world.units.changes().iter().chain(&changes).cloned().collect();
    if Units::new(all).predecessors(command.into, command.on).len() > COMMUNES_MAX {
        return Err(ResidenceRefusal::UnitsForm { field: "from" }.into());
    }
    let mut decision = Decision::default();
    decision.units = changes;
    Ok(decision)
}

/// Every name of a unit of today begins with its kind.
const UNIT_KINDS: [&str; 3] = ["Xã ", "Phường ", "Đặc khu "];
