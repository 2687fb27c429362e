//! The body of `add-checkpoint` (C2SP tlog-witness): `old <size>`, hashes of a proof, an empty line, a checkpoint.

use base64::{Engine, engine::general_purpose::STANDARD};
use dancu_ledger::Hash;
use signed_note::Note;
use std::fmt::Write as _;

/// Longest body that is read: a checkpoint may come with many signatures.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Most hashes of a proof; no tree needs more.
pub const PROOF_LINES_MAX: usize = 63;

/// A checkpoint with the proof that it goes on from an earlier size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size from which the proof goes on.
    pub old_size: u64,
    /// The proof.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, word for word.
    pub checkpoint: String,
}

impl AddCheckpoint {
    /// Reads a body; `None` when it is not of this form. The signatures are not verified here.
    pub fn read(body: &[u8]) -> Option<Self> {
        if body.len() > BODY_BYTES_MAX {
            return None;
        }
        let text = std::str::from_utf8(body).ok()?;
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old_size = read_size(lines.next()?.strip_prefix("old ")?)?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == PROOF_LINES_MAX {
                return None;
            }
            proof.push(read_hash(line)?);
        }
        let this = Self { old_size, proof, checkpoint: checkpoint.to_owned() };
        this.origin().map(|_| ())?;
        Some(this)
    }

    /// The log that the checkpoint names, if it is a checkpoint.
    pub fn origin(&self) -> Option<String> {
        let note = Note::from_bytes(self.checkpoint.as_bytes()).ok()?;
        let body = tlog_tiles::Checkpoint::from_bytes(note.text()).ok()?;
        // The library takes a hash in any of base64's spellings; whoever signs writes one.
        let is_exact = body.to_bytes() == note.text();
        is_exact.then(|| body.origin().to_owned())
    }

    /// The body.
    pub fn to_body(&self) -> String {
        let mut body = format!("old {}\n", self.old_size);
        for hash in &self.proof {
            // Writing into a text cannot fail.
            let _ = writeln!(body, "{}", STANDARD.encode(hash));
        }
        body.push('\n');
        body.push_str(&self.checkpoint);
        body
    }
}

fn read_hash(line: &str) -> Option<Hash> {
    STANDARD.decode(line).ok()?.try_into().ok()
}

/// A size in decimal without leading zeros.
pub(crate) fn read_size(text: &str) -> Option<u64> {
    let size: u64 = text.parse().ok()?;
    // The library of trees counts its nodes by twice the size.
    (size.to_string() == text && size <= 1 << 62).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHECKPOINT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    const PROOF: &str =
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n";

    #[test]
    fn the_example_of_the_specification_is_read_and_written_again() {
        let body = format!("old 20852014\n{PROOF}\n{CHECKPOINT}");
        let read = AddCheckpoint::read(body.as_bytes()).unwrap();
        assert_eq!((read.old_size, read.proof.len()), (20_852_014, 2));
        assert_eq!(read.origin().as_deref(), Some("example.com/behind-the-sofa"));
        assert_eq!(read.to_body(), body);
        assert!(AddCheckpoint::read(format!("old 0\n\n{CHECKPOINT}").as_bytes()).unwrap().proof.is_empty());
    }

    #[test]
    fn what_is_not_of_the_form_is_refused() {
        let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
        let bodies = [
            String::new(),
            "\n\n".to_owned(),
            format!("old 01\n\n{CHECKPOINT}"),
            format!("old -1\n\n{CHECKPOINT}"),
            format!("old +1\n\n{CHECKPOINT}"),
            format!("old 18446744073709551616\n\n{CHECKPOINT}"),
            format!("old 18446744073709551615\n\n{CHECKPOINT}"),
            format!("old  1\n\n{CHECKPOINT}"),
            format!("Old 1\n\n{CHECKPOINT}"),
            format!("old 1\r\n\r\n{CHECKPOINT}"),
            format!("old 1\n{CHECKPOINT}"),
            format!("old 1\nAAAA\n\n{CHECKPOINT}"),
            format!("old 1\n{}\n{CHECKPOINT}", hash.repeat(64)),
            format!("old 1\n{}\n\n{CHECKPOINT}", hash.trim_end().trim_end_matches('=')),
            "old 1\n\nexample.com/log\n1\nAAAA\n".to_owned(),
            format!("old 1\n\n{}", CHECKPOINT.trim_end()),
            format!("old 1\n\n{}", CHECKPOINT.replace("20852163", "020852163")),
            format!("old 1\n\n{CHECKPOINT}junk\n"),
            format!("old 1\n\n{}{CHECKPOINT}", " ".repeat(BODY_BYTES_MAX)),
        ];
        for body in bodies {
            assert_eq!(AddCheckpoint::read(body.as_bytes()), None, "{body:.60}");
        }
        assert!(
            AddCheckpoint::read(format!("old 1\n{}\n{CHECKPOINT}", hash.repeat(63)).as_bytes()).is_some()
        );
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_as_it_came(old in 0_u64..1 << 62, hashes in prop::collection::vec(any::<[u8; 32]>(), 0..63)) {
            let request = AddCheckpoint { old_size: old, proof: hashes, checkpoint: CHECKPOINT.to_owned() };
            prop_assert_eq!(AddCheckpoint::read(request.to_body().as_bytes()), Some(request));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..300) {
            let mut body = format!("old 20852014\n{PROOF}\n{CHECKPOINT}").into_bytes();
            body.splice(at..at, bytes);
            if let Some(read) = AddCheckpoint::read(&body) {
                prop_assert_eq!(read.to_body().into_bytes(), body);
            }
        }
    }
}
