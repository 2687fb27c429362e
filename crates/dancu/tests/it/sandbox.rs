//! A client in the sandbox: answered from another country, by a log of its own, over a restart.

use crate::support::{client::question, country::World};
use dancu_exchange::Stage;

#[test]
fn a_client_in_the_sandbox_meets_nobody_of_the_register() {
    let world = World::drafts();
    world.bring_to("contract-wide", Stage::Sandbox);
    let people = world.people();
    let mut sizes = Vec::new();
    for _ in 0..2 {
        let server = world.start();
        let token = world.token(&server, "wide");
        let mut connection = server.connect();
        for person in &people[..5] {
            let answer = connection.verify(&token, &question(person)).unwrap();
            assert_eq!((answer.status, answer.header("dancu-sandbox")), (200, Some("true")));
            let told = answer.json();
            assert_eq!((&told["sandbox"], &told["answers"]["name"]), (&true.into(), &"differs".into()));
            sizes.push(told["receipt"]["leaf_index"].as_u64().unwrap());
        }
        server.stop();
    }
    assert_eq!(sizes, (0..10).collect::<Vec<u64>>(), "the sandbox's log goes on");
    assert_eq!(world.read_log().size(), 0, "and the real one has nothing");
    // The same client with the same key in use: the register answers.
    world.make_official();
    let server = world.start();
    let token = world.token(&server, "wide");
    let answer = server.connect().verify(&token, &question(&people[0])).unwrap();
    assert_eq!((answer.status, answer.header("dancu-sandbox")), (200, None));
    assert_eq!(answer.json()["answers"]["name"], "match");
    server.stop();
    assert_eq!(world.read_log().size(), 1);
}
