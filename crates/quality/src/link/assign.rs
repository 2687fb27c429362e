//! One to one: the likeliest pair first, each row once.

use super::{
    Run,
    outcome::{Band, Decided, Link, ReviewReason},
    score_all::{Prior, Scored, ScoredAll},
};
use crate::model::BIT;
use rustc_hash::FxHashMap;

/// A rival that belongs to somebody else by so much is none.
const TAKEN_BY_BITS: i32 = 3;
/// Rows of one file are one person when it is so sure.
const SAME_PERSON: f64 = 0.999;
/// Rivals that are looked at.
const RIVALS_MAX: usize = 12;

struct Assignment<'a, 'b> {
    run: &'a Run<'b>,
    prior: &'a Prior,
    pairs: &'a [Scored],
    /// Of each row, its pairs, best first.
    of_left: FxHashMap<u32, Vec<u32>>,
    of_right: FxHashMap<u32, Vec<u32>>,
    /// Whom a row was given to, with the weight.
    left_to: FxHashMap<u32, (u32, i32)>,
    right_to: FxHashMap<u32, (u32, i32)>,
}

/// Decides.
pub(super) fn decide(run: &Run<'_>, scored: ScoredAll, prior: &Prior) -> Decided {
    let ScoredAll { pairs, cut } = scored;
    let (mut of_left, mut of_right) = (FxHashMap::default(), FxHashMap::default());
    for (at, pair) in (0_u32..).zip(&pairs) {
        of_left.entry(pair.left).or_insert_with(Vec::new).push(at);
        of_right.entry(pair.right).or_insert_with(Vec::new).push(at);
    }
    let mut work = Assignment {
        run,
        prior,
        pairs: &pairs,
        of_left,
        of_right,
        left_to: FxHashMap::default(),
        right_to: FxHashMap::default(),
    };
    let mut decided = Decided { cut, ..Decided::default() };
    for pair in &pairs {
        let (left_taken, right_taken) =
            (work.left_to.contains_key(&pair.left), work.right_to.contains_key(&pair.right));
        if left_taken || right_taken {
            if !left_taken {
                decided.rivals_left.push((pair.left, pair.right));
            }
            if !right_taken {
                decided.rivals_right.push((pair.right, pair.left));
            }
            continue;
        }
        let Some(link) = work.link(pair) else {
            continue;
        };
        work.left_to.insert(pair.left, (pair.right, pair.weight));
        work.right_to.insert(pair.right, (pair.left, pair.weight));
        decided.links.push(link);
    }
    decided
}

impl Assignment<'_, '_> {
    /// The pair as a link, if it is likely enough to be told.
    fn link(&self, pair: &Scored) -> Option<Link> {
        let own = self.prior.odds(pair.weight);
        let of_left = self.rivals(&self.of_left[&pair.left], pair, &self.right_to, |rival| rival.right);
        let of_right = self.rivals(&self.of_right[&pair.right], pair, &self.left_to, |rival| rival.left);
        let from_left = own / (own + of_left + self.prior.left_none);
        let from_right = own / (own + of_right + self.prior.right_none);
        let probability = from_left.min(from_right);
        let alone = own / (own + self.prior.left_none);
        let veto = self.run.veto(pair.levels, pair.left, pair.right);
        let (band, reason) = match veto {
            None if probability >= self.run.automatic => (Band::Automatic, None),
            _ if alone < self.run.review => return None,
            Some(reason) => (Band::Review, Some(reason)),
            None if alone >= self.run.automatic => (Band::Review, Some(ReviewReason::Rival)),
            None => (Band::Review, Some(ReviewReason::Unsure)),
        };
        Some(Link {
            left: pair.left,
            right: pair.right,
            weight: pair.weight,
            levels: pair.levels,
            probability,
            band,
            reason,
            is_exact: false,
            slot_weights: Vec::new(),
        })
    }

    /// The odds of all other rows that could be meant: not those that belong to somebody else, and not other rows of the
    /// same person.
    fn rivals(
        &self,
        pairs: &[u32],
        pair: &Scored,
        given: &FxHashMap<u32, (u32, i32)>,
        other: impl Fn(&Scored) -> u32,
    ) -> f64 {
        let mut odds = 0.0;
        let rivals = pairs.iter().map(|at| &self.pairs[*at as usize]);
        for rival in rivals.filter(|rival| other(rival) != other(pair)).take(RIVALS_MAX) {
            let is_taken = given
                .get(&other(rival))
                .is_some_and(|(_, weight)| *weight >= rival.weight + TAKEN_BY_BITS * BIT);
            if !is_taken && !self.is_one_person(pair, rival) {
                odds += self.prior.odds(rival.weight);
            }
        }
        odds
    }

    /// Whether the rows in which two pairs differ are one person's, written twice in one file.
    fn is_one_person(&self, pair: &Scored, rival: &Scored) -> bool {
        let (table, one, other) = if pair.left == rival.left {
            (self.run.right, pair.right, rival.right)
        } else {
            (self.run.left, pair.left, rival.left)
        };
        let scorer = &self.run.scorer;
        let levels = scorer.comparer.levels((table, one), (table, other));
        let odds = self.prior.odds(scorer.weight(levels, (table, one), (table, other)));
        odds / (1.0 + odds) >= SAME_PERSON && self.run.veto_in(table, levels, one, other).is_none()
    }
}
