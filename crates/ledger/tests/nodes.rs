//! Several nodes, each with a log of its own: whichever is asked, everybody finds everything.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod common;

use common::{World, draft, person, signer_of};
use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::{
    Bookmark, KnownLog, Ledger, LedgerError, LedgerParts, LogNumber, LogSource, LogVerifier, Logs, PublicLog,
    SubjectIndex,
};
use dancu_testkit::{MemoryIndex, MemoryTiles};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

/// The index that its own node writes and another one reads.
struct Followed(MemoryIndex);

impl SubjectIndex for Followed {
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
        self.0.tidy()
    }
    fn is_followed(&self) -> bool {
        true
    }
    fn clear(&self) -> Result<(), StoreError> {
        panic!("whoever follows an index does not clear it")
    }
    fn location(&self) -> PathBuf {
        self.0.location()
    }
}

/// The house as one node's store shows it: where the others' tiles lie is the node's own business.
struct Shown {
    known: Arc<Mutex<Vec<KnownLog>>>,
    worlds: Vec<LedgerParts>,
    indexes: Vec<MemoryIndex>,
}

impl LogSource for Shown {
    fn logs(&self) -> Result<Vec<KnownLog>, StoreError> {
        Ok(self.known.lock().unwrap().clone())
    }

    fn parts(&self, log: &KnownLog) -> Result<LedgerParts, LedgerError> {
        let at = usize::from(log.number.get());
        Ok(LedgerParts {
            tiles: Arc::new(MemoryTiles::default()),
            index: Arc::new(Followed(self.indexes[at].clone())),
            ..self.worlds[at].clone()
        })
    }
}

struct House {
    worlds: Vec<World>,
    ledgers: Vec<Ledger>,
    owns: Vec<Arc<PublicLog>>,
    known: Arc<Mutex<Vec<KnownLog>>>,
}

impl House {
    fn new(nodes: u16) -> Self {
        let worlds: Vec<World> = (0..nodes)
            .map(|number| {
                let mut world = World::new();
                world.options.log = LogNumber::new(number).unwrap();
                world
            })
            .collect();
        let ledgers: Vec<Ledger> = worlds.iter().map(World::start).collect();
        let owns = worlds.iter().zip(&ledgers).map(|(world, ledger)| {
            Arc::new(PublicLog::open(world.parts(), ledger.verifier().clone()).unwrap())
        });
        let owns = owns.collect();
        let known = (0..nodes).map(|number| {
            let number = LogNumber::new(number).unwrap();
            KnownLog {
                number,
                name: format!("n{}", number.get()).parse().unwrap(),
                verifier: Some(signer_of(number).verifier().as_str().to_owned()),
            }
        });
        let known = Arc::new(Mutex::new(known.collect()));
        Self { worlds, ledgers, owns, known }
    }

    fn logs(&self, node: usize) -> Result<Logs, LedgerError> {
        let shown = Shown {
            known: self.known.clone(),
            worlds: self.worlds.iter().map(World::parts).collect(),
            indexes: self.worlds.iter().map(|world| world.index.clone()).collect(),
        };
        Logs::open(self.owns[node].clone(), Arc::new(shown))
    }

    /// Discloses at a node, and gives the entry.
    async fn disclose(&self, node: usize, whose: u64) -> u64 {
        let ledger = &self.ledgers[node];
        let disclosed = ledger.disclose(draft(person(whose)), ledger.reserve("c-1", 1_000).unwrap());
        disclosed.await.unwrap().into_receipt().entry
    }
}

