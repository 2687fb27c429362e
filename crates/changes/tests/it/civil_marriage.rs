//! Marriage, divorce, annulment.

use crate::civil_desk::{Desk, ELSEWHERE, TODAY, birth, marry};
use dancu_core::PersonalNumber;
use dancu_register::MaritalStatus;
use jiff::civil::date;
use serde_json::{Value, json};

fn divorce(first: PersonalNumber, second: PersonalNumber, on: &str) -> Value {
    json!({"command": "record_divorce", "first": first, "second": second, "on": on})
}

async fn family(
    desk: &Desk,
    number: PersonalNumber,
    day: jiff::civil::Date,
) -> (Option<&'static str>, Option<PersonalNumber>) {
    let person = desk.person_on(number, day).await;
    let family = person.family().cloned();
    (
        family.as_ref().and_then(|family| family.marital_status).map(MaritalStatus::as_str),
        family.and_then(|family| family.spouse),
    )
}

#[tokio::test]
async fn both_are_married_from_the_day_on() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    assert_eq!(family(&desk, husband, TODAY).await, (Some("married"), Some(wife)));
    assert_eq!(family(&desk, wife, date(2018, 6, 1)).await, (Some("married"), Some(husband)));
    assert_eq!(family(&desk, wife, date(2018, 5, 31)).await.1, None);
}

#[tokio::test]
async fn the_age_counts_on_the_day() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "2005-06-10").await;
    let woman = desk.resident("Lê Thị Hoa", "F", "2007-06-10").await;
    assert_eq!(desk.refused(&[], marry(man, woman, "2025-06-09")).await, "DANCU-CHANGE-123");
    let girl = desk.resident("Lê Thị Huệ", "F", "2008-11-23").await;
    assert_eq!(desk.refused(&[], marry(man, girl, "2026-11-22")).await, "DANCU-CHANGE-123");
    assert_eq!(desk.refused(&[], marry(man, woman, "2026-11-23")).await, "DANCU-CHANGE-009");
    desk.accepted(&[], marry(man, woman, "2025-06-10")).await;
}

#[tokio::test]
async fn nobody_is_married_twice_to_the_same_sex_or_to_oneself() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let man = desk.resident("Phạm Văn Cường", "M", "1985-01-05").await;
    let woman = desk.resident("Phạm Thị Cúc", "F", "1985-01-05").await;
    assert_eq!(desk.refused(&[], marry(man, man, "2020-01-05")).await, "DANCU-CHANGE-113");
    assert_eq!(desk.refused(&[], marry(man, wife, "2020-01-05")).await, "DANCU-CHANGE-124");
    assert_eq!(
        desk.refused(&[], marry(husband, woman, "2017-01-05")).await,
        "DANCU-CHANGE-124",
        "married later"
    );
    let third = desk.resident("Phạm Văn Dũng", "M", "1985-01-05").await;
    assert_eq!(desk.refused(&[], marry(man, third, "2020-01-05")).await, "DANCU-CHANGE-126");
    let dead = json!({"command": "register_death", "number": third, "on": "2026-11-10"});
    desk.accepted(&["death_notice"], dead).await;
    assert_eq!(desk.refused(&[], marry(third, woman, "2026-11-11")).await, "DANCU-CHANGE-007");
    let missing = json!({"command": "declare_missing", "number": man, "since": "2022-01-01"});
    desk.accepted(&["judgment"], missing).await;
    assert_eq!(desk.refused(&[], marry(man, woman, "2026-11-11")).await, "DANCU-CHANGE-125");
}

#[tokio::test]
async fn whoever_lives_elsewhere_brings_a_paper() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let woman = desk.issue("Lê Thị Hoa", "F", "1992-06-10").await;
    let command = marry(man, woman, "2026-11-20");
    assert_eq!(desk.refused(&[], command.clone()).await, "DANCU-CHANGE-003");
    let papers: &[&str] = &["marital_status_paper"];
    let error = desk.send_from(Some(ELSEWHERE), papers, command.clone()).await.unwrap_err();
    assert_eq!(dancu_core::Explain::explain(&error).code, "DANCU-CHANGE-004");
    desk.accepted(papers, command).await;
}

