//! Why there is no list.

use dancu_core::{Explain, Explanation, StoreError};
use dancu_exchange::Refusal;
use jiff::Timestamp;

/// What is wrong with a query. Found before the register is looked at.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// A value cannot be read.
    #[error("{field} cannot be read")]
    Value {
        /// Name of the field in the request.
        field: &'static str,
        /// What is wrong with it.
        reason: Explanation,
    },
    /// Too many persons could be meant.
    #[error("the query is too wide")]
    TooWide,
    /// No unit of that name or code.
    #[error("no commune of that name or code")]
    NoCommune,
    /// Too many units of that name.
    #[error("too many communes of that name")]
    ManyCommunes,
    /// The purpose is too short, too long, or holds control characters.
    #[error("the purpose has 10 to 200 characters")]
    Purpose,
}

impl QueryError {
    /// The field to go to.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Value { field, .. } => field,
            Self::TooWide => "name",
            Self::NoCommune | Self::ManyCommunes => "commune",
            Self::Purpose => "purpose",
        }
    }
}

impl Explain for QueryError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Value { reason, .. } => reason.clone(),
            Self::TooWide => Explanation::new(
                "DANCU-SEARCH-001",
                "Điều kiện tra cứu quá rộng. Hãy nhập số định danh, số CMND, hoặc họ tên có ít nhất hai từ; nếu chỉ biết một từ, hãy thêm năm sinh hoặc nơi cư trú.",
                "The query is too wide. Give a personal number, an old number, or at least two words of the name; with one word add the birth year or the commune.",
            ),
            Self::NoCommune => Explanation::new(
                "DANCU-SEARCH-002",
                "Không có xã, phường nào mang tên hoặc mã này. Hãy kiểm tra lại, hoặc nhập mã năm chữ số.",
                "There is no commune of this name or code. Check it, or give the code of five digits.",
            ),
            Self::ManyCommunes => Explanation::new(
                "DANCU-SEARCH-003",
                "Có quá nhiều xã, phường mang tên này. Hãy nhập mã năm chữ số.",
                "Too many communes bear this name. Give the code of five digits.",
            ),
            Self::Purpose => Explanation::new(
                "DANCU-SEARCH-004",
                "Mục đích tra cứu phải có 10 đến 200 ký tự. Hãy ghi lý do hoặc số hồ sơ; người được tra cứu sẽ đọc được.",
                "The purpose must have 10 to 200 characters. State the reason or the case; the person looked up will read it.",
            ),
        }
    }
}

/// Why a search gave nothing to show. Nothing was disclosed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query is none.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Refused; the reason is in the refusal log.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The contract's daily limit has not enough places left for this page.
    #[error("the daily limit is used up until {resets_at}")]
    DailyLimit {
        /// When counting starts anew.
        resets_at: Timestamp,
    },
    /// This officer searches faster than one person does.
    #[error("the officer searches too fast")]
    TooFast {
        /// When the next search is possible.
        retry_after_s: u32,
    },
    /// This officer has used the searches of the day.
    #[error("the officer's searches of the day are used up")]
    OfficerDay {
        /// When counting starts anew.
        retry_after_s: u32,
    },
    /// The list was made too long ago, or by somebody else, or has no such page.
    #[error("the list has ended")]
    ListEnded,
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for SearchError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Query(error) => error.explain(),
            Self::Refused(refusal) => refusal.explain(),
            Self::DailyLimit { .. } => Refusal::DailyLimit.explain(),
            Self::TooFast { retry_after_s } => Explanation::new(
                "DANCU-SEARCH-010",
                format!("Bạn tra cứu quá nhanh. Hãy thử lại sau {retry_after_s} giây."),
                format!("You search too fast. Try again in {retry_after_s} seconds."),
            ),
            Self::OfficerDay { .. } => Explanation::new(
                "DANCU-SEARCH-011",
                "Bạn đã dùng hết số lượt tra cứu của mình trong ngày. Lượt mới bắt đầu lúc 0 giờ; nếu cần thêm, hãy báo người vận hành.",
                "You have used your searches of the day. They start anew at midnight; if you need more, tell the operator.",
            ),
            Self::ListEnded => Explanation::new(
                "DANCU-SEARCH-012",
                "Danh sách này không còn. Hãy tra cứu lại.",
                "This list is no longer there. Search again.",
            ),
            Self::Store(error) => error.explain(),
        }
    }
}
