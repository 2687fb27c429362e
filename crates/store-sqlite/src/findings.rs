//! What was found odd.

use crate::{
    changes::limit,
    events::{body, word},
};
use dancu_changes::{Finding, FindingFilter, FindingId};
use dancu_core::CommuneCode;
use dancu_register::day_to_number;
use rusqlite::{Connection, OptionalExtension, Result, params, params_from_iter, types::Value};

/// Adds what is not known yet; says how many.
pub(crate) fn add(connection: &Connection, findings: &[Finding]) -> Result<u64> {
    let mut added = 0;
    for finding in findings {
        let new = connection
            .prepare_cached(
                "INSERT INTO finding (id, kind, owner, state, found_at, due, moves, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
            )?
            .execute(params![
                finding.id.0.as_bytes(),
                word(finding.kind),
                finding.owner.map(CommuneCode::value),
                word(finding.state),
                finding.found_at.as_microsecond(),
                day_to_number(finding.due),
                finding.moves.len(),
                json(finding),
            ])?;
        added += u64::from(new == 1);
    }
    Ok(added)
}

fn json(finding: &Finding) -> String {
    serde_json::to_string(finding).expect("a finding is plain JSON")
}

pub(crate) fn finding(connection: &Connection, id: FindingId) -> Result<Option<Finding>> {
    connection
        .prepare_cached("SELECT body FROM finding WHERE id = ?1")?
        .query_row([id.0.as_bytes()], |row| body(row, 0))
        .optional()
}

/// The newest first, behind one that was shown before even if that no longer passes the filter.
pub(crate) fn list(
    connection: &Connection,
    filter: &FindingFilter,
    after: Option<FindingId>,
    length_max: usize,
) -> Result<Vec<Finding>> {
    let mut conditions = vec!["TRUE"];
    let mut values = Vec::new();
    if let Some(after) = after {
        let known = connection
            .prepare_cached("SELECT found_at FROM finding WHERE id = ?1")?
            .query_row([after.0.as_bytes()], |row| row.get(0))
            .optional()?;
        let Some(found_at) = known else { return Ok(Vec::new()) };
        conditions.push("(found_at, id) < (?, ?)");
        values.extend([Value::Integer(found_at), Value::Blob(after.0.as_bytes().to_vec())]);
    }
    if let Some(owner) = filter.owner {
        conditions.push("owner = ?");
        values.push(Value::Integer(owner.value().into()));
    }
    if let Some(state) = filter.state {
        conditions.push("state = ?");
        values.push(Value::Text(word(state)));
    }
    if let Some(kind) = filter.kind {
        conditions.push("kind = ?");
        values.push(Value::Text(word(kind)));
    }
    values.push(Value::Integer(limit(length_max)));
    let conditions = conditions.join(" AND ");
    connection
        .prepare_cached(&format!(
            "SELECT body FROM finding WHERE {conditions} ORDER BY found_at DESC, id DESC LIMIT ?"
        ))?
        .query_map(params_from_iter(values), |row| body(row, 0))?
        .collect()
}

/// Replaces a finding unless somebody else moved it.
pub(crate) fn save(connection: &Connection, finding: &Finding, moves_before: usize) -> Result<bool> {
    let saved = connection
        .prepare_cached(
            "UPDATE finding SET kind = ?2, owner = ?3, state = ?4, found_at = ?5, due = ?6, moves = ?7, body = ?8
             WHERE id = ?1 AND moves = ?9",
        )?
        .execute(params![
            finding.id.0.as_bytes(),
            word(finding.kind),
            finding.owner.map(CommuneCode::value),
            word(finding.state),
            finding.found_at.as_microsecond(),
            day_to_number(finding.due),
            finding.moves.len(),
            json(finding),
            moves_before,
        ])?;
    Ok(saved == 1)
}
