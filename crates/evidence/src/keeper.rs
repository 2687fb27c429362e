//! Time-stamps over checkpoints, taken from time to time and kept in a folder of their own: unlike the log's files they
//! cannot be derived from anything.
//!
//! `list` has one line for each, `<size of the log> <time>`; the checkpoint that was stamped and the reply of the authority
//! are `<size>.checkpoint` and `<size>.tsr`.

use crate::{AuthorityError, Query, TimestampAuthority, TimestampError, TrustedAuthorities};
use dancu_core::{Entropy, StoreError};
use dancu_ledger::{PublicLog, TileFiles};
use jiff::Timestamp;
use std::{fmt, sync::Arc};

/// The list of time-stamps.
const LIST: &str = "list";

/// Why no time-stamp was kept. The next turn tries again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TimestamperError {
    /// No answer.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// An answer that proves nothing.
    #[error(transparent)]
    Timestamp(#[from] TimestampError),
    /// It cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A time-stamp that covers an entry of the log.
#[derive(Clone, PartialEq, Eq)]
pub struct Covering {
    /// Entries of the tree whose checkpoint was stamped.
    pub size: u64,
    /// When, as the authority says.
    pub time: Timestamp,
    /// The checkpoint.
    pub checkpoint: String,
    /// The reply of the authority, in DER.
    pub reply: Vec<u8>,
}

impl fmt::Debug for Covering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Covering({} at {})", self.size, self.time)
    }
}

/// Has the newest checkpoint stamped.
pub struct Timestamper {
    log: Arc<PublicLog>,
    files: Arc<dyn TileFiles>,
    authority: Arc<dyn TimestampAuthority>,
    trusted: Arc<TrustedAuthorities>,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Timestamper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timestamper")
    }
}

impl Timestamper {
    /// Puts it together.
    pub fn new(
        log: Arc<PublicLog>,
        files: Arc<dyn TileFiles>,
        authority: Arc<dyn TimestampAuthority>,
        trusted: Arc<TrustedAuthorities>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { log, files, authority, trusted, entropy }
    }

    /// Has the published checkpoint stamped, unless that was done; says up to which size the log is stamped now.
    pub async fn stamp(&self) -> Result<u64, TimestamperError> {
        let (size, checkpoint) = self.log.published_head();
        let lines = lines(&*self.files)?;
        let newest = lines.last().map_or(0, |(size, _)| *size);
        if size <= newest {
            return Ok(newest);
        }
        let mut random = [0; 16];
        self.entropy.fill(&mut random);
        let query = Query::new(checkpoint.as_bytes(), random)?;
        let reply = self.authority.ask(query.der()).await?;
        let time = query.check(&reply, &self.trusted)?;
        self.files.write(&format!("{size}.checkpoint"), checkpoint.as_bytes())?;
        self.files.write(&format!("{size}.tsr"), &reply)?;
        let mut list = text_of(&lines);
        list.push_str(&line(size, time));
        // The list comes last: what it names is there.
        self.files.write(LIST, list.as_bytes())?;
        Ok(size)
    }
}

fn line(size: u64, time: Timestamp) -> String {
    format!("{size} {time}\n")
}

fn text_of(lines: &[(u64, Timestamp)]) -> String {
    lines.iter().map(|(size, time)| line(*size, *time)).collect()
}

fn lines(files: &dyn TileFiles) -> Result<Vec<(u64, Timestamp)>, StoreError> {
    let Some(bytes) = files.read(LIST)? else { return Ok(Vec::new()) };
    let damaged =
        || StoreError::Corrupt { file: files.location(LIST), detail: "a line is no time-stamp".into() };
    let text = String::from_utf8(bytes).map_err(|_| damaged())?;
    let read = |line: &str| {
        let (size, time) = line.split_once(' ')?;
        Some((size.parse().ok()?, time.parse().ok()?))
    };
    text.lines().map(|line| read(line).ok_or_else(damaged)).collect()
}

/// The oldest time-stamp that covers an entry: it says the most about when the entry was there.
pub fn covering(files: &dyn TileFiles, index: u64) -> Result<Option<Covering>, StoreError> {
    let lines = lines(files)?;
    let first = lines.partition_point(|(size, _)| *size <= index);
    let Some((size, time)) = lines.get(first).copied() else { return Ok(None) };
    let missing = |path: String| StoreError::Corrupt {
        file: files.location(&path),
        detail: "a time-stamp that the list names is missing".into(),
    };
    let get = |path: String| files.read(&path)?.ok_or_else(|| missing(path));
    let checkpoint = get(format!("{size}.checkpoint"))?;
    let checkpoint = String::from_utf8(checkpoint).map_err(|_| missing(format!("{size}.checkpoint")))?;
    Ok(Some(Covering { size, time, checkpoint, reply: get(format!("{size}.tsr"))? }))
}
