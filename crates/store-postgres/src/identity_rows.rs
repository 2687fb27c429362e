//! Rows of the identity tables as the room's types. A column that does not hold what it should is damage.

use crate::{
    errors::{Fault, Result},
    facts::{instant_from_sql, number_from_sql},
};
use dancu_identity::{
    Account, AccountId, CodeHash, Purpose, Session, SessionId, StaffProfile, StoredCode, StoredPasskey,
    Subject, TokenHash,
};
use jiff::Timestamp;
use tokio_postgres::{Row, types::FromSql};

/// Columns of [`account_row`].
pub const ACCOUNT_COLUMNS: &str = "account.id AS id, number, staff_id, name, role, opened";
/// Columns of [`code_row`], beside `id` for the account.
pub const CODE_COLUMNS: &str = "hash, issued, code.expires AS expires, issued_by";
/// Columns of [`session_row`], beside `id` for the account.
pub const SESSION_COLUMNS: &str =
    "token, session.id AS session_id, purpose, created, last_seen, session.expires AS expires";
/// Columns of [`passkey_row`], beside `id` for the account.
pub const PASSKEY_COLUMNS: &str = "credential, key, registered, last_used";

fn named<'r, T: FromSql<'r>>(row: &'r Row, column: &str) -> Result<T> {
    row.try_get(column).map_err(|_| Fault::Damaged("a column of accounts"))
}

pub fn account_row(row: &Row) -> Result<Account> {
    let subject = match named::<Option<i64>>(row, "number")? {
        Some(number) => Subject::Citizen(number_from_sql(number)?),
        None => Subject::Staff(staff_row(row)?),
    };
    Ok(Account { id: account_id(row)?, subject, opened: instant(row, "opened")? })
}

pub fn staff_row(row: &Row) -> Result<StaffProfile> {
    Ok(StaffProfile {
        id: named::<&str>(row, "staff_id")?.parse().map_err(|_| Fault::Damaged("a staff identifier"))?,
        name: named::<&str>(row, "name")?.parse().map_err(|_| Fault::Damaged("a name of staff"))?,
        role: serde_json::from_str(named(row, "role")?).map_err(|_| Fault::Damaged("a role"))?,
    })
}

pub fn code_row(row: &Row) -> Result<StoredCode> {
    let issued_by: Option<&[u8]> = named(row, "issued_by")?;
    let issued_by = issued_by.map(|bytes| AccountId::from_bytes(bytes).ok_or(Fault::Damaged("an account")));
    Ok(StoredCode {
        hash: CodeHash::from_bytes(named(row, "hash")?).ok_or(Fault::Damaged("a hash"))?,
        account: account_id(row)?,
        issued: instant(row, "issued")?,
        expires: instant(row, "expires")?,
        issued_by: issued_by.transpose()?,
    })
}

pub fn session_row(row: &Row) -> Result<Session> {
    Ok(Session {
        id: SessionId::from_bytes(named(row, "session_id")?).ok_or(Fault::Damaged("a session"))?,
        token: TokenHash::from_bytes(named(row, "token")?).ok_or(Fault::Damaged("a hash"))?,
        account: account_id(row)?,
        purpose: match named::<i32>(row, "purpose")? {
            0 => Purpose::Full,
            1 => Purpose::Enrolment,
            _ => return Err(Fault::Damaged("the purpose of a session")),
        },
        created: instant(row, "created")?,
        last_seen: instant(row, "last_seen")?,
        expires: instant(row, "expires")?,
    })
}

pub fn passkey_row(row: &Row) -> Result<StoredPasskey> {
    let last_used: Option<i64> = named(row, "last_used")?;
    Ok(StoredPasskey {
        credential: named(row, "credential")?,
        account: account_id(row)?,
        key: named(row, "key")?,
        registered: instant(row, "registered")?,
        last_used: last_used.map(instant_from_sql).transpose()?,
    })
}

fn account_id(row: &Row) -> Result<AccountId> {
    AccountId::from_bytes(named(row, "id")?).ok_or(Fault::Damaged("an account"))
}

fn instant(row: &Row, column: &str) -> Result<Timestamp> {
    instant_from_sql(named(row, column)?)
}
