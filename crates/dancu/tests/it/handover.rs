//! A commune's own node: it works while the centre is away, hands over in order, and nothing is recorded twice, also when
//! it is killed between sending and answer.

use crate::support::{
    command::plain,
    country::World,
    http::{Answer, Connection},
    server::{PROCESS_TIME_MAX, Server},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Instant,
};

const CLIENT: &str = "xa-node";

/// A centre and a commune's node over the same country, and two persons of that commune.
struct Country {
    centre: World,
    node: World,
    commune: String,
    persons: [String; 2],
    key: String,
}

impl Country {
    fn new() -> Self {
        let (centre, node) = (World::new(), World::new());
        let (commune, persons) = neighbours(&centre);
        let key = node.path("node.pem").to_str().unwrap().to_owned();
        let public: Value = serde_json::from_str(&plain(&["client", "key", &key]).succeeded()).unwrap();
        let contract = |id: &str, client: &str, fields: Value| {
            json!({
                "id": id, "client": client, "legal_basis": "Luật Hộ tịch 2014", "purpose_vi": "Hộ tịch",
                "purpose_en": "Civil status", "fields": fields, "may_tell_unknown": true,
                "daily_limit": 1000, "per_second_max": 1000, "valid_from": "2026-01-01",
                "limit_reason": "Kiểm thử",
            })
        };
        let mut hands_over = contract("hd-node", CLIENT, json!(["life_status"]));
        hands_over["commands_for_commune"] = json!(commune);
        let shown = json!([
            "name",
            "birth_date",
            "sex",
            "residence",
            "life_status",
            "origin",
            "household",
            "family",
            "history"
        ]);
        let client = |id: &str, keys: Value| json!({"id": id, "organisation": "office", "keys": keys});
        let of_centre = json!({ "clients": [client(CLIENT, json!([public]))], "contracts": [hands_over] });
        let of_node = json!({
            "clients": [client("commune-desk", json!([]))],
            "contracts": [contract("hd-desk", "commune-desk", shown)],
        });
        for (world, document) in [(&centre, of_centre), (&node, of_node)] {
            let file = world.path("further.json");
            fs::write(&file, document.to_string()).unwrap();
            world.run(&["connect", file.to_str().unwrap()]).succeeded();
            world.make_official();
        }
        Self { centre, node, commune, persons, key }
    }

    fn start_node(&self, centre: &str) -> Server {
        let centre = format!("http://{centre}");
        let words = ["--commune", &self.commune, "--centre", &centre, "--client", CLIENT];
        self.node.start_with(&[&words[..], &["--client-key", &self.key]].concat())
    }

    /// A one-time code of the commune's officer.
    fn code(&self) -> String {
        let role = format!("officer:{}", self.commune);
        self.node.run(&["staff", "add", "can.bo", "Trần Văn Thử", &role]).succeeded().trim().to_owned()
    }
}

/// A commune with two persons who are alive and live there.
fn neighbours(world: &World) -> (String, [String; 2]) {
    let mut rows = csv::Reader::from_path(world.path("people.csv")).unwrap();
    let mut by_commune: HashMap<String, Vec<String>> = HashMap::new();
    for row in rows.deserialize::<HashMap<String, String>>().map(Result::unwrap) {
        if row["life_status"] == "alive" || row["life_status"].is_empty() {
            by_commune.entry(row["permanent_commune"].clone()).or_default().push(row["number"].clone());
        }
    }
    by_commune.remove("");
    let mut found: Vec<_> = by_commune.into_iter().filter(|(_, persons)| persons.len() >= 2).collect();
    found.sort();
    let (commune, persons) = found.swap_remove(0);
    (commune, [persons[0].clone(), persons[1].clone()])
}

/// The officer's browser, without scripts.
struct Officer {
    connection: Connection,
    cookie: String,
}

