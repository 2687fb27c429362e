//! `/officer/corrections`: proposals that wait for the commune, decided by one officer and, where they concern the
//! identity, approved by a second one.

use super::{
    desk,
    fields::{Fields, Params},
    findings::{MoveView, Named, actor},
    paging::cut,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use dancu_changes::{
    Actor, ChangeError, Command, CorrectionError, CorrectionService, IdentityFields, Proposal,
    ProposalFilter, ProposalId, ProposalState, ProposedBy, Verdict,
};
use dancu_core::{Clock, Sex};
use dancu_identity::{Principal, access::Operation};
use dancu_places::Places;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/officer/corrections";
/// Proposals on a page.
const PAGE_LENGTH: usize = 25;

#[derive(Template, Serialize)]
#[template(path = "corrections.html")]
struct CorrectionsView {
    #[serde(skip)]
    page: Page,
    problem: Option<PageProblem>,
    #[serde(skip)]
    opens_files: bool,
    #[serde(skip)]
    states: Vec<(Words, String, bool)>,
    proposals: Vec<ProposalView>,
    older: Option<String>,
}

/// A proposal as its commune and whoever proposed it see it.
#[derive(Serialize)]
pub(super) struct ProposalView {
    pub id: String,
    pub title: Words,
    /// The one whom it is about, masked; the file is opened by `POST …/open`.
    pub person: Named,
    pub state: ProposalState,
    pub state_words: Words,
    pub by_citizen: bool,
    pub proposed_at: Timestamp,
    pub due: Date,
    pub is_overdue: bool,
    /// What should stand in the register.
    pub rows: Vec<Row>,
    /// Numbers and titles of papers.
    pub papers: Vec<String>,
    pub moves: Vec<MoveView>,
    /// `decide`, `approve`, or nothing.
    pub next_step: &'static str,
    pub may_be_withdrawn: bool,
}

/// One field with its proposed value.
#[derive(Serialize)]
pub(super) struct Row {
    pub label: Words,
    pub value: Words,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    state: Option<String>,
    after: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Decision {
    /// `decide` or `approve`.
    step: String,
    /// `accept` or `refuse`.
    verdict: String,
    #[serde(default)]
    note: String,
}

pub(super) fn service(state: &AppState) -> CorrectionService {
    CorrectionService::new(Arc::clone(&state.changes), Arc::clone(&state.clock))
}

/// Who may look at the list: whoever may take one of its two steps.
fn office(reader: &Reader) -> Result<Actor, Problem> {
    let principal: &Principal =
        reader.may(Operation::DecideCorrection).or_else(|_| reader.may(Operation::ApproveCorrection))?;
    actor(principal)
}

/// The list, the one that is due first before the others.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let actor = office(&reader)?;
    let view = view(&state, &reader, &actor, &shown, None).await?;
    Ok(reader.show(StatusCode::OK, &view))
}

/// The commune's decision, or the second officer's.
pub(super) async fn decide(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
    Fields(decision): Fields<Decision>,
) -> Result<Response, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found());
    let verdict = match decision.verdict.as_str() {
        "accept" => Ok(Verdict::Accept),
        "refuse" => Ok(Verdict::Refuse),
        _ => Err(Problem::bad_body("verdict")),
    };
    let operation = match decision.step.as_str() {
        "approve" => Operation::ApproveCorrection,
        _ => Operation::DecideCorrection,
    };
    let actor = actor(reader.may(operation)?)?;
    let service = service(&state);
    let outcome = match operation {
        Operation::ApproveCorrection => service.approve(id?, &actor, verdict?, &decision.note).await,
        _ => service.decide(id?, &actor, verdict?, &decision.note).await,
    };
    match outcome {
        Ok(proposal) => {
            // What was shown of the person is no longer what the register holds.
            state.looks.forget(&[proposal.number]);
            if reader.wants == Wants::Json {
                return Ok(Json(proposal_view(proposal, state.clock.today())).into_response());
            }
            Ok(Redirect::to(PATH).into_response())
        }
        Err(error) => {
            let problem = problem_of(error);
            if reader.wants == Wants::Json {
                return Err(problem);
            }
            let status = problem.status;
            let said = PageProblem::of(problem.said);
            let shown = Shown { state: None, after: None };
            let view = view(&state, &reader, &actor, &shown, Some(said)).await?;
            Ok(reader.show(status, &view))
        }
    }
}

