//! Persons and changes as a desk shows them.

use super::{office::Office, task::Named};
use crate::{
    Problem,
    pages::{grouped, record, timeline::Stretch},
    views::{Page, Words},
};
use dancu_changes::{Finding, FindingKind};
use dancu_core::{PartialDate, PersonalNumber, Sex};
use dancu_exchange::{ShownPerson, residence_line};
use dancu_register::{Change, Fact, Life, MaritalStatus, Person};
use jiff::civil::Date;
use serde::Serialize;
use std::fmt::Display;

/// Persons of one event whose changes are shown.
const PERSONS_MAX: usize = 20;

/// A person whose matter is in hand.
#[derive(Serialize)]
pub(super) struct PersonView {
    pub role: Option<Words>,
    /// Whether the register named them, not the officer.
    pub is_implied: bool,
    pub number: String,
    pub is_held: bool,
    pub name: Option<String>,
    pub sex: Option<Words>,
    pub birth_date: Option<PartialDate>,
    pub life: Option<Words>,
    pub is_alive: bool,
    pub marital_status: Option<Words>,
    pub spouse: Option<String>,
    pub residence: Option<String>,
    pub household: Option<String>,
    pub relation: Option<Words>,
    pub receipt_index: u64,
}

impl PersonView {
    pub fn of(shown: &ShownPerson) -> Self {
        let person = shown.person.as_ref();
        let identity = person.and_then(Person::identity);
        let home = person.and_then(Person::residence);
        let family = person.and_then(Person::family);
        let permanent = home.and_then(|home| {
            Some(residence_line(home.permanent_address.as_deref(), home.permanent_commune?))
        });
        let life = person.map(Person::life);
        Self {
            role: None,
            is_implied: false,
            number: grouped(shown.number),
            is_held: identity.is_some(),
            name: identity.map(|identity| identity.name.as_str().to_owned()),
            sex: identity.map(|identity| sex_words(identity.sex)),
            birth_date: identity.map(|identity| identity.birth_date),
            is_alive: matches!(life, Some(Life::Alive)),
            life: life.filter(|_| identity.is_some()).map(life_words),
            marital_status: family.and_then(|family| family.marital_status).map(marital_words),
            spouse: family.and_then(|family| family.spouse).map(grouped),
            residence: permanent,
            household: home.and_then(|home| home.household.as_ref()).map(ToString::to_string),
            relation: home.and_then(|home| home.relation_to_head).map(record::relation_words),
            receipt_index: shown.receipt_index,
        }
    }

    pub fn named(named: &Named) -> Self {
        Self { role: Some(named.label.into()), is_implied: named.is_implied, ..Self::of(&named.shown) }
    }
}

fn sex_words(sex: Sex) -> Words {
    match sex {
        Sex::Male => ("Nam", "Male"),
        Sex::Female => ("Nữ", "Female"),
    }
    .into()
}

fn life_words(life: Life) -> Words {
    match life {
        Life::Alive => ("Còn sống", "Alive"),
        Life::Dead { .. } => ("Đã mất", "Dead"),
        Life::Missing { .. } => ("Mất tích", "Missing"),
    }
    .into()
}

fn marital_words(status: MaritalStatus) -> Words {
    let english = match status {
        MaritalStatus::Single => "Single",
        MaritalStatus::Married => "Married",
        MaritalStatus::Divorced => "Divorced",
        MaritalStatus::Widowed => "Widowed",
    };
    (status.vietnamese(), english).into()
}

/// What changes of one person.
#[derive(Serialize)]
pub(super) struct PersonChanges {
    pub number: Option<String>,
    pub name: Option<String>,
    pub groups: Vec<Stretch>,
}

/// What writes say anew: what stands again for fewer days keeps its old source.
fn new_facts<'c>(changes: &'c [Change], source: &'c str) -> impl Iterator<Item = &'c Fact> {
    changes.iter().filter_map(move |change| match change {
        Change::Insert(fact) if *fact.source == *source => Some(fact),
        _ => None,
    })
}

