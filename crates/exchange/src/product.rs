//! What an agency may ask for, as products: dated data with the law behind each, and a price for each field.
//!
//! A contract names its products. Whether one of them may be asked is decided in [`crate::policy`] and nowhere else.

use crate::{
    Contract,
    dated_rows::{DEFECT, dated, rows},
};
use dancu_core::{Dated, DatedRules};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A product of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// Given values are compared, field by field.
    Verify,
    /// Values of agreed fields are told.
    Fetch,
    /// That a person is so old at least is attested.
    AgeAttestation,
    /// That a person lives in a place is attested.
    ResidenceAttestation,
    /// Whether persons live in one household is told.
    HouseholdCheck,
    /// That a field of somebody changed is told.
    ChangeSubscription,
    /// Values of agreed fields are told of everybody of an age and a place.
    CohortExtract,
    /// Who looked at a person is told to a portal at which that person is signed in.
    AccessHistory,
    /// Values of agreed fields are told of somebody who signs in at the client's portal.
    SignIn,
    /// Of whom of the register a client's file holds rows is told, row by row, with the agreed fields that agree.
    FileMatch,
    /// Numbers of persons are told, rounded.
    Statistics,
}

impl Product {
    /// Every product.
    pub const ALL: [Self; 11] = [
        Self::Verify,
        Self::Fetch,
        Self::AgeAttestation,
        Self::ResidenceAttestation,
        Self::HouseholdCheck,
        Self::ChangeSubscription,
        Self::CohortExtract,
        Self::AccessHistory,
        Self::SignIn,
        Self::FileMatch,
        Self::Statistics,
    ];

    /// The word in contracts, records and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Fetch => "fetch",
            Self::AgeAttestation => "age_attestation",
            Self::ResidenceAttestation => "residence_attestation",
            Self::HouseholdCheck => "household_check",
            Self::ChangeSubscription => "change_subscription",
            Self::CohortExtract => "cohort_extract",
            Self::AccessHistory => "access_history",
            Self::SignIn => "sign_in",
            Self::FileMatch => "file_match",
            Self::Statistics => "statistics",
        }
    }

    /// Whether the terms that a product needs stand in a contract.
    pub fn has_terms(self, contract: &Contract) -> bool {
        match self {
            Self::Verify => !contract.fields.is_empty(),
            Self::Fetch => !contract.fetch.is_empty(),
            Self::AgeAttestation => !contract.attest.ages.is_empty(),
            Self::ResidenceAttestation => !contract.attest.places.is_empty(),
            Self::HouseholdCheck => contract.household.is_some(),
            Self::ChangeSubscription => contract.feed.is_some(),
            Self::CohortExtract => contract.cohort.is_some(),
            Self::AccessHistory => contract.access_history,
            Self::SignIn => contract.sign_in.is_some(),
            Self::FileMatch => contract.file_match.is_some(),
            Self::Statistics => contract.statistics.is_some(),
        }
    }

    /// What the table says of it on a day; `None` while it is not offered.
    pub fn on(self, day: Date) -> Option<&'static Dated<ProductEntry>> {
        let is_it = |row: &&Dated<ProductEntry>| row.value.product == self;
        PRODUCTS.iter().filter(is_it).find(|row| row.holds_on(day))
    }
}

impl std::str::FromStr for Product {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|product| product.as_str() == text).ok_or_else(|| text.to_owned())
    }
}

/// How much of a person a product gives away. A rule of operation: reviewers look longer at what is high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Yes, no, agrees, differs.
    Low,
    /// Values of one person, or who belongs to whom.
    Medium,
    /// Values of many.
    High,
}

impl Sensitivity {
    /// Words for a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Low => ("thấp", "low"),
            Self::Medium => ("vừa", "medium"),
            Self::High => ("cao", "high"),
        }
    }
}

/// A line of `data/products.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductEntry {
    /// Which product.
    pub product: Product,
    /// Code of the public product that it serves, by which it is priced.
    pub spdc: String,
    /// How much of a person it gives away.
    pub sensitivity: Sensitivity,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// What it answers, in Vietnamese.
    pub answers_vi: String,
    /// What it answers, in English.
    pub answers_en: String,
    /// Where it is asked for.
    pub path: String,
    /// Name of the request's schema in the OpenAPI document; none where nothing is sent.
    pub request_schema: Option<String>,
    /// Name of the answer's schema in the OpenAPI document.
    pub answer_schema: String,
}

