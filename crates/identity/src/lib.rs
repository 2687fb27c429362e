//! Who is at the other end: accounts of citizens and staff, one-time codes on paper, passkeys, sessions, and the
//! single place where it is decided who may do what ([`access::allows`]).
//!
//! A citizen gets a code from an officer, redeems it once, and registers a passkey; from then on the passkey is the
//! only way in. A member of staff gets a code from the operator, which opens a session directly. Codes are kept as
//! keyed hashes and session tokens as plain hashes, so that a stolen database opens nothing.
//!
//! No SQL, no HTTP. The store is a port ([`IdentityStore`]); time, entropy and the key of the codes are passed in.

pub mod access;
mod account;
mod attempts;
mod ceremonies;
mod code;
mod error;
mod identity;
mod passkeys;
mod periods;
mod principal;
mod session;
mod sign_in;
mod store;

pub use account::{Account, AccountId, Role, StaffId, StaffIdError, StaffProfile, Subject};
pub use attempts::{AttemptLimits, Attempts};
pub use ceremonies::CeremonyId;
pub use code::{Code, CodeHash, CodeKey, ReadCodeError, StoredCode};
pub use error::IdentityError;
pub use identity::{Identity, IdentityParts, IssuedCode, SessionView};
pub use passkeys::{RelyingParty, StoredPasskey};
pub use periods::{Periods, periods};
pub use principal::Principal;
pub use session::{Purpose, Session, SessionId, SessionToken, TokenHash};
pub use sign_in::{SignedIn, StartedRegistration, StartedSignIn};
pub use store::{AddPasskey, IdentityStore, Issue, PasskeyAdded, PasskeyUse, Redeem, SESSIONS_MAX};

/// What a browser answers to a registration: handed on as it came.
pub use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};
