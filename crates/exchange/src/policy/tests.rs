use super::{policies::faults, policies::in_order, *};
use crate::{
    AreaLevel, AttestedPlace, Caller, Client, Field, HouseholdTerms, Organisation, Product, SignInTerms,
    Standing, StatisticsTerms,
};
use jiff::civil::date;
use proptest::prelude::*;
use std::sync::Arc;

const DAY: Date = date(2026, 11, 22);

fn contract(fields: &[Field], may_tell_unknown: bool) -> Contract {
    let mut contract: Contract = serde_json::from_value(serde_json::json!({
        "id": "c-1", "client": "core", "legal_basis": "Luật", "purpose_vi": "Mở tài khoản",
        "purpose_en": "Open an account", "fields": [], "daily_limit": 1, "per_second_max": 1,
        "valid_from": "2026-01-01",
    }))
    .unwrap();
    contract.fields = asked(fields);
    contract.may_tell_unknown = may_tell_unknown;
    contract
}

fn caller_with(contract: Contract, policies: &Arc<Policies>) -> Caller {
    let organisation = Organisation {
        id: "bank".parse().unwrap(),
        parent: None,
        name_vi: "A".to_owned(),
        name_en: "A".to_owned(),
    };
    let client = Client {
        id: contract.client.clone(),
        organisation: organisation.id.clone(),
        keys: Vec::new(),
        dpop_bound_access_tokens: false,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        suspended: None,
    };
    Caller::new((Arc::new(organisation), Vec::new()), client, contract, Standing::OFFICIAL, policies)
}

fn caller(contract: Contract) -> Caller {
    caller_with(contract, &Policies::built_in())
}

fn asked(fields: &[Field]) -> FieldSet {
    fields.iter().copied().collect()
}

#[test]
fn the_programs_own_policies_fit_their_schema_and_are_named() {
    let policies = in_order(include_str!("../../../../data/policy/contract.cedar")).unwrap();
    assert_eq!(faults(&policies), Vec::<String>::new());
    for policy in &policies {
        for note in ["id", "vi", "en"] {
            assert!(policy.annotation(note).is_some_and(|words| !words.is_empty()), "{policy}");
        }
    }
    assert_eq!(Policies::built_in().house_rules(), 0);
}

#[test]
fn only_fields_of_the_contract_are_answered() {
    let caller = caller(contract(&[Field::Name, Field::CardStatus], false));
    assert_eq!(plan(&caller, DAY, asked(&[Field::Name])).unwrap().statuses, asked(&[Field::CardStatus]));
    let outside = plan(&caller, DAY, asked(&[Field::Name, Field::Phone])).unwrap_err();
    assert_eq!(outside, RefusalReason::FieldOutsideContract);
}

#[test]
fn a_number_with_nothing_that_identifies_needs_the_right_to_tell() {
    let fields = [Field::Name, Field::Sex, Field::CardStatus];
    for given in [&[][..], &[Field::Sex][..]] {
        let refused = plan(&caller(contract(&fields, false)), DAY, asked(given)).unwrap_err();
        assert_eq!(refused, RefusalReason::NothingIdentifying);
        assert!(plan(&caller(contract(&fields, true)), DAY, asked(given)).is_ok());
    }
    let nothing = plan(&caller(contract(&[Field::Name], true)), DAY, FieldSet::EMPTY);
    assert_eq!(nothing, Err(RefusalReason::NothingIdentifying), "nothing would be answered");
}

