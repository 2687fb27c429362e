//! Delivers changes to webhooks and into the stream: one batch a subscriber at a time, in order, the same bytes until they arrive.

use crate::{
    Batch, ChangeTeller, DeadLetter, DeadLetterId, DeadReason, FeedError, FeedStore, LetterChange,
    LetterState, Patience, PostFailure, Posted, Postman, Saved, Span, StopReason, Subscriber, Telling,
    WebhookKey, post_signed,
};
use dancu_core::{Clock, Entropy, Explain, StoreError};
use dancu_exchange::{Caller, ClientId, Directory};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::{fmt, sync::Arc};
use url::Url;

/// Changes of one batch.
const BATCH_LENGTH_MAX: usize = 100;
/// How long a subscriber waits that may not be told anything at present.
const REFUSED_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// What a courier works with.
pub struct CourierParts {
    /// Where subscribers stand.
    pub store: Arc<dyn FeedStore>,
    /// Tells changes.
    pub teller: Arc<ChangeTeller>,
    /// Who is connected.
    pub directory: Arc<Directory>,
    /// Carries batches.
    pub postman: Arc<dyn Postman>,
    /// Signs them.
    pub key: Arc<WebhookKey>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers, nonces, and the spread of waits.
    pub entropy: Arc<dyn Entropy>,
    /// When to try again, and when to give up.
    pub patience: Patience,
}

/// Delivers changes.
pub struct Courier(CourierParts);

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Courier")
    }
}

/// What one step for one subscriber came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to do at present.
    Idle,
    /// It went on; there may be more to do at once.
    Moved,
    /// Nothing is to be tried before this instant.
    Waiting(Timestamp),
    /// Nothing is delivered to the client, or it wants no more.
    Stopped,
}

impl Courier {
    /// Puts a courier together.
    pub const fn new(parts: CourierParts) -> Self {
        Self(parts)
    }

    /// Who carries its batches, for others that deliver to the same places.
    pub fn postman(&self) -> Arc<dyn Postman> {
        Arc::clone(&self.0.postman)
    }

    /// The clients that are delivered to, in the order of their identifiers.
    pub fn subscribed(&self) -> Vec<ClientId> {
        let callers = self.0.directory.all();
        let mut clients: Vec<ClientId> = callers
            .values()
            .filter(|caller| destination(caller).is_some())
            .map(|caller| caller.client.id.clone())
            .collect();
        clients.sort_unstable();
        clients
    }

    /// Goes one step on with a client: makes its next batch, or delivers the one that is there. Never call it twice at
    /// once for the same client. A process that dies in the middle delivers again, and loses nothing: the cursor moves
    /// after the delivery.
    pub async fn step(&self, client: &ClientId) -> Result<Step, FeedError> {
        let parts = &self.0;
        let Some(caller) = parts.directory.caller(client) else { return Ok(Step::Stopped) };
        let Some(to) = destination(&caller) else { return Ok(Step::Stopped) };
        let Some(subscriber) = parts.store.subscriber(client).await? else {
            let subscriber = Subscriber::new(client.clone(), parts.teller.end().await?);
            return self.save(subscriber, LetterChange::Keep).await;
        };
        if subscriber.stopped.is_some() {
            return Ok(Step::Stopped);
        }
        let now = parts.clock.now();
        if let Some(next_try_at) = subscriber.next_try_at
            && now < next_try_at
        {
            return Ok(Step::Waiting(next_try_at));
        }
        if caller.check_standing(dancu_core::today_in_viet_nam(now)).is_err() {
            // Suspended, or not in force. Nothing is lost: what is on its way waits with the rest.
            let next_try_at = Some(now + REFUSED_WAIT);
            return self.save(Subscriber { next_try_at, ..subscriber }, LetterChange::Keep).await;
        }
        match subscriber.batch.clone() {
            // The contract was changed meanwhile: what it no longer holds must not leave, so the stretch is told anew.
            Some(batch) if batch.terms != terms(&caller) => {
                self.save(Subscriber { batch: None, ..subscriber }, LetterChange::Keep).await
            }
            Some(batch) => self.deliver(&to, subscriber, batch).await,
            None => self.make_batch(&caller, subscriber, now).await,
        }
    }

