//! The port of the identity room. Rows are read in `identity_rows.rs`.
//!
//! Whatever changes an account's codes, passkeys or sessions locks the account's row first, so that bounds hold and
//! nobody enters a house that is being closed.

use crate::{
    PostgresStore,
    database::Outcome,
    errors::{Fault, Result},
    facts::cell,
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
use deadpool_postgres::{GenericClient, Transaction};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::{Row, types::ToSql};

/// Codes are kept this long after they expired, so that it can be seen who issued them.
const CODES_KEPT: SignedDuration = SignedDuration::from_hours(365 * 24);

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl IdentityStore for PostgresStore {
    async fn put_staff(&self, account: Account) -> Answer<Account> {
        self.database.write(&account, |transaction, account| Box::pin(put_staff(transaction, account))).await
    }

    async fn find_staff(&self, id: &StaffId) -> Answer<Option<Account>> {
        self.database.read(&id, |client, id| Box::pin(find_staff(client, id))).await
    }

    async fn list_staff(&self, after: Option<&StaffId>, limit: u32) -> Answer<Vec<StaffProfile>> {
        let after = after.map_or("", StaffId::as_str);
        self.database
            .read(&(after, i64::from(limit)), |client, (after, limit)| {
                Box::pin(async move {
                    let sql = "SELECT staff_id, name, role FROM account
                               WHERE staff_id > $1 AND closed IS NULL ORDER BY staff_id LIMIT $2";
                    all(client, sql, &[after, limit], staff_row).await
                })
            })
            .await
    }

    async fn close_staff(&self, id: &StaffId, at: Timestamp) -> Answer<bool> {
        self.database
            .write(&(id, at), |transaction, (id, at)| Box::pin(close_staff(transaction, id, *at)))
            .await
    }

    async fn issue_code(&self, issue: Issue) -> Answer<Option<Account>> {
        self.database.write(&issue, |transaction, issue| Box::pin(issue_code(transaction, issue))).await
    }

    async fn find_code(&self, hash: CodeHash) -> Answer<Option<(StoredCode, Account)>> {
        self.database
            .read(&hash, |client, hash| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {ACCOUNT_COLUMNS}, {CODE_COLUMNS}
                         FROM code JOIN account ON account.id = code.account
                         WHERE code.hash = $1 AND used IS NULL AND taken_back IS NULL AND closed IS NULL"
                    );
                    let read = |row: &Row| Ok((code_row(row)?, account_row(row)?));
                    one(client, &sql, &[&hash.as_bytes().as_slice()], read).await
                })
            })
            .await
    }

    async fn redeem_code(&self, redeem: Redeem) -> Answer<bool> {
        self.database.write(&redeem, |transaction, redeem| Box::pin(redeem_code(transaction, redeem))).await
    }

    async fn find_session(&self, token: TokenHash) -> Answer<Option<(Session, Account)>> {
        self.database
            .read(&token, |client, token| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {ACCOUNT_COLUMNS}, {SESSION_COLUMNS}
                         FROM session JOIN account ON account.id = session.account
                         WHERE token = $1 AND closed IS NULL"
                    );
                    let read = |row: &Row| Ok((session_row(row)?, account_row(row)?));
                    one(client, &sql, &[&token.as_bytes().as_slice()], read).await
                })
            })
            .await
    }

    async fn touch_session(&self, session: SessionId, at: Timestamp) -> Answer<()> {
        self.database
            .write(&(session, at.as_microsecond()), |transaction, (session, at)| {
                Box::pin(async move {
                    let sql = "UPDATE session SET last_seen = $2 WHERE id = $1 AND last_seen < $2";
                    run(transaction, sql, &[&session.as_bytes().as_slice(), at]).await?;
                    Ok(Outcome::Keep(()))
                })
            })
            .await
    }

    async fn end_session(&self, token: TokenHash) -> Answer<bool> {
        self.database
            .write(&token, |transaction, token| {
                Box::pin(async move {
                    let sql = "DELETE FROM session WHERE token = $1";
                    Ok(Outcome::Keep(run(transaction, sql, &[&token.as_bytes().as_slice()]).await? > 0))
                })
            })
            .await
    }

    async fn list_sessions(&self, account: AccountId, at: Timestamp) -> Answer<Vec<Session>> {
        self.database
            .read(&(account, at.as_microsecond()), |client, (account, at)| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT account AS id, {SESSION_COLUMNS} FROM session
                         WHERE account = $1 AND expires > $2 ORDER BY last_seen DESC, session.id"
                    );
                    all(client, &sql, &[&account.as_bytes().as_slice(), at], session_row).await
                })
            })
            .await
    }

    async fn find_passkey(&self, credential: &[u8]) -> Answer<Option<(StoredPasskey, Account)>> {
        self.database
            .read(&credential, |client, credential| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {ACCOUNT_COLUMNS}, {PASSKEY_COLUMNS}
                         FROM passkey JOIN account ON account.id = passkey.account
                         WHERE credential = $1 AND closed IS NULL"
                    );
                    let read = |row: &Row| Ok((passkey_row(row)?, account_row(row)?));
                    one(client, &sql, &[credential], read).await
                })
            })
            .await
    }

    async fn list_passkeys(&self, account: AccountId) -> Answer<Vec<StoredPasskey>> {
        self.database
            .read(&account, |client, account| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT account AS id, {PASSKEY_COLUMNS} FROM passkey
                         WHERE account = $1 ORDER BY registered, credential"
                    );
                    all(client, &sql, &[&account.as_bytes().as_slice()], passkey_row).await
                })
            })
            .await
    }

    async fn add_passkey(&self, add: AddPasskey) -> Answer<PasskeyAdded> {
        self.database.write(&add, |transaction, add| Box::pin(add_passkey(transaction, add))).await
    }

    async fn use_passkey(&self, passkey_use: PasskeyUse) -> Answer<bool> {
        self.database
            .write(&passkey_use, |transaction, passkey_use| Box::pin(use_passkey(transaction, passkey_use)))
            .await
    }

    async fn sweep(&self, at: Timestamp, limit: u32) -> Answer<u64> {
        self.database
            .write(&(at, i64::from(limit)), |transaction, (at, limit)| {
                Box::pin(sweep(transaction, *at, *limit))
            })
            .await
    }
}

