//! All logs of a house as one: a person sees who looked, whichever node was asked.

use crate::{
    checkpoint::LogVerifier,
    error::LedgerError,
    node::{KnownLog, LogNumber, LogSource},
    public_log::PublicLog,
    receipt::Receipt,
    serve::{Disclosure, DisclosurePage, PAGE_MAX, Page},
};
use dancu_core::PersonalNumber;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    fmt,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};

/// Where a list over all logs goes on: for each log from which something was shown, the entry below which it does.
/// As text, their numbers with commas between; of a house with one log it is one number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bookmark(BTreeMap<LogNumber, u64>);

/// A text is no bookmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place in a list of entries")]
pub struct BookmarkError;

impl Bookmark {
    /// Where a log goes on; `None` at its newest.
    fn before(&self, log: LogNumber) -> Option<u64> {
        self.0.get(&log).copied()
    }
}

impl FromStr for Bookmark {
    type Err = BookmarkError;

    fn from_str(text: &str) -> Result<Self, BookmarkError> {
        let mut places = BTreeMap::new();
        for entry in text.split(',') {
            let (log, leaf) = entry.parse().ok().and_then(LogNumber::of_entry).ok_or(BookmarkError)?;
            if places.insert(log, leaf).is_some() {
                return Err(BookmarkError);
            }
        }
        Ok(Self(places))
    }
}

impl TryFrom<String> for Bookmark {
    type Error = BookmarkError;

    fn try_from(text: String) -> Result<Self, BookmarkError> {
        text.parse()
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.iter().map(|(log, leaf)| log.entry(*leaf).to_string());
        f.write_str(&entries.collect::<Vec<_>>().join(","))
    }
}

impl From<Bookmark> for String {
    fn from(bookmark: Bookmark) -> Self {
        bookmark.to_string()
    }
}

/// Some disclosures about a person out of all logs, newest first.
#[derive(Debug, Clone)]
pub struct LogsPage {
    /// The disclosures, each with the log that holds it.
    pub disclosures: Vec<(Disclosure, Arc<PublicLog>)>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Bookmark>,
}

/// This node's log and those of all others of the house, which this node follows record by record.
pub struct Logs {
    own: Arc<PublicLog>,
    source: Option<Arc<dyn LogSource>>,
    others: RwLock<BTreeMap<LogNumber, Arc<PublicLog>>>,
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs").field("own", &self.own.verifier()).finish_non_exhaustive()
    }
}

impl Logs {
    /// A house of one node.
    pub fn alone(own: Arc<PublicLog>) -> Self {
        Self { own, source: None, others: RwLock::default() }
    }

    /// Takes up the logs of all nodes, as far as their records go.
    pub fn open(own: Arc<PublicLog>, source: Arc<dyn LogSource>) -> Result<Self, LedgerError> {
        let logs = Self { source: Some(source), ..Self::alone(own) };
        logs.follow()?;
        Ok(logs)
    }

    /// This node's log.
    pub const fn own(&self) -> &Arc<PublicLog> {
        &self.own
    }

    /// Brings what is derived of the other nodes' logs up to what they have committed. Each log's records are hashed
    /// here once more, so that one whose past was changed is found by every other node.
    pub fn follow(&self) -> Result<(), LedgerError> {
        for log in self.all()? {
            if log.number() != self.own.number() {
                log.publish()?;
                log.flush_index()?;
            }
        }
        Ok(())
    }

    /// Every log, this node's first; one that was begun since is opened.
    pub fn all(&self) -> Result<Vec<Arc<PublicLog>>, LedgerError> {
        if let Some(source) = &self.source {
            for known in source.logs()?.iter().filter(|known| known.number != self.own.number()) {
                if self.held(known.number).is_none() {
                    self.take_up(&**source, known)?;
                }
            }
        }
        Ok(self.taken_up())
    }