#[test]
fn a_contract_answers_the_products_that_it_names_or_whose_terms_it_has() {
    let all = |contract: &Contract| {
        let caller = caller(contract.clone());
        let refused = |product| caller.decide(&Question::new(product, DAY).giving(asked(&[Field::Name])));
        let is_held = |product: &Product| refused(*product) != Err(RefusalReason::ProductOutsideContract);
        Product::ALL.into_iter().filter(is_held).collect::<Vec<_>>()
    };
    let mut contract = contract(&[Field::Name, Field::Phone], false);
    assert_eq!(all(&contract), [Product::Verify], "as before products were named");
    contract.fetch = asked(&[Field::Phone]);
    assert_eq!(all(&contract), [Product::Verify, Product::Fetch]);
    contract.products = [Product::Fetch].into();
    assert_eq!(all(&contract), [Product::Fetch]);
    let before_any_law = date(1700, 1, 1);
    let refused =
        plan_fetch(&caller(contract), before_any_law, asked(&[Field::Name]), asked(&[Field::Phone]));
    assert_eq!(refused, Err(RefusalReason::ProductOutsideContract), "not offered on that day");
}

#[test]
fn a_claim_must_be_in_the_contract_and_the_person_shown_to_be_meant() {
    let mut contract = contract(&[Field::Name, Field::Sex], true);
    let adult = Claim::AgeAtLeast(18);
    let name = asked(&[Field::Name]);
    let refused = plan_claim(&caller(contract.clone()), adult, DAY, name);
    assert_eq!(refused, Err(RefusalReason::ProductOutsideContract));
    contract.attest.ages = [18, 60].into();
    let held = caller(contract.clone());
    assert_eq!(plan_claim(&held, adult, DAY, name), Ok(()));
    for (claim, given, expected) in [
        (Claim::AgeAtLeast(17), name, RefusalReason::TermsOutsideContract),
        (Claim::LivesIn("01".parse().unwrap()), name, RefusalReason::ProductOutsideContract),
        (adult, FieldSet::EMPTY, RefusalReason::NothingIdentifying),
        (adult, asked(&[Field::Sex]), RefusalReason::NothingIdentifying),
        (adult, asked(&[Field::Name, Field::Phone]), RefusalReason::FieldOutsideContract),
    ] {
        assert_eq!(plan_claim(&held, claim, DAY, given), Err(expected), "{claim}");
    }
    contract.products = [Product::Verify].into();
    assert_eq!(plan_claim(&caller(contract), adult, DAY, name), Err(RefusalReason::ProductOutsideContract));
}

#[test]
fn a_household_is_asked_about_so_many_persons_and_each_is_shown_to_be_meant() {
    let mut contract = contract(&[Field::Name], true);
    let name = asked(&[Field::Name]);
    let refused = plan_household(&caller(contract.clone()), DAY, (1, name));
    assert_eq!(refused, Err(RefusalReason::ProductOutsideContract));
    contract.household = Some(HouseholdTerms { persons_max: 3 });
    let held = caller(contract);
    assert_eq!(plan_household(&held, DAY, (3, name)), Ok(()));
    assert_eq!(plan_household(&held, DAY, (4, name)), Err(RefusalReason::TermsOutsideContract));
    let alone = plan_household(&held, DAY, (1, FieldSet::EMPTY));
    assert_eq!(alone, Err(RefusalReason::NothingIdentifying));
}

#[test]
fn an_extract_stays_within_the_terms_of_a_contract_that_holds_the_product() {
    let mut contract = contract(&[], false);
    let asked = |contract: &Contract, from: u8, sex: Option<&str>| {
        let born = serde_json::json!({"ages": {"from": from, "to": 17, "on": "2026-12-31"}});
        let criteria = serde_json::json!({"born": born, "sex": sex, "places": ["01"]});
        plan_extract(&caller(contract.clone()), &serde_json::from_value(criteria).unwrap(), DAY)
    };
    assert_eq!(asked(&contract, 17, Some("M")), Err(RefusalReason::ProductOutsideContract));
    let terms = serde_json::json!({
        "fields": ["name"], "born": {"ages": {"from": 17, "to": 27}}, "sex": "M", "places": ["01"], "rows_max": 9,
    });
    contract.cohort = Some(serde_json::from_value(terms).unwrap());
    assert_eq!(asked(&contract, 17, Some("M")), Ok(()));
    assert_eq!(asked(&contract, 16, Some("M")), Err(RefusalReason::TermsOutsideContract));
    assert_eq!(asked(&contract, 17, None), Err(RefusalReason::TermsOutsideContract));
    contract.products = [Product::Fetch].into();
    assert_eq!(asked(&contract, 17, Some("M")), Err(RefusalReason::ProductOutsideContract));
}

