//! Histories of connections.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    exchange::{from_json, id, to_json},
    facts::{cell, instant_from_sql},
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{ActBody, Ceiling, ConnectionAct, ContractId, Deed, LifeStore, StageRow};
use deadpool_postgres::{GenericClient, Transaction};
use std::collections::HashMap;
use tokio_postgres::Row;

#[async_trait]
impl LifeStore for PostgresStore {
    async fn acts(
        &self,
        contract: &ContractId,
        after: u32,
        rows_max: u32,
    ) -> std::result::Result<Vec<ConnectionAct>, StoreError> {
        let asked = (contract.as_str().to_owned(), i64::from(after), i64::from(rows_max));
        self.database
            .read(&asked, |client, (contract, after, rows_max)| {
                Box::pin(async move {
                    let sql = "SELECT contract, sequence, at_us, body FROM connection_act
                               WHERE contract = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
                    let statement = client.prepare_cached(sql).await?;
                    client.query(&statement, &[contract, after, rows_max]).await?.iter().map(act).collect()
                })
            })
            .await
    }

    async fn add_acts(
        &self,
        acts: Vec<(ConnectionAct, Option<Vec<u8>>)>,
    ) -> std::result::Result<bool, StoreError> {
        self.database
            .write(&acts, |transaction, acts| {
                Box::pin(async move {
                    for (act, content) in acts {
                        if !add(transaction, act, content.as_deref()).await? {
                            return Ok(Outcome::Undo(false));
                        }
                    }
                    Ok(Outcome::Keep(true))
                })
            })
            .await
    }

    async fn evidence(
        &self,
        contract: &ContractId,
        sequence: u32,
    ) -> std::result::Result<Option<Vec<u8>>, StoreError> {
        self.database
            .read(&(contract.as_str().to_owned(), i64::from(sequence)), |client, (contract, sequence)| {
                Box::pin(async move {
                    let sql = "SELECT content FROM connection_file WHERE contract = $1 AND sequence = $2";
                    let statement = client.prepare_cached(sql).await?;
                    let row = client.query_opt(&statement, &[contract, sequence]).await?;
                    row.map(|row| cell(&row, 0)).transpose()
                })
            })
            .await
    }
}

/// The last step of every connection, with the last place that is taken.
pub(crate) async fn stages(client: &impl GenericClient) -> Result<Vec<StageRow>> {
    let sql = "SELECT act.contract, act.sequence, act.at_us, act.body, ends.last
               FROM (SELECT contract, max(sequence) AS last, max(sequence) FILTER (WHERE stage IS NOT NULL) AS step
                     FROM connection_act GROUP BY contract) AS ends
               JOIN connection_act AS act ON act.contract = ends.contract AND act.sequence = ends.step";
    let statement = client.prepare_cached(sql).await?;
    let ceilings = ceilings(client).await?;
    let row = |row: &Row| {
        let step = act(row)?;
        let ceiling = ceilings.get(&step.contract).copied().flatten();
        Ok(StageRow { step, last_sequence: sequence(row, 4)?, ceiling })
    };
    client.query(&statement, &[]).await?.iter().map(row).collect()
}

/// What was set last over the limits of each contract of which anything was; found by an index of these acts alone.
async fn ceilings(client: &impl GenericClient) -> Result<HashMap<ContractId, Option<Ceiling>>> {
    let sql = "SELECT DISTINCT ON (contract) contract, body FROM connection_act
               WHERE (body::jsonb ->> 'deed') = 'ceiling' ORDER BY contract, sequence DESC";
    let statement = client.prepare_cached(sql).await?;
    let mut ceilings = HashMap::new();
    for row in client.query(&statement, &[]).await? {
        if let Deed::Ceiling(change) = from_json::<ActBody>(&row, 1)?.deed {
            ceilings.insert(id(&row, 0)?, change.set);
        }
    }
    Ok(ceilings)
}

/// Adds an act behind the last one; `false` when that is not its place. The key makes of two who add at once one.
pub(crate) async fn add(
    transaction: &Transaction<'_>,
    act: &ConnectionAct,
    content: Option<&[u8]>,
) -> Result<bool> {
    let body = to_json(&ActBody { by: act.by.clone(), deed: act.deed.clone() })?;
    let stage = act.step().map(|step| step.to.as_str());
    let (contract, sequence) = (act.contract.as_str(), i64::from(act.sequence));
    let sql = "INSERT INTO connection_act (contract, sequence, at_us, stage, body)
               SELECT $1::text, $2::bigint, $3::bigint, $4::text, $5::text
               WHERE $2 = (SELECT coalesce(max(sequence), 0) + 1 FROM connection_act WHERE contract = $1::text)
               ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    let added = transaction
        .execute(&statement, &[&contract, &sequence, &act.at.as_microsecond(), &stage, &body])
        .await?;
    if added == 0 {
        return Ok(false);
    }
    if let Some(content) = content {
        let sql = "INSERT INTO connection_file (contract, sequence, content) VALUES ($1, $2, $3)";
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, &[&contract, &sequence, &content]).await?;
    }
    Ok(true)
}

fn act(row: &Row) -> Result<ConnectionAct> {
    let ActBody { by, deed } = from_json(row, 3)?;
    Ok(ConnectionAct {
        contract: id(row, 0)?,
        sequence: sequence(row, 1)?,
        at: instant_from_sql(cell(row, 2)?)?,
        by,
        deed,
    })
}

fn sequence(row: &Row, column: usize) -> Result<u32> {
    u32::try_from(cell::<i64>(row, column)?).map_err(|_| Fault::Damaged("a place in a history"))
}
