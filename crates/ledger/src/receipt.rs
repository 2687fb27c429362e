//! The receipt of an answer: what a citizen, or anybody they show it to, can check alone.

use crate::{
    checkpoint::LogVerifier,
    hash::{Base64Bytes, commitment, leaf_hash},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A record with its salt and the proof that the log holds its commitment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The entry's number among all logs of the house, by which we are asked for it again. It proves nothing: the proof
    /// goes by `leaf_index` in the log that the checkpoint names.
    #[serde(default)]
    pub entry: u64,
    /// Index of the leaf, counted from 0.
    pub leaf_index: u64,
    /// Number of leaves of the tree that the proof is for.
    pub tree_size: u64,
    /// Hashes from the leaf to the root (RFC 9162, section 2.1.3), each in base64.
    pub inclusion_proof: Vec<Base64Bytes>,
    /// The signed checkpoint of that tree (C2SP tlog-checkpoint).
    pub checkpoint: String,
    /// The 32 bytes that hide the record in the log, in base64.
    pub salt: Base64Bytes,
    /// The record: the exact text that was hashed. JSON within JSON, so that no reader changes a byte.
    pub record: String,
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").field("leaf_index", &self.leaf_index).finish_non_exhaustive()
    }
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The checkpoint is not of this log or not signed by its key.
    #[error("the checkpoint is not signed by the log's key")]
    Checkpoint,
    /// The checkpoint is of a tree of another size than the receipt says.
    #[error("the checkpoint is of another tree")]
    Size,
    /// Record, salt and proof do not lead to the root of the checkpoint.
    #[error("the proof does not lead from the record to the checkpoint")]
    Proof,
}

impl Receipt {
    /// Checks the whole chain: record and salt to entry, entry to root, root to signature.
    pub fn verify(&self, verifier: &LogVerifier) -> Result<(), ReceiptError> {
        let head = verifier.open(&self.checkpoint).ok_or(ReceiptError::Checkpoint)?;
        if head.size != self.tree_size {
            return Err(ReceiptError::Size);
        }
        let leaf = leaf_hash(&commitment(&self.salt.0, self.record.as_bytes()));
        let proof = self.inclusion_proof.iter().map(|hash| tlog_tiles::Hash(hash.0)).collect();
        let (root, leaf) = (tlog_tiles::Hash(head.root), tlog_tiles::Hash(leaf));
        tlog_tiles::check_record(&proof, head.size, root, self.leaf_index, leaf)
            .map_err(|_| ReceiptError::Proof)
    }
}
