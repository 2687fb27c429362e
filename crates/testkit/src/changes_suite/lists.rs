//! Persons who belong together, at points of both time axes and by pages.

use super::desk::{Desk, TODAY, at, commune, contact, family, home, household, identity, number, since};
use dancu_changes::Record;
use dancu_register::{At, Belief, FactValue, Link, Page, Representation, Residence, TemporaryResidence};
use jiff::civil::{Date, date};

const BORN: Date = date(1985, 3, 2);
const ALL: Page = Page::first(100);

fn now() -> At {
    At { as_of: TODAY, known_at: at(1_000) }
}

async fn related(desk: &Desk, whose: u64, at: At, page: Page) -> Vec<(u64, Link)> {
    let related = desk.store.related(number(whose), at, page).await.expect("reads");
    related.iter().map(|one| (one.number.value() - number(0).value(), one.link)).collect()
}

pub(super) async fn relatives_are_seen_in_their_time_and_by_pages(desk: &Desk) {
    desk.state(1, 5, &[since(identity("Trần Thị Lan"), BORN), since(family(Some(1), Some(2), None), BORN)])
        .await;
    desk.state(2, 3, &[since(family(Some(1), None, Some(2)), BORN)]).await;
    desk.state(3, 4, &[since(family(None, None, Some(1)), date(2010, 1, 1))]).await;
    let representatives = |numbers: &[u64]| {
        let representatives = numbers.iter().copied().map(number).collect();
        FactValue::Representation(Representation { representatives })
    };
    desk.state(4, 3, &[since(representatives(&[1, 2]), date(2015, 1, 1))]).await;
    desk.state(5, 9, &[since(representatives(&[1]), BORN)]).await;
    let all = [
        (3, Link::Father),
        (3, Link::Representative),
        (4, Link::Spouse),
        (5, Link::Father),
        (9, Link::Representative),
    ];
    assert_eq!(related(desk, 1, now(), ALL).await, all);
    assert_eq!(
        related(desk, 2, now(), ALL).await,
        [(3, Link::Spouse), (3, Link::Representative), (5, Link::Mother)]
    );
    assert_eq!(
        related(desk, 1, At { as_of: date(2009, 1, 1), ..now() }, ALL).await,
        [all[0], all[3], all[4]]
    );
    assert_eq!(related(desk, 1, At { known_at: at(2), ..now() }, ALL).await, [all[0], all[3]]);
    assert_eq!(related(desk, 1, At { known_at: at(0), ..now() }, ALL).await, []);
    // The end of a marriage: the index still names the person, the fact no longer does.
    desk.state(6, 4, &[since(family(None, None, None), date(2020, 1, 1))]).await;
    assert_eq!(related(desk, 1, now(), ALL).await, [all[0], all[1], all[3], all[4]]);
    assert_eq!(related(desk, 1, At { as_of: date(2019, 12, 31), ..now() }, ALL).await, all);
    let first =
        desk.store.related(number(1), At { as_of: date(2016, 1, 1), ..now() }, Page::first(100)).await;
    let named = first.expect("reads").into_iter().find(|one| one.number == number(5)).expect("related");
    assert_eq!(named.name, "Trần Thị Lan".parse().ok());
    assert_eq!(named.birth_date.map(|day| day.to_string()).as_deref(), Some("1985-03-02"));
    pages_of_relatives(desk, &all).await;
}

/// Two links of one person are never on two pages.
async fn pages_of_relatives(desk: &Desk, all: &[(u64, Link)]) {
    let then = At { as_of: date(2019, 12, 31), ..now() };
    for length_max in 1..=6 {
        let (mut after, mut read) = (None, Vec::new());
        loop {
            let page = related(desk, 1, then, Page { after, length_max }).await;
            let Some(last) = page.last() else { break };
            assert!(page.len() <= length_max.max(2), "{length_max}");
            after = Some(number(last.0));
            read.extend(page);
        }
        assert_eq!(read, all, "{length_max}");
    }
}

pub(super) async fn everyone_who_ever_named_a_person_is_known(desk: &Desk) {
    for (second, child) in [(1, 7), (2, 3), (3, 5)] {
        desk.state(second, child, &[since(family(Some(1), None, None), BORN)]).await;
    }
    desk.state(4, 3, &[since(family(Some(2), None, None), BORN)]).await;
    let ever =
        async |whose, length_max| desk.store.ever_related(number(whose), length_max).await.expect("reads");
    assert_eq!(ever(1, 10).await, [3, 5, 7].map(number));
    assert_eq!(ever(1, 2).await, [3, 5].map(number));
    assert_eq!(ever(2, 10).await, [number(3)]);
    assert_eq!(ever(3, 10).await, []);
}

async fn residents(desk: &Desk, codes: &[u32], at: At, page: Page) -> Vec<(u64, bool)> {
    let codes: Vec<_> = codes.iter().copied().map(commune).collect();
    let residents = desk.store.residents(&codes, at, page).await.expect("reads");
    residents.iter().map(|one| (one.number.value() - number(0).value(), one.is_temporary)).collect()
}

fn living(residence: Residence, since: Date) -> Belief {
    Belief { value: FactValue::Residence(residence), valid_from: since, valid_to: None }
}

