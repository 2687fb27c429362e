//! Files of rows in and out: CSV, XLSX and Parquet. A file in any of them becomes the same CSV, which is what the rest of
//! the platform reads: a reject names a line of it, and a load goes on where it stopped in it.
//!
//! Knows nothing of persons. Memory is bounded by a row group or a sheet's table of texts, never by the rows.

mod error;
mod format;
mod parquet_file;
mod sink;
mod workbook;

pub use error::BulkError;
pub use format::Format;
pub use sink::Sink;

use std::{io::Write, path::Path};

/// Columns of a file at most.
pub const COLUMNS_MAX: usize = 256;
/// Characters of one cell at most: what a cell of a workbook can hold.
pub const CELL_CHARACTERS_MAX: usize = 32_767;

/// Writes the rows of a CSV as another format; says how many rows there were below the header.
pub fn from_csv(source: &Path, target: &Path, format: Format) -> Result<u64, BulkError> {
    let failed = |error: csv::Error| BulkError::File { file: source.to_owned(), detail: error.to_string() };
    let mut rows = csv::Reader::from_path(source).map_err(failed)?;
    let header = rows.headers().map_err(failed)?.clone();
    let mut sink = Sink::create(target, format, &header.iter().collect::<Vec<_>>())?;
    let mut row = csv::StringRecord::new();
    let mut count = 0;
    while rows.read_record(&mut row).map_err(failed)? {
        sink.row(&row.iter().collect::<Vec<_>>())?;
        count += 1;
    }
    sink.finish()?;
    Ok(count)
}

/// Writes the rows of a workbook or a Parquet file as CSV, the header first; says how many lines it wrote.
///
/// Line `n` of the CSV is row `n` of the sheet: line breaks within cells become blanks. The same file gives the same
/// bytes, so that the digest of the CSV is as good as the file's.
pub fn to_csv(source: &Path, format: Format, target: &mut dyn Write) -> Result<u64, BulkError> {
    match format {
        Format::Csv => {
            let mut file = std::fs::File::open(source).map_err(|error| BulkError::file(source, &error))?;
            std::io::copy(&mut file, target).map_err(|error| BulkError::file(source, &error))?;
            Ok(0)
        }
        Format::Xlsx => workbook::to_csv(source, target),
        Format::Parquet => parquet_file::to_csv(source, target),
    }
}
