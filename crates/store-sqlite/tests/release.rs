//! A register that the release before the changes wrote is opened, and every answer is as it was.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use dancu_changes::ChangeStore;
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_exchange::{ExchangeStore, Side, Stage};
use dancu_register::{
    At, Fact, FactKind, FactValue, HouseholdNumber, Link, Page, RegisterStore, communes, day_from_number,
    links, person_at,
};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use jiff::{Timestamp, civil::date};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

const RELEASE: &str = include_str!("data/release-0.1.sql");
const ALL: Page = Page::first(1_000);

/// The file of then, and what its table of facts says, read without the store.
fn release() -> (TempDir, BTreeMap<PersonalNumber, Vec<Fact>>) {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("register.db")).unwrap();
    connection.execute_batch(RELEASE).unwrap();
    let mut facts: BTreeMap<PersonalNumber, Vec<Fact>> = BTreeMap::new();
    let mut statement = connection
        .prepare(
            "SELECT number, kind, value, valid_from, valid_to, recorded_from, recorded_to, name
             FROM fact JOIN fact_source ON id = source ORDER BY number, kind, recorded_from, valid_from",
        )
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let instant = |micros| Timestamp::from_microsecond(micros).unwrap();
        let kind = FactKind::from_code(row.get(1).unwrap()).unwrap();
        let number = PersonalNumber::from_value(row.get(0).unwrap()).unwrap();
        facts.entry(number).or_default().push(Fact {
            number,
            value: FactValue::decode(kind, row.get::<_, String>(2).unwrap().as_bytes()).unwrap(),
            valid_from: day_from_number(row.get(3).unwrap()).unwrap(),
            valid_to: row.get::<_, Option<i32>>(4).unwrap().map(|day| day_from_number(day).unwrap()),
            recorded_from: instant(row.get(5).unwrap()),
            recorded_to: row.get::<_, Option<i64>>(6).unwrap().map(instant),
            source: row.get::<_, String>(7).unwrap().into(),
        });
    }
    assert_eq!(facts.len(), 24);
    assert!(facts.values().flatten().any(|fact| fact.recorded_to.is_some()), "something was corrected");
    drop(rows);
    drop(statement);
    (folder, facts)
}

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap()
}

/// Points on both sides of every move and every load.
fn points(facts: &BTreeMap<PersonalNumber, Vec<Fact>>) -> Vec<At> {
    let mut instants: BTreeSet<Timestamp> = facts.values().flatten().map(|fact| fact.recorded_from).collect();
    instants.insert(Timestamp::UNIX_EPOCH);
    let days = [date(1970, 1, 1), date(2026, 2, 28), date(2026, 3, 1), date(2026, 11, 5), date(2026, 11, 22)];
    let pairs = instants.into_iter().flat_map(|known_at| days.map(|as_of| At { as_of, known_at }));
    pairs.collect()
}

