//! `dancu store copy`: moves everything from one store to another, files to database or back.

use crate::{failure::Failure, ledger::progress_bar, stores::read_argument};
use dancu_copy::{CopyStep, RowStore, copy};
use dancu_store_postgres::{DatabaseOptions, PostgresStore, StoreLocation};
use dancu_store_sqlite::{FolderLock, SqliteRows, lock_data_folder};
use std::{fmt::Write, path::Path};

/// One side of a copy, with the folder's lock where it is one.
enum Side {
    Files(Box<SqliteRows>, FolderLock),
    Database(Box<PostgresStore>),
}

impl Side {
    async fn open(text: &str) -> Result<Self, Failure> {
        if StoreLocation::is_one(text) {
            let location = read_argument(text)?;
            let store = PostgresStore::open(&location, DatabaseOptions::default()).await?;
            return Ok(Self::Database(Box::new(store)));
        }
        let folder = Path::new(text);
        let lock = lock_data_folder(folder)?;
        Ok(Self::Files(Box::new(SqliteRows::open(folder)?), lock))
    }

    fn rows(&self) -> &dyn RowStore {
        match self {
            Self::Files(rows, _) => &**rows,
            Self::Database(store) => &**store,
        }
    }

    fn close(self) {
        match self {
            Self::Files(rows, _lock) => rows.close(),
            Self::Database(store) => store.close(),
        }
    }
}

/// Copies, and prints what was verified: one line a table.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub async fn run(from: &str, to: &str) -> Result<(), Failure> {
    if !StoreLocation::is_one(from) && !Path::new(from).join("register.db").exists() {
        return Err(Failure::new(
            "DANCU-CLI-085",
            format!("Không có kho dữ liệu trong {from}. Hãy chọn đúng thư mục bằng --from."),
            format!("There is no store in {from}. Name the right folder with --from."),
        ));
    }
    let (from, to) = (Side::open(from).await?, Side::open(to).await?);
    let bar = progress_bar();
    let copied = copy(from.rows(), to.rows(), &mut |step| match step {
        CopyStep::Moved(table, rows) => bar.set_message(format!("{table}: {rows}")),
        CopyStep::Verified(table) => bar.set_message(format!("{table}: kiểm tra xong / verified")),
    })
    .await;
    bar.finish_and_clear();
    from.close();
    to.close();
    for table in copied? {
        let digest = table.sha256.iter().fold(String::new(), |mut digest, byte| {
            let _ = write!(digest, "{byte:02x}");
            digest
        });
        println!("{:20} {:>12}  {digest}", table.table, table.rows);
    }
    println!("Hai kho giống nhau. / Both stores hold the same.");
    println!(
        "Chép riêng thư mục khóa. Nhật ký công khai được dựng lại khi khởi động. / Copy the folder of keys yourself. \
         The public log is built again at the start."
    );
    Ok(())
}
