//! The endpoints over a real store, without a network. Whole passkey ceremonies are tried in the store's tests and
//! in the browser.

use super::{Entrance, routes};
use crate::same_origin::guarded;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use dancu_core::PersonalNumber;
use dancu_identity::{
    AttemptLimits, CodeKey, Identity, IdentityParts, RelyingParty, Role, StaffId, StaffProfile, periods,
};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::{FakeClock, SeededEntropy};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

struct House {
    router: Router,
    identity: Arc<Identity>,
    store: SqliteStore,
    clock: Arc<FakeClock>,
    _folder: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// `name=value` of a cookie that was set.
    fn cookie(&self, name: &str) -> String {
        let cookies = self.cookies();
        let line = cookies.iter().find(|line| line.starts_with(&format!("{name}="))).unwrap();
        line.split(';').next().unwrap().to_owned()
    }

    fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        (self.status.as_u16(), self.json()["code"].as_str().unwrap().to_owned())
    }
}

impl House {
    fn new(origin: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap();
        let clock = Arc::new(FakeClock::at("2026-11-21T02:00:00Z"));
        let identity = Identity::new(IdentityParts {
            store: Arc::new(store.clone()),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(7)),
            code_key: CodeKey::new([9; 32]),
            periods: periods(),
            relying_party: RelyingParty {
                id: "localhost".to_owned(),
                origin: origin.parse().unwrap(),
                name: "Dancu".to_owned(),
            },
            code_limits: AttemptLimits::CODES,
            passkey_limits: AttemptLimits::PASSKEYS,
        });
        let identity = Arc::new(identity.unwrap());
        let entrance = Entrance {
            openid: None,
            identity: Arc::clone(&identity),
            clock: clock.clone(),
            public_origin: origin.parse().unwrap(),
        };
        let router = guarded(routes::<Entrance>(), entrance.clone()).with_state(entrance);
        Self { router, identity, store, clock, _folder: folder }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn officer_code(&self) -> String {
        let id: StaffId = "officer".parse().unwrap();
        let role = Role::Officer { commune: "00004".parse().unwrap(), sealed_client: None };
        let name = "Lê Văn Cường".parse().unwrap();
        self.identity.put_staff(StaffProfile { id: id.clone(), name, role }).await.unwrap();
        self.identity.issue_staff_code(&id).await.unwrap().code.shown()
    }

    async fn citizen_code(&self) -> String {
        let code = self.officer_code().await;
        let officer = self.identity.redeem_code(&code, "192.0.2.1".parse().unwrap()).await.unwrap();
        let number: PersonalNumber = "001099000017".parse().unwrap();
        self.identity.issue_citizen_code(Some(&officer.principal), number).await.unwrap().code.shown()
    }
}

fn local() -> House {
    House::new("http://localhost:8080")
}

#[tokio::test]
async fn staff_sign_in_by_a_form_and_out_again() {
    let house = local();
    let form = format!("code={}", house.officer_code().await.to_lowercase());
    let answer = house.send("POST", "/sign-in/code", &[("content-type", FORM)], form).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers[header::LOCATION]),
        (303, &"/officer".parse().unwrap())
    );
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let line = answer.cookies()[0].to_owned();
    assert!(line.ends_with("; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict"), "{line}");

    let session = answer.cookie("dancu_session");
    let sessions = house.send("GET", "/sessions", &[("cookie", &session)], "").await;
    assert_eq!(sessions.json()["sessions"][0]["is_this"], true);

    let out = house.send("POST", "/sign-out", &[("cookie", &session), ("content-type", FORM)], "").await;
    assert_eq!((out.status.as_u16(), &out.headers[header::LOCATION]), (303, &"/".parse().unwrap()));
    assert!(out.cookies()[0].starts_with("dancu_session=; Path=/; Max-Age=0;"));
    let after = house.send("GET", "/sessions", &[("cookie", &session)], "").await;
    assert_eq!(after.problem(), (401, "DANCU-WEB-002".to_owned()));
}

#[tokio::test]
async fn a_citizen_is_led_to_register_a_passkey() {
    let house = local();
    let body = json!({ "code": house.citizen_code().await }).to_string();
    let answer = house.send("POST", "/sign-in/code", &[("content-type", JSON)], body).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "location": "/sign-in/passkey" })));

    let session = answer.cookie("dancu_session");
    let started = house.send("POST", "/passkey/register/start", &[("cookie", &session)], "{}").await;
    assert_eq!(started.json()["publicKey"]["rp"]["id"], "localhost");
    let ceremony = started.cookies()[0].to_owned();
    assert!(ceremony.ends_with("; Path=/passkey; Max-Age=300; HttpOnly; SameSite=Strict"), "{ceremony}");
}

#[tokio::test]
async fn signing_in_asks_for_no_name() {
    let house = local();
    let started = house.send("POST", "/passkey/sign-in/start", &[], "{}").await;
    let options = &started.json()["publicKey"];
    assert_eq!(options["allowCredentials"], json!([]));
    assert_eq!(options["userVerification"], "required");
    assert!(started.cookie("dancu_ceremony").len() > 40);
}

