//! Built-in tables of dated lines, the last three cells of which are the first day, the first day on which the line no
//! longer holds, and the law.

use dancu_core::Dated;

/// What a built-in table cannot have.
pub(crate) const DEFECT: &str = "a test reads the built-in table";

/// The cells of every line but the first, which names them.
pub(crate) fn rows(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    reader.records().map(|row| row.expect(DEFECT).iter().map(str::to_owned).collect()).collect()
}

/// A value with the last three cells of its line.
pub(crate) fn dated<T>(value: T, cells: &[String]) -> Dated<T> {
    Dated {
        value,
        valid_from: cells[0].parse().expect(DEFECT),
        valid_to: (!cells[1].is_empty()).then(|| cells[1].parse().expect(DEFECT)),
        legal_reference: cells[2].clone(),
    }
}
