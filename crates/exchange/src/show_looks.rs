//! A look of our own offices at looks of the log: of each person, masked, whom one of them was about. Like every look it is
//! in the log before anything is shown.

use crate::{Caller, VerifyError, VerifyService};
use dancu_core::PersonalNumber;
use dancu_ledger::{Channel, Disclosure, Draft, Under};
use jiff::civil::Date;
use std::collections::BTreeSet;

impl VerifyService {
    /// Records that these looks are shown, once for each person; all records are durable when this returns. `reference`
    /// stands in the record that the person sees.
    pub async fn show_looks(
        &self,
        caller: &Caller,
        looks: &[Disclosure],
        reference: &str,
    ) -> Result<(), VerifyError> {
        let day = self.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        let persons: BTreeSet<PersonalNumber> = looks.iter().map(|look| look.record.subject).collect();
        let mut reservations = Vec::with_capacity(persons.len());
        for _ in &persons {
            reservations.push(self.reserve(caller).await?);
        }
        let drafts = persons.into_iter().zip(reservations).map(|(number, reservation)| {
            let shown = vec![("number", "masked")];
            let draft = caller.draft(number, vec!["number"], shown, Channel::Office, reference);
            let under = withheld_as(looks, number, day, draft.under);
            (Draft { under, ..draft }, reservation)
        });
        self.ledger.disclose_all(drafts).await?;
        Ok(())
    }
}

/// A look at a look is seen by the person when the look itself is: before, it would give away what is withheld.
fn withheld_as<'a>(
    looks: &'a [Disclosure],
    number: PersonalNumber,
    day: Date,
    under: Under<'a>,
) -> Under<'a> {
    let records = || looks.iter().map(|look| &look.record).filter(|record| record.subject == number);
    let days_until = |from: Date| u16::try_from((from - day).get_days()).unwrap_or(0);
    let delay_days = records().filter_map(|record| record.visible_from).map(days_until).max().unwrap_or(0);
    let order = records().find_map(|record| record.order.as_deref());
    Under { delay_days: under.delay_days.max(delay_days), order: order.or(under.order), ..under }
}
