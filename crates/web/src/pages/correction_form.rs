//! The forms by which a citizen proposes a correction: what each field holds now, what it should hold, and the paper that
//! proves it. Everything is there that a correction may touch; what else changes a record is no correction.

use super::{
    desk::form::{Fault, Input, Read, Shape, Typed, paper_word, paper_words},
    record::{Value, title},
};
use crate::views::{PageProblem, Words};
use dancu_changes::{
    Address, Command, ContactChange, CurrentPlaceStatement, Evidence, EvidenceKind, IdentityChange,
    IdentityCorrection, IdentityFields, OtherNameStatement,
};
use dancu_core::{CommuneCode, Explain, PersonName, PersonalNumber, Sex};
use dancu_exchange::residence_line;
use dancu_places::Places;
use dancu_register::{FactKind, Identity, Person};
use jiff::civil::Date;
use serde::Serialize;
use std::str::FromStr;

/// A form with one button: what the commune decides as one.
#[derive(Serialize)]
pub(super) struct Section {
    /// What the form sends as `what`.
    pub what: &'static str,
    pub title: Words,
    pub hint: Words,
    pub fields: Vec<FieldForm>,
    /// From when it holds, where it is not from the beginning.
    pub on: Option<Input>,
}

/// One field: as it stands, as it should stand, and on what paper.
#[derive(Serialize)]
pub(super) struct FieldForm {
    pub label: Words,
    pub current: Option<Value>,
    pub inputs: Vec<Input>,
    /// Whether something stands in it, so that it is not folded away.
    pub is_filled: bool,
}

/// Papers on which a field is corrected; the first one is chosen beforehand.
const PAPERS: [EvidenceKind; 8] = [
    EvidenceKind::CivilStatusPaper,
    EvidenceKind::BirthNotice,
    EvidenceKind::IdentityPaper,
    EvidenceKind::Judgment,
    EvidenceKind::Decision,
    EvidenceKind::Expertise,
    EvidenceKind::DwellingPaper,
    EvidenceKind::Request,
];

/// The fields of each form, in their order: name in the form and in both languages.
type Field = (&'static str, (&'static str, &'static str));

const IDENTITY: [Field; 7] = [
    ("name", ("Họ, chữ đệm và tên", "Full name")),
    ("birth_date", ("Ngày sinh", "Birth date")),
    ("sex", ("Giới tính", "Sex")),
    ("birth_place", ("Nơi sinh", "Place of birth")),
    ("registration_place", ("Nơi đăng ký khai sinh", "Place of birth registration")),
    ("origin", ("Quê quán", "Place of origin")),
    ("old_number", ("Số CMND 9 số", "Old number, 9 digits")),
];
const CONTACT: [Field; 2] = [("phone", ("Điện thoại", "Telephone")), ("email", ("Thư điện tử", "E-mail"))];
const OTHER_NAME: [Field; 1] = [("other_name", ("Tên gọi khác", "Other name"))];
const CURRENT_PLACE: [Field; 2] = [
    ("place_commune", ("Xã, phường", "Commune")),
    ("place_line", ("Số nhà, đường, thôn", "House, street, hamlet")),
];

/// The forms for a person, with what was typed and what is wrong with it.
pub(super) fn sections(person: Option<&Person>, typed: &Typed, fault: Option<&Fault>) -> Vec<Section> {
    let all = Forms { person, typed, fault };
    vec![
        Section {
            what: "identity",
            title: ("Thông tin nhân thân", "Identity").into(),
            hint: (
                "Chỉ điền trường cần sửa. Cần giấy tờ chứng minh; cần thêm người thứ hai duyệt.",
                "Fill in only what is to be corrected. A paper is needed, and a second officer approves.",
            )
                .into(),
            fields: IDENTITY.map(|field| all.field(field)).into(),
            on: Some(all.input(
                Input::new("identity_on", Shape::Day, ("Nếu không phải ghi sai mà đã thay đổi: từ ngày", "If it was not wrong but has changed: from the day"))
                    .optional(),
            )),
        },
        Section {
            what: "contact",
            title: ("Liên hệ", "Contact").into(),
            hint: (
                "Sửa trường cần sửa. Xóa trống một trường nghĩa là không còn dùng.",
                "Change what is to be changed. A field that you empty says that there is none any more.",
            )
                .into(),
            fields: CONTACT.map(|field| all.field(field)).into(),
            on: None,
        },
        Section {
            what: "other_name",
            title: title(FactKind::OtherName),
            hint: (
                "Để trống tên nếu không còn dùng tên gọi khác.",
                "Leave the name empty when no other name is used any more.",
            )
                .into(),
            fields: OTHER_NAME.map(|field| all.field(field)).into(),
            on: Some(all.input(Input::new("other_name_on", Shape::Day, ("Từ ngày", "From the day")))),
        },
        Section {
            what: "current_place",
            title: title(FactKind::CurrentPlace),
            hint: (
                "Khi ở nơi khác nơi thường trú, tạm trú. Để trống cả hai khi đã về nơi đăng ký. Chuyển thường trú, tạm trú thì làm thủ tục cư trú tại xã, phường.",
                "When it is neither the permanent nor the temporary residence. Leave both empty when you are back there. A move is registered at the commune, not here.",
            )
                .into(),
            fields: CURRENT_PLACE.map(|field| all.field(field)).into(),
            on: Some(all.input(Input::new("place_on", Shape::Day, ("Từ ngày", "From the day")))),
        },
    ]
}

struct Forms<'a> {
    person: Option<&'a Person>,
    typed: &'a Typed,
    fault: Option<&'a Fault>,
}

