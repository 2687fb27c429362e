//! `/desk/birth`: a birth is registered, the child gets a number and joins the household.

use super::{
    form::{Input, Read, Shape, Typed},
    office::Office,
    task::{Asked, NamedPersons, Task},
};
use dancu_changes::{Birth, Command, EvidenceKind, Sensitive};
use dancu_core::PersonalNumber;
use dancu_register::CountryCode;

pub(super) struct BirthTask;

/// The one.
pub(super) const BIRTH: BirthTask = BirthTask;

const MOTHER: &str = "mother";
const FATHER: &str = "father";

static ASKED: [Asked; 2] = [
    Asked::one(MOTHER, "Số định danh của mẹ", "Mother's number").optional(),
    Asked::one(FATHER, "Số định danh của cha", "Father's number").optional().hint(
        "Để trống thì lấy chồng của mẹ theo sổ. Trẻ bị bỏ rơi: để trống cả hai.",
        "When left empty, the mother's husband in the register. For a foundling leave both empty.",
    ),
];

impl Task for BirthTask {
    fn word(&self) -> &'static str {
        "birth"
    }

    fn title(&self) -> (&'static str, &'static str) {
        ("Đăng ký khai sinh", "Register a birth")
    }

    fn asked(&self) -> &'static [Asked] {
        &ASKED
    }

    fn implied(&self, typed: &Typed, persons: &NamedPersons) -> Option<(&'static Asked, PersonalNumber)> {
        let is_open = typed.is_empty(FATHER) && !typed.is_ticked("without_father");
        let husband = persons.person(MOTHER)?.family()?.spouse?;
        is_open.then_some((&ASKED[1], husband))
    }

    fn inputs(&self, office: &Office<'_>, persons: &NamedPersons) -> Vec<Input> {
        let origin =
            [FATHER, MOTHER].into_iter().find_map(|parent| persons.person(parent)?.identity()?.origin);
        let sexes = [("M", ("Nam", "Male")), ("F", ("Nữ", "Female"))];
        let sexes = sexes.map(|(value, words)| (value.to_owned(), words));
        let mut inputs = vec![
            Input::new("name", Shape::Text, ("Họ và tên của trẻ", "The child's name")),
            Input::new("sex", Shape::Choice, ("Giới tính", "Sex")).of(sexes),
            Input::new("birth_date", Shape::Day, ("Ngày sinh", "Day of birth")),
            Input::new("birth_place", Shape::Text, ("Nơi sinh (xã, phường)", "Commune of birth"))
                .starting(office.commune.to_string()),
            Input::new("origin", Shape::Text, ("Quê quán", "Place of origin"))
                .optional()
                .starting(origin.map(|code| code.to_string()).unwrap_or_default()),
            Input::new("nationality", Shape::Text, ("Quốc tịch", "Nationality"))
                .hint("Ba chữ cái, ví dụ VNM.", "Three letters, for instance VNM.")
                .starting("VNM"),
            Input::new("ethnicity", Shape::Text, ("Dân tộc (được niêm phong)", "Ethnicity (sealed)"))
                .optional(),
        ];
        let households: Vec<_> = [MOTHER, FATHER]
            .into_iter()
            .filter_map(|parent| Some((persons.household(parent)?, persons.person(parent)?)))
            .map(|(household, parent)| {
                let name = parent.identity().map_or("", |identity| identity.name.as_str());
                let label = (format!("Hộ {household} ({name})"), format!("Household {household} ({name})"));
                (household.to_string(), label)
            })
            .collect();
        if let Some((first, _)) = households.first() {
            let first = first.clone();
            let input = Input::new("household", Shape::Choice, ("Trẻ vào hộ", "The child joins"));
            inputs.push(input.of(households).starting(first));
        }
        if persons.of(FATHER).is_some_and(|father| father.is_implied) {
            inputs.push(Input::new(
                "without_father",
                Shape::Tick,
                ("Không ghi người cha lấy từ sổ", "Leave out the father whom the register names"),
            ));
        }
        inputs.push(Input::new(
            "is_another_child",
            Shape::Tick,
            (
                "Đã đối chiếu: đây là trẻ khác với trẻ đã đăng ký của cùng cha mẹ",
                "Compared: this is another child than those of the same parents already registered",
            ),
        ));
        inputs
    }

    fn papers(&self) -> &'static [EvidenceKind] {
        &[EvidenceKind::BirthNotice, EvidenceKind::Request]
    }

    fn command(&self, _: &Office<'_>, typed: &Typed, persons: &NamedPersons) -> Read<Command> {
        let household = if typed.is_empty("household") { None } else { Some(typed.parsed("household")?) };
        let father = persons.number(FATHER).filter(|_| !typed.is_ticked("without_father"));
        let nationality: CountryCode = typed.parsed("nationality")?;
        Ok(Command::RegisterBirth(Birth {
            name: typed.parsed("name")?,
            sex: typed.parsed("sex")?,
            birth_date: typed.day("birth_date")?,
            birth_place: typed.commune("birth_place")?,
            origin: typed.maybe_commune("origin")?,
            nationality,
            mother: persons.number(MOTHER),
            father,
            household,
            relation_to_head: None,
            ethnicity: Some(typed.text("ethnicity"))
                .filter(|text| !text.is_empty())
                .map(|text| Sensitive(text.to_owned())),
            is_another_child: typed.is_ticked("is_another_child"),
        }))
    }
}
