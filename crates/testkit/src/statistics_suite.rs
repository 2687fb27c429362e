//! The contract of [`StatisticsStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use crate::consent_suite::at;
use dancu_statistics::{Census, Counted, Cube, StatisticsStore};
use jiff::civil::{Date, date};

const OCTOBER: Date = date(2026, 10, 1);
const NOVEMBER: Date = date(2026, 11, 1);

/// Counts of a day that can be told from others by the number of persons.
fn census(day: Date, persons: u64) -> Census {
    let cells = format!(r#"[["01","00004","F",7,{persons},18446744073709551615],[null,null,null,null,1,0]]"#);
    Census { counted: Counted { day, known_at: at(1) }, cube: Cube::from_text(&cells).unwrap() }
}

/// Runs every case on one store, which is empty at first.
pub async fn statistics_suite(store: &dyn StatisticsStore) {
    assert!(store.counted(9).await.unwrap().is_empty());
    assert_eq!(store.census(NOVEMBER).await.unwrap(), None);
    assert!(store.keep_census(census(NOVEMBER, 12)).await.unwrap());
    assert!(!store.keep_census(census(NOVEMBER, 13)).await.unwrap(), "a day is counted once");
    assert!(store.keep_census(census(OCTOBER, 11)).await.unwrap());
    assert_eq!(store.census(NOVEMBER).await.unwrap(), Some(census(NOVEMBER, 12)), "whole, and the first");
    assert_eq!(
        store.counted(9).await.unwrap(),
        [NOVEMBER, OCTOBER].map(|day| Counted { day, known_at: at(1) }),
        "the newest first"
    );
    assert_eq!(store.counted(1).await.unwrap(), [Counted { day: NOVEMBER, known_at: at(1) }]);
    assert!(store.forget_census(NOVEMBER).await.unwrap());
    assert!(!store.forget_census(NOVEMBER).await.unwrap());
    assert!(store.keep_census(census(NOVEMBER, 13)).await.unwrap(), "counted anew");
}
