//! The lunar calendar as it is reckoned in Viet Nam, at UTC+7.
//!
//! No maintained crate computes it at UTC+7 (those of the Chinese calendar do at UTC+8 and differ in 2007, 2030 and
//! 2053), so the instants are worked out here: new moons after J. Meeus, *Astronomical Algorithms*, 2nd edition,
//! chapter 49 (within half a minute), the sun's longitude after chapter 25 (within 0.01°), and the difference between
//! dynamical and universal time after F. Espenak and J. Meeus (NASA TP-2006-214141). The rules of the months are the
//! usual ones: the month that holds the winter solstice is the eleventh; of thirteen months between two such, the first
//! without a major solar term is the leap month.
//!
//! Tests hold every lunar new year and every tenth of the third month of 1968–2100 against a published table.

use jiff::{Span, civil::Date};

/// Years whose lunar days are known: Viet Nam went over to UTC+7 in 1968, and the series are good for two centuries.
pub const LUNAR_YEARS: std::ops::RangeInclusive<i16> = 1968..=2199;

/// Viet Nam's offset from universal time, in days.
const VIET_NAM_DAYS: f64 = 7.0 / 24.0;
/// Mean length of a lunar month, in days.
const MONTH_DAYS: f64 = 29.530_588_861;
/// The first new moon of 2000 (lunation 0), as a Julian ephemeris day.
const FIRST_NEW_MOON: f64 = 2_451_550.097_66;
/// The Julian day number of 1 January 2000.
const DAY_NUMBER_2000: i32 = 2_451_545;

/// The first day of a lunar year, named by the year of the sun in which it begins. `None` outside [`LUNAR_YEARS`].
pub fn lunar_new_year(year: i16) -> Option<Date> {
    lunar_day(year, 1, 1)
}

/// The day of a lunar date that lies in no leap month. `None` outside [`LUNAR_YEARS`], and for a month or day that the
/// lunar year has not.
pub fn lunar_day(year: i16, month: u8, day: u8) -> Option<Date> {
    if !LUNAR_YEARS.contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let months = Months::of(year, VIET_NAM_DAYS);
    let (start, end) = months.bounds(month);
    let number = start + i32::from(day.checked_sub(1)?);
    (number < end).then(|| date_of(number))
}

/// The months of one lunar year as Julian day numbers, from the eleventh of the year before.
struct Months {
    /// First days; two years' worth, so that months 11 and 12 are there too.
    starts: Vec<i32>,
    /// Numbers of those months, 0 for a leap month.
    numbers: Vec<u8>,
}

impl Months {
    fn of(year: i16, offset_days: f64) -> Self {
        let mut starts = Vec::with_capacity(27);
        let mut numbers = Vec::with_capacity(27);
        for solstice_year in [year - 1, year] {
            let first = month_of_solstice(solstice_year, offset_days);
            let next = month_of_solstice(solstice_year + 1, offset_days);
            let lunations: Vec<i32> = (first..=next).collect();
            let days: Vec<i32> = lunations.iter().map(|k| new_moon_day(*k, offset_days)).collect();
            let has_leap = lunations.len() == 14;
            let leap = has_leap.then(|| leap_month(&days, offset_days)).flatten();
            let mut number = 10;
            for (place, start) in days[..days.len() - 1].iter().enumerate() {
                let is_leap = Some(place) == leap;
                if !is_leap {
                    number = number % 12 + 1;
                }
                starts.push(*start);
                numbers.push(if is_leap { 0 } else { number });
            }
        }
        Self { starts, numbers }
    }

    /// First day of a month of the year, and of the month after it. Two months bear the numbers 11 and 12: those before
    /// the new year and those at its end, which are meant.
    fn bounds(&self, month: u8) -> (i32, i32) {
        let new_year = self.place(0, 1);
        let place = self.place(new_year, month);
        (self.starts[place], self.starts[place + 1])
    }

    fn place(&self, from: usize, month: u8) -> usize {
        let found = self.numbers[from..].iter().position(|number| *number == month);
        from + found.expect("every lunar year has the months 1 to 12 once")
    }
}

