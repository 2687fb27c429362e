//! What every store of the register must do, tried through the load of files.

mod desk;
mod sealed;

use dancu_core::{CommuneCode, Explain, SexError, StoreError};
use dancu_register::{
    At, FactKind, FileDigest, HouseholdMember, KindSet, Life, LoadBatch, LoadProgress, Page, RegisterStore,
    RowError,
    csv::Column,
    load::{LoadError, LoadReport},
    person_at,
};
use desk::{Desk, Failing, TODAY, file, household, number, people, rejected_rows, row};
use jiff::{SignedDuration, Timestamp, civil::date};
use std::{os::unix::fs::PermissionsExt, sync::atomic::AtomicUsize};

/// Loads one person with a telephone number from a file, one second later than the clock stands.
pub(crate) async fn load_one(
    store: &dyn RegisterStore,
    clock: &crate::FakeClock,
    number: dancu_core::PersonalNumber,
    phone: &str,
) {
    load_with(store, clock, number, &[(Column::Phone, phone)]).await;
}

/// Loads one person with some columns set from a file, one second later than the clock stands.
pub(crate) async fn load_with(
    store: &dyn RegisterStore,
    clock: &crate::FakeClock,
    number: dancu_core::PersonalNumber,
    columns: &[(Column, &str)],
) -> LoadReport {
    clock.advance(SignedDuration::from_secs(1));
    let mut desk = Desk::new(store);
    desk.clock = crate::FakeClock::at(&dancu_core::Clock::now(clock).to_string());
    let number = number.to_string();
    let columns = [&[(Column::Number, number.as_str())], columns].concat();
    desk.load("one.csv", &file(&[row(1, &columns)])).await.expect("loads")
}

/// Runs every case, each on a store of its own; `open` gives an empty one with whatever keeps it alive.
pub async fn register_suite<S: RegisterStore, G>(open: impl Fn() -> (S, G)) {
    macro_rules! cases {
        ($($case:ident)*) => { $({
            let (store, _guard) = open();
            $case(&Desk::new(&store)).await;
        })* };
    }
    cases! {
        an_empty_register_knows_nobody
        a_person_is_seen_within_both_times_only
        only_the_kinds_asked_for_are_read
        the_same_file_again_changes_nothing
        another_file_writes_only_what_differs
        a_former_residence_is_seen_in_its_time
        a_death_is_seen_from_its_day
        a_clock_that_steps_back_keeps_the_order
        rejected_rows_go_to_a_file_of_their_owner
        rows_of_one_number_are_taken_once
        households_are_seen_in_their_time_and_by_pages
        the_size_of_batches_makes_no_difference
        a_load_goes_on_where_it_stopped
        a_batch_out_of_turn_is_not_applied
        answers_agree_with_the_history
        many_persons_are_read_as_each_of_them_is
    }
    sealed::cases(&open).await;
}

async fn an_empty_register_knows_nobody(desk: &Desk<'_>) {
    assert_eq!(desk.person(1, desk.now()).await, None);
    assert_eq!(desk.store.history(number(1)).await.expect("reads"), []);
    assert_eq!(desk.store.count_persons().await.expect("reads"), 0);
    assert_eq!(desk.store.load_progress(FileDigest([0; 32])).await.expect("reads"), None);
    let members = desk.store.household(&household("HK-1"), desk.now(), Page::first(10)).await;
    assert_eq!(members.expect("reads"), []);
}

async fn a_person_is_seen_within_both_times_only(desk: &Desk<'_>) {
    let before = desk.now();
    let report = desk.load("a.csv", &people([1])).await.expect("loads");
    assert_eq!((report.added, report.progress.rows, report.progress.rejected), (1, 1, 0));
    assert_eq!(desk.store.count_persons().await.expect("reads"), 1);
    let now = desk.now();
    let person = desk.person(1, now).await.expect("known");
    let identity = person.identity().expect("held");
    assert_eq!(identity.name.as_str(), "Trần Thị Lan");
    assert_eq!(identity.birth_date.to_string(), "1985-03-02");
    assert_eq!(identity.nationality.as_str(), "VNM");
    let residence = person.residence().expect("held");
    assert_eq!(residence.permanent_address.as_deref(), Some("Số 5, ngõ 7"));
    assert_eq!(person.card().expect("held").issued, Some(date(2021, 4, 30)));
    assert_eq!(person.contact().expect("held").phone.as_deref(), Some("0912345678"));
    assert_eq!(person.life(), Life::Alive);
    assert_eq!(desk.person(1, before).await, None, "not known before the load");
    let at = |as_of| At { as_of, ..now };
    assert_eq!(desk.person(1, at(date(1985, 3, 1))).await, None, "not born yet");
    let newborn = desk.person(1, at(date(1985, 3, 2))).await.expect("born");
    assert!(newborn.identity().is_some() && newborn.card().is_none() && newborn.residence().is_none());
    assert_eq!(desk.person(2, now).await, None);
}

