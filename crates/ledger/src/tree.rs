//! The Merkle tree in memory: only its right edge, and the nodes that prove the leaves of the newest batch.

use crate::hash::{Hash, empty_root, node_hash};

/// The peaks of a tree: the roots of its perfect subtrees from left (largest) to right, one for each bit set
/// in its size. All that is needed to append.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Takes a stored frontier; `None` when the number of peaks does not fit the size.
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (size.count_ones() as usize == peaks.len()).then_some(Self { size, peaks })
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The peaks, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root (RFC 6962, section 2.1).
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(&smallest) = peaks.next() else { return empty_root() };
        peaks.fold(smallest, |right, left| node_hash(left, &right))
    }

    /// The peak of 2^level leaves, when the size has that bit.
    fn peak(&self, level: u32) -> Option<Hash> {
        if self.size >> level & 1 == 0 {
            return None;
        }
        let larger = (self.size >> level >> 1).count_ones() as usize;
        self.peaks.get(larger).copied()
    }

    /// The nodes that are cut by the right edge, by level: at level `l` the hash over the leaves that do not
    /// fill a subtree of 2^l.
    fn ragged(&self) -> Vec<Option<Hash>> {
        let mut ragged = Vec::with_capacity(64);
        let mut edge = None;
        for level in 0..u64::BITS - self.size.leading_zeros() {
            ragged.push(edge);
            if let Some(left) = self.peak(level) {
                edge = Some(edge.map_or(left, |right| node_hash(&left, &right)));
            }
        }
        ragged
    }
}

/// The path from a leaf to the root of a tree with `size` leaves, in the order of RFC 9162 (leaf to root).
///
/// `complete` gives the node `(level, index)` of a full subtree. `ragged` are the cut nodes by level.
fn path<E>(
    index: u64,
    size: u64,
    ragged: &[Option<Hash>],
    mut complete: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut proof = Vec::with_capacity(ragged.len());
    let mut level = 0;
    while (size - 1) >> level > 0 {
        let node = index >> level;
        if node % 2 == 1 {
            proof.push(complete(level, node - 1)?);
        } else if node + 1 < size >> level {
            proof.push(complete(level, node + 1)?);
        } else if node < (size - 1) >> level {
            proof.extend(ragged.get(level as usize).copied().flatten());
        }
        level += 1;
    }
    Ok(proof)
}

/// The path of any leaf, where `complete` can give every full node, e.g. from tiles.
/// `index` must be below the size of the frontier.
pub fn prove<E>(
    index: u64,
    frontier: &Frontier,
    complete: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    path(index, frontier.size, &frontier.ragged(), complete)
}

/// One batch of new leaves on top of a frontier: proofs for these leaves and the frontier that follows.
/// The frontier below is not touched, so a batch that could not be stored is simply dropped.
#[derive(Debug)]
pub struct BatchTree {
    first: u64,
    after: Frontier,
    ragged: Vec<Option<Hash>>,
    levels: Vec<Level>,
}

/// Neighbouring full nodes of one level; the first has an even index, so every node lies beside its sibling.
#[derive(Debug)]
struct Level {
    start: u64,
    nodes: Vec<Hash>,
}

impl BatchTree {
    /// Appends leaves (their hashes) to a frontier.
    pub fn append(before: &Frontier, leaves: Vec<Hash>) -> Self {
        let first = before.size;
        let size = first + leaves.len() as u64;
        let mut levels = Vec::with_capacity(40);
        let mut nodes = leaves;
        for level in 0..(u64::BITS - size.leading_zeros()) {
            // Here `nodes` are the full nodes of this level from index `first >> level` on.
            if let Some(peak) = before.peak(level) {
                nodes.insert(0, peak);
            }
            let parents = nodes.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            levels.push(Level { start: (first >> level) & !1, nodes });
            nodes = parents;
        }
        let whole = levels.iter().enumerate().rev().filter(|(level, _)| size >> level & 1 == 1);
        let peaks = whole.filter_map(|(_, row): (usize, &Level)| row.nodes.last().copied()).collect();
        let after = Frontier { size, peaks };
        Self { first, ragged: after.ragged(), after, levels }
    }

    /// The index of the first leaf of this batch.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The frontier of the tree with this batch.
    pub const fn after(&self) -> &Frontier {
        &self.after
    }

    /// The path of a leaf of this batch to the root of the tree with this batch; `None` for any other leaf.
    pub fn proof(&self, index: u64) -> Option<Vec<Hash>> {
        if index < self.first || index >= self.after.size {
            return None;
        }
        path(index, self.after.size, &self.ragged, |level, node| {
            let row = self.levels.get(level as usize).ok_or(())?;
            let at = usize::try_from(node.checked_sub(row.start).ok_or(())?).map_err(|_| ())?;
            row.nodes.get(at).copied().ok_or(())
        })
        .ok()
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
