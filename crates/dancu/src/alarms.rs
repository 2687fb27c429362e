//! The watch over the log, beside the server: it goes through what was committed, ends ceilings whose time is over, and
//! brings notices of a breach to webhooks. It has threads of its own and never stands on the road of an answer.

use crate::{
    config::Config,
    failure::Failure,
    platform::Platform,
    stores::{Stores, open_ledger_of},
    system::SystemClock,
};
use async_trait::async_trait;
use dancu_alarms::{Alarm, AlarmService, Counting, Watch, WatchParts, WatchSummary};
use dancu_core::{Clock, StoreError};
use dancu_exchange::{Directory, LifeService};
use dancu_feed::{Posted, Postman, post_signed};
use dancu_ledger::LedgerRecords;
use dancu_store_postgres::Duty;
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
async fn keep_watch(parts: WatchParts, state: Arc<AppState>, stores: Stores, postman: Arc<dyn Postman>) {
    let messenger = SigningMessenger { state: Arc::clone(&state), postman };
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
        let delivered = deliver(&stores, (&state.alarms, &*state.clock), &messenger).await;
        if let Err(error) = delivered {
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

/// Brings notices to the webhooks of their agencies, at one node at a time: the duty is held from the look at what waits
/// until it is noted what was taken. After a kill in between a notice arrives twice, with the same identifier.
async fn deliver(
    stores: &Stores,
    (alarms, clock): (&AlarmService, &dyn Clock),
    messenger: &dyn Messenger,
) -> Result<(), StoreError> {
    if alarms.store().notices_to_deliver(clock.now(), 1).await?.is_empty() {
        return Ok(());
    }
    let Some(duty) = stores.take_duty(Duty::Notices).await? else { return Ok(()) };
    for alarm in alarms.store().notices_to_deliver(clock.now(), NOTICES_MAX).await? {
        // Whoever lost the connection that holds the duty may not be the only one any more.
        if !duty.is_held().await {
            break;
        }
        let is_taken = messenger.bring(&alarm).await;
        alarms.delivered(alarm, is_taken).await?;
    }
    Ok(())
}

/// Who brings a notice to its agency.
#[async_trait]
trait Messenger: Send + Sync {
    /// Whether the agency took it.
    async fn bring(&self, alarm: &Alarm) -> bool;
}

/// Brings notices to where changes are delivered, signed as every delivery is.
struct SigningMessenger {
    state: Arc<AppState>,
    postman: Arc<dyn Postman>,
}

#[async_trait]
impl Messenger for SigningMessenger {
    async fn bring(&self, alarm: &Alarm) -> bool {
        let state = &self.state;
        let Ok(connection) = state.alarms.connection(alarm).await else { return false };
        let to = connection.contract.feed.and_then(|feed| feed.destination(&connection.client.id));
        let (Some(to), Some(notice)) = (to, &alarm.care.notice) else { return false };
        let body = serde_json::json!({
            "id": alarm.id, "client": connection.client.id, "notice": breach(alarm, notice),
        });
        let (id, body) = (alarm.id.to_string(), body.to_string());
        let with = (&*state.clock, &*state.entropy);
        let letter = (id.as_str(), &to, body.as_bytes());
        post_signed(&*self.postman, &state.webhook_key, with, letter).await == Posted::Taken
    }
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
    pub fn watch(&self) -> JoinHandle<()> {
        let state = Arc::clone(&self.state);
        let log = (state.public_log.verifier().origin(), state.public_log.records());
        let parts = parts(log, &self.stores, &state.directory, Arc::clone(&state.clock));
        let postman = self.courier.postman();
        tokio::spawn(keep_watch(parts, Arc::clone(&state), self.stores.clone(), postman))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_alarms::{AlarmCursor, AlarmKind, Care, Evidence, Found, Notice};
    use dancu_testkit::{FakeClock, PostgresCluster};
    use jiff::Timestamp;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn owed(now: Timestamp) -> Alarm {
        let notice = Notice {
            due: now,
            words: String::new(),
            given_at: Some(now),
            delivered_at: None,
            next_try_at: Some(now),
            failures: 0,
        };
        Alarm {
            id: "018f3a2e-0000-7000-8000-000000000001".parse().unwrap(),
            found: Found {
                kind: AlarmKind::OffHours,
                day: jiff::civil::date(2026, 11, 22),
                raised_at: now,
                organisation: Some("benh-vien".parse().unwrap()),
                contract: Some("hd-1".parse().unwrap()),
                client: Some("desk".to_owned()),
                staff: None,
            },
            evidence: Evidence {
                places: Vec::new(),
                looks: 20,
                first_at: now,
                last_at: now,
                measured: 20,
                threshold: 20,
                staff: Vec::new(),
            },
            care: Care { notice: Some(notice), ..Care::default() },
            version: 0,
        }
    }

    /// A node's stores and alarms over a database that others have too.
    async fn node(folder: &std::path::Path, url: &str, clock: &Arc<dyn Clock>) -> (Stores, AlarmService) {
        let config = Config {
            data_dir: folder.to_owned(),
            store_url: crate::config::SecretUrl::new(url.to_owned()),
            ..Config::default()
        };
        let (stores, _lock) = Stores::open(&config).await.unwrap();
        let life = LifeService::new(Arc::clone(&stores.life), Arc::default(), Arc::clone(clock));
        let alarms = service(&stores, &Arc::new(life), clock);
        (stores, alarms)
    }

    #[derive(Default)]
    struct Counts(AtomicUsize);

    impl Counts {
        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[async_trait]
    impl Messenger for Counts {
        async fn bring(&self, _alarm: &Alarm) -> bool {
            self.0.fetch_add(1, Ordering::Relaxed);
            true
        }
    }

    /// Has another node deliver while this one does.
    struct Meanwhile<'a> {
        other: &'a (Stores, AlarmService),
        clock: &'a dyn Clock,
        late: &'a Counts,
        posted: Counts,
    }

    #[async_trait]
    impl Messenger for Meanwhile<'_> {
        async fn bring(&self, alarm: &Alarm) -> bool {
            let (stores, alarms) = self.other;
            let waiting = alarms.store().notices_to_deliver(self.clock.now(), 1).await.unwrap();
            assert_eq!(waiting.len(), 1, "it waits still");
            deliver(stores, (alarms, self.clock), self.late).await.unwrap();
            self.posted.bring(alarm).await
        }
    }

    #[tokio::test]
    async fn of_several_nodes_one_brings_a_notice() {
        let cluster = PostgresCluster::start();
        let url = cluster.url(&cluster.create_database("template0"));
        let clock: Arc<dyn Clock> = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let one = node(folders[0].path(), &url, &clock).await;
        let other = node(folders[1].path(), &url, &clock).await;
        let cursor = AlarmCursor {
            log: "dancu.test/log".to_owned(),
            day: jiff::civil::date(2026, 11, 22),
            day_start: 0,
            next: 1,
        };
        let alarm = owed(clock.now());
        let raised = Alarm { care: Care::default(), ..alarm.clone() };
        one.1.store().save_watch(vec![raised], cursor).await.unwrap();
        assert!(one.1.store().save_alarm(Alarm { version: 1, ..alarm }).await.unwrap());
        // While one node's delivery is on its way, the other comes to its own round.
        let late = Counts::default();
        let meanwhile = Meanwhile { other: &other, clock: &*clock, late: &late, posted: Counts::default() };
        deliver(&one.0, (&one.1, &*clock), &meanwhile).await.unwrap();
        assert_eq!((meanwhile.posted.count(), late.count()), (1, 0));
        deliver(&other.0, (&other.1, &*clock), &late).await.unwrap();
        assert_eq!(late.count(), 0, "what was taken is not brought again");
        one.0.close();
        other.0.close();
    }
}