async fn only_the_kinds_asked_for_are_read(desk: &Desk<'_>) {
    desk.load("a.csv", &people([1])).await.expect("loads");
    let read = async |kinds| desk.store.person_now(number(1), desk.now(), kinds).await.expect("reads");
    let card = read(KindSet::EMPTY.with(FactKind::Card)).await.expect("known");
    assert!(card.card().is_some() && card.identity().is_none() && card.residence().is_none());
    assert_eq!(read(KindSet::EMPTY.with(FactKind::Family)).await, None, "nothing of that kind is known");
    assert_eq!(read(KindSet::EMPTY).await, None);
}

async fn the_same_file_again_changes_nothing(desk: &Desk<'_>) {
    let text = people(1..=7);
    desk.load("a.csv", &text).await.expect("loads");
    let before = desk.store.history(number(3)).await.expect("reads");
    let again = desk.load("copy.csv", &text).await.expect("loads");
    assert!(again.already_loaded);
    assert_eq!((again.added, again.changed, again.unchanged), (0, 0, 0));
    assert_eq!(again.progress.rows, 7);
    assert_eq!(desk.store.history(number(3)).await.expect("reads"), before);
}

async fn another_file_writes_only_what_differs(desk: &Desk<'_>) {
    desk.load("a.csv", &people(1..=3)).await.expect("loads");
    let then = desk.now();
    let untouched = desk.store.history(number(1)).await.expect("reads");
    let moved = [
        (Column::PermanentSince, "2024-05-01"),
        (Column::PermanentCommune, "00004"),
        (Column::Household, "HK-2"),
    ];
    let renamed = [(Column::FullName, "Trần Thị Lân"), (Column::Phone, "0987654321")];
    let second = file(&[row(1, &[]), row(2, &moved), row(3, &renamed), row(4, &[])]);
    let report = desk.load("b.csv", &second).await.expect("loads");
    assert_eq!((report.added, report.changed, report.unchanged), (1, 2, 1));
    assert_eq!(desk.store.history(number(1)).await.expect("reads"), untouched);
    let now = desk.now();
    let commune = async |at: At| {
        let person = desk.person(2, at).await.expect("known");
        person.residence().and_then(|residence| residence.permanent_commune).map(CommuneCode::value)
    };
    assert_eq!(commune(now).await, Some(4));
    assert_eq!(commune(At { as_of: date(2024, 4, 30), ..now }).await, Some(26_740), "the former residence");
    assert_eq!(commune(then).await, Some(26_740), "as known before");
    let born = At { as_of: date(1985, 3, 2), ..now };
    let name = async |at: At| desk.person(3, at).await.expect("known").identity().map(|i| i.name.clone());
    assert_eq!(name(born).await, "Trần Thị Lân".parse().ok(), "a name is corrected from birth");
    assert_eq!(name(then).await, "Trần Thị Lan".parse().ok());
    let phone = async |at: At| desk.person(3, at).await.and_then(|p| p.contact()?.phone.clone());
    let yesterday = At { as_of: TODAY.yesterday().expect("a day"), ..now };
    assert_eq!(phone(now).await.as_deref(), Some("0987654321"));
    assert_eq!(phone(then).await.as_deref(), Some("0912345678"), "as known before");
    assert_eq!(phone(yesterday).await, None, "no file spoke for that day");
    let sources: Vec<_> = desk.store.history(number(3)).await.expect("reads");
    assert!(sources.iter().any(|fact| fact.source.starts_with("load:b.csv:")));
}

