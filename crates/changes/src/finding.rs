//! Something odd that was found in the register, with who has to look into it and how far that is.

use crate::CommandId;
use dancu_core::{CommuneCode, PersonalNumber};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies a finding: derived from its kind, persons and day, so that the same is found once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(pub Uuid);

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for FindingId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// What is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A birth was registered later than the law sets (60 days).
    LateBirthRegistration,
    /// A death was registered later than the law sets (15 days).
    LateDeathRegistration,
    /// Two persons look like the same child, registered twice.
    SameChildTwice,
    /// The number was issued for the other sex.
    SexContradictsNumber,
    /// The number was issued for another birth year.
    BirthYearContradictsNumber,
    /// A parent was too young, too old or dead when the child was born.
    ParentAgeImpossible,
    /// A person is their own ancestor.
    CyclicFamily,
    /// Two persons name each other's spouse differently.
    SpouseMismatch,
    /// Two communes claim the person's permanent residence.
    TwoCommunes,
    /// A household has two heads.
    TwoHeads,
    /// A household has members and no head.
    NoHead,
    /// Something happened to a person after death.
    EventAfterDeath,
    /// A birth date is a 1 January that looks like an unknown day.
    PlaceholderBirthDate,
    /// A code of a commune that no unit bore on that day.
    UnknownCommune,
}

/// How far a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Nobody looked at it.
    Open,
    /// Somebody does.
    InHand,
    /// The register was set right.
    Resolved,
    /// All is as it should be.
    Dismissed,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Identifier.
    pub id: FindingId,
    /// What is odd.
    pub kind: FindingKind,
    /// The persons whose rows show it, ascending, at most 20.
    pub persons: Vec<PersonalNumber>,
    /// The event that brought it about.
    #[serde(default)]
    pub event: Option<CommandId>,
    /// The commune that has to look into it; `None` for the centre.
    pub owner: Option<CommuneCode>,
    /// How far it is.
    pub state: FindingState,
    /// When it was found.
    pub found_at: Timestamp,
    /// The last day to settle it.
    pub due: Date,
    /// Days late, for late registrations.
    #[serde(default)]
    pub days_late: Option<u32>,
    /// Steps taken, the oldest first.
    pub moves: Vec<FindingMove>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingMove {
    /// To what.
    pub to: FindingState,
    /// When.
    pub at: Timestamp,
    /// By whom: a staff identifier.
    pub by: String,
    /// Why, without personal data, at most 500 characters.
    pub note: String,
}

/// Which findings a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FindingFilter {
    /// Of one commune; all when left out.
    pub owner: Option<CommuneCode>,
    /// In one state; all when left out.
    pub state: Option<FindingState>,
    /// Of one kind; all when left out.
    pub kind: Option<FindingKind>,
}
