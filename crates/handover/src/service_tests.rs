use super::*;
use dancu_changes::{Actor, Command, ContactChange};
use dancu_testkit::{FakeClock, SeededEntropy};
use jiff::civil::date;
use std::collections::{BTreeMap, VecDeque};

/// A queue in memory.
#[derive(Default)]
struct Memory(Mutex<Vec<HandoverRow>>);

impl Memory {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<HandoverRow>) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl HandoverStore for Memory {
    async fn add(
        &self,
        id: CommandId,
        queued_at: Timestamp,
        taken: Vec<u8>,
    ) -> Result<Option<HandoverRow>, StoreError> {
        Ok(self.with(|rows| {
            if let Some(known) = rows.iter().find(|row| row.id == id) {
                return Some(known.clone());
            }
            let sequence = rows.len() as u64 + 1;
            rows.push(HandoverRow {
                sequence,
                id,
                state: EntryState::Waiting,
                queued_at,
                sent_at: None,
                settled_at: None,
                attempts: 0,
                taken,
                answer: None,
            });
            None
        }))
    }

    async fn open_rows(&self, length_max: usize) -> Result<Vec<HandoverRow>, StoreError> {
        Ok(self
            .with(|rows| rows.iter().filter(|row| row.state.is_open()).take(length_max).cloned().collect()))
    }

    async fn mark_sent(&self, ids: Vec<CommandId>, at: Timestamp) -> Result<(), StoreError> {
        self.with(|rows| {
            for row in rows.iter_mut().filter(|row| ids.contains(&row.id)) {
                (row.state, row.sent_at, row.attempts) = (EntryState::Sent, Some(at), row.attempts + 1);
            }
        });
        Ok(())
    }

    async fn settle(
        &self,
        id: CommandId,
        from: Vec<EntryState>,
        to: EntryState,
        answer: Option<Vec<u8>>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.with(|rows| {
            let row = rows.iter_mut().find(|row| row.id == id && from.contains(&row.state));
            row.map(|row| (row.state, row.answer, row.settled_at) = (to, answer, Some(at))).is_some()
        }))
    }

    async fn row(&self, id: CommandId) -> Result<Option<HandoverRow>, StoreError> {
        Ok(self.with(|rows| rows.iter().find(|row| row.id == id).cloned()))
    }

    async fn rows(&self, before: Option<u64>, length_max: usize) -> Result<Vec<HandoverRow>, StoreError> {
        let is_before = |row: &&HandoverRow| before.is_none_or(|end| row.sequence < end);
        Ok(self.with(|rows| rows.iter().rev().filter(is_before).take(length_max).cloned().collect()))
    }

    async fn count(&self, state: EntryState) -> Result<u64, StoreError> {
        Ok(self.with(|rows| rows.iter().filter(|row| row.state == state).count()) as u64)
    }
}

type Script = VecDeque<Result<Vec<AnswerState>, Unreachable>>;

/// A centre that answers as a test says, and remembers what it was sent.
#[derive(Default)]
struct Scripted {
    script: Mutex<Script>,
    seen: Mutex<Vec<CommandId>>,
}

#[async_trait]
impl Centre for Scripted {
    async fn send(&self, envelopes: &[Envelope]) -> Result<Vec<Answer>, Unreachable> {
        self.seen.lock().unwrap().extend(envelopes.iter().map(|envelope| envelope.id));
        let states = self.script.lock().unwrap().pop_front().expect("the script goes on")?;
        let answer = |(envelope, state): (&Envelope, AnswerState)| Answer {
            id: envelope.id,
            state,
            event: None,
            problem: None,
        };
        Ok(envelopes.iter().zip(states).map(answer).collect())
    }
}

fn taken(place: u8, phone: &str) -> Taken {
    let change = ContactChange {
        number: "001090000017".parse().unwrap(),
        phone: Some(phone.to_owned()),
        email: None,
        on: date(2026, 11, 1),
    };
    let actor = Actor::Officer { id: "a".to_owned(), commune: "00004".parse().unwrap() };
    let id = CommandId::new(Timestamp::UNIX_EPOCH, &[place; 10]);
    let command = Command::ChangeContact(change);
    let envelope = Envelope { id, actor, evidence: Vec::new(), taken_at: Timestamp::UNIX_EPOCH, command };
    Taken { envelope, task: "contact".to_owned(), form: BTreeMap::new() }
}

