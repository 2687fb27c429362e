//! A lower limit for a time: what an operator sets at once when a connection is used as it should not be.

use super::{Author, Connection, ConnectionAct, Deed, LifeError, Side, connection_rules};
use crate::Contract;
use dancu_core::today_in_viet_nam;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest ground, in bytes.
const GROUND_BYTES_MAX: usize = 500;

/// A ceiling over a contract's limits. It never widens them: of two numbers the lower holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceiling {
    /// Answers a day at most.
    pub daily_limit: u32,
    /// Requests a second at most.
    pub per_second_max: u32,
    /// When it ends; the program writes its end into the history.
    pub until: Timestamp,
}

impl Ceiling {
    /// The contract with the lower of both limits.
    pub fn over(&self, mut contract: Contract) -> Contract {
        contract.daily_limit = contract.daily_limit.min(self.daily_limit);
        contract.per_second_max = contract.per_second_max.min(self.per_second_max);
        contract
    }
}

/// A change of a connection's ceiling, as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeilingChange {
    /// The ceiling from now on; nothing: the contract's own limits hold again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Ceiling>,
    /// Why, in the words of whoever did it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ground: String,
    /// The alarm that was its occasion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
}

impl Connection {
    /// The last change of the ceiling with its act; nothing when there was never one.
    pub fn ceiling_change(&self) -> Option<(&ConnectionAct, &CeilingChange)> {
        self.acts.iter().rev().find_map(|act| match &act.deed {
            Deed::Ceiling(change) => Some((act, change)),
            _ => None,
        })
    }

    /// What stands over its limits, as it was set last.
    pub fn ceiling(&self) -> Option<Ceiling> {
        self.ceiling_change().and_then(|(_, change)| change.set)
    }

    /// Sets a ceiling, or takes it away. Operators alone may; the program itself may take one away that has ended.
    pub fn tighten(
        &self,
        by: &Author,
        change: CeilingChange,
        now: Timestamp,
    ) -> Result<ConnectionAct, LifeError> {
        let held = self.ceiling();
        match (&by.side, change.set, held) {
            (Side::Operator, ..) => {}
            (Side::Program, None, Some(held)) if held.until <= now => {}
            _ => return Err(LifeError::NotTheirs),
        }
        if change.set.is_none() && held.is_none() {
            return Err(LifeError::Ceiling);
        }
        let is_said = !change.ground.trim().is_empty() && change.ground.len() <= GROUND_BYTES_MAX;
        if !is_said {
            return Err(LifeError::Ground);
        }
        if let Some(set) = change.set {
            self.check_ceiling(set, now)?;
        }
        self.act(by, Deed::Ceiling(change), now)
    }

    fn check_ceiling(&self, set: Ceiling, now: Timestamp) -> Result<(), LifeError> {
        let rules = connection_rules(today_in_viet_nam(now)).ok_or(LifeError::NoRules)?;
        let longest = SignedDuration::from_hours(24 * i64::from(rules.ceiling_days_max));
        let last = now.saturating_add(longest).unwrap_or(Timestamp::MAX);
        let contract = &self.contract;
        let is_lower = set.daily_limit < contract.daily_limit || set.per_second_max < contract.per_second_max;
        // A ceiling of nothing would be a suspension that is not called one.
        let answers_something = set.daily_limit > 0 && set.per_second_max > 0;
        if is_lower && answers_something && now < set.until && set.until <= last {
            Ok(())
        } else {
            Err(LifeError::Ceiling)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, Organisation};
    use proptest::prelude::*;
    use serde_json::json;

    fn contract() -> Contract {
        serde_json::from_value(json!({
            "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
            "fields": ["name"], "daily_limit": 100, "per_second_max": 10, "valid_from": "2026-01-01",
        }))
        .unwrap()
    }

    fn connection() -> Connection {
        let organisation = Organisation {
            id: "bank".parse().unwrap(),
            parent: None,
            name_vi: "A".into(),
            name_en: "A".into(),
        };
        let client = Client {
            id: "core".parse().unwrap(),
            organisation: organisation.id.clone(),
            keys: Vec::new(),
            dpop_bound_access_tokens: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            suspended: None,
        };
        Connection { organisation, client, contract: contract(), acts: Vec::new() }
    }

    fn by(side: Side) -> Author {
        Author { id: "an".into(), name: "An".into(), side }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-22T02:00:00Z";

    fn set(daily_limit: u32, per_second_max: u32, until: &str) -> CeilingChange {
        let set = Some(Ceiling { daily_limit, per_second_max, until: at(until) });
        CeilingChange { set, ground: "ba đêm liền".into(), alarm: None }
    }

    #[test]
    fn a_ceiling_is_lower_has_a_ground_an_end_and_an_operator() {
        let connection = connection();
        let tried = |by: &Author, change| connection.tighten(by, change, at(NOW)).map(drop);
        let operator = by(Side::Operator);
        let good = || set(10, 10, "2026-11-29T02:00:00Z");
        assert_eq!(tried(&operator, good()), Ok(()));
        for wrong in [
            set(100, 10, "2026-11-29T02:00:00Z"),
            set(200, 10, "2026-11-29T02:00:00Z"),
            set(0, 10, "2026-11-29T02:00:00Z"),
            set(10, 0, "2026-11-29T02:00:00Z"),
            set(10, 10, NOW),
            set(10, 10, "2027-11-29T02:00:00Z"),
        ] {
            assert_eq!(tried(&operator, wrong.clone()), Err(LifeError::Ceiling), "{wrong:?}");
        }
        let silent = CeilingChange { ground: " ".into(), ..good() };
        assert_eq!(tried(&operator, silent), Err(LifeError::Ground));
        for side in [
            Side::Agency { organisation: "bank".parse().unwrap() },
            Side::Console,
            Side::Program,
            Side::Release,
        ] {
            assert_eq!(tried(&by(side), good()), Err(LifeError::NotTheirs));
        }
    }

    #[test]
    fn the_program_takes_away_what_has_ended_and_nothing_else() {
        let mut connection = connection();
        let lift = || CeilingChange { set: None, ground: "hết hạn".into(), alarm: None };
        let lifted =
            |connection: &Connection, side, now| connection.tighten(&by(side), lift(), at(now)).map(drop);
        assert_eq!(lifted(&connection, Side::Operator, NOW), Err(LifeError::Ceiling), "there is none");
        let until = "2026-11-29T02:00:00Z";
        let act = connection.tighten(&by(Side::Operator), set(10, 10, until), at(NOW)).unwrap();
        connection.acts.push(act);
        assert_eq!(lifted(&connection, Side::Program, "2026-11-29T01:59:59Z"), Err(LifeError::NotTheirs));
        assert_eq!(lifted(&connection, Side::Program, until), Ok(()));
        assert_eq!(lifted(&connection, Side::Operator, NOW), Ok(()), "an operator may before its end");
    }

    proptest! {
        #[test]
        fn a_ceiling_never_widens(daily_limit in 1_u32.., per_second_max in 1_u32..) {
            let before = contract();
            let after = Ceiling { daily_limit, per_second_max, until: at(NOW) }.over(before.clone());
            prop_assert!(after.daily_limit <= before.daily_limit && after.daily_limit <= daily_limit);
            prop_assert!(after.per_second_max <= before.per_second_max && after.per_second_max <= per_second_max);
        }
    }
}
