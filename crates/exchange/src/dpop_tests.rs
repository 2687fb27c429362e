use super::*;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: &str = "2026-11-21T02:00:00Z";
const URL: &str = "https://dancu.example/v1/verify";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

struct Holder {
    secret: EncodingKey,
    public: Value,
}

impl Holder {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
        let secret = EncodingKey::from_ec_der(pair.as_ref());
        let public =
            serde_json::to_value(Jwk::from_encoding_key(&secret, Algorithm::ES256).unwrap()).unwrap();
        Self { secret, public }
    }

    fn head(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.public })
    }

    fn sign(&self, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(head), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.secret, Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }
}

fn claims(token: Option<&str>) -> Value {
    let mut claims = json!({ "htm": "POST", "htu": URL, "iat": now().as_second(), "jti": "1" });
    if let Some(token) = token {
        claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
    }
    claims
}

fn check(jwt: &str, token: Option<&str>) -> Result<Proof, NotProven> {
    let url = Url::parse(URL).unwrap();
    ShownProof { jwt, method: "POST", url: &url }.check(token, now())
}

fn with(mut value: Value, key: &str, to: Value) -> Value {
    value[key] = to;
    value
}

#[test]
fn a_proof_is_of_its_request_token_and_time() {
    let holder = Holder::new();
    let sign = |claims: &Value| holder.sign(&holder.head(), claims);
    assert!(check(&sign(&claims(None)), None).is_ok());
    let good = claims(Some("secret"));
    assert!(check(&sign(&good), Some("secret")).is_ok());
    let at = |seconds: i64| with(good.clone(), "iat", (now().as_second() + seconds).into());
    for (claims, what) in [
        (claims(None), "no token hash"),
        (claims(Some("other")), "another token"),
        (with(good.clone(), "htm", "GET".into()), "another method"),
        (with(good.clone(), "htu", "https://dancu.example/v1/fetch".into()), "another path"),
        (with(good.clone(), "htu", "http://dancu.example/v1/verify".into()), "another scheme"),
        (with(good.clone(), "htu", "/v1/verify".into()), "no address"),
        (at(31), "made in the future"),
        (at(-91), "too old"),
        (with(good.clone(), "iat", "now".into()), "no time"),
        (with(good.clone(), "jti", "".into()), "no name"),
        (with(good.clone(), "jti", "x".repeat(129).into()), "a name too long"),
        (json!({}), "nothing"),
    ] {
        assert_eq!(check(&sign(&claims), Some("secret")), Err(NotProven), "{what}");
    }
    for same in ["https://DANCU.example:443/v1/verify", "https://dancu.example/v1/verify?a=b#c"] {
        let claims = with(good.clone(), "htu", same.into());
        assert!(check(&sign(&claims), Some("secret")).is_ok(), "{same}");
    }
    assert!(check(&sign(&at(29)), Some("secret")).is_ok() && check(&sign(&at(-89)), Some("secret")).is_ok());
}

#[test]
fn a_proof_bears_its_own_public_key_and_nothing_else_will_do() {
    let (holder, other) = (Holder::new(), Holder::new());
    let claims = claims(None);
    let mut private = holder.head();
    private["jwk"]["d"] = "AAAA".into();
    for (head, what) in [
        (with(holder.head(), "typ", "JWT".into()), "another kind of token"),
        (with(holder.head(), "alg", "none".into()), "not signed"),
        (with(holder.head(), "alg", "HS256".into()), "a shared secret"),
        (with(holder.head(), "alg", "EdDSA".into()), "another algorithm than the key's"),
        (with(holder.head(), "crit", json!(["b64"])), "demands that we do not know"),
        (with(holder.head(), "jwk", other.public.clone()), "another key"),
        (with(holder.head(), "jwk", json!({ "kty": "oct", "k": "AAAA" })), "a shared secret as a key"),
        (private, "the private key"),
    ] {
        assert_eq!(check(&holder.sign(&head, &claims), None), Err(NotProven), "{what}");
    }
    for text in ["", ".", "a.b.c", "e30.e30.", &"x".repeat(5_000)] {
        assert_eq!(check(text, None), Err(NotProven));
    }
}

#[test]
fn the_thumbprint_is_that_of_rfc_9449() {
    // RFC 9449, section 6.1: the key of its example proofs and its `jkt`.
    let key: ClientKey = json!({
        "kty": "EC", "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"
    })
    .try_into()
    .unwrap();
    let thumbprint = key.jwk().thumbprint(ThumbprintHash::SHA256).unwrap();
    assert_eq!(thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn the_example_of_rfc_9449_is_taken_at_its_time() {
    // RFC 9449, section 5 (figure 3) and section 4.1.
    let jwt = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let url = Url::parse("https://server.example.com/token").unwrap();
    let proof = ShownProof { jwt, method: "POST", url: &url };
    let made = Timestamp::from_second(1_562_262_616).unwrap();
    let key = read_thumbprint("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I").unwrap();
    assert_eq!(proof.check(None, made).unwrap().key, key);
    assert_eq!(proof.check(None, now()), Err(NotProven), "years later");
}

#[test]
fn a_proof_is_taken_once_for_as_long_as_it_could_be_shown() {
    let (spent, holder) = (SpentProofs::default(), Holder::new());
    let id: ClientId = "core".parse().unwrap();
    let proof = |name: &str| {
        let claims = with(claims(None), "jti", name.into());
        check(&holder.sign(&holder.head(), &claims), None).unwrap()
    };
    let later = |seconds: i64| Timestamp::from_second(now().as_second() + seconds).unwrap();
    assert_eq!(spent.spend((&id, 5), &proof("a"), now()), Spending::First);
    for seconds in [0, 60, 119, 120, 180] {
        assert_eq!(spent.spend((&id, 5), &proof("a"), later(seconds)), Spending::Again, "{seconds} s later");
    }
    assert_eq!(spent.spend((&id, 5), &proof("b"), now()), Spending::First);
    let key = [1; 32];
    let full = SpentProofs::default();
    let client = |number: usize| format!("client-{number}").parse::<ClientId>().unwrap();
    let proof = |name: usize| Proof { key, name: (name as u128).to_le_bytes() };
    // 5 requests a second for the 120 seconds of a generation, and as many that are refused.
    for name in 0..1_200 {
        assert_eq!(full.spend((&client(0), 5), &proof(name), now()), Spending::First);
    }
    assert_eq!(full.spend((&client(0), 5), &proof(1_200), now()), Spending::Full, "one client has its share");
    for name in 1_200..SpentProofs::NAMES_MAX {
        assert_eq!(
            full.spend((&client(1), 5_000), &proof(name), now()),
            Spending::First,
            "others have theirs"
        );
    }
    let another = proof(usize::MAX);
    assert_eq!(full.spend((&client(2), 5), &another, now()), Spending::Full);
    assert_eq!(full.spend((&client(0), 5), &another, later(120)), Spending::First, "there is room again");
}

proptest! {
    #[test]
    fn a_proof_changed_anywhere_is_none(place in 0..400_usize, to in any::<u8>()) {
        let holder = Holder::new();
        let jwt = holder.sign(&holder.head(), &claims(None));
        let mut bytes = jwt.clone().into_bytes();
        let place = place % bytes.len();
        bytes[place] = to;
        // The last character of a part holds bits that are not of it; a strict reader refuses them, and ours is one.
        if let Ok(changed) = String::from_utf8(bytes) && changed != jwt {
            prop_assert_eq!(check(&changed, None), Err(NotProven));
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,200}") {
        prop_assert_eq!(check(&text, None), Err(NotProven));
    }
}
