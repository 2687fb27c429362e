use super::*;
use crate::hash::leaf_hash;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

fn leaf(number: u64) -> Hash {
    leaf_hash(&Sha256::digest(number.to_be_bytes()).into())
}

fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(leaf).collect()
}

/// The definitions of RFC 6962, section 2.1, word for word, over leaves `start..end`. Roots are remembered.
#[derive(Default)]
struct Naive {
    leaves: Vec<Hash>,
    roots: HashMap<(usize, usize), Hash>,
}

impl Naive {
    fn new(leaves: Vec<Hash>) -> Self {
        Self { leaves, roots: HashMap::new() }
    }

    /// MTH.
    fn root(&mut self, start: usize, end: usize) -> Hash {
        if start == end {
            return empty_root();
        }
        if end - start == 1 {
            return self.leaves[start];
        }
        if let Some(root) = self.roots.get(&(start, end)) {
            return *root;
        }
        let split = start + (1 << (end - start - 1).ilog2());
        let root = node_hash(&self.root(start, split), &self.root(split, end));
        self.roots.insert((start, end), root);
        root
    }

    /// PATH.
    fn path(&mut self, index: usize, start: usize, end: usize) -> Vec<Hash> {
        if end - start == 1 {
            return vec![];
        }
        let split = start + (1 << (end - start - 1).ilog2());
        let (mut path, sibling) = if index < split {
            (self.path(index, start, split), self.root(split, end))
        } else {
            (self.path(index, split, end), self.root(start, split))
        };
        path.push(sibling);
        path
    }
}

fn assert_accepted_by_tlog_tiles(proof: &[Hash], index: u64, size: u64, root: Hash) {
    let proof = proof.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
    tlog_tiles::check_record(&proof, size, tlog_tiles::Hash(root), index, tlog_tiles::Hash(leaf(index)))
        .expect("an independent verifier accepts the proof");
}

/// Every leaf of a batch that ends at `size` leaves.
fn assert_batch(batch: &BatchTree, naive: &mut Naive, size: usize) {
    let root = naive.root(0, size);
    assert_eq!(batch.after().size(), size as u64);
    assert_eq!(batch.after().root(), root, "root of {size}");
    for index in batch.first()..size as u64 {
        let proof = batch.proof(index).unwrap();
        assert_eq!(proof, naive.path(usize::try_from(index).unwrap(), 0, size), "leaf {index} of {size}");
        assert_accepted_by_tlog_tiles(&proof, index, size as u64, root);
    }
    assert!(batch.proof(size as u64).is_none());
    assert!(batch.first() == 0 || batch.proof(batch.first() - 1).is_none());
}

#[test]
fn every_size_to_300_agrees_with_the_definition_when_appended_at_once_and_one_by_one() {
    let mut naive = Naive::new(leaves(0..300));
    let mut single = Frontier::default();
    assert_eq!(single.root(), empty_root());
    for size in 1..=300 {
        let at_once = BatchTree::append(&Frontier::default(), naive.leaves[..size].to_vec());
        assert_batch(&at_once, &mut naive, size);
        let one_more = BatchTree::append(&single, vec![naive.leaves[size - 1]]);
        assert_batch(&one_more, &mut naive, size);
        single = one_more.after().clone();
    }
}

#[test]
fn every_split_of_small_trees_agrees_with_the_definition() {
    let mut naive = Naive::new(leaves(0..40));
    for size in 1..=40 {
        for split in 0..size {
            let before = BatchTree::append(&Frontier::default(), naive.leaves[..split].to_vec());
            let batch = BatchTree::append(before.after(), naive.leaves[split..size].to_vec());
            assert_batch(&batch, &mut naive, size);
        }
    }
}

#[test]
fn an_empty_batch_changes_nothing() {
    let before = BatchTree::append(&Frontier::default(), leaves(0..77)).after().clone();
    assert_eq!(BatchTree::append(&before, vec![]).after(), &before);
}

#[test]
fn a_stored_frontier_must_fit_its_size() {
    assert!(Frontier::from_parts(5, vec![leaf(0), leaf(1)]).is_some());
    assert!(Frontier::from_parts(4, vec![leaf(0), leaf(1)]).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn random_batches_agree_with_the_definition(
        sizes in proptest::collection::vec(1_u64..700, 1..6),
        probe in any::<u64>(),
    ) {
        let mut frontier = Frontier::default();
        let mut naive = Naive::new(leaves(0..sizes.iter().sum()));
        for count in sizes {
            let first = frontier.size();
            let batch = BatchTree::append(&frontier, leaves(first..first + count));
            let size = usize::try_from(first + count).unwrap();
            prop_assert_eq!(batch.after().root(), naive.root(0, size));
            let index = first + probe % count;
            let proof = batch.proof(index).unwrap();
            prop_assert_eq!(&proof, &naive.path(usize::try_from(index).unwrap(), 0, size));
            assert_accepted_by_tlog_tiles(&proof, index, first + count, batch.after().root());
            frontier = batch.after().clone();
        }
        // Any older leaf can be proven where all full nodes can be had.
        let size = usize::try_from(frontier.size()).unwrap();
        let index = probe % frontier.size();
        let proof = prove(index, &frontier, |level, node| {
            let (start, end) = (node << level, (node + 1) << level);
            Ok::<_, ()>(naive.root(usize::try_from(start).unwrap(), usize::try_from(end).unwrap()))
        });
        prop_assert_eq!(proof.unwrap(), naive.path(usize::try_from(index).unwrap(), 0, size));
    }
}
