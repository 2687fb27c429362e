//! The group commit over a store that fails at random.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod common;

use common::{World, disclose, draft, fill, person, signer};
use dancu_core::{Clock, Explain, StoreError};
use dancu_ledger::{
    Batch, BatchTree, Frontier, Head, LedgerError, LedgerHealth, LedgerRecords, LedgerStore, PublicLog,
    QuotaCount, check, commitment, leaf_hash,
};
use dancu_testkit::{CommitFault, FaultyLedger, MemoryLedger};
use jiff::{SignedDuration, civil::Date};
use proptest::prelude::*;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// What must hold of the store whatever went wrong: the tree is that of the records, the counts are the
/// records', and the whole log checks.
fn assert_sound(world: &World) {
    let (mut leaves, mut counts) = (vec![], HashMap::new());
    world
        .records
        .scan(0, u64::MAX, &mut |row| {
            leaves.push(leaf_hash(&commitment(row.salt, row.record)));
            *counts.entry((row.contract.to_owned(), row.day)).or_insert(0) += 1;
        })
        .unwrap();
    let head = LedgerRecords::head(&world.records).unwrap().unwrap();
    assert_eq!(&head.frontier, BatchTree::append(&Frontier::default(), leaves).after());
    let stored = LedgerRecords::quota_counts(&world.records, Date::MIN).unwrap();
    let stored: HashMap<_, _> =
        stored.into_iter().map(|count| ((count.contract.to_string(), count.day), count.used)).collect();
    assert_eq!(stored, counts);
    let log = PublicLog::open(world.parts(), signer().verifier().clone()).unwrap();
    log.publish().unwrap();
    log.flush_index().unwrap();
    let report = check(&world.parts(), signer().verifier(), &mut |_| {}).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.indexed, head.frontier.size());
}

fn fault() -> impl Strategy<Value = Option<CommitFault>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(CommitFault::Refused)),
        1 => Just(Some(CommitFault::StoredButRefused)),
        1 => Just(Some(CommitFault::RefusedAndSilent)),
        1 => Just(Some(CommitFault::StoredAndSilent)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_commits_fail_nothing_acknowledged_is_lost_and_counts_are_exact(
        faults in proptest::collection::vec(fault(), 1..25),
        portions in proptest::collection::vec((1_u64..20, 0_usize..3), 1..25),
    ) {
        let world = World::new();
        let plan = Arc::new(Mutex::new(VecDeque::new()));
        let ledger = world.start_over(Box::new(FaultyLedger::new(world.records.clone(), plan.clone()))).unwrap();
        plan.lock().unwrap().extend(faults);
        let mut acknowledged = vec![];
        runtime().block_on(async {
            for (count, contract) in portions {
                let contract = ["c-1", "c-2", "c-3"][contract];
                let disclosed = disclose(&ledger, contract, 0..count).await;
                acknowledged.extend(disclosed.into_iter().flatten());
            }
            plan.lock().unwrap().clear();
            // The first commit after the faults settles what was left open.
            while disclose(&ledger, "c-1", 0..1).await[0].is_err() {}
        });
        for disclosed in acknowledged {
            let (index, receipt) = (disclosed.entry(), disclosed.into_receipt());
            receipt.verify(ledger.verifier()).unwrap();
            let mut held = None;
            world.records.scan(index, 1, &mut |row| held = Some((row.record.to_vec(), *row.salt))).unwrap();
            prop_assert_eq!(held, Some((receipt.record.into_bytes(), receipt.salt.0)));
        }
        for count in LedgerRecords::quota_counts(&world.records, Date::MIN).unwrap() {
            prop_assert_eq!(ledger.used_today(&count.contract), count.used);
        }
        prop_assert_eq!(ledger.health(), LedgerHealth::Working);
        drop(ledger);
        assert_sound(&world);
        // A restart counts on where it stopped.
        let ledger = world.start();
        for count in LedgerRecords::quota_counts(&world.records, Date::MIN).unwrap() {
            prop_assert_eq!(ledger.used_today(&count.contract), count.used);
        }
    }
}