fn queue(script: Script) -> (Handover, Arc<Scripted>) {
    let centre = Arc::new(Scripted { script: Mutex::new(script), ..Scripted::default() });
    let clock = Arc::new(FakeClock::at("2026-11-22T02:00:00Z"));
    let entropy = Arc::new(SeededEntropy::new(1));
    let key = QueueKey::new(&[3; 32]);
    (Handover::new(Arc::new(Memory::default()), centre.clone(), key, clock, entropy), centre)
}

async fn states(queue: &Handover) -> Vec<EntryState> {
    queue.page(None, 100).await.unwrap().iter().rev().map(|entry| entry.state).collect()
}

use AnswerState as A;
use EntryState as E;

#[tokio::test]
async fn commands_wait_for_the_centre_and_are_handed_over_in_their_order() {
    let down = || Err(Unreachable("down".to_owned()));
    let (queue, centre) = queue([down(), down(), Ok(vec![A::Accepted, A::Refused, A::Known])].into());
    assert_eq!(queue.round().await, Ok(Round::Idle));
    for place in 1..=3 {
        queue.take(&taken(place, "0912345678")).await.unwrap();
    }
    for failures in 1..=2 {
        assert_eq!(queue.round().await, Ok(Round::Later));
        assert_eq!(queue.failures(), failures);
    }
    assert_eq!(states(&queue).await, [E::Sent; 3], "the centre may have them");
    assert_eq!(queue.round().await, Ok(Round::Answered(3)));
    assert_eq!(states(&queue).await, [E::Accepted, E::Refused, E::Accepted]);
    assert_eq!((queue.failures(), queue.round().await), (0, Ok(Round::Idle)));
    let seen = centre.seen.lock().unwrap();
    assert_eq!(seen[..3], seen[6..], "sent again under the same identifiers, in the same order");
}

#[tokio::test]
async fn one_that_is_to_come_later_holds_up_those_behind_it() {
    let (queue, _) = queue([Ok(vec![A::Accepted, A::Later]), Ok(vec![A::Accepted, A::Accepted])].into());
    for place in 1..=3 {
        queue.take(&taken(place, "0912345678")).await.unwrap();
    }
    assert_eq!(queue.round().await, Ok(Round::Answered(1)));
    assert_eq!(states(&queue).await, [E::Accepted, E::Sent, E::Sent]);
    assert_eq!(queue.round().await, Ok(Round::Answered(2)));
}

#[tokio::test]
async fn a_double_click_is_one_command_and_another_command_is_none() {
    let (queue, _) = queue(Script::new());
    queue.take(&taken(1, "0912345678")).await.unwrap();
    queue.take(&taken(1, "0912345678")).await.unwrap();
    assert_eq!(queue.take(&taken(1, "0987654321")).await, Err(HandoverError::IdentifierUsed));
    assert_eq!(states(&queue).await, [E::Waiting]);
}

#[tokio::test]
async fn what_was_sent_is_not_withdrawn_before_it_is_refused() {
    let (queue, _) = queue([Err(Unreachable(String::new())), Ok(vec![A::Refused])].into());
    let id = taken(1, "0912345678").envelope.id;
    queue.take(&taken(1, "0912345678")).await.unwrap();
    assert_eq!(queue.round().await, Ok(Round::Later));
    assert_eq!(queue.withdraw(id).await, Err(HandoverError::TooFar));
    assert_eq!(queue.round().await, Ok(Round::Answered(1)));
    queue.withdraw(id).await.unwrap();
    assert_eq!(states(&queue).await, [E::Withdrawn]);
    assert_eq!(queue.withdraw(id).await, Err(HandoverError::TooFar));
}

#[test]
fn the_wait_grows_to_a_minute() {
    let seconds: Vec<u64> = [0, 1, 2, 3, 7, 40, 90].map(|failures| back_off(failures).as_secs()).into();
    assert_eq!(seconds, [1, 1, 2, 4, 60, 60, 60]);
}
