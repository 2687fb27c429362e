//! What an officer types, and the inputs of a form. Everything is text until it is read; what cannot be read comes back
//! beside its field as it was typed.

use crate::views::{PageProblem, Words};
use dancu_changes::{Evidence, EvidenceKind};
use dancu_core::{CommuneCode, Explain, Explanation, PartialDate, PersonalNumber, fold};
use dancu_places::Places;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The fields of a form by name.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub(in crate::pages) struct Typed(BTreeMap<String, String>);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// Something is wrong with one field, or, without a field, with the whole.
#[derive(Debug, Clone)]
pub(in crate::pages) struct Fault {
    pub field: Option<String>,
    pub said: Explanation,
}

pub(in crate::pages) type Read<T> = Result<T, Fault>;

impl Fault {
    pub fn at(field: &str, said: Explanation) -> Self {
        Self { field: Some(field.to_owned()), said }
    }

    /// A field is empty that has to be filled.
    pub fn missing(field: &str) -> Self {
        Self::at(
            field,
            Explanation::new(
                "DANCU-WEB-060",
                "Trường này còn trống. Hãy điền vào.",
                "This field is empty. Fill it in.",
            ),
        )
    }

    fn commune(field: &str) -> Self {
        Self::at(
            field,
            Explanation::new(
                "DANCU-WEB-061",
                "Không có đúng một xã, phường mang tên hoặc mã này. Hãy nhập mã 5 số, hoặc tên kèm tỉnh.",
                "Not exactly one commune has this name or code. Type its five digits, or its name with the province.",
            ),
        )
    }

    fn day(field: &str) -> Self {
        Self::at(
            field,
            Explanation::new(
                "DANCU-WEB-062",
                "Ngày này không có trong lịch. Hãy nhập ngày/tháng/năm.",
                "There is no such day. Type day/month/year.",
            ),
        )
    }
}

