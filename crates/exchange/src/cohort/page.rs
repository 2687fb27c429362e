//! Handing the rows of an extract over. Each is there because its entry stands in the log; the values are read anew as
//! they were known when the extract was asked for, so that no second place keeps them.

use super::{CohortError, CohortExtract, CohortService, ExtractId, ExtractState};
use crate::{
    Caller,
    extract::{extract_columns, row_of},
};
use dancu_core::PersonalNumber;
use jiff::civil::Date;
use serde::Serialize;
use std::fmt;

/// Rows of one page at most.
const ROWS_MAX: usize = 500;

/// A page of rows.
#[derive(Clone, Serialize)]
pub struct RowsPage {
    /// The day for which they hold.
    pub as_of: Date,
    /// What stands in a row: the number, the fields, and the entry of the log that says it was told.
    pub columns: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// What the next page begins behind; none on the last.
    pub next: Option<u64>,
}

impl fmt::Debug for RowsPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsPage").field("next", &self.next).finish_non_exhaustive()
    }
}

impl CohortService {
    /// Rows behind one of them, while the contract allows the whole extract: one that was made narrower since then gives
    /// none. A person who had questions under the contract restricted meanwhile is left out.
    pub async fn rows(&self, caller: &Caller, id: ExtractId, after: u64) -> Result<RowsPage, CohortError> {
        let day = self.verify.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.verify.refuse(caller, reason))?;
        let extract = self.look(caller, id).await?;
        if !extract.state.has_rows() || extract.due <= self.now() {
            return Err(CohortError::NoRows);
        }
        extract.check_terms(caller).map_err(|reason| self.verify.refuse(caller, reason))?;
        let kept = self.store.extract_rows(id, after, ROWS_MAX).await?;
        let numbers: Vec<PersonalNumber> = kept.iter().map(|row| row.number).collect();
        let kinds = extract.fields.fact_kinds();
        let persons = self.verify.register.persons_now(&numbers, extract.at(), kinds).await?;
        let mut rows = Vec::with_capacity(kept.len());
        for (row, person) in kept.iter().zip(&persons) {
            let Some(person) = person else { continue };
            if self.verify.gate.is_restricted(caller, row.number).await? {
                continue;
            }
            let mut values = row_of(person, extract.fields);
            values.push(row.entry.to_string());
            rows.push(values);
        }
        let next = kept.last().map(|row| row.sequence).filter(|last| *last < extract.rows);
        // A page behind the last row hands nothing over.
        let has_last = extract.rows == 0 || kept.last().is_some_and(|row| row.sequence == extract.rows);
        if has_last && extract.state == ExtractState::Ready {
            self.note_taken(extract.clone()).await?;
        }
        let columns = extract_columns(extract.fields).into_iter().chain(["entry"]).collect();
        Ok(RowsPage { as_of: extract.as_of, columns, rows, next })
    }

    /// Notes that the last row was handed over. Whoever was quicker noted it.
    async fn note_taken(&self, extract: CohortExtract) -> Result<(), CohortError> {
        let client = extract.client.to_string();
        let mut taken = extract.moved(ExtractState::Taken, (&client, ""), self.now());
        taken.version += 1;
        self.store.save_extract(taken, Vec::new()).await?;
        Ok(())
    }
}
