//! What a check can find, in words for the person who runs it.

use dancu_core::{Explain, Explanation};
use jiff::civil::Date;
use std::path::PathBuf;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A file is missing, cut, not signed, or differs from the records. It is derived: repair builds it again.
    File {
        /// The file.
        file: PathBuf,
        /// Whether there is such a file at all.
        exists: bool,
    },
    /// A record is not the one that was committed, is missing, or contradicts its row.
    Record {
        /// Its index.
        index: u64,
        /// The file that holds it.
        file: PathBuf,
        /// What is wrong, without personal data.
        detail: &'static str,
    },
    /// The stored checkpoint is not signed by the log's key, or not of the stored records.
    Head {
        /// The file that holds it.
        file: PathBuf,
        /// What is wrong.
        detail: &'static str,
    },
    /// The count of a contract and day is not the number of its records.
    Quota {
        /// The contract.
        contract: String,
        /// The day.
        day: Date,
        /// The count that is stored.
        stored: u64,
        /// The records there are.
        records: u64,
        /// The file that holds both.
        file: PathBuf,
    },
    /// The index by person does not hold exactly the records it claims.
    Index {
        /// The index's file.
        file: PathBuf,
    },
}

impl Explain for Finding {
    fn explain(&self) -> Explanation {
        match self {
            Self::File { file, exists } => explain_file(&file.display().to_string(), *exists),
            Self::Record { index, file, detail } => Explanation::new(
                "DANCU-LEDGER-021",
                format!(
                    "Bản ghi số {index} trong {} không đúng ({detail}). Hãy khôi phục tệp từ bản sao lưu.",
                    file.display()
                ),
                format!(
                    "Record {index} in {} is wrong: {detail}. Restore the file from a backup.",
                    file.display()
                ),
            ),
            Self::Head { file, detail } => Explanation::new(
                "DANCU-LEDGER-022",
                format!(
                    "Điểm kiểm tra trong {} không đúng ({detail}). Hãy khôi phục tệp và khóa ký từ bản sao lưu.",
                    file.display()
                ),
                format!(
                    "The checkpoint in {} is wrong: {detail}. Restore the file and the signing key from a backup.",
                    file.display()
                ),
            ),
            Self::Quota { contract, day, stored, records, file } => Explanation::new(
                "DANCU-LEDGER-023",
                format!(
                    "Hợp đồng {contract} ngày {day}: {} ghi {stored} lượt nhưng có {records} bản ghi. Hãy khôi phục tệp từ bản sao lưu.",
                    file.display()
                ),
                format!(
                    "Contract {contract} on {day}: {} counts {stored}, but there are {records} records. Restore the file from a backup.",
                    file.display()
                ),
            ),
            Self::Index { file } => Explanation::new(
                "DANCU-LEDGER-024",
                format!(
                    "Chỉ mục {} không khớp với các bản ghi. Hãy chạy `dancu ledger repair` để dựng lại.",
                    file.display()
                ),
                format!(
                    "The index {} does not hold what the records say. Run `dancu ledger repair` to rebuild it.",
                    file.display()
                ),
            ),
        }
    }
}

fn explain_file(file: &str, exists: bool) -> Explanation {
    let (vi, en) = if exists {
        ("khác với các bản ghi", "differs from the records")
    } else {
        ("bị thiếu", "is missing")
    };
    Explanation::new(
        "DANCU-LEDGER-020",
        format!("Tệp {file} của nhật ký công khai {vi}. Hãy chạy `dancu ledger repair` để dựng lại."),
        format!("{file} of the public log {en}. Run `dancu ledger repair` to rebuild it."),
    )
}
