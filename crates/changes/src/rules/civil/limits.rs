//! Ages, days and counts of the law: rows of `data/civil_rules.csv` with the days on which they hold.

use dancu_core::{Dated, DatedTable};
use jiff::civil::Date;
use std::{collections::HashMap, sync::LazyLock};

/// Copied into the program.
const ROWS: &str = include_str!("../../../../../data/civil_rules.csv");

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// One legal value. The source of each is in the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Limit {
            $($(#[$doc])* $name,)*
        }

        impl Limit {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)*];

            const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

limits! {
    /// Days after birth within which it is to be registered.
    BirthRegistrationDays = "birth_registration_days",
    /// Days after death within which it is to be registered.
    DeathRegistrationDays = "death_registration_days",
    /// Days after his death on which a father's child can still be born.
    FatherDeadDays = "father_dead_before_birth_days_max",
    /// Age from which men marry.
    MarriageAgeMale = "marriage_age_male_years",
    /// Age from which women marry.
    MarriageAgeFemale = "marriage_age_female_years",
    /// Generations within which kin do not marry.
    MarriageKinGenerations = "marriage_kin_generations",
    /// 1 where the law recognises a marriage of two persons of one sex.
    SameSexMarriage = "same_sex_marriage_recognised",
    /// Years by which an adopter is older than the child.
    AdopterOlderYears = "adopter_older_by_years",
    /// Age below which a child is adopted.
    AdoptedAge = "adopted_age_below_years",
    /// The same for a child whom the spouse of a parent adopts.
    AdoptedByStepparentAge = "adopted_by_stepparent_age_below_years",
    /// Age from which the child consents.
    AdoptedConsentAge = "adopted_consent_age_years",
    /// Age from which a person is an adult.
    AdultAge = "adult_age_years",
    /// Guardians of one person.
    GuardiansMax = "guardians_max",
    /// Years without news before a person is declared missing.
    MissingYears = "missing_without_news_years",
    /// No mother is younger.
    MotherAgeMin = "mother_age_years_min",
    /// No mother is older.
    MotherAgeMax = "mother_age_years_max",
    /// Few mothers are younger.
    MotherAgeUsualMin = "mother_age_usual_years_min",
    /// Few mothers are older.
    MotherAgeUsualMax = "mother_age_usual_years_max",
    /// No father is younger.
    FatherAgeMin = "father_age_years_min",
    /// Two births of one mother, but for twins, are that many days apart.
    SiblingsApartDays = "siblings_apart_days_min",
    /// Days within which two children of one mother and one name look like one.
    SiblingsLookAlikeDays = "siblings_look_alike_days",
}

static TABLE: LazyLock<HashMap<String, DatedTable<i32>>> = LazyLock::new(|| {
    let mut rules: HashMap<String, Vec<Dated<i32>>> = HashMap::new();
    for [rule, value, valid_from, valid_to, legal_reference] in rows(ROWS) {
        let row = Dated {
            value: value.parse().expect("the table holds whole numbers"),
            valid_from: day(&valid_from),
            valid_to: (!valid_to.is_empty()).then(|| day(&valid_to)),
            legal_reference,
        };
        rules.entry(rule).or_default().push(row);
    }
    let tables = rules.into_iter().map(|(rule, rows)| {
        let table = DatedTable::new(rows).expect("a test holds that no two rows hold on one day");
        (rule, table)
    });
    tables.collect()
});

fn rows(text: &'static str) -> impl Iterator<Item = [String; 5]> {
    csv::Reader::from_reader(text.as_bytes()).into_deserialize().map(|row| row.expect("five columns"))
}

fn day(text: &str) -> Date {
    text.parse().expect("the table holds days")
}

/// The value that is law on a day; `None` when none was, so that the rule does not hold.
pub(crate) fn limit(limit: Limit, on: Date) -> Option<i32> {
    Some(TABLE.get(limit.word())?.on(on)?.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_limit_holds_today_and_every_row_is_one_of_them() {
        for rule in Limit::ALL {
            assert!(limit(*rule, date(2026, 11, 22)).is_some(), "{rule:?}");
        }
        assert_eq!(TABLE.len(), Limit::ALL.len());
    }

    #[test]
    fn the_age_of_marriage_is_that_of_the_day() {
        assert_eq!(limit(Limit::MarriageAgeMale, date(2014, 12, 31)), Some(19));
        assert_eq!(limit(Limit::MarriageAgeMale, date(2015, 1, 1)), Some(20));
        let ages = |on| (limit(Limit::MarriageAgeMale, on), limit(Limit::MarriageAgeFemale, on));
        assert_eq!(ages(date(2000, 12, 31)), (Some(20), Some(18)), "the law of 1986");
        assert_eq!(ages(date(1987, 1, 2)), (Some(20), Some(18)), "the law of 1959");
        assert_eq!(ages(date(1960, 1, 12)), (Some(18), Some(15)));
        assert_eq!(ages(date(1945, 9, 1)), (None, None));
    }

    /// The rules that look at a day long ago have a value on each since their first law.
    #[test]
    fn what_is_judged_by_its_own_day_has_a_value_on_every_day_since_the_law_began() {
        for (rule, since) in [
            (Limit::MarriageAgeMale, date(1945, 9, 2)),
            (Limit::MarriageAgeFemale, date(1945, 9, 2)),
            (Limit::AdultAge, date(1950, 5, 22)),
            (Limit::MarriageKinGenerations, date(1960, 1, 13)),
            (Limit::AdopterOlderYears, date(1987, 1, 3)),
            (Limit::AdoptedConsentAge, date(1987, 1, 3)),
            (Limit::FatherDeadDays, date(1987, 1, 3)),
            (Limit::MotherAgeMin, date(1900, 1, 1)),
        ] {
            for day in since.series(jiff::Span::new().days(1)).take_while(|day| *day < date(2027, 1, 1)) {
                assert!(limit(rule, day).is_some(), "{rule:?} {day}");
            }
        }
    }
}
