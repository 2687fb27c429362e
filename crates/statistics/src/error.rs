//! Why a table is not told.

use dancu_core::{Explain, Explanation, StoreError};
use dancu_exchange::Refusal;

/// Why a table is not told.
#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    /// The contract, or the place under its limits.
    #[error("refused")]
    Refused(Refusal),
    /// Communes of the whole country at once.
    #[error("communes are told apart within one province")]
    ProvinceNeeded,
    /// No such province of today.
    #[error("there is no such province")]
    NoSuchProvince,
    /// Nothing was counted for that day.
    #[error("nothing was counted for that day")]
    NoSuchDay,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for StatisticsError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Refused(refusal) => refusal.explain(),
            Self::ProvinceNeeded => Explanation::new(
                "DANCU-STATISTICS-001",
                "Số liệu theo xã được cung cấp cho từng tỉnh. Hãy nêu province.",
                "Figures by commune are given for one province at a time. Name it in province.",
            ),
            Self::NoSuchProvince => Explanation::new(
                "DANCU-STATISTICS-002",
                "Không có tỉnh nào hiện nay mang mã này. Hãy dùng mã của 34 tỉnh, thành phố.",
                "No province of today has this code. Use a code of the 34 provinces and cities.",
            ),
            Self::NoSuchDay => Explanation::new(
                "DANCU-STATISTICS-003",
                "Chưa có số liệu của ngày này. Số liệu được lập cho ngày đầu mỗi tháng; bỏ trống day để lấy ngày mới nhất.",
                "There are no figures of this day. They are made for the first day of each month; leave day out for the newest.",
            ),
            Self::Store(error) => error.explain(),
        }
    }
}
