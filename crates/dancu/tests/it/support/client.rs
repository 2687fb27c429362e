//! A connected client: its key, its assertions, its token.

use super::{
    command::plain,
    country::{Person, World},
    http::Connection,
    server::Server,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::fs;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Seconds since 1970 on the machine's clock, which the server reads too.
#[expect(clippy::disallowed_methods, reason = "the process under test reads the machine's clock")]
pub fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The client's secret key in DER.
pub fn secret_key(world: &World, client: &str) -> EncodingKey {
    let text = fs::read_to_string(world.path("clients").join(format!("{client}.pem"))).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with("---")).collect();
    EncodingKey::from_ec_der(&STANDARD.decode(body).unwrap())
}

/// The claims of a good assertion.
pub fn claims(client: &str, audience: &str) -> Value {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let now_s = now_s();
    json!({
        "iss": client, "sub": client, "aud": audience, "jti": format!("{}-{count}", std::process::id()),
        "iat": now_s, "exp": now_s + 60,
    })
}

/// Claims signed with ES256.
pub fn signed(claims: &Value, key: &EncodingKey) -> String {
    encode(&Header::new(Algorithm::ES256), claims, key).unwrap()
}

/// The form for the token endpoint.
pub fn token_form(assertion: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_assertion_type", ASSERTION_TYPE)
        .append_pair("client_assertion", assertion)
        .finish()
}

impl World {
    /// An assertion as the command line makes it.
    pub fn assertion(&self, server: &Server, client: &str) -> String {
        let key = self.path("clients").join(format!("{client}.pem"));
        let key = key.to_str().unwrap();
        let words = ["client", "assertion", "--key", key, "--client", client, "--audience", &server.origin];
        plain(&words).succeeded().trim().to_owned()
    }

    /// An access token.
    pub fn token(&self, server: &Server, client: &str) -> String {
        let form = token_form(&self.assertion(server, client));
        let answer = server.connect().post_form("/oauth/token", &form).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }
}

/// A request about a person that every contract of these tests allows.
pub fn question(person: &Person) -> Value {
    json!({"number": person.number, "name": person.name})
}

/// Asks until the connection ends or `stop` says so. Hands every answer on.
pub fn ask_on(
    connection: &mut Connection,
    token: &str,
    people: &[Person],
    mut told: impl FnMut(super::http::Answer) -> bool,
) {
    for person in people.iter().cycle() {
        let Ok(answer) = connection.verify(token, &question(person)) else { return };
        if !told(answer) {
            return;
        }
    }
}
