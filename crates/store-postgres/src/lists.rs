//! Findings, proposals, stays and changes of units: bodies of JSON with the columns by which lists are ordered.

use crate::{
    changes::command_id,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, day_from_sql, limit, number_from_sql, number_to_sql},
};
use dancu_changes::{
    Finding, FindingFilter, FindingId, Proposal, ProposalFilter, ProposalId, Stay, UnitChange,
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::day_to_number;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::civil::Date;
use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Fault::Defect("a value has no JSON"))
}

pub(crate) fn from_json<T: DeserializeOwned>(row: &Row) -> Result<T> {
    serde_json::from_str(cell(row, 0)?).map_err(|_| Fault::Damaged("a body"))
}

/// The word of a state or kind, as its JSON has it.
fn word(value: &impl Serialize) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(Fault::Defect("a state has no word")),
    }
}

fn code(commune: CommuneCode) -> i32 {
    commune.value().cast_signed()
}

fn commune_from_sql(code: i32) -> Result<CommuneCode> {
    u32::try_from(code).ok().and_then(CommuneCode::from_value).ok_or(Fault::Damaged("a column of communes"))
}

/// The body with an identifier.
pub(crate) async fn one<T: DeserializeOwned>(
    client: &impl GenericClient,
    sql: &str,
    id: Uuid,
) -> Result<Option<T>> {
    let statement = client.prepare_cached(sql).await?;
    let row = client.query_opt(&statement, &[&id.as_bytes().as_slice()]).await?;
    row.map(|row| from_json(&row)).transpose()
}

/// What a table holds of a person by the columns of `(table, time)`, the newest first, after (in that order) one that was shown
/// before; nothing after one that is not theirs.
pub(crate) async fn newest_of<T: DeserializeOwned>(
    client: &impl GenericClient,
    (table, time): (&str, &str),
    number: PersonalNumber,
    after: Option<Uuid>,
    length_max: usize,
) -> Result<Vec<T>> {
    let number = number_to_sql(number);
    let (mut before, mut last) = (i64::MAX, [u8::MAX; 16]);
    if let Some(id) = after {
        let statement = client
            .prepare_cached(&format!("SELECT {time} FROM {table} WHERE id = $1 AND number = $2"))
            .await?;
        let row = client.query_opt(&statement, &[&id.as_bytes().as_slice(), &number]).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        (before, last) = (cell(&row, 0)?, *id.as_bytes());
    }
    let sql = format!(
        "SELECT body FROM {table} WHERE number = $1 AND ({time}, id) < ($2, $3)
         ORDER BY {time} DESC, id DESC LIMIT $4"
    );
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &[&number, &before, &last.as_slice(), &limit(length_max)]).await?;
    rows.iter().map(from_json).collect()
}

/// Adds findings; those that are known stay. Says how many were new.
pub(crate) async fn add_findings<'f>(
    transaction: &Transaction<'_>,
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Result<u64> {
    let findings: Vec<&Finding> = findings.into_iter().collect();
    if findings.is_empty() {
        return Ok(0);
    }
    let ids: Vec<&[u8]> = findings.iter().map(|finding| finding.id.0.as_bytes().as_slice()).collect();
    let kinds = findings.iter().map(|finding| word(&finding.kind)).collect::<Result<Vec<_>>>()?;
    let owners: Vec<Option<i32>> = findings.iter().map(|finding| finding.owner.map(code)).collect();
    let states = findings.iter().map(|finding| word(&finding.state)).collect::<Result<Vec<_>>>()?;
    let times: Vec<i64> = findings.iter().map(|finding| finding.found_at.as_microsecond()).collect();
    let due: Vec<i32> = findings.iter().map(|finding| day_to_number(finding.due)).collect();
    let moves: Vec<i64> = findings.iter().map(|finding| limit(finding.moves.len())).collect();
    let bodies = findings.iter().map(|finding| to_json(*finding)).collect::<Result<Vec<_>>>()?;
    let sql = "INSERT INTO finding (id, kind, owner, state, found_at, due, moves, body)
               SELECT * FROM unnest($1::bytea[], $2::text[], $3::integer[], $4::text[], $5::bigint[], $6::integer[],
                   $7::bigint[], $8::text[]) ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    let columns: [&(dyn ToSql + Sync); 8] = [&ids, &kinds, &owners, &states, &times, &due, &moves, &bodies];
    Ok(transaction.execute(&statement, &columns).await?)
}

