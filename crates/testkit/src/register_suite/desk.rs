//! Files, rows and a failing store for the suite of the register.

use crate::FakeClock;
use async_trait::async_trait;
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::{
    At, Fact, FileDigest, HouseholdMember, HouseholdNumber, KindSet, LoadBatch, LoadOutcome, LoadProgress,
    Page, Person, RegisterStore, Reject, Related, Resident,
    csv::{COLUMNS, Column, KnownPlaces},
    load::{LoadError, LoadReport, LoadRequest, load},
};
use jiff::{
    SignedDuration,
    civil::{Date, date},
};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};
use tempfile::TempDir;

pub(super) const TODAY: Date = date(2026, 11, 21);

/// Every code below 90000 is a commune.
pub(super) struct Places;

impl KnownPlaces for Places {
    fn is_known(&self, code: CommuneCode) -> bool {
        code.value() < 90_000
    }
}

/// A desk with a store, a clock and a folder for files.
pub(super) struct Desk<'a> {
    pub(super) store: &'a dyn RegisterStore,
    pub(super) clock: FakeClock,
    folder: TempDir,
    pub(super) batch_rows: usize,
}

impl<'a> Desk<'a> {
    pub(super) fn new(store: &'a dyn RegisterStore) -> Self {
        let folder = tempfile::tempdir().expect("tests may make folders");
        Self { store, clock: FakeClock::at("2026-11-21T02:00:00Z"), folder, batch_rows: 3 }
    }

    pub(super) fn request(&self, name: &str, text: &str) -> LoadRequest {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("tests may write files");
        LoadRequest { batch_rows: self.batch_rows, ..LoadRequest::new(&path, TODAY) }
    }

    /// Loads a text as a file, one second after the last.
    pub(super) async fn load(&self, name: &str, text: &str) -> Result<LoadReport, LoadError> {
        self.clock.advance(SignedDuration::from_secs(1));
        self.load_with(self.store, name, text).await
    }

    pub(super) async fn load_with(
        &self,
        store: &dyn RegisterStore,
        name: &str,
        text: &str,
    ) -> Result<LoadReport, LoadError> {
        load(store, &self.clock, &Places, &self.request(name, text), &mut |_| {}).await
    }

    pub(super) fn now(&self) -> At {
        At { as_of: TODAY, known_at: dancu_core::Clock::now(&self.clock) }
    }

    pub(super) async fn person(&self, serial: u64, at: At) -> Option<Person> {
        self.store.person(number(serial), at).await.expect("the store reads")
    }
}

pub(super) fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(79_085_000_000 + serial).expect("a number")
}

pub(super) fn household(text: &str) -> HouseholdNumber {
    text.parse().expect("a household number")
}

/// A sound row with some columns set.
pub(super) fn row(serial: u64, changes: &[(Column, &str)]) -> String {
    let own_number = number(serial).to_string();
    let sound = |column: Column| match column {
        Column::Number => own_number.as_str(),
        Column::FullName => "Trần Thị Lan",
        Column::Sex => "M",
        Column::BirthDate => "1985-03-02",
        Column::PermanentCommune => "26740",
        Column::PermanentAddress => "\"Số 5, ngõ 7\"",
        Column::PermanentSince => "2010-01-01",
        Column::Household => "HK-1",
        Column::RelationToHead => "head",
        Column::Phone => "0912345678",
        Column::CardIssued => "2021-04-30",
        Column::CardState => "handed_over",
        _ => "",
    };
    let value = |column: &Column| {
        changes.iter().find(|change| change.0 == *column).map_or_else(|| sound(*column), |change| change.1)
    };
    COLUMNS.iter().map(value).collect::<Vec<_>>().join(",")
}

pub(super) fn file(rows: &[String]) -> String {
    let header = COLUMNS.iter().map(|column| column.name()).collect::<Vec<_>>().join(",");
    format!("{header}\n{}\n", rows.join("\n"))
}

pub(super) fn people(serials: impl IntoIterator<Item = u64>) -> String {
    file(&serials.into_iter().map(|serial| row(serial, &[])).collect::<Vec<_>>())
}

/// A store that fails at the n-th batch: before it is stored, or after it is stored and before that is told.
pub(super) struct Failing<'a> {
    pub(super) store: &'a dyn RegisterStore,
    pub(super) fails_at: usize,
    pub(super) after_commit: bool,
    pub(super) calls: AtomicUsize,
}

#[async_trait]
impl RegisterStore for Failing<'_> {
    async fn person_now(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> Result<Option<Person>, StoreError> {
        self.store.person_now(number, at, kinds).await
    }

    async fn history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError> {
        self.store.history(number).await
    }

    async fn household(
        &self,
        household: &HouseholdNumber,
        at: At,
        page: Page,
    ) -> Result<Vec<HouseholdMember>, StoreError> {
        self.store.household(household, at, page).await
    }

    async fn related(&self, number: PersonalNumber, at: At, page: Page) -> Result<Vec<Related>, StoreError> {
        self.store.related(number, at, page).await
    }

    async fn residents(
        &self,
        communes: &[CommuneCode],
        at: At,
        page: Page,
    ) -> Result<Vec<Resident>, StoreError> {
        self.store.residents(communes, at, page).await
    }

    async fn sealed_history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError> {
        self.store.sealed_history(number).await
    }

    async fn apply(&self, batch: LoadBatch) -> Result<LoadOutcome, StoreError> {
        if self.calls.fetch_add(1, Ordering::Relaxed) != self.fails_at {
            return self.store.apply(batch).await;
        }
        if self.after_commit {
            self.store.apply(batch).await?;
        }
        Err(StoreError::Full { file: PathBuf::from("register.db") })
    }

    async fn load_progress(&self, file: FileDigest) -> Result<Option<LoadProgress>, StoreError> {
        self.store.load_progress(file).await
    }

    async fn rejects(
        &self,
        file: FileDigest,
        after: u64,
        length_max: usize,
    ) -> Result<Vec<Reject>, StoreError> {
        self.store.rejects(file, after, length_max).await
    }

    async fn numbers(
        &self,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> Result<Vec<PersonalNumber>, StoreError> {
        self.store.numbers(after, length_max).await
    }

    async fn count_persons(&self) -> Result<u64, StoreError> {
        self.store.count_persons().await
    }
}

/// The rows of a rejects file without its header. A short reader of our own writer's output: no field of these
/// tests holds a line break.
pub(super) fn rejected_rows(path: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("the file is there");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("line,field,code,message_vi,message_en,row"));
    let mut fields = dancu_register::csv::Fields::default();
    lines
        .map(|line| {
            dancu_register::csv::split(line.as_bytes(), &mut fields).expect("a row");
            fields.iter(line.as_bytes()).map(str::to_owned).collect()
        })
        .collect()
}
