//! The port of the identity room on `register.db`. Rows are read in `identity_rows.rs`.

use crate::{
    SqliteStore,
    identity_rows::{
        ACCOUNT_COLUMNS, CODE_COLUMNS, PASSKEY_COLUMNS, SESSION_COLUMNS, account_row, code_row, passkey_row,
        session_row, staff_row,
    },
};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_identity::{
    Account, AccountId, AddPasskey, CodeHash, IdentityStore, Issue, PasskeyAdded, PasskeyUse, Purpose,
    Redeem, SESSIONS_MAX, Session, SessionId, StaffId, StaffProfile, StoredCode, StoredPasskey, Subject,
    TokenHash,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

/// Codes are kept this long after they expired, so that it can be seen who issued them.
const CODES_KEPT: SignedDuration = SignedDuration::from_hours(365 * 24);

#[async_trait]
impl IdentityStore for SqliteStore {
    async fn put_staff(&self, account: Account) -> Result<Account, StoreError> {
        self.database().write(move |connection| put_staff(connection, &account)).await
    }

    async fn find_staff(&self, id: &StaffId) -> Result<Option<Account>, StoreError> {
        self.database().read(|connection| find_staff(connection, id))
    }

    async fn list_staff(&self, after: Option<&StaffId>, limit: u32) -> Result<Vec<StaffProfile>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT staff_id, name, role FROM account
                     WHERE staff_id > ?1 AND closed IS NULL ORDER BY staff_id LIMIT ?2",
                )?
                .query_map(params![after.map_or("", StaffId::as_str), limit], staff_row)?
                .collect()
        })
    }

    async fn close_staff(&self, id: &StaffId, at: Timestamp) -> Result<bool, StoreError> {
        let id = id.clone();
        self.database().write(move |connection| close_staff(connection, &id, at)).await
    }

    async fn issue_code(&self, issue: Issue) -> Result<Option<Account>, StoreError> {
        self.database().write(move |connection| issue_code(connection, &issue)).await
    }

    async fn find_code(&self, hash: CodeHash) -> Result<Option<(StoredCode, Account)>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {ACCOUNT_COLUMNS}, {CODE_COLUMNS}
                     FROM code JOIN account ON account.id = code.account
                     WHERE code.hash = ?1 AND used IS NULL AND taken_back IS NULL AND closed IS NULL"
                ))?
                .query_row([hash.as_bytes()], |row| Ok((code_row(row)?, account_row(row)?)))
                .optional()
        })
    }

    async fn redeem_code(&self, redeem: Redeem) -> Result<bool, StoreError> {
        self.database().write(move |connection| redeem_code(connection, &redeem)).await
    }

    async fn find_session(&self, token: TokenHash) -> Result<Option<(Session, Account)>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {ACCOUNT_COLUMNS}, {SESSION_COLUMNS}
                     FROM session JOIN account ON account.id = session.account
                     WHERE token = ?1 AND closed IS NULL"
                ))?
                .query_row([token.as_bytes()], |row| Ok((session_row(row)?, account_row(row)?)))
                .optional()
        })
    }

    async fn touch_session(&self, session: SessionId, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE session SET last_seen = ?2 WHERE id = ?1 AND last_seen < ?2";
        let work = move |connection: &Connection| {
            connection.prepare_cached(sql)?.execute(params![session.as_bytes(), at.as_microsecond()])
        };
        self.database().write(work).await.map(drop)
    }

    async fn end_session(&self, token: TokenHash) -> Result<bool, StoreError> {
        let work = move |connection: &Connection| {
            connection.prepare_cached("DELETE FROM session WHERE token = ?1")?.execute([token.as_bytes()])
        };
        Ok(self.database().write(work).await? > 0)
    }

    async fn list_sessions(&self, account: AccountId, at: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT account AS id, {SESSION_COLUMNS} FROM session
                     WHERE account = ?1 AND expires > ?2 ORDER BY last_seen DESC, session.id"
                ))?
                .query_map(params![account.as_bytes(), at.as_microsecond()], session_row)?
                .collect()
        })
    }

    async fn find_passkey(&self, credential: &[u8]) -> Result<Option<(StoredPasskey, Account)>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {ACCOUNT_COLUMNS}, {PASSKEY_COLUMNS}
                     FROM passkey JOIN account ON account.id = passkey.account
                     WHERE credential = ?1 AND closed IS NULL"
                ))?
                .query_row([credential], |row| Ok((passkey_row(row)?, account_row(row)?)))
                .optional()
        })
    }

    async fn list_passkeys(&self, account: AccountId) -> Result<Vec<StoredPasskey>, StoreError> {
        self.database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT account AS id, {PASSKEY_COLUMNS} FROM passkey
                     WHERE account = ?1 ORDER BY registered, credential"
                ))?
                .query_map([account.as_bytes()], passkey_row)?
                .collect()
        })
    }

    async fn add_passkey(&self, add: AddPasskey) -> Result<PasskeyAdded, StoreError> {
        self.database().write(move |connection| add_passkey(connection, &add)).await
    }

    async fn use_passkey(&self, passkey_use: PasskeyUse) -> Result<bool, StoreError> {
        self.database().write(move |connection| use_passkey(connection, &passkey_use)).await
    }

    async fn sweep(&self, at: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.database().write(move |connection| sweep(connection, at, limit)).await
    }
}

