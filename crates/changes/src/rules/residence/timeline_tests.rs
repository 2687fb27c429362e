use super::*;
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{apply_changes, believe};
use jiff::{ToSpan, civil::date};
use proptest::prelude::*;
use std::sync::Arc;

const FIRST: Date = date(2026, 1, 1);
const DAYS: i64 = 40;

fn day(offset: i64) -> Date {
    FIRST.saturating_add(offset.days())
}

fn number() -> PersonalNumber {
    PersonalNumber::from_value(1_099_000_001).unwrap()
}

fn home(place: u32) -> Residence {
    Residence {
        permanent_commune: CommuneCode::from_value(place),
        permanent_address: Some(format!("Số {place}")),
        household: Some(format!("H{place}").parse().unwrap()),
        relation_to_head: Some(Relation::Head),
        ..Residence::NOWHERE
    }
}

fn temporary(place: u32) -> TemporaryResidence {
    TemporaryResidence {
        commune: CommuneCode::from_value(place).unwrap(),
        address: Some("Nhà trọ".to_owned()),
        since: Some(FIRST),
    }
}

fn write(facts: &mut Vec<Fact>, second: i64, beliefs: &[Belief]) {
    let at = Timestamp::from_second(second).unwrap();
    let changes = believe(facts, number(), beliefs, at, &Arc::from("test"));
    apply_changes(facts, &changes);
}

/// A history of moves, each for some days or for good.
fn history(moves: &[(i64, Option<i64>, u32)]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (index, (from, length, place)) in moves.iter().enumerate() {
        let valid_to = length.map(|length| day(from + length));
        let belief = Belief { value: FactValue::Residence(home(*place)), valid_from: day(*from), valid_to };
        write(&mut facts, i64::try_from(index).unwrap() + 1, &[belief]);
    }
    facts
}

fn moves() -> impl Strategy<Value = Vec<(i64, Option<i64>, u32)>> {
    proptest::collection::vec((0..DAYS, proptest::option::of(1..DAYS), 1_u32..5), 0..6)
}

#[test]
fn a_temporary_stay_over_two_moves_keeps_the_permanent_part_of_each() {
    let facts = history(&[(0, None, 1), (10, None, 2)]);
    let mut timeline = Timeline::of(&facts);
    let beliefs = timeline.rewrite(day(5), Some(day(15)), with_temporary(Some(temporary(9))));
    let days: Vec<_> = beliefs.iter().map(|belief| (belief.valid_from, belief.valid_to)).collect();
    assert_eq!(days, [(day(5), Some(day(10))), (day(10), Some(day(15)))]);
    assert!(timeline.on(day(9)).permanent_commune == CommuneCode::from_value(1));
    assert!(timeline.on(day(10)).permanent_commune == CommuneCode::from_value(2));
    assert!(timeline.on(day(14)).temporary.is_some() && timeline.on(day(15)).temporary.is_none());
}

#[test]
fn a_run_ends_where_its_part_changes_and_where_nothing_is_known() {
    let facts = history(&[(0, Some(10), 1), (10, Some(5), 2), (20, None, 2)]);
    let timeline = Timeline::of(&facts);
    assert_eq!(timeline.run_around(day(3), is_same_permanent_place), Some((day(0), Some(day(10)))));
    assert_eq!(timeline.run_around(day(12), is_same_permanent_place), Some((day(10), Some(day(15)))));
    assert_eq!(timeline.run_around(day(17), is_same_permanent_place), None);
    assert_eq!(timeline.run_around(day(12), is_same_temporary), Some((day(0), Some(day(15)))));
    assert!(timeline.permanent_changes_after(day(3)));
    assert!(!timeline.permanent_changes_after(day(20)));
}

#[test]
fn what_was_known_before_an_instant_leaves_out_what_it_wrote() {
    let facts = history(&[(0, None, 1), (10, None, 2)]);
    let before = Timeline::known_before(&facts, Timestamp::from_second(2).unwrap());
    assert!(before.on(day(12)).permanent_commune == CommuneCode::from_value(1));
    assert!(Timeline::known_before(&facts, Timestamp::from_second(1).unwrap()) == Timeline::default());
}

proptest! {
    /// The register's own way of believing and the picture in memory agree on every day.
    #[test]
    fn beliefs_of_a_rewriting_do_to_the_history_what_it_did_to_the_timeline(
        moves in moves(),
        changes in proptest::collection::vec((0..DAYS, proptest::option::of(1..DAYS), 0_u32..4), 1..5),
    ) {
        let mut facts = history(&moves);
        let mut timeline = Timeline::of(&facts);
        for (index, (from, length, place)) in changes.into_iter().enumerate() {
            let to = length.map(|length| day(from + length));
            let before = timeline.clone();
            let beliefs = timeline.rewrite(day(from), to, with_temporary((place > 0).then(|| temporary(place))));
            write(&mut facts, 100 + i64::try_from(index).unwrap(), &beliefs);
            let stored = Timeline::of(&facts);
            for offset in -1..=2 * DAYS {
                let (was, is) = (before.on(day(offset)), timeline.on(day(offset)));
                prop_assert!(stored.on(day(offset)) == is);
                prop_assert!(has_same_permanent_part(was, is));
                let is_within = offset >= from && length.is_none_or(|length| offset < from + length);
                let expected = if is_within { (place > 0).then(|| temporary(place)) } else { was.temporary.clone() };
                prop_assert!(is.temporary == expected);
            }
        }
    }

    #[test]
    fn the_stretches_within_some_days_cover_them_without_gap_or_overlap(
        moves in moves(), from in 0..DAYS, length in proptest::option::of(1..DAYS),
    ) {
        let timeline = Timeline::of(&history(&moves));
        let to = length.map(|length| day(from + length));
        let stretches = timeline.within(day(from), to);
        prop_assert_eq!(stretches.first().map(|stretch| stretch.from), Some(day(from)));
        prop_assert_eq!(stretches.last().map(|stretch| stretch.to), Some(to));
        for pair in stretches.windows(2) {
            prop_assert_eq!(pair[0].to, Some(pair[1].from));
        }
        for stretch in &stretches {
            prop_assert!(stretch.to.is_none_or(|end| stretch.from < end));
            prop_assert!(timeline.on(stretch.from) == &stretch.home);
        }
    }
}
