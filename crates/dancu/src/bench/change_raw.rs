//! Writing the rows of recorded changes once more, without any rule.

use crate::{
    bench::{
        change_rows::EventRows,
        cluster::database_failed,
        raw_rows::{connect, join},
    },
    failure::Failure,
};
use futures_util::future::try_join_all;
use rusqlite::{Connection, TransactionBehavior, params};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio_postgres::{Client, Statement, types::ToSql};

/// Writes events into a file, so many in a transaction.
pub fn write_to_file(
    connection: &mut Connection,
    events: &[EventRows],
    group: usize,
) -> rusqlite::Result<()> {
    for group in events.chunks(group.max(1)) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for event in group {
            write_event(&transaction, event)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn write_event(to: &Connection, event: &EventRows) -> rusqlite::Result<()> {
    to.prepare_cached("INSERT INTO event (id, recorded_at, kind, digest, body) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![&event.id[..], event.recorded_at, event.kind, event.digest, event.body])?;
    for number in &event.persons {
        to.prepare_cached("INSERT INTO event_person (number, recorded_at, event) VALUES (?1, ?2, ?3)")?
            .execute(params![number, event.recorded_at, &event.id[..]])?;
    }
    for row in &event.outbox {
        to.prepare_cached("INSERT INTO outbox (number, event, recorded_at, kinds) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![row.number, row.event, row.recorded_at, row.kinds])?;
    }
    for row in &event.closings {
        to.prepare_cached(
            "UPDATE fact SET recorded_to = ?5
             WHERE number = ?1 AND kind = ?2 AND recorded_from = ?3 AND valid_from = ?4",
        )?
        .execute(params![
            row.number,
            row.kind,
            row.recorded_from,
            row.valid_from,
            row.recorded_to
        ])?;
    }
    for row in &event.facts {
        to.prepare_cached(
            "INSERT INTO fact (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value)
             VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?7)",
        )?
        .execute(params![
            row.number,
            row.kind,
            row.recorded_from,
            row.valid_from,
            row.valid_to,
            row.source,
            row.value
        ])?;
    }
    for row in &event.index.households {
        to.prepare_cached("INSERT OR IGNORE INTO household_person VALUES (?1, ?2)")?
            .execute(params![row.0, row.1])?;
    }
    for row in &event.index.relatives {
        to.prepare_cached("INSERT OR IGNORE INTO relative VALUES (?1, ?2)")?.execute(*row)?;
    }
    for row in &event.index.communes {
        to.prepare_cached("INSERT OR IGNORE INTO commune_person VALUES (?1, ?2)")?.execute(*row)?;
    }
    for entry in &event.index.entries {
        to.prepare_cached("INSERT OR IGNORE INTO search_new (entry) VALUES (?1)")?.execute([&entry[..]])?;
    }
    Ok(())
}

/// Statements of one connection.
struct Statements([Statement; 11]);

const SQL: [&str; 11] = [
    "INSERT INTO event (id, recorded_at, kind, digest, body) VALUES ($1, $2, $3, $4, $5)",
    "INSERT INTO event_person (number, recorded_at, event) VALUES ($1, $2, $3)",
    "INSERT INTO outbox (transaction, number, event, recorded_at, kinds)
     VALUES (pg_current_xact_id()::text::bigint, $1, $2, $3, $4)",
    "UPDATE fact SET recorded_to = $5
     WHERE number = $1 AND kind = $2 AND recorded_from = $3 AND valid_from = $4",
    "INSERT INTO fact (number, kind, recorded_from, valid_from, valid_to, source, value)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
    "INSERT INTO household_person VALUES ($1, $2) ON CONFLICT DO NOTHING",
    "INSERT INTO relative VALUES ($1, $2) ON CONFLICT DO NOTHING",
    "INSERT INTO commune_person VALUES ($1, $2) ON CONFLICT DO NOTHING",
    "INSERT INTO search_entry VALUES ($1) ON CONFLICT DO NOTHING",
    "UPDATE person SET version = $2 WHERE number = $1",
    "COMMIT",
];

/// Connections with their statements, to a database.
pub struct RawConnections(Vec<(Client, Statements)>);

impl RawConnections {
    /// Opens so many.
    pub async fn open(url: &str, count: usize) -> Result<Self, Failure> {
        let mut all = Vec::new();
        for _ in 0..count {
            let client = connect(url).await?;
            let statements = try_join_all(SQL.map(|sql| client.prepare(sql))).await;
            let statements = statements.map_err(|error| database_failed(&error))?;
            let statements = statements.try_into().unwrap_or_else(|_| unreachable!("one for each text"));
            all.push((client, Statements(statements)));
        }
        Ok(Self(all))
    }

    /// Writes events, each in its own transaction, on all connections at once.
    pub async fn write(&mut self, events: Vec<EventRows>) -> Result<(), Failure> {
        let (events, next) = (Arc::new(events), Arc::new(AtomicUsize::new(0)));
        let mut tasks = Vec::new();
        for (client, statements) in self.0.drain(..) {
            let (events, next) = (Arc::clone(&events), Arc::clone(&next));
            tasks.push(tokio::spawn(async move {
                while let Some(event) = events.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let written = statements.write(&client, event).await;
                    written.map_err(|error| database_failed(&error))?;
                }
                Ok((client, statements))
            }));
        }
        for task in tasks {
            self.0.push(join(task).await?);
        }
        Ok(())
    }
}

impl Statements {
    /// Sends everything of one event without waiting in between, and waits for the commit.
    async fn write(&self, client: &Client, event: &EventRows) -> Result<(), tokio_postgres::Error> {
        let Self([new, of, out, end, fact, household, relative, commune, entry, version, commit]) = self;
        let id = &event.id[..];
        let mut all: Vec<(&Statement, Vec<&(dyn ToSql + Sync)>)> =
            vec![(new, vec![&id, &event.recorded_at, &event.kind, &event.digest, &event.body])];
        for number in &event.persons {
            all.push((of, vec![number, &event.recorded_at, &id]));
            all.push((version, vec![number, &event.recorded_at]));
        }
        for row in &event.outbox {
            all.push((out, vec![&row.number, &row.event, &row.recorded_at, &row.kinds]));
        }
        for row in &event.closings {
            let cells: Vec<&(dyn ToSql + Sync)> =
                vec![&row.number, &row.kind, &row.recorded_from, &row.valid_from, &row.recorded_to];
            all.push((end, cells));
        }
        for row in &event.facts {
            let cells: Vec<&(dyn ToSql + Sync)> = vec![
                &row.number,
                &row.kind,
                &row.recorded_from,
                &row.valid_from,
                &row.valid_to,
                &row.source,
                &row.value,
            ];
            all.push((fact, cells));
        }
        for (key, number) in &event.index.households {
            all.push((household, vec![key, number]));
        }
        for (key, number) in &event.index.relatives {
            all.push((relative, vec![key, number]));
        }
        let communes = event.index.communes.iter();
        let communes: Vec<(i32, i64)> =
            communes.map(|(code, number)| (i32::try_from(*code).unwrap_or(0), *number)).collect();
        for (key, number) in &communes {
            all.push((commune, vec![key, number]));
        }
        let entries: Vec<&[u8]> = event.index.entries.iter().map(|entry| &entry[..]).collect();
        for bytes in &entries {
            all.push((entry, vec![bytes]));
        }
        all.push((commit, Vec::new()));
        let begin = client.batch_execute("BEGIN");
        let rows = all.iter().map(|(statement, cells)| client.execute(*statement, cells));
        let (started, written) = futures_util::future::join(begin, try_join_all(rows)).await;
        started.and(written.map(drop))
    }
}
