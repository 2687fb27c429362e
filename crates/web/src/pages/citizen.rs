//! `/citizen`: my record, my household, and everyone who looked at me. `/citizen/receipts/{index}`: the proof of one
//! look; `/citizen/evidence/{index}`: the same as a bundle for a court's expert.

use super::{
    fields::Params,
    grouped,
    reader::Reader,
    record::{self, FactGroup},
    verdicts,
};
use crate::{
    AppState, Problem,
    api::{evidence_of, from_logs},
    products,
    views::{Page, Words},
};
use askama::Template;
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use dancu_core::{Clock, PartialDate};
use dancu_exchange::{Claim, Field, SealedGroup};
use dancu_identity::access::Operation;
use dancu_ledger::{Bookmark, Channel, Disclosure, PublicLog};
use dancu_register::{At, HouseholdMember, NumberState, Page as MemberPage, Person, person_at};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PATH: &str = "/citizen";
/// Looks of one page.
const LOOKS_PAGE: usize = 20;
/// Members of a household that are shown. The law knows no bound; a page does.
const MEMBERS_MAX: usize = 100;

#[derive(Template, Serialize)]
#[template(path = "citizen.html")]
struct CitizenView {
    #[serde(skip)]
    page: Page,
    number: String,
    #[serde(skip)]
    number_grouped: String,
    name: Option<String>,
    log_key: String,
    looks: Vec<Look>,
    looks_newest: Option<String>,
    looks_older: Option<String>,
    record: Vec<FactGroup>,
    household: Option<HouseholdView>,
    /// What became of a number that is out of use; its account still shows who looked.
    out_of_use: Option<Words>,
}

#[derive(Serialize)]
struct HouseholdView {
    number: String,
    members: Vec<MemberView>,
}

#[derive(Serialize)]
struct MemberView {
    name: Option<String>,
    relation: Option<Words>,
    birth_date: Option<PartialDate>,
    is_me: bool,
}

#[derive(Serialize)]
struct Look {
    /// The entry's number in the house.
    index: u64,
    /// The name of the log that holds it.
    log: String,
    /// The key by which that log's checkpoints are verified.
    log_key: String,
    time: Timestamp,
    who: String,
    why: Words,
    channel: Words,
    legal_basis: String,
    contract: String,
    reference: String,
    /// The consent of mine under which it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<String>,
    /// Since when I see it, where the law behind the contract wanted some days first.
    #[serde(skip_serializing_if = "Option::is_none")]
    visible_from: Option<Date>,
    /// The court's order behind which I did not see it, now that it no longer stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderLine>,
    /// The product, where it is another than a verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<Words>,
    fields: Vec<AskedField>,
    receipt_url: String,
    evidence_url: String,
}

#[derive(Serialize)]
struct OrderLine {
    court: String,
    order_number: String,
}

#[derive(Serialize)]
struct AskedField {
    field: String,
    label: Words,
    answer: String,
    answer_words: Words,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    before: Option<Bookmark>,
}

/// My page.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    reader.citizen(Operation::ReadOwnRecord)?;
    reader.citizen(Operation::ReadOwnHousehold)?;
    let number = reader.citizen(Operation::ReadOwnDisclosures)?;
    let at = At { as_of: state.clock.today(), known_at: state.clock.now() };
    let history = state.register.history(number).await?;
    let me = person_at(&history, at);
    let before = shown.before.clone().unwrap_or_default();
    let orders = state.orders.withholding(number).await?;
    let found = from_logs(&state, move |logs| {
        logs.visible_disclosures_of(number, &before, LOOKS_PAGE, (at.as_of, &orders))
    });
    let found = found.await?;
    let view = CitizenView {
        page: reader.page_at(PATH),
        number: number.to_string(),
        number_grouped: grouped(number),
        name: me.as_ref().and_then(Person::identity).map(|identity| identity.name.as_str().to_owned()),
        log_key: state.ledger.verifier().as_str().to_owned(),
        looks: looks(&state, found.disclosures).await?,
        looks_newest: shown.before.map(|_| PATH.to_owned()),
        looks_older: found.next.map(|before| format!("{PATH}?before={before}")),
        record: record::groups(&history, at),
        household: household(&state, me.as_ref(), at).await?,
        out_of_use: me.as_ref().and_then(out_of_use),
    };
    Ok(reader.show(StatusCode::OK, &view))
}

/// The receipt of one look at me; everybody else's is not there.
pub(super) async fn receipt(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    index: Result<Path<u64>, PathRejection>,
) -> Result<Response, Problem> {
    let index = own_disclosure(&state, &reader, index).await?;
    Ok(Json(from_logs(&state, move |logs| logs.receipt(index)).await?).into_response())
}

/// The same look as a bundle that somebody verifies without us.
pub(super) async fn evidence(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    index: Result<Path<u64>, PathRejection>,
) -> Result<Response, Problem> {
    let index = own_disclosure(&state, &reader, index).await?;
    evidence_of(&state, index).await
}

/// The index of a look at me; everybody else's is not there.
async fn own_disclosure(
    state: &AppState,
    reader: &Reader,
    index: Result<Path<u64>, PathRejection>,
) -> Result<u64, Problem> {
    let number = reader.citizen(Operation::ReadOwnDisclosures)?;
    let Path(index) = index.map_err(|_| Problem::not_found())?;
    let today = state.clock.today();
    let record = from_logs(state, move |logs| Ok(logs.disclosure(index)?.record)).await?;
    let orders = state.orders.withholding(number).await?;
    // One that is not to be seen yet is not there either.
    if record.subject == number && record.is_visible_on(today, &orders) {
        Ok(index)
    } else {
        Err(Problem::not_found())
    }
}