const HOUSE: &str = r#"
@id("no-phones-before-march")
@vi("Chưa cho lấy số điện thoại trước tháng 3 năm 2027.")
@en("Telephone numbers are not told before March 2027.")
forbid (principal in Organisation::"bank", action == Action::"fetch", resource)
when { context.wanted.contains("phone") && context.day < datetime("2027-03-01") };
"#;

#[test]
fn a_rule_of_the_house_takes_away_and_is_named_in_the_explanation() {
    let policies = Arc::new(Policies::with_house_rules(HOUSE).unwrap());
    assert_eq!(policies.house_rules(), 1);
    let mut contract = contract(&[Field::Name, Field::Phone, Field::Residence], false);
    contract.fetch = asked(&[Field::Phone, Field::Residence]);
    let caller = caller_with(contract, &policies);
    let name = asked(&[Field::Name]);
    let fetch = |day, field| plan_fetch(&caller, day, name, asked(&[field]));
    assert_eq!(fetch(DAY, Field::Phone), Err(RefusalReason::HouseRule));
    assert!(fetch(DAY, Field::Residence).is_ok());
    assert!(fetch(date(2027, 3, 1), Field::Phone).is_ok(), "it has ended");
    let question = Question::new(Product::Fetch, DAY).giving(name).wanting(asked(&[Field::Phone]));
    let explained = caller.explain(&question);
    let forbidding: Vec<_> = explained.policies.iter().filter(|policy| policy.forbids).collect();
    assert_eq!(explained.refused, Some(RefusalReason::HouseRule));
    let [only] = &forbidding[..] else { panic!("{forbidding:?}") };
    assert!(only.is_house && only.id == "no-phones-before-march" && only.text.contains("datetime"));
}

#[test]
fn a_rule_about_an_agency_holds_for_those_below_it() {
    let text = HOUSE.replace("Organisation::\"bank\"", "Organisation::\"ministry\"");
    let policies = Arc::new(Policies::with_house_rules(&text).unwrap());
    let mut contract = contract(&[Field::Name, Field::Phone], false);
    contract.fetch = asked(&[Field::Phone]);
    let ask = |caller: &Caller| plan_fetch(caller, DAY, asked(&[Field::Name]), asked(&[Field::Phone]));
    let alone = caller_with(contract.clone(), &policies);
    assert!(ask(&alone).is_ok());
    let mut below = caller_with(contract, &policies);
    below.above = vec!["department".parse().unwrap(), "ministry".parse().unwrap()];
    assert_eq!(ask(&below), Err(RefusalReason::HouseRule));
}

#[test]
fn what_the_contract_forbids_is_the_reason_before_a_rule_of_the_house() {
    let policies = Arc::new(Policies::with_house_rules(HOUSE).unwrap());
    let caller = caller_with(contract(&[Field::Name], false), &policies);
    let refused = plan_fetch(&caller, DAY, asked(&[Field::Name]), asked(&[Field::Phone]));
    assert_eq!(refused, Err(RefusalReason::ProductOutsideContract));
}

#[test]
fn a_rule_that_cannot_be_evaluated_forbids() {
    let text = HOUSE.replace(
        r#"context.wanted.contains("phone") && context.day < datetime("2027-03-01")"#,
        "context.persons * 9223372036854775807 > 9223372036854775806 + context.persons",
    );
    let policies = Arc::new(Policies::with_house_rules(&text).unwrap());
    let mut contract = contract(&[Field::Name, Field::Phone], false);
    contract.fetch = asked(&[Field::Phone]);
    let caller = caller_with(contract, &policies);
    let about_two = Question::new(Product::Fetch, DAY).giving(asked(&[Field::Name])).about(2);
    assert_eq!(caller.decide(&about_two), Err(RefusalReason::HouseRule));
}

