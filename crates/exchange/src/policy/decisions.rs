//! What was decided under one contract. A decision depends on the contract, the policies and the question's form alone, and
//! clients ask the same few forms all day.

use super::{Policies, Question};
use crate::{Caller, OrganisationId, RefusalReason};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Forms of questions kept for one contract; more begin anew.
const KEPT_MAX: usize = 256;

type Decision = Result<(), RefusalReason>;

/// The policies, and what they said to questions of one caller.
#[derive(Debug)]
pub(crate) struct Decisions {
    policies: Arc<Policies>,
    known: RwLock<HashMap<Question, Decision>>,
}

impl Decisions {
    pub fn new(policies: Arc<Policies>) -> Self {
        Self { policies, known: RwLock::default() }
    }

    pub const fn policies(&self) -> &Arc<Policies> {
        &self.policies
    }
}

impl Caller {
    /// Whose software it is: the organisation, then those above it.
    pub(super) fn owners(&self) -> Vec<&OrganisationId> {
        std::iter::once(&self.organisation.id).chain(&self.above).collect()
    }

    /// What the policies say to a question under this caller's contract.
    pub(super) fn decide(&self, question: &Question) -> Decision {
        let known =
            self.decisions.known.read().unwrap_or_else(PoisonError::into_inner).get(question).copied();
        if let Some(known) = known {
            return known;
        }
        let decision = self.decisions.policies.decide((&self.contract, &self.owners()), question);
        let mut known = self.decisions.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        known.insert(*question, decision);
        decision
    }
}
