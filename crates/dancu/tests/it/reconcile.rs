//! An agency's file is matched against the register: every row is in one list, every match is in the log once, whatever is
//! killed in between, and what the contract does not let be told is not told.

mod refusals;

use crate::support::{command::plain, country::World, numbers::Numbers, server::written};
use dancu_bulk::{Format, from_csv};
use dancu_exchange::{
    CaseId, CaseKind, CaseMove, CaseState, FileReviewStore, PairDecision, PairReason, PairVerdict,
    PrivacyCase, PrivacyStore,
};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    fs,
    os::unix::fs::DirBuilderExt,
    process::Stdio,
    thread,
};

/// Persons of the country who are in the agency's file.
const KNOWN: usize = 200;
const CONTRACT: &str = "contract-insurer";

/// A world in which an insurer has a contract to have its files matched.
fn world(change: impl FnOnce(&mut Value)) -> World {
    let world = World::drafts();
    let key = plain(&["client", "key", &world.shown("clients/insurer.pem")]).succeeded();
    let key: Value = serde_json::from_str(&key).unwrap();
    let mut document = json!({
        "organisations": [{"id": "insurer", "name_vi": "Bảo hiểm thử", "name_en": "Test insurer"}],
        "clients": [{"id": "insurer", "organisation": "insurer", "keys": [key]}],
        "contracts": [{
            "id": CONTRACT, "client": "insurer", "legal_basis": "Luật Bảo hiểm xã hội 2024, Điều 23",
            "purpose_vi": "Làm sạch dữ liệu", "purpose_en": "Clean data",
            "fields": ["name", "birth_date", "sex", "residence"], "products": ["file_match"],
            "file_match": {"fields": ["name", "birth_date", "sex"], "rows_max": 5000},
            "daily_limit": 100_000, "per_second_max": 10, "valid_from": "2026-01-01", "limit_reason": "Thử",
        }],
    });
    change(&mut document["contracts"][0]);
    fs::write(world.path("insurer.json"), document.to_string()).unwrap();
    world.run(&["connect", &world.shown("insurer.json")]).succeeded();
    world.make_official();
    world
}

