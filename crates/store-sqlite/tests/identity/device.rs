//! A browser with a device that keeps one passkey, by the `passkey` crate. What goes in and out is the JSON that a
//! page and the server exchange.

use async_trait::async_trait;
use passkey::{
    authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod},
    client::{Client, DefaultClientData, WebauthnError},
    crypto::rust_crypto::RustCryptoBackend,
    types::{
        Passkey,
        ctap2::{Aaguid, Ctap2Error},
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

/// A person who is there and, mostly, unlocks the device.
pub struct Person {
    unlocks: bool,
}

#[async_trait]
impl UserValidationMethod for Person {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        _presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence: true, verification: self.unlocks })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// A device and the browser in front of it.
pub struct Device {
    passkey: Option<Passkey>,
    pub origin: Url,
    pub unlocks: bool,
    counts: bool,
}

impl Device {
    /// Empty, at the origin of the pages.
    pub fn new() -> Self {
        let origin = "http://localhost:8080".parse().unwrap();
        Self { passkey: None, origin, unlocks: true, counts: false }
    }

    /// Empty, counting its signatures.
    pub fn with_counter() -> Self {
        Self { counts: true, ..Self::new() }
    }

    /// What `navigator.credentials.create` does.
    pub async fn register<T: DeserializeOwned>(
        &mut self,
        options: &impl Serialize,
    ) -> Result<T, WebauthnError> {
        let mut client = self.client();
        let request = convert(options);
        let answer = client.register(&self.origin, request, DefaultClientData).await?;
        self.passkey = client.authenticator_mut().store_mut().take();
        Ok(convert(&answer))
    }

    /// What `navigator.credentials.get` does.
    pub async fn sign_in<T: DeserializeOwned>(
        &mut self,
        options: &impl Serialize,
    ) -> Result<T, WebauthnError> {
        let mut client = self.client();
        let request = convert(options);
        let answer = client.authenticate(&self.origin, request, DefaultClientData).await?;
        self.passkey = client.authenticator_mut().store_mut().take();
        Ok(convert(&answer))
    }

    /// The passkey that the device keeps.
    pub fn passkey_mut(&mut self) -> &mut Passkey {
        self.passkey.as_mut().unwrap()
    }

    /// A copy of the device, as a thief would make it.
    pub fn copy(&self) -> Self {
        Self {
            passkey: self.passkey.clone(),
            origin: self.origin.clone(),
            unlocks: true,
            counts: self.counts,
        }
    }

    fn client(
        &self,
    ) -> Client<Option<Passkey>, Person, RustCryptoBackend, public_suffix::PublicSuffixList, ()> {
        let person = Person { unlocks: self.unlocks };
        let mut device =
            Authenticator::new(Aaguid::new_empty(), self.passkey.clone(), person, RustCryptoBackend);
        device.set_make_credentials_with_signature_counter(self.counts);
        Client::new(device).allows_insecure_localhost(true)
    }
}

/// From one library's type to the other's, by the JSON that travels between them.
pub fn convert<T: DeserializeOwned>(value: &impl Serialize) -> T {
    let json: Value = serde_json::to_value(value).unwrap();
    serde_json::from_value(json).unwrap()
}
