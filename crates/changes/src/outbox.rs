//! The change feed's entries, written in the transaction of the change.

use crate::CommandId;
use dancu_core::PersonalNumber;
use dancu_register::KindSet;
use jiff::Timestamp;
use std::{fmt, str::FromStr};

/// Where a reader of the outbox stands. Ordered; opaque outside a store. A later entry of a person has a greater one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cursor {
    /// The transaction, where the store orders by it; else 0.
    pub major: u64,
    /// The sequence.
    pub minor: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.major, self.minor)
    }
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no cursor of the change feed")]
pub struct CursorError;

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (major, minor) = text.split_once('-').ok_or(CursorError)?;
        let number = |text: &str| {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_number).ok_or(CursorError)
        };
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

/// One person was changed by one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its place.
    pub cursor: Cursor,
    /// Who was changed.
    pub number: PersonalNumber,
    /// The event.
    pub event: CommandId,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The kinds of facts that changed; the sealed ones are never told.
    pub kinds: KindSet,
}
