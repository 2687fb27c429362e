//! The load of a file of persons: one thread reads and checks, the store writes, and whatever happens in between,
//! the same command goes on where the last committed batch ended.

mod reader;
mod rejects;

use crate::{
    csv::{HeaderError, KnownPlaces},
    sealed::Seals,
    store::{FileDigest, LoadBatch, LoadOutcome, LoadProgress, RegisterStore},
};
use dancu_core::{Clock, Explain, Explanation, StoreError};
use jiff::civil::Date;
use reader::{ReadPlan, Stretch};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc::Receiver;

/// Rows of a batch, unless told otherwise. Larger batches write neighbours in the table together.
pub const BATCH_ROWS: usize = 20_000;

/// What to load, and how.
#[derive(Debug, Clone)]
pub struct LoadRequest {
    /// The file.
    pub file: PathBuf,
    /// Where the rejected rows go; only their owner can read it.
    pub rejects_file: PathBuf,
    /// The day for which the file speaks: changes without a day of their own begin on it.
    pub effective: Date,
    /// Rows of one transaction at most.
    pub batch_rows: usize,
    /// Seals what stands in sealed columns. A file that has such columns is refused without it.
    pub seals: Option<Arc<Seals>>,
}

impl LoadRequest {
    /// Loads `people.csv` as of a day, with the rejected rows in `people.csv.rejects.csv` beside it.
    pub fn new(file: &Path, effective: Date) -> Self {
        let mut rejects_file = file.as_os_str().to_owned();
        rejects_file.push(".rejects.csv");
        let rejects_file = rejects_file.into();
        Self { file: file.to_owned(), rejects_file, effective, batch_rows: BATCH_ROWS, seals: None }
    }
}

/// What the load is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadPhase {
    /// Reads the file once to know whether it was loaded before.
    Identify,
    /// Takes rows.
    Load,
}

/// How far the load is; told after every stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadStep {
    /// What is being done.
    pub phase: LoadPhase,
    /// Bytes done in this phase; those of an earlier run count.
    pub bytes: u64,
    /// Bytes of the file.
    pub bytes_total: u64,
    /// Rows taken so far, in earlier runs too.
    pub rows: u64,
    /// Rows rejected so far, in earlier runs too.
    pub rejected: u64,
}

/// What a load did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// The whole file, all runs together.
    pub progress: LoadProgress,
    /// Whether the file had been loaded to its end before, so that nothing was done.
    pub already_loaded: bool,
    /// Byte at which an earlier run had stopped.
    pub resumed_at: Option<u64>,
    /// Persons new to the register, in this run.
    pub added: u64,
    /// Persons of whom something else is believed now, in this run.
    pub changed: u64,
    /// Persons of whom all was known, in this run.
    pub unchanged: u64,
    /// Persons whose records were moved past earlier ones because the clock had stepped back.
    pub moved_in_time: u64,
    /// Statements against registered events, in this run: none is believed, each is a finding.
    pub contradicted: u64,
    /// Columns that nobody reads.
    pub unknown_columns: Vec<String>,
    /// The file of rejected rows, when there are any.
    pub rejects_file: Option<PathBuf>,
}

/// Why a load stopped. What was committed before stays, and the same command goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be loaded at all.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A file cannot be read or written.
    #[error("{}: {error}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file was changed while it was being read.
    #[error("{} was changed while it was being read", .file.display())]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// Another load of the same file is under way.
    #[error("another load of {} is under way", .file.display())]
    Raced {
        /// The file.
        file: PathBuf,
    },
    /// The reading thread ended without a word.
    #[error("reading stopped by a defect of the program")]
    ReaderLost,
}

impl Explain for LoadError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Store(error) => error.explain(),
            Self::Header(error) => error.explain(),
            Self::File { file, error } => Explanation::new(
                "DANCU-REG-040",
                format!("Không đọc hoặc ghi được {}: {error}.", file.display()),
                format!("{} cannot be read or written: {error}.", file.display()),
            ),
            Self::Changed { file } => Explanation::new(
                "DANCU-REG-041",
                format!("Tệp {} bị thay đổi trong khi nạp. Hãy nạp lại khi tệp đã ổn định.", file.display()),
                format!(
                    "{} was changed while it was being loaded. Load it again when it rests.",
                    file.display()
                ),
            ),
            Self::Raced { file } => Explanation::new(
                "DANCU-REG-042",
                format!("Một lượt nạp khác của {} đang chạy. Hãy chờ lượt đó xong.", file.display()),
                format!("Another load of {} is under way. Wait for it.", file.display()),
            ),
            Self::ReaderLost => Explanation::new(
                "DANCU-REG-043",
                "Luồng đọc tệp dừng do lỗi chương trình. Hãy chạy lại lệnh: việc nạp tiếp tục từ chỗ dừng.",
                "Reading stopped by a defect of the program. Run the command again: it goes on where it stopped.",
            ),
        }
    }
}

