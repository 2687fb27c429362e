//! Extracts of cohorts: agreed fields of all persons of an age and a place, for a law that lists them (ADR 20). Two
//! officers approve each by its legal basis, its criteria and a count; nobody sees the list before.
//!
//! Who stands in an extract is settled when it is asked for: by a day and by what the register knew then. So what is
//! counted, approved and made is one set of persons, however often the making begins anew.

mod criteria;
mod maker;
mod page;
mod request;
mod rules;
mod scan;
mod service;
mod store;

pub use criteria::{Born, BornTerms, CohortCriteria, CohortTerms};
pub use maker::{CohortMaker, CohortParts};
pub use page::RowsPage;
pub use request::{CohortError, CohortRequest};
pub use rules::{CohortRules, cohort_rules};
pub use service::{ApproverRights, CohortService};
pub use store::{CohortRow, CohortStore, OpenBounds};

use crate::{Caller, ClientId, ContractId, FieldSet, LogMark, RefusalReason, policy::plan_extract};
use dancu_core::{CommuneCode, PersonalNumber, today_in_viet_nam};
use dancu_register::At;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies an extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtractId(pub Uuid);

impl fmt::Display for ExtractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ExtractId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// How far an extract is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtractState {
    /// The client asked; its persons are counted.
    Asked,
    /// It is counted and waits for the first approval.
    Counted,
    /// One officer approved; it waits for another.
    ApprovedOnce,
    /// Two officers approved; it is made.
    Approved,
    /// Its rows can be fetched.
    Ready,
    /// The last of its rows was fetched; they can be fetched again until it expires.
    Taken,
    /// Its time is over; who stood in it is removed here.
    Expired,
    /// An officer refused it, or more persons fit it than the contract allows.
    Refused,
    /// Its approvals did not come in time, or it was not made in time.
    Lapsed,
    /// It was stopped while it was made: the contract no longer allows it, or an officer who approved no longer may.
    Stopped,
}

impl ExtractState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Asked,
        Self::Counted,
        Self::ApprovedOnce,
        Self::Approved,
        Self::Ready,
        Self::Taken,
        Self::Expired,
        Self::Refused,
        Self::Lapsed,
        Self::Stopped,
    ];

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Asked => ("đang đếm số người", "persons are being counted"),
            Self::Counted => ("chờ người duyệt thứ nhất", "waits for the first approval"),
            Self::ApprovedOnce => ("chờ người duyệt thứ hai", "waits for the second approval"),
            Self::Approved => ("đã duyệt, đang lập danh sách", "approved, being made"),
            Self::Ready => ("sẵn sàng để lấy", "ready to be fetched"),
            Self::Taken => ("đã lấy hết", "fetched"),
            Self::Expired => ("hết hạn, danh sách đã xóa", "expired, the list is removed"),
            Self::Refused => ("từ chối", "refused"),
            Self::Lapsed => ("quá hạn duyệt hoặc lập", "not approved or made in time"),
            Self::Stopped => ("đã dừng khi đang lập", "stopped while it was made"),
        }
    }

    /// Whether it takes a place among those of its contract that are under way.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Asked | Self::Counted | Self::ApprovedOnce | Self::Approved)
    }

    /// Whether it waits for an officer.
    pub const fn waits(self) -> bool {
        matches!(self, Self::Counted | Self::ApprovedOnce)
    }

    /// Whether its rows can be fetched.
    pub const fn has_rows(self) -> bool {
        matches!(self, Self::Ready | Self::Taken)
    }

    /// Whether something becomes of it by itself when its time comes.
    const fn has_end(self) -> bool {
        self.is_open() || self.has_rows()
    }
}

/// Something that was done with an extract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtractMove {
    /// When.
    pub at: Timestamp,
    /// Staff id, client, or the program.
    pub by: String,
    /// Where it led.
    pub to: ExtractState,
    /// The ground.
    pub note: String,
}

/// An approval that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Staff id.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How far the persons were gone through: by the codes of communes, and in each by number.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The commune under way.
    pub commune: CommuneCode,
    /// The last number there; none at its beginning.
    pub after: Option<PersonalNumber>,
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursor(…)")
    }
}

/// What was found of the persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Persons who are in.
    pub persons: u64,
    /// Persons of whom the register cannot say whether they are; they are left out.
    pub undecided: u64,
}

