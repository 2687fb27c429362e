//! What is written in any format is read back as the same CSV.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use dancu_bulk::{BulkError, Format, Sink, to_csv};
use proptest::prelude::*;
use std::path::Path;

fn write(path: &Path, format: Format, rows: &[Vec<String>]) {
    let mut sink = Sink::create(path, format, &["number", "full_name", "note"]).unwrap();
    for row in rows {
        let fields: Vec<&str> = row.iter().map(String::as_str).collect();
        sink.row(&fields).unwrap();
    }
    sink.finish().unwrap();
}

fn csv_of(path: &Path) -> Result<String, BulkError> {
    let mut csv = Vec::new();
    to_csv(path, Format::of_file(path)?, &mut csv)?;
    Ok(String::from_utf8(csv).unwrap())
}

#[test]
fn leading_zeros_accents_and_formulas_survive_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        vec!["001085000001".to_owned(), "Nguyễn Thị Hường, \"Lan\"".to_owned(), "=1+1".to_owned()],
        vec!["079190000002".to_owned(), String::new(), "2".to_owned()],
    ];
    let expected =
        "number,full_name,note\n001085000001,\"Nguyễn Thị Hường, \"\"Lan\"\"\",=1+1\n079190000002,,2\n";
    for (format, name) in [(Format::Csv, "a.csv"), (Format::Xlsx, "a.xlsx"), (Format::Parquet, "a.parquet")] {
        let path = folder.path().join(name);
        assert_eq!(Format::of_name(&path), format);
        write(&path, format, &rows);
        assert_eq!(csv_of(&path).unwrap(), expected, "{name}");
        assert_eq!(csv_of(&path).unwrap(), csv_of(&path).unwrap(), "the same file gives the same bytes");
    }
}

#[test]
fn lines_keep_the_numbers_of_the_sheets_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gaps.xlsx");
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, column, text) in [(0, 0, "a"), (0, 1, "b"), (1, 0, "x\ny"), (3, 1, "z")] {
        sheet.write_string(row, column, text).unwrap();
    }
    sheet.write_number(4, 0, 1_085_000_001).unwrap();
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(1985, 3, 2).unwrap();
    let as_day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
    sheet.write_datetime_with_format(4, 1, &day, &as_day).unwrap();
    workbook.save(&path).unwrap();
    let lines: Vec<String> = csv_of(&path).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines, ["a,b", "x y,", "", ",z", "1085000001,1985-03-02"]);
}

#[test]
fn a_csv_becomes_any_format() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, parquet) = (folder.path().join("a.csv"), folder.path().join("a.parquet"));
    write(&csv, Format::Csv, &[vec!["001".to_owned(), "An".to_owned(), String::new()]]);
    assert_eq!(dancu_bulk::from_csv(&csv, &parquet, Format::Parquet), Ok(1));
    assert_eq!(csv_of(&parquet).unwrap(), std::fs::read_to_string(&csv).unwrap());
}

#[test]
fn bad_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let old = file("old.xls", &[0xD0, 0xCF, 0x11, 0xE0, 0xA1]);
    assert_eq!(csv_of(&old), Err(BulkError::OldWorkbook { file: old.clone() }));
    for (name, bytes) in
        [("cut.xlsx", b"PK\x03\x04 and nothing".as_slice()), ("cut.parquet", b"PAR1....PAR1")]
    {
        let path = file(name, bytes);
        assert_eq!(csv_of(&path), Err(BulkError::Damaged { file: path.clone() }), "{name}");
    }
    let empty = folder.path().join("empty.xlsx");
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet();
    workbook.save(&empty).unwrap();
    assert_eq!(csv_of(&empty), Err(BulkError::Empty { file: empty.clone() }));
    assert!(matches!(csv_of(&folder.path().join("none.csv")), Err(BulkError::File { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back(rows in proptest::collection::vec(proptest::collection::vec("[^\\x00-\\x1f\u{fffe}\u{ffff}]{0,12}", 3), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let csv = folder.path().join("a.csv");
        // A row without any text is a blank line in a sheet and a line of commas in a CSV.
        let rows: Vec<Vec<String>> = rows.into_iter().filter(|row| row.iter().any(|text| !text.is_empty())).collect();
        write(&csv, Format::Csv, &rows);
        for (format, name) in [(Format::Xlsx, "a.xlsx"), (Format::Parquet, "a.parquet")] {
            let path = folder.path().join(name);
            write(&path, format, &rows);
            prop_assert_eq!(csv_of(&path).unwrap(), csv_of(&csv).unwrap(), "{}", name);
        }
    }
}
