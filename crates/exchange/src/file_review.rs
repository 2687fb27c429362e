//! Doubtful pairs of files that are matched (ADR 26): each waits until an officer of the centre has decided whether the row
//! and the person are one. What was decided outlives the run: a pair that was rejected is not asked again, one that was accepted is
//! matched the next time.

use crate::{ClientId, ContractId, FieldSet};
use async_trait::async_trait;
use dancu_core::{Clock, Explain, Explanation, PersonalNumber, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

/// Identifies a pair: the same row and person under the same contract have the same, in every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FilePairId(pub Uuid);

impl FilePairId {
    /// Of a row, told by the digest of what it says, and a person.
    pub fn of(contract: &ContractId, row: &str, number: PersonalNumber) -> Self {
        let digest = Sha256::digest(format!("{contract}\n{row}\n{number}"));
        let bytes = std::array::from_fn(|place| digest[place]);
        Self(uuid::Builder::from_sha1_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for FilePairId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for FilePairId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// How far two values agree, and what that is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotSaid {
    /// What is compared.
    pub slot: String,
    /// The word of the level; none where one side does not tell.
    pub level: Option<String>,
    /// Thousandths of a bit: above zero it speaks for one person.
    pub weight: i32,
}

/// What an officer says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairVerdict {
    /// Row and person are one.
    Same,
    /// They are two, or it cannot be shown that they are one.
    Different,
}

/// Why an officer says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairReason {
    /// What differs is a slip of whoever wrote the row.
    SlipInRow,
    /// The row has the name or the number of before.
    FormerNameOrNumber,
    /// A paper was seen.
    PaperSeen,
    /// The row means a relative, a twin among them.
    Relative,
    /// They share a name and little else.
    SameNameOnly,
    /// The row mixes two persons.
    TwoPersonsInRow,
    /// What is there does not show it.
    NotShown,
}

impl PairReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::SlipInRow,
        Self::FormerNameOrNumber,
        Self::PaperSeen,
        Self::Relative,
        Self::SameNameOnly,
        Self::TwoPersonsInRow,
        Self::NotShown,
    ];

    /// The verdict that it is a reason for; a paper can show either.
    pub const fn fits(self, verdict: PairVerdict) -> bool {
        match self {
            Self::PaperSeen => true,
            Self::SlipInRow | Self::FormerNameOrNumber => matches!(verdict, PairVerdict::Same),
            Self::Relative | Self::SameNameOnly | Self::TwoPersonsInRow | Self::NotShown => {
                matches!(verdict, PairVerdict::Different)
            }
        }
    }

    /// The word in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SlipInRow => "slip_in_row",
            Self::FormerNameOrNumber => "former_name_or_number",
            Self::PaperSeen => "paper_seen",
            Self::Relative => "relative",
            Self::SameNameOnly => "same_name_only",
            Self::TwoPersonsInRow => "two_persons_in_row",
            Self::NotShown => "not_shown",
        }
    }

    /// Words for a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::SlipInRow => ("Dòng trong tệp viết sai", "The row has a slip"),
            Self::FormerNameOrNumber => ("Tên hoặc số cũ", "The name or the number of before"),
            Self::PaperSeen => ("Đã xem giấy tờ", "A paper was seen"),
            Self::Relative => ("Người thân, kể cả sinh đôi", "A relative, a twin among them"),
            Self::SameNameOnly => ("Chỉ trùng tên", "They share a name and little else"),
            Self::TwoPersonsInRow => ("Dòng trộn hai người", "The row mixes two persons"),
            Self::NotShown => ("Không đủ căn cứ", "What is there does not show it"),
        }
    }
}

/// One officer's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairDecision {
    /// Who.
    pub by: String,
    /// What.
    pub verdict: PairVerdict,
    /// Why.
    pub reason: PairReason,
    /// When.
    pub at: Timestamp,
}

/// How far a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairState {
    /// It waits for a decision.
    Waiting,
    /// They are one.
    Accepted,
    /// They are not.
    Rejected,
}

