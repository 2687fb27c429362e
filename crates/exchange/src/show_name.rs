//! A product for our own offices: the name of the person who stands before an officer. A name is shown, not compared,
//! so it has a contract of its own; and like every answer it is in the log before it is given.

use crate::{Caller, Field, FieldSet, LifeAnswer, RefusalReason, VerifyError, VerifyService};
use dancu_core::{PersonName, PersonalNumber};
use dancu_ledger::{Channel, Draft};
use dancu_register::{At, Person};

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
        let reservation = self.reserve(caller).await?;
        let pass = self.pass(caller, number, needed, day).await?;
        let at = At { as_of: day, known_at: self.ledger.now() };
        let person = self.register.person_now(number, at, needed.fact_kinds()).await?;
        let (shown, name, life) = shown(person.as_ref());
        let draft = caller.draft(
            number,
            needed.iter().map(Field::as_str).collect(),
            vec![(Field::Name.as_str(), name), (Field::LifeStatus.as_str(), life)],
            Channel::Office,
            reference,
        );
        let draft = Draft { under: pass.under(draft.under), ..draft };
        self.ledger.disclose(draft, reservation).await?;
        Ok(shown)
    }
}

/// What is shown, and the words of it in the record.
fn shown(person: Option<&Person>) -> (ShownName, &'static str, &'static str) {
    let Some((person, identity)) = person.and_then(|person| Some((person, person.identity()?))) else {
        return (ShownName::NotHeld, "not_held", "not_held");
    };
    let life = LifeAnswer::from(person.life());
    match life {
        LifeAnswer::Alive => (ShownName::Name(identity.name.clone()), "shown", life.as_str()),
        _ => (ShownName::NotAlive, "withheld", life.as_str()),
    }
}
