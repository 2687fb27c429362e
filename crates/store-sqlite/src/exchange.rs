//! The exchange's store port on `register.db`.

use crate::{SqliteStore, life};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{
    Client, ClientId, ConnectionChange, Contract, ContractId, ExchangeStore, Organisation, OrganisationId,
    RefusalEntry, StageRow, StoredToken, TokenGrant,
};
use jiff::Timestamp;
use rusqlite::{
    Connection, OptionalExtension, Row, params,
    types::{FromSqlError, Type},
};
use serde::{Serialize, de::DeserializeOwned};

#[async_trait]
impl ExchangeStore for SqliteStore {
    async fn connections(&self) -> Result<(Vec<Organisation>, Vec<Client>, Vec<Contract>), StoreError> {
        self.database().read_snapshot(|connection| {
            let organisations =
                all(connection, "SELECT id, parent, name_vi, name_en FROM organisation", |row| {
                    let parent = optional_id(row, 1)?;
                    Ok(Organisation { id: id(row, 0)?, parent, name_vi: row.get(2)?, name_en: row.get(3)? })
                })?;
            let clients = all(connection, &format!("SELECT {CLIENT_COLUMNS} FROM client"), client_row)?;
            let contracts = all(connection, "SELECT terms FROM contract", |row| from_json(row, 0))?;
            Ok((organisations, clients, contracts))
        })
    }

    async fn restricted_contracts(&self) -> Result<Vec<ContractId>, StoreError> {
        self.database().read(|connection| {
            let sql = "SELECT DISTINCT contract FROM privacy_case WHERE restricts";
            all(connection, sql, |row| id(row, 0))
        })
    }

    async fn ordered_contracts(&self) -> Result<Vec<ContractId>, StoreError> {
        self.database().read(|connection| {
            let sql = "SELECT DISTINCT contract FROM court_order WHERE is_open AND withholds";
            all(connection, sql, |row| id(row, 0))
        })
    }

    async fn stages(&self) -> Result<Vec<StageRow>, StoreError> {
        self.database().read(life::stages)
    }

    async fn save_connections(&self, change: ConnectionChange) -> Result<bool, StoreError> {
        self.database()
            .write(move |connection| {
                if life::is_taken(connection, change.acts.iter())? {
                    return Ok(false);
                }
                for row in &change.organisations {
                    connection.execute(
                        "INSERT INTO organisation (id, parent, name_vi, name_en) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT (id) DO UPDATE SET parent = excluded.parent,
                             name_vi = excluded.name_vi, name_en = excluded.name_en",
                        params![
                            row.id.as_str(),
                            row.parent.as_ref().map(OrganisationId::as_str),
                            row.name_vi,
                            row.name_en
                        ],
                    )?;
                }
                for row in &change.clients {
                    save_client(connection, row)?;
                }
                for row in &change.contracts {
                    connection.execute(
                        "INSERT INTO contract (id, client, terms) VALUES (?1, ?2, ?3)
                         ON CONFLICT (id) DO UPDATE SET client = excluded.client, terms = excluded.terms",
                        params![row.id.as_str(), row.client.as_str(), to_json(row)?],
                    )?;
                }
                for act in &change.acts {
                    life::add(connection, act, None)?;
                }
                Ok(true)
            })
            .await
    }

