//! What can be wrong with files that are matched.

use dancu_core::{Explain, Explanation};
use std::path::PathBuf;

/// A run that cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchFault {
    /// The map is no TOML, or says what nobody knows.
    #[error("the map is wrong: {detail}")]
    Map {
        /// What the reader said.
        detail: String,
    },
    /// The file of a model is none.
    #[error("{} is no model", .file.display())]
    Model {
        /// The file.
        file: PathBuf,
    },
    /// The model is for other columns.
    #[error("the model is for other columns")]
    ModelDoesNotFit,
    /// One file was named twice.
    #[error("one file was named twice")]
    SameFileTwice,
    /// UTF-16 or another encoding of two bytes a letter.
    #[error("{} is in UTF-16", .file.display())]
    WideText {
        /// The file.
        file: PathBuf,
    },
    /// A row goes on and on.
    #[error("row {row} of {} has no end", .file.display())]
    RowTooLong {
        /// The file.
        file: PathBuf,
        /// Line where it begins.
        row: u64,
    },
    /// The file was written to while it was read.
    #[error("{} changed while it was read", .file.display())]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// More rows than are counted.
    #[error("{} has too many rows", .file.display())]
    TooManyRows {
        /// The file.
        file: PathBuf,
    },
    /// A row is in no list, or in two.
    #[error("rows are not accounted for")]
    RowsUnaccounted,
}

impl Explain for MatchFault {
    // tidy: allow long function: one table of sentences, read from top to bottom
    fn explain(&self) -> Explanation {
        match self {
            Self::Map { detail } => Explanation::new(
                "DANCU-CLI-103",
                format!("map.toml sai: {detail}. Xem docs/guide/match.md."),
                format!("map.toml is wrong: {detail}. See docs/guide/match.md."),
            ),
            Self::Model { file } => Explanation::new(
                "DANCU-CLI-104",
                format!(
                    "{} không phải tệp mô hình. Hãy dùng model.json của một lần chạy trước.",
                    file.display()
                ),
                format!("{} is no model. Name the model.json of an earlier run.", file.display()),
            ),
            Self::ModelDoesNotFit => Explanation::new(
                "DANCU-CLI-105",
                "Mô hình dành cho các trường khác. Hãy bỏ --model để học từ chính các tệp này.",
                "The model is for other fields. Leave --model out to learn from these files.",
            ),
            Self::SameFileTwice => Explanation::new(
                "DANCU-CLI-106",
                "Hai tệp là một. Để tìm dòng trùng trong một tệp, chỉ nêu tệp đó một lần.",
                "Both files are one. To find duplicates within a file, name it once.",
            ),
            Self::WideText { file } => Explanation::new(
                "DANCU-CLI-107",
                format!("{} theo mã UTF-16. Hãy lưu lại theo UTF-8.", file.display()),
                format!("{} is in UTF-16. Save it as UTF-8.", file.display()),
            ),
            Self::RowTooLong { file, row } => Explanation::new(
                "DANCU-CLI-108",
                format!(
                    "{}, dòng {row}: dòng dài quá 1 MiB; có thể dấu ngoặc kép không được đóng. Hãy sửa rồi chạy lại.",
                    file.display()
                ),
                format!(
                    "{}, line {row}: the row is longer than 1 MiB; a quotation mark may not be closed. Correct it and run again.",
                    file.display()
                ),
            ),
            Self::Changed { file } => Explanation::new(
                "DANCU-CLI-109",
                format!("{} bị ghi thêm trong lúc đọc. Hãy chờ ghi xong rồi chạy lại.", file.display()),
                format!(
                    "{} was written to while it was read. Run again when it is complete.",
                    file.display()
                ),
            ),
            Self::TooManyRows { file } => Explanation::new(
                "DANCU-CLI-110",
                format!("{} có hơn 500 triệu dòng. Hãy chia nhỏ tệp.", file.display()),
                format!("{} has more than 500 million rows. Cut it into parts.", file.display()),
            ),
            Self::RowsUnaccounted => Explanation::new(
                "DANCU-CLI-111",
                "Số dòng vào không bằng khớp + xem xét + loại + không có. Không có kết quả nào được ghi. Hãy báo cho nhóm phát triển.",
                "Rows in are not matched + review + rejected + none. Nothing was written. Report this to the developers.",
            ),
        }
    }
}
