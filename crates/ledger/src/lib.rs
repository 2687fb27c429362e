//! The ledger of disclosures: nothing is told about a person before it is durable in a transparency log that
//! anybody can check and that tells nothing about anyone.
//!
//! A disclosure is a [`Record`]. Its salted commitment is an entry of a log in the format of C2SP tlog-tiles.
//! [`Ledger`] commits records in groups, with the counts of the daily limits, and answers with a [`Receipt`].
//! [`PublicLog`] and [`Publisher`] derive the published files and the index by person. [`check`] verifies all
//! of it from its files.

mod check;
mod checkpoint;
mod committer;
mod consistency;
mod cosigned;
mod error;
mod findings;
mod hash;
mod key_file;
mod ledger;
mod logs;
mod metrics;
mod node;
mod ports;
mod public_log;
mod publisher;
mod queue;
mod quota;
mod receipt;
mod record;
mod serve;
mod shares;
mod tail;
mod tile_path;
mod tiles;
mod tree;

pub use check::{CheckReport, Progress, check, repair};
pub use checkpoint::{KeyPair, LogSigner, LogVerifier, TreeHead, generate_key};
pub use committer::{CommitOptions, Disclosed};
pub use consistency::PublishedTree;
pub use error::LedgerError;
pub use findings::Finding;
pub use hash::{Base64Bytes, COMMITMENT_CONTEXT, Hash, commitment, empty_root, leaf_hash, node_hash};
pub use key_file::{
    HeldKey, PUBLIC_KEY_FILE, SECRET_KEY_FILE, load_or_create_node_signer, load_or_create_signer,
    load_verifier, public_key_file, read_key_file, secret_key_file, write_key_file, write_public_key,
};
pub use ledger::{Ledger, LedgerOptions};
pub use logs::{Bookmark, Logs, LogsPage};
pub use metrics::{LedgerHealth, LedgerMetrics};
pub use node::{FollowedParts, KnownLog, LogNumber, LogRegistry, LogSource, NodeName, NodeNameError};
pub use ports::{
    Batch, Head, LedgerParts, LedgerRecords, LedgerStore, NewRecord, QuotaCount, StoredRecord, SubjectIndex,
    TileFiles,
};
pub use public_log::PublicLog;
pub use publisher::Publisher;
pub use quota::{Exhausted, NoPlace, Reservation};
pub use receipt::{Receipt, ReceiptError};
pub use record::{Channel, Draft, Organisation, RECORD_VERSION, Record, Under};
pub use serve::{Disclosure, DisclosurePage, PAGE_MAX, Page};
pub use shares::{LimitShares, Share, ShareAsk, share_of};
pub use tile_path::{ENTRY_LENGTH, TILE_WIDTH, TileKind, TilePath};
pub use tree::{BatchTree, Frontier, prove};
