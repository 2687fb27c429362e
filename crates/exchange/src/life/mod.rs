//! The life of a connection: from draft to end, every step with who and when, and the review without which nothing is
//! official. A connection is a contract with what was done to it.

mod act;
mod ceiling;
mod error;
mod history;
mod rules;
mod sandbox;
mod service;
mod stage;
mod standing;
mod terms;

pub use act::{ActBody, Author, ConnectionAct, Deed, Part, PilotTerms, Side, Step, Verdict};
pub use ceiling::{Ceiling, CeilingChange};
pub use error::LifeError;
pub use history::{AttachedFile, CheckedItem, Connection, Given, Opening, Signed};
pub use rules::{ChecklistItem, Computed, ConnectionRules, checklist, connection_rules};
pub use sandbox::{SamplePerson, Sandbox, SandboxCaller, SandboxSource};
pub use service::{EvidenceFile, LifeService, LifeStore};
pub use stage::{Need, Stage, TRANSITIONS, Transition, transition};
pub use standing::Standing;
pub use terms::is_within;
