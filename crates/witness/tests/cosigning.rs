//! A log asks witnesses: all goes by the bytes of the protocol, only the wire is left out.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use async_trait::async_trait;
use dancu_core::{Explain, PersonalNumber};
use dancu_ledger::{
    Channel, CommitOptions, Draft, Ledger, LedgerOptions, LogSigner, PublicLog, Under, generate_key,
};
use dancu_testkit::{FakeClock, MemoryIndex, MemoryLedger, MemoryTiles, SeededEntropy, memory_ledger_parts};
use dancu_witness::{
    AddressedWitness, Answer, Cosigner, Cosigning, KnownKeys, Memory, NoAnswer, Refusal, Trouble, Witness,
    WitnessAddress, generate_cosigner_key,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

const ORIGIN: &str = "dancu.example/log";

fn signer() -> LogSigner {
    LogSigner::new(&generate_key(ORIGIN, &SeededEntropy::new(7)).unwrap()).unwrap()
}

/// A log with its ledger, over memory.
struct House {
    ledger: Ledger,
    log: Arc<PublicLog>,
    tiles: MemoryTiles,
}

impl House {
    async fn new(entries: u64) -> Self {
        Self::with_contract(entries, "c-1").await
    }

    async fn with_contract(entries: u64, contract: &str) -> Self {
        let (records, tiles, index) =
            (MemoryLedger::default(), MemoryTiles::default(), MemoryIndex::default());
        let clock = Arc::new(FakeClock::at("2026-11-21T02:00:00Z"));
        let options = LedgerOptions {
            commits: CommitOptions { linger_us: 0, ..CommitOptions::default() },
            ..LedgerOptions::default()
        };
        let entropy = Arc::new(SeededEntropy::new(1));
        let ledger =
            Ledger::start(Box::new(records.clone()), "l".into(), signer(), clock, entropy, options).unwrap();
        let parts = memory_ledger_parts(&records, &tiles, &index);
        let log = Arc::new(PublicLog::open(parts, signer().verifier().clone()).unwrap());
        let house = Self { ledger, log, tiles };
        house.disclose(entries, contract).await;
        house
    }

    async fn disclose(&self, count: u64, contract: &str) {
        for number in 0..count {
            let draft = Draft {
                organisation_id: "benh-vien",
                organisation_name: "Bệnh viện thử nghiệm",
                client: "benh-vien-api",
                subject: PersonalNumber::from_value(1_085_000_000 + number).unwrap(),
                purpose: "patient_admission",
                legal_basis: "Luật thử nghiệm",
                asked: vec!["name"],
                outcome: vec![("name", "match")],
                channel: Channel::Api,
                reference: "",
                under: Under::default(),
            };
            let place = self.ledger.reserve(contract, u64::MAX).unwrap();
            self.ledger.disclose(draft, place).await.unwrap();
        }
        self.log.publish().unwrap();
    }

    fn shown(&self, path: &str) -> Option<String> {
        self.log.file(path).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
    }
}

/// A witness at the end of a wire that can be cut, and can be made to lie.
struct Wire {
    witness: Arc<Witness>,
    asked: AtomicUsize,
    lie: Mutex<Option<Result<Answer, NoAnswer>>>,
}

#[async_trait]
impl WitnessAddress for Wire {
    async fn add_checkpoint(&self, body: String) -> Result<Answer, NoAnswer> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(lie) = self.lie.lock().unwrap().clone() {
            return lie;
        }
        Ok(match self.witness.add_checkpoint(body.as_bytes()) {
            Ok(line) => Answer { status: 200, body: line.into_bytes() },
            Err(Refusal::OtherSize { size }) => {
                Answer { status: 409, body: format!("{size}\n").into_bytes() }
            }
            Err(refusal) => Answer { status: refusal.status(), body: Vec::new() },
        })
    }
}

