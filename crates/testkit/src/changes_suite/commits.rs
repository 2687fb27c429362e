//! What one commit leaves behind.

use super::desk::{Desk, TODAY, at, commune, contact, family, id, identity, noted, number, sealed, since};
use dancu_changes::{Actor, CommandId, Committed, Cursor};
use dancu_register::{At, Belief, FactKind, KindSet, person_at};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use std::sync::Arc;

const BORN: Date = date(1985, 3, 2);

pub(super) async fn an_empty_store_holds_nothing(desk: &Desk) {
    let record = desk.store.record(number(1)).await.expect("reads");
    assert_eq!((record.facts, record.version), (Vec::new(), None));
    assert_eq!(desk.store.event(id(1)).await.expect("reads"), None);
    assert_eq!(desk.store.taken_back_by(id(1)).await.expect("reads"), None);
    assert_eq!(desk.store.events_of(number(1), None, 10).await.expect("reads"), []);
    assert_eq!(desk.store.sealed_history(number(1)).await.expect("reads"), []);
    assert_eq!(desk.store.outbox_end().await.expect("reads"), Cursor::default());
    assert_eq!(desk.outbox().await, []);
    assert_eq!(desk.store.unit_changes().await.expect("reads"), []);
    assert_eq!(desk.store.remove_stays(TODAY, 10).await.expect("writes"), 0);
}

pub(super) async fn a_commit_is_seen_everywhere(desk: &Desk) {
    let commit = desk
        .commit_of(7, 7, 1, &[since(identity("Trần Thị Lan"), BORN), since(contact("0912345678"), TODAY)])
        .await;
    assert_eq!(desk.commit(commit.clone()).await, Committed::Done);
    let record = desk.store.record(number(1)).await.expect("reads");
    assert_eq!(record.version, Some(at(7)));
    assert_eq!(record.facts, desk.store.history(number(1)).await.expect("reads"));
    let kinds: Vec<_> = record.facts.iter().map(|fact| fact.value.kind()).collect();
    assert_eq!(kinds, [FactKind::Identity, FactKind::Contact]);
    assert!(
        record
            .facts
            .iter()
            .all(|fact| fact.recorded_from == at(7) && &*fact.source == "change_contact:00004")
    );
    assert_eq!(desk.phone(1).await.as_deref(), Some("0912345678"));
    let stored = desk.store.event(id(7)).await.expect("reads");
    assert_eq!(stored, Some((commit.event.clone(), commit.digest)));
    assert_eq!(desk.store.events_of(number(1), None, 10).await.expect("reads"), [commit.event]);
    let outbox = desk.outbox().await;
    assert_eq!(outbox.len(), 1);
    assert_eq!((outbox[0].number, outbox[0].event, outbox[0].recorded_at), (number(1), id(7), at(7)));
    assert_eq!(outbox[0].kinds, kinds.into_iter().collect::<KindSet>());
    assert_eq!(desk.store.outbox_end().await.expect("reads"), outbox[0].cursor);
    assert_eq!(desk.store.count_persons().await.expect("reads"), 1);
}

pub(super) async fn an_event_may_concern_several_persons_and_change_one(desk: &Desk) {
    desk.state(1, 1, &[since(identity("Trần Thị Lan"), BORN)]).await;
    let mut commit = noted(id(2), 2, &[number(1), number(2), number(3)]);
    commit.changes[1].1 = desk.writes(2, 2, &[since(contact("0912345678"), TODAY)]).await;
    assert_eq!(desk.commit(commit.clone()).await, Committed::Done);
    for serial in 1..=3 {
        let events = desk.store.events_of(number(serial), None, 1).await.expect("reads");
        assert_eq!(events, [commit.event.clone()]);
        assert_eq!(desk.version(serial).await, Some(at(2)));
    }
    let told: Vec<_> = desk.outbox().await.iter().map(|entry| entry.number).collect();
    assert_eq!(told, [number(1), number(2)], "who was only noted is not in the feed");
    assert_eq!(desk.store.count_persons().await.expect("reads"), 2);
}

