//! The reading side: digest, header, rows, in threads of their own.

use super::{BATCH_ROWS, LoadError};
use crate::{
    csv::{Header, HeaderError, KnownPlaces, RecordReader, RowParser},
    reject::{Reject, RowError, RowFault},
    sealed::Seals,
    store::{FileDigest, LoadProgress, LoadRow},
};
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom, Take},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes of rows, taken and rejected, that a stretch holds at most.
const STRETCH_BYTES: usize = 8 * 1024 * 1024;
/// Stretches that wait for the store; each is in memory.
const STRETCHES_WAITING: usize = 2;
const DIGEST_CHUNK_BYTES: usize = 1024 * 1024;

/// A file whose header is sound.
pub(super) struct Opened {
    pub file: File,
    pub header: Header,
    pub bytes_total: u64,
    state: State,
}

/// What tells that a file was changed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// Rows of a file that belong together.
pub(super) struct Stretch {
    pub text: Vec<u8>,
    pub rows: Vec<LoadRow>,
    pub rejects: Vec<Reject>,
    pub warnings: u64,
    /// Bytes and lines of the file up to the end of the stretch.
    pub bytes: u64,
    pub lines: u64,
    pub last: bool,
}

pub(super) struct ReadPlan {
    pub opened: Opened,
    pub places: &'static dyn KnownPlaces,
    pub effective: Date,
    pub batch_rows: usize,
    pub seals: Option<Arc<Seals>>,
    pub from: LoadProgress,
}

pub(super) enum DigestPart {
    Read(u64),
    Whole(FileDigest),
}

fn failed(path: &Path) -> impl Fn(io::Error) -> LoadError + '_ {
    |error| LoadError::File { file: path.to_owned(), error }
}

/// Opens a file and reads its header.
pub(super) fn open(path: &Path) -> Result<Opened, LoadError> {
    let mut file = File::open(path).map_err(failed(path))?;
    let state = State::of(&file.metadata().map_err(failed(path))?);
    let header = {
        let mut reader = RecordReader::new(&mut file, 0, 0);
        let record = reader.next().map_err(failed(path))?.ok_or(HeaderError::None)?;
        if record.fault.is_some() {
            return Err(HeaderError::None.into());
        }
        Header::parse(record.bytes)?
    };
    Ok(Opened { file, header, bytes_total: state.bytes, state })
}

/// Computes the digest of the whole file in a thread.
pub(super) fn digest(
    path: PathBuf,
    opened: &Opened,
) -> Result<Receiver<Result<DigestPart, LoadError>>, LoadError> {
    let (sender, receiver) = channel(16);
    let mut file = opened.file.try_clone().map_err(failed(&path))?;
    spawn("load-digest", &path.clone(), move || {
        let result = digest_file(&mut file, &sender).map_err(failed(&path));
        let _ = sender.blocking_send(result.map(DigestPart::Whole));
    })?;
    Ok(receiver)
}

fn digest_file(file: &mut File, sender: &Sender<Result<DigestPart, LoadError>>) -> io::Result<FileDigest> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; DIGEST_CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(FileDigest(hash.finalize().into())),
            Ok(count) => {
                hash.update(&chunk[..count]);
                bytes += count as u64;
                // Progress is a courtesy: nobody waits for it.
                let _ = sender.try_send(Ok(DigestPart::Read(bytes)));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads and checks rows in a thread, from where an earlier run stopped.
pub(super) fn read_rows(
    path: PathBuf,
    plan: ReadPlan,
) -> Result<Receiver<Result<Stretch, LoadError>>, LoadError> {
    let (sender, receiver) = channel(STRETCHES_WAITING);
    spawn("load-rows", &path.clone(), move || {
        if let Err(error) = read_stretches(&path, plan, &sender) {
            let _ = sender.blocking_send(Err(error));
        }
    })?;
    Ok(receiver)
}

fn spawn(name: &str, path: &Path, work: impl FnOnce() + Send + 'static) -> Result<(), LoadError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(failed(path))
}

fn read_stretches(
    path: &Path,
    plan: ReadPlan,
    sender: &Sender<Result<Stretch, LoadError>>,
) -> Result<(), LoadError> {
    let ReadPlan { opened, places, effective, batch_rows, seals, from } = plan;
    let Opened { mut file, header, bytes_total, state } = opened;
    file.seek(SeekFrom::Start(from.bytes)).map_err(failed(path))?;
    let source = file.by_ref().take(bytes_total.saturating_sub(from.bytes));
    let mut records = RecordReader::new(source, from.bytes, from.lines);
    if from.bytes == 0 {
        records.next().map_err(failed(path))?;
    }
    let mut parser = RowParser::new(&header, places, effective).sealing(seals.as_deref());
    loop {
        let mut stretch =
            read_stretch(&mut records, &mut parser, &header, batch_rows).map_err(failed(path))?;
        if stretch.last {
            let metadata = std::fs::metadata(path).map_err(failed(path))?;
            if records.bytes_done() != bytes_total || State::of(&metadata) != state {
                return Err(LoadError::Changed { file: path.to_owned() });
            }
        }
        sort_rows(&mut stretch);
        let last = stretch.last;
        // The receiver is gone when the load was stopped; then nobody wants the rest.
        if sender.blocking_send(Ok(stretch)).is_err() || last {
            return Ok(());
        }
    }
}

fn read_stretch(
    records: &mut RecordReader<Take<&mut File>>,
    parser: &mut RowParser<'_>,
    header: &Header,
    batch_rows: usize,
) -> io::Result<Stretch> {
    let mut text = Vec::with_capacity(batch_rows.min(BATCH_ROWS) * 256);
    let mut rows = Vec::with_capacity(batch_rows.min(BATCH_ROWS));
    let mut rejects = Vec::new();
    let mut warnings = 0;
    let mut rejected_bytes = 0;
    let mut last = false;
    while rows.len() + rejects.len() < batch_rows && text.len() + rejected_bytes < STRETCH_BYTES {
        let Some(record) = records.next()? else {
            last = true;
            break;
        };
        let parsed = match record.fault {
            Some(error) => Err(RowFault { field: "", error }),
            None => parser.parse(record.bytes),
        };
        // What is kept in the clear for those who mend rejected rows.
        let kept = header.without_sealed(record.bytes);
        match parsed {
            Ok(parsed) => {
                warnings += parsed.warnings.len() as u64;
                let at = text.len()..text.len() + kept.len();
                text.extend_from_slice(&kept);
                rows.push(LoadRow { line: record.line, claims: parsed.claims, at });
            }
            Err(fault) => {
                rejected_bytes += record.bytes.len();
                rejects.push(Reject::new(record.line, &fault, &kept));
            }
        }
    }
    let (bytes, lines) = (records.bytes_done(), records.lines_done());
    Ok(Stretch { text, rows, rejects, warnings, bytes, lines, last })
}

/// Sorts the rows by number; of two rows of one number the first in the file is kept.
fn sort_rows(stretch: &mut Stretch) {
    stretch.rows.sort_by_key(|row| (row.claims.number, row.line));
    let mut kept: Vec<LoadRow> = Vec::with_capacity(stretch.rows.len());
    for row in stretch.rows.drain(..) {
        match kept.last() {
            Some(first) if first.claims.number == row.claims.number => {
                let error = RowError::Duplicate { first_line: Some(first.line) };
                let fault = RowFault { field: "number", error };
                stretch.rejects.push(Reject::new(row.line, &fault, &stretch.text[row.at]));
            }
            _ => kept.push(row),
        }
    }
    stretch.rows = kept;
}
