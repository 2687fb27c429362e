//! Files that are matched: CSV with any usual separator, or what a workbook or a Parquet file becomes.

use super::{
    fault::MatchFault,
    guard::{AHEAD_BYTES, Guarded, ROW_BYTES_MAX},
};
use crate::{failure::Failure, unfinished};
use dancu_bulk::{BulkError, COLUMNS_MAX, Format, to_csv};
use std::{
    cell::Cell,
    collections::HashMap,
    fs::{File, Metadata},
    io::{BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    rc::Rc,
    time::SystemTime,
};
use tempfile::NamedTempFile;

/// One file, its header read.
pub struct Input {
    named: PathBuf,
    /// Rows of a workbook; gone with the run.
    rows: Option<NamedTempFile>,
    headers: Vec<String>,
    separator: u8,
    state: State,
    left_out: HashMap<u64, &'static str>,
}

/// By which a change is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    bytes: u64,
    written: Option<SystemTime>,
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), written: metadata.modified().ok() }
    }
}

/// Byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

impl Input {
    /// Opens a file and reads its header.
    pub fn open(path: &Path, folder: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::file(path, &error);
        let state = State::of(&std::fs::metadata(path).map_err(failed)?);
        let format = Format::of_file(path)?;
        let rows = if format == Format::Csv { None } else { Some(rows_of(path, format, folder)?) };
        let mut input = Self {
            named: path.to_owned(),
            rows,
            headers: Vec::new(),
            separator: b',',
            state,
            left_out: HashMap::new(),
        };
        let head = input.head()?;
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(MatchFault::WideText { file: path.to_owned() }.into());
        }
        input.separator = separator(&head);
        let mut reader = input.reader(&Rc::default())?;
        let mut record = csv::ByteRecord::new();
        let has_header = reader.read_byte_record(&mut record).map_err(|error| input.failed(&error, 1))?;
        if !has_header || record.iter().all(<[u8]>::is_empty) {
            return Err(BulkError::Empty { file: path.to_owned() }.into());
        }
        if record.len() > COLUMNS_MAX {
            return Err(BulkError::TooManyColumns { file: path.to_owned() }.into());
        }
        let header = |field: &[u8]| String::from_utf8_lossy(field).trim().to_owned();
        input.headers = record.iter().map(header).collect();
        Ok(input)
    }

    /// Rows that could be read are counted as rejected from now on, by their place among those, with the reason.
    pub fn leave_out(&mut self, rows: HashMap<u64, &'static str>) {
        self.left_out = rows;
    }

    /// Why a row that could be read is left out.
    pub fn left_out(&self, place: u64) -> Option<&'static str> {
        self.left_out.get(&place).copied()
    }

    /// Names of the columns.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The file's name.
    pub fn shown(&self) -> String {
        self.named.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Where it was named.
    pub fn path(&self) -> &Path {
        &self.named
    }

    fn rows_path(&self) -> &Path {
        self.rows.as_ref().map_or(&self.named, NamedTempFile::path)
    }

    /// The first bytes.
    fn head(&self) -> Result<Vec<u8>, Failure> {
        let failed = |error: std::io::Error| Failure::file(&self.named, &error);
        let mut head = Vec::new();
        let file = File::open(self.rows_path()).map_err(failed)?;
        file.take(64 << 10).read_to_end(&mut head).map_err(failed)?;
        Ok(head)
    }

    /// Rows from the header on. `row_end` is told how far rows were cut.
    pub fn reader(&self, row_end: &Rc<Cell<u64>>) -> Result<csv::Reader<Guarded>, Failure> {
        let failed = |error: std::io::Error| Failure::file(&self.named, &error);
        let mut file = File::open(self.rows_path()).map_err(failed)?;
        let mut first = [0; 3];
        let is_marked = file.read(&mut first).map_err(failed)? == MARK.len() && first == MARK;
        file.seek(SeekFrom::Start(if is_marked { 3 } else { 0 })).map_err(failed)?;
        Ok(csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.separator)
            .buffer_capacity(AHEAD_BYTES)
            .from_reader(Guarded::new(file, Rc::clone(row_end))))
    }

    /// What went wrong while a row was read.
    pub fn failed(&self, error: &csv::Error, row: u64) -> Failure {
        match error.kind() {
            csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                MatchFault::RowTooLong { file: self.named.clone(), row }.into()
            }
            csv::ErrorKind::Io(error) => Failure::file(&self.named, error),
            _ => BulkError::Damaged { file: self.named.clone() }.into(),
        }
    }

    /// Whether a row is longer than a row may be.
    pub fn is_too_long(bytes: usize) -> bool {
        bytes as u64 > ROW_BYTES_MAX
    }

    /// The file is still the one that was opened.
    pub fn must_be_unchanged(&self) -> Result<(), Failure> {
        let now = std::fs::metadata(&self.named).map_err(|error| Failure::file(&self.named, &error))?;
        if State::of(&now) == self.state {
            Ok(())
        } else {
            Err(MatchFault::Changed { file: self.named.clone() }.into())
        }
    }
}

/// The rows of a workbook or a Parquet file as CSV, in the folder of the results for the time of the run.
fn rows_of(path: &Path, format: Format, folder: &Path) -> Result<NamedTempFile, Failure> {
    let mut rows = unfinished::within(folder).map_err(|error| Failure::file(folder, &error))?;
    let mut out = BufWriter::with_capacity(1 << 20, rows.as_file_mut());
    to_csv(path, format, &mut out)?;
    out.flush().map_err(|error| Failure::file(folder, &error))?;
    drop(out);
    Ok(rows)
}

/// The sign that stands most often in the first line.
fn separator(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| line.split(|byte| *byte == sign).count();
    // Of equal ones the first counts.
    let mut best = b',';
    for sign in [b';', b'\t', b'|'] {
        if count(sign) > count(best) {
            best = sign;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_sign_that_stands_most_often_in_the_header() {
        assert_eq!(separator(b"a,b,c\n1;2;3;4"), b',');
        assert_eq!(separator(b"a;b;c\n"), b';');
        assert_eq!(separator(b"a\tb"), b'\t');
        assert_eq!(separator(b"alone"), b',');
    }
}
