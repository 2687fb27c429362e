//! Sealed values: who may read them, what stands in the log for it, and that nothing lists or counts people by them.

use crate::house::{Answer, FORM, HOA, HTML, House, JSON, Who, number};
use dancu_changes::{Actor, Command, CommandId, Envelope};
use dancu_core::Clock;
use dancu_exchange::{
    RefusalReason, SealedError, SealedGroup, SealedService, VerifyRequest, extract_columns,
};
use dancu_ledger::Channel;
use dancu_register::{At, SealError, Seals};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};
use url::form_urlencoded;

const REASON: &str = "Cấp cứu, hồ sơ 12/2026";
/// The bytes are what must never be seen; their Base64 is what a desk sends.
const TEMPLATE: &str = "Rk1SIDIwBIMATBIMATAA";
/// Values that no other page may hold, as they stand in the file of the house, and a stretch of the template.
const SECRETS: [&str; 7] = ["Tày", "Phật giáo", "AB-", "Mường", "Công giáo", "Ê-đê", "BIMAT"];

async fn post(house: &House, who: Who, fields: &[(&str, &str)], accept: &str) -> Answer {
    let cookie = house.cookie(who).await;
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let knock = house.knock("POST", "/officer/sealed").header("cookie", &cookie).header("accept", accept);
    knock.header("content-type", FORM).send(body).await
}

async fn get(house: &House, who: Who, path: &str, accept: &str) -> Answer {
    let cookie = house.cookie(who).await;
    house.knock("GET", path).header("cookie", &cookie).header("accept", accept).send("").await
}

/// States a value as a desk of the commune does.
async fn state(house: &House, kind: &str, value: &str) {
    let mut random = [0; 10];
    house.state.entropy.fill(&mut random);
    let command = json!({"command": "state_sensitive", "number": HOA, "kind": kind, "value": value});
    let command: Command = serde_json::from_value(command).unwrap();
    let now = house.clock.now();
    let envelope = Envelope {
        id: CommandId::new(now, &random),
        actor: Actor::Officer { id: "can.bo".to_owned(), commune: "00004".parse().unwrap() },
        evidence: Vec::new(),
        taken_at: now,
        command,
    };
    house.state.changes.execute(&envelope).await.unwrap();
    // What was just recorded lies a moment behind the clock that stands still.
    house.clock.advance(SignedDuration::from_secs(1));
}

fn asked<'f>(more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    [&[("number", HOA), ("reason", REASON)], more].concat()
}

fn refusals(house: &House, reason: RefusalReason) -> u64 {
    house
        .state
        .refusals
        .counts()
        .into_iter()
        .find(|(found, _)| *found == reason)
        .map_or(0, |(_, count)| count)
}

#[tokio::test]
async fn an_officer_with_the_right_reads_one_person_and_the_log_has_it_first() {
    let house = House::open().await;
    let form = get(&house, Who::SealedOfficer, "/officer/sealed", JSON).await.json();
    let words: Vec<&str> =
        form["groups"].as_array().unwrap().iter().map(|g| g["word"].as_str().unwrap()).collect();
    assert_eq!(words, ["ethnicity", "blood_group", "portrait", "fingerprints"], "the contract's, no other");
    let answer =
        post(&house, Who::SealedOfficer, &asked(&[("blood_group", "yes"), ("ethnicity", "yes")]), JSON).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let view = answer.json();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(view) });
    assert!(!answer.body.contains("Phật giáo"), "what was not asked is not told");
    assert_eq!(house.state.ledger.size(), 1);
    // The citizen reads who it was, what and why; the record itself holds no value.
    let receipt = get(&house, Who::Citizen, "/citizen/receipts/0", JSON).await.json();
    let text = receipt["record"].as_str().unwrap();
    let record: Value = serde_json::from_str(text).unwrap();
    assert_eq!(record["asked"], json!(["ethnicity", "blood_group"]));
    assert_eq!(record["outcome"], json!([["ethnicity", "shown"], ["blood_group", "shown"]]));
    assert_eq!(record["reference"], format!("can.bo.mat {REASON}"));
    assert_eq!((&record["client"], &record["purpose"]), (&json!("sealed-desk"), &json!("Cứu chữa khẩn cấp")));
    assert!(!SECRETS.iter().any(|secret| text.contains(secret)));
    let looks = get(&house, Who::Citizen, "/citizen", JSON).await.json();
    assert_eq!(looks["looks"][0]["fields"][1]["label"]["en"], "Blood group");
    let page = post(&house, Who::SealedOfficer, &asked(&[("blood_group", "yes")]), HTML).await;
    assert!(page.status == 200 && page.body.contains("AB-") && !page.body.contains("Tày"));
}

