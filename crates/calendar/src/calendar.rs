//! Which days are worked, and which day a deadline is.

use crate::{
    lunar::{LUNAR_YEARS, lunar_day},
    tables::{ListedKind, Reckoning, Rule, Tables},
};
use dancu_core::VIET_NAM;
use jiff::{Span, Timestamp, civil::Date};
use std::sync::{LazyLock, OnceLock};

/// A day off that is no weekly day of rest by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// The day.
    pub day: Date,
    /// Vietnamese name.
    pub name_vi: String,
    /// English name.
    pub name_en: String,
    /// Whether it stands for a holiday that fell on a day off (Labour Code 2019, art. 111.3).
    pub is_in_lieu: bool,
    /// The law, or the decision of the year.
    pub legal_reference: String,
}

/// The working calendar. One value serves the whole program: [`Calendar::national`].
#[derive(Debug)]
pub struct Calendar {
    tables: Tables,
    /// Holidays of the years of [`LUNAR_YEARS`], worked out when first asked for.
    years: Vec<OnceLock<Vec<Holiday>>>,
}

static NATIONAL: LazyLock<Calendar> = LazyLock::new(|| Calendar::of(Tables::read()));

impl Calendar {
    /// The calendar built into the program.
    pub fn national() -> &'static Self {
        &NATIONAL
    }

    fn of(tables: Tables) -> Self {
        Self { tables, years: LUNAR_YEARS.map(|_| OnceLock::new()).collect() }
    }

    /// Days off of a year, ascending, the weekly days of rest left out unless a holiday falls on them. Outside
    /// [`LUNAR_YEARS`] none are known.
    pub fn holidays(&self, year: i16) -> &[Holiday] {
        let place = usize::try_from(i32::from(year) - i32::from(*LUNAR_YEARS.start())).ok();
        let slot = place.and_then(|place| self.years.get(place));
        slot.map_or(&[], |slot| slot.get_or_init(|| self.holidays_of(year)))
    }

    /// Whether a day is worked.
    pub fn is_working_day(&self, day: Date) -> bool {
        if self.is_made_up(day) {
            return true;
        }
        let is_holiday = self.holidays(day.year()).binary_search_by_key(&day, |holiday| holiday.day).is_ok();
        !is_holiday && !self.is_day_of_rest(day)
    }

    /// The day itself when it is worked, else the next one that is.
    pub fn working_day_from(&self, day: Date) -> Date {
        let mut day = day;
        while !self.is_working_day(day) && day < Date::MAX {
            day = next(day);
        }
        day
    }

    /// The `count`-th working day after a day. With a count of 0 the day itself when it is worked, else the next one
    /// that is.
    pub fn add_working_days(&self, day: Date, count: u16) -> Date {
        if count == 0 {
            return self.working_day_from(day);
        }
        (0..count).fold(day, |day, _| self.working_day_from(next(day)))
    }

    /// Working days after `from` up to and with `to`; 0 when `to` is not after `from`.
    pub fn working_days_between(&self, from: Date, to: Date) -> u32 {
        let (mut day, mut count) = (from, 0);
        while day < to {
            day = next(day);
            count += u32::from(self.is_working_day(day));
        }
        count
    }

    /// The last day of a time limit in working days for what is received at an instant. What comes after the hour of
    /// the one-stop rules (15:00), or on a day off, counts as received at the start of the next working day; the day of
    /// receipt itself is not counted.
    pub fn deadline(&self, received: Timestamp, working_days: u16) -> Date {
        let local = VIET_NAM.to_datetime(received);
        let until = self.tables.received_until.on(local.date());
        let is_late = until.is_some_and(|until| local.time() > until.value);
        let first =
            if is_late && self.is_working_day(local.date()) { next(local.date()) } else { local.date() };
        let start = self.working_day_from(first);
        if working_days == 0 { start } else { self.add_working_days(start, working_days) }
    }

    fn is_day_of_rest(&self, day: Date) -> bool {
        self.tables.rest.iter().any(|rest| rest.value == day.weekday() && rest.holds_on(day))
    }

    /// Whether the official list makes a working day of it.
    fn is_made_up(&self, day: Date) -> bool {
        self.tables.listed.iter().any(|listed| listed.day == day && listed.kind == ListedKind::Worked)
    }

    fn holidays_of(&self, year: i16) -> Vec<Holiday> {
        let mut found: Vec<Holiday> = Vec::new();
        let listed = || self.tables.listed.iter().filter(|listed| listed.day.year() == year);
        for row in listed().filter(|row| row.kind == ListedKind::Off) {
            found.push(Holiday {
                day: row.day,
                name_vi: row.name_vi.clone(),
                name_en: row.name_en.clone(),
                is_in_lieu: false,
                legal_reference: row.legal_reference.clone(),
            });
        }
        let computed: Vec<(&Rule, Vec<Date>)> = self
            .tables
            .rules
            .iter()
            // The Prime Minister's list of a holiday takes the place of what would be computed.
            .filter(|rule| !listed().any(|row| row.holiday == rule.id))
            .map(|rule| (rule, days_of(rule, year)))
            .collect();
        for (rule, days) in &computed {
            found.extend(days.iter().map(|day| holiday(rule, *day, false)));
        }
        found.sort_by_key(|holiday| holiday.day);
        found.dedup_by_key(|holiday| holiday.day);
        // A holiday on a weekly day of rest gives the next working day off.
        let mut owed: Vec<(&Rule, Date)> = Vec::new();
        for (rule, days) in &computed {
            let on_rest = days.iter().filter(|day| self.is_day_of_rest(**day) && !self.is_made_up(**day));
            owed.extend(on_rest.map(|day| (*rule, *day)));
        }
        owed.sort_by_key(|(_, day)| *day);
        for (rule, day) in owed {
            let mut free = next(day);
            while self.is_day_of_rest(free) || found.iter().any(|holiday| holiday.day == free) {
                free = next(free);
            }
            let place = found.partition_point(|holiday| holiday.day < free);
            found.insert(place, holiday(rule, free, true));
        }
        found
    }
}

/// The days that a rule gives in a year.
fn days_of(rule: &Rule, year: i16) -> Vec<Date> {
    let month = i8::try_from(rule.month).unwrap_or(0);
    let day = i8::try_from(rule.day).unwrap_or(0);
    let main = match rule.calendar {
        Reckoning::Solar => Date::new(year, month, day).ok(),
        Reckoning::Lunar => lunar_day(year, rule.month, rule.day),
    };
    let Some(main) = main.filter(|day| rule.holds_on(*day)) else { return Vec::new() };
    let first = main.saturating_sub(Span::new().days(i64::from(rule.days_before)));
    let mut days: Vec<Date> =
        (0..i64::from(rule.days)).map(|count| first.saturating_add(Span::new().days(count))).collect();
    days.extend(rule.neighbour(main.weekday()).map(|side| main.saturating_add(Span::new().days(side))));
    days.sort_unstable();
    days
}

fn holiday(rule: &Rule, day: Date, is_in_lieu: bool) -> Holiday {
    Holiday {
        day,
        name_vi: rule.name_vi.clone(),
        name_en: rule.name_en.clone(),
        is_in_lieu,
        legal_reference: rule.legal_reference.clone(),
    }
}

fn next(day: Date) -> Date {
    day.saturating_add(Span::new().days(1))
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
