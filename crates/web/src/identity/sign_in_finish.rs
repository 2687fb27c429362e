//! `POST /passkey/sign-in/finish`: a passkey's answer, as `PublicKeyCredential.toJSON()` gives it; answers
//! `{"location": …}`.

use super::{
    body,
    entrance::{Entrance, Reply},
    visitor::{Ceremony, TokenInHand},
};
use crate::Problem;
use axum::{extract::State, response::Response};

/// An unknown passkey and a wrong signature get the same answer.
pub(super) async fn finish(
    State(entrance): State<Entrance>,
    TokenInHand(before): TokenInHand,
    Ceremony(ceremony): Ceremony,
    body::Credential(answer): body::Credential<dancu_identity::PublicKeyCredential>,
) -> Result<Response, Problem> {
    let signed_in = entrance.identity.finish_sign_in(&ceremony, &answer).await?;
    Ok(entrance.admit(&signed_in, before, Reply::Json).await)
}
