//! Rules of the house: what an operator forbids beyond the contracts. They never allow what a contract does not.

use super::policies::{Policies, Rule, faults, in_order, only_forbids};
use crate::RefusalReason;
use cedar_policy::Policy;
use dancu_core::{Explain, Explanation};

/// Rules of a house at most.
const RULES_MAX: usize = 200;
/// Bytes of their text at most.
const BYTES_MAX: usize = 256 * 1024;

/// Why rules of a house cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HouseRulesError {
    /// More than can be gone through for each question.
    #[error("the rules of the house are too many or too long")]
    TooMany,
    /// They are no Cedar, or do not fit the schema.
    #[error("the rules of the house cannot be read: {detail}")]
    Unreadable {
        /// Cedar's own words.
        detail: String,
    },
    /// A rule has no name or no sentences, or a name that stands already.
    #[error("rule {number} of the house needs a name of its own and two sentences")]
    Unnamed {
        /// Which one, from 1.
        number: usize,
    },
    /// A rule permits.
    #[error("rule {id} of the house permits")]
    Permits {
        /// Its name.
        id: String,
    },
}

impl Explain for HouseRulesError {
    fn explain(&self) -> Explanation {
        match self {
            Self::TooMany => Explanation::new(
                "DANCU-EXCHANGE-170",
                format!("Quy tắc riêng có tối đa {RULES_MAX} điều và {BYTES_MAX} byte. Hãy gộp hoặc bỏ bớt."),
                format!(
                    "The rules of the house are {RULES_MAX} and {BYTES_MAX} bytes at most. Join some, or take some out."
                ),
            ),
            Self::Unreadable { detail } => Explanation::new(
                "DANCU-EXCHANGE-171",
                format!(
                    "Không đọc được quy tắc riêng (Cedar): {detail}. Hãy sửa theo data/policy/contract.cedarschema."
                ),
                format!(
                    "The rules of the house (Cedar) cannot be read: {detail}. Mend them by data/policy/contract.cedarschema."
                ),
            ),
            Self::Unnamed { number } => Explanation::new(
                "DANCU-EXCHANGE-172",
                format!(
                    "Quy tắc riêng thứ {number} cần @id riêng (chữ thường, số, gạch nối) và hai câu giải thích @vi, @en."
                ),
                format!(
                    "Rule {number} of the house needs an @id of its own (lower case, digits, hyphens) and the sentences @vi and @en."
                ),
            ),
            Self::Permits { id } => Explanation::new(
                "DANCU-EXCHANGE-173",
                format!(
                    "Quy tắc riêng {id} dùng permit. Quy tắc riêng chỉ được cấm (forbid); quyền chỉ đến từ hợp đồng."
                ),
                format!(
                    "Rule {id} of the house permits. Rules of the house only forbid; rights come from contracts alone."
                ),
            ),
        }
    }
}

/// Reads them and holds them against the schema and the program's own.
pub(super) fn read(text: &str, own: &Policies) -> Result<Vec<Policy>, HouseRulesError> {
    if text.len() > BYTES_MAX {
        return Err(HouseRulesError::TooMany);
    }
    let policies = in_order(text).map_err(|detail| HouseRulesError::Unreadable { detail })?;
    if policies.len() > RULES_MAX {
        return Err(HouseRulesError::TooMany);
    }
    let mut names = std::collections::HashSet::new();
    for (index, policy) in policies.iter().enumerate() {
        let rule = rule(policy);
        let is_named = is_name(&rule.id) && !own.has(&rule.id) && names.insert(rule.id.clone());
        if !is_named || rule.vi.trim().is_empty() || rule.en.trim().is_empty() {
            return Err(HouseRulesError::Unnamed { number: index + 1 });
        }
        if !only_forbids(policy) {
            return Err(HouseRulesError::Permits { id: rule.id });
        }
    }
    match faults(&policies) {
        faults if faults.is_empty() => Ok(policies),
        faults => Err(HouseRulesError::Unreadable { detail: faults.join("; ") }),
    }
}

/// A rule of the house, in the words that people read.
pub(super) fn rule(policy: &Policy) -> Rule {
    Rule::of(policy, RefusalReason::HouseRule)
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
