//! What a command became.

use crate::{Actor, Command, CommandId, Evidence};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::HouseholdNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An accepted command as it is kept, for ever. Its JSON is what stores hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Identifier: that of the command.
    pub id: CommandId,
    /// The instant at which it was recorded; the facts that it wrote bear the same.
    pub recorded_at: Timestamp,
    /// When the desk took it in.
    pub taken_at: Timestamp,
    /// Who sent it.
    pub actor: Actor,
    /// Evidence.
    pub evidence: Vec<Evidence>,
    /// The command; sensitive values stand as the word `sealed`.
    pub command: Command,
    /// Every person of whom it changed or noted something, ascending.
    pub persons: Vec<PersonalNumber>,
    /// The number that it issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<PersonalNumber>,
    /// The household that it formed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<HouseholdNumber>,
}

impl Event {
    /// The commune on whose desk it is listed: that of the officer who recorded it. A stay is on no list: it tells where
    /// somebody sleeps.
    pub fn listed_in(&self) -> Option<CommuneCode> {
        let is_stay = matches!(self.command, Command::NotifyStay(_));
        self.actor.commune().filter(|_| !is_stay)
    }

    /// Where the facts that it writes say they come from: the command and the commune, e.g. `register_birth:00004`.
    pub fn source(command: &Command, actor: &Actor) -> String {
        match actor.commune() {
            Some(commune) => format!("{}:{commune}", command.word()),
            None => format!("{}:centre", command.word()),
        }
    }
}

/// One line of a person's list of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    /// The event.
    pub event: Event,
    /// The event that took it back.
    pub taken_back_by: Option<CommandId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_law_behind_every_command_is_known() {
        // Units and stays write no facts.
        for word in Command::WORDS.iter().filter(|word| !["merge_units", "notify_stay"].contains(word)) {
            let origin = dancu_register::origin(&format!("{word}:00004"), date(2026, 11, 22));
            assert!(origin.is_some(), "{word}");
        }
    }
}
