//! The groups of the record as plain text, for whoever reads it without a page.

use crate::{
    facts::{Life, NumberState, Residence},
    person::Person,
};
use dancu_core::CommuneCode;
use dancu_places::Places;
use jiff::civil::Date;

/// What a group holds of a person, in Vietnamese words; `None` when it holds nothing. The sealed groups (9, 10, 12) and
/// the members of the household (23) are read by roads of their own.
pub fn group_text(clause: u8, person: &Person, day: Date) -> Option<String> {
    let (identity, home, family) = (person.identity(), person.residence(), person.family());
    match clause {
        1 => Some(identity?.name.as_str().to_owned()),
        2 => Some(person.other_name()?.name.as_ref()?.as_str().to_owned()),
        3 => Some(number(person)),
        4 => Some(identity?.birth_date.to_string()),
        5 => Some(identity?.sex.vietnamese().to_owned()),
        6 => place(identity?.birth_place),
        7 => place(identity?.registration_place),
        8 => place(identity?.origin),
        11 => Some(identity?.nationality.to_string()),
        13 => Some(identity?.old_number?.to_string()),
        14 => card(person),
        15 => relatives(person),
        16 => address(home?.permanent_commune, home?.permanent_address.as_deref()),
        17 => {
            let temporary = home?.temporary_on(day)?;
            address(Some(temporary.commune), temporary.address.as_deref())
        }
        18 => {
            Some(person.absence()?).filter(|absence| absence.is_away).map(|absence| match &absence.reason {
                Some(reason) => format!("Vắng mặt: {reason}"),
                None => "Vắng mặt".to_owned(),
            })
        }
        19 => address(person.current_place()?.commune, person.current_place()?.address.as_deref()),
        20 => home?.file_number.clone(),
        21 => Some(family?.marital_status?.vietnamese().to_owned()),
        22 => Some(home?.relation_to_head?.vietnamese().to_owned()),
        23 => household(home?),
        24 => life(person.life()),
        25 => contact(person),
        26 => {
            let items = &person.shared()?.items;
            let lines: Vec<String> = items.iter().map(|(code, value)| format!("{code}: {value}")).collect();
            (!lines.is_empty()).then(|| lines.join("; "))
        }
        _ => None,
    }
}

fn number(person: &Person) -> String {
    match person.number_state() {
        NumberState::InUse => person.number.to_string(),
        NumberState::Cancelled => format!("{} (đã hủy)", person.number),
        NumberState::ReplacedBy(other) => format!("{} (thay bằng {other})", person.number),
        NumberState::InPlaceOf(other) => format!("{} (thay cho {other})", person.number),
    }
}

fn place(code: Option<CommuneCode>) -> Option<String> {
    code.map(|code| Places::national().describe(code).unwrap_or_else(|| code.to_string()))
}

fn address(commune: Option<CommuneCode>, line: Option<&str>) -> Option<String> {
    let commune = place(commune)?;
    Some(line.map_or_else(|| commune.clone(), |line| format!("{line}, {commune}")))
}

