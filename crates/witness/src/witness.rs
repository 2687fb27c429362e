//! Cosigns checkpoints that go on from the last one that was cosigned.

use crate::{
    AddCheckpoint, Cosigner, CosignerError, CosignerVerifier, Memory, Refusal, cosigner::body_of,
    memory::origin_hash,
};
use dancu_core::Clock;
use dancu_ledger::{LogVerifier, Logs, TreeHead};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

/// Requests a second before anything is read of them: each costs a signature's check at most.
const REQUESTS_PER_SECOND_MAX: NonZeroU32 = NonZeroU32::new(1_000).expect("it is not zero");
/// Checkpoints a second by which one log goes on, each of which costs a flush to the disk. A checkpoint that was published can be
/// sent by anybody, but goes on only once, and so cannot be used to spend these.
const CHECKPOINTS_PER_SECOND_MAX: NonZeroU32 = NonZeroU32::new(20).expect("it is not zero");

/// The logs whose checkpoints are cosigned.
pub trait WitnessedLogs: Send + Sync {
    /// The keys of a log by its origin; none of one that is not known.
    fn verifiers(&self, origin: &str) -> Vec<LogVerifier>;

    /// Compares a checkpoint with what the witness itself knows of the log, beside proofs.
    fn compare(&self, origin: &str, head: &TreeHead) -> Result<(), Refusal>;
}

/// Logs of which nothing but the keys is known.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys(HashMap<String, Vec<LogVerifier>>);

impl KnownKeys {
    /// Reads a list: a verifier key a line, empty lines and those that begin with `#` passed over. A log may have several.
    pub fn read(text: &str) -> Result<Self, CosignerError> {
        let mut logs: HashMap<String, Vec<LogVerifier>> = HashMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let verifier = LogVerifier::new(line).ok_or(CosignerError::LogKey { line: index + 1 })?;
            let keys = logs.entry(verifier.origin().to_owned()).or_default();
            // A line that stands twice says nothing more.
            if !keys.iter().any(|key| key.as_str() == verifier.as_str()) {
                keys.push(verifier);
            }
        }
        Ok(Self(logs))
    }

    /// How many logs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl WitnessedLogs for KnownKeys {
    fn verifiers(&self, origin: &str) -> Vec<LogVerifier> {
        self.0.get(origin).cloned().unwrap_or_default()
    }

    fn compare(&self, _origin: &str, _head: &TreeHead) -> Result<(), Refusal> {
        Ok(())
    }
}

/// The logs of the other nodes of a house, whose records this node reads and hashes itself.
pub struct HouseLogs(pub Arc<Logs>);

impl fmt::Debug for HouseLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HouseLogs").field(&self.0).finish()
    }
}

impl HouseLogs {
    fn find(&self, origin: &str) -> Option<Arc<dancu_ledger::PublicLog>> {
        let own = self.0.own().number();
        let others = self.0.taken_up().into_iter().filter(|log| log.number() != own);
        others.into_iter().find(|log| log.verifier().origin() == origin)
    }
}

impl WitnessedLogs for HouseLogs {
    fn verifiers(&self, origin: &str) -> Vec<LogVerifier> {
        self.find(origin).map(|log| log.verifier().clone()).into_iter().collect()
    }

    fn compare(&self, origin: &str, head: &TreeHead) -> Result<(), Refusal> {
        let log = self.find(origin).ok_or(Refusal::UnknownLog)?;
        if log.size() < head.size {
            log.publish()?;
        }
        match log.root_at(head.size)? {
            Some(root) if root == head.root => Ok(()),
            Some(_) => Err(Refusal::OtherRecords),
            None => Err(Refusal::NotFollowed),
        }
    }
}

/// A running witness.
pub struct Witness {
    cosigner: Cosigner,
    memory: Memory,
    logs: Box<dyn WitnessedLogs>,
    clock: Arc<dyn Clock>,
    requests: DefaultDirectRateLimiter,
    /// One place for each log that was ever truly signed for here: only one request at a time is between look and write.
    places: Mutex<HashMap<String, Arc<Place>>>,
}

struct Place {
    turn: Mutex<()>,
    checkpoints: DefaultDirectRateLimiter,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").field("cosigner", &self.cosigner).finish_non_exhaustive()
    }
}

impl Witness {
    /// Puts it together. The memory must have been taken up for this key.
    pub fn new(
        cosigner: Cosigner,
        memory: Memory,
        logs: Box<dyn WitnessedLogs>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let requests = RateLimiter::direct(Quota::per_second(REQUESTS_PER_SECOND_MAX));
        Self { cosigner, memory, logs, clock, requests, places: Mutex::default() }
    }

