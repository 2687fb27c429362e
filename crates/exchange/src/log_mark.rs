//! A mark in the log: pages of many disclosures are begun with one, so that a page that was broken off is taken up again
//! without a second entry for anybody.

use crate::ContractId;
use dancu_core::{PersonalNumber, StoreError};
use dancu_ledger::{LogNumber, Logs, Record};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

/// Records of the log that are read at once.
const RECORDS_MAX: u64 = 4_096;

/// Where the log ended when a page of rows was begun: what was recorded of the page before a kill stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogMark {
    /// The log's number among those of the house.
    pub log: u16,
    /// Its records then.
    pub size: u64,
}

/// Who was recorded behind a mark under a contract with a reference, with the entries: what a page that was broken off had
/// told the log.
pub(crate) async fn told_since(
    logs: &Arc<Logs>,
    mark: LogMark,
    contract: &ContractId,
    reference: String,
) -> Result<HashMap<PersonalNumber, u64>, StoreError> {
    let failed = |detail: &str| StoreError::Failed { file: "log".into(), detail: detail.to_owned() };
    let (logs, contract) = (Arc::clone(logs), contract.to_string());
    let number = LogNumber::new(mark.log).ok_or_else(|| failed("a mark names no log"))?;
    let read = tokio::task::spawn_blocking(move || {
        let all = logs.all().map_err(|error| failed(&error.to_string()))?;
        let log = all.into_iter().find(|log| log.number() == number);
        let records = log.ok_or_else(|| failed("the log of a page is not at hand"))?.records();
        let end = records.head()?.map_or(0, |head| head.frontier.size());
        let (mut known, mut next) = (HashMap::new(), mark.size);
        while next < end {
            let limit = RECORDS_MAX.min(end - next);
            records.scan(next, limit, &mut |stored| {
                if stored.contract == contract
                    && Record::from_bytes(stored.record).is_ok_and(|one| one.reference == reference)
                {
                    known.insert(stored.subject, number.entry(stored.index));
                }
            })?;
            next += limit;
        }
        Ok(known)
    });
    read.await.unwrap_or_else(|_| Err(failed("reading the log ended by a defect of the program")))
}
