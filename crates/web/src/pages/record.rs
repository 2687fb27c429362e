//! What the register holds of a person, in plain words: for that person's own eyes.

use crate::views::{Page, Words};
use dancu_cards::standing;
use dancu_changes::Command;
use dancu_core::{CommuneCode, PartialDate, PersonName, Sex};
use dancu_exchange::residence_line;
use dancu_places::Places;
use dancu_register::{
    Absence, At, Card, Contact, Fact, FactKind, FactValue, Family, Identity, Life, MaritalStatus,
    NumberState, Relation, Residence, Shared,
};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

/// The facts of one kind, with since when they hold and where they come from.
#[derive(Serialize)]
pub(super) struct FactGroup {
    pub kind: &'static str,
    pub title: Words,
    pub since: Date,
    pub recorded: Timestamp,
    pub source: String,
    pub source_words: Words,
    pub facts: Vec<FactLine>,
}

#[derive(Serialize)]
pub(super) struct FactLine {
    pub label: Words,
    pub value: Value,
}

/// A value that is written in the page's language.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    Words(Words),
    Date(PartialDate),
}

impl Page {
    pub(super) fn value(&self, value: &Value) -> String {
        match value {
            Value::Words(words) => self.say(words).to_owned(),
            Value::Date(date) => self.partial(date),
        }
    }
}

/// Every fact that holds at a point of time, in the order of the kinds.
pub(super) fn groups(history: &[Fact], at: At) -> Vec<FactGroup> {
    let holding = |kind: FactKind| {
        let facts = history.iter().filter(move |fact| fact.value.kind() == kind && at.sees(fact));
        facts.max_by_key(|fact| fact.recorded_from)
    };
    FactKind::ALL
        .into_iter()
        .filter_map(holding)
        .map(|fact| FactGroup {
            kind: fact.value.kind().as_str(),
            title: title(fact.value.kind()),
            since: fact.valid_from,
            recorded: fact.recorded_from,
            source: fact.source.to_string(),
            source_words: source_words(&fact.source),
            facts: lines(&fact.value, at.as_of),
        })
        .filter(|group| !group.facts.is_empty())
        .collect()
}

/// A load names its file, and the first digits of the file's hash; an event its command and the commune, e.g.
/// `register_birth:00004`.
pub(super) fn source_words(source: &str) -> Words {
    if let Some(file) = source.strip_prefix("load:") {
        let name = file.rsplit_once(':').map_or(file, |(name, _)| name);
        return (format!("tệp {name}"), format!("file {name}")).into();
    }
    let Some((word, office)) = source.split_once(':') else { return Words::same(source.to_owned()) };
    let Some((vi, en)) = Command::title_of(word) else { return Words::same(source.to_owned()) };
    let commune = office.parse().ok().and_then(|code| Places::national().describe(code));
    match commune {
        Some(commune) => (format!("{vi}, {commune}"), format!("{en}, {commune}")),
        None => (format!("{vi}, trung tâm"), format!("{en}, the centre")),
    }
    .into()
}

/// What happened, as far as the source of its facts says it.
pub(super) fn title_of_source(source: &str) -> Words {
    let word = source.split(':').next().unwrap_or_default();
    Command::title_of(word).unwrap_or(("Nạp từ tệp dữ liệu", "Loaded from a file")).into()
}

/// What a kind of facts is called.
pub(super) fn title(kind: FactKind) -> Words {
    match kind {
        FactKind::Identity => ("Nhân thân", "Identity"),
        FactKind::Family => ("Gia đình", "Family"),
        FactKind::Residence => ("Nơi ở", "Residence"),
        FactKind::Card => ("Thẻ căn cước", "Citizen card"),
        FactKind::Contact => ("Liên hệ", "Contact"),
        FactKind::Life => ("Tình trạng", "Life status"),
        FactKind::OtherName => ("Tên gọi khác", "Other name"),
        FactKind::Absence => ("Tạm vắng", "Temporary absence"),
        FactKind::CurrentPlace => ("Nơi ở hiện tại", "Current place"),
        FactKind::Representation => ("Người đại diện", "Representatives"),
        FactKind::Number => ("Số định danh", "Personal number"),
        FactKind::Shared => ("Thông tin được chia sẻ", "Shared information"),
        FactKind::Ethnicity => ("Dân tộc", "Ethnicity"),
        FactKind::Religion => ("Tôn giáo", "Religion"),
        FactKind::BloodGroup => ("Nhóm máu", "Blood group"),
        FactKind::Portrait => ("Ảnh chân dung", "Portrait"),
        FactKind::Fingerprints => ("Vân tay", "Fingerprints"),
    }
    .into()
}

