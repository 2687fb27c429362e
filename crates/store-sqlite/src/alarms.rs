//! Alarms on `register.db`.

use crate::{
    SqliteStore,
    changes::limit,
    exchange::{from_json, id, to_json},
    facts::{number_from_sql, number_to_sql, unreadable},
};
use async_trait::async_trait;
use dancu_alarms::{Alarm, AlarmCursor, AlarmId, AlarmList, AlarmState, AlarmStore};
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::OrganisationId;
use dancu_register::{day_from_number, day_to_number};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

type Outcome<T> = std::result::Result<T, StoreError>;

const COLUMNS: &str = "id, found, evidence, care, version";

#[async_trait]
impl AlarmStore for SqliteStore {
    async fn alarm_cursors(&self) -> Outcome<Vec<AlarmCursor>> {
        self.database().read(|connection| {
            let sql = "SELECT log, day, day_start, next FROM alarm_cursor ORDER BY log";
            connection.prepare_cached(sql)?.query_map([], cursor)?.collect()
        })
    }

    async fn save_watch(&self, alarms: Vec<Alarm>, cursor: AlarmCursor) -> Outcome<u64> {
        self.database()
            .write(move |connection| {
                let mut new = 0;
                for alarm in &alarms {
                    new += u64::from(add(connection, alarm)?);
                }
                let sql = "INSERT INTO alarm_cursor (log, day, day_start, next) VALUES (?1, ?2, ?3, ?4)
                           ON CONFLICT (log) DO UPDATE SET day = excluded.day, day_start = excluded.day_start,
                               next = excluded.next";
                let (day, start, next) = (day_to_number(cursor.day), cursor.day_start, cursor.next);
                connection.prepare_cached(sql)?.execute(params![cursor.log, day, start, next])?;
                Ok(new)
            })
            .await
    }

    async fn alarm(&self, id: AlarmId) -> Outcome<Option<Alarm>> {
        self.database().read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM alarm WHERE id = ?1");
            connection.prepare_cached(&sql)?.query_row([id.0.as_bytes()], alarm).optional()
        })
    }

    async fn alarms(
        &self,
        list: AlarmList,
        after: Option<AlarmId>,
        length_max: usize,
    ) -> Outcome<Vec<Alarm>> {
        self.database().read_snapshot(|connection| page(connection, list, after, length_max))
    }

    async fn save_alarm(&self, alarm: Alarm) -> Outcome<bool> {
        self.database()
            .write(move |connection| {
                let notice = alarm.care.notice.as_ref();
                let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
                let sql = "UPDATE alarm SET is_open = ?2, notice_due_us = ?3, given_us = ?4, deliver_us = ?5,
                               version = ?6, care = ?7
                           WHERE id = ?1 AND version = ?6 - 1";
                let saved = connection.prepare_cached(sql)?.execute(params![
                    alarm.id.0.as_bytes(),
                    alarm.care.state == AlarmState::Open,
                    micros(notice.filter(|notice| notice.given_at.is_none()).map(|notice| notice.due)),
                    micros(notice.and_then(|notice| notice.given_at)),
                    micros(notice.and_then(|notice| notice.next_try_at)),
                    alarm.version,
                    to_json(&alarm.care)?,
                ])?;
                Ok(saved == 1)
            })
            .await
    }

    async fn notices(&self, organisation: &OrganisationId, length_max: usize) -> Outcome<Vec<Alarm>> {
        self.database().read(|connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM alarm WHERE organisation = ?1 AND given_us IS NOT NULL
                 ORDER BY given_us DESC, id DESC LIMIT ?2"
            );
            let wanted = params![organisation.as_str(), limit(length_max)];
            connection.prepare_cached(&sql)?.query_map(wanted, alarm)?.collect()
        })
    }

    async fn notices_to_deliver(&self, now: Timestamp, length_max: usize) -> Outcome<Vec<Alarm>> {
        self.database().read(|connection| {
            let sql =
                format!("SELECT {COLUMNS} FROM alarm WHERE deliver_us <= ?1 ORDER BY deliver_us LIMIT ?2");
            let wanted = params![now.as_microsecond(), limit(length_max)];
            connection.prepare_cached(&sql)?.query_map(wanted, alarm)?.collect()
        })
    }

    async fn own_number(&self, staff: &str) -> Outcome<Option<PersonalNumber>> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT number FROM staff_number WHERE staff = ?1")?
                .query_row([staff], |row| number_from_sql(row, 0))
                .optional()
        })
    }

    async fn put_own_number(&self, staff: &str, number: Option<PersonalNumber>) -> Outcome<()> {
        let staff = staff.to_owned();
        self.database()
            .write(move |connection| {
                match number {
                    Some(number) => connection.execute(
                        "INSERT INTO staff_number (staff, number) VALUES (?1, ?2)
                         ON CONFLICT (staff) DO UPDATE SET number = excluded.number",
                        params![staff, number_to_sql(number)],
                    )?,
                    None => connection.execute("DELETE FROM staff_number WHERE staff = ?1", [&staff])?,
                };
                Ok(())
            })
            .await
    }
}

