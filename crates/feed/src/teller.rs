//! From the outbox to what one client is told. Every told change is durable in the log before it is given out.

use crate::{Answered, ChangeSource, FeedError, ToldChange, changed::fields_changed, fields_told};
use dancu_cards::standing;
use dancu_changes::{Cursor, OutboxEntry};
use dancu_core::StoreError;
use dancu_exchange::{
    Caller, CardAnswer, Feed, FeedPersons, Field, FieldSet, Gate, LifeAnswer, Pass, Product, Refusal,
};
use dancu_ledger::{Channel, Disclosed, Draft, Ledger, NoPlace, Reservation, Under};
use dancu_register::At;
use jiff::SignedDuration;
use std::{fmt, sync::Arc};
use tokio::sync::oneshot::Receiver;

/// A stretch of the outbox to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where to begin: behind this entry.
    pub after: Cursor,
    /// Where to end, this entry included; `None` for all there is.
    pub through: Option<Cursor>,
    /// Changes that are told at most.
    pub told_max: usize,
}

/// What a client is told of a stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The changes, in the order of the outbox.
    pub entries: Vec<ToldChange>,
    /// Where to go on; greater than where it began when anything was looked at, told or not.
    pub next: Cursor,
    /// Whether there is more to look at now.
    pub has_more: bool,
}

/// Reads the outbox for one client at a time.
pub struct ChangeTeller {
    source: Arc<dyn ChangeSource>,
    answered: Arc<dyn Answered>,
    gate: Arc<Gate>,
    ledger: Arc<Ledger>,
}

impl fmt::Debug for ChangeTeller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeTeller")
    }
}

type Waiting = Receiver<Result<Disclosed, StoreError>>;

/// A change on its way into the log.
struct Submitted {
    entry: OutboxEntry,
    fields: FieldSet,
    life: Option<LifeAnswer>,
    card: Option<CardAnswer>,
    waiting: Waiting,
}

impl ChangeTeller {
    /// Entries of the outbox that one call looks at.
    pub const SCAN_MAX: usize = 1_000;
    /// Changes of one call at most.
    pub const TOLD_MAX: usize = 500;
    /// An entry is told when it is this old. An answer that was read from the register just before the change is in
    /// the log by then, so that who received the old value is found.
    pub const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(5);

    /// Puts the teller together.
    pub fn new(
        source: Arc<dyn ChangeSource>,
        answered: Arc<dyn Answered>,
        gate: Arc<Gate>,
        ledger: Arc<Ledger>,
    ) -> Self {
        Self { source, answered, gate, ledger }
    }

    /// Where the outbox ends at present.
    pub async fn end(&self) -> Result<Cursor, FeedError> {
        Ok(self.source.outbox_end().await?)
    }

    /// Where what is kept of the outbox begins.
    pub async fn start(&self) -> Result<Cursor, FeedError> {
        Ok(self.source.outbox_start().await?)
    }