/// Grandmother; her daughters; a grandchild of each.
async fn cousins(desk: &Desk) -> [PersonalNumber; 4] {
    let grandmother = desk.resident("Lê Thị Cả", "F", "1950-01-02").await;
    let first = desk.resident("Lê Thị Hai", "F", "1972-01-02").await;
    let second = desk.resident("Lê Thị Ba", "F", "1974-01-02").await;
    let son = desk.resident("Lê Văn Tư", "M", "1995-01-02").await;
    let daughter = desk.resident("Lê Thị Năm", "F", "1996-01-02").await;
    for (child, parent) in [(first, grandmother), (second, grandmother), (son, first), (daughter, second)] {
        let command =
            json!({"command": "recognise_parent", "child": child, "parent": parent, "parent_as": "mother"});
        desk.accepted(&["expertise"], command).await;
    }
    [first, second, son, daughter]
}

#[tokio::test]
async fn kin_within_three_generations_do_not_marry() {
    let desk = Desk::open();
    let [first, second, son, daughter] = cousins(&desk).await;
    assert_eq!(desk.refused(&[], marry(son, daughter, "2026-01-05")).await, "DANCU-CHANGE-122", "cousins");
    assert_eq!(desk.refused(&[], marry(son, second, "2026-01-05")).await, "DANCU-CHANGE-122", "aunt");
    assert_eq!(desk.refused(&[], marry(son, first, "2026-01-05")).await, "DANCU-CHANGE-122", "mother");
    let stranger = desk.resident("Phạm Thị Cúc", "F", "1995-01-05").await;
    desk.accepted(&[], marry(son, stranger, "2026-01-05")).await;
    desk.accepted(&["judgment"], divorce(son, stranger, "2026-05-05")).await;
    let mother_in_law = desk.resident("Phạm Thị Già", "F", "1970-01-05").await;
    let command = json!({"command": "recognise_parent", "child": stranger, "parent": mother_in_law, "parent_as": "mother"});
    desk.accepted(&["expertise"], command).await;
    assert_eq!(
        desk.refused(&[], marry(son, mother_in_law, "2026-06-05")).await,
        "DANCU-CHANGE-122",
        "in law"
    );
}

#[tokio::test]
async fn a_divorce_needs_a_judgment_and_a_marriage() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let other = desk.resident("Phạm Văn Cường", "M", "1985-01-05").await;
    assert_eq!(desk.refused(&[], divorce(husband, wife, "2024-01-05")).await, "DANCU-CHANGE-003");
    assert_eq!(desk.refused(&["judgment"], divorce(other, wife, "2024-01-05")).await, "DANCU-CHANGE-117");
    assert_eq!(desk.refused(&["judgment"], divorce(husband, wife, "2018-01-05")).await, "DANCU-CHANGE-117");
    desk.accepted(&["judgment"], divorce(wife, husband, "2024-01-05")).await;
    assert_eq!(family(&desk, wife, TODAY).await, (Some("divorced"), None));
    assert_eq!(family(&desk, husband, date(2024, 1, 4)).await, (Some("married"), Some(wife)));
    desk.accepted(&[], marry(other, wife, "2025-01-05")).await;
    assert_eq!(family(&desk, wife, TODAY).await, (Some("married"), Some(other)));
}

#[tokio::test]
async fn a_divorce_that_is_noted_late_changes_a_widow_but_no_later_marriage() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let death = json!({"command": "register_death", "number": husband, "on": "2026-01-10"});
    desk.accepted(&["death_notice"], death).await;
    assert_eq!(family(&desk, wife, TODAY).await, (Some("widowed"), None));
    desk.accepted(&["judgment"], divorce(husband, wife, "2026-01-05")).await;
    assert_eq!(family(&desk, wife, TODAY).await, (Some("divorced"), None));
    assert_eq!(family(&desk, wife, date(2026, 1, 7)).await, (Some("divorced"), None));
}

