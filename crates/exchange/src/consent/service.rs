//! Asking for consent, and answering.

use super::{
    AskBounds, AskOutcome, Consent, ConsentId, ConsentState, ConsentStore, ConsentTerms, consent_rules,
};
use crate::{
    Caller, FieldSet, PrivacyStore, Refusal, RefusalLog, RefusalReason, privacy::case_of_withdrawal,
};
use dancu_core::{Clock, Entropy, Explain, Explanation, NumberError, PersonalNumber, StoreError};

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use serde::Deserialize;
use std::{fmt, sync::Arc};

/// What an organisation asks.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// Personal number, 12 digits.
    pub number: String,
    /// Fields of the contract.
    pub fields: FieldSet,
    /// Last day.
    pub until: Date,
    /// Questions a day at most; one when left out.
    #[serde(default = "once")]
    pub per_day_max: u32,
    /// The organisation's own reference, up to 128 bytes. The person reads it.
    #[serde(default)]
    pub reference: String,
}

const fn once() -> u32 {
    1
}

impl fmt::Debug for ConsentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsentRequest(…)")
    }
}

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentDecision {
    /// I consent.
    Grant,
    /// I do not.
    Refuse,
    /// I take my consent back.
    Withdraw,
}

/// Longest reference, in bytes.
const REFERENCE_BYTES_MAX: usize = 128;

/// Why a request or an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The number is none.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The contract has a legal basis of its own.
    #[error("the contract needs no consent")]
    NotNeeded,
    /// The last day is not ahead, too far ahead, or beyond the contract.
    #[error("the last day is not between tomorrow and {last}")]
    Until {
        /// The last day that may be named.
        last: Date,
    },
    /// So often a day may not be asked.
    #[error("how often a day is not between 1 and {most}")]
    Frequency {
        /// As often as the contract allows.
        most: u32,
    },
    /// The reference is too long or has line breaks.
    #[error("the reference is too long or no line of text")]
    Reference,
    /// Asked as often as may be.
    #[error("asked too often")]
    TooMany,
    /// There is no such consent of this person.
    #[error("no such consent")]
    NotFound,
    /// It was answered otherwise meanwhile, or its time is over.
    #[error("no longer to be answered so")]
    Settled,
    /// No rules hold on this day.
    #[error("no rules of consent hold on this day")]
    NoRules,
    /// Refused like any other question.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for ConsentError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Number(error) => error.explain(),
            Self::NotNeeded => Explanation::new(
                "DANCU-EXCHANGE-110",
                "Hợp đồng này có căn cứ pháp lý riêng, không cần sự đồng ý. Hãy hỏi trực tiếp tại /v1/verify.",
                "This contract has a legal basis of its own and needs no consent. Ask at /v1/verify.",
            ),
            Self::Until { last } => Explanation::new(
                "DANCU-EXCHANGE-111",
                format!("Ngày cuối (until) phải sau hôm nay và không quá {last}."),
                format!("The last day (until) must be after today and not after {last}."),
            ),
            Self::Frequency { most } => Explanation::new(
                "DANCU-EXCHANGE-112",
                format!("Số lần mỗi ngày (per_day_max) phải từ 1 đến {most}."),
                format!("How often a day (per_day_max) must be from 1 to {most}."),
            ),
            Self::Reference => Explanation::new(
                "DANCU-EXCHANGE-113",
                format!("Mã tham chiếu phải là một dòng, không quá {REFERENCE_BYTES_MAX} byte."),
                format!("The reference must be one line of at most {REFERENCE_BYTES_MAX} bytes."),
            ),
            Self::TooMany => Explanation::new(
                "DANCU-EXCHANGE-114",
                "Đã gửi quá nhiều đề nghị đồng ý, cho người này hoặc trong ngày. Hãy chờ rồi gửi lại.",
                "Too many requests for consent were sent, to this person or today. Wait before the next.",
            ),
            Self::NotFound => Explanation::new(
                "DANCU-EXCHANGE-115",
                "Không có đề nghị hoặc sự đồng ý này. Hãy mở lại danh sách.",
                "There is no such request or consent. Open the list again.",
            ),
            Self::Settled => Explanation::new(
                "DANCU-EXCHANGE-116",
                "Đề nghị này đã được trả lời, đã được thay hoặc đã hết hạn. Hãy mở lại danh sách.",
                "This request was answered or replaced, or its time is over. Open the list again.",
            ),
            Self::NoRules => Explanation::new(
                "DANCU-EXCHANGE-117",
                "Không có quy định về sự đồng ý cho ngày này. Hãy kiểm tra đồng hồ của máy chủ.",
                "No rules of consent hold on this day. Check the server's clock.",
            ),
            Self::Refused(refusal) => refusal.explain(),
            Self::Store(error) => error.explain(),
        }
    }
}

