//! Looks of officers at persons whose matter is in hand. A look goes into the log once a matter: who turns a page back
//! and forth within the same registration looks once, and nobody is told of five looks that were one.

use dancu_core::Clock;
use dancu_exchange::{FieldSet, ShownPerson};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How long a look lasts.
const LOOK_LASTS: SignedDuration = SignedDuration::from_mins(15);
/// Looks that are held at most; the oldest give way.
const LOOKS_MAX: usize = 10_000;

/// By whom, in which matter, at whom, at what.
pub(crate) type LookKey = (String, String, dancu_core::PersonalNumber, FieldSet);

/// What officers look at, for as long as a look lasts.
#[derive(Default)]
pub struct Looks(Mutex<HashMap<LookKey, (Timestamp, Arc<ShownPerson>)>>);

impl Looks {
    /// What this very look showed, if it still lasts.
    pub(crate) fn held(&self, key: &LookKey, clock: &dyn Clock) -> Option<Arc<ShownPerson>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(key).filter(|(since, _)| lasts(*since, clock.now())).map(|(_, shown)| Arc::clone(shown))
    }

    /// Holds a look that was logged.
    pub(crate) fn hold(&self, key: LookKey, shown: Arc<ShownPerson>, clock: &dyn Clock) {
        let now = clock.now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= LOOKS_MAX {
            held.retain(|_, (since, _)| lasts(*since, now));
        }
        if held.len() >= LOOKS_MAX {
            let oldest = held.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| key.clone());
            oldest.and_then(|key| held.remove(&key));
        }
        held.insert(key, (now, shown));
    }

    /// Ends every look at a person: what was shown is no longer what the register holds.
    pub(crate) fn forget(&self, numbers: &[dancu_core::PersonalNumber]) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(_, _, number, _), _| !numbers.contains(number));
    }
}

fn lasts(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since).abs() < LOOK_LASTS
}
