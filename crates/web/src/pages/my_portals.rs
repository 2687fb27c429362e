//! `/citizen/portals`: the portals that I am connected with, what each learns, and where I signed in.

use super::{
    fields::Params,
    paging::cut,
    reader::{Reader, Wants},
    sign_on::learns,
};
use crate::{
    AppState, Problem,
    openid::problem,
    views::{Page, Words},
};
use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use dancu_exchange::{Caller, ClientId};
use dancu_identity::{AccountId, access::Operation};
use dancu_openid::{Portal, SignInEntry};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

const PATH: &str = "/citizen/portals";
/// Portals, and sign-ins, on a page.
const PAGE_LENGTH: usize = 25;

#[derive(Template, Serialize)]
#[template(path = "my_portals.html")]
struct MyPortalsView {
    #[serde(skip)]
    page: Page,
    portals: Vec<PortalView>,
    /// The page of portals behind this one.
    more: Option<String>,
    sign_ins: Vec<SignInView>,
    /// The page of older sign-ins.
    older: Option<String>,
}

/// A connected portal.
#[derive(Serialize)]
struct PortalView {
    client: String,
    name: Words,
    learns: Vec<Words>,
    agreed: Timestamp,
    last_sign_in: Timestamp,
}

/// A sign-in.
#[derive(Serialize)]
struct SignInView {
    at: Timestamp,
    client: String,
    name: Words,
    level: String,
}

#[derive(Deserialize)]
struct Shown {
    after: Option<String>,
    before: Option<i64>,
}

/// The page and its form.
pub(super) fn routes() -> Router<Arc<AppState>> {
    let back = get(|| async { Redirect::to(PATH) });
    Router::new().route(PATH, get(show)).route("/citizen/portals/{client}/disconnect", back.post(disconnect))
}

/// My portals and sign-ins.
async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let account = reader.may(Operation::SignInAtPortals)?.account();
    let view = view(&state, &reader, account, &shown).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

/// Takes back what I agreed to; what the portal holds ends.
async fn disconnect(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(client): Path<String>,
) -> Result<Response, Problem> {
    let account = reader.may(Operation::SignInAtPortals)?.account();
    let client: ClientId = client.parse().map_err(|_| Problem::not_found())?;
    if !state.openid.disconnect(account, &client).await.map_err(problem)? {
        return Err(Problem::not_found());
    }
    Ok(match reader.wants {
        Wants::Json => Json(json!({ "client": client, "connected": false })).into_response(),
        Wants::Html => Redirect::to(PATH).into_response(),
    })
}

async fn view(
    state: &AppState,
    reader: &Reader,
    account: AccountId,
    shown: &Shown,
) -> Result<MyPortalsView, Problem> {
    let after: Option<ClientId> =
        shown.after.as_deref().map(str::parse).transpose().map_err(|_| Problem::not_found())?;
    let before =
        shown.before.map(Timestamp::from_microsecond).transpose().map_err(|_| Problem::not_found())?;
    let most = u32::try_from(PAGE_LENGTH + 1).unwrap_or(u32::MAX);
    let mut portals = state.openid.portals(account, after.as_ref(), most).await.map_err(problem)?;
    let more = cut(&mut portals, PAGE_LENGTH).map(|(last, _)| format!("{PATH}?after={}", last.client));
    let mut entries = state.openid.sign_ins(account, before, most).await.map_err(problem)?;
    let older =
        cut(&mut entries, PAGE_LENGTH).map(|(last, _)| format!("{PATH}?before={}", last.at.as_microsecond()));
    Ok(MyPortalsView {
        page: reader.page_at(PATH),
        portals: portals.into_iter().map(portal_view).collect(),
        more,
        sign_ins: entries.into_iter().map(sign_in_view).collect(),
        older,
    })
}

fn portal_view((portal, caller): (Portal, Option<Arc<Caller>>)) -> PortalView {
    PortalView {
        name: name(&portal.client, caller.as_deref()),
        client: portal.client.to_string(),
        learns: learns(portal.wish),
        agreed: portal.agreed,
        last_sign_in: portal.last_sign_in,
    }
}

fn sign_in_view((entry, caller): (SignInEntry, Option<Arc<Caller>>)) -> SignInView {
    SignInView {
        at: entry.at,
        name: name(&entry.client, caller.as_deref()),
        client: entry.client.to_string(),
        level: entry.level.to_string(),
    }
}

/// A portal that is no longer connected with us is known by its identifier alone.
fn name(client: &ClientId, caller: Option<&Caller>) -> Words {
    caller.map_or_else(
        || Words::same(client.to_string()),
        |caller| (caller.organisation.name_vi.clone(), caller.organisation.name_en.clone()).into(),
    )
}
