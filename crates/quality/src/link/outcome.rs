//! What came of a run.

use super::{Blocks, Run};
use crate::{
    compare::Levels,
    model::Model,
    table::{Notes, Table},
};
use rayon::prelude::*;
use serde::Serialize;

/// What happens with a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Linked without a look.
    Automatic,
    /// Shown to somebody.
    Review,
}

/// Why somebody has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// Not likely enough.
    Unsure,
    /// Another row is as likely.
    Rival,
    /// Everything may agree, but the given name is another.
    GivenNameDiffers,
    /// Born on one day into one family, with names that are alike.
    MayBeTwin,
    /// The numbers are two persons'.
    NumberDiffers,
}

/// Why a row has nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoneReason {
    /// Nobody is like it.
    NoCandidate,
    /// Who is like it has a likelier partner; two rows of one person end so.
    TakenByAnother,
    /// Its blocks are too large, and nothing in the row parts them.
    BlockTooLarge,
}

/// A pair of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Row of the left file, from 0.
    pub left: u32,
    /// Row of the right file.
    pub right: u32,
    /// Thousandths of a bit.
    pub weight: i32,
    /// Agreement by slot.
    pub levels: Levels,
    /// How likely it is, all rivals considered.
    pub probability: f64,
    /// What happens with it.
    pub band: Band,
    /// Why it is in review.
    pub reason: Option<ReviewReason>,
    /// Whether the number and the name or birth date decided.
    pub is_exact: bool,
    /// Of a pair for review, what each slot is worth, thousandths of a bit.
    pub slot_weights: Vec<i32>,
}

/// How the linked pairs agree in one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlotAgreement {
    /// Name of the slot.
    pub slot: String,
    /// Pairs of which one side does not tell.
    pub not_told: u64,
    /// Pairs by level, in the order of [`crate::schema::SlotKind::levels`].
    pub levels: Vec<(&'static str, u64)>,
}

/// What stands behind the links.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The model that weighed, frozen.
    pub model: Model,
    /// Rounds of learning; 0 for a model that was given frozen.
    pub rounds: usize,
    /// What blocking did.
    pub blocks: Blocks,
    /// How automatic links agree.
    pub agreement: Vec<SlotAgreement>,
    /// What was set aside in the left file and in the right.
    pub notes: [Notes; 2],
}

/// Links, rows without one, and what stands behind it.
pub struct Outcome {
    /// Automatic links and pairs for review, by the left row's place in its file.
    pub links: Vec<Link>,
    /// Rows of the left file without a link, with the reason and, where there is one, the row that came nearest.
    pub none_left: Vec<(u32, NoneReason, Option<u32>)>,
    /// The same of the right file; empty for one file.
    pub none_right: Vec<(u32, NoneReason, Option<u32>)>,
    /// In one file, of each row the first row of its cluster.
    pub clusters: Vec<u32>,
    /// What stands behind it.
    pub evidence: Evidence,
}

/// What the decision leaves.
#[derive(Default)]
pub(super) struct Decided {
    pub links: Vec<Link>,
    /// Left rows that lost a right row to another.
    pub rivals_left: Vec<(u32, u32)>,
    pub rivals_right: Vec<(u32, u32)>,
    pub cut: Vec<u32>,
    pub clusters: Vec<u32>,
}

