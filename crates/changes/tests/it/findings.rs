//! What a scan finds, and what becomes of a finding.

use crate::people::{HERE, THERE, Town, commune, day, family, home, identity, number, officer};
use dancu_changes::{
    Actor, ChangeStore, FINDINGS_PAGE_MAX, Finding, FindingError, FindingFilter, FindingKind, FindingService,
    FindingState, SCAN_PAGE_PERSONS, Scan, ScanSummary,
};
use dancu_core::Sex;
use dancu_register::{Contact, FactValue, Family, Identity, Life, MaritalStatus, Relation};
use jiff::SignedDuration;

const AN: &str = "001085000001";
const BINH: &str = "001185000002";
const SON: &str = "001215000003";

fn scan(town: &Town) -> Scan {
    Scan::new(town.store.clone(), town.clock.clone())
}

fn service(town: &Town) -> FindingService {
    FindingService::new(town.store.clone(), town.clock.clone())
}

async fn all(town: &Town) -> Vec<Finding> {
    let mut findings = town.store.findings(FindingFilter::default(), None, 1_000).await.unwrap();
    findings.sort_by_key(|finding| (finding.kind, finding.persons.clone()));
    findings
}

/// Kinds with the persons, after a scan of the commune.
async fn found(town: &Town) -> Vec<(FindingKind, Vec<String>)> {
    scan(town).commune(commune(HERE)).await.unwrap();
    let kinds = all(town)
        .await
        .into_iter()
        .map(|finding| (finding.kind, finding.persons.iter().map(ToString::to_string).collect::<Vec<_>>()));
    kinds.collect()
}

fn of(kind: FindingKind, persons: &[&str]) -> (FindingKind, Vec<String>) {
    (kind, persons.iter().map(|text| (*text).to_owned()).collect())
}

/// A couple with a son in one household, in perfect order.
async fn family_in_order() -> Town {
    let town = Town::new();
    town.person(AN, "Nguyễn Văn An", Sex::Male, "1985-05-05", HERE).await;
    town.person(BINH, "Trần Thị Bình", Sex::Female, "1985-06-06", HERE).await;
    town.person(SON, "Nguyễn Văn Cường", Sex::Male, "2015-07-07", HERE).await;
    town.put(AN, family(None, None, Some(BINH)), "2010-01-01").await;
    town.put(BINH, family(None, None, Some(AN)), "2010-01-01").await;
    town.put(SON, family(Some(AN), Some(BINH), None), "2015-07-07").await;
    for (member, relation) in [(AN, Relation::Head), (BINH, Relation::Spouse), (SON, Relation::Child)] {
        town.put(member, home(HERE, Some("H0001"), Some(relation)), "2015-07-07").await;
    }
    town
}

#[tokio::test]
async fn a_family_in_order_gives_no_finding() {
    let town = family_in_order().await;
    assert_eq!(found(&town).await, []);
    let summary = scan(&town).commune(commune(HERE)).await.unwrap();
    assert_eq!(summary, ScanSummary { persons: 3, ..ScanSummary::default() });
    let elsewhere = scan(&town).commune(commune(THERE)).await.unwrap();
    assert_eq!(elsewhere.persons, 0);
}

#[tokio::test]
async fn numbers_that_contradict_sex_or_birth_year_are_found() {
    let town = Town::new();
    town.person("001085000001", "Nguyễn Văn An", Sex::Female, "1985-05-05", HERE).await;
    town.person("001085000002", "Nguyễn Văn Bảo", Sex::Male, "1986-05-05", HERE).await;
    assert_eq!(
        found(&town).await,
        [
            of(FindingKind::SexContradictsNumber, &["001085000001"]),
            of(FindingKind::BirthYearContradictsNumber, &["001085000002"]),
        ]
    );
}

#[tokio::test]
async fn a_first_of_january_is_odd_only_without_a_place_of_birth() {
    let town = Town::new();
    town.person("001085000001", "Nguyễn Văn An", Sex::Male, "1985-01-01", HERE).await;
    town.person("001085000002", "Nguyễn Văn Bảo", Sex::Male, "1985-01-01", HERE).await;
    let unknown = Identity { birth_place: None, ..identity("Nguyễn Văn Bảo", Sex::Male, "1985-01-01") };
    town.put("001085000002", FactValue::Identity(unknown), "1985-01-01").await;
    assert_eq!(found(&town).await, [of(FindingKind::PlaceholderBirthDate, &["001085000002"])]);
}

