//! A signing key of ours: Ed25519, named by its thumbprint.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::{Explain, Explanation};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;

/// The secret bytes are no key, or it cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing key cannot be used")]
pub struct SigningKeyError;

impl Explain for SigningKeyError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-EXCHANGE-014",
            "Khóa ký của hệ thống không dùng được. Hãy khôi phục tệp khóa từ bản sao lưu rồi khởi động lại.",
            "A signing key of the system cannot be used. Restore its file from a backup and start again.",
        )
    }
}

/// Ed25519 (RFC 8032). Its secret half never prints.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    encoding: EncodingKey,
    id: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

impl SigningKey {
    /// The key of 32 secret bytes. Its identifier is the thumbprint of the public half (RFC 7638), so that a changed
    /// key has another one.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SigningKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SigningKeyError)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| SigningKeyError)?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        // The members in this order and nothing else, as RFC 7638, section 3, and RFC 8037, appendix A.3, say.
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(members));
        Ok(Self { pair, encoding: EncodingKey::from_ed_der(pkcs8.as_ref()), id })
    }

    /// The `kid`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public half as a set of JSON Web Keys (RFC 7517).
    pub fn public_set(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.id, "use": "sig", "alg": "EdDSA",
        }] })
    }

    /// The signature of bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }

    /// An answer as a JSON Web Token (RFC 7519), which its receiver can show to others: who said it, to whom,
    /// when, and until when it may be shown where that has an end.
    pub fn sign_answer(
        &self,
        issuer: &str,
        audience: &str,
        (at, expires): (Timestamp, Option<Timestamp>),
        answer: &impl Serialize,
    ) -> Result<String, SigningKeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(Self::ANSWER_TYPE.to_owned());
        header.kid = Some(self.id.clone());
        let claims = Claims {
            iss: issuer,
            aud: audience,
            iat: at.as_second(),
            exp: expires.map(Timestamp::as_second),
            answer,
        };
        encode(&header, &claims, &self.encoding).map_err(|_| SigningKeyError)
    }

    /// The `typ` of a signed answer: no token of another kind can be taken for one (RFC 8725, section 3.11).
    pub const ANSWER_TYPE: &str = "dancu-answer+jwt";
}

#[derive(Serialize)]
struct Claims<'a, A> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    answer: &'a A,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::Jwk};

    #[test]
    fn an_answer_is_verified_with_the_published_key_and_a_changed_one_is_not() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let at = "2026-11-22T02:00:00Z".parse().unwrap();
        let signed =
            key.sign_answer("https://a", "bank-core", (at, None), &json!({ "name": "match" })).unwrap();
        let header = decode_header(&signed).unwrap();
        assert_eq!(
            (header.typ.as_deref(), header.kid.as_deref()),
            (Some("dancu-answer+jwt"), Some(key.id()))
        );
        let jwk: Jwk = serde_json::from_value(key.public_set()["keys"][0].clone()).unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["bank-core"]);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let public = DecodingKey::from_jwk(&jwk).unwrap();
        let claims = decode::<Value>(&signed, &public, &validation).unwrap().claims;
        assert_eq!((&claims["answer"]["name"], &claims["iss"]), (&json!("match"), &json!("https://a")));
        let (head, signature) = signed.rsplit_once('.').unwrap();
        let other = URL_SAFE_NO_PAD
            .encode(json!({ "aud": "bank-core", "answer": { "name": "differs" } }).to_string());
        let forged = format!("{}.{other}.{signature}", head.split_once('.').unwrap().0);
        assert!(decode::<Value>(&forged, &public, &validation).is_err());
        assert!(!format!("{key:?}").contains('7') || format!("{key:?}").contains(key.id()));
    }
}
