//! A product: who looked at a person, told to a portal at which that person is signed in. That the portal was told is a
//! disclosure like any other: it stands in the person's list from then on.

use crate::{
    Caller, Contract, FieldSet, InFlight, Product, VerifyError, VerifyService,
    alone::{Alone, gives_more_than},
    policy::plan_access_history,
    verify::{check_reference, read_number},
};
use dancu_core::PersonalNumber;
use dancu_ledger::{Bookmark, Channel, Draft, Receipt, Under};
use serde::Deserialize;
use std::fmt;

/// What stands in the record as asked for.
const ASKED: &str = "access_history";

/// What a caller sends.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessHistoryRequest {
    /// Number of the person who is signed in at the caller.
    pub number: String,
    /// Where the page begins: `next` of the page before; the newest when left out.
    #[serde(default)]
    pub before: Option<Bookmark>,
    /// The caller's own reference, as for a verification.
    #[serde(default)]
    pub reference: Option<String>,
}

impl fmt::Debug for AccessHistoryRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessHistoryRequest(…)")
    }
}

/// A list that may be told.
pub struct ToldHistory<'a> {
    /// Whose it is.
    pub number: PersonalNumber,
    /// The proof that it is told.
    pub receipt: Receipt,
    /// Kept until the list is made: that is the greater part of the work.
    _place: InFlight<'a>,
}

impl fmt::Debug for ToldHistory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToldHistory(…)")
    }
}

impl VerifyService {
    /// Records that the list of those who looked at a person is told to a caller: contract, limit, the person's
    /// restrictions, log. The list may leave the house once this has returned.
    pub async fn tell_access_history<'a>(
        &self,
        caller: &'a Caller,
        number: &str,
        reference: Option<&str>,
    ) -> Result<ToldHistory<'a>, VerifyError> {
        let day = self.ledger.counting_day();
        let place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        let number = read_number(number)?;
        check_reference(reference)?;
        plan_access_history(caller, day).map_err(|reason| self.refuse(caller, reason))?;
        let reservation = self.reserve(caller).await?;
        let pass = self.pass(caller, number, FieldSet::EMPTY, day).await?;
        let (asked, outcome) = (vec![ASKED], vec![(ASKED, "told")]);
        let draft = caller.draft(number, asked, outcome, Channel::Api, reference.unwrap_or_default());
        let product = Some(Product::AccessHistory.as_str());
        let under = Under { product, ..pass.under(draft.under) };
        let disclosed = self.ledger.disclose(Draft { under, ..draft }, reservation).await?;
        Ok(ToldHistory { number, receipt: disclosed.into_receipt(), _place: place })
    }
}

/// What is wrong with a contract that lets persons see who looked at them; none for any other.
pub(crate) fn wrong(contract: &Contract) -> Option<&'static str> {
    (contract.access_history && gives_more_than(contract, Alone::AccessHistory)).then_some(
        "access_history: alone, with nothing but products, xroad_client, signed_answers and limits",
    )
}
