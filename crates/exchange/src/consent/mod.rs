//! Consent: what a person lets one organisation ask about them, for what, which fields, how often and until when.
//!
//! A contract says whether it needs consent ([`crate::Persons`]). The organisation asks; the person reads what was asked
//! word for word and grants or refuses; whoever granted may withdraw, and the next question is refused. Nothing here
//! looks into the register: a request to a number that nobody has is kept and answered like any other.

mod gate;
mod rules;
mod service;
mod store;

pub use gate::{Gate, Pass, Stop};
pub use rules::{ConsentRules, consent_rules};
pub use service::{ConsentDecision, ConsentError, ConsentRequest, ConsentService};
pub use store::{AskBounds, AskOutcome, ConsentStore};

use crate::{Contract, ContractId, FieldSet, Organisation, OrganisationId, Persons};
use dancu_core::PersonalNumber;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::{Builder, Uuid};

/// Identifies a consent, from the request on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsentId(pub Uuid);

impl ConsentId {
    /// An identifier that nobody can guess, from the time and ten random bytes.
    pub fn new(now: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }
}

impl fmt::Display for ConsentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ConsentId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// What the person is shown and agrees to. It does not change afterwards, whatever becomes of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentTerms {
    /// Name of the organisation, Vietnamese.
    pub organisation_vi: String,
    /// Name of the organisation, English.
    pub organisation_en: String,
    /// Purpose, Vietnamese.
    pub purpose_vi: String,
    /// Purpose, English.
    pub purpose_en: String,
    /// The law that the contract names.
    pub legal_basis: String,
    /// Fields that may be asked.
    pub fields: FieldSet,
    /// Last day.
    pub until: Date,
    /// How often a day it may be asked.
    pub per_day_max: u32,
    /// Whether the organisation is told when one of the fields changes.
    pub is_told_of_changes: bool,
    /// Whether another company processes the data for the organisation.
    #[serde(default)]
    pub uses_processor: bool,
}

impl ConsentTerms {
    /// The terms of a contract as they stand now, for some of its fields, until a day and so often a day.
    pub fn of(
        organisation: &Organisation,
        contract: &Contract,
        (fields, until, per_day_max): (FieldSet, Date, u32),
    ) -> Self {
        Self {
            organisation_vi: organisation.name_vi.clone(),
            organisation_en: organisation.name_en.clone(),
            purpose_vi: contract.purpose_vi.clone(),
            purpose_en: contract.purpose_en.clone(),
            legal_basis: contract.legal_basis.clone(),
            fields,
            until,
            per_day_max,
            is_told_of_changes: contract.feed.is_some(),
            uses_processor: contract.uses_processor,
        }
    }
}

/// How far a consent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// The organisation asked; the person has not answered.
    Asked,
    /// The person agreed.
    Granted,
    /// The person did not agree.
    Refused,
    /// The person had agreed, and took it back.
    Withdrawn,
    /// A later request of the organisation, or a later consent, took its place.
    Replaced,
}

impl ConsentState {
    /// The word in stores and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Replaced => "replaced",
        }
    }
}

/// A consent, from the request to its end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Identifier; stands in the record of every disclosure under it.
    pub id: ConsentId,
    /// About whom.
    pub number: PersonalNumber,
    /// For whom.
    pub organisation: OrganisationId,
    /// Under which contract.
    pub contract: ContractId,
    /// What the person is shown.
    pub terms: ConsentTerms,
    /// The organisation's own reference, which the person reads.
    pub reference: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Last day on which the person may grant it.
    pub open_until: Date,
    /// How far it is.
    pub state: ConsentState,
    /// When the person granted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<Timestamp>,
    /// When it was refused, withdrawn or replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Consent(…)")
    }
}

impl Consent {
    /// Whether the person may grant it on a day. Whoever refused may think better of it as long as the request is open.
    pub fn may_be_granted(&self, day: Date) -> bool {
        matches!(self.state, ConsentState::Asked | ConsentState::Refused)
            && day <= self.open_until
            && day <= self.terms.until
    }