/// An account belongs to the number under which it was opened. When the person is given another number, an officer prints
/// a letter for that one, face to face, as at the first time; nothing is moved on the word of an old device.
fn out_of_use(me: &Person) -> Option<Words> {
    match me.number_state() {
        NumberState::ReplacedBy(other) => {
            let other = grouped(other);
            Some(
                (
                    format!("Số này đã được thay bằng số {other}. Hãy đến công an xã, phường nhận thư mời để mở tài khoản cho số mới. Trang này chỉ còn cho xem ai đã tra cứu số cũ."),
                    format!("This number was replaced by {other}. Ask the police of your commune for a letter to open an account for the new one. This page still shows who looked at the old one."),
                )
                    .into(),
            )
        }
        NumberState::Cancelled => Some(
            (
                "Số này đã bị hủy. Hãy liên hệ công an xã, phường nơi cư trú.",
                "This number was cancelled. Ask the police of your commune.",
            )
                .into(),
        ),
        NumberState::InUse | NumberState::InPlaceOf(_) => None,
    }
}

async fn household(state: &AppState, me: Option<&Person>, at: At) -> Result<Option<HouseholdView>, Problem> {
    let Some(number) = me.and_then(Person::residence).and_then(|residence| residence.household.as_ref())
    else {
        return Ok(None);
    };
    let members = state.register.household(number, at, MemberPage::first(MEMBERS_MAX)).await?;
    let mine = me.map(|person| person.number);
    let view = |member: HouseholdMember| MemberView {
        is_me: Some(member.number) == mine,
        name: member.name.map(|name| name.as_str().to_owned()),
        relation: member.relation_to_head.map(record::relation_words),
        birth_date: member.birth_date,
    };
    Ok(Some(HouseholdView { number: number.to_string(), members: members.into_iter().map(view).collect() }))
}

async fn looks(
    state: &AppState,
    disclosures: Vec<(Disclosure, Arc<PublicLog>)>,
) -> Result<Vec<Look>, Problem> {
    let mut looks = Vec::with_capacity(disclosures.len());
    for (disclosure, log) in disclosures {
        let order = match &disclosure.record.order {
            Some(id) => state.orders.of_record(id).await?,
            None => None,
        };
        let order = order.map(|order| OrderLine { court: order.court, order_number: order.order_number });
        looks.push(Look { order, ..look(state, disclosure, &log) });
    }
    Ok(looks)
}

fn look(state: &AppState, disclosure: Disclosure, log: &PublicLog) -> Look {
    let Disclosure { entry: index, record, .. } = disclosure;
    let answers = |field: &str| record.outcome.iter().find(|(asked, _)| asked == field);
    let fields = record.asked.iter().map(|field| {
        let answer = answers(field).map(|(_, answer)| answer.clone()).unwrap_or_default();
        AskedField {
            label: label_of(field),
            answer_words: verdicts::outcome_words(&answer),
            answer,
            field: field.clone(),
        }
    });
    let product = record.product.as_deref().map(|code| {
        let named = code.parse().map(|product| products::name(product, record.counted_on));
        named.unwrap_or_else(|_| Words::same(code.to_owned()))
    });
    Look {
        order: None,
        product,
        index,
        log: log.verifier().origin().to_owned(),
        log_key: log.verifier().as_str().to_owned(),
        time: record.time,
        fields: fields.collect(),
        channel: match record.channel {
            Channel::Api => ("qua phần mềm", "by software"),
            Channel::Reception => ("tại quầy", "at a desk"),
            Channel::Office => ("do cán bộ", "by an officer"),
        }
        .into(),
        why: purpose(state, &record.client, &record.contract, record.purpose),
        who: record.organisation.name,
        legal_basis: record.legal_basis,
        contract: record.contract,
        reference: record.reference,
        consent: record.consent,
        visible_from: record.visible_from,
        receipt_url: format!("{PATH}/receipts/{index}"),
        evidence_url: format!("{PATH}/evidence/{index}"),
    }
}

/// What was asked, in words: a field, a claim, a place in a household, or a group of sealed values.
fn label_of(asked: &str) -> Words {
    if let Ok(claim) = asked.parse::<Claim>() {
        return claim.words().into();
    }
    match asked {
        "same_household" => {
            return ("Cùng hộ với người được nêu tên", "In the household of a person named").into();
        }
        "access_history" => return ("Ai đã tra cứu", "Who looked").into(),
        "household_head" => return ("Là chủ hộ", "Head of the household").into(),
        _ => {}
    }
    let field = asked.parse::<Field>().map(Field::words);
    let words = field.or_else(|_| asked.parse::<SealedGroup>().map(SealedGroup::words));
    words.map_or_else(Words::same, Words::from)
}

/// The purpose as it was recorded; in English where the contract still says the same.
fn purpose(state: &AppState, client: &str, contract: &str, recorded: String) -> Words {
    let caller = client.parse().ok().and_then(|client| state.directory.caller(&client));
    let english = caller
        .filter(|caller| caller.contract.id.as_str() == contract && caller.contract.purpose_vi == recorded)
        .map(|caller| caller.contract.purpose_en.clone());
    match english {
        Some(english) => (recorded, english).into(),
        None => Words::same(recorded),
    }
}