fn card(person: &Person) -> Option<String> {
    let card = person.card()?;
    let part = |label: &str, text: Option<String>| text.map(|text| format!("{label} {text}"));
    let parts = [
        part("cấp", card.issued.map(|day| day.to_string())),
        part("nơi cấp", card.issued_by.clone()),
        part("đến", card.expires.map(|day| day.to_string())),
        Some(card.state.vietnamese().to_owned()),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn relatives(person: &Person) -> Option<String> {
    let part = |label: &str, number: Option<dancu_core::PersonalNumber>| {
        number.map(|number| format!("{label} {number}"))
    };
    let family = person.family();
    let mut parts: Vec<String> = [
        part("cha", family.and_then(|family| family.father)),
        part("mẹ", family.and_then(|family| family.mother)),
        part("vợ/chồng", family.and_then(|family| family.spouse)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let representatives =
        person.representation().map(|representation| representation.representatives.as_slice());
    parts.extend(representatives.unwrap_or_default().iter().map(|number| format!("đại diện {number}")));
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn household(home: &Residence) -> Option<String> {
    home.household.as_ref().map(|household| format!("Hộ {household}"))
}

fn life(life: Life) -> Option<String> {
    let on = |day: Option<Date>| day.map_or_else(String::new, |day| format!(" {day}"));
    match life {
        Life::Alive => None,
        Life::Dead { date } => Some(format!("Đã chết{}", on(date))),
        Life::Missing { since } => Some(format!("Mất tích{}", on(since))),
    }
}

fn contact(person: &Person) -> Option<String> {
    let contact = person.contact()?;
    let parts: Vec<&str> =
        [contact.phone.as_deref(), contact.email.as_deref()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::{
            Absence, Contact, FactValue, Family, Identity, OtherName, Representation, Shared,
            TemporaryResidence,
        },
        groups,
        person::Held,
        words::{CardState, MaritalStatus, Relation},
    };
    use jiff::{Timestamp, civil::date};

    fn whole() -> Person {
        let number = |text: &str| text.parse().unwrap();
        let mut person = Person::new(number("001090000017"));
        let values = [
            FactValue::Identity(Identity {
                name: "Nguyễn Thị An".parse().unwrap(),
                sex: dancu_core::Sex::Female,
                birth_date: date(1990, 1, 2).into(),
                birth_place: Some("00004".parse().unwrap()),
                registration_place: Some("00004".parse().unwrap()),
                origin: Some("00004".parse().unwrap()),
                nationality: crate::CountryCode::VIET_NAM,
                old_number: Some("012345678".parse().unwrap()),
            }),
            FactValue::OtherName(OtherName { name: Some("Lan".parse().unwrap()) }),
            FactValue::Family(Family {
                marital_status: Some(MaritalStatus::Married),
                father: None,
                mother: None,
                spouse: Some(number("001090000018")),
            }),
            FactValue::Residence(Residence {
                permanent_commune: Some("00004".parse().unwrap()),
                permanent_address: Some("Số 1".to_owned()),
                household: Some("HK-1".parse().unwrap()),
                relation_to_head: Some(Relation::Head),
                temporary: Some(TemporaryResidence {
                    commune: "00008".parse().unwrap(),
                    address: None,
                    since: None,
                }),
                file_number: Some("F-1".to_owned()),
            }),
            FactValue::Card(crate::Card {
                issued: Some(date(2021, 1, 1)),
                expires: None,
                state: CardState::HandedOver,
                issued_by: Some("Bộ Công an".to_owned()),
            }),
            FactValue::Contact(Contact { phone: Some("0900000000".to_owned()), email: None }),
            FactValue::Life(Life::Missing { since: None }),
            FactValue::Absence(Absence { is_away: true, reason: None }),
            FactValue::CurrentPlace(crate::CurrentPlace {
                commune: Some("00008".parse().unwrap()),
                address: None,
            }),
            FactValue::Representation(Representation { representatives: vec![number("001060000019")] }),
            FactValue::Shared(Shared { items: vec![("tax_code".to_owned(), "8".to_owned())] }),
        ];
        for value in values {
            person.hold(Held { value, valid_from: date(1990, 1, 2), recorded_from: Timestamp::UNIX_EPOCH });
        }
        person
    }

    #[test]
    fn every_group_that_is_not_sealed_is_told() {
        let person = whole();
        for group in groups().iter().filter(|group| !group.is_sealed()) {
            let text = group_text(group.clause, &person, date(2026, 11, 22));
            assert!(text.is_some_and(|text| !text.is_empty()), "{}", group.name_en);
        }
        let nobody = Person::new(person.number);
        let told = (1..=26).filter(|clause| group_text(*clause, &nobody, date(2026, 11, 22)).is_some());
        assert_eq!(told.collect::<Vec<_>>(), [3], "of nobody the number alone");
    }
}
