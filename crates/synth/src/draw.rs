//! Random draws that are the same on every machine: whole numbers only, one stream of `ChaCha8` a block.

use crate::calendar::{day_number, from_day_number};
use jiff::civil::Date;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Draws of one block.
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of a block. Blocks do not share draws, so each could be made alone.
    pub fn for_block(seed: u64, block: u64) -> Self {
        let mut key = *b"dancu: a synthetic country......";
        key[24..].copy_from_slice(&seed.to_le_bytes());
        let mut random = ChaCha8Rng::from_seed(key);
        random.set_stream(block);
        Self(random)
    }

    /// From 0 up to, not including, `end`, which is not zero.
    pub fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(end)) >> 32) as u32
    }

    /// An index into something of `length` items, at least one.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).expect("no table has 2^32 rows")) as usize
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below(high.abs_diff(low) + 1).cast_signed()
    }

    /// Around a middle, the nearer the likelier, at most `reach` away.
    pub fn around(&mut self, middle: i32, reach: i32) -> i32 {
        let (a, b) = (self.between(-reach, reach), self.between(-reach, reach));
        middle + i32::midpoint(a, b)
    }

    /// True so many times in ten thousand.
    pub fn chance(&mut self, per_ten_thousand: u32) -> bool {
        self.below(10_000) < per_ten_thousand
    }

    /// A day from `first` to `last`, both included; `last` when they are in the wrong order.
    pub fn day(&mut self, first: Date, last: Date) -> Date {
        if first >= last {
            return last;
        }
        from_day_number(self.between(day_number(first), day_number(last)))
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// Puts items into any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }

    /// An index by its weight.
    pub fn weighted(&mut self, weights: &Weights) -> usize {
        let drawn = self.below(weights.total());
        weights.index_of(drawn)
    }
}

/// Weights, summed up.
#[derive(Debug, Default)]
pub struct Weights(Vec<u32>);

impl Weights {
    /// Sums the weights, which are not all zero.
    pub fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let sums = weights.into_iter().scan(0_u32, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self(sums.collect())
    }

    /// The sum of all.
    pub fn total(&self) -> u32 {
        self.0.last().copied().unwrap_or_default()
    }

    /// Whose turn it is at a point below the total.
    pub fn index_of(&self, point: u32) -> usize {
        self.0.partition_point(|sum| *sum <= point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_always_draws_the_same_and_another_block_something_else() {
        let draws = |seed, block| {
            let mut draw = Draw::for_block(seed, block);
            (0..8).map(|_| draw.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1, 2), draws(1, 2));
        assert_ne!(draws(1, 2), draws(1, 3));
        assert_ne!(draws(1, 2), draws(2, 2));
        assert_eq!(
            draws(7, 0)[..3],
            PINNED,
            "the stream changed: the same seed no longer gives the same country"
        );
    }

    const PINNED: [u32; 3] = [776_203, 890_669, 599_739];

    #[test]
    fn weights_of_zero_are_never_drawn() {
        let weights = Weights::new([0, 3, 0, 1]);
        let mut draw = Draw::for_block(1, 1);
        for _ in 0..1000 {
            assert!(matches!(draw.weighted(&weights), 1 | 3));
        }
    }
}