    /// Whether it holds on a day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.state == ConsentState::Granted && day <= self.terms.until
    }

    /// Whether it holds on a day for a contract as that stands now: what the person was told is still the purpose, and
    /// whose it is has not changed.
    pub fn holds_for(&self, organisation: &Organisation, contract: &Contract, day: Date) -> bool {
        self.is_in_force(day)
            && self.contract == contract.id
            && self.organisation == organisation.id
            && self.terms.purpose_vi == contract.purpose_vi
            && self.terms.purpose_en == contract.purpose_en
            && contract.persons == Persons::WithConsent
    }

    /// The same with another state.
    #[must_use]
    pub fn moved(mut self, state: ConsentState, at: Timestamp) -> Self {
        match state {
            ConsentState::Granted => (self.granted_at, self.ended_at) = (Some(at), None),
            ConsentState::Asked => {}
            ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Replaced => {
                self.ended_at = Some(at);
            }
        }
        self.state = state;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;
    use jiff::civil::date;
    use serde_json::{Value, json};

    fn contract(change: Option<(&str, Value)>) -> Contract {
        let mut contract = json!({
            "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "Cho vay", "purpose_en": "Lend",
            "persons": "with_consent", "fields": ["name"], "daily_limit": 5, "per_second_max": 1,
            "valid_from": "2026-01-01"
        });
        if let Some((name, value)) = change {
            contract[name] = value;
        }
        serde_json::from_value(contract).unwrap()
    }

    fn organisation(id: &str) -> Organisation {
        Organisation {
            id: id.parse().unwrap(),
            parent: None,
            name_vi: "A".to_owned(),
            name_en: "A".to_owned(),
        }
    }

    fn granted() -> Consent {
        let fields = FieldSet::EMPTY.with(Field::Name);
        let at: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let consent = Consent {
            id: ConsentId::new(at, &[7; 10]),
            number: "001090000017".parse().unwrap(),
            organisation: "bank".parse().unwrap(),
            contract: "c-1".parse().unwrap(),
            terms: ConsentTerms::of(&organisation("bank"), &contract(None), (fields, date(2026, 12, 31), 1)),
            reference: String::new(),
            asked_at: at,
            open_until: date(2026, 12, 21),
            state: ConsentState::Asked,
            granted_at: None,
            ended_at: None,
        };
        consent.moved(ConsentState::Granted, at)
    }

    #[test]
    fn a_consent_holds_for_what_the_person_was_told_and_no_longer() {
        let bank = organisation("bank");
        let holds = |change, day| granted().holds_for(&bank, &contract(change), day);
        assert!(holds(None, date(2026, 12, 31)));
        assert!(!holds(None, date(2027, 1, 1)));
        for (name, other) in
            [("purpose_vi", "Quảng cáo"), ("purpose_en", "Advertise"), ("id", "c-2"), ("persons", "all")]
        {
            assert!(!holds(Some((name, json!(other))), date(2026, 12, 1)), "{name}");
        }
        assert!(!granted().holds_for(&organisation("other"), &contract(None), date(2026, 12, 1)));
        for state in
            [ConsentState::Asked, ConsentState::Refused, ConsentState::Withdrawn, ConsentState::Replaced]
        {
            let moved = granted().moved(state, Timestamp::UNIX_EPOCH);
            assert!(!moved.holds_for(&bank, &contract(None), date(2026, 12, 1)), "{state:?}");
        }
        assert_eq!(format!("{:?}", granted()), "Consent(…)");
    }

    #[test]
    fn what_waits_or_was_refused_may_be_granted_while_the_request_is_open() {
        for (state, expected) in [
            (ConsentState::Asked, true),
            (ConsentState::Refused, true),
            (ConsentState::Granted, false),
            (ConsentState::Withdrawn, false),
            (ConsentState::Replaced, false),
        ] {
            let consent = granted().moved(state, Timestamp::UNIX_EPOCH);
            assert_eq!(consent.may_be_granted(consent.open_until), expected, "{state:?}");
            assert!(!consent.may_be_granted(date(2026, 12, 22)), "{state:?}");
        }
    }
}
