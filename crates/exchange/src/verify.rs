//! The default product: is this what the register holds? Answered per field, and only after the receipt is durable.

use crate::{
    Caller, Field, FieldSet, Gate, Pass, Plan, RefusalLog, RefusalReason, Stop,
    compare::{Answer, Given, compare, identifies},
    plan,
    refusal::Refusal,
};
use dancu_cards::{CardStanding, standing};
use dancu_core::{Clock, Explain, Explanation, PersonalNumber, StoreError, is_unseen};
use dancu_ledger::{Channel, Draft, Ledger, NoPlace, Receipt, Reservation};
use dancu_register::{At, Life, Person, RegisterStore};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize, Serializer};
use std::{fmt, sync::Arc};

/// What a caller sends: a number, and values to compare. Every value is text, read as its field says.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// Personal number, 12 digits.
    pub number: String,
    /// Full name.
    #[serde(default)]
    pub name: Option<String>,
    /// Birth date: `YYYY-MM-DD`, `dd/MM/yyyy`, or a year where only that is known.
    #[serde(default)]
    pub birth_date: Option<String>,
    /// `M` or `F`; `Nam` and `Nữ` are read too.
    #[serde(default)]
    pub sex: Option<String>,
    /// Permanent residence: the address in one line, or a commune code.
    #[serde(default)]
    pub residence: Option<String>,
    /// Old nine-digit number.
    #[serde(default)]
    pub old_number: Option<String>,
    /// Day on which the card was issued.
    #[serde(default, alias = "card_issue_date")]
    pub card_issued: Option<String>,
    /// Last day of the card.
    #[serde(default, alias = "card_expiry_date")]
    pub card_expires: Option<String>,
    /// Commune code of the place of birth.
    #[serde(default)]
    pub birth_place: Option<String>,
    /// Nationality, three letters.
    #[serde(default)]
    pub nationality: Option<String>,
    /// Telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// The caller's own reference, up to 128 bytes; stands in the record that the citizen sees.
    #[serde(default)]
    pub reference: Option<String>,
}

impl fmt::Debug for VerifyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyRequest(…)")
    }
}

/// Longest reference of a caller, in bytes.
const REFERENCE_BYTES_MAX: usize = 128;

/// A request whose values could be read.
pub(crate) struct Asked {
    pub number: PersonalNumber,
    pub given: Vec<(Field, Given)>,
}

impl Asked {
    /// The fields of which a value was given.
    pub fn fields(&self) -> FieldSet {
        self.given.iter().map(|(field, _)| *field).collect()
    }
}

impl VerifyRequest {
    fn values(&self) -> [(Field, Option<&String>); 10] {
        [
            (Field::Name, self.name.as_ref()),
            (Field::BirthDate, self.birth_date.as_ref()),
            (Field::Sex, self.sex.as_ref()),
            (Field::Residence, self.residence.as_ref()),
            (Field::OldNumber, self.old_number.as_ref()),
            (Field::CardIssued, self.card_issued.as_ref()),
            (Field::CardExpires, self.card_expires.as_ref()),
            (Field::BirthPlace, self.birth_place.as_ref()),
            (Field::Nationality, self.nationality.as_ref()),
            (Field::Phone, self.phone.as_ref()),
        ]
    }

    /// Whether every value can be read, without asking anybody: what a caller can find out beforehand.
    pub fn check(&self) -> Result<(), VerifyError> {
        self.read().map(drop)
    }

