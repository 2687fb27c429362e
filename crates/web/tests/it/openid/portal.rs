//! A portal's software with its key, and the browser of somebody who comes from it.

use crate::house::{Answer, FORM, House, JSON, ORIGIN, Who, public_key};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::{Clock, Entropy};
use dancu_exchange::{Directory, TokenService, VerifyService};
use dancu_openid::{Keys, OpenId, OpenIdParts};
use dancu_store_sqlite::SqliteStore;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Of the key of RFC 8037, appendix A.3.
pub const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

type Connected<'a> = (&'a Arc<Directory>, &'a Arc<TokenService>, &'a Arc<VerifyService>);

/// The provider of a house.
pub fn provider(
    store: &SqliteStore,
    (directory, tokens, verify): Connected<'_>,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> Arc<OpenId> {
    Arc::new(OpenId::new(OpenIdParts {
        store: Arc::new(store.clone()),
        directory: directory.clone(),
        tokens: tokens.clone(),
        verify: verify.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        keys: Keys::new(&[1; 32], &[[2; 32]], &[3; 32]).unwrap(),
        issuer: ORIGIN.to_owned(),
    }))
}

/// A house with two portals of a ministry at one host, and one of a bank at another.
pub async fn house() -> House {
    House::open_with(connections()).await
}

pub fn connections() -> Value {
    let mut document: Value = serde_json::from_str(include_str!("../connections.json")).unwrap();
    let organisation = |id: &str, name: &str| json!({ "id": id, "name_vi": "Cổng", "name_en": name });
    let client = |id: &str, owner: &str, host: &str| {
        json!({
            "id": id, "organisation": owner, "keys": [public_key()],
            "redirect_uris": [format!("https://{host}/back"), format!("https://{host}/other")],
            "post_logout_redirect_uris": [format!("https://{host}/bye")],
        })
    };
    let contract = |client: &str, sign_in: Value| {
        json!({
            "id": format!("hd-{client}"), "client": client, "legal_basis": "Luật Căn cước 2023",
            "purpose_vi": "Đăng nhập thử", "purpose_en": "Try a sign-in",
            "fields": ["name", "birth_date", "sex", "residence", "phone"], "products": ["sign_in"],
            "sign_in": sign_in, "daily_limit": 100, "per_second_max": 1000, "limit_reason": "Thử",
            "valid_from": "2026-01-01",
        })
    };
    let all = ["name", "birth_date", "sex", "residence"];
    let push =
        |document: &mut Value, list: &str, row: Value| document[list].as_array_mut().unwrap().push(row);
    push(&mut document, "organisations", organisation("cong-dvc", "Portal"));
    push(&mut document, "organisations", organisation("ngan-hang-2", "Bank"));
    push(&mut document, "clients", client("portal", "cong-dvc", "portal.example"));
    push(&mut document, "clients", client("portal-2", "cong-dvc", "portal.example"));
    push(&mut document, "clients", client("bank-portal", "ngan-hang-2", "bank.example"));
    let software = json!({ "id": "software", "organisation": "cong-dvc", "keys": [public_key()] });
    push(&mut document, "clients", software);
    let mut plain = contract("software", json!({}));
    plain["products"] = json!(["verify"]);
    plain.as_object_mut().unwrap().remove("sign_in");
    push(&mut document, "contracts", plain);
    push(&mut document, "contracts", contract("portal", json!({ "fields": all, "number": true })));
    push(&mut document, "contracts", contract("portal-2", json!({ "fields": all })));
    push(&mut document, "contracts", contract("bank-portal", json!({ "fields": ["name"] })));
    document
}

pub struct Portal<'a> {
    pub house: &'a House,
    name: &'a str,
    key: EncodingKey,
}

/// Names of assertions and proofs, each good once.
static SERIAL: AtomicU32 = AtomicU32::new(0);

impl<'a> Portal<'a> {
    pub fn new(house: &'a House) -> Self {
        Self::named(house, "portal")
    }

    pub fn named(house: &'a House, name: &'a str) -> Self {
        // The secret half of the key of RFC 8037, appendix A.1, as PKCS#8.
        let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let secret = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        Self { house, name, key: EncodingKey::from_ed_der(&[&head[..], &secret].concat()) }
    }

