//! The hashes of the log: RFC 6962 leaves and nodes, and the salted commitment of a record.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// What separates this commitment from every other use of SHA-256.
pub const COMMITMENT_CONTEXT: &[u8] = b"dancu/disclosure/v1\n";

/// SHA-256(`dancu/disclosure/v1\n` ‖ salt ‖ record): the entry of the log that stands for a record.
pub fn commitment(salt: &[u8; 32], record: &[u8]) -> Hash {
    Sha256::new().chain_update(COMMITMENT_CONTEXT).chain_update(salt).chain_update(record).finalize().into()
}

/// The leaf of an entry (RFC 6962, section 2.1): SHA-256(0x00 ‖ entry).
pub fn leaf_hash(entry: &Hash) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The parent of two nodes (RFC 6962, section 2.1): SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The root of a perfect subtree over a power of two of nodes.
pub fn perfect_root(nodes: &[Hash]) -> Hash {
    debug_assert!(nodes.len().is_power_of_two());
    if let [only] = nodes {
        return *only;
    }
    let (left, right) = nodes.split_at(nodes.len() / 2);
    node_hash(&perfect_root(left), &perfect_root(right))
}

/// Thirty-two bytes that JSON carries as standard base64 (44 characters).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base64Bytes(pub Hash);

impl Serialize for Base64Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 44];
        STANDARD.encode_slice(self.0, &mut text).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Base64Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| D::Error::custom("expected 32 bytes in base64"))
    }
}
