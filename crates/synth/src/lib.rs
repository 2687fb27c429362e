//! A synthetic country: persons who fit each other, written as the CSV file that `dancu load` reads.
//!
//! Everyone in it is made up. The same seed, number of persons and day give the same bytes on every machine:
//! whole numbers only, one `ChaCha8` stream a block. A block is a few hundred persons of one province who are
//! related among themselves only, so memory stays the same however large the country is.
//!
//! A block is made in this order: ages and deaths from the pyramid; marriages by age; parents by age, so that
//! mother and father are 18 to 45 years older; households; homes and moves; numbers, names, contacts, cards.
//!
//! What holds in every file (and is tested):
//! * numbers are unique, and agree with sex, birth year and place of registration;
//! * relatives named in a row have a row; `spouse` is mutual. A widowed person's `spouse` is the dead one, where
//!   that one has a row; a dead person's marital status is that of the day of death;
//! * the dead and the missing have their last address, but no household; every household has one head;
//! * a card's end follows the renewal ages that were law on its day of issue; cards of the dead are revoked;
//! * no day lies after the day of the file.
//!
//! Where the tables come from (`data/synth_*.csv`, own work):
//! * `synth_age_pyramid`: relative sizes by five-year group, drawn so that the shares published of the mid-term
//!   census of 1 April 2024 come out (under 15: 23.3 %, from 65 on: 9.3 %, women 50.2 %); the rest is an estimate;
//! * `synth_provinces`: population of the 63 provinces in thousands, rounded, census of 1 April 2019; the first two
//!   digits of old numbers by the list of 1999; where people move to is an estimate;
//! * `synth_surnames`, `synth_middle_names`, `synth_given_names`: published shares of the fourteen commonest
//!   surnames, all other weights estimates, by region and generation;
//! * `synth_street_names`: names that occur in most towns;
//! * `rates.rs`: all other rates.

mod block;
mod calendar;
mod card;
pub mod corrupt;
mod draw;
mod error;
mod geography;
mod household;
mod marriage;
mod names;
mod numbers;
mod parents;
mod person;
mod rates;
mod residence;
mod rows;
mod sample;
mod sealed;
mod tables;

pub use error::SynthError;
pub use rows::{COLUMNS, SEALED_COLUMNS};
pub use sample::{card_qr, sample_cards};

use block::{Block, Tables};
use dancu_core::Sex;
use dancu_places::Places;
use dancu_register::{CardState, MaritalStatus};
use jiff::civil::{Date, date};
use numbers::Numbers;
use person::Life;
use rows::Rows;
use std::io::Write;

/// Which country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Rows of the file, the dead included: 1 to [`Options::PERSONS_MAX`].
    pub persons: u64,
    /// Other seeds give other countries.
    pub seed: u64,
    /// The day on which the file is true, from [`Options::FIRST_DAY`] to [`Options::LAST_DAY`].
    pub today: Date,
    /// Whether the columns [`SEALED_COLUMNS`] follow the others, which stay the same.
    pub sealed: bool,
}

impl Options {
    /// More would use up the old numbers of the largest city.
    pub const PERSONS_MAX: u64 = 120_000_000;
    /// The day from which the present units exist.
    pub const FIRST_DAY: Date = Places::REFORM;
    /// The last day of the century in which births are counted.
    pub const LAST_DAY: Date = date(2099, 12, 31);

    fn check(&self) -> Result<(), SynthError> {
        let Self { persons, today, .. } = *self;
        if !(1..=Self::PERSONS_MAX).contains(&persons) {
            return Err(SynthError::Persons { asked: persons, most: Self::PERSONS_MAX });
        }
        if !(Self::FIRST_DAY..=Self::LAST_DAY).contains(&today) {
            return Err(SynthError::Today { today, first: Self::FIRST_DAY, last: Self::LAST_DAY });
        }
        Ok(())
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Rows.
    pub persons: u64,
    /// Women among them.
    pub women: u64,
    /// Dead among them.
    pub dead: u64,
    /// Missing among them.
    pub missing: u64,
    /// Married persons who are not dead.
    pub married: u64,
    /// Households.
    pub households: u64,
    /// Persons with an old number.
    pub with_old_number: u64,
    /// Persons with a card that was handed over and has not ended.
    pub with_card_in_force: u64,
}

impl Summary {
    fn count(&mut self, block: &Block) {
        let add = |sum: &mut u64, one: bool| *sum += u64::from(one);
        for (person, details) in block.people.iter().zip(&block.details) {
            self.persons += 1;
            add(&mut self.women, person.sex == Sex::Female);
            add(&mut self.dead, person.is_dead());
            add(&mut self.missing, matches!(person.life, Life::Missing(_)));
            add(&mut self.married, person.status == MaritalStatus::Married && !person.is_dead());
            add(&mut self.with_old_number, details.old_number.is_some());
            let in_force = details.card.is_some_and(|card| card.state == CardState::HandedOver);
            add(&mut self.with_card_in_force, in_force);
        }
    }
}

/// Writes a country as CSV (RFC 4180, UTF-8, columns [`COLUMNS`], then [`SEALED_COLUMNS`] when asked for). `progress` is told after each block how many
/// rows are written. Memory does not grow with the number of persons.
pub fn write_country(
    options: &Options,
    out: &mut impl Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, SynthError> {
    options.check()?;
    let tables = Tables::new()?;
    let mut numbers = Numbers::new();
    let mut rows = Rows::new(out, options.sealed)?;
    let mut summary = Summary::default();
    let usual =
        (options.persons / rates::BLOCKS_MIN).clamp(rates::BLOCK_PERSONS_MIN, rates::BLOCK_PERSONS_MAX);
    for number in 0.. {
        let count = usual.min(options.persons - summary.persons);
        if count == 0 {
            break;
        }
        let count = usize::try_from(count).expect("blocks are small");
        let block = block::make(&tables, &mut numbers, (options.seed, number, count), options.today)?;
        let sealed =
            options.sealed.then(|| sealed::of_block(&block.people, (options.seed, number), options.today));
        rows.block(&block, sealed.as_deref())?;
        summary.count(&block);
        progress(summary.persons);
    }
    rows.finish()?;
    summary.households = numbers.households();
    Ok(summary)
}
