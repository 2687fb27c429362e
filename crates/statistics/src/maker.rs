//! Counting the whole register, a bounded part at a time.

use crate::{AgeBand, Cell, Census, Counted, Cube, RecordKeys, StatisticsStore, Tally};
use dancu_core::{Clock, CommuneCode, PersonalNumber, ProvinceCode, StoreError};
use dancu_places::Places;
use dancu_register::{At, FactKind, KindSet, Person, RegisterStore};
use jiff::{Timestamp, civil::Date};
use std::{fmt, sync::Arc};

/// Persons of one part.
const PART_MAX: usize = 500;

/// The facts by which persons are counted.
const KINDS: KindSet = KindSet::EMPTY
    .with(FactKind::Identity)
    .with(FactKind::Residence)
    .with(FactKind::Life)
    .with(FactKind::Number);

/// Counts the register for the first day of each month. One node does it at a time; killed in the middle, it begins anew.
pub struct StatisticsMaker {
    register: Arc<dyn RegisterStore>,
    store: Arc<dyn StatisticsStore>,
    clock: Arc<dyn Clock>,
    keys: RecordKeys,
}

impl fmt::Debug for StatisticsMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatisticsMaker")
    }
}

/// A count that is under way.
#[derive(Debug)]
pub struct Making {
    at: At,
    after: Option<PersonalNumber>,
    cube: Cube,
}

impl StatisticsMaker {
    /// A maker of these parts.
    pub const fn new(
        register: Arc<dyn RegisterStore>,
        store: Arc<dyn StatisticsStore>,
        clock: Arc<dyn Clock>,
        keys: RecordKeys,
    ) -> Self {
        Self { register, store, clock, keys }
    }

    /// Begins the count of this month, if it was not made yet.
    pub async fn begin(&self) -> Result<Option<Making>, StoreError> {
        let as_of = self.clock.today().first_of_month();
        if self.store.counted(1).await?.first().is_some_and(|newest| newest.day >= as_of) {
            return Ok(None);
        }
        // Stores keep whole microseconds.
        let known_at = Timestamp::from_microsecond(self.clock.now().as_microsecond());
        let at = At { as_of, known_at: known_at.unwrap_or(Timestamp::UNIX_EPOCH) };
        Ok(Some(Making { at, after: None, cube: Cube::default() }))
    }

    /// Goes one part on, and says whether there is more to do. The last part keeps the count. Of an empty register nothing is
    /// kept: it is counted when somebody is in it. After a failure the same part can be tried again.
    pub async fn step(&self, making: &mut Making) -> Result<bool, StoreError> {
        let numbers = self.register.numbers(making.after, PART_MAX).await?;
        let Some(last) = numbers.last() else {
            if !making.cube.is_empty() {
                let counted = Counted { day: making.at.as_of, known_at: making.at.known_at };
                self.store.keep_census(Census { counted, cube: making.cube.clone() }).await?;
            }
            return Ok(false);
        };
        let persons = self.register.persons_now(&numbers, making.at, KINDS).await?;
        making.after = Some(*last);
        for person in persons.iter().flatten() {
            if let Some(cell) = cell(person, making.at.as_of) {
                making.cube.add(cell, Tally::one(self.keys.of(person.number)));
            }
        }
        Ok(true)
    }
}

/// Where a person is counted; `None` for the dead, the missing, numbers out of use, and who resides nowhere permanently.
fn cell(person: &Person, day: Date) -> Option<Cell> {
    let home = person.held(FactKind::Residence).zip(person.residence()).filter(|_| person.is_alive());
    let (written, commune) =
        home.and_then(|(held, home)| Some((held.valid_from, home.permanent_commune?)))?;
    let (province, commune) = area(commune, written);
    let identity = person.identity();
    let age = identity.and_then(|identity| AgeBand::of(identity.birth_date, day));
    Some(Cell { province, commune, sex: identity.map(|identity| identity.sex), age })
}

/// The province and the commune of today, as far as they are certain.
fn area(code: CommuneCode, written: Date) -> (Option<ProvinceCode>, Option<CommuneCode>) {
    let present = Places::national().present_of_either_time(code, written);
    let Some(first) = present.first() else { return (None, None) };
    let is_one_province = present.iter().all(|commune| commune.province == first.province);
    (is_one_province.then_some(first.province), (present.len() == 1).then_some(first.code))
}
