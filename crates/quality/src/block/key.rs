//! What rows must share to be compared.

use crate::{
    compare::Values,
    schema::{Schema, SlotKind},
    table::{Table, hash_of, mix},
};

/// A part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Atom {
    /// The value of a slot, without marks and blanks.
    Value(usize),
    /// The first letters of it.
    First(usize, usize),
    /// The last letters of it.
    Last(usize, usize),
    /// The year of a day.
    Year(usize),
    /// Month and day of a day.
    MonthDay(usize),
    /// Two slots in either order: surname and given name, two lines of an address.
    Both(usize, usize),
}

impl Atom {
    /// What rows that agree share; 0 when the row does not tell.
    pub fn of(self, values: &[Values], table: &Table, row: u32) -> u64 {
        let plain = |slot: usize| {
            let value = table.value(slot, row);
            (value != 0).then(|| values[slot].plain(value)).filter(|text| !text.is_empty())
        };
        let part = match self {
            Self::Value(slot) => plain(slot).map(|text| hash_of(text.as_bytes())),
            Self::First(slot, count) => plain(slot).map(|text| {
                let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
                hash_of(&text.as_bytes()[..end])
            }),
            Self::Last(slot, count) => plain(slot)
                .filter(|text| text.len() > count && text.is_ascii())
                .map(|text| hash_of(&text.as_bytes()[text.len() - count..])),
            Self::Year(slot) => {
                plain(slot).and_then(|text| text.get(..4)).map(|year| hash_of(year.as_bytes()))
            }
            Self::MonthDay(slot) => plain(slot)
                .and_then(|text| text.get(4..8))
                .filter(|text| !text.ends_with("00"))
                .map(|text| hash_of(text.as_bytes())),
            Self::Both(a, b) => {
                plain(a).zip(plain(b)).map(|(a, b)| hash_of(a.as_bytes()).wrapping_add(hash_of(b.as_bytes())))
            }
        };
        part.map_or(0, |hash| hash | 1)
    }
}

/// Atoms that all have to agree, and those that refine a block that is too large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub atoms: Vec<Atom>,
    pub refine: Vec<Atom>,
}

impl Key {
    /// What rows of one block share; 0 when the row is in none.
    pub fn of(&self, values: &[Values], table: &Table, row: u32) -> u32 {
        let mut hash = 0;
        for atom in &self.atoms {
            let part = atom.of(values, table, row);
            if part == 0 {
                return 0;
            }
            hash = mix(hash ^ part).wrapping_add(1);
        }
        upper(hash)
    }

    /// The block of a row after one more step of refinement; 0 when the row does not tell what it is refined by.
    pub fn refined(&self, hash: u32, step: usize, values: &[Values], table: &Table, row: u32) -> u32 {
        let part = self.refine[step].of(values, table, row);
        if part == 0 { 0 } else { upper(mix(u64::from(hash) << 8 ^ part).wrapping_add(step as u64)) }
    }
}

fn upper(hash: u64) -> u32 {
    ((hash >> 32) as u32).max(1)
}

/// Rows up to which keys are used that bring many candidates: everything can be compared with much.
const ROWS_SMALL: usize = 30_000;
/// Keys at most, for small files and for large ones.
const KEYS_MAX: (usize, usize) = (40, 20);

/// The keys of a schema for files of so many rows, the most telling first: their union decides who is compared.
pub(crate) fn keys(schema: &Schema, rows: usize) -> Vec<Key> {
    let of_kind = |kinds: &'static [SlotKind]| {
        let slots = schema.slots().iter().enumerate();
        slots.filter(|(_, slot)| kinds.contains(&slot.kind)).map(|(at, _)| at).collect::<Vec<_>>()
    };
    let given = schema.slot_of(SlotKind::Given);
    let surname = schema.slot_of(SlotKind::Surname);
    let middle = schema.slot_of(SlotKind::Middle);
    let day = schema.slot_of(SlotKind::Day);
    let numbers = of_kind(&[SlotKind::Number, SlotKind::Phone]);
    let others = of_kind(&[SlotKind::Place, SlotKind::Text, SlotKind::Code]);
    let whole = |slot: Option<usize>| slot.map(Atom::Value);
    let year = day.map(Atom::Year);
    let names = given.zip(surname).map(|(given, surname)| Atom::Both(given, surname));
    let mut wanted: Vec<Vec<Option<Atom>>> = Vec::new();
    for number in &numbers {
        wanted.push(vec![Some(Atom::Value(*number))]);
    }
    wanted.push(vec![whole(given), whole(day)]);
    wanted.push(vec![names, year, whole(middle)]);
    wanted.push(vec![whole(surname), whole(day)]);
    wanted.push(vec![names, day.map(Atom::MonthDay)]);
    wanted.push(vec![names, year]);
    for number in &numbers {
        wanted.push(vec![Some(Atom::Last(*number, 6))]);
        wanted.push(vec![Some(Atom::First(*number, 6)), whole(given)]);
    }
    for other in &others {
        wanted.push(vec![whole(day), Some(Atom::Value(*other))]);
        wanted.push(vec![names, Some(Atom::Value(*other))]);
    }
    for other in &others {
        wanted.push(vec![whole(given), year, Some(Atom::Value(*other))]);
    }
    for (at, one) in others.iter().enumerate() {
        for other in &others[at + 1..] {
            wanted.push(vec![Some(Atom::Value(*one)), Some(Atom::Value(*other))]);
        }
    }
    for other in &others {
        wanted.push(vec![whole(surname), Some(Atom::Value(*other))]);
        wanted.push(vec![whole(given), Some(Atom::Value(*other))]);
    }
    wanted.push(vec![names, whole(middle)]);
    let is_small = rows <= ROWS_SMALL;
    if is_small {
        wanted.push(vec![whole(day)]);
        wanted.push(vec![
            given.map(|given| Atom::First(given, 3)),
            surname.map(|slot| Atom::First(slot, 3)),
            year,
        ]);
    }
    if names.is_none() {
        wanted.extend([vec![whole(given)], vec![whole(surname)]]);
    }
    wanted.push(vec![names]);
    if is_small || wanted.iter().filter(|atoms| atoms.iter().all(Option::is_some)).count() < 3 {
        wanted.extend(others.iter().map(|other| vec![Some(Atom::Value(*other))]));
    }
    let refine =
        refinement(&[day, others.first().copied(), given, middle, surname, numbers.first().copied()]);
    let most = if is_small { KEYS_MAX.0 } else { KEYS_MAX.1 };
    finished(wanted, &refine, most)
}

fn refinement(slots: &[Option<usize>]) -> Vec<Atom> {
    slots.iter().flatten().map(|slot| Atom::Value(*slot)).collect()
}

/// The keys whose atoms are all there, each once.
fn finished(wanted: Vec<Vec<Option<Atom>>>, refine: &[Atom], most: usize) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for atoms in wanted {
        let Some(atoms) = atoms.into_iter().collect::<Option<Vec<_>>>() else {
            continue;
        };
        if atoms.is_empty() || keys.len() == most || keys.iter().any(|key| key.atoms == atoms) {
            continue;
        }
        let is_new = |atom: &&Atom| match atom {
            Atom::Value(slot) => !atoms.iter().any(|held| match held {
                Atom::Value(other) => other == slot,
                Atom::Both(a, b) => a == slot || b == slot,
                _ => false,
            }),
            _ => true,
        };
        let refine = refine.iter().filter(is_new).copied().collect();
        keys.push(Key { atoms, refine });
    }
    keys
}