#[test]
fn rules_of_the_house_are_refused_with_a_reason() {
    let error = |text: &str| Policies::with_house_rules(text).map(|_| ()).unwrap_err();
    let permits = HOUSE.replace("forbid", "permit");
    assert!(matches!(error(&permits), HouseRulesError::Permits { id } if id == "no-phones-before-march"));
    let unknown = HOUSE.replace("context.wanted", "context.wished");
    assert!(matches!(error(&unknown), HouseRulesError::Unreadable { detail } if detail.contains("wished")));
    assert!(matches!(error("forbid (principal"), HouseRulesError::Unreadable { .. }));
    let template = HOUSE.replace("principal in Organisation::\"bank\"", "principal in ?principal");
    assert!(matches!(error(&template), HouseRulesError::Unreadable { .. }));
    for unnamed in [
        HOUSE.replace("@vi", "@sv"),
        HOUSE.replace("@en", "@no"),
        HOUSE.replace("no-phones-before-march", "product"),
        HOUSE.replace("no-phones-before-march", "No Phones"),
    ] {
        assert_eq!(error(&unnamed), HouseRulesError::Unnamed { number: 1 });
    }
    assert_eq!(error(&format!("{HOUSE}{HOUSE}")), HouseRulesError::Unnamed { number: 2 });
    assert_eq!(error(&HOUSE.repeat(201).replace("march", "april")[..]), HouseRulesError::TooMany);
    assert_eq!(error(&" ".repeat(256 * 1024 + 1)), HouseRulesError::TooMany);
    assert_eq!(Policies::with_house_rules("").unwrap().house_rules(), 0);
}

#[test]
fn more_forms_of_questions_than_are_kept_are_decided_alike() {
    let caller = caller(contract(&[Field::Name], false));
    for persons in (0..600).chain(0..600) {
        let question = Question::new(Product::Verify, DAY).giving(asked(&[Field::Name])).about(persons);
        assert_eq!(caller.decide(&question), Ok(()));
    }
}