/// What a command would change, person by person. Whoever is concerned without being named is looked at first.
pub(super) async fn foreseen(
    office: &Office<'_>,
    changes: &[(PersonalNumber, Vec<Change>)],
    issued: Option<PersonalNumber>,
    source: &str,
    matter: &impl Display,
) -> Result<Vec<PersonChanges>, Problem> {
    let mut views = Vec::new();
    for (number, writes) in changes.iter().take(PERSONS_MAX) {
        let groups: Vec<Stretch> = new_facts(writes, source).map(Stretch::of).collect();
        if groups.is_empty() {
            continue;
        }
        // A number that is about to be issued is nobody's yet, and another one is drawn when it is.
        let is_new = issued == Some(*number);
        let name = if is_new { None } else { name_of(&*office.look(*number, matter).await?) };
        views.push(PersonChanges { number: (!is_new).then(|| grouped(*number)), name, groups });
    }
    Ok(views)
}

/// The name that was shown.
pub(super) fn name_of(shown: &ShownPerson) -> Option<String> {
    let identity = shown.person.as_ref().and_then(Person::identity)?;
    Some(identity.name.as_str().to_owned())
}

/// A finding in words.
#[derive(Serialize)]
pub(super) struct FindingView {
    pub kind: FindingKind,
    pub text: Words,
    pub due: Date,
    pub days_late: Option<u32>,
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        Self {
            kind: finding.kind,
            text: finding_words(finding.kind),
            due: finding.due,
            days_late: finding.days_late,
        }
    }
}

fn finding_words(kind: FindingKind) -> Words {
    match kind {
        FindingKind::LateBirthRegistration => ("Đăng ký khai sinh quá hạn", "Birth registered late"),
        FindingKind::LateDeathRegistration => ("Đăng ký khai tử quá hạn", "Death registered late"),
        FindingKind::SameChildTwice => {
            ("Có thể trùng một trẻ đã đăng ký", "May be a child registered before")
        }
        FindingKind::SexContradictsNumber => ("Giới tính không hợp với số", "Sex contradicts the number"),
        FindingKind::BirthYearContradictsNumber => {
            ("Năm sinh không hợp với số", "Birth year contradicts the number")
        }
        FindingKind::ParentAgeImpossible => ("Tuổi cha mẹ không hợp lý", "A parent's age is impossible"),
        FindingKind::ParentSexMismatch => ("Giới tính không hợp với cha, mẹ", "A parent's sex does not fit"),
        FindingKind::CyclicFamily => ("Quan hệ huyết thống khép vòng", "Someone is their own ancestor"),
        FindingKind::SpouseMismatch => ("Vợ chồng ghi không khớp", "Spouses do not agree"),
        FindingKind::TwoCommunes => ("Hai xã cùng ghi thường trú", "Two communes claim the residence"),
        FindingKind::TwoHeads => ("Hộ có hai chủ hộ", "A household has two heads"),
        FindingKind::NoHead => ("Hộ chưa có chủ hộ", "A household has no head"),
        FindingKind::EventAfterDeath => ("Sự kiện sau khi mất", "Something happened after death"),
        FindingKind::PlaceholderBirthDate => {
            ("Ngày 01/01 có thể là ngày ước", "1 January may stand for an unknown day")
        }
        FindingKind::UnknownCommune => ("Mã xã không có", "A commune code is unknown"),
        FindingKind::FileContradictsEvent => ("Tệp nạp trái với sự kiện", "A file contradicts an event"),
    }
    .into()
}

/// Facts of one instant and source, as an event wrote them.
pub(super) fn written_by<'f>(
    history: &'f [Fact],
    recorded_at: jiff::Timestamp,
    source: &'f str,
) -> impl Iterator<Item = &'f Fact> {
    history.iter().filter(move |fact| fact.recorded_from == recorded_at && *fact.source == *source)
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "templates pass references")]
impl Page {
    /// A stretch of days in words.
    pub(in crate::pages) fn days(&self, from: &Date, to: &Option<Date>) -> String {
        let from = self.day(from);
        match to {
            Some(to) => format!(
                "{} {from} {} {}",
                self.t("từ", "from"),
                self.t("đến trước", "to before"),
                self.day(to)
            ),
            None => format!("{} {from}", self.t("từ", "from")),
        }
    }
}
