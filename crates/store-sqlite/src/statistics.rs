//! Numbers of persons by month, on `register.db`.

use crate::{SqliteStore, exchange::damaged};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_register::{day_from_number, day_to_number};
use dancu_statistics::{Census, Counted, Cube, StatisticsStore};
use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Row, params};

type Outcome<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl StatisticsStore for SqliteStore {
    async fn keep_census(&self, census: Census) -> Outcome<bool> {
        self.database()
            .write(move |connection| {
                let kept = connection.execute(
                    "INSERT INTO census (day, known_at, cells) VALUES (?1, ?2, ?3) ON CONFLICT (day) DO NOTHING",
                    params![
                        day_to_number(census.counted.day),
                        census.counted.known_at.as_microsecond(),
                        census.cube.to_text()
                    ],
                )?;
                Ok(kept > 0)
            })
            .await
    }

    async fn census(&self, day: Date) -> Outcome<Option<Census>> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT day, known_at, cells FROM census WHERE day = ?1")?
                .query_row([day_to_number(day)], census)
                .optional()
        })
    }

    async fn counted(&self, length_max: usize) -> Outcome<Vec<Counted>> {
        self.database().read(|connection| {
            connection
                .prepare_cached("SELECT day, known_at FROM census ORDER BY day DESC LIMIT ?1")?
                .query_map([crate::changes::limit(length_max)], counted)?
                .collect()
        })
    }

    async fn forget_census(&self, day: Date) -> Outcome<bool> {
        self.database()
            .write(move |connection| {
                Ok(connection.execute("DELETE FROM census WHERE day = ?1", [day_to_number(day)])? > 0)
            })
            .await
    }
}

fn counted(row: &Row<'_>) -> rusqlite::Result<Counted> {
    Ok(Counted {
        day: day_from_number(row.get(0)?).ok_or_else(|| damaged(0))?,
        known_at: Timestamp::from_microsecond(row.get(1)?).map_err(|_| damaged(1))?,
    })
}

fn census(row: &Row<'_>) -> rusqlite::Result<Census> {
    let cells: String = row.get(2)?;
    Ok(Census { counted: counted(row)?, cube: Cube::from_text(&cells).ok_or_else(|| damaged(2))? })
}