async fn a_former_residence_is_seen_in_its_time(desk: &Desk<'_>) {
    let former = [
        (Column::PreviousCommune, "00008"),
        (Column::PreviousAddress, "Thôn Hạ"),
        (Column::PreviousSince, "2000-01-01"),
    ];
    desk.load("a.csv", &file(&[row(1, &former)])).await.expect("loads");
    for (as_of, expected) in [
        (date(1999, 12, 31), None),
        (date(2000, 1, 1), Some(8)),
        (date(2009, 12, 31), Some(8)),
        (date(2010, 1, 1), Some(26_740)),
    ] {
        let person = desk.person(1, At { as_of, ..desk.now() }).await.expect("known");
        let commune = person.residence().and_then(|residence| residence.permanent_commune);
        assert_eq!(commune.map(CommuneCode::value), expected, "{as_of}");
    }
}

async fn a_death_is_seen_from_its_day(desk: &Desk<'_>) {
    let dead = [(Column::LifeStatus, "dead"), (Column::LifeDate, "2026-02-01")];
    desk.load("a.csv", &file(&[row(1, &[(Column::LifeStatus, "alive")])])).await.expect("loads");
    desk.load("b.csv", &file(&[row(1, &dead)])).await.expect("loads");
    let life = async |as_of| desk.person(1, At { as_of, ..desk.now() }).await.expect("known").life();
    assert_eq!(life(date(2026, 1, 31)).await, Life::Alive);
    assert_eq!(life(date(2026, 2, 1)).await, Life::Dead { date: Some(date(2026, 2, 1)) });
    let alive = [(Column::LifeStatus, "alive"), (Column::Phone, "0900000001")];
    desk.load("c.csv", &file(&[row(1, &alive)])).await.expect("loads");
    assert_eq!(life(TODAY).await, Life::Alive, "a wrong death is withdrawn");
}

async fn a_clock_that_steps_back_keeps_the_order(desk: &Desk<'_>) {
    desk.load("a.csv", &people([1])).await.expect("loads");
    desk.clock.advance(SignedDuration::from_hours(-5));
    let other = file(&[row(1, &[(Column::Phone, "0900000001")])]);
    let report = desk.load("b.csv", &other).await.expect("loads");
    assert_eq!((report.changed, report.moved_in_time), (1, 1));
    let history = desk.store.history(number(1)).await.expect("reads");
    let last = history.iter().map(|fact| fact.recorded_from).max().expect("facts");
    let person = desk.person(1, At { as_of: TODAY, known_at: last }).await.expect("known");
    assert_eq!(person.contact().and_then(|contact| contact.phone.as_deref()), Some("0900000001"));
    assert!(history.iter().all(|fact| fact.recorded_to.is_none_or(|end| end > fact.recorded_from)));
}

async fn rejected_rows_go_to_a_file_of_their_owner(desk: &Desk<'_>) {
    let bad_sex = row(2, &[(Column::Sex, "?")]);
    let bad_place = row(5, &[(Column::BirthPlace, "99999")]);
    let text = file(&[row(1, &[]), bad_sex.clone(), row(3, &[]), "a,\"b".to_owned(), row(4, &[]), bad_place]);
    let report = desk.load("a.csv", &text).await.expect("loads");
    assert_eq!((report.progress.rows, report.progress.rejected, report.progress.lines), (3, 3, 7));
    let path = report.rejects_file.expect("a file");
    assert_eq!(path.file_name().and_then(|name| name.to_str()), Some("a.csv.rejects.csv"));
    let mode = std::fs::metadata(&path).expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let rows = rejected_rows(&path);
    let told: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row[1].as_str(), row[2].as_str())).collect();
    assert_eq!(
        told,
        [
            ("3", "sex", SexError.explain().code),
            ("5", "", RowError::QuoteNotClosed.explain().code),
            ("7", "birth_place", RowError::UnknownCommune.explain().code)
        ]
    );
    assert_eq!(rows[0][5], bad_sex, "the row as it stood in the file");
    let clean = desk.load("b.csv", &people([9])).await.expect("loads");
    assert_eq!(clean.rejects_file, None);
}

