//! The port below this room. Every method that changes something is one transaction, durable when it returns.

use crate::{Asked, Level, Scopes, SecretHash};
use async_trait::async_trait;
use dancu_core::{Entropy, PersonalNumber, StoreError};
use dancu_exchange::{CertificateThumbprint, ClientId, KeyThumbprint, SignInWish};
use dancu_identity::{AccountId, SessionId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Sixteen random bytes that name what was granted at one sign-in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FamilyId([u8; 16]);

impl FamilyId {
    /// Draws a new one.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// From the bytes of a store; `None` when there are not sixteen.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, for a store.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A request that a portal pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// Digest of its name.
    pub id: SecretHash,
    /// Whose it is.
    pub client: ClientId,
    /// What it asks for, and when.
    pub asked: Asked,
    /// When it was pushed.
    pub pushed: Timestamp,
    /// First instant at which it is over.
    pub expires: Timestamp,
}

/// What a code stands for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What was asked.
    pub asked: Asked,
    /// When the person proved who they are.
    pub signed_in: Timestamp,
    /// What was achieved.
    pub level: Level,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grant(…)")
    }
}

/// A code as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCode {
    /// Digest of the code.
    pub hash: SecretHash,
    /// For whom.
    pub client: ClientId,
    /// Who signed in.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// The family that begins with its exchange.
    pub family: FamilyId,
    /// What it stands for.
    pub grant: Grant,
    /// First instant at which it is worth nothing.
    pub expires: Timestamp,
    /// When it was exchanged.
    pub used: Option<Timestamp>,
}

/// A finished sign-in, to be written at once.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The request that it answers, which is over with it.
    pub request: SecretHash,
    /// The code for the portal.
    pub code: StoredCode,
    /// What the person has just agreed to; `None` where they had agreed before.
    pub agreed: Option<SignInWish>,
    /// When.
    pub at: Timestamp,
}

/// What was granted at one sign-in, whoever renews it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyTerms {
    /// Scopes.
    pub scopes: Scopes,
    /// When the person proved who they are.
    pub signed_in: Timestamp,
    /// What was achieved.
    pub level: Level,
}

/// What was granted at one sign-in, as a store keeps it. One of a closed account is never handed out by the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Name.
    pub id: FamilyId,
    /// To whom.
    pub client: ClientId,
    /// Whose sign-in it was.
    pub account: AccountId,
    /// Their personal number.
    pub number: PersonalNumber,
    /// In which session.
    pub session: SessionId,
    /// How often it was renewed.
    pub generation: u32,
    /// When it was renewed last.
    pub rotated: Timestamp,
    /// When it began.
    pub begun: Timestamp,
    /// First instant at which it is over.
    pub expires: Timestamp,
    /// When it was ended before.
    pub ended: Option<Timestamp>,
    /// What it grants.
    pub terms: FamilyTerms,
}

/// What a token is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// A key that each request proves (RFC 9449).
    Key(KeyThumbprint),
    /// The certificate of the connection (RFC 8705).
    Certificate(CertificateThumbprint),
}

/// An access token as a store keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessToken {
    /// Digest of the token.
    pub hash: SecretHash,
    /// What it belongs to.
    pub family: FamilyId,
    /// First instant at which it is worth nothing.
    pub expires: Timestamp,
    /// Its scopes, which may be fewer than the family's.
    pub scopes: Scopes,
    /// What it is bound to.
    pub binding: Binding,
}

/// A code that is exchanged.
#[derive(Debug, Clone)]
pub struct CodeUse {
    /// Digest of the code.
    pub hash: SecretHash,
    /// When.
    pub at: Timestamp,
    /// When the family that begins is over.
    pub family_expires: Timestamp,
    /// Families of one person at one portal at most: the oldest end.
    pub families_max: u32,
    /// The first access token.
    pub token: AccessToken,
}

/// A family that is renewed.
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    /// Which.
    pub family: FamilyId,
    /// The generation of the refresh token that was shown.
    pub seen: u32,
    /// Whether that is the newest one, which is followed by the next; or the one before it, shown once more by a portal
    /// that did not get the answer, for which nothing moves.
    pub is_newest: bool,
    /// When.
    pub at: Timestamp,
    /// The new access token.
    pub token: AccessToken,
}

