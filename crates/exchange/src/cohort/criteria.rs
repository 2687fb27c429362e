//! By what persons are chosen for an extract: when they were born, their sex, where they reside permanently. The lists
//! here are exhaustive: ethnicity, religion, opinion, health and family are no criteria, by type.

use super::cohort_rules;
use crate::{AttestedPlace, FieldSet, claim};
use dancu_core::{CommuneCode, PartialDate, Sex};
use dancu_places::Places;
use dancu_register::{FactKind, KindSet, Person};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// When somebody was born.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Born {
    /// From a day to a day, both among them.
    BirthDates {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// So many whole years old on a day.
    Ages {
        /// The youngest.
        from: u8,
        /// The oldest.
        to: u8,
        /// The day on which it is reckoned.
        on: Date,
    },
}

/// When those whom a contract may have listed were born.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BornTerms {
    /// From a day to a day, both among them.
    BirthDates {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// So many whole years old, on the day that an extract names.
    Ages {
        /// The youngest.
        from: u8,
        /// The oldest.
        to: u8,
    },
}

/// Nobody is older.
const AGE_MAX: u8 = 120;

/// The last day of birth on which one is so many years old on a day.
fn last_birth(years: i64, on: Date) -> Date {
    let mut last = on.saturating_sub(years.years());
    // Whoever was born on 29 February reaches the year on the 28th where there is no 29th, as for a claim.
    while let Ok(next) = last.tomorrow()
        && next.saturating_add(years.years()) <= on
    {
        last = next;
    }
    last
}

fn ages(from: u8, to: u8, on: Date) -> (Date, Date) {
    let first = last_birth(i64::from(to) + 1, on).tomorrow().unwrap_or(Date::MAX);
    (first, last_birth(from.into(), on))
}

impl Born {
    /// The first and the last day of birth.
    pub fn days(self) -> (Date, Date) {
        match self {
            Self::BirthDates { from, to } => (from, to),
            Self::Ages { from, to, on } => ages(from, to, on),
        }
    }

    /// Whether a person may be born so: `None` where only a part of the date is known and not every day of it fits.
    fn fits(self, birth: PartialDate) -> Option<bool> {
        let (first, last) = self.days();
        let (earliest, latest) = birth.days();
        if first <= earliest && latest <= last {
            Some(true)
        } else if latest < first || last < earliest {
            Some(false)
        } else {
            None
        }
    }
}

impl BornTerms {
    fn are_sound(self) -> bool {
        match self {
            Self::BirthDates { from, to } => from <= to,
            Self::Ages { from, to } => from <= to && to <= AGE_MAX,
        }
    }

    /// Whether an extract that is asked for on a day stays within them.
    fn hold(self, born: Born, day: Date) -> bool {
        let within = |(first, last): (Date, Date)| {
            let (from, to) = born.days();
            from <= to && first <= from && to <= last
        };
        match (self, born) {
            (Self::Ages { from, to }, Born::Ages { from: youngest, to: oldest, on }) => {
                let days_max = cohort_rules(day).map_or(0, |rules| i64::from(rules.age_day_days_max));
                let (earliest, latest) =
                    (day.saturating_sub(days_max.days()), day.saturating_add(days_max.days()));
                from <= youngest && youngest <= oldest && oldest <= to && (earliest..=latest).contains(&on)
            }
            (Self::Ages { from, to }, Born::BirthDates { .. }) => within(ages(from, to, day)),
            (Self::BirthDates { from, to }, _) => within((from, to)),
        }
    }

    /// Whether nobody is in them who is not in others.
    fn is_within(self, other: Self) -> bool {
        match (self, other) {
            (Self::BirthDates { from, to }, Self::BirthDates { from: first, to: last }) => {
                first <= from && to <= last
            }
            (Self::Ages { from, to }, Self::Ages { from: first, to: last }) => first <= from && to <= last,
            _ => false,
        }
    }
}

/// What a contract may have listed at most. Its legal basis and purpose are the contract's, which gives no other right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortTerms {
    /// Fields of which the values are told, beside the number.
    pub fields: FieldSet,
    /// When they were born.
    pub born: BornTerms,
    /// Their sex; either when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Communes and provinces of today in which they reside permanently. A province holds its communes.
    pub places: BTreeSet<AttestedPlace>,
    /// Persons of one extract at most. Those of a day are the contract's answers a day.
    pub rows_max: u32,
}

