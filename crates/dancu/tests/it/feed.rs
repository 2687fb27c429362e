//! Changes as a subscriber meets them: pulled, delivered, signed, and delivered again after a kill.

use crate::support::{
    client::question,
    country::{Person, World},
    http::Connection,
    server::{PROCESS_TIME_MAX, Server},
};
use dancu_changes::{ChangeStore, Commit, Committed, Event, Guards};
use dancu_core::PersonalNumber;
use dancu_register::{Change, Contact, Fact, FactKind, FactValue, RegisterStore};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore, lock_data_folder};
use jiff::{Timestamp, civil::date};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::mpsc::{Receiver, channel},
};

/// A delivery, and the connection on which it waits for an answer.
struct Delivery {
    request: Value,
    stream: TcpStream,
}

impl Delivery {
    fn body(&self) -> Value {
        serde_json::from_str(self.request["body"].as_str().unwrap()).unwrap()
    }

    fn answer(mut self, status: &str) -> Value {
        write!(self.stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        self.request
    }
}

/// A receiver on this machine; every delivery waits until the test answers it.
fn receive() -> (String, Receiver<Delivery>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/changes", listener.local_addr().unwrap());
    let (sender, deliveries) = channel();
    let address = url.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let Some(delivery) = read(stream, &address) else { continue };
            if sender.send(delivery).is_err() {
                return;
            }
        }
    });
    (url, deliveries)
}

fn read(stream: TcpStream, url: &str) -> Option<Delivery> {
    let mut reader = BufReader::new(stream);
    let mut lines = vec![];
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let headers: Vec<(&str, &str)> = lines[1..].iter().filter_map(|line| line.split_once(": ")).collect();
    let length =
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?.1.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let request = json!({"method": "POST", "url": url, "headers": headers, "body": body});
    Some(Delivery { request, stream: reader.into_inner() })
}

/// A country in which `wide` follows changes of persons of whom it was answered something.
fn world(webhook: &str) -> World {
    let world = World::drafts();
    fs::write(world.path("dancu.toml"), "webhook_networks = [\"127.0.0.0/8\"]\n").unwrap();
    let contract = json!({"contracts": [{
        "id": "contract-wide", "client": "wide", "legal_basis": "Luật Căn cước 2023, Điều 10",
        "purpose_vi": "Kiểm thử", "purpose_en": "Test", "fields": ["name", "phone"], "daily_limit": 1_000_000,
        "per_second_max": 1_000_000, "valid_from": "2026-01-01", "limit_reason": "Kiểm thử",
        "feed": {"persons": "disclosed", "webhook": webhook},
    }]});
    let document = world.path("feed.json");
    fs::write(&document, contract.to_string()).unwrap();
    world.run(&["connect", document.to_str().unwrap()]).succeeded();
    world.make_official();
    world
}

/// Waits until the server has seen its new subscriber: only what changes afterwards is delivered.
fn subscribed(world: &World) {
    let database = rusqlite::Connection::open(world.path("data/register.db")).unwrap();
    let until = std::time::Instant::now() + PROCESS_TIME_MAX;
    let count =
        || database.query_row("SELECT count(*) FROM feed_cursor", [], |row| row.get::<_, u64>(0)).unwrap();
    while count() == 0 {
        assert!(std::time::Instant::now() < until, "the subscriber was not seen");
        std::thread::yield_now();
    }
}

