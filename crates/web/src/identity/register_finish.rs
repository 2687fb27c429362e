//! `POST /passkey/register/finish`: the new passkey, as `PublicKeyCredential.toJSON()` gives it; answers
//! `{"location": …}`.

use super::{
    body,
    entrance::{Entrance, Reply, home_of},
    visitor::{Ceremony, SignedIn, TokenInHand},
};
use crate::Problem;
use axum::{extract::State, response::Response};

/// An enrolling citizen is signed in by it, under a new session.
pub(super) async fn finish(
    State(entrance): State<Entrance>,
    SignedIn(principal): SignedIn,
    TokenInHand(before): TokenInHand,
    Ceremony(ceremony): Ceremony,
    body::Credential(answer): body::Credential<dancu_identity::RegisterPublicKeyCredential>,
) -> Result<Response, Problem> {
    let promoted = entrance.identity.finish_registration(Some(&principal), &ceremony, &answer).await?;
    Ok(match promoted {
        Some(signed_in) => entrance.admit(&signed_in, before, Reply::Json).await,
        None => Reply::Json.to(home_of(&principal)),
    })
}
