//! Cosignatures (C2SP tlog-cosignature, Ed25519): keys, and what is signed.

use crate::CosignerError;
use base64::{Engine, engine::general_purpose::STANDARD};
use dancu_core::Entropy;
use dancu_ledger::{KeyPair, read_key_file, write_key_file, write_public_key};
use jiff::Timestamp;
use signed_note::{Note, Signature, Signer, StandardSigner, StandardVerifier, Verifier};
use std::{fmt, path::Path, sync::Arc};

/// The byte that tells an Ed25519 key for cosignatures from one for logs; the key itself is the same.
const ALGORITHM_COSIGNATURE: u8 = 4;
const ALGORITHM_LOG: u8 = 1;

/// Draws a key pair for a witness of this name. The secret half is written as that of a log, as other programs do.
pub fn generate_cosigner_key(name: &str, entropy: &dyn Entropy) -> Result<KeyPair, CosignerError> {
    let keys = dancu_ledger::generate_key(name, entropy)?;
    let wrong = || CosignerError::Name { name: name.to_owned() };
    let public = with_algorithm(&keys.public, ALGORITHM_LOG, ALGORITHM_COSIGNATURE).ok_or_else(wrong)?;
    Ok(KeyPair { public, ..keys })
}

/// A verifier key with another byte for its use, and the key ID that follows from it.
fn with_algorithm(key: &str, from: u8, to: u8) -> Option<String> {
    let mut parts = key.splitn(3, '+');
    let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    let mut bytes = STANDARD.decode(key).ok()?;
    let told = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 8)?;
    if bytes.first() != Some(&from) || told != signed_note::key_id(name, &bytes) {
        return None;
    }
    bytes[0] = to;
    Some(format!("{name}+{:08x}+{}", signed_note::key_id(name, &bytes), STANDARD.encode(&bytes)))
}

/// Reads a witness's key from its file, or draws one when there is none and one may be drawn: a witness that has cosigned
/// before must not go on with another. The public half is written beside it.
pub fn load_or_create_cosigner(
    file: &Path,
    name: Option<&str>,
    entropy: &dyn Entropy,
) -> Result<Cosigner, CosignerError> {
    let wrong = || CosignerError::Key { file: file.to_owned() };
    // Beside the key file stand those with these endings: the public half, and what is being written.
    if file.extension().is_some_and(|ending| ending == "pub" || ending == "new") {
        return Err(wrong());
    }
    let keys = match (read_key_file(file)?, name) {
        (Some(held), _) => held.pair().ok_or_else(wrong)?,
        (None, Some(name)) => {
            let keys = generate_cosigner_key(name, entropy)?;
            write_key_file(file, &keys)?;
            keys
        }
        (None, None) => return Err(wrong()),
    };
    let cosigner = Cosigner::new(&keys).ok_or_else(wrong)?;
    write_public_key(&file.with_extension("pub"), cosigner.verifier().as_str())?;
    Ok(cosigner)
}

/// Signs what a witness saw.
pub struct Cosigner {
    signer: StandardSigner,
    verifier: CosignerVerifier,
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cosigner").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// A checkpoint's words without its signatures.
pub(crate) fn body_of(note: &str) -> Option<&str> {
    note.rfind("\n\n").map(|end| &note[..=end])
}

/// What is signed: two lines, and the whole body of the checkpoint.
fn signed_text(body: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{body}")
}

impl Cosigner {
    /// Takes a key pair; `None` when the texts are no keys or do not belong together.
    pub fn new(keys: &KeyPair) -> Option<Self> {
        let signer = StandardSigner::new(keys.secret.trim()).ok()?;
        let verifier = CosignerVerifier::new(keys.public.trim())?;
        let this = Self { signer, verifier };
        // Tried once, so that a mismatched pair is found here and not by whoever relies on it.
        let probe = "witness\n0\n\n\n";
        let line = this.sign(probe, Timestamp::UNIX_EPOCH)?;
        (this.verifier.find(probe, &line).is_some() && this.signer.name() == this.verifier.name())
            .then_some(this)
    }

    /// The public half.
    pub const fn verifier(&self) -> &CosignerVerifier {
        &self.verifier
    }

    /// The line that says that a checkpoint was seen at a time and goes on from all that was seen before. `None` for a
    /// text that is no signed note.
    pub(crate) fn sign(&self, checkpoint: &str, at: Timestamp) -> Option<String> {
        // Zero would say that nothing is claimed about the time.
        let seconds = u64::try_from(at.as_second()).unwrap_or(0).max(1);
        let raw = self.signer.sign(signed_text(body_of(checkpoint)?, seconds).as_bytes()).ok()?;
        let stamped = [seconds.to_be_bytes().as_slice(), &raw].concat();
        let line = Signature::new(self.verifier.name().to_owned(), self.verifier.id, stamped).ok()?;
        String::from_utf8(line.to_bytes()).ok()
    }
}

/// A cosignature that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Its line in the note, with the end of the line.
    pub line: String,
    /// When the witness signed, by its own clock.
    pub at: Timestamp,
}

/// Verifies the cosignatures of one witness.
#[derive(Clone)]
pub struct CosignerVerifier {
    text: Arc<str>,
    id: u32,
    key: StandardVerifier,
}

impl fmt::Debug for CosignerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosignerVerifier({})", self.text)
    }
}

