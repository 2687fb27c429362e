//! Rows out.

use crate::{BulkError, CELL_CHARACTERS_MAX, Format, parquet_file::ParquetSink};
use rust_xlsxwriter::{Workbook, XlsxError};
use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};

/// Writes rows of text to a file. [`Sink::finish`] makes it whole.
pub struct Sink {
    path: PathBuf,
    kind: Kind,
    width: usize,
}

enum Kind {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Xlsx { workbook: Box<Workbook>, row: u32 },
    Parquet(Box<ParquetSink>),
}

/// Rows of a sheet, the header included (ECMA-376).
const SHEET_ROWS_MAX: u32 = 1_048_576;

impl Sink {
    /// Creates the file with its header.
    pub fn create(path: &Path, format: Format, columns: &[&str]) -> Result<Self, BulkError> {
        let kind = match format {
            Format::Csv => {
                let file = File::create(path).map_err(|error| BulkError::file(path, &error))?;
                Kind::Csv(Box::new(csv::Writer::from_writer(BufWriter::with_capacity(1 << 20, file))))
            }
            Format::Xlsx => {
                let mut workbook = Workbook::new();
                workbook.add_worksheet_with_constant_memory().map_err(|error| failed(path, &error))?;
                Kind::Xlsx { workbook: Box::new(workbook), row: 0 }
            }
            Format::Parquet => Kind::Parquet(Box::new(ParquetSink::new(path, columns)?)),
        };
        let mut sink = Self { path: path.to_owned(), kind, width: columns.len() };
        if format != Format::Parquet {
            sink.row(columns)?;
        }
        Ok(sink)
    }

    /// Writes a row, which has as many fields as the header.
    pub fn row(&mut self, fields: &[&str]) -> Result<(), BulkError> {
        assert_eq!(fields.len(), self.width, "a row has as many fields as the header");
        match &mut self.kind {
            Kind::Csv(out) => out
                .write_record(fields)
                .map_err(|error| BulkError::File { file: self.path.clone(), detail: error.to_string() }),
            Kind::Parquet(out) => out.row(fields),
            Kind::Xlsx { workbook, row } => {
                if *row >= SHEET_ROWS_MAX {
                    return Err(BulkError::SheetFull);
                }
                let sheet = workbook.worksheet_from_index(0).map_err(|error| failed(&self.path, &error))?;
                for (column, field) in (0_u16..).zip(fields) {
                    if field.chars().nth(CELL_CHARACTERS_MAX).is_some() {
                        return Err(BulkError::CellTooLong {
                            file: self.path.clone(),
                            row: u64::from(*row) + 1,
                        });
                    }
                    // As text always: a number would lose its leading zeros, and a formula would be run by whoever opens it.
                    if !field.is_empty() {
                        sheet
                            .write_string(*row, column, *field)
                            .map_err(|error| failed(&self.path, &error))?;
                    }
                }
                *row += 1;
                Ok(())
            }
        }
    }

    /// Completes the file.
    pub fn finish(self) -> Result<(), BulkError> {
        match self.kind {
            Kind::Csv(mut out) => out.flush().map_err(|error| BulkError::file(&self.path, &error)),
            Kind::Parquet(out) => out.finish(),
            Kind::Xlsx { mut workbook, .. } => {
                workbook.save(&self.path).map_err(|error| failed(&self.path, &error))
            }
        }
    }
}

fn failed(path: &Path, error: &XlsxError) -> BulkError {
    BulkError::File { file: path.to_owned(), detail: error.to_string() }
}
