//! What a connection's stage means for its client.

use super::{Ceiling, ConnectionAct, PilotTerms, Stage};
use crate::{Contract, RefusalReason, StageRow};
use jiff::civil::Date;

/// How a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How far its connection is.
    pub stage: Stage,
    /// The terms of a pilot.
    pub pilot: Option<PilotTerms>,
    /// What stands over its limits for a time.
    pub ceiling: Option<Ceiling>,
}

impl Standing {
    /// Of whom no step is known: a draft, which is refused.
    pub const DRAFT: Self = Self { stage: Stage::Draft, pilot: None, ceiling: None };
    /// In use.
    pub const OFFICIAL: Self = Self { stage: Stage::Official, pilot: None, ceiling: None };

    /// After the last step of a connection.
    pub fn after(act: &ConnectionAct) -> Self {
        act.step().map_or(Self::DRAFT, |step| Self { stage: step.to, pilot: step.pilot, ceiling: None })
    }

    /// As a store tells it: after the last step, under the ceiling that was set last.
    pub fn of(row: &StageRow) -> Self {
        Self { ceiling: row.ceiling, ..Self::after(&row.step) }
    }

    /// Whether real answers are given on a day.
    pub fn check(&self, today: Date) -> Result<(), RefusalReason> {
        match self.stage {
            Stage::Official => Ok(()),
            Stage::Pilot if self.pilot.is_some_and(|pilot| today < pilot.until) => Ok(()),
            Stage::Pilot => Err(RefusalReason::PilotOver),
            Stage::Draft => Err(RefusalReason::Draft),
            Stage::Sandbox | Stage::Review => Err(RefusalReason::SandboxOnly),
            Stage::Suspended => Err(RefusalReason::SuspendedContract),
            Stage::Ended => Err(RefusalReason::EndedContract),
        }
    }

    /// Whether the client is answered from the synthetic country.
    pub const fn is_in_sandbox(&self) -> bool {
        matches!(self.stage, Stage::Sandbox | Stage::Review)
    }

    /// Whether the client may have a token. One that is suspended may: with it, it reads on which ground.
    pub const fn check_token(&self) -> Result<(), RefusalReason> {
        match self.stage {
            Stage::Draft => Err(RefusalReason::Draft),
            Stage::Ended => Err(RefusalReason::EndedContract),
            _ => Ok(()),
        }
    }

    /// The contract as it holds in this stage: a pilot has a part of the answers a day, and a ceiling stands over all.
    pub fn limited(&self, mut contract: Contract) -> Contract {
        if let (Stage::Pilot, Some(pilot)) = (self.stage, self.pilot) {
            let share = u64::from(contract.daily_limit) * u64::from(pilot.limit_percent);
            let reduced = u32::try_from(share.div_ceil(100)).unwrap_or(u32::MAX);
            contract.daily_limit = contract.daily_limit.min(reduced);
        }
        match self.ceiling {
            Some(ceiling) => ceiling.over(contract),
            None => contract,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    #[test]
    fn every_stage_is_answered_or_has_its_own_refusal() {
        let until = date(2026, 12, 1);
        let pilot = Some(PilotTerms { until, limit_percent: 10 });
        let on = |stage, day| Standing { stage, pilot, ceiling: None }.check(day).err();
        let day = date(2026, 11, 30);
        let expected = [
            (Stage::Draft, Some(RefusalReason::Draft)),
            (Stage::Sandbox, Some(RefusalReason::SandboxOnly)),
            (Stage::Review, Some(RefusalReason::SandboxOnly)),
            (Stage::Pilot, None),
            (Stage::Official, None),
            (Stage::Suspended, Some(RefusalReason::SuspendedContract)),
            (Stage::Ended, Some(RefusalReason::EndedContract)),
        ];
        assert_eq!(expected.map(|(stage, _)| stage), Stage::ALL);
        for (stage, refusal) in expected {
            assert_eq!(on(stage, day), refusal, "{stage:?}");
        }
        assert_eq!(on(Stage::Pilot, until), Some(RefusalReason::PilotOver));
        let without = Standing { stage: Stage::Pilot, pilot: None, ceiling: None };
        assert_eq!(without.check(day), Err(RefusalReason::PilotOver), "a pilot without an end has ended");
    }

    #[test]
    fn a_pilot_has_a_part_of_the_answers_and_at_least_one() {
        let contract = |daily_limit: u32| -> Contract {
            serde_json::from_value(json!({
                "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
                "fields": ["name"], "daily_limit": daily_limit, "per_second_max": 7, "valid_from": "2026-01-01",
            }))
            .unwrap()
        };
        let pilot = Some(PilotTerms { until: date(2026, 12, 1), limit_percent: 10 });
        for (limit, expected) in [(1, 1), (14, 2), (14_000, 1_400), (u32::MAX, 429_496_730)] {
            assert_eq!(
                Standing { stage: Stage::Pilot, pilot, ceiling: None }.limited(contract(limit)).daily_limit,
                expected
            );
            assert_eq!(Standing::OFFICIAL.limited(contract(limit)).daily_limit, limit);
        }
    }
}
