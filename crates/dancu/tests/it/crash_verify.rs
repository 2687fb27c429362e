//! The process dies at any byte it writes, again and again, while clients ask: whatever was answered is kept.

use crate::support::{
    client::{ask_on, question},
    country::{Person, World},
    http::Connection,
    numbers::Numbers,
    server::written,
};
use dancu_ledger::Receipt;
use std::{
    net::SocketAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

const ROUNDS: u64 = 150;
const CLIENTS: usize = 8;
/// Answers a day of the contract of the odd clients; see [`crate::support::country::CLIENTS`].
const NARROW_LIMIT: u64 = 1_500;
/// The latest point of a kill, in bytes written after the start: some hundred answers.
const BYTES_MAX: u64 = 1_200_000;

struct Tokens {
    wide: String,
    narrow: String,
}

fn receipt(body: &serde_json::Value) -> Receipt {
    serde_json::from_value(body["receipt"].clone()).unwrap()
}

/// Asks from several connections until the server dies; the receipts of all answers.
fn load(address: SocketAddr, tokens: &Tokens, people: &[Person]) -> Vec<Receipt> {
    let answered = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let answered = &answered;
            scope.spawn(move || {
                let Ok(mut connection) = Connection::open(address) else { return };
                let people = &people[client * 7..];
                if client % 2 == 1 {
                    ask_on(&mut connection, &tokens.narrow, people, |answer| {
                        if answer.status == 200 {
                            answered.lock().unwrap().push(receipt(&answer.json()));
                            return true;
                        }
                        answer.is_problem(429, "DANCU-EXCHANGE-023");
                        false
                    });
                }
                ask_on(&mut connection, &tokens.wide, people, |answer| {
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    answered.lock().unwrap().push(receipt(&answer.json()));
                    true
                });
            });
        }
    });
    answered.into_inner().unwrap()
}

/// When a round ends.
enum Kill {
    /// After so long: within the start, where the torn ends of the last round are repaired.
    After(Duration),
    /// After so many bytes: while clients are answered.
    AfterWriting(u64),
}

/// One life of the process under load; the receipts that it gave.
fn round(world: &World, tokens: &Tokens, people: &[Person], kill: &Kill) -> Vec<Receipt> {
    let mut starting = world.spawn();
    let ready = starting.take_ready();
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| match kill {
            Kill::After(moment) => starting.kill_after(*moment),
            Kill::AfterWriting(bytes) => starting.kill_after_writing(*bytes),
        });
        let answered = ready.address().map(|(address, _)| load(address, tokens, people));
        killer.join().unwrap();
        answered.unwrap_or_default()
    })
}

#[test]
fn nothing_that_was_answered_is_lost_when_the_process_is_killed_150_times() {
    let world = World::new();
    let people = world.people();
    let mut numbers = Numbers::seeded(20_261_121);
    let begun = Instant::now();
    let first = world.start();
    let start_us = u64::try_from(begun.elapsed().as_micros()).unwrap();
    let tokens = Tokens { wide: world.token(&first, "wide"), narrow: world.token(&first, "narrow") };
    let start_bytes = written(first.id()).unwrap();
    first.kill();
    let (mut all, mut unproved) = (vec![], vec![]);
    for count in 1..=ROUNDS {
        let kill = match numbers.below(5) {
            0 => Kill::After(Duration::from_micros(numbers.below(start_us))),
            _ => Kill::AfterWriting(start_bytes + numbers.below(BYTES_MAX)),
        };
        unproved.extend(round(&world, &tokens, &people, &kill));
        if count % 10 == 0 {
            world.check_is_sound();
            let log = world.read_log();
            for receipt in &unproved {
                log.proves_again(receipt);
            }
            all.append(&mut unproved);
            assert!(log.counted("contract-narrow").values().all(|used| *used <= NARROW_LIMIT));
        }
    }
    assert!(all.len() as u64 > ROUNDS, "only {} answers: the rounds are too short", all.len());
    the_limit_is_exact(&world, &tokens, &people);
    let log = world.read_log();
    for receipt in &all {
        log.holds(receipt);
    }
    eprintln!("{} answers in {ROUNDS} lives, {} records", all.len(), log.size());
}

/// After all crashes the places that are left under the limit are neither more nor fewer than the records leave.
fn the_limit_is_exact(world: &World, tokens: &Tokens, people: &[Person]) {
    let server = world.start();
    let mut connection = server.connect();
    let mut last_day = None;
    loop {
        let answer = connection.verify(&tokens.narrow, &question(&people[0])).unwrap();
        if answer.status != 200 {
            answer.is_problem(429, "DANCU-EXCHANGE-023");
            assert!(answer.retry_after_s().is_some_and(|seconds| (1..=86_400).contains(&seconds)));
            break;
        }
        last_day = Some(answer.json()["as_of"].as_str().unwrap().parse().unwrap());
    }
    server.stop();
    world.check_is_sound();
    let counted = world.read_log().counted("contract-narrow");
    let day = last_day.or_else(|| counted.keys().max().copied()).unwrap();
    assert_eq!(counted[&day], NARROW_LIMIT);
}
