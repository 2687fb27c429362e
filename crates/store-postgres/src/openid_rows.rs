//! Rows of the OpenID provider's tables as the room's types. A column that does not hold what it should is damage.

use crate::{
    errors::{Fault, Result},
    exchange::{from_json, id},
    facts::{cell, instant_from_sql, number_from_sql},
};
use dancu_identity::{AccountId, SessionId};
use dancu_openid::{
    AccessToken, Family, FamilyId, Portal, PushedRequest, SecretHash, SignInEntry, StoredCode,
};
use jiff::Timestamp;
use tokio_postgres::Row;

/// Columns of [`code_row`].
pub const CODE_COLUMNS: &str = "hash, client, account, session, family, body, expires, used";
/// Columns of [`family_row`], with the account joined.
pub const FAMILY_COLUMNS: &str = "sign_in_family.id, client, account, number, session, generation, rotated, begun, \
    sign_in_family.expires, ended, body";
/// Columns of [`portal_row`].
pub const PORTAL_COLUMNS: &str = "client, wish, agreed, last_sign_in";

fn named<T>(row: &Row, column: usize, read: impl Fn(&[u8]) -> Option<T>) -> Result<T> {
    read(cell(row, column)?).ok_or(Fault::Damaged("a name of the sign-in"))
}

fn instant(row: &Row, column: usize) -> Result<Timestamp> {
    instant_from_sql(cell(row, column)?)
}

fn optional_instant(row: &Row, column: usize) -> Result<Option<Timestamp>> {
    cell::<Option<i64>>(row, column)?.map(instant_from_sql).transpose()
}

pub fn request_row(row: &Row) -> Result<PushedRequest> {
    let (asked, pushed) = from_json(row, 2)?;
    let found = named(row, 0, SecretHash::from_bytes)?;
    Ok(PushedRequest { id: found, client: id(row, 1)?, asked, pushed, expires: instant(row, 3)? })
}

pub fn code_row(row: &Row) -> Result<StoredCode> {
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

pub fn family_row(row: &Row) -> Result<Family> {
    let generation: i64 = cell(row, 5)?;
    Ok(Family {
        id: named(row, 0, FamilyId::from_bytes)?,
        client: id(row, 1)?,
        account: named(row, 2, AccountId::from_bytes)?,
        number: number_from_sql(cell(row, 3)?)?,
        session: named(row, 4, SessionId::from_bytes)?,
        generation: generation.try_into().map_err(|_| Fault::Damaged("a generation"))?,
        rotated: instant(row, 6)?,
        begun: instant(row, 7)?,
        expires: instant(row, 8)?,
        ended: optional_instant(row, 9)?,
        terms: from_json(row, 10)?,
    })
}

pub fn token_row(row: &Row) -> Result<AccessToken> {
    let (scopes, binding) = from_json(row, 3)?;
    Ok(AccessToken {
        hash: named(row, 0, SecretHash::from_bytes)?,
        family: named(row, 1, FamilyId::from_bytes)?,
        expires: instant(row, 2)?,
        scopes,
        binding,
    })
}

pub fn portal_row(row: &Row) -> Result<Portal> {
    Ok(Portal {
        client: id(row, 0)?,
        wish: from_json(row, 1)?,
        agreed: instant(row, 2)?,
        last_sign_in: instant(row, 3)?,
    })
}

pub fn entry_row(row: &Row) -> Result<SignInEntry> {
    Ok(SignInEntry { at: instant(row, 0)?, client: id(row, 1)?, level: id(row, 2)? })
}
