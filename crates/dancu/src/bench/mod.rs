//! Measurements that a command prints again: ours and a calibration in the same run, so that a slow or busy
//! machine changes both.

mod change;
mod change_rows;
mod http_load;
mod ledger;
mod load;
mod people;
mod read;
mod report;
mod search;
mod verify;

use crate::{
    cli::{BenchArgs, BenchName},
    config::Config,
    failure::Failure,
};
use std::path::{Path, PathBuf};

/// Runs one measurement.
pub fn run(args: &BenchArgs, config: &Config) -> Result<(), Failure> {
    let folder = Folder::new(args, config)?;
    let reports = match args.name {
        BenchName::Verify => verify::run(args, folder.path())?,
        BenchName::Ledger => ledger::run(args, folder.path())?,
        BenchName::Load => load::run(args, folder.path())?,
        BenchName::Read => read::run(args, folder.path())?,
        BenchName::Change => change::run(args, folder.path())?,
        BenchName::Search => search::run(args, folder.path())?,
    };
    report::print(&reports, args.json);
    Ok(())
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