/// A portal that a person is connected with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// The client.
    pub client: ClientId,
    /// What the person agreed that it learns.
    pub wish: SignInWish,
    /// When they agreed last.
    pub agreed: Timestamp,
    /// When they signed in last.
    pub last_sign_in: Timestamp,
}

/// A sign-in, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInEntry {
    /// When.
    pub at: Timestamp,
    /// At which portal.
    pub client: ClientId,
    /// What was achieved.
    pub level: Level,
}

/// How long what is over is kept.
#[derive(Debug, Clone, Copy)]
pub struct PortalLength {
    /// Sign-ins before this instant are forgotten.
    pub history_from: Timestamp,
    /// Rows of one kind at most.
    pub rows_max: u32,
}

/// Pushed requests, codes, families, access tokens, connected portals and sign-ins.
#[async_trait]
pub trait OpenIdStore: Send + Sync {
    /// Keeps a pushed request.
    async fn push(&self, request: PushedRequest) -> Result<(), StoreError>;

    /// A request by its name. Whether it is over is for the caller to say.
    async fn request(&self, id: SecretHash) -> Result<Option<PushedRequest>, StoreError>;

    /// Lets a request stand until a later instant; never shortens it.
    async fn extend(&self, id: SecretHash, until: Timestamp) -> Result<(), StoreError>;

    /// Ends a request without a code; `false` when it was ended before.
    async fn drop_request(&self, id: SecretHash) -> Result<bool, StoreError>;

    /// Ends a request with a code, and writes what the person agreed to and where they signed in. `false`, and nothing is
    /// written, when the request was ended before, or the person's account was closed or their session ended.
    async fn settle(&self, settled: Settled) -> Result<bool, StoreError>;

    /// What the person agreed to for a portal.
    async fn portal(&self, account: AccountId, client: &ClientId) -> Result<Option<Portal>, StoreError>;

    /// A code. Whether it is over is for the caller to say.
    async fn code(&self, hash: SecretHash) -> Result<Option<StoredCode>, StoreError>;

    /// Exchanges a code: its family begins, with its first access token. Of several exchanges of one code exactly one
    /// succeeds; `None` for the others, and when the person disconnected the portal meanwhile.
    async fn exchange(&self, exchanged: CodeUse) -> Result<Option<Family>, StoreError>;

    /// A family, ended or not.
    async fn family(&self, id: FamilyId) -> Result<Option<Family>, StoreError>;

    /// Renews a family that has not ended and still is where the caller saw it, and keeps its new access token; `false`,
    /// and nothing is written, otherwise.
    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError>;

    /// Ends a family; `false` when it had ended or never was.
    async fn end_family(&self, id: FamilyId, at: Timestamp) -> Result<bool, StoreError>;

    /// Lets what was granted in one session of a person go on in another of the same person.
    async fn move_families(&self, from: SessionId, to: SessionId) -> Result<(), StoreError>;

    /// Ends every family that began in a session.
    async fn end_families_of(&self, session: SessionId, at: Timestamp) -> Result<u64, StoreError>;

    /// An access token with its family. Whether one of them is over is for the caller to say.
    async fn token(&self, hash: SecretHash) -> Result<Option<(AccessToken, Family)>, StoreError>;

    /// Ends an access token.
    async fn end_token(&self, hash: SecretHash) -> Result<(), StoreError>;

    /// The portals that a person is connected with, in the order of their names, after one.
    async fn portals(
        &self,
        account: AccountId,
        after: Option<&ClientId>,
        rows_max: u32,
    ) -> Result<Vec<Portal>, StoreError>;

    /// Takes back what the person agreed to for a portal and ends its families. A code that is out is worth nothing while
    /// they are not connected; `false` when they are not
    /// connected.
    async fn disconnect(
        &self,
        account: AccountId,
        client: &ClientId,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Where a person signed in before an instant, the newest first.
    async fn sign_ins(
        &self,
        account: AccountId,
        before: Timestamp,
        rows_max: u32,
    ) -> Result<Vec<SignInEntry>, StoreError>;

    /// Removes what is over, a bounded number of each kind; says how many. A code stays as long as its family, so that it is
    /// known when it is shown once more.
    async fn forget(&self, at: Timestamp, length: PortalLength) -> Result<u64, StoreError>;
}
