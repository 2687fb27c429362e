//! Lists that were found, kept for a while, so that the second page is of the same list as the first, and so that a
//! person is opened by a reference that tells nothing to anybody else.

use crate::{finder::Hit, service::Purpose};
use dancu_core::{Entropy, PersonalNumber};
use dancu_exchange::ClientId;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// How long a list is good.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// Lists that are kept: the oldest goes when there are more. Some 16 MiB when all are full.
const LISTS_MAX: usize = 4_096;

/// A list with whose it is and why it was made.
#[derive(Clone)]
pub(crate) struct List {
    pub officer: String,
    pub client: ClientId,
    pub purpose: Purpose,
    pub asked: Vec<&'static str>,
    pub hits: Vec<Hit>,
    pub is_cut: bool,
    pub is_index_complete: bool,
    pub made: Timestamp,
    /// One bit for each page that was disclosed.
    pub pages_shown: u32,
}

/// All lists, by what nobody can guess.
#[derive(Default)]
pub(crate) struct Lists(Mutex<HashMap<u128, List>>);

impl Lists {
    /// Keeps a list and gives its key.
    pub fn keep(&self, list: List, now: Timestamp, entropy: &dyn Entropy) -> u128 {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let key = u128::from_be_bytes(bytes);
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|_, list| is_good(list, now));
        if lists.len() >= LISTS_MAX
            && let Some(oldest) = lists.iter().min_by_key(|(_, list)| list.made).map(|(key, _)| *key)
        {
            lists.remove(&oldest);
        }
        lists.insert(key, list);
        key
    }

    /// A list of this officer; nobody else's.
    pub fn get(&self, key: &str, officer: &str, client: &ClientId, now: Timestamp) -> Option<(u128, List)> {
        let key = u128::from_str_radix(key, 16).ok()?;
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lists.get(&key).filter(|list| is_good(list, now))?;
        (list.officer == officer && list.client == *client).then(|| (key, list.clone()))
    }

    /// Notes that a page was disclosed: only then its references open.
    pub fn shown(&self, key: u128, page: usize) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = lists.get_mut(&key) {
            list.pages_shown |=
                u32::try_from(page).ok().and_then(|page| 1_u32.checked_shl(page)).unwrap_or(0);
        }
    }
}

impl List {
    /// The person at a place, when its page was disclosed.
    pub fn shown_at(&self, place: usize) -> Option<PersonalNumber> {
        let page = u32::try_from(place / crate::PAGE_LENGTH).ok()?;
        let is_shown = self.pages_shown.checked_shr(page)? & 1 == 1;
        self.hits.get(place).filter(|_| is_shown).map(|hit| hit.number)
    }
}

fn is_good(list: &List, now: Timestamp) -> bool {
    now.duration_since(list.made) < LIFETIME
}

/// A list's key as text.
pub(crate) fn key_text(key: u128) -> String {
    format!("{key:032x}")
}

/// What opens the person at a place.
pub(crate) fn reference(key: u128, place: usize) -> String {
    format!("{key:032x}-{place}")
}

/// The parts of [`reference`].
pub(crate) fn parts(reference: &str) -> Option<(&str, usize)> {
    let (key, place) = reference.split_once('-')?;
    Some((key, place.parse().ok()?))
}
