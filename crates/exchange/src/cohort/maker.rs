//! Counting and making, in the background: a bounded step of each extract at a time, each kept before the next. Killed
//! anywhere, it goes on where it was, with the same persons and one entry of the log for each.

use super::{
    ApproverRights, CohortExtract, CohortRow, CohortStore, ExtractState, PROGRAM,
    scan::{Scanned, scan},
    service::{days_after, rules_at},
};
use crate::{Caller, Directory, Field, LogMark, Product, Stop, VerifyService, log_mark::told_since};
use dancu_core::{Clock, PersonalNumber, StoreError};
use dancu_ledger::{Channel, Draft, Logs, NoPlace, Under};
use std::{collections::HashMap, fmt, sync::Arc};

/// Extracts of one round; each has one step in it.
const ROUND_MAX: usize = 256;
/// Persons after whom a page of rows is long enough.
const PAGE_PERSONS: usize = 200;
/// Rows that one step removes.
const REMOVED_MAX: u32 = 5_000;

/// What extracts are made with.
pub struct CohortParts {
    /// Extracts.
    pub store: Arc<dyn CohortStore>,
    /// Register, log and persons' wills.
    pub verify: Arc<VerifyService>,
    /// Contracts as they stand.
    pub directory: Arc<Directory>,
    /// Who may approve.
    pub rights: Arc<dyn ApproverRights>,
    /// The logs of all nodes: a page may have been begun at another one.
    pub logs: Arc<Logs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Makes extracts. One node does it at a time.
pub struct CohortMaker(CohortParts);

impl fmt::Debug for CohortMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CohortMaker")
    }
}

/// Rows of a page, and whether the limit of the day ended it early.
struct Told {
    rows: Vec<CohortRow>,
    /// Where the page ended before its end.
    cut_at: Option<usize>,
}

impl CohortMaker {
    /// A maker of these parts.
    pub const fn new(parts: CohortParts) -> Self {
        Self(parts)
    }

    /// One step with each of the oldest extracts that wait for one; says how many went on. Those whose time is over and
    /// those with rows to remove come first, and one that fails keeps none of the others: the first error is told when all
    /// had their step.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let now = self.0.clock.now();
        let extracts = self.0.store.extracts_to_work_on(now, ROUND_MAX).await?;
        let is_over = |one: &CohortExtract| one.is_to_clear || one.ended(now).is_some();
        let (over, others): (Vec<_>, Vec<_>) = extracts.into_iter().partition(is_over);
        let (mut moved, mut failed) = (0, None);
        for extract in over.into_iter().chain(others) {
            match self.step(extract).await {
                Ok(has_moved) => moved += usize::from(has_moved),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(moved), Err)
    }

    /// One step; says whether it went on.
    async fn step(&self, extract: CohortExtract) -> Result<bool, StoreError> {
        if let Some(ended) = extract.ended(self.0.clock.now()) {
            return self.keep(ended, Vec::new()).await;
        }
        match extract.state {
            ExtractState::Asked => self.count(extract).await,
            ExtractState::Approved => self.make(extract).await,
            _ if extract.is_to_clear => self.clear(extract).await,
            _ => Ok(false),
        }
    }

    /// Removes who stood in an extract that nobody may fetch any more.
    async fn clear(&self, mut extract: CohortExtract) -> Result<bool, StoreError> {
        if self.0.store.extract_rows(extract.id, 0, 1).await?.is_empty() {
            extract.is_to_clear = false;
            return self.keep(extract, Vec::new()).await;
        }
        Ok(self.0.store.remove_extract_rows(extract.id, REMOVED_MAX).await? > 0)
    }

    async fn count(&self, mut extract: CohortExtract) -> Result<bool, StoreError> {
        let caller = match self.allowed(&extract).await? {
            Ok(caller) => caller,
            Err(ground) => return self.stop(extract, ground).await,
        };
        let part = scan(&*self.0.verify.register, &extract, usize::MAX).await?;
        extract.found.persons += part.chosen.len() as u64;
        extract.found.undecided += part.undecided;
        extract.cursor = part.next;
        let rows_max = caller.contract.cohort.as_ref().map_or(0, |terms| terms.rows_max);
        let now = self.0.clock.now();
        // A list that cannot be finished in its time would leave entries of answers that nobody got.
        let days = rules_at(now).map_or(0, |rules| rules.approval_days);
        let made_max = u64::from(caller.contract.daily_limit) * u64::from(days);
        if extract.found.persons > rows_max.into() {
            let note = format!("Nhiều người hơn rows_max = {rows_max} / more persons than rows_max");
            extract = extract.moved(ExtractState::Refused, (PROGRAM, &note), now);
        } else if extract.found.persons > made_max {
            let note = format!(
                "Nhiều người hơn daily_limit trong {days} ngày để lập / more persons than daily_limit in the {days} days of making"
            );
            extract = extract.moved(ExtractState::Refused, (PROGRAM, &note), now);
        } else if part.next.is_none() {
            extract = extract.moved(ExtractState::Counted, (PROGRAM, ""), now);
        }
        self.keep(extract, Vec::new()).await
    }

