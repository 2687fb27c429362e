//! The port to whatever keeps the register.

use crate::{
    claims::Claims,
    facts::{Fact, FactValue},
    kinds::KindSet,
    person::{At, Person},
    reject::Reject,
    words::{HouseholdNumber, Relation},
};
use async_trait::async_trait;
use dancu_core::{CommuneCode, PartialDate, PersonName, PersonalNumber, StoreError};
use jiff::{Timestamp, civil::Date};
use std::{fmt, ops::Range, sync::Arc};

/// SHA-256 of a whole file: its identity, whatever its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileDigest(pub [u8; 32]);

impl fmt::Debug for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// How far a file is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadProgress {
    /// Bytes from the start of the file that are done.
    pub bytes: u64,
    /// Lines of the file that are done, the header included.
    pub lines: u64,
    /// Rows that were taken.
    pub rows: u64,
    /// Rows that were rejected.
    pub rejected: u64,
    /// Contradictions that were noted in rows that were taken.
    pub warnings: u64,
    /// Whether the whole file is done.
    pub complete: bool,
}

/// One row of a file that passed every check.
#[derive(Debug, Clone)]
pub struct LoadRow {
    /// Its first line in the file, from 1.
    pub line: u64,
    /// What it states.
    pub claims: Claims,
    /// Where it stands in [`LoadBatch::text`].
    pub at: Range<usize>,
}

/// A stretch of a file, to be stored in one transaction.
#[derive(Debug, Clone)]
pub struct LoadBatch {
    /// The file.
    pub file: FileDigest,
    /// Stands in every fact and names this very file, e.g. `load:people.csv:1f0c62a5b3d8`.
    pub source: Arc<str>,
    /// The day for which the file speaks: changes without a day of their own begin on it.
    pub effective: Date,
    /// The instant from which the register believes it.
    pub recorded_at: Timestamp,
    /// The rows as they stand in the file, for those that the store rejects.
    pub text: Vec<u8>,
    /// Rows in ascending order of their numbers, at most one a number. A number of which this very file has
    /// changed something before is rejected by the store as a duplicate.
    pub rows: Vec<LoadRow>,
    /// Rows of this stretch that were rejected.
    pub rejects: Vec<Reject>,
    /// Where the file stood before this stretch. The store applies nothing when it knows otherwise.
    pub before: LoadProgress,
    /// Where it stands afterwards. The store adds the rows that it rejects itself.
    pub after: LoadProgress,
}

/// What a batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadOutcome {
    /// Persons who were not in the register.
    pub added: u64,
    /// Persons of whom something else is believed now.
    pub changed: u64,
    /// Persons of whom all was known.
    pub unchanged: u64,
    /// Persons whose last record lies after `recorded_at`, because the clock stepped back; theirs was moved to
    /// one microsecond after it.
    pub moved_in_time: u64,
    /// Statements that an event had established otherwise: each is a finding, and the event stands.
    pub contradicted: u64,
    /// Whether the batch was applied; it is not when the file does not stand at `before`, because another load
    /// of the same file went ahead.
    pub applied: bool,
    /// Where the file stands now.
    pub progress: LoadProgress,
}

/// A person in a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdMember {
    /// Number.
    pub number: PersonalNumber,
    /// Name; `None` when no identity is held at that point of time.
    pub name: Option<PersonName>,
    /// Birth date.
    pub birth_date: Option<PartialDate>,
    /// What the person is to the head.
    pub relation_to_head: Option<Relation>,
}

/// A person whose facts name another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Number.
    pub number: PersonalNumber,
    /// Name; `None` when no identity is held at that point of time.
    pub name: Option<PersonName>,
    /// Birth date.
    pub birth_date: Option<PartialDate>,
    /// What the one who is named is to this person.
    pub link: Link,
}

/// What a person who is named in another's facts is to that other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    /// Father.
    Father,
    /// Mother.
    Mother,
    /// Husband or wife.
    Spouse,
    /// Guardian or other lawful representative.
    Representative,
}

/// A person who lives in a commune. Its text tells nothing of where.
#[derive(Clone, PartialEq, Eq)]
pub struct Resident {
    /// Number.
    pub number: PersonalNumber,
    /// Name; `None` when no identity is held at that point of time.
    pub name: Option<PersonName>,
    /// Birth date.
    pub birth_date: Option<PartialDate>,
    /// The address below the commune.
    pub address: Option<String>,
    /// Whether the residence there is a temporary one.
    pub is_temporary: bool,
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resident").field("is_temporary", &self.is_temporary).finish_non_exhaustive()
    }
}

/// A page of a list in ascending order of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The last number of the page before.
    pub after: Option<PersonalNumber>,
    /// Entries at most.
    pub length_max: usize,
}

