//! What a witness has cosigned last of each log: a file for each, on the disk before its cosignature leaves.

use crate::{CosignerError, CosignerVerifier};
use dancu_core::StoreError;
use dancu_ledger::TileFiles;
use sha2::{Digest, Sha256};
use std::{fmt, fmt::Write as _, sync::Arc};

/// Whose memory it is: the verifier key.
const OWNER: &str = "witness";

/// The files. They must be such as are flushed before they are in place.
#[derive(Clone)]
pub struct Memory(Arc<dyn TileFiles>);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({})", self.0.location("").display())
    }
}

/// The name of a log in addresses and files: SHA-256 of its origin, in lowercase hexadecimal (C2SP tlog-witness).
pub fn origin_hash(origin: &str) -> String {
    Sha256::digest(origin.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Memory {
    /// Over files that are flushed before they are in place.
    pub fn new(files: Arc<dyn TileFiles>) -> Self {
        Self(files)
    }

    /// Whether anything was ever remembered here. A key may be drawn only where nothing was.
    pub fn is_new(&self) -> Result<bool, StoreError> {
        Ok(self.0.read(OWNER)?.is_none())
    }

    /// Takes the memory up for a key. One that was in use must not go on without what it remembers, nor with the memory of
    /// another: it could cosign two histories. `is_new_key` says that the key has never signed.
    pub fn take_up(&self, verifier: &CosignerVerifier, is_new_key: bool) -> Result<(), CosignerError> {
        let place = || self.0.location("");
        match self.0.read(OWNER)? {
            Some(owner) if owner == verifier.as_str().as_bytes() => Ok(()),
            Some(_) => Err(CosignerError::OtherMemory { folder: place() }),
            None if is_new_key => Ok(self.0.write(OWNER, verifier.as_str().as_bytes())?),
            None => Err(CosignerError::NoMemory { folder: place() }),
        }
    }

    /// The last cosigned checkpoint of a log, by the hash of its origin.
    pub(crate) fn read(&self, origin_hash: &str) -> Result<Option<String>, StoreError> {
        let path = format!("{origin_hash}.checkpoint");
        let Some(bytes) = self.0.read(&path)? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|_| self.damaged(origin_hash))
    }

    /// Remembers a cosigned checkpoint; durable when it returns `Ok`.
    pub(crate) fn write(&self, origin_hash: &str, cosigned: &str) -> Result<(), StoreError> {
        self.0.write(&format!("{origin_hash}.checkpoint"), cosigned.as_bytes())
    }

    /// The file of a log is not what was written.
    pub(crate) fn damaged(&self, origin_hash: &str) -> StoreError {
        StoreError::Corrupt {
            file: self.0.location(&format!("{origin_hash}.checkpoint")),
            detail: "it is no checkpoint that this witness cosigned".to_owned(),
        }
    }
}
