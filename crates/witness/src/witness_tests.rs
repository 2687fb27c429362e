use super::*;
use crate::{Cosigner, Memory, generate_cosigner_key};
use dancu_core::StoreError;
use dancu_ledger::{BatchTree, Frontier, Hash, LogSigner, TileFiles, generate_key};
use dancu_testkit::{FakeClock, MemoryTiles, SeededEntropy};
use proptest::prelude::*;
use std::{
    path::PathBuf,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
};

const ORIGIN: &str = "dancu.example/log";

/// A log in memory, whose every size can be signed and proved.
struct TestLog {
    signer: LogSigner,
    leaves: Vec<Hash>,
}

struct Stored(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

impl TestLog {
    fn new(size: u64, first: u8) -> Self {
        let signer = LogSigner::new(&generate_key(ORIGIN, &SeededEntropy::new(5)).unwrap()).unwrap();
        let leaf = |number: u64| {
            let mut leaf = [first; 32];
            leaf[..8].copy_from_slice(&number.to_be_bytes());
            leaf
        };
        Self { signer, leaves: (0..size).map(leaf).collect() }
    }

    fn frontier(&self, size: u64) -> Frontier {
        let leaves = self.leaves[..usize::try_from(size).unwrap()].to_vec();
        BatchTree::append(&Frontier::default(), leaves).after().clone()
    }

    fn proof(&self, old: u64, size: u64) -> Vec<Hash> {
        let mut stored = Stored(Vec::new());
        for (number, leaf) in (0..size).zip(&self.leaves) {
            let more =
                tlog_tiles::stored_hashes_for_record_hash(number, tlog_tiles::Hash(*leaf), &stored).unwrap();
            stored.0.extend(more);
        }
        if old == 0 {
            return Vec::new();
        }
        tlog_tiles::prove_tree(size, old, &stored).unwrap().into_iter().map(|hash| hash.0).collect()
    }

    fn request(&self, old_size: u64, size: u64) -> AddCheckpoint {
        let checkpoint = self.signer.sign(&self.frontier(size)).to_string();
        AddCheckpoint { old_size, proof: self.proof(old_size, size), checkpoint }
    }

    fn keys(&self) -> KnownKeys {
        KnownKeys::read(self.signer.verifier().as_str()).unwrap()
    }
}

fn witness_over(files: Arc<dyn TileFiles>, keys: KnownKeys) -> Witness {
    let keys_of_witness = generate_cosigner_key("w.example/1", &SeededEntropy::new(8)).unwrap();
    let clock = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
    Witness::new(Cosigner::new(&keys_of_witness).unwrap(), Memory::new(files), Box::new(keys), clock)
}

fn witness(log: &TestLog) -> (Witness, MemoryTiles) {
    let files = MemoryTiles::default();
    (witness_over(Arc::new(files.clone()), log.keys()), files)
}

fn send(witness: &Witness, request: &AddCheckpoint) -> Result<String, Refusal> {
    witness.add_checkpoint(request.to_body().as_bytes())
}

#[test]
fn a_log_that_goes_on_is_cosigned_and_remembered() {
    let log = TestLog::new(20, 1);
    let (witness, files) = witness(&log);
    for (old, size) in [(0, 3), (3, 3), (3, 8), (8, 20)] {
        let request = log.request(old, size);
        let line = send(&witness, &request).unwrap();
        let found = witness.verifier().find(&request.checkpoint, &line).unwrap();
        assert_eq!(found.at.to_string(), "2026-11-22T02:00:00Z");
    }
    let held = witness.checkpoint(&origin_hash(ORIGIN)).unwrap().unwrap();
    assert_eq!(log.signer.verifier().open(&held).unwrap().size, 20);
    assert!(witness.verifier().open(&held).is_some());
    assert_eq!(witness.checkpoint("../keys").unwrap(), None);
    // Another process over the same files goes on where the last one was.
    let again = witness_over(Arc::new(files), log.keys());
    assert_eq!(send(&again, &log.request(8, 20)), Err(Refusal::OtherSize { size: 20 }));
    assert!(send(&again, &log.request(20, 20)).is_ok());
}

#[test]
fn a_signature_that_stands_a_hundred_times_does_not_end_the_work() {
    let log = TestLog::new(20, 1);
    let (witness, _) = witness(&log);
    let mut request = log.request(0, 8);
    let line = request.checkpoint.lines().last().unwrap().to_owned();
    request.checkpoint.push_str(&format!("{line}\n").repeat(99));
    assert!(send(&witness, &request).is_ok());
    let held = witness.checkpoint(&origin_hash(ORIGIN)).unwrap().unwrap();
    assert_eq!(held.lines().filter(|line| line.starts_with('—')).count(), 2, "log and witness, once each");
    assert!(send(&witness, &log.request(8, 20)).is_ok(), "it goes on");
}

#[test]
fn a_key_that_is_listed_twice_is_one() {
    let log = TestLog::new(20, 1);
    let key = log.signer.verifier().as_str();
    let keys = KnownKeys::read(&format!("{key}\n{key}\n")).unwrap();
    let witness = witness_over(Arc::new(MemoryTiles::default()), keys);
    assert!(send(&witness, &log.request(0, 8)).is_ok());
}

#[test]
fn old_checkpoints_sent_by_anybody_do_not_use_up_the_logs_own_turns() {
    let log = TestLog::new(60, 1);
    let (witness, _) = witness(&log);
    send(&witness, &log.request(0, 1)).unwrap();
    for _ in 0..100 {
        assert!(send(&witness, &log.request(1, 1)).is_ok(), "nothing new: signed again, not written");
        assert_eq!(send(&witness, &log.request(0, 1)), Err(Refusal::OtherSize { size: 1 }));
    }
    assert!(send(&witness, &log.request(1, 2)).is_ok());
    let mut outcomes = (2..60).map(|size| send(&witness, &log.request(size, size + 1)));
    assert!(outcomes.any(|outcome| outcome == Err(Refusal::TooMany)), "each write has its price");
}

#[test]
fn each_refusal_is_the_one_of_the_protocol() {
    let (log, other) = (TestLog::new(20, 1), TestLog::new(20, 2));
    let (witness, files) = witness(&log);
    assert_eq!(witness.add_checkpoint(b"old 0\n"), Err(Refusal::Malformed));
    assert_eq!(send(&witness, &log.request(3, 8)), Err(Refusal::OtherSize { size: 0 }));
    let mut proven_from_nothing = log.request(0, 8);
    proven_from_nothing.proof.push([0; 32]);
    assert_eq!(send(&witness, &proven_from_nothing), Err(Refusal::NotProven));
    send(&witness, &log.request(0, 8)).unwrap();
    let mut backwards = log.request(0, 3);
    backwards.old_size = 8;
    assert_eq!(send(&witness, &backwards), Err(Refusal::Malformed));
    assert_eq!(send(&witness, &log.request(0, 3)), Err(Refusal::OtherSize { size: 8 }));
    // Another tree under the same key: of the same size, and one that is longer.
    assert_eq!(send(&witness, &other.request(8, 8)), Err(Refusal::NotProven));
    assert_eq!(send(&witness, &other.request(8, 20)), Err(Refusal::NotProven));
    let stranger = LogSigner::new(&generate_key(ORIGIN, &SeededEntropy::new(6)).unwrap()).unwrap();
    let mut foreign = log.request(8, 20);
    foreign.checkpoint = stranger.sign(&log.frontier(20)).to_string();
    assert_eq!(send(&witness, &foreign), Err(Refusal::NotSigned));
    // Beside the true signature a stranger's is passed over, a false one in the log's own name is not.
    let mut both = log.request(8, 20);
    both.checkpoint.push_str(foreign.checkpoint.lines().last().unwrap());
    both.checkpoint.push('\n');
    assert!(send(&witness, &both).is_ok());
    let held = witness.checkpoint(&origin_hash(ORIGIN)).unwrap().unwrap();
    assert_eq!(held.lines().filter(|line| line.starts_with('—')).count(), 2, "log and witness, no stranger");
    let mut false_beside = log.request(20, 20);
    let false_line = log.request(0, 3).checkpoint.lines().last().unwrap().to_owned();
    false_beside.checkpoint = false_beside.checkpoint.replace("\n\n", &format!("\n\n{false_line}\n"));
    assert_eq!(send(&witness, &false_beside), Err(Refusal::NotSigned));
    let unknown = LogSigner::new(&generate_key("other.example", &SeededEntropy::new(6)).unwrap()).unwrap();
    let mut of_another = log.request(20, 20);
    of_another.checkpoint = unknown.sign(&log.frontier(20)).to_string();
    assert_eq!(send(&witness, &of_another), Err(Refusal::UnknownLog));
    // A memory that was tampered with binds nobody to anything: it is told, and nothing is cosigned.
    let path = format!("{}.checkpoint", origin_hash(ORIGIN));
    let held = files.tamper(&path, Some(log.request(0, 3).checkpoint.into_bytes()));
    assert!(matches!(send(&witness, &log.request(3, 20)), Err(Refusal::Store(StoreError::Corrupt { .. }))));
    files.tamper(&path, held);
    assert!(send(&witness, &log.request(20, 20)).is_ok());
}

#[test]
fn an_empty_log_is_cosigned_as_empty_only() {
    let log = TestLog::new(4, 1);
    let (witness, _) = witness(&log);
    let mut filled = log.request(0, 4);
    filled.checkpoint = filled.checkpoint.replace("\n4\n", "\n0\n");
    assert_eq!(send(&witness, &filled), Err(Refusal::NotSigned));
    assert!(send(&witness, &log.request(0, 0)).is_ok());
    assert!(send(&witness, &log.request(0, 4)).is_ok());
}

/// Files that fail as told: the write is done and told as failed, as a flush may.
#[derive(Clone, Default)]
struct FailingFiles(MemoryTiles, Arc<AtomicBool>);

impl TileFiles for FailingFiles {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.read(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.write(path, bytes)?;
        if self.1.load(Ordering::Relaxed) {
            return Err(StoreError::Full { file: self.location(path) });
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.0.remove(path)
    }

    fn location(&self, path: &str) -> PathBuf {
        self.0.location(path)
    }
}

#[test]
fn nothing_leaves_that_is_not_remembered_and_a_write_of_unknown_fate_binds() {
    let (log, other) = (TestLog::new(20, 1), TestLog::new(20, 2));
    let files = FailingFiles::default();
    let witness = witness_over(Arc::new(files.clone()), log.keys());
    files.1.store(true, Ordering::Relaxed);
    assert!(matches!(send(&witness, &log.request(0, 8)), Err(Refusal::Store(_))));
    files.1.store(false, Ordering::Relaxed);
    assert_eq!(send(&witness, &other.request(0, 8)), Err(Refusal::OtherSize { size: 8 }));
    assert!(send(&witness, &log.request(8, 8)).is_ok());
}

#[test]
fn of_two_histories_at_once_one_is_cosigned() {
    for _ in 0..20 {
        let logs = [TestLog::new(9, 1), TestLog::new(9, 2)];
        let (witness, _) = witness(&logs[0]);
        let (witness, start) = (&witness, &Barrier::new(4));
        let cosigned: usize = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..4)
                .map(|number| {
                    let request = logs[number % 2].request(0, 9 - u64::try_from(number / 2).unwrap());
                    scope.spawn(move || {
                        start.wait();
                        usize::from(send(witness, &request).is_ok())
                    })
                })
                .collect();
            asked.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(cosigned, 1, "each goes on from nothing, so only the first may");
    }
}

#[test]
fn a_key_in_use_does_not_go_on_without_its_memory() {
    let (log, files) = (TestLog::new(1, 1), MemoryTiles::default());
    let memory = Memory::new(Arc::new(files));
    let (ours, _) = witness(&log);
    let other = generate_cosigner_key("w.example/2", &SeededEntropy::new(1)).unwrap();
    let other = Cosigner::new(&other).unwrap();
    assert!(memory.is_new().unwrap());
    assert!(matches!(memory.take_up(ours.verifier(), false), Err(crate::CosignerError::NoMemory { .. })));
    memory.take_up(ours.verifier(), true).unwrap();
    memory.take_up(ours.verifier(), false).unwrap();
    assert!(!memory.is_new().unwrap());
    assert!(matches!(memory.take_up(other.verifier(), true), Err(crate::CosignerError::OtherMemory { .. })));
}

#[test]
fn a_list_of_logs_names_the_line_that_is_wrong() {
    let key = TestLog::new(0, 1).signer.verifier().as_str().to_owned();
    assert_eq!(KnownKeys::read(&format!("# ours\n\n{key}\n{key}\n")).unwrap().len(), 1);
    let wrong = KnownKeys::read(&format!("{key}\nnothing\n")).unwrap_err();
    assert_eq!(wrong, crate::CosignerError::LogKey { line: 2 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_proof_that_is_changed_anywhere_is_refused(
        old in 1_u64..60, more in 1_u64..60, line in any::<prop::sample::Index>(),
        byte in 0_usize..32, bit in 0_u8..8, kind in 0..4,
    ) {
        let log = TestLog::new(old + more, 1);
        let (witness, _) = witness(&log);
        send(&witness, &log.request(0, old)).unwrap();
        let sound = log.request(old, old + more);
        let mut changed = sound.clone();
        let at = line.index(changed.proof.len());
        match kind {
            0 => changed.proof[at][byte] ^= 1 << bit,
            1 => drop(changed.proof.remove(at)),
            2 => changed.proof.insert(at, [7; 32]),
            _ => changed.proof.rotate_left(at),
        }
        if changed.proof != sound.proof {
            prop_assert_eq!(send(&witness, &changed), Err(Refusal::NotProven));
        }
        prop_assert!(send(&witness, &sound).is_ok());
    }

    #[test]
    fn sizes_never_go_back_and_no_second_tree_is_cosigned(
        steps in prop::collection::vec((0_u64..12, 0_u64..12, any::<bool>()), 1..18),
    ) {
        let logs = [TestLog::new(12, 1), TestLog::new(12, 2)];
        let (witness, _) = witness(&logs[0]);
        let (mut newest, mut whose) = (0, None);
        for (old, size, which) in steps {
            if old > size {
                continue;
            }
            let outcome = send(&witness, &logs[usize::from(which)].request(old, size));
            if outcome.is_ok() {
                prop_assert!(size >= newest && old == newest);
                newest = size;
                // The empty tree is the beginning of both.
                if size > 0 {
                    prop_assert_eq!(*whose.get_or_insert(which), which);
                }
            }
        }
    }
}