impl CosignerVerifier {
    /// Reads a verifier key of the kind for cosignatures, e.g. `witness.example/w1+1a2b3c4d+BA…`.
    pub fn new(text: &str) -> Option<Self> {
        let key = with_algorithm(text, ALGORITHM_COSIGNATURE, ALGORITHM_LOG)?;
        let id = u32::from_str_radix(text.split('+').nth(1)?, 16).ok()?;
        Some(Self { key: StandardVerifier::new(&key).ok()?, id, text: text.into() })
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The witness's name.
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// The first true cosignature of this witness on a checkpoint among some lines; lines of others are passed over.
    pub fn find(&self, checkpoint: &str, lines: &str) -> Option<Cosignature> {
        let body = body_of(checkpoint)?;
        let signatures = lines.lines().filter_map(|line| Signature::from_bytes(line.as_bytes()).ok());
        signatures.filter(|signature| signature.name() == self.name() && signature.id() == self.id).find_map(
            |signature| {
                let (seconds, raw) = signature.signature().split_first_chunk::<8>()?;
                let seconds = u64::from_be_bytes(*seconds);
                let at = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
                if seconds == 0 || !self.key.verify(signed_text(body, seconds).as_bytes(), raw) {
                    return None;
                }
                Some(Cosignature { line: String::from_utf8(signature.to_bytes()).ok()?, at })
            },
        )
    }

    /// The cosignature of this witness on a checkpoint that carries it.
    pub fn open(&self, cosigned: &str) -> Option<Cosignature> {
        Note::from_bytes(cosigned.as_bytes()).ok()?;
        self.find(cosigned, &cosigned[body_of(cosigned)?.len() + 1..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_ledger::{Frontier, LogSigner};
    use dancu_testkit::SeededEntropy;

    fn cosigner(seed: u64) -> Cosigner {
        Cosigner::new(&generate_cosigner_key("witness.example/w1", &SeededEntropy::new(seed)).unwrap())
            .unwrap()
    }

    fn checkpoint() -> Arc<str> {
        let keys = dancu_ledger::generate_key("dancu.example/log", &SeededEntropy::new(9)).unwrap();
        LogSigner::new(&keys).unwrap().sign(&Frontier::default())
    }

    /// The example of C2SP tlog-cosignature, whose key is not published: its name and key ID are read all the same.
    #[test]
    fn a_line_has_the_shape_of_the_specification() {
        let (cosigner, at) = (cosigner(1), "2023-03-17T14:12:27Z".parse().unwrap());
        let line = cosigner.sign(&checkpoint(), at).unwrap();
        let bytes = STANDARD.decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap();
        assert!(line.starts_with("— witness.example/w1 ") && line.ends_with('\n'));
        assert_eq!(bytes.len(), 4 + 8 + 64);
        assert_eq!(bytes[4..12], 1_679_062_347_u64.to_be_bytes());
        let public = STANDARD.decode(cosigner.verifier().as_str().splitn(3, '+').nth(2).unwrap()).unwrap();
        assert_eq!((public.len(), public[0]), (33, 4));
        assert_eq!(bytes[..4], signed_note::key_id("witness.example/w1", &public).to_be_bytes());
        let found = cosigner.verifier().find(&checkpoint(), &line).unwrap();
        assert_eq!((found.at, found.line), (at, line));
    }

    #[test]
    fn a_cosignature_of_another_key_text_or_time_is_none() {
        let (ours, other, checkpoint) = (cosigner(1), cosigner(2), checkpoint());
        let line = ours.sign(&checkpoint, Timestamp::UNIX_EPOCH).unwrap();
        let verifier = ours.verifier();
        assert!(verifier.open(&format!("{checkpoint}{line}")).is_some());
        assert!(verifier.open(&checkpoint).is_none());
        assert!(other.verifier().find(&checkpoint, &line).is_none());
        assert!(verifier.find(&checkpoint.replace("\n0\n", "\n1\n"), &line).is_none());
        let foreign = other.sign(&checkpoint, Timestamp::UNIX_EPOCH).unwrap();
        assert!(
            verifier.find(&checkpoint, &format!("{foreign}junk\n{line}")).is_some(),
            "others are passed over"
        );
        let mut bytes = STANDARD.decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap();
        for at in 4..bytes.len() {
            bytes[at] ^= 1;
            let changed = format!("— witness.example/w1 {}\n", STANDARD.encode(&bytes));
            assert!(verifier.find(&checkpoint, &changed).is_none(), "byte {at}");
            bytes[at] ^= 1;
        }
    }

    #[test]
    fn a_key_of_a_log_is_none_of_a_witness_and_halves_must_fit() {
        let log = dancu_ledger::generate_key("a.example", &SeededEntropy::new(3)).unwrap();
        assert!(CosignerVerifier::new(&log.public).is_none());
        for bad in ["", "a", "a+b", "a+00000000+BAAA", "witness.example/w1+zz+AAAA"] {
            assert!(CosignerVerifier::new(bad).is_none(), "{bad}");
        }
        let [one, two] = [1, 2].map(|seed| generate_cosigner_key("w", &SeededEntropy::new(seed)).unwrap());
        assert!(Cosigner::new(&KeyPair { secret: one.secret, public: two.public }).is_none());
        assert!(generate_cosigner_key("a b", &SeededEntropy::new(1)).is_err());
    }
}
