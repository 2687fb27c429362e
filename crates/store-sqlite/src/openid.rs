//! The port of the OpenID provider on `register.db`. Rows are read in `openid_rows.rs`.

use crate::{
    SqliteStore,
    exchange::{from_json, to_json},
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
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Result, params};

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl OpenIdStore for SqliteStore {
    async fn push(&self, request: PushedRequest) -> Answer<()> {
        self.database().write(move |connection| push(connection, &request)).await
    }

    async fn request(&self, id: SecretHash) -> Answer<Option<PushedRequest>> {
        let sql = "SELECT id, client, body, expires FROM sign_in_request WHERE id = ?1";
        self.database().read(|connection| {
            connection.prepare_cached(sql)?.query_row([id.as_bytes()], request_row).optional()
        })
    }

    async fn extend(&self, id: SecretHash, until: Timestamp) -> Answer<()> {
        let sql = "UPDATE sign_in_request SET expires = ?2 WHERE id = ?1 AND expires < ?2";
        let work = move |connection: &Connection| {
            run(connection, sql, params![id.as_bytes(), until.as_microsecond()])
        };
        self.database().write(work).await.map(drop)
    }

    async fn drop_request(&self, id: SecretHash) -> Answer<bool> {
        let sql = "DELETE FROM sign_in_request WHERE id = ?1";
        self.database().write(move |connection| Ok(run(connection, sql, [id.as_bytes()])? == 1)).await
    }

    async fn settle(&self, settled: Settled) -> Answer<bool> {
        self.database().write(move |connection| settle(connection, &settled)).await
    }

    async fn portal(&self, account: AccountId, client: &ClientId) -> Answer<Option<Portal>> {
        let sql = format!("SELECT {PORTAL_COLUMNS} FROM portal WHERE account = ?1 AND client = ?2");
        self.database().read(|connection| {
            let key = params![account.as_bytes(), client.as_str()];
            connection.prepare_cached(&sql)?.query_row(key, portal_row).optional()
        })
    }

    async fn code(&self, hash: SecretHash) -> Answer<Option<StoredCode>> {
        let sql = format!("SELECT {CODE_COLUMNS} FROM sign_in_code WHERE hash = ?1");
        self.database().read(|connection| {
            connection.prepare_cached(&sql)?.query_row([hash.as_bytes()], code_row).optional()
        })
    }

    async fn exchange(&self, exchanged: CodeUse) -> Answer<Option<Family>> {
        self.database().write(move |connection| exchange(connection, &exchanged)).await
    }

    async fn family(&self, id: FamilyId) -> Answer<Option<Family>> {
        self.database().read(|connection| family(connection, id))
    }

    async fn rotate(&self, rotation: Rotation) -> Answer<bool> {
        self.database().write(move |connection| rotate(connection, &rotation)).await
    }

    async fn end_family(&self, id: FamilyId, at: Timestamp) -> Answer<bool> {
        let sql = "UPDATE sign_in_family SET ended = ?2 WHERE id = ?1 AND ended IS NULL";
        let work = move |connection: &Connection| {
            Ok(run(connection, sql, params![id.as_bytes(), at.as_microsecond()])? == 1)
        };
        self.database().write(work).await
    }

    async fn move_families(&self, from: SessionId, to: SessionId) -> Answer<()> {
        let sql = "UPDATE sign_in_family SET session = ?2 WHERE session = ?1 AND ended IS NULL";
        let work =
            move |connection: &Connection| run(connection, sql, params![from.as_bytes(), to.as_bytes()]);
        self.database().write(work).await.map(drop)
    }

    async fn end_families_of(&self, session: SessionId, at: Timestamp) -> Answer<u64> {
        let sql = "UPDATE sign_in_family SET ended = ?2 WHERE session = ?1 AND ended IS NULL";
        let work = move |connection: &Connection| {
            run(connection, sql, params![session.as_bytes(), at.as_microsecond()]).map(count)
        };
        self.database().write(work).await
    }

    async fn token(&self, hash: SecretHash) -> Answer<Option<(AccessToken, Family)>> {
        self.database().read(|connection| {
            let sql = "SELECT hash, family, expires, body FROM sign_in_token WHERE hash = ?1";
            let token = connection.prepare_cached(sql)?.query_row([hash.as_bytes()], token_row).optional()?;
            let Some(token) = token else { return Ok(None) };
            Ok(family(connection, token.family)?.map(|family| (token, family)))
        })
    }

    async fn end_token(&self, hash: SecretHash) -> Answer<()> {
        let sql = "DELETE FROM sign_in_token WHERE hash = ?1";
        self.database().write(move |connection| run(connection, sql, [hash.as_bytes()])).await.map(drop)
    }

    async fn portals(
        &self,
        account: AccountId,
        after: Option<&ClientId>,
        rows_max: u32,
    ) -> Answer<Vec<Portal>> {
        let sql = format!(
            "SELECT {PORTAL_COLUMNS} FROM portal WHERE account = ?1 AND client > ?2 ORDER BY client LIMIT ?3"
        );
        let after = after.map_or("", ClientId::as_str);
        self.database().read(|connection| {
            let page = params![account.as_bytes(), after, rows_max];
            connection.prepare_cached(&sql)?.query_map(page, portal_row)?.collect()
        })
    }

    async fn disconnect(&self, account: AccountId, client: &ClientId, at: Timestamp) -> Answer<bool> {
        let client = client.clone();
        self.database().write(move |connection| disconnect(connection, account, &client, at)).await
    }

    async fn sign_ins(
        &self,
        account: AccountId,
        before: Timestamp,
        rows_max: u32,
    ) -> Answer<Vec<SignInEntry>> {
        let sql = "SELECT at, client, level FROM sign_in_entry WHERE account = ?1 AND at < ?2
                   ORDER BY at DESC, client LIMIT ?3";
        self.database().read(|connection| {
            let page = params![account.as_bytes(), before.as_microsecond(), rows_max];
            connection.prepare_cached(sql)?.query_map(page, entry_row)?.collect()
        })
    }

    async fn forget(&self, at: Timestamp, length: PortalLength) -> Answer<u64> {
        self.database().write(move |connection| sweep(connection, at, length)).await
    }
}

