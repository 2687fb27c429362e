//! An alarm: what was seen, with its evidence, and what became of it.

use dancu_core::PersonalNumber;
use dancu_exchange::{ContractId, OrganisationId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Places in the log that an alarm names; what is beyond is counted.
pub const PLACES_MAX: usize = 50;

/// Identifies an alarm. It follows from what it is about, so that a watch that begins a day again finds the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmId(pub Uuid);

impl AlarmId {
    const NAMESPACE: Uuid = Uuid::from_u128(0x64_61_6e_63_75_2d_61_6c_61_72_6d_73_00_00_00_01);

    pub(crate) fn of(parts: &[&str]) -> Self {
        // No part holds a number of a person: an alarm about one who is looked at is named by a place in the log.
        Self(Uuid::new_v5(&Self::NAMESPACE, parts.join("\n").as_bytes()))
    }
}

impl fmt::Display for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AlarmId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// A member of staff looked at themself, a relative or the own household.
    OwnRelatives,
    /// Unusually many looked at one person within a day.
    ManyLookers,
    /// Many looks within an hour in which nobody works.
    OffHours,
    /// Neighbouring numbers were asked for one after another.
    Sequence,
    /// Most looks of a day found nothing: numbers or values were guessed.
    Guesses,
    /// Far more looks in a day than follow from the declared work.
    BeyondCaseload,
}

impl AlarmKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::OwnRelatives,
        Self::ManyLookers,
        Self::OffHours,
        Self::Sequence,
        Self::Guesses,
        Self::BeyondCaseload,
    ];

    /// The word in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnRelatives => "own_relatives",
            Self::ManyLookers => "many_lookers",
            Self::OffHours => "off_hours",
            Self::Sequence => "sequence",
            Self::Guesses => "guesses",
            Self::BeyondCaseload => "beyond_caseload",
        }
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::OwnRelatives => (
                "Tra cứu chính mình, người thân hoặc hộ của mình",
                "A look at oneself, a relative or the own household",
            ),
            Self::ManyLookers => (
                "Nhiều nơi cùng tra cứu một người trong ngày",
                "Unusually many looked at one person within a day",
            ),
            Self::OffHours => {
                ("Tra cứu dồn dập ngoài giờ làm việc", "A burst of looks outside of the hours of work")
            }
            Self::Sequence => ("Dò các số liền nhau", "Neighbouring numbers one after another"),
            Self::Guesses => ("Phần lớn lượt hỏi không trúng ai", "Most looks found nothing"),
            Self::BeyondCaseload => ("Vượt xa khối lượng công việc", "Far beyond the declared work"),
        }
    }
}

/// A place in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which log, by its origin.
    pub log: String,
    /// The leaf.
    pub index: u64,
}

/// What shows it. Places in the log and numbers of looks; never a copy of what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The first looks, at most [`PLACES_MAX`].
    pub places: Vec<Place>,
    /// All looks.
    pub looks: u64,
    /// The first one.
    pub first_at: Timestamp,
    /// The last one.
    pub last_at: Timestamp,
    /// What was measured, in the unit of the kind.
    pub measured: u64,
    /// From where on it is an alarm.
    pub threshold: u64,
    /// Members of staff who are concerned; none of them decides.
    pub staff: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is about.
    pub kind: AlarmKind,
    /// The day of the looks.
    pub day: Date,
    /// When the watch saw it.
    pub raised_at: Timestamp,
    /// Whose client looked; none where several did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationId>,
    /// Under which contract; none where there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// Which client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Which member of staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// Nobody decided yet.
    #[default]
    Open,
    /// There was a good reason.
    Explained,
    /// It was what it looked like: a breach.
    Upheld,
}

impl AlarmState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Explained, Self::Upheld];

    /// The word in forms and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Explained => "explained",
            Self::Upheld => "upheld",
        }
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("Chờ kết luận", "Open"),
            Self::Explained => ("Có lý do chính đáng", "Explained"),
            Self::Upheld => ("Có vi phạm", "Upheld"),
        }
    }
}

impl FromStr for AlarmState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// What was done about an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmDeed {
    /// Somebody took it in hand.
    Taken,
    /// It was decided, or opened again.
    Decided(AlarmState),
    /// The contract's limits were lowered.
    Tightened,
    /// The contract's own limits hold again.
    Lifted,
    /// The connection was suspended.
    Suspended,
    /// The agency was given notice.
    Noticed,
}

/// One line of an alarm's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmMove {
    /// What.
    pub deed: AlarmDeed,
    /// When.
    pub at: Timestamp,
    /// Id of the member of staff.
    pub by: String,
    /// The reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// The notice of a breach that an agency is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Until when it must have been given.
    pub due: Timestamp,
    /// What it says; empty until it is given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// When it was put on the agency's page and told to its software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_at: Option<Timestamp>,
    /// When the agency's webhook took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When its webhook is tried next; none: nothing is left to deliver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
    /// How often it was tried in vain.
    #[serde(default)]
    pub failures: u32,
}

impl Notice {
    /// Whether it should have been given by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.given_at.is_none() && self.due < now
    }
}

/// What people did about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Care {
    /// How far it is.
    #[serde(default)]
    pub state: AlarmState,
    /// Who has it in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The notice that is owed or was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// What was done, oldest first.
    #[serde(default)]
    pub moves: Vec<AlarmMove>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its identifier.
    pub id: AlarmId,
    /// What was found.
    pub found: Found,
    /// What shows it; the watch adds to it while nobody decided.
    pub evidence: Evidence,
    /// What people did.
    pub care: Care,
    /// How often it was written; whoever writes says which version they saw.
    pub version: u32,
}

/// A look of the log, as far as the watch needs it.
pub(crate) struct Look {
    pub at: Timestamp,
    pub day: Date,
    pub organisation: String,
    pub client: String,
    pub staff: Option<String>,
    pub contract: String,
    pub subject: PersonalNumber,
    /// By an officer of the register's own offices.
    pub is_office: bool,
    /// Whether anything was confirmed or shown.
    pub has_found: bool,
    pub place: (usize, u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_named_by_what_it_is_about() {
        assert_eq!(AlarmId::of(&["a", "b"]), AlarmId::of(&["a", "b"]));
        assert_ne!(AlarmId::of(&["a", "b"]), AlarmId::of(&["ab", ""]));
        let id = AlarmId::of(&["a"]);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn words_come_back_from_their_forms() {
        for state in AlarmState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for kind in AlarmKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        let care = Care { state: AlarmState::Upheld, ..Care::default() };
        let read: Care = serde_json::from_str(&serde_json::to_string(&care).unwrap()).unwrap();
        assert_eq!(read, care);
    }
}