    /// Tells the next stretch and keeps it, before anything is sent.
    async fn make_batch(
        &self,
        caller: &Caller,
        mut subscriber: Subscriber,
        now: Timestamp,
    ) -> Result<Step, FeedError> {
        let parts = &self.0;
        let replayed = parts.store.next_replay(&subscriber.client).await?;
        let (after, through) = match &replayed {
            Some(letter) => (letter.after, Some(letter.through)),
            None => (subscriber.cursor, None),
        };
        let span = Span { after, through, told_max: BATCH_LENGTH_MAX };
        let (telling, reset) = match parts.teller.tell(caller, span).await {
            Err(FeedError::DailyLimit { resets_at }) => {
                subscriber.next_try_at = Some(resets_at);
                return self.save(subscriber, LetterChange::Keep).await;
            }
            // It was stopped for longer than changes are kept, and must hear that some are missing.
            Err(FeedError::TooOld { start }) => {
                let next = through.map_or(start, |through| through.min(start));
                (Telling { entries: Vec::new(), next, has_more: true }, true)
            }
            telling => (telling?, false),
        };
        subscriber.next_try_at = None;
        if telling.entries.is_empty() && !reset {
            return self.skip(subscriber, &telling, replayed).await;
        }
        let mut random = [0; 10];
        parts.entropy.fill(&mut random);
        let id = DeadLetterId(dancu_changes::CommandId::new(now, &random).0);
        let body = json!({
            "id": id.to_string(), "client": subscriber.client, "replay": replayed.is_some(), "reset": reset,
            "after": after.to_string(), "entries": telling.entries, "next": telling.next.to_string(),
        });
        subscriber.batch = Some(Batch {
            id,
            body: body.to_string().into_bytes(),
            length: u32::try_from(telling.entries.len()).unwrap_or(u32::MAX),
            after,
            through: telling.next,
            replays: replayed.map(|letter| letter.id),
            terms: terms(caller),
        });
        self.save(subscriber, LetterChange::Keep).await
    }

    /// Goes past a stretch that concerned others.
    async fn skip(
        &self,
        mut subscriber: Subscriber,
        telling: &Telling,
        replayed: Option<DeadLetter>,
    ) -> Result<Step, FeedError> {
        let letters = match replayed {
            Some(letter) => rest_of(letter, telling.next, telling.has_more),
            None if telling.next == subscriber.cursor => return Ok(Step::Idle),
            None => {
                subscriber.cursor = telling.next;
                LetterChange::Keep
            }
        };
        self.save(subscriber, letters).await
    }

    async fn deliver(&self, to: &Url, mut subscriber: Subscriber, batch: Batch) -> Result<Step, FeedError> {
        let parts = &self.0;
        let id = batch.id.to_string();
        let with = (&*parts.clock, &*parts.entropy);
        let posted = post_signed(&*parts.postman, &parts.key, with, (&id, to, &batch.body)).await;
        let now = parts.clock.now();
        match posted {
            Posted::Taken => {
                let letters = self.arrived(&mut subscriber, &batch).await?;
                subscriber.delivered_at = Some(now);
                self.save(subscriber, letters).await
            }
            Posted::Gone => {
                tracing::info!(client = %subscriber.client, "a subscriber wants no more changes");
                subscriber.stopped = Some(StopReason::Gone);
                self.save(subscriber, LetterChange::Keep).await
            }
            Posted::Failed(failure) => self.failed(subscriber, batch, failure, now).await,
        }
    }

