//! One sign-in for every portal: a portal's software and a person's browser, against every door.

mod portal;
mod refusals;

use crate::house::{FORM, House, JSON, Who};
use jiff::SignedDuration;
pub use portal::provider;
use portal::{Portal, claims_of, query_of};
use serde_json::{Value, json};

#[tokio::test]
async fn a_person_signs_in_at_a_portal_which_learns_what_they_agreed_to_with_a_receipt() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let citizen = house.cookie(Who::Citizen).await;
    let request = portal.push(&[("scope", "openid profile address personal_number")]).await;

    let consent = portal.visit(&request, Some(&citizen)).await;
    assert_eq!(
        (&consent["step"], &consent["portal"]["organisation"]["en"]),
        (&json!("consent"), &json!("Portal"))
    );
    let learns: Vec<_> =
        consent["learns"].as_array().unwrap().iter().map(|word| word["en"].as_str().unwrap()).collect();
    assert_eq!(learns, ["Personal number", "Name", "Birth date", "Sex", "Permanent residence"]);
    assert_eq!(house.state.ledger.size(), 0, "nothing is told before it is agreed to");

    let back = portal.agree(&request, &citizen).await;
    assert!(back.starts_with("https://portal.example/back?"), "{back}");
    let told = query_of(&back);
    assert_eq!((told["state"].as_str(), told["iss"].as_str()), ("s-1", "http://localhost:8080"));
    let tokens = portal.exchange(&told["code"], &[]).await.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("DPoP"), &json!(600)));
    assert_eq!(tokens["scope"], "openid profile address personal_number");
    let statement = claims_of(&tokens["id_token"]);
    assert_eq!((&statement["aud"], &statement["nonce"]), (&json!("portal"), &json!("n-1")));
    assert_eq!(statement["acr"], "urn:dancu:acr:identity-1:authentication-2");
    assert_eq!(statement["amr"], json!(["pop", "user", "mfa"]));
    assert_eq!(house.state.ledger.size(), 0, "a sign-in alone tells nothing of the register");

    let learned = portal.user_info(&tokens["access_token"]).await.json();
    assert_eq!(learned["sub"], statement["sub"]);
    assert_eq!((&learned["name"], &learned["gender"]), (&json!("Nguyễn Văn Hòa"), &json!("male")));
    assert_eq!(
        (&learned["birthdate"], &learned["personal_number"]),
        (&json!("1990-05-02"), &json!("001090000017"))
    );
    assert!(learned["address"]["formatted"].as_str().unwrap().contains("Hoàng Hoa Thám"));
    let receipt: dancu_ledger::Receipt = serde_json::from_value(learned["receipt"].clone()).unwrap();
    receipt.verify(house.state.ledger.verifier()).unwrap();
    assert!(receipt.record.contains(r#""product":"sign_in""#) && !receipt.record.contains("Hoàng Hoa"));

    let look =
        house.knock("GET", "/citizen").header("cookie", &citizen).header("accept", JSON).send("").await;
    assert!(look.body.contains("Đăng nhập thử"), "the person sees it: {}", look.body);
    let shown = portals(&house, &citizen).await;
    assert_eq!(shown["portals"][0]["client"], "portal");
    assert_eq!(
        (
            shown["portals"][0]["learns"].as_array().unwrap().len(),
            shown["sign_ins"].as_array().unwrap().len()
        ),
        (5, 1)
    );
}

async fn portals(house: &House, cookie: &str) -> Value {
    house
        .knock("GET", "/citizen/portals")
        .header("cookie", cookie)
        .header("accept", JSON)
        .send("")
        .await
        .json()
}

#[tokio::test]
async fn what_was_agreed_is_remembered_and_more_is_asked_anew() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let citizen = house.cookie(Who::Citizen).await;
    let step = async |changes: &[(&str, &str)]| {
        let request = portal.push(changes).await;
        let shown = portal.visit(&request, Some(&citizen)).await;
        if shown["step"] == "consent" {
            portal.agree(&request, &citizen).await;
        }
        shown["step"].as_str().unwrap().to_owned()
    };
    assert_eq!(step(&[("scope", "openid")]).await, "consent");
    assert_eq!(step(&[("scope", "openid")]).await, "back", "remembered");
    assert_eq!(step(&[("scope", "openid profile")]).await, "consent", "more is wanted");
    assert_eq!(step(&[("scope", "openid profile")]).await, "back");
    assert_eq!(step(&[("scope", "openid")]).await, "back", "less is covered");
    assert_eq!(step(&[("scope", "openid"), ("prompt", "consent")]).await, "consent", "asked for");
}

