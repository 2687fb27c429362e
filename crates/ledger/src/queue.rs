//! The bounded queue in front of the committer: many senders, one receiver that takes all that waits.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Why a value was not queued.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As many values wait as the queue holds.
    Full,
    /// The queue was closed.
    Closed,
}

#[derive(Debug)]
struct Waiting<T> {
    values: Vec<T>,
    /// The receiver sleeps and wants to be woken at this length.
    wake_at: Option<usize>,
    closed: bool,
}

#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    woken: Condvar,
    length_max: usize,
}

impl<T> Queue<T> {
    pub fn new(length_max: usize) -> Self {
        let waiting = Waiting { values: Vec::new(), wake_at: None, closed: false };
        Self { waiting: Mutex::new(waiting), woken: Condvar::new(), length_max }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn len(&self) -> usize {
        self.lock().values.len()
    }

    /// Queues a value, or refuses it at once.
    pub fn push(&self, value: T) -> Result<(), Refused> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Refused::Closed);
        }
        if waiting.values.len() >= self.length_max {
            return Err(Refused::Full);
        }
        waiting.values.push(value);
        if waiting.wake_at.is_some_and(|length| waiting.values.len() >= length) {
            // The lock is given back first, so that the receiver does not wake only to wait for it.
            waiting.wake_at = None;
            drop(waiting);
            self.woken.notify_one();
        }
        Ok(())
    }

    /// No value is accepted from here on; what waits is still received.
    pub fn close(&self) {
        self.lock().closed = true;
        self.woken.notify_one();
    }

    /// Closes the queue and drops what waits.
    pub fn abandon(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        let abandoned = std::mem::take(&mut waiting.values);
        drop(waiting);
        drop(abandoned);
    }

    /// Waits until there is a value or the queue is closed, at most for `patience`. False when neither came.
    pub fn wait(&self, patience: Duration) -> bool {
        let mut waiting = self.lock();
        waiting.wake_at = Some(1);
        let idle = |waiting: &mut Waiting<T>| waiting.values.is_empty() && !waiting.closed;
        let (mut waiting, _) =
            self.woken.wait_timeout_while(waiting, patience, idle).unwrap_or_else(PoisonError::into_inner);
        waiting.wake_at = None;
        !idle(&mut waiting)
    }

    /// Waits for at least one value, then up to `linger` for `enough` of them, and moves up to `take_max` into
    /// `taken`. False when the queue is closed and empty.
    pub fn receive(&self, taken: &mut Vec<T>, enough: usize, linger: Duration, take_max: usize) -> bool {
        let mut waiting = self.lock();
        while waiting.values.is_empty() {
            if waiting.closed {
                return false;
            }
            waiting.wake_at = Some(1);
            waiting = self.woken.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let started = Instant::now();
        while waiting.values.len() < enough && !waiting.closed {
            let Some(left) = linger.checked_sub(started.elapsed()).filter(|left| !left.is_zero()) else {
                break;
            };
            waiting.wake_at = Some(enough);
            waiting = self.woken.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.wake_at = None;
        if waiting.values.len() <= take_max && taken.is_empty() {
            std::mem::swap(taken, &mut waiting.values);
        } else {
            let count = waiting.values.len().min(take_max);
            taken.extend(waiting.values.drain(..count));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(queue: &Queue<u32>, take_max: usize) -> Option<Vec<u32>> {
        let mut taken = vec![];
        queue.receive(&mut taken, 1, Duration::ZERO, take_max).then_some(taken)
    }

    #[test]
    fn waiting_ends_with_a_value_the_close_or_patience() {
        let queue = Queue::new(5);
        assert!(!queue.wait(Duration::ZERO));
        queue.push(1).unwrap();
        assert!(queue.wait(Duration::from_mins(1)));
        assert_eq!(receive(&queue, 1), Some(vec![1]));
        queue.close();
        assert!(queue.wait(Duration::from_mins(1)));
    }

    #[test]
    fn values_come_in_order_in_bounded_portions_and_none_is_lost_at_the_close() {
        let queue = Queue::new(5);
        for value in 0..5 {
            queue.push(value).unwrap();
        }
        assert_eq!(queue.push(5), Err(Refused::Full));
        assert_eq!(receive(&queue, 2), Some(vec![0, 1]));
        queue.push(5).unwrap();
        queue.close();
        assert_eq!(queue.push(6), Err(Refused::Closed));
        assert_eq!(queue.len(), 4);
        assert_eq!(receive(&queue, 10), Some(vec![2, 3, 4, 5]));
        assert_eq!(receive(&queue, 10), None);
    }

    #[test]
    fn an_abandoned_queue_is_closed_and_empty() {
        let queue = Queue::new(5);
        queue.push(1).unwrap();
        queue.abandon();
        assert_eq!(queue.push(2), Err(Refused::Closed));
        assert_eq!(receive(&queue, 10), None);
    }

    #[test]
    fn a_waiting_receiver_gets_what_many_senders_push() {
        let queue = &Queue::new(1 << 20);
        let mut all = std::thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let (mut all, mut taken) = (vec![], vec![]);
                while queue.receive(&mut taken, 64, Duration::from_micros(200), 100) {
                    assert!((1..=100).contains(&taken.len()));
                    all.append(&mut taken);
                }
                all
            });
            let send = move |sender: u32| {
                for value in 0..2000 {
                    queue.push(sender * 10_000 + value).unwrap();
                }
            };
            let senders: Vec<_> = (0..4).map(|sender| scope.spawn(move || send(sender))).collect();
            for sender in senders {
                sender.join().unwrap();
            }
            queue.close();
            receiver.join().unwrap()
        });
        all.sort_unstable();
        let expected: Vec<u32> =
            (0..4).flat_map(|sender| (0..2000).map(move |value| sender * 10_000 + value)).collect();
        assert_eq!(all, expected);
    }
}
