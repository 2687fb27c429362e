//! What the tests of every room share: a clock that stands until it is moved, entropy from a seed, and one
//! contract suite per store port, which every store must pass.

mod alarm_suite;
mod changes_memory;
mod changes_suite;
mod cohort_suite;
mod consent_memory;
mod consent_suite;
mod doubles;
mod exchange_suite;
mod feed_memory;
mod feed_suite;
mod file_review_suite;
mod handover_suite;
mod identity_suite;
mod ledger_memory;
mod ledger_suite;
mod life_suite;
mod limits_memory;
mod official;
mod openid_suite;
mod order_suite;
mod postgres;
mod privacy_suite;
mod reception_suite;
mod register_suite;
mod search_suite;
mod statistics_suite;
mod usage_suite;

pub use alarm_suite::alarm_suite;
pub use changes_memory::MemoryChanges;
pub use changes_suite::changes_suite;
pub use cohort_suite::cohort_suite;
pub use consent_memory::MemoryConsents;
pub use consent_suite::consent_suite;
pub use doubles::{FakeClock, SeededEntropy};
pub use exchange_suite::exchange_suite;
pub use feed_memory::MemoryFeed;
pub use feed_suite::feed_store_suite;
pub use file_review_suite::file_review_suite;
pub use handover_suite::handover_suite;
pub use identity_suite::identity_suite;
pub use ledger_memory::{
    CommitFault, FaultyLedger, MemoryIndex, MemoryLedger, MemoryTiles, memory_ledger_parts,
};
pub use ledger_suite::{
    SharingNode, ledger_store_suite, limit_shares_suite, subject_index_suite, tile_files_suite,
};
pub use life_suite::life_suite;
pub use limits_memory::{CountingLedger, SharedLimits, SharedLimitsOf};
pub use official::{bring_to, make_official};
pub use openid_suite::{SignInStore, openid_suite};
pub use order_suite::order_suite;
pub use postgres::{PostgresCluster, TcpServer};
pub use privacy_suite::privacy_suite;
pub use reception_suite::reception_suite;
pub use register_suite::register_suite;
pub use search_suite::search_suite;
pub use statistics_suite::statistics_suite;
pub use usage_suite::usage_suite;