pub(crate) type Parameters<'p> = &'p [&'p (dyn ToSql + Sync)];

pub(crate) async fn all<T>(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
    read: impl Fn(&Row) -> Result<T>,
) -> Result<Vec<T>> {
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, parameters).await?.iter().map(read).collect()
}

pub(crate) async fn one<T>(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
    read: impl Fn(&Row) -> Result<T>,
) -> Result<Option<T>> {
    let statement = client.prepare_cached(sql).await?;
    client.query_opt(&statement, parameters).await?.map(|row| read(&row)).transpose()
}

pub(crate) async fn run(transaction: &Transaction<'_>, sql: &str, parameters: Parameters<'_>) -> Result<u64> {
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction.execute(&statement, parameters).await?)
}

/// Locks an account's row; `false` when it is closed or was never opened.
async fn lock_account(transaction: &Transaction<'_>, account: &AccountId) -> Result<bool> {
    let sql = "SELECT 1 FROM account WHERE id = $1 AND closed IS NULL FOR UPDATE";
    Ok(run(transaction, sql, &[&account.as_bytes().as_slice()]).await? == 1)
}

async fn find_staff(client: &impl GenericClient, id: &StaffId) -> Result<Option<Account>> {
    let sql = format!("SELECT {ACCOUNT_COLUMNS} FROM account WHERE staff_id = $1 AND closed IS NULL");
    one(client, &sql, &[&id.as_str()], account_row).await
}

async fn put_staff(transaction: &Transaction<'_>, account: &Account) -> Result<Outcome<Account>> {
    let on_conflict =
        "ON CONFLICT (staff_id) DO UPDATE SET name = excluded.name, role = excluded.role, closed = NULL";
    insert_account(transaction, account, on_conflict).await?;
    let account = account_of(transaction, &account.subject).await?;
    Ok(Outcome::Keep(account.ok_or(Fault::Defect("an account that was written is not there"))?))
}

/// Inserts an account; `on_conflict` says what happens when the subject has one.
async fn insert_account(transaction: &Transaction<'_>, account: &Account, on_conflict: &str) -> Result<u64> {
    let (number, staff) = match &account.subject {
        Subject::Citizen(number) => (Some(number.value().cast_signed()), None),
        Subject::Staff(profile) => (None, Some(profile)),
    };
    let role = staff.map(|staff| serde_json::to_string(&staff.role)).transpose();
    let role = role.map_err(|_| Fault::Defect("a role has no JSON"))?;
    let sql = format!(
        "INSERT INTO account (id, number, staff_id, name, role, opened)
         VALUES ($1, $2, $3, $4, $5, $6) {on_conflict}"
    );
    let parameters: Parameters<'_> = &[
        &account.id.as_bytes().as_slice(),
        &number,
        &staff.map(|staff| staff.id.as_str()),
        &staff.map(|staff| staff.name.as_str()),
        &role,
        &account.opened.as_microsecond(),
    ];
    run(transaction, &sql, parameters).await
}

