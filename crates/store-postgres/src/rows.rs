//! The database as tables of rows, for copies.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, limit},
};
use async_trait::async_trait;
use dancu_copy::{Cell, Kind, Row, RowStore, Table};
use dancu_core::StoreError;
use deadpool_postgres::{Client, Transaction};
use tokio_postgres::types::ToSql;

type Answer<T> = std::result::Result<T, StoreError>;
type Value = Box<dyn ToSql + Sync + Send>;

#[async_trait]
impl RowStore for PostgresStore {
    fn name(&self) -> String {
        self.database.shown().display().to_string()
    }

    async fn rows(
        &self,
        table: &'static Table,
        after: Option<&[Cell]>,
        length_max: usize,
    ) -> Answer<Vec<Row>> {
        self.database
            .read(&(table, after, length_max), |client, (table, after, length_max)| {
                Box::pin(rows(client, table, *after, *length_max))
            })
            .await
    }

    async fn last_key(&self, table: &'static Table) -> Answer<Option<Vec<Cell>>> {
        self.database.read(&table, |client, table| Box::pin(last_key(client, table))).await
    }

    async fn add_rows(&self, table: &'static Table, rows: Vec<Row>) -> Answer<()> {
        self.database
            .write(&(table, rows), |transaction, (table, rows)| Box::pin(add_rows(transaction, table, rows)))
            .await
    }

    async fn copied_from(&self) -> Answer<Option<String>> {
        self.database
            .read(&(), |client, ()| {
                Box::pin(async {
                    let row = client.query_opt("SELECT source FROM store_copy", &[]).await?;
                    row.map(|row| cell(&row, 0)).transpose()
                })
            })
            .await
    }

    async fn set_copied_from(&self, source: Option<String>) -> Answer<()> {
        self.database
            .write(&source, |transaction, source| {
                Box::pin(async move {
                    transaction.execute("DELETE FROM store_copy", &[]).await?;
                    if let Some(source) = source {
                        transaction.execute("INSERT INTO store_copy VALUES ($1)", &[source]).await?;
                    }
                    Ok(Outcome::Keep(()))
                })
            })
            .await
    }

    async fn derive(&self) -> Answer<()> {
        self.database.write(&(), |transaction, ()| Box::pin(derive(transaction))).await
    }
}

/// How a column is read. Of a place in the outbox that is kept in two halves: among entries that came from elsewhere
/// the number itself; else the number behind which everything lies that lies behind the place, which may be less far on,
/// never farther. What lies before the start of the outbox stays before it.
fn expression((name, kind): (&str, Kind)) -> String {
    match kind {
        Kind::Integer => format!("{name}::bigint"),
        Kind::Truth => format!("{name}::integer::bigint"),
        Kind::Text | Kind::Blob => name.to_owned(),
        Kind::Position(major) => format!(
            "CASE WHEN {major} = 0 THEN {name} ELSE
                coalesce((SELECT min(o.sequence) - 1 FROM outbox o WHERE (o.transaction, o.sequence) > ({major}, {name})),
                    (SELECT max(o.sequence) FROM outbox o), {name})
                - coalesce((SELECT (first, second) > ({major}, {name}) FROM outbox_start AS start(zero, first, second)), false)::integer END"
        ),
    }
}

/// The type by which a column is written.
const fn written_as(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer | Kind::Truth | Kind::Position(_) => "bigint",
        Kind::Text => "text",
        Kind::Blob => "bytea",
    }
}

async fn rows(
    client: &Client,
    table: &'static Table,
    after: Option<&[Cell]>,
    length_max: usize,
) -> Result<Vec<Row>> {
    let columns: Vec<String> = table.columns.iter().map(|column| expression(*column)).collect();
    let key = table.key_names().collect::<Vec<_>>().join(", ");
    let mut parameters: Vec<Value> = vec![Box::new(limit(length_max))];
    let behind = after.map_or(String::new(), |after| {
        let places = table.columns.iter().zip(after).zip(2..).map(|(((_, kind), cell), place)| {
            parameters.push(value(cell));
            format!("${place}::{}", written_as(*kind))
        });
        format!("WHERE ({key}) > ({})", places.collect::<Vec<_>>().join(", "))
    });
    let sql = format!("SELECT {} FROM {} {behind} ORDER BY {key} LIMIT $1", columns.join(", "), table.name);
    let statement = client.prepare_cached(&sql).await?;
    let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|value| &**value as _).collect();
    let found = client.query(&statement, &parameters).await?;
    found.iter().map(|row| read(row, table.columns)).collect()
}

async fn last_key(client: &Client, table: &'static Table) -> Result<Option<Vec<Cell>>> {
    let key = &table.columns[..table.key];
    let columns: Vec<String> = key.iter().map(|column| expression(*column)).collect();
    let order: Vec<String> = table.key_names().map(|name| format!("{name} DESC")).collect();
    let sql =
        format!("SELECT {} FROM {} ORDER BY {} LIMIT 1", columns.join(", "), table.name, order.join(", "));
    client.query_opt(&sql, &[]).await?.map(|row| read(&row, key)).transpose()
}