    /// Tells a client what changed in a stretch, each change counted under its daily limit and recorded. The caller has
    /// entered already (`Caller::enter`): whether it may ask at all is not decided here.
    ///
    /// A change may be told again: after an error, and whenever the client asks again from an earlier cursor.
    pub async fn tell(&self, caller: &Caller, span: Span) -> Result<Telling, FeedError> {
        let Some(feed) = &caller.contract.feed else { return Err(Refusal::NotInContract.into()) };
        let settled = self.ledger.now() - Self::SETTLED_AFTER;
        let entries = self.source.outbox(span.after, Self::SCAN_MAX).await?;
        // Asked after the entries were read: what was removed in between is found missing.
        let start = self.source.outbox_start().await?;
        if span.after < start {
            return Err(FeedError::TooOld { start });
        }
        let mut has_more = entries.len() == Self::SCAN_MAX;
        let mut next = span.after;
        let mut submitted = Vec::new();
        for entry in entries {
            if entry.recorded_at > settled || span.through.is_some_and(|through| entry.cursor > through) {
                has_more = false;
                break;
            }
            let changed = self.fields(caller, &entry).await?;
            let concerns = !changed.is_empty() && self.concerns(caller, feed, &entry).await?;
            // A person's consent is asked last: most entries are of persons of whom the client knows nothing.
            let pass = if concerns {
                self.gate.tell(caller, entry.number, self.ledger.counting_day()).await?
            } else {
                None
            };
            let told = pass.map(|pass| (pass.cut(changed), pass)).filter(|(fields, _)| !fields.is_empty());
            if let Some((fields, pass)) = told {
                if submitted.len() >= span.told_max.min(Self::TOLD_MAX) {
                    has_more = true;
                    break;
                }
                match self.submit(caller, entry, fields, &pass).await {
                    Ok(one) => submitted.push(one),
                    // What is on its way already is told; the rest is refused to whoever asks for it next.
                    Err(_) if next > span.after => {
                        has_more = true;
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            next = entry.cursor;
        }
        let mut told = Vec::with_capacity(submitted.len());
        for one in submitted {
            told.push(one.told().await?);
        }
        Ok(Telling { entries: told, next, has_more })
    }

    /// The fields of the contract that the event changed. The kinds of facts tell cheaply when there are none.
    async fn fields(&self, caller: &Caller, entry: &OutboxEntry) -> Result<FieldSet, FeedError> {
        let possible = fields_told(&caller.contract, entry.kinds);
        if possible.is_empty() {
            return Ok(possible);
        }
        let history = self.source.history(entry.number).await?;
        Ok(fields_changed(possible, &history, entry.recorded_at))
    }

    async fn concerns(&self, caller: &Caller, feed: &Feed, entry: &OutboxEntry) -> Result<bool, FeedError> {
        match feed.persons {
            FeedPersons::All => Ok(true),
            FeedPersons::Disclosed => self.answered.has_confirmed(&caller.contract.id, entry.number).await,
        }
    }

    /// Takes a place under the limit, reads the statuses that are told, and queues the record.
    async fn submit(
        &self,
        caller: &Caller,
        entry: OutboxEntry,
        fields: FieldSet,
        pass: &Pass,
    ) -> Result<Submitted, FeedError> {
        let contract = &caller.contract;
        let place = self.ledger.take_place(contract.id.as_str(), contract.daily_limit.into()).await;
        let reservation: Reservation = place.map_err(|none| match none {
            NoPlace::Exhausted(exhausted) => FeedError::DailyLimit { resets_at: exhausted.resets_at },
            NoPlace::Store(error) => error.into(),
        })?;
        let (life, card) = self.statuses(entry, fields).await?;
        let outcome = ToldChange::outcome(fields, life, card);
        let event = entry.event.to_string();
        let draft = caller.draft(
            entry.number,
            outcome.iter().map(|(field, _)| *field).collect(),
            outcome,
            Channel::Api,
            &event,
        );
        let product = Some(Product::ChangeSubscription.as_str());
        let draft = Draft { under: Under { product, ..pass.under(draft.under) }, ..draft };
        let waiting = self.ledger.submit(draft, reservation)?;
        Ok(Submitted { entry, fields, life, card, waiting })
    }

    /// The statuses among the fields, as known now: a client that reads late shall not act on what was true once.
    async fn statuses(
        &self,
        entry: OutboxEntry,
        fields: FieldSet,
    ) -> Result<(Option<LifeAnswer>, Option<CardAnswer>), FeedError> {
        let statuses: FieldSet = fields.iter().filter(|field| field.is_status()).collect();
        if statuses.is_empty() {
            return Ok((None, None));
        }
        let at = At { as_of: self.ledger.counting_day(), known_at: self.ledger.now() };
        let person = self.source.facts(entry.number, at, statuses.fact_kinds()).await?;
        let person = person.as_ref();
        let life = statuses
            .contains(Field::LifeStatus)
            .then(|| person.map_or(LifeAnswer::Alive, |person| person.life().into()));
        let card = statuses
            .contains(Field::CardStatus)
            .then(|| CardAnswer::Known(standing(person.and_then(dancu_register::Person::card), at.as_of)));
        Ok((life, card))
    }
}

impl Submitted {
    /// Waits until the record is durable.
    async fn told(self) -> Result<ToldChange, FeedError> {
        let Self { entry, fields, life, card, waiting } = self;
        // The committer answers everybody who waits, also when it ends.
        let disclosed = waiting.await.unwrap_or(Err(StoreError::Overloaded))?;
        Ok(ToldChange {
            cursor: entry.cursor,
            number: entry.number,
            event: entry.event,
            recorded_at: entry.recorded_at,
            fields,
            life_status: life,
            card_status: card,
            leaf_index: disclosed.entry(),
        })
    }
}