#[test]
fn a_failing_store_is_told_at_once_and_seen_in_the_health_until_it_works_again() {
    let world = World::new();
    let plan = Arc::new(Mutex::new(VecDeque::new()));
    let ledger = world.start_over(Box::new(FaultyLedger::new(world.records.clone(), plan.clone()))).unwrap();
    // More than are needed: a test that stalls must not let a probe use up the last one.
    plan.lock().unwrap().extend(std::iter::repeat_n(Some(CommitFault::Refused), 10_000));
    runtime().block_on(async {
        let since = world.clock.now();
        for _ in 0..2 {
            let outcome = disclose(&ledger, "c-1", 0..1).await.remove(0);
            assert!(matches!(outcome, Err(StoreError::Full { .. })));
            assert!(matches!(ledger.health(), LedgerHealth::Failing { since: at, .. } if at == since));
            assert_eq!(ledger.used_today("c-1"), 0);
            world.clock.advance(SignedDuration::from_secs(5));
        }
        plan.lock().unwrap().clear();
        fill(&ledger, 3).await;
    });
    assert_eq!(ledger.health(), LedgerHealth::Working);
    let metrics = ledger.metrics();
    assert_eq!((metrics.failed_commits, metrics.appended, metrics.size), (2, 3, 3));
}

#[test]
fn a_store_that_works_again_is_noticed_although_nobody_asks() {
    let world = World::new();
    let plan = Arc::new(Mutex::new(VecDeque::new()));
    let ledger = world.start_over(Box::new(FaultyLedger::new(world.records.clone(), plan.clone()))).unwrap();
    plan.lock().unwrap().extend([Some(CommitFault::Refused), Some(CommitFault::Refused)]);
    assert!(runtime().block_on(disclose(&ledger, "c-1", 0..1)).remove(0).is_err());
    let patience = Instant::now() + Duration::from_mins(1);
    while ledger.health() != LedgerHealth::Working {
        assert!(Instant::now() < patience, "the health still tells of a failure");
        std::thread::yield_now();
    }
    assert_eq!(ledger.metrics().size, 0);
    runtime().block_on(fill(&ledger, 3));
    assert_eq!(ledger.metrics().size, 3);
}

/// A writing side with a defect.
struct Panicking(MemoryLedger);

impl LedgerStore for Panicking {
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        LedgerStore::head(&mut self.0)
    }

    fn quota_counts(&mut self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError> {
        LedgerStore::quota_counts(&mut self.0, from_day)
    }

    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        assert!(batch.records.is_empty(), "a defect");
        self.0.append(batch)
    }
}

#[test]
fn a_committer_that_panicked_is_seen_in_the_health() {
    let world = World::new();
    let ledger = world.start_over(Box::new(Panicking(world.records.clone()))).unwrap();
    let reservation = ledger.reserve("c-1", 5).unwrap();
    let waiting = ledger.submit(draft(person(1)), reservation).unwrap();
    assert!(waiting.blocking_recv().is_err());
    ledger.shut_down();
    assert!(matches!(ledger.health(), LedgerHealth::Failing { error: StoreError::Failed { .. }, .. }));
}

#[test]
fn a_clock_that_leaps_ahead_and_back_gives_no_limit_anew() {
    let world = World::new();
    let ledger = world.start();
    let take = || ledger.reserve("c-1", 3);
    runtime().block_on(async {
        fill(&ledger, 2).await;
        let on_its_way = take().unwrap();
        world.clock.advance(SignedDuration::from_hours(24 * 5));
        drop(take().unwrap());
        world.clock.advance(SignedDuration::from_hours(-24 * 5));
        assert_eq!(ledger.used_today("c-1"), 3);
        assert!(take().is_err(), "two are in the log and one is on its way");
        ledger.disclose(draft(person(1)), on_its_way).await.unwrap();
        assert!(take().is_err());
    });
    assert_sound_counts(&world, 3);
    drop(ledger);
    // The same around a start.
    world.clock.advance(SignedDuration::from_hours(24 * 5));
    let ledger = world.start();
    world.clock.advance(SignedDuration::from_hours(-24 * 5));
    assert!(ledger.reserve("c-1", 3).is_err());
}