impl Typed {
    /// What stands in a field, without blanks around it; empty when nothing does.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    pub fn is_empty(&self, name: &str) -> bool {
        self.text(name).is_empty()
    }

    /// Whether a box is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    #[cfg(test)]
    pub fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }

    /// Everything that was typed, in the order of the names.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.trim()))
    }

    /// A text that has to be there.
    pub fn needed(&self, name: &str) -> Read<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty()).ok_or_else(|| Fault::missing(name))
    }

    /// A value of a type that explains what is wrong with it.
    pub fn parsed<T: FromStr<Err: Explain>>(&self, name: &str) -> Read<T> {
        self.needed(name)?.parse().map_err(|error: T::Err| Fault::at(name, error.explain()))
    }

    /// A day as browsers send it or as people write it.
    pub fn day(&self, name: &str) -> Read<Date> {
        let text = self.needed(name)?;
        let read: Option<PartialDate> = text.parse().ok();
        read.and_then(PartialDate::whole).ok_or_else(|| Fault::day(name))
    }

    pub fn maybe_day(&self, name: &str) -> Read<Option<Date>> {
        if self.is_empty(name) { Ok(None) } else { self.day(name).map(Some) }
    }

    /// A commune of today by its code, its name, or its name with the province.
    pub fn commune(&self, name: &str) -> Read<CommuneCode> {
        let text = self.needed(name)?;
        if let Ok(code) = text.parse() {
            return if Places::national().is_known(code) { Ok(code) } else { Err(Fault::commune(name)) };
        }
        let wanted = plain(text);
        let places = Places::national();
        let is_named = |code: &CommuneCode| {
            let whole = places.describe(*code).map(|line| plain(&line)).unwrap_or_default();
            // Who says what the unit is means just that: a ward and a commune may share a name.
            let line = if without_kind(&wanted) == wanted { without_kind(&whole) } else { &whole };
            line.strip_prefix(&*wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let mut named = places.communes().iter().map(|commune| commune.code).filter(is_named);
        match (named.next(), named.next()) {
            (Some(code), None) => Ok(code),
            _ => Err(Fault::commune(name)),
        }
    }

    pub fn maybe_commune(&self, name: &str) -> Read<Option<CommuneCode>> {
        if self.is_empty(name) { Ok(None) } else { self.commune(name).map(Some) }
    }

    /// Personal numbers, one a line; the groups that cards print may stand apart.
    pub fn numbers(&self, name: &str) -> Read<Vec<PersonalNumber>> {
        let lines = self.text(name).split(['\n', ',', ';']).map(str::trim).filter(|line| !line.is_empty());
        let mut numbers = Vec::new();
        for line in lines {
            let digits: String = line.split_whitespace().collect();
            let number =
                digits.parse().map_err(|error: dancu_core::NumberError| Fault::at(name, error.explain()))?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        Ok(numbers)
    }

    /// The papers of the form.
    pub fn papers(&self) -> Read<Vec<Evidence>> {
        let mut papers = Vec::new();
        for place in 1..=PAPERS {
            let [kind, reference, issued] = paper_names(place);
            if self.is_empty(&reference) {
                continue;
            }
            let known = EVIDENCE_KINDS.iter().find(|(word, ..)| *word == self.text(&kind));
            let Some((_, _, _, found)) = known else { return Err(Fault::missing(&kind)) };
            papers.push(Evidence {
                kind: *found,
                reference: self.text(&reference).to_owned(),
                issued_on: self.maybe_day(&issued)?,
                sha256: None,
            });
        }
        Ok(papers)
    }
}

/// Folded and without commas: people write `Ba Đình, Hà Nội` at will.
fn plain(text: &str) -> String {
    fold(&text.replace(',', " "))
}

/// Without what a unit is: `ba dinh thanh pho ha noi`.
fn without_kind(plain: &str) -> &str {
    ["phuong ", "xa ", "dac khu "].into_iter().find_map(|kind| plain.strip_prefix(kind)).unwrap_or(plain)
}

/// Papers that a form has room for.
pub(super) const PAPERS: usize = 3;

/// The names of the fields of one paper: kind, reference, day of issue.
pub(super) fn paper_names(place: usize) -> [String; 3] {
    ["kind", "reference", "issued"].map(|part| format!("paper_{place}_{part}"))
}

type KindRow = (&'static str, &'static str, &'static str, EvidenceKind);

/// Kinds of papers: the API's word, Vietnamese, English.
pub(in crate::pages) const EVIDENCE_KINDS: [KindRow; 12] = [
    ("birth_notice", "Giấy chứng sinh", "Notice of birth", EvidenceKind::BirthNotice),
    (
        "witness_statement",
        "Văn bản của người làm chứng",
        "Statement with a witness",
        EvidenceKind::WitnessStatement,
    ),
    ("death_notice", "Giấy báo tử", "Notice of death", EvidenceKind::DeathNotice),
    ("judgment", "Bản án, quyết định của tòa án", "Judgment of a court", EvidenceKind::Judgment),
    ("decision", "Quyết định của cơ quan khác", "Decision of another authority", EvidenceKind::Decision),
    ("civil_status_paper", "Giấy tờ hộ tịch", "Civil-status paper", EvidenceKind::CivilStatusPaper),
    (
        "marital_status_paper",
        "Giấy xác nhận tình trạng hôn nhân",
        "Paper on marital status",
        EvidenceKind::MaritalStatusPaper,
    ),
    ("consent", "Văn bản đồng ý", "Consent", EvidenceKind::Consent),
    ("dwelling_paper", "Giấy tờ về chỗ ở hợp pháp", "Proof of the dwelling", EvidenceKind::DwellingPaper),
    ("identity_paper", "Giấy tờ tùy thân", "Identity paper", EvidenceKind::IdentityPaper),
    ("expertise", "Kết luận giám định", "Result of an expertise", EvidenceKind::Expertise),
    ("request", "Tờ khai, đơn đề nghị", "Signed form of request", EvidenceKind::Request),
];

/// The API's word of a kind of paper.
pub(in crate::pages) fn paper_word(kind: EvidenceKind) -> &'static str {
    EVIDENCE_KINDS.iter().find(|row| row.3 == kind).map_or("", |row| row.0)
}

/// What a kind of paper is called.
pub(in crate::pages) fn paper_words(kind: EvidenceKind) -> Words {
    let row = EVIDENCE_KINDS.iter().find(|row| row.3 == kind).unwrap_or(&EVIDENCE_KINDS[11]);
    (row.1, row.2).into()
}

/// How an input is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::pages) enum Shape {
    /// One line.
    Text,
    /// A personal number.
    Number,
    /// Personal numbers, one a line.
    Numbers,
    /// A day.
    Day,
    /// One of a list.
    Choice,
    /// Yes when ticked.
    Tick,
}

/// One of a list.
#[derive(Debug, Clone, Serialize)]
pub(in crate::pages) struct Choice {
    pub value: String,
    pub label: Words,
}

/// An input of a form.
#[derive(Debug, Clone, Serialize)]
pub(in crate::pages) struct Input {
    pub name: String,
    pub label: Words,
    pub hint: Option<Words>,
    pub shape: Shape,
    pub value: String,
    pub choices: Vec<Choice>,
    pub may_be_empty: bool,
    pub is_first: bool,
    pub problem: Option<PageProblem>,
}

impl Input {
    /// An input that has to be filled.
    pub fn new(name: impl Into<String>, shape: Shape, label: (&'static str, &'static str)) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: None,
            shape,
            value: String::new(),
            choices: Vec::new(),
            may_be_empty: false,
            is_first: false,
            problem: None,
        }
    }

    /// May stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.may_be_empty = true;
        self
    }

    /// With a sentence below its label.
    #[must_use]
    pub fn hint(mut self, vi: &'static str, en: &'static str) -> Self {
        self.hint = Some((vi, en).into());
        self
    }

    /// With what stands in it before anything is typed.
    #[must_use]
    pub fn starting(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// One of these.
    #[must_use]
    pub fn of<L: Into<Words>>(mut self, choices: impl IntoIterator<Item = (String, L)>) -> Self {
        let choice = |(value, label): (String, L)| Choice { value, label: label.into() };
        self.choices = choices.into_iter().map(choice).collect();
        self
    }

    /// Whether it is a box to tick.
    pub fn is_tick(&self) -> bool {
        self.shape == Shape::Tick
    }

    /// Whether it is a list to choose from.
    pub fn is_choice(&self) -> bool {
        self.shape == Shape::Choice
    }

    /// Whether it takes several numbers.
    pub fn is_numbers(&self) -> bool {
        self.shape == Shape::Numbers
    }

    /// Whether it takes one number.
    pub fn is_number(&self) -> bool {
        self.shape == Shape::Number
    }

    /// Whether it takes a day.
    pub fn is_day(&self) -> bool {
        self.shape == Shape::Day
    }

    /// What the summary says of it.
    pub fn said(&self) -> Words {
        match self.shape {
            Shape::Choice => {
                let chosen = self.choices.iter().find(|choice| choice.value == self.value);
                chosen.map_or_else(|| Words::same(""), |choice| choice.label.clone())
            }
            Shape::Tick if self.value == "yes" => ("Có", "Yes").into(),
            Shape::Tick => ("Không", "No").into(),
            _ => Words::same(self.value.clone()),
        }
    }
}

