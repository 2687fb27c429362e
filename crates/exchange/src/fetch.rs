//! A product: agreed values of one person, for whom a law or the person's consent lets know them, and not only compare them.
//!
//! Whoever asks must show that they hold this person's data already, as for a verification: a number alone opens nothing.

use crate::{
    Answer, Caller, CardAnswer, Field, FieldSet, LifeAnswer, Plan, Product, VerifyError, VerifyRequest,
    VerifyService,
    compare::{identifies, residence_line},
    plan_fetch,
    verify::{Findings, as_map, fact_kinds},
};
use dancu_core::{Explanation, PartialDate, Sex};
use dancu_ledger::{Channel, Draft, Receipt, Under};
use dancu_register::{At, Person};
use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};
use std::{collections::BTreeMap, fmt};

/// What a caller sends.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchRequest {
    /// The number, and values that show who is meant, as for a verification.
    pub person: VerifyRequest,
    /// Names of the fields whose values are wanted.
    pub fields: Vec<String>,
}

impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchRequest(…)")
    }
}

/// A value as it is told.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FetchedValue {
    /// A text, or a code.
    Text(String),
    /// A date, as far as it is known.
    Partial(PartialDate),
    /// A day.
    Day(Date),
    /// `M` or `F`.
    Sex(Sex),
    /// A home.
    Home {
        /// Commune code of today's units or of before, as it was registered.
        commune: String,
        /// The address below the commune; none where the register has none.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// All of it in one line, as cards print it.
        line: String,
    },
}

// Values are personal data.
impl fmt::Debug for FetchedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchedValue(…)")
    }
}

