//! The published files: complete, provable, healed where they are cut, and told where they are wrong.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod common;

use common::{World, draft, fill, person, signer};
use dancu_core::{Explain, PersonalNumber, StoreError};
use dancu_ledger::{
    BatchTree, Draft, Finding, Frontier, LedgerError, LedgerParts, LedgerStore, Page, PublicLog, Publisher,
    SubjectIndex, Under, check, leaf_hash, repair,
};
use dancu_testkit::MemoryIndex;
use jiff::{ToSpan, civil::Date};
use proptest::prelude::*;
use std::{collections::HashSet, path::PathBuf, sync::Arc};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// A world with `count` disclosures, all published and indexed.
fn published(count: u64) -> World {
    let world = World::new();
    runtime().block_on(fill(&world.start(), count));
    let log = open(&world);
    log.publish().unwrap();
    log.flush_index().unwrap();
    world
}

fn open(world: &World) -> PublicLog {
    PublicLog::open(world.parts(), signer().verifier().clone()).unwrap()
}

fn findings(world: &World) -> Vec<Finding> {
    check(&world.parts(), signer().verifier(), &mut |_| {}).unwrap().findings
}

#[test]
fn an_empty_log_is_published_with_a_signed_checkpoint() {
    let world = published(0);
    assert_eq!(world.tiles.paths(), ["checkpoint"]);
    assert_eq!(findings(&world), []);
    let log = open(&world);
    assert!(matches!(log.receipt(0), Err(LedgerError::Index { index: 0, size: 0 })));
    assert_eq!(log.file("tile/0/000").unwrap(), None);
}

#[test]
fn receipts_at_any_size_verify_and_the_files_are_those_of_the_specification() {
    for count in [1, 2, 255, 256, 257, 700, 3_000] {
        let world = published(count);
        let log = open(&world);
        assert_eq!(log.size(), count);
        for index in [0, count / 3, count / 2, count - 1] {
            let receipt = log.receipt(index).unwrap();
            assert_eq!((receipt.leaf_index, receipt.tree_size), (index, count));
            receipt.verify(log.verifier()).unwrap();
        }
        assert_eq!(findings(&world), [], "{count}");
    }
    let world = published(700);
    assert_eq!(
        world.tiles.paths(),
        [
            "checkpoint",
            "tile/0/000",
            "tile/0/001",
            "tile/0/002.p/188",
            "tile/1/000.p/2",
            "tile/entries/000",
            "tile/entries/001",
            "tile/entries/002.p/188"
        ]
    );
}

#[test]
fn a_changed_receipt_does_not_verify() {
    let world = published(300);
    let log = open(&world);
    let good = log.receipt(77).unwrap();
    let changes: [fn(&mut dancu_ledger::Receipt); 6] = [
        |receipt| receipt.record = receipt.record.replace("match", "Match"),
        |receipt| receipt.salt.0[0] ^= 1,
        |receipt| receipt.leaf_index += 1,
        |receipt| receipt.tree_size += 1,
        |receipt| receipt.inclusion_proof[3].0[31] ^= 1,
        |receipt| receipt.checkpoint = receipt.checkpoint.replace("300", "301"),
    ];
    for change in changes {
        let mut receipt = good.clone();
        change(&mut receipt);
        receipt.verify(log.verifier()).unwrap_err();
    }
    let text = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<dancu_ledger::Receipt>(&text).unwrap(), good);
}

#[test]
fn files_are_served_for_the_published_size_and_no_further() {
    let world = published(700);
    let log = open(&world);
    let tile = |path: &str| log.file(path).unwrap();
    for path in world.tiles.paths() {
        let held = dancu_ledger::TileFiles::read(&world.tiles, &path).unwrap();
        assert_eq!(tile(&path), held, "{path}");
    }
    let (full, bundle) = (tile("tile/0/001").unwrap(), tile("tile/entries/001").unwrap());
    assert_eq!(tile("tile/0/001.p/10").unwrap(), full[..320]);
    assert_eq!(tile("tile/entries/001.p/10").unwrap(), bundle[..340]);
    assert_eq!(tile("tile/0/002.p/188").unwrap()[..32], tile("tile/0/002.p/1").unwrap());
    for path in [
        "tile/0/002",
        "tile/0/002.p/189",
        "tile/0/003.p/1",
        "tile/1/000",
        "tile/1/000.p/3",
        "tile/2/000.p/1",
        "tile/63/000",
        "tile/entries/003.p/1",
        "tile/0/x999/x999/x999/x999/999",
        "tile/0/../checkpoint",
        "nothing",
    ] {
        assert_eq!(tile(path), None, "{path}");
    }
}