/// The terms of a contract as plain comparisons, to hold the policies against.
fn by_hand(contract: &Contract, question: &ByHand) -> Result<(), RefusalReason> {
    let &ByHand { product, given, wanted, persons, claim } = question;
    let is_held = if contract.products.is_empty() {
        product.has_terms(contract)
    } else {
        contract.products.contains(&product)
    };
    let has_terms = match product {
        Product::AgeAttestation | Product::ResidenceAttestation => {
            claim.is_some_and(|claim| claim.product() == product && contract.attest.has(claim))
        }
        Product::HouseholdCheck => {
            contract.household.is_some_and(|terms| persons <= usize::from(terms.persons_max))
        }
        Product::CohortExtract | Product::Statistics => false,
        Product::FileMatch => {
            contract.file_match.is_some_and(|terms| terms.rows_max > 0 && persons <= terms.rows_max as usize)
        }
        _ => true,
    };
    let is_identified = given.iter().any(Field::identifies);
    let compares = matches!(product, Product::Verify | Product::Fetch);
    let needs_identity = match product {
        Product::Verify => !contract.may_tell_unknown,
        Product::ChangeSubscription | Product::AccessHistory | Product::SignIn => false,
        _ => true,
    };
    let at_sign_in = contract.sign_in.map(|terms| terms.fields).unwrap_or_default();
    let in_files = contract.file_match.map(|terms| terms.fields).unwrap_or_default();
    let has_statuses = contract.fields.iter().any(Field::is_status);
    if !is_held {
        Err(RefusalReason::ProductOutsideContract)
    } else if !has_terms {
        Err(RefusalReason::TermsOutsideContract)
    } else if !given.without(contract.fields).is_empty() {
        Err(RefusalReason::FieldOutsideContract)
    } else if compares && !is_identified && !contract.may_tell_unknown
        || compares && given.is_empty() && !has_statuses
    {
        Err(RefusalReason::NothingIdentifying)
    } else if (product == Product::Fetch && !wanted.without(contract.fetch).is_empty())
        || (product == Product::SignIn && !wanted.without(at_sign_in).is_empty())
        || (product == Product::FileMatch
            && (wanted.is_empty()
                || !wanted.without(in_files).is_empty()
                || !wanted.without(given).is_empty()))
    {
        Err(RefusalReason::FieldOutsideContract)
    } else if needs_identity && !is_identified {
        Err(RefusalReason::NothingIdentifying)
    } else {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
struct ByHand {
    product: Product,
    given: FieldSet,
    wanted: FieldSet,
    persons: usize,
    claim: Option<Claim>,
}

fn any_fields() -> impl Strategy<Value = FieldSet> {
    prop::collection::vec(prop::sample::select(Field::ALL.to_vec()), 0..5)
        .prop_map(|fields| fields.into_iter().collect())
}

fn any_place() -> impl Strategy<Value = AttestedPlace> {
    prop::sample::select(vec!["01", "79", "00004"]).prop_map(|code| code.parse().unwrap())
}

fn any_contract() -> impl Strategy<Value = Contract> {
    let products = prop::collection::btree_set(prop::sample::select(Product::ALL.to_vec()), 0..4);
    let ages = prop::collection::btree_set(16..20_u8, 0..3);
    let places = prop::collection::btree_set(any_place(), 0..3);
    let household = prop::option::of(1..4_u8);
    let sign_in = prop::option::of(any_fields().prop_map(|fields| SignInTerms { fields, number: false }));
    let file_match =
        prop::option::of((any_fields(), 0..5_u32).prop_map(|(fields, rows_max)| crate::FileMatchTerms {
            fields,
            rows_max,
            second_review: false,
        }));
    let beside = (sign_in, file_match);
    ((products, any_fields(), any_fields(), beside), ages, places, household, any::<bool>()).prop_map(
        |((products, fields, fetch, (sign_in, file_match)), ages, places, household, may_tell_unknown)| {
            Contract {
                sign_in,
                file_match,
                products,
                fields,
                fetch,
                attest: crate::AttestTerms { ages, places },
                household: household.map(|persons_max| HouseholdTerms { persons_max }),
                ..contract(&[], may_tell_unknown)
            }
        },
    )
}

fn any_question() -> impl Strategy<Value = ByHand> {
    let claim = prop_oneof![
        Just(None),
        (16..20_u8).prop_map(|years| Some(Claim::AgeAtLeast(years))),
        any_place().prop_map(|place| Some(Claim::LivesIn(place))),
    ];
    (prop::sample::select(Product::ALL.to_vec()), any_fields(), any_fields(), 0..5_usize, claim).prop_map(
        |(product, given, wanted, persons, claim)| ByHand { product, given, wanted, persons, claim },
    )
}

#[test]
fn persons_are_counted_in_areas_that_the_contract_names_and_larger_ones() {
    let areas = [AreaLevel::Country, AreaLevel::Province, AreaLevel::Commune];
    for held in [None].into_iter().chain(areas.map(Some)) {
        let statistics = held.map(|area| StatisticsTerms { area });
        let caller = caller(Contract { statistics, ..contract(&[], false) });
        for asked in areas {
            let decided = plan_statistics(&caller, DAY, asked);
            assert_eq!(decided.is_ok(), Some(asked) <= held, "{held:?} {asked:?}");
        }
    }
}

proptest! {
    #[test]
    fn the_policies_decide_as_the_terms_read(contract in any_contract(), asked in any_question()) {
        let question = Question::new(asked.product, DAY)
            .giving(asked.given).wanting(asked.wanted).about(asked.persons);
        let question = asked.claim.map_or(question, |claim| question.claiming(claim));
        let caller = caller(contract.clone());
        let expected = by_hand(&contract, &asked);
        prop_assert_eq!(caller.decide(&question), expected);
        prop_assert_eq!(caller.decide(&question), expected, "remembered");
        let explained = caller.explain(&question);
        prop_assert_eq!(explained.refused, expected.err());
        prop_assert_eq!(explained.policies.iter().any(|policy| policy.forbids), expected.is_err());
    }
}
