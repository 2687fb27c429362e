//! Bundles, verified by their own script.

use crate::authority::{Authority, run};
use dancu_evidence::{Evidence, Timestamper, covering};
use dancu_ledger::{
    Channel, Draft, Ledger, LedgerOptions, LogNumber, LogSigner, Logs, PublicLog, TileFiles, Under,
    generate_key,
};
use dancu_testkit::{FakeClock, MemoryIndex, MemoryLedger, MemoryTiles, SeededEntropy, memory_ledger_parts};
use std::{
    io::{Cursor, Read},
    path::Path,
    sync::Arc,
};

struct House {
    ledger: Arc<Ledger>,
    log: Arc<PublicLog>,
    stamps: Arc<MemoryTiles>,
    authority: Arc<Authority>,
}

impl House {
    fn new() -> Self {
        let records = MemoryLedger::default();
        let entropy = Arc::new(SeededEntropy::new(1));
        let keys = generate_key("dancu.example/log", &*entropy).unwrap();
        let clock = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
        let signer = LogSigner::new(&keys).unwrap();
        let options = LedgerOptions::default();
        let ledger =
            Ledger::start(Box::new(records.clone()), "memory".into(), signer, clock, entropy, options);
        let ledger = Arc::new(ledger.unwrap());
        let parts = memory_ledger_parts(&records, &MemoryTiles::default(), &MemoryIndex::default());
        let log = Arc::new(PublicLog::open(parts, ledger.verifier().clone()).unwrap());
        Self { ledger, log, stamps: Arc::default(), authority: Arc::new(Authority::elliptic()) }
    }

    async fn disclose(&self, entries: usize) {
        for serial in 0..entries {
            let reference = format!("lần {serial}");
            let draft = Draft {
                organisation_id: "bank",
                organisation_name: "Ngân hàng \"Một\"",
                client: "core",
                subject: "001085000001".parse().unwrap(),
                purpose: "Mở tài khoản",
                legal_basis: "Luật",
                asked: vec!["name"],
                outcome: vec![("name", "match")],
                channel: Channel::Api,
                reference: &reference,
                under: Under::default(),
            };
            let reservation = self.ledger.reserve("c-1", 1_000_000).unwrap();
            self.ledger.disclose(draft, reservation).await.unwrap();
        }
        self.log.publish().unwrap();
    }

    fn keeper(&self) -> Timestamper {
        Timestamper::new(
            Arc::new(Logs::alone(self.log.clone())),
            self.stamps.clone(),
            self.authority.clone(),
            Arc::new(self.authority.trusted()),
            Arc::new(SeededEntropy::new(2)),
        )
    }

    fn bundle(&self, index: u64) -> Vec<u8> {
        Evidence::new(self.stamps.clone(), Some(Arc::new(self.authority.trusted())))
            .bundle(&self.log, index)
            .unwrap()
    }
}

fn unpack(bytes: &[u8], folder: &Path) {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let path = folder.join(file.enclosed_name().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn verify(folder: &Path) -> (bool, String) {
    run("sh", &["verify.sh"], folder)
}

#[tokio::test]
async fn openssl_alone_verifies_every_entry_of_logs_of_many_sizes() {
    let house = House::new();
    house.disclose(1).await;
    for more in [0, 1, 1, 2, 4, 5] {
        house.disclose(more).await;
        for index in 0..house.log.size() {
            let folder = tempfile::tempdir().unwrap();
            unpack(&house.bundle(index), folder.path());
            let (holds, said) = verify(folder.path());
            assert!(holds && said.ends_with("TRUE\n"), "{index} of {}: {said}", house.log.size());
            assert!(said.contains("NOT PROVEN BY OTHERS"), "nobody put a time on it: {said}");
        }
    }
}

#[tokio::test]
async fn a_time_stamp_is_taken_once_and_the_oldest_that_covers_an_entry_is_shown() {
    let house = House::new();
    let keeper = house.keeper();
    house.disclose(3).await;
    assert_eq!(keeper.stamp().await.unwrap(), 3);
    let paths = house.stamps.paths();
    assert_eq!(keeper.stamp().await.unwrap(), 3, "nothing is new");
    assert_eq!(house.stamps.paths(), paths);
    house.disclose(300).await;
    assert_eq!(keeper.stamp().await.unwrap(), 303);
    house.disclose(2).await;
    let size =
        |index| covering(&*house.stamps, LogNumber::FIRST, index).unwrap().map(|covering| covering.size);
    assert_eq!([0, 2, 3, 302, 303].map(size), [Some(3), Some(3), Some(303), Some(303), None]);
    for index in [0, 2, 3, 255, 256, 302] {
        let folder = tempfile::tempdir().unwrap();
        unpack(&house.bundle(index), folder.path());
        let (holds, said) = verify(folder.path());
        assert!(holds && said.contains("3. checkpoint.txt was there at: "), "{index}: {said}");
    }
}

#[tokio::test]
async fn whatever_is_changed_in_a_bundle_is_found() {
    let house = House::new();
    house.disclose(6).await;
    house.keeper().stamp().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bytes = house.bundle(4);
    let other = House::new();
    for file in [
        "record.json",
        "salt.bin",
        "checkpoint.txt",
        "proof/01-right.bin",
        "proof/02-left.bin",
        "timestamp.tsr",
        "timestamp-authority.pem",
        "log-key.pem",
    ] {
        unpack(&bytes, folder.path());
        assert!(verify(folder.path()).0);
        let path = folder.path().join(file);
        let mut changed = std::fs::read(&path).unwrap();
        match file {
            "timestamp-authority.pem" => changed = other.authority.trusted().pem().as_bytes().to_vec(),
            // One digit of the size, or one byte in the middle.
            "checkpoint.txt" => changed[18] ^= 1,
            // The signature stands at the end; in the middle there may be what nobody reads.
            "timestamp.tsr" => *changed.last_mut().unwrap() ^= 1,
            _ => {
                let middle = changed.len() / 2;
                changed[middle] ^= 1;
            }
        }
        std::fs::write(&path, changed).unwrap();
        let (holds, said) = verify(folder.path());
        assert!(!holds && !said.contains("TRUE"), "{file}: {said}");
    }
}

#[tokio::test]
async fn a_list_that_was_damaged_says_so() {
    let house = House::new();
    house.disclose(1).await;
    house.keeper().stamp().await.unwrap();
    house.stamps.write("list", b"1 yesterday\n").unwrap();
    assert!(covering(&*house.stamps, LogNumber::FIRST, 0).is_err());
    assert!(house.keeper().stamp().await.is_err());
}