    /// The verifier key.
    pub const fn verifier(&self) -> &CosignerVerifier {
        self.cosigner.verifier()
    }

    /// Answers `add-checkpoint`: the line of the cosignature, which is remembered on the disk before it is given out.
    /// Blocks for that long.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<String, Refusal> {
        self.requests.check().map_err(|_| Refusal::TooMany)?;
        let request = AddCheckpoint::read(body).ok_or(Refusal::Malformed)?;
        let origin = request.origin().ok_or(Refusal::Malformed)?;
        let verifiers = self.logs.verifiers(&origin);
        if verifiers.is_empty() {
            return Err(Refusal::UnknownLog);
        }
        let head = LogVerifier::open_by_any(&verifiers, &request.checkpoint).ok_or(Refusal::NotSigned)?;
        if request.old_size > head.size || head.size > 1 << 62 {
            return Err(Refusal::Malformed);
        }
        let place = self.place(&origin);
        let _turn = place.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let key = origin_hash(&origin);
        // Read from the disk each time: what stands there is what binds, also after a write whose fate was unknown.
        let last = self.last(&key, &origin)?;
        let size = last.map_or(0, |last| last.size);
        if request.old_size != size {
            return Err(Refusal::OtherSize { size });
        }
        let earlier = last.unwrap_or(TreeHead { size: 0, root: dancu_ledger::empty_root() });
        if !head.begins_with(&earlier, &request.proof) {
            return Err(Refusal::NotProven);
        }
        self.logs.compare(&origin, &head)?;
        let line = self.cosigner.sign(&request.checkpoint, self.clock.now()).ok_or(Refusal::Malformed)?;
        if last == Some(head) {
            // It is remembered already; only the time of the cosignature is new.
            return Ok(line);
        }
        place.checkpoints.check().map_err(|_| Refusal::TooMany)?;
        let signed = only_of(&verifiers, &request.checkpoint).ok_or(Refusal::Malformed)?;
        let remembered = format!("{signed}{line}");
        // What could not be read again would end the witness's work for this log.
        self.read_back(&remembered, &origin).filter(|read| *read == head).ok_or(Refusal::Malformed)?;
        self.memory.write(&key, &remembered)?;
        Ok(line)
    }

    /// What a remembered checkpoint says; `None` when it is none of this witness and log.
    fn read_back(&self, text: &str, origin: &str) -> Option<TreeHead> {
        self.verifier().open(text)?;
        let read = tlog_tiles::Checkpoint::from_bytes(body_of(text)?.as_bytes()).ok()?;
        (read.origin() == origin).then(|| TreeHead { size: read.size(), root: read.hash().0 })
    }

    /// The last checkpoint that was cosigned of a log, by the SHA-256 of its origin in hexadecimal; with the signatures of
    /// log and witness. `None` when there is none.
    pub fn checkpoint(&self, origin_hash: &str) -> Result<Option<String>, Refusal> {
        let is_hash = origin_hash.len() == 64
            && origin_hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if is_hash { Ok(self.memory.read(origin_hash)?) } else { Ok(None) }
    }

    fn place(&self, origin: &str) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(origin.to_owned()).or_insert_with(|| {
            let checkpoints = RateLimiter::direct(Quota::per_second(CHECKPOINTS_PER_SECOND_MAX));
            Arc::new(Place { turn: Mutex::new(()), checkpoints })
        });
        Arc::clone(place)
    }

    fn last(&self, key: &str, origin: &str) -> Result<Option<TreeHead>, Refusal> {
        let Some(text) = self.memory.read(key)? else { return Ok(None) };
        self.read_back(&text, origin).map(Some).ok_or_else(|| self.memory.damaged(key).into())
    }
}

/// A checkpoint with one signature of each of the log's keys and nothing else: whoever sends it may have put anything beside
/// them, and the same line a hundred times.
fn only_of(verifiers: &[LogVerifier], checkpoint: &str) -> Option<String> {
    let body = body_of(checkpoint)?;
    let line_of = |verifier: &LogVerifier| {
        let mut lines = checkpoint[body.len() + 1..].split_inclusive('\n');
        lines.find(|line| verifier.open(&format!("{body}\n{line}")).is_some())
    };
    let lines: String = verifiers.iter().filter_map(line_of).collect();
    Some(format!("{body}\n{lines}"))
}

#[cfg(test)]
#[path = "witness_tests.rs"]
mod tests;