impl Officer {
    fn sign_in(server: &Server, code: &str) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("code", code).finish();
        let answer = server.connect().post_form("/sign-in/code", &form).unwrap();
        let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        let session =
            cookies.filter_map(|(_, line)| line.split(';').next()).find(|pair| pair.contains("session"));
        let cookie = session.unwrap_or_else(|| panic!("not signed in: {}", answer.text())).to_owned();
        Self { connection: server.connect(), cookie }
    }

    fn get(&mut self, path: &str) -> Value {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {}\r\naccept: application/json\r\n\r\n",
            self.cookie
        );
        self.connection.send(head.as_bytes()).unwrap();
        let answer = self.connection.receive().unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = format!(
            "cookie: {}\r\naccept: application/json\r\ncontent-type: application/x-www-form-urlencoded\r\n",
            self.cookie
        );
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.connection.post(path, &headers, body.as_bytes()).unwrap()
    }

    /// Takes a death in, twice, as impatient people do.
    fn take_death(&mut self, number: &str, day: &str, paper: &str) {
        let id = self.get("/desk/death")["id"].as_str().unwrap().to_owned();
        let fields = [
            ("id", id.as_str()),
            ("step", "record"),
            ("number", number),
            ("on", day),
            ("paper_1_kind", "death_notice"),
            ("paper_1_reference", paper),
        ];
        for _ in 0..2 {
            let answer = self.post("/desk/death", &fields);
            assert_eq!(answer.status, 303, "{}", answer.text());
            assert_eq!(answer.header("location"), Some("/desk/handover"));
        }
    }

    /// The states of the queue, the oldest first.
    fn states(&mut self) -> Vec<String> {
        let page = self.get("/desk/handover");
        let entries = page["entries"].as_array().unwrap().iter().rev();
        entries.map(|entry| entry["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until every command of the queue is answered.
    fn wait_until_settled(&mut self) -> Vec<String> {
        let until = Instant::now() + PROCESS_TIME_MAX;
        loop {
            let states = self.states();
            if states.iter().all(|state| state != "waiting" && state != "sent") {
                return states;
            }
            assert!(Instant::now() < until, "still {states:?}");
            std::thread::yield_now();
        }
    }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_commune_works_without_the_centre_and_hands_over_when_it_is_back() {
    let country = Country::new();
    let port = free_port();
    let code = country.code();
    let node = country.start_node(&format!("127.0.0.1:{port}"));
    let mut officer = Officer::sign_in(&node, &code);
    let [first, second] = &country.persons;
    officer.take_death(first, "20/11/2026", "BT-1");
    officer.take_death(first, "19/11/2026", "BT-2");
    officer.take_death(second, "20/11/2026", "BT-3");
    let states = officer.states();
    assert_eq!(states.len(), 3, "a double click stands once");
    assert!(states.iter().all(|state| state == "waiting" || state == "sent"), "{states:?}");
    let centre = country.centre.start_on(port);
    let states = officer.wait_until_settled();
    assert_eq!(states, ["accepted", "refused", "accepted"]);
    let page = officer.get("/desk/handover");
    let refused = &page["entries"][1];
    assert!(refused["problem"]["code"].as_str().unwrap().starts_with("DANCU-CHANGE-"), "{refused}");
    assert_eq!(
        (&refused["may_be_withdrawn"], &refused["correct_url"]),
        (&json!(true), &json!("/desk/death"))
    );
    let path = format!("/desk/handover/{}", refused["id"].as_str().unwrap());
    assert_eq!(officer.post(&path, &[("action", "withdraw")]).status, 303);
    assert_eq!(officer.states(), ["accepted", "withdrawn", "accepted"]);
    node.stop();
    centre.stop();
}

/// Stands between a node and the centre. While it holds, it lets commands through and keeps their answer back.
struct Between {
    holds: Arc<AtomicBool>,
    answered: Receiver<()>,
}

impl Between {
    fn new(listener: TcpListener, centre: SocketAddr) -> Self {
        let holds = Arc::new(AtomicBool::new(true));
        let (sender, answered) = channel();
        let held = Arc::clone(&holds);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let (held, sender) = (Arc::clone(&held), sender.clone());
                std::thread::spawn(move || pass(near, centre, &held, &sender));
            }
        });
        Self { holds, answered }
    }
}

/// Passes bytes on in both directions.
fn pass(near: TcpStream, centre: SocketAddr, holds: &AtomicBool, answered: &Sender<()>) {
    let Ok(far) = TcpStream::connect(centre) else { return };
    let (mut from_near, mut to_far) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    let carries_commands = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&carries_commands);
    std::thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_near.read(&mut bytes) {
            if bytes[..length].windows(12).any(|part| part == b"/v1/commands") {
                seen.store(true, Ordering::SeqCst);
            }
            if to_far.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to_far.shutdown(std::net::Shutdown::Write);
    });
    let (mut far, mut near) = (far, near);
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = far.read(&mut bytes) {
        if holds.load(Ordering::SeqCst) && carries_commands.load(Ordering::SeqCst) {
            // The centre has answered, so what it was sent is durable there.
            let _ = answered.send(());
            continue;
        }
        if near.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
}

#[test]
fn a_node_that_is_killed_between_sending_and_answer_records_nothing_twice() {
    let country = Country::new();
    let code = country.code();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let public = format!("localhost:{}", listener.local_addr().unwrap().port());
    // Assertions name the address by which the node knows the centre.
    let settings = format!("public_origin = \"http://{public}\"\n");
    fs::write(country.centre.path("dancu.toml"), settings).unwrap();
    let centre = country.centre.start();
    let between = Between::new(listener, centre.address);
    let node = country.start_node(&public);
    let mut officer = Officer::sign_in(&node, &code);
    officer.take_death(&country.persons[0], "20/11/2026", "BT-1");
    between.answered.recv_timeout(PROCESS_TIME_MAX).unwrap();
    node.kill();
    between.holds.store(false, Ordering::SeqCst);
    let code = country.code();
    let node = country.start_node(&public);
    let mut officer = Officer::sign_in(&node, &code);
    // A second recording would be refused: the person is dead.
    assert_eq!(officer.wait_until_settled(), ["accepted"]);
    let entry = officer.get("/desk/handover")["entries"][0].clone();
    assert!(entry["attempts"].as_u64().unwrap() >= 2, "{entry}");
    node.stop();
    let token = country.centre_token(&centre);
    let head = format!(
        "GET /v1/events/{} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n",
        entry["id"].as_str().unwrap()
    );
    let mut connection = centre.connect();
    connection.send(head.as_bytes()).unwrap();
    let event = connection.receive().unwrap();
    assert_eq!((event.status, &event.json()["taken_back_by"]), (200, &Value::Null), "{}", event.text());
    centre.stop();
}

impl Country {
    /// A token of the node's client.
    fn centre_token(&self, centre: &Server) -> String {
        fs::copy(&self.key, self.centre.path("clients").join(format!("{CLIENT}.pem"))).unwrap();
        self.centre.token(centre, CLIENT)
    }
}