/// Loads a file of persons. `told` hears of every stretch, for a progress bar.
///
/// A file is known by its digest: loaded a second time it changes nothing, interrupted it goes on after the last
/// committed batch. Another file writes only what differs from the register. Rejected rows are kept in the store
/// with the batch they stood in, and written to the rejects file at the end; what stood in their sealed columns is not.
pub async fn load(
    store: &dyn RegisterStore,
    clock: &dyn Clock,
    places: &'static dyn KnownPlaces,
    request: &LoadRequest,
    told: &mut (dyn FnMut(LoadStep) + Send),
) -> Result<LoadReport, LoadError> {
    let (opened, digest) = identify(request, told).await?;
    if let (Some(column), None) = (opened.header.sealed().next(), &request.seals) {
        return Err(HeaderError::Unsealed { column: column.name() }.into());
    }
    let before = store.load_progress(digest).await?.unwrap_or_default();
    let mut report = LoadReport {
        progress: before,
        already_loaded: before.complete,
        resumed_at: (before.bytes > 0 && !before.complete).then_some(before.bytes),
        added: 0,
        changed: 0,
        unchanged: 0,
        moved_in_time: 0,
        contradicted: 0,
        unknown_columns: opened.header.unknown().to_vec(),
        rejects_file: None,
    };
    if !before.complete {
        let bytes_total = opened.bytes_total;
        let plan = ReadPlan {
            opened,
            places,
            effective: request.effective,
            batch_rows: request.batch_rows.max(1),
            seals: request.seals.clone(),
            from: before,
        };
        let mut stretches = reader::read_rows(request.file.clone(), plan)?;
        let mut writer = Writer { store, clock, request, digest, source: source_name(&request.file, digest) };
        writer.run(&mut stretches, bytes_total, &mut report, told).await?;
    }
    report.rejects_file =
        rejects::export(store, digest, &request.rejects_file, report.progress.rejected).await?;
    Ok(report)
}

/// Opens the file, checks its header and computes its digest, beside the caller's other work.
async fn identify(
    request: &LoadRequest,
    told: &mut (dyn FnMut(LoadStep) + Send),
) -> Result<(reader::Opened, FileDigest), LoadError> {
    let opened = reader::open(&request.file)?;
    let bytes_total = opened.bytes_total;
    let mut parts = reader::digest(request.file.clone(), &opened)?;
    while let Some(part) = parts.recv().await {
        match part? {
            reader::DigestPart::Read(bytes) => {
                told(LoadStep { phase: LoadPhase::Identify, bytes, bytes_total, rows: 0, rejected: 0 });
            }
            reader::DigestPart::Whole(digest) => return Ok((opened, digest)),
        }
    }
    Err(LoadError::ReaderLost)
}

/// Names this very file in every fact that comes from it; its folders stay out of it.
fn source_name(file: &Path, digest: FileDigest) -> Arc<str> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    let digest: String = format!("{digest:?}").chars().take(12).collect();
    format!("load:{name}:{digest}").into()
}

struct Writer<'a> {
    store: &'a dyn RegisterStore,
    clock: &'a dyn Clock,
    request: &'a LoadRequest,
    digest: FileDigest,
    source: Arc<str>,
}

impl Writer<'_> {
    async fn run(
        &mut self,
        stretches: &mut Receiver<Result<Stretch, LoadError>>,
        bytes_total: u64,
        report: &mut LoadReport,
        told: &mut (dyn FnMut(LoadStep) + Send),
    ) -> Result<(), LoadError> {
        while !report.progress.complete {
            let stretch = stretches.recv().await.ok_or(LoadError::ReaderLost)??;
            let outcome = self.store.apply(self.batch(stretch, report.progress)).await?;
            if !outcome.applied {
                return Err(LoadError::Raced { file: self.request.file.clone() });
            }
            add(report, outcome);
            told(LoadStep {
                phase: LoadPhase::Load,
                bytes: report.progress.bytes,
                bytes_total,
                rows: report.progress.rows,
                rejected: report.progress.rejected,
            });
        }
        Ok(())
    }

    fn batch(&self, stretch: Stretch, before: LoadProgress) -> LoadBatch {
        let after = LoadProgress {
            bytes: stretch.bytes,
            lines: stretch.lines,
            rows: before.rows + stretch.rows.len() as u64,
            rejected: before.rejected + stretch.rejects.len() as u64,
            warnings: before.warnings + stretch.warnings,
            complete: stretch.last,
        };
        LoadBatch {
            file: self.digest,
            source: Arc::clone(&self.source),
            effective: self.request.effective,
            recorded_at: self.clock.now(),
            text: stretch.text,
            rows: stretch.rows,
            rejects: stretch.rejects,
            before,
            after,
        }
    }
}

fn add(report: &mut LoadReport, outcome: LoadOutcome) {
    report.progress = outcome.progress;
    report.added += outcome.added;
    report.changed += outcome.changed;
    report.unchanged += outcome.unchanged;
    report.moved_in_time += outcome.moved_in_time;
    report.contradicted += outcome.contradicted;
}
