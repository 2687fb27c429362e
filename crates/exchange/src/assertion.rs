//! Client authentication by a signed assertion: `private_key_jwt` (RFC 7521, RFC 7523, OpenID Connect Core 9).

use crate::{
    ClientId,
    jws::{Jws, names_algorithm},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::{Explain, Explanation};
use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk},
};
use serde::{Deserialize, Serialize};

/// A public key of a client, as a JSON Web Key: P-256, Ed25519, or RSA of 2048 bits and more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value", into = "Jwk")]
pub struct ClientKey {
    jwk: Jwk,
    algorithm: Algorithm,
    certificate: Option<CertificateThumbprint>,
}

/// Why a JSON Web Key cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It holds the private part, which must never leave its owner.
    #[error("the key holds its private part")]
    Private,
    /// Its kind or size is not accepted.
    #[error("the key is not P-256, Ed25519, or RSA of at least 2048 bits")]
    Kind,
    /// It is no JSON Web Key.
    #[error("this is no JSON Web Key")]
    Shape,
    /// The certificate beside it is not stated as 43 characters of base64url.
    #[error("x5t#S256 is no SHA-256 in base64url")]
    Certificate,
}

impl Explain for KeyError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Private => Explanation::new(
                "DANCU-EXCHANGE-010",
                "Khóa có cả phần bí mật. Hãy tạo khóa mới và chỉ gửi phần công khai.",
                "The key holds its private part. Make a new key and send its public part only.",
            ),
            Self::Kind => Explanation::new(
                "DANCU-EXCHANGE-011",
                "Khóa phải là P-256, Ed25519 hoặc RSA từ 2048 bit.",
                "The key must be P-256, Ed25519, or RSA of at least 2048 bits.",
            ),
            Self::Shape => Explanation::new(
                "DANCU-EXCHANGE-012",
                "Đây không phải là JSON Web Key (RFC 7517).",
                "This is no JSON Web Key (RFC 7517).",
            ),
            Self::Certificate => Explanation::new(
                "DANCU-EXCHANGE-013",
                "x5t#S256 phải là SHA-256 của chứng thư (DER) viết bằng base64url, 43 ký tự. Lệnh `dancu client certificate` in ra giá trị này.",
                "x5t#S256 must be the SHA-256 of the certificate (DER) in base64url, 43 characters. `dancu client certificate` prints it.",
            ),
        }
    }
}

/// SHA-256 of a certificate in DER, by which a client's TLS connection is recognised (RFC 8705: `x5t#S256`).
pub type CertificateThumbprint = [u8; 32];

impl ClientKey {
    pub(crate) const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The certificate that stands beside the key, if the client works over mutual TLS.
    pub const fn certificate(&self) -> Option<CertificateThumbprint> {
        self.certificate
    }
}

impl TryFrom<serde_json::Value> for ClientKey {
    type Error = KeyError;

    fn try_from(value: serde_json::Value) -> Result<Self, KeyError> {
        if value.get("d").is_some() || value.get("k").is_some() {
            return Err(KeyError::Private);
        }
        let jwk: Jwk = serde_json::from_value(value).map_err(|_| KeyError::Shape)?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            // 2048 bits are 342 characters of base64url.
            AlgorithmParameters::RSA(key) if key.n.len() >= 342 => Algorithm::PS256,
            _ => return Err(KeyError::Kind),
        };
        DecodingKey::from_jwk(&jwk).map_err(|_| KeyError::Shape)?;
        let thumbprint = jwk.common.x509_sha256_fingerprint.as_deref();
        let certificate =
            thumbprint.map(|text| read_thumbprint(text).ok_or(KeyError::Certificate)).transpose()?;
        Ok(Self { jwk, algorithm, certificate })
    }
}

fn read_thumbprint(text: &str) -> Option<CertificateThumbprint> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

impl From<ClientKey> for Jwk {
    fn from(key: ClientKey) -> Self {
        key.jwk
    }
}

/// What an assertion must keep to.
#[derive(Debug, Clone)]
pub struct AssertionRules {
    /// Names of this server, any one of which must be in `aud`: the issuer and the token endpoint.
    pub audiences: Vec<String>,
    /// Longest time from now to `exp`, in seconds.
    pub lifetime_s_max: i64,
    /// Difference of clocks that is forgiven, in seconds.
    pub skew_s_max: i64,
}

