//! The register of persons: facts on two time axes, what a new statement changes, and the load of files.
//!
//! May use `core` and `places`. Names no store, no web.

mod facts;
mod packed;
mod person;
mod words;

pub use facts::{
    Card, Contact, Fact, FactDecodeError, FactKind, FactValue, Family, Identity, KindSet, Life, Residence,
    TemporaryResidence,
};
pub use packed::{day_from_number, day_to_number};
pub use person::{At, Held, Person, person_at};
pub use words::{CardState, CountryCode, HouseholdNumber, MaritalStatus, Relation, WordError};