    /// Every log that is known by now, this node's first; the store is not asked for others.
    pub fn taken_up(&self) -> Vec<Arc<PublicLog>> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        [&self.own].into_iter().chain(others.values()).map(Arc::clone).collect()
    }

    fn held(&self, number: LogNumber) -> Option<Arc<PublicLog>> {
        self.others.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    fn take_up(&self, source: &dyn LogSource, known: &KnownLog) -> Result<(), LedgerError> {
        let parts = source.parts(known)?;
        // A node that was named and never began to write has nothing to be seen.
        if parts.records.head()?.is_none() {
            return Ok(());
        }
        // With records and without a key it may not be passed over: somebody's looks would be missing from a page.
        let verifier =
            known.verifier.as_deref().and_then(LogVerifier::new).ok_or_else(|| LedgerError::Tree {
                detail: format!("the key of the log of node {} is not known yet", known.name),
            })?;
        let log = Arc::new(PublicLog::open(parts, verifier)?);
        // Of two that open it at once the first stands: two must not write the same files.
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        others.entry(known.number).or_insert(log);
        Ok(())
    }

    /// The log that holds an entry, and the entry's leaf there.
    pub fn of_entry(&self, entry: u64) -> Result<(Arc<PublicLog>, u64), LedgerError> {
        let nobody = || LedgerError::Index { index: entry, size: self.own.size() };
        let (number, leaf) = LogNumber::of_entry(entry).ok_or_else(nobody)?;
        if number == self.own.number() {
            return Ok((Arc::clone(&self.own), leaf));
        }
        let held = self.held(number).map_or_else(
            || Ok::<_, LedgerError>(self.all()?.into_iter().find(|log| log.number() == number)),
            |log| Ok(Some(log)),
        )?;
        Ok((held.ok_or_else(nobody)?, leaf))
    }

    /// A file of a log by its path below the house: this node's as [`PublicLog::file`] names them, another's below
    /// `node/<name>/`. `None` where there is none.
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let Some((name, path)) = path.strip_prefix("node/").and_then(|rest| rest.split_once('/')) else {
            return self.own.file(path);
        };
        let Some(source) = &self.source else { return Ok(None) };
        let known = source.logs()?.into_iter().find(|known| known.name.as_str() == name);
        let Some(known) = known else { return Ok(None) };
        let log = self.all()?.into_iter().find(|log| log.number() == known.number);
        log.map_or(Ok(None), |log| log.file(path))
    }

    /// One disclosure. The caller decides who may see it.
    pub fn disclosure(&self, entry: u64) -> Result<Disclosure, LedgerError> {
        let (log, leaf) = self.of_entry(entry)?;
        log.disclosure(leaf)
    }

    /// The receipt of a disclosure. The caller decides who may see it.
    pub fn receipt(&self, entry: u64) -> Result<Receipt, LedgerError> {
        let (log, leaf) = self.of_entry(entry)?;
        log.receipt(leaf)
    }

    /// All disclosures about a person, as [`PublicLog::disclosures_of`].
    pub fn disclosures_of(
        &self,
        subject: PersonalNumber,
        before: &Bookmark,
        limit: usize,
    ) -> Result<LogsPage, LedgerError> {
        self.merge(before, limit, |log, page| log.disclosures_of(subject, page))
    }

    /// The disclosures that a person may see on a day on which these courts' orders stand, as
    /// [`PublicLog::visible_disclosures_of`].
    pub fn visible_disclosures_of(
        &self,
        subject: PersonalNumber,
        before: &Bookmark,
        limit: usize,
        (today, orders): (Date, &HashSet<String>),
    ) -> Result<LogsPage, LedgerError> {
        self.merge(before, limit, |log, page| log.visible_disclosures_of(subject, page, (today, orders)))
    }

    /// What a contract used on each day from `from` on, durably and at all nodes; days without use are left out.
    pub fn used_days(&self, contract: &str, from: Date) -> Result<BTreeMap<Date, u64>, LedgerError> {
        let mut days = BTreeMap::new();
        for log in self.all()? {
            for (day, used) in log.used_days(contract, from)? {
                *days.entry(day).or_default() += used;
            }
        }
        Ok(days)
    }

    /// One list out of the lists of all logs, by time.
    fn merge(
        &self,
        before: &Bookmark,
        limit: usize,
        read: impl Fn(&PublicLog, Page) -> Result<DisclosurePage, LedgerError>,
    ) -> Result<LogsPage, LedgerError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let (mut merged, mut has_more) = (Vec::new(), false);
        for log in self.all()? {
            let page = read(&log, Page { before: before.before(log.number()), limit })?;
            has_more |= page.next_before.is_some();
            merged.extend(page.disclosures.into_iter().map(|disclosure| (disclosure, Arc::clone(&log))));
        }
        // Within a log the time never steps back, and of equal times the later leaf has the greater number; so what is
        // cut off of a log lies below what is shown of it.
        merged.sort_by_key(|(disclosure, _)| Reverse((disclosure.record.time, disclosure.entry)));
        has_more |= merged.len() > limit;
        merged.truncate(limit);
        let next = has_more.then(|| {
            let mut next = before.clone();
            for (disclosure, log) in &merged {
                next.0.insert(log.number(), disclosure.index);
            }
            next
        });
        Ok(LogsPage { disclosures: merged, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bookmark_of_one_log_is_a_number_and_of_several_a_list() {
        assert_eq!("17".parse::<Bookmark>().unwrap().before(LogNumber::FIRST), Some(17));
        let second = LogNumber::new(1).unwrap();
        let text = format!("17,{}", second.entry(5));
        let several: Bookmark = text.parse().unwrap();
        assert_eq!((several.before(LogNumber::FIRST), several.before(second)), (Some(17), Some(5)));
        assert_eq!(several.to_string(), text);
        for bad in ["", "x", "-1", "17,", "17,18", "18446744073709551615"] {
            assert!(bad.parse::<Bookmark>().is_err(), "{bad:?}");
        }
    }
}
