//! Why a witness does not cosign, and what can be wrong with it itself.

use dancu_core::{Explain, Explanation, StoreError};
use dancu_ledger::LedgerError;
use std::path::PathBuf;

/// Why a checkpoint was not cosigned (C2SP tlog-witness).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body is no request of this kind.
    #[error("the body is malformed")]
    Malformed,
    /// No log of this name is witnessed here.
    #[error("the log is unknown")]
    UnknownLog,
    /// No key of the log signed it, or a signature in a key's name is false.
    #[error("no trusted signature")]
    NotSigned,
    /// The proof goes on from another size than the last one that was cosigned.
    #[error("the last cosigned size is {size}")]
    OtherSize {
        /// The last one.
        size: u64,
    },
    /// The proof does not show that the log goes on from what was cosigned.
    #[error("the proof does not verify")]
    NotProven,
    /// The witness read the log's own records and found another tree.
    #[error("the records hash to another root")]
    OtherRecords,
    /// The witness follows the log's records and has not come so far.
    #[error("the records are not followed that far yet")]
    NotFollowed,
    /// More than this log or all of them may ask.
    #[error("too many requests")]
    TooMany,
    /// What was seen cannot be remembered.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log's own records cannot be read.
    #[error(transparent)]
    Log(#[from] LedgerError),
}

impl Refusal {
    /// The status of HTTP that the protocol gives it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::UnknownLog => 404,
            Self::NotSigned => 403,
            Self::OtherSize { .. } => 409,
            Self::NotProven | Self::OtherRecords => 422,
            Self::TooMany => 429,
            Self::NotFollowed | Self::Store(_) | Self::Log(_) => 503,
        }
    }
}

impl Explain for Refusal {
    fn explain(&self) -> Explanation {
        match self {
            Self::Malformed => Explanation::new(
                "DANCU-WITNESS-001",
                "Nội dung không đúng mẫu add-checkpoint (C2SP tlog-witness). Hãy sửa rồi gửi lại.",
                "The body is no add-checkpoint of C2SP tlog-witness. Correct it and send it again.",
            ),
            Self::UnknownLog => Explanation::new(
                "DANCU-WITNESS-002",
                "Nhân chứng này không theo dõi nhật ký đó. Hãy nhờ người vận hành thêm khóa của nhật ký.",
                "This witness does not know the log. Ask its operator to add the log's key.",
            ),
            Self::NotSigned => Explanation::new(
                "DANCU-WITNESS-003",
                "Điểm kiểm tra không có chữ ký đúng của nhật ký. Hãy gửi điểm kiểm tra đã ký.",
                "The checkpoint has no true signature of the log. Send a signed one.",
            ),
            Self::OtherSize { size } => Explanation::new(
                "DANCU-WITNESS-004",
                format!("Nhân chứng đã ký tới {size} mục. Hãy gửi lại với chứng minh từ đó."),
                format!("The witness has cosigned up to {size} entries. Send again with a proof from there."),
            ),
            Self::NotProven => Explanation::new(
                "DANCU-WITNESS-005",
                "Chứng minh không cho thấy nhật ký này tiếp nối điều đã ký. Nhân chứng không ký.",
                "The proof does not show that the log goes on from what was cosigned. It is not cosigned.",
            ),
            Self::OtherRecords => Explanation::new(
                "DANCU-WITNESS-006",
                "Các bản ghi mà nút này đã đọc cho ra gốc cây khác. Nhân chứng không ký.",
                "The records that this node has read hash to another root. It is not cosigned.",
            ),
            Self::NotFollowed => Explanation::new(
                "DANCU-WITNESS-007",
                "Nút này chưa đọc tới các bản ghi đó. Hãy gửi lại sau vài giây.",
                "This node has not read the records that far. Send again in some seconds.",
            ),
            Self::TooMany => Explanation::new(
                "DANCU-WITNESS-008",
                "Quá nhiều yêu cầu. Hãy gửi lại sau một giây.",
                "Too many requests. Send again in a second.",
            ),
            Self::Store(error) => error.explain(),
            Self::Log(error) => error.explain(),
        }
    }
}

