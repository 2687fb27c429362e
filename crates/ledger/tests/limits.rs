//! One limit of the day, several nodes: it is never exceeded, whoever is asked and whoever dies, and nothing is lost of it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod common;

use common::{World, draft, person, signer_of};
use dancu_ledger::{Ledger, LedgerStore, LogNumber, NoPlace, Reservation};
use dancu_testkit::{MemoryLedger, SharedLimits, SharingNode, limit_shares_suite};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};
use tokio::runtime::Runtime;

const DAY: Date = date(2026, 11, 21);

#[test]
fn limits_in_memory_keep_their_contract() {
    let house = SharedLimits::default();
    let mut stores: BTreeMap<String, MemoryLedger> = BTreeMap::new();
    limit_shares_suite(move |name| -> SharingNode {
        let number = u16::from(name == "b");
        let limits = house.start(number);
        let ends = EndsWithStore {
            house: house.clone(),
            number,
            store: stores.entry(name.to_owned()).or_default().clone(),
        };
        (Box::new(limits.counting(ends)), Arc::new(limits))
    });
}

/// A node that is killed when its store is dropped.
struct EndsWithStore {
    house: SharedLimits,
    number: u16,
    store: MemoryLedger,
}

impl Drop for EndsWithStore {
    fn drop(&mut self) {
        self.house.kill(self.number);
    }
}

impl LedgerStore for EndsWithStore {
    fn head(&mut self) -> Result<Option<dancu_ledger::Head>, dancu_core::StoreError> {
        self.store.head()
    }
    fn quota_counts(
        &mut self,
        from_day: Date,
    ) -> Result<Vec<dancu_ledger::QuotaCount>, dancu_core::StoreError> {
        LedgerStore::quota_counts(&mut self.store, from_day)
    }
    fn append(&mut self, batch: &dancu_ledger::Batch<'_>) -> Result<(), dancu_core::StoreError> {
        // The suite counts without records.
        let batch = dancu_ledger::Batch { quotas: &[], ..*batch };
        self.store.append(&batch)
    }
}

struct House {
    limits: SharedLimits,
    worlds: Vec<World>,
    nodes: Vec<Option<Ledger>>,
    runtime: Runtime,
}

impl House {
    fn new(nodes: u16) -> Self {
        let worlds = (0..nodes).map(|number| {
            let mut world = World::new();
            world.options.log = LogNumber::new(number).unwrap();
            world
        });
        let mut house = Self {
            limits: SharedLimits::default(),
            worlds: worlds.collect(),
            nodes: (0..nodes).map(|_| None).collect(),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        };
        (0..house.nodes.len()).for_each(|node| house.start(node));
        house
    }

    fn start(&mut self, node: usize) {
        let world = &self.worlds[node];
        let limits = self.limits.start(world.options.log.get());
        let ledger = Ledger::start_sharing(
            Box::new(limits.counting(world.records.clone())),
            "ledger.db".into(),
            signer_of(world.options.log),
            (world.clock.clone(), world.entropy.clone()),
            world.options,
            Arc::new(limits),
        );
        self.nodes[node] = Some(ledger.unwrap());
    }

    /// Whatever it holds in memory is gone, and nothing that it still tries arrives.
    fn kill(&mut self, node: usize) {
        self.limits.kill(self.worlds[node].options.log.get());
        self.nodes[node] = None;
    }

    fn take(&self, node: usize, limit: u64) -> Option<Reservation> {
        let ledger = self.nodes[node].as_ref()?;
        match self.runtime.block_on(ledger.take_place("c-1", limit)) {
            Ok(reservation) => Some(reservation),
            Err(NoPlace::Exhausted(_)) => None,
            Err(NoPlace::Store(error)) => panic!("{error}"),
        }
    }

    fn disclose(&self, node: usize, reservation: Reservation) -> bool {
        let Some(ledger) = &self.nodes[node] else { return false };
        self.runtime.block_on(ledger.disclose(draft(person(1)), reservation)).is_ok()
    }