/// The open account of a subject.
async fn account_of(client: &impl GenericClient, subject: &Subject) -> Result<Option<Account>> {
    match subject {
        Subject::Staff(profile) => find_staff(client, &profile.id).await,
        Subject::Citizen(number) => {
            let sql = format!("SELECT {ACCOUNT_COLUMNS} FROM account WHERE number = $1 AND closed IS NULL");
            one(client, &sql, &[&number.value().cast_signed()], account_row).await
        }
    }
}

async fn close_staff(transaction: &Transaction<'_>, id: &StaffId, at: Timestamp) -> Result<Outcome<bool>> {
    let Some(account) = find_staff(transaction, id).await? else { return Ok(Outcome::Undo(false)) };
    if !lock_account(transaction, &account.id).await? {
        return Ok(Outcome::Undo(false));
    }
    let (account, at) = (account.id.as_bytes().as_slice(), at.as_microsecond());
    run(transaction, "UPDATE account SET closed = $2 WHERE id = $1", &[&account, &at]).await?;
    run(transaction, "DELETE FROM session WHERE account = $1", &[&account]).await?;
    run(transaction, "DELETE FROM passkey WHERE account = $1", &[&account]).await?;
    take_back_codes(transaction, account, at).await?;
    Ok(Outcome::Keep(true))
}

async fn take_back_codes(transaction: &Transaction<'_>, account: &[u8], at: i64) -> Result<u64> {
    let sql = "UPDATE code SET taken_back = $2 WHERE account = $1 AND used IS NULL AND taken_back IS NULL";
    run(transaction, sql, &[&account, &at]).await
}

async fn issue_code(transaction: &Transaction<'_>, issue: &Issue) -> Result<Outcome<Option<Account>>> {
    insert_account(transaction, &issue.account, "ON CONFLICT DO NOTHING").await?;
    let Some(account) = account_of(transaction, &issue.account.subject).await? else {
        return Ok(Outcome::Undo(None));
    };
    if !lock_account(transaction, &account.id).await? {
        return Ok(Outcome::Undo(None));
    }
    let (id, issued) = (account.id.as_bytes().as_slice(), issue.issued.as_microsecond());
    take_back_codes(transaction, id, issued).await?;
    let sql = "INSERT INTO code (hash, account, issued, expires, issued_by) VALUES ($1, $2, $3, $4, $5)";
    let issued_by = issue.issued_by.as_ref().map(|account| account.as_bytes().as_slice());
    let parameters: Parameters<'_> =
        &[&issue.hash.as_bytes().as_slice(), &id, &issued, &issue.expires.as_microsecond(), &issued_by];
    run(transaction, sql, parameters).await?;
    Ok(Outcome::Keep(Some(account)))
}

async fn redeem_code(transaction: &Transaction<'_>, redeem: &Redeem) -> Result<Outcome<bool>> {
    if !lock_account(transaction, &redeem.session.account).await? {
        return Ok(Outcome::Undo(false));
    }
    let sql = "UPDATE code SET used = $3
               WHERE hash = $1 AND account = $2 AND used IS NULL AND taken_back IS NULL AND expires > $3";
    let parameters: Parameters<'_> = &[
        &redeem.hash.as_bytes().as_slice(),
        &redeem.session.account.as_bytes().as_slice(),
        &redeem.at.as_microsecond(),
    ];
    if run(transaction, sql, parameters).await? == 0 {
        return Ok(Outcome::Undo(false));
    }
    begin_session(transaction, &redeem.session).await?;
    Ok(Outcome::Keep(true))
}