/// Why a witness cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignerError {
    /// The name is none that a key can have.
    #[error("{name:?} is no name for a witness")]
    Name {
        /// The name.
        name: String,
    },
    /// The file holds no key of a witness.
    #[error("{} holds no key of a witness", .file.display())]
    Key {
        /// The file.
        file: PathBuf,
    },
    /// The key has signed before, and what it signed is not there.
    #[error("{} does not remember what the key has cosigned", .folder.display())]
    NoMemory {
        /// The folder.
        folder: PathBuf,
    },
    /// The memory is that of another key.
    #[error("{} is the memory of another witness", .folder.display())]
    OtherMemory {
        /// The folder.
        folder: PathBuf,
    },
    /// A line of the list of logs is no verifier key.
    #[error("line {line} is no verifier key of a log")]
    LogKey {
        /// Its number, from 1.
        line: usize,
    },
    /// A setting is no verifier key of a witness.
    #[error("{key:?} is no verifier key of a witness")]
    WitnessKey {
        /// The text.
        key: String,
    },
    /// The key cannot be drawn.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for CosignerError {
    // tidy: allow long function: one table of sentences
    fn explain(&self) -> Explanation {
        match self {
            Self::Name { name } => Explanation::new(
                "DANCU-WITNESS-010",
                format!(
                    "“{name}” không dùng làm tên nhân chứng được. Tên không rỗng, không có dấu cách hay dấu +."
                ),
                format!(
                    "“{name}” cannot name a witness. A name is not empty and has no blank and no plus sign."
                ),
            ),
            Self::Key { file } => Explanation::new(
                "DANCU-WITNESS-011",
                format!(
                    "{} không chứa khóa của nhân chứng. Hãy khôi phục tệp này; với nhân chứng mới, hãy đặt tên bằng --name.",
                    file.display()
                ),
                format!(
                    "{} holds no key of a witness. Restore the file; for a new witness, give its name with --name.",
                    file.display()
                ),
            ),
            Self::NoMemory { folder } => Explanation::new(
                "DANCU-WITNESS-012",
                format!(
                    "Khóa này đã từng ký nhưng {} không còn ghi lại đã ký tới đâu. Hãy khôi phục thư mục; nếu đã mất, hãy bỏ khóa này và lập nhân chứng mới.",
                    folder.display()
                ),
                format!(
                    "The key has signed before, but {} does not tell up to where. Restore the folder; if it is lost, give the key up and begin a new witness.",
                    folder.display()
                ),
            ),
            Self::OtherMemory { folder } => Explanation::new(
                "DANCU-WITNESS-013",
                format!(
                    "{} là của nhân chứng khác. Hãy chọn đúng thư mục hoặc đúng tệp khóa.",
                    folder.display()
                ),
                format!(
                    "{} is that of another witness. Choose the right folder or the right key file.",
                    folder.display()
                ),
            ),
            Self::LogKey { line } => Explanation::new(
                "DANCU-WITNESS-014",
                format!(
                    "Dòng {line} của danh sách nhật ký không phải khóa kiểm tra. Hãy chép lại khóa từ log-verifier.pub."
                ),
                format!(
                    "Line {line} of the list of logs is no verifier key. Copy the key from log-verifier.pub again."
                ),
            ),
            Self::WitnessKey { key } => Explanation::new(
                "DANCU-WITNESS-015",
                format!(
                    "“{key}” trong ledger.witnesses không phải khóa kiểm tra của nhân chứng. Hãy chép lại từ tệp .pub của nhân chứng."
                ),
                format!(
                    "“{key}” in ledger.witnesses is no verifier key of a witness. Copy it from the witness's .pub file again."
                ),
            ),
            Self::Ledger(error) => error.explain(),
            Self::Store(error) => error.explain(),
        }
    }
}
