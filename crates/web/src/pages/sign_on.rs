//! `/sign-on`: signing in at a portal. The page leads through a sign-in, says in plain words what the portal will learn,
//! takes the answer, and sends the browser back. `/sign-on/out`: signing out because a portal asked for it.

use super::{
    fields::{Fields, Params},
    reader::{Reader, Wants, html},
};
use crate::{
    AppState, Problem,
    headers::policy_with_forms_to,
    identity::{TokenInHand, end_session},
    openid::problem,
    views::{Page, Words},
};
use askama::Template;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use dancu_core::Explanation;
use dancu_exchange::{Caller, RedirectAddress, SignInWish};
use dancu_identity::{Principal, access::Operation};
use dancu_openid::{Decision, OpenIdError, Secret, SignOut, Step, WhoSignsIn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

const PATH: &str = "/sign-on";

/// A page of ours that leads on at once, so that what follows comes from here.
#[derive(Template, Serialize)]
#[template(path = "sign_on_lead.html")]
struct LeadView {
    #[serde(skip)]
    page: Page,
    next: String,
}

/// Signing in for a portal.
#[derive(Template, Serialize)]
#[template(path = "sign_on.html")]
struct SignOnView {
    #[serde(skip)]
    page: Page,
    step: &'static str,
    portal: PortalWords,
    /// Where it goes on.
    next: String,
}

/// What the portal will learn.
#[derive(Template, Serialize)]
#[template(path = "sign_on_consent.html")]
struct ConsentView {
    #[serde(skip)]
    page: Page,
    step: &'static str,
    portal: PortalWords,
    learns: Vec<Words>,
    request: String,
}

/// Asking whether to sign out.
#[derive(Template, Serialize)]
#[template(path = "sign_out_confirm.html")]
struct SignOutView {
    #[serde(skip)]
    page: Page,
    portal: Option<Words>,
    client: String,
    redirect: String,
    state: String,
}

/// A portal, as people read of it.
#[derive(Serialize)]
struct PortalWords {
    organisation: Words,
    client: String,
    host: String,
    purpose: Words,
    legal_basis: String,
    contract: String,
}

impl PortalWords {
    fn of(caller: &Caller) -> Self {
        let host = caller.client.redirect_uris.first().map(RedirectAddress::host);
        Self {
            organisation: (caller.organisation.name_vi.clone(), caller.organisation.name_en.clone()).into(),
            client: caller.client.id.to_string(),
            host: host.unwrap_or_default(),
            purpose: (caller.contract.purpose_vi.clone(), caller.contract.purpose_en.clone()).into(),
            legal_basis: caller.contract.legal_basis.clone(),
            contract: caller.contract.id.to_string(),
        }
    }
}

/// A page that leads on to signing in with a request of this name, with a link for browsers that do not.
pub(crate) fn lead_on(reader: &Reader, name: &str) -> Response {
    reader.show(StatusCode::OK, &LeadView { page: reader.page_at("/"), next: address(name) })
}

fn address(name: &str) -> String {
    // The name is base64url, which stands in an address as it is.
    format!("{PATH}?request={name}")
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    request: String,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    request: String,
    decision: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SigningOut {
    client: String,
    redirect: String,
    state: String,
}

/// The page, its form, and the form that signs out.
pub(super) fn routes() -> Router<Arc<AppState>> {
    let out = get(|| async { Redirect::to("/") });
    Router::new().route(PATH, get(show).post(decide)).route("/sign-on/out", out.post(sign_out))
}

/// What comes next for a request.
async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let name = read(&asked.request)?;
    let since = signed_in_since(&state, &reader).await?;
    let who = who(&reader, since);
    let step = state.openid.step(&name, who).await.map_err(problem)?;
    Ok(next(&reader, &name, step))
}

/// The person's answer.
async fn decide(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(answered): Fields<Answered>,
) -> Result<Response, Problem> {
    let name = read(&answered.request)?;
    let decision = match answered.decision.as_deref() {
        Some("agree") => Decision::Agree,
        Some("refuse") => Decision::Refuse,
        _ => return Err(nothing_chosen()),
    };
    let since = signed_in_since(&state, &reader).await?;
    let who = who(&reader, since);
    let step = state.openid.answer(&name, who, decision).await.map_err(problem)?;
    Ok(next(&reader, &name, step))
}

fn read(name: &str) -> Result<Secret, Problem> {
    Secret::read(name).ok_or_else(|| problem(OpenIdError::RequestOver))
}

fn nothing_chosen() -> Problem {
    let said = Explanation::new(
        "DANCU-WEB-120",
        "Bạn chưa chọn đồng ý hay không. Hãy quay lại và chọn một.",
        "Neither yes nor no was chosen. Go back and choose one.",
    );
    Problem { status: StatusCode::UNPROCESSABLE_ENTITY, said, retry_after_s: None }
}

/// When whoever reads proved who they are; `None` for who may sign in at no portal.
async fn signed_in_since(state: &AppState, reader: &Reader) -> Result<Option<Timestamp>, Problem> {
    let Ok(principal) = reader.may(Operation::SignInAtPortals) else { return Ok(None) };
    let sessions = state.identity.sessions(principal).await?;
    Ok(sessions.into_iter().find(|session| session.is_this).map(|session| session.created))
}

fn who(reader: &Reader, since: Option<Timestamp>) -> Option<WhoSignsIn<'_>> {
    let principal: &Principal = reader.principal.as_ref()?;
    Some(WhoSignsIn { principal, signed_in: since? })
}

