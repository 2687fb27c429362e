//! Client authentication that fails: one answer to whoever tries, the true reason for the operator.

use crate::support::{
    client::{claims, now_s, secret_key, signed, token_form},
    country::World,
    http::{Answer, Connection},
    server::Server,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// A token request in a form, what the operator reads of it, and under which client.
type Case = (&'static str, String, &'static str, Option<&'static str>);

fn post(connection: &mut Connection, form: &str) -> Answer {
    let answer = connection.post_form("/oauth/token", form).unwrap();
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

/// Refusals as the operator's table has them: client and reason, oldest first.
fn refusals(world: &World) -> Vec<(Option<String>, String)> {
    let register = rusqlite::Connection::open(world.path("data/register.db")).unwrap();
    let mut query = register.prepare("SELECT client, reason FROM refusal ORDER BY id").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
    rows.map(Result::unwrap)
        .map(|(client, reason)| (client, serde_json::from_str(&reason).unwrap()))
        .collect()
}

/// An assertion without a signature (`alg` none), as RFC 8725 warns of.
fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(claims))
}

/// An assertion whose HMAC has the client's public key as its secret.
fn public_key_as_secret(world: &World, claims: &Value) -> String {
    let text = std::fs::read_to_string(world.path("connections.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let clients = document["clients"].as_array().unwrap();
    let key = clients.iter().find(|client| client["id"] == claims["sub"]).unwrap()["keys"][0].to_string();
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

fn cases(world: &World, server: &Server) -> Vec<Case> {
    let (key, other_key) = (secret_key(world, "wide"), secret_key(world, "calm"));
    let good = claims("wide", &server.origin);
    let used = signed(&claims("wide", &server.origin), &key);
    assert_eq!(post(&mut server.connect(), &token_form(&used)).status, 200);
    let wrong = |name: &str, value: Value| token_form(&signed(&with(&good, name, value), &key));
    let named_other = token_form(&signed(&good, &key)) + "&client_id=calm";
    let wide = Some("wide");
    vec![
        ("another's key", token_form(&signed(&good, &other_key)), "assertion_signature", wide),
        ("used before", token_form(&used), "assertion_replayed", wide),
        ("expired", wrong("exp", json!(now_s() - 120)), "assertion_expired", wide),
        ("runs too long", wrong("exp", json!(now_s() + 3_600)), "assertion_lifetime", wide),
        ("another audience", wrong("aud", json!("https://other.example")), "assertion_audience", wide),
        ("another's issuer", wrong("iss", json!("calm")), "assertion_issuer", wide),
        ("another's identity", wrong("sub", json!("calm")), "assertion_signature", Some("calm")),
        ("another client named", named_other, "assertion_issuer", wide),
        ("no such client", wrong("sub", json!("nobody")), "unknown_client", Some("nobody")),
        ("no identifier", wrong("jti", json!("")), "assertion_shape", wide),
        ("not signed", token_form(&unsigned(&good)), "assertion_algorithm", wide),
        (
            "public key as secret",
            token_form(&public_key_as_secret(world, &good)),
            "assertion_algorithm",
            wide,
        ),
        ("no token at all", token_form("abc"), "assertion_shape", None),
        ("a shared secret", "grant_type=client_credentials&client_secret=x".into(), "assertion_shape", None),
        (
            "suspended",
            token_form(&signed(&claims("suspended", &server.origin), &secret_key(world, "suspended"))),
            "suspended_client",
            Some("suspended"),
        ),
    ]
}

#[test]
fn every_failed_authentication_looks_the_same_to_the_caller_and_not_to_the_operator() {
    let world = World::new();
    let server = world.start();
    let cases = cases(&world, &server);
    let mut connection = server.connect();
    let mut bodies = vec![];
    for (what, form, ..) in &cases {
        let answer = post(&mut connection, form);
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        bodies.push(answer.json());
    }
    assert_eq!(bodies[0]["error"], "invalid_client", "RFC 6749, 5.2");
    assert_eq!(bodies[0]["code"], "DANCU-EXCHANGE-020");
    for (body, (what, ..)) in bodies.iter().zip(&cases) {
        assert_eq!(body, &bodies[0], "{what}");
    }
    server.stop();
    let held = refusals(&world);
    let expected: Vec<_> =
        cases.iter().map(|(.., reason, client)| (client.map(str::to_owned), (*reason).to_owned())).collect();
    assert_eq!(held, expected);
}

#[test]
fn requests_that_are_no_token_requests_are_told_by_the_standard_errors() {
    let world = World::new();
    let server = world.start();
    let good = || token_form(&world.assertion(&server, "wide"));
    let mut connection = server.connect();
    for (form, error, code) in [
        (String::new(), "invalid_request", "DANCU-EXCHANGE-026"),
        ("grant_type=".to_owned(), "invalid_request", "DANCU-EXCHANGE-026"),
        (good().replace("grant_type=client_credentials&", ""), "invalid_request", "DANCU-EXCHANGE-026"),
        (good() + "&grant_type=client_credentials", "invalid_request", "DANCU-EXCHANGE-026"),
        (good() + "&client_assertion=x", "invalid_request", "DANCU-EXCHANGE-026"),
        (good() + "&scope=a&scope=b", "invalid_request", "DANCU-EXCHANGE-026"),
        ("grant_type=password&username=a".to_owned(), "unsupported_grant_type", "DANCU-EXCHANGE-025"),
        (good().replace("client_credentials", "implicit"), "unsupported_grant_type", "DANCU-EXCHANGE-025"),
    ] {
        let answer = post(&mut connection, &form);
        let body = answer.json();
        assert_eq!(answer.status, 400, "{form}: {body}");
        assert_eq!((&body["error"], &body["code"]), (&json!(error), &json!(code)), "{form}");
        assert!(body["error_description"].as_str().is_some_and(str::is_ascii));
    }
    assert_eq!(post(&mut connection, &good()).status, 200, "the connection and the client are unharmed");
    server.stop();
    let reasons: Vec<String> = refusals(&world).into_iter().map(|(_, reason)| reason).collect();
    let expected = [["invalid_request"; 6].as_slice(), &["unsupported_grant"; 2]].concat();
    assert_eq!(reasons, expected);
}

#[test]
fn a_token_that_is_missing_cut_or_made_up_is_refused_in_one_way() {
    let world = World::new();
    let server = world.start();
    let token = world.token(&server, "wide");
    let mut connection = server.connect();
    let mut bodies = vec![];
    for authorization in [
        String::new(),
        "authorization: Basic d2lkZTp4\r\n".to_owned(),
        "authorization: Bearer\r\n".to_owned(),
        format!("authorization: Bearer {}\r\n", &token[1..]),
        format!("authorization: Bearer {}\r\n", token.to_ascii_uppercase()),
        format!("authorization: Bearer {}\r\n", "A".repeat(8_000)),
    ] {
        let answer = connection.post("/v1/verify", &authorization, b"{}").unwrap();
        answer.is_problem(401, "DANCU-EXCHANGE-021");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer"), "RFC 6750, 3: {challenge}");
        bodies.push(answer.json());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    server.stop();
    assert!(refusals(&world).iter().all(|(_, reason)| reason == "token"));
    assert_eq!(world.read_log().size(), 0);
}

#[test]
fn a_used_assertion_and_a_granted_token_are_remembered_over_a_crash() {
    let world = World::new();
    let server = world.start();
    let assertion = signed(&claims("wide", "http://localhost"), &secret_key(&world, "wide"));
    assert_eq!(post(&mut server.connect(), &token_form(&assertion)).status, 401, "another audience");
    let claims = claims("wide", &server.origin);
    let used = token_form(&signed(&claims, &secret_key(&world, "wide")));
    let token = post(&mut server.connect(), &used).json()["access_token"].as_str().unwrap().to_owned();
    let port = server.address.port();
    server.kill();
    let server = world.start_on(port);
    let question = crate::support::client::question(&world.people()[0]);
    assert_eq!(server.connect().verify(&token, &question).unwrap().status, 200);
    let again = post(&mut server.connect(), &used);
    assert_eq!((again.status, &again.json()["error"]), (401, &json!("invalid_client")));
    server.stop();
    assert_eq!(refusals(&world).last().unwrap().1, "assertion_replayed");
}
