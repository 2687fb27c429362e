//! Alarms: looks that fall outside of the work for which somebody may look. The watch goes through the log behind
//! everybody's back, raises an alarm with its evidence, and people decide it, lower a limit at once, or give notice.
//!
//! No profile of movements and no list of whom somebody looked at: an alarm holds places in the log and numbers of looks.
//! May use `core`, `register`, `ledger`, `exchange`. Names no store, no web.

mod alarm;
mod error;
mod hours;
mod kin;
mod rules;
mod service;
mod sketch;
mod store;
mod watch;
mod window;

pub use alarm::{
    Alarm, AlarmDeed, AlarmId, AlarmKind, AlarmMove, AlarmState, Care, Evidence, Found, Notice, PLACES_MAX,
    Place,
};
pub use error::AlarmError;
pub use rules::{AlarmRules, alarm_rules};
pub use service::{ALARMS_PAGE_MAX, AlarmService, Measure, NOTICES_MAX};
pub use store::{AlarmCursor, AlarmList, AlarmStore};
pub use watch::{ALARM_CLIENT, Counting, Watch, WatchParts, WatchSummary};
