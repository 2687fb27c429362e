//! `GET /sessions`: where one is signed in, the last seen first.

use super::{entrance::Entrance, visitor::SignedIn};
use crate::Problem;
use axum::{Json, extract::State};
use serde_json::{Value, json};

/// At most as many as an account may have.
pub(super) async fn list(
    State(entrance): State<Entrance>,
    SignedIn(principal): SignedIn,
) -> Result<Json<Value>, Problem> {
    let sessions = entrance.identity.sessions(&principal).await?;
    let sessions: Vec<Value> = sessions
        .iter()
        .map(|session| {
            json!({
                "is_this": session.is_this,
                "created": session.created,
                "last_seen": session.last_seen,
                "expires": session.expires,
            })
        })
        .collect();
    Ok(Json(json!({ "sessions": sessions })))
}
