//! `GET` and `POST /oauth/userinfo` (OpenID Connect Core 5.3): what the person agreed that the portal learns. Each answer
//! with values is a disclosure with a receipt.

use super::refusal::Refused;
use crate::{
    AppState,
    api::{Shown, authorization, refused, uncached},
};
use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use dancu_core::Sex;
use dancu_exchange::{FetchedValue, Field, Refusal, SignInAnswer};
use dancu_openid::OpenIdError;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The answer to whoever holds an access token and its key.
pub(super) async fn user_info(
    State(state): State<Arc<AppState>>,
    shown: Shown,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (scheme, secret) = authorization(&headers).ok_or(OpenIdError::Token)?;
    let access = match state.openid.access(scheme, secret, shown.presented()).await {
        // Here a proof stands beside a token, not beside a request for one (RFC 9449 7.1).
        Err(OpenIdError::Refused(refusal @ Refusal::InvalidProof)) => return Ok(refused(refusal)),
        access => access?,
    };
    let (subject, answer) = state.openid.user_info(&access).await?;
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), subject.into());
    if let Some(answer) = &answer {
        tell(&mut claims, answer);
    }
    Ok(uncached(Json(claims).into_response()))
}

fn tell(claims: &mut Map<String, Value>, answer: &SignInAnswer) {
    for (field, value) in &answer.values {
        if let Some((name, value)) = claim(*field, value) {
            claims.insert(name.to_owned(), value);
        }
    }
    if let Some(number) = answer.number {
        claims.insert("personal_number".to_owned(), number.to_string().into());
        claims.insert("receipt".to_owned(), json!(answer.receipt));
    } else {
        // The record names the person by number, which this portal does not learn: it gets the entry's place alone, by
        // which the person, and whoever may, find it.
        let receipt = &answer.receipt;
        let place = json!({
            "entry": receipt.entry, "leaf_index": receipt.leaf_index, "checkpoint": receipt.checkpoint,
        });
        claims.insert("receipt".to_owned(), place);
    }
    claims.insert("as_of".to_owned(), json!(answer.as_of));
}

/// A value under its standard name; none where the standard cannot say it.
fn claim(field: Field, value: &FetchedValue) -> Option<(&'static str, Value)> {
    Some(match (field, value) {
        (Field::Name, FetchedValue::Text(name)) => ("name", json!(name)),
        // Of a birth date only the year may be known; a month without its day cannot be said (OpenID Connect Core 5.1).
        (Field::BirthDate, FetchedValue::Partial(date)) => {
            let said = date.whole().map_or_else(|| format!("{:04}", date.year()), |day| day.to_string());
            ("birthdate", json!(said))
        }
        (Field::Sex, FetchedValue::Sex(sex)) => {
            ("gender", json!(if *sex == Sex::Male { "male" } else { "female" }))
        }
        (Field::Residence, FetchedValue::Home { commune, address, line }) => {
            let mut home = json!({ "formatted": line, "commune_code": commune, "country": "VN" });
            if let Some(address) = address {
                home["street_address"] = json!(address);
            }
            ("address", home)
        }
        (Field::Phone, FetchedValue::Text(phone)) => ("phone_number", json!(phone)),
        _ => return None,
    })
}
