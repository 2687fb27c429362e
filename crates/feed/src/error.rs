//! Why there is no answer from the feed.

use dancu_changes::Cursor;
use dancu_core::{Explain, Explanation, StoreError};
use dancu_exchange::Refusal;
use dancu_ledger::LedgerError;
use jiff::Timestamp;

/// Nothing was told that the caller did not receive, but for a store that failed in the middle: what it recorded then
/// stands in the log, and is told again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FeedError {
    /// Entries behind the cursor were removed because of their age, so some may be missing.
    #[error("the place in the change feed is older than what is kept")]
    TooOld {
        /// What is kept begins behind this.
        start: Cursor,
    },
    /// The text after which to begin is no cursor.
    #[error("no cursor of the change feed")]
    Cursor,
    /// The wished length of a page is none.
    #[error("no length of a page")]
    Limit,
    /// Refused; the reason is in the refusal log.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The daily limit is used up; the feed goes on where it stands.
    #[error("the daily limit is used up until {resets_at}")]
    DailyLimit {
        /// When counting starts anew.
        resets_at: Timestamp,
    },
    /// The log cannot be searched.
    #[error(transparent)]
    Log(#[from] LedgerError),
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for FeedError {
    fn explain(&self) -> Explanation {
        match self {
            Self::TooOld { .. } => Explanation::new(
                "DANCU-FEED-004",
                "Vị trí này của luồng thay đổi cũ hơn những gì còn giữ, nên có thể đã thiếu thay đổi. Hãy xác minh lại những người bạn đang giữ dữ liệu, rồi tiếp tục với after=now.",
                "This place of the change feed is older than what is kept, so changes may be missing. Verify again the persons whose data you hold, then go on with after=now.",
            ),
            Self::Cursor => Explanation::new(
                "DANCU-FEED-001",
                "Tham số after không phải vị trí của luồng thay đổi. Hãy gửi lại đúng giá trị next của lần trước, hoặc now để bắt đầu từ bây giờ.",
                "The parameter after is no place of the change feed. Send the value next of the last answer as it was, or now to begin at present.",
            ),
            Self::Limit => Explanation::new(
                "DANCU-FEED-002",
                "Tham số limit phải là số từ 1 đến 500. Hãy sửa rồi gửi lại.",
                "The parameter limit must be a number from 1 to 500. Correct it and send it again.",
            ),
            Self::Refused(refusal) => refusal.explain(),
            Self::DailyLimit { .. } => Refusal::DailyLimit.explain(),
            Self::Log(error) => error.explain(),
            Self::Store(error) => error.explain(),
        }
    }
}
