//! Alarms.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    exchange::{from_json, to_json},
    facts::{cell, day_from_sql, limit, number_from_sql, number_to_sql, signed, unsigned},
};
use async_trait::async_trait;
use dancu_alarms::{Alarm, AlarmCursor, AlarmId, AlarmList, AlarmState, AlarmStore};
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::OrganisationId;
use dancu_register::day_to_number;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;

type Answer<T> = std::result::Result<T, StoreError>;

const COLUMNS: &str = "id, found, evidence, care, version";

#[async_trait]
impl AlarmStore for PostgresStore {
    async fn alarm_cursors(&self) -> Answer<Vec<AlarmCursor>> {
        self.database
            .read(&(), |client, ()| {
                Box::pin(async move {
                    let sql = "SELECT log, day, day_start, next FROM alarm_cursor ORDER BY log";
                    client.query(sql, &[]).await?.iter().map(cursor).collect()
                })
            })
            .await
    }

    async fn save_watch(&self, alarms: Vec<Alarm>, cursor: AlarmCursor) -> Answer<u64> {
        self.database
            .write(&(alarms, cursor), |transaction, (alarms, cursor)| {
                Box::pin(save_watch(transaction, alarms, cursor))
            })
            .await
    }

    async fn alarm(&self, id: AlarmId) -> Answer<Option<Alarm>> {
        self.database
            .read(&id, |client, id| {
                Box::pin(async move {
                    let sql = format!("SELECT {COLUMNS} FROM alarm WHERE id = $1");
                    let row = client.query_opt(&sql, &[&id.0.as_bytes().as_slice()]).await?;
                    row.as_ref().map(alarm).transpose()
                })
            })
            .await
    }

    async fn alarms(&self, list: AlarmList, after: Option<AlarmId>, length_max: usize) -> Answer<Vec<Alarm>> {
        self.database
            .read_snapshot(&(list, after, length_max), |transaction, (list, after, length_max)| {
                Box::pin(page(transaction, *list, *after, *length_max))
            })
            .await
    }

    async fn save_alarm(&self, alarm: Alarm) -> Answer<bool> {
        self.database.write(&alarm, |transaction, alarm| Box::pin(save(transaction, alarm))).await
    }

    async fn notices(&self, organisation: &OrganisationId, length_max: usize) -> Answer<Vec<Alarm>> {
        self.database
            .read(&(organisation.as_str().to_owned(), limit(length_max)), |client, (organisation, length)| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {COLUMNS} FROM alarm WHERE organisation = $1 AND given_us IS NOT NULL
                         ORDER BY given_us DESC, id DESC LIMIT $2"
                    );
                    client.query(&sql, &[organisation, length]).await?.iter().map(alarm).collect()
                })
            })
            .await
    }

    async fn notices_to_deliver(&self, now: Timestamp, length_max: usize) -> Answer<Vec<Alarm>> {
        self.database
            .read(&(now.as_microsecond(), limit(length_max)), |client, (now, length)| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {COLUMNS} FROM alarm WHERE deliver_us <= $1 ORDER BY deliver_us LIMIT $2"
                    );
                    client.query(&sql, &[now, length]).await?.iter().map(alarm).collect()
                })
            })
            .await
    }

    async fn own_number(&self, staff: &str) -> Answer<Option<PersonalNumber>> {
        self.database
            .read(&staff.to_owned(), |client, staff| {
                Box::pin(async move {
                    let statement =
                        client.prepare_cached("SELECT number FROM staff_number WHERE staff = $1").await?;
                    let row = client.query_opt(&statement, &[staff]).await?;
                    row.map(|row| number_from_sql(cell(&row, 0)?)).transpose()
                })
            })
            .await
    }

    async fn put_own_number(&self, staff: &str, number: Option<PersonalNumber>) -> Answer<()> {
        self.database
            .write(&(staff.to_owned(), number.map(number_to_sql)), |transaction, (staff, number)| {
                Box::pin(async move {
                    match number {
                        Some(number) => {
                            let sql = "INSERT INTO staff_number (staff, number) VALUES ($1, $2)
                                       ON CONFLICT (staff) DO UPDATE SET number = excluded.number";
                            transaction.execute(sql, &[staff, number]).await?
                        }
                        None => {
                            transaction.execute("DELETE FROM staff_number WHERE staff = $1", &[staff]).await?
                        }
                    };
                    Ok(Outcome::Keep(()))
                })
            })
            .await
    }
}

