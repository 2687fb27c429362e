//! What a portal asks for when it pushes a request (RFC 9126), read before anybody is asked anything.

use crate::{Level, OpenIdError, Parameters, Scope, Scopes};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_exchange::{Client, KeyThumbprint, RedirectAddress};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Longest `state`, `nonce` and list of levels, in bytes.
const TEXT_BYTES_MAX: usize = 1024;
/// Levels in one request at most.
const LEVELS_MAX: usize = 10;

/// What may be shown to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// What is needed.
    #[default]
    Needed,
    /// Nothing.
    None,
    /// A new sign-in, whoever is signed in, and what is needed.
    Login,
    /// The question whether the person agrees, though they did before.
    Consent,
    /// Both.
    LoginAndConsent,
}

impl Prompt {
    /// Whether somebody must sign in anew.
    pub const fn wants_login(self) -> bool {
        matches!(self, Self::Login | Self::LoginAndConsent)
    }

    /// Whether the person is asked anew.
    pub const fn wants_consent(self) -> bool {
        matches!(self, Self::Consent | Self::LoginAndConsent)
    }

    fn read(text: &str) -> Result<Self, OpenIdError> {
        let (mut login, mut consent, mut none) = (false, false, false);
        for word in text.split(' ') {
            match word {
                "none" => none = true,
                "login" => login = true,
                "consent" => consent = true,
                _ => return Err(OpenIdError::Parameter("prompt")),
            }
        }
        match (none, login, consent) {
            (true, false, false) => Ok(Self::None),
            (true, _, _) => Err(OpenIdError::Parameter("prompt")),
            (false, true, true) => Ok(Self::LoginAndConsent),
            (false, true, false) => Ok(Self::Login),
            (false, false, _) => Ok(Self::Consent),
        }
    }
}

/// A request that was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Where the browser comes back to: registered letter by letter.
    pub redirect: RedirectAddress,
    /// Scopes, `openid` among them.
    pub scopes: Scopes,
    /// Handed back as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Put into the statement about the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// SHA-256 of the verifier (RFC 7636).
    pub challenge: [u8; 32],
    /// What may be shown.
    #[serde(default)]
    pub prompt: Prompt,
    /// Seconds since when a sign-in is too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_s_max: Option<u32>,
    /// Levels of which one must be met; none: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
    /// The key to which the code is bound (RFC 9449 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyThumbprint>,
    /// The pseudonym of whoever has to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

impl Asked {
    /// What a code keeps of it: not the portal's own words, nor the pseudonym, which would stand beside the account.
    #[must_use]
    pub fn for_code(&self) -> Self {
        Self { state: None, subject: None, prompt: Prompt::default(), levels: Vec::new(), ..self.clone() }
    }

    /// Reads a pushed request of a client. `key`: what the request itself proves; `hinted`: reads an `id_token_hint` of
    /// this client into the pseudonym that it names.
    pub fn read(
        client: &Client,
        parameters: &Parameters,
        key: Option<KeyThumbprint>,
        hinted: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, OpenIdError> {
        Self::refuse_other_ways(client, parameters)?;
        let redirect = parameters.need("redirect_uri")?;
        let registered = client.redirect_uris.iter().find(|address| address.as_str() == redirect);
        let redirect = registered.cloned().ok_or(OpenIdError::Redirect)?;
        let scopes = Scopes::read(parameters.need("scope")?);
        if !scopes.has(Scope::OpenId) {
            return Err(OpenIdError::Scope("openid"));
        }
        if parameters.get("code_challenge_method") != Some("S256") {
            return Err(OpenIdError::Parameter("code_challenge_method"));
        }
        let challenge = read_hash(parameters.need("code_challenge")?);
        let named = parameters.get("dpop_jkt");
        let named =
            named.map(|text| read_hash(text).ok_or(OpenIdError::Parameter("dpop_jkt"))).transpose()?;
        if let (Some(key), Some(named)) = (key, named)
            && key != named
        {
            return Err(OpenIdError::Parameter("dpop_jkt"));
        }
        let hint = parameters.get("id_token_hint");
        let subject = hint.map(|hint| hinted(hint).ok_or(OpenIdError::Parameter("id_token_hint")));
        let age = parameters.get("max_age");
        Ok(Self {
            redirect,
            scopes,
            state: text(parameters, "state")?,
            nonce: text(parameters, "nonce")?,
            challenge: challenge.ok_or(OpenIdError::Parameter("code_challenge"))?,
            prompt: parameters.get("prompt").map(Prompt::read).transpose()?.unwrap_or_default(),
            age_s_max: age.map(read_seconds).transpose()?,
            levels: read_levels(parameters)?,
            key: key.or(named),
            subject: subject.transpose()?,
        })
    }

    fn refuse_other_ways(client: &Client, parameters: &Parameters) -> Result<(), OpenIdError> {
        if parameters.get("client_id").is_some_and(|named| named != client.id.as_str()) {
            return Err(OpenIdError::Parameter("client_id"));
        }
        // A pushed request cannot point to another one (RFC 9126 2.1).
        if parameters.get("request_uri").is_some() {
            return Err(OpenIdError::Parameter("request_uri"));
        }
        if parameters.get("request").is_some() {
            return Err(OpenIdError::RequestObject);
        }
        match parameters.need("response_type")? {
            "code" => {}
            _ => return Err(OpenIdError::ResponseType),
        }
        match parameters.get("response_mode") {
            None | Some("query") => Ok(()),
            Some(_) => Err(OpenIdError::Parameter("response_mode")),
        }
    }

    /// Whether a verifier is the one whose digest came with the request.
    pub fn is_verified_by(&self, verifier: &str) -> bool {
        is_verifier(&self.challenge, verifier)
    }
}

/// Whether a verifier (RFC 7636 4.1) has this digest.
pub(crate) fn is_verifier(challenge: &[u8; 32], verifier: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(is_plain)
        && bool::from(Sha256::digest(verifier).as_slice().ct_eq(challenge))
}

fn read_hash(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Visible ASCII and blanks (RFC 6749, appendix A.5).
fn text(parameters: &Parameters, name: &'static str) -> Result<Option<String>, OpenIdError> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    let fits = text.len() <= TEXT_BYTES_MAX && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    if fits { Ok(Some(text.to_owned())) } else { Err(OpenIdError::Parameter(name)) }
}

fn read_seconds(text: &str) -> Result<u32, OpenIdError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).ok_or(OpenIdError::Parameter("max_age"))
}

/// Levels that we do not know can be met by nobody; they stand for themselves only.
fn read_levels(parameters: &Parameters) -> Result<Vec<Level>, OpenIdError> {
    let Some(listed) = text(parameters, "acr_values")? else { return Ok(Vec::new()) };
    let words: Vec<&str> = listed.split(' ').collect();
    if words.len() > LEVELS_MAX {
        return Err(OpenIdError::Parameter("acr_values"));
    }
    let levels: Vec<Level> = words.iter().filter_map(|word| word.parse().ok()).collect();
    if levels.is_empty() { Err(OpenIdError::Level) } else { Ok(levels) }
}

#[cfg(test)]
#[path = "asked_tests.rs"]
mod tests;
