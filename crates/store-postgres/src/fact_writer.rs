//! Rows of the tables of facts and of their indexes, gathered and then written in a few statements.

use crate::{
    errors::{Fault, Result},
    facts::{kind_code, number_to_sql},
    search::SearchWriter,
};
use dancu_core::PersonalNumber;
use dancu_register::{Belief, Change, FactValue, communes, day_to_number, links};
use deadpool_postgres::{GenericClient, Transaction};
use futures_util::future::try_join4;
use jiff::Timestamp;
use std::{collections::HashMap, pin::pin, sync::Arc};
use tokio_postgres::{
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

/// Rows from which writing them through COPY is worth its own round trips.
const COPY_ROWS_MIN: usize = 200;

/// One new row of `fact`.
struct Row {
    number: i64,
    kind: i32,
    recorded_from: i64,
    valid_from: i32,
    valid_to: Option<i32>,
    source: i64,
    value: String,
}

/// One new row of `sealed_fact`.
struct SealedRow {
    number: i64,
    kind: i32,
    recorded_from: i64,
    valid_from: i32,
    valid_to: Option<i32>,
    source: i64,
    value: Arc<[u8]>,
}

/// Ends of records, one column each.
#[derive(Default)]
struct Closings {
    numbers: Vec<i64>,
    kinds: Vec<i32>,
    recorded_from: Vec<i64>,
    valid_from: Vec<i32>,
    recorded_to: Vec<i64>,
}

/// Gathers what a transaction writes to facts.
#[derive(Default)]
pub(crate) struct FactWriter {
    rows: Vec<Row>,
    sealed: Vec<SealedRow>,
    closings: Closings,
    sealed_closings: Closings,
    households: Vec<(String, i64)>,
    relatives: Vec<(i64, i64)>,
    communes: Vec<(i32, i64)>,
    search: SearchWriter,
}

impl FactWriter {
    /// A belief about a person of whom nothing is recorded at that instant yet.
    pub(crate) fn insert(
        &mut self,
        number: PersonalNumber,
        belief: &Belief,
        recorded_from: Timestamp,
        source: i64,
    ) {
        self.search.note(number, &belief.value);
        let number = number_to_sql(number);
        let kind = kind_code(belief.value.kind());
        let recorded_from = recorded_from.as_microsecond();
        let valid_from = day_to_number(belief.valid_from);
        let valid_to = belief.valid_to.map(day_to_number);
        if let FactValue::Sealed(sealed) = &belief.value {
            let value = Arc::clone(&sealed.bytes);
            self.sealed.push(SealedRow { number, kind, recorded_from, valid_from, valid_to, source, value });
            return;
        }
        let mut json = Vec::new();
        belief.value.encode(&mut json);
        let value = String::from_utf8(json).expect("JSON is UTF-8");
        self.rows.push(Row { number, kind, recorded_from, valid_from, valid_to, source, value });
        if let FactValue::Residence(residence) = &belief.value
            && let Some(household) = &residence.household
        {
            self.households.push((household.as_str().to_owned(), number));
        }
        let named = links(&belief.value).into_iter().map(|(relative, _)| (number_to_sql(relative), number));
        self.relatives.extend(named);
        self.communes.extend(communes(&belief.value).map(|commune| (commune.value().cast_signed(), number)));
    }

    /// Changes to the rows of one person. `sources` has the number of every source that they name.
    pub(crate) fn change(
        &mut self,
        number: PersonalNumber,
        changes: &[Change],
        sources: &HashMap<Arc<str>, i64>,
    ) -> Result<()> {
        for change in changes {
            match change {
                Change::Close { kind, recorded_from, valid_from, recorded_to } => {
                    let table = if kind.is_sealed() { &mut self.sealed_closings } else { &mut self.closings };
                    table.numbers.push(number_to_sql(number));
                    table.kinds.push(kind_code(*kind));
                    table.recorded_from.push(recorded_from.as_microsecond());
                    table.valid_from.push(day_to_number(*valid_from));
                    table.recorded_to.push(recorded_to.as_microsecond());
                }
                Change::Insert(fact) => {
                    let source = sources.get(&fact.source);
                    let source = *source.ok_or(Fault::Defect("a source of facts has no number"))?;
                    let belief = Belief {
                        value: fact.value.clone(),
                        valid_from: fact.valid_from,
                        valid_to: fact.valid_to,
                    };
                    self.insert(number, &belief, fact.recorded_from, source);
                }
            }
        }
        Ok(())
    }

    /// Writes everything: ends of records first, since a new row may take the place of an old one.
    pub(crate) async fn finish(mut self, transaction: &Transaction<'_>) -> Result<()> {
        let end = "UPDATE fact SET recorded_to = c.recorded_to
             FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::integer[], $5::bigint[])
                 AS c (number, kind, recorded_from, valid_from, recorded_to)
             WHERE fact.number = c.number AND fact.kind = c.kind AND fact.recorded_from = c.recorded_from
               AND fact.valid_from = c.valid_from AND fact.recorded_to IS NULL";
        close(transaction, end, &self.closings).await?;
        let end = "UPDATE sealed_fact SET recorded_to = c.recorded_to
             FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::integer[], $5::bigint[])
                 AS c (number, kind, recorded_from, valid_from, recorded_to)
             WHERE sealed_fact.number = c.number AND sealed_fact.kind = c.kind
               AND sealed_fact.recorded_from = c.recorded_from
               AND sealed_fact.valid_from = c.valid_from AND sealed_fact.recorded_to IS NULL";
        close(transaction, end, &self.sealed_closings).await?;
        // In the order of the key, so that each page of the index is touched once.
        self.rows.sort_unstable_by_key(|row| (row.number, row.kind, row.recorded_from, row.valid_from));
        if self.rows.len() < COPY_ROWS_MIN {
            insert_rows(transaction, &self.rows).await?;
        } else {
            copy_rows(transaction, &self.rows).await?;
        }
        insert_sealed(transaction, &self.sealed).await?;
        self.fill_indexes(transaction).await
    }

    async fn fill_indexes(self, transaction: &Transaction<'_>) -> Result<()> {
        let (names, members): (Vec<String>, Vec<i64>) = in_order(self.households).into_iter().unzip();
        let households = "INSERT INTO household_person SELECT * FROM unnest($1::text[], $2::bigint[])
                          ON CONFLICT DO NOTHING";
        let (relatives_of, naming): (Vec<i64>, Vec<i64>) = in_order(self.relatives).into_iter().unzip();
        let relatives = "INSERT INTO relative SELECT * FROM unnest($1::bigint[], $2::bigint[])
                         ON CONFLICT DO NOTHING";
        let (codes, residents): (Vec<i32>, Vec<i64>) = in_order(self.communes).into_iter().unzip();
        let communes = "INSERT INTO commune_person SELECT * FROM unnest($1::integer[], $2::bigint[])
                        ON CONFLICT DO NOTHING";
        // Sent together: none waits for another's answer.
        try_join4(
            run(transaction, households, members.len(), &[&names, &members]),
            run(transaction, relatives, naming.len(), &[&relatives_of, &naming]),
            run(transaction, communes, residents.len(), &[&codes, &residents]),
            self.search.finish(transaction),
        )
        .await
        .map(drop)
    }
}

