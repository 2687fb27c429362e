//! The store port of consent.

use super::{Consent, ConsentId, ConsentState};
use crate::ContractId;
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use jiff::{Timestamp, civil::Date};

/// How often may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskBounds {
    /// Requests to one person under one contract count from this instant on, without it.
    pub person_since: Timestamp,
    /// How many of them there may be.
    pub per_person_max: u32,
    /// Requests under one contract count from this instant on, without it.
    pub contract_since: Timestamp,
    /// How many of them there may be.
    pub per_contract_max: u32,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskOutcome {
    /// It is kept under this identifier: that of the earlier one, if the same terms were asked within the bounds' time,
    /// whatever the person answered then.
    Kept {
        /// Identifier.
        id: ConsentId,
        /// Last day on which it may be granted.
        open_until: Date,
    },
    /// There were as many as there may be. Nothing was written.
    TooMany,
}

/// Keeps consents and how often they were used.
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// Keeps a request, in one transaction with its bounds. Earlier ones of the same contract and person that still
    /// wait for an answer are replaced, so that the person answers the newest.
    async fn ask_consent(&self, consent: Consent, bounds: AskBounds) -> Result<AskOutcome, StoreError>;

    /// The consent with this identifier.
    async fn consent(&self, id: ConsentId) -> Result<Option<Consent>, StoreError>;

    /// The consents of a person, the newest request first, behind one that was shown before; at most `length_max`.
    async fn consents_of(
        &self,
        number: PersonalNumber,
        after: Option<ConsentId>,
        length_max: usize,
    ) -> Result<Vec<Consent>, StoreError>;

    /// The one consent of a person under a contract that is granted, even if its last day is over. Every call sees every
    /// withdrawal that was answered before it.
    async fn granted_consent(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
    ) -> Result<Option<Consent>, StoreError>;

    /// Puts a consent in the place of what was kept in the state `was`. False when that is no longer its state: nothing
    /// was written then. When it is granted, an earlier granted one of the same contract and person is replaced, in the
    /// same transaction.
    async fn move_consent(&self, consent: Consent, was: ConsentState) -> Result<bool, StoreError>;

    /// Counts one use on a day, durably, if the consent is granted and was used less than `uses_max` times that day.
    /// False: nothing was counted. Counts of earlier days are forgotten.
    async fn use_consent(&self, id: ConsentId, day: Date, uses_max: u32) -> Result<bool, StoreError>;
}
