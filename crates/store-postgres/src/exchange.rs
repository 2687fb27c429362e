//! The exchange's store port.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::{cell, instant_from_sql, unsigned},
    life,
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{
    Client, ClientId, ConnectionChange, Contract, ContractId, ExchangeStore, Organisation, OrganisationId,
    RefusalEntry, StageRow, StoredToken, TokenGrant,
};
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use std::str::FromStr;
use tokio_postgres::Row;

type Answer<T> = std::result::Result<T, StoreError>;
type Connections = (Vec<Organisation>, Vec<Client>, Vec<Contract>);

#[async_trait]
impl ExchangeStore for PostgresStore {
    async fn connections(&self) -> Answer<Connections> {
        self.database.read_snapshot(&(), |transaction, ()| Box::pin(connections(transaction))).await
    }

    async fn restricted_contracts(&self) -> Answer<Vec<ContractId>> {
        self.database
            .read(&(), |client, ()| {
                Box::pin(async move {
                    let sql = "SELECT DISTINCT contract FROM privacy_case WHERE restricts";
                    client.query(sql, &[]).await?.iter().map(|row| id(row, 0)).collect()
                })
            })
            .await
    }

    async fn ordered_contracts(&self) -> Answer<Vec<ContractId>> {
        self.database
            .read(&(), |client, ()| {
                Box::pin(async move {
                    let sql = "SELECT DISTINCT contract FROM court_order WHERE is_open AND withholds";
                    client.query(sql, &[]).await?.iter().map(|row| id(row, 0)).collect()
                })
            })
            .await
    }

    async fn stages(&self) -> Answer<Vec<StageRow>> {
        self.database.read(&(), |client, ()| Box::pin(life::stages(client))).await
    }

    async fn connections_version(&self) -> Answer<u64> {
        self.database
            .read(&(), |client, ()| {
                Box::pin(async move {
                    let statement = client.prepare_cached("SELECT version FROM directory_version").await?;
                    unsigned(cell(&client.query_one(&statement, &[]).await?, 0)?)
                })
            })
            .await
    }

    async fn save_connections(&self, change: ConnectionChange) -> Answer<bool> {
        self.database
            .write(&change, |transaction, change| Box::pin(save_connections(transaction, change)))
            .await
    }

    async fn grant_token(
        &self,
        assertion_id: String,
        assertion_expires: Timestamp,
        token: StoredToken,
    ) -> Answer<TokenGrant> {
        self.database
            .write(&(assertion_id, assertion_expires, token), |transaction, (id, expires, token)| {
                Box::pin(grant_token(transaction, id, *expires, token))
            })
            .await
    }

    async fn spend_assertion(
        &self,
        client: &ClientId,
        assertion_id: String,
        assertion_expires: Timestamp,
    ) -> Answer<bool> {
        self.database
            .write(
                &(client.clone(), assertion_id, assertion_expires),
                |transaction, (client, id, expires)| {
                    Box::pin(
                        async move { Ok(Outcome::Keep(spend(transaction, client, id, *expires).await?)) },
                    )
                },
            )
            .await
    }

    async fn token(&self, hash: [u8; 32], now: Timestamp) -> Answer<Option<StoredToken>> {
        self.database.read(&(hash, now), |client, (hash, now)| Box::pin(token(client, *hash, *now))).await
    }

    async fn remove_ended(&self, now: Timestamp, rows_max: u32) -> Answer<u64> {
        self.database
            .write(&(now.as_microsecond(), i64::from(rows_max)), |transaction, (now, rows_max)| {
                Box::pin(async move {
                    let sql = "DELETE FROM access_token WHERE hash IN
                         (SELECT hash FROM access_token WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2)";
                    let tokens = transaction.execute(sql, &[now, rows_max]).await?;
                    let sql = "DELETE FROM spent_assertion WHERE (client, id) IN (SELECT client, id
                         FROM spent_assertion WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2)";
                    let assertions = transaction.execute(sql, &[now, rows_max]).await?;
                    Ok(Outcome::Keep(tokens + assertions))
                })
            })
            .await
    }

    async fn add_refusals(&self, entries: Vec<RefusalEntry>, keep_max: u32) -> Answer<()> {
        self.database
            .write(&(entries, i64::from(keep_max)), |transaction, (entries, keep_max)| {
                Box::pin(add_refusals(transaction, entries, *keep_max))
            })
            .await
    }

    async fn refusals(&self, rows_max: u32) -> Answer<Vec<RefusalEntry>> {
        self.database
            .read(&i64::from(rows_max), |client, rows_max| {
                Box::pin(async move {
                    let sql = "SELECT at_us, client, reason FROM refusal ORDER BY id DESC LIMIT $1";
                    let statement = client.prepare_cached(sql).await?;
                    client.query(&statement, &[rows_max]).await?.iter().map(refusal_row).collect()
                })
            })
            .await
    }
}

