//! What is missing, doubled, oversized, wrong, late or somebody else's, at every door; nobody is ever sent to an address that
//! was not checked.

use super::portal::{self, Portal, parameters, query_of};
use crate::house::{Answer, FORM, House, JSON, Who};
use jiff::SignedDuration;
use serde_json::json;

fn error(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

fn is(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}

#[tokio::test]
async fn a_pushed_request_is_refused_by_the_words_of_the_standards() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let long = "x".repeat(9000);
    for (name, value, status, word) in [
        ("response_type", "", 400, "invalid_request"),
        ("response_type", "token", 400, "unsupported_response_type"),
        ("response_mode", "fragment", 400, "invalid_request"),
        ("redirect_uri", "", 400, "invalid_request"),
        ("redirect_uri", "https://evil.example/back", 400, "invalid_request"),
        ("redirect_uri", "https://portal.example/back/../evil", 400, "invalid_request"),
        ("scope", "", 400, "invalid_request"),
        ("scope", "profile", 400, "invalid_scope"),
        ("scope", "openid phone", 400, "invalid_scope"),
        ("state", &long, 400, "invalid_request"),
        ("nonce", "a\u{7f}", 400, "invalid_request"),
        ("code_challenge", "", 400, "invalid_request"),
        ("code_challenge_method", "plain", 400, "invalid_request"),
        ("prompt", "none consent", 400, "invalid_request"),
        ("max_age", "x", 400, "invalid_request"),
        ("acr_values", "urn:nobody", 400, "unmet_authentication_requirements"),
        ("dpop_jkt", "x", 400, "invalid_request"),
        ("id_token_hint", "x", 400, "invalid_request"),
        ("request", "x", 400, "request_not_supported"),
        ("request_uri", "https://evil.example/request", 400, "invalid_request"),
        ("client_id", "portal-2", 401, "invalid_client"),
    ] {
        let refused = portal.try_push(&[(name, value)]).await;
        assert_eq!(error(&refused), is(status, word), "{name}");
        assert_eq!(refused.headers["cache-control"], "no-store");
    }
    let doubled = format!("{}&scope=openid", portal.body(&parameters(&[], "https://portal.example/back")));
    let send =
        async |body: String| house.knock("POST", "/oauth/par").header("content-type", FORM).send(body).await;
    assert_eq!(error(&send(doubled).await), is(400, "invalid_request"));
    assert_eq!(send("x".repeat(40_000)).await.status, 413);
    assert_eq!(error(&send(String::new()).await), is(401, "invalid_client"));
    assert_eq!(error(&send("client_id=portal&scope=openid".to_owned()).await), is(401, "invalid_client"));
}

#[tokio::test]
async fn who_asks_must_prove_itself_once_and_be_a_portal() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let body = portal.body(&parameters(&[], "https://portal.example/back"));
    let send = async |path: &str, body: &str| {
        house.knock("POST", path).header("content-type", FORM).send(body.to_owned()).await
    };
    assert_eq!(send("/oauth/par", &body).await.status, 201);
    assert_eq!(error(&send("/oauth/par", &body).await), is(401, "invalid_client"), "shown once more");
    for path in ["/oauth/introspect", "/oauth/revoke", "/oauth/par"] {
        assert_eq!(error(&send(path, "token=x").await), is(401, "invalid_client"), "{path}");
    }
    for path in ["/oauth/introspect", "/oauth/revoke"] {
        assert_eq!(error(&portal.post(path, &[]).await), is(400, "invalid_request"), "{path}");
    }
    let core = Portal::named(&house, "software");
    assert_eq!(
        error(&core.try_push(&[]).await).1,
        "unauthorized_client",
        "nobody signs in at software that is no portal"
    );
    assert_eq!(
        error(&core.token(&[("grant_type", "authorization_code"), ("code", "x")]).await).1,
        "unauthorized_client"
    );
    let proof = portal.proof("POST", "/oauth/token", None);
    let knock = || house.knock("POST", "/oauth/par").header("content-type", FORM);
    let pushed = parameters(&[], "https://portal.example/back");
    let misused = knock().header("dpop", &proof).send(portal.body(&pushed)).await;
    assert_eq!(error(&misused), is(400, "invalid_dpop_proof"), "a proof for another door");
}

