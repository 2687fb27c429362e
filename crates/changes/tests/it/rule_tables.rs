//! The tables of legal values, as they lie in `data/`.

use jiff::civil::Date;
use std::collections::BTreeMap;

/// Tables with one value a rule and day, and the column that names the rule.
const TABLES: [(&str, &str, &str); 7] = [
    ("civil_rules", include_str!("../../../../data/civil_rules.csv"), "rule"),
    ("residence_rules", include_str!("../../../../data/residence_rules.csv"), "rule"),
    ("control_rules", include_str!("../../../../data/control_rules.csv"), "rule"),
    ("correction_rules", include_str!("../../../../data/correction_rules.csv"), "rule"),
    ("command_rules", include_str!("../../../../data/command_rules.csv"), "rule"),
    ("feed_rules", include_str!("../../../../data/feed_rules.csv"), "rule"),
    ("card_renewal_ages", include_str!("../../../../data/card_renewal_ages.csv"), "age"),
];

#[test]
fn no_rule_has_a_gap_between_its_first_day_and_today_and_each_names_its_source() {
    for (table, text, named_by) in TABLES {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let place = |name: &str| headers.iter().position(|header| header == name).unwrap();
        let (rule, from, to, source) =
            (place(named_by), place("valid_from"), place("valid_to"), place("legal_reference"));
        let mut stretches: BTreeMap<String, Vec<(Date, Option<Date>)>> = BTreeMap::new();
        for row in reader.records() {
            let row = row.unwrap();
            assert!(row[source].len() > 10, "{table}: {row:?}");
            let end = (!row[to].is_empty()).then(|| row[to].parse().unwrap());
            stretches.entry(row[rule].to_owned()).or_default().push((row[from].parse().unwrap(), end));
        }
        for (rule, mut rows) in stretches {
            rows.sort_unstable();
            for pair in rows.windows(2) {
                assert_eq!(pair[0].1, Some(pair[1].0), "{table}: {rule} has a gap or an overlap");
            }
            assert_eq!(rows.last().unwrap().1, None, "{table}: {rule} has ended");
        }
    }
}