async fn connections(transaction: &Transaction<'_>) -> Result<Connections> {
    let rows = transaction.query("SELECT id, parent, name_vi, name_en FROM organisation", &[]).await?;
    let organisations = rows
        .iter()
        .map(|row| {
            Ok(Organisation {
                id: id(row, 0)?,
                parent: optional_id(row, 1)?,
                name_vi: cell(row, 2)?,
                name_en: cell(row, 3)?,
            })
        })
        .collect::<Result<_>>()?;
    let sql = "SELECT keys, redirect_uris, post_logout_redirect_uris, id, organisation, dpop_bound, suspended FROM client";
    let rows = transaction.query(sql, &[]).await?;
    let clients = rows
        .iter()
        .map(|row| {
            Ok(Client {
                keys: from_json(row, 0)?,
                redirect_uris: from_json(row, 1)?,
                post_logout_redirect_uris: from_json(row, 2)?,
                id: id(row, 3)?,
                organisation: id(row, 4)?,
                dpop_bound_access_tokens: cell(row, 5)?,
                suspended: cell(row, 6)?,
            })
        })
        .collect::<Result<_>>()?;
    let rows = transaction.query("SELECT terms FROM contract", &[]).await?;
    let contracts = rows.iter().map(|row| from_json(row, 0)).collect::<Result<_>>()?;
    Ok((organisations, clients, contracts))
}

async fn save_connections(transaction: &Transaction<'_>, change: &ConnectionChange) -> Result<Outcome<bool>> {
    let ConnectionChange { organisations, clients, contracts, acts } = change;
    for row in organisations {
        let sql = "INSERT INTO organisation (id, parent, name_vi, name_en) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, name_vi = excluded.name_vi, name_en = excluded.name_en";
        let statement = transaction.prepare_cached(sql).await?;
        let parent = row.parent.as_ref().map(OrganisationId::as_str);
        transaction.execute(&statement, &[&row.id.as_str(), &parent, &row.name_vi, &row.name_en]).await?;
    }
    for row in clients {
        save_client(transaction, row).await?;
    }
    for row in contracts {
        let sql = "INSERT INTO contract (id, client, terms) VALUES ($1, $2, $3)
                   ON CONFLICT (id) DO UPDATE SET client = excluded.client, terms = excluded.terms";
        let statement = transaction.prepare_cached(sql).await?;
        let terms = to_json(row)?;
        transaction.execute(&statement, &[&row.id.as_str(), &row.client.as_str(), &terms]).await?;
    }
    for act in acts {
        if !life::add(transaction, act, None).await? {
            return Ok(Outcome::Undo(false));
        }
    }
    Ok(Outcome::Keep(true))
}

async fn save_client(transaction: &Transaction<'_>, row: &Client) -> Result<()> {
    let sql = "INSERT INTO client (id, organisation, keys, dpop_bound, redirect_uris, post_logout_redirect_uris, suspended)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (id) DO UPDATE SET organisation = excluded.organisation, keys = excluded.keys,
                   dpop_bound = excluded.dpop_bound, redirect_uris = excluded.redirect_uris,
                   post_logout_redirect_uris = excluded.post_logout_redirect_uris, suspended = excluded.suspended";
    let statement = transaction.prepare_cached(sql).await?;
    let (id, organisation, keys) = (row.id.as_str(), row.organisation.as_str(), to_json(&row.keys)?);
    let (back, out) = (to_json(&row.redirect_uris)?, to_json(&row.post_logout_redirect_uris)?);
    let bound = row.dpop_bound_access_tokens;
    transaction
        .execute(&statement, &[&id, &organisation, &keys, &bound, &back, &out, &row.suspended])
        .await?;
    Ok(())
}

