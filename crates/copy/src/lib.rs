//! Moves everything from one store to another of any kind, row by row: bounded in memory, resumed where it stopped,
//! and verified by count and digest of each table.

mod copy;
mod port;
mod tables;

pub use copy::{CopyError, CopyStep, TableReport, copy};
pub use port::{Cell, Row, RowStore};
pub use tables::{Kind, Place, TABLES, Table};
