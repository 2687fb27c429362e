//! One sign-in for every portal: an OpenID provider (OpenID Connect Core, FAPI 2.0 security profile) over the accounts of
//! `identity`, for the clients of `exchange`.
//!
//! A portal pushes its request first, proving itself as it does for every other product; the person signs in here, reads
//! what the portal will learn, and agrees; the portal exchanges a code for tokens that are worth nothing without its key.
//! What it may learn is asked of `exchange`; each release of values is a disclosure with a receipt.
//!
//! No SQL, no HTTP. The store is a port ([`OpenIdStore`]); time, entropy and keys are passed in.

mod asked;
mod error;
mod keys;
mod level;
mod metadata;
mod parameters;
mod portals;
mod refresh;
mod rules;
mod scope;
mod secret;
mod service;
mod sign_on;
mod sign_out;
mod store;
mod tokens;

pub use asked::{Asked, Prompt};
pub use error::OpenIdError;
pub use keys::{KeyError, Keys};
pub use level::Level;
pub use metadata::AUTHENTICATION_METHODS;
pub use parameters::Parameters;
pub use refresh::RefreshToken;
pub use rules::{SignInRules, sign_in_rules};
pub use scope::{Scope, Scopes};
pub use secret::{Secret, SecretHash};
pub use service::{OpenId, OpenIdParts, Pushed};
pub use sign_on::{Decision, Step, WhoSignsIn};
pub use sign_out::SignOut;
pub use store::{
    AccessToken, Binding, CodeUse, Family, FamilyId, FamilyTerms, Grant, OpenIdStore, Portal, PortalLength,
    PushedRequest, Rotation, Settled, SignInEntry, StoredCode,
};
pub use tokens::{Access, Tokens};
