//! The port of the OpenID provider. Rows are read in `openid_rows.rs`.
//!
//! What begins in a session locks the session's row, and what is granted to a portal locks the portal's: nothing begins
//! behind the back of whoever signs out or disconnects.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::Result,
    exchange::{from_json, to_json},
    identity::{all, one, run},
    openid_rows::{
        CODE_COLUMNS, FAMILY_COLUMNS, PORTAL_COLUMNS, code_row, entry_row, family_row, portal_row,
        request_row, token_row,
    },
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::{ClientId, SignInWish};
use dancu_identity::{AccountId, SessionId};
use dancu_openid::{
    AccessToken, CodeUse, Family, FamilyId, FamilyTerms, OpenIdStore, Portal, PortalLength, PushedRequest,
    Rotation, SecretHash, Settled, SignInEntry, StoredCode,
};
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl OpenIdStore for PostgresStore {
    async fn push(&self, request: PushedRequest) -> Answer<()> {
        self.database.write(&request, |transaction, request| Box::pin(push(transaction, request))).await
    }

    async fn request(&self, id: SecretHash) -> Answer<Option<PushedRequest>> {
        self.database
            .read(&id, |client, id| {
                Box::pin(async move {
                    let sql = "SELECT id, client, body, expires FROM sign_in_request WHERE id = $1";
                    one(client, sql, &[&id.as_bytes().as_slice()], request_row).await
                })
            })
            .await
    }

    async fn extend(&self, id: SecretHash, until: Timestamp) -> Answer<()> {
        self.database
            .write(&(id, until.as_microsecond()), |transaction, (id, until)| {
                Box::pin(async move {
                    let sql = "UPDATE sign_in_request SET expires = $2 WHERE id = $1 AND expires < $2";
                    run(transaction, sql, &[&id.as_bytes().as_slice(), until]).await?;
                    Ok(Outcome::Keep(()))
                })
            })
            .await
    }

    async fn drop_request(&self, id: SecretHash) -> Answer<bool> {
        self.database
            .write(&id, |transaction, id| {
                Box::pin(async move { Ok(Outcome::Keep(drop_request(transaction, *id).await?)) })
            })
            .await
    }

    async fn settle(&self, settled: Settled) -> Answer<bool> {
        self.database.write(&settled, |transaction, settled| Box::pin(settle(transaction, settled))).await
    }

    async fn portal(&self, account: AccountId, client: &ClientId) -> Answer<Option<Portal>> {
        self.database
            .read(&(account, client), |client, (account, portal)| {
                Box::pin(async move {
                    let sql =
                        format!("SELECT {PORTAL_COLUMNS} FROM portal WHERE account = $1 AND client = $2");
                    one(client, &sql, &[&account.as_bytes().as_slice(), &portal.as_str()], portal_row).await
                })
            })
            .await
    }

    async fn code(&self, hash: SecretHash) -> Answer<Option<StoredCode>> {
        self.database
            .read(&hash, |client, hash| {
                Box::pin(async move {
                    let sql = format!("SELECT {CODE_COLUMNS} FROM sign_in_code WHERE hash = $1");
                    one(client, &sql, &[&hash.as_bytes().as_slice()], code_row).await
                })
            })
            .await
    }

    async fn exchange(&self, exchanged: CodeUse) -> Answer<Option<Family>> {
        self.database
            .write(&exchanged, |transaction, exchanged| Box::pin(exchange(transaction, exchanged)))
            .await
    }

    async fn family(&self, id: FamilyId) -> Answer<Option<Family>> {
        self.database.read(&id, |client, id| Box::pin(family(client, *id))).await
    }

    async fn rotate(&self, rotation: Rotation) -> Answer<bool> {
        self.database.write(&rotation, |transaction, rotation| Box::pin(rotate(transaction, rotation))).await
    }

    async fn end_family(&self, id: FamilyId, at: Timestamp) -> Answer<bool> {
        self.database
            .write(&(id, at.as_microsecond()), |transaction, (id, at)| {
                Box::pin(async move {
                    let sql = "UPDATE sign_in_family SET ended = $2 WHERE id = $1 AND ended IS NULL";
                    Ok(Outcome::Keep(run(transaction, sql, &[&id.as_bytes().as_slice(), at]).await? == 1))
                })
            })
            .await
    }

    async fn move_families(&self, from: SessionId, to: SessionId) -> Answer<()> {
        self.database
            .write(&(from, to), |transaction, (from, to)| {
                Box::pin(async move {
                    let sql = "UPDATE sign_in_family SET session = $2 WHERE session = $1 AND ended IS NULL";
                    let (from, to) = (from.as_bytes().as_slice(), to.as_bytes().as_slice());
                    run(transaction, sql, &[&from, &to]).await?;
                    Ok(Outcome::Keep(()))
                })
            })
            .await
    }

    async fn end_families_of(&self, session: SessionId, at: Timestamp) -> Answer<u64> {
        self.database
            .write(&(session, at.as_microsecond()), |transaction, (session, at)| {
                Box::pin(async move {
                    let sql = "UPDATE sign_in_family SET ended = $2 WHERE session = $1 AND ended IS NULL";
                    Ok(Outcome::Keep(run(transaction, sql, &[&session.as_bytes().as_slice(), at]).await?))
                })
            })
            .await
    }

    async fn token(&self, hash: SecretHash) -> Answer<Option<(AccessToken, Family)>> {
        self.database
            .read(&hash, |client, hash| {
                Box::pin(async move {
                    let sql = "SELECT hash, family, expires, body FROM sign_in_token WHERE hash = $1";
                    let token = one(client, sql, &[&hash.as_bytes().as_slice()], token_row).await?;
                    let Some(token) = token else { return Ok(None) };
                    Ok(family(client, token.family).await?.map(|family| (token, family)))
                })
            })
            .await
    }

    async fn end_token(&self, hash: SecretHash) -> Answer<()> {
        self.database
            .write(&hash, |transaction, hash| {
                Box::pin(async move {
                    let sql = "DELETE FROM sign_in_token WHERE hash = $1";
                    run(transaction, sql, &[&hash.as_bytes().as_slice()]).await?;
                    Ok(Outcome::Keep(()))
                })
            })
            .await
    }

    async fn portals(
        &self,
        account: AccountId,
        after: Option<&ClientId>,
        rows_max: u32,
    ) -> Answer<Vec<Portal>> {
        let after = after.map_or("", ClientId::as_str);
        self.database
            .read(&(account, after, i64::from(rows_max)), |client, (account, after, most)| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {PORTAL_COLUMNS} FROM portal WHERE account = $1 AND client > $2
                         ORDER BY client LIMIT $3"
                    );
                    all(client, &sql, &[&account.as_bytes().as_slice(), after, most], portal_row).await
                })
            })
            .await
    }

    async fn disconnect(&self, account: AccountId, client: &ClientId, at: Timestamp) -> Answer<bool> {
        self.database
            .write(&(account, client, at), |transaction, (account, client, at)| {
                Box::pin(disconnect(transaction, account, client, *at))
            })
            .await
    }

    async fn sign_ins(
        &self,
        account: AccountId,
        before: Timestamp,
        rows_max: u32,
    ) -> Answer<Vec<SignInEntry>> {
        let page = (account, before.as_microsecond(), i64::from(rows_max));
        self.database
            .read(&page, |client, (account, before, most)| {
                Box::pin(async move {
                    let sql = "SELECT at, client, level FROM sign_in_entry WHERE account = $1 AND at < $2
                               ORDER BY at DESC, client LIMIT $3";
                    all(client, sql, &[&account.as_bytes().as_slice(), before, most], entry_row).await
                })
            })
            .await
    }

    async fn forget(&self, at: Timestamp, length: PortalLength) -> Answer<u64> {
        self.database
            .write(&(at, length), |transaction, (at, length)| Box::pin(sweep(transaction, *at, *length)))
            .await
    }
}