#[tokio::test]
async fn nothing_is_shown_where_nothing_may_be_and_a_sign_in_is_as_fresh_as_is_wanted() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let citizen = house.cookie(Who::Citizen).await;
    let error = async |changes: &[(&str, &str)], cookie: Option<&str>| {
        let request = portal.push(changes).await;
        let step = portal.visit(&request, cookie).await;
        let told = step["location"].as_str().map(query_of).unwrap_or_default();
        told.get("error").cloned().unwrap_or_else(|| step["step"].as_str().unwrap().to_owned())
    };
    assert_eq!(error(&[("prompt", "none")], None).await, "login_required");
    assert_eq!(error(&[], None).await, "sign_in");
    assert_eq!(error(&[("prompt", "none")], Some(&citizen)).await, "consent_required");
    assert_eq!(
        error(&[("prompt", "login")], Some(&citizen)).await,
        "sign_in",
        "signed in before the request"
    );
    assert_eq!(error(&[("max_age", "0")], Some(&citizen)).await, "consent", "not a second old");
    house.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(error(&[("max_age", "60")], Some(&citizen)).await, "sign_in");
    assert_eq!(error(&[("max_age", "60"), ("prompt", "none")], Some(&citizen)).await, "login_required");
    assert_eq!(error(&[("max_age", "120")], Some(&citizen)).await, "consent");
    let levels = "urn:dancu:acr:identity-2:authentication-1 urn:dancu:acr:identity-1:authentication-1";
    assert_eq!(error(&[("acr_values", levels)], Some(&citizen)).await, "consent", "one of several is met");
    let high = [("acr_values", "urn:dancu:acr:identity-2:authentication-4")];
    assert_eq!(error(&high, Some(&citizen)).await, "unmet_authentication_requirements");
    for nobody in [Who::Enrolling, Who::Operator] {
        let cookie = house.cookie(nobody).await;
        assert_eq!(error(&[], Some(&cookie)).await, "sign_in", "{nobody:?} is no citizen who signed in");
    }
    let request = portal.push(&[("prompt", "login")]).await;
    house.clock.advance(SignedDuration::from_secs(1));
    let anew = house.cookie(Who::Citizen).await;
    assert_eq!(portal.visit(&request, Some(&anew)).await["step"], "consent", "signed in after it");
}

#[tokio::test]
async fn a_code_is_good_once_for_its_portal_its_key_and_a_minute() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let code = portal.code(&[]).await;
    for wrong in [
        ("code", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("code", "x"),
        ("redirect_uri", "https://portal.example/other"),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx"),
    ] {
        let refused = portal.exchange(&code, &[wrong]).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["error"]),
            (400, &json!("invalid_grant")),
            "{wrong:?}"
        );
    }
    let other = Portal::named(&house, "portal-2");
    assert_eq!(other.exchange(&code, &[]).await.json()["error"], "invalid_grant", "another portal's");
    let tokens = portal.exchange(&code, &[]).await;
    assert_eq!(tokens.status, 200, "wrong tries spend nothing: {}", tokens.body);
    let tokens = tokens.json();
    assert_eq!(portal.user_info(&tokens["access_token"]).await.status, 200);
    assert_eq!(portal.exchange(&code, &[]).await.json()["error"], "invalid_grant", "shown once more");
    assert_eq!(portal.user_info(&tokens["access_token"]).await.status, 401, "and so what it began has ended");
    assert_eq!(portal.refresh(&tokens["refresh_token"]).await.json()["error"], "invalid_grant");

    let late = portal.code(&[]).await;
    house.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(portal.exchange(&late, &[]).await.json()["error"], "invalid_grant");
    let bound = portal.code(&[("dpop_jkt", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]).await;
    assert_eq!(portal.exchange(&bound, &[]).await.json()["error"], "invalid_grant", "bound to another key");
    let bound = portal.code(&[("dpop_jkt", portal::THUMBPRINT)]).await;
    assert_eq!(portal.exchange(&bound, &[]).await.status, 200);
}

