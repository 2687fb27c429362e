//! A ledger over memory stores, and the people its tests ask about.

use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::{
    Channel, CommitOptions, Disclosed, Draft, Ledger, LedgerError, LedgerOptions, LedgerParts, LedgerStore,
    LogNumber, LogSigner, Under, generate_key,
};
use dancu_testkit::{FakeClock, MemoryIndex, MemoryLedger, MemoryTiles, SeededEntropy, memory_ledger_parts};
use std::sync::Arc;

pub const ORIGIN: &str = "dancu.example/log";

/// Everything that outlives a restart, and the clock.
pub struct World {
    pub records: MemoryLedger,
    pub tiles: MemoryTiles,
    pub index: MemoryIndex,
    pub clock: Arc<FakeClock>,
    pub entropy: Arc<SeededEntropy>,
    pub options: LedgerOptions,
}

pub fn signer() -> LogSigner {
    signer_of(LogNumber::FIRST)
}

pub fn signer_of(log: LogNumber) -> LogSigner {
    let origin = if log == LogNumber::FIRST { ORIGIN.to_owned() } else { format!("{ORIGIN}/{}", log.get()) };
    LogSigner::new(&generate_key(&origin, &SeededEntropy::new(7 + u64::from(log.get()))).unwrap()).unwrap()
}

pub fn person(number: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_000 + number).unwrap()
}

pub fn draft(subject: PersonalNumber) -> Draft<'static> {
    Draft {
        organisation_id: "benh-vien",
        organisation_name: "Bệnh viện thử nghiệm",
        client: "benh-vien-api",
        subject,
        purpose: "patient_admission",
        legal_basis: "Luật thử nghiệm",
        asked: vec!["name"],
        outcome: vec![("name", "match")],
        channel: Channel::Api,
        reference: "",
        under: Under::default(),
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            records: MemoryLedger::default(),
            tiles: MemoryTiles::default(),
            index: MemoryIndex::default(),
            clock: Arc::new(FakeClock::at("2026-11-21T02:00:00Z")),
            entropy: Arc::new(SeededEntropy::new(1)),
            options: LedgerOptions {
                commits: CommitOptions { linger_us: 0, ..CommitOptions::default() },
                ..LedgerOptions::default()
            },
        }
    }

    pub fn start_over(&self, store: Box<dyn LedgerStore>) -> Result<Ledger, LedgerError> {
        Ledger::start(
            store,
            "ledger.db".into(),
            signer_of(self.options.log),
            self.clock.clone(),
            self.entropy.clone(),
            self.options,
        )
    }

    pub fn start(&self) -> Ledger {
        self.start_over(Box::new(self.records.clone())).unwrap()
    }

    pub fn parts(&self) -> LedgerParts {
        LedgerParts { log: self.options.log, ..memory_ledger_parts(&self.records, &self.tiles, &self.index) }
    }
}

/// Discloses about several persons at once under one contract.
pub async fn disclose(
    ledger: &Ledger,
    contract: &str,
    persons: impl Iterator<Item = u64>,
) -> Vec<Result<Disclosed, StoreError>> {
    let waiting: Vec<_> = persons
        .map(|number| {
            let reservation = ledger.reserve(contract, u64::MAX).unwrap();
            ledger.submit(draft(person(number)), reservation).unwrap()
        })
        .collect();
    let mut outcomes = vec![];
    for one in waiting {
        outcomes.push(one.await.unwrap());
    }
    outcomes
}

/// Appends disclosures about a thousand persons in turn, all of which must succeed.
pub async fn fill(ledger: &Ledger, count: u64) {
    let mut done = 0;
    while done < count {
        let portion = (count - done).min(1_000);
        for outcome in disclose(ledger, "c-1", 0..portion).await {
            outcome.unwrap();
        }
        done += portion;
    }
}