#[tokio::test]
async fn what_the_contract_does_not_name_and_who_has_no_right_is_refused_and_noted() {
    let house = House::open().await;
    let outside =
        post(&house, Who::SealedOfficer, &asked(&[("religion", "yes"), ("ethnicity", "yes")]), JSON).await;
    assert_eq!(outside.problem(), (403, "DANCU-EXCHANGE-022".to_owned()));
    assert_eq!(refusals(&house, RefusalReason::SealedOutsideContract), 1);
    for who in [Who::Officer, Who::Operator, Who::Receptionist, Who::Citizen] {
        let without = post(&house, who, &asked(&[("ethnicity", "yes")]), JSON).await;
        assert_eq!(without.problem(), (403, "DANCU-WEB-003".to_owned()), "{who:?}");
    }
    assert_eq!(get(&house, Who::Officer, "/officer/sealed/portraits/0", JSON).await.status, 403);
    assert_eq!(refusals(&house, RefusalReason::NoSealedRight), 5);
    let tick = ("ethnicity", "yes");
    for (fields, code) in [
        (vec![("number", HOA), tick], "DANCU-EXCHANGE-050"),
        (vec![("number", HOA), ("reason", "vì"), tick], "DANCU-EXCHANGE-050"),
        (vec![("number", HOA), ("reason", REASON)], "DANCU-EXCHANGE-051"),
        (vec![("number", HOA), ("reason", REASON), ("opinion", "yes")], "DANCU-EXCHANGE-051"),
        (vec![("number", "12"), ("reason", REASON), tick], "DANCU-CORE-001"),
        (vec![("number", "001090000017 001192000022"), ("reason", REASON), tick], "DANCU-CORE-001"),
    ] {
        let answer = post(&house, Who::SealedOfficer, &fields, JSON).await;
        assert_eq!(answer.problem(), (422, code.to_owned()), "{fields:?}");
    }
    let page = post(&house, Who::SealedOfficer, &[("number", HOA), tick], HTML).await;
    assert!(page.status == 422 && page.body.contains("DANCU-EXCHANGE-050") && page.body.contains("checked"));
    assert_eq!(house.state.ledger.size(), 0, "nothing was told, so nothing is in the log");
    let begun = [("number", HOA), ("step", "begin")];
    let form = post(&house, Who::SealedOfficer, &begun, HTML).await;
    assert!(form.status == 200 && form.body.contains(HOA) && house.state.ledger.size() == 0);
    for _ in 0..4 {
        assert_eq!(post(&house, Who::SealedOfficer, &asked(&[tick]), JSON).await.status, 200);
    }
    let fifth = post(&house, Who::SealedOfficer, &asked(&[tick]), JSON).await;
    assert_eq!(fifth.problem(), (429, "DANCU-EXCHANGE-023".to_owned()));
}

#[tokio::test]
async fn a_number_that_nobody_has_looks_like_one_without_sealed_values() {
    let house = House::open().await;
    let fields = [("number", "001099000099"), ("reason", REASON), ("ethnicity", "yes")];
    let rows = post(&house, Who::SealedOfficer, &fields, JSON).await.json()["shown"]["rows"].clone();
    assert_eq!(rows[0]["state"], "not_held");
    assert_eq!(house.state.ledger.size(), 1, "the question counts");
}

