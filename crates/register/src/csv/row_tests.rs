use super::*;
use crate::{csv::COLUMNS, kinds::FactKind};
use dancu_core::{Explain, LegacyEncoding, LegacyText};
use jiff::civil::date;
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 21);

struct Some4;

impl KnownPlaces for Some4 {
    fn is_known(&self, code: CommuneCode) -> bool {
        [4, 8, 26_740].contains(&code.value())
    }
}

/// A row in which a few columns differ from a sound one.
fn row(changes: &[(Column, &str)]) -> String {
    let sound = |column| match column {
        Column::Number => "079085000001",
        Column::FullName => "Nguyễn Văn An",
        Column::Sex => "M",
        Column::BirthDate => "1985-03-02",
        Column::PermanentCommune | Column::BirthPlace => "26740",
        Column::PermanentAddress => "\"Số 5, ngõ 7\"",
        Column::PermanentSince => "2010-01-01",
        Column::CardIssued => "2021-04-30",
        Column::CardExpires => "2025-03-02",
        Column::CardState => "handed_over",
        Column::LifeStatus => "alive",
        _ => "",
    };
    let value = |column: &Column| {
        changes.iter().find(|change| change.0 == *column).map_or_else(|| sound(*column), |change| change.1)
    };
    COLUMNS.iter().map(value).collect::<Vec<_>>().join(",")
}

fn parse(changes: &[(Column, &str)]) -> Result<ParsedRow, RowFault> {
    RowParser::new(&Header::standard(), &Some4, TODAY).parse(row(changes).as_bytes())
}

fn error(changes: &[(Column, &str)]) -> (&'static str, RowError) {
    let fault = parse(changes).unwrap_err();
    (fault.field, fault.error)
}

#[test]
fn a_sound_row_states_its_facts() {
    let parsed = parse(&[]).unwrap();
    let kinds: Vec<_> = parsed.claims.claims.iter().map(|claim| claim.value.kind()).collect();
    assert_eq!(kinds, [FactKind::Identity, FactKind::Residence, FactKind::Card, FactKind::Life]);
    assert_eq!(parsed.warnings, []);
    let first: Vec<_> = parsed.claims.first_beliefs(TODAY).map(|belief| belief.valid_from).collect();
    assert_eq!(first, [date(1985, 3, 2), date(2010, 1, 1), date(2021, 4, 30)]);
    let FactValue::Residence(residence) = &parsed.claims.claims[1].value else { panic!("a residence") };
    assert_eq!(residence.permanent_address.as_deref(), Some("Số 5, ngõ 7"));
}

#[test]
fn a_former_residence_without_a_day_is_not_believed() {
    for since in ["", "1985-03-02"] {
        let parsed = parse(&[
            (Column::PreviousCommune, "00008"),
            (Column::PreviousSince, since),
            (Column::PermanentSince, "1985-03-02"),
        ]);
        let first: Vec<_> = parsed
            .unwrap()
            .claims
            .first_beliefs(TODAY)
            .map(|belief| (belief.value.kind(), belief.valid_to))
            .collect();
        assert_eq!(first, [(FactKind::Identity, None), (FactKind::Residence, None), (FactKind::Card, None)]);
    }
}

#[test]
fn decomposed_letters_other_blanks_and_other_dates_give_the_same_claims() {
    let usual = parse(&[]).unwrap().claims;
    let decomposed: String = "\"Số  5,\u{a0}ngõ 7\"".nfd().collect();
    let name: String = "NGUYỄN".nfd().collect();
    let other = parse(&[
        (Column::PermanentAddress, &decomposed),
        (Column::BirthDate, "02/03/1985"),
        (Column::Sex, "Nam"),
    ]);
    assert_eq!(other.unwrap().claims, usual);
    assert!(parse(&[(Column::FullName, &name)]).is_ok());
}

#[test]
fn text_of_an_old_code_table_is_refused_and_its_reason_says_what_to_do() {
    let tcvn3 = RowError::Legacy(LegacyText(LegacyEncoding::Tcvn3));
    assert_eq!(error(&[(Column::FullName, "NguyÔn V¨n An")]), ("full_name", tcvn3.clone()));
    assert_eq!(error(&[(Column::FullName, "Vò Dòng")]), ("full_name", tcvn3.clone()));
    assert_eq!(
        error(&[(Column::PermanentAddress, "Sè 5 ®\u{ad}êng L¸ng")]),
        ("permanent_address", tcvn3.clone())
    );
    let vni = RowError::Legacy(LegacyText(LegacyEncoding::Vni));
    assert_eq!(error(&[(Column::FullName, "Nguyeãn Vaên An")]), ("full_name", vni));
    let mut bytes = Vec::new();
    for letter in row(&[(Column::FullName, "NguyÔn V¨n An"), (Column::PermanentAddress, "")]).chars() {
        bytes.push(u8::try_from(u32::from(letter)).unwrap());
    }
    let raw = parse_row_bytes(&bytes, date(2026, 11, 21)).unwrap_err();
    assert_eq!(raw, RowFault { field: "", error: tcvn3.clone() });
    assert!(tcvn3.explain().en.contains("Convert it to Unicode"));
}

