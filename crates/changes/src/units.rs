//! Units of the country through time: the table that is built in, and the merges recorded since.

use crate::UnitChange;
use dancu_core::{CommuneCode, ProvinceCode};
use dancu_places::{Places, Unit};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// The built-in units with every change since. Pure: what it answers depends on nothing but what it was made from.
///
/// In the built-in table a code can be an old unit's and another present one's; a day tells them apart
/// ([`Places::resolve`]). Since that table a code never passes to another unit: whoever merges units may take a code of
/// theirs or one that nobody ever bore.
#[derive(Debug, Clone, Default)]
pub struct Units {
    changes: Vec<UnitChange>,
}

impl Units {
    /// From every change, in any order; those of one day stay in theirs.
    pub fn new(mut changes: Vec<UnitChange>) -> Self {
        changes.sort_by_key(|change| change.on);
        Self { changes }
    }

    /// Every change, by day.
    pub fn changes(&self) -> &[UnitChange] {
        &self.changes
    }

    /// Changes that hold on a day, the oldest first.
    fn until(&self, day: Date) -> impl DoubleEndedIterator<Item = &UnitChange> {
        self.changes.iter().filter(move |change| change.on <= day)
    }

    /// Whether a unit bears the code on a day.
    pub fn is_known(&self, code: CommuneCode, day: Date) -> bool {
        if day >= Places::REFORM {
            if self.until(day).any(|change| change.from == code && change.into != code) {
                return false;
            }
            if self.until(day).any(|change| change.into == code) {
                return true;
            }
        }
        Places::national().resolve(code, day).is_some()
    }

    /// Whether any unit ever bore the code, or is going to.
    pub fn was_ever(&self, code: CommuneCode) -> bool {
        Places::national().is_known(code)
            || self.changes.iter().any(|change| change.from == code || change.into == code)
    }

    /// The name with its kind of the unit that bears the code on a day, e.g. `Phường Ba Đình`.
    pub fn name(&self, code: CommuneCode, day: Date) -> Option<&str> {
        if !self.is_known(code, day) {
            return None;
        }
        let named = |change: &&UnitChange| day >= Places::REFORM && change.into == code;
        if let Some(change) = self.until(day).rev().find(named) {
            return Some(&change.name);
        }
        Places::national().resolve(code, day).map(|unit| match unit {
            Unit::Present(commune) => commune.name,
            Unit::Former(former) => former.name,
        })
    }

    /// The name up to the province on a day, e.g. `Phường Ba Đình, Thành phố Hà Nội`; before the reform of 2025 with the
    /// district of then.
    pub fn describe(&self, code: CommuneCode, day: Date) -> Option<String> {
        let name = self.name(code, day)?;
        if day >= Places::REFORM {
            let province = Places::national().province(self.province(code)?)?;
            return Some(format!("{name}, {}", province.full_name));
        }
        let former = Places::national().old_commune(code)?;
        Some(format!("{name}, {}, {}", former.district, former.province.name))
    }

    /// The province of a code that is or was in use since the reform of 2025: the built-in one, or that of the unit whose
    /// place it took.
    pub fn province(&self, code: CommuneCode) -> Option<ProvinceCode> {
        let mut code = code;
        // Each step goes to an earlier change, so there are no more steps than changes.
        for change in self.changes.iter().rev() {
            if let Some(commune) = Places::national().commune(code) {
                return Some(commune.province);
            }
            if change.into == code {
                code = change.from;
            }
        }
        Places::national().commune(code).map(|commune| commune.province)
    }

    /// The codes that a code written on a day has on another, later one: itself, or those of the units that took its
    /// place, ascending. A code that no unit bore when it was written stays itself: an old record must not lose its place.
    pub fn present(&self, code: CommuneCode, written_on: Date, today: Date) -> Vec<CommuneCode> {
        let mut codes: Vec<CommuneCode> =
            Places::national().present(code, written_on).iter().map(|commune| commune.code).collect();
        if codes.is_empty() {
            codes.push(code);
        }
        // A merge may be recorded after its first day, when somebody had written the old code meanwhile; so all changes
        // are followed, whenever the code was written.
        for change in self.until(today) {
            for code in codes.iter_mut().filter(|code| **code == change.from) {
                *code = change.into;
            }
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The codes of today for which a code in a stored row may stand: as one of the day from which the row holds
    /// ([`Units::present`]), or as one of today.
    ///
    /// A row does not say which list its code was written from. Commands write codes of the day from which the row holds;
    /// a loaded file writes those of its own day, also for a residence that began long before.
    pub fn possible(&self, code: CommuneCode, held_since: Date, today: Date) -> Vec<CommuneCode> {
        let mut codes = self.present(code, held_since, today);
        if !codes.contains(&code) && self.is_known(code, today) {
            codes.push(code);
        }
        codes
    }

    /// Every code under which somebody who lives in a commune of a day may stand in the register: its own, and those of
    /// all units before it, ascending.
    ///
    /// A code says nothing without a day: among the answers are codes of old units that are also the code of another
    /// commune of today. Whoever lists by them looks at each row as well ([`Units::is_within`]).
    pub fn predecessors(&self, commune: CommuneCode, today: Date) -> Vec<CommuneCode> {
        let mut codes = BTreeSet::from([commune]);
        for change in self.until(today).rev() {
            if codes.contains(&change.into) {
                codes.insert(change.from);
            }
        }
        let present = codes.clone();
        for former in Places::national().old_communes() {
            if former.successors.iter().any(|successor| present.contains(successor)) {
                codes.extend(former.code);
            }
        }
        codes.into_iter().collect()
    }

    /// Whether the code of a stored row may stand for a commune of today, or for a unit of which that took a part.
    pub fn is_within(&self, code: CommuneCode, held_since: Date, commune: CommuneCode, today: Date) -> bool {
        self.possible(code, held_since, today).contains(&commune)
    }
}

#[cfg(test)]
#[path = "units_tests.rs"]
mod tests;