/// Whether an assertion is spent for the first time.
async fn spend(
    transaction: &Transaction<'_>,
    client: &ClientId,
    assertion_id: &str,
    expires: Timestamp,
) -> Result<bool> {
    let sql =
        "INSERT INTO spent_assertion (client, id, expires_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let statement = transaction.prepare_cached(sql).await?;
    let spent = transaction
        .execute(&statement, &[&client.as_str(), &assertion_id, &expires.as_microsecond()])
        .await?;
    Ok(spent == 1)
}

async fn grant_token(
    transaction: &Transaction<'_>,
    assertion_id: &str,
    assertion_expires: Timestamp,
    token: &StoredToken,
) -> Result<Outcome<TokenGrant>> {
    if !spend(transaction, &token.client, assertion_id, assertion_expires).await? {
        return Ok(Outcome::Undo(TokenGrant::Replayed));
    }
    let client = token.client.as_str();
    let sql = "INSERT INTO access_token (hash, client, expires_us, key_thumbprint) VALUES ($1, $2, $3, $4)";
    let statement = transaction.prepare_cached(sql).await?;
    let expires = token.expires.as_microsecond();
    let key = token.key.as_ref().map(<[u8; 32]>::as_slice);
    transaction.execute(&statement, &[&token.hash.as_slice(), &client, &expires, &key]).await?;
    Ok(Outcome::Keep(TokenGrant::Granted))
}

async fn token(client: &impl GenericClient, hash: [u8; 32], now: Timestamp) -> Result<Option<StoredToken>> {
    let sql =
        "SELECT client, expires_us, key_thumbprint FROM access_token WHERE hash = $1 AND expires_us > $2";
    let statement = client.prepare_cached(sql).await?;
    let row = client.query_opt(&statement, &[&hash.as_slice(), &now.as_microsecond()]).await?;
    row.map(|row| {
        let key = cell::<Option<&[u8]>>(&row, 2)?
            .map(|key| key.try_into().map_err(|_| Fault::Damaged("a thumbprint")));
        let expires = instant_from_sql(cell(&row, 1)?)?;
        Ok(StoredToken { hash, client: id(&row, 0)?, expires, key: key.transpose()? })
    })
    .transpose()
}

async fn add_refusals(
    transaction: &Transaction<'_>,
    entries: &[RefusalEntry],
    keep_max: i64,
) -> Result<Outcome<()>> {
    let sql = "INSERT INTO refusal (at_us, client, reason) VALUES ($1, $2, $3)";
    let statement = transaction.prepare_cached(sql).await?;
    for entry in entries {
        let client = entry.client.as_ref().map(ClientId::as_str);
        let reason = to_json(&entry.reason)?;
        transaction.execute(&statement, &[&entry.at.as_microsecond(), &client, &reason]).await?;
    }
    let sql = "DELETE FROM refusal WHERE id <= (SELECT max(id) FROM refusal) - $1";
    transaction.execute(sql, &[&keep_max]).await?;
    Ok(Outcome::Keep(()))
}

fn refusal_row(row: &Row) -> Result<RefusalEntry> {
    let client: Option<&str> = cell(row, 1)?;
    let client = client.map(|text| text.parse().map_err(|_| Fault::Damaged("a client"))).transpose()?;
    Ok(RefusalEntry { at: instant_from_sql(cell(row, 0)?)?, client, reason: from_json(row, 2)? })
}

pub(crate) fn id<T: FromStr>(row: &Row, column: usize) -> Result<T> {
    cell::<&str>(row, column)?.parse().map_err(|_| Fault::Damaged("an identifier"))
}

/// An identifier, if there is one.
fn optional_id<T: FromStr>(row: &Row, column: usize) -> Result<Option<T>> {
    let text = cell::<Option<&str>>(row, column)?;
    text.map(|text| text.parse().map_err(|_| Fault::Damaged("an identifier"))).transpose()
}

pub(crate) fn from_json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T> {
    serde_json::from_str(cell(row, column)?).map_err(|_| Fault::Damaged("a column of JSON"))
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Fault::Defect("a value has no JSON"))
}