/// Every entry about a person, page by page.
fn all_of(logs: &Logs, whose: u64, limit: usize) -> Vec<u64> {
    let (mut before, mut found) = (Bookmark::default(), Vec::new());
    loop {
        let page = logs.disclosures_of(person(whose), &before, limit).unwrap();
        assert!(page.disclosures.len() <= limit);
        found.extend(page.disclosures.iter().map(|(disclosure, _)| disclosure.entry));
        let Some(next) = page.next else { return found };
        assert!(!page.disclosures.is_empty(), "a list that goes on shows something");
        before = next.to_string().parse().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_node_shows_all_of_a_person_newest_first_with_receipts_that_hold(
        steps in prop::collection::vec((0_usize..3, 0_u64..3, 0_i64..3), 1..60),
        limit in 1_usize..7,
        asked in 0_usize..3,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let house = House::new(3);
        let mut expected: Vec<(jiff::Timestamp, u64, u64)> = Vec::new();
        for (node, whose, later_s) in steps {
            house.worlds.iter().for_each(|world| world.clock.advance(SignedDuration::from_secs(later_s)));
            let entry = runtime.block_on(house.disclose(node, whose));
            expected.push((house.ledgers[node].now(), entry, whose));
        }
        expected.sort_unstable();
        let logs = house.logs(asked).unwrap();
        for whose in 0..3 {
            let of_person = expected.iter().rev().filter(|(_, _, other)| *other == whose);
            let entries: Vec<u64> = of_person.map(|(_, entry, _)| *entry).collect();
            prop_assert_eq!(&all_of(&logs, whose, limit), &entries);
            for entry in entries {
                let (log, leaf) = logs.of_entry(entry).unwrap();
                let receipt = logs.receipt(entry).unwrap();
                prop_assert_eq!((receipt.entry, receipt.leaf_index), (entry, leaf));
                prop_assert!(receipt.verify(log.verifier()).is_ok());
                let others = house.ledgers.iter().filter(|ledger| ledger.verifier().origin() != log.verifier().origin());
                for other in others {
                    prop_assert!(receipt.verify(other.verifier()).is_err(), "no log speaks for another");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_its_node_has_not_indexed_is_found_and_forgotten_when_it_has() {
    let house = House::new(2);
    let logs = house.logs(0).unwrap();
    let first = house.disclose(1, 1).await;
    assert_eq!(all_of(&logs, 1, 9), [first], "the other node has written no index yet");
    house.owns[1].publish().unwrap();
    house.owns[1].flush_index().unwrap();
    logs.follow().unwrap();
    let second = house.disclose(1, 1).await;
    assert_eq!(all_of(&logs, 1, 9), [second, first]);
    assert_eq!(house.worlds[1].index.cursor().unwrap(), 1, "who follows leaves the index to its node");
}

#[tokio::test]
async fn a_node_that_begins_later_is_seen_and_one_without_a_key_is_not_passed_over() {
    let house = House::new(2);
    let late = house.known.lock().unwrap().pop().unwrap();
    let logs = house.logs(0).unwrap();
    let entry = house.disclose(1, 1).await;
    assert_eq!(logs.disclosure(entry).unwrap_err(), LedgerError::Index { index: entry, size: 0 });
    assert!(all_of(&logs, 1, 9).is_empty());
    house.known.lock().unwrap().push(KnownLog { verifier: None, ..late.clone() });
    let refused = logs.disclosures_of(person(1), &Bookmark::default(), 9).unwrap_err();
    assert!(matches!(refused, LedgerError::Tree { .. }), "{refused}");
    house.known.lock().unwrap().pop();
    house.known.lock().unwrap().push(late);
    assert_eq!(all_of(&logs, 1, 9), [entry]);
    let file = |path: &str| logs.file(path).unwrap();
    let checkpoint = String::from_utf8(file("node/n1/checkpoint").unwrap()).unwrap();
    assert_eq!(house.ledgers[1].verifier().open(&checkpoint).map(|head| head.size), Some(1));
    assert_eq!(file("node/n1/tile/0/000.p/1").map(|tile| tile.len()), Some(32));
    assert_eq!(file("node/n0/checkpoint"), file("checkpoint"));
    assert_eq!((file("node/n2/checkpoint"), file("node/n1/keys"), file("node/")), (None, None, None));
}

#[tokio::test]
async fn a_log_whose_past_was_changed_is_found_by_every_other_node() {
    let house = House::new(2);
    let logs = house.logs(0).unwrap();
    house.disclose(1, 1).await;
    logs.follow().unwrap();
    // The other node's records are those of another history now, soundly signed with its key.
    let mut forged = World::new();
    forged.options.log = LogNumber::new(1).unwrap();
    let other = forged.start();
    for whose in [2, 3] {
        other.disclose(draft(person(whose)), other.reserve("c-1", 9).unwrap()).await.unwrap();
    }
    house.worlds[1].records.become_like(&forged.records);
    let told = logs.follow().unwrap_err();
    assert!(matches!(&told, LedgerError::Tree { detail } if detail.contains("another root")), "{told}");
    let verifier: LogVerifier = other.verifier().clone();
    assert!(verifier.open(&logs.taken_up()[1].checkpoint()).is_some_and(|head| head.size == 1));
}
