//! When the desk took a command in: the sender's word, within bounds.
//!
//! The law counts its days from then, so whoever could write any time could register late without a word. Bounds that no
//! law fixes are operating rules: `data/command_rules.csv`.

use crate::{
    Envelope, Refusal,
    refusal::{Common, Intake},
};
use dancu_core::{DatedTable, today_in_viet_nam};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::sync::LazyLock;

const ROWS: &str = include_str!("../../../data/command_rules.csv");

static TAKEN_AHEAD_SECONDS_MAX: LazyLock<DatedTable<i64>> =
    LazyLock::new(|| table("taken_ahead_seconds_max"));
static HANDED_OVER_DAYS_MAX: LazyLock<DatedTable<i64>> = LazyLock::new(|| table("handed_over_days_max"));

/// Nobody takes a command in tomorrow. A clock may be a little ahead.
pub(crate) fn not_ahead(envelope: &Envelope, now: Timestamp) -> Result<(), Refusal> {
    let seconds = on(&TAKEN_AHEAD_SECONDS_MAX, now);
    if envelope.taken_at.duration_since(now) > SignedDuration::from_secs(seconds) {
        return Err(Common::from(Intake::InTheFuture).into());
    }
    Ok(())
}

/// A commune that was out of reach hands over within a time. What is older is taken in anew, with its day as a late one.
pub(crate) fn not_too_old(envelope: &Envelope, now: Timestamp) -> Result<(), Refusal> {
    let days = on(&HANDED_OVER_DAYS_MAX, now);
    if now.duration_since(envelope.taken_at) > SignedDuration::from_hours(24 * days) {
        return Err(Common::from(Intake::TooLongAgo { days }).into());
    }
    Ok(())
}

/// The day on which the desk took the command in, as far as rules count with it.
pub(crate) fn taken_on(envelope: &Envelope, now: Timestamp) -> Date {
    today_in_viet_nam(envelope.taken_at.min(now))
}

fn on(table: &DatedTable<i64>, now: Timestamp) -> i64 {
    table.on(today_in_viet_nam(now)).map_or(0, |row| row.value)
}

fn table(rule: &str) -> DatedTable<i64> {
    DatedTable::of_rule(ROWS, rule).expect("tests read the built-in table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads() {
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        assert_eq!((on(&TAKEN_AHEAD_SECONDS_MAX, now), on(&HANDED_OVER_DAYS_MAX, now)), (300, 30));
    }
}
