//! How sure we are who signed in: the level of the account and that of the authentication, as one word (`acr`).

use dancu_identity::Principal;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What was really achieved, or what a portal wants at least.
///
/// *Identity* is the level of the account: 1 is an account of a number in the register that was opened by an officer's
/// code; 2 needs face and fingerprints that were compared in person, which nothing here records, so that nobody is told to
/// have it. *Authentication* counts the factors: 1 is one, 2 are two of different kinds. 3 and 4 need biometrics that are
/// compared by us, which a passkey never shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Level {
    identity: u8,
    authentication: u8,
}

impl Level {
    const HEAD: &str = "urn:dancu:acr:identity-";
    const MIDDLE: &str = ":authentication-";

    /// The levels that somebody can achieve here today, as discovery tells them.
    pub const ACHIEVABLE: [Self; 2] =
        [Self { identity: 1, authentication: 1 }, Self { identity: 1, authentication: 2 }];

    /// What somebody achieved who is signed in; `None` for who may sign in at no portal.
    pub const fn of(principal: &Principal) -> Option<Self> {
        match principal {
            // A full session of a citizen begins with a passkey alone, and each passkey verifies its user: something that
            // is held, and something that is known or is.
            Principal::Citizen { .. } => Some(Self { identity: 1, authentication: 2 }),
            Principal::Enrolling { .. } | Principal::Staff { .. } => None,
        }
    }

    /// Whether it is as much as what is wanted, on both sides.
    pub const fn meets(self, wanted: Self) -> bool {
        self.identity >= wanted.identity && self.authentication >= wanted.authentication
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}{}", Self::HEAD, self.identity, Self::MIDDLE, self.authentication)
    }
}

/// The text names no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no level")]
pub struct NoLevel;

impl FromStr for Level {
    type Err = NoLevel;

    fn from_str(text: &str) -> Result<Self, NoLevel> {
        let (identity, authentication) =
            text.strip_prefix(Self::HEAD).and_then(|rest| rest.split_once(Self::MIDDLE)).ok_or(NoLevel)?;
        let digit = |text: &str, most: u8| {
            let digit = text.parse::<u8>().ok().filter(|_| text.len() == 1)?;
            (1..=most).contains(&digit).then_some(digit)
        };
        Ok(Self {
            identity: digit(identity, 2).ok_or(NoLevel)?,
            authentication: digit(authentication, 4).ok_or(NoLevel)?,
        })
    }
}

impl TryFrom<String> for Level {
    type Error = NoLevel;

    fn try_from(text: String) -> Result<Self, NoLevel> {
        text.parse()
    }
}

impl From<Level> for String {
    fn from(level: Level) -> Self {
        level.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_reads_back_and_other_texts_are_none() {
        for identity in 1..=2 {
            for authentication in 1..=4 {
                let level = Level { identity, authentication };
                assert_eq!(level.to_string().parse(), Ok(level));
            }
        }
        for bad in [
            "",
            "2",
            "urn:dancu:acr:identity-3:authentication-1",
            "urn:dancu:acr:identity-1:authentication-+1",
        ] {
            assert_eq!(bad.parse::<Level>(), Err(NoLevel), "{bad}");
        }
    }

    #[test]
    fn both_sides_must_be_met() {
        let level = |identity, authentication| Level { identity, authentication };
        assert!(level(1, 2).meets(level(1, 1)) && level(1, 2).meets(level(1, 2)));
        assert!(!level(1, 2).meets(level(2, 1)) && !level(2, 1).meets(level(1, 2)));
    }
}