/// A value line by line, as of a day.
pub(super) fn lines(value: &FactValue, today: Date) -> Vec<FactLine> {
    let found = match value {
        FactValue::Identity(identity) => identity_lines(identity),
        FactValue::Family(family) => family_lines(family),
        FactValue::Residence(residence) => residence_lines(residence, today),
        FactValue::Card(card) => card_lines(card, today),
        FactValue::Contact(contact) => contact_lines(contact),
        FactValue::Life(life) => life_lines(*life),
        FactValue::OtherName(other) => {
            vec![text(("Tên gọi khác", "Other name"), other.name.as_ref().map(PersonName::as_str))]
        }
        FactValue::Absence(absence) => absence_lines(absence),
        FactValue::CurrentPlace(place) => {
            let line = place.commune.map(|code| residence_line(place.address.as_deref(), code));
            vec![text(("Nơi ở hiện tại", "Current place"), line)]
        }
        FactValue::Representation(representation) => {
            let label = ("Số định danh của người đại diện", "Representative's number");
            representation.representatives.iter().map(|number| text(label, Some(number))).collect()
        }
        FactValue::Number(state) => number_lines(*state),
        FactValue::Shared(shared) => shared_lines(shared),
        // Never part of a history; who may see them reads them another way.
        FactValue::Sealed(_) => Vec::new(),
    };
    found.into_iter().flatten().collect()
}

type Line = Option<FactLine>;

#[expect(clippy::unnecessary_wraps, reason = "a line among lines that may be missing")]
fn words(label: (&'static str, &'static str), value: impl Into<Words>) -> Line {
    Some(FactLine { label: label.into(), value: Value::Words(value.into()) })
}

fn text(label: (&'static str, &'static str), value: Option<impl ToString>) -> Line {
    words(label, Words::same(value?.to_string()))
}

fn date(label: (&'static str, &'static str), value: Option<impl Into<PartialDate>>) -> Line {
    Some(FactLine { label: label.into(), value: Value::Date(value?.into()) })
}

fn place(label: (&'static str, &'static str), code: Option<CommuneCode>) -> Line {
    let code = code?;
    text(label, Some(Places::national().describe(code).unwrap_or_else(|| code.to_string())))
}

fn identity_lines(identity: &Identity) -> Vec<Line> {
    let sex = match identity.sex {
        Sex::Male => ("Nam", "Male"),
        Sex::Female => ("Nữ", "Female"),
    };
    let nationality = match identity.nationality.as_str() {
        "VNM" => Words::from(("Việt Nam", "Viet Nam")),
        other => Words::same(other.to_owned()),
    };
    vec![
        text(("Họ và tên", "Name"), Some(identity.name.as_str())),
        words(("Giới tính", "Sex"), sex),
        date(("Ngày sinh", "Born"), Some(identity.birth_date)),
        place(("Nơi sinh", "Birth place"), identity.birth_place),
        place(("Nơi đăng ký khai sinh", "Birth registered in"), identity.registration_place),
        place(("Quê quán", "Place of origin"), identity.origin),
        words(("Quốc tịch", "Nationality"), nationality),
        text(("Số CMND 9 số", "Old number"), identity.old_number),
    ]
}

fn family_lines(family: &Family) -> Vec<Line> {
    let status = family.marital_status.map(|status| match status {
        MaritalStatus::Single => ("Chưa kết hôn", "Single"),
        MaritalStatus::Married => ("Đã kết hôn", "Married"),
        MaritalStatus::Divorced => ("Đã ly hôn", "Divorced"),
        MaritalStatus::Widowed => ("Góa", "Widowed"),
    });
    vec![
        status.and_then(|status| words(("Tình trạng hôn nhân", "Marital status"), status)),
        text(("Số định danh của cha", "Father's number"), family.father),
        text(("Số định danh của mẹ", "Mother's number"), family.mother),
        text(("Số định danh của vợ/chồng", "Spouse's number"), family.spouse),
    ]
}

