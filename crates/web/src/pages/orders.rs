//! `/operator/orders`: courts' orders behind which a person does not see a look. One officer enters an order or asks to
//! lift it, a second one compares it with the paper. Every step stands with who and when.

use super::{
    fields::{Fields, Params},
    grouped,
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use dancu_core::Clock;
use dancu_exchange::{CourtOrder, NewOrder, OrderError, OrderState, OrderStep};
use dancu_identity::{Principal, access::Operation};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/operator/orders";
/// Orders on a page.
const PAGE_LENGTH: usize = 25;

/// The pages of this file.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route(PATH, get(show).post(enter))
        .route("/operator/orders/{id}", post(step).get(async || Redirect::to(PATH)))
}

#[derive(Template, Serialize)]
#[template(path = "operator_orders.html")]
struct OrdersView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    shows_closed: bool,
    orders: Vec<OrderView>,
    older: Option<String>,
}

#[derive(Serialize)]
struct OrderView {
    id: String,
    number: String,
    #[serde(skip)]
    number_grouped: String,
    contract: String,
    court: String,
    order_number: String,
    from: Date,
    until: Date,
    state: OrderState,
    state_words: Words,
    /// Whether something is withheld behind it today.
    stands: bool,
    moves: Vec<MoveView>,
    /// What this officer may do with it now.
    steps: Vec<StepView>,
}

#[derive(Serialize)]
struct MoveView {
    at: Timestamp,
    by: String,
    to: Words,
    note: String,
}

#[derive(Serialize)]
struct StepView {
    step: OrderStep,
    label: Words,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    after: Option<String>,
    list: Option<String>,
}

/// An order, from the paper.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entered {
    number: String,
    contract: String,
    court: String,
    order_number: String,
    from: String,
    until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stepped {
    step: OrderStep,
    #[serde(default)]
    note: String,
}

/// Who acts here: the id of an officer at the centre.
fn staff(reader: &Reader) -> Result<String, Problem> {
    match reader.may(Operation::ManageCourtOrders)? {
        Principal::Staff { id, .. } => Ok(id.to_string()),
        _ => Err(Problem::not_allowed()),
    }
}

async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let by = staff(&reader)?;
    let is_open = match shown.list.as_deref() {
        None | Some("open") => true,
        Some("closed") => false,
        Some(_) => return Err(Problem::not_found()),
    };
    let view = view(&state, &reader, &by, (is_open, shown.after.as_deref()), None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

async fn enter(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(entered): Fields<Entered>,
) -> Result<Response, Problem> {
    let by = staff(&reader)?;
    let day = |text: &str| text.trim().parse::<Date>().map_err(|_| Problem::bad_body("from, until"));
    let new = NewOrder {
        from: day(&entered.from)?,
        until: day(&entered.until)?,
        number: entered.number,
        contract: entered.contract,
        court: entered.court,
        order_number: entered.order_number,
    };
    let outcome = state.orders.enter(&by, &new).await;
    answer(&state, &reader, &by, (StatusCode::CREATED, outcome)).await
}

async fn step(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(stepped): Fields<Stepped>,
) -> Result<Response, Problem> {
    let by = staff(&reader)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let outcome = state.orders.step(&by, id, stepped.step, &stepped.note).await;
    answer(&state, &reader, &by, (StatusCode::OK, outcome)).await
}

async fn answer(
    state: &AppState,
    reader: &Reader,
    by: &str,
    (status, outcome): (StatusCode, Result<CourtOrder, OrderError>),
) -> Result<Response, Problem> {
    match outcome.map_err(problem_of) {
        Ok(order) if reader.wants == Wants::Json => {
            Ok((status, Json(order_view(order, by, state.clock.today()))).into_response())
        }
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err(problem) if reader.wants == Wants::Json || problem.status == StatusCode::NOT_FOUND => {
            Err(problem)
        }
        Err(problem) => {
            let status = problem.status;
            let problem = PageProblem::of(problem.said);
            let view = view(state, reader, by, (true, None), Some(problem)).await?;
            Ok(reader.show(status, &view))
        }
    }
}

fn problem_of(error: OrderError) -> Problem {
    let status = match &error {
        OrderError::NotFound => StatusCode::NOT_FOUND,
        OrderError::Doubled | OrderError::NotNow => StatusCode::CONFLICT,
        OrderError::Number | OrderError::Contract | OrderError::Text | OrderError::Days { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        OrderError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    match error {
        OrderError::Store(error) => error.into(),
        error => Problem::new(status, &error),
    }
}

async fn view(
    state: &AppState,
    reader: &Reader,
    by: &str,
    (is_open, after): (bool, Option<&str>),
    problem: Option<PageProblem>,
) -> Result<OrdersView, Problem> {
    let after = after.map(str::parse).transpose().map_err(|_| Problem::not_found())?;
    let mut orders = state.orders.list(is_open, after, PAGE_LENGTH + 1).await.map_err(problem_of)?;
    let last = cut(&mut orders, PAGE_LENGTH).map(|last| last.id);
    let (today, shown_list) = (state.clock.today(), if is_open { "open" } else { "closed" });
    Ok(OrdersView {
        page: reader.page_at(PATH),
        problem,
        shows_closed: !is_open,
        orders: orders.into_iter().map(|order| order_view(order, by, today)).collect(),
        older: last.map(|last| format!("{PATH}?list={shown_list}&after={last}")),
    })
}

fn order_view(order: CourtOrder, by: &str, today: Date) -> OrderView {
    let may = |step: &OrderStep| order.stepped(*step, (by, ""), Timestamp::UNIX_EPOCH, today).is_some();
    let steps = OrderStep::ALL.into_iter().filter(may).map(|step| StepView { step, label: words(step) });
    OrderView {
        steps: steps.collect(),
        stands: order.stands_on(today),
        id: order.id.to_string(),
        number: order.number.to_string(),
        number_grouped: grouped(order.number),
        contract: order.contract.to_string(),
        court: order.court,
        order_number: order.order_number,
        from: order.from,
        until: order.until,
        state: order.state,
        state_words: order.state.words().into(),
        moves: order
            .moves
            .into_iter()
            .map(|one| MoveView { at: one.at, by: one.by, to: one.to.words().into(), note: one.note })
            .collect(),
    }
}

fn words(step: OrderStep) -> Words {
    match step {
        OrderStep::Confirm => ("Xác nhận đúng với lệnh", "Confirm: it agrees with the paper"),
        OrderStep::Withdraw => ("Rút, đã nhập nhầm", "Withdraw: entered by mistake"),
        OrderStep::AskLift => ("Đề nghị gỡ, nêu lý do", "Ask to lift it, with the ground"),
        OrderStep::Lift => ("Gỡ lệnh", "Lift it"),
        OrderStep::Keep => ("Không gỡ", "Do not lift it"),
        OrderStep::PutAway => ("Cất, đã hết hiệu lực", "Put away: its days are over"),
    }
    .into()
}
