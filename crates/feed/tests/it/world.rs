//! A small country whose changes are followed, with everything outside in memory.

use async_trait::async_trait;
use dancu_changes::{Cursor, OutboxEntry};
use dancu_core::{Clock, CommuneCode, PersonalNumber, Sex, StoreError};
use dancu_exchange::{
    Author, Caller, Client, ClientId, ConnectionAct, ConnectionChange, Contract, ContractId, Deed, Directory,
    ExchangeStore, Gate, Organisation, RefusalEntry, RefusalLog, Side, Stage, StageRow, StoredToken,
    TokenGrant,
};
use dancu_feed::{
    ChangePuller, ChangeSource, ChangeTeller, Courier, CourierParts, DeadLetter, DeadLetterId, FeedError,
    FeedStore, Letter, LetterChange, Patience, PostFailure, Posted, Postman, Pull, Saved, Step, Subscriber,
    Telling, WebhookKey,
};
use dancu_ledger::{
    Channel, Draft, Ledger, LedgerOptions, LedgerRecords, LogSigner, Logs, PublicLog, Record, Under,
    generate_key,
};
use dancu_register::{
    At, Belief, Contact, Fact, FactKind, FactValue, Family, Held, Identity, KindSet, Life, Person, Residence,
    SealedValue, apply_changes, believe, record_time,
};
use dancu_testkit::{
    FakeClock, MemoryConsents, MemoryFeed, MemoryIndex, MemoryLedger, MemoryTiles, SeededEntropy,
    memory_ledger_parts,
};
use jiff::{SignedDuration, Timestamp, civil::date};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

pub fn person(number: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_000 + number).unwrap()
}

/// The outbox, and who has died.
#[derive(Default)]
pub struct Changes {
    pub entries: Mutex<Vec<OutboxEntry>>,
    pub start: Mutex<Cursor>,
    pub dead: Mutex<Vec<PersonalNumber>>,
    pub histories: Mutex<BTreeMap<PersonalNumber, Vec<Fact>>>,
}

/// A value of a kind that differs from that of another turn in everything but what a register never changes.
fn value(kind: FactKind, turn: u64) -> FactValue {
    let is_even = turn.is_multiple_of(2);
    let day = date(1980, 1, 1).saturating_add(jiff::Span::new().days(i64::try_from(turn).unwrap()));
    let commune = CommuneCode::from_value(if is_even { 4 } else { 8 });
    match kind {
        FactKind::Identity => FactValue::Identity(Identity {
            name: if is_even { "Nguyễn Văn An" } else { "Nguyễn Văn Bình" }.parse().unwrap(),
            sex: if is_even { Sex::Male } else { Sex::Female },
            birth_date: day.to_string().parse().unwrap(),
            birth_place: commune,
            registration_place: None,
            origin: commune,
            nationality: if is_even { "VNM" } else { "LAO" }.parse().unwrap(),
            old_number: is_even.then(|| "012345678".parse().unwrap()),
        }),
        FactKind::Contact => FactValue::Contact(Contact { phone: Some(format!("09{turn:08}")), email: None }),
        FactKind::Life => FactValue::Life(if is_even { Life::Dead { date: Some(day) } } else { Life::Alive }),
        FactKind::Residence => FactValue::Residence(Residence {
            permanent_commune: commune,
            permanent_address: None,
            household: is_even.then(|| "H1".parse().unwrap()),
            relation_to_head: None,
            temporary: None,
            file_number: None,
        }),
        FactKind::Family => FactValue::Family(Family {
            marital_status: None,
            father: Some(person(100 + turn)),
            mother: None,
            spouse: None,
        }),
        _ => FactValue::Sealed(SealedValue { kind, bytes: turn.to_be_bytes().as_slice().into() }),
    }
}

#[async_trait]
impl ChangeSource for Changes {
    async fn outbox(&self, after: Cursor, length_max: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let entries = self.entries.lock().unwrap();
        Ok(entries.iter().filter(|entry| entry.cursor > after).take(length_max).copied().collect())
    }

    async fn outbox_end(&self) -> Result<Cursor, StoreError> {
        Ok(self.entries.lock().unwrap().last().map(|entry| entry.cursor).unwrap_or_default())
    }

    async fn outbox_start(&self) -> Result<Cursor, StoreError> {
        Ok(*self.start.lock().unwrap())
    }

    async fn remove_outbox(&self, before: Timestamp, length_max: usize) -> Result<usize, StoreError> {
        let mut entries = self.entries.lock().unwrap();
        let all_but_newest = entries.len().saturating_sub(1).min(length_max);
        let old = entries[..all_but_newest].iter().take_while(|entry| entry.recorded_at < before).count();
        if let Some(last) = entries.drain(..old).next_back() {
            *self.start.lock().unwrap() = last.cursor;
        }
        Ok(old)
    }

