//! The words that every room of Dancu shares: the personal number, names, partial dates, places, sex,
//! dated legal values, the clock, randomness, and the shape of an error that a person can read.
//!
//! No I/O, no async, no store, no web. Types that hold personal data print nothing of it in `Debug`.

mod clock;
mod dated;
mod dated_rules;
mod explain;
mod legacy;
mod number_in_text;
mod numbers;
mod partial_date;
mod person_name;
mod place;
mod sex;
mod store_error;

pub use clock::{Clock, Entropy, VIET_NAM, today_in_viet_nam};
pub use dated::{Dated, DatedTable};
pub use dated_rules::DatedRules;
pub use explain::{Explain, Explanation};
pub use legacy::{LegacyEncoding, LegacyText, check_name, check_text, legacy_readings};
pub use number_in_text::{holds_personal_number, is_unseen};
pub use numbers::{NumberError, OldNumber, PersonalNumber};
pub use partial_date::{PartialDate, PartialDateError};
pub use person_name::{NameComparison, NameError, PersonName, composed, fold, name_key};
pub use place::{CommuneCode, PlaceError, ProvinceCode};
pub use sex::{Sex, SexError};
pub use store_error::StoreError;
