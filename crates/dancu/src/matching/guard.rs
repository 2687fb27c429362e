//! A reader that ends a row that has no end.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Read},
    rc::Rc,
};

/// Bytes of one row at most, beside what is read ahead.
pub const ROW_BYTES_MAX: u64 = 1 << 20;
/// Bytes that the rows' reader reads ahead.
pub const AHEAD_BYTES: usize = 1 << 20;

/// Counts what was handed out, and hands out no more when a row takes too much.
pub struct Guarded {
    file: File,
    handed_out: u64,
    /// Where the last whole row ended, told by whoever cuts rows.
    row_end: Rc<Cell<u64>>,
}

impl Guarded {
    /// Reads a file from where it stands.
    pub fn new(file: File, row_end: Rc<Cell<u64>>) -> Self {
        Self { file, handed_out: 0, row_end }
    }
}

impl Read for Guarded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.handed_out.saturating_sub(self.row_end.get()) > ROW_BYTES_MAX + AHEAD_BYTES as u64 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let count = self.file.read(into)?;
        self.handed_out += count as u64;
        Ok(count)
    }
}
