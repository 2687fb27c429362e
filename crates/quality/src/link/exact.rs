//! The first stage: one number, and the name or the birth date.

use super::Run;
use crate::compare::{DAY_AS_KNOWN, Levels, NAME_CUT, NAME_DIFFERS, NAME_OTHER_MARKS};
use rayon::prelude::*;

/// Pairs of rows that share a number which no other row of their files has, and agree in name or birth date.
/// Ascending by the left row.
pub(super) fn links(run: &Run<'_>) -> Vec<(u32, u32)> {
    let mut taken_left = vec![false; run.left.rows()];
    let mut taken_right = vec![false; run.right.rows()];
    let mut links = Vec::new();
    for slot in &run.scorer.comparer.numbers {
        let values = run.scorer.comparer.values[*slot].counts.len();
        let (lefts, rights) =
            (owners(run.left.column(*slot), values), owners(run.right.column(*slot), values));
        let found: Vec<(u32, u32)> = (1..values)
            .into_par_iter()
            .filter_map(|value| {
                let (i, j) = (single(lefts[value])?, single(rights[value])?);
                if taken_left[i as usize] || taken_right[j as usize] {
                    return None;
                }
                let levels = run.scorer.comparer.levels((run.left, i), (run.right, j));
                is_same(run, levels).then_some((i, j))
            })
            .collect();
        for (i, j) in found {
            taken_left[i as usize] = true;
            taken_right[j as usize] = true;
            links.push((i, j));
        }
    }
    links.par_sort_unstable();
    links
}

/// Several rows have the value.
const MANY: u32 = u32::MAX;

/// Of each value, the row that has it plus one; 0 for none.
fn owners(column: &[u32], values: usize) -> Vec<u32> {
    let mut owners = vec![0; values];
    for (row, value) in (1_u32..).zip(column) {
        let owner = &mut owners[*value as usize];
        *owner = if *owner == 0 { row } else { MANY };
    }
    owners
}

fn single(owner: u32) -> Option<u32> {
    (owner != MANY).then_some(owner)?.checked_sub(1)
}

/// Whether what stands beside the number says the same: nobody else's name, and the name or the day. One number slot that
/// differs where another agrees needs both.
fn is_same(run: &Run<'_>, levels: Levels) -> bool {
    let comparer = &run.scorer.comparer;
    let of = |slot: Option<usize>| slot.map_or(0, |slot| levels.of(slot));
    let (given, surname, day) = (of(comparer.given), of(comparer.surname), of(comparer.day));
    let same_name = (1..=NAME_OTHER_MARKS).contains(&given) && surname <= NAME_CUT;
    let same_day = (1..=DAY_AS_KNOWN).contains(&day);
    let is_contradicted = comparer.numbers.iter().any(|slot| levels.of(*slot) > 2);
    if is_contradicted {
        return same_name && same_day;
    }
    same_name || same_day && given != NAME_DIFFERS
}
