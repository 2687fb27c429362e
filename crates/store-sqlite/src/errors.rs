//! What SQLite, the file system and the migrations report, as [`StoreError`] with the file named.
//!
//! No value of a row gets into an error: SQLite's own messages name tables and columns only, and the texts of
//! failed conversions are left out.

use dancu_core::StoreError;
use rusqlite::{Error, ErrorCode, ffi};
use std::{io, path::Path};

/// Maps an error of SQLite on `file`.
pub fn store_error(file: &Path, error: &Error) -> StoreError {
    let file = file.to_owned();
    match error {
        Error::SqliteFailure(code, message) => match (code.code, code.extended_code) {
            // A shared-memory file that cannot grow is what a full disk looks like between two commits.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full { file },
            (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => StoreError::ReadOnly { file },
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _)
            | (_, ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_DATA | ffi::SQLITE_IOERR_CORRUPTFS) => {
                StoreError::Corrupt { file, detail: ffi::code_to_str(code.extended_code).to_owned() }
            }
            _ => {
                let message =
                    message.clone().unwrap_or_else(|| ffi::code_to_str(code.extended_code).to_owned());
                StoreError::Failed { file, detail: format!("{message} (SQLite {})", code.extended_code) }
            }
        },
        Error::FromSqlConversionFailure(column, ..)
        | Error::IntegralValueOutOfRange(column, _)
        | Error::Utf8Error(column, _)
        | Error::InvalidColumnType(column, ..) => {
            StoreError::Corrupt { file, detail: format!("column {column} does not hold what it should") }
        }
        Error::SqlInputError { msg, .. } => StoreError::Failed { file, detail: msg.clone() },
        Error::ToSqlConversionFailure(_) => {
            StoreError::Failed { file, detail: "a value cannot be stored".to_owned() }
        }
        other => StoreError::Failed { file, detail: other.to_string() },
    }
}

/// Maps an error of the file system on `file`.
pub fn io_error(file: &Path, error: &io::Error) -> StoreError {
    let file = file.to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { file },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { file },
        _ => StoreError::Failed { file, detail: error.to_string() },
    }
}

/// Maps an error of the migrations on `file`.
pub(crate) fn migration_error(file: &Path, error: &refinery::Error) -> StoreError {
    if let refinery::error::Kind::Connection(_, cause) = error.kind()
        && let Some(cause) = cause.downcast_ref::<Error>()
    {
        return store_error(file, cause);
    }
    StoreError::Failed { file: file.to_owned(), detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(extended_code: i32) -> Error {
        Error::SqliteFailure(ffi::Error::new(extended_code), None)
    }

    #[test]
    fn codes_of_sqlite_become_what_a_person_can_act_on() {
        let file = Path::new("/data/register.db");
        for (code, expected) in [
            (ffi::SQLITE_FULL, "DANCU-STORE-001"),
            (ffi::SQLITE_IOERR_SHMSIZE, "DANCU-STORE-001"),
            (ffi::SQLITE_READONLY_DIRECTORY, "DANCU-STORE-002"),
            (ffi::SQLITE_CORRUPT, "DANCU-STORE-003"),
            (ffi::SQLITE_NOTADB, "DANCU-STORE-003"),
            (ffi::SQLITE_IOERR_FSYNC, "DANCU-STORE-006"),
            (ffi::SQLITE_BUSY, "DANCU-STORE-006"),
        ] {
            let explanation = dancu_core::Explain::explain(&store_error(file, &sqlite(code)));
            assert_eq!(explanation.code, expected, "SQLite {code}");
            assert!(explanation.en.contains("/data/register.db"), "the file is named");
        }
    }

    #[test]
    fn errors_of_the_file_system_are_told_apart() {
        let file = Path::new("/data/register.db");
        // Linux: 28 no space left, 30 read-only file system, 13 permission denied, 2 no such file.
        let map = |number| io_error(file, &io::Error::from_raw_os_error(number));
        assert!(matches!(map(28), StoreError::Full { .. }));
        assert!(matches!(map(30), StoreError::ReadOnly { .. }));
        assert!(matches!(map(13), StoreError::ReadOnly { .. }));
        assert!(matches!(map(2), StoreError::Failed { .. }));
    }

    #[test]
    fn a_value_that_does_not_decode_is_not_repeated() {
        let cause = "079085000001 is no date".to_owned().into();
        let error = Error::FromSqlConversionFailure(6, rusqlite::types::Type::Text, cause);
        let mapped = store_error(Path::new("/data/register.db"), &error);
        assert!(matches!(mapped, StoreError::Corrupt { .. }));
        assert!(!mapped.to_string().contains("0790"));
    }
}
