//! Takes a command from its arrival to its durable event.

use crate::{
    ChangeStore, Command, CommandId, Commit, Committed, Decision, Envelope, Event, Finding, FindingId,
    Guards, Refusal, Units, World,
    refusal::Common,
    rules::{self, NumberSource, RuleError},
    taken, texts,
};
use dancu_core::{Clock, Entropy, Explain, Explanation, PersonalNumber, StoreError};
use dancu_register::{
    Belief, Change, Fact, FactKind, FactValue, HouseholdNumber, KindSet, SealError, Seals, apply_changes,
    believe, take_back,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};
use uuid::Uuid;

/// Times that a command is decided anew because something it looked at changed meanwhile.
const ATTEMPTS_MAX: u32 = 16;

/// What the sender of a command gets back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeReceipt {
    /// The event.
    pub event: Event,
    /// Whether this very command was recorded before, and nothing was done now.
    pub was_known: bool,
    /// Findings that it brought about.
    pub findings: Vec<FindingId>,
}

/// What a command would do, as things stand. Nothing was recorded; the number that a birth is issued is drawn anew when
/// it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreseen {
    /// It would become an event.
    New {
        /// Writes by person.
        changes: Vec<(PersonalNumber, Vec<Change>)>,
        /// A person who would be given a number, under the one that was drawn for this look.
        issued: Option<PersonalNumber>,
        /// What would be found odd.
        findings: Vec<Finding>,
    },
    /// This very command was recorded before, as this event.
    Known(Box<Event>),
}

/// A command was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What it looks at changes faster than it can be decided.
    #[error("the persons concerned are being changed by others")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sealed value that has to move does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
}

impl Explain for ChangeError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Refused(refusal) => refusal.explain(),
            Self::Contended => Explanation::new(
                "DANCU-CHANGE-019",
                "Hồ sơ đang được người khác thay đổi. Hãy gửi lại sau vài giây với cùng mã yêu cầu.",
                "Others are changing this record. Send it again in a few seconds under the same identifier.",
            ),
            Self::Store(error) => error.explain(),
            Self::Sealed(error) => error.explain(),
        }
    }
}

/// The one way by which the register changes.
pub struct ChangeService {
    store: Arc<dyn ChangeStore>,
    seals: Arc<Seals>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// The units as they were last read. They change a few times a decade; every commit is guarded by their count.
    units: RwLock<Option<Arc<Units>>>,
}

impl ChangeService {
    /// Joins the parts.
    pub fn new(
        store: Arc<dyn ChangeStore>,
        seals: Arc<Seals>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { store, seals, clock, entropy, units: RwLock::default() }
    }

    /// Decides a command and records it. The answer comes when it is durable; the same command sent again gets the
    /// answer of the first time.
    pub async fn execute(&self, envelope: &Envelope) -> Result<ChangeReceipt, ChangeError> {
        self.record(envelope, None, &NumberSource::Drawn(&*self.entropy)).await
    }

    /// Whether a command alters who a person is, also by taking back an event that did: nobody does so alone.
    pub async fn alters_identity(&self, command: &Command) -> Result<bool, StoreError> {
        let Command::Compensate(compensation) = command else { return Ok(command.alters_identity()) };
        let event = self.store.event(compensation.event).await?;
        Ok(event.is_some_and(|(event, _)| event.command.alters_identity()))
    }

    /// As [`ChangeService::execute`], for what another node took in: its word on when is bound by how long a commune may
    /// be out of reach.
    pub async fn take_over(&self, envelope: &Envelope) -> Result<ChangeReceipt, ChangeError> {
        // What was recorded already is answered however old it is.
        if self.store.event(envelope.id).await?.is_none() {
            taken::not_too_old(envelope, self.clock.now())?;
        }
        self.execute(envelope).await
    }

    /// Records an event of another store again, at its own instant and with the number that it issued, so that a register
    /// is built up anew from its events in their order. Sensitive values are in no event: that they were stated is noted.
    pub async fn replay(&self, event: &Event) -> Result<(), ChangeError> {
        let mut command = event.command.clone();
        if let Command::RegisterBirth(birth) = &mut command {
            birth.ethnicity = None;
        }
        let envelope = Envelope {
            id: event.id,
            actor: event.actor.clone(),
            evidence: event.evidence.clone(),
            taken_at: event.taken_at,
            command,
        };
        if matches!(event.command, Command::StateSensitive(_)) {
            return self.note(event, &signed_part(&envelope)).await;
        }
        let numbers = NumberSource::Given(event.issued);
        self.record(&envelope, Some(event.recorded_at), &numbers).await.map(drop)
    }