/// The first month after the eleventh in which the sun reaches no multiple of 30°.
fn leap_month(days: &[i32], offset_days: f64) -> Option<usize> {
    let sectors: Vec<u8> = days.iter().map(|day| sun_sector(*day, offset_days)).collect();
    (1..days.len() - 1).find(|place| sectors[*place] == sectors[place + 1])
}

/// The lunation in which the winter solstice of a year falls.
fn month_of_solstice(year: i16, offset_days: f64) -> i32 {
    let last_day = day_number(Date::constant(year, 12, 31));
    let mut lunation = whole((f64::from(last_day) - FIRST_NEW_MOON) / MONTH_DAYS) + 1;
    while new_moon_day(lunation, offset_days) > last_day {
        lunation -= 1;
    }
    // A sun beyond 270° at the beginning of the month: the solstice lies in the month before.
    if sun_sector(new_moon_day(lunation, offset_days), offset_days) >= 9 { lunation - 1 } else { lunation }
}

/// The day on which a new moon falls.
fn new_moon_day(lunation: i32, offset_days: f64) -> i32 {
    whole(universal(new_moon(f64::from(lunation))) + offset_days + 0.5)
}

/// In which twelfth of its way the sun stands at the beginning of a day; 0 from the spring equinox on.
fn sun_sector(day: i32, offset_days: f64) -> u8 {
    let midnight = f64::from(day) - 0.5 - offset_days;
    let sector = whole(sun_longitude(midnight + delta_t_days(midnight)) / 30.0);
    u8::try_from(sector).expect("a longitude lies between 0° and 360°")
}

/// Periodic terms of the new moon: coefficient, power of the eccentricity, multiples of the anomalies of sun and moon
/// and of the moon's latitude.
#[rustfmt::skip]
const TERMS: [(f64, i32, f64, f64, f64); 24] = [
    (-0.407_20, 0, 0.0, 1.0, 0.0), (0.172_41, 1, 1.0, 0.0, 0.0), (0.016_08, 0, 0.0, 2.0, 0.0),
    (0.010_39, 0, 0.0, 0.0, 2.0), (0.007_39, 1, -1.0, 1.0, 0.0), (-0.005_14, 1, 1.0, 1.0, 0.0),
    (0.002_08, 2, 2.0, 0.0, 0.0), (-0.001_11, 0, 0.0, 1.0, -2.0), (-0.000_57, 0, 0.0, 1.0, 2.0),
    (0.000_56, 1, 1.0, 2.0, 0.0), (-0.000_42, 0, 0.0, 3.0, 0.0), (0.000_42, 1, 1.0, 0.0, 2.0),
    (0.000_38, 1, 1.0, 0.0, -2.0), (-0.000_24, 1, -1.0, 2.0, 0.0), (-0.000_07, 0, 2.0, 1.0, 0.0),
    (0.000_04, 0, 0.0, 2.0, -2.0), (0.000_04, 0, 3.0, 0.0, 0.0), (0.000_03, 0, 1.0, 1.0, -2.0),
    (0.000_03, 0, 0.0, 2.0, 2.0), (-0.000_03, 0, 1.0, 1.0, 2.0), (0.000_03, 0, -1.0, 1.0, 2.0),
    (-0.000_02, 0, -1.0, 1.0, -2.0), (-0.000_02, 0, 1.0, 3.0, 0.0), (0.000_02, 0, 0.0, 4.0, 0.0),
];

/// Terms of the planets: size, argument at lunation 0 and its motion, in degrees.
#[rustfmt::skip]
const PLANETS: [(f64, f64, f64); 13] = [
    (0.000_165, 251.88, 0.016_321), (0.000_164, 251.83, 26.651_886), (0.000_126, 349.42, 36.412_478),
    (0.000_110, 84.66, 18.206_239), (0.000_062, 141.74, 53.303_771), (0.000_060, 207.14, 2.453_732),
    (0.000_056, 154.84, 7.306_860), (0.000_047, 34.52, 27.261_239), (0.000_042, 207.19, 0.121_824),
    (0.000_040, 291.34, 1.844_379), (0.000_037, 161.72, 24.198_154), (0.000_035, 239.56, 25.513_099),
    (0.000_023, 331.55, 3.592_518),
];

