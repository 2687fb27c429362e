//! What holds in every synthetic country, whatever its seed and size.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail loudly")]

mod file;

use dancu_core::{PersonalNumber, Sex};
use dancu_places::{NumberPlace, Places, Unit, number_place};
use dancu_register::{
    Seals,
    csv::{Header, RowParser},
};
use dancu_synth::{COLUMNS, Options, SynthError, sample_cards, write_country};
use file::{Country, Row, write};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

const TODAY: Date = date(2026, 11, 21);

/// Whole years between two days. Whoever was born on 29 February has a birthday each year, on the 28th where there is no
/// 29th, as the country reckons.
fn years(later: Date, earlier: Date) -> i32 {
    let count = later.year() - earlier.year();
    i32::from(count) - i32::from(earlier.saturating_add(count.years()) > later)
}

fn check_numbers(country: &Country) {
    let mut old_numbers = HashSet::new();
    let mut phones = HashSet::new();
    let mut emails = HashSet::new();
    for row in &country.rows {
        let number: PersonalNumber = row.number.parse().unwrap();
        assert!(number.issued_sex() == row.sex);
        assert_eq!(number.issued_birth_year(), row.born.year());
        let place = number_place(number.issued_place()).unwrap();
        match (row.place("registration_place"), place) {
            (None, NumberPlace::Country(_)) => assert!(row.text("birth_place").is_empty()),
            (Some(commune), NumberPlace::Province(province)) => {
                match Places::national().resolve(commune, row.born).unwrap() {
                    Unit::Former(former) => assert_eq!(former.province.code, province.code),
                    Unit::Present(present) => {
                        assert_eq!(u16::from(present.province.value()), province.code);
                    }
                }
            }
            other => panic!("{other:?}"),
        }
        if let Some(old) = row.some("old_number") {
            assert!(old.parse::<dancu_core::OldNumber>().is_ok());
            assert!(old_numbers.insert(old));
            assert!(row.born < date(2007, 1, 1), "too young for an old number");
        }
        if let Some(phone) = row.some("phone") {
            assert!(phone.len() == 10 && phone.starts_with('0') && phones.insert(phone));
        }
        if let Some(email) = row.some("email") {
            assert!(email.ends_with("@example.com") && email.is_ascii() && emails.insert(email));
        }
    }
}

fn check_family(country: &Country) {
    for row in &country.rows {
        for (column, sex) in [("father", Sex::Male), ("mother", Sex::Female)] {
            let Some(parent) = row.some(column).map(|number| country.person(number)) else { continue };
            assert!(parent.sex == sex, "{column}");
            let older = years(row.born, parent.born);
            assert!((18..=45).contains(&older), "{column} is {older} years older");
            assert!(parent.died().is_none_or(|day| row.born <= day), "{column} died before the birth");
        }
        let status = row.text("marital_status");
        let Some(spouse) = row.some("spouse").map(|number| country.person(number)) else {
            assert_ne!(status, "married", "married to nobody");
            continue;
        };
        assert_eq!(spouse.some("spouse"), Some(row.number.as_str()), "not mutual");
        assert!(spouse.sex != row.sex);
        assert!(years(row.born.max(spouse.born), row.born.min(spouse.born)) <= 13);
        assert!(row.some("mother").is_none_or(|mother| spouse.some("mother") != Some(mother)), "siblings");
        match (row.died(), spouse.died()) {
            (None, None) => assert_eq!((status, spouse.text("marital_status")), ("married", "married")),
            (None, Some(_)) => assert_eq!((status, spouse.text("marital_status")), ("widowed", "married")),
            _ => assert!(matches!(status, "married" | "widowed")),
        }
        let least = if row.sex == Sex::Male { 20 } else { 18 };
        assert!(years(row.died().unwrap_or(TODAY), row.born) >= least, "married too young");
    }
}

