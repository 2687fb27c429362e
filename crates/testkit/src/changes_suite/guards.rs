//! What stops a commit: another one under its identifier, or a change of what was looked at.

use super::desk::{
    Desk, TODAY, at, commune, contact, family, home, household, id, identity, noted, number, sealed, since,
};
use crate::{FakeClock, register_suite::load_one};
use dancu_changes::{Committed, UnitChange};
use dancu_register::{FactKind, FactValue, NumberState};
use jiff::civil::date;

pub(super) async fn an_identifier_is_used_once(desk: &Desk) {
    let first = desk.commit_of(1, 1, 1, &[since(contact("0912345671"), TODAY)]).await;
    assert_eq!(desk.commit(first.clone()).await, Committed::Done);
    let known = Committed::Known { event: Box::new(first.event.clone()), digest: first.digest };
    assert_eq!(desk.commit(first.clone()).await, known, "the same again, with guards that no longer hold");
    let mut other = desk.commit_of(1, 2, 2, &[since(contact("0912345672"), TODAY)]).await;
    other.digest = [9; 32];
    assert_eq!(desk.commit(other).await, known, "another command under the same identifier");
    assert_eq!(desk.version(1).await, Some(at(1)));
    assert_eq!(desk.version(2).await, None);
    assert_eq!(desk.outbox().await.len(), 1);
    assert_eq!(desk.store.count_persons().await.expect("reads"), 1);
}

/// A commit that was worked out before something else happened, and what it would have left behind.
async fn is_stopped(desk: &Desk, late: dancu_changes::Commit) {
    let (event, outbox) = (late.event.id, desk.outbox().await);
    let whose: Vec<_> = late.changes.iter().map(|(number, _)| *number).collect();
    let mut before = Vec::new();
    for number in &whose {
        before.push(desk.store.record(*number).await.expect("reads"));
    }
    let count = desk.store.count_persons().await.expect("reads");
    assert_eq!(desk.commit(late).await, Committed::Stale);
    for (number, before) in whose.iter().zip(before) {
        assert_eq!(desk.store.record(*number).await.expect("reads"), before);
    }
    assert_eq!(desk.store.event(event).await.expect("reads"), None);
    assert_eq!(desk.outbox().await, outbox);
    assert_eq!(desk.store.count_persons().await.expect("reads"), count);
}

pub(super) async fn a_person_changed_meanwhile_stops_a_commit(desk: &Desk) {
    desk.state(1, 1, &[since(contact("0912345671"), TODAY)]).await;
    let late = desk.commit_of(9, 9, 1, &[since(contact("0912345679"), TODAY)]).await;
    desk.state(2, 1, &[since(contact("0912345672"), TODAY)]).await;
    is_stopped(desk, late).await;
    assert_eq!(desk.phone(1).await.as_deref(), Some("0912345672"));
    let again = desk.commit_of(9, 9, 1, &[since(contact("0912345679"), TODAY)]).await;
    assert_eq!(desk.commit(again).await, Committed::Done, "decided anew under the same identifier");
    let mut guarded = desk.commit_of(10, 10, 2, &[since(contact("0912345670"), TODAY)]).await;
    guarded.guards.persons.push((number(1), Some(at(2))));
    is_stopped(desk, guarded).await;
}

pub(super) async fn a_sealed_value_or_a_note_meanwhile_stops_a_commit(desk: &Desk) {
    desk.state(1, 1, &[since(contact("0912345671"), TODAY)]).await;
    let late = desk.commit_of(9, 9, 1, &[since(contact("0912345679"), TODAY)]).await;
    desk.state(2, 1, &[since(sealed(FactKind::BloodGroup, b"one"), TODAY)]).await;
    is_stopped(desk, late).await;
    let late = desk.commit_of(9, 9, 1, &[since(contact("0912345679"), TODAY)]).await;
    assert_eq!(desk.commit(noted(id(3), 3, &[number(1)])).await, Committed::Done);
    is_stopped(desk, late).await;
}

pub(super) async fn a_number_that_was_free_is_guarded_too(desk: &Desk) {
    let late = desk.commit_of(9, 9, 1, &[since(contact("0912345679"), TODAY)]).await;
    assert_eq!(late.guards.persons, [(number(1), None)]);
    desk.state(1, 1, &[since(contact("0912345671"), TODAY)]).await;
    is_stopped(desk, late).await;
}

pub(super) async fn a_newcomer_in_a_household_stops_a_commit(desk: &Desk) {
    let residence = |name| since(FactValue::Residence(home(4, Some(name))), TODAY);
    desk.state(1, 1, &[residence("HK-1")]).await;
    let mut late = desk.commit_of(9, 9, 2, &[residence("HK-1")]).await;
    late.guards.households = vec![(household("HK-1"), 1), (household("HK-2"), 0)];
    desk.state(2, 3, &[residence("HK-2")]).await;
    is_stopped(desk, late.clone()).await;
    late.guards.households = vec![(household("HK-1"), 1), (household("HK-2"), 1)];
    assert_eq!(desk.commit(late).await, Committed::Done);
    // Whoever left counts as well: the index only grows.
    desk.state(11, 2, &[residence("HK-2")]).await;
    let ever = desk.store.ever_in_household(&household("HK-1"), 10).await.expect("reads");
    assert_eq!(ever, [number(1), number(2)]);
}