#[tokio::test]
async fn a_portrait_is_a_picture_for_the_officer_who_read_it_while_the_look_lasts() {
    let house = House::open().await;
    state(&house, "portrait", "/9j/4AAQSkZJRgABAQ==").await;
    state(&house, "fingerprints", TEMPLATE).await;
    let asked = asked(&[("portrait", "yes"), ("fingerprints", "yes")]);
    let answer = post(&house, Who::SealedOfficer, &asked, JSON).await;
    let rows = answer.json()["shown"]["rows"].clone();
    let picture = rows[0]["picture"].as_str().unwrap().to_owned();
    assert_eq!(picture, "/officer/sealed/portraits/0");
    assert_eq!((&rows[1]["state"], &rows[1]["picture"]), (&json!("held"), &Value::Null));
    let page = post(&house, Who::SealedOfficer, &asked, HTML).await;
    assert!(page.body.contains("<img src=\"/officer/sealed/portraits/1\""));
    assert!(!answer.body.contains("BIMAT") && !page.body.contains("BIMAT") && !page.body.contains("FMR"));
    let shown = get(&house, Who::SealedOfficer, &picture, HTML).await;
    assert_eq!(shown.status, 200);
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
    ] {
        assert_eq!(shown.headers[name], value);
    }
    assert_eq!(shown.headers.get_all("content-security-policy").iter().count(), 1);
    assert_eq!(house.state.ledger.size(), 2, "the picture belongs to the reading");
    let own = get(&house, Who::Citizen, "/citizen/sealed/portrait", HTML).await;
    assert_eq!((own.status.as_u16(), &own.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    // Receipts of other readings, of no reading at all, and of one that is over.
    let no_portrait = [("number", HOA), ("reason", REASON), ("ethnicity", "yes")];
    post(&house, Who::SealedOfficer, &no_portrait, JSON).await;
    for path in ["/officer/sealed/portraits/2", "/officer/sealed/portraits/9", "/officer/sealed/portraits/x"]
    {
        assert_eq!(get(&house, Who::SealedOfficer, path, JSON).await.status, 404, "{path}");
    }
    let record = house.state.public_log.disclosure(0).unwrap().record;
    let caller = house.state.directory.caller(&"sealed-desk".parse().unwrap()).unwrap();
    let by_another = house.state.sealed.shown_portrait(&caller, "can.bo", &record).await.unwrap();
    assert!(by_another.is_none(), "another officer's reading");
    house.clock.advance(SealedService::LOOK_LASTS);
    assert_eq!(get(&house, Who::SealedOfficer, &picture, JSON).await.status, 404);
}

#[tokio::test]
async fn i_see_my_own_sealed_values_and_nobody_elses() {
    let house = House::open().await;
    state(&house, "fingerprints", TEMPLATE).await;
    let own = get(&house, Who::Citizen, "/citizen/sealed", JSON).await;
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(own.json()) });
    let page = get(&house, Who::Citizen, "/citizen/sealed", HTML).await;
    assert!(
        page.body.contains("Phật giáo") && !page.body.contains("Công giáo") && !page.body.contains("BIMAT")
    );
    assert_eq!(house.state.ledger.size(), 0, "a look at oneself is none at another");
}

#[tokio::test]
async fn a_wrong_key_a_missing_one_and_a_moved_value_are_told_apart_and_disclose_nothing() {
    let house = House::open().await;
    let caller = house.state.directory.caller(&"sealed-desk".parse().unwrap()).unwrap();
    let reason = dancu_exchange::Reason::read(REASON).unwrap();
    for (keys, expected, code) in [
        ([(1, [7; 32])], SealError::Damaged, "DANCU-REG-051"),
        ([(2, [6; 32])], SealError::KeyMissing, "DANCU-REG-050"),
    ] {
        let with = SealedService::new(Arc::clone(&house.state.verify), Arc::new(Seals::new(&keys)));
        let groups = [SealedGroup::BloodGroup].into();
        let error = with.show(&caller, "can.bo.mat", number(HOA), &groups, &reason).await.unwrap_err();
        assert!(matches!(error, SealedError::Seal(found) if found == expected));
        assert_eq!(error.explained().unwrap().code, code);
        let own = with.own(number(HOA)).await.unwrap();
        assert!(own.iter().any(|(_, found)| matches!(found, Err(found) if *found == expected)));
        assert!(own.iter().any(|(_, found)| matches!(found, Ok(None))), "what is not held does not fail");
    }
    assert_eq!(house.state.ledger.size(), 0);
    assert_eq!(house.state.ledger.used_today("hd-21"), 0, "the place under the limit came back");
}

