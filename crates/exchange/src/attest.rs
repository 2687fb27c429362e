//! A product: one claim about one person, answered with yes, no or not held. Whoever asks must show that they hold this
//! person's data already, as for fetched values; the compared values are answered with nothing.

use crate::{
    Attested, Caller, Claim, Field, VerifyError, VerifyRequest, VerifyService,
    claim::attestation_rule,
    compare::{compare, identifies},
    policy::plan_claim,
    verify::Asked,
};
use dancu_ledger::{Channel, Draft, Receipt, Under};
use dancu_register::{At, FactKind, Person};
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a caller sends.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestRequest {
    /// The number, and values that show who is meant, as for a verification.
    pub person: VerifyRequest,
    /// What is claimed.
    pub claim: Claim,
}

impl fmt::Debug for AttestRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttestRequest(…)")
    }
}

/// The answer, with its receipt.
#[derive(Debug, Clone, Serialize)]
pub struct AttestAnswer {
    /// What was claimed.
    pub claim: Claim,
    /// What is attested.
    pub answer: Attested,
    /// The day for which it holds.
    pub as_of: Date,
    /// Until when it may be shown to others.
    pub expires: Timestamp,
    /// The proof that this answer is in the log.
    pub receipt: Receipt,
}

impl VerifyService {
    /// Attests one claim: contract, limit, consent, register, log, answer.
    pub async fn attest(
        &self,
        caller: &Caller,
        request: &AttestRequest,
        channel: Channel,
    ) -> Result<AttestAnswer, VerifyError> {
        let day = self.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        let asked = request.person.read()?;
        let claim = request.claim;
        plan_claim(caller, claim, day, asked.fields()).map_err(|reason| self.refuse(caller, reason))?;
        let reservation = self.reserve(caller).await?;
        // Who consented to the field behind the claim consented to less than the field.
        let pass = self.pass(caller, asked.number, asked.fields().with(claim.field()), day).await?;
        let now = self.ledger.now();
        let at = At { as_of: day, known_at: now };
        let fields = asked.fields().with(Field::Name).with(Field::LifeStatus).with(claim.field());
        let kinds = fields.fact_kinds().with(FactKind::Number);
        let person = self.register.person_now(asked.number, at, kinds).await?;
        let meant = person.as_ref().filter(|person| asked.means(person));
        let answer = meant.map_or(Attested::NotConfirmed, |person| claim.of(person, day));
        let text = claim.to_string();
        let draft = caller.draft(
            asked.number,
            vec![&text],
            vec![(&text, answer.as_str())],
            channel,
            request.person.reference.as_deref().unwrap_or_default(),
        );
        let under = Under { product: Some(claim.product().as_str()), ..pass.under(draft.under) };
        let disclosed = self.ledger.disclose(Draft { under, ..draft }, reservation).await?;
        let lasts = SignedDuration::from_mins(attestation_rule("signed_minutes", day).into());
        Ok(AttestAnswer {
            claim,
            answer,
            as_of: day,
            expires: now.saturating_add(lasts).unwrap_or(Timestamp::MAX),
            receipt: disclosed.into_receipt(),
        })
    }
}

impl Asked {
    /// Whether one of the given values makes it plain that this person is meant.
    pub fn means(&self, person: &Person) -> bool {
        self.given.iter().any(|(field, given)| identifies(person, *field, compare(person, given)))
    }
}