/// A row of a file and a person who may be one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoubtfulPair {
    /// Its identifier.
    pub id: FilePairId,
    /// The contract.
    pub contract: ContractId,
    /// Its client.
    pub client: ClientId,
    /// The run, as it stands in the log.
    pub run: String,
    /// The file's name.
    pub file: String,
    /// Digest of what the row says.
    pub row: String,
    /// The row's own key.
    pub key: String,
    /// Columns of the row that were compared, with their values; none once it is decided.
    pub cells: Vec<(String, String)>,
    /// The person.
    pub number: PersonalNumber,
    /// Fields in which they are the same.
    pub agreed: FieldSet,
    /// Why somebody has to look, in the matcher's word.
    pub reason: String,
    /// How likely it is, in millionths.
    pub probability_ppm: u32,
    /// The weight of the pair, thousandths of a bit.
    pub weight: i32,
    /// How far each slot agrees.
    pub slots: Vec<SlotSaid>,
    /// Whether two officers decide, neither of whom sees what the other said.
    pub second_review: bool,
    /// When it came.
    pub queued_at: Timestamp,
    /// How far it is.
    pub state: PairState,
    /// What was decided, the first first.
    pub decisions: Vec<PairDecision>,
    /// Changes to it, so that of two at once one is made.
    pub version: u64,
}

// The row and the person are personal data.
impl fmt::Debug for DoubtfulPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoubtfulPair")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl DoubtfulPair {
    /// Whether somebody has decided on it already. Nobody decides twice, and nobody sees what others decided before.
    pub fn was_decided_by(&self, by: &str) -> bool {
        self.decisions.iter().any(|decision| decision.by == by)
    }

    /// What the next run has to know of it.
    pub fn as_decided(&self) -> DecidedPair {
        DecidedPair {
            id: self.id,
            row: self.row.clone(),
            number: self.number,
            agreed: self.agreed,
            is_same: self.state == PairState::Accepted,
        }
    }

    /// The pair after a decision. Of two that differ, a third decides.
    #[must_use]
    pub fn decided(mut self, decision: PairDecision) -> Self {
        self.decisions.push(decision);
        self.version += 1;
        let count = |verdict| self.decisions.iter().filter(|decision| decision.verdict == verdict).count();
        let needed = if self.second_review { 2 } else { 1 };
        if count(PairVerdict::Same) >= needed {
            self.state = PairState::Accepted;
        } else if count(PairVerdict::Different) >= needed {
            self.state = PairState::Rejected;
        }
        if self.state != PairState::Waiting {
            self.cells.clear();
        }
        self
    }
}

/// A pair that was decided, for the next run.
#[derive(Clone, PartialEq, Eq)]
pub struct DecidedPair {
    /// Its identifier.
    pub id: FilePairId,
    /// Digest of what the row says.
    pub row: String,
    /// The person.
    pub number: PersonalNumber,
    /// Fields in which they are the same.
    pub agreed: FieldSet,
    /// Whether they are one.
    pub is_same: bool,
}

impl fmt::Debug for DecidedPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecidedPair").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Decisions of one officer since some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewerCount {
    /// Who.
    pub by: String,
    /// How many.
    pub decisions: u64,
}

/// What keeps the pairs. Every write is durable when it returns.
#[async_trait]
pub trait FileReviewStore: Send + Sync {
    /// Adds the pairs that are not known yet; says how many.
    async fn add_pairs(&self, pairs: Vec<DoubtfulPair>) -> Result<u64, StoreError>;

    /// One pair.
    async fn pair(&self, id: FilePairId) -> Result<Option<DoubtfulPair>, StoreError>;

    /// Pairs that wait, the oldest first, after one of them, without those that somebody has decided on; at most `length_max`.
    async fn waiting_pairs(
        &self,
        by: &str,
        after: Option<FilePairId>,
        length_max: usize,
    ) -> Result<Vec<DoubtfulPair>, StoreError>;

    /// Keeps a pair with its last decision; `false` when somebody was quicker: the kept version is not the one before.
    async fn save_pair(&self, pair: DoubtfulPair) -> Result<bool, StoreError>;

    /// Decided pairs of a contract, by identifier, after one of them, at most `length_max`.
    async fn decided_pairs(
        &self,
        contract: &ContractId,
        after: Option<FilePairId>,
        length_max: usize,
    ) -> Result<Vec<DecidedPair>, StoreError>;

    /// Decisions since an instant by officer, by name, at most `length_max`.
    async fn reviewer_counts(
        &self,
        since: Timestamp,
        length_max: usize,
    ) -> Result<Vec<ReviewerCount>, StoreError>;
}

