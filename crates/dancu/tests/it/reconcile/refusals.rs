//! What is not compared: guesses, more than the limit, what a map may not say, and folders and runs that are not fit.

use super::{CONTRACT, is_whole, listing, reconcile, rows, told, world, write_file};
use crate::support::country::World;
use dancu_exchange::{AskBounds, Consent, ConsentId, ConsentState, ConsentStore, ConsentTerms, Field};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use jiff::{Timestamp, civil::date};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fmt::Write,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

#[test]
fn a_file_is_matched_when_all_its_rows_are_within_the_limit_of_the_day() {
    let world = world(|contract| contract["daily_limit"] = json!(300));
    let rows_in = write_file(&world);
    let (file, out) = (world.shown("agency.csv"), world.shown("out"));
    world.run(&reconcile(&file, &out)).succeeded();
    let matched = is_whole(&world, rows_in);
    // Rows that are nobody's are guesses too: what is left must be enough for all.
    let again = world.shown("again");
    let refused = world.run(&reconcile(&file, &again));
    assert!(!refused.is_ok && refused.err.contains("DANCU-EXCHANGE-023"), "{}", refused.err);
    assert_eq!(told(&world), matched);
    assert!(!world.path("again/none.csv").exists());
}

#[test]
fn guesses_at_a_number_or_at_what_belongs_to_one_are_not_compared() {
    let world = world(|_| {});
    let mut rows_of = csv::Reader::from_path(world.path("people.csv")).unwrap();
    let person: HashMap<String, String> = rows_of.deserialize().map(Result::unwrap).next().unwrap();
    let mut text = "ma,ho_ten,ngay_sinh,so_cccd\n".to_owned();
    for guess in 0..10 {
        writeln!(text, "G{guess},{},{},00120190{guess:04}", person["full_name"], person["birth_date"])
            .unwrap();
    }
    writeln!(text, "G10,{},{},{}", person["full_name"], person["birth_date"], person["number"]).unwrap();
    for guess in 0..11 {
        writeln!(text, "N{guess},Trịnh Quang {guess},19{:02}-02-03,001201901234", 10 + guess).unwrap();
    }
    writeln!(text, "B1,,,{}", person["number"]).unwrap();
    fs::write(world.path("agency.csv"), text).unwrap();
    world.run(&reconcile(&world.shown("agency.csv"), &world.shown("out"))).succeeded();
    assert_eq!(is_whole(&world, 23), 0);
    let reasons: Vec<String> = rows(&world, "rejected.csv").into_iter().map(|row| row[1].clone()).collect();
    assert_eq!(reasons[..22], vec!["too_many_alike"; 22]);
    assert_eq!(reasons[22..], ["nothing_identifying"]);
}

#[test]
fn a_map_compares_only_what_the_contract_names_and_sets_no_thresholds() {
    let world = world(|contract| contract["fields"] = json!(["name", "birth_date", "sex"]));
    let file = world.shown("good.csv");
    fs::write(&file, "ma,ho_ten,ngay_sinh\n1,An,1990-01-01\n").unwrap();
    let field = |kind: &str, rest: &str| format!("[[field]]\nkind=\"{kind}\"\n{rest}\n");
    let name = field("full_name", "left=\"ho_ten\"\nright=\"full_name\"");
    for (more, code) in [
        (field("phone", "left=\"ma\"\nright=\" PHONE \""), "DANCU-EXCHANGE-"),
        (field("text", "left=\"ma\"\nright=\"phone\""), "DANCU-CLI-119"),
        (field("birth_date", "right=\"birth_date\""), "DANCU-CLI-119"),
        (field("full_name", "left=\"ma\"\nright=\"full_name\""), "DANCU-CLI-119"),
    ] {
        fs::write(world.path("map.toml"), format!("{name}{more}")).unwrap();
        refused(&world, &file, code);
    }
    for threshold in ["automatic=0.999999", "review=0.0001", "vetoes=false"] {
        fs::write(world.path("map.toml"), format!("{threshold}\n{name}")).unwrap();
        refused(&world, &file, "DANCU-CLI-120");
    }
}

fn refused(world: &World, file: &str, code: &str) {
    let (map, out) = (world.shown("map.toml"), world.shown("out"));
    let said =
        world.run(&["reconcile", file, "--client", "insurer", "--map", &map, "--out", &out, "--quiet"]);
    assert!(!said.is_ok && said.err.contains(code), "{code}: {}", said.err);
    assert!(!world.path("out").exists(), "nothing was begun");
}

