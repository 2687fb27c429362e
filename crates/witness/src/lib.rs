//! Witnesses: others who saw a log's checkpoint, found it to go on from the last one they saw, and say so with their
//! signature and the time. Whoever asks for such cosignatures cannot be shown a history of their own.
//!
//! [`Witness`] cosigns (C2SP tlog-witness, tlog-cosignature); [`Cosigning`] asks witnesses for this node's log. Neither
//! holds anything of a person: hashes, sizes, signatures. May use `core`, `ledger`.

mod cosigner;
mod cosigning;
mod memory;
mod refusal;
mod request;
mod status;
mod witness;

pub use cosigner::{Cosignature, Cosigner, CosignerVerifier, generate_cosigner_key, load_or_create_cosigner};
pub use cosigning::{AddressedWitness, Answer, Cosigning, NoAnswer, WitnessAddress};
pub use memory::{Memory, origin_hash};
pub use refusal::{CosignerError, Refusal};
pub use request::{AddCheckpoint, BODY_BYTES_MAX, PROOF_LINES_MAX};
pub use status::{Signed, Trouble, WitnessStatus};
pub use witness::{HouseLogs, KnownKeys, Witness, WitnessedLogs};