#[tokio::test]
async fn what_begins_after_death_is_found() {
    let town = family_in_order().await;
    town.put(AN, FactValue::Life(Life::Dead { date: Some(day("2026-01-10")) }), "2026-01-10").await;
    assert_eq!(found(&town).await, [of(FindingKind::NoHead, &[BINH, SON])], "the dead head counts no more");
    let contact = |phone: &str| FactValue::Contact(Contact { phone: Some(phone.to_owned()), email: None });
    town.put(AN, contact("0912345678"), "2026-01-11").await;
    assert_eq!(all(&town).await.len(), 1);
    assert_eq!(found(&town).await.len(), 1, "a file's own day proves nothing");
    town.put_from(AN, contact("0987654321"), "2026-01-11", "change_contact:00004").await;
    assert!(found(&town).await.contains(&of(FindingKind::EventAfterDeath, &[AN])));
}

#[tokio::test]
async fn a_commune_that_never_was_is_found() {
    let town = Town::new();
    town.person(AN, "Nguyễn Văn An", Sex::Male, "1985-05-05", HERE).await;
    let unknown =
        Identity { origin: Some(commune("99999")), ..identity("Nguyễn Văn An", Sex::Male, "1985-05-05") };
    town.put(AN, FactValue::Identity(unknown), "1985-05-05").await;
    assert_eq!(found(&town).await, [of(FindingKind::UnknownCommune, &[AN])]);
}

#[tokio::test]
async fn two_communes_that_state_a_residence_at_once_claim_one_person() {
    let town = Town::new();
    let known = FactValue::Identity(identity("Nguyễn Văn An", Sex::Male, "1985-05-05"));
    town.put(AN, known, "1985-05-05").await;
    let source = |code| format!("register_permanent_residence:{code}");
    town.put_from(AN, home(THERE, None, None), "2026-02-01", &source(THERE)).await;
    town.put_from(AN, home(HERE, None, None), "2026-02-20", &source(HERE)).await;
    assert_eq!(found(&town).await, [of(FindingKind::TwoCommunes, &[AN])]);
}

#[tokio::test]
async fn a_move_after_some_months_is_no_second_claim() {
    let town = Town::new();
    let known = FactValue::Identity(identity("Nguyễn Văn An", Sex::Male, "1985-05-05"));
    town.put(AN, known, "1985-05-05").await;
    let source = |code| format!("register_permanent_residence:{code}");
    town.put_from(AN, home(THERE, None, None), "2025-09-01", &source(THERE)).await;
    town.put_from(AN, home(HERE, None, None), "2026-02-20", &source(HERE)).await;
    assert_eq!(found(&town).await, []);
}

#[tokio::test]
async fn parents_too_young_or_dead_are_found() {
    let town = family_in_order().await;
    town.person("001208000004", "Lê Văn Dần", Sex::Male, "2008-01-02", HERE).await;
    town.put("001208000004", family(None, None, None), "2008-01-02").await;
    town.person("001218000005", "Lê Văn Em", Sex::Male, "2018-01-02", HERE).await;
    town.put("001218000005", family(Some("001208000004"), None, None), "2018-01-02").await;
    // The mother died a day before the birth; the father within the time of a pregnancy.
    town.put(BINH, FactValue::Life(Life::Dead { date: Some(day("2015-07-06")) }), "2015-07-06").await;
    town.put(AN, FactValue::Life(Life::Dead { date: Some(day("2015-01-01")) }), "2015-01-01").await;
    let found = found(&town).await;
    assert!(found.contains(&of(FindingKind::ParentAgeImpossible, &["001208000004", "001218000005"])));
    assert!(found.contains(&of(FindingKind::ParentAgeImpossible, &[BINH, SON])));
    assert!(!found.contains(&of(FindingKind::ParentAgeImpossible, &[AN, SON])));
}