async fn push(transaction: &Transaction<'_>, request: &PushedRequest) -> Result<Outcome<()>> {
    let PushedRequest { id, client, asked, pushed, expires } = request;
    let sql = "INSERT INTO sign_in_request (id, client, body, expires) VALUES ($1, $2, $3, $4)";
    let (body, expires) = (to_json(&(asked, pushed))?, expires.as_microsecond());
    run(transaction, sql, &[&id.as_bytes().as_slice(), &client.as_str(), &body, &expires]).await?;
    Ok(Outcome::Keep(()))
}

async fn drop_request(transaction: &Transaction<'_>, id: SecretHash) -> Result<bool> {
    let sql = "DELETE FROM sign_in_request WHERE id = $1";
    Ok(run(transaction, sql, &[&id.as_bytes().as_slice()]).await? == 1)
}

/// Whether an account is open and a session of it there, which stays until the transaction ends.
async fn is_signed_in(
    transaction: &Transaction<'_>,
    account: &AccountId,
    session: &SessionId,
) -> Result<bool> {
    let sql = "SELECT 1 FROM session JOIN account ON account.id = session.account
               WHERE session.id = $1 AND session.account = $2 AND account.closed IS NULL FOR SHARE";
    let key = (session.as_bytes().as_slice(), account.as_bytes().as_slice());
    Ok(run(transaction, sql, &[&key.0, &key.1]).await? == 1)
}