/// The instant of a new moon as a Julian ephemeris day (Meeus, chapter 49).
fn new_moon(lunation: f64) -> f64 {
    let k = lunation;
    let t = k / 1_236.85;
    let mean = FIRST_NEW_MOON
        + MONTH_DAYS * k
        + t * t * (0.000_154_37 + t * (-0.000_000_150 + t * 0.000_000_000_73));
    let e = 1.0 - t * (0.002_516 + t * 0.000_007_4);
    let sun = (2.5534 + 29.105_356_70 * k - t * t * (0.000_001_4 + t * 0.000_000_11)).to_radians();
    let moon =
        (201.5643 + 385.816_935_28 * k + t * t * (0.010_758_2 + t * (0.000_012_38 - t * 0.000_000_058)))
            .to_radians();
    let latitude = (160.7108 + 390.670_502_84 * k
        - t * t * (0.001_611_8 + t * (0.000_002_27 - t * 0.000_000_011)))
        .to_radians();
    let node = (124.7746 - 1.563_755_88 * k + t * t * (0.002_067_2 + t * 0.000_002_15)).to_radians();
    let periodic: f64 = TERMS
        .iter()
        .map(|(size, power, s, m, f)| size * e.powi(*power) * (s * sun + m * moon + f * latitude).sin())
        .sum();
    let planets: f64 =
        PLANETS.iter().map(|(size, at, motion)| size * (at + motion * k).to_radians().sin()).sum();
    let venus = 0.000_325 * (299.77 + 0.107_408 * k - 0.009_173 * t * t).to_radians().sin();
    mean + periodic - 0.000_17 * node.sin() + venus + planets
}

/// The sun's apparent longitude in degrees at a Julian ephemeris day (Meeus, chapter 25).
fn sun_longitude(day: f64) -> f64 {
    let t = (day - 2_451_545.0) / 36_525.0;
    let mean = 280.466_46 + t * (36_000.769_83 + t * 0.000_303_2);
    let anomaly = (357.529_11 + t * (35_999.050_29 - t * 0.000_153_7)).to_radians();
    let centre = (1.914_602 - t * (0.004_817 + t * 0.000_014)) * anomaly.sin()
        + (0.019_993 - t * 0.000_101) * (2.0 * anomaly).sin()
        + 0.000_289 * (3.0 * anomaly).sin();
    let node = (125.04 - 1_934.136 * t).to_radians();
    (mean + centre - 0.005_69 - 0.004_78 * node.sin()).rem_euclid(360.0)
}

/// Universal time of an instant of dynamical time, both as Julian days.
fn universal(day: f64) -> f64 {
    day - delta_t_days(day)
}

/// Dynamical minus universal time in days (Espenak and Meeus).
fn delta_t_days(day: f64) -> f64 {
    let year = 2000.0 + (day - 2_451_545.0) / 365.25;
    let seconds = if year < 1986.0 {
        let t = year - 1975.0;
        45.45 + t * (1.067 - t * (1.0 / 260.0 + t / 718.0))
    } else if year < 2005.0 {
        let t = year - 2000.0;
        63.86
            + t * (0.3345 + t * (-0.060_374 + t * (0.001_727_5 + t * (0.000_651_814 + t * 0.000_023_735_99))))
    } else if year < 2050.0 {
        let t = year - 2000.0;
        62.92 + t * (0.322_17 + t * 0.005_589)
    } else {
        let t = (year - 1820.0) / 100.0;
        let before_2150 = if year < 2150.0 { 0.5628 * (2150.0 - year) } else { 0.0 };
        -20.0 + 32.0 * t * t - before_2150
    };
    seconds / 86_400.0
}

/// The whole number below. Day numbers and lunations of [`LUNAR_YEARS`] are far inside the range.
#[expect(clippy::cast_possible_truncation, reason = "day numbers have seven digits")]
fn whole(number: f64) -> i32 {
    number.floor() as i32
}

fn day_number(day: Date) -> i32 {
    let days = day.since(Date::constant(2000, 1, 1)).expect("days have no unit above them");
    days.get_days() + DAY_NUMBER_2000
}

fn date_of(number: i32) -> Date {
    Date::constant(2000, 1, 1).saturating_add(Span::new().days(number - DAY_NUMBER_2000))
}

#[cfg(test)]
#[path = "lunar_tests.rs"]
mod tests;
