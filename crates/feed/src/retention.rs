//! How long changes are kept to be told, from `data/feed_rules.csv`.

use crate::ChangeSource;
use dancu_core::{Clock, DatedTable, StoreError, today_in_viet_nam};
use jiff::{SignedDuration, civil::Date};

const ROWS: &str = include_str!("../../../data/feed_rules.csv");

/// Entries of one transaction.
const ENTRIES_MAX: usize = 10_000;

/// Days for which an entry is kept.
fn days_kept(on: Date) -> Option<i64> {
    let table = DatedTable::of_rule(ROWS, "outbox_days_kept").expect("a test reads the built-in table");
    table.on(on).map(|row| row.value)
}

/// Removes entries that are older than they are kept, a bounded number; says how many. Until it says 0 there may be more.
pub async fn remove_old_entries(source: &dyn ChangeSource, clock: &dyn Clock) -> Result<usize, StoreError> {
    let now = clock.now();
    let Some(days) = days_kept(today_in_viet_nam(now)) else { return Ok(0) };
    source.remove_outbox(now - SignedDuration::from_hours(24 * days), ENTRIES_MAX).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_kept_far_longer_than_a_delivery_is_tried() {
        let days = days_kept(Date::constant(2026, 11, 22)).unwrap();
        assert!(days * 86_400 > 10 * i64::from(crate::Patience::default().give_up_after_s));
    }
}
