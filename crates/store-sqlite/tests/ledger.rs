//! The ledger on SQLite and files: the contract suites, and what happens to a log that is cut off or damaged.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::{
    Channel, CheckReport, Draft, Finding, Ledger, LedgerOptions, LedgerParts, LedgerRecords, LedgerStore,
    LogSigner, Page, PublicLog, Publisher, Under, check, generate_key, repair,
};
use dancu_store_sqlite::{LogFolder, SqliteSubjectIndex, open_ledger, open_ledger_parts};
use dancu_testkit::{FakeClock, SeededEntropy, ledger_store_suite, subject_index_suite, tile_files_suite};
use std::{fs, os::unix::fs::FileExt, path::Path, sync::Arc};

fn signer() -> LogSigner {
    LogSigner::new(&generate_key("dancu.example/log", &SeededEntropy::new(7)).unwrap()).unwrap()
}

fn person(number: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_000 + number).unwrap()
}

/// A running ledger with its publisher.
struct Running {
    ledger: Ledger,
    publisher: Publisher,
    parts: LedgerParts,
}

fn run(folder: &Path) -> Running {
    let (store, parts) = open_ledger_parts(folder).unwrap();
    let clock = Arc::new(FakeClock::at("2026-11-21T02:00:00Z"));
    let entropy = Arc::new(SeededEntropy::new(1));
    let options = LedgerOptions::default();
    let ledger =
        Ledger::start(Box::new(store), parts.records.location(), signer(), clock, entropy, options).unwrap();
    let log = PublicLog::open(parts.clone(), ledger.verifier().clone()).unwrap();
    Running { ledger, publisher: Publisher::start(Arc::new(log)).unwrap(), parts }
}

impl Running {
    fn disclose(&self, count: u64) -> Result<(), StoreError> {
        let submit = |number| {
            let draft = Draft {
                organisation_id: "benh-vien",
                organisation_name: "Bệnh viện thử nghiệm",
                client: "benh-vien-api",
                subject: person(number % 50),
                purpose: "patient_admission",
                legal_basis: "Luật thử nghiệm",
                asked: vec!["name"],
                outcome: vec![("name", "match")],
                channel: Channel::Reception,
                reference: "",
                under: Under::default(),
            };
            self.ledger.submit(draft, self.ledger.reserve("c-1", u64::MAX).unwrap())
        };
        let waiting: Vec<_> = (0..count).map(submit).collect::<Result<_, _>>()?;
        for one in waiting {
            one.blocking_recv().unwrap()?.into_receipt().verify(self.ledger.verifier()).unwrap();
        }
        Ok(())
    }

    fn shut_down(&self) {
        self.ledger.shut_down();
        self.publisher.shut_down();
        assert_eq!(self.publisher.failure(), None);
    }
}

fn check_folder(folder: &Path) -> CheckReport {
    let (_, parts) = open_ledger_parts(folder).unwrap();
    check(&parts, signer().verifier(), &mut |_| {}).unwrap()
}

#[test]
fn the_stores_keep_their_contracts() {
    let folder = tempfile::tempdir().unwrap();
    ledger_store_suite(|| {
        let (store, records) = open_ledger(&folder.path().join("ledger.db")).unwrap();
        (Box::new(store) as Box<dyn LedgerStore>, Arc::new(records) as Arc<dyn LedgerRecords>)
    });
    subject_index_suite(&SqliteSubjectIndex::open(&folder.path().join("views.db")).unwrap());
    tile_files_suite(&LogFolder::open(&folder.path().join("log")).unwrap());
}

#[test]
fn a_log_that_was_shut_down_checks_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let running = run(folder.path());
        running.disclose(500).unwrap();
        assert_eq!(running.ledger.used_today("c-1"), 500 * round);
        running.shut_down();
        let report = check_folder(folder.path());
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!(
            (report.records, report.published, report.indexed),
            (500 * round, 500 * round, 500 * round)
        );
    }
}

