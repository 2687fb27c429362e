//! Asks witnesses to cosign this node's log, beside the answers and never before them.

use crate::{AddCheckpoint, CosignerVerifier, Signed, Trouble, WitnessStatus, request::read_size};
use async_trait::async_trait;
use dancu_ledger::{LedgerError, PublicLog, PublishedTree};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::JoinSet;

/// Rounds that a witness is left alone after its first failure; twice as many after each further one.
const REST_ROUNDS: u32 = 1;
const REST_ROUNDS_MAX: u32 = 64;
/// After so many rounds a witness is asked again although nothing is new: its word tells until when it was so, and what
/// another node did to it comes to light.
const REPEAT_ROUNDS: u32 = 600;
/// Answers that a witness may correct us with in one round.
const TRIES: usize = 3;

/// What came back for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The body, cut at a bound.
    pub body: Vec<u8>,
}

/// Nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the witness does not answer")]
pub struct NoAnswer;

/// Where a witness is asked. Ends after a bounded time.
#[async_trait]
pub trait WitnessAddress: Send + Sync {
    /// Sends a body to `add-checkpoint`.
    async fn add_checkpoint(&self, body: String) -> Result<Answer, NoAnswer>;
}

/// A witness and where it is asked.
#[derive(Clone)]
pub struct AddressedWitness {
    /// Its key.
    pub verifier: CosignerVerifier,
    /// Where.
    pub address: Arc<dyn WitnessAddress>,
}

impl fmt::Debug for AddressedWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verifier.fmt(f)
    }
}

#[derive(Debug, Default)]
struct State {
    /// The size that the witness cosigned last, as far as we know.
    known_size: u64,
    signed: Option<Signed>,
    trouble: Option<Trouble>,
    /// Another history that it knew of. It stands until the witness cosigns: not answering any more takes nothing back.
    alarm: Option<Trouble>,
    failures: u32,
    /// Rounds that it is left alone.
    rest: u32,
    /// Rounds since its last cosignature.
    rounds: u32,
}

/// The cosignatures on one checkpoint.
#[derive(Debug, Default)]
struct Collected {
    size: u64,
    lines: BTreeMap<usize, String>,
}

/// The witnesses of this node's log. One round asks all of them for the same checkpoint, so that their cosignatures come
/// together on it.
pub struct Cosigning {
    log: Arc<PublicLog>,
    witnesses: Vec<AddressedWitness>,
    quorum: usize,
    states: Mutex<Vec<State>>,
    collected: Mutex<Collected>,
}

