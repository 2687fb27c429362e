//! Where everything is kept: in files of the data folder, or in a PostgreSQL database. The log's public files and
//! the lock are in the data folder either way.

use crate::{config::Config, failure::Failure};
use dancu_alarms::AlarmStore;
use dancu_changes::ChangeStore;
use dancu_copy::{CopyError, RowStore};
use dancu_core::{Clock, StoreError};
use dancu_exchange::{
    CohortStore, ConsentStore, ExchangeStore, FileReviewService, FileReviewStore, LifeStore, OrderStore,
    PrivacyStore, RefusalLog, UsageStore,
};
use dancu_feed::{ChangeSource, FeedStore};
use dancu_handover::HandoverStore;
use dancu_identity::IdentityStore;
use dancu_ledger::{
    KnownLog, LedgerError, LedgerParts, LedgerStore, LimitShares, LogNumber, LogRegistry, LogSource,
    QuotaCount, TileFiles,
};
use dancu_openid::OpenIdStore;
use dancu_reception::ReceptionStore;
use dancu_register::RegisterStore;
use dancu_search::SearchStore;
use dancu_statistics::{StatisticsService, StatisticsStore};
use dancu_store_postgres::{Duty, DutyLease, PostgresStore, StoreLocation, open_ledger};
use dancu_store_sqlite::{
    DatabaseOptions, FolderLock, LogFolder, SqliteLogRegistry, SqliteStore, lock_data_folder,
    open_ledger_parts,
};
use jiff::civil::Date;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

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
    /// Doubtful pairs of files.
    pub file_reviews: Arc<dyn FileReviewStore>,
    /// Extracts of cohorts.
    pub cohorts: Arc<dyn CohortStore>,
    /// Numbers of persons.
    pub statistics: Arc<dyn StatisticsStore>,
    /// What was used of products.
    pub usage: Arc<dyn UsageStore>,
    /// Alarms about looks.
    pub alarms: Arc<dyn AlarmStore>,
    /// Accounts and sessions.
    pub identity: Arc<dyn IdentityStore>,
    /// Sign-ins at portals.
    pub openid: Arc<dyn OpenIdStore>,
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
    /// Numbers of persons, behind the doors.
    pub fn statistics_service(
        &self,
        refusals: &Arc<RefusalLog>,
        clock: &Arc<dyn Clock>,
    ) -> StatisticsService {
        StatisticsService::new(Arc::clone(&self.statistics), Arc::clone(refusals), Arc::clone(clock))
    }

    /// Doubtful pairs of files, behind the pages.
    pub fn file_review_service(&self, clock: &Arc<dyn Clock>) -> FileReviewService {
        FileReviewService::new(Arc::clone(&self.file_reviews), Arc::clone(clock))
    }

    fn of<S>(store: &S, engine: Engine) -> Self
    where
        S: ChangeStore
            + LifeStore
            + ConsentStore
            + PrivacyStore
            + OrderStore
            + CohortStore
            + StatisticsStore
            + FileReviewStore
            + UsageStore
            + AlarmStore
            + IdentityStore
            + OpenIdStore
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
            file_reviews: Arc::new(store.clone()),
            cohorts: Arc::new(store.clone()),
            statistics: Arc::new(store.clone()),
            usage: Arc::new(store.clone()),
            alarms: Arc::new(store.clone()),
            identity: Arc::new(store.clone()),
            openid: Arc::new(store.clone()),
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

    /// Takes a duty that one node does at a time; `None` while another has it.
    pub async fn take_duty(&self, duty: Duty) -> Result<Option<HeldDuty>, StoreError> {
        match &self.engine {
            // Whoever has the folder's lock has every duty.
            Engine::Sqlite(_) => Ok(Some(HeldDuty(None))),
            Engine::Postgres(store) => Ok(store.take_duty(duty).await?.map(|lease| HeldDuty(Some(lease)))),
        }
    }

    /// Finishes what is under way and closes files or connections.
    pub fn close(&self) {
        match &self.engine {
            Engine::Sqlite(store) => store.database().close(),
            Engine::Postgres(store) => store.close(),
        }
    }
}

/// A duty of this node.
pub struct HeldDuty(Option<DutyLease>);

