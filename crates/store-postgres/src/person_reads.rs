//! Persons read on their way to an answer: those that wait at the same time are read by one statement.
//!
//! A statement costs PostgreSQL and us nearly the same for one person as for thirty. Whoever comes while connections are
//! free reads at once and alone; whoever comes when enough reads are under way waits for the end of one of them, and goes
//! with everyone who waits by then. A read begins after it was asked for, so it sees every commit of before.

use crate::{
    database::Database,
    errors::{Fault, Result},
    facts::{self, bits, cell, number_to_sql},
};
use dancu_core::{PersonalNumber, StoreError};
use dancu_register::{At, KindSet, Person, day_to_number};
use deadpool_postgres::GenericClient;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
};
use tokio_postgres::Row;

type Answer<T> = std::result::Result<T, StoreError>;

/// Reads under way at once, each on a connection.
const READS_AT_ONCE: usize = 4;
/// Persons of one statement.
const BATCH_LENGTH_MAX: usize = 64;
/// Persons that wait; one more is refused at once.
const WAITING_MAX: usize = 16_384;

/// Who is asked for, and at which point of both time axes.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub number: PersonalNumber,
    pub at: At,
    pub kinds: KindSet,
}

struct Waiting {
    asked: Asked,
    answer: oneshot::Sender<Answer<Option<Person>>>,
}

/// The queue in front of the database.
pub(crate) struct PersonReads {
    database: Arc<Database>,
    waiting: Mutex<VecDeque<Waiting>>,
    turns: Arc<Semaphore>,
}

impl fmt::Debug for PersonReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonReads")
    }
}

/// A read under way. At its end, also when whoever asked went away, those who wait come next.
struct Turn {
    reads: Arc<PersonReads>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.permit.take();
        self.reads.serve_waiting();
    }
}

/// How somebody comes to an answer: by a read of their own, or with others.
enum Entered {
    Turn(Turn),
    Queue(oneshot::Receiver<Answer<Option<Person>>>),
}

impl PersonReads {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database, waiting: Mutex::default(), turns: Arc::new(Semaphore::new(READS_AT_ONCE)) }
    }

    /// The person as asked for.
    pub(crate) async fn person(self: &Arc<Self>, asked: Asked) -> Answer<Option<Person>> {
        match self.enter(asked)? {
            Entered::Turn(_turn) => self.alone(asked).await,
            Entered::Queue(told) => {
                // A turn may have ended between the look and the place in the queue.
                self.serve_waiting();
                told.await.unwrap_or_else(|_| Err(self.database.failed(Fault::Defect("a read was given up"))))
            }
        }
    }

    fn enter(self: &Arc<Self>, asked: Asked) -> Answer<Entered> {
        let mut waiting = self.lock();
        if waiting.is_empty()
            && let Ok(permit) = Arc::clone(&self.turns).try_acquire_owned()
        {
            return Ok(Entered::Turn(Turn { reads: Arc::clone(self), permit: Some(permit) }));
        }
        if waiting.len() >= WAITING_MAX {
            return Err(StoreError::Overloaded);
        }
        let (answer, told) = oneshot::channel();
        waiting.push_back(Waiting { asked, answer });
        Ok(Entered::Queue(told))
    }

    async fn alone(&self, asked: Asked) -> Answer<Option<Person>> {
        self.database
            .read(&asked, |client, asked| {
                Box::pin(facts::person(client, asked.number, asked.at, asked.kinds))
            })
            .await
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads for those who wait, if a turn is free.
    fn serve_waiting(self: &Arc<Self>) {
        // Without a runtime the process is ending, and nobody waits.
        let Ok(runtime) = Handle::try_current() else { return };
        if self.lock().is_empty() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.turns).try_acquire_owned() else { return };
        let turn = Turn { reads: Arc::clone(self), permit: Some(permit) };
        // A task of its own: whoever asked may go away in the middle, and the others' answers with it.
        runtime.spawn(async move {
            loop {
                let batch = turn.reads.next_batch();
                if batch.is_empty() {
                    break;
                }
                turn.reads.answer(batch).await;
            }
        });
    }

    fn next_batch(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        let length = waiting.len().min(BATCH_LENGTH_MAX);
        // Who went away meanwhile needs no answer.
        waiting.drain(..length).filter(|one| !one.answer.is_closed()).collect()
    }

    async fn answer(&self, batch: Vec<Waiting>) {
        let asked: Vec<Asked> = batch.iter().map(|one| one.asked).collect();
        let read = self.database.read(&asked, |client, asked| Box::pin(together(client, asked))).await;
        match read {
            Ok(persons) => {
                for (one, person) in batch.into_iter().zip(persons) {
                    // Nobody may be waiting any more.
                    let _ = one.answer.send(Ok(person));
                }
            }
            // What is wrong with one person's rows must not hold up the others.
            Err(StoreError::Corrupt { .. }) if batch.len() > 1 => {
                for one in batch {
                    let _ = one.answer.send(self.alone(one.asked).await);
                }
            }
            Err(error) => {
                for one in batch {
                    let _ = one.answer.send(Err(error.clone()));
                }
            }
        }
    }
}

/// The persons, in the order in which they were asked for. The statement brings whatever may concern one of them; each is
/// then put together at its own point of both time axes.
pub(crate) async fn together(client: &impl GenericClient, asked: &[Asked]) -> Result<Vec<Option<Person>>> {
    let sql = "SELECT number, kind, value, valid_from, recorded_from, valid_to, recorded_to FROM fact
               WHERE number = ANY ($1) AND (1 << kind) & $2 <> 0
                 AND valid_from <= $3 AND (valid_to IS NULL OR $4 < valid_to)
                 AND recorded_from <= $5 AND (recorded_to IS NULL OR $6 < recorded_to)";
    let statement = client.prepare_cached(sql).await?;
    let numbers: Vec<i64> = asked.iter().map(|one| number_to_sql(one.number)).collect();
    let kinds = asked.iter().fold(KindSet::default(), |all, one| all.union(one.kinds));
    let days = || asked.iter().map(|one| day_to_number(one.at.as_of));
    let instants = || asked.iter().map(|one| one.at.known_at.as_microsecond());
    let (day_first, day_last) = (days().min().unwrap_or_default(), days().max().unwrap_or_default());
    let (known_first, known_last) =
        (instants().min().unwrap_or_default(), instants().max().unwrap_or_default());
    let rows = client
        .query(&statement, &[&numbers, &bits(kinds), &day_last, &day_first, &known_last, &known_first])
        .await?;
    let mut of_number: HashMap<i64, Vec<&Row>> = HashMap::with_capacity(asked.len());
    for row in &rows {
        of_number.entry(cell(row, 0)?).or_default().push(row);
    }
    asked.iter().map(|one| person_of(one, of_number.get(&number_to_sql(one.number)))).collect()
}

fn person_of(asked: &Asked, rows: Option<&Vec<&Row>>) -> Result<Option<Person>> {
    let mut person: Option<Person> = None;
    for row in rows.into_iter().flatten() {
        if facts::holds_at(row, 3, asked.at)? && asked.kinds.contains(facts::stored_kind(row, 1)?) {
            person.get_or_insert_with(|| Person::new(asked.number)).hold(facts::held(row, 1)?);
        }
    }
    Ok(person)
}
