//! Every row against its candidates.

use super::{Run, count};
use crate::{
    block::Index,
    compare::Levels,
    model::{BIT, Model, ratio},
};
use rayon::prelude::*;

/// Candidates that are kept of each row, and in one file, where a person can have many rows.
const KEPT: usize = 5;
const KEPT_ONE_FILE: usize = 24;
/// Pairs that are less likely than one to so many, in bits, are forgotten.
const FORGOTTEN_BITS: i32 = 12;

/// How likely a pair is before anything is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prior {
    /// Odds that a row of the other file is this row's person.
    pub one_of: f64,
    /// Probability that a left row has nobody in the right file.
    pub left_none: f64,
    /// The same from the right.
    pub right_none: f64,
}

impl Prior {
    pub fn new(model: &Model, lefts: usize, rights: usize, is_one_file: bool) -> Self {
        let one_of = model.match_rate / count(rights.max(1));
        let right_rate = one_of * count(lefts);
        let none = |rate: f64| (1.0 - rate).clamp(0.01, 1.0);
        if is_one_file {
            return Self { one_of, left_none: 1.0, right_none: 1.0 };
        }
        Self { one_of, left_none: none(model.match_rate), right_none: none(right_rate) }
    }

    /// Odds of a pair of a weight.
    pub fn odds(&self, weight: i32) -> f64 {
        ratio(weight) * self.one_of
    }
}

/// A pair worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scored {
    pub left: u32,
    pub right: u32,
    pub weight: i32,
    pub levels: Levels,
}

/// All pairs worth keeping, and the left rows whose blocks were cut.
pub(super) struct ScoredAll {
    /// Best first; where weights are the same, by the rows' names.
    pub pairs: Vec<Scored>,
    /// Ascending.
    pub cut: Vec<u32>,
}

/// Compares the rows with their candidates.
pub(super) fn score(run: &Run<'_>, index: &Index, rows: &[u32], prior: &Prior) -> ScoredAll {
    let floor = -FORGOTTEN_BITS * BIT;
    let offset = crate::model::bits(prior.one_of);
    let of_rows = |rows: &[u32]| {
        let (mut pairs, mut cut, mut found, mut own) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            if index.candidates(&run.scorer.comparer.values, run.left, *row, &mut found) {
                cut.push(*row);
            }
            own.clear();
            for other in &found {
                // In one file each pair is looked at once.
                if run.is_one_file && other >= row {
                    break;
                }
                let (left, right) = ((run.left, *row), (run.right, *other));
                let levels = run.scorer.comparer.levels(left, right);
                let weight = run.scorer.weight(levels, left, right);
                if weight + offset > floor {
                    own.push(Scored { left: *row, right: *other, weight, levels });
                }
            }
            let most = if run.is_one_file { KEPT_ONE_FILE } else { KEPT };
            if own.len() > most {
                own.sort_by_cached_key(|pair| (-pair.weight, run.right.rank(pair.right), pair.right));
                own.truncate(most);
            }
            pairs.extend_from_slice(&own);
        }
        (pairs, cut)
    };
    let parts: Vec<(Vec<Scored>, Vec<u32>)> = rows.par_chunks(1024).map(of_rows).collect();
    let (mut pairs, mut cut) = (Vec::new(), Vec::new());
    for (some, some_cut) in parts {
        pairs.extend(some);
        cut.extend(some_cut);
    }
    let key = |pair: &Scored| (-pair.weight, run.left.rank(pair.left), run.right.rank(pair.right));
    pairs.par_sort_by_cached_key(|pair| (key(pair), pair.left, pair.right));
    ScoredAll { pairs, cut }
}
