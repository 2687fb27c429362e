//! The book of stays of a commune.

use crate::CommandId;
use dancu_core::{CommuneCode, PersonalNumber};
use jiff::civil::Date;

/// One stay. The book is read by commune and day, never by person, and emptied after the time the law sets.
#[derive(Debug, Clone, PartialEq, Eq)]
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
