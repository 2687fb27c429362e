//! Recognition, adoption, guardianship.

use crate::civil_desk::{Desk, birth, marry, with};
use dancu_core::PersonalNumber;
use jiff::civil::date;
use serde_json::{Value, json};

fn recognise(child: PersonalNumber, parent: PersonalNumber, parent_as: &str) -> Value {
    json!({"command": "recognise_parent", "child": child, "parent": parent, "parent_as": parent_as})
}

fn adopt(child: PersonalNumber, father: Option<PersonalNumber>, mother: Option<PersonalNumber>) -> Value {
    json!({"command": "register_adoption", "child": child, "father": father, "mother": mother, "on": "2026-11-10"})
}

fn guard(ward: PersonalNumber, guardian: PersonalNumber, on: &str) -> Value {
    json!({"command": "appoint_guardian", "ward": ward, "guardian": guardian, "on": on})
}

async fn child_of(desk: &Desk, mother: PersonalNumber, name: &str, born: &str) -> PersonalNumber {
    desk.accepted(&["birth_notice"], birth(name, born, Some(mother), None)).await.event.issued.unwrap()
}

#[tokio::test]
async fn a_father_is_recognised_from_the_birth_on() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let father = desk.resident("Trần Văn Bình", "M", "1990-05-06").await;
    let child = child_of(&desk, mother, "Lê Thị Na", "2026-10-01").await;
    assert_eq!(desk.refused(&[], recognise(child, father, "father")).await, "DANCU-CHANGE-003");
    let paper = &["expertise"];
    assert_eq!(desk.refused(paper, recognise(child, father, "mother")).await, "DANCU-CHANGE-103");
    assert_eq!(desk.refused(paper, recognise(child, child, "father")).await, "DANCU-CHANGE-113");
    desk.accepted(paper, recognise(child, father, "father")).await;
    let born = desk.person_on(child, date(2026, 10, 1)).await;
    assert_eq!(born.family().unwrap().father, Some(father));
    assert_eq!(born.family().unwrap().mother, Some(mother));
    assert_eq!(desk.refused(paper, recognise(child, father, "father")).await, "DANCU-CHANGE-014");
    let other = desk.resident("Phạm Văn Cường", "M", "1988-05-06").await;
    assert_eq!(desk.refused(paper, recognise(child, other, "father")).await, "DANCU-CHANGE-114");
    desk.accepted(&["judgment"], recognise(child, other, "father")).await;
    assert_eq!(desk.person(child).await.family().unwrap().father, Some(other));
}

#[tokio::test]
async fn nobody_becomes_an_ancestor_of_themselves() {
    let desk = Desk::open();
    let grandmother = desk.resident("Lê Thị Cả", "F", "1970").await;
    let mother = desk.resident("Lê Thị Hai", "F", "1981").await;
    desk.accepted(&["expertise"], recognise(mother, grandmother, "mother")).await;
    let code = desk.refused(&["expertise"], recognise(grandmother, mother, "mother")).await;
    assert_eq!(code, "DANCU-CHANGE-010", "born after the child");
    // Birth dates of one year do not tell who is older: the family does.
    let twin = desk.resident("Lê Thị Ba", "F", "1981").await;
    let code = desk.refused(&["judgment"], recognise(twin, mother, "mother")).await;
    assert_eq!(code, "DANCU-CHANGE-100");
}

#[tokio::test]
async fn a_couple_adopts_a_child_that_is_young_enough() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let child = child_of(&desk, mother, "Lê Thị Na", "2016-10-01").await;
    let (father, wife) = desk.couple().await;
    let both = adopt(child, Some(father), Some(wife));
    assert_eq!(desk.refused(&[], both.clone()).await, "DANCU-CHANGE-003");
    assert_eq!(
        desk.refused(&["consent"], both.clone()).await,
        "DANCU-CHANGE-003",
        "a child of ten consents too"
    );
    let consents = &["consent", "consent"];
    assert_eq!(desk.refused(consents, adopt(child, None, None)).await, "DANCU-CHANGE-116");
    assert_eq!(desk.refused(consents, adopt(child, Some(father), None)).await, "DANCU-CHANGE-119");
    assert_eq!(desk.refused(consents, adopt(child, Some(father), Some(mother))).await, "DANCU-CHANGE-117");
    assert_eq!(
        desk.refused(consents, adopt(child, None, Some(mother))).await,
        "DANCU-CHANGE-121",
        "her own child"
    );
    desk.accepted(consents, with(both, "new_name", json!("Trần Thị Na"))).await;
    let before = desk.person_on(child, date(2026, 11, 9)).await;
    assert_eq!(
        (before.family().unwrap().mother, before.identity().unwrap().name.as_str()),
        (Some(mother), "Lê Thị Na")
    );
    let after = desk.person(child).await;
    assert_eq!((after.family().unwrap().mother, after.family().unwrap().father), (Some(wife), Some(father)));
    assert_eq!(after.identity().unwrap().name.as_str(), "Trần Thị Na");
    let code = desk.refused(&[], marry(father, child, "2026-11-20")).await;
    assert_ne!(code, "", "too young, and married");
}

