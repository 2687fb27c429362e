//! Signed deliveries: HTTP Message Signatures (RFC 9421) with Ed25519 over a Content-Digest (RFC 9530).
//!
//! The signature is made by aws-lc-rs and the structured fields (RFC 9651) are written by `sfv`; what stands here is
//! the order of lines of RFC 9421, section 2.5, held against the vectors of its appendix.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::{Explain, Explanation};
use dancu_exchange::SigningKey;
use jiff::Timestamp;
use serde_json::Value;
use sfv::{DictSerializer, KeyRef, ListSerializer, RefBareItem, StringRef};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};
use url::Url;

/// What every signature of the feed is marked with, so that it is none of another use of the key.
pub const TAG: &str = "dancu-feed";
/// Seconds after which a signature is not to be believed any more.
const GOOD_FOR_S: i64 = 300;
const ALGORITHM: &str = "ed25519";
const LABEL: &str = "dancu";

/// A part of the message that is signed, with its value: `@method`, or the name of a field in lower case.
pub type Component<'a> = (&'a str, &'a str);

/// What stands beside the components (RFC 9421, section 2.3), in this order; what is `None` is left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureParameters<'a> {
    /// Seconds since 1970 at which it was made.
    pub created: Option<i64>,
    /// Seconds since 1970 after which it counts no more.
    pub expires: Option<i64>,
    /// Different in every signature.
    pub nonce: Option<&'a str>,
    /// The algorithm's registered name.
    pub algorithm: Option<&'a str>,
    /// Which key.
    pub key_id: Option<&'a str>,
    /// For what.
    pub tag: Option<&'a str>,
}

/// The text of a header is not what a structured field can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value cannot stand in a structured field")]
pub struct WebhookKeyError;

impl Explain for WebhookKeyError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-FEED-003",
            "Khóa ký của webhook không dùng được. Hãy khôi phục tệp khóa từ bản sao lưu rồi khởi động lại.",
            "The key that signs webhooks cannot be used. Restore its file from a backup and start again.",
        )
    }
}

/// The headers of a signed delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    /// `Content-Digest`.
    pub content_digest: String,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

/// The key that signs deliveries. Its secret half never prints.
pub struct WebhookKey {
    key: SigningKey,
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookKey({})", self.key.id())
    }
}

/// The type of every delivery's body.
pub const CONTENT_TYPE: &str = "application/json";

impl WebhookKey {
    /// The key of 32 secret bytes. Its identifier is the thumbprint of the public half (RFC 7638), so that a changed
    /// key has another one.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, WebhookKeyError> {
        Ok(Self { key: SigningKey::from_seed(seed).map_err(|_| WebhookKeyError)? })
    }

    /// The public half as a set of JSON Web Keys (RFC 7517), for receivers.
    pub fn public_set(&self) -> Value {
        self.key.public_set()
    }

    /// Signs a POST of JSON to an address.
    pub fn sign(
        &self,
        webhook: &Url,
        body: &[u8],
        now: Timestamp,
        nonce: &[u8; 16],
    ) -> Result<SignedHeaders, WebhookKeyError> {
        let digest = content_digest(body);
        let nonce = URL_SAFE_NO_PAD.encode(nonce);
        let components = [
            ("@method", "POST"),
            ("@target-uri", webhook.as_str()),
            ("content-type", CONTENT_TYPE),
            ("content-digest", digest.as_str()),
        ];
        let parameters = SignatureParameters {
            created: Some(now.as_second()),
            expires: Some(now.as_second() + GOOD_FOR_S),
            nonce: Some(&nonce),
            algorithm: Some(ALGORITHM),
            key_id: Some(self.key.id()),
            tag: Some(TAG),
        };
        let (base, input) = signature_base(&components, parameters)?;
        let signature = self.key.sign(base.as_bytes());
        let mut field = DictSerializer::new();
        let label = KeyRef::from_str(LABEL).map_err(|_| WebhookKeyError)?;
        let _ = field.bare_item(label, RefBareItem::ByteSequence(&signature));
        Ok(SignedHeaders {
            content_digest: digest,
            signature_input: format!("{LABEL}={input}"),
            signature: field.finish().ok_or(WebhookKeyError)?,
        })
    }
}

/// The value of `Content-Digest` (RFC 9530) of a body.
pub fn content_digest(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let mut field = DictSerializer::new();
    let name = KeyRef::from_str("sha-256").expect("a constant that is tested");
    let _ = field.bare_item(name, RefBareItem::ByteSequence(&digest));
    field.finish().expect("it has a member")
}

