//! The folder of a run: what was begun, over which file, and how far it is. Everything in it is its owner's alone.

use super::fault::ReconcileFault;
use crate::{failure::Failure, matching::write::Whole, unfinished};
use dancu_core::PersonalNumber;
use dancu_exchange::{ClientId, ContractId, FieldSet, LogMark};
use dancu_quality::map::MatchMap;
use dancu_register::At;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    fs::{DirBuilder, File},
    io::{ErrorKind, Read},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Shape of `run.json`.
const FORMAT: u32 = 2;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Columns are settled; nothing was told.
    Begun,
    /// Who is who is settled, with the model frozen; pairs are being told.
    Matched,
    /// All results have their names.
    Finished,
}

/// `run.json`. Nothing of persons.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    format: u32,
    /// Stands in the entries of the log.
    pub id: String,
    /// The file's name.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Whose contract.
    pub client: ClientId,
    /// The contract.
    pub contract: ContractId,
    /// The letter.
    pub reference: String,
    /// The register's point of time.
    pub as_of: Date,
    /// See `as_of`.
    pub known_at: Timestamp,
    /// Which column is what.
    pub map: MatchMap,
    /// Whether it was guessed.
    pub is_guessed: bool,
    /// Fields that the map reads.
    pub given: FieldSet,
    /// How far it is.
    pub stage: Stage,
    /// What the matcher did; of a run that is matched and not finished: the agency gets the folder, and may not learn of whom
    /// nothing was told.
    pub matching: Option<Matching>,
    /// Pairs that are done.
    pub told: Told,
    /// Where the log ended when the page of pairs was begun that is under way.
    pub mark: Option<LogMark>,
}

/// Counts of the matcher.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matching {
    /// Rows below the header.
    pub rows_in: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Pairs that may be told without anybody's look.
    pub pairs: u64,
    /// Slots by name and kind, in their order.
    pub slots: Vec<SlotName>,
    /// Values of the file that were set aside.
    pub set_aside: Value,
}

/// A slot as it is reported.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotName {
    /// Its name.
    pub name: String,
    /// Words of its levels, best first.
    pub levels: Vec<String>,
}

/// How far telling is.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Pairs that were gone through.
    pub pairs: u64,
    /// Bytes of `told.csv` that hold them.
    pub bytes: u64,
}

/// What a run begins with.
pub struct Beginning {
    /// The file's name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Client and contract.
    pub under: (ClientId, ContractId),
    /// The letter.
    pub reference: String,
    /// The register's point of time.
    pub at: At,
    /// Which column is what, and whether it was guessed.
    pub map: (MatchMap, bool),
    /// Fields that the map reads.
    pub given: FieldSet,
}

impl Run {
    /// A run of which nothing is done.
    pub fn new(beginning: Beginning) -> Self {
        let Beginning { file, sha256, under: (client, contract), reference, at, map, given } = beginning;
        let seed = format!("{client}\n{contract}\n{sha256}\n{}", at.known_at);
        let name = hex(&Sha256::digest(seed));
        Self {
            format: FORMAT,
            id: format!("{}-{}", &name[..8], &name[8..16]),
            file,
            sha256,
            client,
            contract,
            reference,
            as_of: at.as_of,
            known_at: at.known_at,
            map: map.0,
            is_guessed: map.1,
            given,
            stage: Stage::Begun,
            matching: None,
            told: Told::default(),
            mark: None,
        }
    }

    /// Takes out what nobody needs any more and the agency may not read: pairs that were found and not told are persons who
    /// exist.
    pub fn finish(&mut self) {
        (self.stage, self.matching, self.told, self.mark) = (Stage::Finished, None, Told::default(), None);
    }

    /// What stands in the entries of the log.
    pub fn record_reference(&self) -> String {
        if self.reference.is_empty() {
            format!("file_match {}", self.id)
        } else {
            format!("{} (file_match {})", self.reference, self.id)
        }
    }

    /// The register's point of time.
    pub const fn at(&self) -> At {
        At { as_of: self.as_of, known_at: self.known_at }
    }
}

/// A folder that nobody else works in, nor looks into.
pub struct RunFolder {
    path: PathBuf,
    _lock: File,
    is_new: bool,
}

impl RunFolder {
    /// Makes the folder where it is not there, locks it, and clears away what a kill left half written.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::file(path, &error);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        let is_new = match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
            Err(error) => return Err(failed(error)),
        };
        if std::fs::metadata(path).map_err(failed)?.mode() & 0o077 != 0 {
            return Err(ReconcileFault::OpenToOthers { folder: path.to_owned() }.into());
        }
        let name = path.join("lock");
        let lock = File::options().create(true).append(true).mode(0o600).open(&name).map_err(failed)?;
        let in_use = || ReconcileFault::InUse { folder: path.to_owned() };
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(in_use().into()),
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Whoever began nothing takes its folder away again: then this is a lock that nobody else would find.
        let held = lock.metadata().map_err(failed)?;
        let is_there = std::fs::metadata(&name).is_ok_and(|there| there.ino() == held.ino());
        if !is_there {
            return Err(in_use().into());
        }
        unfinished::clear(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), _lock: lock, is_new })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The run in it; none in a new folder.
    pub fn run(&self) -> Result<Option<Run>, Failure> {
        let path = self.file("run.json");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::file(&path, &error)),
        };
        let run = serde_json::from_slice(&text).ok().filter(|run: &Run| run.format == FORMAT);
        run.map(Some).ok_or_else(|| self.damaged())
    }

    /// Keeps how far it is: on the disk when this returns.
    pub fn save(&self, run: &Run) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(run).expect("counts and words are JSON");
        Whole::of_text(self.file("run.json"), &text)?.name()?;
        let folder = File::open(&self.path).and_then(|folder| folder.sync_all());
        folder.map_err(|error| Failure::file(&self.path, &error))
    }

    /// A file of the run is not what was written.
    pub fn damaged(&self) -> Failure {
        ReconcileFault::Damaged { folder: self.path.clone() }.into()
    }

    /// Rows of a file of the run, below its header.
    pub fn rows(&self, name: &str) -> Result<csv::Reader<File>, Failure> {
        csv::ReaderBuilder::new().from_path(self.file(name)).map_err(|_| self.damaged())
    }

    /// Takes the folder away again when it was made for this and no run was begun in it.
    pub fn leave_unbegun(self) {
        if self.is_new && !self.file("run.json").exists() {
            let _ = std::fs::remove_file(self.file("lock"));
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

/// Bytes as digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of a file, read in pieces.
pub fn digest(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::file(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut digest, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut piece).map_err(failed)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&piece[..read]),
        }
    }
}

/// A personal number in a file of the run.
pub fn number(text: &str) -> Option<PersonalNumber> {
    text.parse().ok()
}
