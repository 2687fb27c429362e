//! Learning from the files at hand, without anybody's decisions: expectation and maximisation over rows, each of which has
//! its person among its candidates or not at all. Apart from scoring: what comes out is a frozen [`Model`].
//!
//! Every sum is of whole numbers, so that the order of rows and the number of threads change nothing.

use super::{
    Model, SlotModel,
    score::{BIT, Scorer},
};
use crate::{compare::Levels, schema::Schema};
use rayon::prelude::*;

/// Pairs as which the shares of the model that is begun with count.
const PAIRS_OF_PRIOR: f64 = 40.0;
/// Rounds at most.
const ROUNDS_MAX: usize = 24;
/// Learning ends when no share moves further.
const STEP_MIN: f64 = 2e-4;
/// One, as a sum of probabilities counts it.
const ONE: f64 = 16_777_216.0;
/// Levels of a slot, with that of "not told".
const LEVELS: usize = 9;

/// Candidates of one sampled row: levels, and how much of a surprise they are for two persons.
pub(crate) type SampledRow = Vec<(Levels, i32)>;

/// What is learned from.
pub(crate) struct Sample {
    /// Rows with their candidates.
    pub rows: Vec<SampledRow>,
    /// Pairs that were matched by number, a sample of them, and for how many each stands among `rows`.
    pub certain: Vec<Levels>,
    /// See `certain`.
    pub certain_weight: f64,
    /// Rows of the other file among which the candidates were looked for.
    pub others: usize,
    /// Whether one file is matched with itself, where a row can have several partners.
    pub is_one_file: bool,
}

/// What was learned.
pub(crate) struct Learned {
    /// The model, its chances untouched.
    pub model: Model,
    /// Rounds that it took.
    pub rounds: usize,
}

/// Counts of one round.
#[derive(Clone)]
struct Sums {
    levels: Vec<[u64; LEVELS]>,
    matched: u64,
}

impl Sums {
    fn new(slots: usize) -> Self {
        Self { levels: vec![[0; LEVELS]; slots], matched: 0 }
    }

    fn join(mut self, other: Self) -> Self {
        for (own, others) in self.levels.iter_mut().zip(other.levels) {
            for (sum, more) in own.iter_mut().zip(others) {
                *sum += more;
            }
        }
        self.matched += other.matched;
        self
    }
}

/// Learns shares among pairs of one person, beginning with a model that already has its chances.
pub(crate) fn learn(scorer: &mut Scorer, begin: Model, schema: &Schema, sample: &Sample) -> Learned {
    let prior: Vec<Vec<f64>> = begin.slots.iter().map(|slot| slot.same_person.clone()).collect();
    let mut model = begin;
    if sample.is_one_file {
        model.match_rate = model.match_rate.min(1.0);
    }
    for round in 1..=ROUNDS_MAX {
        scorer.take(&model);
        let sums = expect(scorer, &model, schema.slots().len(), sample);
        let step = maximise(&mut model, &prior, &sums, sample);
        if step < STEP_MIN || round == ROUNDS_MAX {
            scorer.take(&model);
            return Learned { model, rounds: round };
        }
    }
    unreachable!("the last round returns")
}

/// Probability that each candidate is the person, summed up by level.
fn expect(scorer: &Scorer, model: &Model, slots: usize, sample: &Sample) -> Sums {
    let one_of = model.match_rate / count(sample.others);
    let of_row = |row: &SampledRow| {
        let mut sums = Sums::new(slots);
        let ratios: Vec<f64> = row
            .iter()
            .map(|(levels, by_chance)| ratio(scorer.of_levels(*levels) - by_chance) * one_of)
            .collect();
        let all: f64 = ratios.iter().sum();
        let none = (1.0 - model.match_rate).max(0.01);
        for ((levels, _), ratio) in row.iter().zip(ratios) {
            let share = if sample.is_one_file { ratio / (1.0 + ratio) } else { ratio / (none + all) };
            add(&mut sums, *levels, share);
        }
        sums
    };
    sample.rows.par_iter().map(of_row).reduce(|| Sums::new(slots), Sums::join)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability, 0 to 1")]
fn add(sums: &mut Sums, levels: Levels, share: f64) {
    let share = (share * ONE) as u64;
    if share == 0 {
        return;
    }
    sums.matched += share;
    for (slot, sums) in sums.levels.iter_mut().enumerate() {
        sums[levels.of(slot) as usize] += share;
    }
}

/// How much likelier, of thousandths of a bit.
pub(crate) fn ratio(weight: i32) -> f64 {
    (f64::from(weight) / f64::from(BIT)).exp2()
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are exact")]
fn count(rows: usize) -> f64 {
    rows.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "sums of probabilities, rounded before")]
fn probability(sum: u64) -> f64 {
    sum as f64 / ONE
}

/// New shares out of the sums; how far the furthest moved.
fn maximise(model: &mut Model, prior: &[Vec<f64>], sums: &Sums, sample: &Sample) -> f64 {
    let mut certain = vec![[0.0; LEVELS]; model.slots.len()];
    for levels in &sample.certain {
        for (slot, counts) in certain.iter_mut().enumerate() {
            counts[levels.of(slot) as usize] += sample.certain_weight;
        }
    }
    let mut step: f64 = 0.0;
    for (slot, (SlotModel { same_person, .. }, prior)) in model.slots.iter_mut().zip(prior).enumerate() {
        let counted = |level: usize| probability(sums.levels[slot][level]) + certain[slot][level];
        let told: f64 = (1..LEVELS).map(counted).sum();
        for (place, share) in same_person.iter_mut().enumerate() {
            let new = (prior[place] * PAIRS_OF_PRIOR + counted(place + 1)) / (PAIRS_OF_PRIOR + told);
            step = step.max((new - *share).abs());
            *share = new;
        }
    }
    let rate = (probability(sums.matched) + 0.5) / (count(sample.rows.len()) + 1.0);
    let rate = if sample.is_one_file { rate } else { rate.min(0.999) };
    step = step.max((rate - model.match_rate).abs());
    model.match_rate = rate;
    step
}
