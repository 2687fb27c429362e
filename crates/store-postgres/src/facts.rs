//! Rows of the tables of facts, read.

use crate::errors::{Fault, Result};
use dancu_core::PersonalNumber;
use dancu_register::{At, Fact, FactKind, FactValue, Held, KindSet, Person, day_from_number, day_to_number};
use deadpool_postgres::GenericClient;
use jiff::{Timestamp, civil::Date};
use std::{collections::HashMap, sync::Arc};
use tokio_postgres::{Row, types::FromSql};

/// A person's number as PostgreSQL keeps whole numbers.
pub(crate) fn number_to_sql(number: PersonalNumber) -> i64 {
    i64::try_from(number.value()).expect("twelve digits fit")
}

/// What stands in a column. A type that is not the expected one is damage, told without what it holds.
pub(crate) fn cell<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|_| Fault::Damaged("a column"))
}

pub(crate) fn number_from_sql(value: i64) -> Result<PersonalNumber> {
    u64::try_from(value)
        .ok()
        .and_then(PersonalNumber::from_value)
        .ok_or(Fault::Damaged("a column of personal numbers"))
}

pub(crate) fn instant_from_sql(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| Fault::Damaged("a column of instants"))
}

pub(crate) fn day_from_sql(number: i32) -> Result<Date> {
    day_from_number(number).ok_or(Fault::Damaged("a column of days"))
}

/// A count or size that is never negative.
pub(crate) fn unsigned(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| Fault::Damaged("a column of counts"))
}

