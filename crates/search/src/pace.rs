//! How often one officer searches. A person at a desk looks up a few people an hour; somebody who goes through a
//! village does not.

use jiff::{Timestamp, civil::Date};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Officers that are remembered; beyond it those of earlier days are forgotten first, and nobody new may search.
const OFFICERS_MAX: usize = 100_000;
const MINUTE_S: i64 = 60;

/// What one officer did.
#[derive(Debug, Clone, Copy)]
struct Count {
    day: Date,
    today: u32,
    minute: i64,
    this_minute: u32,
}

/// Why an officer has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMuch {
    ThisMinute { retry_after_s: u32 },
    Today,
}

/// Counts of all officers, since the start of the program.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<String, Count>>);

impl Pace {
    /// Counts one search, or says why there is none.
    pub fn enter(
        &self,
        officer: &str,
        now: Timestamp,
        day: Date,
        per_minute_max: u32,
        per_day_max: u32,
    ) -> Result<(), TooMuch> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= OFFICERS_MAX && !counts.contains_key(officer) {
            counts.retain(|_, count| count.day == day);
            if counts.len() >= OFFICERS_MAX {
                return Err(TooMuch::Today);
            }
        }
        let minute = now.as_second().div_euclid(MINUTE_S);
        let fresh = Count { day, today: 0, minute, this_minute: 0 };
        let count = counts.entry(officer.to_owned()).or_insert(fresh);
        if count.day != day {
            (count.day, count.today) = (day, 0);
        }
        if count.minute != minute {
            (count.minute, count.this_minute) = (minute, 0);
        }
        if count.today >= per_day_max {
            return Err(TooMuch::Today);
        }
        if count.this_minute >= per_minute_max {
            let left = MINUTE_S - now.as_second().rem_euclid(MINUTE_S);
            return Err(TooMuch::ThisMinute { retry_after_s: u32::try_from(left).unwrap_or(1) });
        }
        count.today += 1;
        count.this_minute += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, civil::date};

    #[test]
    fn an_officer_has_so_many_searches_a_minute_and_a_day() {
        let pace = Pace::default();
        let now: Timestamp = "2026-11-22T02:00:50Z".parse().unwrap();
        let today = date(2026, 11, 22);
        let enter = |officer: &str, now, day| pace.enter(officer, now, day, 2, 3);
        assert_eq!(enter("an", now, today), Ok(()));
        assert_eq!(enter("an", now, today), Ok(()));
        assert_eq!(enter("an", now, today), Err(TooMuch::ThisMinute { retry_after_s: 10 }));
        assert_eq!(enter("binh", now, today), Ok(()), "another officer has his own");
        let later = now + SignedDuration::from_secs(10);
        assert_eq!(enter("an", later, today), Ok(()));
        assert_eq!(enter("an", later, today), Err(TooMuch::Today));
        assert_eq!(enter("an", later, date(2026, 11, 23)), Ok(()), "a new day");
    }
}