#[test]
fn a_partial_tile_goes_when_its_tile_is_full() {
    let world = published(200);
    assert!(world.tiles.paths().contains(&"tile/0/000.p/200".to_owned()));
    runtime().block_on(fill(&world.start(), 100));
    open(&world).publish().unwrap();
    let paths = world.tiles.paths();
    assert_eq!(
        paths,
        [
            "checkpoint",
            "tile/0/000",
            "tile/0/001.p/44",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/44"
        ]
    );
    assert_eq!(findings(&world), []);
}

#[test]
fn missing_and_cut_files_heal_and_the_checkpoint_is_published_again() {
    let world = published(66_000);
    let before: Vec<_> = ["tile/0/003", "tile/0/256", "tile/1/000", "tile/entries/004"]
        .iter()
        .map(|path| (*path, world.tiles.tamper(path, None).unwrap()))
        .collect();
    world.tiles.tamper("tile/0/256", Some(vec![1, 2, 3]));
    let findings = findings(&world);
    assert_eq!(findings.len(), 4, "{findings:?}");
    assert_eq!(findings[0].explain().code, "DANCU-LEDGER-020");
    world.tiles.tamper("checkpoint", Some(b"dancu.exam".to_vec()));
    let log = open(&world);
    log.publish().unwrap();
    for (path, bytes) in before {
        assert_eq!(log.file(path).unwrap(), Some(bytes), "{path}");
    }
    for index in [0, 800, 40_000, 65_535, 65_536, 65_999] {
        log.receipt(index).unwrap().verify(log.verifier()).unwrap();
    }
    assert_eq!(self::findings(&world), []);
}

#[test]
fn a_missing_tile_heals_when_it_is_asked_for() {
    let world = published(1_000);
    let checkpoint = world.tiles.tamper("checkpoint", Some(b"dancu.exam".to_vec())).unwrap();
    assert!(matches!(&findings(&world)[0], Finding::File { file, .. } if file.ends_with("checkpoint")));
    world.tiles.tamper("checkpoint", Some(checkpoint));
    let bytes = world.tiles.tamper("tile/0/001", None);
    let log = open(&world);
    assert_eq!(log.file("tile/0/001").unwrap(), bytes);
    assert_eq!(findings(&world), []);
}

#[test]
fn a_tile_with_other_contents_is_named_and_repaired() {
    let world = published(1_000);
    for path in ["tile/0/001", "tile/entries/002", "tile/0/003.p/232", "tile/1/000.p/3"] {
        let mut bytes = world.tiles.tamper(path, None).unwrap();
        bytes[40] ^= 1;
        world.tiles.tamper(path, Some(bytes));
        let findings = findings(&world);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(matches!(&findings[0], Finding::File { file, exists: true } if file.ends_with(path)));
        assert!(findings[0].explain().en.contains(path));
        if path == "tile/0/001" {
            let refused = PublicLog::open(world.parts(), signer().verifier().clone()).unwrap_err();
            assert!(matches!(&refused, LedgerError::Tile { file } if file.ends_with(path)), "{refused:?}");
        }
        repair(&world.parts(), signer().verifier()).unwrap();
        assert_eq!(self::findings(&world), []);
    }
}

#[test]
fn a_partial_tile_of_an_earlier_checkpoint_that_was_changed_is_named() {
    let world = published(300);
    runtime().block_on(fill(&world.start(), 5));
    let log = open(&world);
    log.publish().unwrap();
    log.flush_index().unwrap();
    assert_eq!(findings(&world), []);
    for path in ["tile/0/001.p/44", "tile/entries/001.p/44"] {
        let mut bytes = world.tiles.tamper(path, None).unwrap();
        bytes[9] ^= 1;
        world.tiles.tamper(path, Some(bytes));
    }
    assert_eq!(findings(&world).len(), 2);
}

