//! What a messy field means: names, days, numbers, sexes and places as files of agencies write them, made comparable.
//!
//! A reader never guesses silently: what was mended is told ([`Mended`]), what cannot be used is set aside with its reason
//! ([`ValueFault`]), and the row stays.

mod date;
mod fault;
mod name;
mod number;
mod place;
mod plain;

pub use date::{DayParts, read_day};
pub use fault::{Mended, ValueFault};
pub use name::{NameReader, NormalName, SURNAMES_MAJOR, fits_cut};
pub use number::{NormalNumber, read_number, read_phone};
pub use place::{NormalPlace, PlaceReader, PlacesOn};
pub use plain::{plain_text, read_sex};
