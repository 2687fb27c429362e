//! What a contract holds of the exchange's products, what was used of them and what it costs: for the client, the agency
//! and the operators alike.

use crate::{AppState, Problem, views::Words};
use dancu_exchange::{Contract, PriceExemption, Product, Sensitivity, months, price_on};
use jiff::{ToSpan, civil::Date};
use serde::Serialize;

/// Months that are shown: the running one and twelve before.
const MONTHS_BACK: i32 = 12;

/// The products of a contract, as they stand today.
#[derive(Serialize)]
pub(crate) struct ContractProducts {
    pub contract: String,
    pub products: Vec<ProductView>,
    /// Why the answers cost nothing.
    pub exemption: Option<ExemptionView>,
    /// The newest first.
    pub months: Vec<MonthView>,
    /// Records that are counted, and records of the log: when they differ, the rest follows at the next look.
    pub counted: u64,
    pub counted_of: u64,
}

/// One product.
#[derive(Serialize)]
pub(crate) struct ProductView {
    pub product: Product,
    pub name: Words,
    pub answers: Words,
    /// Code of the public product that it serves.
    pub spdc: &'static str,
    pub sensitivity: Sensitivity,
    #[serde(skip)]
    pub sensitivity_words: Words,
    /// Đồng for each field today, before any exemption; none while there is no price.
    pub dong_per_field: Option<u32>,
    pub price_reference: Option<&'static str>,
    pub legal_reference: &'static str,
    pub path: &'static str,
    /// Names of schemas in `/openapi.json`.
    pub request_schema: Option<&'static str>,
    pub answer_schema: &'static str,
}

/// A ground that frees from charges.
#[derive(Serialize)]
pub(crate) struct ExemptionView {
    pub ground: PriceExemption,
    pub words: Words,
    pub legal_reference: &'static str,
}

/// What was used of a product in a month.
#[derive(Serialize)]
pub(crate) struct MonthView {
    pub month: String,
    pub product: Product,
    #[serde(skip)]
    pub name: Words,
    pub answers: u64,
    pub fields: u64,
    pub cost_dong: u64,
    pub unpriced_fields: u64,
}

/// The products of a contract, after what was recorded until now is counted.
pub(crate) async fn contract_products(
    state: &AppState,
    contract: &Contract,
) -> Result<ContractProducts, Problem> {
    let today = state.ledger.counting_day();
    let counted = state.usage.catch_up().await?;
    let from = today.first_of_month().saturating_sub(MONTHS_BACK.months());
    let used = state.usage.usage(&contract.id, from).await?;
    let month = |one: dancu_exchange::MonthUse| MonthView {
        name: name(one.product, today),
        month: one.month,
        product: one.product,
        answers: one.answers,
        fields: one.fields,
        cost_dong: one.cost_dong,
        unpriced_fields: one.unpriced_fields,
    };
    Ok(ContractProducts {
        contract: contract.id.to_string(),
        products: contract.products().into_iter().filter_map(|product| view(product, today)).collect(),
        exemption: contract.price_exemption.and_then(|ground| exemption(ground, today)),
        months: months(&used, contract.price_exemption).into_iter().map(month).collect(),
        counted: counted.counted,
        counted_of: counted.of,
    })
}

fn view(product: Product, today: Date) -> Option<ProductView> {
    let row = product.on(today)?;
    let (entry, price) = (&row.value, price_on(&row.value.spdc, today));
    Some(ProductView {
        product,
        name: (entry.name_vi.as_str(), entry.name_en.as_str()).into(),
        answers: (entry.answers_vi.as_str(), entry.answers_en.as_str()).into(),
        spdc: &entry.spdc,
        sensitivity: entry.sensitivity,
        sensitivity_words: entry.sensitivity.words().into(),
        dong_per_field: price.map(|price| price.value),
        price_reference: price.map(|price| price.legal_reference.as_str()),
        legal_reference: &row.legal_reference,
        path: &entry.path,
        request_schema: entry.request_schema.as_deref(),
        answer_schema: &entry.answer_schema,
    })
}

/// The name of a product today; of one that is no longer offered, its code.
pub(crate) fn name(product: Product, today: Date) -> Words {
    product.on(today).map_or_else(
        || Words::same(product.as_str()),
        |row| (&*row.value.name_vi, &*row.value.name_en).into(),
    )
}

fn exemption(ground: PriceExemption, today: Date) -> Option<ExemptionView> {
    let row = ground.on(today)?;
    let words = (row.value.0.as_str(), row.value.1.as_str()).into();
    Some(ExemptionView { ground, words, legal_reference: &row.legal_reference })
}