    /// Records an event without what it wrote, so that a later one can take it back.
    async fn note(&self, event: &Event, bytes: &[u8]) -> Result<(), ChangeError> {
        let commit = Commit {
            guards: Guards::default(),
            event: event.clone(),
            digest: self.seals.digest(bytes),
            changes: event.persons.iter().map(|number| (*number, Vec::new())).collect(),
            findings: Vec::new(),
            stays: Vec::new(),
            units: Vec::new(),
            takes_back: None,
        };
        match self.store.commit(commit).await? {
            Committed::Done => Ok(()),
            Committed::Known { event, digest } => self.known(*event, &digest, bytes).map(drop),
            Committed::Stale => Err(ChangeError::Contended),
        }
    }

    async fn record(
        &self,
        envelope: &Envelope,
        at: Option<Timestamp>,
        numbers: &NumberSource<'_>,
    ) -> Result<ChangeReceipt, ChangeError> {
        let bytes = signed_part(envelope);
        let mut units = self.units().await?;
        for _ in 0..ATTEMPTS_MAX {
            // Whether it was recorded before is found under the commit's guards. Only a repetition that the rules would refuse
            // by now, as most are, has to be looked for: a look at every new command would cost as much as its decision.
            let commit = match self.decide(envelope, &bytes, at, numbers, &units).await {
                Err(ChangeError::Refused(refusal)) => {
                    let units_now = self.units_anew().await?;
                    if units_now.changes() != units.changes() {
                        units = units_now;
                        continue;
                    }
                    let known = self.store.event(envelope.id).await?;
                    let (event, digest) = known.ok_or(ChangeError::Refused(refusal))?;
                    return self.known(event, &digest, &bytes);
                }
                commit => commit?,
            };
            let (event, findings) =
                (commit.event.clone(), commit.findings.iter().map(|finding| finding.id).collect());
            match self.store.commit(commit).await? {
                Committed::Done => return Ok(ChangeReceipt { event, was_known: false, findings }),
                Committed::Known { event, digest } => return self.known(*event, &digest, &bytes),
                Committed::Stale => units = self.units_anew().await?,
            }
        }
        Err(ChangeError::Contended)
    }

