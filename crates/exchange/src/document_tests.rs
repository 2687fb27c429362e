use super::*;
use serde_json::json;

fn document() -> serde_json::Value {
    json!({
        "organisations": [{"id": "bank-a", "name_vi": "Ngân hàng A", "name_en": "Bank A"}],
        "clients": [{"id": "bank-a-core", "organisation": "bank-a"}],
        "contracts": [{
            "id": "c-1", "client": "bank-a-core", "legal_basis": "Luật", "purpose_vi": "a", "purpose_en": "b",
            "fields": ["name"], "daily_limit": 10, "per_second_max": 5, "valid_from": "2026-01-01"
        }]
    })
}

fn check(document: serde_json::Value) -> Result<(), DocumentError> {
    serde_json::from_value::<ConnectionsDocument>(document).unwrap().check(&[], &[], &[])
}

#[test]
fn a_whole_document_is_accepted_and_every_gap_named() {
    assert!(check(document()).is_ok());
    let mut gap = document();
    gap["organisations"] = json!([]);
    assert!(matches!(check(gap).unwrap_err(), DocumentError::Dangling { .. }));
    let mut doubled = document();
    let again = doubled["clients"][0].clone();
    doubled["clients"].as_array_mut().unwrap().push(again);
    assert_eq!(check(doubled).unwrap_err(), DocumentError::Doubled("bank-a-core".to_owned()));
    for (key, value) in [
        ("daily_limit", json!(0)),
        ("per_second_max", json!(0)),
        ("fields", json!([])),
        ("legal_basis", json!(" ")),
        ("purpose_en", json!("")),
        ("valid_to", json!("2026-01-01")),
        ("search", json!({"per_officer_minute_max": 0, "per_officer_day_max": 9})),
        ("search", json!({"per_officer_minute_max": 9, "per_officer_day_max": 0})),
    ] {
        let mut wrong = document();
        wrong["contracts"][0][key] = value;
        assert!(matches!(check(wrong).unwrap_err(), DocumentError::Value { .. }), "{key}");
    }
}

#[test]
fn an_agency_stands_below_a_known_one_and_never_above_itself() {
    let tree = |parents: &[(&str, Option<&str>)]| {
        let rows = parents
            .iter()
            .map(|(id, parent)| json!({"id": id, "parent": parent, "name_vi": "A", "name_en": "A"}));
        check(json!({ "organisations": rows.collect::<Vec<_>>() }))
    };
    assert_eq!(
        tree(&[("agency-a", Some("agency-b")), ("agency-b", Some("agency-c")), ("agency-c", None)]),
        Ok(())
    );
    let dangling = DocumentError::Dangling { who: "agency-a".to_owned(), what: "agency-b".to_owned() };
    assert_eq!(tree(&[("agency-a", Some("agency-b"))]), Err(dangling));
    for circle in [
        &[("agency-a", Some("agency-a"))][..],
        &[("agency-a", Some("agency-b")), ("agency-b", Some("agency-c")), ("agency-c", Some("agency-a"))],
    ] {
        assert!(matches!(tree(circle), Err(DocumentError::Value { .. })), "{circle:?}");
    }
    let names: Vec<String> = (0..10).map(|level| format!("level-{level}")).collect();
    let chain = |levels: usize| {
        let parent = |level: usize| (level + 1 < levels).then(|| names[level + 1].as_str());
        tree(&(0..levels).map(|level| (names[level].as_str(), parent(level))).collect::<Vec<_>>())
    };
    assert_eq!(chain(9), Ok(()), "itself and eight above");
    assert!(matches!(chain(10), Err(DocumentError::Value { .. })));
    // Nor may one be put above a chain that is long enough already.
    let chain_of = |names: &[String]| -> Vec<Organisation> {
        let row = |level: usize| json!({"id": names[level], "parent": names.get(level + 1), "name_vi": "A", "name_en": "A"});
        (0..names.len()).map(|level| serde_json::from_value(row(level)).unwrap()).collect()
    };
    let on_top = json!({"organisations": [
        {"id": names[8], "parent": names[9], "name_vi": "A", "name_en": "A"},
        {"id": names[9], "name_vi": "A", "name_en": "A"}
    ]});
    let on_top = serde_json::from_value::<ConnectionsDocument>(on_top).unwrap();
    let checked = on_top.check(&chain_of(&names[..9]), &[], &[]);
    assert!(matches!(checked, Err(DocumentError::Value { .. })), "{checked:?}");
    // One that is known already may be moved below another, but not below itself.
    let kept: Vec<Organisation> = ["agency-a", "agency-b"]
        .iter()
        .map(|id| serde_json::from_value(json!({"id": id, "name_vi": "A", "name_en": "A"})).unwrap())
        .map(|row: Organisation| {
            let parent = (row.id.as_str() == "agency-a").then(|| "agency-b".parse().unwrap());
            Organisation { parent, ..row }
        })
        .collect();
    let moved =
        json!({"organisations": [{"id": "agency-b", "parent": "agency-a", "name_vi": "A", "name_en": "A"}]});
    let moved = serde_json::from_value::<ConnectionsDocument>(moved).unwrap().check(&kept, &[], &[]);
    assert!(matches!(moved, Err(DocumentError::Value { .. })), "b would stand above and below a");
}

