//! Something odd that was found in the register, with who has to look into it and how far that is.

use crate::{CommandId, Oddity, service::name_based};
use dancu_core::{CommuneCode, PersonalNumber, today_in_viet_nam};
use dancu_register::FactValue;
use jiff::{Span, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies a finding: derived from its kind, persons and day, so that the same is found once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(pub Uuid);

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for FindingId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// Persons that one finding names at most.
const PERSONS_MAX: usize = 20;
/// Days within which a finding is to be settled: an aim of ours, no legal value.
const SETTLE_DAYS: i64 = 15;

impl FindingId {
    /// The same oddity of the same persons has the same identifier, whoever finds it and however often. The persons are
    /// ascending.
    pub fn of(kind: FindingKind, persons: &[PersonalNumber]) -> Self {
        let kind = serde_json::to_string(&kind).expect("a word");
        let numbers: Vec<String> = persons.iter().map(ToString::to_string).collect();
        Self(name_based(&format!("{kind}:{}", numbers.join(","))))
    }
}

impl Finding {
    /// An oddity as it is recorded, by the event that brought it about or by a scan.
    pub fn found(oddity: &Oddity, event: Option<CommandId>, found_at: Timestamp) -> Self {
        let mut persons = oddity.persons.clone();
        persons.sort_unstable();
        persons.dedup();
        persons.truncate(PERSONS_MAX);
        Self {
            id: FindingId::of(oddity.kind, &persons),
            kind: oddity.kind,
            persons,
            event,
            owner: oddity.owner,
            state: FindingState::Open,
            found_at,
            due: today_in_viet_nam(found_at).saturating_add(Span::new().days(SETTLE_DAYS)),
            days_late: oddity.days_late,
            statement: None,
            moves: Vec::new(),
        }
    }

    /// What a row of a file says against an event. The same statement of the same person is one finding, in whatever file
    /// and however often it comes; another statement is another one. The centre looks into it: it loaded the file.
    pub fn of_file(row: FileRow<'_>, stated: &FactValue, found_at: Timestamp) -> Self {
        let FileRow { number, source, line } = row;
        let (kind, fact) = (FindingKind::FileContradictsEvent, stated.kind().as_str().to_owned());
        let mut value = Vec::new();
        stated.encode(&mut value);
        let value = String::from_utf8_lossy(&value);
        Self {
            id: FindingId(name_based(&format!("{}:{number}:{fact}:{value}", kind.as_str()))),
            statement: Some(FileStatement { source: source.to_owned(), line, fact }),
            ..Self::found(
                &Oddity { kind, persons: vec![number], owner: None, days_late: None },
                None,
                found_at,
            )
        }
    }

    /// The finding opened again, because what was resolved is still there; `None` when it needs nothing: it is open, or
    /// somebody looked at it and dismissed it.
    pub fn found_again(mut self, at: Timestamp, by: &str) -> Option<Self> {
        if self.state != FindingState::Resolved {
            return None;
        }
        let step = FindingMove { to: FindingState::Open, at, by: by.to_owned(), note: String::new() };
        self.moves.push(step);
        self.state = FindingState::Open;
        Some(self)
    }

    /// Whether it should have been settled by now.
    pub fn is_overdue(&self, today: Date) -> bool {
        !self.state.is_final() && self.due < today
    }
}

impl FindingState {
    /// Every state in its order.
    pub const ALL: [Self; 4] = [Self::Open, Self::InHand, Self::Resolved, Self::Dismissed];

    /// Whether nothing more is to be done.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Resolved | Self::Dismissed)
    }

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InHand => "in_hand",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }

    /// Words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("Chưa xử lý", "Open"),
            Self::InHand => ("Đang xử lý", "In hand"),
            Self::Resolved => ("Đã xử lý", "Resolved"),
            Self::Dismissed => ("Không phải lỗi", "Dismissed"),
        }
    }
}

macro_rules! kinds {
    ($($name:ident = $word:literal $vi:literal $en:literal,)*) => {
        impl FindingKind {
            /// Every kind in its order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Words on a page, Vietnamese and English.
            pub const fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($vi, $en),)* }
            }
        }
    };
}

kinds! {
    LateBirthRegistration = "late_birth_registration" "Đăng ký khai sinh quá hạn" "Birth registered late",
    LateDeathRegistration = "late_death_registration" "Đăng ký khai tử quá hạn" "Death registered late",
    SameChildTwice = "same_child_twice" "Có thể một người được đăng ký hai lần" "Perhaps one child, registered twice",
    SexContradictsNumber = "sex_contradicts_number" "Giới tính khác với số định danh" "Sex contradicts the number",
    BirthYearContradictsNumber = "birth_year_contradicts_number" "Năm sinh khác với số định danh" "Birth year contradicts the number",
    ParentAgeImpossible = "parent_age_impossible" "Tuổi hoặc ngày mất của cha, mẹ không hợp lý" "A parent's age or death is impossible",
    ParentSexMismatch = "parent_sex_mismatch" "Giới tính không hợp với cha hoặc mẹ" "A father registered as a woman, or a mother as a man",
    CyclicFamily = "cyclic_family" "Quan hệ cha mẹ đi vòng" "Somebody is their own ancestor",
    SpouseMismatch = "spouse_mismatch" "Vợ, chồng không khớp nhau" "Spouses are named differently",
    TwoCommunes = "two_communes" "Hai nơi cùng nhận thường trú" "Two communes claim one person",
    TwoHeads = "two_heads" "Hộ có hai chủ hộ" "A household with two heads",
    NoHead = "no_head" "Hộ không có chủ hộ" "A household without a head",
    EventAfterDeath = "event_after_death" "Có sự kiện sau ngày mất" "Something happened after death",
    PlaceholderBirthDate = "placeholder_birth_date" "Ngày sinh 01/01 có thể là không rõ" "A 1 January that may stand for an unknown day",
    UnknownCommune = "unknown_commune" "Mã xã, phường không tồn tại" "A code that no commune bore",
    FileContradictsEvent = "file_contradicts_event" "Tệp nạp trái với sự kiện đã đăng ký; sự kiện được giữ" "A file contradicts a registered event; the event stands",
}