    async fn history(&self, number: PersonalNumber) -> Result<Vec<Fact>, StoreError> {
        Ok(self.histories.lock().unwrap().get(&number).cloned().unwrap_or_default())
    }

    async fn facts(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> Result<Option<Person>, StoreError> {
        let mut person = Person::new(number);
        if kinds.contains(FactKind::Life) && self.dead.lock().unwrap().contains(&number) {
            let value = FactValue::Life(Life::Dead { date: Some(date(2026, 11, 1)) });
            person.hold(Held { value, valid_from: date(2026, 11, 1), recorded_from: at.known_at });
        }
        Ok(Some(person))
    }
}

/// What one attempt at a delivery comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// It arrives, and the answer too.
    Open,
    /// It arrives, but its answer is lost.
    AnswerLost,
    /// It does not arrive.
    Closed,
    /// The receiver wants no more.
    Gone,
}

/// Receives for everybody, and remembers all of it.
#[derive(Default)]
pub struct Receivers {
    pub roads: Mutex<VecDeque<Road>>,
    pub received: Mutex<Vec<Value>>,
}

#[async_trait]
impl Postman for Receivers {
    async fn post(&self, letter: Letter<'_>) -> Posted {
        let road = self.roads.lock().unwrap().pop_front().unwrap_or(Road::Open);
        if matches!(road, Road::Open | Road::AnswerLost) {
            self.received.lock().unwrap().push(serde_json::from_slice(letter.body).unwrap());
        }
        match road {
            Road::Open => Posted::Taken,
            Road::Gone => Posted::Gone,
            Road::AnswerLost => Posted::Failed(PostFailure::TooSlow),
            Road::Closed => Posted::Failed(PostFailure::Unreachable),
        }
    }
}

/// How the process dies at its next save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    Before,
    After,
}

/// The feed's store, of a process that may die when it saves.
#[derive(Default)]
pub struct Mortal {
    pub store: MemoryFeed,
    pub crash: Mutex<Option<Crash>>,
}

fn died() -> StoreError {
    StoreError::Failed { file: "memory".into(), detail: "the process died".to_owned() }
}

#[async_trait]
impl FeedStore for Mortal {
    async fn subscriber(&self, client: &ClientId) -> Result<Option<Subscriber>, StoreError> {
        self.store.subscriber(client).await
    }
    async fn subscribers(&self, after: Option<&ClientId>, max: usize) -> Result<Vec<Subscriber>, StoreError> {
        self.store.subscribers(after, max).await
    }
    async fn save_subscriber(&self, row: Subscriber, letters: LetterChange) -> Result<Saved, StoreError> {
        let crash = self.crash.lock().unwrap().take();
        if crash == Some(Crash::Before) {
            return Err(died());
        }
        let saved = self.store.save_subscriber(row, letters).await?;
        if crash.is_some() { Err(died()) } else { Ok(saved) }
    }
    async fn dead_letters(
        &self,
        client: Option<&ClientId>,
        after: Option<DeadLetterId>,
        max: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.store.dead_letters(client, after, max).await
    }
    async fn count_dead_letters(&self) -> Result<u64, StoreError> {
        self.store.count_dead_letters().await
    }
    async fn next_replay(&self, client: &ClientId) -> Result<Option<DeadLetter>, StoreError> {
        self.store.next_replay(client).await
    }
    async fn replay(&self, id: DeadLetterId) -> Result<bool, StoreError> {
        self.store.replay(id).await
    }
    async fn resume(&self, client: &ClientId) -> Result<bool, StoreError> {
        self.store.resume(client).await
    }
}

/// The connections of a document, at first all, then as a test changes them.
pub struct Connections(pub Mutex<(Vec<Organisation>, Vec<Client>, Vec<Contract>)>);