fn check_households(country: &Country) {
    let mut households: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in &country.rows {
        let is_alive = row.text("life_status") == "alive";
        assert_eq!(row.some("household").is_some(), is_alive, "the living have a household, others not");
        assert_eq!(row.some("relation_to_head").is_some(), is_alive);
        if let Some(household) = row.some("household") {
            households.entry(household).or_default().push(row);
        }
    }
    for members in households.values() {
        let heads: Vec<_> =
            members.iter().filter(|row| row.text("relation_to_head") == "head").copied().collect();
        let [head] = heads[..] else { panic!("{} heads", heads.len()) };
        assert!(years(TODAY, head.born) >= 18, "a child is the head");
        for member in members {
            for column in ["permanent_commune", "permanent_address"] {
                assert_eq!(member.text(column), head.text(column));
            }
            let parents = [member.some("father"), member.some("mother")];
            let is_child = |of: &str| parents.contains(&Some(of));
            match member.text("relation_to_head") {
                "spouse" => assert_eq!(member.some("spouse"), Some(head.number.as_str())),
                "child" => assert!(is_child(&head.number) || head.some("spouse").is_some_and(is_child)),
                "parent" => {
                    let own = Some(member.number.as_str());
                    assert!([head.some("father"), head.some("mother")].contains(&own));
                }
                _ => {}
            }
        }
        let spouses = members.iter().filter(|row| row.text("relation_to_head") == "spouse");
        assert!(spouses.count() <= 1);
    }
}

fn check_places_and_days(country: &Country) {
    let places = Places::national();
    for row in &country.rows {
        assert!(places.commune(row.place("permanent_commune").unwrap()).is_some());
        assert!(places.is_known(row.place("origin").unwrap()));
        let last_day = row.died().unwrap_or(TODAY);
        let since = row.day("permanent_since").unwrap();
        if let Some(place) = row.place("previous_commune") {
            assert!(places.resolve(place, since.yesterday().unwrap()).is_some() || places.is_known(place));
            let previous = row.day("previous_since").unwrap();
            assert!(row.born <= previous && previous < since);
        }
        if let Some(place) = row.place("temporary_commune") {
            assert!(places.commune(place).is_some());
        }
        for column in ["birth_place", "registration_place"] {
            assert!(row.place(column).is_none_or(|place| places.resolve(place, row.born).is_some()));
        }
        for column in ["permanent_since", "previous_since", "temporary_since", "card_issued", "life_date"] {
            if let Some(day) = row.day(column) {
                assert!(row.born <= day && day <= last_day, "{column} outside the life");
            }
        }
    }
}

fn check_cards(country: &Country) {
    for row in &country.rows {
        let state = row.text("card_state");
        let (issued, expires) = (row.day("card_issued"), row.day("card_expires"));
        if state.is_empty() {
            assert!(issued.is_none() && expires.is_none());
            continue;
        }
        if row.died().is_some() {
            assert_eq!(state, "revoked", "the card of a dead person");
        }
        let Some(issued) = issued else {
            assert!(matches!(state, "requested" | "in_production") && expires.is_none());
            continue;
        };
        let age = years(issued, row.born);
        assert!(issued >= date(2016, 1, 1) && (age >= 14 || issued >= date(2024, 7, 1)));
        assert!(expires.is_none_or(|end| issued < end));
        assert_eq!(expires.is_none(), age >= 58, "expiry of a card issued at {age}");
        let has_ended = expires.is_some_and(|end| end < row.died().unwrap_or(TODAY));
        assert_eq!(state == "expired", has_ended && row.died().is_none());
    }
}

fn check(country: &Country) {
    check_numbers(country);
    check_family(country);
    check_households(country);
    check_places_and_days(country);
    check_cards(country);
}

