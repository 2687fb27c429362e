//! What can be wrong with a map.

use crate::schema::SLOTS_MAX;
use dancu_core::{Explain, Explanation};

/// A map does not fit the files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// A column is named that the file lacks.
    #[error("the {side} file has no column {column}")]
    NoSuchColumn {
        /// `left` or `right`.
        side: &'static str,
        /// Its name.
        column: String,
    },
    /// No column is in both files.
    #[error("no column is compared")]
    NothingInCommon,
    /// More is compared than a pair can hold.
    #[error("more than {SLOTS_MAX} fields")]
    TooMany,
    /// A probability is none.
    #[error("a threshold is no probability")]
    Probability,
}

impl Explain for MapError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NoSuchColumn { side, column } => Explanation::new(
                "DANCU-QUALITY-010",
                format!(
                    "Tệp {side} không có cột `{column}`. Hãy sửa tên cột trong map.toml theo dòng tiêu đề."
                ),
                format!("The {side} file has no column `{column}`. Name it in map.toml as its header does."),
            ),
            Self::NothingInCommon => Explanation::new(
                "DANCU-QUALITY-011",
                "Không có cột nào để so sánh giữa hai tệp. Hãy viết map.toml, mỗi trường một mục [[field]].",
                "No column is common to both files. Write a map.toml with one [[field]] for each.",
            ),
            Self::TooMany => Explanation::new(
                "DANCU-QUALITY-012",
                format!("So sánh nhiều nhất {SLOTS_MAX} trường. Hãy bỏ bớt [[field]]."),
                format!("At most {SLOTS_MAX} fields are compared. Leave some [[field]] out."),
            ),
            Self::Probability => Explanation::new(
                "DANCU-QUALITY-013",
                "`automatic` và `review` phải là xác suất lớn hơn 0 và nhỏ hơn 1.",
                "`automatic` and `review` must be probabilities above 0 and below 1.",
            ),
        }
    }
}