fn run(connection: &Connection, sql: &str, values: impl Params) -> Result<usize> {
    connection.prepare_cached(sql)?.execute(values)
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

fn push(connection: &Connection, request: &PushedRequest) -> Result<()> {
    let PushedRequest { id, client, asked, pushed, expires } = request;
    let sql = "INSERT INTO sign_in_request (id, client, body, expires) VALUES (?1, ?2, ?3, ?4)";
    let body = to_json(&(asked, pushed))?;
    run(connection, sql, params![id.as_bytes(), client.as_str(), body, expires.as_microsecond()]).map(drop)
}

/// Whether an account is open and a session of it there.
fn is_signed_in(connection: &Connection, account: &AccountId, session: &SessionId) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM session JOIN account ON account.id = session.account
               WHERE session.id = ?1 AND session.account = ?2 AND account.closed IS NULL)";
    connection
        .prepare_cached(sql)?
        .query_row(params![session.as_bytes(), account.as_bytes()], |row| row.get(0))
}

fn agreed(connection: &Connection, account: &AccountId, client: &ClientId) -> Result<Option<SignInWish>> {
    let sql = "SELECT wish FROM portal WHERE account = ?1 AND client = ?2";
    connection
        .prepare_cached(sql)?
        .query_row(params![account.as_bytes(), client.as_str()], |row| from_json(row, 0))
        .optional()
}

fn settle(connection: &Connection, settled: &Settled) -> Result<bool> {
    let Settled { request, code, agreed: now_agreed, at } = settled;
    let (account, client, micros) = (code.account.as_bytes(), code.client.as_str(), at.as_microsecond());
    let before = agreed(connection, &code.account, &code.client)?;
    // Looked at first, so that nothing is written when it does not hold.
    let stands =
        is_signed_in(connection, &code.account, &code.session)? && (now_agreed.is_some() || before.is_some());
    if !stands || run(connection, "DELETE FROM sign_in_request WHERE id = ?1", [request.as_bytes()])? == 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO sign_in_code (hash, client, account, session, family, body, expires)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![
        code.hash.as_bytes(),
        client,
        account,
        code.session.as_bytes(),
        code.family.as_bytes(),
        to_json(&code.grant)?,
        code.expires.as_microsecond()
    ];
    run(connection, sql, values)?;
    if let Some(wish) = now_agreed {
        let wish = wish.with(before.unwrap_or_default());
        let sql =
            "INSERT INTO portal (account, client, wish, agreed, last_sign_in) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (account, client) DO UPDATE SET wish = excluded.wish, agreed = excluded.agreed,
                 last_sign_in = excluded.last_sign_in";
        run(connection, sql, params![account, client, to_json(&wish)?, micros])?;
    } else {
        let sql = "UPDATE portal SET last_sign_in = ?3 WHERE account = ?1 AND client = ?2";
        run(connection, sql, params![account, client, micros])?;
    }
    let sql = "INSERT INTO sign_in_entry (account, at, client, level) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO NOTHING";
    run(connection, sql, params![account, micros, client, code.grant.level.to_string()])?;
    Ok(true)
}

fn family(connection: &Connection, id: FamilyId) -> Result<Option<Family>> {
    let sql = format!(
        "SELECT {FAMILY_COLUMNS} FROM sign_in_family JOIN account ON account.id = sign_in_family.account
         WHERE sign_in_family.id = ?1 AND closed IS NULL AND number IS NOT NULL"
    );
    connection.prepare_cached(&sql)?.query_row([id.as_bytes()], family_row).optional()
}

