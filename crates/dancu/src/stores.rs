//! Where everything is kept: in files of the data folder, or in a PostgreSQL database. The log's public files and
//! the lock are in the data folder either way.

use crate::{config::Config, failure::Failure};
use dancu_changes::ChangeStore;
use dancu_copy::{CopyError, RowStore};
use dancu_exchange::{ConsentStore, ExchangeStore, LifeStore, OrderStore, PrivacyStore, UsageStore};
use dancu_feed::{ChangeSource, FeedStore};
use dancu_handover::HandoverStore;
use dancu_identity::IdentityStore;
use dancu_ledger::{LedgerParts, LedgerStore};
use dancu_reception::ReceptionStore;
use dancu_register::RegisterStore;
use dancu_search::SearchStore;
use dancu_store_postgres::{PostgresStore, StoreLocation, open_ledger};
use dancu_store_sqlite::{
    DatabaseOptions, FolderLock, LogFolder, SqliteStore, lock_data_folder, open_ledger_parts,
};
use std::{path::Path, sync::Arc};

/// Every port but the ledger's, whatever is behind it.
#[derive(Clone)]
pub struct Stores {
    /// Persons.
    pub register: Arc<dyn RegisterStore>,
    /// Events and what belongs to them.
    pub changes: Arc<dyn ChangeStore>,
    /// Connections, tokens, refusals.
    pub exchange: Arc<dyn ExchangeStore>,
    /// Histories of connections.
    pub life: Arc<dyn LifeStore>,
    /// Consents.
    pub consents: Arc<dyn ConsentStore>,
    /// Requests of persons about their data.
    pub cases: Arc<dyn PrivacyStore>,
    /// Orders of courts.
    pub orders: Arc<dyn OrderStore>,
    /// What was used of products.
    pub usage: Arc<dyn UsageStore>,
    /// Accounts and sessions.
    pub identity: Arc<dyn IdentityStore>,
    /// Visits.
    pub reception: Arc<dyn ReceptionStore>,
    /// What the feed reads of the outbox.
    pub outbox: Arc<dyn ChangeSource>,
    /// Subscribers of changes.
    pub feed: Arc<dyn FeedStore>,
    /// The index by which persons are found.
    pub search: Arc<dyn SearchStore>,
    /// The queue of a commune's node, when it is in a database; else it is in a file of its own.
    pub handover: Option<Arc<dyn HandoverStore>>,
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Stores {
    fn of<S>(store: &S, engine: Engine) -> Self
    where
        S: ChangeStore
            + LifeStore
            + ConsentStore
            + PrivacyStore
            + OrderStore
            + UsageStore
            + IdentityStore
            + ReceptionStore
            + FeedStore
            + SearchStore
            + Clone
            + 'static,
    {
        Self {
            register: Arc::new(store.clone()),
            changes: Arc::new(store.clone()),
            exchange: Arc::new(store.clone()),
            life: Arc::new(store.clone()),
            consents: Arc::new(store.clone()),
            cases: Arc::new(store.clone()),
            orders: Arc::new(store.clone()),
            usage: Arc::new(store.clone()),
            identity: Arc::new(store.clone()),
            reception: Arc::new(store.clone()),
            outbox: Arc::new(store.clone()),
            feed: Arc::new(store.clone()),
            search: Arc::new(store.clone()),
            handover: None,
            engine,
        }
    }

    /// Opens what the settings name, under the data folder's lock: files are touched under it only.
    pub async fn open(config: &Config) -> Result<(Self, FolderLock), Failure> {
        make_folder(&config.data_dir)?;
        let lock = lock_data_folder(&config.data_dir)?;
        let stores = if let Some(location) = location(config)? {
            let options = dancu_store_postgres::DatabaseOptions {
                connections_max: connections_max(config),
                ..dancu_store_postgres::DatabaseOptions::default()
            };
            let store = PostgresStore::open(&location, options).await?;
            must_be_whole(store.copied_from().await?.as_deref(), location.shown())?;
            let handover: Arc<dyn HandoverStore> = Arc::new(store.clone());
            Self { handover: Some(handover), ..Self::of(&store, Engine::Postgres(store.clone())) }
        } else {
            let options = DatabaseOptions { readers: config.readers, ..DatabaseOptions::default() };
            let store = SqliteStore::open(&config.data_dir, options)?;
            must_be_whole(store.copied_from()?.as_deref(), &config.data_dir)?;
            Self::of(&store, Engine::Sqlite(store.clone()))
        };
        Ok((stores, lock))
    }

    /// Finishes what is under way and closes files or connections.
    pub fn close(&self) {
        match &self.engine {
            Engine::Sqlite(store) => store.database().close(),
            Engine::Postgres(store) => store.close(),
        }
    }
}

/// The files of the data folder alone, for measurements of that store.
pub fn open_files(config: &Config) -> Result<(SqliteStore, FolderLock), Failure> {
    make_folder(&config.data_dir)?;
    let lock = lock_data_folder(&config.data_dir)?;
    let options = DatabaseOptions { readers: config.readers, ..DatabaseOptions::default() };
    Ok((SqliteStore::open(&config.data_dir, options)?, lock))
}

/// Connections to a database at most. One that reads waits for the server and not for a core.
pub const fn connections_max(config: &Config) -> usize {
    config.readers.saturating_mul(4)
}

/// Half a copy is no store.
fn must_be_whole(copied_from: Option<&str>, store: &Path) -> Result<(), Failure> {
    match copied_from {
        None => Ok(()),
        Some(_) => Err(CopyError::Unfinished { store: store.display().to_string() }.into()),
    }
}

/// The database that the settings name; `None` for files of the data folder.
fn location(config: &Config) -> Result<Option<StoreLocation>, Failure> {
    config.store_url.text().map(read_location).transpose()
}

/// Reads the address of a database, with the passwords that stand beside it.
pub fn read_location(text: &str) -> Result<StoreLocation, Failure> {
    Ok(StoreLocation::read(text, &|name| std::env::var_os(name))?)
}

/// Reads an address that came by the command line, which everybody on this machine sees.
pub fn read_argument(text: &str) -> Result<StoreLocation, Failure> {
    let location = read_location(text)?;
    if location.holds_password() {
        return Err(Failure::new(
            "DANCU-CLI-086",
            "Mật khẩu trong dòng lệnh thì ai trên máy này cũng thấy. Hãy để mật khẩu trong tệp (?passfile=…, PGPASSFILE) \
             hoặc đặt địa chỉ vào DANCU_STORE_URL.",
            "Everybody on this machine sees a password in a command line. Put it into a file (?passfile=…, PGPASSFILE), \
             or the address into DANCU_STORE_URL.",
        ));
    }
    Ok(location)
}

/// The ledger's store and the parts beside it.
pub fn open_ledger_of(config: &Config) -> Result<(Box<dyn LedgerStore>, LedgerParts), Failure> {
    let Some(location) = location(config)? else {
        let (store, parts) = open_ledger_parts(&config.data_dir)?;
        return Ok((Box::new(store), parts));
    };
    let (store, records, index) = open_ledger(&location)?;
    let tiles = LogFolder::open(&config.data_dir.join("log"))?;
    let parts = LedgerParts { records: Arc::new(records), tiles: Arc::new(tiles), index: Arc::new(index) };
    Ok((Box::new(store), parts))
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::file(folder, &error))
}