/// Opens the file of the one whom a proposal to the officer's commune is about: a look, in the log before it is shown.
pub(super) async fn open(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let commune = desk::reading_commune(&state, &reader)?;
    let id: ProposalId = id.parse().map_err(|_| Problem::not_found())?;
    let proposal = state.changes.store().proposal(id).await?;
    let proposal = proposal.filter(|proposal| proposal.owner == commune).ok_or_else(Problem::not_found)?;
    desk::open_file(&state, &reader, proposal.number, &id.to_string()).await
}

pub(super) fn problem_of(error: CorrectionError) -> Problem {
    let status = match error {
        CorrectionError::Change(ChangeError::Store(error)) => return error.into(),
        CorrectionError::Change(ChangeError::Contended) => StatusCode::SERVICE_UNAVAILABLE,
        CorrectionError::NoSuchProposal => StatusCode::NOT_FOUND,
        CorrectionError::NotForThem | CorrectionError::OtherCommune | CorrectionError::SameOfficer => {
            StatusCode::FORBIDDEN
        }
        CorrectionError::Settled
        | CorrectionError::Moved
        | CorrectionError::FirstIsMissing
        | CorrectionError::IdentifierUsed
        | CorrectionError::TooMany => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, &error)
}

async fn view(
    state: &AppState,
    reader: &Reader,
    actor: &Actor,
    shown: &Shown,
    problem: Option<PageProblem>,
) -> Result<CorrectionsView, Problem> {
    // The centre approves; it does not decide in a commune's place.
    let first = if actor.commune().is_some() { ProposalState::Proposed } else { ProposalState::AwaitsSecond };
    let wanted = match shown.state.as_deref() {
        None => first,
        Some(word) => {
            STATES.into_iter().find(|state| word_of(*state) == word).ok_or_else(Problem::not_found)?
        }
    };
    let after = match shown.after.as_deref() {
        None => None,
        Some(word) => Some(word.parse().map_err(|_| Problem::not_found())?),
    };
    let filter = ProposalFilter { owner: actor.commune(), number: None, state: Some(wanted) };
    let found = service(state).list(filter, after, PAGE_LENGTH + 1).await;
    let mut proposals = found.map_err(problem_of)?;
    let last = cut(&mut proposals, PAGE_LENGTH).map(|last| last.id);
    let today = state.clock.today();
    let address = |state: ProposalState| format!("{PATH}?state={}", word_of(state));
    Ok(CorrectionsView {
        page: reader.page_at(PATH),
        problem,
        opens_files: actor.commune().is_some(),
        states: STATES.map(|state| (words_of(state), address(state), state == wanted)).into(),
        proposals: proposals.into_iter().map(|proposal| proposal_view(proposal, today)).collect(),
        older: last.map(|last| format!("{}&after={last}", address(wanted))),
    })
}

const STATES: [ProposalState; 6] = [
    ProposalState::Proposed,
    ProposalState::AwaitsSecond,
    ProposalState::Accepted,
    ProposalState::Applied,
    ProposalState::Refused,
    ProposalState::Withdrawn,
];

const fn word_of(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Proposed => "proposed",
        ProposalState::AwaitsSecond => "awaits_second",
        ProposalState::Accepted => "accepted",
        ProposalState::Applied => "applied",
        ProposalState::Refused => "refused",
        ProposalState::Withdrawn => "withdrawn",
    }
}

pub(super) fn words_of(state: ProposalState) -> Words {
    match state {
        ProposalState::Proposed => ("Chờ xã, phường quyết định", "Waits for the commune"),
        ProposalState::AwaitsSecond => ("Chờ người thứ hai duyệt", "Waits for a second officer"),
        ProposalState::Accepted => ("Đang ghi vào cơ sở dữ liệu", "On its way into the register"),
        ProposalState::Applied => ("Đã sửa", "Applied"),
        ProposalState::Refused => ("Bị từ chối", "Refused"),
        ProposalState::Withdrawn => ("Đã rút", "Withdrawn"),
    }
    .into()
}