fn add_token(connection: &Connection, token: &AccessToken) -> Result<()> {
    let AccessToken { hash, family, expires, scopes, binding } = token;
    let sql = "INSERT INTO sign_in_token (hash, family, expires, body) VALUES (?1, ?2, ?3, ?4)";
    let body = to_json(&(scopes, binding))?;
    run(connection, sql, params![hash.as_bytes(), family.as_bytes(), expires.as_microsecond(), body])
        .map(drop)
}

fn exchange(connection: &Connection, exchanged: &CodeUse) -> Result<Option<Family>> {
    let CodeUse { hash, at, family_expires, families_max, token } = exchanged;
    let sql = format!("SELECT {CODE_COLUMNS} FROM sign_in_code WHERE hash = ?1 AND used IS NULL");
    let code = connection.prepare_cached(&sql)?.query_row([hash.as_bytes()], code_row).optional()?;
    let Some(code) = code else { return Ok(None) };
    let is_connected = agreed(connection, &code.account, &code.client)?.is_some();
    if !is_connected || !is_signed_in(connection, &code.account, &code.session)? {
        return Ok(None);
    }
    let (now, ends) = (at.as_microsecond(), family_expires.as_microsecond());
    // It stays as long as what it began, so that it is known when it is shown once more.
    let sql = "UPDATE sign_in_code SET used = ?2, expires = ?3 WHERE hash = ?1";
    run(connection, sql, params![hash.as_bytes(), now, ends])?;
    let terms = FamilyTerms {
        scopes: code.grant.asked.scopes,
        signed_in: code.grant.signed_in,
        level: code.grant.level,
    };
    let sql =
        "INSERT INTO sign_in_family (id, client, account, session, generation, rotated, begun, expires, body)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5, ?6, ?7)";
    let (account, client) = (code.account.as_bytes(), code.client.as_str());
    let values = params![
        code.family.as_bytes(),
        client,
        account,
        code.session.as_bytes(),
        now,
        ends,
        to_json(&terms)?
    ];
    run(connection, sql, values)?;
    let sql = "UPDATE sign_in_family SET ended = ?3 WHERE id IN (
                   SELECT id FROM sign_in_family WHERE account = ?1 AND client = ?2 AND ended IS NULL
                   ORDER BY begun DESC, id DESC LIMIT -1 OFFSET ?4)";
    run(connection, sql, params![account, client, now, families_max])?;
    add_token(connection, token)?;
    family(connection, code.family)
}

fn rotate(connection: &Connection, rotation: &Rotation) -> Result<bool> {
    let Rotation { family, seen, is_newest, at, token } = rotation;
    let written = if *is_newest {
        let sql = "UPDATE sign_in_family SET generation = generation + 1, rotated = ?3
                   WHERE id = ?1 AND generation = ?2 AND ended IS NULL";
        run(connection, sql, params![family.as_bytes(), seen, at.as_microsecond()])?
    } else {
        let sql = "SELECT count(*) FROM sign_in_family
                   WHERE id = ?1 AND generation = ?2 + 1 AND ended IS NULL";
        let values = params![family.as_bytes(), seen];
        connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?
    };
    if written == 1 {
        add_token(connection, token)?;
    }
    Ok(written == 1)
}

fn disconnect(connection: &Connection, account: AccountId, client: &ClientId, at: Timestamp) -> Result<bool> {
    let (account, client, at) = (account.as_bytes(), client.as_str(), at.as_microsecond());
    let sql = "DELETE FROM portal WHERE account = ?1 AND client = ?2";
    let is_connected = run(connection, sql, params![account, client])? == 1;
    let sql = "UPDATE sign_in_family SET ended = ?3 WHERE account = ?1 AND client = ?2 AND ended IS NULL";
    run(connection, sql, params![account, client, at])?;
    Ok(is_connected)
}

fn sweep(connection: &Connection, at: Timestamp, length: PortalLength) -> Result<u64> {
    let (now, most) = (at.as_microsecond(), length.rows_max);
    let mut rows = 0;
    for (table, key) in [
        ("sign_in_request", "id"),
        ("sign_in_code", "hash"),
        ("sign_in_family", "id"),
        ("sign_in_token", "hash"),
    ] {
        let sql = format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE expires <= ?1 LIMIT ?2)"
        );
        rows += run(connection, &sql, params![now, most])?;
    }
    let sql = "DELETE FROM sign_in_entry WHERE (account, at, client) IN (
                   SELECT account, at, client FROM sign_in_entry WHERE at < ?1 LIMIT ?2)";
    rows += run(connection, sql, params![length.history_from.as_microsecond(), most])?;
    Ok(count(rows))
}