/// Replaces a finding that still has so many moves.
pub(crate) async fn save_finding(
    transaction: &Transaction<'_>,
    finding: &Finding,
    moves_before: usize,
) -> Result<Outcome<bool>> {
    let sql =
        "UPDATE finding SET kind = $3, owner = $4, state = $5, found_at = $6, due = $7, moves = $8, body = $9
               WHERE id = $1 AND moves = $2";
    let columns: [&(dyn ToSql + Sync); 9] = [
        &finding.id.0.as_bytes().as_slice(),
        &limit(moves_before),
        &word(&finding.kind)?,
        &finding.owner.map(code),
        &word(&finding.state)?,
        &finding.found_at.as_microsecond(),
        &day_to_number(finding.due),
        &limit(finding.moves.len()),
        &to_json(finding)?,
    ];
    Ok(Outcome::Keep(transaction.execute(sql, &columns).await? == 1))
}

/// Findings, the newest first. The page goes on behind what was shown even if that no longer passes the filter.
pub(crate) async fn findings(
    transaction: &Transaction<'_>,
    filter: &FindingFilter,
    after: Option<FindingId>,
    length_max: usize,
) -> Result<Vec<Finding>> {
    let after_id = after.map(|id| id.0.as_bytes().to_vec());
    let mut start: Option<i64> = None;
    if let Some(id) = &after_id {
        let row = transaction.query_opt("SELECT found_at FROM finding WHERE id = $1", &[id]).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        start = Some(cell(&row, 0)?);
    }
    let owner = filter.owner.map(code);
    let state = filter.state.as_ref().map(word).transpose()?;
    let kind = filter.kind.as_ref().map(word).transpose()?;
    let sql = "SELECT body FROM finding
               WHERE ($1::integer IS NULL OR owner = $1) AND ($2::text IS NULL OR state = $2)
                 AND ($3::text IS NULL OR kind = $3)
                 AND ($4::bigint IS NULL OR (found_at, id) < ($4, $5::bytea))
               ORDER BY found_at DESC, id DESC LIMIT $6";
    // Not a statement that is kept: its plan depends on which filters are there.
    let rows =
        transaction.query(sql, &[&owner, &state, &kind, &start, &after_id, &limit(length_max)]).await?;
    rows.iter().map(from_json).collect()
}

/// Adds a proposal that must be new, or replaces one that still has so many moves.
pub(crate) async fn save_proposal(
    transaction: &Transaction<'_>,
    proposal: &Proposal,
    moves_before: Option<usize>,
) -> Result<Outcome<bool>> {
    let id = proposal.id.0.as_bytes().as_slice();
    let (number, owner) = (number_to_sql(proposal.number), code(proposal.owner));
    let (state, due) = (word(&proposal.state)?, day_to_number(proposal.due));
    let (moves, body) = (limit(proposal.moves.len()), to_json(proposal)?);
    let columns: [&(dyn ToSql + Sync); 7] = [&id, &number, &owner, &state, &due, &moves, &body];
    let written = match moves_before {
        None => {
            let sql = "INSERT INTO proposal (id, number, owner, state, due, moves, body)
                       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
            transaction.execute(sql, &columns).await?
        }
        Some(before) => {
            let sql =
                "UPDATE proposal SET number = $2, owner = $3, state = $4, due = $5, moves = $6, body = $7
                       WHERE id = $1 AND moves = $8";
            let before = limit(before);
            let columns: Vec<&(dyn ToSql + Sync)> = columns.into_iter().chain([&before as _]).collect();
            transaction.execute(sql, &columns).await?
        }
    };
    Ok(Outcome::Keep(written == 1))
}

/// Proposals by their last day, the earliest first.
pub(crate) async fn proposals(
    transaction: &Transaction<'_>,
    filter: &ProposalFilter,
    after: Option<ProposalId>,
    length_max: usize,
) -> Result<Vec<Proposal>> {
    let after_id = after.map(|id| id.0.as_bytes().to_vec());
    let mut start: Option<i32> = None;
    if let Some(id) = &after_id {
        let row = transaction.query_opt("SELECT due FROM proposal WHERE id = $1", &[id]).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        start = Some(cell(&row, 0)?);
    }
    let owner = filter.owner.map(code);
    let number = filter.number.map(number_to_sql);
    let state = filter.state.as_ref().map(word).transpose()?;
    let sql = "SELECT body FROM proposal
               WHERE ($1::integer IS NULL OR owner = $1) AND ($2::bigint IS NULL OR number = $2)
                 AND ($3::text IS NULL OR state = $3)
                 AND ($4::integer IS NULL OR (due, id) > ($4, $5::bytea))
               ORDER BY due, id LIMIT $6";
    let rows =
        transaction.query(sql, &[&owner, &number, &state, &start, &after_id, &limit(length_max)]).await?;
    rows.iter().map(from_json).collect()
}