#[test]
fn faults_name_their_column() {
    use RowError as E;
    assert_eq!(error(&[(Column::Number, "")]), ("number", E::Empty));
    assert!(matches!(error(&[(Column::Number, "79085000001")]), ("number", E::Number(_))));
    assert!(matches!(error(&[(Column::FullName, "An 2")]), ("full_name", E::Name(_))));
    assert!(matches!(error(&[(Column::Sex, "x")]), ("sex", E::Sex(_))));
    assert!(matches!(error(&[(Column::BirthDate, "1985-02-30")]), ("birth_date", E::Date(_))));
    assert!(matches!(error(&[(Column::OldNumber, "12")]), ("old_number", E::Number(_))));
    assert!(matches!(error(&[(Column::Nationality, "vn")]), ("nationality", E::Word(_))));
    assert_eq!(error(&[(Column::BirthPlace, "99999")]), ("birth_place", E::UnknownCommune));
    assert!(matches!(error(&[(Column::BirthPlace, "4")]), ("birth_place", E::Place(_))));
    assert_eq!(error(&[(Column::PermanentSince, "2010-05")]), ("permanent_since", E::NotAWholeDate));
    assert_eq!(error(&[(Column::Phone, "09\u{7}1")]), ("phone", E::ControlCharacter));
    let long = "a".repeat(301);
    assert!(matches!(error(&[(Column::PermanentAddress, &long)]), (_, E::TextTooLong { .. })));
    assert!(matches!(error(&[(Column::LifeStatus, "sống")]), ("life_status", E::Word(_))));
}

#[test]
fn fields_that_need_each_other_are_told() {
    use RowError as E;
    let needs = |other| E::Needs { other };
    assert_eq!(
        error(&[(Column::PreviousCommune, "00004"), (Column::PermanentSince, "")]),
        ("previous_commune", needs("permanent_since"))
    );
    assert_eq!(error(&[(Column::TemporaryAddress, "x")]), ("temporary_address", needs("temporary_commune")));
    assert_eq!(error(&[(Column::CardState, "")]), ("card_state", E::Empty));
    assert_eq!(
        error(&[(Column::CardState, ""), (Column::CardIssued, "")]),
        ("card_expires", needs("card_state"))
    );
    assert_eq!(
        error(&[(Column::LifeStatus, ""), (Column::LifeDate, "2020-01-01")]),
        ("life_date", needs("life_status"))
    );
}

#[test]
fn days_out_of_order_are_rejected() {
    let before = |other| RowError::Before { other };
    let born = before("birth_date");
    assert_eq!(error(&[(Column::PermanentSince, "1985-03-01")]), ("permanent_since", born.clone()));
    assert_eq!(error(&[(Column::CardIssued, "1985-03-01")]), ("card_issued", born.clone()));
    assert_eq!(error(&[(Column::CardExpires, "2021-04-29")]), ("card_expires", before("card_issued")));
    let dead = |day| [(Column::LifeStatus, "dead"), (Column::LifeDate, day)];
    assert_eq!(error(&dead("1985-03-01")), ("life_date", born));
    assert_eq!(error(&dead("2026-11-22")), ("life_date", RowError::InTheFuture));
    assert!(parse(&dead("2026-11-21")).is_ok());
    assert_eq!(error(&[(Column::BirthDate, "2026-11-22")]), ("birth_date", RowError::InTheFuture));
    assert_eq!(
        error(&[(Column::PreviousCommune, "00004"), (Column::PreviousSince, "2011-01-01")]),
        ("permanent_since", before("previous_since"))
    );
    assert_eq!(error(&[(Column::Spouse, "079085000001")]), ("spouse", RowError::OwnNumber));
    let same = |other| RowError::SameRelative { other };
    let parent = "079160000009";
    assert_eq!(error(&[(Column::Father, parent), (Column::Mother, parent)]), ("mother", same("father")));
    assert_eq!(error(&[(Column::Mother, parent), (Column::Spouse, parent)]), ("spouse", same("mother")));
}

#[test]
fn what_is_to_come_on_the_day_of_the_file_is_rejected() {
    for column in [Column::PermanentSince, Column::CardIssued] {
        assert_eq!(error(&[(column, "2026-11-22")]), (column.name(), RowError::InTheFuture));
        assert!(parse(&[(column, "2026-11-21"), (Column::CardExpires, "")]).is_ok(), "{column:?}");
    }
    let temporary = |day| [(Column::TemporaryCommune, "00004"), (Column::TemporarySince, day)];
    assert_eq!(error(&temporary("2026-11-22")), ("temporary_since", RowError::InTheFuture));
    assert!(parse(&temporary("2026-11-21")).is_ok());
    assert!(parse(&[(Column::CardExpires, "2046-11-22")]).is_ok(), "a card ends in the future");
}