/// Writes a session, and ends those of the account that are too many: the ones seen longest ago.
async fn begin_session(transaction: &Transaction<'_>, session: &Session) -> Result<()> {
    let purpose: i32 = match session.purpose {
        Purpose::Full => 0,
        Purpose::Enrolment => 1,
    };
    let account = session.account.as_bytes().as_slice();
    let sql = "DELETE FROM session WHERE token IN (
                   SELECT token FROM session WHERE account = $1 ORDER BY last_seen DESC, id OFFSET $2)";
    let kept = i64::from(SESSIONS_MAX - 1);
    run(transaction, sql, &[&account, &kept]).await?;
    let sql = "INSERT INTO session (token, id, account, purpose, created, last_seen, expires)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let parameters: Parameters<'_> = &[
        &session.token.as_bytes().as_slice(),
        &session.id.as_bytes().as_slice(),
        &account,
        &purpose,
        &session.created.as_microsecond(),
        &session.last_seen.as_microsecond(),
        &session.expires.as_microsecond(),
    ];
    run(transaction, sql, parameters).await?;
    Ok(())
}

async fn add_passkey(transaction: &Transaction<'_>, add: &AddPasskey) -> Result<Outcome<PasskeyAdded>> {
    let AddPasskey { passkey, passkeys_max, session, replaced_by } = add;
    lock_account(transaction, &passkey.account).await?;
    let account = passkey.account.as_bytes().as_slice();
    let sql = "SELECT EXISTS (SELECT 1 FROM session WHERE id = $1 AND account = $2),
                   EXISTS (SELECT 1 FROM passkey WHERE credential = $3),
                   (SELECT count(*) FROM passkey WHERE account = $2)";
    let statement = transaction.prepare_cached(sql).await?;
    let session = session.as_bytes().as_slice();
    let row = transaction.query_one(&statement, &[&session, &account, &passkey.credential]).await?;
    let (session_stands, is_known, held): (bool, bool, i64) =
        (cell(&row, 0)?, cell(&row, 1)?, cell(&row, 2)?);
    if !session_stands {
        return Ok(Outcome::Undo(PasskeyAdded::SessionGone));
    }
    if is_known {
        return Ok(Outcome::Undo(PasskeyAdded::Known));
    }
    if replaced_by.is_none() && held >= i64::from(*passkeys_max) {
        return Ok(Outcome::Undo(PasskeyAdded::Full));
    }
    if replaced_by.is_some() {
        run(transaction, "DELETE FROM passkey WHERE account = $1", &[&account]).await?;
        run(transaction, "DELETE FROM session WHERE account = $1", &[&account]).await?;
        // What portals hold began with a device that may be in other hands.
        let sql = "UPDATE sign_in_family SET ended = $2 WHERE account = $1 AND ended IS NULL";
        run(transaction, sql, &[&account, &passkey.registered.as_microsecond()]).await?;
    }
    let sql = "INSERT INTO passkey (credential, account, key, registered) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING";
    let registered = passkey.registered.as_microsecond();
    if run(transaction, sql, &[&passkey.credential, &account, &passkey.key, &registered]).await? == 0 {
        // Another account took the same credential at this very moment.
        return Ok(Outcome::Undo(PasskeyAdded::Known));
    }
    if let Some(next) = replaced_by {
        begin_session(transaction, next).await?;
    }
    Ok(Outcome::Keep(PasskeyAdded::Added))
}

async fn use_passkey(transaction: &Transaction<'_>, passkey_use: &PasskeyUse) -> Result<Outcome<bool>> {
    let PasskeyUse { credential, key_seen, key, at, session } = passkey_use;
    lock_account(transaction, &session.account).await?;
    let sql =
        "UPDATE passkey SET key = $4, last_used = $5 WHERE credential = $1 AND account = $2 AND key = $3";
    let account = session.account.as_bytes().as_slice();
    let written = run(transaction, sql, &[credential, &account, key_seen, key, &at.as_microsecond()]).await?;
    if written == 0 {
        return Ok(Outcome::Undo(false));
    }
    begin_session(transaction, session).await?;
    Ok(Outcome::Keep(true))
}

async fn sweep(transaction: &Transaction<'_>, at: Timestamp, limit: i64) -> Result<Outcome<u64>> {
    let codes_before = at.saturating_sub(CODES_KEPT).unwrap_or(Timestamp::MIN).as_microsecond();
    let sql = "DELETE FROM session WHERE token IN (SELECT token FROM session WHERE expires <= $1 LIMIT $2)";
    let sessions = run(transaction, sql, &[&at.as_microsecond(), &limit]).await?;
    let sql = "DELETE FROM code WHERE hash IN (SELECT hash FROM code WHERE expires <= $1 LIMIT $2)";
    let codes = run(transaction, sql, &[&codes_before, &limit]).await?;
    Ok(Outcome::Keep(sessions + codes))
}