impl fmt::Debug for Cosigning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cosigning").field("witnesses", &self.witnesses).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cosigning {
    /// For a log. `quorum` is how many cosignatures make a checkpoint one that is shown as cosigned; at least one and at
    /// most all.
    pub fn new(log: Arc<PublicLog>, witnesses: Vec<AddressedWitness>, quorum: usize) -> Self {
        let states = witnesses.iter().map(|_| State { rounds: REPEAT_ROUNDS, ..State::default() }).collect();
        let quorum = quorum.clamp(1, witnesses.len().max(1));
        Self { log, witnesses, quorum, states: Mutex::new(states), collected: Mutex::default() }
    }

    /// How it stands with each witness.
    pub fn statuses(&self) -> Vec<WitnessStatus> {
        let size = self.log.size();
        let held = lock(&self.states);
        let status = |(witness, state): (&AddressedWitness, &State)| WitnessStatus {
            name: witness.verifier.name().to_owned(),
            signed: state.signed,
            behind: size.saturating_sub(state.signed.map_or(0, |signed| signed.size)),
            trouble: state.alarm.clone().or_else(|| state.trouble.clone()),
        };
        self.witnesses.iter().zip(held.iter()).map(status).collect()
    }

    /// Asks every witness once that has not cosigned the newest checkpoint, each for itself; those that failed rest longer
    /// and longer. Call it about once a second.
    pub async fn round(self: &Arc<Self>) {
        let tree = self.log.tree();
        let mut asked = JoinSet::new();
        for index in self.due(&tree) {
            let (this, tree) = (Arc::clone(self), tree.clone());
            asked.spawn(async move {
                let outcome = this.ask(index, &tree).await;
                this.note(index, &tree, outcome);
            });
        }
        while let Some(ended) = asked.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "asking a witness ended by a defect of the program");
            }
        }
    }

    fn due(&self, tree: &PublishedTree) -> Vec<usize> {
        let mut states = lock(&self.states);
        let is_due = |state: &mut State| {
            state.rounds = state.rounds.saturating_add(1);
            if state.rest > 0 {
                state.rest -= 1;
                return false;
            }
            let is_new = state.signed.is_none_or(|signed| signed.size < tree.size());
            is_new || state.trouble.is_some() || state.rounds >= REPEAT_ROUNDS
        };
        states.iter_mut().enumerate().filter_map(|(index, state)| is_due(state).then_some(index)).collect()
    }

    /// Asks one witness, with a proof from where it stands.
    async fn ask(self: &Arc<Self>, index: usize, tree: &PublishedTree) -> Result<Signed, Trouble> {
        let witness = &self.witnesses[index];
        let (mut old_size, signed_size) = {
            let state = &lock(&self.states)[index];
            (state.known_size.min(tree.size()), state.signed.map_or(0, |signed| signed.size))
        };
        for _ in 0..TRIES {
            let proof = self.prove(tree, old_size).await?;
            let checkpoint = tree.checkpoint().to_string();
            let body = AddCheckpoint { old_size, proof, checkpoint }.to_body();
            let answer =
                witness.address.add_checkpoint(body).await.map_err(|NoAnswer| Trouble::Unreachable)?;
            match answer.status {
                200 => return self.take(index, tree, &answer).await,
                409 => {
                    let size = size_of(&answer).filter(|size| *size != old_size).ok_or(Trouble::Nonsense)?;
                    if size < signed_size {
                        return Err(Trouble::Forgot { size, signed: signed_size });
                    }
                    self.is_within(tree, size).await?;
                    if size > tree.size() {
                        // Somebody showed it a checkpoint out of a receipt: the next round is further than that.
                        return Err(Trouble::Status { status: 409 });
                    }
                    old_size = size;
                    lock(&self.states)[index].known_size = size;
                }
                422 => return Err(Trouble::OtherTree { size: old_size }),
                status => return Err(Trouble::Status { status }),
            }
        }
        // Others ask it for the same log at the same time.
        Err(Trouble::Status { status: 409 })
    }

    /// A size that a witness names must be one that this log has: what was committed since the round began counts too.
    async fn is_within(&self, tree: &PublishedTree, size: u64) -> Result<(), Trouble> {
        if size <= tree.size() {
            return Ok(());
        }
        let log = Arc::clone(&self.log);
        blocking(move || log.publish()).await?;
        let ours = self.log.size();
        if size <= ours { Ok(()) } else { Err(Trouble::Ahead { size, ours }) }
    }

    async fn prove(&self, tree: &PublishedTree, size: u64) -> Result<Vec<dancu_ledger::Hash>, LedgerError> {
        let (log, tree) = (Arc::clone(&self.log), tree.clone());
        blocking(move || log.prove_consistency(&tree, size)).await
    }

    async fn take(
        self: &Arc<Self>,
        index: usize,
        tree: &PublishedTree,
        answer: &Answer,
    ) -> Result<Signed, Trouble> {
        let lines = std::str::from_utf8(&answer.body).map_err(|_| Trouble::Nonsense)?;
        let found = self.witnesses[index].verifier.find(tree.checkpoint(), lines).ok_or(Trouble::Nonsense)?;
        // The file is flushed: not in a thread that answers others.
        let (this, shown, line) = (Arc::clone(self), tree.clone(), found.line);
        blocking(move || this.show(index, &shown, line)).await?;
        Ok(Signed { size: tree.size(), at: found.at })
    }

    /// Shows the checkpoint with one more cosignature. Blocks.
    fn show(&self, index: usize, tree: &PublishedTree, line: String) -> Result<(), LedgerError> {
        let mut collected = lock(&self.collected);
        if collected.size != tree.size() {
            *collected = Collected { size: tree.size(), lines: BTreeMap::new() };
        }
        collected.lines.insert(index, line);
        let all: String = collected.lines.values().map(String::as_str).collect();
        let has_quorum = collected.lines.len() >= self.quorum;
        self.log.show_cosigned(tree.checkpoint(), &all, has_quorum)
    }

    fn note(&self, index: usize, tree: &PublishedTree, outcome: Result<Signed, Trouble>) {
        let name = self.witnesses[index].verifier.name();
        let mut states = lock(&self.states);
        let state = &mut states[index];
        match outcome {
            Ok(signed) => {
                if state.trouble.is_some() {
                    tracing::info!(witness = name, size = signed.size, "the witness cosigns again");
                }
                *state = State { known_size: tree.size(), signed: Some(signed), ..State::default() };
            }
            Err(trouble) => {
                if state.trouble.as_ref() != Some(&trouble) {
                    tell(name, &trouble);
                }
                // One that is busy, or was told of the log by others meanwhile, is asked again soon.
                if !matches!(trouble, Trouble::Status { status: 409 | 429 }) {
                    state.failures = state.failures.saturating_add(1);
                }
                let times = state.failures.saturating_sub(1);
                state.rest = REST_ROUNDS.checked_shl(times).unwrap_or(REST_ROUNDS_MAX).min(REST_ROUNDS_MAX);
                if trouble.is_alarm() {
                    state.alarm = Some(trouble.clone());
                }
                state.trouble = Some(trouble);
            }
        }
    }
}

fn tell(witness: &str, trouble: &Trouble) {
    use dancu_core::Explain;
    let code = trouble.explain().code;
    if trouble.is_alarm() {
        tracing::error!(witness, code, %trouble, "a witness knows another history of this log");
    } else {
        tracing::warn!(witness, code, %trouble, "a witness does not cosign");
    }
}

/// The size that a refusal names: a number and the end of its line.
fn size_of(answer: &Answer) -> Option<u64> {
    read_size(std::str::from_utf8(&answer.body).ok()?.strip_suffix('\n')?)
}

/// Reading tiles blocks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(LedgerError::Tree { detail: "a proof ended by a defect of the program".to_owned() })
    })
}
