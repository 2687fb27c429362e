//! What the register costs a person: seconds of the load, bytes on the disk table by table, memory.

use crate::{
    bench::{
        cluster::database_failed,
        load::Loaded,
        place::Place,
        raw_rows::{connect, file_failed, open},
    },
    cli::BenchArgs,
    failure::Failure,
};
use dancu_store_sqlite::ConnectionRole;
use serde::Serialize;
use std::path::Path;

/// Bytes of the pages of one table with its indexes.
#[derive(Debug, Clone, Serialize)]
pub struct TableCost {
    pub table: String,
    pub bytes: i64,
    pub bytes_per_person: f64,
}

/// What a number of persons costs.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    pub name: &'static str,
    pub store: &'static str,
    pub persons: u64,
    /// Absent where the folder had the persons already.
    pub load_seconds: Option<f64>,
    pub load_microseconds_per_person: Option<f64>,
    /// Peak of this process's own memory during the load.
    pub load_memory_mib: Option<f64>,
    /// What a server keeps pages in, whatever the number of persons.
    pub server_buffers_mib: Option<u64>,
    pub bytes: i64,
    pub bytes_per_person: f64,
    /// The largest first; those below a tenth of a byte a person are summed up as `others`.
    pub tables: Vec<TableCost>,
}

/// Reads what the country takes on the disk.
pub async fn of(args: &BenchArgs, place: &Place, loaded: Option<&Loaded>) -> Result<Cost, Failure> {
    let sizes = match place.country_url() {
        None => sizes_of_file(&place.country_file())?,
        Some(url) => sizes_of_database(&url).await?,
    };
    Ok(cost(args, place, loaded, sizes))
}

#[expect(clippy::cast_precision_loss, reason = "sizes")]
fn cost(args: &BenchArgs, place: &Place, loaded: Option<&Loaded>, sizes: Vec<(String, i64)>) -> Cost {
    let persons = args.persons.max(1) as f64;
    let bytes = sizes.iter().map(|(_, bytes)| bytes).sum();
    let (large, small): (Vec<_>, Vec<_>) =
        sizes.into_iter().partition(|(_, bytes)| *bytes as f64 / persons >= 0.1);
    let others = ("others".to_owned(), small.iter().map(|(_, bytes)| bytes).sum());
    let table =
        |(table, bytes): (String, i64)| TableCost { table, bytes, bytes_per_person: bytes as f64 / persons };
    let load_seconds = loaded.map(|loaded| loaded.seconds);
    Cost {
        name: "cost",
        store: place.store(),
        persons: args.persons,
        load_seconds,
        load_microseconds_per_person: load_seconds.map(|seconds| seconds * 1_000_000.0 / persons),
        load_memory_mib: loaded.map(|loaded| loaded.memory_mib),
        server_buffers_mib: place.cluster().map(super::cluster::Cluster::buffers_mib),
        bytes,
        bytes_per_person: bytes as f64 / persons,
        tables: large.into_iter().chain([others]).map(table).collect(),
    }
}

fn sizes_of_file(file: &Path) -> Result<Vec<(String, i64)>, Failure> {
    let failed = file_failed(file);
    let connection = open(file, ConnectionRole::Reader)?;
    let sql = "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name)
               WHERE aggregate = TRUE GROUP BY tbl_name ORDER BY 2 DESC";
    let mut statement = connection.prepare(sql).map_err(&failed)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.and_then(Iterator::collect).map_err(&failed)
}

async fn sizes_of_database(url: &str) -> Result<Vec<(String, i64)>, Failure> {
    let client = connect(url).await?;
    let sql = "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class
               WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC";
    let rows = client.query(sql, &[]).await.map_err(|error| database_failed(&error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

impl Cost {
    /// Prints it in lines, or as one JSON object.
    #[expect(clippy::print_stdout, reason = "printing is what the command is for")]
    pub fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string(self).unwrap_or_default());
            return;
        }
        println!("\ncost of {} persons ({})", self.persons, self.store);
        let (seconds, each) = (self.load_seconds, self.load_microseconds_per_person);
        if let (Some(seconds), Some(each)) = (seconds, each) {
            println!("{:<24} {seconds:>14.1} s     {each:>10.1} µs a person", "load");
        }
        if let Some(memory) = self.load_memory_mib {
            println!("{:<24} {memory:>14.0} MiB   at most, of this process", "memory of the load");
        }
        if let Some(buffers) = self.server_buffers_mib {
            println!("{:<24} {buffers:>14} MiB   whatever the number of persons", "buffers of the server");
        }
        println!("{:<24} {:>14} bytes {:>10.1} bytes a person", "disk", self.bytes, self.bytes_per_person);
        for table in &self.tables {
            println!("  {:<22} {:>14} bytes {:>10.1}", table.table, table.bytes, table.bytes_per_person);
        }
    }
}