#[tokio::test]
async fn a_refresh_may_be_tried_again_and_a_stolen_token_ends_everything() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let code = portal.code(&[]).await;
    let first = portal.exchange(&code, &[]).await.json();
    let second = portal.refresh(&first["refresh_token"]).await.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert!(second.get("id_token").is_none());
    let again = portal.refresh(&first["refresh_token"]).await.json();
    assert_eq!(again["refresh_token"], second["refresh_token"], "the answer that was lost, once more");
    for tokens in [&first, &second, &again] {
        assert_eq!(portal.user_info(&tokens["access_token"]).await.status, 200);
    }
    let narrowed = async |token: &Value, scope: &str| {
        let grant = ("grant_type", "refresh_token");
        portal.token(&[grant, ("refresh_token", text(token)), ("scope", scope)]).await.json()
    };
    let third = narrowed(&second["refresh_token"], "openid").await;
    assert_eq!(third["scope"], "openid");
    assert_eq!(narrowed(&third["refresh_token"], "openid phone").await["error"], "invalid_scope");
    let other = Portal::named(&house, "portal-2");
    assert_eq!(other.refresh(&third["refresh_token"]).await.json()["error"], "invalid_grant");
    assert_eq!(portal.user_info(&third["access_token"]).await.status, 200, "another portal ends nothing");
    // The first one is two generations old by now: two hold it.
    assert_eq!(portal.refresh(&first["refresh_token"]).await.json()["error"], "invalid_grant");
    assert_eq!(portal.refresh(&third["refresh_token"]).await.json()["error"], "invalid_grant");
    assert_eq!(portal.user_info(&third["access_token"]).await.status, 401);

    let code = portal.code(&[]).await;
    let first = portal.exchange(&code, &[]).await.json();
    portal.refresh(&first["refresh_token"]).await;
    house.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(
        portal.refresh(&first["refresh_token"]).await.json()["error"],
        "invalid_grant",
        "too late for a retry"
    );
}

#[tokio::test]
async fn of_refreshes_at_once_all_get_the_same_next_token() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let code = portal.code(&[]).await;
    let first = portal.exchange(&code, &[]).await.json();
    let shown = &first["refresh_token"];
    let (a, b, c, d) = tokio::join!(
        portal.refresh(shown),
        portal.refresh(shown),
        portal.refresh(shown),
        portal.refresh(shown)
    );
    let next: Vec<Value> = [a, b, c, d].iter().map(|answer| answer.json()["refresh_token"].clone()).collect();
    assert!(next.iter().all(|token| token.is_string() && *token == next[0]), "{next:?}");
    assert_eq!(portal.refresh(&next[0]).await.status, 200);
}