/// Adds alarms, or renews the evidence of those that nobody decided, and moves the cursor. A day that is gone through
/// again never takes evidence away.
async fn save_watch(
    transaction: &Transaction<'_>,
    alarms: &[Alarm],
    cursor: &AlarmCursor,
) -> Result<Outcome<u64>> {
    let mut new = 0;
    for alarm in alarms {
        let id = alarm.id.0.as_bytes().as_slice();
        let (looks, evidence) = (signed(alarm.evidence.looks), to_json(&alarm.evidence)?);
        let sql = "UPDATE alarm SET looks = $2, evidence = $3 WHERE id = $1 AND is_open AND looks < $2";
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, &[&id, &looks, &evidence]).await?;
        let organisation = alarm.found.organisation.as_ref().map(OrganisationId::as_str);
        let (raised, version) = (alarm.found.raised_at.as_microsecond(), i64::from(alarm.version));
        let (found, care) = (to_json(&alarm.found)?, to_json(&alarm.care)?);
        let sql = "INSERT INTO alarm
                       (id, organisation, is_open, raised_us, looks, version, found, evidence, care)
                   VALUES ($1, $2, TRUE, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
        let statement = transaction.prepare_cached(sql).await?;
        new += transaction
            .execute(&statement, &[&id, &organisation, &raised, &looks, &version, &found, &evidence, &care])
            .await?;
    }
    let sql = "INSERT INTO alarm_cursor (log, day, day_start, next) VALUES ($1, $2, $3, $4)
               ON CONFLICT (log) DO UPDATE SET day = excluded.day, day_start = excluded.day_start,
                   next = excluded.next";
    let statement = transaction.prepare_cached(sql).await?;
    let (start, next) = (signed(cursor.day_start), signed(cursor.next));
    transaction.execute(&statement, &[&cursor.log, &day_to_number(cursor.day), &start, &next]).await?;
    Ok(Outcome::Keep(new))
}

async fn save(transaction: &Transaction<'_>, alarm: &Alarm) -> Result<Outcome<bool>> {
    let notice = alarm.care.notice.as_ref();
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    let due = micros(notice.filter(|notice| notice.given_at.is_none()).map(|notice| notice.due));
    let given = micros(notice.and_then(|notice| notice.given_at));
    let deliver = micros(notice.and_then(|notice| notice.next_try_at));
    let is_open = alarm.care.state == AlarmState::Open;
    let (version, care) = (i64::from(alarm.version), to_json(&alarm.care)?);
    let sql =
        "UPDATE alarm SET is_open = $2, notice_due_us = $3, given_us = $4, deliver_us = $5, version = $6::bigint,
                   care = $7
               WHERE id = $1 AND version = $6::bigint - 1";
    let statement = transaction.prepare_cached(sql).await?;
    let id = alarm.id.0.as_bytes().as_slice();
    let saved =
        transaction.execute(&statement, &[&id, &is_open, &due, &given, &deliver, &version, &care]).await?;
    Ok(Outcome::Keep(saved == 1))
}

async fn page(
    client: &impl GenericClient,
    list: AlarmList,
    after: Option<AlarmId>,
    length_max: usize,
) -> Result<Vec<Alarm>> {
    let (column, first) = match list {
        AlarmList::NoticeOwed => ("notice_due_us", (i64::MIN, [u8::MIN; 16])),
        AlarmList::Open | AlarmList::Decided => ("raised_us", (i64::MAX, [u8::MAX; 16])),
    };
    let (mut from, mut end) = first;
    if let Some(id) = after {
        let sql = format!("SELECT {column} FROM alarm WHERE id = $1");
        let row = client.query_opt(&sql, &[&id.0.as_bytes().as_slice()]).await?;
        let known: Option<i64> = row.map(|row| cell(&row, 0)).transpose()?.flatten();
        let Some(known) = known else { return Ok(Vec::new()) };
        (from, end) = (known, *id.0.as_bytes());
    }
    let (end, length) = (end.as_slice(), limit(length_max));
    let rows = match list {
        AlarmList::NoticeOwed => {
            let sql = format!(
                "SELECT {COLUMNS} FROM alarm WHERE (notice_due_us, id) > ($1, $2)
                 ORDER BY notice_due_us, id LIMIT $3"
            );
            client.query(&sql, &[&from, &end, &length]).await?
        }
        AlarmList::Open | AlarmList::Decided => {
            let sql = format!(
                "SELECT {COLUMNS} FROM alarm WHERE is_open = $4 AND (raised_us, id) < ($1, $2)
                 ORDER BY raised_us DESC, id DESC LIMIT $3"
            );
            client.query(&sql, &[&from, &end, &length, &(list == AlarmList::Open)]).await?
        }
    };
    rows.iter().map(alarm).collect()
}

fn alarm(row: &Row) -> Result<Alarm> {
    let bytes: [u8; 16] = cell::<&[u8]>(row, 0)?.try_into().map_err(|_| Fault::Damaged("an identifier"))?;
    Ok(Alarm {
        id: AlarmId(uuid::Uuid::from_bytes(bytes)),
        found: from_json(row, 1)?,
        evidence: from_json(row, 2)?,
        care: from_json(row, 3)?,
        version: u32::try_from(cell::<i64>(row, 4)?).map_err(|_| Fault::Damaged("a version"))?,
    })
}

fn cursor(row: &Row) -> Result<AlarmCursor> {
    Ok(AlarmCursor {
        log: cell(row, 0)?,
        day: day_from_sql(cell(row, 1)?)?,
        day_start: unsigned(cell(row, 2)?)?,
        next: unsigned(cell(row, 3)?)?,
    })
}
