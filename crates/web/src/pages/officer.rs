//! `/officer`: prints the code by which a citizen registers a passkey. The officer learns the citizen's name, so that
//! look goes through the log first, as every other does.

use super::{
    fields::Fields,
    reader::{Reader, Wants},
};
use crate::{
    AppState, Problem,
    api::verify_problem,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use dancu_core::{Clock, Explanation, PersonName, PersonalNumber};
use dancu_exchange::{Caller, ClientId, ShownName};
use dancu_identity::{IssuedCode, Principal, Role, access::Operation};
use dancu_places::Places;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/officer";
/// The client of the exchange under whose contract officers see a name.
const CLIENT: &str = "officer-desk";

#[derive(Template, Serialize)]
#[template(path = "officer.html")]
struct OfficerView {
    #[serde(skip)]
    page: Page,
    office: Words,
    problem: Option<PageProblem>,
}

#[derive(Template, Serialize)]
#[template(path = "officer_letter.html")]
struct OfficerLetterView {
    #[serde(skip)]
    page: Page,
    office: Words,
    name: String,
    number_masked: String,
    code: String,
    sign_in_url: String,
    issued: Timestamp,
    expires: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    number: String,
}

/// The form.
pub(super) async fn show(reader: Reader) -> Result<Response, Problem> {
    let office = office_of(reader.may(Operation::PrintEnrolmentCode)?);
    Ok(reader.show(StatusCode::OK, &OfficerView { page: reader.page_at(PATH), office, problem: None }))
}

/// A code for a citizen, as a letter to print. It is shown this once.
pub(super) async fn issue(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Fields(wanted): Fields<Wanted>,
) -> Result<Response, Problem> {
    let officer = reader.may(Operation::PrintEnrolmentCode)?;
    let office = office_of(officer);
    match letter(&state, officer, &wanted.number).await {
        Ok((number, name, issued)) => {
            let view = OfficerLetterView {
                page: reader.page_at(PATH),
                office,
                name: name.as_str().to_owned(),
                number_masked: masked(number),
                code: issued.code.shown(),
                sign_in_url: state
                    .public_origin
                    .join("/sign-in/code")
                    .map_or_else(|_| String::new(), String::from),
                issued: state.clock.now(),
                expires: issued.expires,
            };
            Ok(reader.show(StatusCode::OK, &view))
        }
        Err(problem) if reader.wants == Wants::Json => Ok(problem.into_response()),
        Err(problem) => {
            let status = problem.status;
            let problem = Some(PageProblem::at("number", problem.said));
            Ok(reader.show(status, &OfficerView { page: reader.page_at(PATH), office, problem }))
        }
    }
}

async fn letter(
    state: &AppState,
    officer: &Principal,
    number: &str,
) -> Result<(PersonalNumber, PersonName, IssuedCode), Problem> {
    // People type the groups that the card prints.
    let digits: String = number.split_whitespace().collect();
    let number: PersonalNumber = digits
        .parse()
        .map_err(|error: dancu_core::NumberError| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &error))?;
    let shown = state.verify.show_name(&*caller(state)?, number, &reference(officer)).await;
    match shown.map_err(|error| verify_problem(state, error))? {
        ShownName::Name(name) => {
            let issued = state.identity.issue_citizen_code(Some(officer), number).await?;
            Ok((number, name, issued))
        }
        ShownName::NotAlive => Err(Problem::not_alive()),
        ShownName::NotHeld => Err(Problem::nobody()),
    }
}

fn caller(state: &AppState) -> Result<Arc<Caller>, Problem> {
    let client: Option<ClientId> = CLIENT.parse().ok();
    client.and_then(|client| state.directory.caller(&client)).ok_or_else(Problem::office_not_connected)
}

/// The citizen reads in the record which officer it was.
pub(super) fn reference(officer: &Principal) -> String {
    match officer {
        Principal::Staff { id, .. } => id.to_string(),
        Principal::Citizen { .. } | Principal::Enrolling { .. } => String::new(),
    }
}

pub(super) fn office_of(officer: &Principal) -> Words {
    let place = match officer.role() {
        Some(Role::Officer { commune, .. }) => Places::national().describe(*commune),
        _ => None,
    };
    match place {
        Some(place) => (format!("Công an {place}"), format!("Police office, {place}")).into(),
        None => ("Cơ quan đăng ký", "Register office").into(),
    }
}

/// First four and last two digits, for a letter that somebody else may find.
fn masked(number: PersonalNumber) -> String {
    let digits = number.to_string();
    format!("{}••••••{}", &digits[..4], &digits[10..])
}

impl Problem {
    /// No contract lets officers see a name.
    fn office_not_connected() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            said: Explanation::new(
                "DANCU-WEB-021",
                "Chưa có hợp đồng cho việc cấp mã (officer-desk). Hãy báo người vận hành.",
                "There is no contract for issuing codes (officer-desk). Tell the operator.",
            ),
            retry_after_s: None,
        }
    }

    /// The number belongs to one who has died or is missing.
    fn not_alive() -> Self {
        Self {
            status: StatusCode::CONFLICT,
            said: Explanation::new(
                "DANCU-WEB-022",
                "Sổ dân cư ghi người này đã mất hoặc mất tích nên không cấp mã. Nếu thông tin sai, hãy sửa hồ sơ trước.",
                "The register says that this person has died or is missing, so there is no code. If that is wrong, correct the record first.",
            ),
            retry_after_s: None,
        }
    }

    /// The register holds nobody under the number.
    pub(super) fn nobody() -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            said: Explanation::new(
                "DANCU-WEB-023",
                "Sổ dân cư không có ai mang số này. Hãy so lại với thẻ căn cước.",
                "The register holds nobody under this number. Compare it with the citizen card.",
            ),
            retry_after_s: None,
        }
    }
}
