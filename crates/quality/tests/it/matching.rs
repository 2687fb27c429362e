//! What holds of every run.

use crate::support::{Row, country, matched, named, row};
use dancu_quality::link::{Band, NoneReason, ReviewReason};
use proptest::prelude::*;

fn is_right(one: &str, other: &str) -> bool {
    one[1..] == other[1..]
}

#[test]
fn nearly_everybody_is_found_and_nobody_is_taken_for_another() {
    let (agency, register) = country(3000, 7);
    let (tables, outcome) = matched(&agency, Some(&register), 500);
    let links = named(&tables, &outcome);
    let automatic: Vec<_> = links.iter().filter(|link| link.3 == Band::Automatic).collect();
    let wrong = automatic.iter().filter(|link| !is_right(&link.0, &link.1)).count();
    assert_eq!(wrong, 0);
    assert!(automatic.len() * 100 >= agency.len() * 97, "{} of {}", automatic.len(), agency.len());
}

#[test]
fn every_row_is_matched_in_review_or_nobodys() {
    let (agency, register) = country(800, 3);
    let (tables, outcome) = matched(&agency, Some(&register), 100);
    let (matched, review, none) = outcome.rows_of(&tables.left, true, false);
    assert_eq!(matched + review + none, agency.len());
    assert_eq!(none, outcome.none_left.len());
    let (matched, review, none) = outcome.rows_of(tables.other(), false, false);
    assert_eq!(matched + review + none, register.len());
    assert_eq!(none, outcome.none_right.len());
}

#[test]
fn twins_and_others_of_a_family_are_never_linked_without_a_look() {
    let (mut agency, mut register) = country(600, 5);
    let twin = |id: &str, number: &str, name: &str| {
        row([id, number, name, "03/09/2001", "Nam", "Phường Ba Đình, Thành phố Hà Nội"])
    };
    register.push(twin("rA", "001201000777", "Trần Đức Hùng"));
    agency.push(twin("aB", "", "Trần Đức Hưng"));
    register.push(twin("rC", "001201000778", "Vũ Đức Thắng"));
    agency.push(twin("aD", "001201000778", "Vũ Đức Anh"));
    register.push(twin("rE", "001201000779", "Lê Minh Tuấn"));
    agency.push(twin("aF", "079099123456", "Lê Minh Tuấn"));
    let (tables, outcome) = matched(&agency, Some(&register), 1000);
    let reason = |id: &str| {
        let link = outcome.links.iter().find(|link| tables.left.id(link.left) == id)?;
        link.reason
    };
    assert_eq!(reason("aB"), Some(ReviewReason::MayBeTwin));
    assert_eq!(reason("aD"), Some(ReviewReason::GivenNameDiffers));
    assert_eq!(reason("aF"), Some(ReviewReason::NumberDiffers));
}

#[test]
fn rows_of_one_person_in_one_file_come_together() {
    let (mut agency, register) = country(1000, 9);
    agency.extend(register);
    let (tables, outcome) = matched(&agency, None, 300);
    let mut wrong = 0;
    for (row, first) in (0_u32..).zip(&outcome.clusters) {
        wrong += u32::from(!is_right(tables.left.id(row), tables.left.id(*first)));
    }
    assert_eq!(wrong, 0);
    let mut clusters = outcome.clusters.clone();
    clusters.sort_unstable();
    clusters.dedup();
    assert!((1000..1100).contains(&clusters.len()), "{}", clusters.len());
}

#[test]
fn a_person_who_stands_twice_in_a_file_is_linked_once_and_told() {
    let (mut agency, register) = country(400, 11);
    let mut again = agency[5].clone();
    again[0] = "twice".to_owned();
    agency.push(again);
    let (tables, outcome) = matched(&agency, Some(&register), 64);
    let person = [agency[5][0].as_str(), "twice"];
    let linked = outcome.links.iter().filter(|link| person.contains(&tables.left.id(link.left)));
    assert_eq!(linked.filter(|link| link.band == Band::Automatic).count(), 1);
    let none = outcome.none_left.iter().find(|none| person.contains(&tables.left.id(none.0))).unwrap();
    assert_eq!(none.1, NoneReason::TakenByAnother);
}

#[test]
fn a_block_of_equals_is_bounded_and_told() {
    let same: Vec<Row> =
        (0..3000).map(|at| row([&format!("x{at}"), "", "Nguyễn Văn Hùng", "1990", "Nam", ""])).collect();
    let (tables, outcome) = matched(&same, Some(&same), 1000);
    assert!(outcome.links.iter().all(|link| link.band != Band::Automatic));
    let (matched, review, none) = outcome.rows_of(&tables.left, true, false);
    assert_eq!((matched, review + none), (0, 3000));
    assert!(outcome.evidence.blocks.rows_beyond > 0);
    assert!(outcome.none_left.iter().all(|none| none.1 == NoneReason::BlockTooLarge));
}

#[test]
fn empty_files_and_empty_columns_are_no_fault() {
    let (agency, _) = country(5, 1);
    for (left, right) in [(vec![], agency.clone()), (agency.clone(), vec![]), (vec![], vec![])] {
        let (_, outcome) = matched(&left, Some(&right), 10);
        assert!(outcome.links.is_empty());
        assert_eq!((outcome.none_left.len(), outcome.none_right.len()), (left.len(), right.len()));
    }
    let blank = vec![row(["b", "", "", "", "", ""])];
    assert_eq!(matched(&blank, Some(&agency), 10).1.none_left.len(), 1);
}

fn shuffled(rows: &[Row], seed: u64) -> Vec<Row> {
    let mut keyed: Vec<(u64, &Row)> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| ((at as u64 + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15), row))
        .collect();
    keyed.sort();
    keyed.into_iter().map(|(_, row)| row.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn order_of_rows_batches_and_threads_change_nothing(seed in 0_u64..1000, batch in 1_usize..200, threads in 1_usize..4, one_file: bool) {
        let (agency, register) = country(220, seed);
        let right = (!one_file).then_some(register);
        let usual = {
            let (tables, outcome) = matched(&agency, right.as_deref(), 1000);
            named(&tables, &outcome)
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let other = pool.install(|| {
            let right = right.map(|rows| shuffled(&rows, seed));
            let (tables, outcome) = matched(&shuffled(&agency, seed + 1), right.as_deref(), batch);
            named(&tables, &outcome)
        });
        prop_assert_eq!(usual, other);
    }
}
