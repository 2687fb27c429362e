//! A product for our own offices: what an officer sees of a person whose matter is in hand. It is shown, not compared,
//! so it has a contract of its own; and like every answer it is in the log before it is given.

use crate::{Caller, Field, FieldSet, LifeAnswer, RefusalReason, VerifyError, VerifyService};
use dancu_core::PersonalNumber;
use dancu_ledger::{Channel, Draft};
use dancu_register::{At, Fact, Person};

/// What an officer sees. Empty when the register holds nobody under the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPerson {
    /// Whose.
    pub number: PersonalNumber,
    /// The facts of today that answer the fields, and no other kinds.
    pub person: Option<Person>,
    /// The whole history; empty unless [`Field::History`] was asked.
    pub history: Vec<Fact>,
    /// Number of the receipt's entry.
    pub receipt_index: u64,
}

impl VerifyService {
    /// Shows fields of a person, under a contract that holds all of them and may tell unknown numbers apart.
    /// `reference` stands in the record that the person sees.
    pub async fn show_person(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        fields: FieldSet,
        reference: &str,
    ) -> Result<ShownPerson, VerifyError> {
        let day = self.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        // The answer tells an unknown number from a known one, which is a right of its own.
        if !fields.without(caller.contract.fields).is_empty() || !caller.contract.may_tell_unknown {
            return Err(self.refuse(caller, RefusalReason::FieldOutsideContract).into());
        }
        let reservation = self.reserve(caller).await?;
        let pass = self.pass(caller, number, fields, day).await?;
        let at = At { as_of: day, known_at: self.ledger.now() };
        let kinds = fields.with(Field::Name).fact_kinds();
        let person = self.register.person_now(number, at, kinds).await?;
        let history =
            if fields.contains(Field::History) { self.register.history(number).await? } else { Vec::new() };
        let is_held = person.is_some() || !history.is_empty();
        let draft = caller.draft(
            number,
            fields.iter().map(Field::as_str).collect(),
            fields.iter().map(|field| outcome(field, person.as_ref(), is_held)).collect(),
            Channel::Office,
            reference,
        );
        let draft = Draft { under: pass.under(draft.under), ..draft };
        let receipt = self.ledger.disclose(draft, reservation).await?.into_receipt();
        Ok(ShownPerson { number, person, history, receipt_index: receipt.entry })
    }
}

/// The word of a field in the record: a status as it was told, of everything else that it was shown.
fn outcome(field: Field, person: Option<&Person>, is_held: bool) -> (&'static str, &'static str) {
    let word = match field {
        _ if !is_held => "not_held",
        Field::LifeStatus => person.map_or(LifeAnswer::Alive, |person| person.life().into()).as_str(),
        _ => "shown",
    };
    (field.as_str(), word)
}
