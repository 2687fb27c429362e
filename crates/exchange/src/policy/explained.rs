//! Why a question is answered or refused, for the operator.

use super::{Question, policies::Rule};
use crate::{Caller, RefusalReason};

/// What stands between a caller and an answer on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Why the connection is answered nothing at all that day, if it is.
    pub standing: Option<RefusalReason>,
    /// The reason that would be noted; none: the contract allows it.
    pub refused: Option<RefusalReason>,
    /// Every policy, in the order in which they count.
    pub policies: Vec<ExplainedPolicy>,
}

/// One policy and what it says to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPolicy {
    /// Its name.
    pub id: String,
    /// What it demands, in Vietnamese.
    pub vi: String,
    /// What it demands, in English.
    pub en: String,
    /// The policy itself, in Cedar.
    pub text: String,
    /// Whether it forbids the question.
    pub forbids: bool,
    /// Whether it is a rule of the house.
    pub is_house: bool,
}

impl ExplainedPolicy {
    pub(super) fn of(rule: &Rule, forbids: bool) -> Self {
        Self {
            id: rule.id.clone(),
            vi: rule.vi.clone(),
            en: rule.en.clone(),
            text: rule.text.clone(),
            forbids,
            is_house: rule.is_house(),
        }
    }
}

impl Caller {
    /// Why a question would be answered or refused. Asks nothing and leaves no trace.
    pub fn explain(&self, question: &Question) -> Explained {
        let standing = self.check_standing(question.day()).err();
        let policies = self.decisions.policies().explain((&self.contract, &self.owners()), question);
        Explained { standing, refused: standing.or_else(|| self.decide(question).err()), policies }
    }
}