impl FromStr for FindingKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(())
    }
}

impl FromStr for FindingState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// What is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A birth was registered later than the law sets (60 days).
    LateBirthRegistration,
    /// A death was registered later than the law sets (15 days).
    LateDeathRegistration,
    /// Two persons look like the same child, registered twice.
    SameChildTwice,
    /// The number was issued for the other sex.
    SexContradictsNumber,
    /// The number was issued for another birth year.
    BirthYearContradictsNumber,
    /// A parent was too young, too old or dead when the child was born.
    ParentAgeImpossible,
    /// A father is registered as a woman, or a mother as a man.
    ParentSexMismatch,
    /// A person is their own ancestor.
    CyclicFamily,
    /// Two persons name each other's spouse differently, or are named as spouses and as unmarried at once.
    SpouseMismatch,
    /// Two communes claim the person's permanent residence.
    TwoCommunes,
    /// A household has two heads.
    TwoHeads,
    /// A household has members and no head.
    NoHead,
    /// Something happened to a person after death.
    EventAfterDeath,
    /// A birth date is a 1 January that looks like an unknown day.
    PlaceholderBirthDate,
    /// A code of a commune that no unit bore on that day.
    UnknownCommune,
    /// A file says something else than an event established; the event stands.
    FileContradictsEvent,
}

/// How far a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Nobody looked at it.
    Open,
    /// Somebody does.
    InHand,
    /// The register was set right.
    Resolved,
    /// All is as it should be.
    Dismissed,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Identifier.
    pub id: FindingId,
    /// What is odd.
    pub kind: FindingKind,
    /// The persons whose rows show it, ascending, at most 20.
    pub persons: Vec<PersonalNumber>,
    /// The event that brought it about.
    #[serde(default)]
    pub event: Option<CommandId>,
    /// The commune that has to look into it; `None` for the centre.
    pub owner: Option<CommuneCode>,
    /// How far it is.
    pub state: FindingState,
    /// When it was found.
    pub found_at: Timestamp,
    /// The last day to settle it.
    pub due: Date,
    /// Days late, for late registrations.
    #[serde(default)]
    pub days_late: Option<u32>,
    /// The statement of a file, when that is what is odd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<FileStatement>,
    /// Steps taken, the oldest first.
    pub moves: Vec<FindingMove>,
}

/// Where a file says it. The value stays in the file: the register does not hold what it does not believe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileStatement {
    /// The file, as facts name it: `load:people.csv:1f0c62a5b3d8`.
    pub source: String,
    /// The first line of the row, from 1.
    pub line: u64,
    /// The kind of fact, in the word of the API.
    pub fact: String,
}

/// A row of a file.
#[derive(Debug, Clone, Copy)]
pub struct FileRow<'a> {
    /// Of whom it speaks.
    pub number: PersonalNumber,
    /// The file, as facts name it.
    pub source: &'a str,
    /// Its first line.
    pub line: u64,
}

/// Who opens a finding again when a file says the same once more.
pub const LOADER: &str = "load";

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingMove {
    /// To what.
    pub to: FindingState,
    /// When.
    pub at: Timestamp,
    /// By whom: a staff identifier.
    pub by: String,
    /// Why, without personal data, at most 500 characters.
    pub note: String,
}

/// Which findings a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FindingFilter {
    /// Of one commune; all when left out.
    pub owner: Option<CommuneCode>,
    /// In one state; all when left out.
    pub state: Option<FindingState>,
    /// Of one kind; all when left out.
    pub kind: Option<FindingKind>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_stored_json() {
        for kind in FindingKind::ALL {
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{}\"", kind.as_str()));
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        for state in FindingState::ALL {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.as_str()));
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("lost".parse::<FindingState>(), Err(()));
    }

    #[test]
    fn an_oddity_found_twice_is_one_finding() {
        let persons: Vec<PersonalNumber> =
            ["001085000002", "001085000001"].map(|text| text.parse().unwrap()).into();
        let oddity = |persons: Vec<PersonalNumber>| Oddity {
            kind: FindingKind::SpouseMismatch,
            persons,
            owner: None,
            days_late: None,
        };
        let at = Timestamp::UNIX_EPOCH;
        let first = Finding::found(&oddity(persons.clone()), None, at);
        let reversed = Finding::found(&oddity(persons.into_iter().rev().collect()), None, at);
        assert_eq!(first, reversed);
    }
}
