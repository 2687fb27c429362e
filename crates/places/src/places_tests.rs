use super::*;
use jiff::civil::date;
use std::collections::{BTreeSet, HashMap};

fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

#[test]
fn the_package_has_the_published_counts() {
    let places = Places::national();
    assert_eq!(places.provinces().len(), 34);
    assert_eq!(places.communes().len(), 3_321);
    let package = PackageCounts { mapping_rows: 10_977, rows_without_old_unit: 5, rows_mended: 453 };
    assert_eq!(Places::PACKAGE, package);
    assert_eq!(places.former_with_code, 10_034);
    assert_eq!(places.old_communes().len(), 10_806);
    let both = places.old_communes().iter().filter_map(|old| old.code);
    assert_eq!(both.filter(|code| places.commune(*code).is_some()).count(), 3_316);
}

#[test]
fn counts_by_province_and_kind_agree_with_the_published_table() {
    let places = Places::national();
    let mut counts: HashMap<(u8, UnitKind), u32> = HashMap::new();
    for commune in places.communes() {
        *counts.entry((commune.province.value(), commune.kind)).or_default() += 1;
    }
    let mut disagreeing = Vec::new();
    let mut rows = 0;
    for row in csv::Reader::from_path("../../data/provinces_34.csv").unwrap().records() {
        let row = row.unwrap();
        rows += 1;
        let province = places.province(row[0].parse().unwrap()).unwrap();
        let count =
            |kind| counts.get(&(province.code.value(), kind)).copied().unwrap_or_default().to_string();
        let ours = [count(UnitKind::Commune), count(UnitKind::Ward), count(UnitKind::SpecialZone)];
        if province.name != &row[1] || ours != [&row[5], &row[6], &row[7]] {
            disagreeing.push(format!("{row:?}: {} {ours:?}", province.name));
        }
    }
    assert_eq!(rows, 34);
    assert!(disagreeing.is_empty(), "{disagreeing:#?}");
}

#[test]
fn every_old_unit_leads_to_communes_of_today() {
    let places = Places::national();
    let mut reached = BTreeSet::new();
    for old in places.old_communes() {
        assert!(!old.successors.is_empty(), "{}", old.name);
        for successor in &old.successors {
            assert!(places.commune(*successor).is_some(), "{} {successor}", old.name);
            reached.insert(*successor);
        }
    }
    let without: Vec<_> =
        places.communes().iter().filter(|c| !reached.contains(&c.code)).map(|c| c.name).collect();
    assert_eq!(
        without,
        [
            "Đặc khu Bạch Long Vĩ",
            "Đặc khu Cồn Cỏ",
            "Đặc khu Hoàng Sa",
            "Đặc khu Lý Sơn",
            "Xã Ia Mơ",
            "Đặc khu Côn Đảo"
        ]
    );
    assert!(places.old_communes().iter().any(|old| old.code.is_some() && old.successors.len() > 1));
    assert_eq!(places.old_communes().iter().map(|old| old.province.code).collect::<BTreeSet<_>>().len(), 63);
}

#[test]
fn a_code_means_what_it_meant_on_the_day() {
    let places = Places::national();
    let shared = code("26882");
    match places.resolve(shared, date(2025, 6, 30)) {
        Some(Unit::Former(old)) => {
            assert_eq!((old.name, old.district), ("Phường 14", "Quận Gò Vấp"));
            assert_eq!(old.valid_to, date(2025, 7, 1));
        }
        other => panic!("{other:?}"),
    }
    match places.resolve(shared, date(2025, 7, 1)) {
        Some(Unit::Present(now)) => assert_eq!(now.name, "Phường An Hội Tây"),
        other => panic!("{other:?}"),
    }
    let ended = code("26881");
    assert!(places.is_known(ended) && places.commune(ended).is_none());
    assert_eq!(places.resolve(ended, date(2025, 7, 1)), None);
    assert_eq!(places.present(ended, date(2020, 1, 1))[0].name, "Phường An Hội Tây");
    let island = code("11948");
    assert_eq!(places.resolve(island, date(2025, 6, 30)), None);
    assert!(places.resolve(island, date(2026, 1, 1)).is_some());
}

#[test]
fn places_are_described_up_to_the_province() {
    let places = Places::national();
    assert_eq!(places.describe(code("00004")).unwrap(), "Phường Ba Đình, Thành phố Hà Nội");
    assert_eq!(places.describe(code("32248")).unwrap(), "Xã Đất Mũi, Tỉnh Cà Mau");
    assert_eq!(places.describe(code("26881")).unwrap(), "Phường 12, Quận Gò Vấp, TP Hồ Chí Minh");
    assert_eq!(places.describe(code("99999")), None);
}

#[test]
fn known_codes_are_those_of_either_time() {
    let places = Places::national();
    for value in 0..100_000 {
        let code = CommuneCode::from_value(value).unwrap();
        let expected = places.commune(code).is_some() || places.old_commune(code).is_some();
        assert_eq!(places.is_known(code), expected, "{code}");
    }
}

#[test]
fn names_are_whole_and_in_one_normal_form() {
    let names = COMMUNES.iter().map(|row| row.1).chain(FORMER.iter().flat_map(|row| [row.1, row.2]));
    for name in names {
        assert!(!name.chars().any(|c| ('\u{300}'..'\u{370}').contains(&c)), "{name}");
    }
    for row in FORMER {
        assert!(UnitKind::of(row.1).is_some(), "{}", row.1);
    }
}