#[tokio::test]
async fn a_circle_of_parents_is_one_finding_and_the_scan_ends() {
    let town = Town::new();
    for (person, born) in
        [("001060000001", "1960-02-02"), ("001080000002", "1980-02-02"), ("001200000003", "2000-02-02")]
    {
        town.person(person, "Nguyễn Văn An", Sex::Male, born, HERE).await;
    }
    let circle = [
        ("001060000001", "001080000002"),
        ("001080000002", "001200000003"),
        ("001200000003", "001060000001"),
    ];
    for (child, father) in circle {
        town.put(child, family(Some(father), None, None), "2000-02-02").await;
    }
    let cycles: Vec<_> =
        found(&town).await.into_iter().filter(|(kind, _)| *kind == FindingKind::CyclicFamily).collect();
    assert_eq!(cycles, [of(FindingKind::CyclicFamily, &["001060000001", "001080000002", "001200000003"])]);
}

#[tokio::test]
async fn spouses_who_name_others_are_found() {
    let town = family_in_order().await;
    town.person("001185000009", "Lê Thị Hoa", Sex::Female, "1985-09-09", HERE).await;
    town.put(AN, family(None, None, Some("001185000009")), "2020-01-01").await;
    town.put("001185000009", family(None, None, Some(AN)), "2020-01-01").await;
    assert_eq!(found(&town).await, [of(FindingKind::SpouseMismatch, &[AN, BINH])]);
}

#[tokio::test]
async fn a_marriage_that_only_one_of_both_names_is_found() {
    let town = Town::new();
    town.person(AN, "Nguyễn Văn An", Sex::Male, "1985-05-05", HERE).await;
    town.person(BINH, "Trần Thị Bình", Sex::Female, "1985-06-06", HERE).await;
    town.put(AN, family(None, None, Some(BINH)), "2010-01-01").await;
    assert_eq!(
        found(&town).await,
        [of(FindingKind::SpouseMismatch, &[AN, BINH])],
        "she has no family at all"
    );
}

#[tokio::test]
async fn who_is_their_own_parent_or_younger_than_their_child_is_found() {
    let town = Town::new();
    town.person(AN, "Nguyễn Văn An", Sex::Male, "1985-05-05", HERE).await;
    town.person(SON, "Nguyễn Văn Cường", Sex::Male, "2015-07-07", HERE).await;
    town.put(AN, family(Some(SON), None, None), "1985-05-05").await;
    assert_eq!(found(&town).await, [of(FindingKind::ParentAgeImpossible, &[AN, SON])]);
    town.put(AN, family(Some(AN), None, None), "1985-05-05").await;
    assert!(found(&town).await.contains(&of(FindingKind::CyclicFamily, &[AN])));
}

#[tokio::test]
async fn a_father_who_is_a_woman_and_a_mother_who_is_a_man_are_found() {
    let town = family_in_order().await;
    town.put(SON, family(Some(BINH), Some(AN), None), "2015-07-07").await;
    let expected = [AN, BINH].map(|parent| of(FindingKind::ParentSexMismatch, &[parent, SON]));
    let found = found(&town).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(expected.iter().all(|one| found.contains(one)), "{found:?}");
}

#[tokio::test]
async fn an_unmarried_person_who_names_a_spouse_is_found() {
    let town = family_in_order().await;
    let FactValue::Family(known) = family(None, None, Some(BINH)) else { panic!("a family") };
    let single = Family { marital_status: Some(MaritalStatus::Single), ..known };
    town.put(AN, FactValue::Family(single), "2020-01-01").await;
    assert_eq!(found(&town).await, [of(FindingKind::SpouseMismatch, &[AN, BINH])]);
}

#[tokio::test]
async fn a_crowd_of_one_name_and_day_is_compared_within_bounds_and_the_rest_is_told() {
    let town = Town::new();
    for serial in 1..=60 {
        town.person(&format!("0010850{serial:05}"), "Nguyễn Văn An", Sex::Male, "1985-05-05", HERE).await;
    }
    let summary = scan(&town).commune(commune(HERE)).await.unwrap();
    // The 52nd leaves one pair out, the 60th nine: 1 + 2 + … + 9.
    assert_eq!((summary.persons, summary.pairs_left_out), (60, 45));
}

