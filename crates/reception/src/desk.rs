//! What happens at the desk: scan, compare, admit.

use crate::{
    NewVisit, ReceptionStore, Visit,
    ticket::{Ticket, Tickets},
};
use dancu_cards::{CardQr, CardStanding, QrError, QrNotice, QrReading};
use dancu_core::{Clock, Explain, Explanation, StoreError};
use dancu_exchange::{
    Answer, Caller, CardAnswer, Field, LifeAnswer, OrganisationId, VerifyAnswer, VerifyError, VerifyRequest,
    VerifyService,
};
use dancu_ledger::Channel;
use jiff::civil::Date;
use std::sync::Arc;

/// Visits of one page of the list.
pub const VISITS_PAGE: u32 = 20;

/// What the person at the desk must know at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Data agree and the card is in force: admit.
    Agrees,
    /// Data agree but for marks or a residence that has changed since the card was printed: admit with a look.
    AgreesInTheMain,
    /// Data agree, but the card may not be used.
    CardNotInForce,
    /// The register says that this person has died or is missing.
    NotAlive,
    /// The data are not this person's: a misread, an altered or a forged card.
    Differs,
}

impl Verdict {
    /// Whether the visitor may be admitted on this card.
    pub const fn admits(self) -> bool {
        matches!(self, Self::Agrees | Self::AgreesInTheMain)
    }

    fn of(answer: &VerifyAnswer) -> Self {
        let differs = |field: Field| {
            answer.answers.iter().any(|(asked, found)| *asked == field && *found == Answer::Differs)
        };
        let essential = [Field::Name, Field::BirthDate, Field::Sex, Field::OldNumber, Field::CardIssued];
        if matches!(answer.life_status, Some(LifeAnswer::Dead | LifeAnswer::Missing)) {
            Self::NotAlive
        } else if answer.card_status == Some(CardAnswer::NotConfirmed)
            || [Field::Name, Field::BirthDate, Field::Sex].into_iter().any(differs)
        {
            Self::Differs
        } else if !matches!(answer.card_status, None | Some(CardAnswer::Known(CardStanding::InForce)))
            || differs(Field::CardIssued)
        {
            // Another day of issue means that a newer card replaced this one.
            Self::CardNotInForce
        } else if essential.into_iter().any(differs) {
            Self::Differs
        } else if answer.answers.iter().all(|(_, found)| *found == Answer::Match) {
            Self::Agrees
        } else {
            Self::AgreesInTheMain
        }
    }
}

/// A scanned card with the register's answer.
#[derive(Debug, Clone)]
pub struct Scan {
    /// What the card says.
    pub card: CardQr,
    /// What was unusual about the code.
    pub notice: Option<QrNotice>,
    /// What the register says to it.
    pub answer: VerifyAnswer,
    /// The whole in one word.
    pub verdict: Verdict,
    /// Given back to admit; `None` when the verdict does not allow it.
    pub ticket: Option<String>,
}

/// Why a scan gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The text is no card's code.
    #[error(transparent)]
    Code(#[from] QrError),
    /// The register gave no answer.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Why nobody was admitted.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// No scan of this desk today belongs to it.
    #[error("no scan of this desk today")]
    NoScan,
    /// The store could not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for AdmitError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NoScan => Explanation::new(
                "DANCU-RECEPTION-001",
                "Không tìm thấy lượt quét này trong hôm nay tại quầy. Hãy quét lại thẻ.",
                "This desk has no such scan today. Scan the card again.",
            ),
            Self::Store(error) => error.explain(),
        }
    }
}

/// The work of one reception desk.
pub struct Desk {
    verify: Arc<VerifyService>,
    store: Arc<dyn ReceptionStore>,
    tickets: Tickets,
    clock: Arc<dyn Clock>,
}

impl Desk {
    /// Puts the desk together.
    pub fn new(
        verify: Arc<VerifyService>,
        store: Arc<dyn ReceptionStore>,
        tickets: Tickets,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { verify, store, tickets, clock }
    }

    /// Reads the text of a card's QR code and asks the register, under the desk's contract.
    /// `staff` stands in the record, so that a look without an admission has its author too.
    pub async fn scan(&self, caller: &Caller, text: &str, staff: &str) -> Result<Scan, ScanError> {
        let QrReading { card, notice } = CardQr::read(text)?;
        let request = VerifyRequest { reference: Some(staff.to_owned()), ..request_of(&card, caller) };
        let answer = self.verify.verify(caller, &request, Channel::Reception).await?;
        let verdict = Verdict::of(&answer);
        let ticket = verdict.admits().then(|| {
            self.tickets.seal(&Ticket {
                organisation: caller.organisation.id.clone(),
                day: self.clock.today(),
                leaf_index: answer.receipt.entry,
                masked_name: card.name.masked(),
            })
        });
        Ok(Scan { card, notice, answer, verdict, ticket })
    }

    /// Admits the visitor of a scan. A second click gives the same visit.
    pub async fn admit(&self, caller: &Caller, ticket: &str, staff: &str) -> Result<Visit, AdmitError> {
        let ticket = self.tickets.open(ticket).ok_or(AdmitError::NoScan)?;
        if ticket.organisation != caller.organisation.id || ticket.day != self.clock.today() {
            return Err(AdmitError::NoScan);
        }
        let visit = NewVisit {
            organisation: ticket.organisation,
            day: ticket.day,
            at: self.clock.now(),
            leaf_index: ticket.leaf_index,
            masked_name: ticket.masked_name,
            staff: staff.to_owned(),
        };
        Ok(self.store.admit(visit).await?)
    }

    /// Today's visits of an organisation, newest first, and how many there are.
    pub async fn today(
        &self,
        organisation: &OrganisationId,
        before: Option<u32>,
    ) -> Result<(Vec<Visit>, u32), StoreError> {
        let day: Date = self.clock.today();
        let visits = self.store.visits(organisation, day, before, VISITS_PAGE).await?;
        Ok((visits, self.store.visit_count(organisation, day).await?))
    }
}

/// Asks of the card's data what the desk's contract allows.
fn request_of(card: &CardQr, caller: &Caller) -> VerifyRequest {
    let allowed = |field: Field, value: String| caller.contract.fields.contains(field).then_some(value);
    VerifyRequest {
        number: card.number.to_string(),
        name: allowed(Field::Name, card.name.as_str().to_owned()),
        birth_date: allowed(Field::BirthDate, card.birth_date.to_string()),
        sex: allowed(Field::Sex, card.sex.letter().to_owned()),
        residence: allowed(Field::Residence, card.residence.clone()),
        old_number: card.old_number.and_then(|old| allowed(Field::OldNumber, old.to_string())),
        card_issued: allowed(Field::CardIssued, card.issued.to_string()),
        ..VerifyRequest::default()
    }
}
