//! Telling a table.

use crate::{
    Cell, Census, Counted, Dimension, StatisticsError, StatisticsStore, TableRequest, Tally, rounding_base,
};
use dancu_core::{Clock, CommuneCode, ProvinceCode, Sex, StoreError};
use dancu_exchange::{Caller, RefusalLog, plan_statistics};
use dancu_places::Places;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use std::{
    collections::{BTreeSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Semaphore;

/// Days of which it can be asked, for those who look for one.
const DAYS_MAX: usize = 120;
/// Days whose counts are held in memory: some tens of megabytes each for the whole country.
const KEPT_MAX: usize = 3;

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
    /// Counts that were last asked for, the newest first.
    kept: Mutex<VecDeque<Arc<Census>>>,
    /// What everybody may read, ready to be told: a page of anybody's must cost next to nothing.
    public: Mutex<VecDeque<Arc<Table>>>,
    /// Counts are read by one question at a time; the others find them then.
    reading: Semaphore,
}

impl fmt::Debug for StatisticsService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatisticsService")
    }
}

impl StatisticsService {
    /// Puts the service together.
    pub fn new(store: Arc<dyn StatisticsStore>, refusals: Arc<RefusalLog>, clock: Arc<dyn Clock>) -> Self {
        let (kept, public) = (Mutex::new(VecDeque::new()), Mutex::new(VecDeque::new()));
        Self { store, refusals, clock, kept, public, reading: Semaphore::const_new(1) }
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
        let counted = self.which(request.day).await?;
        tabled(&*self.census(counted).await?, request)
    }

    /// What everybody may read: provinces by sex, of a day or the newest.
    pub async fn public_table(&self, day: Option<Date>) -> Result<Arc<Table>, StatisticsError> {
        let counted = self.which(day).await?;
        let found = |tables: &VecDeque<Arc<Table>>| {
            let is_it = |table: &&Arc<Table>| (table.day, table.known_at) == (counted.day, counted.known_at);
            tables.iter().find(is_it).cloned()
        };
        if let Some(table) = found(&lock(&self.public)) {
            return Ok(table);
        }
        let by = [Dimension::Province, Dimension::Sex].into_iter().collect();
        let request = TableRequest { day: Some(counted.day), by, province: None };
        let table = Arc::new(tabled(&*self.census(counted).await?, &request)?);
        keep(&mut lock(&self.public), Arc::clone(&table), DAYS_MAX);
        Ok(table)
    }

    /// The days of which there are tables, the newest first.
    pub async fn days(&self) -> Result<Vec<Date>, StoreError> {
        Ok(self.store.counted(DAYS_MAX).await?.iter().map(|counted| counted.day).collect())
    }

    /// The counts of a day, or the newest. Looked up each time: another node may have counted, or counted anew.
    async fn which(&self, day: Option<Date>) -> Result<Counted, StatisticsError> {
        let counted = self.store.counted(DAYS_MAX).await?;
        let is_it = |counted: &Counted| day.is_none_or(|day| counted.day == day);
        counted.into_iter().find(is_it).ok_or(StatisticsError::NoSuchDay)
    }

    async fn census(&self, counted: Counted) -> Result<Arc<Census>, StatisticsError> {
        let found = || lock(&self.kept).iter().find(|census| census.counted == counted).cloned();
        if let Some(census) = found() {
            return Ok(census);
        }
        let _one = self.reading.acquire().await;
        if let Some(census) = found() {
            return Ok(census);
        }
        let census = self.store.census(counted.day).await?.ok_or(StatisticsError::NoSuchDay)?;
        let census = Arc::new(census);
        keep(&mut lock(&self.kept), Arc::clone(&census), KEPT_MAX);
        Ok(census)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<T>(kept: &mut VecDeque<T>, newest: T, length_max: usize) {
    kept.push_front(newest);
    kept.truncate(length_max);
}

/// A table of these counts.
fn tabled(census: &Census, request: &TableRequest) -> Result<Table, StatisticsError> {
    let Counted { day, known_at } = census.counted;
    let base = rounding_base(day).ok_or(StatisticsError::NoSuchDay)?;
    let counted = census.cube.table(&request.by, request.province);
    let row = |(cell, tally): (Cell, Tally)| TableRow {
        province: cell.province,
        commune: cell.commune,
        sex: cell.sex,
        age: cell.age.map(|age| age.to_string()),
        persons: tally.rounded(base),
    };
    Ok(Table {
        day,
        known_at,
        by: request.by.clone(),
        province: request.province,
        rounded_to: base,
        total: counted.total().rounded(base),
        // A row of 0 would tell that somebody is there.
        rows: counted.cells().map(row).filter(|row| row.persons > 0).collect(),
    })
}
