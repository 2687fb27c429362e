//! A product in bulk: agreed fields of many persons as rows. Nothing is handed over before every person of the page has
//! an entry in the log.

use crate::{Caller, Field, FieldSet, LifeAnswer, RefusalReason, Stop, VerifyError, VerifyService};
use dancu_core::PersonalNumber;
use dancu_ledger::{Channel, Draft};
use dancu_register::{At, Person};

/// Persons of one page at most.
pub const EXTRACT_PAGE_MAX: usize = 2_000;

/// The columns of an extract: the number, then those of the contract's fields in their order. They bear the names that a
/// load reads.
pub fn extract_columns(fields: FieldSet) -> Vec<&'static str> {
    ["number"].into_iter().chain(fields.iter().flat_map(columns_of).copied()).collect()
}

const fn columns_of(field: Field) -> &'static [&'static str] {
    match field {
        Field::Name => &["full_name"],
        Field::BirthDate => &["birth_date"],
        Field::Sex => &["sex"],
        Field::Residence => &["permanent_commune", "permanent_address"],
        Field::OldNumber => &["old_number"],
        Field::CardIssued => &["card_issued"],
        Field::CardExpires => &["card_expires"],
        Field::BirthPlace => &["birth_place"],
        Field::Nationality => &["nationality"],
        Field::Phone => &["phone"],
        Field::CardStatus => &["card_state"],
        Field::LifeStatus => &["life_status"],
        // Shown to an officer for a matter in hand, never in bulk.
        Field::Origin | Field::Household | Field::Family | Field::History => &[],
    }
}

fn values(field: Field, person: &Person) -> Vec<String> {
    fn text<T: ToString>(value: Option<T>) -> Vec<String> {
        vec![value.map_or_else(String::new, |value| value.to_string())]
    }
    let (identity, card, home) = (person.identity(), person.card(), person.residence());
    match field {
        Field::Name => text(identity.map(|identity| identity.name.as_str())),
        Field::BirthDate => text(identity.map(|identity| identity.birth_date)),
        Field::Sex => text(identity.map(|identity| identity.sex.letter())),
        Field::OldNumber => text(identity.and_then(|identity| identity.old_number)),
        Field::BirthPlace => text(identity.and_then(|identity| identity.birth_place)),
        Field::Nationality => text(identity.map(|identity| identity.nationality)),
        Field::Residence => {
            let address = home.and_then(|home| home.permanent_address.clone());
            [text(home.and_then(|home| home.permanent_commune)), text(address)].concat()
        }
        Field::CardIssued => text(card.and_then(|card| card.issued)),
        Field::CardExpires => text(card.and_then(|card| card.expires)),
        Field::CardStatus => text(card.map(|card| card.state.as_str())),
        Field::Phone => text(person.contact().and_then(|contact| contact.phone.as_deref())),
        Field::Origin | Field::Household | Field::Family | Field::History => Vec::new(),
        Field::LifeStatus => text(Some(LifeAnswer::from(person.life()).as_str())),
    }
}

/// The row of a person, in the order of [`extract_columns`].
pub(crate) fn row_of(person: &Person, fields: FieldSet) -> Vec<String> {
    let told = fields.iter().flat_map(|field| values(field, person));
    [person.number.to_string()].into_iter().chain(told).collect()
}

impl VerifyService {
    /// The rows of persons under a caller's contract, each beginning with the number. Persons of whom nothing is known
    /// at that point of time are left out, and under a contract that needs consent those who did not give it. At most [`EXTRACT_PAGE_MAX`] numbers.
    pub async fn extract(
        &self,
        caller: &Caller,
        numbers: &[PersonalNumber],
        at: At,
        reference: &str,
    ) -> Result<Vec<Vec<String>>, VerifyError> {
        assert!(numbers.len() <= EXTRACT_PAGE_MAX, "the caller pages");
        let day = self.ledger.counting_day();
        caller.check_standing(day).map_err(|reason| self.refuse(caller, reason))?;
        let fields: FieldSet = caller.contract.fields.iter().filter(|field| !field.is_shown_only()).collect();
        // Without a column nothing would be told but who is in the register; a contract of sealed groups has none.
        if fields.is_empty() {
            return Err(self.refuse(caller, RefusalReason::FieldOutsideContract).into());
        }
        let mut rows = Vec::with_capacity(numbers.len());
        let mut waiting = Vec::with_capacity(numbers.len());
        for number in numbers {
            let Some(person) = self.register.person_now(*number, at, fields.fact_kinds()).await? else {
                continue;
            };
            let reservation = self.reserve(caller).await?;
            let pass = match self.gate.ask(caller, *number, fields, day).await {
                Ok(pass) => pass,
                // Whoever did not consent is left out, like whoever is not in the register.
                Err(Stop::Refused(_)) => continue,
                Err(Stop::Store(error)) => return Err(error.into()),
            };
            let draft = caller.draft(
                *number,
                fields.iter().map(Field::as_str).collect(),
                fields.iter().map(|field| (field.as_str(), "shown")).collect(),
                Channel::Office,
                reference,
            );
            let draft = Draft { under: pass.under(draft.under), ..draft };
            waiting.push(self.ledger.submit(draft, reservation)?);
            rows.push(row_of(&person, fields));
        }
        for disclosed in waiting {
            disclosed.await.unwrap_or_else(|_| Err(self.ledger.closed()))?;
        }
        Ok(rows)
    }
}
