//! The register of persons: facts on two time axes, what a new statement changes, and the load of files.
//!
//! May use `core` and `places`. Names no store, no web.

mod believe;
mod claims;
mod contents;
pub mod csv;
mod established;
mod facts;
mod group_text;
mod kinds;
pub mod load;
mod packed;
mod person;
mod reject;
mod rules;
mod sealed;
mod sensitive;
mod store;
mod take_back;
mod words;

pub use believe::{Belief, Change, apply_changes, believe, record_time};
pub use claims::{Claim, Claims, News};
pub use contents::{Group, Origin, groups, origin};
pub use established::is_from_file;
pub use facts::{
    Absence, Card, Contact, CurrentPlace, Fact, FactDecodeError, FactValue, Family, Identity, Life,
    NumberState, OtherName, Representation, Residence, Shared, TemporaryResidence,
};
pub use group_text::group_text;
pub use kinds::{FactKind, KindSet};
pub use packed::{day_from_number, day_to_number};
pub use person::{At, Held, Person, person_at};
pub use reject::{Reject, RowError, RowFault};
pub use rules::{Warning, check};
pub use sealed::{OpenValue, SealError, SealedValue, Seals};
pub use sensitive::{
    FINGERPRINTS_BYTES_MAX, ImageKind, PORTRAIT_BYTES_MAX, Sensitive, blood_groups, ethnicities, is_ethnicity,
};
pub use store::{
    COMMUNES_MAX, FileDigest, HouseholdMember, Link, LoadBatch, LoadOutcome, LoadProgress, LoadRow, Page,
    RegisterStore, Related, Resident, communes, links,
};
pub use take_back::{NotTakenBack, take_back};
pub use words::{CardState, CountryCode, HouseholdNumber, MaritalStatus, Relation, WordError};
