//! Files that are written beside the place where they will stand.

use crate::failure::Failure;
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// How the name of such a file begins and ends, by which it is known when a kill left it behind.
const NAME: (&str, &str) = (".dancu-", ".part");

/// A file in the folder of `target`: its owner's alone, and gone unless it is persisted. A file that holds people's data
/// must be whole before it has its name.
pub fn beside(target: &Path) -> Result<NamedTempFile, Failure> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    within(folder).map_err(|error| Failure::file(target, &error))
}

/// A file without a name of its own in a folder, see [`beside`].
pub fn within(folder: &Path) -> std::io::Result<NamedTempFile> {
    Builder::new().prefix(NAME.0).suffix(NAME.1).tempfile_in(folder)
}

/// Removes what a kill left behind in a folder in which nobody else works.
pub fn clear(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(NAME.0) && name.ends_with(NAME.1)) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
