//! The identity room with a store of its own, a clock that stands still, and an officer who prints letters.

use crate::device::Device;
use dancu_identity::{
    AttemptLimits, CeremonyId, CodeKey, Identity, IdentityError, IdentityParts, Principal,
    PublicKeyCredential, RelyingParty, Role, SessionToken, SignedIn, StaffProfile, periods,
};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::{FakeClock, SeededEntropy};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use tempfile::TempDir;

/// Where everyone in these tests comes from.
pub const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// A store in a folder that goes away with it.
pub fn new_store() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap();
    (folder, store)
}

pub struct House {
    pub identity: Identity,
    pub clock: Arc<FakeClock>,
    _folder: TempDir,
}

impl House {
    pub fn new() -> Self {
        Self::with_seed(7)
    }

    /// Another seed gives another house: other ids, other codes.
    pub fn with_seed(seed: u64) -> Self {
        let (folder, store) = new_store();
        let clock = Arc::new(FakeClock::at("2026-11-21T02:00:00Z"));
        let identity = Identity::new(IdentityParts {
            store: Arc::new(store),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(seed)),
            code_key: CodeKey::new([9; 32]),
            periods: periods(),
            relying_party: RelyingParty {
                id: "localhost".to_owned(),
                origin: "http://localhost:8080".parse().unwrap(),
                name: "Dancu".to_owned(),
            },
            code_limits: AttemptLimits::CODES,
            passkey_limits: AttemptLimits::PASSKEYS,
        });
        Self { identity: identity.unwrap(), clock, _folder: folder }
    }

    /// An officer who has just signed in by a code.
    pub async fn officer(&self) -> SignedIn {
        let profile = StaffProfile {
            id: "officer".parse().unwrap(),
            name: "Lê Văn Cường".parse().unwrap(),
            role: Role::Officer { commune: "00004".parse().unwrap(), sealed_client: None },
        };
        self.identity.put_staff(profile.clone()).await.unwrap();
        let issued = self.identity.issue_staff_code(&profile.id).await.unwrap();
        self.identity.redeem_code(&issued.code.shown(), SOURCE).await.unwrap()
    }

    /// The code in the letter that the officer prints for a citizen.
    pub async fn letter_for(&self, number: &str) -> String {
        let officer = self.officer().await;
        let number = number.parse().unwrap();
        self.identity.issue_citizen_code(Some(&officer.principal), number).await.unwrap().code.shown()
    }

    /// A citizen who has redeemed the code of a letter.
    pub async fn enrolment(&self, number: &str) -> SignedIn {
        self.identity.redeem_code(&self.letter_for(number).await, SOURCE).await.unwrap()
    }

    /// A citizen who is signed in, with the device that has the passkey.
    pub async fn citizen(&self, number: &str) -> (SignedIn, Device) {
        let enrolment = self.enrolment(number).await;
        let mut device = Device::new();
        let signed_in = self.register(&enrolment.principal, &mut device).await.unwrap().unwrap();
        (signed_in, device)
    }

    /// Registers a passkey of a device for someone.
    pub async fn register(
        &self,
        principal: &Principal,
        device: &mut Device,
    ) -> Result<Option<SignedIn>, IdentityError> {
        let started = self.identity.start_registration(Some(principal), SOURCE).await?;
        let answer = device.register(started.options()).await.unwrap();
        self.identity.finish_registration(Some(principal), &started.ceremony, &answer).await
    }

    /// A challenge to sign in, and a device's answer to it.
    pub async fn challenge(&self, device: &mut Device) -> (CeremonyId, PublicKeyCredential) {
        let started = self.identity.start_sign_in(SOURCE).unwrap();
        let answer = device.sign_in(started.options()).await.unwrap();
        (started.ceremony, answer)
    }

    pub async fn who(&self, token: &SessionToken) -> Option<Principal> {
        self.identity.principal(token).await.unwrap()
    }
}