#[tokio::test]
async fn who_resides_nowhere_is_looked_at_too() {
    let town = Town::new();
    town.put(AN, FactValue::Identity(identity("Nguyễn Văn An", Sex::Female, "1985-05-05")), "1985-05-05")
        .await;
    town.person("001085000002", "Nguyễn Văn Bảo", Sex::Female, "1985-05-05", HERE).await;
    town.person("001085000003", "Nguyễn Văn Bền", Sex::Female, "1985-05-05", "99999").await;
    let page = scan(&town).rest(None).await.unwrap();
    assert_eq!((page.summary.persons, page.next), (2, None));
    let found: Vec<_> = all(&town).await.into_iter().map(|finding| (finding.kind, finding.persons)).collect();
    assert_eq!(found[0], (FindingKind::SexContradictsNumber, vec![number(AN)]));
    assert_eq!(found[1], (FindingKind::SexContradictsNumber, vec![number("001085000003")]));
}

#[tokio::test]
async fn households_with_two_heads_or_none_are_found_once() {
    let town = family_in_order().await;
    town.put(BINH, home(HERE, Some("H0001"), Some(Relation::Head)), "2016-01-01").await;
    assert_eq!(found(&town).await, [of(FindingKind::TwoHeads, &[AN, BINH])]);
    for member in [AN, BINH] {
        town.put(member, home(HERE, Some("H0001"), Some(Relation::Other)), "2017-01-01").await;
    }
    assert!(found(&town).await.contains(&of(FindingKind::NoHead, &[AN, BINH, SON])));
}

#[tokio::test]
async fn a_child_registered_twice_under_one_mother_is_found_and_twins_are_not() {
    let town = family_in_order().await;
    let child = async |text: &str, name: &str, sex, born: &str| {
        town.person(text, name, sex, born, HERE).await;
        town.put(text, family(Some(AN), Some(BINH), None), born).await;
    };
    // A twin of another name, and a sister of years later with the same middle name.
    child("001215000004", "Nguyễn Văn Dũng", Sex::Male, "2015-07-07").await;
    child("001318000005", "Nguyễn Thị Cúc", Sex::Female, "2018-07-07").await;
    assert_eq!(found(&town).await, []);
    // The son again: without marks and a month later; and with a letter missing on the same day.
    child("001215000006", "Nguyen Van Cuong", Sex::Male, "2015-08-07").await;
    child("001215000007", "Nguyễn Văn Cươg", Sex::Male, "2015-07-07").await;
    let twice = found(&town).await;
    assert!(twice.contains(&of(FindingKind::SameChildTwice, &[SON, "001215000006"])));
    assert!(twice.contains(&of(FindingKind::SameChildTwice, &[SON, "001215000007"])));
    assert_eq!(twice.len(), 2);
}

#[tokio::test]
async fn a_child_registered_twice_under_parents_of_two_numbers_is_found() {
    let town = family_in_order().await;
    // The mother stands in the register a second time, and her son with her.
    town.person("001185000008", "Tran Thi Binh", Sex::Female, "1985-06-07", HERE).await;
    town.person("001215000009", "Nguyễn Văn Cường", Sex::Male, "2015-07-07", HERE).await;
    town.put("001215000009", family(None, Some("001185000008"), None), "2015-07-07").await;
    // A namesake of other parents, born on the same day.
    town.person("001185000010", "Lê Thị Hoa", Sex::Female, "1985-09-09", HERE).await;
    town.person("001215000011", "Nguyễn Văn Cường", Sex::Male, "2015-07-07", HERE).await;
    town.put("001215000011", family(None, Some("001185000010"), None), "2015-07-07").await;
    assert_eq!(found(&town).await, [of(FindingKind::SameChildTwice, &[SON, "001215000009"])]);
}

#[tokio::test]
async fn a_scan_goes_on_page_by_page_and_finds_nothing_new_the_second_time() {
    let town = Town::new();
    let count = SCAN_PAGE_PERSONS + 25;
    for person in 0..count {
        let text = format!("001085{person:06}");
        town.person(&text, "Nguyễn Văn An", Sex::Female, "1985-05-05", HERE).await;
    }
    let mut walk = scan(&town);
    let first = walk.page(commune(HERE), None).await.unwrap();
    assert_eq!(first.summary.persons, SCAN_PAGE_PERSONS as u64);
    let second = scan(&town).page(commune(HERE), first.next).await.unwrap();
    assert_eq!((second.summary.persons, second.next), (25, None));
    assert_eq!(first.summary.new + second.summary.new, count as u64);
    let again = scan(&town).commune(commune(HERE)).await.unwrap();
    assert_eq!((again.persons, again.new, again.reopened), (count as u64, 0, 0));
    assert_eq!(again.found[&FindingKind::SexContradictsNumber], count as u64);
}

