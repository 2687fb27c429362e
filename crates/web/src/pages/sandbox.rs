//! `/sandbox`: persons of the synthetic country, and a form by which somebody sees what a client will be answered, without
//! software of their own.

use super::{
    fields::Fields,
    life::author,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::verify_problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use dancu_core::Explanation;
use dancu_exchange::{Author, Caller, SamplePerson, Side, VerifyRequest};
use dancu_identity::access::Operation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

const PATH: &str = "/sandbox";
/// Connections that are offered; an agency has a handful.
const CONTRACTS_MAX: usize = 100;

#[derive(Template, Serialize)]
#[template(path = "sandbox.html")]
struct SandboxView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    /// Connections that can be tried: those of the reader that are in the sandbox or under review.
    contracts: Vec<String>,
    #[serde(skip)]
    typed: Tried,
    /// How a client asks the same, as a line for a shell.
    curl: Option<String>,
    /// What was answered.
    answer: Option<Value>,
    persons: Vec<SamplePerson>,
}

impl SandboxView {
    /// The inputs of the form: name, what was typed, label.
    fn inputs(&self) -> [(&'static str, &str, Words); 4] {
        let Tried { number, name, birth_date, sex, .. } = &self.typed;
        [
            ("number", number, ("Số định danh", "Number").into()),
            ("name", name, ("Họ tên", "Name").into()),
            ("birth_date", birth_date, ("Ngày sinh", "Birth date").into()),
            ("sex", sex, ("Giới tính (M, F)", "Sex (M, F)").into()),
        ]
    }

    /// The answer's JSON, as it is shown.
    fn answer_text(&self) -> String {
        self.answer.as_ref().map(|answer| format!("{answer:#}")).unwrap_or_default()
    }
}

/// A question to the synthetic country.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tried {
    contract: String,
    number: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    birth_date: String,
    #[serde(default)]
    sex: String,
}

impl Tried {
    /// The body that a client would send: what was left empty is not in it.
    fn body(&self) -> Value {
        let given = [
            ("number", &self.number),
            ("name", &self.name),
            ("birth_date", &self.birth_date),
            ("sex", &self.sex),
        ];
        let given = given.into_iter().filter(|(_, value)| !value.trim().is_empty());
        given.map(|(name, value)| (name.to_owned(), value.trim().into())).collect::<Map<_, _>>().into()
    }
}

/// The page.
pub(super) async fn show(State(state): State<Arc<AppState>>, reader: Reader) -> Result<Response, Problem> {
    let author = author(reader.may(Operation::SeeSandbox)?)?;
    Ok(reader.show(StatusCode::OK, &view(&state, &reader, &author, Tried::default()).await?))
}

/// Asks the synthetic country under one of the reader's contracts. It is no proof for the review: that is the software's
/// to give.
pub(super) async fn ask(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(tried): Fields<Tried>,
) -> Result<Response, Problem> {
    let author = author(reader.may(Operation::SeeSandbox)?)?;
    let caller = triable(&state, &author)
        .into_iter()
        .find(|caller| caller.contract.id.as_str() == tried.contract.trim());
    let body = tried.body();
    let mut view = view(&state, &reader, &author, tried).await?;
    let outcome = match caller.as_deref().and_then(Caller::sandbox) {
        None => Err(("contract", nothing_to_try())),
        Some(inside) => {
            let request: VerifyRequest =
                serde_json::from_value(body.clone()).map_err(|_| Problem::bad_body("number"))?;
            let answered = state.sandbox.sandbox().await?.verify(inside, &request).await;
            answered.map_err(|error| ("number", verify_problem(&state, error)))
        }
    };
    let status = match outcome {
        Ok(answer) => {
            view.answer = Some(serde_json::to_value(answer).map_err(|_| Problem::fault())?);
            view.curl = Some(curl(&state, &body));
            StatusCode::OK
        }
        Err((_, problem)) if reader.wants == Wants::Json => return Err(problem),
        Err((field, problem)) => {
            let status = problem.status;
            view.problem = Some(PageProblem::at(field, problem.said));
            status
        }
    };
    Ok(reader.show(status, &view))
}

fn curl(state: &AppState, body: &Value) -> String {
    let origin = state.public_origin.as_str().trim_end_matches('/');
    let body = body.to_string().replace('\'', r"'\''");
    format!(
        "curl {origin}/v1/verify -H \"Authorization: Bearer $TOKEN\" \\\n  -H \"Content-Type: application/json\" -d '{body}'"
    )
}

fn nothing_to_try() -> Problem {
    let said = Explanation::new(
        "DANCU-WEB-095",
        "Không có kết nối nào như vậy đang ở bước thử nghiệm hoặc thẩm định. Hãy chọn một kết nối trong danh sách.",
        "No such connection is in the sandbox or under review. Choose one of the list.",
    );
    Problem { status: StatusCode::UNPROCESSABLE_ENTITY, said, retry_after_s: None }
}

async fn view(
    state: &AppState,
    reader: &Reader,
    author: &Author,
    typed: Tried,
) -> Result<SandboxView, Problem> {
    let contracts = triable(state, author).iter().map(|caller| caller.contract.id.to_string()).collect();
    let persons = state.sandbox.sandbox().await?.samples().to_vec();
    let page = reader.page_at(PATH);
    Ok(SandboxView { page, problem: None, contracts, typed, curl: None, answer: None, persons })
}

/// The connections that somebody may try: an agency's own, all for operators.
fn triable(state: &AppState, author: &Author) -> Vec<Arc<Caller>> {
    let is_theirs = |caller: &Caller| match &author.side {
        Side::Agency { organisation } => caller.organisation.id == *organisation,
        _ => true,
    };
    let callers = state.directory.all();
    let mut found: Vec<_> =
        callers.values().filter(|caller| caller.sandbox().is_some() && is_theirs(caller)).cloned().collect();
    found.sort_unstable_by(|one, other| one.contract.id.cmp(&other.contract.id));
    found.truncate(CONTRACTS_MAX);
    found
}