#[test]
fn a_folder_that_is_open_to_others_and_a_run_of_long_ago_are_refused() {
    let world = world(|_| {});
    write_file(&world);
    let (file, out) = (world.shown("agency.csv"), world.shown("out"));
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o755)).unwrap();
    world.run(&reconcile(&file, &out)).failed("DANCU-CLI-122", "out");
    fs::set_permissions(&out, Permissions::from_mode(0o700)).unwrap();
    fs::write(world.path("out/lock"), "").unwrap();
    let unconfirmed = world.run(&["reconcile", &file, "--client", "insurer", "--out", &out]);
    unconfirmed.failed("DANCU-CLI-112", "--yes");
    assert_eq!(listing(&world), ["lock"], "what was there before stays");
    world.run(&reconcile(&file, &out)).succeeded();
    let name = world.path("out/run.json");
    let mut run: Value = serde_json::from_slice(&fs::read(&name).unwrap()).unwrap();
    run["stage"] = json!("begun");
    run["known_at"] = json!("2026-01-01T00:00:00Z");
    fs::write(&name, run.to_string()).unwrap();
    fs::write(world.path("out/pairs.csv"), "row,key,number").unwrap();
    let matched = told(&world);
    world.run(&reconcile(&file, &out)).failed("DANCU-CLI-121", "30");
    assert_eq!((told(&world), world.path("out/pairs.csv").exists()), (matched, false));
}

/// A person consents to questions for these fields.
fn consent(world: &World, (id, number): (u128, &str), fields: &[Field]) {
    let at: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let asked = Consent {
        id: ConsentId(uuid::Uuid::from_u128(id)),
        number: number.parse().unwrap(),
        organisation: "insurer".parse().unwrap(),
        contract: CONTRACT.parse().unwrap(),
        terms: ConsentTerms {
            organisation_vi: "Bảo hiểm thử".to_owned(),
            organisation_en: "Test insurer".to_owned(),
            purpose_vi: "Làm sạch dữ liệu".to_owned(),
            purpose_en: "Clean data".to_owned(),
            legal_basis: "Luật".to_owned(),
            fields: fields.iter().copied().collect(),
            until: date(2036, 1, 31),
            per_day_max: 1,
            is_told_of_changes: false,
            uses_processor: false,
        },
        reference: "hồ sơ 7".to_owned(),
        asked_at: at,
        open_until: date(2036, 1, 1),
        state: ConsentState::Asked,
        granted_at: None,
        ended_at: None,
    };
    let bounds = AskBounds {
        person_since: Timestamp::UNIX_EPOCH,
        per_person_max: 3,
        contract_since: Timestamp::UNIX_EPOCH,
        per_contract_max: 1_000,
    };
    let granted = Consent { state: ConsentState::Granted, granted_at: Some(at), ..asked.clone() };
    let store = SqliteStore::open(&world.path("data"), DatabaseOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.ask_consent(asked, bounds)).unwrap();
    assert!(runtime.block_on(store.move_consent(granted, ConsentState::Asked)).unwrap());
    store.database().close();
}

#[test]
fn consent_is_needed_to_every_field_that_is_compared_and_all_of_them_are_in_the_log() {
    let world = world(|contract| {
        contract["persons"] = json!("with_consent");
        contract["file_match"]["fields"] = json!(["name", "birth_date"]);
    });
    let mut people = csv::Reader::from_path(world.path("people.csv")).unwrap();
    let people = people.deserialize::<HashMap<String, String>>().map(Result::unwrap);
    let mut text = "ma,ho_ten,ngay_sinh,gioi_tinh,so_cccd\n".to_owned();
    for (place, person) in people.filter(|person| person["life_status"] != "dead").take(3).enumerate() {
        let sex = if place == 2 { "" } else { &person["sex"] };
        let (name, day, number) = (&person["full_name"], &person["birth_date"], &person["number"]);
        writeln!(text, "A{place},{name},{day},{sex},{number}").unwrap();
        let all = [Field::Name, Field::BirthDate, Field::Sex];
        consent(&world, (place as u128 + 1, number), if place == 1 { &all[..2] } else { &all });
    }
    fs::write(world.path("agency.csv"), text).unwrap();
    world.run(&reconcile(&world.shown("agency.csv"), &world.shown("out"))).succeeded();
    assert_eq!(is_whole(&world, 3), 2);
    let matched: Vec<Vec<String>> = rows(&world, "matched.csv");
    assert!(matched.iter().all(|row| row[2] == "name birth_date"), "{matched:?}");
    assert_eq!(rows(&world, "none.csv"), [["A1"]], "sex was compared, though nothing is told of it");
    let texts: Vec<String> = world.read_log().texts().filter(|text| text.contains(CONTRACT)).collect();
    let with_sex = texts.iter().filter(|text| text.contains("sex")).count();
    assert_eq!(
        (texts.len(), with_sex),
        (2, 1),
        "what was compared is logged, and not what the row left blank"
    );
}