/// An extract.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortExtract {
    /// Identifier.
    pub id: ExtractId,
    /// Under which contract.
    pub contract: ContractId,
    /// Which client asked.
    pub client: ClientId,
    /// The paper behind it, in the client's words. Everybody who stands in it reads this.
    pub reference: String,
    /// Who is to stand in it.
    pub criteria: CohortCriteria,
    /// Fields that are told, beside the number.
    pub fields: FieldSet,
    /// The day for which the rows hold.
    pub as_of: Date,
    /// When it was asked for; what the register learns later changes nothing in it.
    pub asked_at: Timestamp,
    /// How far it is.
    pub state: ExtractState,
    /// When the state ends by itself.
    pub due: Timestamp,
    /// Approvals that stand.
    pub approvals: Vec<Approval>,
    /// Everything that was done with it, in order.
    pub moves: Vec<ExtractMove>,
    /// What was counted, as far as it is.
    pub found: Found,
    /// Rows that are made.
    pub rows: u64,
    /// Where counting or making goes on; none at its beginning.
    pub cursor: Option<Cursor>,
    /// A page that was begun.
    pub mark: Option<LogMark>,
    /// Whether it has rows that must be removed.
    pub is_to_clear: bool,
    /// Changes to it, so that of two at once one is made.
    pub version: u64,
}

// The cursor names a person.
impl fmt::Debug for CohortExtract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CohortExtract")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Nobody counts like one.
fn rounded(count: u64, step: u32) -> u64 {
    count.max(1).next_multiple_of(step.max(1).into())
}

/// Who acts when nobody does.
const PROGRAM: &str = "dancu";

impl CohortExtract {
    /// The point of time of its persons.
    pub const fn at(&self) -> At {
        At { as_of: self.as_of, known_at: self.asked_at }
    }

    /// The day of asking, as it was known then, where that is another day than the one of the rows.
    fn at_asking(&self) -> Option<At> {
        let at = At { as_of: today_in_viet_nam(self.asked_at), known_at: self.asked_at };
        (at != self.at()).then_some(at)
    }

    /// Whether the program has something to do with it, whatever the time.
    pub const fn works(&self) -> bool {
        matches!(self.state, ExtractState::Asked | ExtractState::Approved) || self.is_to_clear
    }

    /// When something becomes of it by itself; `None` when nothing does.
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.state.has_end().then_some(self.due)
    }

    /// The reference in the records of its persons.
    pub fn record_reference(&self) -> String {
        format!("{} ({})", self.reference, self.id)
    }

    /// Persons as those who approve are told: rounded up, so that a criterion that fits one person does not tell it.
    pub fn persons_rounded(&self, step: u32) -> u64 {
        rounded(self.found.persons, step)
    }

    /// Persons of whom the register cannot say whether they are in, rounded likewise.
    pub fn undecided_rounded(&self, step: u32) -> u64 {
        rounded(self.found.undecided, step)
    }

    /// The extract one step further.
    fn moved(mut self, to: ExtractState, (by, note): (&str, &str), at: Timestamp) -> Self {
        self.moves.push(ExtractMove { at, by: by.to_owned(), to, note: note.to_owned() });
        // Rows without a reader are removed: those of an extract that was ended, and those half made.
        self.is_to_clear |= self.rows > 0 && !to.has_rows() && to != ExtractState::Approved;
        if !to.is_open() {
            // The cursor names a person, and nobody goes on from it.
            (self.cursor, self.mark) = (None, None);
        }
        self.state = to;
        self
    }

    /// Whether the contract as it stands still allows it; who approved is asked elsewhere.
    fn check_terms(&self, caller: &Caller) -> Result<(), RefusalReason> {
        plan_extract(caller, &self.criteria, today_in_viet_nam(self.asked_at))?;
        let is_within = caller.contract.cohort.as_ref().is_some_and(|terms| {
            self.fields.without(terms.fields).is_empty() && self.found.persons <= terms.rows_max.into()
        });
        if is_within { Ok(()) } else { Err(RefusalReason::FieldOutsideContract) }
    }

    /// The end of an extract whose time is over; `None` while it is not.
    fn ended(&self, now: Timestamp) -> Option<Self> {
        let to = if self.state.has_rows() { ExtractState::Expired } else { ExtractState::Lapsed };
        (self.ends_at()? <= now).then(|| self.clone().moved(to, (PROGRAM, ""), now))
    }
}
