//! The check of the whole log from its files, and the repair of what is derived.

use crate::{
    checkpoint::{LogVerifier, TreeHead},
    error::LedgerError,
    findings::Finding,
    hash::{Hash, commitment, leaf_hash},
    ledger::verify_head,
    ports::{Head, LedgerParts, StoredRecord},
    public_log::{CHECKPOINT, CHUNK, PublicLog},
    record::Record,
    tail::Tail,
    tile_path::{ENTRY_LENGTH, TileKind, TilePath},
};
use dancu_core::{PersonalNumber, StoreError};
use jiff::{Timestamp, civil::Date};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, convert::Infallible};

/// Findings that a report lists; more are only counted.
const FINDINGS_MAX: usize = 100;

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records checked.
    pub done: u64,
    /// Records in the log.
    pub total: u64,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Records in the log.
    pub records: u64,
    /// Entries that the published checkpoint covers.
    pub published: u64,
    /// Full tiles, partial tiles and bundles compared byte for byte.
    pub files: u64,
    /// Counts of contracts and days compared.
    pub quotas: u64,
    /// Records in the index by person.
    pub indexed: u64,
    /// What is wrong, at most 100.
    pub findings: Vec<Finding>,
    /// How many more things are wrong.
    pub findings_omitted: u64,
}

impl CheckReport {
    /// Whether all is as it should be.
    pub const fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.findings_omitted += 1;
        }
    }
}

/// Verifies every record, the tree, both checkpoints, every tile and bundle, the quota counts and the index of
/// a log at rest. Memory does not grow with the log. An error means that the check itself could not go on.
pub fn check(
    parts: &LedgerParts,
    verifier: &LogVerifier,
    progress: &mut dyn FnMut(Progress),
) -> Result<CheckReport, StoreError> {
    let mut report = CheckReport::default();
    let Some(head) = parts.records.head()? else {
        if has_traces(parts)? {
            report.add(Finding::Head { file: parts.records.location(), detail: "it is missing" });
        }
        return Ok(report);
    };
    report.records = head.frontier.size();
    let published = published_head(parts, verifier, &mut report)?;
    report.published = published.map_or(0, |published| published.size);
    let mut walk = Walk::new(parts, published, parts.index.cursor()?);
    walk.compare_published(&mut report)?;
    let mut first = 0;
    while first < report.records {
        let limit = CHUNK.min(report.records - first);
        walk.portion(first, limit, &mut report)?;
        first += limit;
        progress(Progress { done: first, total: report.records });
    }
    walk.find_beyond(&mut report)?;
    let is_rooted = walk.finish(&head, verifier, &mut report);
    walk.tell_bundles(is_rooted, &mut report);
    walk.compare_quotas(&mut report)?;
    walk.compare_index(&mut report)?;
    Ok(report)
}

/// Builds the public log's files and the index by person again from the records. The records themselves are
/// only read; if they contradict the signed checkpoint, or are fewer than were published, this says so and
/// [`check`] tells where. Nothing is removed then: the published files are the proof of what was there.
pub fn repair(parts: &LedgerParts, verifier: &LogVerifier) -> Result<(), LedgerError> {
    let Some(head) = parts.records.head()? else {
        return Err(LedgerError::Tree { detail: "there is no checkpoint".to_owned() });
    };
    verify_head(&head, verifier)?;
    confirm_records(parts, &head)?;
    let published = signed_checkpoint(parts, verifier)?.1.map_or(0, |published| published.size);
    if published > head.frontier.size() {
        let detail =
            format!("{published} entries are published, {} records are stored", head.frontier.size());
        return Err(LedgerError::Tree { detail });
    }
    parts.tiles.remove("")?;
    parts.index.clear()?;
    let log = PublicLog::open(parts.clone(), verifier.clone())?;
    log.publish()?;
    log.flush_index()?;
    Ok(())
}

/// Whether anything shows that there was a log, although its end is not stored.
fn has_traces(parts: &LedgerParts) -> Result<bool, StoreError> {
    let mut found = parts.tiles.read(CHECKPOINT)?.is_some() || parts.index.cursor()? > 0;
    parts.records.scan(0, 1, &mut |_| found = true)?;
    Ok(found)
}

/// Hashes every record and compares the tree with the stored end of the log.
fn confirm_records(parts: &LedgerParts, head: &Head) -> Result<(), LedgerError> {
    let mut tail = Tail::default();
    while tail.size() < head.frontier.size() {
        let first = tail.size();
        parts.records.scan(first, CHUNK.min(head.frontier.size() - first), &mut |record| {
            let entry = commitment(record.salt, record.record);
            if record.index == tail.size() {
                let collected = tail.push(entry, leaf_hash(&entry), &mut |_, _| Ok::<_, Infallible>(()));
                debug_assert!(collected.is_ok());
            }
        })?;
        if tail.size() == first {
            return Err(LedgerError::Tree { detail: format!("record {first} is missing") });
        }
    }
    if tail.frontier() == head.frontier {
        return Ok(());
    }
    let detail = format!("the records hash to another root at size {}", tail.size());
    Err(LedgerError::Tree { detail })
}

