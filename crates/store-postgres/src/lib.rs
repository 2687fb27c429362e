//! Every store port on PostgreSQL (15 or later): a pool of connections, whole transactions that are run again when
//! PostgreSQL asks for it, and commits whose answer was lost settled by looking.

mod alarms;
mod changes;
mod circles;
mod cohorts;
mod commit;
mod commit_batch;
mod connect;
mod consents;
mod database;
mod duty;
mod errors;
mod exchange;
mod fact_writer;
mod facts;
mod feed;
mod file_reviews;
mod handover;
mod identity;
mod identity_rows;
mod ledger;
mod life;
mod limits;
mod lists;
mod load;
mod location;
mod locks;
mod migrate;
mod nodes;
mod openid;
mod openid_rows;
mod orders;
mod outbox;
mod password;
mod person_reads;
mod privacy;
mod reception;
mod register;
mod rows;
mod search;
mod source_names;
mod statistics;
mod tls;
mod usage;
mod views;

pub use database::DatabaseOptions;
pub use duty::{Duty, DutyLease};
pub use ledger::{PostgresLedger, PostgresLedgerRecords, PostgresLedgerStore, open_ledger};
pub use limits::PostgresLimitShares;
pub use location::{FileProblem, LocationError, StoreLocation};
pub use nodes::PostgresLogRegistry;
pub use views::PostgresSubjectIndex;

use commit::Committer;
use dancu_core::StoreError;
use database::Database;
use person_reads::PersonReads;
use source_names::SourceNames;
use std::sync::Arc;

/// The ports of every room but the ledger's, each in a file of its own name. Clones share the connections.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    database: Arc<Database>,
    committer: Arc<Committer>,
    person_reads: Arc<PersonReads>,
    sources: Arc<SourceNames>,
}

impl PostgresStore {
    /// Connects, and creates or upgrades the tables.
    pub async fn open(location: &StoreLocation, options: DatabaseOptions) -> Result<Self, StoreError> {
        let database = Arc::new(Database::open(location, options).await?);
        let committer = Arc::new(Committer::new(Arc::clone(&database)));
        let person_reads = Arc::new(PersonReads::new(Arc::clone(&database)));
        Ok(Self { database, committer, person_reads, sources: Arc::default() })
    }

    /// Closes the connections; whoever still asks gets an error.
    pub fn close(&self) {
        self.database.close();
    }
}