/// Adds an alarm, or renews its evidence while nobody decided; whether it was new. A day that is gone through again never
/// takes evidence away.
fn add(connection: &Connection, alarm: &Alarm) -> Result<bool> {
    let id = alarm.id.0.as_bytes();
    let sql = "UPDATE alarm SET looks = ?2, evidence = ?3 WHERE id = ?1 AND is_open AND looks < ?2";
    let (looks, evidence) = (alarm.evidence.looks, to_json(&alarm.evidence)?);
    connection.prepare_cached(sql)?.execute(params![id, looks, evidence])?;
    let sql =
        "INSERT INTO alarm (id, organisation, is_open, raised_us, looks, version, found, evidence, care)
               VALUES (?1, ?2, TRUE, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";
    let added = connection.prepare_cached(sql)?.execute(params![
        id,
        alarm.found.organisation.as_ref().map(OrganisationId::as_str),
        alarm.found.raised_at.as_microsecond(),
        looks,
        alarm.version,
        to_json(&alarm.found)?,
        evidence,
        to_json(&alarm.care)?,
    ])?;
    Ok(added == 1)
}

fn page(
    connection: &Connection,
    list: AlarmList,
    after: Option<AlarmId>,
    length_max: usize,
) -> Result<Vec<Alarm>> {
    let (column, first) = match list {
        AlarmList::NoticeOwed => ("notice_due_us", (i64::MIN, [u8::MIN; 16])),
        AlarmList::Open | AlarmList::Decided => ("raised_us", (i64::MAX, [u8::MAX; 16])),
    };
    let (from, end) = match after {
        None => first,
        Some(id) => {
            let sql = format!("SELECT {column} FROM alarm WHERE id = ?1");
            let known: Option<Option<i64>> =
                connection.prepare_cached(&sql)?.query_row([id.0.as_bytes()], |row| row.get(0)).optional()?;
            let Some(from) = known.flatten() else { return Ok(Vec::new()) };
            (from, *id.0.as_bytes())
        }
    };
    let sql = match list {
        AlarmList::NoticeOwed => format!(
            "SELECT {COLUMNS} FROM alarm WHERE (notice_due_us, id) > (?1, ?2) AND ?3 IS NOT NULL
             ORDER BY notice_due_us, id LIMIT ?4"
        ),
        AlarmList::Open | AlarmList::Decided => format!(
            "SELECT {COLUMNS} FROM alarm WHERE is_open = ?3 AND (raised_us, id) < (?1, ?2)
             ORDER BY raised_us DESC, id DESC LIMIT ?4"
        ),
    };
    let wanted = params![from, end, list == AlarmList::Open, limit(length_max)];
    connection.prepare_cached(&sql)?.query_map(wanted, alarm)?.collect()
}

fn alarm(row: &Row<'_>) -> Result<Alarm> {
    let bytes: [u8; 16] = row.get(0)?;
    Ok(Alarm {
        id: AlarmId(uuid::Uuid::from_bytes(bytes)),
        found: from_json(row, 1)?,
        evidence: from_json(row, 2)?,
        care: from_json(row, 3)?,
        version: row.get(4)?,
    })
}

fn cursor(row: &Row<'_>) -> Result<AlarmCursor> {
    let day = day_from_number(row.get(1)?).ok_or_else(|| unreadable(1))?;
    Ok(AlarmCursor { log: id::<String>(row, 0)?, day, day_start: row.get(2)?, next: row.get(3)? })
}
