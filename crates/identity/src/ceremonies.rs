//! Challenges that were given to a browser and wait for its answer: kept here, never in the browser.

use crate::IdentityError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::Entropy;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Mutex, PoisonError},
};

/// A challenge must be answered within this span.
pub const CEREMONY_LENGTH: SignedDuration = SignedDuration::from_mins(5);
/// At most this many may be started within that span; about a kilobyte each.
const STARTED_MAX: usize = 20_000;

/// 256 random bits that bind an answer to the browser that got the challenge.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CeremonyId([u8; 32]);

impl CeremonyId {
    /// As text for a cookie: 43 characters of base64url.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads the text of a cookie; `None` for anything that [`to_text`](Self::to_text) does not write.
    pub fn from_text(text: &str) -> Option<Self> {
        if text.len() != 43 {
            return None;
        }
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for CeremonyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CeremonyId(…)")
    }
}

/// Ceremonies of one kind that have begun and not ended. They live in memory: after a restart people begin again.
pub struct Ceremonies<T> {
    running: Mutex<Running<T>>,
    started_max: usize,
}

struct Running<T> {
    states: HashMap<CeremonyId, (Timestamp, T)>,
    /// Every start in order, those already answered included.
    started: VecDeque<(Timestamp, CeremonyId)>,
}

impl<T> Ceremonies<T> {
    /// None has begun.
    pub fn new() -> Self {
        Self::with_room_for(STARTED_MAX)
    }

    fn with_room_for(started_max: usize) -> Self {
        let running = Running { states: HashMap::new(), started: VecDeque::new() };
        Self { running: Mutex::new(running), started_max }
    }

    /// Keeps a state until it is taken or five minutes have passed.
    pub fn begin(
        &self,
        state: T,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<CeremonyId, IdentityError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while running.started.front().is_some_and(|(begun, _)| !is_fresh(*begun, now)) {
            if let Some((_, id)) = running.started.pop_front() {
                running.states.remove(&id);
            }
        }
        if running.started.len() >= self.started_max {
            return Err(IdentityError::Busy);
        }
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        let id = CeremonyId(bytes);
        running.started.push_back((now, id.clone()));
        running.states.insert(id.clone(), (now, state));
        Ok(id)
    }

    /// Takes a state out: whatever the answer is worth, the challenge is used up.
    pub fn take(&self, id: &CeremonyId, now: Timestamp) -> Result<T, IdentityError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, state) = running.states.remove(id).ok_or(IdentityError::CeremonyOver)?;
        if is_fresh(begun, now) { Ok(state) } else { Err(IdentityError::CeremonyOver) }
    }
}

/// A start that lies in the future, because the clock stepped back, is not fresh either.
fn is_fresh(begun: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(begun);
    !age.is_negative() && age < CEREMONY_LENGTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_testkit::SeededEntropy;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    #[test]
    fn a_challenge_is_answered_once_and_in_time() {
        let (ceremonies, entropy) = (Ceremonies::new(), SeededEntropy::new(1));
        let first = ceremonies.begin("first", at(0), &entropy).unwrap();
        let second = ceremonies.begin("second", at(0), &entropy).unwrap();
        let third = ceremonies.begin("third", at(0), &entropy).unwrap();
        assert_eq!(ceremonies.take(&first, at(4)), Ok("first"));
        assert_eq!(ceremonies.take(&first, at(4)), Err(IdentityError::CeremonyOver));
        assert_eq!(ceremonies.take(&second, at(5)), Err(IdentityError::CeremonyOver));
        assert_eq!(ceremonies.take(&third, at(-1)), Err(IdentityError::CeremonyOver));
    }

    #[test]
    fn memory_is_bounded_and_comes_free_again() {
        let (ceremonies, entropy) = (Ceremonies::with_room_for(2), SeededEntropy::new(1));
        let first = ceremonies.begin(1, at(0), &entropy).unwrap();
        ceremonies.begin(2, at(1), &entropy).unwrap();
        ceremonies.take(&first, at(1)).unwrap();
        assert_eq!(ceremonies.begin(3, at(4), &entropy), Err(IdentityError::Busy));
        ceremonies.begin(3, at(5), &entropy).unwrap();
        assert_eq!(ceremonies.begin(4, at(5), &entropy), Err(IdentityError::Busy));
        ceremonies.begin(4, at(3), &entropy).unwrap_err();
        assert!(ceremonies.running.lock().unwrap().states.len() <= 2);
    }

    #[test]
    fn only_the_text_of_an_id_is_read() {
        let id = Ceremonies::new().begin((), at(0), &SeededEntropy::new(1)).unwrap();
        assert_eq!(CeremonyId::from_text(&id.to_text()), Some(id.clone()));
        for bad in ["", "abc", &"!".repeat(43), &"A".repeat(44)] {
            assert!(CeremonyId::from_text(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{id:?}"), "CeremonyId(…)");
    }
}
