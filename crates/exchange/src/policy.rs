//! Whether a contract allows a request. This is the one place where the exchange decides it.

use crate::{Contract, Field, FieldSet, RefusalReason};

/// What may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Fields to compare.
    pub compared: FieldSet,
    /// Statuses to tell: those that the contract holds.
    pub statuses: FieldSet,
    /// Whether the caller may learn that the number is unknown.
    pub may_tell_unknown: bool,
}

/// Decides on a request that gives values for `asked`.
///
/// A caller who may not learn that a number is unknown must give a field that identifies the person;
/// otherwise the statuses alone would tell that the number exists.
pub fn plan(contract: &Contract, asked: FieldSet) -> Result<Plan, RefusalReason> {
    if !asked.without(contract.fields).is_empty() {
        return Err(RefusalReason::FieldOutsideContract);
    }
    let statuses: FieldSet = contract.fields.iter().filter(|field| field.is_status()).collect();
    if !contract.may_tell_unknown && !asked.iter().any(Field::identifies) {
        return Err(RefusalReason::NothingIdentifying);
    }
    if asked.is_empty() && statuses.is_empty() {
        return Err(RefusalReason::NothingIdentifying);
    }
    Ok(Plan { compared: asked, statuses, may_tell_unknown: contract.may_tell_unknown })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn contract(fields: &[Field], may_tell_unknown: bool) -> Contract {
        Contract {
            id: "c-1".parse().unwrap(),
            client: "bank".parse().unwrap(),
            legal_basis: "Luật".to_owned(),
            purpose_vi: "Mở tài khoản".to_owned(),
            purpose_en: "Open an account".to_owned(),
            fields: fields.iter().copied().collect(),
            persons: crate::Persons::All,
            uses_processor: false,
            visibility: crate::Visibility::Immediate,
            sealed: [].into(),
            may_tell_unknown,
            commands_for_commune: None,
            search: None,
            xroad_client: None,
            fetch: FieldSet::EMPTY,
            signed_answers: false,
            daily_limit: 1,
            per_second_max: 1,
            caseload: None,
            limit_reason: None,
            retention_days: None,
            service_hours: None,
            valid_from: date(2026, 1, 1),
            valid_to: None,
            feed: None,
        }
    }

    fn asked(fields: &[Field]) -> FieldSet {
        fields.iter().copied().collect()
    }

    #[test]
    fn only_fields_of_the_contract_are_answered() {
        let contract = contract(&[Field::Name, Field::CardStatus], false);
        let plan_made = plan(&contract, asked(&[Field::Name])).unwrap();
        assert_eq!(plan_made.statuses, asked(&[Field::CardStatus]));
        let outside = plan(&contract, asked(&[Field::Name, Field::Phone])).unwrap_err();
        assert_eq!(outside, RefusalReason::FieldOutsideContract);
    }

    #[test]
    fn a_number_with_nothing_that_identifies_needs_the_right_to_tell() {
        let fields = [Field::Name, Field::Sex, Field::CardStatus];
        for given in [&[][..], &[Field::Sex][..]] {
            assert_eq!(
                plan(&contract(&fields, false), asked(given)).unwrap_err(),
                RefusalReason::NothingIdentifying
            );
            assert!(plan(&contract(&fields, true), asked(given)).is_ok());
        }
        assert!(plan(&contract(&[Field::Name], true), FieldSet::EMPTY).is_err(), "nothing would be answered");
    }
}