/// Why a contract's answers cost nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceExemption {
    /// The organisation is one of the bodies that the law lets use the register without charge.
    StateBody,
}

impl PriceExemption {
    /// Every ground.
    pub const ALL: [Self; 1] = [Self::StateBody];

    /// The word in contracts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StateBody => "state_body",
        }
    }

    /// The words, Vietnamese and English, and the law, where the ground holds on a day.
    pub fn on(self, day: Date) -> Option<&'static Dated<(String, String)>> {
        EXEMPTIONS.iter().find(|(ground, row)| *ground == self && row.holds_on(day)).map(|(_, row)| row)
    }
}

/// Đồng for each field of a product on a day; `None` while it has no price.
pub fn price_on(spdc: &str, day: Date) -> Option<&'static Dated<u32>> {
    PRICES.row(spdc, day)
}

static PRICES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../data/product_prices.csv")));

static PRODUCTS: LazyLock<Vec<Dated<ProductEntry>>> = LazyLock::new(|| {
    let rows = rows(include_str!("../../../data/products.csv"));
    let entry = |row: &[String]| ProductEntry {
        product: row[0].parse().expect(DEFECT),
        spdc: row[1].clone(),
        sensitivity: serde_json::from_value(row[2].clone().into()).expect(DEFECT),
        name_vi: row[3].clone(),
        name_en: row[4].clone(),
        answers_vi: row[5].clone(),
        answers_en: row[6].clone(),
        path: row[7].clone(),
        request_schema: Some(row[8].clone()).filter(|name| !name.is_empty()),
        answer_schema: row[9].clone(),
    };
    rows.iter().map(|row| dated(entry(row), &row[10..])).collect()
});

/// A ground with its words, Vietnamese and English, and the law.
type Exempt = (PriceExemption, Dated<(String, String)>);

static EXEMPTIONS: LazyLock<Vec<Exempt>> = LazyLock::new(|| {
    let rows = rows(include_str!("../../../data/price_exemptions.csv"));
    let read = |row: &Vec<String>| {
        let ground = serde_json::from_value(row[0].clone().into()).expect(DEFECT);
        (ground, dated((row[1].clone(), row[2].clone()), &row[3..]))
    };
    rows.iter().map(read).collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_core::DatedTable;
    use jiff::civil::date;

    #[test]
    fn every_product_has_a_line_and_a_price_today() {
        let today = date(2026, 11, 22);
        for product in Product::ALL {
            assert_eq!(product.as_str().parse(), Ok(product));
            assert_eq!(serde_json::to_value(product).unwrap(), product.as_str());
            let entry = product.on(today).unwrap();
            assert!(!entry.legal_reference.is_empty() && !entry.value.name_vi.is_empty());
            assert_eq!(price_on(&entry.value.spdc, today).unwrap().value, 1_000);
        }
        for ground in PriceExemption::ALL {
            assert_eq!(serde_json::to_value(ground).unwrap(), ground.as_str());
            assert!(ground.on(today).is_some() && ground.on(date(2022, 9, 16)).is_none());
        }
    }

    #[test]
    fn a_price_is_that_of_its_day() {
        for (day, expected) in [
            (date(2022, 9, 16), None),
            (date(2022, 9, 17), Some(500)),
            (date(2023, 12, 31), Some(500)),
            (date(2024, 1, 1), Some(1_000)),
        ] {
            assert_eq!(price_on("SPDC01", day).map(|row| row.value), expected, "{day}");
        }
        assert!(price_on("SPDC06", date(2026, 1, 1)).is_none());
    }

    #[test]
    fn no_two_lines_of_a_product_hold_on_one_day() {
        for product in Product::ALL {
            let rows = PRODUCTS.iter().filter(|row| row.value.product == product).cloned().collect();
            DatedTable::new(rows).unwrap();
        }
    }
}