    fn host(&self) -> &'static str {
        if self.name == "bank-portal" { "bank.example" } else { "portal.example" }
    }

    pub fn assertion(&self) -> String {
        let now = self.house.clock.now().as_second();
        let id = SERIAL.fetch_add(1, Ordering::Relaxed).to_string();
        let claims = json!({ "iss": self.name, "sub": self.name, "aud": ORIGIN, "iat": now, "exp": now + 60, "jti": id });
        encode(&Header::new(Algorithm::EdDSA), &claims, &self.key).unwrap()
    }

    pub fn proof(&self, method: &str, path: &str, token: Option<&str>) -> String {
        let id = SERIAL.fetch_add(1, Ordering::Relaxed).to_string();
        let iat = self.house.clock.now().as_second();
        let mut claims = json!({ "htm": method, "htu": format!("{ORIGIN}{path}"), "iat": iat, "jti": id });
        if let Some(token) = token {
            claims["ath"] = json!(URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(serde_json::from_value(public_key()).unwrap());
        encode(&header, &claims, &self.key).unwrap()
    }

    /// A form of this portal with its assertion.
    pub fn body(&self, pairs: &[(&str, &str)]) -> String {
        let assertion = self.assertion();
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        text.append_pair("client_assertion", &assertion);
        text.extend_pairs(pairs).finish()
    }

    pub async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let knock = self.house.knock("POST", path).header("content-type", FORM);
        knock.send(self.body(pairs)).await
    }

    /// A request at the token endpoint with a proof of the key.
    pub async fn token(&self, pairs: &[(&str, &str)]) -> Answer {
        let proof = self.proof("POST", "/oauth/token", None);
        let knock =
            self.house.knock("POST", "/oauth/token").header("content-type", FORM).header("dpop", &proof);
        knock.send(self.body(pairs)).await
    }

    pub async fn try_push(&self, changes: &[(&str, &str)]) -> Answer {
        let redirect = format!("https://{}/back", self.host());
        self.post("/oauth/par", &parameters(changes, &redirect)).await
    }

    /// The `request_uri` of a pushed request.
    pub async fn push(&self, changes: &[(&str, &str)]) -> String {
        let pushed = self.try_push(changes).await;
        assert_eq!(pushed.status, 201, "{}", pushed.body);
        pushed.json()["request_uri"].as_str().unwrap().to_owned()
    }

    /// A browser brings a request, and is led to its next step.
    pub async fn visit(&self, request: &str, cookie: Option<&str>) -> Value {
        let query = [("client_id", self.name), ("request_uri", request)];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let led = self.house.knock("GET", &format!("/oauth/authorize?{query}")).header("accept", JSON);
        let led = led.send("").await;
        assert_eq!(led.status, 200, "{}", led.body);
        let next = led.json()["next"].as_str().unwrap().to_owned();
        let knock = self.house.knock("GET", &next).header("accept", JSON);
        let knock = knock.header("cookie", cookie.unwrap_or("lang=vi"));
        let shown = knock.send("").await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        shown.json()
    }

    /// The person's answer to what the portal will learn: where the browser goes.
    pub async fn agree(&self, request: &str, cookie: &str) -> String {
        self.answer(request, cookie, "agree").await
    }

    pub async fn answer(&self, request: &str, cookie: &str, decision: &str) -> String {
        let name = request.rsplit(':').next().unwrap();
        let knock =
            self.house.knock("POST", "/sign-on").header("cookie", cookie).header("content-type", FORM);
        let answer = knock.send(format!("request={name}&decision={decision}")).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    /// The code of a sign-in of somebody in a session.
    pub async fn code_in(&self, cookie: &str, changes: &[(&str, &str)]) -> String {
        let request = self.push(changes).await;
        let step = self.visit(&request, Some(cookie)).await;
        let back = match step["location"].as_str() {
            Some(back) => back.to_owned(),
            None => self.agree(&request, cookie).await,
        };
        query_of(&back)["code"].clone()
    }

    pub async fn code(&self, changes: &[(&str, &str)]) -> String {
        self.code_in(&self.house.cookie(Who::Citizen).await, changes).await
    }

    pub async fn tokens_in(&self, cookie: &str) -> Value {
        let code = self.code_in(cookie, &[]).await;
        let answer = self.exchange(&code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let redirect = format!("https://{}/back", self.host());
        let mut all = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect),
            ("code_verifier", VERIFIER),
        ];
        for change in changes {
            all.retain(|(name, _)| name != &change.0);
            all.push(*change);
        }
        self.token(&all).await
    }

    pub async fn refresh(&self, token: &Value) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())]).await
    }

    pub async fn user_info(&self, token: &Value) -> Answer {
        let token = token.as_str().unwrap();
        let proof = self.proof("GET", "/oauth/userinfo", Some(token));
        let knock = self.house.knock("GET", "/oauth/userinfo").header("dpop", &proof);
        knock.header("authorization", &format!("DPoP {token}")).send("").await
    }
}

/// The parameters of a good request, with some replaced.
pub fn parameters<'p>(changes: &[(&'p str, &'p str)], redirect: &'p str) -> Vec<(&'p str, &'p str)> {
    let mut all = vec![
        ("response_type", "code"),
        ("redirect_uri", redirect),
        ("scope", "openid profile"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        all.retain(|(name, _)| name != &change.0);
        all.push(*change);
    }
    all
}

/// What stands behind the question mark of an address.
pub fn query_of(address: &str) -> HashMap<String, String> {
    let url: url::Url = address.parse().unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// The claims of a statement, whoever signed it.
pub fn claims_of(token: &Value) -> Value {
    jsonwebtoken::dangerous::insecure_decode_claims(token.as_str().unwrap()).unwrap()
}