/// What the person agreed to for a portal, which nobody takes back until the transaction ends.
async fn agreed(
    transaction: &Transaction<'_>,
    account: &AccountId,
    client: &ClientId,
) -> Result<Option<SignInWish>> {
    let sql = "SELECT wish FROM portal WHERE account = $1 AND client = $2 FOR UPDATE";
    let key = (account.as_bytes().as_slice(), client.as_str());
    one(transaction, sql, &[&key.0, &key.1], |row| from_json(row, 0)).await
}

async fn settle(transaction: &Transaction<'_>, settled: &Settled) -> Result<Outcome<bool>> {
    let Settled { request, code, agreed: now_agreed, at } = settled;
    let (account, client) = (code.account.as_bytes().as_slice(), code.client.as_str());
    let micros = at.as_microsecond();
    let before = agreed(transaction, &code.account, &code.client).await?;
    let stands = is_signed_in(transaction, &code.account, &code.session).await?
        && (now_agreed.is_some() || before.is_some())
        && drop_request(transaction, *request).await?;
    if !stands {
        return Ok(Outcome::Undo(false));
    }
    let sql = "INSERT INTO sign_in_code (hash, client, account, session, family, body, expires)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (hash, session) = (code.hash.as_bytes().as_slice(), code.session.as_bytes().as_slice());
    let (family, body) = (code.family.as_bytes().as_slice(), to_json(&code.grant)?);
    let expires = code.expires.as_microsecond();
    run(transaction, sql, &[&hash, &client, &account, &session, &family, &body, &expires]).await?;
    if let Some(wish) = now_agreed {
        let wish = to_json(&wish.with(before.unwrap_or_default()))?;
        let sql =
            "INSERT INTO portal (account, client, wish, agreed, last_sign_in) VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (account, client) DO UPDATE SET wish = excluded.wish, agreed = excluded.agreed,
                 last_sign_in = excluded.last_sign_in";
        run(transaction, sql, &[&account, &client, &wish, &micros]).await?;
    } else {
        let sql = "UPDATE portal SET last_sign_in = $3 WHERE account = $1 AND client = $2";
        run(transaction, sql, &[&account, &client, &micros]).await?;
    }
    let sql = "INSERT INTO sign_in_entry (account, at, client, level) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING";
    run(transaction, sql, &[&account, &micros, &client, &code.grant.level.to_string()]).await?;
    Ok(Outcome::Keep(true))
}

async fn family(client: &impl GenericClient, id: FamilyId) -> Result<Option<Family>> {
    let sql = format!(
        "SELECT {FAMILY_COLUMNS} FROM sign_in_family JOIN account ON account.id = sign_in_family.account
         WHERE sign_in_family.id = $1 AND closed IS NULL AND number IS NOT NULL"
    );
    one(client, &sql, &[&id.as_bytes().as_slice()], family_row).await
}

async fn add_token(transaction: &Transaction<'_>, token: &AccessToken) -> Result<()> {
    let AccessToken { hash, family, expires, scopes, binding } = token;
    let sql = "INSERT INTO sign_in_token (hash, family, expires, body) VALUES ($1, $2, $3, $4)";
    let (hash, family) = (hash.as_bytes().as_slice(), family.as_bytes().as_slice());
    let (expires, body) = (expires.as_microsecond(), to_json(&(scopes, binding))?);
    run(transaction, sql, &[&hash, &family, &expires, &body]).await?;
    Ok(())
}