fn in_order<T: Ord>(mut entries: Vec<T>) -> Vec<T> {
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// Runs a statement unless it has no rows to write.
async fn run(
    transaction: &Transaction<'_>,
    sql: &str,
    rows: usize,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<()> {
    if rows > 0 {
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, parameters).await?;
    }
    Ok(())
}

async fn close(transaction: &Transaction<'_>, sql: &str, closings: &Closings) -> Result<()> {
    let Closings { numbers, kinds, recorded_from, valid_from, recorded_to } = closings;
    if numbers.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(sql).await?;
    let closed =
        transaction.execute(&statement, &[numbers, kinds, recorded_from, valid_from, recorded_to]).await?;
    if closed == numbers.len() as u64 { Ok(()) } else { Err(Fault::Defect("a row to be closed is not open")) }
}

async fn insert_rows(transaction: &Transaction<'_>, rows: &[Row]) -> Result<()> {
    let sql = "INSERT INTO fact (number, kind, recorded_from, valid_from, valid_to, source, value)
               SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::integer[],
                   $5::integer[], $6::bigint[], $7::text[])";
    let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
    let kinds: Vec<_> = rows.iter().map(|row| row.kind).collect();
    let recorded_from: Vec<_> = rows.iter().map(|row| row.recorded_from).collect();
    let valid_from: Vec<_> = rows.iter().map(|row| row.valid_from).collect();
    let valid_to: Vec<_> = rows.iter().map(|row| row.valid_to).collect();
    let sources: Vec<_> = rows.iter().map(|row| row.source).collect();
    let values: Vec<_> = rows.iter().map(|row| row.value.as_str()).collect();
    let columns: &[&(dyn ToSql + Sync)] =
        &[&numbers, &kinds, &recorded_from, &valid_from, &valid_to, &sources, &values];
    run(transaction, sql, rows.len(), columns).await
}