/// The telephone of persons changes while the server is stopped, as an event records it.
#[expect(clippy::disallowed_methods, reason = "the process under test reads the machine's clock")]
fn change_phones(world: &World, persons: &[&Person]) {
    let _lock = lock_data_folder(&world.path("data")).unwrap();
    let store = SqliteStore::open(&world.path("data"), DatabaseOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (index, person) in persons.iter().enumerate() {
        let number: PersonalNumber = person.number.parse().unwrap();
        let recorded_at = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap();
        let event: Event = serde_json::from_value(json!({
            "id": format!("018f3a2e-0000-7000-8000-{index:012}"), "recorded_at": recorded_at,
            "taken_at": recorded_at, "actor": {"role": "officer", "id": "can-bo", "commune": "00004"},
            "evidence": [], "persons": [number],
            "command": {"command": "change_contact", "number": number, "phone": "0900000001", "on": "2026-11-01"},
        }))
        .unwrap();
        let contact = Contact { phone: Some("0900000001".to_owned()), email: None };
        let held = runtime.block_on(store.history(number)).unwrap();
        let before = held
            .into_iter()
            .filter(|fact| fact.value.kind() == FactKind::Contact && fact.recorded_to.is_none());
        let mut changes: Vec<Change> = before
            .map(|fact| Change::Close {
                kind: FactKind::Contact,
                recorded_from: fact.recorded_from,
                valid_from: fact.valid_from,
                recorded_to: recorded_at,
            })
            .collect();
        changes.push(Change::Insert(Fact {
            number,
            value: FactValue::Contact(contact),
            valid_from: date(2026, 11, 1),
            valid_to: None,
            recorded_from: recorded_at,
            recorded_to: None,
            source: "change_contact:00004".into(),
        }));
        let commit = Commit {
            guards: Guards::default(),
            event,
            digest: [0; 32],
            changes: vec![(number, changes)],
            findings: vec![],
            stays: vec![],
            units: vec![],
            takes_back: None,
        };
        assert_eq!(runtime.block_on(store.commit(commit)).unwrap(), Committed::Done);
    }
    store.database().close();
}

fn next(deliveries: &Receiver<Delivery>) -> Delivery {
    deliveries.recv_timeout(PROCESS_TIME_MAX).expect("a delivery comes")
}

/// `verify-webhook.mjs` of the guide, which uses a library of others; whether it accepts the request.
fn others_accept(world: &World, keys: &str, request: &Value) -> bool {
    let files = [("keys.json", keys.to_owned()), ("request.json", request.to_string())];
    for (name, text) in &files {
        fs::write(world.path(name), text).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/guide/verify-webhook.mjs");
    let mut node = Command::new("node");
    let output = node.arg(script).args(files.map(|(name, _)| world.path(name))).output().unwrap();
    eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

/// A server whose subscriber was answered about the first person and not about the second; then both changed.
fn changed() -> (World, Receiver<Delivery>, Vec<Person>) {
    let (url, deliveries) = receive();
    let world = world(&url);
    let people = world.people();
    let server = world.start();
    let token = world.token(&server, "wide");
    let answer = server.connect().verify(&token, &question(&people[0])).unwrap();
    assert_eq!(answer.json()["answers"]["name"], "match", "{}", answer.text());
    subscribed(&world);
    server.stop();
    change_phones(&world, &[&people[0], &people[1]]);
    (world, deliveries, people)
}

fn is_about_the_first(body: &Value, people: &[Person]) {
    let entries = body["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{body}");
    assert_eq!(entries[0]["number"], people[0].number);
    assert_eq!(entries[0]["fields"], json!(["phone"]));
}

#[test]
fn a_process_killed_between_delivery_and_cursor_delivers_again_and_loses_nothing() {
    let (world, deliveries, people) = changed();
    let server = world.start();
    let first = next(&deliveries);
    is_about_the_first(&first.body(), &people);
    server.kill();
    drop(first.stream);
    let server = world.start();
    let second = next(&deliveries);
    assert_eq!(
        second.body(),
        serde_json::from_str::<Value>(first.request["body"].as_str().unwrap()).unwrap()
    );
    let keys = server.get("/.well-known/dancu-webhook-jwks.json").text().to_owned();
    let request = second.answer("204 No Content");
    assert!(others_accept(&world, &keys, &request), "signed so that others can tell");
    for (place, forged) in
        [("body", "{\"id\":\"1\",\"entries\":[]}"), ("url", "https://evil.example/changes")]
    {
        let mut other = request.clone();
        other[place] = json!(forged);
        assert!(!others_accept(&world, &keys, &other), "another {place} is refused");
    }
    server.stop();
    // The answer was taken: nothing is on its way any more, and the change stands in the log once.
    let database = rusqlite::Connection::open(world.path("data/register.db")).unwrap();
    let on_its_way: u64 =
        database.query_row("SELECT count(*) FROM feed_batch", [], |row| row.get(0)).unwrap();
    assert_eq!(on_its_way, 0);
    assert_eq!(world.check_is_sound(), 2, "the answer and the change");
}

#[test]
fn a_client_pulls_what_changed_until_there_is_no_more() {
    let (world, deliveries, people) = changed();
    let server = world.start();
    // Delivered, so the change is old enough to be told.
    next(&deliveries).answer("204 No Content");
    let token = world.token(&server, "wide");
    let get = |connection: &mut Connection, path: &str| {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
        connection.send(request.as_bytes()).unwrap();
        connection.receive().unwrap()
    };
    let pull = |server: &Server, query: &str| get(&mut server.connect(), &format!("/v1/changes{query}"));
    let all = pull(&server, "");
    is_about_the_first(&all.json(), &people);
    assert_eq!((all.json()["has_more"].as_bool(), all.retry_after_s()), (Some(false), Some(5)));
    let next = all.json()["next"].as_str().unwrap().to_owned();
    let rest = pull(&server, &format!("?after={next}"));
    assert_eq!((rest.json()["entries"].as_array().unwrap().len(), &rest.json()["next"]), (0, &json!(next)));
    pull(&server, "?after=x").is_problem(400, "DANCU-FEED-001");
    pull(&server, "?limit=0").is_problem(400, "DANCU-FEED-002");
    pull(&server, "?afer=0-1").is_problem(400, "DANCU-EXCHANGE-026");
    server.get("/v1/changes").is_problem(401, "DANCU-EXCHANGE-021");
    server.stop();
    assert_eq!(world.check_is_sound(), 3, "the answer, the delivery and the pull");
}
