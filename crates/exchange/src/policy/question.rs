//! A question as the policies see it.

use crate::{AreaLevel, Claim, Contract, Field, FieldSet, OrganisationId, Persons, Product};
use cedar_policy::{Context, Entities, Entity, EntityId, EntityUid, Request, RestrictedExpression, Schema};
use jiff::civil::Date;
use std::collections::{HashMap, HashSet};

/// What is asked, without a person and without a value: what a decision may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    product: Product,
    day: Date,
    given: FieldSet,
    wanted: FieldSet,
    persons: usize,
    claim: Option<Claim>,
    lists_within_terms: bool,
    wants_number: bool,
    area: Option<AreaLevel>,
}

impl Question {
    /// For a product, on a day, about one person, with nothing given.
    pub const fn new(product: Product, day: Date) -> Self {
        let (given, wanted) = (FieldSet::EMPTY, FieldSet::EMPTY);
        Self {
            product,
            day,
            given,
            wanted,
            persons: 1,
            claim: None,
            lists_within_terms: false,
            wants_number: false,
            area: None,
        }
    }

    /// The day on which it is asked.
    pub const fn day(&self) -> Date {
        self.day
    }

    /// Values for these fields are given.
    #[must_use]
    pub const fn giving(self, given: FieldSet) -> Self {
        Self { given, ..self }
    }

    /// The values of these fields are wanted.
    #[must_use]
    pub const fn wanting(self, wanted: FieldSet) -> Self {
        Self { wanted, ..self }
    }

    /// So many persons are named.
    #[must_use]
    pub const fn about(self, persons: usize) -> Self {
        Self { persons, ..self }
    }

    /// This is to be attested.
    #[must_use]
    pub const fn claiming(self, claim: Claim) -> Self {
        Self { claim: Some(claim), ..self }
    }

    /// Whether the persons who are to be listed stay within the contract's terms: their ages, sex and places.
    #[must_use]
    pub const fn listing_within_terms(self, lists_within_terms: bool) -> Self {
        Self { lists_within_terms, ..self }
    }

    /// Whether the personal number itself is wanted.
    #[must_use]
    pub const fn wanting_number(self, wants_number: bool) -> Self {
        Self { wants_number, ..self }
    }

    /// Persons are to be counted in areas so small.
    #[must_use]
    pub const fn counting_in(self, area: AreaLevel) -> Self {
        Self { area: Some(area), ..self }
    }

    /// As a request under a contract.
    pub(super) fn request(&self, contract: &Contract, schema: &Schema) -> Request {
        let action = uid("Action", self.product.as_str());
        let (principal, resource) =
            (uid("Client", contract.client.as_str()), uid("Contract", contract.id.as_str()));
        Request::new(principal, action, resource, self.context(), Some(schema))
            .expect("a question follows the schema; a test asks for every product")
    }

    fn context(&self) -> Context {
        let is_offered = self.product.on(self.day).is_some();
        let is_identified = self.given.iter().any(Field::identifies);
        let mut pairs = vec![
            ("product", text(self.product.as_str())),
            ("is_offered", RestrictedExpression::new_bool(is_offered)),
            ("day", RestrictedExpression::new_datetime(self.day.to_string())),
            ("given", fields(self.given)),
            ("is_identified", RestrictedExpression::new_bool(is_identified)),
            ("wanted", fields(self.wanted)),
            ("persons", count(self.persons)),
            ("lists_within_terms", RestrictedExpression::new_bool(self.lists_within_terms)),
            ("wants_number", RestrictedExpression::new_bool(self.wants_number)),
            ("area", count(AreaLevel::rank(self.area))),
        ];
        match self.claim {
            Some(Claim::AgeAtLeast(years)) => pairs.push(("age", count(years.into()))),
            Some(Claim::LivesIn(place)) => pairs.push(("place", text(&place.to_string()))),
            None => {}
        }
        Context::from_pairs(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)))
            .expect("no name stands twice")
    }
}

/// A contract, its client, and whose software that is: its organisation and those above.
pub(super) fn entities(contract: &Contract, owners: &[&OrganisationId], schema: &Schema) -> Entities {
    let owners: HashSet<EntityUid> = owners.iter().map(|owner| uid("Organisation", owner.as_str())).collect();
    let client = uid("Client", contract.client.as_str());
    let resource =
        Entity::new(uid("Contract", contract.id.as_str()), terms(contract, client.clone()), HashSet::new());
    let organisations = owners.iter().map(|owner| Entity::new_no_attrs(owner.clone(), HashSet::new()));
    let all: Vec<Entity> = organisations
        .chain([Entity::new_no_attrs(client, owners.clone()), resource.expect("terms are plain values")])
        .collect();
    Entities::from_entities(all, Some(schema))
        .expect("a contract follows the schema; a test reads every term")
}

fn terms(contract: &Contract, client: EntityUid) -> HashMap<String, RestrictedExpression> {
    let products = contract.products.iter().map(|product| text(product.as_str()));
    let with_terms = Product::ALL.into_iter().filter(|product| product.has_terms(contract));
    let statuses = contract.fields.iter().filter(|field| field.is_status()).collect();
    let household_persons_max = contract.household.map_or(0, |terms| terms.persons_max.into());
    let file_match_rows_max = contract.file_match.map_or(0, |terms| terms.rows_max);
    let persons = match contract.persons {
        Persons::All => "all",
        Persons::WithConsent => "with_consent",
    };
    let terms = [
        ("client", RestrictedExpression::new_entity_uid(client)),
        ("products", RestrictedExpression::new_set(products)),
        (
            "products_with_terms",
            RestrictedExpression::new_set(with_terms.map(|product| text(product.as_str()))),
        ),
        ("fields", fields(contract.fields)),
        ("statuses", fields(statuses)),
        ("fetch", fields(contract.fetch)),
        ("sign_in", fields(contract.sign_in.map(|terms| terms.fields).unwrap_or_default())),
        (
            "sign_in_number",
            RestrictedExpression::new_bool(contract.sign_in.is_some_and(|terms| terms.number)),
        ),
        (
            "ages",
            RestrictedExpression::new_set(contract.attest.ages.iter().map(|years| count((*years).into()))),
        ),
        (
            "places",
            RestrictedExpression::new_set(
                contract.attest.places.iter().map(|place| text(&place.to_string())),
            ),
        ),
        ("household_persons_max", count(household_persons_max)),
        ("file_match", fields(contract.file_match.map(|terms| terms.fields).unwrap_or_default())),
        ("file_match_rows_max", RestrictedExpression::new_long(file_match_rows_max.into())),
        ("statistics_area", count(AreaLevel::rank(contract.statistics.map(|terms| terms.area)))),
        ("persons", text(persons)),
        ("may_tell_unknown", RestrictedExpression::new_bool(contract.may_tell_unknown)),
        ("daily_limit", RestrictedExpression::new_long(contract.daily_limit.into())),
    ];
    terms.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().expect("a word of the schema"), EntityId::new(id))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn count(value: usize) -> RestrictedExpression {
    RestrictedExpression::new_long(i64::try_from(value).unwrap_or(i64::MAX))
}

fn fields(fields: FieldSet) -> RestrictedExpression {
    RestrictedExpression::new_set(fields.iter().map(|field| text(field.as_str())))
}