#[test]
fn a_card_issued_on_the_28th_to_somebody_born_on_a_leap_day_fits() {
    check(&Country::read(&write(780, 17_175_368_949_918_583_197, TODAY).0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn persons_fit_each_other(seed: u64, persons in 1_u64..4_000) {
        let (bytes, summary) = write(persons, seed, TODAY);
        let country = Country::read(&bytes);
        prop_assert_eq!(country.rows.len() as u64, persons);
        prop_assert_eq!(summary.persons, persons);
        check(&country);
    }

    #[test]
    fn equal_seeds_give_equal_bytes_and_others_do_not(seed: u64, persons in 20_u64..800) {
        let (bytes, summary) = write(persons, seed, TODAY);
        prop_assert!(write(persons, seed, TODAY) == (bytes.clone(), summary));
        prop_assert!(write(persons, seed ^ 1, TODAY).0 != bytes);
        prop_assert!(write(persons, seed, date(2026, 11, 20)).0 != bytes);
    }
}

#[test]
fn the_bytes_of_a_seed_are_the_same_on_every_machine() {
    let (bytes, _) = write(1_000, 1, TODAY);
    // FNV-1a, enough to see a change; when tables or rates change on purpose, this changes with them.
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(hash, PINNED, "the same seed no longer gives the same country: {hash:#018x}");
}

const PINNED: u64 = 0x695d_e665_2e5a_4951;

#[test]
fn a_country_of_100_000_has_the_shares_of_the_real_one() {
    let (bytes, summary) = write(100_000, 7, TODAY);
    let country = Country::read(&bytes);
    check(&country);
    let share = |wanted: &dyn Fn(&Row) -> bool| country.rows.iter().filter(|row| wanted(row)).count() / 100;
    let between = |what: &str, low: usize, high: usize, wanted: &dyn Fn(&Row) -> bool| {
        let found = share(wanted);
        assert!((low..=high).contains(&found), "{what}: {found} per thousand, expected {low} to {high}");
    };
    let surname = |row: &Row, name: &str| row.text("full_name").starts_with(&format!("{name} "));
    between("Nguyễn", 360, 400, &|row| surname(row, "Nguyễn"));
    between("Trần", 100, 120, &|row| surname(row, "Trần"));
    between("Lê", 85, 105, &|row| surname(row, "Lê"));
    between("Phạm", 60, 80, &|row| surname(row, "Phạm"));
    between("women", 490, 520, &|row| row.sex == Sex::Female);
    between("under 15", 215, 245, &|row| years(TODAY, row.born) < 15);
    between("from 65 on", 85, 120, &|row| years(TODAY, row.born) >= 65);
    between("dead", 20, 36, &|row| row.died().is_some());
    between("cards in hand", 680, 780, &|row| row.text("card_state") == "handed_over");
    between("with telephone", 600, 700, &|row| row.some("phone").is_some());
    between("moved", 120, 300, &|row| row.some("previous_commune").is_some());
    between("temporary residence", 15, 45, &|row| row.some("temporary_commune").is_some());
    between("born on 1 January", 20, 70, &|row| row.born.day_of_year() == 1);
    let minors: Vec<_> =
        country.rows.iter().filter(|row| years(TODAY, row.born) < 18 && row.died().is_none()).collect();
    let with_mother = minors.iter().filter(|row| row.some("mother").is_some()).count();
    assert!(with_mother * 100 >= minors.len() * 93, "{with_mother} of {} minors have a mother", minors.len());
    let size = summary.persons * 10 / summary.households;
    assert!((30..=42).contains(&size), "{size} persons in ten households");
    let places: HashSet<&str> = country.rows.iter().map(|row| &row.number[..3]).collect();
    assert!(places.len() >= 63);
}

#[test]
fn rows_have_the_columns_of_the_load_and_progress_reaches_the_end() {
    let mut bytes = Vec::new();
    let mut told = Vec::new();
    let options = Options { persons: 1_234, seed: 3, today: TODAY, sealed: false };
    write_country(&options, &mut bytes, &mut |rows| told.push(rows)).unwrap();
    assert_eq!(bytes.split(|byte| *byte == b'\n').next().unwrap(), COLUMNS.join(",").as_bytes());
    assert!(told.is_sorted());
    assert_eq!(told.last(), Some(&1_234));
}

#[test]
fn the_register_takes_every_row_without_a_fault_or_a_warning() {
    let (bytes, _) = write(5_000, 5, TODAY);
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let header = Header::parse(lines.next().unwrap()).unwrap();
    assert!(header.unknown().is_empty());
    let mut parser = RowParser::new(&header, Places::national(), TODAY);
    let mut rows = 0;
    for line in lines {
        let row = parser.parse(line).unwrap();
        assert!(row.warnings.is_empty());
        rows += 1;
    }
    assert_eq!(rows, 5_000);
}

#[test]
fn cards_say_what_their_rows_say() {
    let (bytes, _) = write(600, 11, TODAY);
    let country = Country::read(&bytes);
    let texts = sample_cards(bytes.as_slice(), 50).unwrap();
    assert_eq!(texts.len(), 50);
    for text in texts {
        let fields: Vec<&str> = text.split('|').collect();
        assert_eq!(fields.len(), 7);
        let row = country.person(fields[0]);
        assert_eq!([fields[1], fields[2]], [row.text("old_number"), row.text("full_name")]);
        assert!(fields[5].starts_with(row.text("permanent_address")));
    }
}

#[test]
fn impossible_countries_are_refused() {
    let refused = |persons, today| {
        write_country(&Options { persons, seed: 1, today, sealed: false }, &mut Vec::new(), &mut |_| {})
            .unwrap_err()
    };
    assert!(matches!(refused(0, TODAY), SynthError::Persons { .. }));
    assert!(matches!(refused(u64::MAX, TODAY), SynthError::Persons { .. }));
    assert!(matches!(refused(10, date(2025, 6, 30)), SynthError::Today { .. }));
    assert!(matches!(refused(10, date(2100, 1, 1)), SynthError::Today { .. }));
}

#[test]
fn a_full_disk_ends_the_country_with_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let options = Options { persons: 5_000, seed: 1, today: TODAY, sealed: false };
    let error = write_country(&options, &mut Full, &mut |_| {}).unwrap_err();
    assert!(matches!(error, SynthError::File(_)));
}

#[test]
fn sealed_columns_follow_the_others_and_fit_within_families() {
    let rows = |sealed| {
        let mut bytes = Vec::new();
        let options = Options { persons: 5_000, seed: 5, today: TODAY, sealed };
        write_country(&options, &mut bytes, &mut |_| {}).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let (plain, with) = (rows(false), rows(true));
    assert_eq!(with, rows(true), "the same seed gives the same bytes");
    for (plain, with) in plain.lines().zip(with.lines()) {
        assert!(
            with.strip_prefix(plain).is_some_and(|behind| behind.starts_with(',')),
            "the rest is the same"
        );
    }
    let mut lines = with.lines();
    let header = Header::parse(lines.next().unwrap().as_bytes()).unwrap();
    let seals = Seals::new(&[(1, [1; 32])]);
    let mut parser = RowParser::new(&header, Places::national(), TODAY).sealing(Some(&seals));
    assert!(lines.clone().all(|line| parser.parse(line.as_bytes()).unwrap().claims.has_sealed()));
    let people: HashMap<&str, (&str, &str)> = lines
        .clone()
        .map(|line| {
            let mut fields = line.rsplit(',');
            let (blood_group, ethnicity) = (fields.next().unwrap(), fields.next().unwrap());
            (&line[..12], (ethnicity, blood_group))
        })
        .collect();
    let majority = people.values().filter(|(ethnicity, _)| *ethnicity == "Kinh").count();
    assert!((4_000..4_600).contains(&majority), "{majority} of 5,000");
    assert!(people.values().all(|(ethnicity, _)| *ethnicity != "foreign"));
    let mut children = 0;
    for row in csv::Reader::from_reader(with.as_bytes()).into_records() {
        let row = row.unwrap();
        let [Some(father), Some(mother)] = [&row[10], &row[11]].map(|parent| people.get(parent)) else {
            continue;
        };
        let child = people[&row[0]];
        children += 1;
        assert_eq!(child.0, father.0);
        let is_zero = |person: &(&str, &str)| person.1.starts_with('O');
        if is_zero(father) && is_zero(mother) {
            assert!(child.1.starts_with('O'), "two parents without letters have no child with one");
        }
    }
    assert!(children > 500, "{children} children with both parents");
}
