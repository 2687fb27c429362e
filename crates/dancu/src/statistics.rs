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

/// Counts each month once, at one node, for as long as it is polled. What fails is tried again from where it was.
pub async fn keep_counting(maker: StatisticsMaker, stores: Stores) {
    let maker = Arc::new(maker);
    let mut every = tokio::time::interval(ROUND);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut making = None;
    loop {
        every.tick().await;
        if let Err(error) = count(&maker, &stores, &mut making).await {
            tracing::warn!(%error, "the count of this month waits");
        }
    }
}

/// One count, if one is due. It rests as long as it worked, so that it never stands on the road of an answer.
async fn count(
    maker: &Arc<StatisticsMaker>,
    stores: &Stores,
    making: &mut Option<Making>,
) -> Result<(), StoreError> {
    if making.is_none() && maker.begin().await?.is_none() {
        return Ok(());
    }
    let Some(duty) = stores.take_duty(Duty::Statistics).await? else { return Ok(()) };
    // Asked again: another node may have finished before it gave the duty up.
    let Some(begun) = maker.begin().await? else {
        *making = None;
        return Ok(());
    };
    making.get_or_insert(begun);
    while duty.is_held().await {
        let begun = Instant::now();
        if !part(maker, making).await? {
            return Ok(());
        }
        tokio::time::sleep(begun.elapsed().min(REST_MAX)).await;
    }
    Ok(())
}

/// A part in a thread of its own: embedded files are read where they are asked. Nothing is left to go on with after the last.
async fn part(maker: &Arc<StatisticsMaker>, making: &mut Option<Making>) -> Result<bool, StoreError> {
    let Some(mut begun) = making.take() else { return Ok(false) };
    let (maker, handle) = (Arc::clone(maker), Handle::current());
    let part = tokio::task::spawn_blocking(move || {
        let outcome = handle.block_on(maker.step(&mut begun));
        (begun, outcome)
    });
    let (begun, outcome) = part.await.map_err(|error| StoreError::Failed {
        file: "census".into(),
        detail: format!("a count ended by a defect of the program: {error}"),
    })?;
    if !matches!(outcome, Ok(false)) {
        *making = Some(begun);
    }
    outcome
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
    let counted = store.counted(DAYS_MAX).await?;
    let Some(day) = args.forget else {
        return Ok(counted.iter().map(|counted| counted.day.to_string()).collect());
    };
    // An older month would not be counted again.
    let is_newest = counted.first().is_some_and(|newest| newest.day == day);
    if is_newest && store.forget_census(day).await? {
        return Ok(vec![format!("đã bỏ số liệu ngày {day} · forgot the figures of {day}")]);
    }
    Err(Failure::new(
        "DANCU-CLI-097",
        format!(
            "Chỉ bỏ được số liệu của ngày mới nhất, và {day} không phải ngày đó. Xem các ngày đã lập bằng dancu statistics."
        ),
        format!(
            "Only the newest figures can be forgotten, and {day} is not their day. See which there are with dancu statistics."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_statistics::{Census, Counted, Cube};
    use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
    use jiff::civil::{Date, date};

    #[tokio::test(flavor = "multi_thread")]
    async fn the_newest_figures_alone_can_be_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap();
        let known_at = "2026-11-22T02:00:00Z".parse().unwrap();
        let (october, november) = (date(2026, 10, 1), date(2026, 11, 1));
        for day in [october, november] {
            let cube = Cube::from_text("[[null,null,null,null,1,0]]").unwrap();
            assert!(store.keep_census(Census { counted: Counted { day, known_at }, cube }).await.unwrap());
        }
        let run = async |forget: Option<Date>| {
            list_or_forget(&store, &StatisticsArgs { forget }).await.map_err(|failure| failure.0.code)
        };
        assert_eq!(run(Some(october)).await, Err("DANCU-CLI-097"), "it would not be counted again");
        assert_eq!(run(None).await.unwrap(), ["2026-11-01", "2026-10-01"]);
        assert_eq!(run(Some(november)).await.unwrap().len(), 1);
        assert_eq!(run(None).await.unwrap(), ["2026-10-01"]);
    }
}