/// Who is to stand in an extract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortCriteria {
    /// When they were born.
    pub born: Born,
    /// Their sex; either when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Communes and provinces of today in which they reside permanently.
    pub places: BTreeSet<AttestedPlace>,
}

impl CohortTerms {
    /// Whether they can be, and are no more than the rules of a day allow.
    pub fn are_sound(&self, on: Date) -> bool {
        cohort_rules(on).is_some_and(|rules| {
            (1..=rules.rows_max).contains(&self.rows_max)
                && !self.fields.is_empty()
                && self.fields.iter().all(crate::Field::may_be_fetched)
                && self.born.are_sound()
                && are_places(&self.places, rules.places_max)
        })
    }

    /// Whether an extract that is asked for on a day stays within them.
    pub fn hold(&self, criteria: &CohortCriteria, day: Date) -> bool {
        cohort_rules(day).is_some_and(|rules| are_places(&criteria.places, rules.places_max))
            && self.born.hold(criteria.born, day)
            && (self.sex.is_none() || self.sex == criteria.sex)
            && criteria.places.iter().all(|place| holds_place(&self.places, *place))
    }

    /// Whether they let list nobody, and tell nothing, that others do not.
    pub fn are_within(&self, other: &Self) -> bool {
        self.fields.without(other.fields).is_empty()
            && self.born.is_within(other.born)
            && (other.sex.is_none() || self.sex == other.sex)
            && self.places.iter().all(|place| holds_place(&other.places, *place))
            && self.rows_max <= other.rows_max
    }
}

fn are_places(places: &BTreeSet<AttestedPlace>, most: u32) -> bool {
    let few = u32::try_from(places.len()).is_ok_and(|count| (1..=most).contains(&count));
    few && places.iter().all(|place| place.is_known())
}

/// Whether a place is among others, or a commune of a province among them.
fn holds_place(places: &BTreeSet<AttestedPlace>, place: AttestedPlace) -> bool {
    let province = match place {
        AttestedPlace::Province(_) => None,
        AttestedPlace::Commune(code) => Places::national().commune(code).map(|commune| commune.province),
    };
    places.contains(&place)
        || province.is_some_and(|province| places.contains(&AttestedPlace::Province(province)))
}

impl CohortCriteria {
    /// The facts by which it is decided who is in.
    pub const KINDS: KindSet = KindSet::EMPTY
        .with(FactKind::Identity)
        .with(FactKind::Residence)
        .with(FactKind::Life)
        .with(FactKind::Number);

    /// Every code under which somebody may be registered in the places, ascending: of the communes of today, and of
    /// those that they took over.
    pub fn codes(&self) -> Vec<CommuneCode> {
        let places = Places::national();
        let inside = |code: CommuneCode| {
            places.commune(code).is_some_and(|one| self.places.iter().any(|place| place.holds(one)))
        };
        let present = places.communes().iter().map(|commune| commune.code).filter(|code| inside(*code));
        let former = places.old_communes().iter().filter_map(|former| {
            former.successors.iter().any(|code| inside(*code)).then_some(former.code).flatten()
        });
        present.chain(former).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether somebody born then can be in.
    pub fn may_be_born(&self, birth: Option<PartialDate>) -> bool {
        birth.is_none_or(|birth| self.born.fits(birth) != Some(false))
    }

    /// Whether a person is in. `None` where the register cannot say: no birth date or only a part of it, or a home in a
    /// commune that was divided between places inside and outside. The dead, the missing and numbers out of use are not.
    pub fn choose(&self, person: &Person) -> Option<bool> {
        if !person.is_alive() {
            return Some(false);
        }
        let identity = person.identity();
        let is_other_sex = |sex: Sex| identity.is_some_and(|identity| identity.sex != sex);
        if self.sex.is_some_and(is_other_sex) {
            return Some(false);
        }
        let home = person.held(FactKind::Residence).zip(person.residence());
        let commune = home.and_then(|(held, home)| Some((home.permanent_commune?, held.valid_from)));
        let Some((commune, written)) = commune else { return Some(false) };
        let is_home = claim::within_any(commune, written, &self.places);
        let is_born = identity.and_then(|identity| self.born.fits(identity.birth_date));
        match (is_home, is_born) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "criteria_tests.rs"]
mod tests;