#[tokio::test]
async fn a_token_is_worth_something_to_its_portal_with_its_key_until_it_is_revoked() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let code = portal.code(&[]).await;
    let tokens = portal.exchange(&code, &[]).await.json();
    let (access, refresh) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
    let told = portal.post("/oauth/introspect", &[("token", access)]).await.json();
    assert_eq!(
        (&told["active"], &told["client_id"], &told["token_type"]),
        (&json!(true), &json!("portal"), &json!("DPoP"))
    );
    assert_eq!(told["cnf"]["jkt"], portal::THUMBPRINT);
    assert_eq!(told["acr"], "urn:dancu:acr:identity-1:authentication-2");
    let told = portal.post("/oauth/introspect", &[("token", refresh)]).await.json();
    assert_eq!(told["active"], true);
    let stranger = Portal::named(&house, "bank-portal");
    for token in [access, refresh, "x"] {
        let told = stranger.post("/oauth/introspect", &[("token", token)]).await.json();
        assert_eq!(told, json!({ "active": false }), "another organisation's");
        assert_eq!(stranger.post("/oauth/revoke", &[("token", token)]).await.status, 200);
    }
    assert_eq!(portal.user_info(&tokens["access_token"]).await.status, 200, "strangers end nothing");
    let bearer = house.knock("GET", "/oauth/userinfo").header("authorization", &format!("Bearer {access}"));
    assert_eq!(bearer.send("").await.status, 401, "alone it is worth nothing");
    let bare = house.knock("GET", "/oauth/userinfo").header("authorization", &format!("DPoP {access}"));
    assert_eq!(bare.send("").await.status, 401);
    assert_eq!(portal.post("/oauth/revoke", &[("token", access)]).await.status, 200);
    assert_eq!(portal.user_info(&tokens["access_token"]).await.status, 401);
    let second = portal.refresh(&tokens["refresh_token"]).await.json();
    assert_eq!(portal.post("/oauth/revoke", &[("token", text(&second["refresh_token"]))]).await.status, 200);
    assert_eq!(portal.user_info(&second["access_token"]).await.status, 401);
    assert_eq!(portal.refresh(&second["refresh_token"]).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn disconnecting_and_signing_out_end_what_a_portal_holds() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let citizen = house.cookie(Who::Citizen).await;
    let tokens = portal.tokens_in(&citizen).await;
    let form = |path: &str| house.knock("POST", path).header("cookie", &citizen).header("content-type", FORM);
    assert_eq!(form("/citizen/portals/portal/disconnect").send("").await.status, 303);
    assert_eq!(form("/citizen/portals/portal/disconnect").header("accept", JSON).send("").await.status, 404);
    assert_eq!(portal.user_info(&tokens["access_token"]).await.status, 401);
    assert_eq!(portal.refresh(&tokens["refresh_token"]).await.json()["error"], "invalid_grant");
    assert_eq!(portals(&house, &citizen).await["portals"], json!([]));

    let tokens = portal.tokens_in(&citizen).await;
    let hint = text(&tokens["id_token"]);
    let wish =
        [("id_token_hint", hint), ("post_logout_redirect_uri", "https://portal.example/bye"), ("state", "z")];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(wish).finish();
    let asked = house.knock("GET", &format!("/oauth/logout?{query}")).send("").await;
    assert_eq!(asked.status, 200);
    assert!(asked.body.contains(r#"action="/sign-on/out""#) && !asked.body.contains(hint));
    let policy = asked.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://portal.example;"), "{policy}");
    let sent = "client=portal&redirect=https%3A%2F%2Fportal.example%2Fbye&state=z";
    let out = form("/sign-on/out").send(sent).await;
    assert_eq!(
        (out.status.as_u16(), out.headers["location"].to_str().unwrap()),
        (303, "https://portal.example/bye?state=z")
    );
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(portal.refresh(&tokens["refresh_token"]).await.json()["error"], "invalid_grant");
    assert_eq!(portals_status(&house, &citizen).await, 401, "the session has ended");
}

async fn portals_status(house: &House, cookie: &str) -> u16 {
    let knock = house.knock("GET", "/citizen/portals").header("cookie", cookie).header("accept", JSON);
    knock.send("").await.status.as_u16()
}

#[tokio::test]
async fn portals_of_one_host_know_a_person_by_one_pseudonym_and_others_by_another() {
    let house = portal::house().await;
    let citizen = house.cookie(Who::Citizen).await;
    let mut subjects = Vec::new();
    for name in ["portal", "portal-2", "bank-portal"] {
        let tokens = Portal::named(&house, name).tokens_in(&citizen).await;
        subjects.push(claims_of(&tokens["id_token"])["sub"].clone());
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
    let portal = Portal::named(&house, "bank-portal");
    let tokens = portal.tokens_in(&citizen).await;
    let learned = portal.user_info(&tokens["access_token"]).await.json();
    assert_eq!(learned["name"], "Nguyễn Văn Hòa");
    assert!(learned.get("birthdate").is_none(), "its contract holds the name alone");
    assert!(!learned.to_string().contains("001090000017"), "nor the number, not even in the receipt");
    assert!(learned["receipt"]["checkpoint"].is_string() && learned["receipt"].get("record").is_none());
    // The bundle of the entry would name the person by number.
    let evidence = async |portal: &str, entry: &Value| {
        let bearer = house.bearer_of(portal).await;
        let knock = house.knock("GET", &format!("/v1/evidence/{entry}")).header("authorization", &bearer);
        knock.send("").await.status.as_u16()
    };
    assert_eq!(evidence("bank-portal", &learned["receipt"]["entry"]).await, 404);
    let portal = Portal::new(&house);
    let code = portal.code_in(&citizen, &[("scope", "openid profile personal_number")]).await;
    let tokens = portal.exchange(&code, &[]).await.json();
    let learned = portal.user_info(&tokens["access_token"]).await.json();
    assert_eq!(learned["personal_number"], "001090000017");
    assert_eq!(evidence("portal", &learned["receipt"]["entry"]).await, 200, "who knows the number has it");
}

#[tokio::test]
async fn whoever_signs_in_as_another_than_the_portal_named_is_sent_back_and_not_asked_for_ever() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let named = portal.tokens_in(&house.cookie(Who::Citizen).await).await;
    let request = portal.push(&[("id_token_hint", text(&named["id_token"]))]).await;
    house.clock.advance(jiff::SignedDuration::from_secs(1));
    let another = dancu_identity::Subject::Citizen("001192000022".parse().unwrap());
    let another = house.session(another, dancu_identity::Purpose::Full).await;
    let step = portal.visit(&request, Some(&another)).await;
    assert_eq!(query_of(step["location"].as_str().unwrap())["error"], "login_required", "{step}");
}

#[tokio::test]
async fn a_wrong_proof_at_userinfo_is_answered_as_the_standard_says() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let tokens = portal.tokens_in(&house.cookie(Who::Citizen).await).await;
    let access = text(&tokens["access_token"]);
    let proof = portal.proof("GET", "/oauth/userinfo", Some(access));
    let authorization = format!("DPoP {access}");
    let ask = async |proof: &str| {
        let knock = house.knock("GET", "/oauth/userinfo").header("authorization", &authorization);
        knock.header("dpop", proof).send("").await
    };
    assert_eq!(ask(&proof).await.status, 200);
    for wrong in [&proof, &portal.proof("POST", "/oauth/userinfo", Some(access)), "x"] {
        let refused = ask(wrong).await;
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(refused.status == 401 && challenge.contains("invalid_dpop_proof"), "{challenge}");
    }
}

#[tokio::test]
async fn a_pushed_request_is_opened_for_as_long_as_the_portal_was_told() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let request = portal.push(&[]).await;
    let open = async || {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", "portal"), ("request_uri", &request)])
            .finish();
        house.knock("GET", &format!("/oauth/authorize?{query}")).send("").await.status.as_u16()
    };
    assert_eq!((open().await, open().await), (200, 200));
    house.clock.advance(jiff::SignedDuration::from_secs(90));
    assert_eq!(open().await, 410, "in any browser");
}