#[tokio::test]
async fn what_was_resolved_and_is_still_there_is_opened_again_and_what_was_dismissed_is_not() {
    let town = Town::new();
    for person in ["001085000001", "001085000002"] {
        town.person(person, "Nguyễn Văn An", Sex::Female, "1985-05-05", HERE).await;
    }
    scan(&town).commune(commune(HERE)).await.unwrap();
    let service = service(&town);
    let findings = all(&town).await;
    let lan = officer("lan", HERE);
    service.step(&lan, findings[0].id, FindingState::Resolved, "").await.unwrap();
    service.step(&lan, findings[1].id, FindingState::Dismissed, "Đã xem giấy khai sinh.").await.unwrap();
    let again = scan(&town).commune(commune(HERE)).await.unwrap();
    assert_eq!((again.new, again.reopened), (0, 1));
    let states: Vec<FindingState> = all(&town).await.iter().map(|finding| finding.state).collect();
    assert_eq!(states, [FindingState::Open, FindingState::Dismissed]);
}

#[tokio::test]
async fn a_list_of_persons_is_scanned_wherever_they_live() {
    let town = Town::new();
    town.person("001085000001", "Nguyễn Văn An", Sex::Female, "1985-05-05", THERE).await;
    let summary = scan(&town).persons(&[number("001085000001"), number("001085000099")]).await.unwrap();
    assert_eq!((summary.persons, summary.new), (2, 1));
    assert_eq!(all(&town).await[0].owner, Some(commune(THERE)));
}

#[tokio::test]
async fn officers_see_and_move_the_findings_of_their_commune_only() {
    let town = Town::new();
    town.person("001085000001", "Nguyễn Văn An", Sex::Female, "1985-05-05", HERE).await;
    scan(&town).commune(commune(HERE)).await.unwrap();
    let service = service(&town);
    let list = async |office: &Actor| {
        service.list(office, FindingFilter::default(), None, FINDINGS_PAGE_MAX).await.unwrap().len()
    };
    let (lan, hoa) = (officer("lan", HERE), officer("hoa", THERE));
    let centre = Actor::Operator { id: "minh".to_owned() };
    assert_eq!((list(&lan).await, list(&hoa).await, list(&centre).await), (1, 0, 1));
    let id = all(&town).await[0].id;
    let theirs = service.step(&hoa, id, FindingState::InHand, "").await;
    assert_eq!(theirs, Err(FindingError::NoSuchFinding));
    assert!(service.step(&centre, id, FindingState::InHand, "").await.is_ok());
}

#[tokio::test]
async fn a_finding_goes_from_hand_to_hand_by_its_rules() {
    let town = Town::new();
    town.person("001085000001", "Nguyễn Văn An", Sex::Female, "1985-05-05", HERE).await;
    scan(&town).commune(commune(HERE)).await.unwrap();
    let service = service(&town);
    let id = all(&town).await[0].id;
    let lan = officer("lan", HERE);
    let taken = service.step(&lan, id, FindingState::InHand, "").await.unwrap();
    assert_eq!(service.step(&lan, id, FindingState::InHand, "").await.unwrap(), taken, "pressed twice");
    for note in ["", "xem 001085000001"] {
        let dismissed = service.step(&lan, id, FindingState::Dismissed, note).await;
        assert_eq!(dismissed, Err(FindingError::Note));
    }
    let dismissed = service.step(&lan, id, FindingState::Dismissed, "Giới tính đã cải chính.").await.unwrap();
    assert_eq!(dismissed.moves.len(), 2);
    let resolved = service.step(&lan, id, FindingState::Resolved, "").await;
    assert_eq!(resolved, Err(FindingError::NoSuchStep));
    assert_eq!(service.step(&lan, id, FindingState::Open, "").await, Err(FindingError::Note));
    let open = service.step(&lan, id, FindingState::Open, "Xem lại.").await.unwrap();
    assert_eq!(open.state, FindingState::Open);
    let late = town.clock.clone();
    late.advance(SignedDuration::from_hours(24 * 16));
    assert!(open.is_overdue(dancu_core::Clock::today(&*late)));
}
