//! Files that are written beside the place where they will stand.

use crate::failure::Failure;
use std::path::Path;
use tempfile::NamedTempFile;

/// A file in the folder of `target`: its owner's alone, and gone unless it is persisted. A file that holds people's data
/// must be whole before it has its name.
pub fn beside(target: &Path) -> Result<NamedTempFile, Failure> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder).map_err(|error| Failure::file(target, &error))
}