#[tokio::test]
async fn a_token_request_is_refused_by_the_words_of_the_standards() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let code = portal.code(&[]).await;
    for (missing, word) in [
        ("code", "invalid_request"),
        ("redirect_uri", "invalid_request"),
        ("code_verifier", "invalid_request"),
    ] {
        assert_eq!(error(&portal.exchange(&code, &[(missing, "")]).await), is(400, word), "{missing}");
    }
    assert_eq!(error(&portal.token(&[]).await), is(400, "invalid_request"));
    assert_eq!(error(&portal.token(&[("grant_type", "password")]).await), is(400, "unsupported_grant_type"));
    assert_eq!(error(&portal.token(&[("grant_type", "refresh_token")]).await), is(400, "invalid_request"));
    let unknown = [("grant_type", "refresh_token"), ("refresh_token", "AAAA")];
    assert_eq!(error(&portal.token(&unknown).await), is(400, "invalid_grant"));
    let doubled = [("grant_type", "authorization_code"), ("grant_type", "refresh_token")];
    assert_eq!(error(&portal.token(&doubled).await), is(400, "invalid_request"));
    let unbound = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "https://portal.example/back"),
        ("code_verifier", portal::VERIFIER),
    ];
    let refused = portal.post("/oauth/token", &unbound).await;
    assert_eq!(error(&refused), is(400, "invalid_dpop_proof"), "no token without a key");
    assert_eq!(portal.exchange(&code, &[]).await.status, 200, "none of it spent the code");
    for headers in [vec![], vec![("authorization", "DPoP x")], vec![("authorization", "Basic x")]] {
        let knock = headers
            .iter()
            .fold(house.knock("GET", "/oauth/userinfo"), |knock, (name, value)| knock.header(name, value));
        let refused = knock.send("").await;
        assert_eq!(error(&refused), is(401, "invalid_token"));
        assert!(refused.headers["www-authenticate"].to_str().unwrap().starts_with("DPoP error="));
    }
}

/// A page that says why, and leads nowhere.
async fn stays_here(house: &House, method: &str, path: &str, body: &str, status: u16) {
    let knock = house.knock(method, path).header("content-type", FORM).header("accept", "text/html");
    let answer = knock.send(body.to_owned()).await;
    assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.body);
    assert!(answer.headers.get("location").is_none(), "{path}");
    assert!(!answer.body.contains("evil.example"), "{path}");
}

#[tokio::test]
async fn a_browser_is_never_sent_to_an_address_that_was_not_checked() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let request = portal.push(&[]).await;
    let name = request.rsplit(':').next().unwrap();
    let evil = "redirect_uri=https%3A%2F%2Fevil.example%2F&response_type=code&client_id=portal&scope=openid";
    let unknown = request.replace(&name[..4], "AAAA");
    for query in [
        String::new(),
        evil.to_owned(),
        format!("client_id=portal&request_uri={unknown}&redirect_uri=https%3A%2F%2Fevil.example%2F"),
        format!("client_id=portal-2&request_uri={request}"),
        format!("request_uri={request}"),
        format!("client_id=portal&client_id=portal&request_uri={request}"),
        "client_id=portal&request_uri=https%3A%2F%2Fevil.example%2F".to_owned(),
    ] {
        let status = if query.contains(&unknown) { 410 } else { 400 };
        stays_here(&house, "GET", &format!("/oauth/authorize?{query}"), "", status).await;
        stays_here(&house, "POST", "/oauth/authorize", &query, status).await;
    }
    for query in [
        "post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F",
        "client_id=portal&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F",
        "client_id=portal&post_logout_redirect_uri=https%3A%2F%2Fportal.example%2Fback",
        "client_id=nobody-here",
        "id_token_hint=x",
    ] {
        stays_here(&house, "GET", &format!("/oauth/logout?{query}"), "", 400).await;
        stays_here(&house, "POST", "/oauth/logout", query, 400).await;
    }
    let form = "client=portal&redirect=https%3A%2F%2Fevil.example%2F&state=";
    stays_here(&house, "POST", "/sign-on/out", form, 400).await;
    stays_here(&house, "GET", "/sign-on?request=x", "", 410).await;
    stays_here(&house, "GET", "/oauth/logout", "", 200).await;
}

