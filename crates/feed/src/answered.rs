//! Who holds a value that may now be old: whoever received an answer about the person.

use crate::FeedError;
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::ContractId;
use dancu_ledger::{Bookmark, LedgerError, Logs, PAGE_MAX};
use std::sync::Arc;

/// Knows which contracts received which answers.
#[async_trait]
pub trait Answered: Send + Sync {
    /// Whether an answer under the contract confirmed something about the person. An answer that left open whether
    /// the number was another person's confirms nothing: a client that guesses numbers is told of nobody.
    async fn has_confirmed(&self, contract: &ContractId, number: PersonalNumber) -> Result<bool, FeedError>;
}

#[async_trait]
impl Answered for Arc<Logs> {
    async fn has_confirmed(&self, contract: &ContractId, number: PersonalNumber) -> Result<bool, FeedError> {
        let (logs, contract) = (Self::clone(self), contract.clone());
        // Reads files, and may first have to publish what was just committed.
        let look = tokio::task::spawn_blocking(move || look(&logs, &contract, number));
        look.await
            .unwrap_or_else(|_| {
                let detail = "the search of the log ended by a defect of the program".to_owned();
                Err(LedgerError::Store(StoreError::Failed { file: "log".into(), detail }))
            })
            .map_err(FeedError::from)
    }
}

/// Looks through the disclosures about the person in the logs of all nodes, newest first. Every page begins below the last, so it ends.
fn look(logs: &Logs, contract: &ContractId, number: PersonalNumber) -> Result<bool, LedgerError> {
    let mut before = Bookmark::default();
    loop {
        let page = logs.disclosures_of(number, &before, PAGE_MAX)?;
        let confirmed = |outcome: &[(String, String)]| outcome.iter().any(|(_, answer)| confirms(answer));
        if page.disclosures.iter().any(|(disclosure, _)| {
            disclosure.record.contract == contract.as_str() && confirmed(&disclosure.record.outcome)
        }) {
            return Ok(true);
        }
        let Some(next) = page.next else { return Ok(false) };
        before = next;
    }
}

/// Whether an answer says something about this very person. Of a person who was not confirmed, and of a number that
/// nobody has, nothing but these words is answered.
fn confirms(answer: &str) -> bool {
    // A no is also what a household check says of whoever is unknown.
    !matches!(answer, "differs" | "not_confirmed" | "not_held" | "withheld" | "no")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_also_answered_of_an_unknown_number_confirms_nothing() {
        for answer in ["differs", "not_confirmed", "not_held", "withheld", "no"] {
            assert!(!confirms(answer), "{answer}");
        }
        for answer in ["match", "match_without_diacritics", "told", "in_force", "alive", "yes"] {
            assert!(confirms(answer), "{answer}");
        }
    }
}