#[tokio::test]
async fn another_sign_in_ends_the_session_before() {
    let house = local();
    let sign_in = async |before: &str| {
        let form = format!("code={}", house.officer_code().await);
        let headers = [("content-type", FORM), ("cookie", before)];
        house.send("POST", "/sign-in/code", &headers, form).await.cookie("dancu_session")
    };
    let first = sign_in("").await;
    let second = sign_in(&first).await;
    assert_eq!(
        house.send("GET", "/sessions", &[("cookie", &first)], "").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(house.send("GET", "/sessions", &[("cookie", &second)], "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_opens_nothing_is_told_in_problems() {
    let house = local();
    let post = async |path: &str, kind: &str, body: &str| {
        house.send("POST", path, &[("content-type", kind)], body.to_owned()).await.problem()
    };
    let said = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(post("/sign-in/code", FORM, "code=0000-0000-0000").await, said(422, "DANCU-IDENTITY-010"));
    assert_eq!(post("/sign-in/code", FORM, "code=0000").await, said(422, "DANCU-IDENTITY-002"));
    assert_eq!(post("/sign-in/code", FORM, "other=1").await, said(400, "DANCU-WEB-005"));
    assert_eq!(post("/sign-in/code", JSON, "[").await, said(400, "DANCU-WEB-005"));
    let large = format!("code={}", "0".repeat(16 * 1024));
    assert_eq!(post("/sign-in/code", FORM, &large).await, said(413, "DANCU-WEB-006"));
    assert_eq!(post("/passkey/register/start", JSON, "{}").await, said(401, "DANCU-WEB-002"));
    assert_eq!(post("/passkey/register/finish", JSON, "{}").await, said(401, "DANCU-WEB-002"));
    assert_eq!(post("/passkey/sign-in/finish", JSON, "{}").await, said(409, "DANCU-IDENTITY-012"));

    let started = house.send("POST", "/passkey/sign-in/start", &[], "{}").await;
    let ceremony = started.cookie("dancu_ceremony");
    let finish = async |body: &str| {
        let headers = [("content-type", JSON), ("cookie", &*ceremony)];
        house.send("POST", "/passkey/sign-in/finish", &headers, body.to_owned()).await.problem()
    };
    assert_eq!(finish("{}").await, said(400, "DANCU-WEB-005"));
    let unknown = json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
        "response": { "authenticatorData": "AAAA", "clientDataJSON": "AAAA", "signature": "AAAA" },
    });
    assert_eq!(finish(&unknown.to_string()).await, said(401, "DANCU-IDENTITY-013"));
}

#[tokio::test]
async fn guessing_is_answered_with_the_time_to_wait() {
    let house = local();
    for _ in 0..20 {
        house.send("POST", "/sign-in/code", &[("content-type", FORM)], "code=0000-0000-0000").await;
    }
    let answer = house.send("POST", "/sign-in/code", &[("content-type", FORM)], "code=0000-0000-0000").await;
    assert_eq!(answer.problem(), (429, "DANCU-IDENTITY-011".to_owned()));
    assert_eq!(answer.headers[header::RETRY_AFTER], "46");
}

#[tokio::test]
async fn other_sites_are_refused_and_other_host_names_sent_home() {
    let house = local();
    let headers = [("sec-fetch-site", "cross-site"), ("content-type", FORM)];
    for path in ["/sign-in/code", "/sign-out", "/passkey/sign-in/start"] {
        assert_eq!(house.send("POST", path, &headers, "").await.problem(), (403, "DANCU-WEB-004".to_owned()));
    }
    let answer = house.send("GET", "/sign-in/code", &[("host", "127.0.0.1:8080")], "").await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers[header::LOCATION], "http://localhost:8080/sign-in/code");
}

#[tokio::test]
async fn cookies_travel_over_https_only_where_pages_do() {
    let house = House::new("https://localhost");
    let form = format!("code={}", house.officer_code().await);
    let answer = house.send("POST", "/sign-in/code", &[("content-type", FORM)], form).await;
    assert!(answer.cookies().iter().all(|line| line.ends_with("; HttpOnly; SameSite=Strict; Secure")));
}

#[tokio::test]
async fn who_is_signed_in_reads_on_and_leaves_while_nothing_can_be_written() {
    let house = local();
    let form = format!("code={}", house.officer_code().await);
    let answer = house.send("POST", "/sign-in/code", &[("content-type", FORM)], form).await;
    let session = answer.cookie("dancu_session");
    house.clock.advance(jiff::SignedDuration::from_mins(2));
    house.store.database().close();
    let sessions = house.send("GET", "/sessions", &[("cookie", &session)], "").await;
    assert_eq!(sessions.status, StatusCode::OK, "{}", sessions.body);
    let out = house.send("POST", "/sign-out", &[("cookie", &session), ("content-type", FORM)], "").await;
    assert_eq!(out.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(out.cookie("dancu_session").ends_with('='), "the browser forgets it all the same");
}
