//! What was done to a connection, by whom and when. Only added to, never changed.

use super::{CeilingChange, Stage};
use crate::{ContractId, OrganisationId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::fmt;

/// On whose side somebody acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "side", rename_all = "snake_case")]
pub enum Side {
    /// The platform's operators.
    Operator,
    /// The agency that is connected.
    Agency {
        /// Which.
        organisation: OrganisationId,
    },
    /// Whoever has the server's command line. May write drafts, and nothing that needs a person with an account.
    Console,
    /// An upgrade of the program: what was in use before there were reviews.
    Release,
    /// The running program, which ends what has its day.
    Program,
}

/// Who did something.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Id of the member of staff.
    pub id: String,
    /// Name.
    pub name: String,
    /// On whose side.
    #[serde(flatten)]
    pub side: Side,
}

impl Author {
    /// The server's command line.
    pub fn console() -> Self {
        Self {
            id: "dancu-connect".to_owned(),
            name: "Dòng lệnh của máy chủ / the server's command line".to_owned(),
            side: Side::Console,
        }
    }

    /// The running program.
    pub fn program() -> Self {
        Self { id: "dancu".to_owned(), name: "Dancu".to_owned(), side: Side::Program }
    }
}

// Names of staff are names of persons.
impl fmt::Debug for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Author(… {:?})", self.side)
    }
}

/// A part of the review. Each is signed by a person of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Keys, systems, people and incidents.
    Security,
    /// Legal basis, purpose, necessity and retention.
    Legal,
}

impl Part {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Security, Self::Legal];

    /// The word in forms, JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Legal => "legal",
        }
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Security => ("An toàn thông tin", "Security"),
            Self::Legal => ("Pháp lý", "Law"),
        }
    }
}

/// What a reviewer says of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// It does not concern this connection.
    NotApplicable,
}

/// The terms of a pilot, fixed when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PilotTerms {
    /// First day on which it is over.
    pub until: Date,
    /// Share of the contract's answers a day.
    pub limit_percent: u32,
}

/// A step from one stage to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// From where; nothing at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Stage>,
    /// To where.
    pub to: Stage,
    /// Why, in the words of whoever took it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ground: String,
    /// For a pilot: its terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pilot: Option<PilotTerms>,
    /// For a suspension: until when the agency must have been told. It is told by this very row, which its page and its
    /// software show from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_by: Option<Timestamp>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// A step was taken.
    Step(Step),
    /// The terms were written anew.
    Terms,
    /// The client's keys were exchanged.
    Keys {
        /// How many it has now.
        keys: u32,
    },
    /// Whether the client works with bound tokens alone (RFC 9449) was changed.
    BoundTokens {
        /// Whether it does now.
        alone: bool,
    },
    /// The client's software was answered in the sandbox, or rightly refused. Told as often as the review wants to see it.
    Tried {
        /// Whether it was answered.
        is_answered: bool,
    },
    /// A reviewer answered an item.
    Answer {
        /// Its code.
        item: String,
        /// The answer.
        verdict: Verdict,
        /// What the reviewer saw, or why it does not apply.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// A file was attached to an item.
    Evidence {
        /// The item's code.
        item: String,
        /// The file's name.
        name: String,
        /// SHA-256 of its content, in hexadecimal.
        sha256: String,
        /// Its length in bytes.
        bytes: u32,
    },
    /// A reviewer signed a part.
    Signature {
        /// Which.
        part: Part,
    },
    /// The limits were lowered for a time, or hold again.
    Ceiling(CeilingChange),
}

/// One line of a connection's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionAct {
    /// Whose.
    pub contract: ContractId,
    /// Its place, from 1. Two who act at once want the same place, and one of them is told.
    pub sequence: u32,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Author,
    /// What.
    pub deed: Deed,
}

impl ConnectionAct {
    /// The step, if it is one.
    pub const fn step(&self) -> Option<&Step> {
        match &self.deed {
            Deed::Step(step) => Some(step),
            _ => None,
        }
    }
}

/// Who and what of an act, as a store keeps it beside its place and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActBody {
    /// By whom.
    pub by: Author,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_upgrade_writes_can_be_read() {
        let text = include_str!("../../../store-sqlite/migrations/register/V10__life.sql");
        let start = text.find("'{").unwrap() + 1;
        let end = text[start..].find("}'").unwrap() + start + 1;
        let body: ActBody = serde_json::from_str(&text[start..end]).unwrap();
        assert_eq!(body.by.side, Side::Release);
        let Deed::Step(step) = body.deed else { panic!("no step") };
        assert_eq!((step.from, step.to), (None, Stage::Official));
        assert!(step.ground.contains("before reviews"));
        let other = include_str!("../../../store-postgres/migrations/V13__life.sql");
        assert!(other.contains(&text[start..end]), "both stores write the same");
    }

    #[test]
    fn a_body_is_flat_and_comes_back_as_it_was() {
        let agency = Side::Agency { organisation: "benh-vien".parse().unwrap() };
        let by = Author { id: "an".to_owned(), name: "An".to_owned(), side: agency };
        let deed =
            Deed::Answer { item: "keys".to_owned(), verdict: Verdict::NotApplicable, note: String::new() };
        let body = ActBody { by, deed };
        let text = serde_json::to_string(&body).unwrap();
        let expected = r#"{"by":{"id":"an","name":"An","side":"agency","organisation":"benh-vien"},"deed":"answer","item":"keys","verdict":"not_applicable"}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<ActBody>(&text).unwrap(), body);
        assert!(!format!("{body:?}").contains("\"An\""));
    }
}