/// The file of the published checkpoint: whether it is there, and what it says if it is signed.
fn signed_checkpoint(
    parts: &LedgerParts,
    verifier: &LogVerifier,
) -> Result<(bool, Option<TreeHead>), StoreError> {
    let bytes = parts.tiles.read(CHECKPOINT)?;
    let opened = bytes.as_deref().and_then(|bytes| verifier.open(std::str::from_utf8(bytes).ok()?));
    Ok((bytes.is_some(), opened))
}

/// What the published checkpoint says, when it is there, signed, and not ahead of the records.
fn published_head(
    parts: &LedgerParts,
    verifier: &LogVerifier,
    report: &mut CheckReport,
) -> Result<Option<TreeHead>, StoreError> {
    let (exists, opened) = signed_checkpoint(parts, verifier)?;
    match opened {
        Some(published) if published.size > report.records => {
            let file = parts.records.location();
            report.add(Finding::Head { file, detail: "records that were published are missing" });
            Ok(None)
        }
        Some(published) => Ok(Some(published)),
        None => {
            report.add(Finding::File { file: parts.tiles.location(CHECKPOINT), exists });
            Ok(None)
        }
    }
}

/// One pass over the records.
struct Walk<'a> {
    parts: &'a LedgerParts,
    published: Option<TreeHead>,
    tail: Tail,
    newest: Timestamp,
    quotas: HashMap<(String, Date), u64>,
    index_cursor: u64,
    index_sum: u128,
    /// Bundles that differ from the records: the file, and the first record that differs.
    bundles: Vec<(TilePath, u64)>,
}

impl<'a> Walk<'a> {
    fn new(parts: &'a LedgerParts, published: Option<TreeHead>, index_cursor: u64) -> Self {
        Self {
            parts,
            published,
            tail: Tail::default(),
            newest: Timestamp::MIN,
            quotas: HashMap::new(),
            index_cursor,
            index_sum: 0,
            bundles: Vec::new(),
        }
    }

    fn portion(&mut self, first: u64, limit: u64, report: &mut CheckReport) -> Result<(), StoreError> {
        let parts = self.parts;
        let mut outcome = Ok(());
        let mut next = first;
        parts.records.scan(first, limit, &mut |record| {
            if outcome.is_ok() {
                while next < record.index {
                    self.missing(next, report);
                    next += 1;
                }
                next += 1;
                outcome = self.record(record, report);
            }
        })?;
        outcome?;
        (next..first + limit).for_each(|index| self.missing(index, report));
        Ok(())
    }

    fn missing(&mut self, index: u64, report: &mut CheckReport) {
        report.add(self.wrong_record(index, "it is missing"));
    }

    fn wrong_record(&self, index: u64, detail: &'static str) -> Finding {
        Finding::Record { index, file: self.parts.records.location(), detail }
    }

    fn record(&mut self, record: StoredRecord<'_>, report: &mut CheckReport) -> Result<(), StoreError> {
        if let Some(detail) = self.contradiction(&record) {
            report.add(self.wrong_record(record.index, detail));
        }
        *self.quotas.entry((record.contract.to_owned(), record.day)).or_default() += 1;
        if record.index < self.index_cursor {
            self.index_sum = self.index_sum.wrapping_add(pair_sum(record.subject, record.index));
        }
        let entry = commitment(record.salt, record.record);
        let mut full = Vec::new();
        let collected = self.tail.push(entry, leaf_hash(&entry), &mut |path, bytes| {
            full.push((path, bytes));
            Ok::<_, Infallible>(())
        });
        debug_assert!(collected.is_ok());
        for (path, bytes) in full {
            self.compare(path, &bytes, report)?;
        }
        self.compare_published(report)
    }

