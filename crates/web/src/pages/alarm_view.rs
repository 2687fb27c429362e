//! What the pages of alarms show.

use super::alarms;
use crate::views::{Page, PageProblem, Words};
use askama::Template;
use dancu_alarms::{Alarm, AlarmDeed, AlarmMove, AlarmState};
use dancu_exchange::{Ceiling, Connection, Stage};
use dancu_ledger::{Channel, Disclosure};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

#[derive(Template, Serialize)]
#[template(path = "operator_alarms.html")]
pub(super) struct AlarmsView {
    #[serde(skip)]
    page: Page,
    list: &'static str,
    alarms: Vec<RowView>,
    older: Option<String>,
}

/// An alarm in a list.
#[derive(Serialize)]
struct RowView {
    id: String,
    #[serde(skip)]
    url: String,
    kind: &'static str,
    kind_words: Words,
    state: AlarmState,
    state_words: Words,
    day: Date,
    raised_at: Timestamp,
    organisation: Option<String>,
    contract: Option<String>,
    client: Option<String>,
    staff: Option<String>,
    looks: u64,
    measured: u64,
    threshold: u64,
    owner: Option<String>,
    notice_due: Option<Timestamp>,
    is_notice_overdue: bool,
}

#[derive(Template, Serialize)]
#[template(path = "operator_alarm.html")]
pub(super) struct AlarmView {
    #[serde(skip)]
    page: Page,
    pub problem: Option<PageProblem>,
    #[serde(flatten)]
    alarm: RowView,
    first_at: Timestamp,
    last_at: Timestamp,
    places: Vec<PlaceView>,
    notice: Option<NoticeView>,
    moves: Vec<MoveView>,
    /// Whether the reader may do anything: not whom it concerns.
    may_decide: bool,
    connection: Option<ConnectionView>,
    /// The looks behind it, where they were asked for.
    pub looks: Option<Vec<LookView>>,
}

#[derive(Serialize)]
struct PlaceView {
    log: String,
    index: u64,
}

#[derive(Serialize)]
struct NoticeView {
    due: Timestamp,
    words: String,
    given_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    is_overdue: bool,
    is_owed: bool,
}

#[derive(Serialize)]
struct MoveView {
    what: Words,
    at: Timestamp,
    by: String,
    note: String,
}

/// The connection behind an alarm, with what may be done to it.
#[derive(Serialize)]
struct ConnectionView {
    contract: String,
    stage_words: Words,
    daily_limit: u64,
    per_second_max: u64,
    ceiling: Option<Ceiling>,
    may_suspend: bool,
}

/// One look behind an alarm: who looked how, and of whom the last three digits.
#[derive(Serialize)]
pub(super) struct LookView {
    index: u64,
    at: Timestamp,
    organisation: String,
    client: String,
    stated: String,
    purpose: String,
    channel: Words,
    number_masked: String,
}

impl AlarmsView {
    pub fn new(
        page: Page,
        list: &'static str,
        alarms: &[Alarm],
        older: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self { page, list, alarms: alarms.iter().map(|alarm| row(alarm, now)).collect(), older }
    }
}

fn row(alarm: &Alarm, now: Timestamp) -> RowView {
    let (found, evidence, care) = (&alarm.found, &alarm.evidence, &alarm.care);
    let owed = care.notice.as_ref().filter(|notice| notice.given_at.is_none());
    RowView {
        id: alarm.id.to_string(),
        url: alarms::address(alarm.id),
        kind: found.kind.as_str(),
        kind_words: found.kind.words().into(),
        state: care.state,
        state_words: care.state.words().into(),
        day: found.day,
        raised_at: found.raised_at,
        organisation: found.organisation.as_ref().map(ToString::to_string),
        contract: found.contract.as_ref().map(ToString::to_string),
        client: found.client.clone(),
        staff: found.staff.clone(),
        looks: evidence.looks,
        measured: evidence.measured,
        threshold: evidence.threshold,
        owner: care.owner.clone(),
        notice_due: owed.map(|notice| notice.due),
        is_notice_overdue: owed.is_some_and(|notice| notice.is_overdue(now)),
    }
}

/// The view of one alarm for somebody.
pub(super) fn of(
    page: Page,
    alarm: Alarm,
    connection: Option<&Connection>,
    may_decide: bool,
    now: Timestamp,
) -> AlarmView {
    let row = row(&alarm, now);
    let notice = alarm.care.notice.map(|notice| NoticeView {
        due: notice.due,
        is_overdue: notice.is_overdue(now),
        is_owed: notice.given_at.is_none(),
        words: notice.words,
        given_at: notice.given_at,
        delivered_at: notice.delivered_at,
    });
    let place = |place: dancu_alarms::Place| PlaceView { log: place.log, index: place.index };
    AlarmView {
        page,
        problem: None,
        alarm: row,
        first_at: alarm.evidence.first_at,
        last_at: alarm.evidence.last_at,
        places: alarm.evidence.places.into_iter().map(place).collect(),
        notice,
        moves: alarm.care.moves.into_iter().map(moved).collect(),
        may_decide,
        connection: connection.map(connection_view),
        looks: None,
    }
}

fn moved(line: AlarmMove) -> MoveView {
    let what: Words = match line.deed {
        AlarmDeed::Taken => ("Nhận xử lý", "Taken in hand").into(),
        AlarmDeed::Decided(AlarmState::Open) => ("Mở lại", "Opened again").into(),
        AlarmDeed::Decided(state) => state.words().into(),
        AlarmDeed::Tightened => ("Hạ hạn mức", "Limits were lowered").into(),
        AlarmDeed::Lifted => ("Bỏ mức trần", "The ceiling was taken away").into(),
        AlarmDeed::Suspended => ("Tạm dừng kết nối", "The connection was suspended").into(),
        AlarmDeed::Noticed => ("Đã báo cho đơn vị", "The agency was told").into(),
    };
    MoveView { what, at: line.at, by: line.by, note: line.note }
}

fn connection_view(connection: &Connection) -> ConnectionView {
    let stage = connection.stage();
    ConnectionView {
        contract: connection.contract.id.to_string(),
        stage_words: stage.words().into(),
        daily_limit: connection.contract.daily_limit.into(),
        per_second_max: connection.contract.per_second_max.into(),
        ceiling: connection.ceiling(),
        may_suspend: matches!(stage, Stage::Pilot | Stage::Official),
    }
}

pub(super) fn look(shown: Disclosure) -> LookView {
    let record = shown.record;
    LookView {
        index: shown.index,
        at: record.time,
        organisation: record.organisation.name,
        client: record.client,
        // Of software it is a reference of its own, which may name anybody.
        stated: if record.channel == Channel::Api { String::new() } else { record.reference },
        purpose: record.purpose,
        channel: match record.channel {
            Channel::Api => ("Phần mềm", "Software").into(),
            Channel::Reception => ("Quầy tiếp đón", "Reception desk").into(),
            Channel::Office => ("Cơ quan đăng ký", "Register office").into(),
        },
        number_masked: record.subject.masked(),
    }
}
