//! Files of persons: a header row, any order of columns, RFC 4180, UTF-8 with or without a byte order mark,
//! LF or CRLF, composed or decomposed letters.
//!
//! Columns come in groups, one a kind of fact. A file has a group whole or not at all: half a group could not be
//! told from a person who has lost the other half. What a file has no group for stays as it is in the register.
//!
//! Ethnicity, religion and blood group have columns that stand each for itself. Their values are sealed while the row is
//! read; an empty field states nothing. Portraits and fingerprints have none: a row ends at 64 KiB, and a workbook's cell
//! at 32,767 characters, so that one in a file would be cut or refused.

mod fields;
mod header;
mod legacy;
mod records;
mod row;

pub use fields::{Fields, split};
pub use header::{COLUMNS, Column, Header, HeaderError, SEALED_COLUMNS};
pub use records::{RECORD_BYTES_MAX, Record, RecordReader};
pub use row::{ParsedRow, RowParser, parse_row_bytes};

use dancu_core::CommuneCode;

/// Tells whether a commune code is or was in use; the places room knows.
pub trait KnownPlaces: Send + Sync {
    /// Whether any commune, of today or before, has this code.
    fn is_known(&self, code: CommuneCode) -> bool;
}

impl KnownPlaces for dancu_places::Places {
    fn is_known(&self, code: CommuneCode) -> bool {
        Self::is_known(self, code)
    }
}
