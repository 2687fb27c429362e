//! `/citizen/history`: what changed in my record, when it was true, when the register learned it and from whom; and my
//! record, family and household as of any day, as it was known on any other.

use super::{
    fields::Params,
    reader::Reader,
    record::{self, FactGroup},
    timeline::{Happening, happenings},
};
use crate::{
    AppState, Problem,
    views::{Page, Words},
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use dancu_core::{Clock, Explanation, PartialDate, PersonalNumber, VIET_NAM};
use dancu_identity::access::Operation;
use dancu_register::{At, Fact, FactKind, KindSet, Link, Page as MemberPage, Person, person_at};
use jiff::{
    Timestamp,
    civil::{Date, Time},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

const PATH: &str = "/citizen/history";
/// Happenings of one page.
const PAGE_LENGTH: usize = 30;
/// Events of a person that are looked through.
const EVENTS_MAX: usize = 500;
/// Relatives and members of a household that are shown.
const PERSONS_MAX: usize = 100;

#[derive(Template, Serialize)]
#[template(path = "history.html")]
struct HistoryView {
    #[serde(skip)]
    page: Page,
    as_of: Date,
    known_on: Date,
    is_today: bool,
    record: Vec<FactGroup>,
    family: Vec<Relative>,
    household: Option<String>,
    members: Vec<Relative>,
    happenings: Vec<Happening>,
    newest: Option<String>,
    older: Option<String>,
}

/// A relative or a member of the household.
#[derive(Serialize)]
struct Relative {
    name: Option<String>,
    link: Words,
    birth_date: Option<PartialDate>,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    as_of: Option<String>,
    known_at: Option<String>,
    before: Option<i64>,
}

/// A point on both axes, from two inputs.
pub(super) struct Days {
    pub at: At,
    /// The day of the instant.
    pub known_on: Date,
}

impl Days {
    /// Two days (today when empty); the second may be an instant. As known on a day is as known at its end.
    pub fn read(as_of: &str, known_at: &str, clock: &dyn Clock) -> Result<Self, Explanation> {
        let day = |text: &str| -> Result<Date, Explanation> {
            match text.trim() {
                "" => Ok(clock.today()),
                text => {
                    let read: Option<PartialDate> = text.parse().ok();
                    read.and_then(PartialDate::whole).ok_or_else(no_such_day)
                }
            }
        };
        let as_of = day(as_of)?;
        if let Ok(instant) = known_at.trim().parse::<Timestamp>() {
            let at = At { as_of, known_at: instant };
            return Ok(Self { at, known_on: VIET_NAM.to_datetime(instant).date() });
        }
        let known_on = day(known_at)?;
        let end = known_on.to_datetime(Time::MAX);
        let known_at = VIET_NAM.to_timestamp(end).map_err(|_| no_such_day())?;
        Ok(Self { at: At { as_of, known_at: known_at.min(clock.now()) }, known_on })
    }
}

fn no_such_day() -> Explanation {
    Explanation::new(
        "DANCU-WEB-065",
        "Ngày xem lịch sử không có trong lịch. Hãy nhập ngày/tháng/năm.",
        "The day of the history is none of the calendar. Type day/month/year.",
    )
}

/// My history.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(shown): Params<Shown>,
) -> Result<Response, Problem> {
    let me = reader.may(Operation::ReadHistory)?.citizen().ok_or_else(Problem::not_allowed)?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let days = Days::read(&text(&shown.as_of), &text(&shown.known_at), &*state.clock)
        .map_err(|said| Problem { status: StatusCode::UNPROCESSABLE_ENTITY, said, retry_after_s: None })?;
    let before = match shown.before {
        Some(micros) => Timestamp::from_microsecond(micros).map_err(|_| Problem::not_found())?,
        None => Timestamp::MAX,
    };
    let history = state.register.history(me).await?;
    let person = person_at(&history, days.at);
    let (happenings, has_more) = happenings_of(&state, me, &history, before).await?;
    let oldest = happenings.last().map(|one| one.recorded.as_microsecond()).filter(|_| has_more);
    let address = format!("{PATH}?as_of={}&known_at={}", days.at.as_of, days.known_on);
    let (household, members) = household(&state, person.as_ref(), days.at).await?;
    let today = state.clock.today();
    let view = HistoryView {
        page: reader.page_at(PATH),
        is_today: days.at.as_of == today && days.known_on == today,
        as_of: days.at.as_of,
        known_on: days.known_on,
        record: record::groups(&history, days.at),
        family: family(&state, me, person.as_ref(), days.at).await?,
        household,
        members,
        happenings,
        newest: shown.before.map(|_| address.clone()),
        older: oldest.map(|oldest| format!("{address}&before={oldest}")),
    };
    Ok(reader.show(StatusCode::OK, &view))
}

/// A page of what happened to a record, and whether there is more. Whoever calls this has decided that somebody may see
/// the record.
pub(super) async fn happenings_of(
    state: &AppState,
    number: PersonalNumber,
    history: &[Fact],
    before: Timestamp,
) -> Result<(Vec<Happening>, bool), Problem> {
    let store = state.changes.store();
    let events = store.events_of(number, None, EVENTS_MAX).await?;
    let mut taken_back = BTreeSet::new();
    for event in &events {
        if let dancu_changes::Command::Compensate(compensation) = &event.command {
            taken_back.insert(compensation.event);
        }
    }
    Ok(happenings(history, &events, &taken_back, before, PAGE_LENGTH))
}

/// Whom my record names, and who names me, at a point of time.
async fn family(
    state: &AppState,
    me: PersonalNumber,
    person: Option<&Person>,
    at: At,
) -> Result<Vec<Relative>, Problem> {
    let mut relatives = Vec::new();
    let own = person.and_then(Person::family);
    let guardians = person.and_then(Person::representation);
    let named = [
        (own.and_then(|family| family.father), ("Cha", "Father")),
        (own.and_then(|family| family.mother), ("Mẹ", "Mother")),
        (own.and_then(|family| family.spouse), ("Vợ/chồng", "Husband or wife")),
    ];
    let guardians = guardians.map(|held| held.representatives.clone()).unwrap_or_default();
    let guardians = guardians.into_iter().map(|number| (Some(number), ("Người đại diện", "Representative")));
    for (number, words) in named.into_iter().chain(guardians) {
        let Some(number) = number else { continue };
        let kinds = KindSet::EMPTY.with(FactKind::Identity);
        let other = state.register.person_now(number, at, kinds).await?;
        let identity = other.as_ref().and_then(Person::identity);
        relatives.push(Relative {
            name: identity.map(|identity| identity.name.as_str().to_owned()),
            link: words.into(),
            birth_date: identity.map(|identity| identity.birth_date),
        });
    }
    for related in state.register.related(me, at, MemberPage::first(PERSONS_MAX)).await? {
        let link = match related.link {
            Link::Father | Link::Mother => ("Con", "Child"),
            Link::Representative => ("Người được đại diện", "Represented by me"),
            // My own record names them too.
            Link::Spouse => continue,
        };
        relatives.push(Relative {
            name: related.name.map(|name| name.as_str().to_owned()),
            link: link.into(),
            birth_date: related.birth_date,
        });
    }
    Ok(relatives)
}

async fn household(
    state: &AppState,
    person: Option<&Person>,
    at: At,
) -> Result<(Option<String>, Vec<Relative>), Problem> {
    let home = person.and_then(Person::residence);
    let Some(number) = home.and_then(|home| home.household.as_ref()) else { return Ok((None, Vec::new())) };
    let members = state.register.household(number, at, MemberPage::first(PERSONS_MAX)).await?;
    let view = |member: dancu_register::HouseholdMember| Relative {
        name: member.name.map(|name| name.as_str().to_owned()),
        link: member.relation_to_head.map_or_else(|| Words::same("–"), record::relation_words),
        birth_date: member.birth_date,
    };
    Ok((Some(number.to_string()), members.into_iter().map(view).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            "2026-11-22T05:00:00Z".parse().unwrap()
        }
    }

    #[test]
    fn as_known_on_a_day_is_as_known_at_its_end_in_viet_nam_and_never_later_than_now() {
        let days = Days::read("2020-02-29", "01/11/2026", &Noon).ok().unwrap();
        assert_eq!(days.at.as_of.to_string(), "2020-02-29");
        assert_eq!(days.at.known_at.to_string(), "2026-11-01T16:59:59.999999999Z");
        let today = Days::read("", "", &Noon).ok().unwrap();
        assert_eq!((today.at.known_at, today.known_on.day()), (Noon.now(), 22));
        let instant = Days::read("", "2026-10-31T18:00:00Z", &Noon).ok().unwrap();
        assert_eq!(instant.known_on.to_string(), "2026-11-01");
        for bad in ["31/02/2026", "2026", "x"] {
            assert!(Days::read(bad, "", &Noon).is_err() && Days::read("", bad, &Noon).is_err(), "{bad}");
        }
    }
}