fn assert_sound_counts(world: &World, used: u64) {
    let counts = LedgerRecords::quota_counts(&world.records, Date::MIN).unwrap();
    assert_eq!(counts.iter().map(|count| count.used).collect::<Vec<_>>(), [used]);
}

#[test]
fn a_limit_holds_whatever_waits_and_a_reservation_that_is_dropped_is_given_back() {
    let world = World::new();
    let ledger = world.start();
    runtime().block_on(async {
        let first = ledger.reserve("c-1", 2).unwrap();
        let second = ledger.reserve("c-1", 2).unwrap();
        let refused = ledger.reserve("c-1", 2).unwrap_err();
        assert_eq!(refused.resets_at, "2026-11-21T17:00:00Z".parse().unwrap());
        drop(second);
        ledger.disclose(draft(person(1)), first).await.unwrap();
        let last = ledger.reserve("c-1", 2).unwrap();
        ledger.disclose(draft(person(1)), last).await.unwrap();
        assert!(ledger.reserve("c-1", 2).is_err());
        world.clock.advance(SignedDuration::from_hours(15));
        assert!(ledger.reserve("c-1", 2).is_ok(), "a new day has begun in Viet Nam");
    });
}

#[test]
fn a_full_queue_refuses_at_once_and_gives_the_place_back() {
    let mut world = World::new();
    world.options.commits.queue_length_max = 0;
    let ledger = world.start();
    let reservation = ledger.reserve("c-1", 5).unwrap();
    assert_eq!(ledger.submit(draft(person(1)), reservation).unwrap_err(), StoreError::Overloaded);
    assert_eq!((ledger.used_today("c-1"), ledger.metrics().overloaded), (0, 1));
}

#[test]
fn times_never_decrease_when_the_clock_steps_back() {
    let world = World::new();
    let ledger = world.start();
    runtime().block_on(async {
        fill(&ledger, 2).await;
        world.clock.advance(SignedDuration::from_secs(-3_600));
        fill(&ledger, 2).await;
        assert_eq!(ledger.clock_behind_by(), SignedDuration::from_secs(3_600));
        assert_eq!(ledger.counting_day(), jiff::civil::date(2026, 11, 21));
        world.clock.advance(SignedDuration::from_secs(3_601));
        assert_eq!(ledger.clock_behind_by(), SignedDuration::ZERO);
        fill(&ledger, 1).await;
    });
    drop(ledger);
    assert_sound(&world);
}

#[test]
fn a_start_with_a_clock_far_behind_is_refused_unless_accepted() {
    let mut world = World::new();
    runtime().block_on(fill(&world.start(), 1));
    world.clock.advance(SignedDuration::from_secs(-60));
    drop(world.start());
    world.clock.advance(SignedDuration::from_secs(-1));
    let refused = world.start_over(Box::new(world.records.clone())).unwrap_err();
    assert!(matches!(refused, LedgerError::ClockBehind { .. }));
    assert_eq!(refused.explain().code, "DANCU-LEDGER-001");
    world.options.accept_clock_behind = true;
    runtime().block_on(fill(&world.start(), 1));
    assert_sound(&world);
}

#[test]
fn after_the_shut_down_nothing_is_accepted_and_what_waited_is_committed() {
    let world = World::new();
    let ledger = world.start();
    let waiting: Vec<_> = (0..50)
        .map(|number| {
            let reservation = ledger.reserve("c-1", 100).unwrap();
            ledger.submit(draft(person(number)), reservation).unwrap()
        })
        .collect();
    ledger.shut_down();
    for one in waiting {
        one.blocking_recv().unwrap().unwrap();
    }
    let reservation = ledger.reserve("c-1", 100).unwrap();
    assert!(ledger.submit(draft(person(1)), reservation).is_err());
    assert_eq!(ledger.used_today("c-1"), 50);
    assert_sound(&world);
}