/// The inputs of the papers, the first ones set to the kinds that the task asks for.
pub(super) fn paper_inputs(asked: &[EvidenceKind]) -> Vec<Input> {
    let mut inputs = Vec::new();
    for place in 1..=PAPERS {
        let [kind, reference, issued] = paper_names(place);
        let choices = EVIDENCE_KINDS.iter().map(|(word, vi, en, _)| ((*word).to_owned(), (*vi, *en)));
        let first = asked.get(place - 1).copied().unwrap_or(EvidenceKind::Request);
        let label = |vi: &str, en: &str| Words::from((format!("{vi} {place}"), format!("{en} {place}")));
        let kinds = Input::new(kind, Shape::Choice, ("", "")).of(choices).starting(paper_word(first));
        inputs.push(Input { label: label("Loại giấy tờ", "Kind of paper"), ..kinds });
        let number = Input::new(reference, Shape::Text, ("", "")).optional();
        inputs.push(Input { label: label("Số hiệu giấy tờ", "Number of paper"), ..number });
        let day = Input::new(issued, Shape::Day, ("", "")).optional();
        inputs.push(Input { label: label("Ngày cấp giấy tờ", "Day of issue of paper"), ..day });
    }
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(name: &str, value: &str) -> Typed {
        let mut typed = Typed::default();
        typed.set(name, value.to_owned());
        typed
    }

    #[test]
    fn a_commune_is_found_by_code_or_name_and_a_doubtful_one_is_asked_again() {
        let ba_dinh: CommuneCode = "00004".parse().unwrap();
        for text in
            ["00004", "Phường Ba Đình, Thành phố Hà Nội", " ba dinh  thanh pho ha noi ", "Phường Ba Đình"]
        {
            assert!(typed("place", text).commune("place").ok() == Some(ba_dinh), "{text}");
        }
        for text in ["", "99998", "Không Đâu Cả", "Tân", "Ba Đình"] {
            assert!(typed("place", text).commune("place").is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_stand_one_a_line_in_groups_and_once() {
        let two = typed("numbers", "001 090 000 017\n001192000022, 001090000017").numbers("numbers");
        assert_eq!(two.unwrap().len(), 2);
        let fault = typed("numbers", "12").numbers("numbers").unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("numbers"));
    }

    #[test]
    fn a_day_is_read_as_browsers_and_as_people_write_it() {
        for text in ["2026-11-02", "02/11/2026"] {
            assert!(typed("on", text).day("on").is_ok_and(|day| day.month() == 11), "{text}");
        }
        for text in ["31/02/2026", "2026", "x", ""] {
            assert!(typed("on", text).day("on").is_err(), "{text}");
        }
    }

    #[test]
    fn every_kind_of_paper_has_its_word() {
        for (word, _, _, kind) in EVIDENCE_KINDS {
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
    }
}
