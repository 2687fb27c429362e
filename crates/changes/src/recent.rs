//! What a commune's desk lists of what its own officers recorded lately: a help for the work at hand, no archive. Who was
//! where cannot be read off it: stays are no part of it, and it ends after few days.

use crate::{ChangeStore, CommandId, Event, control::desk_events_days};
use dancu_core::{CommuneCode, StoreError, VIET_NAM};
use jiff::{Timestamp, ToSpan, civil::Date};

/// Events on a page of a desk at most.
pub const RECENT_EVENTS_PAGE_MAX: usize = 100;

/// A page of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentEvents {
    /// The first day that is listed.
    pub since: Date,
    /// The newest first.
    pub events: Vec<Event>,
}

/// Events that a commune's own officers recorded within the days of `data/control_rules.csv`, today among them, after one
/// that was shown before; at most [`RECENT_EVENTS_PAGE_MAX`].
pub async fn recent_events(
    store: &dyn ChangeStore,
    commune: CommuneCode,
    today: Date,
    after: Option<CommandId>,
    length_max: usize,
) -> Result<RecentEvents, StoreError> {
    let days_before = desk_events_days(today).unwrap_or(1).max(1) - 1;
    let since = today.saturating_sub(days_before.days());
    let begin = VIET_NAM.to_timestamp(since.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX);
    let length_max = length_max.min(RECENT_EVENTS_PAGE_MAX);
    Ok(RecentEvents { since, events: store.events_of_commune(commune, begin, after, length_max).await? })
}
