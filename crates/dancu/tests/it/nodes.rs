//! Two nodes over one database: any of them is killed under load, and the database too; nothing that was answered is
//! lost, no limit is exceeded, the other goes on, and the one that comes back goes on with its log.

use crate::support::{
    client::{ask_on, question},
    command::{DANCU, Said},
    country::{Person, World},
    http::Connection,
    server::Server,
};
use dancu_ledger::{LedgerRecords, LogVerifier, Receipt, public_key_file};
use dancu_store_postgres::open_ledger;
use dancu_testkit::PostgresCluster;
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const NODES: [&str; 2] = ["main", "b"];
/// Answers a day of the contract of the odd clients; see [`crate::support::country::CLIENTS`].
pub const NARROW_LIMIT: u64 = 1_500;
/// Answers of the node that lives, before and after the other one is killed.
const ANSWERS: u64 = 60;
/// Nobody waits for longer than this for them, however busy the machine.
const ANSWERS_TIME_MAX: Duration = Duration::from_mins(5);
const CLIENTS: usize = 4;

/// A country in a database, for several nodes.
pub struct House {
    pub world: World,
    pub cluster: PostgresCluster,
    pub url: String,
}

impl House {
    /// A country that has moved into a database.
    pub fn new() -> Self {
        let world = World::new();
        let cluster = PostgresCluster::start();
        let url = cluster.url(&cluster.create_database("template0"));
        world.run(&["store", "copy", "--from", &world.shown("data"), "--to", &url]).succeeded();
        fs::remove_dir_all(world.path("data")).unwrap();
        fs::write(world.path("dancu.toml"), format!("store_url = \"{url}\"\n")).unwrap();
        Self { world, cluster, url }
    }

    /// The binary as a node. All share a folder of keys; each has a folder of its own.
    pub fn command(&self, node: &str) -> Command {
        let mut command = Command::new(DANCU);
        command.arg("--config").arg(self.world.path("dancu.toml"));
        command.arg("--data").arg(self.world.path(&format!("data-{node}")));
        command.arg("--keys").arg(self.world.path("keys")).args(["--node", node]);
        command.env_remove("DANCU_LOG").current_dir(self.world.root());
        command
    }

    pub fn start(&self, node: &str) -> Server {
        self.world.spawn_with(self.command(node)).wait_until_ready()
    }

    fn run(&self, node: &str, arguments: &[&str]) -> Said {
        self.command(node).args(arguments).output().unwrap().into()
    }

    pub fn verifier(&self, node: &str) -> LogVerifier {
        let file = self.world.path("keys").join(public_key_file(&node.parse().unwrap()));
        LogVerifier::new(fs::read_to_string(file).unwrap().trim()).unwrap()
    }

    /// Every log at rest holds every receipt word for word, and is sound with its files and counts. Gives the records
    /// of the narrow contract.
    pub fn check(&self, receipts: &[Receipt]) -> u64 {
        let mut narrow = 0;
        let mut held: BTreeMap<String, BTreeMap<u64, Vec<u8>>> = BTreeMap::new();
        for node in NODES {
            self.run(node, &["ledger", "check"]).succeeded();
            let opened = open_ledger(&self.url.parse().unwrap(), &node.parse().unwrap()).unwrap();
            let rows = held.entry(self.verifier(node).origin().to_owned()).or_default();
            opened
                .records
                .scan(0, u64::MAX, &mut |row| {
                    narrow += u64::from(row.contract == "contract-narrow");
                    rows.insert(row.index, row.record.to_vec());
                })
                .unwrap();
        }
        for receipt in receipts {
            let origin = receipt.checkpoint.lines().next().unwrap();
            assert_eq!(held[origin].get(&receipt.leaf_index).unwrap(), receipt.record.as_bytes());
            let node = NODES.iter().find(|node| self.verifier(node).origin() == origin).unwrap();
            receipt.verify(&self.verifier(node)).unwrap();
        }
        narrow
    }
}

/// Clients that ask until they are stopped.
pub struct Load<'a> {
    pub tokens: [&'a str; 2],
    pub people: &'a [Person],
    pub receipts: Mutex<Vec<Receipt>>,
    pub stopped: AtomicBool,
}

impl Load<'_> {
    /// Asks at a node until it dies or it is enough; counts the answers.
    pub fn ask(&self, address: SocketAddr, client: usize, answered: &AtomicU64) {
        let Ok(mut connection) = Connection::open(address) else { return };
        let people = &self.people[client * 7..];
        let is_going = || !self.stopped.load(Ordering::Acquire);
        if client % 2 == 1 {
            ask_on(&mut connection, self.tokens[1], people, |answer| {
                self.take(&answer, answered);
                answer.status != 429 && is_going()
            });
        }
        ask_on(&mut connection, self.tokens[0], people, |answer| {
            self.take(&answer, answered);
            is_going()
        });
    }

    /// 200 with a receipt, 429 at the limit, or 503 while the database is away; nothing else.
    fn take(&self, answer: &crate::support::http::Answer, answered: &AtomicU64) {
        match answer.status {
            200 => {
                let receipt = serde_json::from_value(answer.json()["receipt"].clone()).unwrap();
                self.receipts.lock().unwrap().push(receipt);
                answered.fetch_add(1, Ordering::Release);
            }
            429 => answer.is_problem(429, "DANCU-EXCHANGE-023"),
            status => assert_eq!(status, 503, "{}", answer.text()),
        }
    }
}

