//! What changes the register: commands, the rules that allow or refuse them, the events that they become, and what is
//! found odd on the way.
//!
//! A command is never an edit. [`ChangeService`] reads the persons concerned, lets the rules decide, and hands the store
//! one [`Commit`]: facts, event, findings and the entries of the change feed in one transaction, guarded against anything
//! that changed meanwhile. The same command sent twice is one event.
//!
//! May use `core`, `calendar`, `places`, `register`. Names no store, no web.

mod commands;
mod control;
mod correction;
mod decision;
mod envelope;
mod event;
mod finding;
mod notes;
mod outbox;
mod proposal;
mod recent;
mod refusal;
mod rules;
mod service;
pub mod shared_items;
mod stay;
mod store;
mod taken;
mod texts;
mod units;
mod world;

pub use commands::*;
pub use control::{
    FINDINGS_PAGE_MAX, FindingError, FindingService, SCAN_PAGE_PERSONS, Scan, ScanPage, ScanSummary,
};
pub use correction::{CorrectionError, CorrectionService, OPEN_PROPOSALS_MAX, PROPOSALS_PAGE_MAX, Verdict};
pub use decision::{Decision, Oddity};
pub use envelope::{Actor, CommandId, Envelope, Evidence, EvidenceKind};
pub use event::{Event, EventSummary};
pub use finding::{
    FileRow, FileStatement, Finding, FindingFilter, FindingId, FindingKind, FindingMove, FindingState, LOADER,
};
pub use notes::NOTE_CHARACTERS_MAX;
pub use outbox::{Cursor, OutboxEntry};
pub use proposal::{
    Proposal, ProposalFilter, ProposalId, ProposalMove, ProposalState, ProposedBy, ProposedChange,
};
pub use recent::{RECENT_EVENTS_PAGE_MAX, RecentEvents, recent_events};
pub use refusal::{Common, Intake, Refusal};
pub use rules::{CivilRefusal, ResidenceLimit, ResidenceRefusal};
pub use service::{ChangeError, ChangeReceipt, ChangeService, Foreseen};
pub use stay::Stay;
pub use store::{ChangeStore, Commit, Committed, Guards, Record, UnitChange};
pub use units::Units;
pub use world::World;
