//! A command with who sends it, on what evidence, and the identifier under which it is done once.

use crate::Command;
use dancu_core::CommuneCode;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies a command, and the event that it becomes. Whoever sends the command chooses it (UUID, RFC 9562; version 7
/// keeps stores compact), so that sending again after a lost answer does nothing twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub Uuid);

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandId({self})")
    }
}

impl FromStr for CommandId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl CommandId {
    /// A new identifier (UUID version 7) from the time and ten random bytes.
    pub fn new(now: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }
}

/// Who sends a command.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case", deny_unknown_fields)]
pub enum Actor {
    /// An officer of a commune, for that commune.
    Officer {
        /// Staff identifier.
        id: String,
        /// Commune.
        commune: CommuneCode,
    },
    /// The register's own operators: numbers, units, items shared by other databases.
    Operator {
        /// Staff identifier.
        id: String,
    },
}

impl Actor {
    /// The commune of an officer.
    pub const fn commune(&self) -> Option<CommuneCode> {
        match self {
            Self::Officer { commune, .. } => Some(*commune),
            Self::Operator { .. } => None,
        }
    }

    /// The staff identifier.
    pub fn id(&self) -> &str {
        match self {
            Self::Officer { id, .. } | Self::Operator { id } => id,
        }
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actor({})", self.id())
    }
}

/// What kind of paper or file stands behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// Notice of birth by a hospital or midwife.
    BirthNotice,
    /// Written statement with a witness, in place of a notice.
    WitnessStatement,
    /// Notice of death.
    DeathNotice,
    /// A court's judgment or decision.
    Judgment,
    /// A decision of another authority.
    Decision,
    /// A civil-status paper of this country or a foreign one.
    CivilStatusPaper,
    /// Declaration of marital status.
    MaritalStatusPaper,
    /// Consent of a person concerned: a parent, a child of nine or more, the owner of a dwelling.
    Consent,
    /// Proof of the right to a dwelling.
    DwellingPaper,
    /// An identity paper.
    IdentityPaper,
    /// Result of an expertise, for instance of parenthood.
    Expertise,
    /// The signed form of the person's own request.
    Request,
}

/// One paper or file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Its number or title, 1–200 characters.
    pub reference: String,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Date>,
    /// SHA-256 of the scanned file, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({:?})", self.kind)
    }
}

/// A command on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Under which it is done once.
    pub id: CommandId,
    /// Who sends it.
    pub actor: Actor,
    /// What it is based on, at most [`Envelope::EVIDENCE_MAX`].
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// When the desk took it in; earlier than its record when the commune was offline.
    pub taken_at: Timestamp,
    /// What is asked.
    pub command: Command,
}

impl Envelope {
    /// Papers of one command at most.
    pub const EVIDENCE_MAX: usize = 20;

    /// Whether a kind of paper is among the evidence.
    pub fn has(&self, kind: EvidenceKind) -> bool {
        self.evidence.iter().any(|evidence| evidence.kind == kind)
    }
}
