//! The port: a store as tables of rows.

use crate::tables::Table;
use async_trait::async_trait;
use dancu_core::StoreError;
use sha2::{Digest, Sha256};
use std::fmt;

/// A value in a row. It may be personal data, so it prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Null,
    /// A whole number; 0 and 1 for no and yes.
    Integer(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cell(…)")
    }
}

/// A row, its cells in the order of the table's columns.
pub type Row = Vec<Cell>;

impl Cell {
    /// Adds the value to a digest, the same for every store: its kind, its length where it has one, its bytes.
    pub(crate) fn digest(&self, digest: &mut Sha256) {
        let (kind, bytes): (u8, &[u8]) = match self {
            Self::Null => return digest.update([0]),
            Self::Integer(value) => {
                digest.update([1]);
                return digest.update(value.to_be_bytes());
            }
            Self::Text(text) => (2, text.as_bytes()),
            Self::Blob(bytes) => (3, bytes),
        };
        digest.update([kind]);
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
}

/// A store whose tables can be read and filled row by row. Nobody else uses it meanwhile.
#[async_trait]
pub trait RowStore: Send + Sync {
    /// Where it is, for messages and to tell one copy from another; without a password.
    fn name(&self) -> String;

    /// Rows in the order of their key after one of them, at most `length_max`.
    async fn rows(
        &self,
        table: &'static Table,
        after: Option<&[Cell]>,
        length_max: usize,
    ) -> Result<Vec<Row>, StoreError>;

    /// The key of the last row.
    async fn last_key(&self, table: &'static Table) -> Result<Option<Vec<Cell>>, StoreError>;

    /// Adds rows, all of them or none, durable when it returns.
    async fn add_rows(&self, table: &'static Table, rows: Vec<Row>) -> Result<(), StoreError>;

    /// From where a copy into this store is under way.
    async fn copied_from(&self) -> Result<Option<String>, StoreError>;

    /// Notes from where a copy is under way; `None` when it is complete.
    async fn set_copied_from(&self, source: Option<String>) -> Result<(), StoreError>;

    /// Makes what is derived from the tables.
    async fn derive(&self) -> Result<(), StoreError>;
}
