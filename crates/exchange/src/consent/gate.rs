//! What stands between a contract and a person: the restriction that the person asked for, and under a contract that
//! needs consent, the consent.

use super::{Consent, ConsentStore};
use crate::{Caller, Field, FieldSet, OrderStore, Plan, PrivacyStore, RefusalReason};
use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::Under;
use jiff::civil::Date;
use std::{fmt, sync::Arc};

/// Lets questions through.
pub struct Gate {
    consents: Arc<dyn ConsentStore>,
    cases: Arc<dyn PrivacyStore>,
    orders: Arc<dyn OrderStore>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

/// Why a question does not pass.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The person's will. All of these look the same to the caller.
    #[error("refused: {0:?}")]
    Refused(RefusalReason),
    /// The store could not say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Leave to answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pass {
    /// The consent's identifier as text, and its fields; `None` where the law itself is the basis.
    consent: Option<(String, FieldSet)>,
    /// The court's order that stands about the person.
    order: Option<String>,
}

impl Pass {
    fn of(consent: &Consent) -> Self {
        Self { consent: Some((consent.id.to_string(), consent.terms.fields)), order: None }
    }

    /// What of a set of fields may be answered.
    pub fn cut(&self, fields: FieldSet) -> FieldSet {
        match &self.consent {
            None => fields,
            Some((_, consented)) => fields.iter().filter(|field| consented.contains(*field)).collect(),
        }
    }

    /// What the record says of it, beside what the contract says.
    pub fn under<'a>(&'a self, contract: Under<'a>) -> Under<'a> {
        let consent = self.consent.as_ref().map(|(id, _)| id.as_str());
        Under { consent, order: self.order.as_deref(), ..contract }
    }
}

impl Gate {
    /// A gate over the stores of persons' wills and of courts' orders.
    pub fn new(
        consents: Arc<dyn ConsentStore>,
        cases: Arc<dyn PrivacyStore>,
        orders: Arc<dyn OrderStore>,
    ) -> Self {
        Self { consents, cases, orders }
    }

    /// Leave to answer a question for these fields, all of them; counted where a consent says how often. The store is
    /// asked each time, so that a withdrawal holds for the next question at every node. Contracts that need no consent
    /// and have nobody restricted ask nothing of it.
    pub async fn ask(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        fields: FieldSet,
        day: Date,
    ) -> Result<Pass, Stop> {
        self.check_restriction(caller, number).await?;
        if caller.contract.persons.is_all() {
            return Ok(self.by_law(caller, number, day).await?);
        }
        let consent = self.consent(caller, number, day).await?;
        self.count(&consent, fields, day).await
    }

    /// Leave to answer what was planned, cut down to what was consented to: statuses that nobody consented to are not
    /// told, values that nobody consented to are not compared.
    pub async fn ask_planned(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        plan: Plan,
        day: Date,
    ) -> Result<(Pass, Plan), Stop> {
        self.check_restriction(caller, number).await?;
        if caller.contract.persons.is_all() {
            return Ok((self.by_law(caller, number, day).await?, plan));
        }
        let consent = self.consent(caller, number, day).await?;
        let consented = |field: &Field| consent.terms.fields.contains(*field);
        let statuses: FieldSet = plan.statuses.iter().filter(consented).collect();
        let asked = plan.compared.iter().chain(statuses.iter()).collect();
        let pass = self.count(&consent, asked, day).await?;
        Ok((pass, Plan { statuses, ..plan }))
    }

    /// Counted before the register is read: a crash in between costs the caller a question, never the person one too
    /// many.
    async fn count(&self, consent: &Consent, fields: FieldSet, day: Date) -> Result<Pass, Stop> {
        if fields.is_empty() || !fields.without(consent.terms.fields).is_empty() {
            return Err(Stop::Refused(RefusalReason::FieldOutsideConsent));
        }
        if !self.consents.use_consent(consent.id, day, consent.terms.per_day_max).await? {
            return Err(Stop::Refused(RefusalReason::ConsentUsedUp));
        }
        Ok(Pass::of(consent))
    }

    /// Leave to tell that something changed; `None`: not of this person. A change is told when it happens, so that it
    /// does not count among the questions of a day.
    pub async fn tell(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        day: Date,
    ) -> Result<Option<Pass>, StoreError> {
        match self.check_restriction(caller, number).await {
            Ok(()) => {}
            Err(Stop::Refused(_)) => return Ok(None),
            Err(Stop::Store(error)) => return Err(error),
        }
        if caller.contract.persons.is_all() {
            return Ok(Some(self.by_law(caller, number, day).await?));
        }
        match self.consent(caller, number, day).await {
            Ok(consent) if consent.terms.is_told_of_changes => Ok(Some(Pass::of(&consent))),
            Ok(_) | Err(Stop::Refused(_)) => Ok(None),
            Err(Stop::Store(error)) => Err(error),
        }
    }

    /// Whether a question for these fields would pass now. Counts nothing, and is no leave to answer one.
    pub(crate) async fn would_pass(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        fields: FieldSet,
        day: Date,
    ) -> Result<bool, StoreError> {
        if self.is_restricted(caller, number).await? {
            return Ok(false);
        }
        if caller.contract.persons.is_all() {
            return Ok(true);
        }
        match self.consent(caller, number, day).await {
            Ok(consent) => Ok(fields.without(consent.terms.fields).is_empty()),
            Err(Stop::Refused(_)) => Ok(false),
            Err(Stop::Store(error)) => Err(error),
        }
    }

    /// Whether the person had questions under the caller's contract restricted, asked anew.
    pub(crate) async fn is_restricted(
        &self,
        caller: &Caller,
        number: PersonalNumber,
    ) -> Result<bool, StoreError> {
        match self.check_restriction(caller, number).await {
            Ok(()) => Ok(false),
            Err(Stop::Refused(_)) => Ok(true),
            Err(Stop::Store(error)) => Err(error),
        }
    }

    /// Leave by the law itself, with the court's order behind which it is recorded. Contracts without orders ask nothing.
    async fn by_law(&self, caller: &Caller, number: PersonalNumber, day: Date) -> Result<Pass, StoreError> {
        if !caller.has_orders {
            return Ok(Pass::default());
        }
        let order = self.orders.standing_order(&caller.contract.id, number, day).await?;
        Ok(Pass { consent: None, order: order.map(|id| id.to_string()) })
    }

    /// Whether the person had questions under the contract restricted. Most contracts have nobody who did.
    async fn check_restriction(&self, caller: &Caller, number: PersonalNumber) -> Result<(), Stop> {
        if caller.has_restrictions && self.cases.is_restricted(&caller.contract.id, number).await? {
            return Err(Stop::Refused(RefusalReason::Restricted));
        }
        Ok(())
    }

    async fn consent(&self, caller: &Caller, number: PersonalNumber, day: Date) -> Result<Consent, Stop> {
        let granted = self.consents.granted_consent(&caller.contract.id, number).await?;
        granted
            .filter(|consent| consent.holds_for(&caller.organisation, &caller.contract, day))
            .ok_or(Stop::Refused(RefusalReason::NoConsent))
    }
}