#[test]
fn a_contract_gives_no_right_to_search_unless_it_says_so() {
    let read = |document| serde_json::from_value::<ConnectionsDocument>(document).unwrap().contracts;
    assert_eq!(read(document())[0].search, None);
    let mut with = document();
    with["contracts"][0]["search"] = json!({"per_officer_minute_max": 10, "per_officer_day_max": 200});
    assert_eq!(read(with.clone())[0].search.unwrap().per_officer_day_max, 200);
    assert!(check(with).is_ok());
}

#[test]
fn an_xroad_subsystem_is_that_of_one_contract() {
    let with = |id: &str, client: &str, member: &str| {
        let mut contract = document()["contracts"][0].clone();
        contract["id"] = json!(id);
        contract["client"] = json!(client);
        contract["xroad_client"] = json!(member);
        serde_json::from_value::<Contract>(contract).unwrap()
    };
    let mut whole: ConnectionsDocument = serde_json::from_value(document()).unwrap();
    let other = serde_json::from_value(json!({"id": "other", "organisation": "bank-a"})).unwrap();
    whole.clients.push(other);
    whole.contracts = vec![with("c-1", "bank-a-core", "VN/COM/1/a"), with("c-2", "other", "VN/COM/1/b")];
    assert_eq!(whole.check(&[], &[], &[]), Ok(()));
    let stored = whole.contracts.clone();
    whole.contracts[1].xroad_client = whole.contracts[0].xroad_client.clone();
    assert_eq!(whole.check(&[], &[], &[]), Err(DocumentError::Doubled("VN/COM/1/a".to_owned())));
    // What is replaced in the same document does not stand in the way: the two may be exchanged.
    whole.contracts = vec![with("c-1", "bank-a-core", "VN/COM/1/b"), with("c-2", "other", "VN/COM/1/a")];
    assert_eq!(whole.check(&[], &[], &stored), Ok(()));
}

#[test]
fn limits_that_are_left_out_are_computed_and_none_stands_above_without_a_reason() {
    let caseload = json!({
        "stated_on": "2026-11-22", "visits_per_day": 5500, "queries_per_100_visits": 110, "branches": 2,
        "opening_hours": 9, "peak_hour_percent": 25, "busiest_day_percent": 160, "growth_percent_per_year": 12
    });
    let contract = |change: serde_json::Value| {
        let mut contract = document()["contracts"][0].clone();
        let object = contract.as_object_mut().unwrap();
        object.insert("caseload".to_owned(), caseload.clone());
        object.retain(|key, _| key != "daily_limit" && key != "per_second_max");
        object.extend(change.as_object().unwrap().clone());
        serde_json::from_value::<Contract>(contract).unwrap()
    };
    let mut left_out = contract(json!({}));
    compute_limits(&mut left_out).unwrap();
    assert_eq!((left_out.daily_limit, left_out.per_second_max), (14_000, 5));
    assert!(compute_limits(&mut contract(json!({"daily_limit": 500}))).is_ok(), "less may be wanted");
    let above = compute_limits(&mut contract(json!({"daily_limit": 14_001}))).unwrap_err();
    assert!(above.explain().en.contains("14000 a day, 5 a second"));
    assert!(compute_limits(&mut contract(json!({"per_second_max": 6}))).is_err());
    let reasoned = json!({"daily_limit": 20_000, "limit_reason": "Chiến dịch cấp thẻ tháng 12"});
    assert!(compute_limits(&mut contract(reasoned)).is_ok());
    let mut wrong = contract(json!({}));
    wrong.caseload.as_mut().unwrap().branches = 0;
    assert!(
        compute_limits(&mut wrong).unwrap_err().explain().en.contains("c-1: The declared caseload.branches")
    );
}

#[test]
fn values_are_told_of_fields_of_the_contract_alone_and_only_where_there_are_any() {
    let with = |fields: serde_json::Value, fetch: serde_json::Value| {
        let mut document = document();
        document["contracts"][0]["fields"] = fields;
        document["contracts"][0]["fetch"] = fetch;
        check(document)
    };
    assert!(with(json!(["name", "residence", "card_status"]), json!(["residence"])).is_ok());
    for (fields, fetch) in [
        (json!(["name"]), json!(["residence"])),
        (json!(["name", "card_status"]), json!(["card_status"])),
        (json!(["name", "family"]), json!(["family"])),
        (json!(["name", "history"]), json!(["history"])),
    ] {
        let refused = with(fields.clone(), fetch).unwrap_err();
        assert!(matches!(refused, DocumentError::Value { .. }), "{fields}");
    }
    let plain: ConnectionsDocument = serde_json::from_value(document()).unwrap();
    assert!(!serde_json::to_string(&plain).unwrap().contains("fetch"));
}

