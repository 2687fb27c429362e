//! Numbers of persons: counting the register for each month beside the server, and `dancu statistics`.

use crate::{
    cli::StatisticsArgs, config::Config, failure::Failure, platform::Platform, secrets, stores::Stores,
};
use dancu_core::{Entropy, StoreError};
use dancu_statistics::{Making, RecordKeys, StatisticsMaker, StatisticsStore};
use dancu_store_postgres::Duty;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// How often it is looked whether a month is to be counted. Until persons are there each look is one question to the store.
const ROUND: Duration = Duration::from_secs(30);
/// The longest rest between two parts of a count.
const REST_MAX: Duration = Duration::from_secs(1);
/// Days that are listed.
const DAYS_MAX: usize = 120;

impl Platform {
    /// What counts the register.
    pub fn statistics_maker(
        &self,
        config: &Config,
        entropy: &dyn Entropy,
    ) -> Result<StatisticsMaker, Failure> {
        let keys = RecordKeys::new(secrets::load_or_create(&config.keys_dir, "statistics.key", entropy)?);
        let (register, store) = (Arc::clone(&self.stores.register), Arc::clone(&self.stores.statistics));
        Ok(StatisticsMaker::new(register, store, Arc::clone(&self.state.clock), keys))
    }
}

/// Counts each month once, at one node, for as long as it is polled.
pub async fn keep_counting(maker: StatisticsMaker, stores: Stores) {
    let maker = Arc::new(maker);
    let mut every = tokio::time::interval(ROUND);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = count(&maker, &stores).await {
            tracing::warn!(%error, "the count of this month waits");
        }
    }
}

/// One count, if one is due. It rests as long as it worked, so that it never stands on the road of an answer.
async fn count(maker: &Arc<StatisticsMaker>, stores: &Stores) -> Result<(), StoreError> {
    let Some(mut making) = maker.begin().await? else { return Ok(()) };
    let Some(duty) = stores.take_duty(Duty::Statistics).await? else { return Ok(()) };
    while duty.is_held().await {
        let begun = Instant::now();
        match part(maker, making).await? {
            Some(next) => making = next,
            None => return Ok(()),
        }
        tokio::time::sleep(begun.elapsed().min(REST_MAX)).await;
    }
    Ok(())
}

/// A part in a thread of its own: embedded files are read where they are asked.
async fn part(maker: &Arc<StatisticsMaker>, making: Making) -> Result<Option<Making>, StoreError> {
    let (maker, handle) = (Arc::clone(maker), Handle::current());
    let part = tokio::task::spawn_blocking(move || handle.block_on(maker.step(making)));
    part.await.unwrap_or_else(|error| {
        let detail = format!("a count ended by a defect of the program: {error}");
        Err(StoreError::Failed { file: "census".into(), detail })
    })
}

/// `dancu statistics`: lists the days, or forgets one so that it is counted anew.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub async fn run(config: &Config, args: &StatisticsArgs) -> Result<(), Failure> {
    let (stores, _lock) = Stores::open(config).await?;
    let outcome = list_or_forget(&*stores.statistics, args).await;
    stores.close();
    for line in outcome? {
        println!("{line}");
    }
    Ok(())
}

async fn list_or_forget(store: &dyn StatisticsStore, args: &StatisticsArgs) -> Result<Vec<String>, Failure> {
    let Some(day) = args.forget else {
        let days = store.census_days(DAYS_MAX).await?;
        return Ok(days.iter().map(ToString::to_string).collect());
    };
    if store.forget_census(day).await? {
        return Ok(vec![format!("đã bỏ số liệu ngày {day} · forgot the figures of {day}")]);
    }
    Err(Failure::new(
        "DANCU-CLI-097",
        format!("Không có số liệu của ngày {day}. Xem các ngày đã lập bằng dancu statistics."),
        format!("There are no figures of {day}. See which there are with dancu statistics."),
    ))
}