async fn rows_of_one_number_are_taken_once(desk: &Desk<'_>) {
    let other = row(1, &[(Column::Phone, "0900000001")]);
    // Batches of three: the second row of number 1 is in the first batch, the third in the last.
    let text = file(&[row(1, &[]), other.clone(), row(2, &[]), row(3, &[]), row(4, &[]), row(5, &[]), other]);
    let report = desk.load("a.csv", &text).await.expect("loads");
    assert_eq!((report.added, report.progress.rows, report.progress.rejected), (5, 5, 2));
    let rows = rejected_rows(&report.rejects_file.expect("a file"));
    let told: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row[2].as_str())).collect();
    let code = RowError::Duplicate { first_line: None }.explain().code;
    assert_eq!(told, [("3", code), ("8", code)]);
    assert!(rows[0][4].contains("line 2"), "the first row's line is told: {}", rows[0][4]);
    let person = desk.person(1, desk.now()).await.expect("known");
    assert_eq!(person.contact().and_then(|contact| contact.phone.as_deref()), Some("0912345678"));
}

async fn households_are_seen_in_their_time_and_by_pages(desk: &Desk<'_>) {
    let child = [(Column::RelationToHead, "child")];
    let other = [(Column::Household, "HK-2")];
    let rows: Vec<_> = (1..=5).map(|serial| row(serial, if serial == 1 { &[] } else { &child })).collect();
    desk.load("a.csv", &file(&[rows, vec![row(6, &other)]].concat())).await.expect("loads");
    let then = desk.now();
    let moved = [(Column::Household, "HK-2"), (Column::PermanentSince, "2025-01-01")];
    desk.load("b.csv", &file(&[row(2, &moved)])).await.expect("loads");
    let members = async |name: &str, at: At, page: Page| {
        let members = desk.store.household(&household(name), at, page).await.expect("reads");
        members.iter().map(|member| member.number.value() % 10).collect::<Vec<_>>()
    };
    let all = Page::first(100);
    assert_eq!(members("HK-1", desk.now(), all).await, [1, 3, 4, 5]);
    assert_eq!(members("HK-2", desk.now(), all).await, [2, 6]);
    assert_eq!(members("HK-1", then, all).await, [1, 2, 3, 4, 5], "as known before");
    let before = At { as_of: date(2024, 12, 31), ..desk.now() };
    assert_eq!(members("HK-1", before, all).await, [1, 2, 3, 4, 5], "before the move");
    assert_eq!(members("HK-1", desk.now(), Page::first(2)).await, [1, 3]);
    let rest = Page { after: Some(number(3)), length_max: 2 };
    assert_eq!(members("HK-1", desk.now(), rest).await, [4, 5]);
    let first: Vec<HouseholdMember> =
        desk.store.household(&household("HK-1"), desk.now(), Page::first(1)).await.expect("reads");
    assert_eq!(first[0].name.as_ref().map(dancu_core::PersonName::as_str), Some("Trần Thị Lan"));
    assert_eq!(first[0].relation_to_head, Some(dancu_register::Relation::Head));
}

async fn the_size_of_batches_makes_no_difference(desk: &Desk<'_>) {
    // Descending numbers, so that batches of one are stored in another order than one of all.
    let text = people((1..=20).rev());
    let mut large = Desk::new(desk.store);
    large.batch_rows = 1;
    let report = large.load("a.csv", &text).await.expect("loads");
    assert_eq!((report.added, report.progress.lines), (20, 21));
    assert_eq!(report.progress.bytes, text.len() as u64);
    assert_eq!(desk.store.count_persons().await.expect("reads"), 20);
    for serial in 1..=20 {
        assert!(large.person(serial, large.now()).await.is_some(), "{serial}");
    }
    let again = desk.load("b.csv", &text).await.expect("loads");
    assert!(again.already_loaded, "the same file under another name and batch size");
}

