//! The working calendar of Viet Nam: days of rest, holidays by the sun and by the moon, working days that make up for a
//! day off, and the deadlines that the law counts in working days.
//!
//! The rules stand in `data/holidays.csv`, `data/rest_days.csv` and `data/intake_rules.csv`; the lists that the Prime
//! Minister fixes for a year stand in `data/holiday_years.csv` and go before what is computed. Holidays are known from
//! the Labour Code 2012 on (1 May 2013); before that only the weekly days of rest are. Pure: no clock, no store.

mod calendar;
mod lunar;
mod tables;

pub use calendar::{Calendar, Holiday};
pub use lunar::{LUNAR_YEARS, lunar_day, lunar_new_year};
