//! The service `findUsage` behind the X-Road door: the interface of the Estonian data tracker (Andmejälgija, protocol 1.6,
//! OpenAPI 2.1.0 of the Information System Authority), by which a state portal shows persons who used their data.
//!
//! Told is what `POST /v1/access-history` tells, in the protocol's shape and without the portal's own questions: otherwise
//! each page would move the next one. Who may act for another is not known here yet, so persons ask about themselves.

use super::{
    access_history::Looks, asker::enter, limits::tell_limits, public_log::from_logs, verify::failed,
};
use crate::{AppState, Problem, products};
use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use dancu_core::{Explanation, PersonalNumber};
use dancu_exchange::{Caller, Product, product_of};
use dancu_ledger::{Bookmark, Record};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use url::form_urlencoded;

/// Paths behind the service's code, for the metadata.
pub(super) const PATHS: [&str; 3] = ["/v2/findUsage", "/v2/usagePeriod", "/v2/heartbeat"];
/// Pages of a person's looks that are gone through for one answer, the newest first.
const PAGES_MAX: usize = 100;
/// Looks of one answer, and so many where the question does not say (protocol, 6.1.3).
const USAGES_MAX: usize = 1_000;

/// The service's own description.
pub(super) const DOCUMENT: &str = include_str!("find_usage.json");

/// Answers a portal that has proved itself.
pub(super) async fn answer(
    state: &AppState,
    caller: &Caller,
    (path, query): (&str, &str),
    (user, issue): (Option<&str>, Option<&str>),
) -> Result<Response, Response> {
    if path == "/v2/findUsage" {
        // Counted with its record.
        return find_usage(state, caller, query, (user, issue)).await;
    }
    let _place = enter(state, caller)?;
    match path {
        "/v2/usagePeriod" => {
            let begin = begin(state).await.map_err(IntoResponse::into_response)?;
            Ok(Json(json!({ "periodStart": begin })).into_response())
        }
        "/v2/heartbeat" => Ok(match begin(state).await {
            Ok(_) => Json(json!({ "status": "OK", "message": "The log can be read" })),
            Err(_) => Json(json!({ "status": "FAIL", "message": "The log cannot be read at the moment" })),
        }
        .into_response()),
        _ => Err(Problem::not_found().into_response()),
    }
}

async fn find_usage(
    state: &AppState,
    caller: &Caller,
    query: &str,
    (user, issue): (Option<&str>, Option<&str>),
) -> Result<Response, Response> {
    let question = Question::read(query, user).map_err(IntoResponse::into_response)?;
    let told = state.verify.tell_access_history(caller, &question.number, issue).await;
    let told = told.map_err(|error| failed(state, error))?;
    let body = usages(state, caller, told.number, &question).await.map_err(IntoResponse::into_response)?;
    let mut response = Json(body).into_response();
    // The protocol's answer has no place for the receipt: it is asked for by this number.
    response.headers_mut().insert("dancu-entry", HeaderValue::from(told.receipt.entry));
    tell_limits(state, caller, response.headers_mut());
    Ok(response)
}

/// What a portal asks.
struct Question {
    number: String,
    period: RangeInclusive<Timestamp>,
    offset: usize,
    limit: usize,
}

impl Question {
    fn read(query: &str, user: Option<&str>) -> Result<Self, Problem> {
        let mut given: [Option<String>; 5] = Default::default();
        let names = ["userCode", "periodStart", "periodEnd", "offset", "limit"];
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = names.iter().position(|known| *known == name);
            let place = place.ok_or_else(|| wrong("names"))?;
            if given[place].replace(value.into_owned()).is_some() {
                return Err(wrong(names[place]));
            }
        }
        let [code, start, end, offset, limit] = given;
        let number = without_country(&code.ok_or_else(|| wrong("userCode"))?);
        if number.parse::<PersonalNumber>().is_err() {
            return Err(wrong("userCode"));
        }
        if user.map(without_country).is_none_or(|user| user != number) {
            return Err(other_person());
        }
        let time = |text: Option<String>, place, otherwise| {
            text.map_or(Ok(otherwise), |text| text.parse::<Timestamp>().map_err(|_| wrong(place)))
        };
        let count = |text: Option<String>, place, otherwise| {
            text.map_or(Ok(otherwise), |text| text.parse::<usize>().map_err(|_| wrong(place)))
        };
        Ok(Self {
            number,
            period: time(start, "periodStart", Timestamp::MIN)?..=time(end, "periodEnd", Timestamp::MAX)?,
            offset: count(offset, "offset", 0)?,
            limit: count(limit, "limit", USAGES_MAX)?.min(USAGES_MAX),
        })
    }
}