    pub(crate) fn read(&self) -> Result<Asked, VerifyError> {
        let wrong = |field, reason| VerifyError::Value { field, reason };
        let number = read_number(&self.number)?;
        check_reference(self.reference.as_deref())?;
        let given = self
            .values()
            .into_iter()
            .filter_map(|(field, text)| {
                let read = Given::read(field, text?)?;
                Some(read.map(|given| (field, given)).map_err(|reason| wrong(field.as_str(), reason)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Asked { number, given })
    }
}

/// A personal number as a caller writes it.
pub(crate) fn read_number(text: &str) -> Result<PersonalNumber, VerifyError> {
    let wrong =
        |error: dancu_core::NumberError| VerifyError::Value { field: "number", reason: error.explain() };
    text.trim().parse().map_err(wrong)
}

/// Refuses a reference of a caller that is too long for a record, or would break or turn round the line in which citizens read it.
pub(crate) fn check_reference(reference: Option<&str>) -> Result<(), VerifyError> {
    let is_seen = |sign: char| !sign.is_control() && !is_unseen(sign);
    if reference.is_none_or(|text| text.len() <= REFERENCE_BYTES_MAX && text.chars().all(is_seen)) {
        return Ok(());
    }
    let reason = Explanation::new(
        "DANCU-EXCHANGE-031",
        format!("Mã tham chiếu phải là một dòng, không quá {REFERENCE_BYTES_MAX} byte, không có ký tự ẩn."),
        format!(
            "The reference must be one line of at most {REFERENCE_BYTES_MAX} bytes without unseen signs."
        ),
    );
    Err(VerifyError::Value { field: "reference", reason })
}

/// Whether the card is in force, as far as the caller may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardAnswer {
    /// The register's answer.
    Known(CardStanding),
    /// Nothing given shows that the caller holds this person's data, so nothing is told.
    NotConfirmed,
}

/// Whether the person is alive, as far as the caller may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeAnswer {
    /// Alive.
    Alive,
    /// Dead.
    Dead,
    /// Declared missing.
    Missing,
    /// Nothing given shows that the caller holds this person's data, so nothing is told.
    NotConfirmed,
}

impl CardAnswer {
    /// The word in the API and in the disclosure's record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known(standing) => standing.as_str(),
            Self::NotConfirmed => "not_confirmed",
        }
    }
}

impl LifeAnswer {
    /// The word in the API and in the disclosure's record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Dead => "dead",
            Self::Missing => "missing",
            Self::NotConfirmed => "not_confirmed",
        }
    }
}

impl From<Life> for LifeAnswer {
    fn from(life: Life) -> Self {
        match life {
            Life::Alive => Self::Alive,
            Life::Dead { .. } => Self::Dead,
            Life::Missing { .. } => Self::Missing,
        }
    }
}

impl Serialize for CardAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for LifeAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

pub(crate) fn as_map<S: Serializer>(answers: &[(Field, Answer)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(answers.iter().map(|(field, answer)| (field.as_str(), answer.as_str())))
}

/// The answer, with its receipt.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyAnswer {
    /// One answer for each value that was given.
    #[serde(serialize_with = "as_map")]
    pub answers: Vec<(Field, Answer)>,
    /// Present when the contract holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_status: Option<CardAnswer>,
    /// Present when the contract holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_status: Option<LifeAnswer>,
    /// Whether the number is in the register; present when the contract gives the right to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<bool>,
    /// The day for which it holds.
    pub as_of: Date,
    /// The proof that this answer is in the log.
    pub receipt: Receipt,
}

/// Why there is no answer. Nothing was disclosed and nothing counted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A given value cannot be read. Found before the register is looked at.
    #[error("{field} cannot be read")]
    Value {
        /// Name of the field in the request.
        field: &'static str,
        /// What is wrong with it.
        reason: Explanation,
    },
    /// Refused; the reason is in the refusal log.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The daily limit is used up.
    #[error("the daily limit is used up until {resets_at}")]
    DailyLimit {
        /// When counting starts anew.
        resets_at: Timestamp,
    },
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Answers verifications.
pub struct VerifyService {
    pub(crate) register: Arc<dyn RegisterStore>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) gate: Arc<Gate>,
    refusals: Arc<RefusalLog>,
    clock: Arc<dyn Clock>,
}

impl VerifyService {
    /// Puts the service together.
    pub fn new(
        register: Arc<dyn RegisterStore>,
        ledger: Arc<Ledger>,
        gate: Arc<Gate>,
        refusals: Arc<RefusalLog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { register, ledger, gate, refusals, clock }
    }

    /// Compares what was given with the register and discloses the answer: contract, limit, register, log, answer.
    pub async fn verify(
        &self,
        caller: &Caller,
        request: &VerifyRequest,
        channel: Channel,
    ) -> Result<VerifyAnswer, VerifyError> {
        let day = self.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        let asked = request.read()?;
        let plan = plan(caller, day, asked.fields()).map_err(|reason| self.refuse(caller, reason))?;
        let reservation = self.reserve(caller).await?;
        let passed = self.gate.ask_planned(caller, asked.number, plan, day).await;
        let (pass, plan) = passed.map_err(|stop| self.stopped(caller, stop))?;
        let at = At { as_of: day, known_at: self.ledger.now() };
        let kinds = fact_kinds(plan);
        let person = self.register.person_now(asked.number, at, kinds).await?;
        let findings = Findings::of(person.as_ref(), &asked.given, plan, day);
        let draft = caller.draft(
            asked.number,
            findings.asked(),
            findings.outcome(),
            channel,
            request.reference.as_deref().unwrap_or_default(),
        );
        let draft = Draft { under: pass.under(draft.under), ..draft };
        let disclosed = self.ledger.disclose(draft, reservation).await?;
        Ok(VerifyAnswer {
            answers: findings.answers,
            card_status: findings.card,
            life_status: findings.life,
            known: findings.known,
            as_of: day,
            receipt: disclosed.into_receipt(),
        })
    }

