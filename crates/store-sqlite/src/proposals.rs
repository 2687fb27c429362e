//! Corrections that somebody proposes.

use crate::{
    changes::limit,
    events::{body, word},
    facts::number_to_sql,
};
use dancu_changes::{Proposal, ProposalFilter, ProposalId};
use dancu_register::day_to_number;
use rusqlite::{Connection, OptionalExtension, Result, params, params_from_iter, types::Value};

/// Adds a proposal, or replaces it unless somebody else moved it.
pub(crate) fn save(
    connection: &Connection,
    proposal: &Proposal,
    moves_before: Option<usize>,
) -> Result<bool> {
    let json = serde_json::to_string(proposal).expect("a proposal is plain JSON");
    let sql = match moves_before {
        None => {
            "INSERT INTO proposal (id, number, owner, state, due, moves, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING"
        }
        Some(_) => {
            "UPDATE proposal SET number = ?2, owner = ?3, state = ?4, due = ?5, moves = ?6, body = ?7
             WHERE id = ?1 AND moves = ?8"
        }
    };
    let (id, number, owner) =
        (proposal.id.0.as_bytes(), number_to_sql(proposal.number), proposal.owner.value());
    let (state, due, moves) = (word(proposal.state), day_to_number(proposal.due), proposal.moves.len());
    let mut statement = connection.prepare_cached(sql)?;
    let saved = match moves_before {
        None => statement.execute(params![id, number, owner, state, due, moves, json])?,
        Some(before) => statement.execute(params![id, number, owner, state, due, moves, json, before])?,
    };
    Ok(saved == 1)
}

pub(crate) fn proposal(connection: &Connection, id: ProposalId) -> Result<Option<Proposal>> {
    connection
        .prepare_cached("SELECT body FROM proposal WHERE id = ?1")?
        .query_row([id.0.as_bytes()], |row| body(row, 0))
        .optional()
}

/// The earliest last day first, behind one that was shown before even if that no longer passes the filter.
pub(crate) fn list(
    connection: &Connection,
    filter: &ProposalFilter,
    after: Option<ProposalId>,
    length_max: usize,
) -> Result<Vec<Proposal>> {
    let mut conditions = vec!["TRUE"];
    let mut values = Vec::new();
    if let Some(after) = after {
        let known = connection
            .prepare_cached("SELECT due FROM proposal WHERE id = ?1")?
            .query_row([after.0.as_bytes()], |row| row.get(0))
            .optional()?;
        let Some(due) = known else { return Ok(Vec::new()) };
        conditions.push("(due, id) > (?, ?)");
        values.extend([Value::Integer(due), Value::Blob(after.0.as_bytes().to_vec())]);
    }
    if let Some(owner) = filter.owner {
        conditions.push("owner = ?");
        values.push(Value::Integer(owner.value().into()));
    }
    if let Some(number) = filter.number {
        conditions.push("number = ?");
        values.push(Value::Integer(number_to_sql(number)));
    }
    if let Some(state) = filter.state {
        conditions.push("state = ?");
        values.push(Value::Text(word(state)));
    }
    values.push(Value::Integer(limit(length_max)));
    let conditions = conditions.join(" AND ");
    connection
        .prepare_cached(&format!("SELECT body FROM proposal WHERE {conditions} ORDER BY due, id LIMIT ?"))?
        .query_map(params_from_iter(values), |row| body(row, 0))?
        .collect()
}