pub(super) async fn sealed_values_stay_apart(desk: &Desk) {
    desk.state(1, 1, &[since(identity("Trần Thị Lan"), BORN)]).await;
    desk.state(2, 1, &[since(sealed(FactKind::Ethnicity, b"one"), BORN)]).await;
    desk.state(3, 1, &[since(sealed(FactKind::Portrait, &vec![7; 60_000]), TODAY)]).await;
    desk.state(4, 1, &[since(sealed(FactKind::Ethnicity, b"two"), BORN)]).await;
    let history = desk.store.history(number(1)).await.expect("reads");
    assert!(history.iter().all(|fact| !fact.value.kind().is_sealed()) && history.len() == 1);
    let record = desk.store.record(number(1)).await.expect("reads");
    assert_eq!((record.facts, record.version), (history, Some(at(4))));
    let now = At { as_of: TODAY, known_at: at(10) };
    let everything = FactKind::SEALED.into_iter().collect::<KindSet>();
    assert_eq!(desk.store.person_now(number(1), now, everything).await.expect("reads"), None);
    let person = desk.person(1, now).await.expect("known");
    assert!(FactKind::SEALED.iter().all(|kind| person.held(*kind).is_none()));
    let sealed_history = desk.store.sealed_history(number(1)).await.expect("reads");
    let rows: Vec<_> =
        sealed_history.iter().map(|fact| (fact.value.kind(), fact.recorded_from, fact.recorded_to)).collect();
    assert_eq!(
        rows,
        [
            (FactKind::Ethnicity, at(2), Some(at(4))),
            (FactKind::Ethnicity, at(4), None),
            (FactKind::Portrait, at(3), None)
        ]
    );
    assert_eq!(sealed_history[1].value, sealed(FactKind::Ethnicity, b"two"));
    assert_eq!(sealed_history[2].value, sealed(FactKind::Portrait, &vec![7; 60_000]));
    assert_eq!(desk.outbox().await.len(), 1, "the feed never tells of sealed values");
    assert_eq!(desk.store.events_of(number(1), None, 10).await.expect("reads").len(), 4);
}

pub(super) async fn sealed_and_other_values_of_one_event(desk: &Desk) {
    let beliefs = [since(identity("Trần Thị Lan"), BORN), since(sealed(FactKind::Religion, b"one"), BORN)];
    desk.state(1, 1, &beliefs).await;
    let outbox = desk.outbox().await;
    assert_eq!(outbox.len(), 1);
    assert_eq!(outbox[0].kinds, KindSet::EMPTY.with(FactKind::Identity));
    assert_eq!(desk.store.sealed_history(number(1)).await.expect("reads").len(), 1);
    assert_eq!(desk.store.count_persons().await.expect("reads"), 1);
}

pub(super) async fn persons_are_counted_once(desk: &Desk) {
    for (second, serial) in [(1, 1), (2, 2), (3, 1), (4, 3), (5, 2)] {
        desk.state(second, serial, &[since(contact(&format!("091234567{second}")), TODAY)]).await;
    }
    assert_eq!(desk.store.count_persons().await.expect("reads"), 3);
    let mut both = noted(id(6), 6, &[number(3), number(4), number(5)]);
    for (at, serial) in [(0, 3), (1, 4), (2, 5)] {
        both.changes[at].1 = desk.writes(serial, 6, &[since(family(Some(1), Some(2), None), BORN)]).await;
    }
    assert_eq!(desk.commit(both).await, Committed::Done);
    assert_eq!(desk.store.count_persons().await.expect("reads"), 5);
}

/// Beliefs about overlapping days; then every answer is compared with the pure rule on the history.
pub(super) async fn answers_agree_with_the_rule_on_both_times(desk: &Desk) {
    for step in 0_u32..24 {
        let day = |offset: u32| date(2020 + i16::try_from(offset % 6).expect("a year"), 1, 1);
        let valid_from = day(step * 7 % 5);
        let valid_to = (step % 3 == 0).then(|| day(step * 7 % 5 + 1)).filter(|end| *end > valid_from);
        let value = contact(&format!("09{:08}", step % 4));
        let commit = desk
            .commit_of(step.into(), step.into(), (step % 2).into(), &[Belief { value, valid_from, valid_to }])
            .await;
        assert_eq!(desk.commit(commit).await, Committed::Done);
    }
    for serial in 0..2 {
        let history = desk.store.history(number(serial)).await.expect("reads");
        assert!(history.iter().any(|fact| fact.recorded_to.is_some()));
        for second in -1..25 {
            for year in 2019..2028 {
                let at = At { as_of: date(year, 6, 15), known_at: at(second) };
                assert_eq!(desk.person(serial, at).await, person_at(&history, at), "{at:?}");
            }
        }
    }
}

