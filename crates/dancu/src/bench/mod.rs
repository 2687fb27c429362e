//! Measurements that a command prints again: ours and a calibration in the same run, so that a slow or busy
//! machine changes both.

mod change;
mod change_raw;
mod change_rows;
mod clients;
mod cluster;
mod cost;
mod exchange;
mod http_load;
mod layout;
mod ledger;
mod load;
mod load_raw;
mod matching;
mod memory;
mod people;
mod place;
mod raw_rows;
mod read;
mod report;
mod search;
mod signing;
mod soak;
mod wire;

use crate::{
    bench::exchange::Door,
    cli::{BenchArgs, BenchName},
    config::Config,
    failure::Failure,
};
use std::path::{Path, PathBuf};

/// Runs one measurement.
pub fn run(args: &BenchArgs, config: &Config) -> Result<(), Failure> {
    must_be_possible(args, config)?;
    let folder = Folder::new(args, config)?;
    let reports = match args.name {
        BenchName::Verify => exchange::run(args, folder.path(), Door::Verify)?,
        BenchName::Fetch => exchange::run(args, folder.path(), Door::Fetch)?,
        BenchName::Xroad => exchange::run(args, folder.path(), Door::XRoad)?,
        BenchName::Soak => soak::run(args, folder.path())?,
        BenchName::Ledger => ledger::run(args, folder.path())?,
        BenchName::Load => {
            let (reports, cost) = block_on(folder.path(), load::run(args, folder.path()))?;
            report::print(&reports, args.json);
            cost.print(args.json);
            return Ok(());
        }
        BenchName::Cost => {
            block_on(folder.path(), load::cost(args, folder.path()))?.print(args.json);
            return Ok(());
        }
        BenchName::Match => return matching::run(args, folder.path()),
        BenchName::Layout => return block_on(folder.path(), layout::run(args, folder.path())),
        BenchName::Read => block_on(folder.path(), read::run(args, folder.path()))?,
        BenchName::Change => block_on(folder.path(), change::run(args, folder.path()))?,
        BenchName::Search => block_on(folder.path(), search::run(args, folder.path()))?,
    };
    report::print(&reports, args.json);
    Ok(())
}

/// A measurement fills and empties what it works on, so it never works on a store that somebody named.
fn must_be_possible(args: &BenchArgs, config: &Config) -> Result<(), Failure> {
    if config.store_url.text().is_some() {
        return Err(Failure::new(
            "DANCU-CLI-075",
            "Phép đo không bao giờ dùng kho dữ liệu có sẵn. Hãy bỏ --store và dùng --postgres.",
            "A measurement never works on a store that is in use. Leave --store out and say --postgres.",
        ));
    }
    if args.postgres && matches!(args.name, BenchName::Ledger | BenchName::Layout | BenchName::Match) {
        return Err(Failure::new(
            "DANCU-CLI-076",
            "Phép đo này chỉ đo kho dạng tệp. Hãy bỏ --postgres.",
            "This measurement is of the files alone. Leave --postgres out.",
        ));
    }
    Ok(())
}

fn block_on<T>(folder: &Path, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::file(folder, &error))?.block_on(work)
}

/// The folder of a measurement's files, emptied before and after unless it was named.
struct Folder {
    path: PathBuf,
    ours: bool,
}

impl Folder {
    fn new(args: &BenchArgs, config: &Config) -> Result<Self, Failure> {
        let (path, ours) = if let Some(path) = &args.folder {
            (path.clone(), false)
        } else {
            let base = config.data_dir.parent().unwrap_or(Path::new(".")).to_owned();
            (base.join(format!("bench-{}", std::process::id())), true)
        };
        std::fs::create_dir_all(&path).map_err(|error| Failure::file(&path, &error))?;
        Ok(Self { path, ours })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.ours {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
