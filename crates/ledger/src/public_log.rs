//! What is derived from the committed records: the files of the public log, and the index by person.
//! All of it can be deleted and is built again.

use crate::{
    checkpoint::LogVerifier,
    cosigned::CosignedCheckpoints,
    error::LedgerError,
    hash::{commitment, leaf_hash},
    ledger::verify_head,
    node::LogNumber,
    ports::{Head, LedgerParts, LedgerRecords, StoredRecord, SubjectIndex, TileFiles},
    tail::{Tail, unfinished},
    tile_path::{TileKind, TilePath},
    tiles::TileSource,
    tree::Frontier,
};
use dancu_core::{PersonalNumber, StoreError};
use jiff::civil::Date;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// The file of the published checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// Records read at a time.
pub(crate) const CHUNK: u64 = 4_096;
/// Indexed pairs kept in memory before they are written in one go.
const RECENT_MAX: usize = 65_536;

/// What readers see: one published checkpoint and the unfinished tiles of its tree.
pub(crate) struct Published {
    pub tail: Tail,
    pub frontier: Frontier,
    pub checkpoint: Arc<str>,
}

/// How far the derived files are. Held by whoever publishes.
struct Progress {
    tail: Tail,
    /// Records that are in the index or in `recent`.
    indexed_to: u64,
    /// Records that are in the index's file.
    flushed_to: u64,
}

/// The public log and the index by person, over the ports of a store.
pub struct PublicLog {
    number: LogNumber,
    pub(crate) source: TileSource,
    pub(crate) index: Arc<dyn SubjectIndex>,
    verifier: LogVerifier,
    progress: Mutex<Progress>,
    published: RwLock<Arc<Published>>,
    /// Pairs that are not in the index's file yet, in the order of the log.
    recent: RwLock<Vec<(PersonalNumber, u64)>>,
    pub(crate) cosigned: RwLock<CosignedCheckpoints>,
}