impl Page {
    /// The first page.
    pub const fn first(length_max: usize) -> Self {
        Self { after: None, length_max }
    }
}

/// Communes that one list of residents may name.
pub const COMMUNES_MAX: usize = 64;

impl Link {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Father => "father",
            Self::Mother => "mother",
            Self::Spouse => "spouse",
            Self::Representative => "representative",
        }
    }
}

/// The persons whom a fact names, with what they are to the one whose fact it is. Stores keep an index from them.
pub fn links(value: &FactValue) -> Vec<(PersonalNumber, Link)> {
    match value {
        FactValue::Family(family) => {
            let links =
                [(family.father, Link::Father), (family.mother, Link::Mother), (family.spouse, Link::Spouse)];
            links.into_iter().filter_map(|(number, link)| Some((number?, link))).collect()
        }
        FactValue::Representation(representation) => {
            representation.representatives.iter().map(|number| (*number, Link::Representative)).collect()
        }
        _ => Vec::new(),
    }
}

/// The communes in which a fact says that somebody resides. Stores keep an index from them.
pub fn communes(value: &FactValue) -> impl Iterator<Item = CommuneCode> {
    let (permanent, temporary) = match value {
        FactValue::Residence(home) => {
            (home.permanent_commune, home.temporary.as_ref().map(|temporary| temporary.commune))
        }
        _ => (None, None),
    };
    permanent.into_iter().chain(temporary.filter(move |commune| Some(*commune) != permanent))
}

/// What keeps the register. Every write is durable when it returns.
#[async_trait]
pub trait RegisterStore: Send + Sync {
    /// The person at a point of both time axes; `None` when nothing is known of them there.
    async fn person(&self, number: PersonalNumber, at: At) -> Result<Option<Person>, StoreError> {
        self.person_now(number, at, KindSet::ALL).await
    }

    /// Like [`RegisterStore::person`] with the kinds asked for only: `None` when none of *these* is known.
    async fn person_now(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> Result<Option<Person>, StoreError>;

    /// Persons at a point of time, in the order of the numbers. Stores with a way to go ask once for all.
    async fn persons_now(
        &self,
        numbers: &[PersonalNumber],
        at: At,
        kinds: KindSet,
    ) -> Result<Vec<Option<Person>>, StoreError> {
        let mut persons = Vec::with_capacity(numbers.len());
        for number in numbers {
            persons.push(self.person_now(*number, at, kinds).await?);
        }
        Ok(persons)
    }

    /// Every row of a person on both time axes, the sealed kinds left out, by kind, then by time of record, then by validity.
    async fn history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError>;

    /// Who belongs to a household at a point of time.
    async fn household(
        &self,
        household: &HouseholdNumber,
        at: At,
        page: Page,
    ) -> Result<Vec<HouseholdMember>, StoreError>;

    /// Who names this person as father, mother, spouse or representative at a point of time. One person may stand in
    /// the list under several links, which then stand together: a page ends between two persons, and is longer than
    /// asked for when the links of its first person alone are more.
    async fn related(&self, number: PersonalNumber, at: At, page: Page) -> Result<Vec<Related>, StoreError>;

    /// Who resides in any of the communes at a point of time, permanently or for a time that has begun; the permanent
    /// residence is told when both are there. A commune of today has the
    /// codes of its predecessors too: the caller names them all, at most [`COMMUNES_MAX`].
    async fn residents(
        &self,
        communes: &[CommuneCode],
        at: At,
        page: Page,
    ) -> Result<Vec<Resident>, StoreError>;

    /// Every row of the sealed kinds of a person on both time axes, in the order of [`RegisterStore::history`]. Whoever
    /// calls this has decided that somebody may read it.
    async fn sealed_history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError>;

    /// Stores a stretch of a file: facts, rejects and progress in one transaction.
    async fn apply(&self, batch: LoadBatch) -> Result<LoadOutcome, StoreError>;

    /// How far a file is loaded; `None` when it never was.
    async fn load_progress(&self, file: FileDigest) -> Result<Option<LoadProgress>, StoreError>;

    /// Rejected rows of a file with a line above `after`, by line, at most `length_max`.
    async fn rejects(
        &self,
        file: FileDigest,
        after: u64,
        length_max: usize,
    ) -> Result<Vec<Reject>, StoreError>;

    /// Numbers of whom anything was ever recorded, ascending, after one of them, at most `length_max`. For extracts and
    /// checks of the whole register, which read each person by the road of their own.
    async fn numbers(
        &self,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError>;

    /// Persons of whom anything was ever recorded.
    async fn count_persons(&self) -> Result<u64, StoreError>;
}