#[test]
fn sealed_groups_have_a_contract_of_their_own() {
    let with = |changes: &[(&str, serde_json::Value)]| {
        let mut document = document();
        document["contracts"][0]["sealed"] = json!(["blood_group"]);
        document["contracts"][0]["fields"] = json!([]);
        for (key, value) in changes {
            document["contracts"][0][*key] = value.clone();
        }
        document
    };
    assert!(check(with(&[])).is_ok());
    for (key, value) in [
        ("sealed", json!([])),
        ("fields", json!(["name"])),
        ("may_tell_unknown", json!(true)),
        ("search", json!({"per_officer_minute_max": 9, "per_officer_day_max": 9})),
        ("feed", json!({"persons": "all"})),
        ("commands_for_commune", json!("00004")),
        ("signed_answers", json!(true)),
    ] {
        assert!(matches!(check(with(&[(key, value)])).unwrap_err(), DocumentError::Value { .. }), "{key}");
    }
    let unreadable = with(&[("sealed", json!(["opinion"]))]);
    assert!(serde_json::from_value::<ConnectionsDocument>(unreadable).is_err());
    let plain: ConnectionsDocument = serde_json::from_value(document()).unwrap();
    assert!(!serde_json::to_string(&plain).unwrap().contains("sealed"));
}

#[test]
fn what_citizens_read_has_words_and_an_end() {
    let long = "a".repeat(TEXT_BYTES_MAX + 1);
    for (list, key, value) in [
        ("organisations", "name_vi", json!(" ")),
        ("organisations", "name_en", json!(long)),
        ("clients", "suspended", json!(long)),
        ("clients", "keys", json!(vec![key(); KEYS_MAX + 1])),
        ("contracts", "legal_basis", json!(long)),
        ("contracts", "purpose_vi", json!(long)),
    ] {
        let mut wrong = document();
        wrong[list][0][key] = value;
        assert!(matches!(check(wrong).unwrap_err(), DocumentError::Value { .. }), "{key}");
    }
}

#[test]
fn a_webhook_is_an_address_without_secrets_and_a_contract_without_feed_stays_as_it_was() {
    let with = |feed: serde_json::Value| {
        let mut document = document();
        document["contracts"][0]["feed"] = feed;
        document
    };
    assert!(check(with(json!({"persons": "disclosed"}))).is_ok());
    let hook = |url: &str| with(json!({"persons": "all", "webhook": url}));
    assert!(check(hook("https://bank.example/changes?channel=1")).is_ok());
    for bad in
        ["ftp://bank.example/", "https://me:secret@bank.example/", "https://bank.example/#part", "data:,a"]
    {
        assert!(matches!(check(hook(bad)).unwrap_err(), DocumentError::Value { .. }), "{bad}");
    }
    assert!(check(hook(&format!("https://bank.example/{}", "a".repeat(500)))).is_err());
    for unreadable in [json!({}), json!({"persons": "some"}), json!({"persons": "all", "fields": []})] {
        assert!(serde_json::from_value::<ConnectionsDocument>(with(unreadable)).is_err());
    }
    let stream = json!({"persons": "disclosed", "jetstream": true});
    assert!(check(with(stream.clone())).is_ok());
    let read: crate::Feed = serde_json::from_value(stream.clone()).unwrap();
    let destination = read.destination(&"bank-core".parse().unwrap()).unwrap();
    assert_eq!(destination.as_str(), "nats:dancu.changes.bank-core");
    let mut both = stream;
    both["webhook"] = json!("https://bank.example/");
    assert!(matches!(check(with(both)).unwrap_err(), DocumentError::Value { .. }));
    let plain: ConnectionsDocument = serde_json::from_value(document()).unwrap();
    assert!(!serde_json::to_string(&plain).unwrap().contains("feed"));
}

#[test]
fn a_contract_that_shows_who_looked_gives_no_other_right() {
    let with = |more: &[(&str, serde_json::Value)]| {
        let mut document = document();
        document["contracts"][0]["fields"] = json!([]);
        document["contracts"][0]["access_history"] = json!(true);
        for (key, value) in more {
            document["contracts"][0][*key] = value.clone();
        }
        check(document)
    };
    assert!(with(&[]).is_ok());
    assert!(with(&[("xroad_client", json!("VN/COM/1/a")), ("signed_answers", json!(true))]).is_ok());
    for more in [
        ("fields", json!(["name"])),
        ("sealed", json!(["portrait"])),
        ("feed", json!({"persons": "disclosed"})),
        ("attest", json!({"ages": [18]})),
        ("household", json!({"persons_max": 2})),
        ("search", json!({"per_officer_minute_max": 1, "per_officer_day_max": 1})),
        ("may_tell_unknown", json!(true)),
        ("persons", json!("with_consent")),
        ("visibility", json!({"delayed": {"days": 30}})),
    ] {
        assert!(with(std::slice::from_ref(&more)).is_err(), "{}", more.0);
    }
}

