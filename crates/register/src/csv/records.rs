//! A file cut into rows, with the place of each in the file, in bounded memory.

use crate::reject::RowError;
use std::io::{self, Read};

/// Bytes that a row may have, its line break included.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

const BUFFER_BYTES: usize = 16 * RECORD_BYTES_MAX;

/// One row of a file.
#[derive(Debug)]
pub struct Record<'a> {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// The row with its line break; its first 64 KiB when it is longer.
    pub bytes: &'a [u8],
    /// Bytes of the file up to and with this row.
    pub end: u64,
    /// Why the row cannot be cut into fields.
    pub fault: Option<RowError>,
}

/// Reads rows from a source. A row ends at a line break outside quotation marks.
///
/// A quotation mark that is not closed within 64 KiB spoils its own line only: reading goes on at the next one.
pub struct RecordReader<R> {
    source: R,
    buffer: Vec<u8>,
    /// What is read and not yet given out: `buffer[start..filled]`.
    start: usize,
    filled: usize,
    at_end: bool,
    /// Begin of a row that was too long to be kept.
    head: Vec<u8>,
    bytes_done: u64,
    lines_done: u64,
}

/// How many bytes of the buffer make the next row.
struct Cut {
    length: usize,
    fault: Option<RowError>,
}

impl<R: Read> RecordReader<R> {
    /// Reads a source of which `bytes_done` bytes and `lines_done` lines were read before.
    pub fn new(source: R, bytes_done: u64, lines_done: u64) -> Self {
        let buffer = vec![0; BUFFER_BYTES];
        Self { source, buffer, start: 0, filled: 0, at_end: false, head: Vec::new(), bytes_done, lines_done }
    }

    /// Bytes of the file that were given out.
    pub fn bytes_done(&self) -> u64 {
        self.bytes_done
    }

    /// Lines of the file that were given out.
    pub fn lines_done(&self) -> u64 {
        self.lines_done
    }

    /// The next row that is not blank; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "rows borrow the buffer, so this is no Iterator")]
    pub fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        loop {
            if self.filled - self.start <= RECORD_BYTES_MAX && !self.at_end {
                self.fill()?;
            }
            if self.start == self.filled {
                return Ok(None);
            }
            let Cut { length, fault } = cut(&self.buffer[self.start..self.filled]);
            let line = self.lines_done + 1;
            let bytes = self.start..self.start + length;
            self.start += length;
            self.bytes_done += length as u64;
            self.lines_done += memchr::memchr_iter(b'\n', &self.buffer[bytes.clone()]).count() as u64;
            if fault == Some(RowError::RowTooLong) {
                self.head.clear();
                self.head.extend_from_slice(&self.buffer[bytes]);
                self.skip_line()?;
                return Ok(Some(Record { line, bytes: &self.head, end: self.bytes_done, fault }));
            }
            if self.buffer[bytes.clone()].iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return Ok(Some(Record { line, bytes: &self.buffer[bytes], end: self.bytes_done, fault }));
        }
    }

    /// Moves what is left to the front and reads until the buffer is full or the source ends.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.start = 0;
        while self.filled < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Passes over the rest of a line.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(index) = memchr::memchr(b'\n', &self.buffer[self.start..self.filled]) {
                self.start += index + 1;
                self.bytes_done += index as u64 + 1;
                self.lines_done += 1;
                return Ok(());
            }
            self.bytes_done += (self.filled - self.start) as u64;
            self.start = self.filled;
            if self.at_end {
                return Ok(());
            }
            self.fill()?;
        }
    }
}

/// Finds the end of the first row. `buffer` is not empty, and holds more than a row may have or the whole rest.
fn cut(buffer: &[u8]) -> Cut {
    let window = &buffer[..buffer.len().min(RECORD_BYTES_MAX)];
    let mut quoted = false;
    let mut closed_at = None;
    for index in memchr::memchr2_iter(b'"', b'\n', window) {
        if window[index] == b'\n' {
            if !quoted {
                return Cut { length: index + 1, fault: None };
            }
        } else if quoted {
            quoted = false;
            closed_at = Some(index);
            // A mark before more text closes nothing: the one that is open was forgotten on an earlier line.
            if !matches!(window.get(index + 1), None | Some(b',' | b'"' | b'\r' | b'\n')) {
                quoted = true;
                break;
            }
        } else {
            // RFC 4180: a mark quotes at the begin of a field, and doubled within quotes. Elsewhere (`5" pipe`) it
            // is text, for the splitter of fields too: a row that they cut differently would lose its rest.
            let before = index.checked_sub(1);
            quoted = before.is_none_or(|before| window[before] == b',' || closed_at == Some(before));
        }
    }
    if !quoted && window.len() == buffer.len() {
        return Cut { length: window.len(), fault: None };
    }
    match memchr::memchr(b'\n', window) {
        Some(index) => Cut { length: index + 1, fault: Some(RowError::QuoteNotClosed) },
        None if window.len() == buffer.len() => {
            Cut { length: window.len(), fault: Some(RowError::QuoteNotClosed) }
        }
        None => Cut { length: window.len(), fault: Some(RowError::RowTooLong) },
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
