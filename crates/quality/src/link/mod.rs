//! Two files, or one with itself: who is the same person.

mod assign;
mod cluster;
mod exact;
mod outcome;
mod score_all;
mod veto;

pub use outcome::{Band, Evidence, Link, NoneReason, Outcome, ReviewReason, SlotAgreement};

use crate::{
    block::{BlockReport, Index},
    compare::Comparer,
    model::{Model, ModelError, Sample, SampledRow, Scorer, count_chances, drawn, learn},
    schema::Schema,
    table::{Table, Tables},
};
use rayon::prelude::*;
use score_all::Prior;

/// How to match.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// A model; one that is not frozen is where learning begins. The shipped one when there is none.
    pub model: Option<Model>,
    /// A pair at least this likely is linked without anybody's look.
    pub automatic: f64,
    /// A pair at least this likely is shown to somebody.
    pub review: f64,
    /// Whether relatives are kept apart by rule: given names, twins, numbers. `None`: as the columns are, see
    /// [`Schema::is_vietnamese`].
    pub vetoes: Option<bool>,
}

impl Default for Options {
    fn default() -> Self {
        Self { model: None, automatic: 0.9995, review: 0.2, vetoes: None }
    }
}

/// Rows of the left file from whose candidates is learned.
const SAMPLE_ROWS: usize = 15_000;
/// Pairs that were matched by number and are learned from.
const CERTAIN_PAIRS: usize = 30_000;

/// One run's parts.
pub(crate) struct Run<'a> {
    pub schema: &'a Schema,
    pub left: &'a Table,
    pub right: &'a Table,
    pub is_one_file: bool,
    pub scorer: Scorer,
    pub vetoes: bool,
    pub automatic: f64,
    pub review: f64,
}

/// Matches two files, or one with itself. `tell` is told what is being done.
pub fn match_tables(
    schema: &Schema,
    tables: &mut Tables,
    options: &Options,
    tell: &mut dyn FnMut(&'static str),
) -> Result<Outcome, ModelError> {
    let begin = options.model.clone().unwrap_or_else(Model::shipped).for_schema(schema)?;
    tell("comparing");
    let comparer = Comparer::new(schema, tables);
    let (left, right) = (&tables.left, tables.other());
    let is_one_file = tables.right.is_none();
    let mut run = Run {
        schema,
        left,
        right,
        is_one_file,
        scorer: Scorer::new(comparer, &begin),
        vetoes: options.vetoes.unwrap_or(schema.is_vietnamese()),
        automatic: options.automatic,
        review: options.review,
    };
    let all =
        |table: &Table| (0..u32::try_from(table.rows()).expect("rows are counted in 32 bits")).collect();
    let (left_rows, right_rows): (Vec<u32>, Vec<u32>) = (all(left), all(right));
    let is_frozen = begin.is_frozen();
    let mut model = begin;
    if !is_frozen {
        tell("counting chances");
        let (lefts, rights) = ((left, &*left_rows), (right, &*right_rows));
        count_chances(&mut model, &run.scorer.comparer, lefts, rights, is_one_file);
        run.scorer.take(&model);
    }
    tell("exact");
    let exact = if is_one_file { Vec::new() } else { exact::links(&run) };
    let left_rows = without(left_rows, exact.iter().map(|(i, _)| *i));
    let right_rows = without(right_rows, exact.iter().map(|(_, j)| *j));
    tell("blocking");
    let index = Index::new(schema, &run.scorer.comparer.values, right, &right_rows);
    let mut rounds = 0;
    if !is_frozen {
        tell("learning");
        let sample = run.sample(&index, &left_rows, &right_rows, &exact);
        let learned = learn(&mut run.scorer, model, schema, &sample);
        (model, rounds) = (learned.model, learned.rounds);
    }
    tell("scoring");
    let prior = Prior::new(&model, left_rows.len(), right_rows.len(), is_one_file);
    let scored = score_all::score(&run, &index, &left_rows, &prior);
    tell("deciding");
    let blocks = index.report();
    drop(index);
    let decided = if is_one_file {
        cluster::decide(&run, scored, &prior)
    } else {
        assign::decide(&run, scored, &prior)
    };
    Ok(outcome::finish(&run, &exact, decided, (model, rounds), blocks))
}

/// The rows that are not taken.
fn without(rows: Vec<u32>, taken: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut is_taken = vec![false; rows.len()];
    for row in taken {
        is_taken[row as usize] = true;
    }
    rows.into_iter().filter(|row| !is_taken[*row as usize]).collect()
}

impl Run<'_> {
    /// What is learned from: candidates of some rows, and some of the pairs that the numbers matched.
    fn sample(&self, index: &Index, left_rows: &[u32], right_rows: &[u32], exact: &[(u32, u32)]) -> Sample {
        let sampled = drawn(self.left, left_rows, SAMPLE_ROWS);
        let values = &self.scorer.comparer.values;
        let candidates = |row: &u32| -> SampledRow {
            let mut found = Vec::new();
            index.candidates(values, self.left, *row, &mut found);
            let others = found.into_iter().filter(|other| !self.is_one_file || other != row);
            others
                .map(|other| {
                    let (left, right) = ((self.left, *row), (self.right, other));
                    let levels = self.scorer.comparer.levels(left, right);
                    (levels, self.scorer.by_chance(levels, left, right))
                })
                .collect()
        };
        let rows: Vec<SampledRow> = sampled.par_iter().map(candidates).collect();
        let partner: rustc_hash::FxHashMap<u32, u32> = exact.iter().copied().collect();
        let exact_rows: Vec<u32> = exact.iter().map(|(i, _)| *i).collect();
        let certain: Vec<_> = drawn(self.left, &exact_rows, CERTAIN_PAIRS)
            .par_iter()
            .map(|i| self.scorer.comparer.levels((self.left, *i), (self.right, partner[i])))
            .collect();
        let share = |part: usize, whole: usize| count(part) / count(whole.max(1));
        let certain_weight = share(exact.len(), certain.len()) * share(rows.len(), left_rows.len());
        Sample { rows, certain, certain_weight, others: right_rows.len(), is_one_file: self.is_one_file }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are exact")]
pub(crate) fn count(rows: usize) -> f64 {
    rows as f64
}

/// What blocking did, for the outcome.
pub(crate) type Blocks = BlockReport;