/// The agency's file: persons of the country, some without a number, some bare of marks, strangers, a row that is cut, a key
/// that a spreadsheet would reckon, and bytes that are no UTF-8. Gives the rows below the header.
fn write_file(world: &World) -> u64 {
    let mut rows = csv::Reader::from_path(world.path("people.csv")).unwrap();
    let people = rows.deserialize::<HashMap<String, String>>().map(Result::unwrap);
    let mut text = "ma,ho_ten,ngay_sinh,so_cccd,gioi_tinh,ghi_chu\n".to_owned();
    let mut count = 0;
    for (place, person) in people.filter(|person| person["life_status"] != "dead").take(KNOWN).enumerate() {
        let number = if place % 7 == 3 { "" } else { &person["number"] };
        let name =
            if place % 10 == 9 { person["full_name"].to_uppercase() } else { person["full_name"].clone() };
        writeln!(text, "A{place},{name},{},{number},{},x", person["birth_date"], person["sex"]).unwrap();
        count += 1;
    }
    text.push_str("S1,Trịnh Quang Vô Danh,1901-02-03,,nam,\n=1+1,Đoàn Thị Không Ai,1902-04-05,,nữ,\n");
    text.push_str("cut,row\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"latin,Tr\xc7n Th\xde B\xd7nh,01/02/1903,,,\n");
    fs::write(world.path("agency.csv"), bytes).unwrap();
    count + 4
}

fn reconcile<'a>(file: &'a str, out: &'a str) -> Vec<&'a str> {
    vec!["reconcile", file, "--client", "insurer", "--yes", "--quiet", "--out", out, "--reference", "12/BHXH"]
}

fn rows(world: &World, name: &str) -> Vec<Vec<String>> {
    let mut rows = csv::Reader::from_path(world.path("out").join(name)).unwrap();
    rows.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn report(world: &World) -> Value {
    serde_json::from_slice(&fs::read(world.path("out").join("report.json")).unwrap()).unwrap()
}

/// What the agency gets, all of it; `lock` is empty.
const DELIVERED: [&str; 7] =
    ["lock", "matched.csv", "none.csv", "rejected.csv", "report.html", "report.json", "run.json"];

fn listing(world: &World) -> Vec<String> {
    let files = fs::read_dir(world.path("out")).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Matched rows that agree in a field.
fn agreeing(matched: &[Vec<String>], field: &str) -> u64 {
    matched.iter().filter(|row| row[2].split(' ').any(|name| name == field)).count() as u64
}

/// Entries of the contract in the log.
fn told(world: &World) -> u64 {
    world.read_log().counted(CONTRACT).values().sum()
}

/// Every row is in one list, and every match in the log once; how many matches there are.
fn is_whole(world: &World, rows_in: u64) -> u64 {
    let lists = ["matched.csv", "rejected.csv", "none.csv"].map(|name| rows(world, name));
    assert_eq!(lists.iter().map(|list| list.len() as u64).sum::<u64>(), rows_in);
    let keys: Vec<&String> = [0, 2].iter().flat_map(|list| &lists[*list]).map(|row| &row[0]).collect();
    let different: HashSet<&&String> = keys.iter().collect();
    assert_eq!(keys.len(), different.len(), "no row is in two lists");
    let report = report(world);
    let counts = ["matched", "rejected", "none"].map(|name| report["rows"][name].as_u64().unwrap());
    assert_eq!(counts.to_vec(), lists.iter().map(|list| list.len() as u64).collect::<Vec<_>>());
    let entries: HashSet<&String> = lists[0].iter().map(|row| &row[1]).collect();
    assert_eq!((entries.len() as u64, told(world)), (counts[0], counts[0]), "each match has its entry");
    counts[0]
}

#[test]
fn every_row_is_in_one_list_and_every_match_in_the_log() {
    let world = world(|_| {});
    let rows_in = write_file(&world);
    let (file, out) = (world.shown("agency.csv"), world.shown("out"));
    let unconfirmed = world.run(&["reconcile", &file, "--client", "insurer", "--out", &out]);
    assert!(unconfirmed.err.contains("ho_ten = full_name"), "{}", unconfirmed.err);
    unconfirmed.failed("DANCU-CLI-112", "--yes");
    assert!(!world.path("out").exists(), "nothing was begun");
    world.run(&reconcile(&file, &out)).succeeded();
    let matched = is_whole(&world, rows_in);
    assert!(matched > KNOWN as u64 * 9 / 10, "{matched}");
    let list = rows(&world, "matched.csv");
    assert!(list.iter().any(|row| row[2] == "name birth_date sex"), "{:?}", list[0]);
    let nobody: Vec<String> = rows(&world, "none.csv").into_iter().map(|row| row[0].clone()).collect();
    assert!(["S1", "=1+1", "latin"].iter().all(|key| nobody.iter().any(|row| row == key)), "{nobody:?}");
    assert_eq!(rows(&world, "rejected.csv"), [[(rows_in).to_string(), "too_few_fields".to_owned()]]);
    // No number and no name of the register leaves, and the names of the examples are masked.
    for name in DELIVERED {
        let text = fs::read_to_string(world.path("out").join(name)).unwrap();
        for person in world.people() {
            assert!(!text.contains(&person.number) && !text.contains(&person.name), "{name}");
        }
    }
    assert_eq!(listing(&world), DELIVERED);
    let counts = report(&world)["agreement_of_matched_rows"].clone();
    let fields: Vec<&String> = counts.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["name", "birth_date", "sex"], "and of each whether it agrees, no more");
    assert_eq!(counts["name"].as_object().unwrap().keys().collect::<Vec<_>>(), ["agrees", "does_not"]);
    assert_eq!(
        counts["sex"],
        json!({ "agrees": agreeing(&list, "sex"), "does_not": matched - agreeing(&list, "sex") })
    );
    // The same file once more tells nobody anything, and one that was changed is not taken for it.
    let before = report(&world);
    world.run(&reconcile(&file, &out)).succeeded();
    assert_eq!((report(&world), told(&world)), (before, matched));
    fs::write(&file, fs::read_to_string(world.path("people.csv")).unwrap()).unwrap();
    world.run(&reconcile(&file, &out)).failed("DANCU-CLI-113", "out");
    assert_eq!(told(&world), matched);
    world.check_is_sound();
}

#[test]
fn a_run_that_is_killed_again_and_again_tells_everybody_once() {
    let world = world(|_| {});
    let rows_in = write_file(&world);
    let (file, out) = (world.shown("agency.csv"), world.shown("out"));
    let mut numbers = Numbers::seeded(26);
    // What a kill leaves half written holds keys and numbers; another's file of another name is nobody's business.
    let (half_written, own) = (world.path("out/.dancu-x1.part"), world.path("out/own.txt"));
    for round in 0..12 {
        let mut command = world.command(&reconcile(&file, &out));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let bytes = numbers.below(700_000);
        while written(child.id()).is_some_and(|written| written < bytes)
            && child.try_wait().unwrap().is_none()
        {
            thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        if round == 6 {
            fs::write(&half_written, "key,number").unwrap();
        }
    }
    fs::write(&own, "own").unwrap();
    world.run(&reconcile(&file, &out)).succeeded();
    is_whole(&world, rows_in);
    fs::remove_file(own).unwrap();
    assert_eq!(listing(&world), DELIVERED);
    world.check_is_sound();
}

/// A file in which every row stands twice, of persons of the country or of strangers.
fn write_twice(world: &World, are_strangers: bool) {
    let mut rows = csv::Reader::from_path(world.path("people.csv")).unwrap();
    let people = rows.deserialize::<HashMap<String, String>>().map(Result::unwrap);
    let mut text = "ma,ho_ten,ngay_sinh,gioi_tinh\n".to_owned();
    for (place, person) in people.filter(|person| person["life_status"] != "dead").take(50).enumerate() {
        let name = if are_strangers {
            format!("Trịnh Quang {}", ["Vô", "Danh", "Không", "Ai"][place % 4])
        } else {
            person["full_name"].clone()
        };
        for time in ["a", "b"] {
            writeln!(text, "A{place}{time},{name},{},{}", person["birth_date"], person["sex"]).unwrap();
        }
    }
    fs::write(world.path("agency.csv"), text).unwrap();
}

#[test]
fn whoever_did_not_consent_looks_like_nobody() {
    let delivered = [false, true].map(|are_strangers| {
        let world = world(|contract| contract["persons"] = json!("with_consent"));
        write_twice(&world, are_strangers);
        world.run(&reconcile(&world.shown("agency.csv"), &world.shown("out"))).succeeded();
        assert_eq!(is_whole(&world, 100), 0);
        let mut run: Value = serde_json::from_slice(&fs::read(world.path("out/run.json")).unwrap()).unwrap();
        let mut report = report(&world);
        for own in ["id", "sha256", "known_at"] {
            run[own] = Value::Null;
            report["run"][own] = Value::Null;
        }
        (rows(&world, "none.csv"), run, report, listing(&world))
    });
    assert_eq!(delivered[0].0[..3], [["A0a"], ["A0b"], ["A1a"]], "in the order of the file");
    assert_eq!(delivered[0], delivered[1], "nothing in the folder tells them from strangers");
}

#[test]
fn what_the_contract_does_not_allow_and_what_is_no_file_is_told_by_code() {
    let world = world(|contract| contract["file_match"]["rows_max"] = json!(10));
    write_file(&world);
    let write = |name: &str, bytes: Vec<u8>| {
        fs::write(world.path(name), bytes).unwrap();
        world.shown(name)
    };
    let good = b"ma,ho_ten,ngay_sinh\n1,An,1990-01-01\n".to_vec();
    let (agency, good) = (world.shown("agency.csv"), write("good.csv", good));
    let empty = write("empty.csv", Vec::new());
    let wide = write("wide.csv", vec!["column"; 10_000].join(",").into_bytes());
    let endless =
        write("endless.csv", format!("ma,ho_ten,ngay_sinh\n1,\"{}", "x".repeat(5 << 20)).into_bytes());
    let strange = write("strange.csv", b"a,b\n1,2\n".to_vec());
    let unproven = write("unproven.csv", b"ma,so_cccd,gioi_tinh\n1,001090000011,nam\n".to_vec());
    let map = b"[left]\nid=\"ma\"\n[[field]]\nkind=\"full_name\"\nleft=\"ho_ten\"\nright=\"full_name\"\n\
        [[field]]\nkind=\"phone\"\nleft=\"ma\"\nright=\"phone\"\n";
    let map = write("map.toml", map.to_vec());
    for (file, client, more, code) in [
        (&agency, "insurer", &["--yes"][..], "DANCU-EXCHANGE-022"),
        (&good, "wide", &["--yes"], "DANCU-EXCHANGE-140"),
        (&good, "nobody", &["--yes"], "DANCU-CLI-080"),
        (&good, "insurer", &["--map", &map], "DANCU-EXCHANGE-"),
        (&unproven, "insurer", &["--yes"], "DANCU-EXCHANGE-"),
        (&good, "insurer", &["--yes", "--reference", "001090000011"], "DANCU-CLI-118"),
        (&empty, "insurer", &["--yes"], "DANCU-BULK-004"),
        (&wide, "insurer", &["--yes"], "DANCU-BULK-006"),
        (&endless, "insurer", &["--yes"], "DANCU-CLI-108"),
        (&strange, "insurer", &["--yes"], "DANCU-QUALITY-011"),
    ] {
        let out = world.shown("out");
        let mut command = vec!["reconcile", file, "--client", client, "--out", &out, "--quiet"];
        command.extend(more);
        let said = world.run(&command);
        assert!(!said.is_ok && said.err.contains(code), "{file} {code}: {}", said.err);
        assert_eq!(told(&world), 0);
        let _ = fs::remove_dir_all(world.path("out"));
    }
    // A header alone has no rows, and is no fault.
    let header = write("header.csv", b"ma,ho_ten,ngay_sinh\n".to_vec());
    world.run(&reconcile(&header, &world.shown("out"))).succeeded();
    assert_eq!(is_whole(&world, 0), 0);
}

/// Two pairs of siblings born on one day: of a row with the name of one and the number of the other, nobody can tell.
const SIBLINGS: &str = "\
number,old_number,full_name,sex,birth_date,birth_place,registration_place,origin,nationality,marital_status,father,mother,spouse,permanent_commune,permanent_address,permanent_since,household,relation_to_head,temporary_commune,temporary_address,temporary_since
001201900014,,Phạm Đức Hưng,M,2001-09-01,,,,VNM,single,,,,00004,Số 4 phố Đội Cấn,2010-01-01,HK-4,head,,,
001201900015,,Phạm Đức Anh,M,2001-09-01,,,,VNM,single,,,,00004,Số 4 phố Đội Cấn,2010-01-01,HK-4,other,,,
001203900016,,Đặng Quốc Khánh,M,2003-05-07,,,,VNM,single,,,,00004,Số 6 phố Đội Cấn,2010-01-01,HK-5,head,,,
001203900017,,Đặng Quốc Thái,M,2003-05-07,,,,VNM,single,,,,00004,Số 6 phố Đội Cấn,2010-01-01,HK-5,other,,,
";

/// Decides everything that waits, as an officer does on the page: the row is whoever bears the name, or nobody.
fn decide(world: &World, accepted: &str) -> usize {
    let store = SqliteStore::open(&world.path("data"), DatabaseOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let decided = runtime.block_on(async {
        let waiting = store.waiting_pairs("an", None, 99).await.unwrap();
        for pair in waiting.clone() {
            let is_same = pair.number.to_string() == accepted;
            let (verdict, reason) = if is_same {
                (PairVerdict::Same, PairReason::SlipInRow)
            } else {
                (PairVerdict::Different, PairReason::Relative)
            };
            let at = "2026-11-21T00:00:00Z".parse().unwrap();
            let decision = PairDecision { by: "an".to_owned(), verdict, reason, at };
            assert!(store.save_pair(pair.decided(decision)).await.unwrap());
        }
        waiting.len()
    });
    store.database().close();
    decided
}

#[test]
fn what_officers_decided_outlives_the_run() {
    let world = world(|_| {});
    fs::write(world.path("siblings.csv"), SIBLINGS).unwrap();
    world.run(&["load", &world.shown("siblings.csv"), "--effective", "2020-01-01", "--quiet"]).succeeded();
    let rows_in = write_file(&world) + 2;
    let mut text = fs::read(world.path("agency.csv")).unwrap();
    text.extend_from_slice(
        "H1,Phạm Đức Hưng,2001-09-01,001201900015,M,\nH2,Đặng Quốc Khánh,2003-05-07,001203900017,M,\n"
            .as_bytes(),
    );
    fs::write(world.path("agency.csv"), text).unwrap();
    let file = world.shown("agency.csv");
    let list_of = |key: &str| {
        let lists = ["matched.csv", "none.csv"];
        lists.into_iter().find(|list| rows(&world, list).iter().any(|row| row[0] == key)).unwrap()
    };
    world.run(&reconcile(&file, &world.shown("out"))).succeeded();
    let matched = is_whole(&world, rows_in);
    assert_eq!((list_of("H1"), list_of("H2")), ("none.csv", "none.csv"), "who is in doubt is told to nobody");
    assert_eq!(report(&world)["rows"]["in_doubt"].as_u64().unwrap() % 10, 0, "their count is rounded");
    assert!(decide(&world, "001201900014") >= 2);
    // Another run over the same file: nobody is asked again.
    fs::remove_dir_all(world.path("out")).unwrap();
    world.run(&reconcile(&file, &world.shown("out"))).succeeded();
    assert_eq!((list_of("H1"), list_of("H2")), ("matched.csv", "none.csv"));
    assert_eq!(decide(&world, ""), 0, "nothing waits that was decided");
    assert_eq!(told(&world), matched * 2 + 1, "who was accepted is told, and in the log");
    // Also where another row is like the person that officers gave to this one.
    let mut text = fs::read(world.path("agency.csv")).unwrap();
    text.extend_from_slice("H9,Phạm Đức Hưng,2001-09-01,001201900014,M,\n".as_bytes());
    fs::write(world.path("agency.csv"), text).unwrap();
    fs::remove_dir_all(world.path("out")).unwrap();
    world.run(&reconcile(&file, &world.shown("out"))).succeeded();
    assert_eq!((list_of("H1"), list_of("H9")), ("matched.csv", "none.csv"), "one row a person");
}

/// Persons have questions under the contract restricted, and the operator has answered them.
fn restrict(world: &World, numbers: &[&str]) {
    let store = SqliteStore::open(&world.path("data"), DatabaseOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let at = "2026-11-21T00:00:00Z".parse().unwrap();
    for (place, number) in numbers.iter().enumerate() {
        let answered = CaseMove { to: CaseState::Answered, at, by: "an".to_owned(), note: String::new() };
        let case = PrivacyCase {
            id: CaseId(uuid::Uuid::from_u128(place as u128 + 1)),
            number: number.parse().unwrap(),
            kind: CaseKind::Restrict,
            organisation: "insurer".parse().unwrap(),
            organisation_name: "Bảo hiểm thử".to_owned(),
            contract: CONTRACT.parse().unwrap(),
            leaf: None,
            consent: None,
            words: "không muốn".to_owned(),
            received_at: at,
            answer_due: jiff::civil::date(2026, 11, 23),
            carry_out_due: jiff::civil::date(2026, 12, 23),
            is_extended: false,
            state: CaseState::Answered,
            moves: vec![answered],
        };
        assert!(runtime.block_on(store.save_case(case, None)).unwrap());
    }
    store.database().close();
}

#[test]
fn whoever_had_questions_restricted_looks_like_nobody_among_others_who_match() {
    let world = world(|_| {});
    fs::write(world.path("siblings.csv"), SIBLINGS).unwrap();
    world.run(&["load", &world.shown("siblings.csv"), "--effective", "2020-01-01", "--quiet"]).succeeded();
    let rows_in = write_file(&world) + 2;
    let mut text = fs::read(world.path("agency.csv")).unwrap();
    // One whom the number names twice, and one of whom nobody can tell which of the siblings it is.
    let first = world.people().remove(0);
    let line = String::from_utf8_lossy(&text).lines().nth(1).unwrap().replacen("A0,", "T0,", 1);
    text.extend_from_slice(format!("{line}\nH1,Phạm Đức Hưng,2001-09-01,001201900015,M,\n").as_bytes());
    fs::write(world.path("agency.csv"), text).unwrap();
    restrict(&world, &[&first.number, "001201900014", "001201900015"]);
    world.run(&reconcile(&world.shown("agency.csv"), &world.shown("out"))).succeeded();
    assert!(is_whole(&world, rows_in) > KNOWN as u64 * 9 / 10);
    let none = rows(&world, "none.csv");
    for key in ["A0", "T0", "H1"] {
        assert!(none.iter().any(|row| row == &[key]), "{key}");
    }
    assert_eq!(decide(&world, ""), 0, "nobody is shown to an officer either");
}

#[test]
fn workbooks_and_parquet_files_are_matched_like_text() {
    let world = world(|_| {});
    let mut rows = csv::Reader::from_path(world.path("people.csv")).unwrap();
    let people = rows.deserialize::<HashMap<String, String>>().map(Result::unwrap);
    let mut text = "ma,ho_ten,ngay_sinh,so_cccd\n".to_owned();
    for (place, person) in people.take(30).enumerate() {
        writeln!(text, "A{place},{},{},{}", person["full_name"], person["birth_date"], person["number"])
            .unwrap();
    }
    let plain = world.path("plain.csv");
    fs::write(&plain, text).unwrap();
    for (name, format) in [("file.xlsx", Format::Xlsx), ("file.parquet", Format::Parquet)] {
        from_csv(&plain, &world.path(name), format).unwrap();
        let out = world.shown(&format!("{name}.out"));
        world.run(&reconcile(&world.shown(name), &out)).succeeded();
        let list = fs::read_to_string(world.path(&format!("{name}.out/matched.csv"))).unwrap();
        assert_eq!(list.lines().count(), 31, "{name}");
        assert!(list.lines().nth(1).unwrap().starts_with("A0,"), "{list}");
    }
    assert_eq!(told(&world), 60);
}

#[test]
fn two_do_not_work_in_one_folder() {
    let world = world(|_| {});
    write_file(&world);
    fs::DirBuilder::new().mode(0o700).create(world.path("out")).unwrap();
    let lock = fs::File::create(world.path("out/lock")).unwrap();
    lock.lock().unwrap();
    let command = reconcile("agency.csv", "out");
    world.run(&command).failed("DANCU-CLI-115", "out");
    assert_eq!(told(&world), 0);
    lock.unlock().unwrap();
    world.run(&command).succeeded();
}