/// A checked assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Who signed it.
    pub client: ClientId,
    /// Its identifier, good for one use.
    pub id: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// Why an assertion was refused. The caller learns none of this, the operator all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Not a JWT with the stated claims.
    #[error("not a JSON Web Token of the stated form")]
    Shape,
    /// An algorithm that does not belong to the client's key, `none` and HMAC included.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// No key of the client verifies it.
    #[error("wrong signature")]
    Signature,
    /// `iss` and `sub` are not both the client.
    #[error("issuer or subject is not the client")]
    Issuer,
    /// It was meant for another server.
    #[error("meant for another audience")]
    Audience,
    /// It has ended.
    #[error("expired")]
    Expired,
    /// It begins in the future, or runs longer than accepted.
    #[error("not yet valid, or valid for too long")]
    Lifetime,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    jti: String,
    nbf: Option<f64>,
    iat: Option<f64>,
}

#[derive(Deserialize)]
struct Subject {
    sub: String,
}

impl Assertion {
    /// The client that an assertion says it comes from. Nothing of it is believed yet.
    pub fn claimed_client(token: &str) -> Result<ClientId, AssertionError> {
        let claims: Subject =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| AssertionError::Shape)?;
        claims.sub.parse().map_err(|_| AssertionError::Issuer)
    }

    /// Checks the signature against the client's keys, then every claim.
    pub fn check(
        token: &str,
        client: &ClientId,
        keys: &[ClientKey],
        rules: &AssertionRules,
        now: Timestamp,
    ) -> Result<Self, AssertionError> {
        let shown = Jws::read(token).ok_or(AssertionError::Shape)?;
        if shown.head.crit.is_some() {
            return Err(AssertionError::Shape);
        }
        let kid = &shown.head.kid;
        let mut fitting = keys
            .iter()
            .filter(|key| names_algorithm(&shown.head.alg, key.algorithm))
            .filter(|key| kid.is_none() || key.jwk.common.key_id.is_none() || key.jwk.common.key_id == *kid)
            .peekable();
        if fitting.peek().is_none() {
            return Err(AssertionError::Algorithm);
        }
        if !fitting.any(|key| shown.is_signed_by(key)) {
            return Err(AssertionError::Signature);
        }
        let claims = shown.claims().ok_or(AssertionError::Shape)?;
        Self::from_claims(claims, client, rules, now)
    }

    fn from_claims(
        claims: Claims,
        client: &ClientId,
        rules: &AssertionRules,
        now: Timestamp,
    ) -> Result<Self, AssertionError> {
        if claims.iss != client.as_str() || claims.sub != client.as_str() {
            return Err(AssertionError::Issuer);
        }
        let audiences = match &claims.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Many(many) => many,
        };
        // One that is meant for others too could have been taken from them.
        let is_ours = |audience: &String| rules.audiences.contains(audience);
        if audiences.is_empty() || !audiences.iter().all(is_ours) {
            return Err(AssertionError::Audience);
        }
        let (now_s, skew_s) = (now.as_second(), rules.skew_s_max);
        let expires_s = whole_seconds(claims.exp)?;
        if expires_s + skew_s <= now_s {
            return Err(AssertionError::Expired);
        }
        let begins = [claims.nbf, claims.iat];
        for begin in begins.into_iter().flatten() {
            if whole_seconds(begin)? > now_s + skew_s {
                return Err(AssertionError::Lifetime);
            }
        }
        if expires_s > now_s + rules.lifetime_s_max + skew_s {
            return Err(AssertionError::Lifetime);
        }
        if claims.jti.is_empty() || claims.jti.len() > 128 {
            return Err(AssertionError::Shape);
        }
        // It is remembered for as long as it would be accepted.
        let expires = Timestamp::from_second(expires_s + skew_s).map_err(|_| AssertionError::Lifetime)?;
        Ok(Self { client: client.clone(), id: claims.jti, expires })
    }
}

