//! A log that is written by hand, and what the watch needs beside it.

use dancu_alarms::{Alarm, AlarmList, AlarmService, AlarmStore, Counting, Watch, WatchParts, WatchSummary};
use dancu_core::{Clock, PersonalNumber, StoreError, today_in_viet_nam};
use dancu_exchange::{Author, ConnectionsDocument, Directory, LifeService};
use dancu_ledger::{
    Channel, Head, LedgerRecords, Organisation, QuotaCount, RECORD_VERSION, Record, StoredRecord,
};
use dancu_places::Places;
use dancu_register::load::{LoadRequest, load};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::{FakeClock, make_official};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;

pub const LOG: &str = "dancu.test/log";

/// Records in memory, as the ledger stores them.
#[derive(Default)]
pub struct HandLog(Mutex<Vec<(Date, PersonalNumber, Vec<u8>)>>);

impl LedgerRecords for HandLog {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(None)
    }

    fn scan(
        &self,
        first: u64,
        limit: u64,
        visit: &mut dyn FnMut(StoredRecord<'_>),
    ) -> Result<(), StoreError> {
        let rows = self.0.lock().unwrap();
        let skipped = rows.iter().skip(usize::try_from(first).unwrap());
        for (index, (day, subject, record)) in (first..).zip(skipped.take(usize::try_from(limit).unwrap())) {
            visit(StoredRecord { index, contract: "", day: *day, subject: *subject, record, salt: &[0; 32] });
        }
        Ok(())
    }

    fn quota_counts(&self, _: Date) -> Result<Vec<QuotaCount>, StoreError> {
        Ok(Vec::new())
    }

    fn maintain(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn location(&self) -> PathBuf {
        "memory/ledger.db".into()
    }
}

/// A look to be written.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub at: &'a str,
    pub client: &'a str,
    pub reference: &'a str,
    pub channel: Channel,
    pub subject: u64,
    pub answer: &'a str,
}

/// A look of the bank at a person, in its hours, which finds them.
pub const ASKED: Asked<'static> = Asked {
    at: "2026-11-23T03:00:00Z",
    client: "bank",
    reference: "",
    channel: Channel::Api,
    subject: 1_090_000_017,
    answer: "match",
};

pub struct World {
    pub logs: Vec<Arc<HandLog>>,
    pub store: SqliteStore,
    pub clock: Arc<FakeClock>,
    pub directory: Arc<Directory>,
    pub service: AlarmService,
    pub life: Arc<LifeService>,
    _folder: TempDir,
}

impl World {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap();
        let clock = Arc::new(FakeClock::at("2026-11-23T03:00:00Z"));
        let people = folder.path().join("people.csv");
        std::fs::write(&people, include_str!("people.csv")).unwrap();
        let request = LoadRequest::new(&people, clock.today());
        let report = load(&store, &*clock, Places::national(), &request, &mut |_| {}).await.unwrap();
        assert_eq!((report.added, report.progress.rejected), (5, 0));
        let directory = Arc::new(Directory::default());
        connect(&store, &directory, &clock).await;
        let life = LifeService::new(Arc::new(store.clone()), Arc::clone(&directory), clock.clone());
        let life = Arc::new(life);
        let service = AlarmService::new(Arc::new(store.clone()), Arc::clone(&life), clock.clone());
        let logs = vec![Arc::new(HandLog::default()), Arc::new(HandLog::default())];
        Self { logs, store, clock, directory, service, life, _folder: folder }
    }

    /// Writes a look into the first log.
    pub fn ask(&self, asked: Asked<'_>) {
        self.ask_in(0, asked);
    }

    pub fn ask_in(&self, log: usize, asked: Asked<'_>) {
        let time: Timestamp = asked.at.parse().unwrap();
        let subject = PersonalNumber::from_value(asked.subject).unwrap();
        let contract = format!("c-{}", asked.client);
        let record = Record {
            version: RECORD_VERSION,
            time,
            counted_on: today_in_viet_nam(time),
            organisation: Organisation {
                id: format!("o-{}", asked.client), name: "Nơi \"Thử\"".to_owned()
            },
            client: asked.client.to_owned(),
            contract,
            subject,
            purpose: "a".to_owned(),
            legal_basis: "a".to_owned(),
            asked: vec!["name".to_owned()],
            outcome: vec![("name".to_owned(), asked.answer.to_owned())],
            channel: asked.channel,
            reference: asked.reference.to_owned(),
            consent: None,
            visible_from: None,
            order: None,
            product: None,
        };
        self.logs[log].0.lock().unwrap().push((today_in_viet_nam(time), subject, record.to_bytes()));
    }

    /// A watch as after a start.
    pub async fn watch(&self) -> Watch {
        let log = |place: usize| {
            let records: Arc<dyn LedgerRecords> = self.logs[place].clone();
            (format!("{LOG}{place}"), records)
        };
        let parts = WatchParts {
            logs: vec![log(0), log(1)],
            store: Arc::new(self.store.clone()),
            register: Arc::new(self.store.clone()),
            directory: Arc::clone(&self.directory),
            clock: self.clock.clone(),
        };
        Watch::open(parts).await.unwrap()
    }

    /// What a watch that starts now finds.
    pub async fn found(&self) -> (WatchSummary, Vec<Alarm>) {
        let summary = self.watch().await.round(Counting::Now).await.unwrap();
        (summary, self.store.alarms(AlarmList::Open, None, 99).await.unwrap())
    }
}

async fn connect(store: &SqliteStore, directory: &Arc<Directory>, clock: &Arc<FakeClock>) {
    let names: Vec<String> = ["bank", "desk"]
        .iter()
        .map(|name| (*name).to_owned())
        .chain((0..12).map(|n| format!("shop-{n}")))
        .collect();
    let contracts = names.iter().map(|name| {
        let mut contract = json!({
            "id": format!("c-{name}"), "client": name, "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
            "fields": ["name"], "daily_limit": 1000, "per_second_max": 9, "limit_reason": "a",
            "valid_from": "2026-01-01", "service_hours": "07:00–17:00",
        });
        if name == "bank" {
            contract["caseload"] = json!({
                "stated_on": "2026-11-22", "visits_per_day": 100, "queries_per_100_visits": 100, "branches": 1,
                "opening_hours": 10, "peak_hour_percent": 20, "busiest_day_percent": 100,
                "growth_percent_per_year": 0,
            });
        }
        contract
    });
    let document: ConnectionsDocument = serde_json::from_value(json!({
        "organisations": names.iter().map(|name| json!({ "id": format!("o-{name}"), "name_vi": "A", "name_en": "A" }))
            .collect::<Vec<_>>(),
        "clients": names.iter().map(|name| json!({ "id": name, "organisation": format!("o-{name}") }))
            .collect::<Vec<_>>(),
        "contracts": contracts.collect::<Vec<_>>(),
    }))
    .unwrap();
    document.apply(store, directory, &Author::console(), clock.now()).await.unwrap();
    make_official(store, directory, clock.now()).await;
}
