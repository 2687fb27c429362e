//! Why something was not done to a connection.

use super::Stage;
use dancu_core::{Explain, Explanation, StoreError};

/// Why it was not done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifeError {
    /// No such step.
    #[error("no step leads from {} to {}", from.as_str(), to.as_str())]
    NoStep {
        /// From here.
        from: Stage,
        /// To there.
        to: Stage,
    },
    /// The step is not this one's to take.
    #[error("whoever asked may not do this")]
    NotTheirs,
    /// The step needs a ground.
    #[error("no ground is stated")]
    Ground,
    /// The review is not complete.
    #[error("the review is open at {}", open.join(", "))]
    ReviewOpen {
        /// Codes of items and parts that are open.
        open: Vec<String>,
    },
    /// Nothing is answered or signed outside of a review.
    #[error("the connection is not under review")]
    NotUnderReview,
    /// The review asks no such thing.
    #[error("the review has no such item")]
    NoSuchItem,
    /// The program finds it out itself.
    #[error("the item is found out by the program")]
    FoundOut,
    /// "Does not apply" without a word why, or a note that is too long.
    #[error("the note is missing or too long")]
    Note,
    /// Whoever wrote the terms does not sign them.
    #[error("whoever drafted the terms does not sign them")]
    Drafter,
    /// The other part was signed by the same person.
    #[error("the other part was signed by the same person")]
    SamePerson,
    /// The file is empty, too large or has no usable name.
    #[error("the file is empty, too large or badly named")]
    File,
    /// There are as many files, or lines of history, as there may be.
    #[error("the connection holds as much as it may")]
    Full,
    /// Somebody else did something to the connection meanwhile.
    #[error("the connection was changed meanwhile")]
    Changed,
    /// There are no rules for this day.
    #[error("no rules hold today")]
    NoRules,
    /// The ceiling is no lower limit, ends in the past or too far off, or there is none to take away.
    #[error("the ceiling cannot be so")]
    Ceiling,
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for LifeError {
    // tidy: allow long function: one text for each error, read from top to bottom
    fn explain(&self) -> Explanation {
        let (code, vi, en) = match self {
            Self::NoStep { from, to } => {
                let ((from_vi, from_en), (to_vi, to_en)) = (from.words(), to.words());
                return Explanation::new(
                    "DANCU-EXCHANGE-080",
                    format!("Không thể chuyển từ “{from_vi}” sang “{to_vi}”. Hãy chọn bước khác."),
                    format!("No step leads from “{from_en}” to “{to_en}”. Choose another step."),
                );
            }
            Self::ReviewOpen { open } => {
                let open = open.join(", ");
                return Explanation::new(
                    "DANCU-EXCHANGE-083",
                    format!(
                        "Thẩm định chưa xong: {open}. Hãy trả lời, đính kèm và ký đủ rồi chuyển bước; với limit, hãy khai caseload hoặc limit_reason trong hợp đồng."
                    ),
                    format!(
                        "The review is open at: {open}. Answer, attach and sign everything, then take the step; for limit, state a caseload or a limit_reason in the contract."
                    ),
                );
            }
            Self::Store(error) => return error.explain(),
            Self::NotTheirs => (
                "DANCU-EXCHANGE-081",
                "Tài khoản này không được làm bước đó. Hãy nhờ cán bộ vận hành.",
                "This account may not take that step. Ask an operator.",
            ),
            Self::Ground => (
                "DANCU-EXCHANGE-082",
                "Chưa nêu lý do, hoặc lý do dài quá 500 byte. Hãy ghi lý do; đơn vị kết nối sẽ đọc được.",
                "The ground is missing or longer than 500 bytes. State it; the agency will read it.",
            ),
            Self::NotUnderReview => (
                "DANCU-EXCHANGE-084",
                "Kết nối không ở bước thẩm định nên không trả lời hay ký được.",
                "The connection is not under review, so nothing can be answered or signed.",
            ),
            Self::NoSuchItem => (
                "DANCU-EXCHANGE-085",
                "Danh mục thẩm định không có mục này. Hãy tải lại trang.",
                "The review has no such item. Load the page again.",
            ),
            Self::FoundOut => (
                "DANCU-EXCHANGE-086",
                "Mục này do hệ thống tự xác định, không ai khai thay được. Hãy sửa điều còn thiếu.",
                "The program finds this out itself; nobody can claim it. Mend what is missing.",
            ),
            Self::Note => (
                "DANCU-EXCHANGE-087",
                "Ghi chú bị thiếu hoặc dài quá 500 byte. Mục “không áp dụng” phải nêu vì sao.",
                "The note is missing or longer than 500 bytes. “Does not apply” must say why.",
            ),
            Self::Drafter => (
                "DANCU-EXCHANGE-088",
                "Người soạn điều khoản không được ký thẩm định. Hãy nhờ cán bộ khác ký.",
                "Whoever wrote the terms may not sign the review. Ask another operator to sign.",
            ),
            Self::SamePerson => (
                "DANCU-EXCHANGE-089",
                "Hai phần thẩm định phải do hai người ký. Hãy nhờ cán bộ khác ký phần này.",
                "The two parts are signed by two persons. Ask another operator to sign this one.",
            ),
            Self::File => (
                "DANCU-EXCHANGE-090",
                "Tệp trống, lớn hơn 1 MiB, hoặc tên tệp không dùng được. Hãy chọn tệp khác.",
                "The file is empty, larger than 1 MiB, or has no usable name. Choose another file.",
            ),
            Self::Full => (
                "DANCU-EXCHANGE-091",
                "Kết nối đã có đủ số tệp (20) hoặc số dòng lịch sử tối đa. Hãy lập hợp đồng mới.",
                "The connection holds as many files (20) or lines of history as it may. Write a new contract.",
            ),
            Self::Changed => (
                "DANCU-EXCHANGE-092",
                "Có người vừa thay đổi kết nối này. Hãy tải lại trang rồi quyết định.",
                "Somebody has just changed this connection. Load the page again, then decide.",
            ),
            Self::NoRules => (
                "DANCU-EXCHANGE-093",
                "Không có quy tắc nào cho ngày hôm nay. Hãy kiểm tra đồng hồ của máy chủ.",
                "No rules hold today. Check the server's clock.",
            ),
            Self::Ceiling => (
                "DANCU-EXCHANGE-160",
                "Mức trần phải thấp hơn hạn mức của hợp đồng, lớn hơn 0 và có ngày hết hạn sắp tới. Hãy nhập lại.",
                "A ceiling must be below the contract's limits, above 0, and end on a day that is near. State it again.",
            ),
        };
        Explanation::new(code, vi, en)
    }
}