#[tokio::test]
async fn a_contract_of_sealed_groups_opens_no_other_door() {
    let house = House::open().await;
    let caller = house.state.directory.caller(&"sealed-desk".parse().unwrap()).unwrap();
    let (state, today) = (&house.state, house.clock.today());
    let at = At { as_of: today, known_at: house.clock.now() };
    assert!(state.verify.extract(&caller, &[number(HOA)], at, "x").await.is_err());
    let request = VerifyRequest { number: HOA.to_owned(), ..VerifyRequest::default() };
    assert!(state.verify.verify(&caller, &request, Channel::Api).await.is_err());
    assert!(state.verify.show_name(&caller, number(HOA), "x").await.is_err());
    let name = [dancu_exchange::Field::Name].into_iter().collect();
    assert!(state.verify.show_person(&caller, number(HOA), name, "x").await.is_err());
    for group in SealedGroup::ALL {
        assert!(!extract_columns(dancu_exchange::Field::ALL.into_iter().collect()).contains(&group.as_str()));
        let body = format!(r#"{{"number":"{HOA}","{}":"x"}}"#, group.as_str());
        assert!(serde_json::from_str::<VerifyRequest>(&body).is_err(), "no value of {group:?} can be asked");
    }
    assert_eq!(state.ledger.size(), 0);
}

#[tokio::test]
async fn no_page_and_no_list_holds_a_sealed_value() {
    let house = House::open().await;
    state(&house, "portrait", "/9j/4AAQSkZJRgABAQ==").await;
    state(&house, "fingerprints", TEMPLATE).await;
    let mut bodies = Vec::new();
    for (who, path) in [
        (Who::Citizen, "/citizen"),
        (Who::Citizen, "/citizen/history"),
        (Who::Citizen, "/citizen/corrections"),
        (Who::Officer, "/desk"),
        (Who::Officer, "/officer/corrections"),
        (Who::Officer, "/officer/findings?state=all"),
        (Who::Officer, "/officer/search"),
        (Who::Operator, "/operator"),
        (Who::Operator, "/operator/feed"),
    ] {
        for accept in [JSON, HTML] {
            let answer = get(&house, who, path, accept).await;
            assert_eq!(answer.status, 200, "{path}");
            bodies.push((path.to_owned(), answer.body));
        }
    }
    let cookie = house.cookie(Who::Officer).await;
    for (path, fields) in [
        ("/desk/persons", format!("number={HOA}")),
        ("/officer/search", "name=Nguyen+Van+Hoa&purpose=H%E1%BB%93+s%C6%A1+s%E1%BB%91+12".to_owned()),
        // Searching for a value finds nobody by it.
        ("/officer/search", "name=T%C3%A0y+Ph%E1%BA%ADt&purpose=H%E1%BB%93+s%C6%A1+s%E1%BB%91+12".to_owned()),
    ] {
        let knock = house.knock("POST", path).header("cookie", &cookie).header("accept", JSON);
        let answer = knock.header("content-type", FORM).send(fields).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        bodies.push((path.to_owned(), answer.body));
    }
    let bank = house.state.directory.caller(&"bank-core".parse().unwrap()).unwrap();
    let at = At { as_of: house.clock.today(), known_at: house.clock.now() };
    let rows = house.state.verify.extract(&bank, &[number(HOA)], at, "x").await.unwrap();
    bodies.push(("extract".to_owned(), rows.concat().join(",")));
    for (path, body) in bodies {
        // Lists of what may be chosen name peoples, never one of a person.
        for secret in SECRETS {
            assert!(!body.contains(secret), "{path} holds {secret}");
        }
    }
}

/// The sealed table is read by number, in the files named here and nowhere else. Whoever adds one thinks twice.
#[test]
fn sealed_values_are_read_by_number_in_few_places() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut callers, mut statements) = (Vec::new(), Vec::new());
    let mut folders = vec![crates.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(crates).unwrap().to_string_lossy().into_owned();
            let is_source = path.extension().is_some_and(|kind| kind == "rs")
                && name.contains("/src/")
                && !name.starts_with("testkit/");
            if !is_source {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            if text.contains("sealed_history(") {
                callers.push(name.clone());
            }
            for (at, _) in text.match_indices("FROM sealed_fact") {
                // The copy of a whole store asks whose rows there are, never of which kind or value.
                let end = text[at..].find('"').map_or(text.len(), |length| at + length);
                let asks = |word| text[at..end].contains(word);
                let is_blind = name.ends_with("/rows.rs") && !asks("kind") && !asks("value");
                assert!(asks("WHERE number = ") || is_blind, "{name}: not by number");
                statements.push(name.clone());
            }
        }
    }
    callers.sort();
    statements.sort();
    assert_eq!(
        callers,
        [
            "changes/src/service.rs",
            "exchange/src/sealed.rs",
            "register/src/store.rs",
            "store-postgres/src/facts.rs",
            "store-postgres/src/register.rs",
            "store-sqlite/src/facts.rs",
            "store-sqlite/src/register.rs",
        ]
    );
    statements.dedup();
    assert_eq!(
        statements,
        [
            "store-postgres/src/facts.rs",
            "store-postgres/src/rows.rs",
            "store-sqlite/src/commit.rs",
            "store-sqlite/src/facts.rs",
            "store-sqlite/src/rows.rs",
        ]
    );
}
