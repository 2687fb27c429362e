//! The weight of a pair: for each slot, how much likelier its level is for one person than for two.

use super::Model;
use crate::{
    compare::{Comparer, Levels, NAME_OTHER_MARKS, NAME_SAME, Values},
    schema::SlotKind,
    table::Table,
};

/// Weights are whole thousandths of a bit, so that sums are the same in any order.
pub(crate) const BIT: i32 = 1000;

/// Shares are never taken for smaller.
const SHARE_MIN: f64 = 1e-7;

/// Thousandths of a bit of a share.
#[expect(clippy::cast_possible_truncation, reason = "a share that is not tiny has at most 64 bits")]
pub(crate) fn bits(share: f64) -> i32 {
    (share.max(1e-15).log2() * f64::from(BIT)).round() as i32
}

/// Compares and weighs.
pub(crate) struct Scorer {
    pub comparer: Comparer,
    /// By slot and level, level 0 being worth nothing.
    same_person: Vec<[i32; 9]>,
    others: Vec<[i32; 9]>,
    sex: Option<usize>,
}

fn table(shares: &[f64]) -> [i32; 9] {
    let mut table = [0; 9];
    for (place, share) in table[1..].iter_mut().zip(shares) {
        *place = bits(share.max(SHARE_MIN));
    }
    table
}

impl Scorer {
    pub fn new(comparer: Comparer, model: &Model) -> Self {
        let sex = comparer.values.iter().position(|values| values.kind == SlotKind::Sex);
        let mut scorer = Self { comparer, same_person: Vec::new(), others: Vec::new(), sex };
        scorer.take(model);
        scorer
    }

    /// Takes another model of the same slots.
    pub fn take(&mut self, model: &Model) {
        self.same_person = model.slots.iter().map(|slot| table(&slot.same_person)).collect();
        self.others = model.slots.iter().map(|slot| table(&slot.others)).collect();
    }

    /// Whether a slot's agreement is told by another's already: who bears a given name has its sex.
    pub fn is_implied(&self, slot: usize, levels: Levels) -> bool {
        self.sex == Some(slot)
            && levels.of(slot) == 1
            && self
                .comparer
                .given
                .is_some_and(|given| (NAME_SAME..=NAME_OTHER_MARKS).contains(&levels.of(given)))
    }

    /// What the levels are worth for one person; what they would be by chance is taken off by [`Self::by_chance`].
    pub fn of_levels(&self, levels: Levels) -> i32 {
        let slots = 0..self.same_person.len();
        slots
            .filter(|slot| !self.is_implied(*slot, levels))
            .map(|slot| self.same_person[slot][levels.of(slot) as usize])
            .sum()
    }

    /// How much of a surprise the levels are for two persons, by the values that agree.
    pub fn by_chance(&self, levels: Levels, left: (&Table, u32), right: (&Table, u32)) -> i32 {
        let slots = 0..self.others.len();
        slots
            .filter(|slot| levels.of(*slot) != 0 && !self.is_implied(*slot, levels))
            .map(|slot| self.slot_by_chance(slot, levels.of(slot), left, right))
            .sum()
    }

    /// One slot's weight: for reports and reviewers.
    pub fn of_slot(&self, slot: usize, levels: Levels, left: (&Table, u32), right: (&Table, u32)) -> i32 {
        let level = levels.of(slot);
        if level == 0 || self.is_implied(slot, levels) {
            return 0;
        }
        self.same_person[slot][level as usize] - self.slot_by_chance(slot, level, left, right)
    }

    fn slot_by_chance(
        &self,
        slot: usize,
        level: u8,
        (left, i): (&Table, u32),
        (right, j): (&Table, u32),
    ) -> i32 {
        let values = &self.comparer.values[slot];
        let table = &self.others[slot];
        let (one, other) = (left.value(slot, i), right.value(slot, j));
        match (values.kind, level) {
            (SlotKind::Sex, _) => table[level as usize],
            (kind, 2..=NAME_OTHER_MARKS) if kind.is_name() => {
                // Of those whose letters agree, so many differ in marks.
                let letters = share_bits(table[1], table[2], table[3]);
                plain_share(values, one, other) + table[level as usize] - letters
            }
            (SlotKind::Text, 1) => plain_share(values, one, other),
            (_, 1) | (SlotKind::Day, 2) => value_share(values, one, other),
            _ => table[level as usize],
        }
    }

    /// The weight of a pair.
    pub fn weight(&self, levels: Levels, left: (&Table, u32), right: (&Table, u32)) -> i32 {
        self.of_levels(levels) - self.by_chance(levels, left, right)
    }
}

/// The bits of the sum of shares that are given as bits.
fn share_bits(a: i32, b: i32, c: i32) -> i32 {
    let of_bits = |bits: i32| (f64::from(bits) / f64::from(BIT)).exp2();
    bits(of_bits(a) + of_bits(b) + of_bits(c))
}

fn share(expected: f64, values: &Values) -> i32 {
    let told = f64::from(u32::try_from(values.told).unwrap_or(u32::MAX)).max(1.0);
    bits((expected / told).min(1.0))
}

fn value_share(values: &Values, one: u32, other: u32) -> i32 {
    share(values.expected(one).max(values.expected(other)), values)
}

fn plain_share(values: &Values, one: u32, other: u32) -> i32 {
    share(values.plain_expected(one).max(values.plain_expected(other)), values)
}
