//! What PostgreSQL, the pool and the migrations report, as [`StoreError`] with the database named.
//!
//! No value of a row gets into an error. PostgreSQL's messages, details and hints may repeat values, so that only
//! the code (SQLSTATE) and the names of table and constraint are told.

use dancu_core::StoreError;
use deadpool_postgres::{HookError, PoolError, TimeoutType};
use std::path::Path;
use tokio_postgres::error::SqlState;

/// Why a piece of work stopped.
#[derive(Debug)]
pub(crate) enum Fault {
    /// PostgreSQL or the way to it.
    Postgres(tokio_postgres::Error),
    /// A new connection could not be made.
    Connect(tokio_postgres::Error),
    /// No connection could be had.
    Pool(PoolError),
    /// A stored value is none that this crate writes.
    Damaged(&'static str),
    /// A statement did not do what it had to.
    Defect(&'static str),
}

pub(crate) type Result<T> = std::result::Result<T, Fault>;

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                Self::Connect(error)
            }
            other => Self::Pool(other),
        }
    }
}

impl Fault {
    /// Whether PostgreSQL undid the transaction because of another one, and the same may succeed when run again.
    pub(crate) fn is_conflict(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        matches!(error.code(), Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE
            || *code == SqlState::T_R_DEADLOCK_DETECTED)
    }

    /// Whether the connection is gone, so that nobody answers on it any more.
    pub(crate) fn is_lost(&self) -> bool {
        let (Self::Postgres(error) | Self::Connect(error)) = self else { return false };
        match error.code() {
            // Class 08 is the connection's; 57P01 to 57P03 are a server that stops, crashed or is starting; 25006 is
            // one that takes no writes any more, since another one does.
            Some(code) => {
                code.code().starts_with("08") || matches!(code.code(), "57P01" | "57P02" | "57P03" | "25006")
            }
            None => error.is_closed() || cause(error).is_some_and(is_of_the_network),
        }
    }

    /// Whether somebody else held a lock for too long.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Postgres(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
    }

    pub(crate) fn into_store_error(self, database: &Path) -> StoreError {
        let file = database.to_owned();
        match self {
            Self::Postgres(error) => postgres_error(database, &error),
            Self::Connect(error) => connect_error(database, &error),
            // Nobody gives a connection back in time: more is asked than can be done.
            Self::Pool(PoolError::Timeout(TimeoutType::Wait)) => StoreError::Overloaded,
            Self::Pool(PoolError::Timeout(_)) => {
                StoreError::Failed { file, detail: "the database does not answer".to_owned() }
            }
            Self::Pool(_) => StoreError::Failed { file, detail: "the store is closed".to_owned() },
            Self::Damaged(what) => {
                StoreError::Corrupt { file, detail: format!("{what} does not hold what it should") }
            }
            Self::Defect(what) => StoreError::Failed { file, detail: what.to_owned() },
        }
    }
}

fn cause(error: &tokio_postgres::Error) -> Option<&(dyn std::error::Error + 'static)> {
    std::error::Error::source(error)
}

fn is_of_the_network(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<std::io::Error>() && of_tls(error).is_none()
}

/// What TLS said of the server, when that is the cause.
fn of_tls<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    error.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref()
}

/// Why there is no connection. Nothing of a row is in these errors, so their own words may be told.
fn connect_error(database: &Path, error: &tokio_postgres::Error) -> StoreError {
    let file = database.to_owned();
    let detail = match (error.as_db_error(), cause(error)) {
        (Some(said), _) => match said.code().code() {
            "28000" | "28P01" => {
                "the database refuses the user, the password or the way they come".to_owned()
            }
            "3D000" => "there is no database of this name".to_owned(),
            "57P03" => "the database is starting or stopping".to_owned(),
            _ => return postgres_error(database, error),
        },
        (None, Some(cause)) => match of_tls(cause) {
            Some(told) => format!("TLS with the database failed ({told})"),
            None if is_of_the_network(cause) => format!("the database cannot be reached ({cause})"),
            None => format!("{error} ({cause})"),
        },
        (None, None) => error.to_string(),
    };
    StoreError::Failed { file, detail }
}

/// Maps an error of PostgreSQL.
pub(crate) fn postgres_error(database: &Path, error: &tokio_postgres::Error) -> StoreError {
    let file = database.to_owned();
    let Some(said) = error.as_db_error() else {
        let detail = match cause(error) {
            Some(cause) if is_of_the_network(cause) => format!("the database cannot be reached ({cause})"),
            _ if error.is_closed() => "the connection to the database was lost".to_owned(),
            // A value that does not convert: the text of the cause may repeat it.
            _ => {
                return StoreError::Corrupt {
                    file,
                    detail: "a column does not hold what it should".to_owned(),
                };
            }
        };
        return StoreError::Failed { file, detail };
    };
    let code = said.code();
    match code.code() {
        "53100" => StoreError::Full { file },
        "53300" | "53400" | "55P03" | "57014" => StoreError::Overloaded,
        "25006" | "42501" => StoreError::ReadOnly { file },
        "XX001" | "XX002" => StoreError::Corrupt { file, detail: format!("SQLSTATE {}", code.code()) },
        _ => {
            let named = |what: &str, name: Option<&str>| name.map(|name| format!(", {what} {name}"));
            let table = named("table", said.table()).unwrap_or_default();
            let constraint = named("constraint", said.constraint()).unwrap_or_default();
            StoreError::Failed { file, detail: format!("SQLSTATE {}{table}{constraint}", code.code()) }
        }
    }
}