pub(super) async fn events_of_a_person_come_by_pages_the_newest_first(desk: &Desk) {
    for second in 1..=5 {
        desk.state(second, u64::from(second % 2), &[since(contact(&format!("091234567{second}")), TODAY)])
            .await;
    }
    let ids = async |before: Option<Timestamp>, length_max| {
        let events = desk.store.events_of(number(1), before, length_max).await.expect("reads");
        events.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 10).await, [id(5), id(3), id(1)]);
    assert_eq!(ids(None, 2).await, [id(5), id(3)]);
    assert_eq!(ids(Some(at(3)), 2).await, [id(1)]);
    assert_eq!(ids(Some(at(1)), 2).await, []);
}

/// Events of a commune's own officers from an instant on.
async fn listed(
    desk: &Desk,
    code: u32,
    since: i64,
    after: Option<CommandId>,
    length_max: usize,
) -> Vec<CommandId> {
    let events = desk.store.events_of_commune(commune(code), at(since), after, length_max).await;
    events.expect("reads").iter().map(|event| event.id).collect()
}

pub(super) async fn events_of_a_commune_come_by_pages_the_newest_first(desk: &Desk) {
    for (serial, second, code) in [(1, 1, 4), (2, 2, 8), (3, 3, 4), (4, 3, 4), (5, 5, 4), (6, 5, 8)] {
        // Several events of one instant concern several persons.
        let mut commit = noted(id(serial), second, &[number(serial.try_into().expect("small"))]);
        commit.event.actor = Actor::Officer { id: "staff-1".to_owned(), commune: commune(code) };
        assert_eq!(desk.commit(commit).await, Committed::Done);
    }
    assert_eq!(listed(desk, 4, 0, None, 10).await, [id(5), id(4), id(3), id(1)]);
    assert_eq!(listed(desk, 8, 0, None, 10).await, [id(6), id(2)]);
    assert_eq!(listed(desk, 9, 0, None, 10).await, []);
    assert_eq!(listed(desk, 4, 3, None, 10).await, [id(5), id(4), id(3)], "the first instant is among them");
    assert_eq!(listed(desk, 4, 4, None, 10).await, [id(5)]);
    for length_max in 1..=5 {
        let (mut after, mut read) = (None, Vec::new());
        loop {
            let page = listed(desk, 4, 0, after, length_max).await;
            let Some(last) = page.last() else { break };
            assert!(page.len() <= length_max);
            after = Some(*last);
            read.extend(page);
        }
        assert_eq!(read, [id(5), id(4), id(3), id(1)], "{length_max}");
    }
    assert_eq!(listed(desk, 4, 0, Some(id(6)), 10).await, [id(5), id(4), id(3), id(1)]);
    assert_eq!(listed(desk, 4, 0, Some(id(2)), 10).await, [id(1)]);
    assert_eq!(listed(desk, 4, 0, Some(id(99)), 10).await, [], "one that is unknown");
}

pub(super) async fn stays_and_the_centres_events_are_on_no_desk(desk: &Desk) {
    let mut stay = noted(id(1), 1, &[]);
    stay.event.command = serde_json::from_value(serde_json::json!({
        "command": "notify_stay", "number": number(1), "address": {"commune": "00004", "line": "Số 1"},
        "from": "2026-11-20", "until": "2026-11-22",
    }))
    .expect("a command");
    let mut centre = noted(id(2), 2, &[number(2)]);
    centre.event.actor = Actor::Operator { id: "staff-2".to_owned() };
    for commit in [stay, centre, noted(id(3), 3, &[number(3)])] {
        assert_eq!(desk.commit(commit).await, Committed::Done);
    }
    assert_eq!(listed(desk, 4, 0, None, 10).await, [id(3)]);
}

