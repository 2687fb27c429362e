//! The contract of [`AlarmStore`]: every store must pass every case.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_alarms::{
    Alarm, AlarmCursor, AlarmDeed, AlarmId, AlarmKind, AlarmList, AlarmMove, AlarmState, AlarmStore, Care,
    Evidence, Found, Notice, Place,
};
use jiff::{Timestamp, civil::date};
use uuid::Uuid;

/// Runs every case on one store, which is empty at first.
pub async fn alarm_suite<S: AlarmStore>(store: &S) {
    a_cursor_and_its_alarms_are_kept_together(store).await;
    evidence_grows_until_somebody_decides(store).await;
    of_two_who_write_one_is_first(store).await;
    lists_are_paged_in_their_order(store).await;
    notices_are_told_and_delivered(store).await;
    an_own_number_is_declared_changed_and_taken_away(store).await;
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_microsecond(1_795_000_000_123_456 + second * 1_000_000).unwrap()
}

fn cursor(next: u64) -> AlarmCursor {
    AlarmCursor { log: "dancu.test/log".to_owned(), day: date(2026, 11, 22), day_start: 3, next }
}

fn alarm(id: u128, raised: i64, organisation: &str) -> Alarm {
    Alarm {
        id: AlarmId(Uuid::from_u128(id)),
        found: Found {
            kind: AlarmKind::OffHours,
            day: date(2026, 11, 22),
            raised_at: at(raised),
            organisation: Some(organisation.parse().unwrap()),
            contract: Some("hd-1".parse().unwrap()),
            client: Some("desk".to_owned()),
            staff: Some("can.bo".to_owned()),
        },
        evidence: Evidence {
            places: vec![Place { log: "dancu.test/log".to_owned(), index: 7 }],
            looks: 20,
            first_at: at(0),
            last_at: at(9),
            measured: 20,
            threshold: 20,
            staff: vec!["can.bo".to_owned()],
        },
        care: Care::default(),
        version: 0,
    }
}

/// The alarm after something was done about it.
fn moved(mut alarm: Alarm, state: AlarmState, notice: Option<Notice>) -> Alarm {
    let line = AlarmMove {
        deed: AlarmDeed::Decided(state),
        at: at(50),
        by: "van.hanh".to_owned(),
        note: "đã xem \"kỹ\"".to_owned(),
    };
    alarm.care.moves.push(line);
    alarm.care = Care { state, notice, owner: Some("van.hanh".to_owned()), ..alarm.care };
    alarm.version += 1;
    alarm
}

fn notice(due: i64) -> Notice {
    Notice {
        due: at(due),
        words: String::new(),
        given_at: None,
        delivered_at: None,
        next_try_at: None,
        failures: 0,
    }
}

async fn a_cursor_and_its_alarms_are_kept_together<S: AlarmStore>(store: &S) {
    assert_eq!(store.alarm_cursors().await.unwrap(), []);
    let alarms = vec![alarm(1, 1, "benh-vien"), alarm(2, 2, "ngan-hang")];
    assert_eq!(store.save_watch(alarms.clone(), cursor(9)).await.unwrap(), 2);
    assert_eq!(store.alarm_cursors().await.unwrap(), [cursor(9)]);
    assert_eq!(store.alarm(alarms[0].id).await.unwrap().as_ref(), Some(&alarms[0]));
    assert_eq!(store.alarm(AlarmId(Uuid::from_u128(99))).await.unwrap(), None);
    assert_eq!(store.save_watch(Vec::new(), cursor(12)).await.unwrap(), 0);
    assert_eq!(store.alarm_cursors().await.unwrap(), [cursor(12)], "one place in a log");
    let several =
        Found { organisation: None, contract: None, client: None, staff: None, ..alarm(3, 3, "a1").found };
    let many = Alarm { found: Found { kind: AlarmKind::ManyLookers, ..several }, ..alarm(3, 3, "a1") };
    assert_eq!(store.save_watch(vec![many.clone()], cursor(12)).await.unwrap(), 1);
    assert_eq!(store.alarm(many.id).await.unwrap(), Some(many));
}

async fn evidence_grows_until_somebody_decides<S: AlarmStore>(store: &S) {
    let first = alarm(10, 10, "benh-vien");
    let with = |looks: u64| Alarm {
        evidence: Evidence { looks, ..first.evidence.clone() },
        found: Found { raised_at: at(99), ..first.found.clone() },
        ..first.clone()
    };
    let looks = async || store.alarm(first.id).await.unwrap().unwrap().evidence.looks;
    assert_eq!(store.save_watch(vec![first.clone()], cursor(20)).await.unwrap(), 1);
    assert_eq!(store.save_watch(vec![with(25)], cursor(21)).await.unwrap(), 0, "it is known");
    assert_eq!(looks().await, 25);
    assert_eq!(store.alarm(first.id).await.unwrap().unwrap().found.raised_at, at(10), "and keeps its time");
    store.save_watch(vec![with(21)], cursor(21)).await.unwrap();
    assert_eq!(looks().await, 25, "a day that is gone through again takes nothing away");
    let decided = moved(with(25), AlarmState::Explained, None);
    assert!(store.save_alarm(decided).await.unwrap());
    store.save_watch(vec![with(40)], cursor(22)).await.unwrap();
    assert_eq!(looks().await, 25, "what was decided stands still");
}

