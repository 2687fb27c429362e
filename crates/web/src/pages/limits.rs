//! `/operator/contracts/{id}/limit`: how a contract's limit came about, what was used of it, and what to do.

use super::{
    fields::Fields,
    life::{author, find},
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::used_days,
    views::{Page, Words},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_core::Explanation;
use dancu_exchange::{
    Advice, Caseload, ComputedLimit, Connection, ConnectionsDocument, Contract, DocumentError, LimitNotice,
    WeekUse, notices, review,
};
use dancu_identity::access::Operation;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Template, Serialize)]
#[template(path = "operator_limit.html")]
struct LimitView {
    #[serde(skip)]
    page: Page,
    contract: String,
    organisation: Words,
    purpose: Words,
    daily_limit: u64,
    per_second_max: u64,
    limit_reason: Option<String>,
    used_today: u64,
    caseload: Option<Caseload>,
    computed: Option<ComputedLimit>,
    weeks: Vec<WeekUse>,
    advice: Option<Advice>,
    advice_words: Words,
    /// The limit that a click sets.
    proposed: Option<u64>,
    notices: Vec<LimitNotice>,
}

/// The page.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    reader.may(Operation::ViewOperations)?;
    let connection = find(&state, &id).await?;
    Ok(reader.show(StatusCode::OK, &view(&state, &reader, connection).await?))
}

/// The proposal that the operator has read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    daily_limit: String,
}

/// Sets the proposed limit, if it is still the proposal.
pub(super) async fn follow(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(chosen): Fields<Chosen>,
) -> Result<Response, Problem> {
    let author = author(reader.may(Operation::ManageConnections)?)?;
    let connection = find(&state, &id).await?;
    let proposed = proposal(advice(&state, &connection).await?.0);
    let Some(daily_limit) = proposed.filter(|proposed| proposed.to_string() == chosen.daily_limit) else {
        return Err(Problem { status: StatusCode::CONFLICT, said: proposal_changed(), retry_after_s: None });
    };
    let contract = connection.contract;
    let (was, id) = (contract.daily_limit, contract.id.clone());
    let contract = Contract { daily_limit, ..contract };
    let document = ConnectionsDocument { contracts: vec![contract], ..ConnectionsDocument::default() };
    let applied = document.apply(state.life.store(), &state.directory, &author, state.clock.now()).await;
    match applied {
        Ok(()) => tracing::info!(contract = %id, was, now = daily_limit, "the daily limit was set"),
        Err(DocumentError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &error)),
    }
    match reader.wants {
        Wants::Json => {
            let connection = find(&state, id.as_str()).await?;
            Ok(reader.show(StatusCode::OK, &view(&state, &reader, connection).await?))
        }
        Wants::Html => Ok(Redirect::to(&path(id.as_str())).into_response()),
    }
}

/// Where the limit of a contract is explained.
pub(super) fn path(contract: &str) -> String {
    format!("/operator/contracts/{contract}/limit")
}

async fn advice(
    state: &AppState,
    connection: &Connection,
) -> Result<(Option<Advice>, Vec<WeekUse>, Vec<LimitNotice>), Problem> {
    let contract = &connection.contract;
    let days = used_days(state, contract.id.as_str()).await?;
    let reviewed = review(contract, connection.official_since(), &days, state.ledger.counting_day());
    let (advice, weeks) = reviewed.map(|found| (found.advice, found.weeks)).unzip();
    Ok((advice, weeks.unwrap_or_default(), notices(contract, &days)))
}

async fn view(state: &AppState, reader: &Reader, connection: Connection) -> Result<LimitView, Problem> {
    let (advice, weeks, notices) = advice(state, &connection).await?;
    let contract = connection.contract;
    let caller = state.directory.caller(&contract.client);
    let organisation = caller.map_or_else(
        || Words::same(contract.client.to_string()),
        |caller| (caller.organisation.name_vi.clone(), caller.organisation.name_en.clone()).into(),
    );
    let path = path(contract.id.as_str());
    Ok(LimitView {
        page: reader.page_at(&path),
        organisation,
        used_today: state.ledger.used_today(contract.id.as_str()),
        contract: contract.id.to_string(),
        purpose: (contract.purpose_vi, contract.purpose_en).into(),
        daily_limit: contract.daily_limit.into(),
        per_second_max: contract.per_second_max.into(),
        limit_reason: contract.limit_reason,
        computed: contract.caseload.and_then(|caseload| caseload.limit(contract.valid_to).ok()),
        caseload: contract.caseload,
        weeks,
        advice,
        advice_words: words(advice),
        proposed: proposal(advice).map(u64::from),
        notices,
    })
}

/// The limit that the operator may set with a click. More than the declared work explains is not among them.
const fn proposal(advice: Option<Advice>) -> Option<u32> {
    match advice {
        Some(Advice::Raise { daily_limit } | Advice::Lower { daily_limit }) => Some(daily_limit),
        _ => None,
    }
}

fn words(advice: Option<Advice>) -> Words {
    match advice {
        None | Some(Advice::TooEarly { .. }) => {
            ("Chưa đủ số tuần trọn vẹn để so sánh.", "There are not enough whole weeks to compare yet.").into()
        }
        Some(Advice::Keep) => ("Hạn mức đang phù hợp.", "The limit fits.").into(),
        Some(Advice::Raise { daily_limit }) => (
            format!("Ngày đông nhất đã gần hết hạn mức. Đề xuất nâng lên {daily_limit} lượt mỗi ngày."),
            format!("The busiest day came near the limit. Proposal: raise it to {daily_limit} a day."),
        )
            .into(),
        Some(Advice::Restate { daily_limit }) => (
            format!(
                "Mức dùng vượt khối lượng công việc đã khai (cần khoảng {daily_limit} lượt mỗi ngày). Hãy yêu cầu đơn vị khai lại trước khi nâng."
            ),
            format!(
                "More is used than the declared work explains (about {daily_limit} a day would be needed). Ask the agency to state its work anew first."
            ),
        )
            .into(),
        Some(Advice::Lower { daily_limit }) => (
            format!("Chỉ dùng một phần nhỏ hạn mức. Đề xuất hạ xuống {daily_limit} lượt mỗi ngày."),
            format!("Little of the limit is used. Proposal: lower it to {daily_limit} a day."),
        )
            .into(),
    }
}

fn proposal_changed() -> Explanation {
    Explanation::new(
        "DANCU-WEB-090",
        "Đề xuất đã khác so với lúc bạn xem. Hãy tải lại trang rồi quyết định.",
        "The proposal is no longer the one you saw. Load the page again, then decide.",
    )
}
