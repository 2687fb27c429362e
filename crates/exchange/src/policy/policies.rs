//! The policies of contracts, written in Cedar: read, checked against their schema, and asked.

use super::{
    Question,
    explained::ExplainedPolicy,
    house::{self, HouseRulesError},
    question::entities,
};
use crate::{Contract, OrganisationId, RefusalReason};
use cedar_policy::{
    AuthorizationError, Authorizer, Decision, Effect, Policy, PolicyId, PolicySet, Response, Schema,
    ValidationMode, Validator,
};
use std::{
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock},
};

static BUILT_IN: LazyLock<Arc<Policies>> = LazyLock::new(|| {
    let policies = in_order(include_str!("../../../../data/policy/contract.cedar"));
    let policies = policies.expect("the program's own policies; a test reads them");
    let rules = policies.iter().map(|policy| Rule::of(policy, own_reason(policy))).collect();
    Arc::new(Policies::new(policies, rules))
});

/// The program's own policies say which refusal they stand for.
fn own_reason(policy: &Policy) -> RefusalReason {
    let named = policy.annotation("refusal").unwrap_or("terms_outside_contract");
    serde_json::from_value(named.into()).expect("a refusal's name; a test reads them")
}

/// One policy, in the words that people read.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub id: String,
    pub reason: RefusalReason,
    pub vi: String,
    pub en: String,
    pub text: String,
}

impl Rule {
    pub fn of(policy: &Policy, reason: RefusalReason) -> Self {
        let note = |name| policy.annotation(name).unwrap_or_default().to_owned();
        Self {
            id: note("id"),
            reason,
            vi: note("vi"),
            en: note("en"),
            text: policy.to_cedar().unwrap_or_default(),
        }
    }

    pub const fn is_house(&self) -> bool {
        matches!(self.reason, RefusalReason::HouseRule)
    }
}

/// All policies: the program's own, and the rules of the house.
pub struct Policies {
    set: PolicySet,
    schema: Schema,
    /// In the order of the files, which is that of the policies' identifiers.
    rules: Vec<Rule>,
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policies({})", self.rules.len())
    }
}

impl Policies {
    fn new(policies: Vec<Policy>, rules: Vec<Rule>) -> Self {
        let mut set = PolicySet::new();
        for (index, policy) in policies.into_iter().enumerate() {
            set.add(policy.new_id(PolicyId::new(index.to_string()))).expect("each number stands once");
        }
        Self { set, schema: schema(), rules }
    }

    /// The program's own.
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN)
    }

    /// The program's own and a house's: Cedar policies that forbid more, each with `@id`, `@vi` and `@en`.
    pub fn with_house_rules(text: &str) -> Result<Self, HouseRulesError> {
        let built_in = Self::built_in();
        let house = house::read(text, &built_in)?;
        let own = built_in.ordered();
        let rules = built_in.rules.iter().cloned().chain(house.iter().map(house::rule)).collect();
        Ok(Self::new(own.into_iter().chain(house).collect(), rules))
    }

    /// How many rules of the house there are.
    pub fn house_rules(&self) -> usize {
        self.rules.iter().filter(|rule| rule.is_house()).count()
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.rules.iter().any(|rule| rule.id == id)
    }

    fn ordered(&self) -> Vec<Policy> {
        let ids = (0..self.rules.len()).map(|index| PolicyId::new(index.to_string()));
        ids.filter_map(|id| self.set.policy(&id).cloned()).collect()
    }

    /// Why a question is refused; the first reason where there are several.
    pub(super) fn decide(
        &self,
        (contract, owners): (&Contract, &[&OrganisationId]),
        question: &Question,
    ) -> Result<(), RefusalReason> {
        let forbidding = forbidding(&self.ask((contract, owners), question));
        forbidding.first().map_or(Ok(()), |index| Err(self.rules[*index].reason))
    }

    /// Every policy, with whether it forbids a question.
    pub(super) fn explain(
        &self,
        (contract, owners): (&Contract, &[&OrganisationId]),
        question: &Question,
    ) -> Vec<ExplainedPolicy> {
        let forbidding = forbidding(&self.ask((contract, owners), question));
        let explain = |(index, rule)| ExplainedPolicy::of(rule, forbidding.contains(&index));
        self.rules.iter().enumerate().map(explain).collect()
    }

    fn ask(&self, (contract, owners): (&Contract, &[&OrganisationId]), question: &Question) -> Response {
        let entities = entities(contract, owners, &self.schema);
        Authorizer::new().is_authorized(&question.request(contract, &self.schema), &self.set, &entities)
    }
}

/// The policies that forbid, ascending. One that cannot be evaluated forbids, for Cedar would leave it out; and where
/// nothing forbids and nothing permits, it is the one that should have permitted.
fn forbidding(response: &Response) -> Vec<usize> {
    let index = |id: &PolicyId| AsRef::<str>::as_ref(id).parse().unwrap_or_default();
    let mut forbidding: Vec<usize> = response
        .diagnostics()
        .errors()
        .map(|AuthorizationError::PolicyEvaluationError(error)| index(error.policy_id()))
        .collect();
    if response.decision() == Decision::Deny {
        forbidding.extend(response.diagnostics().reason().map(index));
        if forbidding.is_empty() {
            forbidding.push(0);
        }
    }
    forbidding.sort_unstable();
    forbidding.dedup();
    forbidding
}

fn schema() -> Schema {
    let (schema, warnings) =
        Schema::from_cedarschema_str(include_str!("../../../../data/policy/contract.cedarschema"))
            .expect("the program's own schema; a test reads it");
    assert_eq!(warnings.count(), 0, "the program's own schema");
    schema
}

/// Policies in the order of their text.
pub(super) fn in_order(text: &str) -> Result<Vec<Policy>, String> {
    let set = PolicySet::from_str(text).map_err(|errors| errors.to_string())?;
    if set.templates().next().is_some() {
        return Err("a template (?principal, ?resource) is not a policy yet".to_owned());
    }
    // Cedar names them policy0, policy1 and so on as it reads.
    let mut numbered: Vec<(usize, Policy)> = (set.policies())
        .map(|policy| {
            let id = AsRef::<str>::as_ref(policy.id());
            (id.trim_start_matches("policy").parse().unwrap_or(usize::MAX), policy.clone())
        })
        .collect();
    numbered.sort_by_key(|(number, _)| *number);
    Ok(numbered.into_iter().map(|(_, policy)| policy).collect())
}

/// What is wrong with policies by the schema; warnings, such as a policy that can never hold, count as faults.
pub(super) fn faults(policies: &[Policy]) -> Vec<String> {
    let set = PolicySet::from_policies(policies.iter().cloned());
    let set = set.expect("read from one text, and so named apart");
    let result = Validator::new(schema()).validate(&set, ValidationMode::Strict);
    let errors = result.validation_errors().map(ToString::to_string);
    errors.chain(result.validation_warnings().map(ToString::to_string)).collect()
}

/// Whether a policy only takes away.
pub(super) fn only_forbids(policy: &Policy) -> bool {
    policy.effect() == Effect::Forbid
}
