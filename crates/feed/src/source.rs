//! What the feed reads of the register: the outbox, what an event changed, and a status.

use async_trait::async_trait;
use dancu_changes::{ChangeStore, Cursor, OutboxEntry};
use dancu_core::{PersonalNumber, StoreError};
use dancu_register::{At, Fact, KindSet, Person};
use jiff::Timestamp;

/// The narrow side of [`ChangeStore`] that the feed needs; every such store is one.
#[async_trait]
pub trait ChangeSource: Send + Sync {
    /// Entries after a cursor, in their order, at most `length_max`; see [`ChangeStore::outbox`].
    async fn outbox(&self, after: Cursor, length_max: usize) -> Result<Vec<OutboxEntry>, StoreError>;

    /// The cursor behind the last entry.
    async fn outbox_end(&self) -> Result<Cursor, StoreError>;

    /// The cursor up to which entries were removed because of their age.
    async fn outbox_start(&self) -> Result<Cursor, StoreError>;

    /// Removes old entries; see [`ChangeStore::remove_outbox`].
    async fn remove_outbox(&self, before: Timestamp, length_max: usize) -> Result<usize, StoreError>;

    /// Everything that was ever recorded of a person, the sealed kinds left out.
    async fn history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError>;

    /// Some kinds of facts of a person; see [`dancu_register::RegisterStore::person_now`].
    async fn facts(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> Result<Option<Person>, StoreError>;
}

#[async_trait]
impl<S: ChangeStore> ChangeSource for S {
    async fn outbox(&self, after: Cursor, length_max: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        ChangeStore::outbox(self, after, length_max).await
    }

    async fn outbox_end(&self) -> Result<Cursor, StoreError> {
        ChangeStore::outbox_end(self).await
    }

    async fn outbox_start(&self) -> Result<Cursor, StoreError> {
        ChangeStore::outbox_start(self).await
    }

    async fn remove_outbox(&self, before: Timestamp, length_max: usize) -> Result<usize, StoreError> {
        ChangeStore::remove_outbox(self, before, length_max).await
    }

    async fn history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError> {
        dancu_register::RegisterStore::history(self, number).await
    }

    async fn facts(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> Result<Option<Person>, StoreError> {
        self.person_now(number, at, kinds).await
    }
}
