//! Too much, too slow, too fast: refused within bounds, and others are answered.

use crate::support::{
    client::question,
    country::World,
    http::{ANSWER_TIME_MAX, Connection},
};
use dancu_ledger::Receipt;
use serde_json::json;
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::mpsc::channel,
    time::{Duration, Instant},
};

/// The largest body of the endpoints for client software.
const BODY_BYTES_MAX: usize = 16 * 1_024;
/// Requests of one client in hand at once.
const IN_FLIGHT_MAX: usize = 512;

#[test]
fn a_body_over_its_limit_is_refused_and_the_server_goes_on() {
    let world = World::new();
    let server = world.start();
    let token = world.token(&server, "wide");
    let bearer = format!("authorization: Bearer {token}\r\n");
    let person = &world.people()[0];
    let padded = |length: usize| {
        let mut body = question(person).to_string().into_bytes();
        body.resize(length, b' ');
        body
    };
    let fits = server.connect().post("/v1/verify", &bearer, &padded(BODY_BYTES_MAX)).unwrap();
    assert_eq!(fits.status, 200, "{}", fits.text());
    for (path, headers) in [("/v1/verify", bearer.as_str()), ("/oauth/token", "")] {
        let over = server.connect().post(path, headers, &padded(BODY_BYTES_MAX + 1)).unwrap();
        over.is_problem(413, "DANCU-WEB-006");
        // A body whose length is not said beforehand is counted as it comes.
        let mut connection = server.connect();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{headers}transfer-encoding: chunked\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        let chunk = [b"1000\r\n".as_slice(), &[b' '; 0x1000], b"\r\n"].concat();
        // The server may close as soon as it has seen enough; what it answered can be read all the same.
        let _ = (0..5).try_for_each(|_| connection.send(&chunk));
        connection.receive().unwrap().is_problem(413, "DANCU-WEB-006");
    }
    // A length that is stated and never sent costs nothing: it is refused before the body.
    let mut connection = server.connect();
    let head =
        format!("POST /v1/verify HTTP/1.1\r\nhost: localhost\r\n{bearer}content-length: 99999999999\r\n\r\n");
    connection.send(head.as_bytes()).unwrap();
    connection.send(&vec![b' '; BODY_BYTES_MAX + 1]).unwrap();
    connection.receive().unwrap().is_problem(413, "DANCU-WEB-006");
    assert_eq!(server.connect().verify(&token, &question(person)).unwrap().status, 200);
    server.stop();
}

#[test]
fn a_head_that_is_too_large_or_no_http_is_refused() {
    let world = World::new();
    let server = world.start();
    for bytes in [
        format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(64 * 1_024)),
        format!("GET /health HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1_000)),
        "\u{1}\u{2}\u{3} nonsense\r\n\r\n".to_owned(),
    ] {
        let mut connection = server.connect();
        // The server may refuse before it has read all.
        let _ = connection.send(bytes.as_bytes());
        if let Ok(answer) = connection.receive() {
            assert!((400..500).contains(&answer.status), "{}", answer.status);
        }
    }
    assert_eq!(server.get("/health").status, 200);
    server.stop();
}

/// Sends the beginning of a request and nothing more; what comes until the server closes.
fn stalled(address: std::net::SocketAddr, beginning: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(ANSWER_TIME_MAX)).unwrap();
    stream.write_all(beginning.as_bytes()).unwrap();
    let mut bytes = vec![];
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("a stalled request is held for ever: {error}"),
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn slow_heads_and_slow_bodies_are_given_up_and_others_are_answered_meanwhile() {
    let world = World::new();
    let server = world.start();
    let token = world.token(&server, "wide");
    let head = "POST /v1/verify HTTP/1.1\r\nhost: localhost\r\n".to_owned();
    let body = format!("{head}authorization: Bearer {token}\r\ncontent-length: 100\r\n\r\n{{\"number\":");
    let address = server.address;
    std::thread::scope(|scope| {
        let slow: Vec<_> = [head, body, String::new()]
            .into_iter()
            .map(|beginning| scope.spawn(move || stalled(address, &beginning)))
            .collect();
        let mut connection = server.connect();
        let question = question(&world.people()[0]);
        while slow.iter().any(|one| !one.is_finished()) {
            let answer = connection.verify(&token, &question).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
            // Often enough to notice a standstill, seldom enough to leave the machine to other tests.
            std::thread::park_timeout(Duration::from_millis(200));
        }
        let texts: Vec<String> = slow.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(texts[0].is_empty() || texts[0].starts_with("HTTP/1.1 408"), "{}", texts[0]);
        assert!(texts[1].starts_with("HTTP/1.1 408") && texts[1].contains("DANCU-WEB-007"), "{}", texts[1]);
        assert!(texts[2].is_empty() || texts[2].starts_with("HTTP/1.1 408"), "{}", texts[2]);
    });
    server.stop();
}