/// Takes requests of organisations and answers of persons.
pub struct ConsentService {
    store: Arc<dyn ConsentStore>,
    cases: Arc<dyn PrivacyStore>,
    refusals: Arc<RefusalLog>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl ConsentService {
    /// Puts the service together.
    pub fn new(
        (store, cases): (Arc<dyn ConsentStore>, Arc<dyn PrivacyStore>),
        refusals: Arc<RefusalLog>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { store, cases, refusals, clock, entropy }
    }

    /// Puts a request to the person, if there is one: the answer is the same if there is none. Gives its identifier and
    /// the last day on which it may be granted.
    pub async fn ask(
        &self,
        caller: &Caller,
        request: &ConsentRequest,
    ) -> Result<(ConsentId, Date), ConsentError> {
        let (now, today) = (self.clock.now(), self.clock.today());
        let refuse = |reason| self.refusals.note(now, Some(&caller.client.id), reason);
        let _place = caller.enter(today).map_err(refuse)?;
        if caller.contract.persons.is_all() {
            return Err(ConsentError::NotNeeded);
        }
        let rules = consent_rules(today).ok_or(ConsentError::NoRules)?;
        let number: PersonalNumber = request.number.trim().parse()?;
        if request.fields.is_empty() || !request.fields.without(caller.contract.fields).is_empty() {
            return Err(refuse(RefusalReason::FieldOutsideContract).into());
        }
        check(caller, request, today, rules.consent_days_max)?;
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        let open_until = today.saturating_add(i64::from(rules.request_days).days());
        let chosen = (request.fields, request.until, request.per_day_max);
        let consent = Consent {
            id: ConsentId::new(now, &random),
            number,
            organisation: caller.organisation.id.clone(),
            contract: caller.contract.id.clone(),
            terms: ConsentTerms::of(&caller.organisation, &caller.contract, chosen),
            reference: request.reference.clone(),
            asked_at: now,
            open_until,
            state: ConsentState::Asked,
            granted_at: None,
            ended_at: None,
        };
        let back = |hours: u32| now.saturating_sub(SignedDuration::from_hours(hours.into()));
        let bounds = AskBounds {
            person_since: back(24 * rules.request_days).unwrap_or(Timestamp::MIN),
            per_person_max: rules.requests_per_person_max,
            contract_since: back(24).unwrap_or(Timestamp::MIN),
            per_contract_max: rules.requests_per_day_max,
        };
        match self.store.ask_consent(consent, bounds).await? {
            AskOutcome::Kept { id, open_until } => Ok((id, open_until)),
            AskOutcome::TooMany => Err(ConsentError::TooMany),
        }
    }

    /// Whether a request of this caller became a consent that is in force. A request that was refused, that nobody
    /// answered, and one to a number that nobody has look the same.
    pub async fn is_in_force(&self, caller: &Caller, id: ConsentId) -> Result<bool, ConsentError> {
        let today = self.clock.today();
        let refuse = |reason| self.refusals.note(self.clock.now(), Some(&caller.client.id), reason);
        let _place = caller.enter(today).map_err(refuse)?;
        let found = self.store.consent(id).await?.filter(|consent| consent.contract == caller.contract.id);
        let consent = found.ok_or(ConsentError::NotFound)?;
        Ok(consent.holds_for(&caller.organisation, &caller.contract, today))
    }

    /// A person's requests and consents, the newest first.
    pub async fn list(
        &self,
        number: PersonalNumber,
        after: Option<ConsentId>,
        length_max: usize,
    ) -> Result<Vec<Consent>, ConsentError> {
        Ok(self.store.consents_of(number, after, length_max).await?)
    }

    /// The person's answer to a request, or the withdrawal of a consent. It holds for the next question, at every node.
    /// A withdrawal is at the same time a case of its organisation: stop, and delete.
    pub async fn decide(
        &self,
        number: PersonalNumber,
        id: ConsentId,
        decision: ConsentDecision,
    ) -> Result<Consent, ConsentError> {
        let found = self.store.consent(id).await?.filter(|consent| consent.number == number);
        let consent = found.ok_or(ConsentError::NotFound)?;
        let was = consent.state;
        let state = match decision {
            ConsentDecision::Grant if consent.may_be_granted(self.clock.today()) => ConsentState::Granted,
            ConsentDecision::Refuse if was == ConsentState::Asked => ConsentState::Refused,
            ConsentDecision::Withdraw if was == ConsentState::Granted => ConsentState::Withdrawn,
            _ => return Err(ConsentError::Settled),
        };
        let consent = consent.moved(state, self.clock.now());
        let moved = if state == ConsentState::Withdrawn {
            let case = case_of_withdrawal(&consent, self.clock.now()).ok_or(ConsentError::NoRules)?;
            self.cases.withdraw_consent(consent.clone(), was, case).await?
        } else {
            self.store.move_consent(consent.clone(), was).await?
        };
        if moved { Ok(consent) } else { Err(ConsentError::Settled) }
    }
}

fn check(caller: &Caller, request: &ConsentRequest, today: Date, days_max: u32) -> Result<(), ConsentError> {
    let furthest = today.saturating_add(i64::from(days_max).days());
    let contract_end = caller.contract.valid_to.and_then(|end| end.yesterday().ok());
    let last = contract_end.map_or(furthest, |end| end.min(furthest));
    if request.until <= today || request.until > last {
        return Err(ConsentError::Until { last });
    }
    let most = caller.contract.daily_limit;
    if !(1..=most).contains(&request.per_day_max) {
        return Err(ConsentError::Frequency { most });
    }
    let reference = &request.reference;
    if reference.len() > REFERENCE_BYTES_MAX || reference.chars().any(char::is_control) {
        return Err(ConsentError::Reference);
    }
    Ok(())
}
