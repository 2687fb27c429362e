//! Rows of the identity tables as the room's types. A column that does not hold what it should is damage.

use dancu_core::PersonalNumber;
use dancu_identity::{
    Account, AccountId, CodeHash, Purpose, Session, SessionId, StaffProfile, StoredCode, StoredPasskey,
    Subject, TokenHash,
};
use jiff::Timestamp;
use rusqlite::{Error, Result, Row, types::Type};

/// Columns of [`account_row`].
pub const ACCOUNT_COLUMNS: &str = "account.id, number, staff_id, name, role, opened";
/// Columns of [`code_row`], beside `id` for the account.
pub const CODE_COLUMNS: &str = "hash, issued, code.expires, issued_by";
/// Columns of [`session_row`], beside `id` for the account.
pub const SESSION_COLUMNS: &str =
    "token, session.id AS session_id, purpose, created, last_seen, session.expires";
/// Columns of [`passkey_row`], beside `id` for the account.
pub const PASSKEY_COLUMNS: &str = "credential, key, registered, last_used";

pub fn account_row(row: &Row<'_>) -> Result<Account> {
    let subject = match row.get::<_, Option<i64>>("number")? {
        Some(number) => {
            let number = u64::try_from(number).ok().and_then(PersonalNumber::from_value);
            Subject::Citizen(number.ok_or_else(|| damaged("no personal number"))?)
        }
        None => Subject::Staff(staff_row(row)?),
    };
    Ok(Account { id: account_id(row)?, subject, opened: instant(row, "opened")? })
}

pub fn staff_row(row: &Row<'_>) -> Result<StaffProfile> {
    let parsed = |column: &str| row.get::<_, String>(column);
    Ok(StaffProfile {
        id: parsed("staff_id")?.parse().map_err(|_| damaged("no staff id"))?,
        name: parsed("name")?.parse().map_err(|_| damaged("no name"))?,
        role: serde_json::from_str(&parsed("role")?).map_err(|_| damaged("no role"))?,
    })
}

pub fn code_row(row: &Row<'_>) -> Result<StoredCode> {
    let issued_by: Option<Vec<u8>> = row.get("issued_by")?;
    let issued_by =
        issued_by.map(|bytes| AccountId::from_bytes(&bytes).ok_or_else(|| damaged("no account id")));
    Ok(StoredCode {
        hash: CodeHash::from_bytes(&blob(row, "hash")?).ok_or_else(|| damaged("no hash"))?,
        account: account_id(row)?,
        issued: instant(row, "issued")?,
        expires: instant(row, "expires")?,
        issued_by: issued_by.transpose()?,
    })
}

pub fn session_row(row: &Row<'_>) -> Result<Session> {
    Ok(Session {
        id: SessionId::from_bytes(&blob(row, "session_id")?).ok_or_else(|| damaged("no session id"))?,
        token: TokenHash::from_bytes(&blob(row, "token")?).ok_or_else(|| damaged("no hash"))?,
        account: account_id(row)?,
        purpose: match row.get("purpose")? {
            0 => Purpose::Full,
            1 => Purpose::Enrolment,
            _ => return Err(damaged("no purpose")),
        },
        created: instant(row, "created")?,
        last_seen: instant(row, "last_seen")?,
        expires: instant(row, "expires")?,
    })
}

pub fn passkey_row(row: &Row<'_>) -> Result<StoredPasskey> {
    let last_used: Option<i64> = row.get("last_used")?;
    let read = |micros| Timestamp::from_microsecond(micros).map_err(|_| damaged("no instant"));
    Ok(StoredPasskey {
        credential: blob(row, "credential")?,
        account: account_id(row)?,
        key: row.get("key")?,
        registered: instant(row, "registered")?,
        last_used: last_used.map(read).transpose()?,
    })
}

fn account_id(row: &Row<'_>) -> Result<AccountId> {
    AccountId::from_bytes(&blob(row, "id")?).ok_or_else(|| damaged("no account id"))
}

fn blob(row: &Row<'_>, column: &str) -> Result<Vec<u8>> {
    row.get(column)
}

fn instant(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| damaged("no instant"))
}

fn damaged(what: &'static str) -> Error {
    Error::FromSqlConversionFailure(0, Type::Null, what.into())
}