#[tokio::test]
async fn a_divorce_that_is_noted_late_ends_where_another_marriage_begins() {
    let desk = Desk::open();
    let (husband, wife) = desk.couple().await;
    let second = desk.resident("Phạm Thị Cúc", "F", "1985-01-05").await;
    let death = |number, on: &str| json!({"command": "register_death", "number": number, "on": on});
    desk.accepted(&["death_notice"], death(wife, "2019-01-10")).await;
    desk.accepted(&[], marry(husband, second, "2021-01-10")).await;
    desk.accepted(&["death_notice"], death(second, "2022-01-10")).await;
    desk.accepted(&["judgment"], divorce(husband, wife, "2018-12-05")).await;
    assert_eq!(family(&desk, husband, date(2020, 1, 1)).await, (Some("divorced"), None));
    assert_eq!(family(&desk, husband, date(2021, 6, 1)).await, (Some("married"), Some(second)));
    assert_eq!(family(&desk, husband, TODAY).await, (Some("widowed"), None), "of the second");
}

#[tokio::test]
async fn after_an_annulment_there_was_no_marriage() {
    let desk = Desk::open();
    let first = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let widow = desk.resident("Lê Thị Hoa", "F", "1992-06-10").await;
    let late = desk.resident("Phạm Văn Cường", "M", "1985-01-05").await;
    desk.accepted(&[], marry(late, widow, "2015-05-01")).await;
    let death = json!({"command": "register_death", "number": late, "on": "2016-01-10"});
    desk.accepted(&["death_notice"], death).await;
    desk.accepted(&[], marry(first, widow, "2020-05-01")).await;
    let annul = json!({"command": "annul_marriage", "first": first, "second": widow, "on": "2026-03-01"});
    assert_eq!(desk.refused(&[], annul.clone()).await, "DANCU-CHANGE-003");
    desk.accepted(&["judgment"], annul).await;
    for day in [date(2020, 5, 1), date(2023, 1, 1), TODAY] {
        assert_eq!(family(&desk, first, day).await, (Some("single"), None));
        assert_eq!(family(&desk, widow, day).await, (Some("widowed"), None));
    }
    assert_eq!(family(&desk, widow, date(2015, 6, 1)).await, (Some("married"), Some(late)));
}

#[tokio::test]
async fn a_wedding_that_is_taken_back_leaves_all_as_it_was() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-06-10").await;
    let wedding = desk.accepted(&[], marry(man, woman, "2026-01-05")).await;
    let child =
        desk.accepted(&["birth_notice"], birth("Trần Thị Mai", "2026-11-01", Some(woman), Some(man))).await;
    let back = json!({"command": "compensate", "event": wedding.event.id, "reason": "nhầm người"});
    desk.accepted(&[], back.clone()).await;
    assert_eq!(family(&desk, man, TODAY).await.1, None);
    assert_eq!(family(&desk, woman, TODAY).await.1, None);
    assert_eq!(desk.refused(&[], back).await, "DANCU-CHANGE-017");
    assert!(desk.person(child.event.issued.unwrap()).await.identity().is_some());
}

#[tokio::test]
async fn what_a_file_said_for_its_own_day_is_no_bar_to_what_was_before() {
    let desk = Desk::open();
    let man = desk.resident("Trần Văn Bình", "M", "1990-06-10").await;
    let woman = desk.resident("Lê Thị Hoa", "F", "1992-06-10").await;
    desk.load_married(man, Some(woman)).await;
    desk.load_married(woman, None).await;
    assert_eq!(family(&desk, man, date(2020, 1, 1)).await, (None, None), "the file tells of its own day");
    let other = desk.resident("Phạm Thị Cúc", "F", "1985-01-05").await;
    assert_eq!(desk.refused(&[], marry(man, other, "2019-05-05")).await, "DANCU-CHANGE-124");
    desk.accepted(&[], marry(man, woman, "2019-05-05")).await;
    assert_eq!(family(&desk, woman, date(2020, 1, 1)).await, (Some("married"), Some(man)));
    assert_eq!(
        desk.refused(&[], marry(man, woman, "2018-05-05")).await,
        "DANCU-CHANGE-124",
        "once is enough"
    );

    let first = desk.resident("Hồ Văn Năm", "M", "1990-06-10").await;
    let second = desk.resident("Hồ Thị Sáu", "F", "1992-06-10").await;
    desk.load_married(first, Some(second)).await;
    desk.load_married(second, Some(first)).await;
    desk.accepted(&["judgment"], divorce(first, second, "2026-06-01")).await;
    assert_eq!(family(&desk, first, TODAY).await, (Some("divorced"), None));
    assert_eq!(family(&desk, second, TODAY).await, (Some("divorced"), None));
}
