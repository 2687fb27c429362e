//! What can be wrong with a file that is matched against the register.

use dancu_core::{Explain, Explanation};
use std::path::PathBuf;

/// A run that cannot begin or go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReconcileFault {
    /// What was guessed of the columns was not confirmed.
    #[error("the columns were guessed and not confirmed")]
    NotConfirmed,
    /// The folder holds a run over another file, or the file was changed since.
    #[error("the run in {} is of another file", .folder.display())]
    OtherFile {
        /// Folder of the run.
        folder: PathBuf,
    },
    /// The folder holds a run of another client or contract.
    #[error("the run in {} is under another contract", .folder.display())]
    OtherContract {
        /// Folder of the run.
        folder: PathBuf,
    },
    /// Another process works in the folder.
    #[error("{} is in use", .folder.display())]
    InUse {
        /// Folder of the run.
        folder: PathBuf,
    },
    /// The folder's files are no run of this version, or not whole.
    #[error("the run in {} is damaged", .folder.display())]
    Damaged {
        /// Folder of the run.
        folder: PathBuf,
    },
    /// The limit of the day is used up.
    #[error("the daily limit is used up after {told} of {pairs} pairs")]
    DailyLimit {
        /// Pairs that were gone through.
        told: u64,
        /// All pairs.
        pairs: u64,
    },
    /// The letter is too long or holds a personal number.
    #[error("the reference is too long or holds a personal number")]
    Reference,
}

impl Explain for ReconcileFault {
    // tidy: allow long function: one table of sentences, read from top to bottom
    fn explain(&self) -> Explanation {
        match self {
            Self::NotConfirmed => Explanation::new(
                "DANCU-CLI-112",
                "Các cột được đoán từ dòng tiêu đề và chưa được xác nhận; chưa có gì được đối soát. Hãy chạy lại với --yes nếu đúng, hoặc --map FILE nếu sai.",
                "The columns were guessed from the headers and not confirmed; nothing was matched. Run again with --yes if they are right, or with --map FILE if not.",
            ),
            Self::OtherFile { folder } => Explanation::new(
                "DANCU-CLI-113",
                format!(
                    "{} là của một lần đối soát tệp khác, hoặc tệp đã bị sửa từ khi bắt đầu. Hãy dùng lại tệp ban đầu, hoặc chọn thư mục khác bằng --out.",
                    folder.display()
                ),
                format!(
                    "{} holds a run over another file, or the file was changed since it began. Use the file as it was, or name another folder with --out.",
                    folder.display()
                ),
            ),
            Self::OtherContract { folder } => Explanation::new(
                "DANCU-CLI-114",
                format!(
                    "{} là của một lần đối soát theo hợp đồng khác. Hãy chọn thư mục khác bằng --out.",
                    folder.display()
                ),
                format!(
                    "{} holds a run under another contract. Name another folder with --out.",
                    folder.display()
                ),
            ),
            Self::InUse { folder } => Explanation::new(
                "DANCU-CLI-115",
                format!(
                    "{} đang được một tiến trình khác dùng. Hãy chờ tiến trình đó xong.",
                    folder.display()
                ),
                format!("{} is in use by another process. Wait until that one has ended.", folder.display()),
            ),
            Self::Damaged { folder } => Explanation::new(
                "DANCU-CLI-116",
                format!(
                    "{} không phải một lần đối soát nguyên vẹn. Hãy chọn thư mục khác bằng --out.",
                    folder.display()
                ),
                format!("{} is no whole run. Name another folder with --out.", folder.display()),
            ),
            Self::DailyLimit { told, pairs } => Explanation::new(
                "DANCU-CLI-117",
                format!(
                    "Hạn mức trong ngày của hợp đồng đã hết sau {told} trên {pairs} dòng khớp. Ngày mai hãy chạy lại lệnh này: nó tiếp tục từ chỗ dừng."
                ),
                format!(
                    "The contract's daily limit is used up after {told} of {pairs} matched rows. Run the command again tomorrow: it goes on where it stopped."
                ),
            ),
            Self::Reference => Explanation::new(
                "DANCU-CLI-118",
                "--reference có tối đa 100 ký tự và không chứa số định danh. Hãy ghi số công văn.",
                "--reference has 100 characters at most and no personal number. Name the letter.",
            ),
        }
    }
}