    /// What contradicts itself within a record and its row.
    fn contradiction(&mut self, stored: &StoredRecord<'_>) -> Option<&'static str> {
        let Ok(record) = Record::from_bytes(stored.record) else { return Some("it cannot be read") };
        let is_earlier = record.time < self.newest;
        self.newest = self.newest.max(record.time);
        if record.to_bytes() != stored.record {
            Some("its text is not in the canonical form")
        } else if record.contract != stored.contract || record.counted_on != stored.day {
            Some("it is counted for another contract or day than it says")
        } else if record.subject != stored.subject {
            Some("it is filed under another person than it says")
        } else if is_earlier {
            Some("it is earlier than the record before it")
        } else {
            None
        }
    }

    /// Compares one file; those beyond the published checkpoint need not be there.
    fn compare(&mut self, path: TilePath, bytes: &[u8], report: &mut CheckReport) -> Result<(), StoreError> {
        let name = path.to_string();
        let held = self.parts.tiles.read(&name)?;
        let is_published = self.published.is_some_and(|published| self.tail.size() <= published.size);
        if held.is_none() && !is_published {
            return Ok(());
        }
        report.files += 1;
        let Some(held) = held else {
            report.add(Finding::File { file: self.parts.tiles.location(&name), exists: false });
            return Ok(());
        };
        if held != bytes {
            if path.kind == TileKind::Entries && self.bundles.len() < FINDINGS_MAX {
                let same = held.iter().zip(bytes).take_while(|(a, b)| a == b).count();
                let number = u64::from(crate::tile_path::TILE_WIDTH) * path.number;
                self.bundles.push((path, number + (same / ENTRY_LENGTH) as u64));
            } else {
                report.add(Finding::File { file: self.parts.tiles.location(&name), exists: true });
            }
        }
        Ok(())
    }

    /// When the walk is at the size of the published checkpoint: its root and the partial files.
    fn compare_published(&mut self, report: &mut CheckReport) -> Result<(), StoreError> {
        let Some(published) = self.published.filter(|published| published.size == self.tail.size()) else {
            return Ok(());
        };
        if self.tail.frontier().root() != published.root {
            report.add(Finding::File { file: self.parts.tiles.location(CHECKPOINT), exists: true });
        }
        for (path, bytes) in self.tail.partial_files() {
            // Narrower ones of earlier checkpoints lie there until the tile is full.
            for width in 1..path.width {
                let narrower = TilePath { width, ..path };
                if self.parts.tiles.read(&narrower.to_string())?.is_some() {
                    self.compare(narrower, &bytes[..narrower.length()], report)?;
                }
            }
            self.compare(path, &bytes, report)?;
        }
        Ok(())
    }

    /// A record behind the signed end would stop every further one.
    fn find_beyond(&self, report: &mut CheckReport) -> Result<(), StoreError> {
        self.parts.records.scan(report.records, 1, &mut |record| {
            report.add(self.wrong_record(record.index, "it lies beyond the signed end of the log"));
        })
    }

    /// The stored checkpoint and time against the key and the records. True when the records are what was signed.
    fn finish(&self, head: &Head, verifier: &LogVerifier, report: &mut CheckReport) -> bool {
        let file = self.parts.records.location();
        match verify_head(head, verifier) {
            Err(LedgerError::Signature { .. }) => {
                report.add(Finding::Head { file, detail: "it is not signed by the log's key" });
                return false;
            }
            Err(_) => {
                report.add(Finding::Head { file, detail: "it is not of the stored tree" });
                return false;
            }
            Ok(()) => {}
        }
        let newest_us = if self.newest == Timestamp::MIN { 0 } else { self.newest.as_microsecond() };
        if head.newest_us != newest_us {
            let file = file.clone();
            report.add(Finding::Head { file, detail: "its time is not that of the newest record" });
        }
        let is_rooted = self.tail.frontier() == head.frontier;
        if !is_rooted {
            report
                .add(Finding::Head { file, detail: "the records hash to another root than the signed one" });
        }
        is_rooted
    }

    /// A bundle that differs is wrong itself when the records are what was signed; otherwise the bundle tells
    /// which record was changed.
    fn tell_bundles(&self, is_rooted: bool, report: &mut CheckReport) {
        for (path, index) in &self.bundles {
            if is_rooted {
                let file = self.parts.tiles.location(&path.to_string());
                report.add(Finding::File { file, exists: true });
            } else {
                report.add(self.wrong_record(*index, "it is not the record whose commitment was published"));
            }
        }
    }

    fn compare_quotas(&mut self, report: &mut CheckReport) -> Result<(), StoreError> {
        let file = self.parts.records.location();
        let mut wrong = Vec::new();
        for count in self.parts.records.quota_counts(Date::MIN)? {
            report.quotas += 1;
            let key = (count.contract.to_string(), count.day);
            let records = self.quotas.remove(&key).unwrap_or(0);
            if records != count.used {
                wrong.push((key, count.used, records));
            }
        }
        wrong.extend(self.quotas.drain().map(|(key, records)| (key, 0, records)));
        wrong.sort();
        for ((contract, day), stored, records) in wrong {
            report.add(Finding::Quota { contract, day, stored, records, file: file.clone() });
        }
        Ok(())
    }

    fn compare_index(&self, report: &mut CheckReport) -> Result<(), StoreError> {
        let (mut count, mut sum) = (0_u64, 0_u128);
        self.parts.index.scan(&mut |subject, index| {
            count += 1;
            sum = sum.wrapping_add(pair_sum(subject, index));
        })?;
        report.indexed = count;
        if count != self.index_cursor || sum != self.index_sum || self.index_cursor > report.records {
            report.add(Finding::Index { file: self.parts.index.location() });
        }
        Ok(())
    }
}

/// A number for a pair, such that the sum over a set of pairs is, in effect, the set's own: no order, no memory.
fn pair_sum(subject: PersonalNumber, index: u64) -> u128 {
    let digest: Hash = Sha256::new()
        .chain_update(subject.value().to_be_bytes())
        .chain_update(index.to_be_bytes())
        .finalize()
        .into();
    digest[..16].iter().fold(0, |value, byte| value << 8 | u128::from(*byte))
}