pub(super) async fn a_new_relative_stops_a_commit(desk: &Desk) {
    let child = |parent| since(family(Some(parent), None, None), TODAY);
    desk.state(1, 2, &[child(1)]).await;
    let mut late = desk.commit_of(9, 9, 4, &[child(1)]).await;
    late.guards.relatives = vec![(number(1), 1), (number(7), 0)];
    desk.state(2, 3, &[child(1)]).await;
    is_stopped(desk, late.clone()).await;
    late.guards.relatives = vec![(number(1), 2), (number(7), 0)];
    assert_eq!(desk.commit(late).await, Committed::Done);
    assert_eq!(desk.store.ever_related(number(1), 10).await.expect("reads"), [2, 3, 4].map(number));
}

pub(super) async fn an_event_is_taken_back_once(desk: &Desk) {
    desk.state(1, 1, &[since(contact("0912345671"), TODAY)]).await;
    let mut back = desk.commit_of(2, 2, 1, &[since(contact("0912345672"), TODAY)]).await;
    back.takes_back = Some(id(1));
    assert_eq!(desk.commit(back).await, Committed::Done);
    assert_eq!(desk.store.taken_back_by(id(1)).await.expect("reads"), Some(id(2)));
    let mut again = desk.commit_of(3, 3, 1, &[since(contact("0912345673"), TODAY)]).await;
    again.takes_back = Some(id(1));
    is_stopped(desk, again).await;
    assert_eq!(desk.store.taken_back_by(id(1)).await.expect("reads"), Some(id(2)));
    assert_eq!(desk.store.taken_back_by(id(2)).await.expect("reads"), None);
}

/// A load that came between would otherwise be recorded before the last instant of the person, and no guard would
/// see it.
pub(super) async fn a_load_is_recorded_behind_sealed_values_and_notes(desk: &Desk) {
    let clock = FakeClock::at("2026-11-01T00:00:00Z");
    load_one(&*desk.store, &clock, number(1), "0912345671").await;
    desk.state(1, 1, &[since(identity("Trần Thị Lan"), date(1985, 3, 2))]).await;
    desk.state(2, 1, &[since(sealed(FactKind::Religion, b"one"), TODAY)]).await;
    assert_eq!(desk.commit(noted(id(3), 3, &[number(1)])).await, Committed::Done);
    let late = desk.commit_of(9, 9, 1, &[since(contact("0912345679"), TODAY)]).await;
    load_one(&*desk.store, &clock, number(1), "0912345672").await;
    assert!(desk.version(1).await > Some(at(3)));
    is_stopped(desk, late).await;
}

/// Two that were decided at once could give one commune to two others.
pub(super) async fn a_merge_of_units_stops_another_one(desk: &Desk) {
    let merge = |serial: u32| {
        let mut commit = noted(id(serial.into()), serial.into(), &[]);
        let (from, into, name) = (commune(4), commune(serial), "Phường Mới".to_owned());
        commit.units = vec![UnitChange { from, into, name, on: TODAY, event: commit.event.id }];
        commit.guards.units = Some(0);
        commit
    };
    assert_eq!(desk.commit(merge(8)).await, Committed::Done);
    let mut late = merge(9);
    is_stopped(desk, late.clone()).await;
    assert_eq!(desk.store.unit_changes().await.expect("reads").len(), 1);
    late.guards.units = Some(1);
    assert_eq!(desk.commit(late).await, Committed::Done);
}

/// A file of before would otherwise bring whoever bears another number now to life a second time.
pub(super) async fn a_file_says_nothing_of_a_number_out_of_use(desk: &Desk) {
    let clock = FakeClock::at("2026-11-01T00:00:00Z");
    let states = [NumberState::Cancelled, NumberState::ReplacedBy(number(9))];
    for (serial, state) in (1_u32..).zip(states) {
        let whose = u64::from(serial);
        desk.state(serial, whose, &[since(FactValue::Number(state), TODAY)]).await;
        let before = desk.store.record(number(whose)).await.expect("reads");
        load_one(&*desk.store, &clock, number(whose), "0912345671").await;
        assert_eq!(desk.store.record(number(whose)).await.expect("reads"), before);
    }
    desk.state(3, 3, &[since(FactValue::Number(NumberState::InPlaceOf(number(1))), TODAY)]).await;
    load_one(&*desk.store, &clock, number(3), "0912345671").await;
    assert_eq!(desk.phone(3).await.as_deref(), Some("0912345671"));
}
