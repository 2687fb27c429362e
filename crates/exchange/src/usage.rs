//! What was used of each product under each contract, day by day, and what it costs.
//!
//! It is counted from the log's records alone, behind a cursor that moves in the same transaction: no answer is counted
//! twice or left out, whenever the process is killed, and everything can be counted anew.

use crate::{ContractId, PriceExemption, Product, product::price_on};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_ledger::{Channel, PublicLog, Record};
use jiff::civil::Date;
use serde::Serialize;
use std::{collections::BTreeMap, fmt, sync::Arc};

/// What was used of one product under a contract on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The contract.
    pub contract: ContractId,
    /// The product.
    pub product: Product,
    /// The day in Viet Nam on which it was counted.
    pub day: Date,
    /// Answers.
    pub answers: u64,
    /// Fields of them.
    pub fields: u64,
}

/// Keeps what was used.
#[async_trait]
pub trait UsageStore: Send + Sync {
    /// How many records of a log are counted, from the first.
    async fn usage_cursor(&self, log: &str) -> Result<u64, StoreError>;

    /// Adds what the records from `from` up to `to` used and moves the cursor, in one transaction. `false`, and nothing
    /// is changed, when the cursor is not at `from`: somebody was quicker.
    async fn add_usage(&self, log: &str, from: u64, to: u64, rows: Vec<Usage>) -> Result<bool, StoreError>;

    /// Forgets what was counted of a log, so that it is counted anew.
    async fn forget_usage(&self, log: &str) -> Result<(), StoreError>;

    /// What was used under a contract from a day on, of all logs together, by day and product.
    async fn usage(&self, contract: &ContractId, from: Date) -> Result<Vec<Usage>, StoreError>;
}

/// How far a log is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Records that are counted.
    pub counted: u64,
    /// Records of the log when it was looked at.
    pub of: u64,
}

/// Counts the records of this node's log.
pub struct UsageCounter {
    store: Arc<dyn UsageStore>,
    log: Arc<PublicLog>,
}

impl fmt::Debug for UsageCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UsageCounter")
    }
}

/// Records of one transaction.
const CHUNK: u64 = 4_096;
/// Transactions of one call: a page that finds a long log waits for a part of it only.
const CHUNKS_MAX: u64 = 16;

impl UsageCounter {
    /// A counter of a log.
    pub fn new(store: Arc<dyn UsageStore>, log: Arc<PublicLog>) -> Self {
        Self { store, log }
    }

    /// Counts what was committed since the last call, up to a bound, and says how far it came.
    pub async fn catch_up(&self) -> Result<Counted, StoreError> {
        let log = self.log.verifier().as_str();
        let of = self.log.records().head()?.map_or(0, |head| head.frontier.size());
        let mut counted = self.store.usage_cursor(log).await?;
        if counted > of {
            // The log was restored from an earlier backup than the counts. They are only derived.
            tracing::warn!(counted, of, "more records are counted than there are: counted anew");
            self.store.forget_usage(log).await?;
            counted = 0;
        }
        for _ in 0..CHUNKS_MAX {
            if counted >= of {
                break;
            }
            let limit = CHUNK.min(of - counted);
            let rows = self.read(counted, limit).await?;
            let is_added = self.store.add_usage(log, counted, counted + limit, rows).await?;
            counted = if is_added { counted + limit } else { self.store.usage_cursor(log).await?.min(of) };
        }
        Ok(Counted { counted, of })
    }

    /// What was used under a contract from a day on, as far as it is counted.
    pub async fn usage(&self, contract: &ContractId, from: Date) -> Result<Vec<Usage>, StoreError> {
        self.store.usage(contract, from).await
    }

    /// What a part of the log used. Reads files, and so not in the thread of those who wait for others.
    async fn read(&self, first: u64, limit: u64) -> Result<Vec<Usage>, StoreError> {
        let records = self.log.records();
        let failed = |detail: &str| StoreError::Failed { file: "log".into(), detail: detail.to_owned() };
        let read = tokio::task::spawn_blocking(move || {
            let mut sums: BTreeMap<(ContractId, Product, Date), (u64, u64)> = BTreeMap::new();
            let mut seen = 0;
            let mut is_sound = true;
            records.scan(first, limit, &mut |stored| {
                seen += 1;
                let (Ok(contract), Ok(record)) = (stored.contract.parse(), Record::from_bytes(stored.record))
                else {
                    is_sound = false;
                    return;
                };
                let Some(product) = product_of(&record) else { return };
                let sum = sums.entry((contract, product, stored.day)).or_default();
                sum.0 += 1;
                sum.1 += record.asked.len() as u64;
            })?;
            Ok((sums, seen == limit && is_sound))
        });
        let (sums, is_whole) =
            read.await.unwrap_or_else(|_| Err(failed("the count ended by a defect of the program")))?;
        if !is_whole {
            return Err(failed("a record is missing or unreadable; see `dancu ledger check`"));
        }
        let row =
            |((contract, product, day), (answers, fields))| Usage { contract, product, day, answers, fields };
        Ok(sums.into_iter().map(row).collect())
    }
}

