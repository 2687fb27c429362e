//! Reading the public log and one's own disclosures.

use crate::{
    cosigned::COSIGNED,
    error::LedgerError,
    hash::Base64Bytes,
    public_log::{CHECKPOINT, PublicLog},
    receipt::Receipt,
    record::Record,
    tail::{Tail, level_count},
    tile_path::{TILE_WIDTH, TileKind, TilePath},
    tree::prove,
};
use dancu_core::{PersonalNumber, StoreError};
use jiff::civil::Date;
use std::{collections::HashSet, fmt, sync::Arc};

/// Most disclosures of one page.
pub const PAGE_MAX: usize = 100;

/// Which disclosures to show: the newest below an index.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Only indexes below this one; `None` for the newest.
    pub before: Option<u64>,
    /// How many, at most [`PAGE_MAX`].
    pub limit: usize,
}

/// One disclosure about a person, as that person may see it.
#[derive(Clone)]
pub struct Disclosure {
    /// The entry's number in the house.
    pub entry: u64,
    /// Index of its leaf.
    pub index: u64,
    /// The record, read.
    pub record: Record,
    /// The exact bytes that were hashed, as text.
    pub text: String,
    /// Its salt.
    pub salt: [u8; 32],
}

impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disclosure").field("index", &self.index).finish_non_exhaustive()
    }
}

/// Some disclosures about a person, newest first.
#[derive(Debug, Clone)]
pub struct DisclosurePage {
    /// The disclosures.
    pub disclosures: Vec<Disclosure>,
    /// `before` of the next page; `None` when this is the last.
    pub next_before: Option<u64>,
}

impl PublicLog {
    /// The published checkpoint.
    pub fn checkpoint(&self) -> Arc<str> {
        self.published().checkpoint.clone()
    }

    /// A file of the public log by its path: `checkpoint`, `cosigned`, `tile/<L>/<N>[.p/<W>]` or
    /// `tile/entries/<N>[.p/<W>]`. `None` when the published log has no such file.
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        match path {
            CHECKPOINT => return Ok(Some(self.newest_cosigned().as_bytes().to_vec())),
            COSIGNED => return Ok(self.quorum_cosigned().map(|text| text.as_bytes().to_vec())),
            _ => {}
        }
        TilePath::parse(path).map_or(Ok(None), |path| self.tile(path))
    }

    fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, LedgerError> {
        let published = self.published();
        let size = published.frontier.size();
        let level = if let TileKind::Hashes(level) = path.kind { usize::from(level) } else { 0 };
        if level >= level_count(size) {
            return Ok(None);
        }
        let end =
            path.number.checked_mul(u64::from(TILE_WIDTH)).and_then(|end| end.checked_add(path.width.into()));
        if end.is_none_or(|end| end > size >> (8 * level)) {
            return Ok(None);
        }
        if !path.is_full()
            && let Some(bytes) = published.tail.prefix(&path)
        {
            return Ok(Some(bytes));
        }
        let mut bytes = self.source.full(path.kind, path.number)?;
        bytes.truncate(path.length());
        Ok(Some(bytes))
    }

    /// All disclosures about a person, also those that the person does not see yet, newest first, up to the last one committed before this call.
    pub fn disclosures_of(&self, subject: PersonalNumber, page: Page) -> Result<DisclosurePage, LedgerError> {
        self.publish()?;
        let limit = page.limit.clamp(1, PAGE_MAX);
        let mut indexes = self.find(subject, page.before.unwrap_or(u64::MAX), limit + 1)?;
        let next_before = (indexes.len() > limit).then(|| indexes[limit - 1]);
        indexes.truncate(limit);
        let disclosures =
            indexes.into_iter().map(|index| self.disclosure(index)).collect::<Result<_, _>>()?;
        Ok(DisclosurePage { disclosures, next_before })
    }

    /// The disclosures that a person may see on a day on which these courts' orders stand about them, newest first. Those
    /// that are not to be seen yet leave no trace: not in the page, not in its length, not in where the next one begins.
    pub fn visible_disclosures_of(
        &self,
        subject: PersonalNumber,
        page: Page,
        (today, orders): (Date, &HashSet<String>),
    ) -> Result<DisclosurePage, LedgerError> {
        self.publish()?;
        let limit = page.limit.clamp(1, PAGE_MAX);
        let (mut before, mut visible) = (page.before.unwrap_or(u64::MAX), Vec::with_capacity(limit + 1));
        // Every portion begins below the last, so it ends.
        while visible.len() <= limit {
            let indexes = self.find(subject, before, limit + 1)?;
            for index in &indexes {
                let disclosure = self.disclosure(*index)?;
                if disclosure.record.is_visible_on(today, orders) {
                    visible.push(disclosure);
                }
            }
            match indexes.last() {
                Some(last) if indexes.len() > limit => before = *last,
                _ => break,
            }
        }
        let next_before = (visible.len() > limit).then(|| visible[limit - 1].index);
        visible.truncate(limit);
        Ok(DisclosurePage { disclosures: visible, next_before })
    }

    /// One disclosure by its index. The caller decides who may see it.
    pub fn disclosure(&self, index: u64) -> Result<Disclosure, LedgerError> {
        let mut found = None;
        self.source.records.scan(index, 1, &mut |record| {
            if record.index == index {
                found = Some((record.record.to_vec(), *record.salt));
            }
        })?;
        let (bytes, salt) = found.ok_or_else(|| LedgerError::Index { index, size: self.size() })?;
        let damaged = || StoreError::Corrupt {
            file: self.source.records.location(),
            detail: format!("record {index} cannot be read"),
        };
        let record = Record::from_bytes(&bytes).map_err(|_| damaged())?;
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        Ok(Disclosure { entry: self.number().entry(index), index, record, text, salt })
    }

    /// The receipt of a disclosure at the newest published checkpoint; one that is not published yet is
    /// published first. The caller decides who may see it.
    pub fn receipt(&self, index: u64) -> Result<Receipt, LedgerError> {
        if index >= self.size() {
            self.publish()?;
        }
        let published = self.published();
        let size = published.frontier.size();
        if index >= size {
            return Err(LedgerError::Index { index, size });
        }
        self.receipt_in(index, &published.tail, &published.checkpoint)
    }

    /// The published checkpoint with the number of entries that it covers.
    pub fn published_head(&self) -> (u64, Arc<str>) {
        let published = self.published();
        (published.frontier.size(), published.checkpoint.clone())
    }

    /// The receipt of a disclosure at an earlier checkpoint of this log, which the caller kept. The caller decides who
    /// may see it.
    pub fn receipt_at(&self, index: u64, size: u64, checkpoint: &str) -> Result<Receipt, LedgerError> {
        let head = self.verifier().open(checkpoint).filter(|head| head.size == size);
        if head.is_none() || index >= size || size > self.size() {
            return Err(LedgerError::Index { index, size: self.size() });
        }
        self.receipt_in(index, &self.source.load_tail(size)?, checkpoint)
    }

    fn receipt_in(&self, index: u64, tail: &Tail, checkpoint: &str) -> Result<Receipt, LedgerError> {
        let disclosure = self.disclosure(index)?;
        let frontier = tail.frontier();
        let proof = prove(index, &frontier, |level, node| self.source.node(tail, level, node))?;
        Ok(Receipt {
            entry: disclosure.entry,
            leaf_index: index,
            tree_size: frontier.size(),
            inclusion_proof: proof.into_iter().map(Base64Bytes).collect(),
            checkpoint: checkpoint.to_owned(),
            salt: Base64Bytes(disclosure.salt),
            record: disclosure.text,
        })
    }
}