/// What a killed process leaves: the files as they are at this moment.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_a_killed_process_leaves_is_taken_up_with_every_acknowledged_record() {
    let folder = tempfile::tempdir().unwrap();
    let killed = tempfile::tempdir().unwrap();
    let running = run(folder.path());
    running.disclose(700).unwrap();
    running.publisher.log().publish().unwrap();
    running.disclose(300).unwrap();
    copy_folder(folder.path(), killed.path());
    // A tile that was being written, one that the crash cut, and a tail of the write-ahead log without meaning.
    fs::write(killed.path().join("log/tile/0/003.new"), "half").unwrap();
    fs::write(killed.path().join("log/tile/0/001"), "cut").unwrap();
    let wal = fs::OpenOptions::new().append(true).open(killed.path().join("ledger.db-wal")).unwrap();
    wal.write_all_at(&[0xA5; 5_000], wal.metadata().unwrap().len()).unwrap();
    drop(running);

    let running = run(killed.path());
    assert_eq!(running.ledger.size(), 1_000);
    assert_eq!(running.ledger.used_today("c-1"), 1_000);
    let page = running.publisher.log().disclosures_of(person(3), Page { before: None, limit: 100 }).unwrap();
    assert_eq!(page.disclosures.len(), 20);
    running.disclose(100).unwrap();
    running.shut_down();
    let report = check_folder(killed.path());
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.records, 1_100);
}

#[test]
fn derived_files_can_be_deleted_and_damaged_ones_are_named_and_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let running = run(folder.path());
    running.disclose(600).unwrap();
    running.shut_down();
    drop(running);
    for name in ["views.db", "views.db-wal", "views.db-shm"] {
        let _ = fs::remove_file(folder.path().join(name));
    }
    fs::remove_dir_all(folder.path().join("log")).unwrap();
    let running = run(folder.path());
    running.shut_down();
    drop(running);
    assert!(check_folder(folder.path()).is_sound());

    let tile = folder.path().join("log/tile/entries/001");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[100] ^= 1;
    fs::write(&tile, bytes).unwrap();
    assert_eq!(check_folder(folder.path()).findings, [Finding::File { file: tile, exists: true }]);
    let (_, parts) = open_ledger_parts(folder.path()).unwrap();
    repair(&parts, signer().verifier()).unwrap();
    assert!(check_folder(folder.path()).is_sound());
}

#[test]
fn a_count_or_record_that_was_changed_behind_the_ledger_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let running = run(folder.path());
    running.disclose(300).unwrap();
    running.shut_down();
    drop(running);
    let database = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    database.execute("UPDATE quota SET used = used - 1", []).unwrap();
    let findings = check_folder(folder.path()).findings;
    assert!(matches!(&findings[..], [Finding::Quota { stored: 299, records: 300, .. }]), "{findings:?}");
    database.execute("UPDATE quota SET used = used + 1, leased = leased + 1", []).unwrap();
    database.execute("DELETE FROM record WHERE idx = 256", []).unwrap();
    let findings = check_folder(folder.path()).findings;
    assert!(
        findings.iter().any(|finding| matches!(finding, Finding::Record { index: 256, .. })),
        "{findings:?}"
    );
}

