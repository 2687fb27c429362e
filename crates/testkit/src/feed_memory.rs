//! Subscribers and dead letters in memory.

use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_exchange::ClientId;
use dancu_feed::{DeadLetter, DeadLetterId, FeedStore, LetterChange, LetterState, Saved, Subscriber};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
struct State {
    subscribers: BTreeMap<ClientId, Subscriber>,
    letters: BTreeMap<DeadLetterId, DeadLetter>,
}

/// Keeps the feed's state under one lock. Clones share it, so a clone is what is found after a restart.
#[derive(Debug, Clone, Default)]
pub struct MemoryFeed(Arc<Mutex<State>>);

impl MemoryFeed {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl FeedStore for MemoryFeed {
    async fn subscriber(&self, client: &ClientId) -> Result<Option<Subscriber>, StoreError> {
        Ok(self.lock().subscribers.get(client).cloned())
    }

    async fn subscribers(
        &self,
        after: Option<&ClientId>,
        length_max: usize,
    ) -> Result<Vec<Subscriber>, StoreError> {
        let state = self.lock();
        let rest = state.subscribers.values().filter(|row| after.is_none_or(|after| row.client > *after));
        Ok(rest.take(length_max).cloned().collect())
    }

    async fn save_subscriber(
        &self,
        subscriber: Subscriber,
        letters: LetterChange,
    ) -> Result<Saved, StoreError> {
        let mut state = self.lock();
        let held = state.subscribers.get(&subscriber.client).map_or(0, |held| held.version);
        if held != subscriber.version {
            return Ok(Saved::Stale);
        }
        match letters {
            LetterChange::Keep => {}
            LetterChange::Put(letter) => drop(state.letters.insert(letter.id, letter)),
            LetterChange::Remove(id) => drop(state.letters.remove(&id)),
        }
        let version = held + 1;
        state.subscribers.insert(subscriber.client.clone(), Subscriber { version, ..subscriber });
        Ok(Saved::Done)
    }

    async fn dead_letters(
        &self,
        client: Option<&ClientId>,
        after: Option<DeadLetterId>,
        length_max: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let state = self.lock();
        let wanted = state.letters.values().filter(|letter| {
            client.is_none_or(|client| letter.client == *client)
                && after.is_none_or(|after| letter.id > after)
        });
        Ok(wanted.take(length_max).cloned().collect())
    }

    async fn count_dead_letters(&self) -> Result<u64, StoreError> {
        Ok(self.lock().letters.len() as u64)
    }

    async fn next_replay(&self, client: &ClientId) -> Result<Option<DeadLetter>, StoreError> {
        let state = self.lock();
        let mut letters = state.letters.values();
        Ok(letters.find(|letter| letter.client == *client && letter.state == LetterState::Replaying).cloned())
    }

    async fn replay(&self, id: DeadLetterId) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let letter = state.letters.get_mut(&id);
        Ok(letter.map(|letter| letter.state = LetterState::Replaying).is_some())
    }

    async fn resume(&self, client: &ClientId) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let Some(subscriber) = state.subscribers.get_mut(client) else { return Ok(false) };
        subscriber.stopped = None;
        subscriber.next_try_at = None;
        subscriber.version += 1;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_keeps_the_contract_of_the_feed() {
        crate::feed_store_suite(&MemoryFeed::default()).await;
    }
}
