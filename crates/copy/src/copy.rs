//! The copy itself.

use crate::{
    port::RowStore,
    tables::{TABLES, Table},
};
use dancu_core::{Explain, Explanation, StoreError};
use sha2::{Digest, Sha256};

/// A copy was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// The target holds data of its own, or of another copy.
    #[error("the target {target} holds something else in {table}")]
    NotEmpty {
        /// The target.
        target: String,
        /// A table with rows.
        table: &'static str,
    },
    /// The source, or a store that is to be opened, is itself a copy that was not completed.
    #[error("{store} is a copy that was not completed")]
    Unfinished {
        /// The store.
        store: String,
    },
    /// A table is not the same on both sides.
    #[error("table {table} differs after the copy")]
    Differs {
        /// The table.
        table: &'static str,
    },
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for CopyError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotEmpty { target, table } => Explanation::new(
                "DANCU-COPY-001",
                format!("Kho đích {target} đã có dữ liệu (bảng {table}). Hãy chọn một kho trống."),
                format!("The target {target} holds data already (table {table}). Name an empty store."),
            ),
            Self::Unfinished { store } => Explanation::new(
                "DANCU-COPY-002",
                format!("{store} là bản sao chưa xong. Hãy chạy lại lệnh `dancu store copy` đã tạo ra nó."),
                format!("{store} is an unfinished copy. Run the `dancu store copy` again that began it."),
            ),
            Self::Differs { table } => Explanation::new(
                "DANCU-COPY-003",
                format!(
                    "Bảng {table} ở hai kho không giống nhau. Có chương trình khác đang ghi; hãy dừng nó, xóa kho \
                     đích rồi sao lại."
                ),
                format!(
                    "Table {table} is not the same in both stores. Something else writes; stop it, empty the target \
                     and copy again."
                ),
            ),
            Self::Store(error) => error.explain(),
        }
    }
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// So many rows of a table were moved.
    Moved(&'static str, u64),
    /// A table is verified.
    Verified(&'static str),
}

/// A table that is the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReport {
    /// Its name.
    pub table: &'static str,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over the rows in the order of their key.
    pub sha256: [u8; 32],
}

/// Copies everything into an empty store, or goes on with a copy that was broken off. When it returns, both hold the
/// same rows, and what is derived is made anew.
pub async fn copy(
    from: &dyn RowStore,
    to: &dyn RowStore,
    told: &mut (dyn FnMut(CopyStep) + Send),
) -> Result<Vec<TableReport>, CopyError> {
    if from.copied_from().await?.is_some() {
        return Err(CopyError::Unfinished { store: from.name() });
    }
    let begun = to.copied_from().await?;
    if begun.is_none() {
        if let Some(table) = first_with_rows(to).await? {
            // A copy that was complete when it was stopped is one still.
            return match verify(from, to, told).await {
                Err(CopyError::Differs { .. }) => Err(CopyError::NotEmpty { target: to.name(), table }),
                verified => verified,
            };
        }
        to.set_copied_from(Some(from.name())).await?;
    } else if begun.is_some_and(|source| source != from.name()) {
        return Err(CopyError::Unfinished { store: to.name() });
    }
    for table in TABLES {
        move_rows(from, to, table, told).await?;
    }
    let reports = verify(from, to, told).await?;
    to.derive().await?;
    to.set_copied_from(None).await?;
    Ok(reports)
}

/// A table that is not empty.
async fn first_with_rows(store: &dyn RowStore) -> Result<Option<&'static str>, CopyError> {
    for table in TABLES {
        if store.last_key(table).await?.is_some() {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
}

/// Reads both sides, table by table; the first that differs ends it.
async fn verify(
    from: &dyn RowStore,
    to: &dyn RowStore,
    told: &mut (dyn FnMut(CopyStep) + Send),
) -> Result<Vec<TableReport>, CopyError> {
    let mut reports = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let (before, after) = (report(from, table).await?, report(to, table).await?);
        if before != after {
            return Err(CopyError::Differs { table: table.name });
        }
        told(CopyStep::Verified(table.name));
        reports.push(after);
    }
    Ok(reports)
}

/// Goes on behind the last row that arrived: rows arrive in the order of their key, a portion whole or not at all.
async fn move_rows(
    from: &dyn RowStore,
    to: &dyn RowStore,
    table: &'static Table,
    told: &mut (dyn FnMut(CopyStep) + Send),
) -> Result<(), CopyError> {
    let mut after = to.last_key(table).await?;
    let mut moved = 0;
    loop {
        let rows = from.rows(table, after.as_deref(), table.rows_max).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last[..table.key].to_vec());
        moved += rows.len() as u64;
        to.add_rows(table, rows).await?;
        told(CopyStep::Moved(table.name, moved));
    }
}

async fn report(store: &dyn RowStore, table: &'static Table) -> Result<TableReport, CopyError> {
    let (mut digest, mut count, mut after) = (Sha256::new(), 0, None);
    loop {
        let rows = store.rows(table, after.as_deref(), table.rows_max).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last[..table.key].to_vec());
        count += rows.len() as u64;
        rows.iter().flatten().for_each(|cell| cell.digest(&mut digest));
    }
    Ok(TableReport { table: table.name, rows: count, sha256: digest.finalize().into() })
}