async fn exchange(transaction: &Transaction<'_>, exchanged: &CodeUse) -> Result<Outcome<Option<Family>>> {
    let CodeUse { hash, at, family_expires, families_max, token } = exchanged;
    let hash = hash.as_bytes().as_slice();
    // The lock makes the second of two exchanges wait, and find it used.
    let sql = format!("SELECT {CODE_COLUMNS} FROM sign_in_code WHERE hash = $1 AND used IS NULL FOR UPDATE");
    let Some(code) = one(transaction, &sql, &[&hash], code_row).await? else {
        return Ok(Outcome::Undo(None));
    };
    let is_connected = agreed(transaction, &code.account, &code.client).await?.is_some();
    if !is_connected || !is_signed_in(transaction, &code.account, &code.session).await? {
        return Ok(Outcome::Undo(None));
    }
    let (now, ends) = (at.as_microsecond(), family_expires.as_microsecond());
    // It stays as long as what it began, so that it is known when it is shown once more.
    let sql = "UPDATE sign_in_code SET used = $2, expires = $3 WHERE hash = $1";
    run(transaction, sql, &[&hash, &now, &ends]).await?;
    let terms = to_json(&FamilyTerms {
        scopes: code.grant.asked.scopes,
        signed_in: code.grant.signed_in,
        level: code.grant.level,
    })?;
    let sql =
        "INSERT INTO sign_in_family (id, client, account, session, generation, rotated, begun, expires, body)
         VALUES ($1, $2, $3, $4, 0, $5, $5, $6, $7)";
    let (account, client) = (code.account.as_bytes().as_slice(), code.client.as_str());
    let (id, session) = (code.family.as_bytes().as_slice(), code.session.as_bytes().as_slice());
    run(transaction, sql, &[&id, &client, &account, &session, &now, &ends, &terms]).await?;
    let sql = "UPDATE sign_in_family SET ended = $3 WHERE id IN (
                   SELECT id FROM sign_in_family WHERE account = $1 AND client = $2 AND ended IS NULL
                   ORDER BY begun DESC, id DESC OFFSET $4)";
    run(transaction, sql, &[&account, &client, &now, &i64::from(*families_max)]).await?;
    add_token(transaction, token).await?;
    Ok(Outcome::Keep(family(transaction, code.family).await?))
}

async fn rotate(transaction: &Transaction<'_>, rotation: &Rotation) -> Result<Outcome<bool>> {
    let Rotation { family, seen, is_newest, at, token } = rotation;
    let (family, seen) = (family.as_bytes().as_slice(), i64::from(*seen));
    let written = if *is_newest {
        let sql = "UPDATE sign_in_family SET generation = generation + 1, rotated = $3
                   WHERE id = $1 AND generation = $2 AND ended IS NULL";
        run(transaction, sql, &[&family, &seen, &at.as_microsecond()]).await?
    } else {
        let sql = "SELECT 1 FROM sign_in_family
                   WHERE id = $1 AND generation = $2::bigint + 1 AND ended IS NULL FOR SHARE";
        run(transaction, sql, &[&family, &seen]).await?
    };
    if written == 0 {
        return Ok(Outcome::Undo(false));
    }
    add_token(transaction, token).await?;
    Ok(Outcome::Keep(true))
}

async fn disconnect(
    transaction: &Transaction<'_>,
    account: &AccountId,
    client: &ClientId,
    at: Timestamp,
) -> Result<Outcome<bool>> {
    let (account, client, at) = (account.as_bytes().as_slice(), client.as_str(), at.as_microsecond());
    let sql = "DELETE FROM portal WHERE account = $1 AND client = $2";
    let is_connected = run(transaction, sql, &[&account, &client]).await? == 1;
    let sql = "UPDATE sign_in_family SET ended = $3 WHERE account = $1 AND client = $2 AND ended IS NULL";
    run(transaction, sql, &[&account, &client, &at]).await?;
    Ok(Outcome::Keep(is_connected))
}

async fn sweep(transaction: &Transaction<'_>, at: Timestamp, length: PortalLength) -> Result<Outcome<u64>> {
    let (now, most) = (at.as_microsecond(), i64::from(length.rows_max));
    let mut rows = 0;
    for (table, key) in [
        ("sign_in_request", "id"),
        ("sign_in_code", "hash"),
        ("sign_in_family", "id"),
        ("sign_in_token", "hash"),
    ] {
        let sql = format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE expires <= $1 LIMIT $2)"
        );
        rows += run(transaction, &sql, &[&now, &most]).await?;
    }
    let sql = "DELETE FROM sign_in_entry WHERE (account, at, client) IN (
                   SELECT account, at, client FROM sign_in_entry WHERE at < $1 LIMIT $2)";
    rows += run(transaction, sql, &[&length.history_from.as_microsecond(), &most]).await?;
    Ok(Outcome::Keep(rows))
}
