//! What can be wrong with a file of rows.

use crate::{CELL_CHARACTERS_MAX, COLUMNS_MAX};
use dancu_core::{Explain, Explanation};
use std::{
    io,
    path::{Path, PathBuf},
};

/// A file of rows cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BulkError {
    /// The system refuses.
    #[error("{}: {detail}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The file is no sound workbook or Parquet file.
    #[error("{} is damaged", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
    },
    /// A workbook of before 2007, or one with a password.
    #[error("{} is an old or an encrypted workbook", .file.display())]
    OldWorkbook {
        /// The file.
        file: PathBuf,
    },
    /// A workbook without a sheet, or a sheet without a row.
    #[error("{} is empty", .file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// A column of a Parquet file holds lists or records.
    #[error("a column of {} is nested", .file.display())]
    Nested {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
    },
    /// More columns than a file may have.
    #[error("{} has too many columns", .file.display())]
    TooManyColumns {
        /// The file.
        file: PathBuf,
    },
    /// A cell is longer than a cell may be.
    #[error("row {row} of {} has a cell that is too long", .file.display())]
    CellTooLong {
        /// The file.
        file: PathBuf,
        /// Row, from 1.
        row: u64,
    },
    /// More rows than a sheet can hold.
    #[error("a sheet holds 1,048,576 rows at most")]
    SheetFull,
}

impl BulkError {
    /// What the system said of a file.
    pub fn file(file: &Path, error: &io::Error) -> Self {
        Self::File { file: file.to_owned(), detail: error.to_string() }
    }

    pub(crate) fn damaged(file: &Path) -> Self {
        Self::Damaged { file: file.to_owned() }
    }
}

impl Explain for BulkError {
    // tidy: allow long function: one table of sentences, read from top to bottom
    fn explain(&self) -> Explanation {
        match self {
            Self::File { file, detail } => Explanation::new(
                "DANCU-BULK-001",
                format!("Không đọc hoặc ghi được {}: {detail}.", file.display()),
                format!("{} cannot be read or written: {detail}.", file.display()),
            ),
            Self::Damaged { file } => Explanation::new(
                "DANCU-BULK-002",
                format!("Tệp {} bị hỏng. Hãy lưu lại từ chương trình gốc rồi thử lại.", file.display()),
                format!("{} is damaged. Save it again from the program that made it.", file.display()),
            ),
            Self::OldWorkbook { file } => Explanation::new(
                "DANCU-BULK-003",
                format!(
                    "{} là sổ tính cũ (.xls) hoặc có mật khẩu. Hãy lưu thành .xlsx không mật khẩu.",
                    file.display()
                ),
                format!(
                    "{} is an old workbook (.xls) or has a password. Save it as .xlsx without one.",
                    file.display()
                ),
            ),
            Self::Empty { file } => Explanation::new(
                "DANCU-BULK-004",
                format!("Tệp {} không có dòng nào.", file.display()),
                format!("{} has no row.", file.display()),
            ),
            Self::Nested { file, column } => Explanation::new(
                "DANCU-BULK-005",
                format!(
                    "Cột `{column}` của {} chứa danh sách hoặc bản ghi lồng nhau; chỉ nhận cột đơn.",
                    file.display()
                ),
                format!(
                    "Column `{column}` of {} holds lists or records; only plain columns are read.",
                    file.display()
                ),
            ),
            Self::TooManyColumns { file } => Explanation::new(
                "DANCU-BULK-006",
                format!("{} có hơn {COLUMNS_MAX} cột.", file.display()),
                format!("{} has more than {COLUMNS_MAX} columns.", file.display()),
            ),
            Self::CellTooLong { file, row } => Explanation::new(
                "DANCU-BULK-007",
                format!("{}, dòng {row}: có ô dài hơn {CELL_CHARACTERS_MAX} ký tự.", file.display()),
                format!(
                    "{}, row {row}: a cell has more than {CELL_CHARACTERS_MAX} characters.",
                    file.display()
                ),
            ),
            Self::SheetFull => Explanation::new(
                "DANCU-BULK-008",
                "Một trang tính chứa tối đa 1.048.576 dòng. Hãy chọn CSV hoặc Parquet.",
                "A sheet holds 1,048,576 rows at most. Choose CSV or Parquet.",
            ),
        }
    }
}
