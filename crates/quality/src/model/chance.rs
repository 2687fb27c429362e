//! How often levels come about between two persons: counted over pairs of rows that were drawn without looking.

use super::Model;
use crate::{compare::Comparer, table::Table};
use rayon::prelude::*;

/// Rows of each file that are drawn.
const ROWS: usize = 3_000;
/// Rows of the other file that each is compared with.
const PAIRS_A_ROW: usize = 100;

/// The rows whose names come first by their hash, in that order: the same whatever the order of the file.
pub(crate) fn drawn(table: &Table, rows: &[u32], most: usize) -> Vec<u32> {
    let mut ranked: Vec<(u64, u32)> = rows.par_iter().map(|row| (table.rank(*row), *row)).collect();
    if ranked.len() > most {
        ranked.select_nth_unstable(most);
        ranked.truncate(most);
    }
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, row)| row).collect()
}

/// Fills in the shares among pairs of two persons.
pub(crate) fn count_chances(
    model: &mut Model,
    comparer: &Comparer,
    (left, left_rows): (&Table, &[u32]),
    (right, right_rows): (&Table, &[u32]),
    is_one_file: bool,
) {
    let lefts = drawn(left, left_rows, ROWS);
    let rights = drawn(right, right_rows, ROWS);
    let slots = model.slots.len();
    let of_row = |(at, row): (usize, &u32)| {
        let mut counts = vec![[0_u64; 9]; slots];
        for step in 1..=PAIRS_A_ROW.min(rights.len()) {
            // Files are often cut from one list, so rows at the same place are no strangers.
            let other = rights[(at + step * 26 + 1) % rights.len()];
            if is_one_file && other == *row {
                continue;
            }
            let levels = comparer.levels((left, *row), (right, other));
            for (slot, counts) in counts.iter_mut().enumerate() {
                counts[levels.of(slot) as usize] += 1;
            }
        }
        counts
    };
    let add = |mut sum: Vec<[u64; 9]>, other: Vec<[u64; 9]>| {
        for (sum, other) in sum.iter_mut().flatten().zip(other.into_iter().flatten()) {
            *sum += other;
        }
        sum
    };
    let counts = lefts.par_iter().enumerate().map(of_row).reduce(|| vec![[0; 9]; slots], add);
    for (slot, counts) in model.slots.iter_mut().zip(counts) {
        let levels = slot.kind.levels().len();
        let count = |level: usize| f64::from(u32::try_from(counts[level]).unwrap_or(u32::MAX)) + 0.5;
        let told: f64 = (1..=levels).map(count).sum();
        slot.others = (1..=levels).map(|level| count(level) / told).collect();
    }
}
