//! When a person sees that they were looked at. At once, unless the law behind a contract wants some days first.
//!
//! A delayed disclosure is in the log from the first second, and its record says from which day it is seen. So nobody can
//! put the day off later: the record's hash is in the public log.

use dancu_core::DatedRules;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../data/visibility_rules.csv")));

/// Days of a court's order at most; zero before any rule, so that none is entered.
pub(crate) fn order_days_max(day: Date) -> u32 {
    RULES.on("order_days_max", day).unwrap_or_default()
}

/// When the disclosures under a contract are seen by the persons they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// At once.
    #[default]
    Immediate,
    /// Some days after.
    Delayed {
        /// Days of the calendar.
        days: u16,
    },
}

impl Visibility {
    /// Whether they are seen at once.
    pub const fn is_immediate(&self) -> bool {
        matches!(self, Self::Immediate)
    }

    /// Days of delay; 0 when they are seen at once.
    pub const fn days(self) -> u16 {
        match self {
            Self::Immediate => 0,
            Self::Delayed { days } => days,
        }
    }

    /// Whether a contract that begins on a day may delay so long.
    pub fn may_begin_on(self, day: Date) -> bool {
        match self {
            Self::Immediate => true,
            Self::Delayed { days } => {
                let most = RULES.on("delay_days_max", day).unwrap_or_default();
                (1..=most).contains(&u32::from(days))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    #[test]
    fn a_delay_has_an_end_that_the_rules_bound() {
        let read = |value| serde_json::from_value::<Visibility>(value);
        assert_eq!(read(json!("immediate")).unwrap(), Visibility::Immediate);
        let delayed = |days: u32| read(json!({ "delayed": { "days": days } }));
        assert!(delayed(90).unwrap().may_begin_on(date(2026, 1, 1)));
        for days in [0, 91, 65_535] {
            assert!(!delayed(days).unwrap().may_begin_on(date(2026, 1, 1)), "{days}");
        }
        assert!(delayed(65_536).is_err() && read(json!("never")).is_err());
    }
}
