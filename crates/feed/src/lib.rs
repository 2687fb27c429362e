//! The change feed: whoever holds a contract is told that something changed, of whom, and in which of its fields.
//!
//! A told change is a disclosure: it stands in the log before it leaves. Clients ask for changes
//! ([`ChangeTeller`]), or have them delivered to their webhook ([`Courier`]), signed ([`WebhookKey`]), at least once
//! and in order. May use `core`, `register`, `cards`, `changes`, `exchange`, `ledger`. Names no store, no web.

mod answered;
mod backoff;
mod changed;
mod courier;
mod error;
mod post;
mod puller;
mod retention;
mod signature;
mod source;
mod store;
mod teller;
mod told;

pub use answered::Answered;
pub use backoff::Patience;
pub use courier::{Courier, CourierParts, Step};
pub use error::FeedError;
pub use post::{Letter, PostFailure, Posted, Postman, post_signed};
pub use puller::{ChangePuller, Pull};
pub use retention::remove_old_entries;
pub use signature::{
    CONTENT_TYPE, Component, SignatureParameters, SignedHeaders, WebhookKey, WebhookKeyError, content_digest,
    signature_base,
};
pub use source::ChangeSource;
pub use store::{
    Batch, DeadLetter, DeadLetterId, DeadReason, FeedStore, LetterChange, LetterState, Saved, StopReason,
    Subscriber,
};
pub use teller::{ChangeTeller, Span, Telling};
pub use told::{ToldChange, fields_told};
