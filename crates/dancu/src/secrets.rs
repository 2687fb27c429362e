//! Small secret keys in files of their own, outside the databases.

use crate::failure::Failure;
use dancu_core::Entropy;
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// Reads a key of 32 bytes, or draws it when the file is not there. Only its owner can read it.
pub fn load_or_create(folder: &Path, name: &str, entropy: &dyn Entropy) -> Result<[u8; 32], Failure> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            Failure::new(
                "DANCU-CLI-011",
                format!("{} không phải khóa 32 byte. Hãy khôi phục tệp khóa từ bản sao lưu.", path.display()),
                format!("{} is no key of 32 bytes. Restore the key file from a backup.", path.display()),
            )
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut key = [0; 32];
            entropy.fill(&mut key);
            create(folder, &path, &key).map_err(|error| Failure::file(&path, &error))?;
            Ok(key)
        }
        Err(error) => Err(Failure::file(&path, &error)),
    }
}

/// Writes beside the file and renames, so that a start that is killed here leaves no key that is cut.
fn create(folder: &Path, path: &Path, key: &[u8]) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    fs::File::open(folder)?.sync_all()
}