    /// The units as they were last read, here.
    async fn units(&self) -> Result<Arc<Units>, StoreError> {
        let known = self.units.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(units) => Ok(units),
            None => self.units_anew().await,
        }
    }

    async fn units_anew(&self) -> Result<Arc<Units>, StoreError> {
        let units = Arc::new(Units::new(self.store.unit_changes().await?));
        *self.units.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&units));
        Ok(units)
    }

    /// Decides a command as [`ChangeService::execute`] would, and records nothing.
    pub async fn check(&self, envelope: &Envelope) -> Result<Foreseen, ChangeError> {
        let bytes = signed_part(envelope);
        if let Some((event, digest)) = self.store.event(envelope.id).await? {
            return self
                .known(event, &digest, &bytes)
                .map(|receipt| Foreseen::Known(Box::new(receipt.event)));
        }
        let units = self.units_anew().await?;
        let commit =
            self.decide(envelope, &bytes, None, &NumberSource::Drawn(&*self.entropy), &units).await?;
        Ok(Foreseen::New { changes: commit.changes, issued: commit.event.issued, findings: commit.findings })
    }

    async fn decide(
        &self,
        envelope: &Envelope,
        bytes: &[u8],
        at: Option<Timestamp>,
        numbers: &NumberSource<'_>,
        units: &Arc<Units>,
    ) -> Result<Commit, ChangeError> {
        let now = micros(at.unwrap_or_else(|| self.clock.now()));
        let mut world = World::with_units(&*self.store, now, Arc::clone(units));
        if at.is_none() {
            // Events of before these checks are replayed as they are.
            texts::check(envelope)?;
            taken::not_ahead(envelope, now)?;
            world.taken_on = taken::taken_on(envelope, now);
        }
        let decided = rules::decide(envelope, &mut world, numbers).await;
        let decision = decided.map_err(|error| match error {
            RuleError::Refused(refusal) => ChangeError::Refused(refusal),
            RuleError::Store(error) => ChangeError::Store(error),
        })?;
        if world.is_beyond_bounds() {
            return Err(Refusal::from(Common::BeyondBounds).into());
        }
        self.assemble(envelope, decision, &mut world, self.seals.digest(bytes)).await
    }

    /// The store, for reads.
    pub fn store(&self) -> &Arc<dyn ChangeStore> {
        &self.store
    }

    fn known(&self, event: Event, digest: &[u8; 32], bytes: &[u8]) -> Result<ChangeReceipt, ChangeError> {
        if self.seals.digest_agrees(bytes, digest) {
            Ok(ChangeReceipt { event, was_known: true, findings: Vec::new() })
        } else {
            Err(Refusal::from(Common::IdentifierUsed).into())
        }
    }

    /// Works out every write of a decision.
    async fn assemble(
        &self,
        envelope: &Envelope,
        decision: Decision,
        world: &mut World<'_>,
        digest: [u8; 32],
    ) -> Result<Commit, ChangeError> {
        let source: Arc<str> = Event::source(&envelope.command, &envelope.actor).into();
        let mut recorded_at = world.now;
        let persons = decision.persons();
        for number in &persons {
            if let Some(version) = world.record(*number).await?.version {
                recorded_at = recorded_at.max(after(version));
            }
        }
        let sealed = self.sealed_beliefs(&decision).await?;
        let mut changes = Vec::with_capacity(persons.len());
        for number in &persons {
            let record = &world.record(*number).await?.facts;
            let stated = sealed.get(number).map_or(&[][..], Vec::as_slice);
            let writes = self.writes(record, &decision, *number, stated, recorded_at, &source).await?;
            changes.push((*number, writes));
        }
        let takes_back = match &envelope.command {
            Command::Compensate(compensation) => Some(compensation.event),
            _ => None,
        };
        let is_empty = changes.iter().all(|(_, writes)| writes.is_empty());
        let is_note = matches!(envelope.command, Command::NoteJudgment(_)) || takes_back.is_some();
        if is_empty && !is_note && decision.stays.is_empty() && decision.units.is_empty() {
            return Err(Refusal::from(Common::NothingNew).into());
        }
        let event = Event {
            id: envelope.id,
            recorded_at,
            taken_at: micros(envelope.taken_at),
            actor: envelope.actor.clone(),
            evidence: envelope.evidence.clone(),
            command: without_sensitive(&envelope.command),
            persons: persons.into_iter().collect(),
            issued: decision.issued,
            household: decision.household,
        };
        let findings = decision
            .oddities
            .iter()
            .map(|oddity| Finding::found(oddity, Some(envelope.id), recorded_at))
            .collect();
        Ok(Commit {
            guards: world.guards(),
            event,
            digest,
            changes,
            findings,
            stays: decision.stays,
            units: decision.units,
            takes_back,
        })
    }

    /// The writes of a decision to one person's history.
    async fn writes(
        &self,
        record: &[Fact],
        decision: &Decision,
        number: PersonalNumber,
        sealed: &[Belief],
        recorded_at: Timestamp,
        source: &Arc<str>,
    ) -> Result<Vec<Change>, ChangeError> {
        let mut writes = forget(record, decision.forgotten(number), recorded_at);
        if decision.sealed_moved.is_some_and(|(from, _)| from == number) {
            let history = self.store.sealed_history(number).await?;
            writes.extend(forget(&history, FactKind::SEALED.into_iter().collect(), recorded_at));
        }
        for (_, instant) in decision.taken_back.iter().filter(|(whose, _)| *whose == number) {
            let mut whole = record.to_vec();
            whole.extend(self.store.sealed_history(number).await?);
            let back = take_back(&whole, *instant, recorded_at, source)
                .map_err(|refused| Refusal::from(Common::ChangedSince { kind: refused.kind }))?;
            writes.extend(back);
            if decision.retired == Some(number) {
                is_forsaken(whole, &writes)?;
            }
        }
        let beliefs = decision.beliefs(number);
        let believed = believe_after(record, &writes, number, beliefs, recorded_at, source);
        writes.extend(believed);
        if !sealed.is_empty() {
            let history = self.store.sealed_history(number).await?;
            writes.extend(believe(&history, number, sealed, recorded_at, source));
        }
        Ok(writes)
    }

    /// What is sealed anew: what was stated, and what moves to a person's other number.
    async fn sealed_beliefs(
        &self,
        decision: &Decision,
    ) -> Result<BTreeMap<PersonalNumber, Vec<Belief>>, ChangeError> {
        let mut sealed: BTreeMap<PersonalNumber, Vec<Belief>> = BTreeMap::new();
        for belief in &decision.sensitive {
            let value = FactValue::Sealed(self.seals.seal(belief.number, belief.kind, &belief.value));
            let belief_of = Belief { value, valid_from: belief.valid_from, valid_to: None };
            sealed.entry(belief.number).or_default().push(belief_of);
        }
        if let Some((from, to)) = decision.sealed_moved {
            let history = self.store.sealed_history(from).await?;
            for fact in history.into_iter().filter(|fact| fact.recorded_to.is_none()) {
                let FactValue::Sealed(value) = &fact.value else { continue };
                let opened = self.seals.open(from, value)?;
                let value = FactValue::Sealed(self.seals.seal(to, value.kind, &opened));
                let belief = Belief { value, valid_from: fact.valid_from, valid_to: fact.valid_to };
                sealed.entry(to).or_default().push(belief);
            }
        }
        Ok(sealed)
    }
}

