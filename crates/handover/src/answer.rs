//! What the centre answers to one command. The same JSON at the API and in the commune's queue.

use dancu_changes::CommandId;
use dancu_core::{Explanation, PersonalNumber};
use dancu_register::HouseholdNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerState {
    /// It became an event now.
    Accepted,
    /// It had become an event before.
    Known,
    /// The rules refuse it.
    Refused,
    /// Nothing was decided; send it again, and those behind it.
    Later,
}

/// The answer to one command.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The command.
    pub id: CommandId,
    /// What became of it.
    pub state: AnswerState,
    /// The event, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<AnsweredEvent>,
    /// Why not, when it was not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<AnswerProblem>,
}

/// The event that a command became.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredEvent {
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The number that it issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<PersonalNumber>,
    /// The household that it formed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<HouseholdNumber>,
}

/// Why a command was not recorded, as problem details say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerProblem {
    /// Stable code.
    pub code: String,
    /// Vietnamese sentence.
    pub title_vi: String,
    /// English sentence.
    pub title_en: String,
}

impl From<Explanation> for AnswerProblem {
    fn from(said: Explanation) -> Self {
        Self { code: said.code.to_owned(), title_vi: said.vi, title_en: said.en }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {:?})", self.id, self.state)
    }
}

impl fmt::Debug for AnsweredEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnsweredEvent({})", self.recorded_at)
    }
}
