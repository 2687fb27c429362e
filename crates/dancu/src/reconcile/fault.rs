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
    /// A map compares a column of the register as what it is not, twice, or with nothing.
    #[error("the map compares the register's column {column} as it may not be compared")]
    Column {
        /// The register's column.
        column: &'static str,
    },
    /// A map says from which probability on somebody is told or shown.
    #[error("the map sets automatic, review or vetoes")]
    Thresholds,
    /// The run was begun too long ago.
    #[error("the run in {} was begun more than {days} days ago", .folder.display())]
    Expired {
        /// Folder of the run.
        folder: PathBuf,
        /// Days that a run may take.
        days: u32,
    },
    /// Others may look into the folder.
    #[error("{} is open to others", .folder.display())]
    OpenToOthers {
        /// Folder of the run.
        folder: PathBuf,
    },
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
            Self::Column { column } => Explanation::new(
                "DANCU-CLI-119",
                format!(
                    "Cột `{column}` của sổ đăng ký chỉ được nêu một lần trong map.toml, đúng loại của nó, cùng với một cột của tệp. Hãy sửa mục [[field]] đó như docs/guide/clean-a-file.md."
                ),
                format!(
                    "The register's column `{column}` stands once in map.toml, as its own kind, beside a column of the file. Correct that [[field]] as in docs/guide/clean-a-file.md."
                ),
            ),
            Self::Thresholds => Explanation::new(
                "DANCU-CLI-120",
                "Khi đối soát với sổ đăng ký, map.toml không được có `automatic`, `review`, `vetoes`. Hãy bỏ các dòng đó.",
                "Against the register map.toml may not set `automatic`, `review` or `vetoes`. Remove these lines.",
            ),
            Self::Expired { folder, days } => Explanation::new(
                "DANCU-CLI-121",
                format!(
                    "Lần đối soát trong {} đã bắt đầu hơn {days} ngày trước và không được tiếp tục; các tệp trung gian đã được xóa. Hãy chọn thư mục khác bằng --out.",
                    folder.display()
                ),
                format!(
                    "The run in {} was begun more than {days} days ago and does not go on; its intermediate files were removed. Name another folder with --out.",
                    folder.display()
                ),
            ),
            Self::OpenToOthers { folder } => Explanation::new(
                "DANCU-CLI-122",
                format!(
                    "Người khác trên máy này vào được {}. Hãy chạy `chmod 700` cho thư mục đó, hoặc chọn thư mục chưa có bằng --out.",
                    folder.display()
                ),
                format!(
                    "Others on this machine may enter {}. Run `chmod 700` on it, or name a folder with --out that does not exist.",
                    folder.display()
                ),
            ),
        }
    }
}