/// Why a pair was not decided.
#[derive(Debug, thiserror::Error)]
pub enum FileReviewError {
    /// There is no such pair.
    #[error("no such pair")]
    NotFound,
    /// It is decided, or this officer has decided on it, or somebody was quicker.
    #[error("the pair cannot be decided by this officer now")]
    NotNow,
    /// The reason is none for this verdict.
    #[error("the reason does not fit the verdict")]
    Reason,
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for FileReviewError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotFound => Explanation::new(
                "DANCU-EXCHANGE-210",
                "Không có cặp này. Hãy mở lại danh sách chờ.",
                "There is no such pair. Open the queue again.",
            ),
            Self::NotNow => Explanation::new(
                "DANCU-EXCHANGE-211",
                "Cặp này đã được quyết định, hoặc bạn đã quyết định nó. Hãy chọn cặp khác trong danh sách.",
                "The pair is decided, or you have decided on it. Choose another one of the queue.",
            ),
            Self::Reason => Explanation::new(
                "DANCU-EXCHANGE-212",
                "Lý do không hợp với kết luận. Hãy chọn lý do nằm dưới kết luận đó.",
                "The reason does not fit the verdict. Choose one that stands under that verdict.",
            ),
            Self::Store(error) => error.explain(),
        }
    }
}

/// Decides doubtful pairs.
pub struct FileReviewService {
    store: Arc<dyn FileReviewStore>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for FileReviewService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileReviewService")
    }
}

impl FileReviewService {
    /// Over a store.
    pub fn new(store: Arc<dyn FileReviewStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The store.
    pub fn store(&self) -> &dyn FileReviewStore {
        &*self.store
    }

    /// A pair that an officer may decide on now.
    pub async fn waiting(&self, by: &str, id: FilePairId) -> Result<DoubtfulPair, FileReviewError> {
        let pair = self.store.pair(id).await?.ok_or(FileReviewError::NotFound)?;
        if pair.state == PairState::Waiting && !pair.was_decided_by(by) {
            Ok(pair)
        } else {
            Err(FileReviewError::NotNow)
        }
    }

    /// Takes an officer's decision.
    pub async fn decide(
        &self,
        by: &str,
        id: FilePairId,
        (verdict, reason): (PairVerdict, PairReason),
    ) -> Result<(), FileReviewError> {
        if !reason.fits(verdict) {
            return Err(FileReviewError::Reason);
        }
        let pair = self.waiting(by, id).await?;
        let decision = PairDecision { by: by.to_owned(), verdict, reason, at: self.clock.now() };
        if self.store.save_pair(pair.decided(decision)).await? {
            Ok(())
        } else {
            Err(FileReviewError::NotNow)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pair(second_review: bool) -> DoubtfulPair {
        let number: PersonalNumber = "001099000017".parse().unwrap();
        let contract: ContractId = "hd-1".parse().unwrap();
        let id = FilePairId::of(&contract, "aa", number);
        serde_json::from_value(json!({
            "id": id, "contract": contract, "client": "insurer", "run": "r", "file": "a.csv", "row": "aa", "key": "A1",
            "cells": [["ho_ten", "An"]], "number": number, "agreed": ["name"], "reason": "unsure",
            "probability_ppm": 500_000, "weight": 1, "slots": [], "second_review": second_review,
            "queued_at": "2026-11-21T00:00:00Z", "state": "waiting", "decisions": [], "version": 1
        }))
        .unwrap()
    }

    fn said(by: &str, verdict: PairVerdict) -> PairDecision {
        let at = "2026-11-21T00:01:00Z".parse().unwrap();
        PairDecision { by: by.to_owned(), verdict, reason: PairReason::PaperSeen, at }
    }

    #[test]
    fn one_decides_or_two_who_agree_or_a_third() {
        let one = pair(false).decided(said("an", PairVerdict::Different));
        assert_eq!((one.state, one.cells.len(), one.version), (PairState::Rejected, 0, 2));
        let first = pair(true).decided(said("an", PairVerdict::Same));
        assert_eq!((first.state, first.cells.len()), (PairState::Waiting, 1));
        assert!(first.was_decided_by("an") && !first.was_decided_by("binh"));
        assert_eq!(first.clone().decided(said("binh", PairVerdict::Same)).state, PairState::Accepted);
        let split = first.decided(said("binh", PairVerdict::Different));
        assert_eq!(split.state, PairState::Waiting);
        assert_eq!(split.decided(said("chau", PairVerdict::Different)).state, PairState::Rejected);
    }

    #[test]
    fn every_reason_fits_a_verdict_and_has_its_word() {
        for reason in PairReason::ALL {
            assert!(reason.fits(PairVerdict::Same) || reason.fits(PairVerdict::Different));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        assert!(
            !PairReason::Relative.fits(PairVerdict::Same)
                && !PairReason::SlipInRow.fits(PairVerdict::Different)
        );
    }
}