#[async_trait]
impl ExchangeStore for Connections {
    async fn connections(&self) -> Result<(Vec<Organisation>, Vec<Client>, Vec<Contract>), StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }
    async fn restricted_contracts(&self) -> Result<Vec<ContractId>, StoreError> {
        Ok(Vec::new())
    }

    async fn ordered_contracts(&self) -> Result<Vec<ContractId>, StoreError> {
        Ok(Vec::new())
    }

    async fn stages(&self) -> Result<Vec<StageRow>, StoreError> {
        let step = dancu_exchange::Step {
            from: None,
            to: Stage::Official,
            ground: String::new(),
            pilot: None,
            notify_by: None,
        };
        let by = Author { id: "a".to_owned(), name: "A".to_owned(), side: Side::Release };
        let row = |contract: &Contract| StageRow {
            step: ConnectionAct {
                contract: contract.id.clone(),
                sequence: 1,
                at: Timestamp::UNIX_EPOCH,
                by: by.clone(),
                deed: Deed::Step(step.clone()),
            },
            last_sequence: 1,
            ceiling: None,
        };
        Ok(self.0.lock().unwrap().2.iter().map(row).collect())
    }
    async fn save_connections(&self, _: ConnectionChange) -> Result<bool, StoreError> {
        unreachable!()
    }
    async fn grant_token(&self, _: String, _: Timestamp, _: StoredToken) -> Result<TokenGrant, StoreError> {
        unreachable!()
    }
    async fn spend_assertion(&self, _: &ClientId, _: String, _: Timestamp) -> Result<bool, StoreError> {
        unreachable!()
    }

    async fn token(&self, _: [u8; 32], _: Timestamp) -> Result<Option<StoredToken>, StoreError> {
        unreachable!()
    }
    async fn remove_ended(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        unreachable!()
    }
    async fn add_refusals(&self, _: Vec<RefusalEntry>, _: u32) -> Result<(), StoreError> {
        unreachable!()
    }
    async fn refusals(&self, _: u32) -> Result<Vec<RefusalEntry>, StoreError> {
        unreachable!()
    }
}

/// Everything together.
pub struct World {
    pub clock: Arc<FakeClock>,
    pub changes: Arc<Changes>,
    pub receivers: Arc<Receivers>,
    pub feed: Arc<Mortal>,
    pub connections: Connections,
    pub directory: Arc<Directory>,
    pub refusals: Arc<RefusalLog>,
    pub ledger: Arc<Ledger>,
    pub records: MemoryLedger,
    pub teller: Arc<ChangeTeller>,
    pub patience: Patience,
}

impl World {
    /// Clients with their fields and the terms of their feed; each has the contract `c-<client>`.
    pub async fn new(clients: &[(&str, &[&str], Value)], daily_limit: u32) -> Self {
        let clock = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
        let records = MemoryLedger::default();
        let entropy = Arc::new(SeededEntropy::new(1));
        let keys = generate_key("dancu.example/log", &*entropy).unwrap();
        let ledger = Ledger::start(
            Box::new(records.clone()),
            "memory".into(),
            LogSigner::new(&keys).unwrap(),
            clock.clone(),
            entropy,
            LedgerOptions::default(),
        );
        let ledger = Arc::new(ledger.unwrap());
        let parts = memory_ledger_parts(&records, &MemoryTiles::default(), &MemoryIndex::default());
        let log = Arc::new(PublicLog::open(parts, ledger.verifier().clone()).unwrap());
        let changes = Arc::new(Changes::default());
        let wills = Arc::new(MemoryConsents::default());
        let gate = Arc::new(Gate::new(wills.clone(), wills.clone(), wills));
        let teller =
            ChangeTeller::new(changes.clone(), Arc::new(Arc::new(Logs::alone(log))), gate, ledger.clone());
        let world = Self {
            clock,
            changes,
            receivers: Arc::default(),
            feed: Arc::default(),
            connections: Connections(Mutex::new(connections(clients, daily_limit))),
            directory: Arc::default(),
            refusals: Arc::default(),
            ledger,
            records,
            teller: Arc::new(teller),
            patience: Patience { attempts_max: 3, ..Patience::default() },
        };
        world.reload().await;
        world
    }

    /// Makes changed connections effective.
    pub async fn reload(&self) {
        self.directory.reload(&self.connections).await.unwrap();
    }

    pub fn caller(&self, client: &str) -> Arc<Caller> {
        self.directory.caller(&client.parse().unwrap()).unwrap()
    }

    /// A courier as a new process has it: nothing but what is stored.
    pub fn courier(&self) -> Courier {
        Courier::new(CourierParts {
            store: self.feed.clone(),
            teller: self.teller.clone(),
            directory: self.directory.clone(),
            postman: self.receivers.clone(),
            key: Arc::new(WebhookKey::from_seed(&[7; 32]).unwrap()),
            clock: self.clock.clone(),
            entropy: Arc::new(SeededEntropy::new(self.clock.now().as_microsecond().cast_unsigned())),
            patience: self.patience,
        })
    }

    pub async fn step(&self, client: &str) -> Result<Step, FeedError> {
        self.courier().step(&client.parse().unwrap()).await
    }

