//! A product for our own offices: the name of the person who stands before an officer. A name is shown, not compared,
//! so it has a contract of its own; and like every answer it is in the log before it is given.

use crate::{Caller, Field, FieldSet, RefusalReason, VerifyError, VerifyService};
use dancu_core::{PersonName, PersonalNumber};
use dancu_ledger::{Channel, Draft};
use dancu_register::{At, Life, Person};

/// What an officer learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownName {
    /// The person is alive; this is the name.
    Name(PersonName),
    /// The register says that the person has died or is missing. No name is shown.
    NotAlive,
    /// The register holds nobody under this number.
    NotHeld,
}

impl VerifyService {
    /// Shows the name of a living person, under a contract that holds `name` and `life_status` and may tell unknown
    /// numbers apart.
    pub async fn show_name(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        reference: &str,
    ) -> Result<ShownName, VerifyError> {
        let day = self.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        let needed: FieldSet = [Field::Name, Field::LifeStatus].into_iter().collect();
        // The answer tells an unknown number from a known one, which is a right of its own.
        if !needed.without(caller.contract.fields).is_empty() || !caller.contract.may_tell_unknown {
            return Err(self.refuse(caller, RefusalReason::FieldOutsideContract).into());
        }
        let reservation = self
            .ledger
            .reserve(caller.contract.id.as_str(), caller.contract.daily_limit.into())
            .map_err(|exhausted| self.exhausted(caller, exhausted))?;
        let at = At { as_of: day, known_at: self.ledger.now() };
        let person = self.register.person_now(number, at, needed.fact_kinds()).await?;
        let (shown, name, life) = shown(person.as_ref());
        let draft = Draft {
            organisation_id: caller.organisation.id.as_str(),
            organisation_name: &caller.organisation.name_vi,
            client: caller.client.id.as_str(),
            subject: number,
            purpose: &caller.contract.purpose_vi,
            legal_basis: &caller.contract.legal_basis,
            asked: needed.iter().map(Field::as_str).collect(),
            outcome: vec![(Field::Name.as_str(), name), (Field::LifeStatus.as_str(), life)],
            channel: Channel::Office,
            reference,
        };
        self.ledger.disclose(draft, reservation).await?;
        Ok(shown)
    }
}

/// What is shown, and the words of it in the record.
fn shown(person: Option<&Person>) -> (ShownName, &'static str, &'static str) {
    let Some((person, identity)) = person.and_then(|person| Some((person, person.identity()?))) else {
        return (ShownName::NotHeld, "not_held", "not_held");
    };
    match person.life() {
        Life::Alive => (ShownName::Name(identity.name.clone()), "shown", "alive"),
        Life::Dead { .. } => (ShownName::NotAlive, "withheld", "dead"),
        Life::Missing { .. } => (ShownName::NotAlive, "withheld", "missing"),
    }
}
