//! Signed checkpoints (C2SP tlog-checkpoint in a C2SP signed note, Ed25519).

use crate::{error::LedgerError, hash::Hash, tree::Frontier};
use dancu_core::Entropy;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use std::{fmt, sync::Arc};

/// Signs the checkpoints of one log. The key's name is the log's origin.
pub struct LogSigner {
    origin: String,
    signer: StandardSigner,
    verifier: LogVerifier,
}

impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogSigner").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// A new key pair as text: the secret one (`PRIVATE+KEY+…`) for the key file, the public one for everybody.
pub struct KeyPair {
    /// Secret key. Never printed.
    pub secret: String,
    /// Verifier key, e.g. `dancu.example/log+1a2b3c4d+AX…`.
    pub public: String,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Lets the key generator draw from the house's entropy.
struct Source<'a>(&'a dyn Entropy);

impl rand_core::RngCore for Source<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Source<'_> {}

/// Draws a key pair for a log of this name.
pub fn generate_key(origin: &str, entropy: &dyn Entropy) -> Result<KeyPair, LedgerError> {
    if !signed_note::is_key_name_valid(origin) {
        return Err(LedgerError::Origin { origin: origin.to_owned() });
    }
    let (secret, public) = signed_note::generate_key(&mut Source(entropy), origin);
    Ok(KeyPair { secret, public })
}

impl LogSigner {
    /// Takes a key pair; `None` when the texts are no keys or do not belong together.
    pub fn new(keys: &KeyPair) -> Option<Self> {
        let signer = StandardSigner::new(keys.secret.trim()).ok()?;
        let verifier = LogVerifier::new(keys.public.trim())?;
        let origin = signed_note::Signer::name(&signer).to_owned();
        let this = Self { origin, signer, verifier };
        // The secret key is tried on a note, so that a mismatched pair is found here and not by a citizen.
        let probe = this.sign(&Frontier::default());
        this.verifier.open(&probe)?;
        Some(this)
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The public half.
    pub const fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    /// The signed checkpoint of a tree.
    pub fn sign(&self, tree: &Frontier) -> Arc<str> {
        let root = tlog_tiles::Hash(tree.root());
        let body = tlog_tiles::Checkpoint::new(&self.origin, tree.size(), root, "")
            .expect("the origin was checked with the key");
        let mut note = Note::new(&body.to_bytes(), &[]).expect("a checkpoint is a well-formed note");
        note.add_sigs(&[&self.signer]).expect("the key's name was checked when it was read");
        String::from_utf8(note.to_bytes()).expect("a note is UTF-8").into()
    }
}

/// What a verified checkpoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

/// Verifies checkpoints of one log.
#[derive(Clone)]
pub struct LogVerifier {
    text: Arc<str>,
    key: StandardVerifier,
}

impl fmt::Debug for LogVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogVerifier({})", self.text)
    }
}

impl LogVerifier {
    /// Reads a verifier key, e.g. `dancu.example/log+1a2b3c4d+AX…`.
    pub fn new(text: &str) -> Option<Self> {
        Some(Self { key: StandardVerifier::new(text).ok()?, text: text.into() })
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        signed_note::Verifier::name(&self.key)
    }

    /// What a checkpoint says, when it is of this log and signed by this key.
    pub fn open(&self, checkpoint: &str) -> Option<TreeHead> {
        Self::open_by_any(std::slice::from_ref(self), checkpoint)
    }

    /// The same for a log with several keys: one has signed at least, and nothing is falsely signed in the name of any.
    pub fn open_by_any(keys: &[Self], checkpoint: &str) -> Option<TreeHead> {
        let note = Note::from_bytes(checkpoint.as_bytes()).ok()?;
        note.verify(&VerifierList::new(keys.iter().map(|log| Box::new(log.key.clone()) as _).collect()))
            .ok()?;
        let body = tlog_tiles::Checkpoint::from_bytes(note.text()).ok()?;
        let is_theirs = keys.iter().all(|log| log.origin() == body.origin());
        is_theirs.then(|| TreeHead { size: body.size(), root: body.hash().0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hash::empty_root, tree::BatchTree};
    use dancu_testkit::SeededEntropy;

    const ORIGIN: &str = "dancu.example/log";

    fn signer(seed: u64) -> LogSigner {
        LogSigner::new(&generate_key(ORIGIN, &SeededEntropy::new(seed)).unwrap()).unwrap()
    }

    #[test]
    fn a_checkpoint_has_the_lines_of_the_specification_and_opens() {
        let signer = signer(1);
        let text = signer.sign(&Frontier::default());
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(lines[..4], [ORIGIN, "0", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", ""]);
        assert!(lines[4].starts_with("— dancu.example/log "));
        assert_eq!(lines[5..], [""]);
        assert_eq!(signer.verifier().open(&text), Some(TreeHead { size: 0, root: empty_root() }));
    }

    #[test]
    fn a_changed_or_foreign_checkpoint_does_not_open() {
        let (ours, other) = (signer(1), signer(2));
        let tree = BatchTree::append(&Frontier::default(), vec![[3; 32]; 5]).after().clone();
        let text = ours.sign(&tree);
        assert_eq!(ours.verifier().open(&text), Some(TreeHead { size: 5, root: tree.root() }));
        assert_eq!(other.verifier().open(&text), None);
        assert_eq!(ours.verifier().open(&text.replace("\n5\n", "\n6\n")), None);
        assert_eq!(ours.verifier().open(&text[..text.len() - 2]), None);
        assert_eq!(ours.verifier().open(""), None);
    }

    #[test]
    fn a_pair_of_two_different_keys_and_a_bad_name_are_refused() {
        let (a, b) = (
            generate_key(ORIGIN, &SeededEntropy::new(1)).unwrap(),
            generate_key(ORIGIN, &SeededEntropy::new(2)).unwrap(),
        );
        assert!(LogSigner::new(&KeyPair { secret: a.secret, public: b.public }).is_none());
        for name in ["", "a b", "a+b"] {
            assert!(generate_key(name, &SeededEntropy::new(1)).is_err(), "{name:?}");
        }
    }
}
