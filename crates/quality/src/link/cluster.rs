//! One file: rows of one person in one cluster.

use super::{
    Run,
    outcome::{Band, Decided, Link, ReviewReason},
    score_all::{Prior, ScoredAll},
};
use rustc_hash::FxHashSet;

/// Who belongs together, by the smallest row of each cluster.
struct Clusters(Vec<u32>);

impl Clusters {
    fn first(&mut self, row: u32) -> u32 {
        let mut at = row;
        while self.0[at as usize] != at {
            self.0[at as usize] = self.0[self.0[at as usize] as usize];
            at = self.0[at as usize];
        }
        at
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other) as usize] = one.min(other);
    }
}

/// Decides: sure pairs join, the others are shown unless their rows came together otherwise.
pub(super) fn decide(run: &Run<'_>, scored: ScoredAll, prior: &Prior) -> Decided {
    let ScoredAll { pairs, cut } = scored;
    let rows = u32::try_from(run.left.rows()).expect("rows are counted in 32 bits");
    let mut clusters = Clusters((0..rows).collect());
    let mut decided = Decided { cut, ..Decided::default() };
    let mut unsure = Vec::new();
    for pair in &pairs {
        let odds = prior.odds(pair.weight);
        let probability = odds / (1.0 + odds);
        let veto = run.veto(pair.levels, pair.left, pair.right);
        let is_sure = probability >= run.automatic && veto.is_none();
        if !is_sure && probability < run.review {
            continue;
        }
        let link = Link {
            left: pair.left,
            right: pair.right,
            weight: pair.weight,
            levels: pair.levels,
            probability,
            band: if is_sure { Band::Automatic } else { Band::Review },
            reason: (!is_sure).then(|| veto.unwrap_or(ReviewReason::Unsure)),
            is_exact: false,
            slot_weights: Vec::new(),
        };
        if is_sure {
            clusters.join(pair.left, pair.right);
            decided.links.push(link);
        } else {
            unsure.push(link);
        }
    }
    let apart =
        |link: &Link, clusters: &mut Clusters| clusters.first(link.left) != clusters.first(link.right);
    decided.links.extend(unsure.into_iter().filter(|link| apart(link, &mut clusters)));
    decided.clusters = (0..rows).map(|row| clusters.first(row)).collect();
    close(run, prior, &mut decided);
    decided
}

/// Rows of a cluster up to which every pair of them is told, and not only the pairs that made it.
const PAIRS_TOLD_ROWS_MAX: usize = 40;

/// Adds the pairs of rows that came together by way of others.
fn close(run: &Run<'_>, prior: &Prior, decided: &mut Decided) {
    let mut members: Vec<(u32, u32)> =
        (0..).zip(&decided.clusters).map(|(row, first)| (*first, row)).collect();
    members.sort_unstable();
    let pair_of = |link: &Link| (link.left.max(link.right), link.left.min(link.right));
    let told: FxHashSet<(u32, u32)> = decided.links.iter().map(pair_of).collect();
    for cluster in members.chunk_by(|one, other| one.0 == other.0) {
        if !(3..=PAIRS_TOLD_ROWS_MAX).contains(&cluster.len()) {
            continue;
        }
        for (at, (_, one)) in cluster.iter().enumerate() {
            for (_, other) in &cluster[at + 1..] {
                let (left, right) = (*other, *one);
                if told.contains(&(left, right)) {
                    continue;
                }
                let sides = ((run.left, left), (run.right, right));
                let levels = run.scorer.comparer.levels(sides.0, sides.1);
                let weight = run.scorer.weight(levels, sides.0, sides.1);
                let odds = prior.odds(weight);
                decided.links.push(Link {
                    left,
                    right,
                    weight,
                    levels,
                    probability: odds / (1.0 + odds),
                    band: Band::Automatic,
                    reason: None,
                    is_exact: false,
                    slot_weights: Vec::new(),
                });
            }
        }
    }
}
