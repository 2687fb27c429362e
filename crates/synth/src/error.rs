//! What can go wrong while a country is written.

use dancu_core::{Explain, Explanation};
use jiff::civil::Date;

/// Why no country, or only its beginning, was written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// Fewer than one or more than [`crate::Options::PERSONS_MAX`] persons.
    #[error("{asked} persons, possible are 1 to {most}")]
    Persons {
        /// Persons asked for.
        asked: u64,
        /// Most that are possible.
        most: u64,
    },
    /// The day is outside the years for which the tables hold.
    #[error("{today} is before {first} or after {last}")]
    Today {
        /// Day asked for.
        today: Date,
        /// First possible day.
        first: Date,
        /// Last possible day.
        last: Date,
    },
    /// All numbers of a kind are given out.
    #[error("all {kind} are given out")]
    NumbersUsedUp {
        /// Which numbers.
        kind: &'static str,
    },
    /// A table that is built in cannot be read.
    #[error("data/{file}: {detail}")]
    Table {
        /// Its name.
        file: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The file cannot be written or read.
    #[error("file: {0}")]
    File(#[from] csv::Error),
}

impl From<std::io::Error> for SynthError {
    fn from(error: std::io::Error) -> Self {
        Self::File(error.into())
    }
}

impl Explain for SynthError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Persons { asked, most } => Explanation::new(
                "DANCU-SYNTH-001",
                format!("Không thể tạo {asked} người. Hãy chọn số từ 1 đến {most}."),
                format!("{asked} persons cannot be made. Choose a number from 1 to {most}."),
            ),
            Self::Today { today, first, last } => Explanation::new(
                "DANCU-SYNTH-002",
                format!("Ngày {today} nằm ngoài khoảng {first} đến {last}. Hãy chọn ngày khác."),
                format!("The day {today} is outside {first} to {last}. Choose another day."),
            ),
            Self::NumbersUsedUp { kind } => Explanation::new(
                "DANCU-SYNTH-003",
                format!("Đã cấp hết số ({kind}). Hãy tạo ít người hơn."),
                format!("All {kind} are given out. Make fewer persons."),
            ),
            Self::Table { file, detail } => Explanation::new(
                "DANCU-SYNTH-004",
                format!("Bảng data/{file} trong chương trình bị lỗi: {detail}. Hãy sửa bảng và dựng lại."),
                format!("The built-in table data/{file} is wrong: {detail}. Mend it and build again."),
            ),
            Self::File(error) => Explanation::new(
                "DANCU-SYNTH-005",
                format!("Không ghi hoặc đọc được tệp: {error}. Hãy kiểm tra đĩa và đường dẫn."),
                format!("The file cannot be written or read: {error}. Check the disk and the path."),
            ),
        }
    }
}
