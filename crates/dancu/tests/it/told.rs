//! How a process is read in its messages, and small set-ups that several tests share.

use crate::support::{country::World, server::Server};
use dancu_ledger::Receipt;

/// Asks `count` questions; the receipts.
pub fn ask(world: &World, server: &Server, client: &str, count: usize) -> Vec<Receipt> {
    let token = world.token(server, client);
    let mut connection = server.connect();
    let people = world.people();
    let ask = |index: usize| {
        let question = crate::support::client::question(&people[index % people.len()]);
        let answer = connection.verify(&token, &question).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_value(answer.json()["receipt"].clone()).unwrap()
    };
    (0..count).map(ask).collect()
}

/// Asks some questions in a process that is stopped afterwards.
pub fn ask_and_stop(world: &World, count: usize) -> Vec<Receipt> {
    let server = world.start();
    let receipts = ask(world, &server, "wide", count);
    server.stop();
    receipts
}

/// The log is sound and holds every receipt.
pub fn all_are_kept(world: &World, receipts: &[Receipt]) {
    world.check_is_sound();
    let log = world.read_log();
    for receipt in receipts {
        log.holds(receipt);
        log.proves_again(receipt);
    }
}