    pub(crate) fn refuse(&self, caller: &Caller, reason: RefusalReason) -> Refusal {
        self.refusals.note(self.clock.now(), Some(&caller.client.id), reason)
    }

    /// Leave of the person, where the contract needs it, to answer all of these fields.
    pub(crate) async fn pass(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        fields: FieldSet,
        day: Date,
    ) -> Result<Pass, VerifyError> {
        let passed = self.gate.ask(caller, number, fields, day).await;
        passed.map_err(|stop| self.stopped(caller, stop))
    }

    pub(crate) fn stopped(&self, caller: &Caller, stop: Stop) -> VerifyError {
        match stop {
            Stop::Refused(reason) => self.refuse(caller, reason).into(),
            Stop::Store(error) => error.into(),
        }
    }

    /// A place under the daily limit of the caller's contract.
    pub(crate) async fn reserve(&self, caller: &Caller) -> Result<Reservation, VerifyError> {
        let contract = &caller.contract;
        let place = self.ledger.take_place(contract.id.as_str(), contract.daily_limit.into()).await;
        place.map_err(|none| match none {
            NoPlace::Exhausted(exhausted) => {
                self.refuse(caller, RefusalReason::DailyLimit);
                VerifyError::DailyLimit { resets_at: exhausted.resets_at }
            }
            NoPlace::Store(error) => error.into(),
        })
    }

    /// Notes a refusal that no client is to answer for.
    pub(crate) fn note(&self, reason: RefusalReason) {
        self.refusals.note(self.clock.now(), None, reason);
    }
}

/// The facts to read. Identity is always among them: it tells whether the number is known.
pub(crate) fn fact_kinds(plan: Plan) -> dancu_register::KindSet {
    FieldSet::EMPTY
        .with(Field::Name)
        .fact_kinds()
        .union(plan.compared.fact_kinds())
        .union(plan.statuses.fact_kinds())
}

/// What was found, cut down to what the caller may know.
pub(crate) struct Findings {
    pub answers: Vec<(Field, Answer)>,
    pub card: Option<CardAnswer>,
    pub life: Option<LifeAnswer>,
    pub known: Option<bool>,
}

impl Findings {
    pub fn of(person: Option<&Person>, given: &[(Field, Given)], plan: Plan, day: Date) -> Self {
        let mut answers: Vec<(Field, Answer)> = given
            .iter()
            .map(|(field, given)| (*field, person.map_or(Answer::Differs, |person| compare(person, given))))
            .collect();
        let confirmed = person.filter(|person| {
            plan.may_tell_unknown || answers.iter().any(|(field, answer)| identifies(person, *field, *answer))
        });
        if confirmed.is_none() {
            // An unknown number and another person's number must look the same.
            for (_, answer) in &mut answers {
                *answer = Answer::Differs;
            }
        }
        Self {
            answers,
            card: plan.statuses.contains(Field::CardStatus).then(|| {
                confirmed.map_or(CardAnswer::NotConfirmed, |person| {
                    CardAnswer::Known(standing(person.card(), day))
                })
            }),
            life: plan
                .statuses
                .contains(Field::LifeStatus)
                .then(|| confirmed.map_or(LifeAnswer::NotConfirmed, |person| person.life().into())),
            known: plan.may_tell_unknown.then_some(person.is_some()),
        }
    }

    fn asked(&self) -> Vec<&'static str> {
        self.outcome().into_iter().map(|(field, _)| field).collect()
    }

    pub fn outcome(&self) -> Vec<(&'static str, &'static str)> {
        let compared = self.answers.iter().map(|(field, answer)| (field.as_str(), answer.as_str()));
        let card = self.card.map(|answer| (Field::CardStatus.as_str(), answer.as_str()));
        let life = self.life.map(|answer| (Field::LifeStatus.as_str(), answer.as_str()));
        compared.chain(card).chain(life).collect()
    }
}
