//! Passkeys by webauthn-rs: this file only chooses its settings and translates its errors.

use crate::{AccountId, IdentityError};
use dancu_core::StoreError;
use jiff::Timestamp;
use std::fmt;
use url::Url;
use webauthn_rs::prelude::{
    CreationChallengeResponse, CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse, Uuid, Webauthn,
    WebauthnBuilder,
};
use webauthn_rs_proto::ResidentKeyRequirement;

/// The site that passkeys are bound to.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    /// Domain, e.g. `localhost` or `dancu.gov.vn`. Passkeys of another domain do not work here, for ever.
    pub id: String,
    /// Where the pages live, e.g. `http://localhost:8080`. Browsers take passkeys over http from `localhost` only.
    pub origin: Url,
    /// Name that devices show.
    pub name: String,
}

/// A passkey as a store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Id that the device gave it, unique on the platform; up to 1,023 bytes.
    pub credential: Vec<u8>,
    /// Whose it is.
    pub account: AccountId,
    /// Public key, counter and flags: the JSON of webauthn-rs.
    pub key: String,
    /// When it was registered.
    pub registered: Timestamp,
    /// When it last signed in.
    pub last_used: Option<Timestamp>,
}

impl fmt::Debug for StoredPasskey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredPasskey").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Registers and checks passkeys of one site.
pub(crate) struct Passkeys(Webauthn);

/// What a sign-in leaves to be written: the key as it was, and as it is now.
pub(crate) struct Checked {
    pub seen: String,
    pub now: String,
}

impl Passkeys {
    pub fn new(party: &RelyingParty) -> Result<Self, IdentityError> {
        WebauthnBuilder::new(&party.id, &party.origin)
            .and_then(|builder| builder.rp_name(&party.name).build())
            .map(Self)
            .map_err(|_| IdentityError::RelyingParty)
    }

    /// A challenge for a new passkey that the device keeps by itself, so that nothing is typed at sign-in.
    pub fn start_registration(
        &self,
        account: AccountId,
        shown_name: &str,
        known: Vec<CredentialID>,
    ) -> Result<(CreationChallengeResponse, PasskeyRegistration), IdentityError> {
        let user = Uuid::from_bytes(*account.as_bytes());
        let (mut challenge, state) = self
            .0
            .start_passkey_registration(user, shown_name, shown_name, Some(known))
            .map_err(|_| IdentityError::RegistrationRefused)?;
        // webauthn-rs leaves it to the device whether it keeps the passkey; signing in without a name needs it kept.
        if let Some(wishes) = challenge.public_key.authenticator_selection.as_mut() {
            wishes.resident_key = Some(ResidentKeyRequirement::Required);
            wishes.require_resident_key = true;
        }
        Ok((challenge, state))
    }

    pub fn finish_registration(
        &self,
        answer: &RegisterPublicKeyCredential,
        state: &PasskeyRegistration,
    ) -> Result<Passkey, IdentityError> {
        self.0.finish_passkey_registration(answer, state).map_err(|_| IdentityError::RegistrationRefused)
    }

    /// A challenge for whichever passkey the person picks on the device.
    pub fn start_sign_in(
        &self,
    ) -> Result<(RequestChallengeResponse, DiscoverableAuthentication), IdentityError> {
        let (mut challenge, state) =
            self.0.start_discoverable_authentication().map_err(|_| IdentityError::PasskeyRefused)?;
        // The page asks on the press of a button, not while a name is being typed.
        challenge.mediation = None;
        Ok((challenge, state))
    }

    /// Checks signature, challenge, origin, user verification and counter, and that the device names the account
    /// that the passkey belongs to.
    pub fn finish_sign_in(
        &self,
        answer: &PublicKeyCredential,
        state: DiscoverableAuthentication,
        stored: &StoredPasskey,
    ) -> Result<Checked, IdentityError> {
        let (user, _) =
            self.0.identify_discoverable_authentication(answer).map_err(|_| IdentityError::PasskeyRefused)?;
        let mut key = read_key(stored)?;
        if user.as_bytes() != stored.account.as_bytes() {
            return Err(IdentityError::PasskeyRefused);
        }
        let result = self
            .0
            .finish_discoverable_authentication_v2(answer, state, &key)
            .map_err(|_| IdentityError::PasskeyRefused)?;
        let changed = key.update_credential(&result).ok_or(IdentityError::PasskeyRefused)?;
        let now = if changed { write_key(&key)? } else { stored.key.clone() };
        Ok(Checked { seen: stored.key.clone(), now })
    }
}

/// The key of a stored passkey. A text that is none means a damaged store.
fn read_key(stored: &StoredPasskey) -> Result<Passkey, IdentityError> {
    serde_json::from_str(&stored.key).map_err(|_| damaged("a stored passkey does not read"))
}

/// The text under which a store keeps a key.
pub(crate) fn write_key(key: &Passkey) -> Result<String, IdentityError> {
    serde_json::to_string(key).map_err(|_| damaged("a passkey does not write"))
}

fn damaged(detail: &str) -> IdentityError {
    StoreError::Corrupt { file: "passkey".into(), detail: detail.to_owned() }.into()
}