pub(super) async fn the_outbox_comes_in_order_and_by_pages(desk: &Desk) {
    for second in 1..=7 {
        desk.state(second, u64::from(second % 3), &[since(contact(&format!("091234567{second}")), TODAY)])
            .await;
    }
    let whole = desk.outbox().await;
    let seconds: Vec<_> = whole.iter().map(|entry| entry.recorded_at).collect();
    assert_eq!(seconds, (1..=7).map(at).collect::<Vec<_>>());
    assert!(whole.is_sorted_by(|one, next| one.cursor < next.cursor));
    let (mut cursor, mut read) = (Cursor::default(), Vec::new());
    loop {
        let page = desk.store.outbox(cursor, 3).await.expect("reads");
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        cursor = last.cursor;
        read.extend(page);
    }
    assert_eq!(read, whole);
    assert_eq!(desk.store.outbox_end().await.expect("reads"), cursor);
    let text: Cursor = cursor.to_string().parse().expect("a cursor reads what it writes");
    assert_eq!(text, cursor);
}

pub(super) async fn old_entries_leave_the_outbox_and_its_start_says_so(desk: &Desk) {
    let remove =
        async |second, length_max| desk.store.remove_outbox(at(second), length_max).await.expect("removes");
    let start = async || desk.store.outbox_start().await.expect("reads");
    assert_eq!((remove(9, 10).await, start().await), (0, Cursor::default()), "there is nothing yet");
    for second in 1..=6 {
        desk.state(second, u64::from(second), &[since(contact(&format!("091234567{second}")), TODAY)]).await;
    }
    let whole = desk.outbox().await;
    assert_eq!((remove(1, 10).await, start().await), (0, Cursor::default()), "none is so old");
    assert_eq!((remove(5, 1).await, start().await), (1, whole[0].cursor), "one a time");
    assert_eq!((remove(5, 10).await, start().await), (3, whole[3].cursor));
    assert_eq!(desk.outbox().await, whole[4..]);
    assert_eq!((remove(9, 10).await, start().await), (1, whole[4].cursor), "the newest stays");
    assert_eq!((remove(9, 10).await, desk.outbox().await), (0, whole[5..].to_vec()));
    desk.state(7, 7, &[since(contact("0912345677"), TODAY)]).await;
    let end = desk.store.outbox_end().await.expect("reads");
    assert!(end > whole[5].cursor, "no place is given out twice");
}

pub(super) async fn many_records_are_read_as_each_of_them_is(desk: &Desk) {
    desk.state(1, 1, &[since(contact("0912345671"), TODAY)]).await;
    desk.state(2, 2, &[since(contact("0912345672"), TODAY)]).await;
    // Of the third there is a note and no fact; nobody knows the fourth.
    assert_eq!(desk.commit(noted(id(3), 3, &[number(3)])).await, Committed::Done);
    let asked = [2, 4, 3, 1, 2].map(number);
    let records = desk.store.records(&asked).await.expect("reads");
    assert_eq!(records.len(), asked.len());
    for (number, record) in asked.iter().zip(records) {
        assert_eq!(record, desk.store.record(*number).await.expect("reads"));
    }
}

pub(super) async fn reads_at_the_same_time_agree_with_the_histories(desk: &Desk) {
    for second in 1..=9_u32 {
        let whose = u64::from(second % 3) + 1;
        let from = TODAY.saturating_sub(jiff::Span::new().days(i64::from(second % 4)));
        let phone = since(contact(&format!("091234567{second}")), from);
        desk.state(second, whose, &[phone, since(identity(&"Lê Thị An ".repeat(second as usize)), from)])
            .await;
    }
    let contact_alone: KindSet = [FactKind::Contact].into_iter().collect();
    let mut reads = tokio::task::JoinSet::new();
    for turn in 0..300_u16 {
        let store = Arc::clone(&desk.store);
        // The fourth is nobody.
        let whose = number(u64::from(turn % 4) + 1);
        let as_of = TODAY.saturating_sub(jiff::Span::new().days(i64::from(turn % 6)));
        let point = At { as_of, known_at: at(i64::from(turn % 11)) };
        let kinds = if turn % 5 == 0 { contact_alone } else { KindSet::ALL };
        reads.spawn(async move {
            let person = store.person_now(whose, point, kinds).await.expect("reads");
            let mut history = store.history(whose).await.expect("reads");
            history.retain(|fact| kinds.contains(fact.value.kind()));
            assert_eq!(person, person_at(&history, point), "{turn}");
            person.is_some()
        });
    }
    let found = reads.join_all().await.into_iter().filter(|is_known| *is_known).count();
    assert!(found > 50, "{found} of them were known");
}