/// Waits for some more answers of each.
pub fn wait_for_all(counters: &[AtomicU64; 2]) {
    for counter in counters {
        wait_for(counter, ANSWERS);
    }
}

/// Waits for so many more answers.
pub fn wait_for(counter: &AtomicU64, more: u64) {
    let until = counter.load(Ordering::Acquire) + more;
    let begun = Instant::now();
    while counter.load(Ordering::Acquire) < until {
        assert!(begun.elapsed() < ANSWERS_TIME_MAX, "the answers stopped coming");
        std::thread::yield_now();
    }
}

#[test]
fn any_node_and_the_database_may_be_killed_under_load() {
    let house = House::new();
    let people = house.world.people();
    let mut servers = NODES.map(|node| Some(house.start(node)));
    let again = house.run("b", &["up", "--listen", "127.0.0.1:0"]);
    assert!(!again.is_ok && again.err.contains("DANCU-STORE-004"), "its folder is locked: {}", again.err);
    let token = |client| house.world.token(servers[0].as_ref().unwrap(), client);
    let tokens = [token("wide"), token("narrow")];
    let load = Load {
        tokens: [&tokens[0], &tokens[1]],
        people: &people,
        receipts: Mutex::default(),
        stopped: AtomicBool::new(false),
    };
    for round in 0..5 {
        let killed = round % 2;
        let addresses = servers.each_ref().map(|server| server.as_ref().unwrap().address);
        let answered = [AtomicU64::new(0), AtomicU64::new(0)];
        load.stopped.store(false, Ordering::Release);
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                for (address, answered) in addresses.iter().zip(&answered) {
                    let load = &load;
                    scope.spawn(move || load.ask(*address, client, answered));
                }
            }
            wait_for_all(&answered);
            if round == 4 {
                house.cluster.kill();
                house.cluster.resume();
                wait_for_all(&answered);
            } else {
                servers[killed].take().unwrap().kill();
                wait_for(&answered[1 - killed], ANSWERS);
            }
            load.stopped.store(true, Ordering::Release);
        });
        if round < 4 {
            servers[killed] = Some(house.start(NODES[killed]));
        }
    }
    // A receipt of either log is evidence at either node, to the client that asked.
    for server in servers.iter().flatten() {
        for node in NODES {
            let origin = house.verifier(node).origin().to_owned();
            let receipts = load.receipts.lock().unwrap();
            let of_wide = |receipt: &&Receipt| receipt.record.contains("\"client\":\"wide\"");
            let mut of_node =
                receipts.iter().filter(|receipt| receipt.checkpoint.starts_with(&format!("{origin}\n")));
            let entry = of_node.find(of_wide).unwrap().entry;
            let head = format!(
                "GET /v1/evidence/{entry} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
                tokens[0]
            );
            let mut connection = server.connect();
            connection.send(head.as_bytes()).unwrap();
            assert_eq!(connection.receive().unwrap().status, 200, "{entry} of {node}");
            let checkpoint = server.get(&format!("/log/node/{node}/checkpoint"));
            assert!(house.verifier(node).open(checkpoint.text()).is_some());
        }
    }
    // Each is asked until nobody has a place: then the limit is used up to the last one.
    for server in servers.iter().flatten() {
        let mut connection = server.connect();
        while connection.verify(&tokens[1], &question(&people[0])).unwrap().status == 200 {}
    }
    servers.into_iter().flatten().for_each(Server::stop);
    let receipts = load.receipts.into_inner().unwrap();
    assert_eq!(house.check(&receipts), NARROW_LIMIT);
}

#[test]
fn a_name_that_runs_elsewhere_and_other_keys_are_told() {
    let house = House::new();
    let server = house.start("b");
    let mut command = Command::new(DANCU);
    command.arg("--config").arg(house.world.path("dancu.toml")).current_dir(house.world.root());
    let said: Said = command
        .args(["--data", "data-x", "--keys", "keys", "--node", "b", "ledger", "check"])
        .output()
        .unwrap()
        .into();
    said.failed("DANCU-CLI-088", "“b”");
    let mut command = Command::new(DANCU);
    command.arg("--config").arg(house.world.path("dancu.toml")).current_dir(house.world.root());
    let words = ["--data", "data-y", "--keys", "keys-y", "--node", "c", "up", "--listen", "127.0.0.1:0"];
    let said: Said = command.args(words).output().unwrap().into();
    said.failed("DANCU-CLI-089", "“b”");
    server.stop();
    let said = house.world.run(&["--node", "Not a name", "ledger", "check"]);
    assert!(!said.is_ok);
}
