//! Finding a person in the register when the number is not at hand: by old number, name, birth, commune, parents.
//!
//! Whoever searches has a contract that says so, states a purpose, and every person whom the list shows is a
//! disclosure in the log before the list leaves. Ethnicity, religion, opinion and movements are no conditions here: the
//! type [`Query`] has no place for them.
//!
//! Stores keep an index of [`Entry`]: 18 bytes for each name under which somebody was ever known, in an order in which
//! a given name, a surname and a birth year stand side by side. The index proposes, the facts decide.

mod entry;
mod error;
mod finder;
mod likeness;
mod lists;
mod pace;
mod plan;
mod query;
mod service;
mod store;
mod vocabulary;
mod words;

pub use entry::{ENTRY_BYTES, Entry, EntryBytes, Traits, searchable_kinds};
pub use error::{QueryError, SearchError};
pub use finder::{Candidates, Finder, Hit};
pub use likeness::{FoundBy, Likeness};
pub use plan::{Filter, Probe};
pub use query::{Query, QueryText};
pub use service::{
    FoundPerson, NumberStanding, Opened, PAGE_LENGTH, Purpose, RESULTS_MAX, SearchPage, SearchService,
    Searcher,
};
pub use store::{IndexProgress, Scan, SearchStore};
pub use words::key_words;