/// Puts stays in the books of their communes.
pub(crate) async fn insert_stays(transaction: &Transaction<'_>, stays: &[Stay]) -> Result<()> {
    let sql = "INSERT INTO stay (commune, from_day, until_day, number, event, address)
               VALUES ($1, $2, $3, $4, $5, $6)";
    for stay in stays {
        let statement = transaction.prepare_cached(sql).await?;
        let columns: [&(dyn ToSql + Sync); 6] = [
            &code(stay.commune),
            &day_to_number(stay.from),
            &day_to_number(stay.until),
            &number_to_sql(stay.number),
            &stay.event.0.as_bytes().as_slice(),
            &stay.address,
        ];
        transaction.execute(&statement, &columns).await?;
    }
    Ok(())
}

/// Stays in a commune on a day.
pub(crate) async fn stays(
    client: &impl GenericClient,
    commune: CommuneCode,
    day: Date,
    after: Option<PersonalNumber>,
    length_max: usize,
) -> Result<Vec<Stay>> {
    // A page ends between two persons: whoever is on it is there with every stay.
    let sql = "SELECT from_day, until_day, number, event, address FROM stay
               WHERE commune = $1 AND from_day <= $2 AND until_day > $2 AND number > $3
               ORDER BY number FETCH FIRST $4 ROWS WITH TIES";
    let statement = client.prepare_cached(sql).await?;
    let after = after.map_or(-1, number_to_sql);
    let rows =
        client.query(&statement, &[&code(commune), &day_to_number(day), &after, &limit(length_max)]).await?;
    let mut stays: Vec<Stay> = rows
        .iter()
        .map(|row| {
            Ok(Stay {
                event: command_id(cell(row, 3)?)?,
                number: number_from_sql(cell(row, 2)?)?,
                commune,
                address: cell(row, 4)?,
                from: day_from_sql(cell(row, 0)?)?,
                until: day_from_sql(cell(row, 1)?)?,
            })
        })
        .collect::<Result<_>>()?;
    stays.sort_by_key(|stay| (stay.number, stay.from, stay.event));
    Ok(stays)
}

/// Removes stays that ended before a day, with the events that notified them.
pub(crate) async fn remove_stays(
    transaction: &Transaction<'_>,
    ended_before: Date,
    rows_max: u32,
) -> Result<Outcome<u64>> {
    let sql = "DELETE FROM stay WHERE (commune, until_day, number, event) IN (
                   SELECT commune, until_day, number, event FROM stay
                   WHERE until_day <= $1 ORDER BY until_day LIMIT $2)
               RETURNING event";
    let rows = transaction.query(sql, &[&day_to_number(ended_before), &i64::from(rows_max)]).await?;
    let events: Vec<&[u8]> = rows.iter().map(|row| cell(row, 0)).collect::<Result<_>>()?;
    let sql = "DELETE FROM event WHERE id = ANY ($1) AND kind = 'notify_stay'
                 AND NOT EXISTS (SELECT 1 FROM stay WHERE stay.event = event.id)";
    transaction.execute(sql, &[&events]).await?;
    Ok(Outcome::Keep(rows.len() as u64))
}

/// Keeps that units pass on.
pub(crate) async fn insert_units(transaction: &Transaction<'_>, units: &[UnitChange]) -> Result<()> {
    let sql = "INSERT INTO unit_change (from_commune, into_commune, name, on_day, event)
               VALUES ($1, $2, $3, $4, $5)";
    for unit in units {
        let columns: [&(dyn ToSql + Sync); 5] = [
            &code(unit.from),
            &code(unit.into),
            &unit.name,
            &day_to_number(unit.on),
            &unit.event.0.as_bytes().as_slice(),
        ];
        transaction.execute(sql, &columns).await?;
    }
    Ok(())
}

/// Every change of units, in the order of their days.
pub(crate) async fn unit_changes(client: &impl GenericClient) -> Result<Vec<UnitChange>> {
    let sql = "SELECT from_commune, into_commune, name, on_day, event FROM unit_change ORDER BY on_day, id";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(UnitChange {
                from: commune_from_sql(cell(row, 0)?)?,
                into: commune_from_sql(cell(row, 1)?)?,
                name: cell(row, 2)?,
                on: day_from_sql(cell(row, 3)?)?,
                event: command_id(cell(row, 4)?)?,
            })
        })
        .collect()
}