/// Changes to the files behind the ledger's back, each to a copy of a sound folder: file and statement.
const TAMPERINGS: [(&str, &str); 21] = [
    (
        "ledger.db",
        "UPDATE record SET record = CAST(replace(CAST(record AS TEXT), 'match', 'other') AS BLOB) WHERE idx = 7",
    ),
    ("ledger.db", "UPDATE record SET salt = zeroblob(32) WHERE idx = 7"),
    ("ledger.db", "UPDATE record SET salt = x'00' WHERE idx = 7"),
    ("ledger.db", "UPDATE record SET idx = 900 WHERE idx = 7"),
    ("ledger.db", "UPDATE record SET contract = 'c-2' WHERE idx = 7"),
    ("ledger.db", "UPDATE record SET day = 20261122 WHERE idx = 7"),
    ("ledger.db", "UPDATE record SET subject = subject + 1 WHERE idx = 7"),
    (
        "ledger.db",
        "INSERT INTO record SELECT idx + 1, contract, day, subject, record, salt FROM record WHERE idx = 599",
    ),
    ("ledger.db", "UPDATE quota SET used = used + 1, leased = leased + 1"),
    ("ledger.db", "UPDATE quota SET contract = 'c-2'"),
    ("ledger.db", "DELETE FROM quota"),
    ("ledger.db", "DELETE FROM head"),
    ("ledger.db", "UPDATE head SET size = 599"),
    ("ledger.db", "UPDATE head SET newest_us = newest_us + 86400000000"),
    ("ledger.db", "UPDATE head SET newest_us = 0"),
    ("ledger.db", "UPDATE head SET checkpoint = replace(checkpoint, 'example', 'exbmple')"),
    ("views.db", "DELETE FROM run WHERE run = (SELECT max(run) FROM run)"),
    ("views.db", "UPDATE entry SET subject = -subject WHERE idx = 7"),
    ("views.db", "UPDATE entry SET idx = -idx WHERE idx = 7"),
    ("views.db", "DELETE FROM entry WHERE idx = 7"),
    ("views.db", "UPDATE cursor SET next = 7"),
];

#[test]
fn whatever_was_changed_behind_the_ledger_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let running = run(folder.path());
    running.disclose(600).unwrap();
    running.shut_down();
    drop(running);
    let unnoticed = TAMPERINGS.iter().filter(|(file, statement)| {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(folder.path(), copy.path());
        let changed =
            rusqlite::Connection::open(copy.path().join(file)).unwrap().execute(statement, []).unwrap();
        assert!(changed > 0, "{statement}");
        let (_, parts) = open_ledger_parts(copy.path()).unwrap();
        check(&parts, signer().verifier(), &mut |_| {}).is_ok_and(|report| report.is_sound())
    });
    assert_eq!(unnoticed.collect::<Vec<_>>(), Vec::<&(&str, &str)>::new());
}

#[test]
fn a_log_without_its_end_is_not_repaired_away() {
    let folder = tempfile::tempdir().unwrap();
    let running = run(folder.path());
    running.disclose(300).unwrap();
    running.shut_down();
    drop(running);
    let database = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
    database.execute("DELETE FROM head", []).unwrap();
    let (_, parts) = open_ledger_parts(folder.path()).unwrap();
    assert!(repair(&parts, signer().verifier()).is_err());
    assert!(
        folder.path().join("log/tile/0/000").exists(),
        "the published files are the proof of what was there"
    );
}

#[test]
fn a_disk_without_room_is_told_and_work_resumes_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, parts) = open_ledger_parts(folder.path()).unwrap();
    // SQLite's own limit stands for the end of the disk: the same error, SQLITE_FULL.
    store.limit_pages(40).unwrap();
    let ledger = Ledger::start(
        Box::new(store),
        parts.records.location(),
        signer(),
        Arc::new(FakeClock::at("2026-11-21T02:00:00Z")),
        Arc::new(SeededEntropy::new(1)),
        LedgerOptions::default(),
    )
    .unwrap();
    let log = Arc::new(PublicLog::open(parts.clone(), ledger.verifier().clone()).unwrap());
    let running = Running { ledger, publisher: Publisher::start(log).unwrap(), parts: parts.clone() };
    running.disclose(20).unwrap();
    let refused = running.disclose(2_000).unwrap_err();
    assert!(matches!(&refused, StoreError::Full { file } if file.ends_with("ledger.db")), "{refused}");
    running.shut_down();
    let size = running.ledger.size();
    assert_eq!(running.ledger.used_today("c-1"), size);
    drop((running, parts));
    assert!(check_folder(folder.path()).is_sound());
    let running = run(folder.path());
    running.disclose(2_000).unwrap();
    running.shut_down();
    assert_eq!(check_folder(folder.path()).records, size + 2_000);
    assert_eq!(running.parts.records.location(), folder.path().join("ledger.db"));
}