/// An Ed25519 public key (RFC 8037, appendix A.2).
fn key() -> serde_json::Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

#[test]
fn fields_that_do_not_exist_here_cannot_be_contracted() {
    let mut wrong = document();
    wrong["contracts"][0]["fields"] = json!(["religion"]);
    assert!(serde_json::from_value::<ConnectionsDocument>(wrong).is_err());
}

#[test]
fn products_are_named_with_their_terms_or_not_at_all() {
    let with = |changes: &[(&str, serde_json::Value)]| {
        let mut document = document();
        for (key, value) in changes {
            document["contracts"][0][*key] = value.clone();
        }
        check(document)
    };
    let feed = || json!({"persons": "disclosed"});
    for good in [
        &[("products", json!(["verify"]))][..],
        &[("products", json!(["verify", "fetch"])), ("fetch", json!(["name"]))],
        &[("products", json!(["fetch"])), ("fetch", json!(["name"]))],
        &[("products", json!(["change_subscription"])), ("feed", feed())],
        &[("fetch", json!(["name"])), ("feed", feed())],
        &[("price_exemption", json!("state_body"))],
        &[("products", json!(["age_attestation"])), ("attest", json!({"ages": [18]}))],
        &[
            ("attest", json!({"ages": [18], "places": ["01", "00004"]})),
            ("household", json!({"persons_max": 4})),
        ],
        &[
            ("attest", json!({"ages": [18]})),
            ("persons", json!("with_consent")),
            ("fields", json!(["name", "birth_date"])),
        ],
    ] {
        assert_eq!(with(good), Ok(()), "{good:?}");
    }
    for bad in [
        &[("products", json!(["verify", "fetch"]))][..],
        &[("products", json!(["verify"])), ("fetch", json!(["name"]))],
        &[("products", json!(["verify"])), ("feed", feed())],
        &[("products", json!(["verify"])), ("attest", json!({"ages": [18]}))],
        &[("products", json!(["residence_attestation"])), ("attest", json!({"ages": [18]}))],
        &[("attest", json!({"ages": [0]}))],
        &[("attest", json!({"places": ["99999"]}))],
        &[("household", json!({"persons_max": 0}))],
        &[("household", json!({"persons_max": 13}))],
        &[("household", json!({"persons_max": 2})), ("persons", json!("with_consent"))],
        &[("attest", json!({"ages": [18]})), ("persons", json!("with_consent"))],
        &[("price_exemption", json!("state_body")), ("valid_from", json!("2022-01-01"))],
    ] {
        assert!(matches!(with(bad), Err(DocumentError::Value { .. })), "{bad:?}");
    }
}

#[test]
fn a_contract_of_lists_gives_no_other_right_and_needs_a_law_not_consent() {
    let with = |changes: &[(&str, serde_json::Value)]| {
        let mut document = document();
        let terms = json!({
            "fields": ["name"], "born": {"ages": {"from": 17, "to": 27}}, "places": ["01"], "rows_max": 9,
        });
        let contract = &mut document["contracts"][0];
        contract["fields"] = json!([]);
        contract["cohort"] = terms;
        for (key, value) in changes {
            contract[*key] = value.clone();
        }
        document
    };
    assert!(check(with(&[])).is_ok());
    assert!(check(with(&[("products", json!(["cohort_extract"]))])).is_ok());
    assert!(check(with(&[("visibility", json!({"delayed": {"days": 30}}))])).is_ok());
    for change in [
        ("fields", json!(["name"])),
        ("sealed", json!(["blood_group"])),
        ("persons", json!("with_consent")),
        ("may_tell_unknown", json!(true)),
        ("feed", json!({"persons": "all"})),
        ("search", json!({"per_officer_minute_max": 1, "per_officer_day_max": 1})),
        ("household", json!({"persons_max": 3})),
        ("signed_answers", json!(true)),
        ("products", json!(["fetch"])),
        (
            "cohort",
            json!({"fields": [], "born": {"ages": {"from": 17, "to": 27}}, "places": ["01"], "rows_max": 9}),
        ),
    ] {
        let refused = check(with(std::slice::from_ref(&change)));
        assert!(matches!(refused, Err(DocumentError::Value { .. })), "{change:?}");
    }
}