/// The product of a disclosure; `None` for what our own officers look at. Records of before products were named say it by
/// their answers.
pub fn product_of(record: &Record) -> Option<Product> {
    if let Some(product) = &record.product {
        return product.parse().ok();
    }
    let has = |word: &str| record.outcome.iter().any(|(_, answer)| answer == word);
    match record.channel {
        Channel::Office => None,
        _ if has("told") => Some(Product::Fetch),
        _ if has("changed") => Some(Product::ChangeSubscription),
        _ => Some(Product::Verify),
    }
}

/// What was used of a product in a month, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthUse {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// The product.
    pub product: Product,
    /// Answers.
    pub answers: u64,
    /// Fields of them.
    pub fields: u64,
    /// What they cost, in đồng, by the price of each day.
    pub cost_dong: u64,
    /// Fields of days without a price, which cost nothing.
    pub unpriced_fields: u64,
}

/// Months with their costs, newest first. An exemption frees the days on which it holds.
pub fn months(rows: &[Usage], exemption: Option<PriceExemption>) -> Vec<MonthUse> {
    let mut months: BTreeMap<(i16, i8, Product), MonthUse> = BTreeMap::new();
    for row in rows {
        let (year, month) = (row.day.year(), row.day.month());
        let sum = months.entry((-year, -month, row.product)).or_insert_with(|| MonthUse {
            month: format!("{year:04}-{month:02}"),
            product: row.product,
            answers: 0,
            fields: 0,
            cost_dong: 0,
            unpriced_fields: 0,
        });
        sum.answers += row.answers;
        sum.fields += row.fields;
        let price = row.product.on(row.day).and_then(|entry| price_on(&entry.value.spdc, row.day));
        match price {
            None => sum.unpriced_fields += row.fields,
            Some(_) if exemption.is_some_and(|ground| ground.on(row.day).is_some()) => {}
            Some(price) => {
                sum.cost_dong = sum.cost_dong.saturating_add(row.fields.saturating_mul(price.value.into()));
            }
        }
    }
    months.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::json;

    fn used(product: Product, day: Date, answers: u64, fields: u64) -> Usage {
        Usage { contract: "c-1".parse().unwrap(), product, day, answers, fields }
    }

    #[test]
    fn each_day_costs_by_its_own_price_and_months_stand_newest_first() {
        let rows = [
            used(Product::Verify, date(2022, 9, 16), 1, 4),
            used(Product::Verify, date(2022, 9, 17), 1, 4),
            used(Product::Verify, date(2023, 12, 31), 10, 30),
            used(Product::Verify, date(2024, 1, 1), 10, 30),
            used(Product::Fetch, date(2024, 1, 31), 1, 2),
        ];
        let sums: Vec<_> = months(&rows, None)
            .into_iter()
            .map(|one| (one.month, one.product, one.answers, one.fields, one.cost_dong, one.unpriced_fields))
            .collect();
        assert_eq!(
            sums,
            [
                ("2024-01".to_owned(), Product::Verify, 10, 30, 30_000, 0),
                ("2024-01".to_owned(), Product::Fetch, 1, 2, 2_000, 0),
                ("2023-12".to_owned(), Product::Verify, 10, 30, 15_000, 0),
                ("2022-09".to_owned(), Product::Verify, 2, 8, 2_000, 4),
            ]
        );
        let freed = months(&rows, Some(PriceExemption::StateBody));
        assert!(freed.iter().all(|one| one.cost_dong == 0));
        assert_eq!(freed[3].unpriced_fields, 4);
    }

    proptest! {
        #[test]
        fn however_the_rows_are_split_the_months_are_the_same(
            counts in proptest::collection::vec((0_i64..800, 0_u64..50, 0_u64..50), 0..30)
        ) {
            let day = |offset: i64| date(2023, 6, 1).saturating_add(jiff::ToSpan::days(offset));
            let whole: Vec<Usage> =
                counts.iter().map(|(offset, a, b)| used(Product::Verify, day(*offset), a + b, a + b)).collect();
            let split: Vec<Usage> = counts
                .iter()
                .flat_map(|(offset, a, b)| {
                    [used(Product::Verify, day(*offset), *a, *a), used(Product::Verify, day(*offset), *b, *b)]
                })
                .collect();
            prop_assert_eq!(months(&whole, None), months(&split, None));
        }
    }

    #[test]
    fn a_record_says_its_product_and_an_old_one_by_its_answers() {
        let record = |channel: &str, answer: &str, product: Option<&str>| -> Record {
            let mut whole = json!({
                "version": 1, "time": "2026-11-21T02:00:00.000000Z", "counted_on": "2026-11-21",
                "organisation": {"id": "a", "name": "A"}, "client": "a", "contract": "c-1",
                "subject": "001085000001", "purpose": "p", "legal_basis": "l", "asked": ["name"],
                "outcome": [["name", answer]], "channel": channel, "reference": ""
            });
            if let Some(product) = product {
                whole["product"] = product.into();
            }
            serde_json::from_value(whole).unwrap()
        };
        for (channel, answer, product, expected) in [
            ("api", "match", None, Some(Product::Verify)),
            ("reception", "differs", None, Some(Product::Verify)),
            ("api", "told", None, Some(Product::Fetch)),
            ("api", "changed", None, Some(Product::ChangeSubscription)),
            ("api", "not_confirmed", Some("fetch"), Some(Product::Fetch)),
            ("office", "shown", None, None),
        ] {
            assert_eq!(product_of(&record(channel, answer, product)), expected, "{channel} {answer}");
        }
    }
}
