//! Hours of work, as a contract states them in its own words.

use dancu_core::VIET_NAM;
use jiff::Timestamp;

const DAY_MINUTES: u32 = 24 * 60;

/// The minutes of a day in which somebody works, `[from, to)`; over midnight when `from` is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hours {
    from: u32,
    to: u32,
}

impl Hours {
    /// Whole hours, `from` until before `to`.
    pub const fn whole(from: u32, to: u32) -> Self {
        Self { from: from * 60, to: to * 60 }
    }

    /// Reads what a contract says, e.g. `07:00–17:00 thứ Hai đến thứ Bảy`, `7h30 - 16h30`, `24/7`. The first two times of
    /// day count; days of the week do not, since a holiday's duty is no breach. `None` when there are no two times.
    pub fn read(text: &str) -> Option<Self> {
        if text.contains("24/7") || text.contains("24/24") {
            return Some(Self::whole(0, 24));
        }
        let mut times = times(text);
        let (from, to) = (times.next()?, times.next()?);
        (from != to).then_some(Self { from, to })
    }

    /// Whether an instant lies in them, by the clock of Viet Nam.
    pub fn hold(self, at: Timestamp) -> bool {
        let clock = VIET_NAM.to_datetime(at).time();
        let minute =
            u32::try_from(clock.hour()).unwrap_or(0) * 60 + u32::try_from(clock.minute()).unwrap_or(0);
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// Times of day in a text: one or two digits, a colon, `h` or `giờ`, and two more digits or nothing.
fn times(text: &str) -> impl Iterator<Item = u32> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(|sign: char| sign.is_ascii_digit())?;
            let (hour, after) = digits(&rest[start..]);
            let marked = [":", "h", "H", "g", " giờ", "giờ"].iter().find_map(|mark| after.strip_prefix(mark));
            let (minute, tail) = marked.map_or(("", after), digits);
            rest = tail;
            if marked.is_none() || !minute.is_empty() && minute.len() != 2 {
                continue;
            }
            let minutes = hour.parse::<u32>().ok()? * 60 + minute.parse::<u32>().unwrap_or(0);
            if minutes <= DAY_MINUTES {
                return Some(minutes);
            }
        }
    })
}

/// The digits at the beginning, five at most, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end.min(5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_agencies_write_is_read() {
        let hours = |from, to| Some(Hours { from, to });
        for (text, expected) in [
            ("07:00–17:00 thứ Hai đến thứ Bảy", hours(420, 1_020)),
            ("7h30 - 16h30", hours(450, 990)),
            ("Từ 7h đến 17h, thứ 2 - thứ 6", hours(420, 1_020)),
            ("8 giờ đến 16 giờ", hours(480, 960)),
            ("22:00-06:00", hours(1_320, 360)),
            ("24/7", hours(0, 1_440)),
            ("Cấp cứu 24/24", hours(0, 1_440)),
            ("giờ hành chính", None),
            ("thứ 2 đến thứ 6", None),
            ("08:00", None),
            ("99:99-07:00", None),
            ("", None),
        ] {
            assert_eq!(Hours::read(text), expected, "{text}");
        }
    }

    #[test]
    fn hours_are_those_of_viet_nam_and_may_go_over_midnight() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let day = Hours::whole(7, 17);
        assert!(day.hold(at("2026-11-22T00:00:00Z")) && day.hold(at("2026-11-22T09:59:59Z")));
        assert!(!day.hold(at("2026-11-21T23:59:59Z")) && !day.hold(at("2026-11-22T10:00:00Z")));
        let night = Hours::whole(22, 6);
        assert!(night.hold(at("2026-11-22T16:00:00Z")) && !night.hold(at("2026-11-22T05:00:00Z")));
        assert!(Hours::whole(0, 24).hold(at("2026-11-22T16:59:59Z")));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,40}") {
            let _ = Hours::read(&text);
        }
    }
}
