//! Why nothing was done about an alarm.

use dancu_core::{Explain, Explanation, StoreError};
use dancu_exchange::LifeError;

/// An alarm stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum AlarmError {
    /// There is none.
    #[error("no such alarm")]
    NoSuchAlarm,
    /// From its state it does not go there.
    #[error("no such step")]
    NoSuchStep,
    /// Whoever it concerns does not decide it.
    #[error("whoever it concerns does not decide")]
    Concerned,
    /// The reason is missing, too long, or holds a number.
    #[error("the reason has not the form it should have")]
    Note,
    /// Somebody else did something meanwhile.
    #[error("changed meanwhile")]
    Changed,
    /// No single contract is behind it, so that nothing can be tightened.
    #[error("no single contract is behind it")]
    NoContract,
    /// The connection was not changed.
    #[error(transparent)]
    Life(#[from] LifeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for AlarmError {
    fn explain(&self) -> Explanation {
        let (code, vi, en) = match self {
            Self::Life(error) => return error.explain(),
            Self::Store(error) => return error.explain(),
            Self::NoSuchAlarm => (
                "DANCU-ALARM-001",
                "Không có cảnh báo này. Hãy tải lại danh sách.",
                "There is no such alarm. Load the list again.",
            ),
            Self::NoSuchStep => (
                "DANCU-ALARM-002",
                "Cảnh báo không thể chuyển sang trạng thái này. Hãy xem lại trạng thái hiện tại.",
                "The alarm cannot go to this state. Look at its present one.",
            ),
            Self::Concerned => (
                "DANCU-ALARM-003",
                "Cảnh báo này liên quan đến chính bạn nên bạn không được kết luận. Hãy nhờ cán bộ khác.",
                "This alarm concerns yourself, so you may not decide it. Ask another operator.",
            ),
            Self::Note => (
                "DANCU-ALARM-004",
                "Phải ghi lý do 1–500 ký tự, không chứa số định danh hay số điện thoại.",
                "State a reason of 1–500 characters without a personal or telephone number.",
            ),
            Self::Changed => (
                "DANCU-ALARM-005",
                "Người khác vừa xử lý cảnh báo này. Hãy tải lại trang rồi quyết định.",
                "Somebody else has just dealt with this alarm. Load the page again, then decide.",
            ),
            Self::NoContract => (
                "DANCU-ALARM-006",
                "Cảnh báo này không gắn với một hợp đồng nào nên không hạ được hạn mức. Hãy xử lý từng nơi đã tra cứu.",
                "No single contract is behind this alarm, so no limit can be lowered. Deal with each one that looked.",
            ),
        };
        Explanation::new(code, vi, en)
    }
}
