use super::*;
use crate::CommandId;
use jiff::civil::date;
use proptest::prelude::*;

fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

fn change(from: &str, into: &str, name: &str, on: Date) -> UnitChange {
    let event = CommandId(uuid::Uuid::from_u128(1));
    UnitChange { from: code(from), into: code(into), name: name.to_owned(), on, event }
}

const BEFORE: Date = date(2026, 5, 31);
const ON: Date = date(2026, 6, 1);
const LATER: Date = date(2027, 1, 1);

/// Two communes of Hà Nội become a new one in June 2026, which joins a third one in 2027.
fn units() -> Units {
    Units::new(vec![
        change("99901", "00070", "Phường Hoàn Kiếm Mới", LATER),
        change("00004", "99901", "Phường Mới", ON),
        change("00008", "99901", "Phường Mới", ON),
    ])
}

#[test]
fn a_code_is_known_from_its_first_day_until_it_passes_on() {
    let units = units();
    assert!(units.is_known(code("00004"), BEFORE) && !units.is_known(code("00004"), ON));
    assert!(!units.is_known(code("99901"), BEFORE) && units.is_known(code("99901"), ON));
    assert!(!units.is_known(code("99901"), LATER) && units.is_known(code("00070"), LATER));
    assert!(units.was_ever(code("99901")) && !units.was_ever(code("99902")));
    assert!(Units::default().is_known(code("26881"), date(2025, 6, 30)), "of before the reform");
    assert!(!Units::default().is_known(code("26881"), date(2025, 7, 1)));
}

#[test]
fn names_are_those_of_the_day() {
    let units = units();
    assert_eq!(units.name(code("00004"), BEFORE), Some("Phường Ba Đình"));
    assert_eq!(units.name(code("00004"), ON), None);
    assert_eq!(units.name(code("99901"), ON), Some("Phường Mới"));
    assert_eq!(units.name(code("00070"), LATER), Some("Phường Hoàn Kiếm Mới"));
    assert_eq!(units.name(code("26882"), date(2025, 6, 30)), Some("Phường 14"));
    assert_eq!(units.describe(code("99901"), ON).unwrap(), "Phường Mới, Thành phố Hà Nội");
    assert_eq!(
        units.describe(code("26881"), date(2020, 1, 1)).unwrap(),
        "Phường 12, Quận Gò Vấp, TP Hồ Chí Minh"
    );
    assert_eq!(units.describe(code("26881"), LATER), None);
}

#[test]
fn an_old_code_leads_through_every_merge_to_the_code_of_the_day() {
    let units = units();
    assert_eq!(units.present(code("00004"), BEFORE, BEFORE), [code("00004")]);
    assert_eq!(units.present(code("00004"), BEFORE, ON), [code("99901")]);
    assert_eq!(units.present(code("00004"), BEFORE, LATER), [code("00070")]);
    assert_eq!(units.present(code("00004"), ON, LATER), [code("00070")], "written after it had ended");
    assert_eq!(units.present(code("26881"), date(2020, 1, 1), LATER), [code("26882")]);
    assert_eq!(units.present(code("99999"), BEFORE, LATER), [code("99999")], "unknown codes stay");
}

#[test]
fn a_unit_has_the_codes_of_all_before_it() {
    let units = units();
    let codes = units.predecessors(code("00070"), LATER);
    for predecessor in ["00070", "99901", "00004", "00008"] {
        assert!(codes.contains(&code(predecessor)), "{predecessor}");
    }
    assert!(!units.predecessors(code("00070"), ON).contains(&code("99901")), "not yet");
    assert!(units.is_within(code("00008"), BEFORE, code("00070"), LATER));
    assert!(!units.is_within(code("26881"), date(2020, 1, 1), code("00070"), LATER));
}

#[test]
fn every_commune_of_today_has_few_enough_codes_for_one_list_of_residents() {
    let units = Units::default();
    let counts =
        Places::national().communes().iter().map(|commune| units.predecessors(commune.code, ON).len());
    let most = counts.max().unwrap();
    assert!(most <= dancu_register::COMMUNES_MAX / 2, "{most}");
}

proptest! {
    /// Whatever old unit somebody lived in, the list of its successor's residents looks under its code.
    #[test]
    fn predecessors_and_successors_agree(index in 0_usize..10_000) {
        let units = units();
        let old = Places::national().old_communes()[index].code.unwrap();
        let written = date(2020, 1, 1);
        for present in units.present(old, written, LATER) {
            prop_assert!(units.predecessors(present, LATER).contains(&old));
            prop_assert!(units.is_within(old, written, present, LATER));
            prop_assert!(units.is_known(present, LATER));
        }
    }
}
