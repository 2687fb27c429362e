//! Why a finding is not moved.

use dancu_core::{Explain, Explanation, StoreError};

/// A finding stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindingError {
    /// There is none, or it is another commune's.
    #[error("no such finding")]
    NoSuchFinding,
    /// From its state it does not go there.
    #[error("no such step")]
    NoSuchStep,
    /// The note is missing, too long, or holds a number.
    #[error("the note has not the form it should have")]
    Note,
    /// Somebody else moved it at the same moment.
    #[error("moved meanwhile")]
    Moved,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for FindingError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NoSuchFinding => Explanation::new(
                "DANCU-CHANGE-330",
                "Không có cảnh báo này trong danh sách của bạn.",
                "There is no such finding in your list.",
            ),
            Self::NoSuchStep => Explanation::new(
                "DANCU-CHANGE-331",
                "Cảnh báo không thể chuyển sang trạng thái này. Hãy xem lại trạng thái hiện tại.",
                "The finding cannot go to this state. Look at its present one.",
            ),
            Self::Note => Explanation::new(
                "DANCU-CHANGE-332",
                "Khi bỏ qua hoặc mở lại phải ghi lý do 1–500 ký tự, không chứa số định danh hay số điện thoại.",
                "Dismissing or reopening needs a note of 1–500 characters without a personal or telephone number.",
            ),
            Self::Moved => Explanation::new(
                "DANCU-CHANGE-333",
                "Người khác vừa xử lý cảnh báo này. Hãy xem lại trạng thái mới.",
                "Somebody else has just dealt with this finding. Look at its new state.",
            ),
            Self::Store(error) => error.explain(),
        }
    }
}
