//! Time and randomness are passed in, so that every rule can be tried on any day and every run repeated.

use jiff::{Timestamp, civil::Date, tz::Offset};

/// Viet Nam's offset from UTC (+07:00). The country has had no daylight saving since 1975.
pub const VIET_NAM: Offset = Offset::constant(7);

/// Tells the time. The system's clock is read in the binary only.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// The present day in Viet Nam, by which the law counts.
    fn today(&self) -> Date {
        today_in_viet_nam(self.now())
    }
}

/// The civil day in Viet Nam at an instant.
pub fn today_in_viet_nam(instant: Timestamp) -> Date {
    VIET_NAM.to_datetime(instant).date()
}

/// A source of unpredictable bytes for keys, salts, tokens and codes.
pub trait Entropy: Send + Sync {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}

impl<T: Clock + ?Sized> Clock for std::sync::Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

impl<T: Entropy + ?Sized> Entropy for std::sync::Arc<T> {
    fn fill(&self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_day_turns_at_seven_hours_before_utc_midnight() {
        let before: Timestamp = "2026-01-31T16:59:59Z".parse().unwrap();
        let after: Timestamp = "2026-01-31T17:00:00Z".parse().unwrap();
        assert_eq!(today_in_viet_nam(before), date(2026, 1, 31));
        assert_eq!(today_in_viet_nam(after), date(2026, 2, 1));
    }
}
