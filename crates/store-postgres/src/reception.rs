//! The reception desk's store port.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, instant_from_sql, signed, unsigned},
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::OrganisationId;
use dancu_reception::{NewVisit, ReceptionStore, Visit};
use dancu_register::day_to_number;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::civil::Date;
use tokio_postgres::Row;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl ReceptionStore for PostgresStore {
    async fn admit(&self, visit: NewVisit) -> Answer<Visit> {
        // A visit is found by its disclosure, so that what stands after a lost answer shows by admitting again.
        self.database
            .write_settled(
                &visit,
                |transaction, visit| Box::pin(admit(transaction, visit)),
                |client, visit, _| Box::pin(find(client, visit.leaf_index)),
            )
            .await
    }

    async fn visits(
        &self,
        organisation: &OrganisationId,
        day: Date,
        before: Option<u32>,
        rows_max: u32,
    ) -> Answer<Vec<Visit>> {
        let bounds = (i64::from(before.unwrap_or(u32::MAX)), i64::from(rows_max));
        self.database
            .read(&(organisation, day, bounds), |client, (organisation, day, (before, rows_max))| {
                Box::pin(async move {
                    let sql = "SELECT sequence, at_us, leaf_index, masked_name FROM visit
                               WHERE organisation = $1 AND day = $2 AND sequence < $3
                               ORDER BY sequence DESC LIMIT $4";
                    let statement = client.prepare_cached(sql).await?;
                    let day = day_to_number(*day);
                    let rows =
                        client.query(&statement, &[&organisation.as_str(), &day, before, rows_max]).await?;
                    rows.iter().map(read).collect()
                })
            })
            .await
    }

    async fn visit_count(&self, organisation: &OrganisationId, day: Date) -> Answer<u32> {
        self.database
            .read(&(organisation, day), |client, (organisation, day)| {
                Box::pin(async move {
                    let sql =
                        "SELECT coalesce(max(sequence), 0) FROM visit WHERE organisation = $1 AND day = $2";
                    let statement = client.prepare_cached(sql).await?;
                    let day = day_to_number(*day);
                    let row = client.query_one(&statement, &[&organisation.as_str(), &day]).await?;
                    sequence(cell(&row, 0)?)
                })
            })
            .await
    }
}

async fn find(client: &impl GenericClient, leaf_index: u64) -> Result<Option<Visit>> {
    let sql = "SELECT sequence, at_us, leaf_index, masked_name FROM visit WHERE leaf_index = $1";
    let statement = client.prepare_cached(sql).await?;
    let row = client.query_opt(&statement, &[&signed(leaf_index)]).await?;
    row.map(|row| read(&row)).transpose()
}

async fn admit(transaction: &Transaction<'_>, visit: &NewVisit) -> Result<Outcome<Visit>> {
    let organisation = visit.organisation.as_str();
    let day = day_to_number(visit.day);
    // One at a time for a desk's day: the next number is one more than the last.
    let sql = "SELECT pg_advisory_xact_lock(hashtextextended('visits ' || $1::text, $2::integer::bigint))";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.query(&statement, &[&organisation, &day]).await?;
    if let Some(known) = find(transaction, visit.leaf_index).await? {
        return Ok(Outcome::Undo(known));
    }
    let sql = "INSERT INTO visit (organisation, day, sequence, at_us, leaf_index, masked_name, staff)
               SELECT $1, $2, 1 + coalesce(max(sequence), 0), $3, $4, $5, $6 FROM visit
               WHERE organisation = $1 AND day = $2
               RETURNING sequence, at_us, leaf_index, masked_name";
    let statement = transaction.prepare_cached(sql).await?;
    let (at, leaf_index) = (visit.at.as_microsecond(), signed(visit.leaf_index));
    let row = transaction
        .query_one(&statement, &[&organisation, &day, &at, &leaf_index, &visit.masked_name, &visit.staff])
        .await?;
    Ok(Outcome::Keep(read(&row)?))
}

fn sequence(value: i64) -> Result<u32> {
    u32::try_from(value).map_err(|_| Fault::Damaged("a column of sequences"))
}

fn read(row: &Row) -> Result<Visit> {
    Ok(Visit {
        sequence: sequence(cell(row, 0)?)?,
        at: instant_from_sql(cell(row, 1)?)?,
        leaf_index: unsigned(cell(row, 2)?)?,
        masked_name: cell(row, 3)?,
    })
}