async fn insert_sealed(transaction: &Transaction<'_>, rows: &[SealedRow]) -> Result<()> {
    let sql = "INSERT INTO sealed_fact (number, kind, recorded_from, valid_from, valid_to, source, value)
               SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::integer[],
                   $5::integer[], $6::bigint[], $7::bytea[])";
    let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
    let kinds: Vec<_> = rows.iter().map(|row| row.kind).collect();
    let recorded_from: Vec<_> = rows.iter().map(|row| row.recorded_from).collect();
    let valid_from: Vec<_> = rows.iter().map(|row| row.valid_from).collect();
    let valid_to: Vec<_> = rows.iter().map(|row| row.valid_to).collect();
    let sources: Vec<_> = rows.iter().map(|row| row.source).collect();
    let values: Vec<&[u8]> = rows.iter().map(|row| &*row.value).collect();
    let columns: &[&(dyn ToSql + Sync)] =
        &[&numbers, &kinds, &recorded_from, &valid_from, &valid_to, &sources, &values];
    run(transaction, sql, rows.len(), columns).await
}

async fn copy_rows(transaction: &Transaction<'_>, rows: &[Row]) -> Result<()> {
    let types = [Type::INT8, Type::INT4, Type::INT8, Type::INT4, Type::INT4, Type::INT8, Type::TEXT];
    let sql = "COPY fact (number, kind, recorded_from, valid_from, valid_to, source, value)
               FROM STDIN (FORMAT binary)";
    let sink = transaction.copy_in(sql).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for row in rows {
        let columns: [&(dyn ToSql + Sync); 7] = [
            &row.number,
            &row.kind,
            &row.recorded_from,
            &row.valid_from,
            &row.valid_to,
            &row.source,
            &row.value,
        ];
        writer.as_mut().write(&columns).await?;
    }
    writer.finish().await?;
    Ok(())
}

/// The number of a source, which is created if it is new. Apart from any transaction, so that nobody waits for
/// another's commit; a source that is not used does no harm.
pub(crate) async fn source_number(client: &impl GenericClient, name: &str) -> Result<i64> {
    let find = client.prepare_cached("SELECT id FROM fact_source WHERE name = $1").await?;
    if let Some(row) = client.query_opt(&find, &[&name]).await? {
        return Ok(row.try_get(0)?);
    }
    let add = "INSERT INTO fact_source (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
    client.execute(add, &[&name]).await?;
    Ok(client.query_one(&find, &[&name]).await?.try_get(0)?)
}