impl Forms<'_> {
    fn field(&self, (name, label): Field) -> FieldForm {
        let shape = if name == "sex" { Shape::Choice } else { Shape::Text };
        let mut value = Input::new(name, shape, label).optional();
        value = match name {
            "sex" => value.of([("M".to_owned(), ("Nam", "Male")), ("F".to_owned(), ("Nữ", "Female"))]),
            "birth_date" => value.hint("Ngày/tháng/năm.", "Day/month/year."),
            "birth_place" | "registration_place" | "origin" | "place_commune" => {
                value.hint("Mã 5 số, hoặc tên kèm tỉnh.", "Five digits, or the name with the province.")
            }
            // Both are sent together: whoever gives an address must not lose the telephone by it.
            "phone" | "email" if self.typed.text("what") != "contact" => value.starting(self.contact(name)),
            _ => value,
        };
        let choices = PAPERS.map(|kind| (paper_word(kind).to_owned(), paper_words(kind)));
        let kind = Input::new(paper_name(name, "kind"), Shape::Choice, ("Loại giấy tờ", "Kind of paper"));
        let inputs = vec![
            value,
            kind.of(choices).starting(paper_word(PAPERS[0])),
            Input::new(
                paper_name(name, "reference"),
                Shape::Text,
                ("Số hiệu giấy tờ", "Number of the paper"),
            )
            .optional(),
            Input::new(paper_name(name, "issued"), Shape::Day, ("Ngày cấp", "Day of issue")).optional(),
        ];
        let inputs: Vec<Input> = inputs.into_iter().map(|input| self.input(input)).collect();
        let is_typed = [name, &paper_name(name, "reference")].iter().any(|name| !self.typed.is_empty(name));
        let is_filled = is_typed || inputs.iter().any(|input| input.problem.is_some());
        FieldForm { label: label.into(), current: self.current(name), inputs, is_filled }
    }

    /// An input as it was typed, with what is wrong with it.
    fn input(&self, mut input: Input) -> Input {
        if !self.typed.is_empty(&input.name) {
            input.value = self.typed.text(&input.name).to_owned();
        }
        if let Some(fault) = self.fault.filter(|fault| fault.field.as_deref() == Some(&*input.name)) {
            input.problem = Some(PageProblem::of(fault.said.clone()));
        }
        input
    }

    /// The telephone or address that is held; empty when there is none.
    fn contact(&self, name: &str) -> String {
        let held = self.person.and_then(Person::contact);
        let text =
            held.and_then(|held| if name == "phone" { held.phone.clone() } else { held.email.clone() });
        text.unwrap_or_default()
    }

    /// What the register holds today.
    fn current(&self, name: &str) -> Option<Value> {
        let person = self.person?;
        let identity = person.identity();
        let text = |text: Option<String>| text.map(|text| Value::Words(Words::same(text)));
        let commune = |code: Option<CommuneCode>| {
            text(code.map(|code| Places::national().describe(code).unwrap_or_else(|| code.to_string())))
        };
        let of = |read: fn(&Identity) -> Option<CommuneCode>| commune(identity.and_then(read));
        let place = person.current_place();
        match name {
            "name" => text(identity.map(|identity| identity.name.as_str().to_owned())),
            "birth_date" => identity.map(|identity| Value::Date(identity.birth_date)),
            "sex" => identity.map(|identity| Value::Words(sex_words(identity.sex))),
            "birth_place" => of(|identity| identity.birth_place),
            "registration_place" => of(|identity| identity.registration_place),
            "origin" => of(|identity| identity.origin),
            "old_number" => text(identity.and_then(|one| one.old_number).map(|number| number.to_string())),
            "phone" | "email" => text(Some(self.contact(name)).filter(|text| !text.is_empty())),
            "other_name" => text(
                person
                    .other_name()
                    .and_then(|other| other.name.as_ref())
                    .map(|name| name.as_str().to_owned()),
            ),
            "place_commune" => commune(place.and_then(|place| place.commune)),
            "place_line" => {
                text(place.and_then(|place| {
                    place.commune.map(|code| residence_line(place.address.as_deref(), code))
                }))
            }
            _ => None,
        }
    }
}