impl fmt::Debug for PublicLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicLog").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl PublicLog {
    /// Takes up the published files where they end. A tile at the edge that is missing or cut is built again;
    /// one with other contents is an error that names it. Call after [`crate::Ledger::start`], which gives an
    /// empty log its first checkpoint.
    pub fn open(parts: LedgerParts, verifier: LogVerifier) -> Result<Self, LedgerError> {
        let LedgerParts { log: number, records, tiles, index } = parts;
        let source = TileSource { records, tiles };
        let Some(head) = source.records.head()? else {
            return Err(LedgerError::Tree { detail: "there is no checkpoint".to_owned() });
        };
        verify_head(&head, &verifier)?;
        let size = head.frontier.size();
        let (tail, checkpoint) = open_published(&source, &verifier, size)?;
        let mut indexed_to = index.cursor()?;
        if index.is_followed() {
            // Its node may have gone on since the end was read.
            indexed_to = indexed_to.min(size);
        } else if indexed_to > size {
            // The index knows more than the records: it is of another log. It is only derived.
            tracing::warn!(
                cursor = indexed_to,
                size,
                "the index by person is ahead of the records: built again"
            );
            index.clear()?;
            indexed_to = 0;
        }
        let published = Published { frontier: tail.frontier(), tail: tail.clone(), checkpoint };
        let cosigned = CosignedCheckpoints::open(&*source.tiles, &verifier, size)?;
        Ok(Self {
            number,
            source,
            index,
            verifier,
            progress: Mutex::new(Progress { tail, indexed_to, flushed_to: indexed_to }),
            published: RwLock::new(Arc::new(published)),
            recent: RwLock::new(Vec::new()),
            cosigned: RwLock::new(cosigned),
        })
    }

    pub(crate) fn published(&self) -> Arc<Published> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which log of the house it is.
    pub const fn number(&self) -> LogNumber {
        self.number
    }

    /// The log's verifier key.
    pub const fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    /// The committed records, for whoever goes through them beside the doors.
    pub fn records(&self) -> Arc<dyn LedgerRecords> {
        Arc::clone(&self.source.records)
    }

    /// Number of entries that the published checkpoint covers.
    pub fn size(&self) -> u64 {
        self.published().frontier.size()
    }

    /// Brings tiles, checkpoint and index up to all that is committed when it is called. True when there was
    /// anything to do.
    pub fn publish(&self) -> Result<bool, LedgerError> {
        let mut progress = self.lock();
        let Some(head) = self.source.records.head()? else { return Ok(false) };
        let size = head.frontier.size();
        let published = self.published();
        let is_new = *published.checkpoint != *head.checkpoint;
        if !is_new && progress.indexed_to >= size {
            return Ok(false);
        }
        while progress.tail.size().min(progress.indexed_to) < size {
            self.advance(&mut progress, size)?;
        }
        if is_new {
            self.put_in_place(&progress, &published, &head)?;
        }
        Ok(true)
    }

    /// Reads one portion of records into the tail and the index.
    fn advance(&self, progress: &mut Progress, size: u64) -> Result<(), LedgerError> {
        let first = progress.tail.size().min(progress.indexed_to);
        let limit = CHUNK.min(size - first);
        // A copy, so that a tile that could not be written leaves nothing half done.
        let mut tail = progress.tail.clone();
        let mut pairs = Vec::new();
        let mut next = first;
        let mut outcome = Ok(());
        self.source.records.scan(first, limit, &mut |record| {
            if outcome.is_ok() && record.index == next {
                next += 1;
                if record.index >= progress.indexed_to {
                    pairs.push((record.subject, record.index));
                }
                if record.index >= tail.size() {
                    outcome = push(&mut tail, record, &*self.source.tiles);
                }
            }
        })?;
        outcome?;
        if next != first + limit {
            return Err(LedgerError::Tree { detail: format!("record {next} is missing") });
        }
        progress.tail = tail;
        progress.indexed_to += pairs.len() as u64;
        self.recent.write().unwrap_or_else(PoisonError::into_inner).append(&mut pairs);
        let is_long = |progress: &Progress| progress.indexed_to - progress.flushed_to >= RECENT_MAX as u64;
        if is_long(progress) {
            self.flush(progress)?;
        }
        // The node whose log it is does not come to it: whoever follows writes in its stead.
        if is_long(progress) {
            self.write_index(progress)?;
        }
        Ok(())
    }

    /// Puts partial tiles and the checkpoint in place for static clients, and the same before our readers.
    fn put_in_place(&self, progress: &Progress, before: &Published, head: &Head) -> Result<(), LedgerError> {
        let frontier = progress.tail.frontier();
        if frontier != head.frontier {
            let detail = format!("the records hash to another root at size {}", frontier.size());
            return Err(LedgerError::Tree { detail });
        }
        let tiles = &*self.source.tiles;
        for (path, bytes) in progress.tail.partial_files() {
            tiles.write(&path.to_string(), &bytes)?;
        }
        tiles.write(CHECKPOINT, head.checkpoint.as_bytes())?;
        let published =
            Published { tail: progress.tail.clone(), frontier, checkpoint: head.checkpoint.clone() };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
        // The partial forms of tiles that are full by now are no longer needed (C2SP tlog-tiles).
        for (path, _) in before.tail.partial_files() {
            let level = if let TileKind::Hashes(level) = path.kind { usize::from(level) } else { 0 };
            if unfinished(progress.tail.size(), level).0 > path.number {
                tiles.remove(&path.partial_folder())?;
            }
        }
        Ok(())
    }

    /// Writes what the index has in memory to its file.
    pub fn flush_index(&self) -> Result<(), StoreError> {
        self.flush(&mut self.lock())
    }

    fn flush(&self, progress: &mut Progress) -> Result<(), StoreError> {
        if self.index.is_followed() { self.forget_written(progress) } else { self.write_index(progress) }
    }

    /// What the log's own node has written by now need not be held in memory.
    fn forget_written(&self, progress: &mut Progress) -> Result<(), StoreError> {
        let written = self.index.cursor()?.min(progress.indexed_to);
        if written > progress.flushed_to {
            progress.flushed_to = written;
            let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
            recent.retain(|(_, index)| *index >= written);
        }
        Ok(())
    }

    fn write_index(&self, progress: &mut Progress) -> Result<(), StoreError> {
        if progress.flushed_to == progress.indexed_to {
            return Ok(());
        }
        let mut pairs = self.recent.read().unwrap_or_else(PoisonError::into_inner).clone();
        pairs.sort_unstable();
        self.index.add(&pairs, progress.indexed_to)?;
        progress.flushed_to = progress.indexed_to;
        // Only whoever holds `progress` appends to `recent`, so this removes exactly what was written.
        self.recent.write().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// What a contract used on each day from `from` on, durably; days without use are left out.
    pub fn used_days(&self, contract: &str, from: Date) -> Result<BTreeMap<Date, u64>, LedgerError> {
        let counts = self.source.records.quota_counts(from)?.into_iter();
        Ok(counts.filter(|count| &*count.contract == contract).map(|count| (count.day, count.used)).collect())
    }

    /// Indexes about a person below `before`, newest first, from memory and file.
    pub(crate) fn find(
        &self,
        subject: PersonalNumber,
        before: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreError> {
        // Memory first: what is written in between is then found twice, not missed.
        let mut found: Vec<u64> = {
            let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
            let newest = recent.iter().rev().filter(|(whose, index)| *whose == subject && *index < before);
            newest.map(|(_, index)| *index).take(limit).collect()
        };
        found.extend(self.index.find(subject, before, limit)?);
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup();
        found.truncate(limit);
        Ok(found)
    }
}

fn push(tail: &mut Tail, record: StoredRecord<'_>, tiles: &dyn TileFiles) -> Result<(), LedgerError> {
    let entry = commitment(record.salt, record.record);
    tail.push(entry, leaf_hash(&entry), &mut |path: TilePath, bytes| {
        tiles.write(&path.to_string(), &bytes).map_err(LedgerError::from)
    })
}

/// The published state on disk: the unfinished tiles and the checkpoint's text. Size 0 and no text when
/// nothing was published or the checkpoint's file was cut.
fn open_published(
    source: &TileSource,
    verifier: &LogVerifier,
    size: u64,
) -> Result<(Tail, Arc<str>), LedgerError> {
    let file = source.tiles.location(CHECKPOINT);
    let Some(bytes) = source.tiles.read(CHECKPOINT)? else { return Ok((Tail::default(), "".into())) };
    let text = String::from_utf8(bytes).unwrap_or_default();
    let Some(published) = verifier.open(&text) else {
        tracing::warn!(file = %file.display(), "the published checkpoint is cut or foreign: published again");
        return Ok((Tail::default(), "".into()));
    };
    if published.size > size {
        let detail = format!("{} entries are published, {size} records are stored", published.size);
        return Err(LedgerError::Tree { detail });
    }
    let tail = source.load_tail(published.size)?;
    if tail.frontier().root() != published.root {
        // Name the file that is wrong; if every tile agrees with the records, it is the checkpoint.
        source.compare_edge(published.size)?;
        return Err(LedgerError::Tile { file });
    }
    Ok((tail, text.into()))
}