    /// Takes the batch off the subscriber, and says what becomes of the dead letter that it replayed.
    async fn arrived(&self, subscriber: &mut Subscriber, batch: &Batch) -> Result<LetterChange, FeedError> {
        clear(subscriber);
        let Some(id) = batch.replays else {
            subscriber.cursor = batch.through;
            return Ok(LetterChange::Keep);
        };
        let letter = self.0.store.next_replay(&subscriber.client).await?.filter(|letter| letter.id == id);
        Ok(letter.map_or(LetterChange::Keep, |letter| {
            let has_more = batch.through < letter.through;
            rest_of(letter, batch.through, has_more)
        }))
    }

    async fn failed(
        &self,
        mut subscriber: Subscriber,
        batch: Batch,
        failure: PostFailure,
        now: Timestamp,
    ) -> Result<Step, FeedError> {
        let parts = &self.0;
        subscriber.failures = subscriber.failures.saturating_add(1);
        let first_failed_at = *subscriber.first_failed_at.get_or_insert(now);
        subscriber.last_failure = Some(failure);
        if !parts.patience.is_over(subscriber.failures, first_failed_at, now) {
            subscriber.next_try_at = Some(parts.patience.next_try(subscriber.failures, now, &*parts.entropy));
            return self.save(subscriber, LetterChange::Keep).await;
        }
        tracing::warn!(client = %subscriber.client, batch = %batch.id, "a batch of changes is given up");
        let letter = DeadLetter {
            id: batch.replays.unwrap_or(batch.id),
            client: subscriber.client.clone(),
            after: batch.after,
            through: batch.through,
            length: batch.length,
            died_at: now,
            reason: DeadReason { attempts: subscriber.failures, failure },
            state: LetterState::Dead,
        };
        let letter = match self.0.store.next_replay(&subscriber.client).await? {
            // The replay of a part: the stretch that is still to come dies with it.
            Some(replayed) if Some(replayed.id) == batch.replays => {
                DeadLetter { through: replayed.through.max(letter.through), ..letter }
            }
            _ => letter,
        };
        clear(&mut subscriber);
        if batch.replays.is_none() {
            subscriber.cursor = batch.through;
        }
        self.save(subscriber, LetterChange::Put(letter)).await
    }

    async fn save(&self, subscriber: Subscriber, letters: LetterChange) -> Result<Step, FeedError> {
        let next_try_at = subscriber.next_try_at;
        match self.0.store.save_subscriber(subscriber, letters).await? {
            Saved::Done => Ok(next_try_at.map_or(Step::Moved, Step::Waiting)),
            // The operator or another node changed it meanwhile: look again.
            Saved::Stale => Ok(Step::Moved),
        }
    }

    /// Whether an error of a step is one of the store that passes by itself; told in the log in any case.
    pub fn note(client: &ClientId, error: &FeedError) {
        let code = error.explain().code;
        match error {
            FeedError::Store(StoreError::Overloaded) => tracing::info!(%client, code, "the courier waits"),
            error => tracing::warn!(%client, code, %error, "changes cannot be delivered"),
        }
    }
}

fn destination(caller: &Caller) -> Option<Url> {
    caller.contract.feed.as_ref()?.destination(&caller.client.id)
}

/// What of the contract decides what is told.
fn terms(caller: &Caller) -> String {
    let contract = &caller.contract;
    let persons = contract.feed.as_ref().map(|feed| feed.persons);
    json!([contract.id, contract.fields, persons]).to_string()
}

/// Nothing is on its way any more, and nothing has failed.
fn clear(subscriber: &mut Subscriber) {
    subscriber.batch = None;
    subscriber.failures = 0;
    subscriber.first_failed_at = None;
    subscriber.last_failure = None;
    subscriber.next_try_at = None;
}

/// What is left of a dead letter after a part of it arrived.
fn rest_of(letter: DeadLetter, next: dancu_changes::Cursor, has_more: bool) -> LetterChange {
    if has_more && next < letter.through {
        LetterChange::Put(DeadLetter { after: next, ..letter })
    } else {
        LetterChange::Remove(letter.id)
    }
}
