//! Ctrl-C and a new start.

use crate::support::{client::ask_on, country::World, http::Connection, server::PROCESS_TIME_MAX};
use dancu_ledger::Receipt;
use std::{
    sync::{Mutex, mpsc::channel},
    time::Instant,
};

#[test]
fn ctrl_c_under_load_answers_what_was_begun_and_loses_nothing() {
    let world = World::new();
    let people = world.people();
    let mut server = world.start();
    let token = world.token(&server, "wide");
    let answered = Mutex::new(Vec::<Receipt>::new());
    let (sender, first_answers) = channel();
    let stopping_took = std::thread::scope(|scope| {
        for client in 0..8 {
            let (answered, token, people, sender) =
                (&answered, &token, &people[client * 9..], sender.clone());
            let address = server.address;
            scope.spawn(move || {
                let mut connection = Connection::open(address).unwrap();
                ask_on(&mut connection, token, people, |answer| {
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    let receipt = serde_json::from_value(answer.json()["receipt"].clone()).unwrap();
                    answered.lock().unwrap().push(receipt);
                    let _ = sender.send(());
                    true
                });
            });
        }
        for _ in 0..200 {
            first_answers.recv_timeout(PROCESS_TIME_MAX).unwrap();
        }
        let begun = Instant::now();
        server.interrupt();
        server.ended_well();
        begun.elapsed()
    });
    let begun = Instant::now();
    world.start().stop();
    eprintln!("stopped under load in {stopping_took:?}; started and stopped again in {:?}", begun.elapsed());
    let answered = answered.into_inner().unwrap();
    crate::told::all_are_kept(&world, &answered);
    assert_eq!(world.read_log().size(), answered.len() as u64, "every record was answered: none was cut off");
}

#[test]
fn a_stop_does_not_wait_for_clients_that_say_nothing() {
    let world = World::new();
    let server = world.start();
    let idle: Vec<Connection> = (0..20).map(|_| server.connect()).collect();
    let mut half = server.connect();
    half.send(b"POST /v1/verify HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{").unwrap();
    let begun = Instant::now();
    server.stop();
    eprintln!("stopped with idle and half-sent requests in {:?}", begun.elapsed());
    drop((idle, half));
    world.check_is_sound();
}
