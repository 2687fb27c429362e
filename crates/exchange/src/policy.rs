//! Whether a contract allows a request. This is the one place where the exchange decides it.

use crate::{Claim, Contract, Field, FieldSet, Product, RefusalReason};
use jiff::civil::Date;

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

/// Decides whether a product may be asked for on a day: the contract holds it, and it is offered.
pub fn check_product(contract: &Contract, product: Product, day: Date) -> Result<(), RefusalReason> {
    let is_held = if contract.products.is_empty() {
        product.has_terms(contract)
    } else {
        contract.products.contains(&product)
    };
    if is_held && product.on(day).is_some() { Ok(()) } else { Err(RefusalReason::ProductOutsideContract) }
}

/// Decides on a request of a day for a product that gives values for `asked`.
///
/// A caller who may not learn that a number is unknown must give a field that identifies the person;
/// otherwise the statuses alone would tell that the number exists.
pub fn plan(
    contract: &Contract,
    (product, day): (Product, Date),
    asked: FieldSet,
) -> Result<Plan, RefusalReason> {
    check_product(contract, product, day)?;
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

/// Decides on a request that gives values for `asked` and wants the values of `wanted`. As for a claim, a number alone
/// tells nothing.
pub fn plan_fetch(
    contract: &Contract,
    day: Date,
    asked: FieldSet,
    wanted: FieldSet,
) -> Result<Plan, RefusalReason> {
    let plan = plan(contract, (Product::Fetch, day), asked)?;
    if !wanted.without(contract.fetch).is_empty() {
        return Err(RefusalReason::FieldOutsideContract);
    }
    check_identified(contract, asked)?;
    Ok(plan)
}

/// Decides on a claim about a person of whom values for `asked` are given. Also who may learn that a number is unknown must
/// show that they hold the person's data: a number alone attests nothing.
pub fn plan_claim(
    contract: &Contract,
    claim: Claim,
    day: Date,
    asked: FieldSet,
) -> Result<(), RefusalReason> {
    check_product(contract, claim.product(), day)?;
    if !contract.attest.has(claim) {
        return Err(RefusalReason::TermsOutsideContract);
    }
    check_identified(contract, asked)
}

/// Decides on a question about so many persons of one household, for one of whom values for `asked` are given.
pub fn plan_household(
    contract: &Contract,
    day: Date,
    (persons, asked): (usize, FieldSet),
) -> Result<(), RefusalReason> {
    check_product(contract, Product::HouseholdCheck, day)?;
    if contract.household.is_none_or(|terms| persons > terms.persons_max.into()) {
        return Err(RefusalReason::TermsOutsideContract);
    }
    check_identified(contract, asked)
}

/// Whether the values that are given are of the contract, and one of them can show who is meant.
fn check_identified(contract: &Contract, asked: FieldSet) -> Result<(), RefusalReason> {
    if !asked.without(contract.fields).is_empty() {
        return Err(RefusalReason::FieldOutsideContract);
    }
    if !asked.iter().any(Field::identifies) {
        return Err(RefusalReason::NothingIdentifying);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const VERIFY: (Product, Date) = (Product::Verify, date(2026, 11, 22));

    fn contract(fields: &[Field], may_tell_unknown: bool) -> Contract {
        Contract {
            id: "c-1".parse().unwrap(),
            client: "bank".parse().unwrap(),
            legal_basis: "Luật".to_owned(),
            purpose_vi: "Mở tài khoản".to_owned(),
            purpose_en: "Open an account".to_owned(),
            products: [].into(),
            price_exemption: None,
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
            attest: crate::AttestTerms::default(),
            household: None,
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
        let plan_made = plan(&contract, VERIFY, asked(&[Field::Name])).unwrap();
        assert_eq!(plan_made.statuses, asked(&[Field::CardStatus]));
        let outside = plan(&contract, VERIFY, asked(&[Field::Name, Field::Phone])).unwrap_err();
        assert_eq!(outside, RefusalReason::FieldOutsideContract);
    }

    #[test]
    fn a_number_with_nothing_that_identifies_needs_the_right_to_tell() {
        let fields = [Field::Name, Field::Sex, Field::CardStatus];
        for given in [&[][..], &[Field::Sex][..]] {
            assert_eq!(
                plan(&contract(&fields, false), VERIFY, asked(given)).unwrap_err(),
                RefusalReason::NothingIdentifying
            );
            assert!(plan(&contract(&fields, true), VERIFY, asked(given)).is_ok());
        }
        assert!(
            plan(&contract(&[Field::Name], true), VERIFY, FieldSet::EMPTY).is_err(),
            "nothing would be answered"
        );
    }

    #[test]
    fn a_contract_answers_the_products_that_it_names_or_whose_terms_it_has() {
        let day = VERIFY.1;
        let all = |contract: &Contract| {
            let held = Product::ALL.into_iter().filter(|one| check_product(contract, *one, day).is_ok());
            held.collect::<Vec<_>>()
        };
        let mut contract = contract(&[Field::Name, Field::Phone], false);
        assert_eq!(all(&contract), [Product::Verify], "as before products were named");
        contract.fetch = asked(&[Field::Phone]);
        assert_eq!(all(&contract), [Product::Verify, Product::Fetch]);
        contract.products = [Product::Fetch].into();
        assert_eq!(all(&contract), [Product::Fetch]);
        let refused = plan(&contract, VERIFY, asked(&[Field::Name])).unwrap_err();
        assert_eq!(refused, RefusalReason::ProductOutsideContract);
        let before_any_law = (Product::Fetch, date(1700, 1, 1));
        assert!(plan(&contract, before_any_law, asked(&[Field::Name])).is_err(), "not offered on that day");
    }

    #[test]
    fn a_claim_must_be_in_the_contract_and_the_person_shown_to_be_meant() {
        let day = VERIFY.1;
        let mut contract = contract(&[Field::Name, Field::Sex], true);
        let adult = Claim::AgeAtLeast(18);
        let name = asked(&[Field::Name]);
        assert_eq!(plan_claim(&contract, adult, day, name), Err(RefusalReason::ProductOutsideContract));
        contract.attest.ages = [18, 60].into();
        assert_eq!(plan_claim(&contract, adult, day, name), Ok(()));
        for (claim, given, expected) in [
            (Claim::AgeAtLeast(17), name, RefusalReason::TermsOutsideContract),
            (Claim::LivesIn("01".parse().unwrap()), name, RefusalReason::ProductOutsideContract),
            (adult, FieldSet::EMPTY, RefusalReason::NothingIdentifying),
            (adult, asked(&[Field::Sex]), RefusalReason::NothingIdentifying),
            (adult, asked(&[Field::Name, Field::Phone]), RefusalReason::FieldOutsideContract),
        ] {
            assert_eq!(plan_claim(&contract, claim, day, given), Err(expected), "{claim}");
        }
        contract.products = [Product::Verify].into();
        assert_eq!(plan_claim(&contract, adult, day, name), Err(RefusalReason::ProductOutsideContract));
    }

    #[test]
    fn a_household_is_asked_about_so_many_persons_and_each_is_shown_to_be_meant() {
        let day = VERIFY.1;
        let mut contract = contract(&[Field::Name], true);
        let name = asked(&[Field::Name]);
        assert_eq!(plan_household(&contract, day, (1, name)), Err(RefusalReason::ProductOutsideContract));
        contract.household = Some(crate::HouseholdTerms { persons_max: 3 });
        assert_eq!(plan_household(&contract, day, (3, name)), Ok(()));
        assert_eq!(plan_household(&contract, day, (4, name)), Err(RefusalReason::TermsOutsideContract));
        let alone = plan_household(&contract, day, (1, FieldSet::EMPTY));
        assert_eq!(alone, Err(RefusalReason::NothingIdentifying));
    }
}
