//! Checkpoints that witnesses have cosigned, beside the newest one of our own: under load the newest one is replaced before
//! a witness has answered, so the newest with enough cosignatures is kept as a file of its own.

use crate::{checkpoint::LogVerifier, error::LedgerError, ports::TileFiles, public_log::PublicLog};
use dancu_core::StoreError;
use std::sync::{Arc, PoisonError};

/// The file of the newest checkpoint that enough witnesses have cosigned.
pub(crate) const COSIGNED: &str = "cosigned";

/// What is shown with cosignatures.
#[derive(Default)]
pub(crate) struct CosignedCheckpoints {
    /// The last checkpoint for which any came: as we signed it, and with them.
    newest: Option<(Arc<str>, Arc<str>)>,
    /// The last one for which enough came.
    quorum: Option<Arc<str>>,
}

impl CosignedCheckpoints {
    /// Takes up what was shown before. What is not of this log any more is left out: witnesses give it anew.
    pub fn open(tiles: &dyn TileFiles, verifier: &LogVerifier, size: u64) -> Result<Self, StoreError> {
        let held = tiles.read(COSIGNED)?.and_then(|bytes| String::from_utf8(bytes).ok());
        let quorum = held.filter(|text| verifier.open(text).is_some_and(|head| head.size <= size));
        Ok(Self { newest: None, quorum: quorum.map(Into::into) })
    }
}

impl PublicLog {
    /// Shows a checkpoint of this log with the cosignatures that came for it, which the caller has verified; with enough
    /// of them also as the newest that has enough.
    pub fn show_cosigned(
        &self,
        checkpoint: &Arc<str>,
        cosignatures: &str,
        has_quorum: bool,
    ) -> Result<(), LedgerError> {
        let cosigned: Arc<str> = format!("{checkpoint}{cosignatures}").into();
        // Held while the file is written, so that file and memory never tell of different checkpoints.
        let mut shown = self.cosigned.write().unwrap_or_else(PoisonError::into_inner);
        if has_quorum && shown.quorum.as_ref() != Some(&cosigned) {
            self.source.tiles.write(COSIGNED, cosigned.as_bytes())?;
            shown.quorum = Some(Arc::clone(&cosigned));
        }
        shown.newest = Some((Arc::clone(checkpoint), cosigned));
        Ok(())
    }

    /// The published checkpoint, with the cosignatures that came for it.
    pub fn newest_cosigned(&self) -> Arc<str> {
        let published = self.checkpoint();
        let shown = self.cosigned.read().unwrap_or_else(PoisonError::into_inner);
        match &shown.newest {
            Some((checkpoint, cosigned)) if *checkpoint == published => Arc::clone(cosigned),
            _ => published,
        }
    }

    /// The newest checkpoint that enough witnesses have cosigned; `None` when there is none.
    pub fn quorum_cosigned(&self) -> Option<Arc<str>> {
        self.cosigned.read().unwrap_or_else(PoisonError::into_inner).quorum.clone()
    }
}