/// Nothing is believed of a person after some writes.
fn is_forsaken(mut history: Vec<Fact>, writes: &[Change]) -> Result<(), Refusal> {
    apply_changes(&mut history, writes);
    match history.iter().find(|fact| fact.recorded_to.is_none()) {
        Some(fact) => Err(Common::ChangedSince { kind: fact.value.kind() }.into()),
        None => Ok(()),
    }
}

/// The writes by which what is believed of some kinds ceases to be.
fn forget(record: &[Fact], kinds: KindSet, recorded_at: Timestamp) -> Vec<Change> {
    let believed = record.iter().filter(|fact| fact.recorded_to.is_none());
    let concerned = believed.filter(|fact| kinds.contains(fact.value.kind()));
    let close = |fact: &Fact| Change::Close {
        kind: fact.value.kind(),
        recorded_from: fact.recorded_from,
        valid_from: fact.valid_from,
        recorded_to: recorded_at,
    };
    concerned.map(close).collect()
}

/// What makes two commands under one identifier the same: not when they were taken in.
fn signed_part(envelope: &Envelope) -> Vec<u8> {
    serde_json::to_vec(&(&envelope.actor, &envelope.evidence, &envelope.command))
        .expect("a command is plain JSON")
}

/// Beliefs on top of a history to which other writes of the same instant were applied.
fn believe_after(
    record: &[Fact],
    writes: &[Change],
    number: PersonalNumber,
    beliefs: &[Belief],
    recorded_at: Timestamp,
    source: &Arc<str>,
) -> Vec<Change> {
    if writes.is_empty() {
        return believe(record, number, beliefs, recorded_at, source);
    }
    let mut after = record.to_vec();
    apply_changes(&mut after, writes);
    believe(&after, number, beliefs, recorded_at, source)
}

/// Stores keep whole microseconds.
pub(crate) fn micros(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond())
        .expect("an instant cut to microseconds is an instant")
}

fn after(version: Timestamp) -> Timestamp {
    version
        .checked_add(SignedDuration::from_micros(1))
        .expect("the register's times lie thousands of years before the last instant")
}

/// The command as it is kept: the sealed table has the sensitive values, the event has not.
fn without_sensitive(command: &Command) -> Command {
    let mut command = command.clone();
    let sealed = || crate::Sensitive("sealed".to_owned());
    match &mut command {
        Command::RegisterBirth(birth) => birth.ethnicity = birth.ethnicity.as_ref().map(|_| sealed()),
        Command::StateSensitive(statement) => statement.value = sealed(),
        _ => {}
    }
    command
}

/// UUID version 5 in a name space of our own.
pub(crate) fn name_based(name: &str) -> Uuid {
    const SPACE: Uuid = Uuid::from_u128(0x6f2a_91c4_5b7d_4e02_9a3f_d1c8_77e0_4b15);
    Uuid::new_v5(&SPACE, name.as_bytes())
}

/// The household number that a command forms: from its identifier, so that a repetition forms the same.
pub(crate) fn household_of(id: CommandId) -> HouseholdNumber {
    let text = id.0.simple().to_string();
    format!("H{}", &text[text.len() - 15..]).parse().expect("16 letters and digits")
}
