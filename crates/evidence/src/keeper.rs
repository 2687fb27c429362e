//! Time-stamps over checkpoints, taken from time to time and kept in a folder of their own: unlike the log's files they
//! cannot be derived from anything.
//!
//! `list` has one line for each, `<size of the log> <time>`; the checkpoint that was stamped and the reply of the authority
//! are `<size>.checkpoint` and `<size>.tsr`. Those over the logs of other nodes are in folders of their own.

use crate::{AuthorityError, Query, TimestampAuthority, TimestampError, TrustedAuthorities};
use dancu_core::{Entropy, StoreError};
use dancu_ledger::{LogNumber, Logs, PublicLog, TileFiles};
use jiff::Timestamp;
use std::{fmt, sync::Arc};

/// The list of time-stamps.
const LIST: &str = "list";

/// Where the time-stamps over a log are.
fn folder(log: LogNumber) -> String {
    if log == LogNumber::FIRST { String::new() } else { format!("node/{}/", log.get()) }
}

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

/// Has the newest checkpoint of every log stamped: a node that is gone stamps nothing, and another gives its evidence.
pub struct Timestamper {
    logs: Arc<Logs>,
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
        logs: Arc<Logs>,
        files: Arc<dyn TileFiles>,
        authority: Arc<dyn TimestampAuthority>,
        trusted: Arc<TrustedAuthorities>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { logs, files, authority, trusted, entropy }
    }

    /// Has the published checkpoints stamped, unless that was done; says up to which size this node's log is stamped now.
    pub async fn stamp(&self) -> Result<u64, TimestamperError> {
        let own = self.stamp_one(self.logs.own()).await;
        for log in self.logs.taken_up().iter().skip(1) {
            self.stamp_one(log).await?;
        }
        own
    }

    async fn stamp_one(&self, log: &PublicLog) -> Result<u64, TimestamperError> {
        let (size, checkpoint) = log.published_head();
        let folder = folder(log.number());
        let lines = lines(&*self.files, &folder)?;
        let newest = lines.last().map_or(0, |(size, _)| *size);
        if size <= newest {
            return Ok(newest);
        }
        let mut random = [0; 16];
        self.entropy.fill(&mut random);
        let query = Query::new(checkpoint.as_bytes(), random)?;
        let reply = self.authority.ask(query.der()).await?;
        let time = query.check(&reply, &self.trusted)?;
        self.files.write(&format!("{folder}{size}.checkpoint"), checkpoint.as_bytes())?;
        self.files.write(&format!("{folder}{size}.tsr"), &reply)?;
        let mut list = text_of(&lines);
        list.push_str(&line(size, time));
        // The list comes last: what it names is there.
        self.files.write(&format!("{folder}{LIST}"), list.as_bytes())?;
        Ok(size)
    }
}

fn line(size: u64, time: Timestamp) -> String {
    format!("{size} {time}\n")
}

fn text_of(lines: &[(u64, Timestamp)]) -> String {
    lines.iter().map(|(size, time)| line(*size, *time)).collect()
}

fn lines(files: &dyn TileFiles, folder: &str) -> Result<Vec<(u64, Timestamp)>, StoreError> {
    let list = format!("{folder}{LIST}");
    let Some(bytes) = files.read(&list)? else { return Ok(Vec::new()) };
    let damaged =
        || StoreError::Corrupt { file: files.location(&list), detail: "a line is no time-stamp".into() };
    let text = String::from_utf8(bytes).map_err(|_| damaged())?;
    let read = |line: &str| {
        let (size, time) = line.split_once(' ')?;
        Some((size.parse().ok()?, time.parse().ok()?))
    };
    text.lines().map(|line| read(line).ok_or_else(damaged)).collect()
}

/// The oldest time-stamp that covers a leaf of a log: it says the most about when the entry was there.
pub fn covering(files: &dyn TileFiles, log: LogNumber, index: u64) -> Result<Option<Covering>, StoreError> {
    let folder = folder(log);
    let lines = lines(files, &folder)?;
    let first = lines.partition_point(|(size, _)| *size <= index);
    let Some((size, time)) = lines.get(first).copied() else { return Ok(None) };
    let missing = |path: String| StoreError::Corrupt {
        file: files.location(&path),
        detail: "a time-stamp that the list names is missing".into(),
    };
    let get = |path: String| files.read(&path)?.ok_or_else(|| missing(path));
    let checkpoint = get(format!("{folder}{size}.checkpoint"))?;
    let checkpoint =
        String::from_utf8(checkpoint).map_err(|_| missing(format!("{folder}{size}.checkpoint")))?;
    Ok(Some(Covering { size, time, checkpoint, reply: get(format!("{folder}{size}.tsr"))? }))
}
