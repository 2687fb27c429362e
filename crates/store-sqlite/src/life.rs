//! Histories of connections.

use crate::{
    SqliteStore,
    exchange::{all, from_json, id, instant, to_json},
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{ActBody, Ceiling, ConnectionAct, ContractId, Deed, LifeStore, StageRow};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;

#[async_trait]
impl LifeStore for SqliteStore {
    async fn acts(
        &self,
        contract: &ContractId,
        after: u32,
        rows_max: u32,
    ) -> Result<Vec<ConnectionAct>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT contract, sequence, at_us, body FROM connection_act
                     WHERE contract = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
                )?
                .query_map(params![contract.as_str(), after, rows_max], act)?
                .collect()
        })
    }

    async fn add_acts(&self, acts: Vec<(ConnectionAct, Option<Vec<u8>>)>) -> Result<bool, StoreError> {
        self.database()
            .write(move |connection| {
                if is_taken(connection, acts.iter().map(|(act, _)| act))? {
                    return Ok(false);
                }
                for (act, content) in &acts {
                    add(connection, act, content.as_deref())?;
                }
                Ok(true)
            })
            .await
    }

    async fn evidence(&self, contract: &ContractId, sequence: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT content FROM connection_file WHERE contract = ?1 AND sequence = ?2")?
                .query_row(params![contract.as_str(), sequence], |row| row.get(0))
                .optional()
        })
    }
}

/// The last step of every connection, with the last place that is taken.
pub(crate) fn stages(connection: &Connection) -> rusqlite::Result<Vec<StageRow>> {
    let sql = "SELECT act.contract, act.sequence, act.at_us, act.body, ends.last
               FROM (SELECT contract, max(sequence) AS last, max(sequence) FILTER (WHERE stage IS NOT NULL) AS step
                     FROM connection_act GROUP BY contract) AS ends
               JOIN connection_act AS act ON act.contract = ends.contract AND act.sequence = ends.step";
    let ceilings = ceilings(connection)?;
    all(connection, sql, |row| {
        let step = act(row)?;
        let ceiling = ceilings.get(&step.contract).copied().flatten();
        Ok(StageRow { step, last_sequence: row.get(4)?, ceiling })
    })
}

/// What was set last over the limits of each contract of which anything was; found by an index of these acts alone.
fn ceilings(connection: &Connection) -> rusqlite::Result<HashMap<ContractId, Option<Ceiling>>> {
    // Beside a max() SQLite gives the other columns of the same row.
    let sql = "SELECT contract, body, max(sequence) FROM connection_act
               WHERE json_extract(body, '$.deed') = 'ceiling' GROUP BY contract";
    let rows = all(connection, sql, |row| Ok((id(row, 0)?, from_json::<ActBody>(row, 1)?.deed)))?;
    let change = |(contract, deed)| match deed {
        Deed::Ceiling(change) => Some((contract, change.set)),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(change).collect())
}

/// Whether a place is taken, or one before it is free: whoever wrote these acts saw another history.
pub(crate) fn is_taken<'a>(
    connection: &Connection,
    acts: impl Iterator<Item = &'a ConnectionAct>,
) -> rusqlite::Result<bool> {
    let mut last = HashMap::new();
    for act in acts {
        let contract = act.contract.as_str();
        let before = match last.get(contract) {
            Some(before) => *before,
            None => connection
                .prepare_cached("SELECT coalesce(max(sequence), 0) FROM connection_act WHERE contract = ?1")?
                .query_row(params![contract], |row| row.get(0))?,
        };
        if act.sequence != before + 1 {
            return Ok(true);
        }
        last.insert(contract, act.sequence);
    }
    Ok(false)
}

/// Adds an act.
pub(crate) fn add(
    connection: &Connection,
    act: &ConnectionAct,
    content: Option<&[u8]>,
) -> rusqlite::Result<()> {
    let body = ActBody { by: act.by.clone(), deed: act.deed.clone() };
    let stage = act.step().map(|step| step.to.as_str());
    connection
        .prepare_cached(
            "INSERT INTO connection_act (contract, sequence, at_us, stage, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            act.contract.as_str(),
            act.sequence,
            act.at.as_microsecond(),
            stage,
            to_json(&body)?
        ])?;
    if let Some(content) = content {
        connection
            .prepare_cached("INSERT INTO connection_file (contract, sequence, content) VALUES (?1, ?2, ?3)")?
            .execute(params![act.contract.as_str(), act.sequence, content])?;
    }
    Ok(())
}

fn act(row: &Row<'_>) -> rusqlite::Result<ConnectionAct> {
    let ActBody { by, deed } = from_json(row, 3)?;
    Ok(ConnectionAct { contract: id(row, 0)?, sequence: row.get(1)?, at: instant(row, 2)?, by, deed })
}
