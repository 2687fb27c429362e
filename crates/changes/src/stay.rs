//! The book of stays of a commune.

use crate::CommandId;
use dancu_core::{CommuneCode, PersonalNumber};
use jiff::civil::Date;
use std::fmt;

/// One stay. The book is read by commune and day, never by person, and emptied after the time the law sets.
#[derive(Clone, PartialEq, Eq)]
pub struct Stay {
    /// The event that notified it.
    pub event: CommandId,
    /// Who stays.
    pub number: PersonalNumber,
    /// Commune.
    pub commune: CommuneCode,
    /// The address below the commune.
    pub address: String,
    /// First day.
    pub from: Date,
    /// First day after it.
    pub until: Date,
}

// A stay tells where somebody was.
impl fmt::Debug for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stay").field("event", &self.event).finish_non_exhaustive()
    }
}