/// The signature base (RFC 9421, section 2.5) and the value of `@signature-params`, which is what `Signature-Input`
/// says. Values stand in one line each; one that does not, or is no ASCII, is refused.
pub fn signature_base(
    components: &[Component<'_>],
    parameters: SignatureParameters<'_>,
) -> Result<(String, String), WebhookKeyError> {
    let mut list = ListSerializer::new();
    let mut inner = list.inner_list();
    let mut base = String::new();
    for (name, value) in components {
        if !value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(WebhookKeyError);
        }
        let _ = inner.bare_item(text(name)?);
        let _ = writeln!(base, "\"{name}\": {value}");
    }
    let mut list_parameters = inner.finish();
    let numbers = [("created", parameters.created), ("expires", parameters.expires)];
    for (name, value) in numbers {
        let Some(value) = value else { continue };
        let value = sfv::Integer::try_from(value).map_err(|_| WebhookKeyError)?;
        list_parameters = list_parameters.parameter(key(name)?, value);
    }
    let words = [
        ("nonce", parameters.nonce),
        ("alg", parameters.algorithm),
        ("keyid", parameters.key_id),
        ("tag", parameters.tag),
    ];
    for (name, value) in words {
        let Some(value) = value else { continue };
        list_parameters = list_parameters.parameter(key(name)?, text(value)?);
    }
    let _ = list_parameters.finish();
    let parameters = list.finish().ok_or(WebhookKeyError)?;
    let _ = write!(base, "\"@signature-params\": {parameters}");
    Ok((base, parameters))
}

fn key(name: &str) -> Result<&KeyRef, WebhookKeyError> {
    KeyRef::from_str(name).map_err(|_| WebhookKeyError)
}

fn text(value: &str) -> Result<&StringRef, WebhookKeyError> {
    StringRef::from_str(value).map_err(|_| WebhookKeyError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    /// The request of RFC 9421, appendix B.2.6.
    const COMPONENTS: [Component<'static>; 6] = [
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("@method", "POST"),
        ("@path", "/foo"),
        ("@authority", "example.com"),
        ("content-type", "application/json"),
        ("content-length", "18"),
    ];

    #[test]
    fn the_signature_base_and_signature_are_those_of_rfc_9421_appendix_b_2_6() {
        let parameters = SignatureParameters {
            created: Some(1_618_884_473),
            key_id: Some("test-key-ed25519"),
            ..SignatureParameters::default()
        };
        let (base, input) = signature_base(&COMPONENTS, parameters).unwrap();
        let expected = concat!(
            "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n",
            "\"@method\": POST\n",
            "\"@path\": /foo\n",
            "\"@authority\": example.com\n",
            "\"content-type\": application/json\n",
            "\"content-length\": 18\n",
            "\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" ",
            "\"content-length\");created=1618884473;keyid=\"test-key-ed25519\"",
        );
        assert_eq!(base, expected);
        assert!(base.ends_with(&input));
        // Appendix B.1.4, the test key; its last 32 bytes are the seed.
        let key =
            STANDARD.decode("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF").unwrap();
        let seed = key.last_chunk().unwrap();
        let signature = WebhookKey::from_seed(seed).unwrap().key.sign(base.as_bytes());
        assert_eq!(
            STANDARD.encode(signature),
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        );
    }

    #[test]
    fn the_digest_is_that_of_rfc_9530_and_the_key_that_of_rfc_8037() {
        assert_eq!(
            content_digest(br#"{"hello": "world"}"#),
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
        );
        // RFC 8037, appendix A.1 to A.3.
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = WebhookKey::from_seed(&seed.try_into().unwrap()).unwrap();
        assert_eq!(key.key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.public_set()["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }

    #[test]
    fn a_value_that_would_begin_a_line_of_its_own_is_refused() {
        let forged = [("@method", "POST\n\"@target-uri\": https://evil.example/")];
        assert!(signature_base(&forged, SignatureParameters::default()).is_err());
        let quoted = SignatureParameters { key_id: Some("a\"b\\c"), ..SignatureParameters::default() };
        let (_, input) = signature_base(&[("@method", "POST")], quoted).unwrap();
        assert_eq!(input, r#"("@method");keyid="a\"b\\c""#);
    }

    #[test]
    fn another_body_address_or_instant_has_another_signature() {
        let key = WebhookKey::from_seed(&[7; 32]).unwrap();
        let sign = |url: &str, body: &[u8], at: &str, nonce| {
            key.sign(&url.parse().unwrap(), body, at.parse().unwrap(), &[nonce; 16]).unwrap()
        };
        let at = "2026-11-22T02:00:00Z";
        let first = sign("https://bank.example/hook", b"{}", at, 1);
        assert_eq!(first, sign("https://BANK.example:443/hook", b"{}", at, 1));
        for other in [
            sign("https://bank.example/hook2", b"{}", at, 1),
            sign("https://bank.example/hook", b"[]", at, 1),
            sign("https://bank.example/hook", b"{}", "2026-11-22T02:00:01Z", 1),
            sign("https://bank.example/hook", b"{}", at, 2),
        ] {
            assert_ne!(first.signature, other.signature);
        }
        assert!(first.signature_input.starts_with(
            r#"dancu=("@method" "@target-uri" "content-type" "content-digest");created=1795312800;expires=1795313100;nonce=""#
        ), "{}", first.signature_input);
    }
}
