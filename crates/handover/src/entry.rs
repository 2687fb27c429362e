//! One command in the queue of a commune.

use crate::Answer;
use dancu_changes::{CommandId, Envelope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// How far a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Not sent yet.
    Waiting,
    /// Sent, and not answered: the centre may have it. It is sent again under the same identifier.
    Sent,
    /// The centre recorded it.
    Accepted,
    /// The centre refused it.
    Refused,
    /// The commune took it back, after a refusal or before it was sent.
    Withdrawn,
}

impl EntryState {
    /// Every state; stores keep the place in this list.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Sent, Self::Accepted, Self::Refused, Self::Withdrawn];

    /// The number that stores keep.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The state of a stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Whether the centre still has to answer.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Sent)
    }
}

/// What the desk hands in: the command, and the form that it came from, so that it can be corrected and sent anew.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The command.
    pub envelope: Envelope,
    /// The desk's task.
    pub task: String,
    /// The fields of its form.
    pub form: BTreeMap<String, String>,
}

/// A command in the queue.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place; the queue is handed over in this order.
    pub sequence: u64,
    /// The command's identifier.
    pub id: CommandId,
    /// What was taken in.
    pub taken: Taken,
    /// How far it is.
    pub state: EntryState,
    /// When it was taken in.
    pub queued_at: Timestamp,
    /// When it was sent last.
    pub sent_at: Option<Timestamp>,
    /// When it was answered or withdrawn.
    pub settled_at: Option<Timestamp>,
    /// How often it was sent.
    pub attempts: u32,
    /// The centre's answer.
    pub answer: Option<Answer>,
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Taken({:?})", self.envelope.command)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}, {:?})", self.id, self.state)
    }
}
