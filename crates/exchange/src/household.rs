//! A product: whether persons who are named live in one household, and whether each of them heads theirs. One answer and
//! one record for each person; nothing is told of persons who are not named.
//!
//! Of each person the caller must show that they hold their data already. Whoever is unknown, another, or has died is
//! answered for with no, as is whoever lives elsewhere.

use crate::{
    Attested, Caller, Field, FieldSet, RefusalReason, VerifyError, VerifyRequest, VerifyService,
    claim::attestation_rule, policy::plan_household, verify::Asked,
};
use dancu_core::Explanation;
use dancu_ledger::{Channel, Draft, Receipt, Under};
use dancu_register::{At, FactKind, HouseholdNumber, Person, Relation};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, fmt};

/// What a contract may ask of households.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseholdTerms {
    /// Persons of one question.
    pub persons_max: u8,
}

impl HouseholdTerms {
    /// Whether it asks for no more than the rules allow.
    pub fn are_sound(self, on: Date) -> bool {
        (1..=attestation_rule("household_persons_max", on)).contains(&self.persons_max.into())
    }
}

/// What a caller sends.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseholdRequest {
    /// Each with the number and values that show who is meant, as for a verification. The household is the first one's.
    pub persons: Vec<VerifyRequest>,
}

impl fmt::Debug for HouseholdRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdRequest(…)")
    }
}

/// What is told of one person.
#[derive(Debug, Clone, Serialize)]
pub struct HouseholdPerson {
    /// Whether they live in the household of the first person named.
    pub same_household: Attested,
    /// Whether they head their own.
    pub head: Attested,
    /// The proof that this answer is in the log.
    pub receipt: Receipt,
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct HouseholdAnswer {
    /// In the order of the question.
    pub persons: Vec<HouseholdPerson>,
    /// The day for which it holds.
    pub as_of: Date,
}

const SAME: &str = "same_household";
const HEAD: &str = "household_head";

impl VerifyService {
    /// Answers for every person named, after every record is durable.
    pub async fn household(
        &self,
        caller: &Caller,
        request: &HouseholdRequest,
        channel: Channel,
    ) -> Result<HouseholdAnswer, VerifyError> {
        let day = self.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        let asked = read(request)?;
        let refuse = |reason: RefusalReason| VerifyError::from(self.refuse(caller, reason));
        let mut reservations = Vec::with_capacity(asked.len());
        for one in &asked {
            plan_household(caller, day, (asked.len(), one.fields())).map_err(refuse)?;
        }
        for _ in &asked {
            reservations.push(self.reserve(caller).await?);
        }
        let at = At { as_of: day, known_at: self.ledger.now() };
        let mut homes = Vec::with_capacity(asked.len());
        let mut passes = Vec::with_capacity(asked.len());
        for one in &asked {
            passes.push(self.pass(caller, one.number, one.fields(), day).await?);
            let kinds = one.fields().union(HOME).fact_kinds().with(FactKind::Number);
            let person = self.register.person_now(one.number, at, kinds).await?;
            homes.push(person.as_ref().filter(|person| one.means(person)).and_then(home));
        }
        let first = homes.first().and_then(|home| home.as_ref()).map(|(household, _)| household.clone());
        let said: Vec<(Attested, Attested)> =
            homes.iter().map(|home| told(home.as_ref(), first.as_ref())).collect();
        let references = request.persons.iter().map(|one| one.reference.as_deref().unwrap_or_default());
        let drafts = asked.iter().zip(&said).zip(references).zip(&passes).zip(reservations).map(
            |((((one, (same, head)), reference), pass), reservation)| {
                let outcome = vec![(SAME, same.as_str()), (HEAD, head.as_str())];
                let draft = caller.draft(one.number, vec![SAME, HEAD], outcome, channel, reference);
                let product = Some(crate::Product::HouseholdCheck.as_str());
                let under = Under { product, ..pass.under(draft.under) };
                (Draft { under, ..draft }, reservation)
            },
        );
        let disclosed = self.ledger.disclose_all(drafts).await?;
        let persons = said.into_iter().zip(disclosed).map(|((same_household, head), disclosed)| {
            HouseholdPerson { same_household, head, receipt: disclosed.into_receipt() }
        });
        Ok(HouseholdAnswer { persons: persons.collect(), as_of: day })
    }
}

const HOME: FieldSet = FieldSet::EMPTY.with(Field::Name).with(Field::Household).with(Field::LifeStatus);

/// The household of a living person, and whether they head it.
fn home(person: &Person) -> Option<(HouseholdNumber, bool)> {
    let residence = person.residence().filter(|_| person.is_alive())?;
    let is_head = residence.relation_to_head == Some(Relation::Head);
    Some((residence.household.clone()?, is_head))
}

fn told(home: Option<&(HouseholdNumber, bool)>, first: Option<&HouseholdNumber>) -> (Attested, Attested) {
    let Some((household, is_head)) = home else { return (Attested::No, Attested::No) };
    (Attested::of(first == Some(household)), Attested::of(*is_head))
}

fn read(request: &HouseholdRequest) -> Result<Vec<Asked>, VerifyError> {
    let asked: Vec<Asked> = request.persons.iter().map(VerifyRequest::read).collect::<Result<_, _>>()?;
    let mut seen = HashSet::new();
    if asked.is_empty() || !asked.iter().all(|one| seen.insert(one.number)) {
        return Err(VerifyError::Value {
            field: "persons",
            reason: Explanation::new(
                "DANCU-EXCHANGE-142",
                "Cần ít nhất một người, mỗi người ghi một lần.",
                "At least one person is needed, and each stands once.",
            ),
        });
    }
    Ok(asked)
}
