//! The watch over the log, beside the server: it goes through what was committed, ends ceilings whose time is over, and
//! brings notices of a breach to webhooks. It has threads of its own and never stands on the road of an answer.

use crate::{
    config::Config,
    failure::Failure,
    platform::Platform,
    stores::{Stores, open_ledger_of},
    system::SystemClock,
};
use dancu_alarms::{Alarm, AlarmService, Counting, Watch, WatchParts, WatchSummary};
use dancu_core::{Clock, StoreError};
use dancu_exchange::{Directory, LifeService};
use dancu_feed::{Letter, Posted, Postman};
use dancu_ledger::LedgerRecords;
use dancu_outbound::{AllowedNetworks, WebhookLimits, WebhookPostman};
use dancu_web::{AppState, breach};
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Handle, task::JoinHandle};

/// How often the log is looked at.
const ROUND: Duration = Duration::from_secs(10);
/// In each of so many rounds persons at whom many may have looked are counted exactly.
const COUNTING_ROUNDS: u64 = 60;
/// Notices that one round delivers.
const NOTICES_MAX: usize = 20;

/// Watches for as long as it is polled.
pub async fn keep_watch(parts: WatchParts, state: Arc<AppState>, networks: AllowedNetworks) {
    let postman = WebhookPostman::new(networks, WebhookLimits::default());
    let mut every = tokio::time::interval(ROUND);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut watch = Watch::open(parts).await.inspect_err(note).ok();
    for round in 1_u64.. {
        every.tick().await;
        let counting = if round.is_multiple_of(COUNTING_ROUNDS) { Counting::Now } else { Counting::Later };
        if let Some(watching) = watch.take() {
            watch = go_through(watching, counting).await;
        }
        match state.life.end_ceilings().await {
            Ok(0) => {}
            Ok(ceilings) => tracing::info!(ceilings, "the time of lowered limits is over"),
            Err(error) => tracing::warn!(%error, "lowered limits could not be ended"),
        }
        if let Err(error) = deliver(&state, &postman).await {
            note(&error);
        }
    }
}

/// One round in a thread of its own: reading the log blocks. `None` after a defect of the program, which the log names.
async fn go_through(mut watch: Watch, counting: Counting) -> Option<Watch> {
    let handle = Handle::current();
    let round: JoinHandle<_> = tokio::task::spawn_blocking(move || {
        let outcome = handle.block_on(watch.round(counting));
        (watch, outcome)
    });
    match round.await {
        Ok((watch, outcome)) => {
            match outcome {
                Ok(summary) if summary.raised > 0 => {
                    tracing::warn!(alarms = summary.raised, "looks raised alarms");
                }
                Ok(_) => {}
                Err(error) => note(&error),
            }
            Some(watch)
        }
        Err(error) => {
            tracing::error!(%error, "the watch over the log ended by a defect of the program");
            None
        }
    }
}

fn note(error: &StoreError) {
    tracing::warn!(%error, "the watch over the log waits");
}

/// Brings notices to the webhooks of their agencies.
async fn deliver(state: &AppState, postman: &dyn Postman) -> Result<(), StoreError> {
    let waiting = state.alarms.store().notices_to_deliver(state.clock.now(), NOTICES_MAX).await?;
    for alarm in waiting {
        let is_taken = post(state, postman, &alarm).await;
        state.alarms.delivered(alarm, is_taken).await?;
    }
    Ok(())
}

/// Whether the webhook took it, signed as every delivery is.
async fn post(state: &AppState, postman: &dyn Postman, alarm: &Alarm) -> bool {
    let Ok(connection) = state.alarms.connection(alarm).await else { return false };
    let webhook = connection.contract.feed.and_then(|feed| feed.webhook);
    let (Some(webhook), Some(notice)) = (webhook, &alarm.care.notice) else { return false };
    let body = serde_json::json!({
        "id": alarm.id, "client": connection.client.id, "notice": breach(alarm, notice),
    });
    let body = body.to_string().into_bytes();
    let mut nonce = [0; 16];
    state.entropy.fill(&mut nonce);
    let Ok(headers) = state.webhook_key.sign(&webhook, &body, state.clock.now(), &nonce) else {
        return false;
    };
    let posted = postman.post(Letter { webhook: &webhook, body: &body, headers: &headers }).await;
    matches!(posted, Posted::Taken)
}

/// What the watch of a platform works with.
fn parts(
    (origin, records): (&str, Arc<dyn LedgerRecords>),
    stores: &Stores,
    directory: &Arc<Directory>,
    clock: Arc<dyn Clock>,
) -> WatchParts {
    WatchParts {
        logs: vec![(origin.to_owned(), records)],
        store: Arc::clone(&stores.alarms),
        register: Arc::clone(&stores.register),
        directory: Arc::clone(directory),
        clock,
    }
}

/// The service behind the pages.
pub fn service(stores: &Stores, life: &Arc<LifeService>, clock: &Arc<dyn Clock>) -> AlarmService {
    AlarmService::new(Arc::clone(&stores.alarms), Arc::clone(life), Arc::clone(clock))
}

/// `dancu control alarms`: one round over all that is committed.
pub async fn run(config: &Config, json: bool) -> Result<(), Failure> {
    let (stores, _lock) = Stores::open(config).await?;
    let outcome = round(config, &stores).await;
    stores.close();
    print(outcome?, json);
    Ok(())
}

async fn round(config: &Config, stores: &Stores) -> Result<WatchSummary, Failure> {
    let directory = Arc::new(Directory::default());
    directory.reload(&*stores.exchange).await?;
    let ledger = open_ledger_of(config)?;
    let origin = config.node.origin(&config.log_origin);
    let parts = parts((&origin, ledger.parts.records), stores, &directory, Arc::new(SystemClock));
    Ok(Watch::open(parts).await?.round(Counting::Now).await?)
}

#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
fn print(summary: WatchSummary, json: bool) {
    let WatchSummary { looks, raised, left_out } = summary;
    if json {
        println!("{}", serde_json::json!({ "looks": looks, "raised": raised, "left_out": left_out }));
        return;
    }
    println!("Đã xem {looks} lượt tra cứu, {raised} cảnh báo mới. / {looks} looks, {raised} new alarms.");
    if left_out > 0 {
        println!("Không theo dõi được {left_out} lượt. / {left_out} looks could not be watched.");
    }
}

impl Platform {
    /// Begins to watch the log.
    pub fn watch(&self, config: &Config) -> JoinHandle<()> {
        let state = Arc::clone(&self.state);
        let log = (state.public_log.verifier().origin(), state.public_log.records());
        let parts = parts(log, &self.stores, &state.directory, Arc::clone(&state.clock));
        let networks = AllowedNetworks::new(config.webhook_networks.clone());
        tokio::spawn(keep_watch(parts, Arc::clone(&state), networks))
    }
}