fn find_staff(connection: &Connection, id: &StaffId) -> Result<Option<Account>> {
    connection
        .prepare_cached(&format!(
            "SELECT {ACCOUNT_COLUMNS} FROM account WHERE staff_id = ?1 AND closed IS NULL"
        ))?
        .query_row([id.as_str()], account_row)
        .optional()
}

fn put_staff(connection: &Connection, account: &Account) -> Result<Account> {
    insert_account(
        connection,
        account,
        "ON CONFLICT (staff_id) DO UPDATE SET name = excluded.name, role = excluded.role, closed = NULL",
    )?;
    account_of(connection, &account.subject)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// Inserts an account; `on_conflict` says what happens when the subject has one.
fn insert_account(connection: &Connection, account: &Account, on_conflict: &str) -> Result<usize> {
    let (number, staff) = match &account.subject {
        Subject::Citizen(number) => (Some(number.value().cast_signed()), None),
        Subject::Staff(profile) => (None, Some(profile)),
    };
    let role = staff.map(|staff| serde_json::to_string(&staff.role)).transpose();
    let role = role.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(&format!(
            "INSERT INTO account (id, number, staff_id, name, role, opened)
             VALUES (:id, :number, :staff_id, :name, :role, :opened) {on_conflict}"
        ))?
        .execute(named_params! {
            ":id": account.id.as_bytes(),
            ":number": number,
            ":staff_id": staff.map(|staff| staff.id.as_str()),
            ":name": staff.map(|staff| staff.name.as_str()),
            ":role": role,
            ":opened": account.opened.as_microsecond(),
        })
}

/// The open account of a subject.
fn account_of(connection: &Connection, subject: &Subject) -> Result<Option<Account>> {
    match subject {
        Subject::Staff(profile) => find_staff(connection, &profile.id),
        Subject::Citizen(number) => connection
            .prepare_cached(&format!(
                "SELECT {ACCOUNT_COLUMNS} FROM account WHERE number = ?1 AND closed IS NULL"
            ))?
            .query_row([number.value().cast_signed()], account_row)
            .optional(),
    }
}

fn close_staff(connection: &Connection, id: &StaffId, at: Timestamp) -> Result<bool> {
    let Some(account) = find_staff(connection, id)? else {
        return Ok(false);
    };
    let (account, at) = (account.id.as_bytes(), at.as_microsecond());
    connection
        .prepare_cached("UPDATE account SET closed = ?2 WHERE id = ?1")?
        .execute(params![account, at])?;
    connection.prepare_cached("DELETE FROM session WHERE account = ?1")?.execute([account])?;
    connection.prepare_cached("DELETE FROM passkey WHERE account = ?1")?.execute([account])?;
    take_back_codes(connection, account, at)?;
    Ok(true)
}

fn take_back_codes(connection: &Connection, account: &[u8; 16], at: i64) -> Result<usize> {
    connection
        .prepare_cached(
            "UPDATE code SET taken_back = ?2 WHERE account = ?1 AND used IS NULL AND taken_back IS NULL",
        )?
        .execute(params![account, at])
}

fn issue_code(connection: &Connection, issue: &Issue) -> Result<Option<Account>> {
    insert_account(connection, &issue.account, "ON CONFLICT DO NOTHING")?;
    let Some(account) = account_of(connection, &issue.account.subject)? else {
        return Ok(None);
    };
    take_back_codes(connection, account.id.as_bytes(), issue.issued.as_microsecond())?;
    connection
        .prepare_cached(
            "INSERT INTO code (hash, account, issued, expires, issued_by) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            issue.hash.as_bytes(),
            account.id.as_bytes(),
            issue.issued.as_microsecond(),
            issue.expires.as_microsecond(),
            issue.issued_by.as_ref().map(AccountId::as_bytes),
        ])?;
    Ok(Some(account))
}