/// The proposal in words.
pub(super) fn proposal_view(proposal: Proposal, today: Date) -> ProposalView {
    let is_overdue = proposal.is_overdue(today);
    let next_step = match proposal.state {
        ProposalState::AwaitsSecond => "approve",
        // An accepted one stays so when the program stopped in between; whoever decides again sets it going.
        ProposalState::Accepted if proposal.needs_second() => "approve",
        ProposalState::Proposed | ProposalState::Accepted => "decide",
        _ => "",
    };
    ProposalView {
        id: proposal.id.to_string(),
        title: proposal.change.title().into(),
        person: Named { place: 0, masked: proposal.number.masked() },
        state: proposal.state,
        state_words: words_of(proposal.state),
        by_citizen: matches!(proposal.proposed_by, ProposedBy::Citizen { .. }),
        proposed_at: proposal.proposed_at,
        due: proposal.due,
        is_overdue,
        rows: rows(&proposal.change),
        papers: proposal.evidence.iter().map(|paper| paper.reference.clone()).collect(),
        moves: proposal
            .moves
            .into_iter()
            .map(|step| MoveView { to: words_of(step.to), at: step.at, by: step.by, note: step.note })
            .collect(),
        next_step,
        may_be_withdrawn: matches!(proposal.state, ProposalState::Proposed | ProposalState::AwaitsSecond),
    }
}

/// What a proposal would put into the register, field by field.
fn rows(change: &Command) -> Vec<Row> {
    let row = |vi: &'static str, en: &'static str, value: String| Row {
        label: (vi, en).into(),
        value: Words::same(value),
    };
    match change {
        Command::CorrectIdentity(correction) => identity_rows(&correction.fields),
        Command::ChangeIdentity(change) => {
            let mut rows = identity_rows(&change.fields);
            rows.push(row("Từ ngày", "From", change.on.to_string()));
            rows
        }
        Command::ChangeContact(change) => vec![
            row("Điện thoại", "Telephone", change.phone.clone().unwrap_or_else(|| "–".to_owned())),
            row("Thư điện tử", "E-mail", change.email.clone().unwrap_or_else(|| "–".to_owned())),
            row("Từ ngày", "From", change.on.to_string()),
        ],
        Command::StateOtherName(statement) => {
            let name =
                statement.name.as_ref().map_or_else(|| "–".to_owned(), |name| name.as_str().to_owned());
            vec![row("Tên gọi khác", "Other name", name), row("Từ ngày", "From", statement.on.to_string())]
        }
        Command::StateCurrentPlace(statement) => {
            let place = statement.address.as_ref().map(|address| {
                let commune = Places::national().describe(address.commune);
                format!("{}, {}", address.line, commune.unwrap_or_else(|| address.commune.to_string()))
            });
            let place = place.unwrap_or_else(|| "–".to_owned());
            vec![
                row("Nơi ở hiện tại", "Current place", place),
                row("Từ ngày", "From", statement.on.to_string()),
            ]
        }
        _ => Vec::new(),
    }
}

fn identity_rows(fields: &IdentityFields) -> Vec<Row> {
    let place =
        |code: dancu_core::CommuneCode| Places::national().describe(code).unwrap_or_else(|| code.to_string());
    let sex = |sex| match sex {
        Sex::Male => ("Nam", "Male").into(),
        Sex::Female => ("Nữ", "Female").into(),
    };
    let text = |text: Option<String>| text.map(Words::same);
    let rows = [
        ("Họ, chữ đệm và tên", "Full name", text(fields.name.as_ref().map(|name| name.as_str().to_owned()))),
        ("Giới tính", "Sex", fields.sex.map(sex)),
        ("Ngày sinh", "Birth date", text(fields.birth_date.map(|date| date.to_string()))),
        ("Nơi sinh", "Place of birth", text(fields.birth_place.map(place))),
        ("Nơi đăng ký khai sinh", "Place of birth registration", text(fields.registration_place.map(place))),
        ("Quê quán", "Origin", text(fields.origin.map(place))),
        ("Số CMND 9 số", "Old number", text(fields.old_number.map(|number| number.to_string()))),
    ];
    let given = rows.into_iter().filter_map(|(vi, en, value)| Some((vi, en, value?)));
    given.map(|(vi, en, value)| Row { label: (vi, en).into(), value }).collect()
}
