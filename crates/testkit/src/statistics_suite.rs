//! The contract of [`StatisticsStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use crate::consent_suite::at;
use dancu_statistics::{Census, Cube, StatisticsStore};
use jiff::civil::{Date, date};

const OCTOBER: Date = date(2026, 10, 1);
const NOVEMBER: Date = date(2026, 11, 1);

/// Counts of a day that can be told from others by the number of persons.
fn census(day: Date, persons: u64) -> Census {
    let cells = format!(
        r#"[[{{"province":"01","commune":"00004","sex":"F","age":7}},{{"persons":{persons},"key":18446744073709551615}}],
            [{{}},{{"persons":1,"key":0}}]]"#
    );
    Census { day, known_at: at(1), cube: Cube::from_text(&cells).unwrap() }
}

/// Runs every case on one store, which is empty at first.
pub async fn statistics_suite(store: &dyn StatisticsStore) {
    assert!(store.census_days(9).await.unwrap().is_empty());
    assert_eq!(store.census(NOVEMBER).await.unwrap(), None);
    assert!(store.keep_census(census(NOVEMBER, 12)).await.unwrap());
    assert!(!store.keep_census(census(NOVEMBER, 13)).await.unwrap(), "a day is counted once");
    assert!(store.keep_census(census(OCTOBER, 11)).await.unwrap());
    assert_eq!(store.census(NOVEMBER).await.unwrap(), Some(census(NOVEMBER, 12)), "whole, and the first");
    assert_eq!(store.census_days(9).await.unwrap(), [NOVEMBER, OCTOBER], "the newest first");
    assert_eq!(store.census_days(1).await.unwrap(), [NOVEMBER]);
    assert!(store.forget_census(NOVEMBER).await.unwrap());
    assert!(!store.forget_census(NOVEMBER).await.unwrap());
    assert!(store.keep_census(census(NOVEMBER, 13)).await.unwrap(), "counted anew");
}
