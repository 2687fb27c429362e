//! Every store port on embedded SQLite files: one writer thread a file, readers in the callers' threads.

mod alarms;
mod changes;
mod circles;
mod cohorts;
mod commit;
mod connection;
mod consents;
mod database;
mod errors;
mod events;
mod exchange;
mod facts;
mod feed;
mod file_reviews;
mod findings;
mod handover;
mod identity;
mod identity_rows;
mod ledger;
mod life;
mod migrate;
mod openid;
mod openid_rows;
mod orders;
mod outbox;
mod privacy;
mod proposals;
mod reception;
mod register;
mod rows;
mod search;
mod search_runs;
mod statistics;
mod stays;
mod tiles;
mod usage;
mod views;
mod writer;

pub use connection::{ConnectionRole, FolderLock, lock_data_folder, open_connection};
pub use database::{Database, DatabaseCounts, DatabaseOptions};
pub use errors::{io_error, store_error};
pub use handover::SqliteHandover;
pub use ledger::{SqliteLedgerRecords, SqliteLedgerStore, SqliteLogRegistry, open_ledger, open_ledger_parts};
pub use migrate::register_migrations;
pub use rows::SqliteRows;
pub use tiles::LogFolder;
pub use views::SqliteSubjectIndex;

use dancu_core::StoreError;
use std::{path::Path, sync::Arc};

/// The ports of the rooms that share `register.db`, each in a file of its own name. Clones share the database.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    database: Arc<Database>,
}

impl SqliteStore {
    /// Opens `register.db` in a data folder, which the caller has locked with [`lock_data_folder`].
    pub fn open(folder: &Path, options: DatabaseOptions) -> Result<Self, StoreError> {
        let database = Database::open(&folder.join("register.db"), &register_migrations(), options)?;
        Ok(Self { database: Arc::new(database) })
    }

    /// The database below, for counts and for closing.
    pub fn database(&self) -> &Database {
        &self.database
    }
}