impl HeldDuty {
    /// Whether it still is this node's.
    pub async fn is_held(&self) -> bool {
        match &self.0 {
            None => true,
            Some(lease) => lease.is_held().await,
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

/// The ledger of this node, and what it knows of the others.
pub struct OpenLedger {
    /// The committer's store.
    pub store: Box<dyn LedgerStore>,
    /// The parts beside it.
    pub parts: LedgerParts,
    /// The logs of all nodes.
    pub registry: Arc<dyn LogRegistry>,
    /// Where limits are shared with other nodes; files have one node alone.
    pub shares: Option<Arc<dyn LimitShares>>,
}

/// Opens this node's ledger.
pub fn open_ledger_of(config: &Config) -> Result<OpenLedger, Failure> {
    let Some(location) = location(config)? else {
        if !config.node.is_main() {
            return Err(needs_database(config));
        }
        let (store, parts) = open_ledger_parts(&config.data_dir)?;
        let registry = Arc::new(SqliteLogRegistry::open(&config.data_dir)?);
        return Ok(OpenLedger { store: Box::new(store), parts, registry, shares: None });
    };
    let mut opened = open_ledger(&location, &config.node).map_err(|error| match error {
        StoreError::InUse { .. } => node_runs(config),
        error => error.into(),
    })?;
    let tiles = LogFolder::open(&config.data_dir.join("log"))?;
    let parts = LedgerParts {
        log: opened.log,
        records: Arc::new(opened.records),
        tiles: Arc::new(tiles),
        index: Arc::new(opened.index),
    };
    let shares: Arc<dyn LimitShares> = Arc::new(opened.store.share_limits());
    let registry = Arc::new(opened.registry);
    Ok(OpenLedger { store: Box::new(opened.store), parts, registry, shares: Some(shares) })
}

fn needs_database(config: &Config) -> Failure {
    let node = &config.node;
    Failure::new(
        "DANCU-CLI-087",
        format!(
            "Nút “{node}” cần cơ sở dữ liệu chung: hãy đặt store_url. Kho tệp chỉ có một nút, tên “main”."
        ),
        format!("Node “{node}” needs the common database: set store_url. Files have one node, “main”."),
    )
}

fn node_runs(config: &Config) -> Failure {
    let node = &config.node;
    Failure::new(
        "DANCU-CLI-088",
        format!(
            "Nút “{node}” đang chạy ở nơi khác trên cơ sở dữ liệu này. Hãy dừng nó, hoặc đặt tên khác bằng --node."
        ),
        format!(
            "Node “{node}” runs elsewhere over this database. Stop it, or give another name with --node."
        ),
    )
}

/// What the logs of other nodes are followed with: their tiles have folders of their own here.
pub struct OtherLogs {
    registry: Arc<dyn LogRegistry>,
    folder: PathBuf,
}

impl OtherLogs {
    /// In `logs/` of the data folder.
    pub fn new(registry: Arc<dyn LogRegistry>, config: &Config) -> Self {
        Self { registry, folder: config.data_dir.join("logs") }
    }

    /// What the other nodes' logs counted on a day and the one before.
    pub fn counts_of_others(&self, own: LogNumber, day: Date) -> Result<Vec<QuotaCount>, Failure> {
        let from_day = day.yesterday().unwrap_or(day);
        let mut counts = Vec::new();
        for known in self.registry.logs()?.iter().filter(|known| known.number != own) {
            counts.extend(self.registry.open(known)?.0.quota_counts(from_day)?);
        }
        Ok(counts)
    }

    /// Whether there is any log beside this node's, or may come to be one while it runs.
    pub fn are_possible(&self, config: &Config, own: LogNumber) -> Result<bool, Failure> {
        let is_shared = config.store_url.text().is_some();
        Ok(is_shared || self.registry.logs()?.iter().any(|known| known.number != own))
    }
}

impl LogSource for OtherLogs {
    fn logs(&self) -> Result<Vec<KnownLog>, StoreError> {
        self.registry.logs()
    }

    fn parts(&self, log: &KnownLog) -> Result<LedgerParts, LedgerError> {
        let tiles: Arc<dyn TileFiles> = Arc::new(LogFolder::open(&self.folder.join(log.name.as_str()))?);
        let (records, index) = self.registry.open(log)?;
        Ok(LedgerParts { log: log.number, records, tiles, index })
    }
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::file(folder, &error))
}
