//! The signing key on disk: one file that only its owner can read, and its public half beside it.

use crate::{
    checkpoint::{KeyPair, LogSigner, LogVerifier, generate_key},
    error::LedgerError,
    node::NodeName,
};
use dancu_core::{Entropy, StoreError};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// Name of the secret key's file of the first log in the folder of keys.
pub const SECRET_KEY_FILE: &str = "log-signing.key";
/// Name of the first log's public key file: one line, for verifiers.
pub const PUBLIC_KEY_FILE: &str = "log-verifier.pub";

/// Name of the secret key's file of a node's log. Each has its own, so that nodes may share a folder of keys or not.
pub fn secret_key_file(node: &NodeName) -> String {
    if node.is_main() { SECRET_KEY_FILE.to_owned() } else { format!("log-signing-{node}.key") }
}

/// Name of the public key's file of a node's log.
pub fn public_key_file(node: &NodeName) -> String {
    if node.is_main() { PUBLIC_KEY_FILE.to_owned() } else { format!("log-verifier-{node}.pub") }
}

/// Reads the signing key of a log from a folder, or draws one when `may_create` and there is none. The folder
/// gets rights 0700, the secret file 0600; both are on the disk when this returns.
///
/// A log that has entries already must be opened with `may_create` false: a new key would orphan its receipts.
pub fn load_or_create_signer(
    folder: &Path,
    origin: &str,
    entropy: &dyn Entropy,
    may_create: bool,
) -> Result<LogSigner, LedgerError> {
    load_or_create_node_signer(folder, &NodeName::default(), origin, entropy, may_create)
}

/// The same for a node's log.
pub fn load_or_create_node_signer(
    folder: &Path,
    node: &NodeName,
    origin: &str,
    entropy: &dyn Entropy,
    may_create: bool,
) -> Result<LogSigner, LedgerError> {
    let secret_file = folder.join(secret_key_file(node));
    let wrong_key = || LedgerError::Key { file: secret_file.clone(), origin: origin.to_owned() };
    let held = if let Some(held) = read_key_file(&secret_file)? {
        held.pair()
    } else if may_create {
        let keys = generate_key(origin, entropy)?;
        write_key_file(&secret_file, &keys)?;
        Some(keys)
    } else {
        None
    };
    let signer = held.and_then(|keys| LogSigner::new(&keys));
    let signer = signer.filter(|signer| signer.origin() == origin).ok_or_else(wrong_key)?;
    write_public_key(&folder.join(public_key_file(node)), signer.verifier().as_str())?;
    Ok(signer)
}

/// What a file of a secret key holds.
pub struct HeldKey(String);

impl HeldKey {
    /// The pair: both halves are kept in the secret file, one a line. `None` when it is cut.
    pub fn pair(&self) -> Option<KeyPair> {
        let (secret, public) = self.0.trim().split_once('\n')?;
        Some(KeyPair { secret: secret.to_owned(), public: public.to_owned() })
    }
}

impl std::fmt::Debug for HeldKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeldKey(…)")
    }
}

/// Reads the file of a secret key; `None` when there is none.
pub fn read_key_file(file: &Path) -> Result<Option<HeldKey>, StoreError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(HeldKey(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(file, &error)),
    }
}

/// Writes a new key pair for its owner alone: the folder gets rights 0700, the file 0600; both are on the disk when this
/// returns.
pub fn write_key_file(file: &Path, keys: &KeyPair) -> Result<(), StoreError> {
    let folder = folder_of(file);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| file_error(folder, &error))?;
    let text = format!("{}\n{}\n", keys.secret, keys.public);
    write_new(file, 0o600, &text).map_err(|error| file_error(file, &error))
}

/// Writes the public half for verifiers, unless it is there.
pub fn write_public_key(file: &Path, key: &str) -> Result<(), StoreError> {
    let public = format!("{key}\n");
    if fs::read_to_string(file).ok().as_deref() == Some(public.as_str()) {
        return Ok(());
    }
    write_new(file, 0o644, &public).map_err(|error| file_error(file, &error))
}

/// Reads the log's verifier key from a folder of keys, for a check that signs nothing.
pub fn load_verifier(folder: &Path) -> Result<LogVerifier, LedgerError> {
    let file = folder.join(PUBLIC_KEY_FILE);
    let text = fs::read_to_string(&file).map_err(|error| file_error(&file, &error))?;
    LogVerifier::new(text.trim()).ok_or(LedgerError::VerifierKey { file })
}

/// Writes beside the file and renames, so that a half-written key never has the key's name.
fn write_new(file: &Path, mode: u32, text: &str) -> io::Result<()> {
    let beside = file.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut new = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(&beside, file)?;
    File::open(folder_of(file))?.sync_all()
}

/// The folder of a file; the present one of a mere name.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn file_error(file: &Path, error: &io::Error) -> StoreError {
    let file = file.to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { file },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { file },
        _ => StoreError::Failed { file, detail: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_testkit::SeededEntropy;
    use std::os::unix::fs::PermissionsExt;

    const ORIGIN: &str = "dancu.example/log";

    #[test]
    fn a_key_is_drawn_once_and_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let first = load_or_create_signer(&keys, ORIGIN, &SeededEntropy::new(1), true).unwrap();
        let again = load_or_create_signer(&keys, ORIGIN, &SeededEntropy::new(2), false).unwrap();
        assert_eq!(first.verifier().as_str(), again.verifier().as_str());
        let public = fs::read_to_string(keys.join(PUBLIC_KEY_FILE)).unwrap();
        assert_eq!(public.trim(), first.verifier().as_str());
        assert_eq!(load_verifier(&keys).unwrap().as_str(), first.verifier().as_str());
        fs::write(keys.join(PUBLIC_KEY_FILE), "dancu.example/log+00000000+AAAA").unwrap();
        assert!(matches!(load_verifier(&keys), Err(LedgerError::VerifierKey { .. })));
        let mode = |name| fs::metadata(keys.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(SECRET_KEY_FILE), 0o600);
        assert_eq!(fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_lost_cut_or_foreign_key_is_told_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(SECRET_KEY_FILE);
        let open =
            |origin, create| load_or_create_signer(folder.path(), origin, &SeededEntropy::new(1), create);
        let lost = open(ORIGIN, false).unwrap_err();
        assert_eq!(lost, LedgerError::Key { file: file.clone(), origin: ORIGIN.into() });
        open(ORIGIN, true).unwrap();
        assert!(matches!(open("other.example/log", true), Err(LedgerError::Key { .. })));
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, &text[..40]).unwrap();
        assert_eq!(open(ORIGIN, true).unwrap_err(), lost);
    }
}