/// Numeric dates may carry fractions (RFC 7519); those beyond all clocks are refused.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked just before")]
fn whole_seconds(seconds: f64) -> Result<i64, AssertionError> {
    if (0.0..=253_000_000_000.0).contains(&seconds) {
        Ok(seconds as i64)
    } else {
        Err(AssertionError::Lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    const NOW: &str = "2026-11-21T02:00:00Z";

    struct Signer {
        secret: EncodingKey,
        public: ClientKey,
    }

    fn signer() -> Signer {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
        let secret = EncodingKey::from_ec_der(pair.as_ref());
        let jwk = Jwk::from_encoding_key(&secret, Algorithm::ES256).unwrap();
        Signer { public: serde_json::to_value(jwk).unwrap().try_into().unwrap(), secret }
    }

    fn claims() -> Value {
        let now = NOW.parse::<Timestamp>().unwrap().as_second();
        json!({"iss": "bank", "sub": "bank", "aud": "https://dancu.example", "exp": now + 60, "iat": now, "jti": "1"})
    }

    fn check(signer: &Signer, claims: &Value, keys: &[ClientKey]) -> Result<Assertion, AssertionError> {
        let token = encode(&Header::new(Algorithm::ES256), claims, &signer.secret).unwrap();
        check_token(&token, keys)
    }

    fn check_token(token: &str, keys: &[ClientKey]) -> Result<Assertion, AssertionError> {
        let rules = AssertionRules {
            audiences: vec![
                "https://dancu.example".to_owned(),
                "https://dancu.example/oauth/token".to_owned(),
            ],
            lifetime_s_max: 300,
            skew_s_max: 30,
        };
        Assertion::check(token, &"bank".parse().unwrap(), keys, &rules, NOW.parse().unwrap())
    }

    fn with(key: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[key] = value;
        claims
    }

    #[test]
    fn a_good_assertion_names_its_client() {
        let signer = signer();
        let keys = [signer.public.clone()];
        assert_eq!(check(&signer, &claims(), &keys).unwrap().id, "1");
        let many = with("aud", json!(["https://dancu.example", "https://dancu.example/oauth/token"]));
        assert!(check(&signer, &many, &keys).is_ok());
    }

    #[test]
    fn every_wrong_claim_has_its_reason() {
        let now = NOW.parse::<Timestamp>().unwrap().as_second();
        let signer = signer();
        let keys = [signer.public.clone()];
        for (claims, reason) in [
            (with("iss", json!("other")), AssertionError::Issuer),
            (with("sub", json!("other")), AssertionError::Issuer),
            (with("aud", json!("https://evil.example")), AssertionError::Audience),
            (with("aud", json!([])), AssertionError::Audience),
            (with("aud", json!(["https://dancu.example", "https://evil.example"])), AssertionError::Audience),
            (with("exp", json!(now - 30)), AssertionError::Expired),
            (with("exp", json!(now + 331)), AssertionError::Lifetime),
            (with("exp", json!(-5)), AssertionError::Lifetime),
            (with("exp", json!(1e300)), AssertionError::Lifetime),
            (with("iat", json!(now + 31)), AssertionError::Lifetime),
            (with("nbf", json!(now + 31)), AssertionError::Lifetime),
            (with("jti", json!("")), AssertionError::Shape),
            (with("jti", json!(7)), AssertionError::Shape),
            (with("exp", Value::Null), AssertionError::Shape),
        ] {
            assert_eq!(check(&signer, &claims, &keys).unwrap_err(), reason, "{claims}");
        }
        assert!(check(&signer, &with("exp", json!(now - 29)), &keys).is_ok(), "a small skew is forgiven");
    }

    #[test]
    fn other_keys_and_other_algorithms_are_refused() {
        let (mine, other) = (signer(), signer());
        assert_eq!(
            check(&mine, &claims(), std::slice::from_ref(&other.public)).unwrap_err(),
            AssertionError::Signature
        );
        assert!(
            check(&mine, &claims(), &[other.public, mine.public.clone()]).is_ok(),
            "keys overlap at rotation"
        );
        assert_eq!(check(&mine, &claims(), &[]).unwrap_err(), AssertionError::Algorithm);
        let hmac =
            encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(b"x")).unwrap();
        assert_eq!(
            check_token(&hmac, std::slice::from_ref(&mine.public)).unwrap_err(),
            AssertionError::Algorithm
        );
        let none = "eyJhbGciOiJub25lIn0.e30.";
        assert_eq!(
            check_token(none, std::slice::from_ref(&mine.public)).unwrap_err(),
            AssertionError::Algorithm
        );
        for text in ["", "a.b.c", "..", "a", "e30.e30.e30", "a.b.c.d"] {
            assert_eq!(
                check_token(text, std::slice::from_ref(&mine.public)).unwrap_err(),
                AssertionError::Shape,
                "{text}"
            );
        }
    }

    #[test]
    fn private_and_weak_keys_are_not_registered() {
        let key = |value: Value| ClientKey::try_from(value).unwrap_err();
        assert_eq!(
            key(json!({"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"})),
            KeyError::Private
        );
        assert_eq!(key(json!({"kty": "oct", "k": "c2VjcmV0"})), KeyError::Private);
        assert_eq!(key(json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})), KeyError::Kind);
        assert_eq!(key(json!("text")), KeyError::Shape);
    }

    #[test]
    fn ed25519_is_taken_by_its_old_and_its_new_name() {
        use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
        let pair = Ed25519KeyPair::generate().unwrap();
        let key = json!({
            "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pair.public_key().as_ref())
        });
        let key: ClientKey = key.try_into().unwrap();
        for (algorithm, is_taken) in [("EdDSA", true), ("Ed25519", true), ("ES256", false), ("Ed448", false)]
        {
            let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let message = format!("{}.{}", part(json!({ "alg": algorithm })), part(claims()));
            let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()));
            let checked = check_token(&format!("{message}.{signature}"), std::slice::from_ref(&key));
            assert_eq!(checked.is_ok(), is_taken, "{algorithm}");
        }
    }
}
