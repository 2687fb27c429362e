//! A day's limit shared by several nodes: each takes a block of places from where all nodes look, and counts those in
//! memory. Nobody holds a place that another one holds, so the limit is never exceeded.

use crate::{
    committer::Shared,
    ports::QuotaCount,
    queue::{Queue, Refused},
    quota::{Counter, NoPlace, Reservation},
};
use dancu_core::{StoreError, today_in_viet_nam};
use jiff::civil::Date;
use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Places of one block at most.
const BLOCK_MAX: u64 = 4_096;
/// Of what is free, a block is one part in so many: small as the limit runs out, so that little lies with nodes that
/// are not asked.
const BLOCK_PARTS: u64 = 16;
/// How often it is looked what the other nodes used.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A share from which nobody took for so many looks is given back.
const IDLE_LOOKS: u32 = 5;
/// Callers that may wait for a greater share.
const WAITING_MAX: usize = 16_384;

/// A node's share of a day's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Places that it holds, those in use included.
    pub held: u64,
    /// Places that other nodes used, durably.
    pub used_by_others: u64,
}

/// What a node asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareAsk<'a> {
    /// The contract.
    pub contract: &'a str,
    /// The day in Viet Nam.
    pub day: Date,
    /// The contract's limit of the day.
    pub limit: u64,
    /// Places that the node has in use, on their way or durable.
    pub in_use: u64,
}

/// What a node holds after it asked: `free_for_it` is the limit without what others hold, `held` what it holds in the
/// store. It never gets what others hold, and never keeps what was taken from it while it was away.
pub const fn share_of(in_use: u64, free_for_it: u64, held: u64) -> u64 {
    let free = free_for_it.saturating_sub(in_use);
    let part = free / BLOCK_PARTS;
    let block = if part < 1 {
        1
    } else if part > BLOCK_MAX {
        BLOCK_MAX
    } else {
        part
    };
    let kept = if held < in_use { held } else { in_use };
    let most = if free_for_it > kept { free_for_it } else { kept };
    let wanted = in_use + block;
    if wanted < most { wanted } else { most }
}

/// Where the nodes share limits. It blocks: the caller is a thread of the ledger.
pub trait LimitShares: Send + Sync {
    /// Gives the node the share of [`share_of`], in one step with what every other node holds. What nodes hold that
    /// run no more, and did not use, counts as free.
    fn take(&self, ask: &ShareAsk<'_>) -> Result<Share, StoreError>;

    /// Gives back what the node holds beyond the places in use.
    fn give_back(&self, contract: &str, day: Date, in_use: u64) -> Result<(), StoreError>;

    /// Gives back, of a day and all later ones, whatever the node did not use durably. Nothing may be on its way.
    fn give_back_all(&self, from_day: Date) -> Result<(), StoreError>;

    /// What other nodes used on a day, durably.
    fn used_by_others(&self, day: Date) -> Result<Vec<QuotaCount>, StoreError>;
}

/// A caller that waits for a greater share.
struct Waiting {
    counter: Arc<Counter>,
    limit: u64,
    reply: oneshot::Sender<Result<Reservation, NoPlace>>,
}

/// Asks for shares in a thread of its own: as many callers as wait for one are answered with one question.
pub(crate) struct Sharer {
    limits: Arc<dyn LimitShares>,
    queue: Arc<Queue<Waiting>>,
    location: PathBuf,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Sharer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sharer")
    }
}

impl Sharer {
    pub fn start(
        limits: Arc<dyn LimitShares>,
        shared: Arc<Shared>,
        location: PathBuf,
    ) -> Result<Self, StoreError> {
        let queue = Arc::new(Queue::new(WAITING_MAX));
        let thread = std::thread::Builder::new()
            .name("limits".to_owned())
            .spawn({
                let (limits, queue) = (Arc::clone(&limits), Abandoned(Arc::clone(&queue)));
                move || run(&*limits, &shared, &queue.0)
            })
            .map_err(|error| StoreError::Failed { file: location.clone(), detail: error.to_string() })?;
        Ok(Self { limits, queue, location, thread: Mutex::new(Some(thread)) })
    }

