//! The stages of a connection, and which may follow which.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Written down, by an operator or by the agency. The client is refused.
    Draft,
    /// The client tries its software. It learns nothing of the register.
    Sandbox,
    /// Security and law are looked at. The terms stand still meanwhile.
    Review,
    /// Real answers, fewer a day, until a day.
    Pilot,
    /// In use, with the contract's own limits.
    Official,
    /// Refused, on a stated ground.
    Suspended,
    /// Over, for ever.
    Ended,
}

impl Stage {
    /// Every stage, in the order of a life.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::Sandbox, Self::Review, Self::Pilot, Self::Official, Self::Suspended, Self::Ended];

    /// The word in forms, JSON and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Sandbox => "sandbox",
            Self::Review => "review",
            Self::Pilot => "pilot",
            Self::Official => "official",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Draft => ("Dự thảo", "Draft"),
            Self::Sandbox => ("Thử nghiệm", "Sandbox"),
            Self::Review => ("Đang thẩm định", "Under review"),
            Self::Pilot => ("Chạy thí điểm", "Pilot"),
            Self::Official => ("Chính thức", "Official"),
            Self::Suspended => ("Tạm dừng", "Suspended"),
            Self::Ended => ("Đã chấm dứt", "Ended"),
        }
    }

    /// Whether the terms may still be rewritten.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Sandbox)
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text).ok_or_else(|| text.to_owned())
    }
}

/// What a step asks for beside the right to take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A stated ground.
    Ground,
    /// A review of exactly these terms that is complete.
    Review,
    /// That it leads back to where the connection was suspended.
    StageBefore,
}

/// A step that may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// From here.
    pub from: Stage,
    /// To there.
    pub to: Stage,
    /// Whether the agency itself may take it, too. Operators may take every step of the table.
    pub is_agencys: bool,
    /// What it asks for.
    pub needs: &'static [Need],
}

const fn step(from: Stage, to: Stage, is_agencys: bool, needs: &'static [Need]) -> Transition {
    Transition { from, to, is_agencys, needs }
}

use Stage::{Draft, Ended, Official, Pilot, Review, Sandbox, Suspended};

/// Every step that may be taken. What is not here is refused; a connection begins as a draft, and nothing follows its end.
pub const TRANSITIONS: &[Transition] = &[
    step(Draft, Sandbox, true, &[]),
    step(Draft, Ended, true, &[Need::Ground]),
    step(Sandbox, Review, true, &[]),
    step(Sandbox, Ended, true, &[Need::Ground]),
    step(Review, Sandbox, true, &[Need::Ground]),
    step(Review, Pilot, false, &[Need::Review]),
    step(Review, Ended, true, &[Need::Ground]),
    step(Pilot, Official, false, &[Need::Review]),
    step(Pilot, Suspended, false, &[Need::Ground]),
    step(Pilot, Ended, true, &[Need::Ground]),
    step(Official, Suspended, false, &[Need::Ground]),
    step(Official, Ended, true, &[Need::Ground]),
    step(Suspended, Pilot, false, &[Need::Ground, Need::StageBefore]),
    step(Suspended, Official, false, &[Need::Ground, Need::StageBefore]),
    step(Suspended, Ended, true, &[Need::Ground]),
];

/// The step between two stages, where there is one.
pub fn transition(from: Stage, to: Stage) -> Option<&'static Transition> {
    TRANSITIONS.iter().find(|step| step.from == from && step.to == to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_its_word_and_every_step_stands_once() {
        for stage in Stage::ALL {
            assert_eq!(stage.as_str().parse(), Ok(stage));
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
        }
        for (place, one) in TRANSITIONS.iter().enumerate() {
            assert!(!TRANSITIONS[..place].iter().any(|other| (other.from, other.to) == (one.from, one.to)));
            assert_ne!(one.from, one.to);
        }
    }

    #[test]
    fn no_way_to_real_answers_leads_around_the_review() {
        for one in TRANSITIONS {
            if matches!(one.to, Pilot | Official) {
                let asks = if one.from == Suspended { Need::StageBefore } else { Need::Review };
                assert!(one.needs.contains(&asks) && !one.is_agencys, "{one:?}");
            }
            assert_ne!(one.from, Ended, "an end is an end");
        }
        // From every stage but the end a connection can be ended, on a stated ground.
        for stage in Stage::ALL.into_iter().filter(|stage| *stage != Ended) {
            assert_eq!(transition(stage, Ended).unwrap().needs, [Need::Ground]);
        }
    }
}