#[test]
fn a_changed_record_is_named() {
    let world = published(600);
    let head = world.records.clone().head().unwrap().unwrap();
    // The same log with one other answer, under the old checkpoint.
    let changed = World::new();
    runtime().block_on(async {
        let ledger = changed.start();
        for number in 0..600 {
            let mut draft = draft(person(number));
            if number == 300 {
                draft.outcome = vec![("name", "differs")];
            }
            let reservation = ledger.reserve("c-1", 1_000).unwrap();
            ledger.disclose(draft, reservation).await.unwrap();
        }
    });
    let batch = dancu_ledger::Batch { first: 600, records: &[], quotas: &[], head: &head };
    changed.records.clone().append(&batch).unwrap();
    let mixed = World { tiles: world.tiles.clone(), index: world.index.clone(), ..changed };
    let found = findings(&mixed);
    let record = found.iter().find_map(|finding| match finding {
        Finding::Record { index, .. } => Some(*index),
        _ => None,
    });
    assert_eq!(record, Some(300), "{found:?}");
    assert!(found.iter().any(|finding| matches!(finding, Finding::Head { .. })));
    assert!(matches!(repair(&mixed.parts(), signer().verifier()), Err(LedgerError::Tree { .. })));
    assert_eq!(findings(&mixed), found, "the published files, which prove the change, are still there");
}