    fn used(&self) -> u64 {
        self.limits.used("c-1", DAY)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Take(usize),
    Disclose(usize),
    LetGo(usize),
    Kill(usize),
    Start(usize),
    Stop(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let node = || 0_usize..3;
    prop_oneof![
        8 => node().prop_map(Step::Take),
        8 => node().prop_map(Step::Disclose),
        2 => node().prop_map(Step::LetGo),
        1 => node().prop_map(Step::Kill),
        1 => node().prop_map(Step::Stop),
        2 => node().prop_map(Step::Start),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whoever_is_asked_and_whoever_dies_the_limit_holds_and_nothing_of_it_is_lost(
        steps in prop::collection::vec(step(), 1..120), limit in 0_u64..40,
    ) {
        let mut house = House::new(3);
        let mut taken: Vec<Vec<Reservation>> = (0..3).map(|_| Vec::new()).collect();
        let mut acknowledged = 0;
        for step in steps {
            match step {
                Step::Take(node) => taken[node].extend(house.take(node, limit)),
                Step::Disclose(node) => {
                    if let Some(reservation) = taken[node].pop() {
                        let is_done = house.disclose(node, reservation);
                        prop_assert!(is_done, "whoever holds a place and lives can use it");
                        acknowledged += 1;
                    }
                }
                Step::LetGo(node) => drop(taken[node].pop()),
                Step::Kill(node) => {
                    taken[node].clear();
                    house.kill(node);
                }
                Step::Stop(node) => {
                    taken[node].clear();
                    house.nodes[node] = None;
                    house.limits.kill(house.worlds[node].options.log.get());
                }
                Step::Start(node) => {
                    if house.nodes[node].is_none() {
                        house.start(node);
                    }
                }
            }
            let on_their_way: usize = taken.iter().map(Vec::len).sum();
            prop_assert!(house.used() + on_their_way as u64 <= limit);
            prop_assert_eq!(house.used(), acknowledged);
        }
        // All nodes are gone; the one that comes back has every place that was not used.
        taken.clear();
        (0..3).for_each(|node| house.kill(node));
        house.start(1);
        let mut last = Vec::new();
        while let Some(reservation) = house.take(1, limit) {
            last.push(reservation);
        }
        prop_assert_eq!(last.len() as u64 + acknowledged, limit);
        prop_assert_eq!(house.nodes[1].as_ref().unwrap().used_today("c-1"), limit);
    }
}

#[test]
fn a_node_that_lost_its_share_while_it_was_away_counts_nothing_on_it() {
    let mut house = House::new(2);
    let reservation = house.take(0, 20).unwrap();
    // Its connection breaks, the other one takes all there is, and it comes back with what it believes to hold.
    let number = house.worlds[0].options.log.get();
    house.limits.kill(number);
    let mut others = Vec::new();
    while let Some(place) = house.take(1, 20) {
        others.push(place);
    }
    assert_eq!(others.len(), 20);
    assert!(!house.disclose(0, reservation), "the place is another node's by now");
    for place in others {
        assert!(house.disclose(1, place));
    }
    assert_eq!(house.used(), 20);
    house.kill(0);
    house.start(0);
    assert!(house.take(0, 20).is_none());
    assert!(house.take(0, 21).is_some(), "a limit that was raised is asked for at once");
}

#[test]
fn what_others_counted_before_a_copy_counts_in_a_house_of_one_node() {
    let world = World::new();
    let ledger = world.start();
    let count = |used| dancu_ledger::QuotaCount { contract: "c-1".into(), day: DAY, used };
    ledger.count_others([count(3), count(4)]);
    assert_eq!(ledger.used_today("c-1"), 7);
    let places: Vec<_> = std::iter::from_fn(|| ledger.reserve("c-1", 10).ok()).collect();
    assert_eq!(places.len(), 3);
}