/// The answer, with its receipt. The receipt's record says which values were told, never the values.
#[derive(Debug, Clone, Serialize)]
pub struct FetchAnswer {
    /// One answer for each value that was given.
    #[serde(serialize_with = "as_map")]
    pub answers: Vec<(Field, Answer)>,
    /// The wanted values; a field that the register does not hold is left out. `null` when nothing that was given shows that
    /// the caller means this person.
    #[serde(serialize_with = "values_as_map")]
    pub values: Option<Vec<(Field, FetchedValue)>>,
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

#[expect(clippy::ref_option, reason = "as serde calls it")]
fn values_as_map<S: Serializer>(
    values: &Option<Vec<(Field, FetchedValue)>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match values {
        None => serializer.serialize_none(),
        Some(values) => serializer.collect_map(values.iter().map(|(field, value)| (field.as_str(), value))),
    }
}

impl VerifyService {
    /// Tells agreed values of a person who was shown to be meant: contract, limit, consent, register, log, answer.
    pub async fn fetch(
        &self,
        caller: &Caller,
        request: &FetchRequest,
        channel: Channel,
    ) -> Result<FetchAnswer, VerifyError> {
        let day = self.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        let asked = request.person.read()?;
        let wanted = read_fields(&request.fields)?;
        let plan =
            plan_fetch(caller, day, asked.fields(), wanted).map_err(|reason| self.refuse(caller, reason))?;
        let reservation = self.reserve(caller).await?;
        // The person's leave must cover what is told as well as what is compared.
        let whole = Plan { compared: plan.compared.union(wanted), ..plan };
        let passed = self.gate.ask_planned(caller, asked.number, whole, day).await;
        let (pass, whole) = passed.map_err(|stop| self.stopped(caller, stop))?;
        let plan = Plan { compared: plan.compared, ..whole };
        let at = At { as_of: day, known_at: self.ledger.now() };
        let person = self.register.person_now(asked.number, at, fact_kinds(whole)).await?;
        let findings = Findings::of(person.as_ref(), &asked.given, plan, day);
        // Also who may learn that a number is unknown learns no value by a number alone.
        let is_meant = |person: &&Person| {
            findings.answers.iter().any(|(field, answer)| identifies(person, *field, *answer))
        };
        let confirmed = person.as_ref().filter(is_meant);
        let values = confirmed.map(|person| {
            wanted.iter().filter_map(|field| Some((field, value(person, field)?))).collect::<Vec<_>>()
        });
        let outcome = outcome(&findings, wanted, values.as_deref());
        let draft = caller.draft(
            asked.number,
            outcome.iter().map(|(field, _)| *field).collect(),
            outcome,
            channel,
            request.person.reference.as_deref().unwrap_or_default(),
        );
        let under = Under { product: Some(Product::Fetch.as_str()), ..pass.under(draft.under) };
        let draft = Draft { under, ..draft };
        let disclosed = self.ledger.disclose(draft, reservation).await?;
        Ok(FetchAnswer {
            answers: findings.answers,
            values,
            card_status: findings.card,
            life_status: findings.life,
            known: findings.known,
            as_of: day,
            receipt: disclosed.into_receipt(),
        })
    }
}

fn read_fields(names: &[String]) -> Result<FieldSet, VerifyError> {
    let read = |name: &String| name.parse().ok().filter(|field: &Field| field.may_be_fetched());
    let fields: Option<FieldSet> = names.iter().map(read).collect();
    fields.filter(|fields| !fields.is_empty()).ok_or_else(|| VerifyError::Value {
        field: "fields",
        reason: Explanation::new(
            "DANCU-EXCHANGE-033",
            "Cần tên của ít nhất một trường có giá trị, ví dụ residence. Xem danh sách trong /openapi.json.",
            "At least one field that has a value is needed, for instance residence. The list is in /openapi.json.",
        ),
    })
}

/// One line for each field: that its value was told weighs more than that a given one agreed.
fn outcome(
    findings: &Findings,
    wanted: FieldSet,
    values: Option<&[(Field, FetchedValue)]>,
) -> Vec<(&'static str, &'static str)> {
    let told = |field: Field| match values {
        None => "not_confirmed",
        Some(values) if values.iter().any(|(held, _)| *held == field) => "told",
        Some(_) => "not_held",
    };
    let mut lines: BTreeMap<&str, &str> = findings.outcome().into_iter().collect();
    if values.is_some() {
        lines.extend(wanted.iter().map(|field| (field.as_str(), told(field))));
    } else {
        for field in wanted.iter() {
            lines.entry(field.as_str()).or_insert_with(|| told(field));
        }
    }
    let order = Field::ALL.into_iter().map(Field::as_str);
    order.filter_map(|name| Some((name, *lines.get(name)?))).collect()
}

/// The value of a field, if the register holds one.
pub(crate) fn value(person: &Person, field: Field) -> Option<FetchedValue> {
    let identity = person.identity();
    Some(match field {
        Field::Name => FetchedValue::Text(identity?.name.as_str().to_owned()),
        Field::BirthDate => FetchedValue::Partial(identity?.birth_date),
        Field::Sex => FetchedValue::Sex(identity?.sex),
        Field::OldNumber => FetchedValue::Text(identity?.old_number?.to_string()),
        Field::BirthPlace => FetchedValue::Text(identity?.birth_place?.to_string()),
        Field::Nationality => FetchedValue::Text(identity?.nationality.to_string()),
        Field::Residence => {
            let residence = person.residence()?;
            let commune = residence.permanent_commune?;
            let address = residence.permanent_address.clone();
            FetchedValue::Home {
                line: residence_line(address.as_deref(), commune),
                commune: commune.to_string(),
                address,
            }
        }
        Field::CardIssued => FetchedValue::Day(person.card()?.issued?),
        Field::CardExpires => FetchedValue::Day(person.card()?.expires?),
        Field::Phone => FetchedValue::Text(person.contact()?.phone.clone()?),
        Field::CardStatus
        | Field::LifeStatus
        | Field::Origin
        | Field::Household
        | Field::Family
        | Field::History => return None,
    })
}