#[tokio::test]
async fn adopters_are_twenty_years_older_and_no_near_kin() {
    let desk = Desk::open();
    let consents = &["consent", "consent"];
    let mother = desk.resident("Lê Thị Hoa", "F", "1985-03-04").await;
    let old_child = child_of(&desk, mother, "Lê Thị Nụ", "2010-10-01").await;
    let young_woman = desk.resident("Trần Thị Lan", "F", "1996-01-01").await;
    let child = child_of(&desk, mother, "Lê Thị Na", "2016-10-01").await;
    let near = desk.resident("Trần Thị Mây", "F", "1997-01-01").await;
    assert_eq!(desk.refused(consents, adopt(child, None, Some(near))).await, "DANCU-CHANGE-118");
    assert_eq!(desk.refused(consents, adopt(old_child, None, Some(young_woman))).await, "DANCU-CHANGE-120");
    let grandmother = desk.resident("Lê Thị Cả", "F", "1960-01-01").await;
    desk.accepted(&["judgment"], recognise(mother, grandmother, "mother")).await;
    assert_eq!(desk.refused(consents, adopt(child, None, Some(grandmother))).await, "DANCU-CHANGE-121");
    desk.accepted(consents, adopt(child, None, Some(young_woman))).await;
    let family = desk.person(child).await.family().unwrap().clone();
    assert_eq!((family.mother, family.father), (Some(young_woman), None));
}

#[tokio::test]
async fn a_stepfather_adopts_beside_the_mother() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let child = child_of(&desk, mother, "Lê Thị Na", "2010-10-01").await;
    let stepfather = desk.resident("Trần Văn Bình", "M", "1991-05-06").await;
    desk.accepted(&[], marry(mother, stepfather, "2020-01-05")).await;
    // Sixteen already, and only nineteen years younger: both are allowed to the spouse of a parent.
    desk.accepted(&["consent", "consent"], adopt(child, Some(stepfather), None)).await;
    let family = desk.person(child).await.family().unwrap().clone();
    assert_eq!((family.mother, family.father), (Some(mother), Some(stepfather)));
}

#[tokio::test]
async fn a_minor_has_a_guardian_until_coming_of_age() {
    let desk = Desk::open();
    let mother = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let child = child_of(&desk, mother, "Lê Thị Na", "2010-10-01").await;
    let aunt = desk.resident("Lê Thị Huệ", "F", "1990-03-04").await;
    let uncle = desk.resident("Lê Văn Hậu", "M", "1988-03-04").await;
    let third = desk.resident("Lê Văn Hùng", "M", "1986-03-04").await;
    let decision = &["decision"];
    assert_eq!(desk.refused(decision, guard(child, child, "2026-11-01")).await, "DANCU-CHANGE-113");
    assert_eq!(desk.refused(decision, guard(aunt, uncle, "2026-11-01")).await, "DANCU-CHANGE-128");
    assert_eq!(desk.refused(decision, guard(child, aunt, "2009-01-01")).await, "DANCU-CHANGE-010");
    desk.accepted(decision, guard(child, aunt, "2026-11-01")).await;
    desk.accepted(decision, guard(child, uncle, "2026-11-02")).await;
    assert_eq!(desk.refused(decision, guard(child, third, "2026-11-03")).await, "DANCU-CHANGE-129");
    let guardians = |person: &dancu_register::Person| {
        person
            .representation()
            .map(|representation| representation.representatives.clone())
            .unwrap_or_default()
    };
    let mut both = vec![aunt, uncle];
    both.sort();
    assert_eq!(guardians(&desk.person(child).await), both);
    assert_eq!(guardians(&desk.person_on(child, date(2028, 10, 1)).await), [], "of age");
    let end = |guardian| json!({"command": "end_guardianship", "ward": child, "guardian": guardian, "on": "2026-11-15"});
    assert_eq!(desk.refused(decision, end(third)).await, "DANCU-CHANGE-130");
    desk.accepted(decision, end(aunt)).await;
    assert_eq!(guardians(&desk.person(child).await), [uncle]);
    let death = json!({"command": "register_death", "number": uncle, "on": "2026-11-20"});
    desk.accepted(&["death_notice"], death).await;
    assert_eq!(guardians(&desk.person(child).await), [], "the dead guard nobody");
}

#[tokio::test]
async fn an_adult_has_a_guardian_by_judgment_only_and_guards_nobody() {
    let desk = Desk::open();
    let ward = desk.resident("Lê Thị Hoa", "F", "1992-03-04").await;
    let guardian = desk.resident("Lê Thị Huệ", "F", "1990-03-04").await;
    desk.accepted(&["judgment"], guard(ward, guardian, "2026-11-01")).await;
    let child = child_of(&desk, guardian, "Lê Thị Na", "2015-10-01").await;
    assert_eq!(desk.refused(&["decision"], guard(child, ward, "2026-11-02")).await, "DANCU-CHANGE-127");
    assert_eq!(desk.refused(&["judgment"], guard(ward, child, "2026-11-02")).await, "DANCU-CHANGE-127");
}
