//! Persons of one block, before they have names and numbers.

use crate::{
    calendar::{add_days, add_years, age_on},
    draw::{Draw, Weights},
    rates,
    tables::Pyramid,
};
use dancu_core::Sex;
use dancu_register::MaritalStatus;
use jiff::civil::{Date, date};

/// How much of the birth date is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// All of it.
    Day,
    /// Month and year.
    Month,
    /// The year.
    Year,
}

/// Whether the person lives, with the day on which that ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Alive.
    Alive,
    /// Dead since a day.
    Dead(Date),
    /// Missing since a day.
    Missing(Date),
}

/// One person. Relatives are indices into the block, where the older stand before the younger.
#[derive(Clone)]
pub struct Person {
    /// Sex.
    pub sex: Sex,
    /// Birth date; the first possible day where only part of it is known.
    pub born: Date,
    /// How much of it is known.
    pub known: Known,
    /// Alive, dead or missing.
    pub life: Life,
    /// Marital status; of the dead, on the day of death.
    pub status: MaritalStatus,
    /// Husband or wife; after a divorce, the former one.
    pub partner: Option<usize>,
    /// Day of the marriage with the partner.
    pub married_on: Option<Date>,
    /// Mother.
    pub mother: Option<usize>,
    /// Father.
    pub father: Option<usize>,
}

impl Person {
    /// The last day on which something can have happened to the person.
    pub fn last_day(&self, today: Date) -> Date {
        match self.life {
            Life::Dead(day) => day,
            Life::Alive | Life::Missing(_) => today,
        }
    }

    /// Age today, or at death.
    pub fn age(&self, today: Date) -> i32 {
        age_on(self.born, self.last_day(today))
    }

    /// Neither dead nor missing.
    pub fn is_present(&self) -> bool {
        self.life == Life::Alive
    }

    /// Whether the person died.
    pub fn is_dead(&self) -> bool {
        matches!(self.life, Life::Dead(_))
    }

    /// Husband or wife, the dead one of a widowed person too; none after a divorce.
    pub fn spouse(&self) -> Option<usize> {
        self.partner.filter(|_| self.status != MaritalStatus::Divorced)
    }
}

/// Draws ages and deaths.
#[derive(Debug)]
pub struct Population {
    pyramid: Pyramid,
    death_ages: Weights,
}

impl Population {
    /// With the pyramid of the living.
    pub fn new(pyramid: Pyramid) -> Self {
        Self { pyramid, death_ages: Weights::new(rates::DEATH_AGES.map(|row| row.2)) }
    }

    /// The persons of a block, oldest first. One of them is a grown woman alive, so that no child is alone.
    pub fn draw(&self, draw: &mut Draw, count: usize, today: Date) -> Vec<Person> {
        let mut people: Vec<Person> = (0..count)
            .map(|index| {
                if index == 0 {
                    let age = draw.between(25, 45);
                    person(draw, Sex::Female, age, Life::Alive, today)
                } else if draw.chance(rates::DEAD) {
                    self.dead(draw, today)
                } else {
                    self.living(draw, today)
                }
            })
            .collect();
        people.sort_by_key(|person| person.born);
        people
    }

    fn living(&self, draw: &mut Draw, today: Date) -> Person {
        let (first, last, sex) = self.pyramid.groups[draw.weighted(&self.pyramid.weights)];
        // The last group is wide and thins out with age.
        let age = if last - first > 4 {
            draw.between(first, last).min(draw.between(first, last)).min(draw.between(first, last))
        } else {
            draw.between(first, last)
        };
        let life = if age >= 18 && draw.chance(rates::MISSING) {
            Life::Missing(draw.day(add_years(today, -2), today))
        } else {
            Life::Alive
        };
        person(draw, sex, age, life, today)
    }

    fn dead(&self, draw: &mut Draw, today: Date) -> Person {
        let day = add_days(today, -draw.between(0, rates::DEATH_YEARS * 365));
        let (first, last, _) = rates::DEATH_AGES[draw.weighted(&self.death_ages)];
        let age = draw.between(first, last);
        let sex = if draw.chance(rates::DEAD_MALE) { Sex::Male } else { Sex::Female };
        person(draw, sex, age, Life::Dead(day), day)
    }
}

/// A person of an age on a day.
fn person(draw: &mut Draw, sex: Sex, age: i32, life: Life, on: Date) -> Person {
    let years = i16::try_from(age).expect("ages are below 120");
    let (first, last) = (add_days(add_years(on, -years - 1), 1), add_years(on, -years));
    let mut born = draw.day(first, last);
    let mut known = Known::Day;
    if born.year() < rates::WHOLE_DATES_SINCE && draw.chance(rates::FIRST_OF_JANUARY) {
        born = date(born.year(), 1, 1);
    }
    if born.year() < rates::YEAR_ONLY_UNTIL {
        if draw.chance(rates::YEAR_ONLY) {
            (born, known) = (date(born.year(), 1, 1), Known::Year);
        } else if draw.chance(rates::MONTH_ONLY) {
            (born, known) = (date(born.year(), born.month(), 1), Known::Month);
        }
    }
    Person {
        sex,
        born,
        known,
        life,
        status: MaritalStatus::Single,
        partner: None,
        married_on: None,
        mother: None,
        father: None,
    }
}
