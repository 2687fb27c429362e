//! `/operator/contracts/{id}/why`: why a question under a contract is answered or refused, policy by policy. It takes the
//! form of a question, without a person and without a value, and asks nothing.

use super::{life::find, reader::Reader};
use crate::{
    AppState, Problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};
use dancu_core::Explanation;
use dancu_exchange::{
    Caller, Claim, Explained, ExplainedPolicy, Field, FieldSet, Product, Question, RefusalReason,
};
use dancu_identity::access::Operation;
use jiff::civil::Date;
use serde::Serialize;
use std::sync::Arc;
use url::form_urlencoded;

/// Persons of one question at most, whatever the contract says.
const PERSONS_MAX: usize = 1_000;

#[derive(Template, Serialize)]
#[template(path = "operator_why.html")]
struct WhyView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    contract: String,
    #[serde(skip)]
    organisation: Words,
    #[serde(skip)]
    products: Vec<Choice>,
    #[serde(skip)]
    given: Vec<Choice>,
    #[serde(skip)]
    wanted: Vec<Choice>,
    #[serde(skip)]
    claim: String,
    #[serde(skip)]
    persons: String,
    house_rules: usize,
    explained: Option<ExplainedView>,
}

/// Something that may be ticked.
struct Choice {
    word: &'static str,
    label: Words,
    is_chosen: bool,
}

#[derive(Serialize)]
struct ExplainedView {
    day: Date,
    allowed: bool,
    /// The reason that would be noted.
    refused: Option<RefusalReason>,
    reason: Option<Words>,
    /// Whether the connection itself is not answered that day.
    stands_back: bool,
    policies: Vec<PolicyView>,
}

#[derive(Serialize)]
struct PolicyView {
    id: String,
    demands: Words,
    forbids: bool,
    is_house: bool,
    /// In Cedar.
    text: String,
}

/// What was typed and ticked.
#[derive(Default)]
struct Typed {
    product: Option<Product>,
    given: FieldSet,
    wanted: FieldSet,
    claim: String,
    persons: String,
}

impl Typed {
    /// From behind the question mark; what is unknown there says which field it stood in.
    fn read(query: &str) -> Result<Self, Problem> {
        let mut typed = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let field = || value.parse::<Field>().map_err(|_| unreadable(&name));
            match &*name {
                "product" => typed.product = Some(value.parse().map_err(|_| unreadable(&name))?),
                "given" => typed.given = typed.given.with(field()?),
                "wanted" => typed.wanted = typed.wanted.with(field()?),
                "claim" => value.trim().clone_into(&mut typed.claim),
                "persons" => value.trim().clone_into(&mut typed.persons),
                _ => {}
            }
        }
        Ok(typed)
    }

    /// The question, once a product is chosen.
    fn question(&self, day: Date) -> Result<Option<Question>, (&'static str, Problem)> {
        let Some(product) = self.product else { return Ok(None) };
        let mut question = Question::new(product, day).giving(self.given).wanting(self.wanted);
        if !self.claim.is_empty() {
            let claim = self.claim.parse::<Claim>();
            question = question.claiming(claim.map_err(|_| ("claim", unreadable("claim")))?);
        }
        if !self.persons.is_empty() {
            let persons = self.persons.parse().ok().filter(|count| (1..=PERSONS_MAX).contains(count));
            question = question.about(persons.ok_or_else(|| ("persons", unreadable("persons")))?);
        }
        Ok(Some(question))
    }
}

fn unreadable(field: &str) -> Problem {
    let said = Explanation::new(
        "DANCU-WEB-094",
        format!(
            "Không hiểu giá trị của {field}. Xác nhận viết age_at_least:18 hoặc lives_in:79; số người là một số từ 1 đến {PERSONS_MAX}."
        ),
        format!(
            "The value of {field} is not understood. A claim is written age_at_least:18 or lives_in:79; persons is a number from 1 to {PERSONS_MAX}."
        ),
    );
    Problem { status: StatusCode::UNPROCESSABLE_ENTITY, said, retry_after_s: None }
}

/// The page.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    reader.may(Operation::ViewOperations)?;
    let connection = find(&state, &id).await?;
    let caller = state.directory.caller(&connection.contract.client).ok_or_else(Problem::not_found)?;
    let typed = Typed::read(query.as_deref().unwrap_or_default())?;
    let (status, problem, explained) = match typed.question(state.ledger.counting_day()) {
        Ok(question) => (StatusCode::OK, None, question.map(|question| explain(&caller, &question))),
        Err((field, problem)) => (problem.status, Some(PageProblem::at(field, problem.said)), None),
    };
    let path = format!("/operator/contracts/{}/why", connection.contract.id);
    let view = WhyView {
        page: reader.page_at(&path),
        problem,
        contract: connection.contract.id.to_string(),
        organisation: (caller.organisation.name_vi.clone(), caller.organisation.name_en.clone()).into(),
        products: Product::ALL
            .into_iter()
            .filter_map(|product| product_choice(product, &typed, &state))
            .collect(),
        given: field_choices(typed.given, |field| !field.is_status()),
        wanted: field_choices(typed.wanted, Field::may_be_fetched),
        claim: typed.claim,
        persons: typed.persons,
        house_rules: state.directory.policies().house_rules(),
        explained,
    };
    Ok(reader.show(status, &view))
}

fn explain(caller: &Caller, question: &Question) -> ExplainedView {
    let Explained { standing, refused, policies } = caller.explain(question);
    ExplainedView {
        day: question.day(),
        allowed: refused.is_none(),
        refused,
        reason: refused.map(|reason| reason.words().into()),
        stands_back: standing.is_some(),
        policies: policies.into_iter().map(policy_view).collect(),
    }
}

fn policy_view(policy: ExplainedPolicy) -> PolicyView {
    let ExplainedPolicy { id, vi, en, text, forbids, is_house } = policy;
    PolicyView { id, demands: (vi, en).into(), forbids, is_house, text }
}

fn product_choice(product: Product, typed: &Typed, state: &AppState) -> Option<Choice> {
    // Whether a list stays within its terms depends on its criteria, which this page does not ask for.
    if product == Product::CohortExtract {
        return None;
    }
    let entry = product.on(state.ledger.counting_day())?;
    let label = (entry.value.name_vi.clone(), entry.value.name_en.clone()).into();
    Some(Choice { word: product.as_str(), label, is_chosen: typed.product == Some(product) })
}

fn field_choices(chosen: FieldSet, is_shown: fn(Field) -> bool) -> Vec<Choice> {
    let shown = Field::ALL.into_iter().filter(|field| is_shown(*field));
    let choice = |field: Field| Choice {
        word: field.as_str(),
        label: field.words().into(),
        is_chosen: chosen.contains(field),
    };
    shown.map(choice).collect()
}
