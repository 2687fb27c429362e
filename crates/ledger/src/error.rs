//! What can go wrong with the log, in words for the person who runs it.

use dancu_core::{Explain, Explanation, StoreError};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// The log cannot do what was asked. Nothing that was acknowledged before is lost by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The newest record is later than the clock: the clock stepped back, or was wrong before.
    #[error("the newest record is from {newest}, the clock says {now}")]
    ClockBehind {
        /// Time of the newest record.
        newest: Timestamp,
        /// The clock's time.
        now: Timestamp,
    },
    /// The name is no origin of a log: empty, or with blanks or a plus sign.
    #[error("{origin:?} is no name for a log")]
    Origin {
        /// The name.
        origin: String,
    },
    /// The key file holds no key of this log.
    #[error("{} holds no signing key of {origin}", .file.display())]
    Key {
        /// The key file.
        file: PathBuf,
        /// The log's name.
        origin: String,
    },
    /// The file holds no verifier key.
    #[error("{} holds no verifier key", .file.display())]
    VerifierKey {
        /// The file.
        file: PathBuf,
    },
    /// The stored checkpoint is not signed by our key.
    #[error("the stored checkpoint is not signed by {verifier_key}")]
    Signature {
        /// The key that should have signed, in its public form.
        verifier_key: String,
    },
    /// A file of the published log is not what the records say.
    #[error("{} does not agree with the records", .file.display())]
    Tile {
        /// The file.
        file: PathBuf,
    },
    /// The stored records, tree and checkpoint contradict each other.
    #[error("the records contradict the checkpoint: {detail}")]
    Tree {
        /// What was found, without personal data.
        detail: String,
    },
    /// There is no such leaf.
    #[error("the log has {size} entries, none with index {index}")]
    Index {
        /// The index asked for.
        index: u64,
        /// Entries in the log.
        size: u64,
    },
    /// The store below failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for LedgerError {
    fn explain(&self) -> Explanation {
        match self {
            Self::ClockBehind { newest, now } => Explanation::new(
                "DANCU-LEDGER-001",
                format!(
                    "Bản ghi mới nhất có thời điểm {newest}, nhưng đồng hồ máy chỉ {now}. Hãy chỉnh lại đồng hồ (NTP); \
                     nếu đồng hồ hiện tại đúng, hãy khởi động với tùy chọn chấp nhận đồng hồ lùi."
                ),
                format!(
                    "The newest record is from {newest}, but the clock says {now}. Set the clock (NTP); if it is right \
                     now, start with the option that accepts a clock that stepped back."
                ),
            ),
            Self::Origin { origin } => Explanation::new(
                "DANCU-LEDGER-002",
                format!(
                    "“{origin}” không dùng làm tên nhật ký được. Tên không được rỗng, không có dấu cách hay dấu +."
                ),
                format!(
                    "“{origin}” cannot name a log. A name is not empty and has no blank and no plus sign."
                ),
            ),
            Self::Key { file, origin } => Explanation::new(
                "DANCU-LEDGER-003",
                format!(
                    "Tệp {} không chứa khóa ký của nhật ký {origin}. Hãy khôi phục tệp khóa từ bản sao lưu.",
                    file.display()
                ),
                format!(
                    "{} holds no signing key of the log {origin}. Restore the key file from a backup.",
                    file.display()
                ),
            ),
            Self::VerifierKey { file } => explain_verifier_key(file),
            Self::Signature { verifier_key } => explain_signature(verifier_key),
            Self::Tile { file } => Explanation::new(
                "DANCU-LEDGER-005",
                format!(
                    "Tệp {} của nhật ký công khai khác với các bản ghi. Hãy chạy `dancu ledger repair` để dựng lại từ bản ghi.",
                    file.display()
                ),
                format!(
                    "{} of the public log differs from the records. Run `dancu ledger repair` to rebuild it from them.",
                    file.display()
                ),
            ),
            Self::Tree { detail } => Explanation::new(
                "DANCU-LEDGER-006",
                format!(
                    "Các bản ghi trong ledger.db mâu thuẫn với điểm kiểm tra đã ký ({detail}). Hãy chạy `dancu ledger check` và khôi phục ledger.db từ bản sao lưu."
                ),
                format!(
                    "The records in ledger.db contradict the signed checkpoint ({detail}). Run `dancu ledger check` and restore ledger.db from a backup."
                ),
            ),
            Self::Index { index, size } => Explanation::new(
                "DANCU-LEDGER-007",
                format!("Nhật ký có {size} mục, không có mục số {index}."),
                format!("The log has {size} entries; there is none with index {index}."),
            ),
            Self::Store(error) => error.explain(),
        }
    }
}

fn explain_verifier_key(file: &Path) -> Explanation {
    Explanation::new(
        "DANCU-LEDGER-008",
        format!(
            "Tệp {} không chứa khóa kiểm tra. Hãy xóa tệp này và khởi động `dancu up`: tệp được tạo lại từ khóa ký.",
            file.display()
        ),
        format!(
            "{} holds no verifier key. Delete it and start `dancu up`: it is made again from the signing key.",
            file.display()
        ),
    )
}

fn explain_signature(verifier_key: &str) -> Explanation {
    Explanation::new(
        "DANCU-LEDGER-004",
        format!(
            "Điểm kiểm tra đã lưu không được ký bằng khóa {verifier_key}. Hãy khôi phục đúng tệp khóa từ bản sao lưu."
        ),
        format!(
            "The stored checkpoint is not signed by {verifier_key}. Restore the right key file from a backup."
        ),
    )
}
