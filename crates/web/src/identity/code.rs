//! `POST /sign-in/code`: redeems a one-time code, from a form (`code=…`) or as JSON (`{"code": "…"}`).

use super::{
    body,
    entrance::{Entrance, Reply},
    visitor::{Source, TokenInHand},
};
use crate::Problem;
use axum::{body::Body, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use url::form_urlencoded;

#[derive(Deserialize)]
struct Typed {
    code: String,
}

/// Staff are signed in (303 or `{location}` to their page); a citizen is led to register a passkey.
pub(super) async fn redeem(
    State(entrance): State<Entrance>,
    Source(source): Source,
    TokenInHand(before): TokenInHand,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let reply = Reply::of(&headers);
    let code = read(reply, &body::whole(body).await?).ok_or_else(|| Problem::bad_body("code"))?;
    let signed_in = entrance.identity.redeem_code(&code, source).await?;
    Ok(entrance.admit(&signed_in, before, reply).await)
}

fn read(reply: Reply, body: &[u8]) -> Option<String> {
    match reply {
        Reply::Json => serde_json::from_slice::<Typed>(body).ok().map(|typed| typed.code),
        Reply::Redirect => form_urlencoded::parse(body)
            .find_map(|(name, value)| (name == "code").then(|| value.into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_json_say_the_same() {
        assert_eq!(read(Reply::Redirect, b"lang=vi&code=AB+CD-1").as_deref(), Some("AB CD-1"));
        assert_eq!(read(Reply::Json, br#"{"code":"AB CD-1"}"#).as_deref(), Some("AB CD-1"));
        for reply in [Reply::Redirect, Reply::Json] {
            assert_eq!(read(reply, b""), None);
            assert_eq!(read(reply, b"\xff\xfe"), None);
        }
        assert_eq!(read(Reply::Json, b"code=AB"), None);
    }
}
