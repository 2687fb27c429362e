//! The store port of a person's requests.

use super::{CaseId, PrivacyCase};
use crate::{Consent, ConsentState, ContractId};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};

/// Which cases a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CaseProgress {
    /// Those under way.
    #[default]
    Open,
    /// Those that are settled.
    Settled,
}

/// Keeps cases.
#[async_trait]
pub trait PrivacyStore: Send + Sync {
    /// Adds a case that must be new (`moves_before` is `None`), or replaces one that still has so many moves. False:
    /// nothing was written.
    async fn save_case(&self, case: PrivacyCase, moves_before: Option<usize>) -> Result<bool, StoreError>;

    /// Withdraws a consent that was in the state `was`, and adds the case of it, both or neither.
    async fn withdraw_consent(
        &self,
        consent: Consent,
        was: ConsentState,
        case: PrivacyCase,
    ) -> Result<bool, StoreError>;

    /// The case with this identifier.
    async fn case(&self, id: CaseId) -> Result<Option<PrivacyCase>, StoreError>;

    /// The cases of a person, the last received first, behind one that was shown before; at most `length_max`.
    async fn cases_of(
        &self,
        number: PersonalNumber,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Result<Vec<PrivacyCase>, StoreError>;

    /// Cases by the last day of what is to be done next, the earliest first, so that late ones lead: those under way, or
    /// those that are settled. Behind one that was shown before, even if that is on the other list by now.
    async fn cases_due(
        &self,
        progress: CaseProgress,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Result<Vec<PrivacyCase>, StoreError>;

    /// How many cases of a person are under way.
    async fn open_cases(&self, number: PersonalNumber) -> Result<u32, StoreError>;

    /// Whether a case restricts questions under a contract about a person.
    async fn is_restricted(&self, contract: &ContractId, number: PersonalNumber) -> Result<bool, StoreError>;
}