#[tokio::test]
async fn other_sites_answer_nothing_for_a_person_and_frame_nothing() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let citizen = house.cookie(Who::Citizen).await;
    let request = portal.push(&[]).await;
    let name = request.rsplit(':').next().unwrap();
    let forged = house.knock("POST", "/sign-on").header("cookie", &citizen).header("content-type", FORM);
    let forged =
        forged.header("sec-fetch-site", "cross-site").send(format!("request={name}&decision=agree")).await;
    assert_eq!(forged.status, 403);
    let nothing = house.knock("POST", "/sign-on").header("cookie", &citizen).header("content-type", FORM);
    let nothing = nothing.header("accept", JSON).send(format!("request={name}&decision=")).await;
    assert_eq!(nothing.problem(), (422, "DANCU-WEB-120".to_owned()), "nothing is chosen beforehand");
    let page =
        house.knock("GET", &format!("/sign-on?request={name}")).header("cookie", &citizen).send("").await;
    assert_eq!(page.headers["x-frame-options"], "DENY");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("frame-ancestors 'none'")
            && policy.contains("form-action 'self' https://portal.example;")
    );
    assert!(
        page.body.contains(r#"name="decision" value="agree""#) && page.body.contains("Luật Căn cước 2023")
    );
}

#[tokio::test]
async fn a_request_is_answered_once_and_within_its_time() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let citizen = house.cookie(Who::Citizen).await;
    let request = portal.push(&[]).await;
    portal.visit(&request, Some(&citizen)).await;
    let back = portal.answer(&request, &citizen, "refuse").await;
    let told = query_of(&back);
    assert_eq!(
        (told["error"].as_str(), told["state"].as_str(), told["iss"].as_str()),
        ("access_denied", "s-1", "http://localhost:8080")
    );
    assert!(!told.contains_key("code"));
    let name = request.rsplit(':').next().unwrap();
    stays_here(&house, "POST", "/sign-on", &format!("request={name}&decision=agree"), 410).await;
    assert_eq!(house.state.openid.portals(account(&house, &citizen).await, None, 9).await.unwrap().len(), 0);

    let late = portal.push(&[]).await;
    house.clock.advance(SignedDuration::from_secs(90));
    let query = format!("client_id=portal&request_uri={late}");
    stays_here(&house, "GET", &format!("/oauth/authorize?{query}"), "", 410).await;
    let opened = portal.push(&[]).await;
    portal.visit(&opened, None).await;
    house.clock.advance(SignedDuration::from_secs(890));
    let citizen = house.cookie(Who::Citizen).await;
    let page = format!("/sign-on?request={}", opened.rsplit(':').next().unwrap());
    let shown = house.knock("GET", &page).header("accept", JSON).header("cookie", &citizen).send("").await;
    assert_eq!(shown.json()["step"], "consent", "there is time to read");
    house.clock.advance(SignedDuration::from_secs(10));
    stays_here(&house, "GET", &page, "", 410).await;
}

async fn account(house: &House, cookie: &str) -> dancu_identity::AccountId {
    let token =
        cookie.strip_prefix("dancu_session=").and_then(dancu_identity::SessionToken::from_text).unwrap();
    house.state.identity.principal(&token).await.unwrap().unwrap().account()
}

#[tokio::test]
async fn a_portal_that_is_suspended_or_changed_meanwhile_learns_nothing() {
    let house = portal::house().await;
    let portal = Portal::new(&house);
    let citizen = house.cookie(Who::Citizen).await;
    let tokens = portal.tokens_in(&citizen).await;
    let request = portal.push(&[]).await;
    let mut document = portal::connections();
    for client in document["clients"].as_array_mut().unwrap() {
        if client["id"] == "portal" {
            client["suspended"] = json!("Lộ khóa");
        }
    }
    document["contracts"] = json!([]);
    house.connect(document).await;
    let step = portal.visit(&request, Some(&citizen)).await;
    assert_eq!(query_of(step["location"].as_str().unwrap())["error"], "unauthorized_client");
    assert_ne!(portal.user_info(&tokens["access_token"]).await.status, 200);
    assert_eq!(house.state.ledger.size(), 0);
}
