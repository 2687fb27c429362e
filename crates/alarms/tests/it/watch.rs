//! What is an alarm and what is not, and what people do about one.

use crate::world::{ASKED, Asked, LOG, World};
use dancu_alarms::{
    Alarm, AlarmDeed, AlarmError, AlarmId, AlarmKind, AlarmState, AlarmStore, Counting, Measure, Place,
};
use dancu_core::Clock;
use dancu_exchange::{Author, Ceiling, LifeError, Side};
use dancu_ledger::Channel;
use jiff::SignedDuration;

fn operator(id: &str) -> Author {
    Author { id: id.to_owned(), name: "Thử".to_owned(), side: Side::Operator }
}

fn kinds(alarms: &[Alarm]) -> Vec<AlarmKind> {
    let mut kinds: Vec<_> = alarms.iter().map(|alarm| alarm.found.kind).collect();
    kinds.sort_unstable();
    kinds
}

/// Numbers that are far from each other.
fn spread(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(|turn| 1_060_000_011 + turn * 1_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_work_raises_nothing() {
    let world = World::open().await;
    for subject in spread(100) {
        world.ask(Asked { subject, ..ASKED });
    }
    // A person is looked at again and again by the same desk.
    for _ in 0..30 {
        world.ask(Asked { client: "desk", reference: "le.tan", channel: Channel::Reception, ..ASKED });
    }
    let (summary, alarms) = world.found().await;
    assert_eq!((summary.looks, summary.raised, summary.left_out), (130, 0, 0));
    assert_eq!(alarms, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_who_looks_at_the_own_circle_is_seen() {
    let world = World::open().await;
    world.store.put_own_number("can.bo", Some("001090000017".parse().unwrap())).await.unwrap();
    let look = Asked { client: "desk", channel: Channel::Office, ..ASKED };
    // A stranger, and the circle of somebody who declared no number.
    world.ask(Asked { reference: "can.bo: Hồ sơ 12/2026", subject: 1_070_000_001, ..look });
    world.ask(Asked { reference: "can.bo.khac", ..look });
    assert_eq!(world.found().await.1, []);
    // Oneself, father, wife, brother, child.
    let circle = [1_090_000_017, 1_060_000_011, 1_192_000_022, 1_095_000_031, 1_215_000_041];
    for subject in circle {
        world.ask(Asked { reference: "can.bo: Hồ sơ 13/2026", subject, ..look });
    }
    let (_, alarms) = world.found().await;
    let alarm = &alarms[0];
    assert_eq!(kinds(&alarms), [AlarmKind::OwnRelatives]);
    assert_eq!((alarm.evidence.looks, alarm.found.staff.as_deref()), (5, Some("can.bo")));
    let places: Vec<u64> = alarm.evidence.places.iter().map(|place| place.index).collect();
    assert_eq!(places, [2, 3, 4, 5, 6]);
    let kept = format!("{alarm:?}");
    for number in circle {
        assert!(!kept.contains(&number.to_string()), "evidence is places, never numbers");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_look_at_one_person_are_seen_over_two_logs() {
    let world = World::open().await;
    let shops: Vec<String> = (0..8).map(|shop| format!("shop-{shop}")).collect();
    for (turn, shop) in shops.iter().enumerate().take(7) {
        world.ask_in(turn % 2, Asked { client: shop, ..ASKED });
        world.ask_in(turn % 2, Asked { client: shop, ..ASKED });
    }
    assert_eq!(world.found().await.1, [], "seven");
    world.ask(Asked { client: &shops[7], ..ASKED });
    let (_, alarms) = world.found().await;
    assert_eq!(kinds(&alarms), [AlarmKind::ManyLookers]);
    let evidence = &alarms[0].evidence;
    assert_eq!((evidence.measured, evidence.looks, evidence.places.len()), (8, 15, 8));
    assert!(alarms[0].found.contract.is_none() && alarms[0].found.organisation.is_none());
    // On another day they are other looks.
    let world = World::open().await;
    for (turn, shop) in shops.iter().enumerate() {
        let at = if turn < 4 { "2026-11-23T03:00:00Z" } else { "2026-11-24T03:00:00Z" };
        world.ask(Asked { client: shop, at, ..ASKED });
    }
    assert_eq!(world.found().await.1, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_at_night_is_seen_and_one_by_day_is_not() {
    let world = World::open().await;
    for (at, expected) in [("2026-11-23T02:10:00Z", 0), ("2026-11-23T18:10:00Z", 1)] {
        for subject in spread(20) {
            world.ask(Asked { client: "shop-1", at, subject, ..ASKED });
        }
        let (_, alarms) = world.found().await;
        assert_eq!(alarms.len(), expected);
        assert!(alarms.iter().all(|alarm| alarm.found.kind == AlarmKind::OffHours));
    }
    // As many through a whole night are no burst.
    let world = World::open().await;
    for (hour, subject) in (11..24).zip(spread(13)) {
        world.ask(Asked { client: "shop-1", at: &format!("2026-11-22T{hour}:00:00Z"), subject, ..ASKED });
    }
    assert_eq!(world.found().await.1, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbouring_numbers_are_seen_in_either_direction() {
    for step in [1_i64, -3] {
        let world = World::open().await;
        for turn in 0..11 {
            world.ask(Asked { subject: 1_090_000_500_u64.wrapping_add_signed(turn * step), ..ASKED });
        }
        assert_eq!(world.found().await.1, []);
        world.ask(Asked { subject: 1_090_000_500_u64.wrapping_add_signed(11 * step), ..ASKED });
        assert_eq!(kinds(&world.found().await.1), [AlarmKind::Sequence], "{step}");
    }
    // A household's numbers, four apart, with strangers between.
    let world = World::open().await;
    for turn in 0..40 {
        let subject = 1_090_000_500 + turn * 4;
        world.ask(Asked { subject, ..ASKED });
    }
    assert_eq!(world.found().await.1, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_seen_by_what_it_does_not_find() {
    let world = World::open().await;
    for (turn, subject) in spread(50).enumerate() {
        let answer = if turn % 10 < 4 { "match" } else { "differs" };
        world.ask(Asked { client: "shop-1", subject, answer, ..ASKED });
    }
    let (_, alarms) = world.found().await;
    assert_eq!(kinds(&alarms), [AlarmKind::Guesses]);
    assert_eq!((alarms[0].evidence.measured, alarms[0].evidence.looks), (60, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn far_more_than_the_declared_work_is_seen() {
    let world = World::open().await;
    // The bank declared 100 a day: half as many again is where it begins.
    for subject in spread(150) {
        world.ask(Asked { subject, ..ASKED });
    }
    assert_eq!(world.found().await.1, []);
    world.ask(Asked { subject: 1_055_000_001, ..ASKED });
    let (_, alarms) = world.found().await;
    assert_eq!(kinds(&alarms), [AlarmKind::BeyondCaseload]);
    assert_eq!((alarms[0].evidence.measured, alarms[0].evidence.threshold), (151, 150));
    // A client that declared nothing is watched for its staff alone.
    let world = World::open().await;
    for (turn, subject) in spread(300).enumerate() {
        let reference = if turn < 299 { "can.bo: việc 1234567" } else { "can.bo.khac" };
        let channel = if turn % 2 == 0 { Channel::Office } else { Channel::Reception };
        world.ask(Asked { client: "desk", reference, channel, subject, ..ASKED });
    }
    assert_eq!(world.found().await.1, [], "299 of one and 1 of another");
    world.ask(Asked { client: "desk", reference: "can.bo", channel: Channel::Office, ..ASKED });
    assert_eq!(kinds(&world.found().await.1), [AlarmKind::BeyondCaseload]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_starts_again_goes_on_where_it_was() {
    let world = World::open().await;
    for subject in spread(12) {
        world.ask(Asked { client: "shop-1", at: "2026-11-23T18:10:00Z", subject, ..ASKED });
    }
    let mut watch = world.watch().await;
    let summary = watch.round(Counting::Now).await.unwrap();
    assert_eq!((summary.looks, summary.raised), (12, 0));
    assert_eq!(watch.round(Counting::Now).await.unwrap().looks, 0, "nothing is new");
    drop(watch);
    for subject in spread(8) {
        world.ask(Asked { client: "shop-1", at: "2026-11-23T18:50:00Z", subject, ..ASKED });
    }
    let (summary, alarms) = world.found().await;
    assert_eq!((summary.looks, summary.raised), (20, 1), "the day is gone through again: twelve and eight");
    let (again, same) = world.found().await;
    assert_eq!((again.raised, &same), (0, &alarms), "the same alarm, once");
    let next_day = Asked { client: "shop-1", at: "2026-11-24T18:10:00Z", ..ASKED };
    world.ask(next_day);
    world.found().await;
    let cursors = world.store.alarm_cursors().await.unwrap();
    assert_eq!(
        (cursors[0].log.as_str(), cursors[0].day_start, cursors[0].next),
        (&*format!("{LOG}0"), 20, 21)
    );
    assert_eq!(world.found().await.0.looks, 1, "the day before is over");
}

async fn night(world: &World) -> AlarmId {
    for subject in spread(20) {
        let staff = Asked { client: "desk", reference: "van.hanh", channel: Channel::Reception, ..ASKED };
        world.ask(Asked { at: "2026-11-22T18:10:00Z", subject, ..staff });
    }
    let (_, alarms) = world.found().await;
    assert_eq!(alarms[0].evidence.places[0], Place { log: format!("{LOG}0"), index: 0 });
    alarms[0].id
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_whom_it_concerns_does_not_decide_and_others_do_with_a_reason() {
    let world = World::open().await;
    let id = night(&world).await;
    let service = &world.service;
    let agency = Side::Agency { organisation: "o-desk".parse().unwrap() };
    let agency = Author { side: agency, ..operator("khac") };
    for by in [operator("van.hanh"), agency] {
        assert!(matches!(service.take(id, &by).await, Err(AlarmError::Concerned)));
        let decided = service.decide(id, &by, AlarmState::Explained, "Trực đêm").await;
        assert!(matches!(decided, Err(AlarmError::Concerned)));
    }
    let by = operator("kiem.tra");
    for wrong in ["", " ", "Của 001090000017"] {
        let decided = service.decide(id, &by, AlarmState::Explained, wrong).await;
        assert!(matches!(decided, Err(AlarmError::Note)));
    }
    service.take(id, &by).await.unwrap();
    let decided = service.decide(id, &by, AlarmState::Explained, "Trực đêm theo lịch").await.unwrap();
    assert_eq!(
        (decided.care.state, decided.care.owner.as_deref()),
        (AlarmState::Explained, Some("kiem.tra"))
    );
    assert_eq!(decided.care.notice, None, "what was explained owes nothing");
    let again = service.decide(id, &by, AlarmState::Upheld, "Nghĩ lại").await;
    assert!(matches!(again, Err(AlarmError::NoSuchStep)), "first it is opened again");
    service.decide(id, &by, AlarmState::Open, "Lịch trực không có tên").await.unwrap();
    let upheld =
        service.decide(id, &operator("truong.phong"), AlarmState::Upheld, "Không có lịch").await.unwrap();
    let due = upheld.care.notice.unwrap().due;
    assert_eq!(due, world.clock.now() + SignedDuration::from_hours(24), "within a day");
    assert_eq!(upheld.care.moves.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_lowered_at_once_and_holds_until_its_end() {
    let world = World::open().await;
    let id = night(&world).await;
    let by = operator("kiem.tra");
    let limits = || {
        let caller = world.directory.caller(&"desk".parse().unwrap()).unwrap();
        (caller.contract.daily_limit, caller.contract.per_second_max)
    };
    let ceiling = Ceiling {
        daily_limit: 50,
        per_second_max: 100,
        until: world.clock.now() + SignedDuration::from_hours(48),
    };
    assert_eq!(limits(), (1_000, 9));
    let higher = Ceiling { daily_limit: 2_000, ..ceiling };
    let refused = world.service.measure(id, &by, Measure::Tighten(higher), "Đang xác minh").await;
    assert!(matches!(refused, Err(AlarmError::Life(LifeError::Ceiling))));
    let alarm = world.service.measure(id, &by, Measure::Tighten(ceiling), "Đang xác minh").await.unwrap();
    assert_eq!(limits(), (50, 9), "the lower of two, from the next request on");
    assert!(alarm.care.notice.is_some(), "the agency must be told");
    assert_eq!(alarm.care.moves.last().unwrap().deed, AlarmDeed::Tightened);
    assert_eq!(world.life.end_ceilings().await, Ok(0));
    world.clock.advance(SignedDuration::from_hours(48));
    assert_eq!(world.life.end_ceilings().await, Ok(1));
    assert_eq!(limits(), (1_000, 9));
    assert_eq!(world.life.end_ceilings().await, Ok(0), "once");
    // Whatever is decided: of what was done to it the agency is told.
    world.service.decide(id, &by, AlarmState::Explained, "Trực đêm").await.unwrap();
    let told = world.service.notify(id, &by, "Đã hạ mức trong lúc xác minh").await.unwrap();
    assert!(told.care.notice.unwrap().given_at.is_some());
    assert!(matches!(world.service.notify(id, &by, "Lần nữa").await, Err(AlarmError::NoSuchStep)));
    assert_eq!(world.service.notices(&"o-desk".parse().unwrap()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_suspended_from_an_alarm() {
    let world = World::open().await;
    let id = night(&world).await;
    let alarm =
        world.service.measure(id, &operator("kiem.tra"), Measure::Suspend, "Nghi lộ khóa").await.unwrap();
    let caller = world.directory.caller(&"desk".parse().unwrap()).unwrap();
    assert!(caller.check_standing(world.clock.today()).is_err());
    assert!(alarm.care.notice.unwrap().is_overdue(world.clock.now() + SignedDuration::from_hours(25)));
}