fn wire(number: u64) -> Arc<Wire> {
    let keys =
        generate_cosigner_key(&format!("w.example/{number}"), &SeededEntropy::new(100 + number)).unwrap();
    let clock = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
    let logs = KnownKeys::read(signer().verifier().as_str()).unwrap();
    let memory = Memory::new(Arc::new(MemoryTiles::default()));
    let witness = Witness::new(Cosigner::new(&keys).unwrap(), memory, Box::new(logs), clock);
    Arc::new(Wire { witness: Arc::new(witness), asked: AtomicUsize::new(0), lie: Mutex::default() })
}

fn cosigning(house: &House, wires: &[Arc<Wire>], quorum: usize) -> Arc<Cosigning> {
    let witness = |wire: &Arc<Wire>| AddressedWitness {
        verifier: wire.witness.verifier().clone(),
        address: Arc::clone(wire) as _,
    };
    Arc::new(Cosigning::new(Arc::clone(&house.log), wires.iter().map(witness).collect(), quorum))
}

fn lie(wire: &Wire, status: u16, body: &str) {
    *wire.lie.lock().unwrap() = Some(Ok(Answer { status, body: body.as_bytes().to_vec() }));
}

#[tokio::test]
async fn cosignatures_come_to_the_newest_checkpoint_and_the_cosigned_one_stays_behind_it() {
    let house = House::new(300).await;
    let wires = [wire(1), wire(2), wire(3)];
    let asking = cosigning(&house, &wires, 2);
    assert_eq!(house.shown("cosigned"), None);
    asking.round().await;
    let newest = house.shown("checkpoint").unwrap();
    for wire in &wires {
        assert!(wire.witness.verifier().open(&newest).is_some());
    }
    assert_eq!(house.shown("cosigned").unwrap(), newest);
    assert_eq!(signer().verifier().open(&newest).unwrap().size, 300);
    // What is new is served at once without cosignatures; the cosigned one stays until others come.
    house.disclose(5, "c-1").await;
    assert_eq!(house.shown("checkpoint").unwrap(), house.log.checkpoint().to_string());
    assert_eq!(house.shown("cosigned").unwrap(), newest);
    *wires[0].lie.lock().unwrap() = Some(Err(NoAnswer));
    *wires[1].lie.lock().unwrap() = Some(Err(NoAnswer));
    asking.round().await;
    assert!(wires[2].witness.verifier().open(&house.shown("checkpoint").unwrap()).is_some());
    assert_eq!(house.shown("cosigned").unwrap(), newest, "one of three is not enough");
    let statuses = asking.statuses();
    assert_eq!((statuses[0].behind, statuses[2].behind), (5, 0));
    assert_eq!(statuses[0].trouble, Some(Trouble::Unreachable));
    assert_eq!(statuses[0].signed.map(|signed| signed.size), Some(300));
    *wires[0].lie.lock().unwrap() = None;
    asking.round().await;
    asking.round().await;
    assert_eq!(house.shown("cosigned"), house.shown("checkpoint"));
    // After a start the file is there before any witness was asked.
    assert!(house.tiles.paths().contains(&"cosigned".to_owned()));
}

#[tokio::test]
async fn a_witness_that_saw_more_or_another_tree_raises_an_alarm() {
    let (house, wires) = (House::new(9).await, [wire(1)]);
    cosigning(&house, &wires, 1).round().await;
    // The same name and key, with less than the witness has seen: a restored backup.
    let restored = House::new(4).await;
    let asking = cosigning(&restored, &wires, 1);
    asking.round().await;
    let trouble = asking.statuses()[0].trouble.clone().unwrap();
    assert_eq!(trouble, Trouble::Ahead { size: 9, ours: 4 });
    assert!(trouble.is_alarm() && trouble.explain().code == "DANCU-WITNESS-023");
    assert_eq!(restored.shown("cosigned"), None);
    // And with another content, as long or longer.
    for entries in [9, 12] {
        let other = House::with_contract(entries, "c-2").await;
        let asking = cosigning(&other, &wires, 1);
        asking.round().await;
        let trouble = asking.statuses()[0].trouble.clone().unwrap();
        assert_eq!(trouble, Trouble::OtherTree { size: 9 });
        assert!(trouble.is_alarm() && trouble.explain().code == "DANCU-WITNESS-024");
        // Not answering any more, or being busy, takes nothing back.
        lie(&wires[0], 429, "");
        for _ in 0..3 {
            asking.round().await;
        }
        assert_eq!(asking.statuses()[0].trouble, Some(Trouble::OtherTree { size: 9 }));
        *wires[0].lie.lock().unwrap() = None;
    }
}

