//! The communes' books of stays, and the communes that passed on.

use crate::{
    events::id,
    facts::{number_from_sql, number_to_sql, unreadable},
};
use dancu_changes::{CommandId, Stay, UnitChange};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{day_from_number, day_to_number};
use jiff::civil::Date;
use rusqlite::{Connection, Result, Row};

pub(crate) fn add(connection: &Connection, stays: &[Stay]) -> Result<()> {
    for stay in stays {
        connection
            .prepare_cached(
                "INSERT INTO stay (commune, from_day, until_day, number, event, address)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((
                stay.commune.value(),
                day_to_number(stay.from),
                day_to_number(stay.until),
                number_to_sql(stay.number),
                stay.event.0.as_bytes(),
                &stay.address,
            ))?;
    }
    Ok(())
}

/// Stays on a day by number, each person's all on one page.
pub(crate) fn list(
    connection: &Connection,
    commune: CommuneCode,
    day: Date,
    after: Option<PersonalNumber>,
    length_max: usize,
) -> Result<Vec<Stay>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, event, address, from_day, until_day FROM stay
         WHERE commune = ?1 AND until_day > ?2 AND from_day <= ?2 AND number > ?3 ORDER BY number, from_day, event",
    )?;
    let after = after.map_or(0, number_to_sql);
    let mut rows = statement.query((commune.value(), day_to_number(day), after))?;
    let mut stays: Vec<Stay> = Vec::new();
    while let Some(row) = rows.next()? {
        let number = number_from_sql(row, 0)?;
        if stays.len() >= length_max && stays.last().is_none_or(|last| last.number != number) {
            break;
        }
        let (event, address) = (CommandId(id(row, 1)?), row.get(2)?);
        stays.push(Stay { event, number, commune, address, from: date(row, 3)?, until: date(row, 4)? });
    }
    Ok(stays)
}

/// Removes stays, those that ended first before others, and the events of which no stay is left.
pub(crate) fn remove(connection: &Connection, ended_before: Date, rows_max: u32) -> Result<u64> {
    let over: Vec<(u32, i32, i64, [u8; 16])> = connection
        .prepare_cached(
            "SELECT commune, until_day, number, event FROM stay WHERE until_day <= ?1 ORDER BY until_day LIMIT ?2",
        )?
        .query_map((day_to_number(ended_before), rows_max), |row| row.try_into())?
        .collect::<Result<_>>()?;
    let mut remove = connection.prepare_cached(
        "DELETE FROM stay WHERE commune = ?1 AND until_day = ?2 AND number = ?3 AND event = ?4",
    )?;
    // A stay is known to its event only, which tells as much as the stay and so goes with it.
    let mut forget = connection.prepare_cached(
        "DELETE FROM event WHERE id = ?1 AND kind = 'notify_stay'
             AND NOT EXISTS (SELECT 1 FROM stay WHERE stay.event = event.id)",
    )?;
    for stay in &over {
        remove.execute(*stay)?;
        forget.execute([stay.3])?;
    }
    Ok(over.len() as u64)
}

pub(crate) fn add_units(connection: &Connection, units: &[UnitChange]) -> Result<()> {
    for change in units {
        connection
            .prepare_cached(
                "INSERT INTO unit_change (from_commune, into_commune, name, on_day, event)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                change.from.value(),
                change.into.value(),
                &change.name,
                day_to_number(change.on),
                change.event.0.as_bytes(),
            ))?;
    }
    Ok(())
}

pub(crate) fn unit_changes(connection: &Connection) -> Result<Vec<UnitChange>> {
    connection
        .prepare_cached(
            "SELECT from_commune, into_commune, name, on_day, event FROM unit_change ORDER BY on_day, id",
        )?
        .query_map([], |row| {
            let (from, into) = (commune(row, 0)?, commune(row, 1)?);
            let (name, on, event) = (row.get(2)?, date(row, 3)?, CommandId(id(row, 4)?));
            Ok(UnitChange { from, into, name, on, event })
        })?
        .collect()
}

fn commune(row: &Row<'_>, column: usize) -> Result<CommuneCode> {
    CommuneCode::from_value(row.get(column)?).ok_or_else(|| unreadable(column))
}

fn date(row: &Row<'_>, column: usize) -> Result<Date> {
    day_from_number(row.get(column)?).ok_or_else(|| unreadable(column))
}