#[tokio::test]
async fn signing_out_ends_what_portals_hold_also_after_the_session_idled_away() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let citizen = house.cookie(Who::Citizen).await;
    let tokens = portal.tokens_in(&citizen).await;
    house.clock.advance(jiff::SignedDuration::from_mins(31));
    assert_eq!(portals_status(&house, &citizen).await, 401, "it is over by its clock");
    let out = house.knock("POST", "/sign-out").header("cookie", &citizen).header("content-type", FORM);
    assert_eq!(out.send("").await.status, 303);
    assert_eq!(portal.refresh(&tokens["refresh_token"]).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn tokens_of_a_suspended_portal_are_worth_nothing_to_its_sisters() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let tokens = portal.tokens_in(&house.cookie(Who::Citizen).await).await;
    let sister = Portal::named(&house, "portal-2");
    let worth = async |name: &str| {
        let told = sister.post("/oauth/introspect", &[("token", text(&tokens[name]))]).await.json();
        told["active"].clone()
    };
    assert_eq!((worth("access_token").await, worth("refresh_token").await), (json!(true), json!(true)));
    let mut document = portal::connections();
    for client in document["clients"].as_array_mut().unwrap() {
        if client["id"] == "portal" {
            client["suspended"] = json!("Lộ khóa");
        }
    }
    document["contracts"] = json!([]);
    house.connect(document).await;
    assert_eq!((worth("access_token").await, worth("refresh_token").await), (json!(false), json!(false)));
    let asked = portal.post("/oauth/introspect", &[("token", "x")]).await;
    assert_ne!(asked.status, 200, "nor may it ask itself");
}

#[tokio::test]
async fn discovery_tells_what_is_there() {
    let house = portal::house().await;
    let twin = house.knock("GET", "/.well-known/oauth-authorization-server").send("").await;
    let told = house.knock("GET", "/.well-known/openid-configuration").send("").await;
    assert_eq!(told.body, twin.body);
    let told = told.json();
    for (name, address) in told.as_object().unwrap() {
        let Some(path) = address.as_str().and_then(|text| text.strip_prefix("http://localhost:8080/")) else {
            continue;
        };
        let found = house.knock("GET", &format!("/{path}")).header("accept", JSON).send("").await;
        assert_ne!(found.status, 404, "{name}");
    }
    let keys = house.knock("GET", "/.well-known/dancu-sign-in-jwks.json").send("").await;
    assert_eq!(keys.headers["content-type"], "application/jwk-set+json");
    assert_eq!(keys.json()["keys"].as_array().unwrap().len(), 2);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
