//! Cells of files that are matched: whatever stands in them, reading says the same again of what it said, and a file matched
//! with itself accounts for every row.
#![no_main]

use dancu_quality::{
    link::{Options, match_tables},
    normal::{NameReader, PlaceReader, PlacesOn, plain_text, read_day, read_number},
    schema::{ColumnKind, Field, Schema, Side},
    table::{Encoder, RowBatch, Tables},
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static PLACES: LazyLock<PlaceReader> = LazyLock::new(PlaceReader::national);

const KINDS: [ColumnKind; 4] =
    [ColumnKind::FullName, ColumnKind::BirthDate, ColumnKind::Number, ColumnKind::Place];

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let plain = plain_text(&text);
    assert_eq!(plain_text(&plain), plain, "plain text is its own plain text");
    let _ = NameReader::default().read(&text);
    let _ = read_number(&text);
    if let Ok(Some((day, _))) = read_day(&text) {
        assert!((1800..2400).contains(&day.year), "a year in the range");
    }
    let fields = KINDS.into_iter().enumerate().map(|(at, kind)| Field {
        kind,
        left: Some(at),
        right: Some(at),
        name: format!("{at}"),
    });
    let schema = Schema::new(fields.collect(), [PlacesOn::AnyTime; 2]).expect("four fields");
    let mut batch = RowBatch::new(KINDS.len());
    for (number, line) in data.split(|byte| *byte == b'\n').take(40).enumerate() {
        let mut cells = line.split(|byte| *byte == b'|');
        let cells: Vec<&[u8]> = KINDS.iter().map(|_| cells.next().unwrap_or_default()).collect();
        batch.push(number.to_string().as_bytes(), cells.into_iter());
    }
    let mut tables = Tables::new(&schema, true);
    tables.append_left(&Encoder::new(&schema, &PLACES, Side::Left).encode(&batch));
    let outcome = match_tables(&schema, &mut tables, &Options::default(), &mut |_| {}).expect("the shipped model fits");
    let (matched, review, none) = outcome.rows_of(&tables.left, true, true);
    assert_eq!(matched + review + none, batch.len(), "every row is accounted for");
    assert_eq!(none, outcome.none_left.len(), "rows without anybody are listed");
});