fn residence_lines(residence: &Residence, today: Date) -> Vec<Line> {
    let permanent =
        residence.permanent_commune.map(|code| residence_line(residence.permanent_address.as_deref(), code));
    let temporary = residence.temporary_on(today);
    let temporary_line = temporary.map(|stay| residence_line(stay.address.as_deref(), stay.commune));
    vec![
        text(("Thường trú", "Permanent residence"), permanent),
        text(("Tạm trú", "Temporary residence"), temporary_line),
        date(("Tạm trú từ", "Temporary since"), temporary.and_then(|stay| stay.since)),
        text(("Hộ số", "Household"), residence.household.as_ref()),
        residence.relation_to_head.and_then(|relation| {
            words(("Quan hệ với chủ hộ", "Relation to the head"), relation_words(relation))
        }),
        text(("Số hồ sơ cư trú", "Residence file"), residence.file_number.as_ref()),
    ]
}

fn card_lines(card: &Card, today: Date) -> Vec<Line> {
    vec![
        words(("Hiệu lực hôm nay", "Standing today"), standing(Some(card), today).words()),
        date(("Ngày cấp", "Issued"), card.issued),
        match card.expires {
            Some(last) => date(("Có giá trị đến", "Last day"), Some(last)),
            None => words(("Có giá trị đến", "Last day"), ("Không thời hạn", "Without expiry")),
        },
        text(("Nơi cấp", "Issued by"), card.issued_by.as_ref()),
    ]
}

fn contact_lines(contact: &Contact) -> Vec<Line> {
    vec![
        text(("Điện thoại", "Telephone"), contact.phone.as_deref()),
        text(("Thư điện tử", "E-mail"), contact.email.as_deref()),
    ]
}

fn life_lines(life: Life) -> Vec<Line> {
    let label = ("Tình trạng", "Life status");
    match life {
        Life::Alive => vec![words(label, ("Còn sống", "Alive"))],
        Life::Dead { date: day } => vec![words(label, ("Đã mất", "Dead")), date(("Ngày mất", "Died"), day)],
        Life::Missing { since } => {
            vec![words(label, ("Mất tích", "Missing")), date(("Từ ngày", "Since"), since)]
        }
    }
}

fn absence_lines(absence: &Absence) -> Vec<Line> {
    let state = if absence.is_away { ("Tạm vắng", "Away") } else { ("Đã trở về", "Returned") };
    vec![words(("Tình trạng", "State"), state), text(("Lý do", "Reason"), absence.reason.as_ref())]
}

fn number_lines(state: NumberState) -> Vec<Line> {
    let label = ("Tình trạng", "State");
    match state {
        NumberState::InUse => vec![words(label, ("Đang dùng", "In use"))],
        NumberState::Cancelled => vec![words(label, ("Đã hủy", "Cancelled"))],
        NumberState::ReplacedBy(other) => {
            vec![
                words(label, ("Đã được thay thế", "Replaced")),
                text(("Số thay thế", "New number"), Some(other)),
            ]
        }
        NumberState::InPlaceOf(other) => {
            vec![words(label, ("Đang dùng", "In use")), text(("Số trước đây", "Former number"), Some(other))]
        }
    }
}

fn shared_lines(shared: &Shared) -> Vec<Line> {
    let line = |(code, value): &(String, String)| {
        let value = Value::Words(Words::same(value.clone()));
        Some(FactLine { label: Words::same(code.clone()), value })
    };
    shared.items.iter().map(line).collect()
}

/// What a member of a household is to its head.
pub(super) fn relation_words(relation: Relation) -> Words {
    let english = match relation {
        Relation::Head => "Head",
        Relation::Spouse => "Husband or wife",
        Relation::Child => "Child",
        Relation::Parent => "Parent",
        Relation::Grandchild => "Grandchild",
        Relation::Sibling => "Brother or sister",
        Relation::Other => "Other",
    };
    (relation.vietnamese(), english).into()
}