    async fn grant_token(
        &self,
        assertion_id: String,
        assertion_expires: Timestamp,
        token: StoredToken,
    ) -> Result<TokenGrant, StoreError> {
        self.database()
            .write(move |connection| {
                if !spend(connection, &token.client, &assertion_id, assertion_expires)? {
                    return Ok(TokenGrant::Replayed);
                }
                connection
                    .prepare_cached(
                        "INSERT INTO access_token (hash, client, expires_us, key_thumbprint) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![
                        token.hash,
                        token.client.as_str(),
                        token.expires.as_microsecond(),
                        token.key
                    ])?;
                Ok(TokenGrant::Granted)
            })
            .await
    }

    async fn spend_assertion(
        &self,
        client: &ClientId,
        assertion_id: String,
        assertion_expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let client = client.clone();
        self.database()
            .write(move |connection| spend(connection, &client, &assertion_id, assertion_expires))
            .await
    }

    async fn token(&self, hash: [u8; 32], now: Timestamp) -> Result<Option<StoredToken>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT client, expires_us, key_thumbprint FROM access_token WHERE hash = ?1 AND expires_us > ?2",
                )?
                .query_row(params![hash, now.as_microsecond()], |row| {
                    Ok(StoredToken { hash, client: id(row, 0)?, expires: instant(row, 1)?, key: row.get(2)? })
                })
                .optional()
        })
    }

    async fn remove_ended(&self, now: Timestamp, rows_max: u32) -> Result<u64, StoreError> {
        self.database()
            .write(move |connection| {
                let tokens = connection.execute(
                    "DELETE FROM access_token WHERE hash IN
                         (SELECT hash FROM access_token WHERE expires_us <= ?1 ORDER BY expires_us LIMIT ?2)",
                    params![now.as_microsecond(), rows_max],
                )?;
                let assertions = connection.execute(
                    "DELETE FROM spent_assertion WHERE (client, id) IN
                         (SELECT client, id FROM spent_assertion WHERE expires_us <= ?1 ORDER BY expires_us LIMIT ?2)",
                    params![now.as_microsecond(), rows_max],
                )?;
                Ok((tokens + assertions) as u64)
            })
            .await
    }

    async fn add_refusals(&self, entries: Vec<RefusalEntry>, keep_max: u32) -> Result<(), StoreError> {
        self.database()
            .write(move |connection| {
                let mut insert = connection
                    .prepare_cached("INSERT INTO refusal (at_us, client, reason) VALUES (?1, ?2, ?3)")?;
                for entry in &entries {
                    let client = entry.client.as_ref().map(ClientId::as_str);
                    insert.execute(params![entry.at.as_microsecond(), client, to_json(&entry.reason)?])?;
                }
                connection.execute(
                    "DELETE FROM refusal WHERE id <= (SELECT max(id) FROM refusal) - ?1",
                    params![keep_max],
                )?;
                Ok(())
            })
            .await
    }

    async fn refusals(&self, rows_max: u32) -> Result<Vec<RefusalEntry>, StoreError> {
        self.database().read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT at_us, client, reason FROM refusal ORDER BY id DESC LIMIT ?1")?;
            statement
                .query_map(params![rows_max], |row| {
                    let client: Option<String> = row.get(1)?;
                    let client = client.map(|text| text.parse().map_err(|_| damaged(1))).transpose()?;
                    Ok(RefusalEntry { at: instant(row, 0)?, client, reason: from_json(row, 2)? })
                })?
                .collect()
        })
    }
}

const CLIENT_COLUMNS: &str =
    "id, organisation, keys, dpop_bound, redirect_uris, post_logout_redirect_uris, suspended";

fn client_row(row: &Row<'_>) -> rusqlite::Result<Client> {
    Ok(Client {
        id: id(row, 0)?,
        organisation: id(row, 1)?,
        keys: from_json(row, 2)?,
        dpop_bound_access_tokens: row.get(3)?,
        redirect_uris: from_json(row, 4)?,
        post_logout_redirect_uris: from_json(row, 5)?,
        suspended: row.get(6)?,
    })
}

fn save_client(connection: &Connection, row: &Client) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO client ({CLIENT_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET organisation = excluded.organisation, keys = excluded.keys,
             dpop_bound = excluded.dpop_bound, redirect_uris = excluded.redirect_uris,
             post_logout_redirect_uris = excluded.post_logout_redirect_uris, suspended = excluded.suspended"
    );
    let values = params![
        row.id.as_str(),
        row.organisation.as_str(),
        to_json(&row.keys)?,
        row.dpop_bound_access_tokens,
        to_json(&row.redirect_uris)?,
        to_json(&row.post_logout_redirect_uris)?,
        row.suspended
    ];
    connection.execute(&sql, values).map(drop)
}

/// Whether an assertion is spent for the first time.
fn spend(
    connection: &Connection,
    client: &ClientId,
    assertion_id: &str,
    expires: Timestamp,
) -> rusqlite::Result<bool> {
    let sql =
        "INSERT INTO spent_assertion (client, id, expires_us) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    let values = params![client.as_str(), assertion_id, expires.as_microsecond()];
    Ok(connection.prepare_cached(sql)?.execute(values)? == 1)
}

pub(crate) fn all<T>(
    connection: &Connection,
    query: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(query)?.query_map([], read)?.collect()
}

/// A stored value that its own type refuses: the file was changed by other hands.
pub(crate) fn damaged(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType))
}

pub(crate) fn id<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get_ref(column)?.as_str()?.parse().map_err(|_| damaged(column))
}

/// An identifier, if there is one.
fn optional_id<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|_| damaged(column))).transpose()
}

pub(crate) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| damaged(column))
}

pub(crate) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|_| damaged(column))
}

pub(crate) fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