#[tokio::test]
async fn every_answer_of_the_release_before_is_the_same() {
    let (folder, facts) = release();
    let store = open(&folder);
    let points = points(&facts);
    assert_eq!(store.count_persons().await.unwrap(), 24);
    for (number, history) in &facts {
        assert_eq!(store.history(*number).await.unwrap(), *history);
        let record = store.record(*number).await.unwrap();
        let last = history.iter().map(|fact| fact.recorded_to.unwrap_or(fact.recorded_from)).max();
        assert_eq!((record.facts, record.version), (history.clone(), last));
        assert_eq!(store.sealed_history(*number).await.unwrap(), []);
        for at in &points {
            assert_eq!(store.person(*number, *at).await.unwrap(), person_at(history, *at));
        }
    }
    let staff =
        "SELECT count(*) FROM account JOIN code ON account.id = code.account WHERE staff_id = 'an.nguyen'";
    let accounts: i64 = store.database().read(|c| c.query_row(staff, [], |row| row.get(0))).unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn households_of_the_release_before_are_the_same() {
    let (folder, facts) = release();
    let store = open(&folder);
    let household = |fact: &Fact| match &fact.value {
        FactValue::Residence(home) => home.household.clone(),
        _ => None,
    };
    let named: BTreeSet<HouseholdNumber> = facts.values().flatten().filter_map(household).collect();
    assert!(named.len() > 5);
    for at in points(&facts) {
        for name in &named {
            let belongs = |history: &Vec<Fact>| {
                let person = person_at(history, at)?;
                (person.residence()?.household.as_ref() == Some(name)).then_some(person.number)
            };
            let members = store.household(name, at, ALL).await.unwrap();
            let numbers: Vec<_> = members.iter().map(|member| member.number).collect();
            assert_eq!(numbers, facts.values().filter_map(belongs).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn the_new_indexes_hold_what_was_loaded_before() {
    let (folder, facts) = release();
    let store = open(&folder);
    let all = || facts.values().flatten();
    let relatives: BTreeSet<_> = all()
        .flat_map(|fact| links(&fact.value).into_iter().map(|(named, _)| (named, fact.number)))
        .collect();
    let residents: BTreeSet<_> =
        all().flat_map(|fact| communes(&fact.value).map(|code| (code, fact.number))).collect();
    assert!(relatives.len() > 20 && residents.len() > 24);
    let pairs = |sql: &str| -> BTreeSet<(u64, u64)> {
        let read =
            |connection: &Connection| connection.prepare(sql)?.query_map([], |row| row.try_into())?.collect();
        store.database().read(read).unwrap()
    };
    let expected: BTreeSet<_> = relatives.iter().map(|(one, other)| (one.value(), other.value())).collect();
    assert_eq!(pairs("SELECT relative, number FROM relative"), expected);
    let expected: BTreeSet<_> =
        residents.iter().map(|(code, number)| (u64::from(code.value()), number.value())).collect();
    assert_eq!(pairs("SELECT commune, number FROM commune_person"), expected);
    for at in points(&facts) {
        for named in relatives.iter().map(|(named, _)| *named).collect::<BTreeSet<_>>() {
            let related = store.related(named, at, ALL).await.unwrap();
            let found: BTreeSet<_> = related.iter().map(|one| (one.number, one.link)).collect();
            assert_eq!(found, named_by(&facts, named, at));
        }
        for code in residents.iter().map(|(code, _)| *code).collect::<BTreeSet<_>>() {
            let found = store.residents(&[code], at, ALL).await.unwrap();
            let found: Vec<_> = found.iter().map(|one| one.number).collect();
            assert_eq!(found, living_in(&facts, code, at));
        }
    }
}

fn named_by(
    facts: &BTreeMap<PersonalNumber, Vec<Fact>>,
    named: PersonalNumber,
    at: At,
) -> BTreeSet<(PersonalNumber, Link)> {
    let persons = facts.values().filter_map(|history| person_at(history, at));
    let family = persons.filter_map(|person| {
        let held = person.held(FactKind::Family)?;
        Some((person.number, links(&held.value)))
    });
    let pairs = family.flat_map(|(number, links)| links.into_iter().map(move |link| (number, link)));
    pairs.filter(|(_, (other, _))| *other == named).map(|(number, (_, link))| (number, link)).collect()
}

fn living_in(facts: &BTreeMap<PersonalNumber, Vec<Fact>>, code: CommuneCode, at: At) -> Vec<PersonalNumber> {
    let persons = facts.values().filter_map(|history| person_at(history, at));
    let lives = persons.filter(|person| {
        person.residence().is_some_and(|home| {
            home.permanent_commune == Some(code)
                || home.temporary_on(at.as_of).is_some_and(|temporary| temporary.commune == code)
        })
    });
    lives.map(|person| person.number).collect()
}

#[tokio::test]
async fn a_second_start_finds_all_steps_done() {
    let (folder, facts) = release();
    open(&folder).database().close();
    let store = open(&folder);
    for (number, history) in facts {
        assert_eq!(store.history(number).await.unwrap(), history);
    }
}

#[tokio::test]
async fn what_was_connected_before_there_were_reviews_stays_in_use_and_its_history_says_so() {
    let (folder, _) = release();
    let connection = Connection::open(folder.path().join("register.db")).unwrap();
    let connected = "INSERT INTO organisation VALUES ('bank', 'A', 'A');
                     INSERT INTO client VALUES ('core', 'bank', '[]', NULL);
                     INSERT INTO contract VALUES ('c-1', 'core', '{}');";
    connection.execute_batch(connected).unwrap();
    drop(connection);
    let stages = open(&folder).stages().await.unwrap();
    let step = stages[0].step.step().unwrap();
    assert_eq!((stages.len(), stages[0].last_sequence, step.to), (1, 1, Stage::Official));
    assert_eq!(stages[0].step.by.side, Side::Release);
}
