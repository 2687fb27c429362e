//! Workbooks of Excel, cell by cell.

use crate::{BulkError, CELL_CHARACTERS_MAX, COLUMNS_MAX};
use calamine::{Data, DataRef, Reader, Xlsx, open_workbook};
use std::{
    fs::File,
    io::{BufReader, Write},
    path::Path,
};

/// The first sheet as CSV. Blank rows become blank lines, so that the lines keep the numbers of the rows.
pub(crate) fn to_csv(source: &Path, target: &mut dyn Write) -> Result<u64, BulkError> {
    let damaged = |_| BulkError::damaged(source);
    let mut workbook: Xlsx<BufReader<File>> = open_workbook(source).map_err(damaged)?;
    let empty = || BulkError::Empty { file: source.to_owned() };
    let sheet = workbook.sheet_names().first().cloned().ok_or_else(empty)?;
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(damaged)?;
    let mut rows = Rows::new(source, target);
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (row, column) = cell.get_position();
        rows.put(u64::from(row), column as usize, &text(cell.get_value()))?;
    }
    rows.finish()?.ok_or_else(empty)
}

/// The row that is being filled, and the lines that are written.
struct Rows<'a> {
    source: &'a Path,
    target: &'a mut dyn Write,
    fields: Vec<String>,
    /// Row of `fields`, from 0.
    row: u64,
    /// Columns of the header; shorter rows are filled up to it.
    width: usize,
    begun: bool,
}

impl<'a> Rows<'a> {
    fn new(source: &'a Path, target: &'a mut dyn Write) -> Self {
        Self { source, target, fields: Vec::new(), row: 0, width: 0, begun: false }
    }

    fn put(&mut self, row: u64, column: usize, text: &str) -> Result<(), BulkError> {
        if column >= COLUMNS_MAX {
            // Formatted but blank cells far to the right are common and harmless.
            return if text.is_empty() {
                Ok(())
            } else {
                Err(BulkError::TooManyColumns { file: self.source.to_owned() })
            };
        }
        if text.chars().nth(CELL_CHARACTERS_MAX).is_some() {
            return Err(BulkError::CellTooLong { file: self.source.to_owned(), row: row + 1 });
        }
        if row < self.row {
            return Err(BulkError::damaged(self.source));
        }
        while self.row < row {
            self.end_row()?;
        }
        if text.is_empty() {
            return Ok(());
        }
        self.begun = true;
        if self.fields.len() <= column {
            self.fields.resize(column + 1, String::new());
        }
        // A line break would give the CSV more lines than the sheet has rows.
        self.fields[column] = text.replace(['\r', '\n'], " ");
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), BulkError> {
        let failed =
            |error: csv::Error| BulkError::File { file: self.source.to_owned(), detail: error.to_string() };
        self.width = self.width.max(if self.row == 0 { self.fields.len() } else { 0 });
        let line = if self.fields.iter().all(String::is_empty) {
            // The library writes a record of nothing as two quotation marks, which is a row with an empty field.
            b"\n".to_vec()
        } else {
            if self.fields.len() < self.width {
                self.fields.resize(self.width, String::new());
            }
            let mut line = csv::WriterBuilder::new().buffer_capacity(512).from_writer(Vec::new());
            line.write_record(&self.fields).map_err(failed)?;
            line.into_inner().map_err(|error| failed(error.into_error().into()))?
        };
        self.target.write_all(&line).map_err(|error| BulkError::file(self.source, &error))?;
        self.fields.clear();
        self.row += 1;
        Ok(())
    }

    /// How many lines were written; `None` for a sheet without any text.
    fn finish(mut self) -> Result<Option<u64>, BulkError> {
        if !self.fields.is_empty() {
            self.end_row()?;
        }
        self.target.flush().map_err(|error| BulkError::file(self.source, &error))?;
        Ok(self.begun.then_some(self.row))
    }
}

/// A cell as the text that a person would have typed: whole numbers without a point, days as `2026-11-22`. What a
/// formula last gave is read, never the formula.
fn text(cell: &DataRef<'_>) -> String {
    let cell: Data = cell.clone().into();
    match &cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number_text(*number),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(instant) => day_text(&cell).unwrap_or_else(|| number_text(instant.as_f64())),
        Data::Error(_) => "#ERROR".to_owned(),
    }
}

fn day_text(cell: &Data) -> Option<String> {
    let (year, month, day, hour, minute, second, _) = match cell {
        Data::DateTime(instant) if instant.is_datetime() => instant.to_ymd_hms_milli(),
        _ => return None,
    };
    if (hour, minute, second) == (0, 0, 0) {
        Some(format!("{year:04}-{month:02}-{day:02}"))
    } else {
        Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn number_text(number: f64) -> String {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        (number as i64).to_string()
    } else {
        number.to_string()
    }
}
