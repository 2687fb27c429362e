//! One change, cut down to what a contract may know of it.

use dancu_changes::{CommandId, Cursor};
use dancu_core::PersonalNumber;
use dancu_exchange::{CardAnswer, Contract, Field, FieldSet, LifeAnswer};
use dancu_register::KindSet;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// The fields of the contract that a change of these kinds may have touched. Sealed kinds answer no field, so nothing
/// is told of them.
pub fn fields_told(contract: &Contract, kinds: KindSet) -> FieldSet {
    contract.fields.iter().filter(|field| kinds.bits() & field.fact_kinds().bits() != 0).collect()
}

/// A change as a client is told of it: that something differs from what it was answered, never the new value but
/// for the two statuses. Its JSON is what the client reads.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ToldChange {
    /// Its place; a later change of the same person has a greater one.
    #[serde(serialize_with = "as_text")]
    pub cursor: Cursor,
    /// Of whom.
    pub number: PersonalNumber,
    /// The event; one event may concern several persons.
    pub event: CommandId,
    /// When the register recorded it.
    pub recorded_at: Timestamp,
    /// The fields of the contract that the event changed.
    pub fields: FieldSet,
    /// Whether the person is alive, as known now; present when it is among the fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_status: Option<LifeAnswer>,
    /// Whether the card is in force, as known now; present when it is among the fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_status: Option<CardAnswer>,
    /// Index of the disclosure in the log; the person reads it there.
    pub leaf_index: u64,
}

impl fmt::Debug for ToldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToldChange({})", self.cursor)
    }
}

impl ToldChange {
    /// The outcome that stands in the record: for a status what is told, for any other field that it changed.
    pub(crate) fn outcome(
        fields: FieldSet,
        life: Option<LifeAnswer>,
        card: Option<CardAnswer>,
    ) -> Vec<(&'static str, &'static str)> {
        let word = |field| match field {
            Field::LifeStatus => life.map_or(CHANGED, LifeAnswer::as_str),
            Field::CardStatus => card.map_or(CHANGED, CardAnswer::as_str),
            _ => CHANGED,
        };
        fields.iter().map(|field| (field.as_str(), word(field))).collect()
    }
}

/// The answer that a record of the feed gives of a field.
const CHANGED: &str = "changed";

fn as_text<S: Serializer>(cursor: &Cursor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_register::FactKind;
    use serde_json::json;

    fn contract(fields: &[&str]) -> Contract {
        serde_json::from_value(json!({
            "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
            "fields": fields, "daily_limit": 1, "per_second_max": 1, "valid_from": "2026-01-01",
            "feed": {"persons": "disclosed"},
        }))
        .unwrap()
    }

    #[test]
    fn a_contract_is_told_of_its_own_fields_alone_and_never_of_a_sealed_one() {
        let contract = contract(&["name", "phone", "life_status"]);
        let told = |kinds: &[FactKind]| fields_told(&contract, kinds.iter().copied().collect());
        let fields = |names: &[Field]| names.iter().copied().collect::<FieldSet>();
        assert_eq!(told(&[FactKind::Identity, FactKind::Residence]), fields(&[Field::Name]));
        assert_eq!(told(&[FactKind::Contact, FactKind::Life]), fields(&[Field::Phone, Field::LifeStatus]));
        assert_eq!(told(&[FactKind::Residence, FactKind::Family]), FieldSet::EMPTY);
        let everything = self::contract(&["history", "household"]);
        for sealed in FactKind::SEALED {
            assert_eq!(told(&[sealed]), FieldSet::EMPTY);
            assert_eq!(fields_told(&everything, KindSet::EMPTY.with(sealed)), FieldSet::EMPTY);
        }
    }

    #[test]
    fn the_json_holds_a_status_only_where_it_is_told() {
        let mut change = ToldChange {
            cursor: Cursor { major: 0, minor: 7 },
            number: "001085000001".parse().unwrap(),
            event: "018f3a2e-0000-7000-8000-000000000001".parse().unwrap(),
            recorded_at: "2026-11-22T02:00:00Z".parse().unwrap(),
            fields: [Field::LifeStatus, Field::Name].into_iter().collect(),
            life_status: Some(LifeAnswer::Dead),
            card_status: None,
            leaf_index: 3,
        };
        let expected = json!({
            "cursor": "0-7", "number": "001085000001", "event": "018f3a2e-0000-7000-8000-000000000001",
            "recorded_at": "2026-11-22T02:00:00Z", "fields": ["name", "life_status"], "life_status": "dead",
            "leaf_index": 3,
        });
        assert_eq!(serde_json::to_value(&change).unwrap(), expected);
        change.life_status = None;
        assert!(serde_json::to_value(&change).unwrap().get("life_status").is_none());
        assert!(!format!("{change:?}").contains("00108"));
    }

    #[test]
    fn the_record_says_changed_or_the_status_that_was_told() {
        let fields = [Field::Name, Field::LifeStatus, Field::CardStatus].into_iter().collect();
        let outcome = ToldChange::outcome(fields, Some(LifeAnswer::Missing), Some(CardAnswer::NotConfirmed));
        assert_eq!(
            outcome,
            [("name", "changed"), ("card_status", "not_confirmed"), ("life_status", "missing")]
        );
    }
}
