//! Orders of courts, on `register.db`.

use crate::{SqliteStore, changes::limit, events::body, facts::number_to_sql};
use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::{ContractId, CourtOrder, OrderId, OrderStore};
use dancu_register::day_to_number;
use jiff::civil::Date;
use rusqlite::{
    Connection, OptionalExtension, Result, Row, params,
    types::{FromSqlError, Type},
};
use uuid::Uuid;

type Outcome<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl OrderStore for SqliteStore {
    async fn save_order(&self, order: CourtOrder, moves_before: Option<usize>) -> Outcome<bool> {
        self.database().write(move |connection| save(connection, &order, moves_before)).await
    }

    async fn order(&self, id: OrderId) -> Outcome<Option<CourtOrder>> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT body FROM court_order WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| body(row, 0))
                .optional()
        })
    }

    async fn standing_order(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
        day: Date,
    ) -> Outcome<Option<OrderId>> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id FROM court_order WHERE number = ?1 AND contract = ?2 AND is_open AND withholds
                     AND from_day <= ?3 AND ?3 < until_day",
                )?
                .query_row(params![number_to_sql(number), contract.as_str(), day_to_number(day)], id)
                .optional()
        })
    }

    async fn orders_about(&self, number: PersonalNumber, day: Date) -> Outcome<Vec<OrderId>> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id FROM court_order WHERE number = ?1 AND is_open AND withholds
                     AND from_day <= ?2 AND ?2 < until_day ORDER BY id",
                )?
                .query_map(params![number_to_sql(number), day_to_number(day)], id)?
                .collect()
        })
    }

    async fn orders(
        &self,
        is_open: bool,
        after: Option<OrderId>,
        length_max: usize,
    ) -> Outcome<Vec<CourtOrder>> {
        self.database().read_snapshot(|connection| list(connection, is_open, after, length_max))
    }
}

fn id(row: &Row<'_>) -> Result<OrderId> {
    let read = Uuid::from_slice(row.get_ref(0)?.as_blob()?).map(OrderId);
    read.map_err(|_| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, Box::new(FromSqlError::InvalidType))
    })
}

fn save(connection: &Connection, order: &CourtOrder, moves_before: Option<usize>) -> Result<bool> {
    let json = serde_json::to_string(order).expect("an order is plain JSON");
    let (id, number, contract) =
        (order.id.0.as_bytes(), number_to_sql(order.number), order.contract.as_str());
    let (is_open, withholds) = (order.state.is_open(), order.state.withholds());
    let (from, until, moves) = (day_to_number(order.from), day_to_number(order.until), order.moves.len());
    let saved = match moves_before {
        None => connection
            .prepare_cached(
                "INSERT INTO court_order
                     (id, number, contract, is_open, withholds, from_day, until_day, moves, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            )?
            .execute(params![id, number, contract, is_open, withholds, from, until, moves, json])?,
        Some(before) => connection
            .prepare_cached(
                "UPDATE court_order SET is_open = ?2, withholds = ?3, moves = ?4, body = ?5
                 WHERE id = ?1 AND moves = ?6",
            )?
            .execute(params![id, is_open, withholds, moves, json, before])?,
    };
    Ok(saved == 1)
}

fn list(
    connection: &Connection,
    is_open: bool,
    after: Option<OrderId>,
    length_max: usize,
) -> Result<Vec<CourtOrder>> {
    let (from, last) = match after {
        None => (i64::MIN, [u8::MIN; 16]),
        Some(id) => {
            let known = connection
                .prepare_cached("SELECT until_day FROM court_order WHERE id = ?1")?
                .query_row([id.0.as_bytes()], |row| row.get(0))
                .optional()?;
            let Some(until) = known else { return Ok(Vec::new()) };
            (until, *id.0.as_bytes())
        }
    };
    connection
        .prepare_cached(
            "SELECT body FROM court_order WHERE is_open = ?1 AND (until_day, id) > (?2, ?3)
             ORDER BY until_day, id LIMIT ?4",
        )?
        .query_map(params![is_open, from, last, limit(length_max)], |row| body(row, 0))?
        .collect()
}