#[tokio::test]
async fn a_witness_that_forgot_what_it_cosigned_raises_an_alarm() {
    let (house, wires) = (House::new(9).await, [wire(1)]);
    let asking = cosigning(&house, &wires, 1);
    asking.round().await;
    house.disclose(3, "c-1").await;
    lie(&wires[0], 409, "4\n");
    asking.round().await;
    let trouble = asking.statuses()[0].trouble.clone().unwrap();
    assert_eq!(trouble, Trouble::Forgot { size: 4, signed: 9 });
    assert!(trouble.is_alarm() && trouble.explain().code == "DANCU-WITNESS-025");
}

#[tokio::test]
async fn a_checkpoint_out_of_a_receipt_that_a_witness_saw_first_is_no_alarm() {
    let (house, wires) = (House::new(3).await, [wire(1)]);
    let asking = cosigning(&house, &wires, 1);
    asking.round().await;
    lie(&wires[0], 409, "5\n");
    house.disclose(1, "c-1").await;
    // Committed while the witness is asked, and published when it names it.
    let meanwhile = async {
        let place = house.ledger.reserve("c-1", u64::MAX).unwrap();
        let draft = Draft {
            organisation_id: "a",
            organisation_name: "a",
            client: "a",
            subject: PersonalNumber::from_value(1_085_000_000).unwrap(),
            purpose: "p",
            legal_basis: "l",
            asked: vec!["name"],
            outcome: vec![("name", "match")],
            channel: Channel::Api,
            reference: "",
            under: Under::default(),
        };
        house.ledger.disclose(draft, place).await.unwrap();
    };
    meanwhile.await;
    asking.round().await;
    assert_eq!(asking.statuses()[0].trouble, Some(Trouble::Status { status: 409 }));
    assert_eq!(house.log.size(), 5);
}

#[tokio::test]
async fn answers_that_are_none_are_told_and_a_failing_witness_is_asked_less_and_less() {
    let (house, wires) = (House::new(3).await, [wire(1)]);
    let asking = cosigning(&house, &wires, 1);
    let other = wire(2).witness.verifier().as_str().to_owned();
    for (status, body, trouble) in [
        (200, "", Trouble::Nonsense),
        (200, other.as_str(), Trouble::Nonsense),
        (409, "0\n", Trouble::Nonsense),
        (409, "01\n", Trouble::Nonsense),
        (409, "2", Trouble::Nonsense),
        (500, "", Trouble::Status { status: 500 }),
        (404, "", Trouble::Status { status: 404 }),
        (429, "", Trouble::Status { status: 429 }),
    ] {
        let asking = cosigning(&house, &wires, 1);
        lie(&wires[0], status, body);
        asking.round().await;
        assert_eq!(asking.statuses()[0].trouble, Some(trouble), "{status} {body}");
    }
    lie(&wires[0], 500, "");
    let before = wires[0].asked.load(Ordering::Relaxed);
    for _ in 0..100 {
        asking.round().await;
    }
    let asked = wires[0].asked.load(Ordering::Relaxed) - before;
    assert!((5..10).contains(&asked), "{asked} of 100 rounds");
    *wires[0].lie.lock().unwrap() = None;
    for _ in 0..70 {
        asking.round().await;
    }
    assert_eq!(asking.statuses()[0].trouble, None);
    // Whoever has cosigned the newest one is left alone.
    let before = wires[0].asked.load(Ordering::Relaxed);
    for _ in 0..100 {
        asking.round().await;
    }
    assert_eq!(wires[0].asked.load(Ordering::Relaxed), before);
}
