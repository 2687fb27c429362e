//! Names of sources of facts by their numbers, remembered: they are few and never change.

use crate::{errors::Result, facts::cell};
use deadpool_postgres::GenericClient;
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_postgres::Row;

/// Names that are remembered; a register whose desks and files are more begins anew.
const NAMES_MAX: usize = 65_536;

/// What was read so far.
#[derive(Default)]
pub(crate) struct SourceNames {
    known: Mutex<HashMap<i64, Arc<str>>>,
}

impl fmt::Debug for SourceNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceNames")
    }
}

impl SourceNames {
    /// The names of the sources in a column of rows; rows without one are passed over.
    pub(crate) async fn of(
        &self,
        client: &impl GenericClient,
        rows: &[Row],
        column: usize,
    ) -> Result<HashMap<i64, Arc<str>>> {
        let mut asked = BTreeSet::new();
        for row in rows {
            asked.extend(cell::<Option<i64>>(row, column)?);
        }
        let mut names = self.known_of(&asked);
        let unknown: Vec<i64> = asked.into_iter().filter(|id| !names.contains_key(id)).collect();
        if !unknown.is_empty() {
            let sql = "SELECT id, name FROM fact_source WHERE id = ANY ($1)";
            let statement = client.prepare_cached(sql).await?;
            for row in &client.query(&statement, &[&unknown]).await? {
                names.insert(cell(row, 0)?, cell::<&str>(row, 1)?.into());
            }
            self.remember(&names);
        }
        Ok(names)
    }

    fn known_of(&self, asked: &BTreeSet<i64>) -> HashMap<i64, Arc<str>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter_map(|id| Some((*id, Arc::clone(known.get(id)?)))).collect()
    }

    fn remember(&self, names: &HashMap<i64, Arc<str>>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + names.len() > NAMES_MAX {
            known.clear();
        }
        known.extend(names.iter().map(|(id, name)| (*id, Arc::clone(name))));
    }
}