#[test]
fn what_contradicts_itself_but_can_be_is_noted() {
    assert_eq!(parse(&[(Column::Sex, "F")]).unwrap().warnings, [Warning::SexDiffersFromNumber]);
    let year = parse(&[(Column::BirthDate, "1984")]).unwrap().warnings;
    assert_eq!(year, [Warning::BirthYearDiffersFromNumber]);
    let dead = [(Column::LifeStatus, "dead"), (Column::LifeDate, "2020-01-01")];
    assert_eq!(parse(&dead).unwrap().warnings, [Warning::CardIssuedAfterDeath]);
}

#[test]
fn a_row_of_another_width_is_rejected_whole() {
    let mut short = row(&[]);
    short.truncate(short.rfind(',').unwrap());
    let fault = RowParser::new(&Header::standard(), &Some4, TODAY).parse(short.as_bytes()).unwrap_err();
    assert_eq!(fault, RowFault { field: "", error: RowError::FieldCount { expected: 31, found: 30 } });
}

#[test]
fn messages_never_repeat_the_value() {
    use dancu_core::Explain;
    for (column, value) in [(Column::FullName, "Xx9"), (Column::Phone, "0912\u{7}345"), (Column::Sex, "Zz")] {
        let explanation = parse(&[(column, value)]).unwrap_err().error.explain();
        assert!(!explanation.vi.contains(value) && !explanation.en.contains(value));
    }
}

#[test]
fn headers_in_any_order_with_unknown_and_missing_columns() {
    let base = "\u{feff}Full_Name,number,old_number,sex,birth_date,birth_place,registration_place,origin,nationality";
    let header = Header::parse(format!("{base},note\r\n").as_bytes()).unwrap();
    assert_eq!(header.unknown(), ["note"]);
    assert_eq!((header.width(), header.position(Column::Number)), (10, Some(1)));
    assert!(!header.has(Column::Phone));
    let missing = |text: &str| match Header::parse(text.as_bytes()).unwrap_err() {
        crate::csv::HeaderError::Missing { columns } => columns,
        other => panic!("{other}"),
    };
    assert_eq!(missing(&format!("{base},phone")), ["email"]);
    assert_eq!(
        missing("number,full_name,sex,birth_date,birth_place,registration_place,origin,nationality"),
        ["old_number"]
    );
    assert!(matches!(
        Header::parse(format!("{base},number").as_bytes()),
        Err(crate::csv::HeaderError::Twice { column: "number" })
    ));
    assert!(Header::parse(b"\xff\xfe").is_err());
    let wide = format!("{base}{}", ",x".repeat(10_000));
    assert_eq!(Header::parse(wide.as_bytes()).unwrap_err(), crate::csv::HeaderError::Wide);
}

proptest! {
    #[test]
    fn no_row_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_row_bytes(&bytes, TODAY);
    }

    #[test]
    fn no_text_in_any_column_panics(index in 0_usize..31, text in "\\PC{0,40}") {
        let quoted = format!("\"{}\"", text.replace('"', "\"\""));
        let _ = parse(&[(COLUMNS[index], &quoted)]);
    }

    #[test]
    fn days_in_the_usual_shape_are_read_as_by_the_general_reader(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}") {
        if let Some(day) = iso_day(&text) {
            let written = day.to_string();
            prop_assert_eq!(written, text);
        }
    }
}

#[test]
fn sealed_columns_are_sealed_as_they_are_read_and_blanked_where_a_row_is_kept() {
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name()).collect();
    let header = Header::parse(format!("{},ethnicity,blood_group", names.join(",")).as_bytes()).unwrap();
    let seals = Seals::new(&[(1, [1; 32])]);
    let whole = format!("{},\" Kinh \",O-", row(&[]));
    let mut parser = RowParser::new(&header, &Some4, TODAY).sealing(Some(&seals));
    let claims = parser.parse(whole.as_bytes()).unwrap().claims;
    assert!(claims.has_sealed());
    let sealed: Vec<_> = claims.claims.iter().filter(|claim| claim.value.kind().is_sealed()).collect();
    let kinds: Vec<_> = sealed.iter().map(|claim| claim.value.kind()).collect();
    assert_eq!(kinds, [FactKind::Ethnicity, FactKind::BloodGroup]);
    let FactValue::Sealed(value) = &sealed[0].value else { panic!("a sealed value") };
    assert_eq!(seals.open(claims.number, value).unwrap().0, b"Kinh");
    for (bad, column) in [(",kinh,", "ethnicity"), (",,o-", "blood_group")] {
        let fault = parser.parse(format!("{}{bad}", row(&[])).as_bytes()).unwrap_err();
        assert_eq!(fault.field, column);
    }
    // Without a key the columns are not read at all: a load refuses the file before.
    assert!(!RowParser::new(&header, &Some4, TODAY).parse(whole.as_bytes()).unwrap().claims.has_sealed());
    let kept = String::from_utf8(header.without_sealed(whole.as_bytes()).into_owned()).unwrap();
    assert!(kept.contains("Nguyễn Văn An") && kept.trim_end().ends_with(",,"), "{kept}");
    for uneven in [format!("{whole},Kinh"), format!("\"{whole}")] {
        assert_eq!(&*header.without_sealed(uneven.as_bytes()), b"");
    }
    assert_eq!(&*Header::standard().without_sealed(whole.as_bytes()), whole.as_bytes());
}