    /// Steps until nothing moves any more, at the present time.
    pub async fn settle(&self, client: &str) -> Step {
        loop {
            match self.step(client).await.unwrap() {
                Step::Moved => {}
                step => return step,
            }
        }
    }

    pub async fn pull(&self, client: &str, after: Option<&str>) -> Result<Telling, FeedError> {
        let puller = ChangePuller::new(self.teller.clone(), self.refusals.clone(), self.clock.clone());
        puller.pull(&self.caller(client), Pull { after, limit: None }).await
    }

    /// Something of a person changes.
    pub fn change(&self, number: PersonalNumber, kinds: &[FactKind]) -> Cursor {
        let mut entries = self.changes.entries.lock().unwrap();
        let cursor = Cursor { major: 0, minor: entries.last().map_or(0, |entry| entry.cursor.minor) + 1 };
        let event = format!("018f3a2e-0000-7000-8000-{:012}", cursor.minor).parse().unwrap();
        let mut histories = self.changes.histories.lock().unwrap();
        let history = histories.entry(number).or_default();
        let recorded_at = record_time(history, self.clock.now());
        let turn = |kind: FactKind| history.iter().filter(|fact| fact.value.kind() == kind).count() as u64;
        let belief = |kind: &FactKind| Belief {
            value: value(*kind, turn(*kind)),
            valid_from: date(2000, 1, 1),
            valid_to: None,
        };
        let open: Vec<Belief> = kinds.iter().filter(|kind| !kind.is_sealed()).map(belief).collect();
        let changes = believe(history, number, &open, recorded_at, &"test:00004".into());
        apply_changes(history, &changes);
        let kinds = kinds.iter().copied().collect();
        entries.push(OutboxEntry { cursor, number, event, recorded_at, kinds });
        cursor
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// The client was answered something about a person.
    pub async fn answered(&self, client: &str, number: PersonalNumber, outcome: &[(&str, &str)]) {
        let contract = format!("c-{client}");
        let draft = Draft {
            organisation_id: "office",
            organisation_name: "Cơ quan",
            client,
            subject: number,
            purpose: "a",
            legal_basis: "a",
            asked: outcome.iter().map(|(field, _)| *field).collect(),
            outcome: outcome.to_vec(),
            channel: Channel::Api,
            reference: "",
            under: Under::default(),
        };
        let place = self.ledger.reserve(&contract, 1_000_000).unwrap();
        self.ledger.disclose(draft, place).await.unwrap();
    }

    /// Every record of the log.
    pub fn log(&self) -> Vec<Record> {
        let mut all = vec![];
        self.records.scan(0, u64::MAX, &mut |row| all.push(Record::from_bytes(row.record).unwrap())).unwrap();
        all
    }

    /// The entries that a client received by webhook, each with whether it came in a replay.
    pub fn received(&self, client: &str) -> Vec<(Value, bool)> {
        let received = self.receivers.received.lock().unwrap();
        let of_client = received.iter().filter(|batch| batch["client"] == client);
        of_client
            .flat_map(|batch| {
                let is_replay = batch["replay"].as_bool().unwrap();
                let entries = batch["entries"].as_array().unwrap();
                entries.iter().map(move |entry| (entry.clone(), is_replay)).collect::<Vec<_>>()
            })
            .collect()
    }
}

fn connections(
    clients: &[(&str, &[&str], Value)],
    daily_limit: u32,
) -> (Vec<Organisation>, Vec<Client>, Vec<Contract>) {
    let organisation = json!({"id": "office", "name_vi": "Cơ quan", "name_en": "Office"});
    let client = |(id, ..): &(&str, &[&str], Value)| {
        serde_json::from_value(json!({"id": id, "organisation": "office"})).unwrap()
    };
    let contract = |(id, fields, feed): &(&str, &[&str], Value)| {
        serde_json::from_value(json!({
            "id": format!("c-{id}"), "client": id, "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
            "fields": fields, "daily_limit": daily_limit, "per_second_max": 1_000_000,
            "valid_from": "2026-01-01", "feed": feed,
        }))
        .unwrap()
    };
    (
        vec![serde_json::from_value(organisation).unwrap()],
        clients.iter().map(client).collect(),
        clients.iter().map(contract).collect(),
    )
}

/// A feed with a webhook.
pub fn hook(persons: &str) -> Value {
    json!({"persons": persons, "webhook": "https://bank.example/changes"})
}

/// The cursors of entries.
pub fn cursors(entries: &[(Value, bool)]) -> Vec<Cursor> {
    entries.iter().map(|(entry, _)| entry["cursor"].as_str().unwrap().parse().unwrap()).collect()
}
