//! What can go wrong below a store port, in words that every room may use.

use crate::{Explain, Explanation};
use std::path::PathBuf;

/// A store could not do what was asked. Nothing that was acknowledged before is lost by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No space is left for this file.
    #[error("no space left for {}", .file.display())]
    Full {
        /// The file that could not grow.
        file: PathBuf,
    },
    /// The file or its disk cannot be written.
    #[error("{} cannot be written", .file.display())]
    ReadOnly {
        /// The file.
        file: PathBuf,
    },
    /// The file's contents are not what was written.
    #[error("{} is damaged: {detail}", .file.display())]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What was found, without personal data.
        detail: String,
    },
    /// Another process holds the data folder.
    #[error("{} is in use by another process", .file.display())]
    InUse {
        /// The lock file.
        file: PathBuf,
    },
    /// The queue in front of the store is full.
    #[error("the store's queue is full")]
    Overloaded,
    /// Anything else, without personal data.
    #[error("{}: {detail}", .file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What the engine said.
        detail: String,
    },
}

impl Explain for StoreError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Full { file } => Explanation::new(
                "DANCU-STORE-001",
                format!(
                    "Đĩa đã đầy, không ghi được {}. Hãy giải phóng dung lượng; hệ thống tự tiếp tục.",
                    file.display()
                ),
                format!(
                    "The disk is full, {} cannot be written. Free some space; work resumes by itself.",
                    file.display()
                ),
            ),
            Self::ReadOnly { file } => Explanation::new(
                "DANCU-STORE-002",
                format!("Không có quyền ghi {}. Hãy kiểm tra quyền và cách gắn đĩa.", file.display()),
                format!(
                    "{} cannot be written. Check its permissions and how the disk is mounted.",
                    file.display()
                ),
            ),
            Self::Corrupt { file, detail } => Explanation::new(
                "DANCU-STORE-003",
                format!(
                    "Tệp {} bị hỏng ({detail}). Hãy chạy `dancu ledger check` và khôi phục từ bản sao lưu.",
                    file.display()
                ),
                format!(
                    "{} is damaged ({detail}). Run `dancu ledger check` and restore from a backup.",
                    file.display()
                ),
            ),
            Self::InUse { file } => Explanation::new(
                "DANCU-STORE-004",
                format!(
                    "Một tiến trình khác đang dùng {}. Hãy dừng tiến trình đó hoặc chọn thư mục dữ liệu khác.",
                    file.display()
                ),
                format!(
                    "Another process is using {}. Stop it or choose another data folder.",
                    file.display()
                ),
            ),
            Self::Overloaded => Explanation::new(
                "DANCU-STORE-005",
                "Hệ thống đang quá tải. Hãy thử lại sau vài giây.",
                "The system is overloaded. Try again in a few seconds.",
            ),
            Self::Failed { file, detail } => Explanation::new(
                "DANCU-STORE-006",
                format!("Kho dữ liệu {} gặp lỗi: {detail}.", file.display()),
                format!("The store {} failed: {detail}.", file.display()),
            ),
        }
    }
}