/// Counts and sizes stay far below the end of PostgreSQL's whole numbers.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A length as a limit of rows.
pub(crate) fn limit(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The bits of a set of kinds; the highest kind is far below the sign.
pub(crate) fn bits(kinds: KindSet) -> i32 {
    kinds.bits().cast_signed()
}

pub(crate) fn kind_code(kind: FactKind) -> i32 {
    i32::from(kind.code())
}

fn kind_from_sql(code: i32) -> Result<FactKind> {
    u8::try_from(code).ok().and_then(FactKind::from_code).ok_or(Fault::Damaged("a column of kinds"))
}

/// The value of a fact, from the columns kind and value that begin at `first`.
pub(crate) fn stored_value(row: &Row, first: usize) -> Result<FactValue> {
    let kind = kind_from_sql(cell(row, first)?)?;
    let value: &str = cell(row, first + 1)?;
    FactValue::decode(kind, value.as_bytes()).map_err(|_| Fault::Damaged("the value of a fact"))
}

/// A fact that holds, from the columns kind, value, `valid_from`, `recorded_from` that begin at `first`.
pub(crate) fn held(row: &Row, first: usize) -> Result<Held<FactValue>> {
    Ok(Held {
        value: stored_value(row, first)?,
        valid_from: day_from_sql(cell(row, first + 2)?)?,
        recorded_from: instant_from_sql(cell(row, first + 3)?)?,
    })
}

/// The kind in a column.
pub(crate) fn stored_kind(row: &Row, column: usize) -> Result<FactKind> {
    kind_from_sql(cell(row, column)?)
}

/// Whether a row holds at a point of both time axes, from the columns `valid_from`, `recorded_from`, `valid_to`,
/// `recorded_to` that begin at `first`.
pub(crate) fn holds_at(row: &Row, first: usize, at: At) -> Result<bool> {
    let valid_to = cell::<Option<i32>>(row, first + 2)?.map(day_from_sql).transpose()?;
    let recorded_to = cell::<Option<i64>>(row, first + 3)?.map(instant_from_sql).transpose()?;
    let (valid_from, recorded_from) = (cell(row, first)?, cell(row, first + 1)?);
    Ok(at.lies_in((day_from_sql(valid_from)?, valid_to), (instant_from_sql(recorded_from)?, recorded_to)))
}

/// The person at a point of both time axes, from one scan of their rows.
pub(crate) async fn person(
    client: &impl GenericClient,
    number: PersonalNumber,
    at: At,
    kinds: KindSet,
) -> Result<Option<Person>> {
    let statement = client
        .prepare_cached(
            "SELECT kind, value, valid_from, recorded_from FROM fact
             WHERE number = $1 AND (1 << kind) & $2 <> 0
               AND valid_from <= $3 AND (valid_to IS NULL OR $3 < valid_to)
               AND recorded_from <= $4 AND (recorded_to IS NULL OR $4 < recorded_to)",
        )
        .await?;
    let known_at = at.known_at.as_microsecond();
    let rows = client
        .query(&statement, &[&number_to_sql(number), &bits(kinds), &day_to_number(at.as_of), &known_at])
        .await?;
    let mut person: Option<Person> = None;
    for row in &rows {
        person.get_or_insert_with(|| Person::new(number)).hold(held(row, 0)?);
    }
    Ok(person)
}

/// Every row of a person by kind, time of record and validity, the sealed kinds left out.
pub(crate) async fn history(client: &impl GenericClient, number: PersonalNumber) -> Result<Vec<Fact>> {
    let sql = "SELECT number, kind, value, valid_from, valid_to, recorded_from, recorded_to, name
               FROM fact JOIN fact_source ON fact_source.id = source
               WHERE number = $1 ORDER BY kind, recorded_from, valid_from";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&number_to_sql(number)]).await?;
    rows.iter().map(|row| fact(row, false)).collect()
}

/// Every row of the sealed kinds of a person, in the same order.
pub(crate) async fn sealed_history(client: &impl GenericClient, number: PersonalNumber) -> Result<Vec<Fact>> {
    let sql = "SELECT number, kind, value, valid_from, valid_to, recorded_from, recorded_to, name
               FROM sealed_fact JOIN fact_source ON fact_source.id = source
               WHERE number = $1 ORDER BY kind, recorded_from, valid_from";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&number_to_sql(number)]).await?;
    rows.iter().map(|row| fact(row, true)).collect()
}

/// The histories of many persons at once, by number; whoever is not known is not in it.
pub(crate) async fn histories(
    client: &impl GenericClient,
    numbers: &[i64],
) -> Result<HashMap<i64, Vec<Fact>>> {
    let mut histories: HashMap<i64, Vec<Fact>> = HashMap::new();
    if numbers.is_empty() {
        return Ok(histories);
    }
    let sql = "SELECT number, kind, value, valid_from, valid_to, recorded_from, recorded_to, name
               FROM fact JOIN fact_source ON fact_source.id = source
               WHERE number = ANY ($1) ORDER BY number, kind, recorded_from, valid_from";
    let statement = client.prepare_cached(sql).await?;
    for row in &client.query(&statement, &[&numbers]).await? {
        histories.entry(cell(row, 0)?).or_default().push(fact(row, false)?);
    }
    Ok(histories)
}

/// Adds every row of the sealed kinds of persons to what else is known of them, who have something else.
pub(crate) async fn add_sealed(
    client: &impl GenericClient,
    numbers: &[i64],
    histories: &mut HashMap<i64, Vec<Fact>>,
) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let sql = "SELECT number, kind, value, valid_from, valid_to, recorded_from, recorded_to, name
               FROM sealed_fact JOIN fact_source ON fact_source.id = source
               WHERE number = ANY ($1) ORDER BY number, kind, recorded_from, valid_from";
    let statement = client.prepare_cached(sql).await?;
    for row in &client.query(&statement, &[&numbers]).await? {
        if let Some(history) = histories.get_mut(&cell(row, 0)?) {
            history.push(fact(row, true)?);
        }
    }
    Ok(())
}

/// A fact from the columns of a history.
pub(crate) fn fact(row: &Row, is_sealed: bool) -> Result<Fact> {
    let stored: &[u8] = if is_sealed { cell(row, 2)? } else { cell::<&str>(row, 2)?.as_bytes() };
    let source: &str = cell(row, 7)?;
    fact_of(row, stored, source.into())
}

/// A fact that is not sealed, from the columns of a history, with the name of its source.
pub(crate) fn fact_from(row: &Row, source: Arc<str>) -> Result<Fact> {
    fact_of(row, cell::<&str>(row, 2)?.as_bytes(), source)
}

fn fact_of(row: &Row, stored: &[u8], source: Arc<str>) -> Result<Fact> {
    let kind = kind_from_sql(cell(row, 1)?)?;
    Ok(Fact {
        number: number_from_sql(cell(row, 0)?)?,
        value: FactValue::decode(kind, stored).map_err(|_| Fault::Damaged("the value of a fact"))?,
        valid_from: day_from_sql(cell(row, 3)?)?,
        valid_to: cell::<Option<i32>>(row, 4)?.map(day_from_sql).transpose()?,
        recorded_from: instant_from_sql(cell(row, 5)?)?,
        recorded_to: cell::<Option<i64>>(row, 6)?.map(instant_from_sql).transpose()?,
        source,
    })
}
