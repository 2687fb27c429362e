//! Telling a table.

use crate::{Cell, Census, Dimension, StatisticsError, StatisticsStore, TableRequest, rounding_base};
use dancu_core::{Clock, CommuneCode, ProvinceCode, Sex, StoreError};
use dancu_exchange::{Caller, RefusalLog, plan_statistics};
use dancu_places::Places;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Days of which it can be asked, for those who look for one.
const DAYS_MAX: usize = 120;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The day for which it holds.
    pub day: Date,
    /// What the register knew then.
    pub known_at: Timestamp,
    /// What is told apart.
    pub by: BTreeSet<Dimension>,
    /// The province that was counted; none: the country.
    pub province: Option<ProvinceCode>,
    /// Of what each count is a multiple. Each is rounded by itself, so rows need not add up to the total.
    pub rounded_to: u64,
    /// Everybody who was counted.
    pub total: u64,
    /// Rows of which the count is 0 are left out.
    pub rows: Vec<TableRow>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableRow {
    /// Province, where provinces or communes are told apart. None: not known.
    pub province: Option<ProvinceCode>,
    /// Commune, where communes are. None: not known, in this province.
    pub commune: Option<CommuneCode>,
    /// Sex, where it is.
    pub sex: Option<Sex>,
    /// Age in years, such as `20-24`, where it is. None: not known.
    pub age: Option<String>,
    /// How many.
    pub persons: u64,
}

/// Tells tables.
pub struct StatisticsService {
    store: Arc<dyn StatisticsStore>,
    refusals: Arc<RefusalLog>,
    clock: Arc<dyn Clock>,
    /// The counts that were last asked for.
    kept: Mutex<Option<Arc<Census>>>,
}

impl fmt::Debug for StatisticsService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatisticsService")
    }
}

impl StatisticsService {
    /// Puts the service together.
    pub const fn new(
        store: Arc<dyn StatisticsStore>,
        refusals: Arc<RefusalLog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, refusals, clock, kept: Mutex::new(None) }
    }

    /// A table under a contract. It concerns no person, so nobody's consent is asked and no record names anybody.
    pub async fn table(&self, caller: &Caller, request: &TableRequest) -> Result<Table, StatisticsError> {
        let today = self.clock.today();
        let refuse = |reason| {
            let client = Some(&caller.client.id);
            StatisticsError::Refused(self.refusals.note(self.clock.now(), client, reason))
        };
        let _place = caller.enter(today).map_err(refuse)?;
        plan_statistics(caller, today, request.area()).map_err(refuse)?;
        if !request.is_bounded() {
            return Err(StatisticsError::ProvinceNeeded);
        }
        if request.province.is_some_and(|code| Places::national().province(code).is_none()) {
            return Err(StatisticsError::NoSuchProvince);
        }
        self.told(request).await
    }

    /// What everybody may read: provinces by sex, of a day or the newest.
    pub async fn public_table(&self, day: Option<Date>) -> Result<Table, StatisticsError> {
        let by = [Dimension::Province, Dimension::Sex].into_iter().collect();
        self.told(&TableRequest { day, by, province: None }).await
    }

    /// The days of which there are tables, the newest first.
    pub async fn days(&self) -> Result<Vec<Date>, StoreError> {
        self.store.census_days(DAYS_MAX).await
    }

    async fn told(&self, request: &TableRequest) -> Result<Table, StatisticsError> {
        let census = self.census(request.day).await?.ok_or(StatisticsError::NoSuchDay)?;
        let base = rounding_base(census.day).ok_or(StatisticsError::NoSuchDay)?;
        let counted = census.cube.table(&request.by, request.province);
        let row = |(cell, tally): (Cell, crate::Tally)| TableRow {
            province: cell.province,
            commune: cell.commune,
            sex: cell.sex,
            age: cell.age.map(|age| age.to_string()),
            persons: tally.rounded(base),
        };
        Ok(Table {
            day: census.day,
            known_at: census.known_at,
            by: request.by.clone(),
            province: request.province,
            rounded_to: base,
            total: counted.total().rounded(base),
            // A row of 0 would tell that somebody is there.
            rows: counted.cells().map(row).filter(|row| row.persons > 0).collect(),
        })
    }

    /// The counts of a day. The newest day is looked up each time: another node may have counted.
    async fn census(&self, day: Option<Date>) -> Result<Option<Arc<Census>>, StoreError> {
        let day = match day {
            Some(day) => day,
            None => match self.store.census_days(1).await?.first() {
                Some(newest) => *newest,
                None => return Ok(None),
            },
        };
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(census) = kept.filter(|census| census.day == day) {
            return Ok(Some(census));
        }
        let census = self.store.census(day).await?.map(Arc::new);
        if let Some(census) = &census {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(census));
        }
        Ok(census)
    }
}
