//! The keys of the provider, all outside of the database: with which statements are signed, by which pseudonyms are
//! derived, and by which refresh tokens are made.

use crate::refresh::RefreshKey;
use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey},
    encoding::{AsDer, EcPrivateKeyRfc5915Der},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::{Explain, Explanation};
use dancu_identity::AccountId;
use hmac::{Hmac, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::{Jwk, ThumbprintHash},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt;

/// The secret bytes are no key, or it cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key of the sign-in cannot be used")]
pub struct KeyError;

impl Explain for KeyError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-OPENID-020",
            "Một khóa của hệ thống đăng nhập không dùng được. Hãy khôi phục tệp khóa từ bản sao lưu rồi khởi động lại.",
            "A key of the sign-in cannot be used. Restore its file from a backup and start again.",
        )
    }
}

/// One key for signatures: P-256, named by its thumbprint (RFC 7638).
struct SigningKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: Value,
    id: String,
}

impl SigningKey {
    fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let private = PrivateKey::from_private_key(&ECDH_P256, seed).map_err(|_| KeyError)?;
        let der: EcPrivateKeyRfc5915Der = private.as_der().map_err(|_| KeyError)?;
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref())
            .map_err(|_| KeyError)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError)?;
        let encoding = EncodingKey::from_ec_der(pkcs8.as_ref());
        let jwk = Jwk::from_encoding_key(&encoding, Algorithm::ES256).map_err(|_| KeyError)?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| KeyError)?;
        let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| KeyError)?;
        let whole = serde_json::to_value(&jwk).map_err(|_| KeyError)?;
        let public = json!({
            "kty": "EC", "crv": "P-256", "x": whole["x"], "y": whole["y"],
            "kid": id, "use": "sig", "alg": "ES256",
        });
        Ok(Self { encoding, decoding, public, id })
    }
}

/// All keys. Nothing of them prints.
pub struct Keys {
    /// The one that signs stands first; the others are published beside it.
    signing: Vec<SigningKey>,
    subjects: [u8; 32],
    refresh: RefreshKey,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// A statement about a sign-in (OpenID Connect Core 2).
#[derive(Serialize)]
pub(crate) struct IdToken<'a> {
    pub iss: &'a str,
    pub sub: &'a str,
    pub aud: &'a str,
    pub exp: i64,
    pub iat: i64,
    pub auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    pub acr: String,
    pub amr: &'a [&'a str],
}

#[derive(Deserialize)]
struct Hint {
    sub: String,
    aud: String,
}

impl Keys {
    /// The key that signs, the keys that are published beside it (the next one, and those of before), and the secret from
    /// which everything else is derived: each 32 random bytes.
    pub fn new(signing: &[u8; 32], beside: &[[u8; 32]], secret: &[u8; 32]) -> Result<Self, KeyError> {
        let signing: Result<Vec<_>, _> =
            std::iter::once(signing).chain(beside).map(SigningKey::from_seed).collect();
        let derived = |label: &[u8]| hmac(secret, &[b"dancu sign-in key v1:", label]);
        Ok(Self {
            signing: signing?,
            subjects: derived(b"subjects"),
            refresh: RefreshKey(derived(b"refresh tokens")),
        })
    }

    /// The public halves as a set of JSON Web Keys (RFC 7517).
    pub fn public_set(&self) -> Value {
        let keys: Vec<&Value> = self.signing.iter().map(|key| &key.public).collect();
        json!({ "keys": keys })
    }

    pub(crate) const fn refresh(&self) -> &RefreshKey {
        &self.refresh
    }

    /// The pseudonym of an account for the portals of one host: the same each time, and of no use at another host.
    pub(crate) fn subject(&self, host: &str, account: AccountId) -> String {
        let length = u64::try_from(host.len()).unwrap_or(u64::MAX).to_be_bytes();
        URL_SAFE_NO_PAD.encode(hmac(&self.subjects, &[&length, host.as_bytes(), account.as_bytes()]))
    }

    pub(crate) fn sign(&self, token: &IdToken<'_>) -> Result<String, KeyError> {
        let key = self.signing.first().ok_or(KeyError)?;
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(key.id.clone());
        encode(&header, token, &key.encoding).map_err(|_| KeyError)
    }

    /// The client and the pseudonym of a statement that we signed, however long ago; `None` for every other text.
    pub(crate) fn hint(&self, issuer: &str, text: &str) -> Option<(String, String)> {
        let id = decode_header(text).ok()?.kid?;
        let key = self.signing.iter().find(|key| key.id == id)?;
        let mut validation = Validation::new(Algorithm::ES256);
        // Whoever signs out, or in again, shows an old one.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["iss", "sub", "aud"]);
        let hint = decode::<Hint>(text, &key.decoding, &validation).ok()?.claims;
        Some((hint.aud, hint.sub))
    }
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(signing: u8, beside: &[u8]) -> Keys {
        let beside: Vec<_> = beside.iter().map(|byte| [*byte; 32]).collect();
        Keys::new(&[signing; 32], &beside, &[9; 32]).unwrap()
    }

    fn statement(issuer: &str) -> IdToken<'_> {
        let (iss, sub, aud) = (issuer, "someone", "portal");
        IdToken {
            iss,
            sub,
            aud,
            exp: 1,
            iat: 0,
            auth_time: 0,
            nonce: None,
            acr: String::new(),
            amr: &["pop"],
        }
    }

    #[test]
    fn a_statement_is_known_again_as_long_as_its_key_is_published() {
        let signed = keys(1, &[2]).sign(&statement("https://a")).unwrap();
        let expected = Some(("portal".to_owned(), "someone".to_owned()));
        assert_eq!(keys(1, &[2]).hint("https://a", &signed), expected);
        assert_eq!(keys(2, &[3, 1]).hint("https://a", &signed), expected, "after a rotation");
        assert_eq!(keys(3, &[4, 2]).hint("https://a", &signed), None, "two rotations later");
        assert_eq!(keys(1, &[]).hint("https://b", &signed), None);
        let (rest, signature) = signed.rsplit_once('.').unwrap();
        for bad in ["", "a.b.c", rest, &format!("{rest}x.{signature}"), "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(keys(1, &[]).hint("https://a", bad), None, "{bad}");
        }
    }

    #[test]
    fn published_keys_have_no_secret_half_and_names_of_their_own() {
        let set = keys(1, &[2, 3]).public_set();
        let all = set["keys"].as_array().unwrap();
        assert_eq!(all.len(), 3);
        let mut ids: Vec<_> = all.iter().map(|key| key["kid"].as_str().unwrap()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 3);
        for key in all {
            assert!(key.get("d").is_none() && key["x"].as_str().unwrap().len() == 43, "{key}");
        }
        assert!(Keys::new(&[0; 32], &[], &[9; 32]).is_err(), "zero is no key");
    }

    #[test]
    fn a_pseudonym_is_of_one_host_and_one_account() {
        let account = |byte| AccountId::from_bytes(&[byte; 16]).unwrap();
        let (a, b) = (keys(1, &[]), Keys::new(&[1; 32], &[], &[8; 32]).unwrap());
        let subject = a.subject("portal.example", account(1));
        assert_eq!(subject, a.subject("portal.example", account(1)));
        assert_eq!(
            keys(2, &[]).subject("portal.example", account(1)),
            subject,
            "rotation changes nobody's name"
        );
        for other in [
            a.subject("other.example", account(1)),
            a.subject("portal.example", account(2)),
            b.subject("portal.example", account(1)),
        ] {
            assert_ne!(subject, other);
        }
    }
}
