//! The port below this room. Every method that changes something is one transaction, durable when it returns.

use crate::AccountId;
use crate::{
    Account, CodeHash, Session, SessionId, StaffId, StaffProfile, StoredCode, StoredPasskey, TokenHash,
};
use async_trait::async_trait;
use dancu_core::StoreError;
use jiff::Timestamp;

/// A code to be issued.
#[derive(Debug, Clone)]
pub struct Issue {
    /// The account of the subject, as it would be opened if the subject has none.
    pub account: Account,
    /// Hash of the new code.
    pub hash: CodeHash,
    /// When it is issued.
    pub issued: Timestamp,
    /// First instant at which it opens nothing.
    pub expires: Timestamp,
    /// Account of the member of staff who issues it.
    pub issued_by: Option<AccountId>,
}

/// A code to be redeemed for a session.
#[derive(Debug, Clone)]
pub struct Redeem {
    /// Hash of the code.
    pub hash: CodeHash,
    /// When.
    pub at: Timestamp,
    /// The session that begins.
    pub session: Session,
}

/// A passkey to be registered.
#[derive(Debug, Clone)]
pub struct AddPasskey {
    /// The passkey.
    pub passkey: StoredPasskey,
    /// How many passkeys an account may have.
    pub passkeys_max: u32,
    /// The session that registers it. It must still be there.
    pub session: SessionId,
    /// The session that takes its place, for a citizen who has just enrolled. Whoever enrols was identified anew at
    /// a desk, so the account's earlier passkeys and sessions end with it: the way out for a device that was lost.
    pub replaced_by: Option<Session>,
}

/// What became of [`AddPasskey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyAdded {
    /// It is registered, and the session replaced if that was asked.
    Added,
    /// Some account has it already; nothing changed.
    Known,
    /// The account is full; nothing changed.
    Full,
    /// The session is gone; nothing changed.
    SessionGone,
}

/// A passkey that has proved itself, to be written with the session that it opens.
#[derive(Debug, Clone)]
pub struct PasskeyUse {
    /// Id of the passkey.
    pub credential: Vec<u8>,
    /// The key as it was when it was checked.
    pub key_seen: String,
    /// The key as it is now: with its new counter.
    pub key: String,
    /// When.
    pub at: Timestamp,
    /// The session that begins.
    pub session: Session,
}

/// Accounts, codes, passkeys and sessions. Closed accounts and what belongs to them are as if they were not there.
///
/// A store keeps at most [`SESSIONS_MAX`] sessions of one account: a further one ends the one seen longest ago.
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Opens the account of a member of staff, or gives the one there is the stated name and role. A closed account
    /// opens again. Returns the account as it now stands.
    async fn put_staff(&self, account: Account) -> Result<Account, StoreError>;

    /// The account of a member of staff. A citizen's account is found through codes, passkeys and sessions only.
    async fn find_staff(&self, id: &StaffId) -> Result<Option<Account>, StoreError>;

    /// Up to `limit` members of staff whose id comes after `after`, in the order of their ids.
    async fn list_staff(&self, after: Option<&StaffId>, limit: u32) -> Result<Vec<StaffProfile>, StoreError>;

    /// Closes the account of a member of staff, with its sessions, codes and passkeys; `false` when there is none.
    async fn close_staff(&self, id: &StaffId, at: Timestamp) -> Result<bool, StoreError>;

    /// Opens the account if the subject has none, takes back its unused codes, and keeps the new one. Returns the
    /// account that the code opens; `None` when it was closed meanwhile.
    async fn issue_code(&self, issue: Issue) -> Result<Option<Account>, StoreError>;

    /// A code that is neither used nor taken back, with its account. Whether it has expired is for the caller to say.
    async fn find_code(&self, hash: CodeHash) -> Result<Option<(StoredCode, Account)>, StoreError>;

    /// Marks a code used and begins a session; `false` when the code was used, taken back or expired meanwhile. Of
    /// several redemptions of one code exactly one succeeds.
    async fn redeem_code(&self, redeem: Redeem) -> Result<bool, StoreError>;

    /// A session by the hash of its token, with its account. Whether it still stands is for the caller to say.
    async fn find_session(&self, token: TokenHash) -> Result<Option<(Session, Account)>, StoreError>;

    /// Writes when a session was last seen, unless a later time stands there.
    async fn touch_session(&self, session: SessionId, at: Timestamp) -> Result<(), StoreError>;

    /// Ends a session; `false` when there is none.
    async fn end_session(&self, token: TokenHash) -> Result<bool, StoreError>;

    /// The sessions of an account that expire after an instant, the last seen first.
    async fn list_sessions(&self, account: AccountId, at: Timestamp) -> Result<Vec<Session>, StoreError>;

    /// A passkey with its account.
    async fn find_passkey(&self, credential: &[u8]) -> Result<Option<(StoredPasskey, Account)>, StoreError>;

    /// The passkeys of an account, the oldest first.
    async fn list_passkeys(&self, account: AccountId) -> Result<Vec<StoredPasskey>, StoreError>;

    /// Registers a passkey.
    async fn add_passkey(&self, add: AddPasskey) -> Result<PasskeyAdded, StoreError>;

    /// Writes a proven passkey's key and begins its session; `false`, and nothing written, when the key is no longer
    /// as it was seen: another sign-in came between.
    async fn use_passkey(&self, passkey_use: PasskeyUse) -> Result<bool, StoreError>;

    /// Deletes up to `limit` sessions that have expired and `limit` codes that expired a year ago; says how many.
    async fn sweep(&self, at: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// How many sessions one account may have at once.
pub const SESSIONS_MAX: u32 = 20;
