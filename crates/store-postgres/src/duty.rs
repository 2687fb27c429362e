//! What one node of several does at a time: whoever holds the lock of a duty on a connection of its own. When the node dies
//! the connection ends, and another takes the duty over.

use crate::{PostgresStore, database::Borrowed, errors::Fault, facts::cell, locks::Lock};
use dancu_core::StoreError;
use std::fmt;

/// Work that must not be done by two nodes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Delivering changes to webhooks, each subscriber in order.
    Deliveries,
    /// Counting and making extracts of cohorts.
    Extracts,
    /// Bringing notices of a breach to webhooks.
    Notices,
    /// Counting the register for a month.
    Statistics,
}

impl Duty {
    const fn lock(self) -> i64 {
        let lock = match self {
            Self::Deliveries => Lock::Deliveries,
            Self::Extracts => Lock::Extracts,
            Self::Notices => Lock::Notices,
            Self::Statistics => Lock::Statistics,
        };
        lock.number()
    }
}

/// A duty that this node has, until this is dropped or its connection is lost.
pub struct DutyLease(Borrowed);

impl fmt::Debug for DutyLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DutyLease")
    }
}

impl DutyLease {
    /// Whether the duty still is this node's. Never true when another one may have it by now.
    pub async fn is_held(&self) -> bool {
        !self.0.is_closed() && self.0.simple_query("SELECT 1").await.is_ok()
    }
}

impl PostgresStore {
    /// Takes a duty; `None` while another node has it.
    pub async fn take_duty(&self, duty: Duty) -> Result<Option<DutyLease>, StoreError> {
        let take = async {
            let connection = self.database.borrow().await?;
            let row = connection.query_one("SELECT pg_try_advisory_lock($1)", &[&duty.lock()]).await?;
            // Without the lock the connection is closed as well; that is cheap, once a second.
            Ok(cell::<bool>(&row, 0)?.then_some(DutyLease(connection)))
        };
        take.await.map_err(|fault: Fault| self.database.failed(fault))
    }
}
