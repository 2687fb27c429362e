//! The numbers of the advisory locks. All sessions and transactions of a database share them, so they stand together.

/// A lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Lock {
    /// Whoever brings the tables to the newest form.
    Migration = 0x6461_6e63_7500,
    /// A load, and what must not come between it.
    Load = 0x6461_6e63_7501,
    /// Whoever writes a node's log.
    Ledger = 0x6461_6e63_7502,
    /// Whoever adds words to the search, so that their numbers commit in order.
    SearchWords = 0x6461_6e63_7503,
    /// Whoever gives a node its number.
    NodeNumbers = 0x6461_6e63_7504,
    /// Whoever adds to a commune's queue, so that its numbers commit in order.
    HandoverQueue = 0x6461_6e63_7505,
    /// Whoever asks for an extract, so that the bound of open ones holds.
    CohortQueue = 0x6461_6e63_7506,
    /// The duties of one node among several, for as long as it has them.
    Deliveries = 0x6461_6e63_7510,
    /// Notices of a breach.
    Notices = 0x6461_6e63_7511,
    /// Extracts of cohorts.
    Extracts = 0x6461_6e63_7512,
    /// Counting the register for a month.
    Statistics = 0x6461_6e63_7513,
}

impl Lock {
    /// As PostgreSQL takes it.
    pub const fn number(self) -> i64 {
        self as i64
    }
}