    /// One page: what may still be told is told to the log, and kept as rows when the log has it.
    async fn make(&self, mut extract: CohortExtract) -> Result<bool, StoreError> {
        let caller = match self.allowed(&extract).await? {
            Ok(caller) => caller,
            Err(ground) => return self.stop(extract, ground).await,
        };
        let ledger = &self.0.verify.ledger;
        let contract = &caller.contract;
        if extract.mark.is_none() && ledger.used_today(contract.id.as_str()) >= contract.daily_limit.into() {
            return Ok(false);
        }
        let part = scan(&*self.0.verify.register, &extract, PAGE_PERSONS).await?;
        let known = match extract.mark {
            Some(mark) => {
                told_since(&self.0.logs, mark, &extract.contract, extract.record_reference()).await?
            }
            None if part.chosen.is_empty() => HashMap::new(),
            None => {
                let log = self.0.logs.own().number().get();
                extract.mark = Some(LogMark { log, size: ledger.size() });
                if !self.keep(extract.clone(), Vec::new()).await? {
                    return Ok(false);
                }
                extract.version += 1;
                HashMap::new()
            }
        };
        let told = self.tell(&caller, &extract, &part, &known).await?;
        extract.rows += told.rows.len() as u64;
        extract.mark = None;
        let now = self.0.clock.now();
        match told.cut_at {
            Some(place) => {
                // The first who found no place under the day's limit is the first of tomorrow.
                if let Some((commune, last)) = place.checked_sub(1).map(|before| part.chosen[before]) {
                    extract.cursor = Some(super::Cursor { commune, after: Some(last) });
                }
            }
            None => extract.cursor = part.next,
        }
        if told.cut_at.is_none() && part.next.is_none() {
            let days = rules_at(now).map_or(0, |rules| rules.ready_days);
            extract.due = days_after(now, days);
            extract = extract.moved(ExtractState::Ready, (PROGRAM, ""), now);
        }
        self.keep(extract, told.rows).await
    }

    /// The contract's caller, while the contract and those who approved still allow the extract; else the ground on which it
    /// is stopped.
    async fn allowed(
        &self,
        extract: &CohortExtract,
    ) -> Result<Result<Arc<Caller>, &'static str>, StoreError> {
        let caller = self.0.directory.caller(&extract.client);
        let Some(caller) = caller.filter(|caller| caller.contract.id == extract.contract) else {
            return Ok(Err("Hợp đồng không còn / the contract is gone"));
        };
        let standing = caller.check_standing(self.0.verify.ledger.counting_day());
        if standing.and_then(|()| extract.check_terms(&caller)).is_err() {
            return Ok(Err("Hợp đồng không còn cho phép / the contract no longer allows it"));
        }
        for approval in &extract.approvals {
            if !self.0.rights.may_decide(&approval.by).await? {
                return Ok(Err(
                    "Cán bộ đã duyệt không còn quyền / an officer who approved may no longer decide",
                ));
            }
        }
        Ok(Ok(caller))
    }

    async fn stop(&self, extract: CohortExtract, ground: &str) -> Result<bool, StoreError> {
        let stopped = extract.moved(ExtractState::Stopped, (PROGRAM, ground), self.0.clock.now());
        self.keep(stopped, Vec::new()).await
    }

    /// Puts everybody of a page into the log who is not in it already. All entries are durable when this returns. It
    /// returns no error while one of them is on its way to the log: the next step reads there whom it need not tell again.
    async fn tell(
        &self,
        caller: &Caller,
        extract: &CohortExtract,
        part: &Scanned,
        known: &HashMap<PersonalNumber, u64>,
    ) -> Result<Told, StoreError> {
        let ledger = &self.0.verify.ledger;
        let (day, reference) = (ledger.counting_day(), extract.record_reference());
        let fields: Vec<&str> = extract.fields.iter().map(Field::as_str).collect();
        let limit = caller.contract.daily_limit.into();
        let (mut waiting, mut cut_at, mut failed) = (Vec::with_capacity(part.chosen.len()), None, None);
        for (place, (_, number)) in part.chosen.iter().enumerate() {
            if let Some(entry) = known.get(number) {
                waiting.push((*number, Err(*entry)));
                continue;
            }
            let pass = match self.0.verify.gate.ask(caller, *number, extract.fields, day).await {
                Ok(pass) => pass,
                Err(Stop::Refused(_)) => continue,
                Err(Stop::Store(error)) => {
                    failed = Some(error);
                    break;
                }
            };
            let reservation = match ledger.take_place(caller.contract.id.as_str(), limit).await {
                Ok(reservation) => reservation,
                Err(NoPlace::Exhausted(_)) => {
                    cut_at = Some(place);
                    break;
                }
                Err(NoPlace::Store(error)) => {
                    failed = Some(error);
                    break;
                }
            };
            let outcome = fields.iter().map(|field| (*field, "told")).collect();
            let draft = caller.draft(*number, fields.clone(), outcome, Channel::Api, &reference);
            let under = Under { product: Some(Product::CohortExtract.as_str()), ..pass.under(draft.under) };
            match ledger.submit(Draft { under, ..draft }, reservation) {
                Ok(told) => waiting.push((*number, Ok(told))),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let mut rows = Vec::with_capacity(waiting.len());
        for (number, told) in waiting {
            let entry = match told {
                Err(entry) => Ok(entry),
                Ok(told) => told.await.unwrap_or_else(|_| Err(ledger.closed())).map(|told| told.entry()),
            };
            let sequence = extract.rows + rows.len() as u64 + 1;
            match entry {
                Ok(entry) => rows.push(CohortRow { sequence, number, entry }),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(Told { rows, cut_at }), Err)
    }

    /// Keeps a step; `false` when somebody was quicker.
    async fn keep(&self, mut extract: CohortExtract, rows: Vec<CohortRow>) -> Result<bool, StoreError> {
        extract.version += 1;
        self.0.store.save_extract(extract, rows).await
    }
}