/// Puts everything together and accounts for every row.
pub(super) fn finish(
    run: &Run<'_>,
    exact: &[(u32, u32)],
    decided: Decided,
    (model, rounds): (Model, usize),
    blocks: Blocks,
) -> Outcome {
    let Decided { mut links, rivals_left, rivals_right, cut, clusters } = decided;
    let of_exact = |(i, j): &(u32, u32)| {
        let (left, right) = ((run.left, *i), (run.right, *j));
        let levels = run.scorer.comparer.levels(left, right);
        Link {
            left: *i,
            right: *j,
            weight: run.scorer.weight(levels, left, right),
            levels,
            probability: 1.0,
            band: Band::Automatic,
            reason: None,
            is_exact: true,
            slot_weights: Vec::new(),
        }
    };
    for link in links.iter_mut().filter(|link| link.band == Band::Review) {
        let (left, right) = ((run.left, link.left), (run.right, link.right));
        let slots = 0..run.schema.slots().len();
        link.slot_weights = slots.map(|slot| run.scorer.of_slot(slot, link.levels, left, right)).collect();
    }
    links.par_extend(exact.par_iter().map(of_exact));
    links.par_sort_by_key(|link| (link.left, link.right));
    let mut has_left = vec![false; run.left.rows()];
    let mut has_right = vec![false; run.right.rows()];
    for link in &links {
        has_left[link.left as usize] = true;
        has_right[link.right as usize] = true;
    }
    if run.is_one_file {
        for (has, other) in has_left.iter_mut().zip(&has_right) {
            *has |= *other;
        }
    }
    let none_left = without_link(&has_left, &rivals_left, &cut);
    let none_right = if run.is_one_file { Vec::new() } else { without_link(&has_right, &rivals_right, &[]) };
    let agreement = agreement(run, &links);
    let notes =
        [run.left.notes.clone(), if run.is_one_file { Notes::new() } else { run.right.notes.clone() }];
    let evidence = Evidence { model, rounds, blocks, agreement, notes };
    Outcome { links, none_left, none_right, clusters, evidence }
}

/// Rows without a link; `rivals` are in the order of likeliness.
fn without_link(has: &[bool], rivals: &[(u32, u32)], cut: &[u32]) -> Vec<(u32, NoneReason, Option<u32>)> {
    let mut nearest = vec![None; has.len()];
    for (row, other) in rivals {
        nearest[*row as usize].get_or_insert(*other);
    }
    let mut is_cut = vec![false; has.len()];
    for row in cut {
        is_cut[*row as usize] = true;
    }
    let rows = (0_u32..).zip(has).filter(|(_, has)| !**has);
    rows.map(|(row, _)| match (nearest[row as usize], is_cut[row as usize]) {
        (Some(other), _) => (row, NoneReason::TakenByAnother, Some(other)),
        (None, true) => (row, NoneReason::BlockTooLarge, None),
        (None, false) => (row, NoneReason::NoCandidate, None),
    })
    .collect()
}

fn agreement(run: &Run<'_>, links: &[Link]) -> Vec<SlotAgreement> {
    let slots = run.schema.slots();
    let mut counts = vec![[0_u64; 16]; slots.len()];
    for link in links.iter().filter(|link| link.band == Band::Automatic) {
        for (slot, counts) in counts.iter_mut().enumerate() {
            counts[link.levels.of(slot) as usize] += 1;
        }
    }
    let of_slot = |(slot, counts): (&crate::schema::Slot, [u64; 16])| SlotAgreement {
        slot: slot.name.clone(),
        not_told: counts[0],
        levels: slot.kind.levels().iter().copied().zip(counts[1..].iter().copied()).collect(),
    };
    slots.iter().zip(counts).map(of_slot).collect()
}

impl Outcome {
    /// The rows of each band of one file: matched, in review, without anybody.
    pub fn rows_of(&self, table: &Table, is_left: bool, is_one_file: bool) -> (usize, usize, usize) {
        let mut bands = vec![0_u32; table.rows()];
        for link in &self.links {
            let rank = if link.band == Band::Automatic { 2 } else { 1 };
            if is_left || is_one_file {
                bands[link.left as usize] = bands[link.left as usize].max(rank);
            }
            if !is_left || is_one_file {
                bands[link.right as usize] = bands[link.right as usize].max(rank);
            }
        }
        let of_band = |rank: u32| bands.iter().filter(|band| **band == rank).count();
        (of_band(2), of_band(1), of_band(0))
    }
}
