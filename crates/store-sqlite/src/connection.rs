//! How every connection is opened: pragmas, file rights, the folder's lock.

use crate::errors::{io_error, store_error};
use dancu_core::StoreError;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

/// Bytes of a database file that are read through the page cache of the system without a call. SQLite itself
/// caps it at 2 GiB.
const MMAP_BYTES: i64 = 0x7fff_0000;
/// Negative: KiB. A writer keeps the pages of its transaction in here before they go to the log.
const WRITER_CACHE_KIB: i64 = -65_536;
const READER_CACHE_KIB: i64 = -8_192;
/// Our own threads wait for each other in queues, so a lock that lasts is another process's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENTS_KEPT: usize = 128;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionRole {
    /// Writes, and so creates the file and sets its journal to WAL.
    Writer,
    /// Reads only; the file must exist.
    Reader,
    /// Reads only, and mostly between one commit and the next, as decisions on changes do. It does not map the file into
    /// memory: at the first read after a commit SQLite takes such a map down, for all threads of the process, and every page
    /// is faulted in anew.
    ReaderBesideWrites,
}

/// Opens a connection with the house's pragmas: WAL, `synchronous=FULL` (a commit is on the disk when it
/// returns), memory-mapped reads, foreign keys, a cache of prepared statements. Checkpoints are left to the
/// owner: `wal_autocheckpoint` is off.
///
/// A new file is readable by its owner only.
pub fn open_connection(path: &Path, role: ConnectionRole) -> Result<Connection, StoreError> {
    if role == ConnectionRole::Writer {
        // SQLite opens a file without write permission for reading and fails at the first write; and it
        // calls every failure "unable to open". So the file system is asked first.
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| io_error(path, &error))?;
    }
    connect(path, role).map_err(|error| store_error(path, &error))
}

fn connect(path: &Path, role: ConnectionRole) -> rusqlite::Result<Connection> {
    let access = match role {
        ConnectionRole::Writer => OpenFlags::SQLITE_OPEN_READ_WRITE,
        ConnectionRole::Reader | ConnectionRole::ReaderBesideWrites => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // One plan a statement, whatever is bound to it. Without this SQLite (built with STAT4) compiles a statement
    // that joins tables anew at every run, which costs more than the read itself.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if role == ConnectionRole::Writer {
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
        // What is deleted (stays, sessions, codes, entries that were told) is overwritten where its page is written anyway,
        // which costs nothing. Pages that become free as a whole are not written for it: that would double the writing of
        // a search index that is merged. They are the first to be used again.
        connection.pragma_update_and_check(None, "secure_delete", "FAST", |_| Ok(()))?;
    } else {
        connection.pragma_update(None, "cache_size", READER_CACHE_KIB)?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    let mmap_bytes = if role == ConnectionRole::ReaderBesideWrites { 0 } else { MMAP_BYTES };
    connection.pragma_update_and_check(None, "mmap_size", mmap_bytes, |_| Ok(()))?;
    // Reads the first page, so that a file that is no database is found here and not by the first caller.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Holds a data folder for this process; the lock ends when this is dropped or the process dies.
#[derive(Debug)]
pub struct FolderLock {
    // Kept open: closing the file gives the lock back.
    _file: File,
    folder: PathBuf,
}

impl FolderLock {
    /// The folder that is held.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Creates the data folder if need be (rights 0700) and locks its `dancu.lock`. A second process gets
/// [`StoreError::InUse`].
pub fn lock_data_folder(folder: &Path) -> Result<FolderLock, StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| io_error(folder, &error))?;
    let path = folder.join("dancu.lock");
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| io_error(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock { _file: file, folder: folder.to_owned() }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { file: path }),
        Err(TryLockError::Error(error)) => Err(io_error(&path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_on_a_folder_is_refused_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("var");
        let first = lock_data_folder(&data).unwrap();
        assert_eq!(first.folder(), data);
        assert_eq!(lock_data_folder(&data).unwrap_err(), StoreError::InUse { file: data.join("dancu.lock") });
        drop(first);
        lock_data_folder(&data).unwrap();
    }

    #[test]
    fn what_is_deleted_is_no_longer_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let connection = open_connection(&path, ConnectionRole::Writer).unwrap();
        let work = "CREATE TABLE stay (id INTEGER PRIMARY KEY, address TEXT);
                    INSERT INTO stay VALUES (1, 'Hotel Lotus'), (2, 'Hotel Orchid');
                    DELETE FROM stay WHERE id = 1;";
        connection.execute_batch(work).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("Hotel Orchid") && !holds("Hotel Lotus"));
    }

    #[test]
    fn a_file_that_is_no_database_is_named_as_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        std::fs::write(&path, "This is a letter, not a database. ".repeat(400)).unwrap();
        let error = open_connection(&path, ConnectionRole::Writer).unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { file, .. } if *file == path), "{error}");
    }

    #[test]
    fn a_folder_that_does_not_exist_and_a_folder_in_place_of_the_file_are_told() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("absent/register.db"), folder.path().to_owned()] {
            let error = open_connection(&path, ConnectionRole::Writer).unwrap_err();
            assert!(matches!(error, StoreError::Failed { .. }), "{error}");
        }
    }

    #[test]
    fn a_statement_is_compiled_once() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_connection(&folder.path().join("register.db"), ConnectionRole::Writer).unwrap();
        connection
            .execute_batch("CREATE TABLE a(n INTEGER PRIMARY KEY, b); CREATE TABLE b(n INTEGER PRIMARY KEY)")
            .unwrap();
        let mut statement = connection.prepare("SELECT a.n FROM a JOIN b ON b.n = b WHERE a.n = ?1").unwrap();
        for number in 0..10 {
            assert!(!statement.exists([number]).unwrap());
        }
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_new_file_belongs_to_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let connection = open_connection(&path, ConnectionRole::Writer).unwrap();
        connection.execute_batch("CREATE TABLE t(a)").unwrap();
        for name in ["register.db", "register.db-wal", "register.db-shm"] {
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
