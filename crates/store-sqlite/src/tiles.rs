//! The files of the public log below one folder, each put in place whole.

use crate::errors::io_error;
use dancu_core::StoreError;
use dancu_ledger::TileFiles;
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

/// The folder of the public log.
#[derive(Debug, Clone)]
pub struct LogFolder {
    folder: PathBuf,
    flushes_all: bool,
}

impl LogFolder {
    /// Creates the folder if need be.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(|error| io_error(folder, &error))?;
        Ok(Self { folder: folder.to_owned(), flushes_all: false })
    }

    /// A folder of files that cannot be derived from anything: each is flushed before it is in place.
    pub fn of_originals(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { flushes_all: true, ..Self::open(folder)? })
    }

    fn put(&self, file: &Path, bytes: &[u8], is_durable: bool) -> io::Result<()> {
        // A name of its own for each file: what a crash leaves half written is overwritten by the next attempt.
        let mut name = file.as_os_str().to_owned();
        name.push(".new");
        let beside = PathBuf::from(name);
        let mut new = match File::create(&beside) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
                File::create(&beside)?
            }
            created => created?,
        };
        new.write_all(bytes)?;
        if is_durable {
            new.sync_all()?;
        }
        fs::rename(&beside, file)?;
        // Without it a power cut may take the new name back, although the contents are on the disk.
        if self.flushes_all
            && let Some(folder) = file.parent()
        {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

impl TileFiles for LogFolder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let file = self.location(path);
        match fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(&file, &error)),
        }
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.location(path);
        // A tile that a power cut takes away is built again; the checkpoint says where to go on, so it is
        // flushed. Tiles are many.
        let is_durable = self.flushes_all || matches!(path, "checkpoint" | "cosigned");
        self.put(&file, bytes, is_durable).map_err(|error| io_error(&file, &error))
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        let target = self.location(path);
        match fs::remove_dir_all(&target) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(&target, &error)),
            _ => Ok(()),
        }
    }

    fn location(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.folder.clone() } else { self.folder.join(path) }
    }
}
