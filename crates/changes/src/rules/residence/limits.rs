//! Limits of the law of residence, each dated: `data/residence_rules.csv`.

use dancu_core::{Dated, DatedTable};
use jiff::civil::Date;
use std::{collections::BTreeMap, sync::LazyLock};

const TABLE: &str = include_str!("../../../../../data/residence_rules.csv");

/// A limit; the unit stands in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResidenceLimit {
    /// A temporary residence lasts at most so many months at a time.
    TemporaryResidenceMonthsMax,
    /// And at least so many days; less is a stay.
    TemporaryResidenceDaysMin,
    /// A stay lasts at most so many days.
    StayDaysMax,
    /// Months of absence after which a permanent residence may be deleted.
    LongAbsenceMonthsMin,
    /// Age from which one has full capacity and can be the head of others who have it.
    HeadYearsMin,
    /// Working days within which a permanent residence is decided.
    PermanentResidenceWorkingDaysMax,
    /// Working days within which a temporary residence is decided.
    TemporaryResidenceWorkingDaysMax,
    /// Days before its begin at which a temporary residence or an absence can be declared.
    BeginsAheadDaysMax,
    /// Days after its end for which a stay remains in the book.
    StayKeptDays,
    /// Days within which two moves by two communes are looked into.
    TwoCommunesDays,
    /// Days before its begin at which a merge of units can be recorded.
    UnitsAheadDaysMax,
}

impl ResidenceLimit {
    /// Every limit.
    pub const ALL: [Self; 11] = [
        Self::TemporaryResidenceMonthsMax,
        Self::TemporaryResidenceDaysMin,
        Self::StayDaysMax,
        Self::LongAbsenceMonthsMin,
        Self::HeadYearsMin,
        Self::PermanentResidenceWorkingDaysMax,
        Self::TemporaryResidenceWorkingDaysMax,
        Self::BeginsAheadDaysMax,
        Self::StayKeptDays,
        Self::TwoCommunesDays,
        Self::UnitsAheadDaysMax,
    ];

    /// The word in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TemporaryResidenceMonthsMax => "temporary_residence_months_max",
            Self::TemporaryResidenceDaysMin => "temporary_residence_days_min",
            Self::StayDaysMax => "stay_days_max",
            Self::LongAbsenceMonthsMin => "long_absence_months_min",
            Self::HeadYearsMin => "head_years_min",
            Self::PermanentResidenceWorkingDaysMax => "permanent_residence_working_days_max",
            Self::TemporaryResidenceWorkingDaysMax => "temporary_residence_working_days_max",
            Self::BeginsAheadDaysMax => "begins_ahead_days_max",
            Self::StayKeptDays => "stay_kept_days",
            Self::TwoCommunesDays => "two_communes_days",
            Self::UnitsAheadDaysMax => "units_ahead_days_max",
        }
    }

    /// The limit that is law on a day, with its source; `None` before the first law that the table knows.
    pub fn on(self, day: Date) -> Option<&'static Dated<u16>> {
        LIMITS.get(&self)?.on(day)
    }
}

static LIMITS: LazyLock<BTreeMap<ResidenceLimit, DatedTable<u16>>> =
    LazyLock::new(|| read(TABLE).expect("tests hold that the table is whole"));

fn read(table: &str) -> Result<BTreeMap<ResidenceLimit, DatedTable<u16>>, String> {
    let mut rows: BTreeMap<ResidenceLimit, Vec<Dated<u16>>> = BTreeMap::new();
    for record in csv::Reader::from_reader(table.as_bytes()).records() {
        let record = record.map_err(|error| error.to_string())?;
        let field = |index: usize| record.get(index).unwrap_or_default();
        let day = |text: &str| text.parse::<Date>().map_err(|error| format!("{text}: {error}"));
        let limit = ResidenceLimit::ALL.into_iter().find(|limit| limit.as_str() == field(0));
        let limit = limit.ok_or_else(|| format!("no such rule: {}", field(0)))?;
        let valid_to = if field(4).is_empty() { None } else { Some(day(field(4))?) };
        rows.entry(limit).or_default().push(Dated {
            value: field(1).parse().map_err(|error| format!("{}: {error}", field(1)))?,
            valid_from: day(field(3))?,
            valid_to,
            legal_reference: field(5).to_owned(),
        });
    }
    rows.into_iter().map(|(limit, rows)| Ok((limit, DatedTable::new(rows)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_limit_stands_in_the_table_with_its_source() {
        for limit in ResidenceLimit::ALL {
            let dated = limit.on(date(2026, 11, 22)).unwrap_or_else(|| panic!("{limit:?}"));
            assert!(dated.value > 0 && !dated.legal_reference.is_empty(), "{limit:?}");
            assert!(limit.on(date(2021, 6, 30)).is_none());
        }
        assert_eq!(ResidenceLimit::TemporaryResidenceMonthsMax.on(date(2026, 1, 1)).unwrap().value, 24);
        assert_eq!(ResidenceLimit::PermanentResidenceWorkingDaysMax.on(date(2026, 1, 1)).unwrap().value, 7);
    }

    #[test]
    fn a_table_with_a_fault_is_refused() {
        let head = "rule,value,unit,valid_from,valid_to,legal_reference\n";
        assert!(read(&format!("{head}unheard_of,1,days,2021-07-01,,law")).is_err());
        assert!(read(&format!("{head}stay_days_max,x,days,2021-07-01,,law")).is_err());
        let twice = "stay_days_max,1,days,2021-07-01,,law\nstay_days_max,2,days,2022-07-01,,law\n";
        assert!(read(&format!("{head}{twice}")).is_err());
    }
}
