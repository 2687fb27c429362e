//! The synthetic country behind the sandbox, in a folder of its own: register, log and key. Made when somebody needs it
//! first. Of the real register it knows neither file nor database.

use crate::{config::Config, failure::Failure};
use async_trait::async_trait;
use dancu_core::{Clock, Entropy, StoreError};
use dancu_exchange::{Gate, RefusalLog, SamplePerson, Sandbox, SandboxSource, VerifyService};
use dancu_ledger::{Ledger, LedgerOptions, LedgerStore, load_or_create_signer};
use dancu_places::Places;
use dancu_register::load::{LoadRequest, load};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore, open_ledger_parts};
use std::{
    fs,
    io::{BufWriter, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::OnceCell;

/// Persons of the country.
const PERSONS: u64 = 2_000;
/// Its seed: the same country in every house.
const SEED: u64 = 175;
/// Persons that are shown to try with.
const SAMPLES: usize = 10;

/// The sandbox of a data folder.
pub struct SandboxHouse {
    folder: PathBuf,
    origin: String,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    opened: OnceCell<Opened>,
}

struct Opened {
    sandbox: Arc<Sandbox>,
    store: SqliteStore,
    ledger: Arc<Ledger>,
}

impl SandboxHouse {
    /// Names the folder; nothing is there yet.
    pub fn new(config: &Config, clock: &Arc<dyn Clock>, entropy: &Arc<dyn Entropy>) -> Self {
        Self {
            folder: config.data_dir.join("sandbox"),
            origin: format!("{}/sandbox", config.log_origin),
            clock: Arc::clone(clock),
            entropy: Arc::clone(entropy),
            opened: OnceCell::new(),
        }
    }

    /// Commits what waits and closes the files.
    pub fn close(&self) {
        if let Some(opened) = self.opened.get() {
            opened.ledger.shut_down();
            opened.store.database().close();
        }
    }

    async fn open(&self) -> Result<Opened, Failure> {
        let folder = &self.folder;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| Failure::file(folder, &error))?;
        let store = SqliteStore::open(folder, DatabaseOptions { readers: 2, ..DatabaseOptions::default() })?;
        let people = folder.join("people.csv");
        if !people.exists() {
            self.write_country(&people)?;
        }
        // Loaded before, it changes nothing; broken off, it goes on.
        let request = LoadRequest::new(&people, self.clock.today());
        load(&store, &*self.clock, Places::national(), &request, &mut |_| {}).await?;
        let (mut log_store, _) = open_ledger_parts(folder)?;
        let is_new = log_store.head()?.is_none_or(|head| head.frontier.size() == 0);
        let signer = load_or_create_signer(&folder.join("keys"), &self.origin, &*self.entropy, is_new)?;
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let file = folder.join("ledger.db");
        let options = LedgerOptions::default();
        let ledger = Arc::new(Ledger::start(Box::new(log_store), file, signer, clock, entropy, options)?);
        let register = Arc::new(store.clone());
        let refusals = Arc::new(RefusalLog::default());
        let gate = Arc::new(Gate::new(register.clone(), register.clone(), register.clone()));
        let clock = Arc::clone(&self.clock);
        let verify = VerifyService::new(register, Arc::clone(&ledger), gate, refusals, clock);
        let sandbox = Arc::new(Sandbox::new(verify, samples(&people)?));
        Ok(Opened { sandbox, store, ledger })
    }

    fn write_country(&self, people: &Path) -> Result<(), Failure> {
        let part = people.with_extension("csv.part");
        let file = fs::File::create(&part).map_err(|error| Failure::file(&part, &error))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let today = self.clock.today();
        let options = dancu_synth::Options { persons: PERSONS, seed: SEED, today, sealed: false };
        dancu_synth::write_country(&options, &mut out, &mut |_| {})?;
        out.flush().and_then(|()| fs::rename(&part, people)).map_err(|error| Failure::file(&part, &error))
    }
}

/// The first persons who are alive.
fn samples(people: &Path) -> Result<Vec<SamplePerson>, Failure> {
    let unreadable = |error: csv::Error| Failure::file(people, &std::io::Error::other(error.to_string()));
    let column = |name| dancu_synth::COLUMNS.iter().position(|column| *column == name);
    let columns = ["number", "full_name", "birth_date", "sex", "life_status"].map(column);
    let mut found = Vec::new();
    for row in csv::Reader::from_path(people).map_err(unreadable)?.records() {
        let row = row.map_err(unreadable)?;
        let [number, name, birth_date, sex, life] =
            columns.map(|index| index.and_then(|index| row.get(index)).unwrap_or_default().to_owned());
        if life == "alive" {
            found.push(SamplePerson { number, name, birth_date, sex });
        }
        if found.len() == SAMPLES {
            break;
        }
    }
    Ok(found)
}

#[async_trait]
impl SandboxSource for SandboxHouse {
    async fn sandbox(&self) -> Result<Arc<Sandbox>, StoreError> {
        let opened = self.opened.get_or_try_init(|| async {
            self.open().await.map_err(|failure| {
                tracing::error!(%failure, "the sandbox cannot be opened");
                StoreError::Failed { file: self.folder.clone(), detail: failure.0.code.to_owned() }
            })
        });
        Ok(Arc::clone(&opened.await?.sandbox))
    }
}