#[test]
fn a_client_above_its_rate_is_told_to_wait_and_another_is_answered() {
    const REQUESTS: usize = 60;
    let world = World::new();
    let server = world.start();
    let (flooding, calm) = (world.token(&server, "flooding"), world.token(&server, "calm"));
    let question = question(&world.people()[0]);
    let body = question.to_string();
    let request = format!(
        "POST /v1/verify HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {flooding}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (mut flood, mut other) = (server.connect(), server.connect());
    let begun = Instant::now();
    flood.send(request.repeat(REQUESTS).as_bytes()).unwrap();
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..REQUESTS {
        let answer = flood.receive().unwrap();
        if answer.status == 200 {
            answered += 1;
        } else {
            answer.is_problem(429, "DANCU-EXCHANGE-024");
            assert_eq!(answer.retry_after_s(), Some(1));
            refused += 1;
        }
        assert_eq!(other.verify(&calm, &question).unwrap().status, 200);
    }
    // A burst of five, of which the token took one, and five for each second since.
    let allowed = 5 + 5 * (begun.elapsed().as_secs() + 1);
    assert!((4..=allowed).contains(&answered), "{answered} answered, {allowed} allowed");
    assert!(refused > 0 || allowed >= REQUESTS as u64, "nothing was refused");
    server.stop();
    let log = world.read_log();
    assert_eq!(log.counted("contract-flooding").values().sum::<u64>(), answered, "refusals use up nothing");
}

#[test]
fn one_client_cannot_take_all_places_while_the_disk_stands_still() {
    const TOO_MANY: usize = 90;
    let world = World::new();
    let server = world.start();
    let (wide, calm) = (world.token(&server, "wide"), world.token(&server, "calm"));
    let question = question(&world.people()[0]);
    // Another writer holds the file, as a disk that does not answer would; the committer waits for it.
    let held = rusqlite::Connection::open(world.path("data/ledger.db")).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (sender, answers) = channel();
    std::thread::scope(|scope| {
        for index in 0..=IN_FLIGHT_MAX + TOO_MANY {
            let (sender, question) = (sender.clone(), &question);
            let token = if index == 0 { &calm } else { &wide };
            let address = server.address;
            scope.spawn(move || {
                let answer = Connection::open(address).unwrap().verify(token, question).unwrap();
                sender.send((index == 0, answer)).unwrap();
            });
        }
        for _ in 0..TOO_MANY {
            let (is_calm, answer) = answers.recv_timeout(ANSWER_TIME_MAX).unwrap();
            assert!(!is_calm);
            answer.is_problem(429, "DANCU-EXCHANGE-024");
            assert!(answer.retry_after_s().is_some());
        }
        held.execute_batch("ROLLBACK").unwrap();
    });
    let mut receipts: Vec<Receipt> = vec![];
    for (_, answer) in answers.try_iter() {
        if answer.status == 200 {
            receipts.push(serde_json::from_value(answer.json()["receipt"].clone()).unwrap());
        } else {
            // Held for longer than the committer waits, on a very slow machine.
            assert_eq!((answer.status, answer.retry_after_s()), (503, Some(1)));
        }
    }
    let after = server.connect().verify(&calm, &question).unwrap();
    receipts.push(serde_json::from_value(after.json()["receipt"].clone()).unwrap());
    server.stop();
    crate::told::all_are_kept(&world, &receipts);
    assert_eq!(world.read_log().size(), receipts.len() as u64);
    let sum = json!({"answered": receipts.len()});
    eprintln!("{sum}");
}