fn sex_words(sex: Sex) -> Words {
    match sex {
        Sex::Male => ("Nam", "Male").into(),
        Sex::Female => ("Nữ", "Female").into(),
    }
}

fn paper_name(field: &str, part: &str) -> String {
    format!("{field}_paper_{part}")
}

/// The field that a fault is at, as an anchor of the page.
pub(super) fn known_field(name: &str) -> Option<&'static str> {
    let fields = [IDENTITY.as_slice(), &CONTACT, &OTHER_NAME, &CURRENT_PLACE].concat();
    let days = ["identity_on", "other_name_on", "place_on"];
    fields.into_iter().map(|(field, _)| field).chain(days).find(|field| *field == name)
}

/// What a form proposes, with the papers of its fields.
pub(super) fn read(typed: &Typed, number: PersonalNumber, today: Date) -> Read<(Command, Vec<Evidence>)> {
    let (change, fields) = match typed.text("what") {
        "contact" => (contact(typed, number, today), CONTACT.as_slice()),
        "other_name" => (other_name(typed, number)?, OTHER_NAME.as_slice()),
        "current_place" => (current_place(typed, number)?, CURRENT_PLACE.as_slice()),
        _ => (identity(typed, number)?, IDENTITY.as_slice()),
    };
    let mut papers: Vec<Evidence> = Vec::new();
    for (name, _) in fields {
        // One paper may prove several fields.
        papers.extend(paper(typed, name)?.filter(|paper| !papers.contains(paper)));
    }
    Ok((change, papers))
}

fn identity(typed: &Typed, number: PersonalNumber) -> Read<Command> {
    let fields = IdentityFields {
        name: maybe(typed, "name")?,
        sex: maybe(typed, "sex")?,
        birth_date: maybe(typed, "birth_date")?,
        birth_place: typed.maybe_commune("birth_place")?,
        registration_place: typed.maybe_commune("registration_place")?,
        origin: typed.maybe_commune("origin")?,
        old_number: maybe(typed, "old_number")?,
    };
    Ok(match typed.maybe_day("identity_on")? {
        Some(on) => Command::ChangeIdentity(IdentityChange { number, fields, on }),
        None => Command::CorrectIdentity(IdentityCorrection { number, fields }),
    })
}

fn contact(typed: &Typed, number: PersonalNumber, today: Date) -> Command {
    let given = |name: &str| Some(typed.text(name).to_owned()).filter(|text| !text.is_empty());
    let (phone, email) = (given("phone"), given("email"));
    Command::ChangeContact(ContactChange { number, phone, email, on: today })
}

fn other_name(typed: &Typed, number: PersonalNumber) -> Read<Command> {
    let name: Option<PersonName> = maybe(typed, "other_name")?;
    let on = typed.day("other_name_on")?;
    Ok(Command::StateOtherName(OtherNameStatement { number, name, on }))
}

fn current_place(typed: &Typed, number: PersonalNumber) -> Read<Command> {
    let is_back = typed.is_empty("place_commune") && typed.is_empty("place_line");
    let address = if is_back {
        None
    } else {
        let line = typed.needed("place_line")?.to_owned();
        Some(Address { commune: typed.commune("place_commune")?, line })
    };
    let on = typed.day("place_on")?;
    Ok(Command::StateCurrentPlace(CurrentPlaceStatement { number, address, on }))
}

fn maybe<T: FromStr<Err: Explain>>(typed: &Typed, name: &str) -> Read<Option<T>> {
    if typed.is_empty(name) { Ok(None) } else { typed.parsed(name).map(Some) }
}

/// The paper of a field.
fn paper(typed: &Typed, field: &str) -> Read<Option<Evidence>> {
    let reference = typed.text(&paper_name(field, "reference"));
    if reference.is_empty() {
        return Ok(None);
    }
    let kind = paper_name(field, "kind");
    let word = typed.text(&kind);
    let found = PAPERS.into_iter().find(|kind| word.is_empty() || paper_word(*kind) == word);
    Ok(Some(Evidence {
        kind: found.ok_or_else(|| Fault::missing(&kind))?,
        reference: reference.to_owned(),
        issued_on: typed.maybe_day(&paper_name(field, "issued"))?,
        sha256: None,
    }))
}
