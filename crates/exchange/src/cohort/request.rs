//! What a client asks, and why it is not taken.

use super::CohortCriteria;
use crate::Refusal;
use dancu_core::{Explain, Explanation, StoreError, holds_personal_number};
use jiff::civil::Date;
use serde::Deserialize;

/// What a client sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortRequest {
    /// The paper behind it: number and date of the decision, up to 100 characters. Everybody in the extract reads it.
    pub reference: String,
    /// Who is to stand in it.
    pub criteria: CohortCriteria,
    /// The day for which the rows hold: today at the latest, a few weeks back at most and not before the contract; today when
    /// left out.
    #[serde(default)]
    pub as_of: Option<Date>,
}

/// Longest reference and ground, in characters.
const TEXT_CHARACTERS_MAX: usize = 100;

/// Why something about an extract was not done.
#[derive(Debug, thiserror::Error)]
pub enum CohortError {
    /// There is no such extract, or not of this contract.
    #[error("no such extract")]
    NotFound,
    /// A text is missing, too long, or holds a personal number.
    #[error("a text of 1 to {TEXT_CHARACTERS_MAX} characters without personal numbers is needed")]
    Text,
    /// The day lies ahead, too far back, or before the contract.
    #[error("the day lies ahead, too far back, or before the contract")]
    Day,
    /// One with the same reference and other criteria is under way.
    #[error("another one with this reference is under way")]
    Doubled,
    /// The contract has as many under way, or asked for today, as it may have.
    #[error("as many as may be are under way or were asked for")]
    TooMany,
    /// It is not in a state for this, or it takes another person, or somebody was quicker.
    #[error("it cannot be done by this person now")]
    NotNow,
    /// Its rows are not there yet, or no longer.
    #[error("there are no rows now")]
    NoRows,
    /// No rules hold on this day.
    #[error("no rules of extracts hold on this day")]
    NoRules,
    /// Refused like any other question.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for CohortError {
    fn explain(&self) -> Explanation {
        let (code, vi, en) = match self {
            Self::NotFound => (
                "DANCU-EXCHANGE-180",
                "Không có lần trích này. Hãy xem lại mã.",
                "There is no such extract. Check its identifier.",
            ),
            Self::Text => (
                "DANCU-EXCHANGE-181",
                "Hãy ghi số văn bản hoặc lý do, 1 đến 100 ký tự trên một dòng, không ghi số định danh cá nhân.",
                "State the paper or the ground in 1 to 100 characters on one line, without personal numbers.",
            ),
            Self::Day => (
                "DANCU-EXCHANGE-182",
                "Ngày as_of phải là hôm nay hoặc trước đó, trong thời hạn hợp đồng và không quá số ngày as_of_days_max trong data/cohort_rules.csv. Hãy chọn ngày gần hơn.",
                "The day as_of must be today or before, within the contract, and at most as_of_days_max days back as data/cohort_rules.csv says. Choose a later day.",
            ),
            Self::Doubled => (
                "DANCU-EXCHANGE-183",
                "Đã có lần trích khác đang xử lý với số văn bản này nhưng tiêu chí khác. Hãy chờ hoặc dùng số văn bản khác.",
                "Another extract with this reference and other criteria is under way. Wait for it, or name another paper.",
            ),
            Self::TooMany => (
                "DANCU-EXCHANGE-184",
                "Hợp đồng đã có đủ số lần trích đang xử lý hoặc đã yêu cầu trong 24 giờ. Hãy chờ.",
                "The contract has as many extracts under way, or asked for within 24 hours, as it may have. Wait.",
            ),
            Self::NotNow => (
                "DANCU-EXCHANGE-185",
                "Không thực hiện được bước này: cần một người khác, hoặc lần trích đã sang bước khác. Hãy mở lại trang.",
                "The step cannot be taken: it needs another person, or the extract has moved on. Open the page again.",
            ),
            Self::NoRows => (
                "DANCU-EXCHANGE-186",
                "Danh sách chưa sẵn sàng, hoặc không còn. Xem bước hiện tại tại GET /v1/extracts/{id}.",
                "The rows are not ready, or are no longer there. GET /v1/extracts/{id} says how far it is.",
            ),
            Self::NoRules => (
                "DANCU-EXCHANGE-187",
                "Không có quy tắc trích danh sách vào ngày này. Hãy xem đồng hồ của máy chủ.",
                "No rules of extracts hold on this day. Look at the server's clock.",
            ),
            Self::Refused(refusal) => return refusal.explain(),
            Self::Store(error) => return error.explain(),
        };
        Explanation::new(code, vi, en)
    }
}

/// A text for records and histories.
pub(super) fn text(text: &str) -> Result<String, CohortError> {
    let text = text.trim();
    let fits = (1..=TEXT_CHARACTERS_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) && !holds_personal_number(text) {
        Ok(text.to_owned())
    } else {
        Err(CohortError::Text)
    }
}
