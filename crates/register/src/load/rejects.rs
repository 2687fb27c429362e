//! The file of rejected rows, for the operator who mends them.

use super::LoadError;
use crate::store::{FileDigest, RegisterStore};
use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

const PAGE_LENGTH: usize = 500;

/// Writes every rejected row of a file in the order of its lines. The file replaces an earlier one as a whole,
/// and only its owner can read it. Without rejected rows no file is made, and an earlier one is emptied.
pub(super) async fn export(
    store: &dyn RegisterStore,
    digest: FileDigest,
    path: &Path,
    rejected: u64,
) -> Result<Option<PathBuf>, LoadError> {
    if rejected == 0 && !path.exists() {
        return Ok(None);
    }
    let failed = |error: io::Error| LoadError::File { file: path.to_owned(), error };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    // What lies there already keeps its rights, or leads elsewhere: it goes first.
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&unfinished).map_err(failed)?;
    let mut writer = csv::Writer::from_writer(file);
    let csv_failed = |error: csv::Error| failed(io::Error::other(error.to_string()));
    writer.write_record(["line", "field", "code", "message_vi", "message_en", "row"]).map_err(csv_failed)?;
    let mut after = 0;
    loop {
        let rejects = store.rejects(digest, after, PAGE_LENGTH).await?;
        let Some(last) = rejects.last() else { break };
        after = last.line;
        for reject in &rejects {
            writer
                .write_record([
                    reject.line.to_string().as_bytes(),
                    reject.field.as_bytes(),
                    reject.code.as_bytes(),
                    reject.message_vi.as_bytes(),
                    reject.message_en.as_bytes(),
                    &reject.row,
                ])
                .map_err(csv_failed)?;
        }
    }
    let mut file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    file.flush().map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)?;
    Ok((rejected > 0).then(|| path.to_owned()))
}