#[test]
fn a_person_sees_all_disclosures_committed_before_the_request_newest_first_in_pages() {
    let world = World::new();
    let ledger = world.start();
    let log = open(&world);
    runtime().block_on(async {
        for round in 0..5_u64 {
            for number in [1, 2, 1] {
                let reservation = ledger.reserve("c-1", 100).unwrap();
                ledger.disclose(draft(person(number)), reservation).await.unwrap();
            }
            if round == 2 {
                log.publish().unwrap();
                log.flush_index().unwrap();
            }
            let seen = log.disclosures_of(person(1), Page { before: None, limit: 100 }).unwrap();
            assert_eq!(seen.disclosures.len() as u64, 2 * (round + 1));
        }
    });
    let (mut before, mut indexes) = (None, vec![]);
    loop {
        let page = log.disclosures_of(person(1), Page { before, limit: 3 }).unwrap();
        indexes.extend(page.disclosures.iter().map(|disclosure| disclosure.index));
        assert!(page.disclosures.iter().all(|disclosure| disclosure.record.subject == person(1)));
        before = page.next_before;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(indexes, [14, 12, 11, 9, 8, 6, 5, 3, 2, 0]);
    for index in indexes {
        log.receipt(index).unwrap().verify(log.verifier()).unwrap();
    }
    assert_eq!(log.disclosures_of(person(9), Page { before: None, limit: 3 }).unwrap().disclosures.len(), 0);
}

/// What a person sees on a day, collected over pages of one length.
fn seen(log: &PublicLog, day: Date, limit: usize) -> Vec<u64> {
    let (mut before, mut indexes) = (None, vec![]);
    loop {
        let page =
            log.visible_disclosures_of(person(1), Page { before, limit }, (day, &HashSet::new())).unwrap();
        assert!(
            page.disclosures.len() == limit || page.next_before.is_none(),
            "a page that is short is the last"
        );
        indexes.extend(page.disclosures.iter().map(|disclosure| disclosure.index));
        before = page.next_before;
        if before.is_none() {
            return indexes;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_disclosure_is_seen_when_it_is_due_and_never_lost(
        delays in proptest::collection::vec(prop_oneof![Just(0), 1_u16..40], 0..40),
        days in proptest::collection::vec(0_i64..45, 1..6),
        limit in 1_usize..9,
    ) {
        let world = World::new();
        let ledger = world.start();
        let log = open(&world);
        runtime().block_on(async {
            for delay_days in &delays {
                let under = Under { delay_days: *delay_days, ..Under::default() };
                let reservation = ledger.reserve("c-1", 100).unwrap();
                ledger.disclose(Draft { under, ..draft(person(1)) }, reservation).await.unwrap();
            }
        });
        let first = ledger.counting_day();
        let all = log.disclosures_of(person(1), Page { before: None, limit: 100 }).unwrap().disclosures;
        prop_assert_eq!(all.len(), delays.len());
        prop_assert_eq!(log.size(), delays.len() as u64, "in the log from the first second");
        for after in days {
            let day = first.saturating_add(after.days());
            let due = |index: &u64| i64::from(delays[usize::try_from(*index).unwrap()]) <= after;
            let expected: Vec<u64> = (0..delays.len() as u64).rev().filter(due).collect();
            prop_assert_eq!(seen(&log, day, limit), expected);
            let hidden = all.iter().filter(|one| !one.record.is_visible_on(day, &HashSet::new())).count();
            prop_assert_eq!(hidden + seen(&log, day, limit).len(), all.len());
        }
    }
}

#[test]
fn an_index_that_was_lost_or_is_wrong_is_built_again() {
    let mut world = published(5_000);
    world.index = dancu_testkit::MemoryIndex::default();
    let log = open(&world);
    assert_eq!(log.disclosures_of(person(7), Page { before: None, limit: 9 }).unwrap().disclosures.len(), 5);
    log.flush_index().unwrap();
    assert_eq!(findings(&world), []);
    dancu_ledger::SubjectIndex::add(&world.index, &[(person(7), 3)], 5_000).unwrap();
    assert!(matches!(findings(&world)[..], [Finding::Index { .. }]));
    repair(&world.parts(), signer().verifier()).unwrap();
    assert_eq!(findings(&world), []);
}

#[test]
fn a_published_log_that_is_ahead_of_the_records_is_refused() {
    let world = published(400);
    let older = published(300);
    let mixed = World { tiles: world.tiles.clone(), ..older };
    let refused = PublicLog::open(mixed.parts(), signer().verifier().clone()).unwrap_err();
    assert!(matches!(refused, LedgerError::Tree { .. }), "{refused:?}");
    let found = findings(&mixed);
    assert!(matches!(&found[..], [Finding::Head { .. }, ..]), "{found:?}");
    assert!(matches!(repair(&mixed.parts(), signer().verifier()), Err(LedgerError::Tree { .. })));
    assert_eq!(findings(&mixed), found, "the published files, which prove what is missing, are still there");
}

#[test]
fn a_head_of_another_key_or_tree_is_refused_at_the_start() {
    let world = published(3);
    let other = dancu_ledger::generate_key(common::ORIGIN, &dancu_testkit::SeededEntropy::new(8)).unwrap();
    let other = dancu_ledger::LogSigner::new(&other).unwrap();
    let start = |signer| {
        dancu_ledger::Ledger::start(
            Box::new(world.records.clone()),
            "ledger.db".into(),
            signer,
            world.clock.clone(),
            world.entropy.clone(),
            world.options,
        )
    };
    assert!(matches!(start(other), Err(LedgerError::Signature { .. })));
    let mut head = world.records.clone().head().unwrap().unwrap();
    head.frontier = BatchTree::append(&Frontier::default(), vec![leaf_hash(&[0; 32]); 3]).after().clone();
    let batch = dancu_ledger::Batch { first: 3, records: &[], quotas: &[], head: &head };
    world.records.clone().append(&batch).unwrap();
    assert!(matches!(start(signer()), Err(LedgerError::Tree { .. })));
}

/// An index with a defect.
struct Panicking(MemoryIndex);

impl SubjectIndex for Panicking {
    fn cursor(&self) -> Result<u64, StoreError> {
        self.0.cursor()
    }

    fn add(&self, entries: &[(PersonalNumber, u64)], cursor: u64) -> Result<(), StoreError> {
        self.0.add(entries, cursor)
    }

    fn find(&self, subject: PersonalNumber, before: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.0.find(subject, before, limit)
    }

    fn scan(&self, visit: &mut dyn FnMut(PersonalNumber, u64)) -> Result<(), StoreError> {
        self.0.scan(visit)
    }

    fn tidy(&self) -> Result<(), StoreError> {
        panic!("a defect");
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.0.clear()
    }

    fn location(&self) -> PathBuf {
        self.0.location()
    }
}

#[test]
fn a_publisher_that_panicked_is_told() {
    let world = published(3);
    let parts = LedgerParts { index: Arc::new(Panicking(world.index.clone())), ..world.parts() };
    let log = PublicLog::open(parts, signer().verifier().clone()).unwrap();
    let publisher = Publisher::start(Arc::new(log)).unwrap();
    publisher.shut_down();
    assert!(matches!(publisher.failure(), Some(LedgerError::Store(StoreError::Failed { .. }))));
}