/// A code without the letters of the country that stand before it on an X-Road.
fn without_country(code: &str) -> String {
    code.strip_prefix("VN").unwrap_or(code).to_owned()
}

fn wrong(place: &str) -> Problem {
    Problem {
        status: StatusCode::BAD_REQUEST,
        said: Explanation::new(
            "DANCU-WEB-096",
            format!(
                "Tham số của findUsage không đúng ({place}). Cần userCode; periodStart, periodEnd theo RFC 3339; offset, limit là số."
            ),
            format!(
                "A parameter of findUsage is wrong ({place}). It takes userCode; periodStart and periodEnd as in RFC 3339; offset and limit as numbers."
            ),
        ),
        retry_after_s: None,
    }
}

fn other_person() -> Problem {
    Problem {
        status: StatusCode::BAD_REQUEST,
        said: Explanation::new(
            "DANCU-WEB-097",
            "Người trong X-Road-UserId phải là người trong userCode: mỗi người chỉ xem được ai đã tra cứu chính mình.",
            "The person in X-Road-UserId must be the one in userCode: everyone sees who looked at themselves.",
        ),
        retry_after_s: None,
    }
}

/// All of them or none: a total that leaves some out would be no total.
fn too_many() -> Problem {
    Problem {
        status: StatusCode::BAD_REQUEST,
        said: Explanation::new(
            "DANCU-WEB-098",
            "Có quá nhiều lượt tra cứu để đếm hết. Hãy thu hẹp bằng periodStart.",
            "There are too many uses to go through. Ask for a later periodStart.",
        ),
        retry_after_s: None,
    }
}

async fn usages(
    state: &AppState,
    caller: &Caller,
    number: PersonalNumber,
    question: &Question,
) -> Result<Value, Problem> {
    let looks = Looks::of(state, number).await?;
    let (mut usages, mut total, mut before) = (Vec::new(), 0, Bookmark::default());
    for _ in 0..PAGES_MAX {
        let page = looks.page(state, before).await?;
        let begin = question.period.start();
        let is_older = page.disclosures.last().is_some_and(|(last, _)| last.record.time < *begin);
        for (disclosure, _) in page.disclosures {
            let record = disclosure.record;
            let is_own = record.contract == caller.contract.id.as_str();
            if is_own || !question.period.contains(&record.time) {
                continue;
            }
            if total >= question.offset && usages.len() < question.limit {
                usages.push(usage(&record));
            }
            total += 1;
        }
        match page.next {
            Some(next) if !is_older => before = next,
            _ => return Ok(json!({ "totalUsages": total, "usages": usages })),
        }
    }
    Err(too_many())
}

/// One look in the protocol's words.
fn usage(record: &Record) -> Value {
    let product = product_of(record).map(|product: Product| products::name(product, record.counted_on).vi);
    let action = product.map_or_else(|| record.purpose.clone(), |name| format!("{name}: {}", record.purpose));
    json!({
        "logtime": record.time, "action": action, "receiverCode": record.organisation.id,
        "receiverName": record.organisation.name, "receiverSystem": record.client,
    })
}

/// Since when there are records: the time of the oldest one, or now while there is none.
async fn begin(state: &AppState) -> Result<Timestamp, Problem> {
    let now = state.clock.now();
    from_logs(state, move |logs| {
        let mut begin = now;
        for log in logs.all()? {
            if log.size() > 0 {
                begin = begin.min(log.disclosure(0)?.record.time);
            }
        }
        Ok(begin)
    })
    .await
}
