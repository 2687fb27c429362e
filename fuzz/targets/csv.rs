//! Files of persons: whatever they hold, rows are cut the same from any row on, read the same by any reader, and what
//! was taken can be stored and read back.
#![no_main]

use dancu_core::CommuneCode;
use dancu_register::{
    FactValue, RowError,
    csv::{COLUMNS, Header, KnownPlaces, ParsedRow, RecordReader, RowParser},
};
use jiff::civil::{Date, date};
use libfuzzer_sys::fuzz_target;

/// The day for which the file speaks.
const EFFECTIVE: Date = date(2026, 11, 21);

struct Anywhere;

impl KnownPlaces for Anywhere {
    fn is_known(&self, _: CommuneCode) -> bool {
        true
    }
}

/// A row of a file: line, bytes, its end, its fault.
type Row = (u64, Vec<u8>, u64, Option<RowError>);

/// All rows from a place in the file on, and the lines before each next one.
fn rows(data: &[u8], bytes_done: u64, lines_done: u64) -> (Vec<Row>, Vec<u64>) {
    let mut reader = RecordReader::new(data, bytes_done, lines_done);
    let (mut rows, mut lines) = (vec![], vec![]);
    while let Some(row) = reader.next().expect("memory can be read") {
        rows.push((row.line, row.bytes.to_vec(), row.end, row.fault));
        lines.push(reader.lines_done());
    }
    assert_eq!(reader.bytes_done(), bytes_done + data.len() as u64, "every byte was given out or passed over");
    (rows, lines)
}

fn stores_and_reads_back(row: &ParsedRow) {
    for claim in &row.claims.claims {
        let mut text = vec![];
        claim.value.encode(&mut text);
        let again = FactValue::decode(claim.value.kind(), &text).expect("what was stored can be read");
        assert!(again == claim.value, "storing and reading gave another value");
    }
}

fuzz_target!(|data: &[u8]| {
    let (all, lines) = rows(data, 0, 0);
    // A load that was broken off after any row goes on with the very same rows.
    if !all.is_empty() {
        let stopped = data.len() % all.len();
        let end = all[stopped].2;
        let rest = usize::try_from(end).expect("the end lies within the data");
        let (resumed, _) = rows(&data[rest..], end, lines[stopped]);
        assert!(resumed == all[stopped + 1..], "a resumed load saw other rows");
    }
    let header = Header::standard();
    let mut parser = RowParser::new(&header, &Anywhere, EFFECTIVE);
    for (_, bytes, ..) in all.iter().filter(|row| row.3.is_none()) {
        let read = parser.parse(bytes);
        let alone = RowParser::new(&header, &Anywhere, EFFECTIVE).parse(bytes);
        match (&read, &alone) {
            (Ok(read), Ok(alone)) => assert!(read.claims == alone.claims, "a row was read by what stood before it"),
            (Err(read), Err(alone)) => assert!(read == alone, "a row was refused by what stood before it"),
            _ => panic!("a row was taken or refused by what stood before it"),
        }
        match read {
            Ok(row) => stores_and_reads_back(&row),
            Err(fault) => assert!(
                fault.field.is_empty() || COLUMNS.iter().any(|column| column.name() == fault.field),
                "no column is called {}",
                fault.field
            ),
        }
    }
});