fn next(reader: &Reader, name: &Secret, step: Step) -> Response {
    let here = address(name.as_str());
    // The language switch leads back to this very step.
    let page = || reader.page_at(&here);
    match step {
        Step::SignIn(caller) => {
            let portal = PortalWords::of(&caller);
            reader.show(
                StatusCode::OK,
                &SignOnView { page: page(), step: "sign_in", portal, next: here.clone() },
            )
        }
        Step::Consent(caller, wish, redirect) => {
            let view = ConsentView {
                page: page(),
                step: "consent",
                portal: PortalWords::of(&caller),
                learns: learns(wish),
                request: name.as_str().to_owned(),
            };
            // The answer to the form leads to the portal, which browsers count as a part of sending it.
            with_forms_to(reader.show(StatusCode::OK, &view), &redirect)
        }
        Step::Back(location) if reader.wants == Wants::Json => {
            Json(json!({ "step": "back", "location": location })).into_response()
        }
        Step::Back(location) => Redirect::to(&location).into_response(),
    }
}

/// What the portal will learn, in words.
pub(super) fn learns(wish: SignInWish) -> Vec<Words> {
    let number = wish.number.then(|| ("Số định danh cá nhân", "Personal number").into());
    let fields = wish.fields.iter().map(|field| field.words().into());
    number.into_iter().chain(fields).collect()
}

fn with_forms_to(mut response: Response, redirect: &RedirectAddress) -> Response {
    let policy = policy_with_forms_to(&redirect.origin());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Asks whoever a portal sends whether they want to sign out.
pub(crate) fn confirm_sign_out(reader: &Reader, wish: &SignOut) -> Response {
    let names = |caller: &Arc<Caller>| {
        (caller.organisation.name_vi.clone(), caller.organisation.name_en.clone()).into()
    };
    let view = SignOutView {
        page: reader.page_at("/"),
        portal: wish.caller.as_ref().map(names),
        client: wish.caller.as_ref().map(|caller| caller.client.id.to_string()).unwrap_or_default(),
        redirect: wish.redirect.as_ref().map(|to| to.as_str().to_owned()).unwrap_or_default(),
        state: wish.state.clone().unwrap_or_default(),
    };
    let page = html(StatusCode::OK, &view);
    match &wish.redirect {
        Some(redirect) => with_forms_to(page, redirect),
        None => page,
    }
}

/// Signs out, ends what portals hold of this session, and leads back to the portal that asked. What the form says is
/// checked anew: it came through a browser.
async fn sign_out(
    State(state): State<Arc<AppState>>,
    TokenInHand(token): TokenInHand,
    Fields(sent): Fields<SigningOut>,
) -> Result<Response, Problem> {
    let pairs = [
        ("client_id", sent.client.as_str()),
        ("post_logout_redirect_uri", sent.redirect.as_str()),
        ("state", sent.state.as_str()),
    ];
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let parameters = dancu_openid::Parameters::read(text.as_bytes()).map_err(problem)?;
    let wish = state.openid.read_sign_out(&parameters).map_err(problem)?;
    let cookie = end_session(&state, token).await?;
    let next = wish.address().unwrap_or_else(|| "/".to_owned());
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&next)).into_response())
}
