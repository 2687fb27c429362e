use super::*;
use crate::hash::leaf_hash;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn leaf(number: u64) -> Hash {
    leaf_hash(&Sha256::digest(number.to_be_bytes()).into())
}

fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(leaf).collect()
}

/// MTH of RFC 6962, section 2.1, word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [only] => *only,
        _ => {
            let split = 1 << (leaves.len() - 1).ilog2();
            node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
        }
    }
}

/// PATH of RFC 6962, section 2.1.1, word for word.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return vec![];
    }
    let split = 1 << (leaves.len() - 1).ilog2();
    let (left, right) = leaves.split_at(split);
    let (mut path, sibling) = if index < split {
        (naive_path(index, left), naive_root(right))
    } else {
        (naive_path(index - split, right), naive_root(left))
    };
    path.push(sibling);
    path
}

fn assert_accepted_by_tlog_tiles(proof: &[Hash], index: u64, size: u64, root: Hash) {
    let proof = proof.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
    tlog_tiles::check_record(&proof, size, tlog_tiles::Hash(root), index, tlog_tiles::Hash(leaf(index)))
        .expect("an independent verifier accepts the proof");
}

fn assert_batch(batch: &BatchTree, all: &[Hash]) {
    let size = all.len() as u64;
    let root = naive_root(all);
    assert_eq!(batch.after().size(), size);
    assert_eq!(batch.after().root(), root, "root of {size}");
    for index in batch.first()..size {
        let proof = batch.proof(index).unwrap();
        assert_eq!(proof, naive_path(usize::try_from(index).unwrap(), all), "leaf {index} of {size}");
        assert_accepted_by_tlog_tiles(&proof, index, size, root);
    }
    assert!(batch.proof(size).is_none());
    assert!(batch.first() == 0 || batch.proof(batch.first() - 1).is_none());
}

#[test]
fn every_size_to_300_agrees_with_the_definition_when_appended_at_once_and_one_by_one() {
    let mut single = Frontier::default();
    assert_eq!(single.root(), empty_root());
    for size in 1..=300 {
        let all = leaves(0..size);
        assert_batch(&BatchTree::append(&Frontier::default(), all.clone()), &all);
        let batch = BatchTree::append(&single, leaves(size - 1..size));
        assert_batch(&batch, &all);
        single = batch.after().clone();
    }
}

#[test]
fn every_split_of_small_trees_agrees_with_the_definition() {
    for size in 1..=40 {
        let all = leaves(0..size);
        for split in 0..size {
            let before = BatchTree::append(&Frontier::default(), leaves(0..split));
            assert_batch(&BatchTree::append(before.after(), leaves(split..size)), &all);
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
        let mut all = vec![];
        for count in sizes {
            let first = frontier.size();
            all.extend(leaves(first..first + count));
            let batch = BatchTree::append(&frontier, leaves(first..first + count));
            prop_assert_eq!(batch.after().root(), naive_root(&all));
            let index = first + probe % count;
            let proof = batch.proof(index).unwrap();
            prop_assert_eq!(&proof, &naive_path(usize::try_from(index).unwrap(), &all));
            assert_accepted_by_tlog_tiles(&proof, index, batch.after().size(), batch.after().root());
            frontier = batch.after().clone();
        }
        // Any older leaf can be proven where all full nodes can be had.
        let index = probe % frontier.size();
        let proof = prove(index, &frontier, |level, node| {
            let (start, end) = (node << level, (node + 1) << level);
            Ok::<_, ()>(naive_root(&all[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()]))
        });
        prop_assert_eq!(proof.unwrap(), naive_path(usize::try_from(index).unwrap(), &all));
    }
}
