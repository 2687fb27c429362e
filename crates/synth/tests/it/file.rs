//! A country as a reader of its file sees it.

use dancu_core::{CommuneCode, PartialDate, Sex};
use dancu_synth::{COLUMNS, Options, Summary, write_country};
use jiff::civil::Date;
use std::collections::HashMap;

/// Writes a country into memory.
pub fn write(persons: u64, seed: u64, today: Date) -> (Vec<u8>, Summary) {
    let mut bytes = Vec::new();
    let summary =
        write_country(&Options { persons, seed, today, sealed: false }, &mut bytes, &mut |_| {}).unwrap();
    (bytes, summary)
}

/// One row.
pub struct Row {
    record: csv::StringRecord,
    pub number: String,
    pub sex: Sex,
    /// The first day that the birth date can mean.
    pub born: Date,
}

impl Row {
    pub fn text(&self, column: &str) -> &str {
        &self.record[COLUMNS.iter().position(|name| *name == column).unwrap()]
    }

    pub fn some(&self, column: &str) -> Option<&str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    pub fn day(&self, column: &str) -> Option<Date> {
        self.some(column).map(|text| text.parse().unwrap())
    }

    pub fn place(&self, column: &str) -> Option<CommuneCode> {
        self.some(column).map(|text| text.parse().unwrap())
    }

    pub fn died(&self) -> Option<Date> {
        if self.text("life_status") == "dead" { self.day("life_date") } else { None }
    }
}

/// All rows, with an index by number.
pub struct Country {
    pub rows: Vec<Row>,
    index: HashMap<String, usize>,
}

impl Country {
    /// Reads a file; a number that stands twice is a failure.
    pub fn read(bytes: &[u8]) -> Self {
        let mut rows = Vec::new();
        let mut index = HashMap::new();
        for record in csv::Reader::from_reader(bytes).into_records() {
            let record = record.unwrap();
            let born: PartialDate = record[4].parse().unwrap();
            let number = record[0].to_owned();
            assert!(index.insert(number.clone(), rows.len()).is_none(), "a number stands twice");
            rows.push(Row { number, sex: record[3].parse().unwrap(), born: born.first_day(), record });
        }
        Self { rows, index }
    }

    /// The row of a number, which must be there.
    pub fn person(&self, number: &str) -> &Row {
        &self.rows[*self.index.get(number).expect("a relative has no row")]
    }
}
