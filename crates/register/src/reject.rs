//! Why a row of a file is not taken.

use crate::words::WordError;
use dancu_core::{
    Explain, Explanation, LegacyText, NameError, NumberError, PartialDateError, PlaceError, SexError,
};
use std::fmt;

/// A row that was not taken, for the operator who mends it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reject {
    /// Line of the file on which the row begins, from 1.
    pub line: u64,
    /// Column, or empty when the row as a whole is at fault.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// Vietnamese sentence, without the value.
    pub message_vi: String,
    /// English sentence, without the value.
    pub message_en: String,
    /// The row as it stood in the file: personal data, for the operator's file only.
    pub row: Vec<u8>,
}

impl fmt::Debug for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reject")
            .field("line", &self.line)
            .field("field", &self.field)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

impl Reject {
    /// A row with the fault found in it.
    pub fn new(line: u64, fault: &RowFault, row: &[u8]) -> Self {
        let Explanation { code, vi, en } = fault.error.explain();
        let row = row.trim_ascii_end().to_vec();
        Self {
            line,
            field: fault.field.to_owned(),
            code: code.to_owned(),
            message_vi: vi,
            message_en: en,
            row,
        }
    }
}

/// The first fault of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Name of the column, or empty when the row as a whole is at fault.
    pub field: &'static str,
    /// What is wrong.
    pub error: RowError,
}