    /// A place under a limit of which this node holds none at hand.
    pub async fn take(&self, counter: Arc<Counter>, limit: u64) -> Result<Reservation, NoPlace> {
        let (reply, answered) = oneshot::channel();
        let closed = || {
            let detail = "the ledger is shut down".to_owned();
            NoPlace::Store(StoreError::Failed { file: self.location.clone(), detail })
        };
        match self.queue.push(Waiting { counter, limit, reply }) {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(closed())),
            Err(Refused::Full) => Err(NoPlace::Store(StoreError::Overloaded)),
            Err(Refused::Closed) => Err(closed()),
        }
    }

    /// Gives back what is not used of a day and all later ones. Nothing may be on its way.
    pub fn give_back_all(&self, from_day: Date) -> Result<(), StoreError> {
        self.limits.give_back_all(from_day)
    }

    pub fn shut_down(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that shares limits ended with a panic");
        }
    }
}

/// However the thread ends, nobody waits for it afterwards.
struct Abandoned(Arc<Queue<Waiting>>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

fn run(limits: &dyn LimitShares, shared: &Shared, queue: &Queue<Waiting>) {
    let (mut waiting, mut looked, mut looks) = (Vec::new(), None::<Instant>, 0_u32);
    loop {
        if looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            looked = Some(Instant::now());
            looks = looks.wrapping_add(1);
            if let Err(error) = look(limits, shared, looks.is_multiple_of(IDLE_LOOKS)) {
                tracing::debug!(%error, "what other nodes used is not known at present");
            }
        }
        if !queue.wait(LOOK_EVERY) {
            continue;
        }
        if !queue.receive(&mut waiting, 1, Duration::ZERO, WAITING_MAX) {
            return;
        }
        let mut failure = None;
        for Waiting { counter, limit, reply } in waiting.drain(..) {
            let answer = match (counter.take(limit), &failure) {
                (Some(reservation), _) => Ok(reservation),
                (None, None) => place(limits, &counter, limit),
                // Nobody waits through a failure that another one has waited through already.
                (None, Some(error)) => Err(NoPlace::Store(StoreError::clone(error))),
            };
            if let Err(NoPlace::Store(error)) = &answer {
                failure.get_or_insert_with(|| error.clone());
            }
            // Whoever no longer waits gives its place back.
            drop(reply.send(answer));
        }
    }
}

/// A place of a greater share.
fn place(limits: &dyn LimitShares, counter: &Arc<Counter>, limit: u64) -> Result<Reservation, NoPlace> {
    let in_use = counter.close();
    let ask = ShareAsk { contract: &counter.contract, day: counter.day, limit, in_use };
    // After an error nothing is held: the next caller asks again.
    let share = limits.take(&ask)?;
    counter.hold(share, limit);
    counter.take(limit).ok_or_else(|| {
        counter.run_dry(limit);
        NoPlace::Exhausted(counter.exhausted(limit))
    })
}

/// Looks what the others used, and now and then gives back what lies idle.
fn look(limits: &dyn LimitShares, shared: &Shared, of_idle: bool) -> Result<(), StoreError> {
    let day = today_in_viet_nam(shared.now());
    for count in limits.used_by_others(day)? {
        shared.quotas.counter(&count.contract, day).set_others(count.used);
    }
    if of_idle {
        for counter in shared.quotas.counters().iter().filter(|counter| counter.is_idle()) {
            let in_use = counter.close();
            limits.give_back(&counter.contract, counter.day, in_use)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_block_is_small_as_the_limit_runs_out() {
        assert_eq!(share_of(0, 1_600, 0), 100);
        assert_eq!(share_of(1_584, 1_600, 1_584), 1_585);
        assert_eq!(share_of(1_600, 1_600, 1_600), 1_600);
        assert_eq!(share_of(0, 0, 0), 0);
        assert_eq!(share_of(0, u64::from(u32::MAX), 0), BLOCK_MAX);
    }

    proptest! {
        #[test]
        fn nobody_gets_what_others_hold_or_keeps_what_was_taken_away(
            in_use in 0_u64..5_000, free in 0_u64..5_000, held in 0_u64..5_000,
        ) {
            let share = share_of(in_use, free, held);
            prop_assert!(share <= free.max(held.min(in_use)));
            prop_assert!(share > in_use || in_use >= free, "who may have one gets one");
        }
    }
}
