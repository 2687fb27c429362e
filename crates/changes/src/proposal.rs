//! A correction that a citizen or an officer proposes and the commune of residence decides.

use crate::{Command, CommandId, Evidence};
use dancu_core::{CommuneCode, PersonalNumber};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies a proposal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProposalId(pub Uuid);

impl fmt::Display for ProposalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for ProposalId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// Who proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProposedBy {
    /// The person, or a parent or guardian.
    Citizen {
        /// Who.
        number: PersonalNumber,
    },
    /// An officer.
    Officer {
        /// Staff identifier.
        id: String,
        /// Commune.
        commune: CommuneCode,
    },
}

/// What is proposed: one of the commands that correct or change what is held of one person.
pub type ProposedChange = Command;

/// How far a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Waits for the commune of residence.
    Proposed,
    /// The commune agreed; a second officer has to approve, since it concerns the identity.
    AwaitsSecond,
    /// All agreed who have to; on its way into the register. It stays so only when the program was stopped in between,
    /// and goes on when somebody decides again.
    Accepted,
    /// The register was changed.
    Applied,
    /// The commune or the second officer refused.
    Refused,
    /// Whoever proposed it took it back.
    Withdrawn,
}

impl ProposalState {
    /// The states in which something is still to be done, in their order.
    pub const OPEN: [Self; 3] = [Self::Proposed, Self::AwaitsSecond, Self::Accepted];

    /// Whether nothing more happens to it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Applied | Self::Refused | Self::Withdrawn)
    }
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Identifier.
    pub id: ProposalId,
    /// Whose record.
    pub number: PersonalNumber,
    /// Who proposes.
    pub proposed_by: ProposedBy,
    /// When.
    pub proposed_at: Timestamp,
    /// What.
    pub change: ProposedChange,
    /// Evidence, at most [`crate::Envelope::EVIDENCE_MAX`].
    pub evidence: Vec<Evidence>,
    /// The commune that decides: that of the permanent residence.
    pub owner: CommuneCode,
    /// Last day of the decision: two working days.
    pub due: Date,
    /// How far it is.
    pub state: ProposalState,
    /// The event by which it was applied.
    #[serde(default)]
    pub event: Option<CommandId>,
    /// Steps taken, the oldest first.
    pub moves: Vec<ProposalMove>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalMove {
    /// To what.
    pub to: ProposalState,
    /// When.
    pub at: Timestamp,
    /// By whom: a staff identifier, or `citizen`.
    pub by: String,
    /// Why, without personal data, at most 500 characters.
    pub note: String,
}

/// Which proposals a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProposalFilter {
    /// Of one commune.
    pub owner: Option<CommuneCode>,
    /// Of one person.
    pub number: Option<PersonalNumber>,
    /// In one state.
    pub state: Option<ProposalState>,
}