fn redeem_code(connection: &Connection, redeem: &Redeem) -> Result<bool> {
    let used = connection
        .prepare_cached(
            "UPDATE code SET used = ?3
             WHERE hash = ?1 AND account = ?2 AND used IS NULL AND taken_back IS NULL AND expires > ?3
               AND EXISTS (SELECT 1 FROM account WHERE id = ?2 AND closed IS NULL)",
        )?
        .execute(params![
            redeem.hash.as_bytes(),
            redeem.session.account.as_bytes(),
            redeem.at.as_microsecond()
        ])?;
    if used == 1 {
        begin_session(connection, &redeem.session)?;
    }
    Ok(used == 1)
}

/// Writes a session, and ends those of the account that are too many: the ones seen longest ago.
fn begin_session(connection: &Connection, session: &Session) -> Result<()> {
    let purpose = match session.purpose {
        Purpose::Full => 0,
        Purpose::Enrolment => 1,
    };
    connection
        .prepare_cached(
            "DELETE FROM session WHERE token IN (
                 SELECT token FROM session WHERE account = ?1 ORDER BY last_seen DESC, id LIMIT -1 OFFSET ?2)",
        )?
        .execute(params![session.account.as_bytes(), SESSIONS_MAX - 1])?;
    connection
        .prepare_cached(
            "INSERT INTO session (token, id, account, purpose, created, last_seen, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            session.token.as_bytes(),
            session.id.as_bytes(),
            session.account.as_bytes(),
            purpose,
            session.created.as_microsecond(),
            session.last_seen.as_microsecond(),
            session.expires.as_microsecond(),
        ])?;
    Ok(())
}

fn add_passkey(connection: &Connection, add: &AddPasskey) -> Result<PasskeyAdded> {
    let AddPasskey { passkey, passkeys_max, session, replaced_by } = add;
    let account = passkey.account.as_bytes();
    let session_stands: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM session WHERE id = ?1 AND account = ?2)")?
        .query_row(params![session.as_bytes(), account], |row| row.get(0))?;
    let is_known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM passkey WHERE credential = ?1)")?
        .query_row([&passkey.credential], |row| row.get(0))?;
    let held: u32 = connection
        .prepare_cached("SELECT count(*) FROM passkey WHERE account = ?1")?
        .query_row([account], |row| row.get(0))?;
    if !session_stands {
        return Ok(PasskeyAdded::SessionGone);
    }
    if is_known {
        return Ok(PasskeyAdded::Known);
    }
    if replaced_by.is_none() && held >= *passkeys_max {
        return Ok(PasskeyAdded::Full);
    }
    if replaced_by.is_some() {
        connection.prepare_cached("DELETE FROM passkey WHERE account = ?1")?.execute([account])?;
        connection.prepare_cached("DELETE FROM session WHERE account = ?1")?.execute([account])?;
        // What portals hold began with a device that may be in other hands.
        connection
            .prepare_cached("UPDATE sign_in_family SET ended = ?2 WHERE account = ?1 AND ended IS NULL")?
            .execute(params![account, passkey.registered.as_microsecond()])?;
    }
    connection
        .prepare_cached("INSERT INTO passkey (credential, account, key, registered) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![passkey.credential, account, passkey.key, passkey.registered.as_microsecond()])?;
    if let Some(next) = replaced_by {
        begin_session(connection, next)?;
    }
    Ok(PasskeyAdded::Added)
}

fn use_passkey(connection: &Connection, passkey_use: &PasskeyUse) -> Result<bool> {
    let PasskeyUse { credential, key_seen, key, at, session } = passkey_use;
    let written = connection
        .prepare_cached(
            "UPDATE passkey SET key = ?4, last_used = ?5 WHERE credential = ?1 AND account = ?2 AND key = ?3",
        )?
        .execute(params![credential, session.account.as_bytes(), key_seen, key, at.as_microsecond()])?;
    if written == 1 {
        begin_session(connection, session)?;
    }
    Ok(written == 1)
}

fn sweep(connection: &Connection, at: Timestamp, limit: u32) -> Result<u64> {
    let codes_before = at.saturating_sub(CODES_KEPT).unwrap_or(Timestamp::MIN);
    let sessions = connection
        .prepare_cached(
            "DELETE FROM session WHERE token IN (SELECT token FROM session WHERE expires <= ?1 LIMIT ?2)",
        )?
        .execute(params![at.as_microsecond(), limit])?;
    let codes = connection
        .prepare_cached(
            "DELETE FROM code WHERE hash IN (SELECT hash FROM code WHERE expires <= ?1 LIMIT ?2)",
        )?
        .execute(params![codes_before.as_microsecond(), limit])?;
    Ok(u64::try_from(sessions + codes).unwrap_or(u64::MAX))
}
