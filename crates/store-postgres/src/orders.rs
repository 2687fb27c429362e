//! Orders of courts.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, limit, number_to_sql},
    lists::{from_json, one, to_json},
};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::{ContractId, CourtOrder, OrderId, OrderStore};
use dancu_register::day_to_number;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::civil::Date;
use tokio_postgres::Row;
use uuid::Uuid;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl OrderStore for PostgresStore {
    async fn save_order(&self, order: CourtOrder, moves_before: Option<usize>) -> Answer<bool> {
        self.database
            .write(&(order, moves_before), |transaction, (order, before)| {
                Box::pin(async move { Ok(Outcome::Keep(save(transaction, order, *before).await?)) })
            })
            .await
    }

    async fn order(&self, id: OrderId) -> Answer<Option<CourtOrder>> {
        self.database
            .read(&id, |client, id| Box::pin(one(client, "SELECT body FROM court_order WHERE id = $1", id.0)))
            .await
    }

    async fn standing_order(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
        day: Date,
    ) -> Answer<Option<OrderId>> {
        self.database
            .read(&(contract.clone(), number, day), |client, (contract, number, day)| {
                Box::pin(async move {
                    let sql = "SELECT id FROM court_order
                               WHERE number = $1 AND contract = $2 AND is_open AND withholds
                               AND from_day <= $3 AND $3 < until_day";
                    let statement = client.prepare_cached(sql).await?;
                    let (number, contract, day) =
                        (number_to_sql(*number), contract.as_str(), day_to_number(*day));
                    let row = client.query_opt(&statement, &[&number, &contract, &day]).await?;
                    row.as_ref().map(id).transpose()
                })
            })
            .await
    }

    async fn orders_about(&self, number: PersonalNumber, day: Date) -> Answer<Vec<OrderId>> {
        self.database
            .read(&(number, day), |client, (number, day)| {
                Box::pin(async move {
                    let sql = "SELECT id FROM court_order WHERE number = $1 AND is_open AND withholds
                               AND from_day <= $2 AND $2 < until_day ORDER BY id";
                    let statement = client.prepare_cached(sql).await?;
                    let rows =
                        client.query(&statement, &[&number_to_sql(*number), &day_to_number(*day)]).await?;
                    rows.iter().map(id).collect()
                })
            })
            .await
    }

    async fn orders(
        &self,
        is_open: bool,
        after: Option<OrderId>,
        length_max: usize,
    ) -> Answer<Vec<CourtOrder>> {
        self.database
            .read_snapshot(&(is_open, after, length_max), |transaction, (is_open, after, length_max)| {
                Box::pin(list(transaction, *is_open, *after, *length_max))
            })
            .await
    }
}

fn id(row: &Row) -> Result<OrderId> {
    let bytes: &[u8] = cell(row, 0)?;
    Uuid::from_slice(bytes).map(OrderId).map_err(|_| Fault::Damaged("an order's identifier"))
}

async fn save(
    transaction: &Transaction<'_>,
    order: &CourtOrder,
    moves_before: Option<usize>,
) -> Result<bool> {
    let count = |moves: usize| i64::try_from(moves).unwrap_or(i64::MAX);
    let (id, number) = (order.id.0.as_bytes().as_slice(), number_to_sql(order.number));
    let (contract, body) = (order.contract.as_str(), to_json(order)?);
    let (is_open, withholds) = (order.state.is_open(), order.state.withholds());
    let (from, until) = (day_to_number(order.from), day_to_number(order.until));
    let moves = count(order.moves.len());
    let saved = match moves_before {
        None => {
            let sql = "INSERT INTO court_order
                           (id, number, contract, is_open, withholds, from_day, until_day, moves, body)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
            let statement = transaction.prepare_cached(sql).await?;
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
                [&id, &number, &contract, &is_open, &withholds, &from, &until, &moves, &body];
            transaction.execute(&statement, &values).await?
        }
        Some(before) => {
            let sql = "UPDATE court_order SET is_open = $2, withholds = $3, moves = $4, body = $5
                       WHERE id = $1 AND moves = $6";
            let statement = transaction.prepare_cached(sql).await?;
            let before = count(before);
            transaction.execute(&statement, &[&id, &is_open, &withholds, &moves, &body, &before]).await?
        }
    };
    Ok(saved == 1)
}

async fn list(
    client: &impl GenericClient,
    is_open: bool,
    after: Option<OrderId>,
    length_max: usize,
) -> Result<Vec<CourtOrder>> {
    let (mut from, mut last) = (i32::MIN, [u8::MIN; 16]);
    if let Some(id) = after {
        let statement = client.prepare_cached("SELECT until_day FROM court_order WHERE id = $1").await?;
        let row = client.query_opt(&statement, &[&id.0.as_bytes().as_slice()]).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        (from, last) = (cell(&row, 0)?, *id.0.as_bytes());
    }
    let sql = "SELECT body FROM court_order WHERE is_open = $1 AND (until_day, id) > ($2, $3)
               ORDER BY until_day, id LIMIT $4";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&is_open, &from, &last.as_slice(), &limit(length_max)]).await?;
    rows.iter().map(from_json).collect()
}
