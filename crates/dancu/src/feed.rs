//! The deliveries of a running server: one task a subscriber at a time, so that each receives in order, and a bounded
//! number of them, so that slow receivers hold up nobody else.

use crate::stores::Stores;
use dancu_exchange::ClientId;
use dancu_feed::{Courier, Step};
use dancu_store_postgres::Duty;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Subscribers that are served at once.
const SERVED_MAX: usize = 64;
/// Steps of one turn: then the others have theirs.
const STEPS_MAX: usize = 50;
/// How often everybody is looked after.
const ROUND: Duration = Duration::from_secs(1);
/// Longest wait at a stop for deliveries in hand. One that is cut off is delivered again after the start.
const STOP_WAIT: Duration = Duration::from_secs(12);

/// Deliveries in the background.
pub struct Deliveries {
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Deliveries {
    /// Begins to deliver as soon as no other node does.
    pub fn start(courier: Arc<Courier>, stores: Stores) -> Self {
        let (stopping, stopped) = watch::channel(false);
        Self { stopping, task: tokio::spawn(on_duty(courier, stores, stopped)) }
    }

    /// Begins nothing more, and waits for what is in hand.
    pub async fn stop(mut self) {
        let _ = self.stopping.send(true);
        if tokio::time::timeout(STOP_WAIT, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Delivers while the duty is this node's. One that loses it finishes what is in hand: a batch may then arrive twice, as
/// after a kill, and receivers know it by its identifier.
async fn on_duty(courier: Arc<Courier>, stores: Stores, mut stopped: watch::Receiver<bool>) {
    let mut round = tokio::time::interval(ROUND);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*stopped.borrow() {
        let Ok(Some(duty)) = stores.take_duty(Duty::Deliveries).await else {
            tokio::select! {
                _ = round.tick() => {}
                _ = stopped.changed() => {}
            }
            continue;
        };
        let (lost, ended) = watch::channel(false);
        let delivering = tokio::spawn(run(Arc::clone(&courier), ended));
        while !*stopped.borrow() && duty.is_held().await {
            tokio::select! {
                _ = round.tick() => {}
                _ = stopped.changed() => {}
            }
        }
        let _ = lost.send(true);
        if delivering.await.is_err() {
            tracing::error!("the deliveries ended by a defect of the program");
        }
    }
}

async fn run(courier: Arc<Courier>, mut stopped: watch::Receiver<bool>) {
    let mut round = tokio::time::interval(ROUND);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut in_hand: JoinSet<ClientId> = JoinSet::new();
    let mut busy: HashSet<ClientId> = HashSet::new();
    let mut first: usize = 0;
    while !*stopped.borrow() {
        tokio::select! {
            _ = round.tick() => {
                let mut clients = courier.subscribed();
                // Begins where the last round ended, so that with many subscribers everybody has a turn.
                let start = first % clients.len().max(1);
                clients.rotate_left(start);
                for client in clients {
                    if in_hand.len() >= SERVED_MAX {
                        break;
                    }
                    first = first.wrapping_add(1);
                    if busy.insert(client.clone()) {
                        in_hand.spawn(serve(Arc::clone(&courier), client.clone(), stopped.clone()));
                    }
                }
            }
            Some(done) = in_hand.join_next() => match done {
                Ok(client) => drop(busy.remove(&client)),
                // Whoever's turn ended by a defect is left alone until the next start, and the log says so.
                Err(error) => tracing::error!(%error, "a delivery ended by a defect of the program"),
            },
            _ = stopped.changed() => {}
        }
    }
    while in_hand.join_next().await.is_some() {}
}

/// Steps with one subscriber until there is nothing to do for the moment.
async fn serve(courier: Arc<Courier>, client: ClientId, stopped: watch::Receiver<bool>) -> ClientId {
    for _ in 0..STEPS_MAX {
        if *stopped.borrow() {
            break;
        }
        match courier.step(&client).await {
            Ok(Step::Moved) => {}
            Ok(_) => break,
            Err(error) => {
                Courier::note(&client, &error);
                break;
            }
        }
    }
    client
}
