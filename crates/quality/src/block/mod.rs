//! Who is compared with whom: rows that share one of many keys. A block that is too large is refined by further values; what
//! remains too large is told, and never compared in part.

mod key;

use crate::{compare::Values, schema::Schema, table::Table};
use key::{Key, keys};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

/// Rows of the other file in one block at most.
const BLOCK_ROWS_MAX: usize = 100;

/// Rows of the other file, by the blocks of one key.
struct KeyIndex {
    key: Key,
    /// Block and row, ascending.
    entries: Vec<u64>,
    /// Where the blocks begin whose first bits are these.
    starts: Vec<u32>,
    /// Of a block's number, bits that `starts` looks at.
    bits: u32,
    /// Blocks that were refined.
    refined: FxHashSet<u32>,
    /// Rows that are in no block any more.
    lost: usize,
}

/// All keys.
pub(crate) struct Index {
    keys: Vec<KeyIndex>,
}

/// What blocking had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockReport {
    /// Keys of which the union was compared.
    pub keys: usize,
    /// Blocks that were refined because they were too large.
    pub refined_blocks: usize,
    /// Rows of the other file that one key or another could not bring, because no value refined their block.
    pub rows_beyond: usize,
}

impl Index {
    /// Sorts the rows of the other file by every key.
    pub fn new(schema: &Schema, values: &[Values], table: &Table, rows: &[u32]) -> Self {
        let keys = keys(schema, table.rows());
        Self { keys: keys.into_iter().map(|key| KeyIndex::new(key, values, table, rows)).collect() }
    }

    /// The candidates of a row, each once, ascending; true when a block that was too large kept some away.
    pub fn candidates(&self, values: &[Values], table: &Table, row: u32, found: &mut Vec<u32>) -> bool {
        found.clear();
        let mut is_cut = false;
        for index in &self.keys {
            is_cut |= index.candidates(values, table, row, found);
        }
        found.sort_unstable();
        found.dedup();
        is_cut
    }

    pub fn report(&self) -> BlockReport {
        BlockReport {
            keys: self.keys.len(),
            refined_blocks: self.keys.iter().map(|key| key.refined.len()).sum(),
            rows_beyond: self.keys.iter().map(|key| key.lost).sum(),
        }
    }
}

const fn entry(block: u32, row: u32) -> u64 {
    (block as u64) << 32 | row as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the upper and the lower half of 64 bits")]
const fn parts(entry: u64) -> (u32, u32) {
    ((entry >> 32) as u32, entry as u32)
}

impl KeyIndex {
    fn new(key: Key, values: &[Values], table: &Table, rows: &[u32]) -> Self {
        let mut entries: Vec<u64> = rows
            .par_iter()
            .filter_map(|row| {
                let block = key.of(values, table, *row);
                (block != 0).then(|| entry(block, *row))
            })
            .collect();
        entries.par_sort_unstable();
        let mut index =
            Self { key, entries, starts: Vec::new(), bits: 1, refined: FxHashSet::default(), lost: 0 };
        for step in 0..=index.key.refine.len() {
            if !index.refine(step, values, table) {
                break;
            }
        }
        index.direct();
        index
    }

    /// Takes blocks that are too large apart; whether there was one.
    fn refine(&mut self, step: usize, values: &[Values], table: &Table) -> bool {
        let (mut kept, mut large) = (Vec::with_capacity(self.entries.len()), Vec::new());
        for block in self.entries.chunk_by(|one, other| parts(*one).0 == parts(*other).0) {
            if block.len() <= BLOCK_ROWS_MAX {
                kept.extend_from_slice(block);
            } else {
                self.refined.insert(parts(block[0]).0);
                large.extend_from_slice(block);
            }
        }
        if large.is_empty() {
            return false;
        }
        if step < self.key.refine.len() {
            let key = &self.key;
            let finer: Vec<u64> = large
                .par_iter()
                .filter_map(|old| {
                    let (block, row) = parts(*old);
                    let finer = key.refined(block, step, values, table, row);
                    (finer != 0).then(|| entry(finer, row))
                })
                .collect();
            self.lost += large.len() - finer.len();
            kept.extend(finer);
            kept.par_sort_unstable();
        } else {
            self.lost += large.len();
        }
        self.entries = kept;
        true
    }

    /// Where to begin to look for a block.
    fn direct(&mut self) {
        self.bits = (self.entries.len().max(2)).ilog2();
        let mut starts = vec![0_u32; (1 << self.bits) + 1];
        for entry in &self.entries {
            starts[(parts(*entry).0 >> (32 - self.bits)) as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        self.starts = starts;
        self.entries.shrink_to_fit();
    }

    fn candidates(&self, values: &[Values], table: &Table, row: u32, found: &mut Vec<u32>) -> bool {
        let mut block = self.key.of(values, table, row);
        if block == 0 {
            return false;
        }
        let mut step = 0;
        while !self.refined.is_empty() && self.refined.contains(&block) {
            if step == self.key.refine.len() {
                return true;
            }
            block = self.key.refined(block, step, values, table, row);
            if block == 0 {
                return true;
            }
            step += 1;
        }
        let first = (block >> (32 - self.bits)) as usize;
        let near = &self.entries[self.starts[first] as usize..self.starts[first + 1] as usize];
        found.extend(
            near.iter().map(|entry| parts(*entry)).filter(|(other, _)| *other == block).map(|(_, row)| row),
        );
        false
    }
}
