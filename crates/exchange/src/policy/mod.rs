//! Whether a contract allows a request. This is the one place where the exchange decides it: `data/policy/contract.cedar`,
//! and the rules of the house beside it. The functions here put a request to them.

mod decisions;
mod explained;
mod house;
mod policies;
mod question;
#[cfg(test)]
mod tests;

pub(crate) use decisions::Decisions;
pub use explained::{Explained, ExplainedPolicy};
pub use house::HouseRulesError;
pub use policies::Policies;
pub use question::Question;

use crate::{
    AreaLevel, Caller, Claim, CohortCriteria, Contract, FieldSet, Product, RefusalReason, SignInWish,
};
use jiff::civil::Date;

/// What may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Fields to compare.
    pub compared: FieldSet,
    /// Statuses to tell: those that the contract holds.
    pub statuses: FieldSet,
    /// Whether the caller may learn that the number is unknown.
    pub may_tell_unknown: bool,
}

impl Plan {
    fn of(contract: &Contract, compared: FieldSet) -> Self {
        let statuses = contract.fields.iter().filter(|field| field.is_status()).collect();
        Self { compared, statuses, may_tell_unknown: contract.may_tell_unknown }
    }
}

/// Decides whether the changes of persons may be asked for on a day.
pub fn check_changes(caller: &Caller, day: Date) -> Result<(), RefusalReason> {
    caller.decide(&Question::new(Product::ChangeSubscription, day))
}

/// Decides whether a person's list of those who looked may be told on a day.
pub fn plan_access_history(caller: &Caller, day: Date) -> Result<(), RefusalReason> {
    caller.decide(&Question::new(Product::AccessHistory, day))
}

/// Decides on a request of a day that gives values for `given` to be compared.
pub fn plan(caller: &Caller, day: Date, given: FieldSet) -> Result<Plan, RefusalReason> {
    caller.decide(&Question::new(Product::Verify, day).giving(given))?;
    Ok(Plan::of(&caller.contract, given))
}

/// Decides on a request that gives values for `given` and wants the values of `wanted`.
pub fn plan_fetch(
    caller: &Caller,
    day: Date,
    given: FieldSet,
    wanted: FieldSet,
) -> Result<Plan, RefusalReason> {
    caller.decide(&Question::new(Product::Fetch, day).giving(given).wanting(wanted))?;
    Ok(Plan::of(&caller.contract, given))
}

/// Decides on a claim about a person of whom values for `given` are given.
pub fn plan_claim(caller: &Caller, claim: Claim, day: Date, given: FieldSet) -> Result<(), RefusalReason> {
    caller.decide(&Question::new(claim.product(), day).giving(given).claiming(claim))
}

/// Decides on a question about so many persons of one household, for one of whom values for `given` are given.
pub fn plan_household(
    caller: &Caller,
    day: Date,
    (persons, given): (usize, FieldSet),
) -> Result<(), RefusalReason> {
    caller.decide(&Question::new(Product::HouseholdCheck, day).giving(given).about(persons))
}

/// Decides on an extract of a cohort that is asked for on a day.
pub fn plan_extract(caller: &Caller, criteria: &CohortCriteria, day: Date) -> Result<(), RefusalReason> {
    let is_within = caller.contract.cohort.as_ref().is_some_and(|terms| terms.hold(criteria, day));
    caller.decide(&Question::new(Product::CohortExtract, day).listing_within_terms(is_within))
}

/// Decides on a file of so many rows whose columns give values for `given`, of which it is to be told whether `wanted` agree.
pub fn plan_file_match(
    caller: &Caller,
    day: Date,
    (given, wanted): (FieldSet, FieldSet),
    rows: usize,
) -> Result<(), RefusalReason> {
    caller.decide(&Question::new(Product::FileMatch, day).giving(given).wanting(wanted).about(rows))
}

/// Decides on numbers of persons in areas so small, which are asked for on a day.
pub fn plan_statistics(caller: &Caller, day: Date, area: AreaLevel) -> Result<(), RefusalReason> {
    caller.decide(&Question::new(Product::Statistics, day).counting_in(area))
}

/// Decides on a portal that wants to learn this of somebody who signs in there.
pub fn plan_sign_in(caller: &Caller, day: Date, wish: SignInWish) -> Result<(), RefusalReason> {
    let question = Question::new(Product::SignIn, day).wanting(wish.fields);
    caller.decide(&question.wanting_number(wish.number))
}
