//! Nodes: each writes a log of its own. What names an entry among all logs of a house is one number.

use crate::{
    error::LedgerError,
    ports::{LedgerParts, LedgerRecords, SubjectIndex},
};
use dancu_core::StoreError;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Range, str::FromStr, sync::Arc};

/// Bits of an entry's number that count the leaves of one log: a billion a day for three years, and with the bits of
/// [`LogNumber::MAX`] still a whole number in every JSON reader.
const LEAF_BITS: u32 = 40;

/// The number of a node's log among the logs of a house. It is given out once and never again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogNumber(u16);

impl LogNumber {
    /// The log of the node that is alone: its entries have the numbers of their leaves.
    pub const FIRST: Self = Self(0);
    /// The greatest number.
    pub const MAX: Self = Self((1 << 12) - 1);

    /// A number; `None` beyond [`Self::MAX`].
    pub fn new(number: u16) -> Option<Self> {
        (number <= Self::MAX.0).then_some(Self(number))
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The numbers that this log's entries have in the house.
    pub fn entries(self) -> Range<u64> {
        u64::from(self.0) << LEAF_BITS..(u64::from(self.0) + 1) << LEAF_BITS
    }

    /// The number in the house of a leaf of this log. Beyond the last it is the end of [`Self::entries`].
    pub fn entry(self, leaf_index: u64) -> u64 {
        let Range { start, end } = self.entries();
        start.saturating_add(leaf_index).min(end)
    }

    /// The log of an entry and the index of its leaf there; `None` for a number that no entry can have.
    pub fn of_entry(entry: u64) -> Option<(Self, u64)> {
        let number = u16::try_from(entry >> LEAF_BITS).ok().and_then(Self::new)?;
        Some((number, entry & ((1 << LEAF_BITS) - 1)))
    }
}

/// A node's name: what its operator calls it, for ever, since its log has it in its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeName(String);

/// A text is no node's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a node's name has 1 to 16 letters a to z, digits and hyphens, and begins with a letter")]
pub struct NodeNameError;

impl NodeName {
    /// The name of the node that was alone before there were several; its log has the first number.
    pub const MAIN: &str = "main";

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the node that was alone.
    pub fn is_main(&self) -> bool {
        self.0 == Self::MAIN
    }

    /// The name of this node's log: the house's own for the first node, so that a log goes on under its name.
    pub fn origin(&self, of_house: &str) -> String {
        if self.is_main() { of_house.to_owned() } else { format!("{of_house}/{}", self.0) }
    }
}

impl Default for NodeName {
    fn default() -> Self {
        Self(Self::MAIN.to_owned())
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for NodeName {
    type Err = NodeNameError;

    fn from_str(text: &str) -> Result<Self, NodeNameError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for NodeName {
    type Error = NodeNameError;

    fn try_from(text: String) -> Result<Self, NodeNameError> {
        let is_in = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
        let is_name = text.len() <= 16
            && text.bytes().all(is_in)
            && text.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        if is_name { Ok(Self(text)) } else { Err(NodeNameError) }
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.0
    }
}

/// A log of the house, as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownLog {
    /// Its number.
    pub number: LogNumber,
    /// The node that writes it.
    pub name: NodeName,
    /// Its verifier key; `None` until its node has started once.
    pub verifier: Option<String>,
}

/// What another node's log is followed by: its records, and the index by person.
pub type FollowedParts = (Arc<dyn LedgerRecords>, Arc<dyn SubjectIndex>);

/// The logs of a house.
pub trait LogRegistry: Send + Sync {
    /// Every log, by number.
    fn logs(&self) -> Result<Vec<KnownLog>, StoreError>;

    /// Lets the others know this node's verifier key. `keys` is a mark of the keys that all nodes of a house must have in
    /// common; a node that runs with others is named, and then nothing is announced.
    fn announce(&self, log: LogNumber, verifier: &str, keys: &str) -> Result<Option<NodeName>, StoreError>;

    /// What another node's log is followed by: its records, and the index by person.
    fn open(&self, log: &KnownLog) -> Result<FollowedParts, StoreError>;
}

/// What is needed to follow the logs of other nodes.
pub trait LogSource: Send + Sync {
    /// Every log, by number.
    fn logs(&self) -> Result<Vec<KnownLog>, StoreError>;

    /// The parts of one, with a place of our own for its tiles.
    fn parts(&self, log: &KnownLog) -> Result<LedgerParts, LedgerError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_log_counts_as_it_did_when_it_was_alone() {
        assert_eq!(LogNumber::FIRST.entry(17), 17);
        assert_eq!(NodeName::default().origin("dancu.example/log"), "dancu.example/log");
        let second: NodeName = "b".parse().unwrap();
        assert_eq!(second.origin("dancu.example/log"), "dancu.example/log/b");
    }

    #[test]
    fn a_name_fits_into_the_name_of_a_log_and_of_a_file() {
        for good in ["a", "main", "ha-noi-2", "abcdefghijklmnop"] {
            assert!(good.parse::<NodeName>().is_ok(), "{good}");
        }
        for bad in ["", "A", "1a", "-a", "a b", "a+b", "a/b", "..", "abcdefghijklmnopq", "hà"] {
            assert!(bad.parse::<NodeName>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_entry_tells_its_log_and_leaf_and_every_json_reader_holds_it(
            number in 0_u16..=LogNumber::MAX.get(), leaf in 0_u64..1 << LEAF_BITS,
        ) {
            let log = LogNumber::new(number).unwrap();
            let entry = log.entry(leaf);
            prop_assert_eq!(LogNumber::of_entry(entry), Some((log, leaf)));
            prop_assert!(log.entries().contains(&entry) && entry < 1 << 53);
        }

        #[test]
        fn no_other_number_names_an_entry(beyond in 1_u64 << 52..) {
            prop_assert_eq!(LogNumber::of_entry(beyond), None);
        }
    }
}