/// What can be wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// More or fewer fields than the header.
    #[error("{found} fields where the header has {expected}")]
    FieldCount {
        /// Fields of the header.
        expected: usize,
        /// Fields of the row; counting ends a little above the most that can be.
        found: usize,
    },
    /// The row is no UTF-8.
    #[error("no UTF-8")]
    NotUtf8,
    /// The row has more bytes than a row may have.
    #[error("the row is too long")]
    RowTooLong,
    /// A quotation mark opens a field that nothing closes.
    #[error("a quotation mark is not closed")]
    QuoteNotClosed,
    /// The field must not be empty.
    #[error("the field is empty")]
    Empty,
    /// The text is too long for its field.
    #[error("more than {characters_max} characters")]
    TextTooLong {
        /// Characters that fit.
        characters_max: usize,
    },
    /// The text holds a control character.
    #[error("a control character")]
    ControlCharacter,
    /// No whole date where one is needed.
    #[error("no whole date")]
    NotAWholeDate,
    /// No commune has this code, today or before.
    #[error("no commune has this code")]
    UnknownCommune,
    /// The field needs another one, which is empty.
    #[error("{other} is empty")]
    Needs {
        /// The other column.
        other: &'static str,
    },
    /// The day lies before another that it must follow.
    #[error("the day lies before {other}")]
    Before {
        /// The column with the other day.
        other: &'static str,
    },
    /// The day lies after the day for which the file speaks.
    #[error("the day has not come yet")]
    InTheFuture,
    /// A person cannot be their own relative.
    #[error("the person's own number")]
    OwnNumber,
    /// One person cannot be two relatives.
    #[error("the person named as {other}")]
    SameRelative {
        /// The column that names the person too.
        other: &'static str,
    },
    /// The number stood in an earlier row of the same file.
    #[error("the number stood in an earlier row")]
    Duplicate {
        /// The line of that row, when it is still at hand.
        first_line: Option<u64>,
    },
    /// The number was cancelled, or another one took its place.
    #[error("the number is out of use")]
    OutOfUse,
    /// The value is not in its official list.
    #[error("not in the list {list}")]
    NotListed {
        /// The list, or where it stands.
        list: &'static str,
    },
    /// The text is in a code table of before Unicode.
    #[error(transparent)]
    Legacy(#[from] LegacyText),
    /// No number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// No name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No sex.
    #[error(transparent)]
    Sex(#[from] SexError),
    /// No date.
    #[error(transparent)]
    Date(#[from] PartialDateError),
    /// No place code.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// None of the accepted words.
    #[error(transparent)]
    Word(#[from] WordError),
}

impl Explain for RowError {
    // tidy: allow long function: one table of sentences, read from top to bottom
    fn explain(&self) -> Explanation {
        match self {
            Self::Legacy(error) => error.explain(),
            Self::Number(error) => error.explain(),
            Self::Name(error) => error.explain(),
            Self::Sex(error) => error.explain(),
            Self::Date(error) => error.explain(),
            Self::Place(error) => error.explain(),
            Self::Word(error) => error.explain(),
            Self::FieldCount { .. } | Self::NotUtf8 | Self::RowTooLong | Self::QuoteNotClosed => {
                self.explain_form()
            }
            Self::Empty => Explanation::new(
                "DANCU-REG-014",
                "Ô này không được để trống.",
                "This field must not be empty.",
            ),
            Self::TextTooLong { characters_max } => Explanation::new(
                "DANCU-REG-015",
                format!("Nội dung dài quá {characters_max} ký tự."),
                format!("The text is longer than {characters_max} characters."),
            ),
            Self::ControlCharacter => Explanation::new(
                "DANCU-REG-016",
                "Nội dung có ký tự điều khiển. Hãy xóa ký tự đó.",
                "The text holds a control character. Remove it.",
            ),
            Self::NotAWholeDate => Explanation::new(
                "DANCU-REG-017",
                "Cần đủ ngày, tháng, năm, ví dụ 2021-04-30.",
                "A whole date is needed, e.g. 2021-04-30.",
            ),
            Self::UnknownCommune => Explanation::new(
                "DANCU-REG-018",
                "Không có xã, phường, đặc khu nào mang mã này, hiện nay hay trước đây.",
                "No commune has this code, today or before.",
            ),
            Self::Needs { other } => Explanation::new(
                "DANCU-REG-019",
                format!("Ô này cần có ô `{other}`, nhưng ô đó để trống."),
                format!("This field needs `{other}`, which is empty."),
            ),
            Self::Before { other } => Explanation::new(
                "DANCU-REG-020",
                format!("Ngày này trước `{other}`; phải bằng hoặc sau."),
                format!("This day lies before `{other}`; it must be the same or later."),
            ),
            Self::InTheFuture => Explanation::new(
                "DANCU-REG-021",
                "Ngày này chưa đến vào ngày của tệp dữ liệu.",
                "This day had not come yet on the day of the file.",
            ),
            Self::OwnNumber => Explanation::new(
                "DANCU-REG-022",
                "Một người không thể là cha, mẹ, vợ hay chồng của chính mình.",
                "Nobody is their own father, mother, wife or husband.",
            ),
            Self::SameRelative { other } => Explanation::new(
                "DANCU-REG-026",
                format!(
                    "Số này đã ghi ở cột `{other}`; một người không thể vừa là cha, vừa là mẹ hay vợ, chồng. Hãy kiểm tra hai cột."
                ),
                format!(
                    "Column `{other}` names this number too; nobody is two of father, mother and spouse. Check both columns."
                ),
            ),
            Self::OutOfUse => Explanation::new(
                "DANCU-REG-024",
                "Số định danh này đã bị hủy hoặc đã được thay bằng số khác. Hãy tra số hiện nay của người này.",
                "This number was cancelled or replaced by another one. Look up the number that the person bears now.",
            ),
            Self::NotListed { list } => Explanation::new(
                "DANCU-REG-025",
                format!("Giá trị không có trong danh mục ({list})."),
                format!("The value is not in its list ({list})."),
            ),
            Self::Duplicate { first_line } => {
                let (vi, en) = match first_line {
                    Some(line) => (format!("dòng {line}"), format!("line {line}")),
                    None => ("một dòng trước".to_owned(), "an earlier line".to_owned()),
                };
                Explanation::new(
                    "DANCU-REG-023",
                    format!("Số định danh này đã có ở {vi} của cùng tệp."),
                    format!("This number stands on {en} of the same file already."),
                )
            }
        }
    }
}

impl RowError {
    /// Faults of the row's form, before any field is read.
    fn explain_form(&self) -> Explanation {
        match self {
            Self::FieldCount { expected, found } => Explanation::new(
                "DANCU-REG-010",
                format!(
                    "Dòng tiêu đề có {expected} ô, dòng này có {found}. Hãy kiểm tra dấu phẩy và dấu ngoặc kép."
                ),
                format!(
                    "The header has {expected} fields, this row {found}. Check commas and quotation marks."
                ),
            ),
            Self::NotUtf8 => Explanation::new(
                "DANCU-REG-011",
                "Dòng này không phải UTF-8. Hãy lưu lại tệp với bảng mã UTF-8.",
                "This row is no UTF-8. Save the file in UTF-8.",
            ),
            Self::RowTooLong => Explanation::new(
                "DANCU-REG-012",
                "Dòng dài quá 64 KiB. Hãy kiểm tra dấu xuống dòng.",
                "The row is longer than 64 KiB. Check its line break.",
            ),
            _ => Explanation::new(
                "DANCU-REG-013",
                "Có dấu ngoặc kép mở mà không đóng. Hãy kiểm tra dấu ngoặc kép.",
                "A quotation mark is opened and not closed. Check the quotation marks.",
            ),
        }
    }
}
