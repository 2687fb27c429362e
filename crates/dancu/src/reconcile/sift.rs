//! Rows that are not compared, by what the file alone says: those that name nobody, and those that are guesses at what else is
//! so of one person.

use crate::{
    failure::Failure,
    matching::{Input, rows},
};
use dancu_exchange::{Field, FieldSet};
use dancu_quality::{
    map::Selection,
    normal::PlaceReader,
    schema::{Schema, Side, SlotKind},
    table::{Encoder, Table, Tables},
};
use indicatif::ProgressBar;
use std::collections::HashMap;

/// A row with a number and neither name nor birth date would be told by the number alone.
const NOTHING_IDENTIFYING: &str = "nothing_identifying";
/// Rows with one name and birth date and many numbers, or the other way round: one of them would be the true one.
const TOO_MANY_ALIKE: &str = "too_many_alike";

/// Reads the file once, and gives the rows to leave out by their place among those that can be read.
pub fn sift(
    input: &Input,
    (schema, selection): (&Schema, &Selection),
    given: FieldSet,
    alike_max: u32,
) -> Result<HashMap<u64, &'static str>, Failure> {
    let places = PlaceReader::national();
    let mut tables = Tables::new(schema, false);
    let encoder = Encoder::new(schema, &places, Side::Left);
    rows::read(input, selection, &encoder, &ProgressBar::hidden(), |encoded, _| {
        tables.append_left(&encoded);
        Ok(())
    })?;
    Ok(left_out(&tables.left, schema, given, alike_max))
}

fn left_out(table: &Table, schema: &Schema, given: FieldSet, alike_max: u32) -> HashMap<u64, &'static str> {
    let compared = schema.compared_slots();
    let slots_of = |is_one: fn(SlotKind) -> bool| -> Vec<usize> {
        let slots = schema.slots().iter().enumerate();
        slots.filter(|(slot, of)| compared[*slot] && is_one(of.kind)).map(|(slot, _)| slot).collect()
    };
    let names = if given.contains(Field::Name) { slots_of(SlotKind::is_name) } else { Vec::new() };
    let days = slots_of(|kind| kind == SlotKind::Day);
    let numbers = slots_of(|kind| kind == SlotKind::Number);
    let values = |slots: &[usize], row: u32| -> Vec<u32> {
        slots.iter().map(|slot| table.value(*slot, row)).collect()
    };
    // Who is meant, and by which number: each with the rows that say so. A name without a date stands for itself.
    let key_of_person = |row: u32| {
        let name = values(&names, row);
        name.iter().any(|value| *value != 0).then(|| [name, values(&days, row)].concat())
    };
    let rows = 0..u32::try_from(table.rows()).expect("rows are counted in 32 bits");
    let (mut persons, mut same_numbers) = (HashMap::new(), HashMap::new());
    for row in rows.clone() {
        if let Some(person) = key_of_person(row) {
            *persons.entry(person).or_insert(0_u32) += 1;
        }
        for slot in numbers.iter().filter(|slot| table.tells(**slot, row)) {
            *same_numbers.entry((*slot, table.value(*slot, row))).or_insert(0_u32) += 1;
        }
    }
    let reason = |row: u32| {
        if !names.iter().chain(&days).any(|slot| table.tells(*slot, row)) {
            return Some(NOTHING_IDENTIFYING);
        }
        let alike = key_of_person(row).and_then(|person| persons.get(&person).copied());
        let of_numbers =
            numbers.iter().filter_map(|slot| same_numbers.get(&(*slot, table.value(*slot, row))));
        let most = of_numbers.copied().chain(alike).max().unwrap_or_default();
        (most > alike_max).then_some(TOO_MANY_ALIKE)
    };
    rows.filter_map(|row| reason(row).map(|reason| (u64::from(row), reason))).collect()
}