async fn a_load_goes_on_where_it_stopped(desk: &Desk<'_>) {
    let rows = |first: u64| -> Vec<String> {
        let bad = |serial: u64| row(first + serial, &[(Column::Sex, "?")]);
        (0..10).map(|serial| if serial % 4 == 1 { bad(serial) } else { row(first + serial, &[]) }).collect()
    };
    let mut persons = 0;
    for (case, (fails_at, after_commit)) in
        (0..4).flat_map(|batch| [(batch, false), (batch, true)]).enumerate()
    {
        let text = file(&rows(100 * (case as u64 + 1)));
        let failing = Failing { store: desk.store, fails_at, after_commit, calls: AtomicUsize::new(0) };
        desk.clock.advance(SignedDuration::from_secs(1));
        let stopped = desk.load_with(&failing, "a.csv", &text).await;
        assert!(matches!(stopped, Err(LoadError::Store(StoreError::Full { .. }))), "batch {fails_at}");
        // A file is known by its bytes: another name is the same file.
        let name = if after_commit { "renamed.csv" } else { "a.csv" };
        let report = desk.load(name, &text).await.expect("goes on");
        let done_before = fails_at + usize::from(after_commit);
        assert_eq!(report.resumed_at.is_some(), (1..4).contains(&done_before), "batch {fails_at}");
        assert_eq!((report.progress.rows, report.progress.rejected), (7, 3), "batch {fails_at}");
        let rejected = rejected_rows(&report.rejects_file.expect("a file"));
        let lines: Vec<_> = rejected.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(lines, ["3", "7", "11"], "no reject is lost or doubled");
        persons += 7;
        assert_eq!(desk.store.count_persons().await.expect("reads"), persons);
    }
}

async fn a_batch_out_of_turn_is_not_applied(desk: &Desk<'_>) {
    let digest = FileDigest([7; 32]);
    let done = |rows| LoadProgress { bytes: rows * 10, lines: rows, rows, ..LoadProgress::default() };
    let batch = |before, after| LoadBatch {
        file: digest,
        source: "load:test:07".into(),
        effective: TODAY,
        recorded_at: Timestamp::UNIX_EPOCH,
        text: Vec::new(),
        rows: Vec::new(),
        rejects: Vec::new(),
        before,
        after,
    };
    let apply = async |before, after| desk.store.apply(batch(before, after)).await.expect("writes");
    assert!(apply(done(0), done(1)).await.applied);
    let late = apply(done(0), done(1)).await;
    assert_eq!((late.applied, late.progress), (false, done(1)));
    assert!(apply(done(1), done(2)).await.applied);
    assert_eq!(desk.store.load_progress(digest).await.expect("reads"), Some(done(2)));
}

/// Many files about the same few persons; then every answer is compared with the pure rule on the history.
async fn answers_agree_with_the_history(desk: &Desk<'_>) {
    let mut instants = vec![desk.now().known_at];
    for step in 0_u64..12 {
        let phone = format!("09{:08}", step * step % 5);
        let since = format!("20{:02}-0{}-01", 10 + step * 7 % 13, 1 + step % 9);
        let issued = format!("2021-0{}-11", 1 + step % 3);
        let state = if step % 5 == 0 { "lost" } else { "handed_over" };
        let changes = [
            (Column::Phone, phone.as_str()),
            (Column::PermanentSince, since.as_str()),
            (Column::CardIssued, issued.as_str()),
            (Column::CardState, state),
        ];
        desk.load("a.csv", &file(&[row(step % 3, &changes), row(3, &changes)])).await.expect("loads");
        instants.push(desk.now().known_at);
    }
    for serial in 0..4 {
        let history = desk.store.history(number(serial)).await.expect("reads");
        assert!(history.len() > 4);
        for known_at in &instants {
            for year in 2009..2027 {
                let at = At { as_of: date(year, 6, 15), known_at: *known_at };
                assert_eq!(desk.person(serial, at).await, person_at(&history, at), "{at:?}");
            }
        }
    }
}

async fn many_persons_are_read_as_each_of_them_is(desk: &Desk<'_>) {
    desk.load("a.csv", &people(0..5)).await.expect("loads");
    let now = desk.now();
    // In any order, with one whom nobody knows and one who is asked for twice.
    let asked: Vec<_> = [3, 9, 0, 3].map(number).to_vec();
    for kinds in [KindSet::ALL, KindSet::EMPTY.with(FactKind::Identity)] {
        let persons = desk.store.persons_now(&asked, now, kinds).await.expect("reads");
        assert_eq!(persons.len(), asked.len());
        for (number, person) in asked.iter().zip(persons) {
            assert_eq!(person, desk.store.person_now(*number, now, kinds).await.expect("reads"));
        }
    }
    assert_eq!(desk.store.persons_now(&[], now, KindSet::ALL).await.expect("reads"), []);
}