async fn of_two_who_write_one_is_first<S: AlarmStore>(store: &S) {
    let first = alarm(11, 11, "benh-vien");
    store.save_watch(vec![first.clone()], cursor(30)).await.unwrap();
    let upheld = moved(first.clone(), AlarmState::Upheld, Some(notice(100)));
    let explained = moved(first, AlarmState::Explained, None);
    assert!(store.save_alarm(upheld.clone()).await.unwrap());
    assert!(!store.save_alarm(explained).await.unwrap());
    assert_eq!(store.alarm(upheld.id).await.unwrap(), Some(upheld));
    assert!(!store.save_alarm(moved(alarm(98, 1, "a1"), AlarmState::Upheld, None)).await.unwrap());
}

async fn lists_are_paged_in_their_order<S: AlarmStore>(store: &S) {
    let ids = |alarms: Vec<Alarm>| alarms.into_iter().map(|alarm| alarm.id.0.as_u128()).collect::<Vec<_>>();
    let list = async |list, after: Option<u128>, length| {
        ids(store.alarms(list, after.map(|id| AlarmId(Uuid::from_u128(id))), length).await.unwrap())
    };
    assert_eq!(list(AlarmList::Open, None, 9).await, [3, 2, 1]);
    assert_eq!(list(AlarmList::Open, Some(3), 1).await, [2]);
    assert_eq!(list(AlarmList::Open, Some(97), 9).await, [0_u128; 0]);
    assert_eq!(list(AlarmList::Decided, None, 9).await, [11, 10]);
    let earlier = alarm(12, 12, "benh-vien");
    store.save_watch(vec![earlier.clone()], cursor(31)).await.unwrap();
    let earlier = moved(earlier, AlarmState::Upheld, Some(notice(90)));
    assert!(store.save_alarm(earlier).await.unwrap());
    assert_eq!(list(AlarmList::NoticeOwed, None, 9).await, [12, 11], "the earliest last day first");
    assert_eq!(list(AlarmList::NoticeOwed, Some(12), 9).await, [11]);
}

async fn notices_are_told_and_delivered<S: AlarmStore>(store: &S) {
    let (hospital, bank) = ("benh-vien".parse().unwrap(), "ngan-hang".parse().unwrap());
    assert_eq!(store.notices(&hospital, 9).await.unwrap(), [], "what is owed was not told");
    let told = async |id: u128, given: i64| {
        let alarm = store.alarm(AlarmId(Uuid::from_u128(id))).await.unwrap().unwrap();
        let (given_at, next_try_at) = (Some(at(given)), Some(at(given)));
        let notice = Notice { words: "Đã hạ mức".to_owned(), given_at, next_try_at, ..notice(90) };
        let alarm = moved(alarm, AlarmState::Upheld, Some(notice));
        assert!(store.save_alarm(alarm.clone()).await.unwrap());
        alarm
    };
    let (first, second) = (told(11, 60).await, told(12, 61).await);
    assert_eq!(store.notices(&hospital, 9).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(store.notices(&hospital, 1).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(store.notices(&bank, 9).await.unwrap(), []);
    assert_eq!(store.alarms(AlarmList::NoticeOwed, None, 9).await.unwrap(), []);
    assert_eq!(store.notices_to_deliver(at(59), 9).await.unwrap(), []);
    assert_eq!(store.notices_to_deliver(at(60), 9).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(store.notices_to_deliver(at(99), 9).await.unwrap(), [first.clone(), second]);
    let delivered = first.care.notice.clone().map(|notice| Notice {
        delivered_at: Some(at(62)),
        next_try_at: None,
        ..notice
    });
    assert!(store.save_alarm(moved(first, AlarmState::Upheld, delivered)).await.unwrap());
    assert_eq!(store.notices_to_deliver(at(99), 9).await.unwrap().len(), 1);
}

async fn an_own_number_is_declared_changed_and_taken_away<S: AlarmStore>(store: &S) {
    let [one, other] = ["001090000017", "001192000022"].map(|number| Some(number.parse().unwrap()));
    assert_eq!(store.own_number("can.bo").await.unwrap(), None);
    for number in [one, other, other, None, None] {
        store.put_own_number("can.bo", number).await.unwrap();
        assert_eq!(store.own_number("can.bo").await.unwrap(), number);
    }
    assert_eq!(store.own_number("can").await.unwrap(), None);
}