fn read(row: &tokio_postgres::Row, columns: &[(&str, Kind)]) -> Result<Row> {
    let read = |(at, (_, kind)): (usize, &(&str, Kind))| {
        Ok(match kind {
            Kind::Integer | Kind::Truth | Kind::Position(_) => {
                cell::<Option<i64>>(row, at)?.map_or(Cell::Null, Cell::Integer)
            }
            Kind::Text => cell::<Option<String>>(row, at)?.map_or(Cell::Null, Cell::Text),
            Kind::Blob => cell::<Option<Vec<u8>>>(row, at)?.map_or(Cell::Null, Cell::Blob),
        })
    };
    columns.iter().enumerate().map(read).collect()
}

fn value(cell: &Cell) -> Value {
    match cell {
        // Keys hold no nulls; were there one, nothing would lie behind it.
        Cell::Null => Box::new(None::<i64>),
        Cell::Integer(value) => Box::new(*value),
        Cell::Text(text) => Box::new(text.clone()),
        Cell::Blob(bytes) => Box::new(bytes.clone()),
    }
}

/// One column of many rows as an array.
fn column(rows: &[Row], at: usize, kind: Kind) -> Result<Value> {
    let cells = || rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Null));
    let wrong = Fault::Defect("a row to be copied has a cell of another kind");
    match kind {
        Kind::Integer | Kind::Truth | Kind::Position(_) => {
            let values = cells().map(|cell| match cell {
                Cell::Null => Some(None),
                Cell::Integer(value) => Some(Some(*value)),
                _ => None,
            });
            Ok(Box::new(values.collect::<Option<Vec<Option<i64>>>>().ok_or(wrong)?))
        }
        Kind::Text => {
            let values = cells().map(|cell| match cell {
                Cell::Null => Some(None),
                Cell::Text(text) => Some(Some(text.clone())),
                _ => None,
            });
            Ok(Box::new(values.collect::<Option<Vec<Option<String>>>>().ok_or(wrong)?))
        }
        Kind::Blob => {
            let values = cells().map(|cell| match cell {
                Cell::Null => Some(None),
                Cell::Blob(bytes) => Some(Some(bytes.clone())),
                _ => None,
            });
            Ok(Box::new(values.collect::<Option<Vec<Option<Vec<u8>>>>>().ok_or(wrong)?))
        }
    }
}

async fn add_rows(transaction: &Transaction<'_>, table: &Table, rows: &[Row]) -> Result<Outcome<()>> {
    // Entries that come from elsewhere lie before every transaction of this server.
    let halves: Vec<&str> = table.majors().chain((table.name == "outbox").then_some("transaction")).collect();
    let names: Vec<&str> =
        table.columns.iter().map(|(name, _)| *name).chain(halves.iter().copied()).collect();
    let aliases: Vec<String> = (1..=table.columns.len()).map(|place| format!("c{place}")).collect();
    let selected = table.columns.iter().zip(&aliases).map(|((_, kind), alias)| match kind {
        Kind::Truth => format!("{alias} <> 0"),
        _ => alias.clone(),
    });
    let selected: Vec<String> = selected.chain(halves.iter().map(|_| "0".to_owned())).collect();
    let arrays: Vec<String> = table
        .columns
        .iter()
        .zip(1..)
        .map(|((_, kind), place)| format!("${place}::{}[]", written_as(*kind)))
        .collect();
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM unnest({}) AS new ({})",
        table.name,
        names.join(", "),
        selected.join(", "),
        arrays.join(", "),
        aliases.join(", ")
    );
    let values: Vec<Value> = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, (_, kind))| column(rows, at, *kind))
        .collect::<Result<_>>()?;
    let parameters: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
    let statement = transaction.prepare_cached(&sql).await?;
    transaction.execute(&statement, &parameters).await?;
    Ok(Outcome::Keep(()))
}

/// Versions and count of persons from the rows, and the next numbers of what counts by itself.
async fn derive(transaction: &Transaction<'_>) -> Result<Outcome<()>> {
    transaction
        .batch_execute(
            "SET LOCAL statement_timeout = 0;
             DELETE FROM person;
             INSERT INTO person (number, version, is_held)
             SELECT number, max(last), bool_or(is_held) FROM (
                 SELECT number, max(coalesce(recorded_to, recorded_from)) AS last, true AS is_held
                 FROM fact GROUP BY number
                 UNION ALL
                 SELECT number, max(coalesce(recorded_to, recorded_from)), true FROM sealed_fact GROUP BY number
                 UNION ALL
                 SELECT number, max(recorded_at), false FROM event_person GROUP BY number) AS seen
             GROUP BY number;
             DELETE FROM search_entry;
             DELETE FROM search_word;
             UPDATE search_progress SET after = 0, done = 0, is_complete = NOT EXISTS (SELECT 1 FROM fact);
             DELETE FROM person_count;
             INSERT INTO person_count SELECT 0, count(*) FROM person WHERE is_held;
             SELECT setval(pg_get_serial_sequence('fact_source', 'id'), 1 + coalesce((SELECT max(id) FROM fact_source), 0), false);
             SELECT setval(pg_get_serial_sequence('outbox', 'sequence'), 1 + coalesce((SELECT max(sequence) FROM outbox), 0), false);
             SELECT setval(pg_get_serial_sequence('unit_change', 'id'), 1 + coalesce((SELECT max(id) FROM unit_change), 0), false);
             SELECT setval(pg_get_serial_sequence('handover', 'sequence'), 1 + coalesce((SELECT max(sequence) FROM handover), 0), false);
             SELECT setval(pg_get_serial_sequence('refusal', 'id'), 1 + coalesce((SELECT max(id) FROM refusal), 0), false)",
        )
        .await?;
    Ok(Outcome::Keep(()))
}
