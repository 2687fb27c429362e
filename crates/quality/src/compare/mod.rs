//! How far two rows agree, field by field.

mod alike;
mod levels;
mod values;

pub use levels::Levels;
pub(crate) use values::Values;

use crate::{
    schema::{Schema, SlotKind},
    table::{Table, Tables},
};
use alike::alike;
use rayon::prelude::*;

/// Levels of names from which on the words agree; see [`SlotKind::levels`].
pub(crate) const NAME_SAME: u8 = 1;
pub(crate) const NAME_MARKS_MISSING: u8 = 2;
pub(crate) const NAME_OTHER_MARKS: u8 = 3;
pub(crate) const NAME_CUT: u8 = 4;
pub(crate) const NAME_SLIP: u8 = 5;
pub(crate) const NAME_SIMILAR: u8 = 6;
pub(crate) const NAME_EXCHANGED: u8 = 7;
pub(crate) const NAME_DIFFERS: u8 = 8;
pub(crate) const TEXT_SIMILAR: u8 = 3;
pub(crate) const TEXT_EXCHANGED: u8 = 4;
/// Last level of days that agree as far as they are known.
pub(crate) const DAY_AS_KNOWN: u8 = 4;

/// What is known of each value, for comparing rows without reading texts again.
pub(crate) struct Comparer {
    pub values: Vec<Values>,
    pub given: Option<usize>,
    pub surname: Option<usize>,
    pub day: Option<usize>,
    /// Slots of numbers.
    pub numbers: Vec<usize>,
    /// The first two texts, which files exchange.
    texts: Option<(usize, usize)>,
}

impl Comparer {
    /// Looks at every value once; the dictionaries of the tables go over to it.
    pub fn new(schema: &Schema, tables: &mut Tables) -> Self {
        let slots = schema.slots();
        let dictionaries = std::mem::take(&mut tables.dictionaries);
        let tables = &*tables;
        let values = slots
            .par_iter()
            .zip(dictionaries)
            .enumerate()
            .map(|(slot, (described, mut dictionary))| {
                dictionary.freeze();
                Values::new(described.kind, slot, dictionary, tables)
            })
            .collect();
        let of_kind = |kind: SlotKind| (0..slots.len()).filter(move |slot| slots[*slot].kind == kind);
        let mut texts = of_kind(SlotKind::Text);
        Self {
            values,
            given: schema.slot_of(SlotKind::Given),
            surname: schema.slot_of(SlotKind::Surname),
            day: schema.slot_of(SlotKind::Day),
            numbers: of_kind(SlotKind::Number).collect(),
            texts: texts.next().zip(texts.next()),
        }
    }

    /// The levels of a pair.
    pub fn levels(&self, (left, i): (&Table, u32), (right, j): (&Table, u32)) -> Levels {
        let mut levels = Levels::default();
        for (slot, values) in self.values.iter().enumerate() {
            let (one, other) = (left.value(slot, i), right.value(slot, j));
            if one != 0 && other != 0 {
                levels.set(slot, values.level(one, other));
            }
        }
        if let (Some(given), Some(surname)) = (self.given, self.surname)
            && !self.turn(&mut levels, (given, surname), (left, i), (right, j))
        {
            self.exchange(&mut levels, (given, surname), NAME_SLIP, NAME_EXCHANGED, (left, i), (right, j));
        }
        if let Some(texts) = self.texts {
            self.exchange(&mut levels, texts, TEXT_SIMILAR - 1, TEXT_EXCHANGED, (left, i), (right, j));
        }
        levels
    }

    /// A name whose words stand in another order: `An Văn Nguyễn`. Says whether it is one.
    fn turn(
        &self,
        levels: &mut Levels,
        (given, surname): (usize, usize),
        (left, i): (&Table, u32),
        (right, j): (&Table, u32),
    ) -> bool {
        if levels.of(given) < NAME_CUT || levels.of(surname) < NAME_CUT {
            return false;
        }
        let names = self.values.iter().enumerate().filter(|(_, values)| values.kind.is_name());
        let bags = names.clone().fold((0_u64, 0_u64), |(one, other), (slot, values)| {
            let (value, other_value) = (left.value(slot, i), right.value(slot, j));
            (one.wrapping_add(values.bag(value)), other.wrapping_add(values.bag(other_value)))
        });
        if bags.0 != bags.1 {
            return false;
        }
        for (slot, _) in names {
            if levels.of(slot) != 0 {
                levels.set(slot, NAME_EXCHANGED);
            }
        }
        true
    }

    /// Two columns whose values were written into each other.
    fn exchange(
        &self,
        levels: &mut Levels,
        (a, b): (usize, usize),
        agrees_up_to: u8,
        exchanged: u8,
        (left, i): (&Table, u32),
        (right, j): (&Table, u32),
    ) {
        let disagrees = |level: u8| level == 0 || level > agrees_up_to;
        if !disagrees(levels.of(a)) || !disagrees(levels.of(b)) || levels.of(a) == 0 && levels.of(b) == 0 {
            return;
        }
        let is_alike = |one: u32, in_slot: usize, other: u32, other_slot: usize| {
            (one != 0 && other != 0)
                .then(|| alike(self.values[in_slot].plain(one), self.values[other_slot].plain(other)))
        };
        let first = is_alike(left.value(a, i), a, right.value(b, j), b);
        let second = is_alike(left.value(b, i), b, right.value(a, j), a);
        match (first, second) {
            (Some(first), Some(second)) if first.is_similar() && second.is_similar() => {}
            (Some(found), None) | (None, Some(found)) if found.is_near() => {}
            _ => return,
        }
        for slot in [a, b] {
            if levels.of(slot) != 0 {
                levels.set(slot, exchanged);
            }
        }
    }
}
