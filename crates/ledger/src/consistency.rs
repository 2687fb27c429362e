//! That a tree begins with an earlier one: proofs out of the tiles (RFC 6962, section 2.1.2), and earlier roots.

use crate::{
    checkpoint::TreeHead,
    error::LedgerError,
    hash::{Hash, empty_root},
    public_log::{PublicLog, Published},
};
use std::{cell::RefCell, fmt, sync::Arc};
use tlog_tiles::HashReader;

/// A published tree that stands still while it is proved about.
#[derive(Clone)]
pub struct PublishedTree(Arc<Published>);

impl fmt::Debug for PublishedTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublishedTree({})", self.size())
    }
}

impl PublishedTree {
    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.0.frontier.size()
    }

    /// Its checkpoint, as we signed it.
    pub fn checkpoint(&self) -> &Arc<str> {
        &self.0.checkpoint
    }
}

/// Nodes out of tiles for a library that asks by its own numbers. What went wrong is kept, since the library cannot say it.
struct Nodes<'a> {
    log: &'a PublicLog,
    tree: &'a PublishedTree,
    failure: RefCell<Option<LedgerError>>,
}

impl HashReader for Nodes<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let read = |index: &u64| {
            let (level, node) = tlog_tiles::split_stored_hash_index(*index);
            self.log.source.node(&self.tree.0.tail, level.into(), node).map(tlog_tiles::Hash)
        };
        indexes.iter().map(read).collect::<Result<_, _>>().map_err(|error| {
            self.failure.replace(Some(error));
            tlog_tiles::Error::InvalidInput("a tile".into())
        })
    }
}

impl PublicLog {
    /// The tree that is published at present.
    pub fn tree(&self) -> PublishedTree {
        PublishedTree(self.published())
    }

    /// The proof that a published tree of this log begins with its first `size` entries. Of none and of all there is
    /// nothing to prove.
    pub fn prove_consistency(&self, tree: &PublishedTree, size: u64) -> Result<Vec<Hash>, LedgerError> {
        if size == 0 {
            return Ok(Vec::new());
        }
        if size > tree.size() {
            return Err(LedgerError::Index { index: size - 1, size: tree.size() });
        }
        let nodes = Nodes { log: self, tree, failure: RefCell::default() };
        let proof = tlog_tiles::prove_tree(tree.size(), size, &nodes);
        proof.map(|hashes| hashes.into_iter().map(|hash| hash.0).collect()).map_err(|_| {
            let failure = nodes.failure.take();
            failure.unwrap_or(LedgerError::Index { index: size - 1, size: tree.size() })
        })
    }

    /// The root over the first `size` entries, out of the tiles; `None` when so many are not published yet.
    pub fn root_at(&self, size: u64) -> Result<Option<Hash>, LedgerError> {
        let tree = self.tree();
        if size == 0 {
            return Ok(Some(empty_root()));
        }
        if size > tree.size() {
            return Ok(None);
        }
        let nodes = Nodes { log: self, tree: &tree, failure: RefCell::default() };
        let root = tlog_tiles::tree_hash(size, &nodes).map_err(|_| {
            let failure = nodes.failure.take();
            failure.unwrap_or(LedgerError::Index { index: size - 1, size: tree.size() })
        })?;
        Ok(Some(root.0))
    }
}

impl TreeHead {
    /// Whether a proof shows that this tree begins with an earlier one (RFC 6962, section 2.1.2). That it begins with the
    /// empty tree needs no proof, and none may be given.
    pub fn begins_with(&self, earlier: &Self, proof: &[Hash]) -> bool {
        if earlier.size == 0 {
            let is_empty = |head: &Self| head.size > 0 || head.root == empty_root();
            return proof.is_empty() && is_empty(earlier) && is_empty(self);
        }
        let proof: Vec<_> = proof.iter().copied().map(tlog_tiles::Hash).collect();
        let (root, earlier_root) = (tlog_tiles::Hash(self.root), tlog_tiles::Hash(earlier.root));
        tlog_tiles::check_tree(&proof, self.size, root, earlier.size, earlier_root).is_ok()
    }
}