fn staying(permanent: Option<u32>, temporary: u32, since: Option<Date>) -> Residence {
    let stay = TemporaryResidence { commune: commune(temporary), address: Some("Ngõ 9".to_owned()), since };
    let none = Residence { permanent_commune: None, permanent_address: None, ..home(1, None) };
    Residence { temporary: Some(stay), ..permanent.map_or(none, |code| home(code, None)) }
}

pub(super) async fn residents_are_seen_in_their_time_and_by_pages(desk: &Desk) {
    desk.state(1, 1, &[since(identity("Trần Thị Lan"), BORN), living(home(4, None), BORN)]).await;
    desk.state(2, 2, &[living(home(4, None), BORN)]).await;
    desk.state(3, 3, &[living(home(8, None), BORN)]).await;
    desk.state(4, 2, &[living(home(8, None), date(2020, 1, 1))]).await;
    desk.state(5, 4, &[living(staying(Some(8), 4, Some(date(2024, 1, 1))), date(2010, 1, 1))]).await;
    desk.state(6, 5, &[living(staying(None, 4, None), BORN)]).await;
    let all = [(1, false), (4, true), (5, true)];
    assert_eq!(residents(desk, &[4], now(), ALL).await, all);
    assert_eq!(residents(desk, &[8], now(), ALL).await, [(2, false), (3, false), (4, false)]);
    let then = At { as_of: date(2019, 6, 1), ..now() };
    assert_eq!(residents(desk, &[4], then, ALL).await, [(1, false), (2, false), (5, true)], "not begun yet");
    let known = At { known_at: at(3), ..now() };
    assert_eq!(residents(desk, &[4], known, ALL).await, [(1, false), (2, false)]);
    assert_eq!(residents(desk, &[4], At { known_at: at(0), ..now() }, ALL).await, []);
    assert_eq!(residents(desk, &[4], now(), Page::first(2)).await, all[..2]);
    let rest = Page { after: Some(number(4)), length_max: 2 };
    assert_eq!(residents(desk, &[4], now(), rest).await, all[2..]);
    assert_eq!(residents(desk, &[], now(), ALL).await, []);
    assert_eq!(residents(desk, &[99], now(), ALL).await, []);
    let told = desk.store.residents(&[commune(4)], now(), ALL).await.expect("reads");
    assert_eq!(told[0].name, "Trần Thị Lan".parse().ok());
    assert_eq!(told[0].address.as_deref(), Some("Số 4"));
    assert_eq!((told[1].name.clone(), told[1].address.as_deref()), (None, Some("Ngõ 9")));
}

pub(super) async fn residents_of_several_communes_come_once(desk: &Desk) {
    let codes = [4_u32, 8, 16, 22];
    for serial in 1..=40_u32 {
        let code = codes[serial as usize % 4];
        let residence = match serial % 5 {
            0 => staying(Some(code), codes[(serial as usize + 1) % 4], None),
            _ => home(code, None),
        };
        desk.state(serial, (serial * 17 % 41).into(), &[living(residence, BORN)]).await;
    }
    let (mut after, mut read) = (None, Vec::new());
    loop {
        let page = residents(desk, &codes, now(), Page { after, length_max: 7 }).await;
        let Some(last) = page.last() else { break };
        after = Some(number(last.0));
        read.extend(page);
    }
    assert_eq!(read, (1..=40).map(|serial| (serial, false)).collect::<Vec<_>>());
    let many: Vec<u32> = (1..=64).collect();
    assert_eq!(residents(desk, &many, now(), ALL).await, read, "as many communes as may be named");
}

pub(super) async fn households_of_changes_are_seen_like_those_of_files(desk: &Desk) {
    for (second, serial, name) in [(1, 1, "HK-1"), (2, 3, "HK-1"), (3, 2, "HK-2"), (4, 3, "HK-2")] {
        desk.state(second, serial, &[living(home(4, Some(name)), BORN)]).await;
    }
    desk.state(5, 4, &[since(contact("0912345678"), TODAY)]).await;
    let members = async |name: &str, at: At| {
        let members = desk.store.household(&household(name), at, ALL).await.expect("reads");
        members.iter().map(|member| member.number).collect::<Vec<_>>()
    };
    assert_eq!(members("HK-1", now()).await, [number(1)]);
    assert_eq!(members("HK-2", now()).await, [2, 3].map(number));
    assert_eq!(members("HK-1", At { known_at: at(3), ..now() }).await, [1, 3].map(number));
    let ever =
        async |length_max| desk.store.ever_in_household(&household("HK-1"), length_max).await.expect("reads");
    assert_eq!((ever(10).await, ever(1).await), (vec![number(1), number(3)], vec![number(1)]));
    let with_records = async |name: &str, length_max| {
        desk.store.household_records(&household(name), length_max).await.expect("reads")
    };
    let mut expected = Vec::new();
    for serial in [1, 3] {
        expected.push((number(serial), desk.store.record(number(serial)).await.expect("reads")));
    }
    assert!(expected.iter().all(|(_, record)| !record.facts.is_empty() && record.version.is_some()));
    assert_eq!(with_records("HK-1", 10).await, expected);
    assert_eq!(with_records("HK-1", 1).await, expected[..1]);
    assert_eq!(with_records("HK-9", 10).await, []);
    let asked = [9, 3, 1].map(number);
    let records = desk.store.records(&asked).await.expect("reads");
    assert_eq!(records, [Record::default(), expected[1].1.clone(), expected[0].1.clone()]);
}
