//! What was mended in a value, and why a value is set aside.

use dancu_core::{Explain, Explanation};

/// What was done to a value before it could be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mended {
    /// Zeros at the front were put back.
    ZerosRestored,
    /// Day and month stood in the other order.
    DayMonthSwapped,
    /// The text was in a code table of before Unicode.
    Recoded,
    /// The surname stood last.
    OrderTurned,
}

impl Mended {
    /// A word for reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ZerosRestored => "zeros_restored",
            Self::DayMonthSwapped => "day_month_swapped",
            Self::Recoded => "recoded",
            Self::OrderTurned => "order_turned",
        }
    }
}

/// Why a value takes no part in the comparison. The row itself does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum ValueFault {
    /// A spreadsheet rounded the number: `1.08E+09`.
    #[error("a number in scientific notation")]
    Scientific,
    /// Nothing but zeros, or one digit again and again.
    #[error("a placeholder in place of a number")]
    Placeholder,
    /// Neither 9 nor 10 to 12 digits.
    #[error("{digits} digits are no number of a person")]
    NumberLength {
        /// Digits that stand there.
        digits: usize,
    },
    /// Letters where digits belong.
    #[error("letters in a number")]
    NotANumber,
    /// No shape of a day that is read.
    #[error("not a day")]
    NotADay,
    /// No letters in a name.
    #[error("not a name")]
    NotAName,
    /// A code or name that no place bears or bore.
    #[error("an unknown place")]
    UnknownPlace,
    /// Neither of the words for a sex.
    #[error("not a sex")]
    NotASex,
}

impl ValueFault {
    /// A word for reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scientific => "number_scientific",
            Self::Placeholder => "number_placeholder",
            Self::NumberLength { .. } => "number_length",
            Self::NotANumber => "number_letters",
            Self::NotADay => "not_a_day",
            Self::NotAName => "not_a_name",
            Self::UnknownPlace => "unknown_place",
            Self::NotASex => "not_a_sex",
        }
    }
}

impl Explain for ValueFault {
    fn explain(&self) -> Explanation {
        match self {
            Self::Scientific => Explanation::new(
                "DANCU-QUALITY-001",
                "Số bị bảng tính làm tròn (dạng 1,08E+09). Hãy định dạng cột là văn bản ở tệp gốc và xuất lại.",
                "A spreadsheet rounded the number (1.08E+09). Format the column as text in the original and export it again.",
            ),
            Self::Placeholder => Explanation::new(
                "DANCU-QUALITY-002",
                "Số chỉ gồm một chữ số lặp lại, không phải số của ai. Hãy để trống ô này.",
                "One digit repeated is nobody's number. Leave the cell empty.",
            ),
            Self::NumberLength { digits } => Explanation::new(
                "DANCU-QUALITY-003",
                format!(
                    "Số có {digits} chữ số; cần 12 (10–11 được thêm số 0 ở đầu) hoặc 9. Hãy kiểm tra lại nguồn."
                ),
                format!(
                    "The number has {digits} digits; 12 are needed (10–11 get their zeros back), or 9. Check the source."
                ),
            ),
            Self::NotANumber => Explanation::new(
                "DANCU-QUALITY-004",
                "Ô số có chữ cái. Hãy kiểm tra lại nguồn.",
                "Letters stand where a number belongs. Check the source.",
            ),
            Self::NotADay => Explanation::new(
                "DANCU-QUALITY-005",
                "Không đọc được ngày này. Hãy viết dạng dd/MM/yyyy, YYYY-MM-DD hoặc chỉ năm.",
                "The day cannot be read. Write dd/MM/yyyy, YYYY-MM-DD or the year alone.",
            ),
            Self::NotAName => Explanation::new(
                "DANCU-QUALITY-006",
                "Ô họ tên không có chữ nào đọc được. Hãy kiểm tra lại nguồn.",
                "No readable letters stand in the name. Check the source.",
            ),
            Self::UnknownPlace => Explanation::new(
                "DANCU-QUALITY-007",
                "Không có đơn vị hành chính nào mang mã hoặc tên này, nay hay trước 1/7/2025. Hãy kiểm tra lại.",
                "No unit bears this code or name, now or before 1 July 2025. Check it.",
            ),
            Self::NotASex => Explanation::new(
                "DANCU-QUALITY-008",
                "Giới tính phải là Nam hoặc Nữ (M, F; 1, 0).",
                "Sex must be Nam or Nữ (M, F; 1, 0).",
            ),
        }
    }
}
