//! One exchange as a bundle of files that somebody verifies without us: openssl and a shell are enough.

use crate::{Covering, TrustedAuthorities, covering};
use base64::{Engine, engine::general_purpose::STANDARD};
use dancu_core::StoreError;
use dancu_ledger::{LedgerError, PublicLog, Receipt, TileFiles};
use der::{asn1::BitStringRef, oid::ObjectIdentifier, pem::LineEnding};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use std::{
    fmt,
    io::{Cursor, Write},
    sync::Arc,
};
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// `id-Ed25519` (RFC 8410).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const INSTRUCTIONS: &str = include_str!("bundle/README.txt");
const SCRIPT_NAME: &str = "verify.sh";
const SCRIPT: &str = include_str!("bundle/verify.sh");

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The log cannot be read, or has no such entry.
    #[error(transparent)]
    Log(#[from] LedgerError),
    /// A time-stamp cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log's key or a part of the receipt has not the form that it must have.
    #[error("the evidence cannot be put together")]
    Form,
}

impl From<ZipError> for BundleError {
    fn from(_: ZipError) -> Self {
        Self::Form
    }
}

/// Where time-stamps are kept, and whose are believed; nobody's where there is no authority.
#[derive(Clone)]
pub struct Evidence {
    files: Arc<dyn TileFiles>,
    trusted: Option<Arc<TrustedAuthorities>>,
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Evidence")
    }
}

impl Evidence {
    /// Puts it together.
    pub fn new(files: Arc<dyn TileFiles>, trusted: Option<Arc<TrustedAuthorities>>) -> Self {
        Self { files, trusted }
    }

    /// The bundle of a leaf, a ZIP file: at the oldest time-stamped checkpoint that covers it, else at the newest one.
    /// The caller decides who may have it.
    pub fn bundle(&self, log: &PublicLog, index: u64) -> Result<Vec<u8>, BundleError> {
        // Without the authority's root nobody could verify the time.
        let stamped = match &self.trusted {
            Some(trusted) => {
                covering(&*self.files, log.number(), index)?.map(|covering| (covering, &**trusted))
            }
            None => None,
        };
        put_together(log, stamped.as_ref(), index)
    }
}

fn put_together(
    log: &PublicLog,
    stamped: Option<&(Covering, &TrustedAuthorities)>,
    index: u64,
) -> Result<Vec<u8>, BundleError> {
    let receipt = match stamped {
        Some((covering, _)) => log.receipt_at(index, covering.size, &covering.checkpoint)?,
        None => log.receipt(index)?,
    };
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, bytes: &[u8]| -> Result<(), BundleError> {
        let mode = if name == SCRIPT_NAME { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default();
        zip.start_file(name, options.compression_method(CompressionMethod::Stored).unix_permissions(mode))?;
        zip.write_all(bytes).map_err(|_| BundleError::Form)
    };
    add("README.txt", INSTRUCTIONS.as_bytes())?;
    add(SCRIPT_NAME, SCRIPT.as_bytes())?;
    add("record.json", receipt.record.as_bytes())?;
    add("salt.bin", &receipt.salt.0)?;
    add("checkpoint.txt", receipt.checkpoint.as_bytes())?;
    add("log-key.pem", log_key(log)?.as_bytes())?;
    add("log-key.txt", format!("{}\n", log.verifier().as_str()).as_bytes())?;
    for (name, hash) in steps(&receipt) {
        add(&name, &hash)?;
    }
    if let Some((Covering { reply, .. }, trusted)) = stamped {
        add("timestamp.tsr", reply)?;
        add("timestamp-authority.pem", trusted.pem().as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The log's key as openssl reads it. The verifier key of a C2SP note is `<name>+<hash>+<base64 of type and key>`.
fn log_key(log: &PublicLog) -> Result<String, BundleError> {
    // Base64 has plus signs of its own: everything behind the second one from the left is the key.
    let encoded = log.verifier().as_str().splitn(3, '+').nth(2).ok_or(BundleError::Form)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| BundleError::Form)?;
    let [_type, key @ ..] = bytes.as_slice() else { return Err(BundleError::Form) };
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: ED25519, parameters: None },
        subject_public_key: BitStringRef::from_bytes(key).map_err(|_| BundleError::Form)?,
    };
    let document = spki::Document::try_from(info).map_err(|_| BundleError::Form)?;
    document.to_pem("PUBLIC KEY", LineEnding::LF).map_err(|_| BundleError::Form)
}

/// The hashes from the leaf to the root, named in their order and by the side on which they stand (RFC 9162, section
/// 2.1.3.2).
fn steps(receipt: &Receipt) -> Vec<(String, [u8; 32])> {
    let (mut node, mut last) = (receipt.leaf_index, receipt.tree_size.saturating_sub(1));
    let mut steps = Vec::with_capacity(receipt.inclusion_proof.len());
    for (place, hash) in receipt.inclusion_proof.iter().enumerate() {
        let is_left = node & 1 == 1 || node == last;
        if is_left {
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        }
        let side = if is_left { "left" } else { "right" };
        steps.push((format!("proof/{:02}-{side}.bin", place + 1), hash.0));
        node >>= 1;
        last >>= 1;
    }
    steps
}
