//! Extractors: who sends a request, and from where.

use super::{cookies, entrance::Entrance};
use crate::Problem;
use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts},
    http::request::Parts,
};
use dancu_identity::{
    CeremonyId, IdentityError, Principal, SessionToken,
    access::{Operation, allows},
};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// Whoever is signed in, or nobody.
#[derive(Debug, Clone)]
pub(crate) struct Visitor(pub Option<Principal>);

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Entrance: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Some(token) = cookies::session_of(parts) else {
            return Ok(Self(None));
        };
        Ok(Self(Entrance::from_ref(state).identity.principal(&token).await?))
    }
}

/// Someone who is signed in; 401 otherwise. What they may do is asked with [`permit`].
#[derive(Debug, Clone)]
pub(crate) struct SignedIn(pub Principal);

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Entrance: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Visitor(principal) = Visitor::from_request_parts(parts, state).await?;
        principal.map(Self).ok_or_else(Problem::not_signed_in)
    }
}

/// The principal if it may do this; 401 for nobody, 403 for someone else.
pub(crate) fn permit(principal: Option<&Principal>, operation: Operation) -> Result<&Principal, Problem> {
    let someone = principal.ok_or_else(Problem::not_signed_in)?;
    if allows(principal, operation) { Ok(someone) } else { Err(Problem::not_allowed()) }
}

/// The address at the other end of the connection. Headers that claim another one are not believed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Without an address everyone shares one limit, which errs on the safe side.
        Ok(Self(peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip())))
    }
}

/// The session token in the cookie, whatever it is worth.
pub(crate) struct TokenInHand(pub Option<SessionToken>);

impl<S: Send + Sync> FromRequestParts<S> for TokenInHand {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(cookies::session_of(parts)))
    }
}

/// The ceremony that the browser began; without one its answer is worth nothing.
pub(super) struct Ceremony(pub CeremonyId);

impl<S: Send + Sync> FromRequestParts<S> for Ceremony {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        cookies::ceremony_of(parts).map(Self).ok_or_else(|| IdentityError::CeremonyOver.into())
    }
}
