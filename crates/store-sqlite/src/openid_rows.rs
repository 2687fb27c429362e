//! Rows of the OpenID provider's tables as the room's types. A column that does not hold what it should is damage.

use crate::{
    exchange::{damaged, from_json, id, instant},
    facts::number_from_sql,
};
use dancu_identity::{AccountId, SessionId};
use dancu_openid::{
    AccessToken, Family, FamilyId, Portal, PushedRequest, SecretHash, SignInEntry, StoredCode,
};
use jiff::Timestamp;
use rusqlite::{Result, Row};

/// Columns of [`code_row`].
pub const CODE_COLUMNS: &str = "hash, client, account, session, family, body, expires, used";
/// Columns of [`family_row`], with the account joined.
pub const FAMILY_COLUMNS: &str = "sign_in_family.id, client, account, number, session, generation, rotated, begun, \
    sign_in_family.expires, ended, body";
/// Columns of [`portal_row`].
pub const PORTAL_COLUMNS: &str = "client, wish, agreed, last_sign_in";

fn named<T>(row: &Row<'_>, column: usize, read: impl Fn(&[u8]) -> Option<T>) -> Result<T> {
    read(row.get_ref(column)?.as_blob()?).ok_or_else(|| damaged(column))
}

fn optional_instant(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    micros.map(|micros| Timestamp::from_microsecond(micros).map_err(|_| damaged(column))).transpose()
}

pub fn request_row(row: &Row<'_>) -> Result<PushedRequest> {
    let (asked, pushed) = from_json(row, 2)?;
    let found = named(row, 0, SecretHash::from_bytes)?;
    Ok(PushedRequest { id: found, client: id(row, 1)?, asked, pushed, expires: instant(row, 3)? })
}

pub fn code_row(row: &Row<'_>) -> Result<StoredCode> {
    Ok(StoredCode {
        hash: named(row, 0, SecretHash::from_bytes)?,
        client: id(row, 1)?,
        account: named(row, 2, AccountId::from_bytes)?,
        session: named(row, 3, SessionId::from_bytes)?,
        family: named(row, 4, FamilyId::from_bytes)?,
        grant: from_json(row, 5)?,
        expires: instant(row, 6)?,
        used: optional_instant(row, 7)?,
    })
}

pub fn family_row(row: &Row<'_>) -> Result<Family> {
    Ok(Family {
        id: named(row, 0, FamilyId::from_bytes)?,
        client: id(row, 1)?,
        account: named(row, 2, AccountId::from_bytes)?,
        number: number_from_sql(row, 3)?,
        session: named(row, 4, SessionId::from_bytes)?,
        generation: row.get(5)?,
        rotated: instant(row, 6)?,
        begun: instant(row, 7)?,
        expires: instant(row, 8)?,
        ended: optional_instant(row, 9)?,
        terms: from_json(row, 10)?,
    })
}

pub fn token_row(row: &Row<'_>) -> Result<AccessToken> {
    let (scopes, binding) = from_json(row, 3)?;
    Ok(AccessToken {
        hash: named(row, 0, SecretHash::from_bytes)?,
        family: named(row, 1, FamilyId::from_bytes)?,
        expires: instant(row, 2)?,
        scopes,
        binding,
    })
}

pub fn portal_row(row: &Row<'_>) -> Result<Portal> {
    Ok(Portal {
        client: id(row, 0)?,
        wish: from_json(row, 1)?,
        agreed: instant(row, 2)?,
        last_sign_in: instant(row, 3)?,
    })
}

pub fn entry_row(row: &Row<'_>) -> Result<SignInEntry> {
    Ok(SignInEntry { at: instant(row, 0)?, client: id(row, 1)?, level: id(row, 2)? })
}
