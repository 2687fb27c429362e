//! Witnesses as processes: one is killed again and again under load and never says less than before; a node that comes back
//! with an older log is told; nodes cosign each other's logs, and a third process cosigns both.

use crate::{
    nodes::House,
    support::{
        client::{ask_on, question},
        command::{DANCU, Said},
        country::{World, copy},
        http::{Answer, Connection},
        server::{PROCESS_TIME_MAX, Server},
    },
};
use dancu_ledger::LogVerifier;
use dancu_witness::{CosignerVerifier, origin_hash};
use serde_json::Value;
use std::{
    fs,
    net::TcpListener,
    process::Command,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Instant,
};

/// A port that is free at the moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl World {
    fn witness_command(&self) -> Command {
        let mut command = Command::new(DANCU);
        command.arg("--config").arg(self.path("no-such.toml")).arg("--data").arg(self.path("w1"));
        command.arg("witness").arg("--key-file").arg(self.path("w1-keys").join("w1.key"));
        command.arg("--logs").arg(self.path("logs.txt")).args(["--name", "witness.example/w1"]);
        command.env_remove("DANCU_LOG").current_dir(self.root());
        command
    }

    fn start_witness(&self, port: u16) -> Server {
        let mut command = self.witness_command();
        command.args(["--json", "--listen", &format!("127.0.0.1:{port}")]);
        self.spawn_command(command, "witness-stderr.txt").wait_until_ready()
    }

    fn witness_key(&self, file: &str) -> CosignerVerifier {
        CosignerVerifier::new(fs::read_to_string(self.path(file)).unwrap().trim()).unwrap()
    }
}

/// What a setting names as witnesses, as a value of the environment.
fn witnesses(addressed: &[(String, &CosignerVerifier)]) -> String {
    let one =
        |(url, key): &(String, &CosignerVerifier)| format!("{{url=\"{url}\",key=\"{}\"}}", key.as_str());
    format!("{{witnesses=[{}]}}", addressed.iter().map(one).collect::<Vec<_>>().join(","))
}

/// Reads an address again and again until what is there pleases.
fn wait_for<T>(server: &Server, path: &str, mut pleases: impl FnMut(&Answer) -> Option<T>) -> T {
    let until = Instant::now() + PROCESS_TIME_MAX;
    loop {
        let answer = server.get(path);
        if let Some(found) = pleases(&answer) {
            return found;
        }
        assert!(Instant::now() < until, "{path}: {answer:?}");
        std::thread::yield_now();
    }
}

/// The size of a checkpoint that log and witnesses signed; `None` while one of them has not.
fn cosigned(answer: &Answer, log: &LogVerifier, by: &[&CosignerVerifier]) -> Option<u64> {
    let size = (answer.status == 200).then(|| log.open(answer.text()).expect("the log's signature").size)?;
    by.iter().all(|witness| witness.open(answer.text()).is_some()).then_some(size)
}

fn health(server: &Server) -> Value {
    server.get("/health").json()
}

#[test]
fn a_witness_killed_under_load_never_says_less_and_an_older_log_is_told() {
    let world = World::new();
    let people = world.people();
    world.start().stop();
    copy(&world.path("data"), &world.path("data-before"));
    let log = world.verifier();
    fs::write(world.path("logs.txt"), format!("# ours\n{}\n", log.as_str())).unwrap();
    let port = free_port();
    let mut witness = world.start_witness(port);
    let again: Said = world.witness_command().args(["--listen", "127.0.0.1:0"]).output().unwrap().into();
    again.failed("DANCU-STORE-004", "w1/dancu.lock");
    let key = world.witness_key("w1-keys/w1.pub");
    let url = format!("http://127.0.0.1:{port}");
    fs::write(
        world.path("dancu.toml"),
        format!("[[ledger.witnesses]]\nurl = \"{url}\"\nkey = \"{}\"\n", key.as_str()),
    )
    .unwrap();
    let server = world.start();
    let token = world.token(&server, "wide");
    let (answered, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let witness = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut connection = Connection::open(server.address).unwrap();
            ask_on(&mut connection, &token, &people, |answer| {
                assert_eq!(answer.status, 200, "{}", answer.text());
                answered.fetch_add(1, Ordering::Release);
                !stopped.load(Ordering::Acquire)
            });
        });
        let mut newest = 0;
        for _ in 0..4 {
            newest = wait_for(&server, "/log/cosigned", |answer| {
                cosigned(answer, &log, &[&key]).filter(|size| *size > newest)
            });
            witness.kill();
            let until = answered.load(Ordering::Acquire) + 50;
            while answered.load(Ordering::Acquire) < until {
                std::thread::yield_now();
            }
            witness = world.start_witness(port);
            let path = format!("/{}/checkpoint", origin_hash(log.origin()));
            let held = cosigned(&witness.get(&path), &log, &[&key]).expect("it remembers");
            assert!(held >= newest, "{held} of {newest}");
        }
        stopped.store(true, Ordering::Release);
        witness
    });
    let size = answered.load(Ordering::Acquire);
    for path in ["/log/checkpoint", "/log/cosigned"] {
        wait_for(&server, path, |answer| cosigned(answer, &log, &[&key]).filter(|found| *found >= size));
    }
    let told = health(&server)["witnesses"][0].clone();
    assert_eq!((&told["name"], &told["behind"]), (&Value::from("witness.example/w1"), &Value::from(0)));
    assert_eq!((&told["code"], &told["is_alarm"]), (&Value::Null, &Value::from(false)), "{told}");
    server.stop();
    world.check_is_sound();
    an_older_log_is_told(&world);
    witness.stop();
    // The key goes on only with what it remembers.
    fs::rename(world.path("w1"), world.path("w1-lost")).unwrap();
    let lost: Said = world.witness_command().args(["--listen", "127.0.0.1:0"]).output().unwrap().into();
    lost.failed("DANCU-WITNESS-012", "w1/witness");
}

/// The log as it was before: a backup that was restored without its end.
fn an_older_log_is_told(world: &World) {
    fs::rename(world.path("data"), world.path("data-newer")).unwrap();
    fs::rename(world.path("data-before"), world.path("data")).unwrap();
    let server = world.start();
    wait_for(&server, "/health", |answer| {
        let told = answer.json()["witnesses"][0].clone();
        (told["code"] == "DANCU-WITNESS-023" && told["is_alarm"] == true).then_some(())
    });
    let answer =
        server.connect().verify(&world.token(&server, "wide"), &question(&world.people()[0])).unwrap();
    assert_eq!(answer.status, 200, "the node answers on; its operator decides");
    server.stop();
}

#[test]
fn two_nodes_cosign_each_other_and_a_third_process_cosigns_both() {
    let house = House::new();
    let world = &house.world;
    // Started once, so that each has its keys.
    for node in ["main", "b"] {
        house.start(node).stop();
    }
    let logs = ["main", "b"].map(|node| house.verifier(node));
    let lines = logs.each_ref().map(|log| format!("{}\n", log.as_str()));
    fs::write(world.path("logs.txt"), lines.concat()).unwrap();
    let witness = world.start_witness(0);
    let third = world.witness_key("w1-keys/w1.pub");
    let keys = [world.witness_key("keys/witness.pub"), world.witness_key("keys/witness-b.pub")];
    assert_eq!(keys[1].name(), "witness.dancu.example/log/b");
    let ports = [free_port(), free_port()];
    let start = |at: usize| {
        let mut command = house.command(["main", "b"][at]);
        let other = (format!("http://127.0.0.1:{}/witness/", ports[1 - at]), &keys[1 - at]);
        command.env("DANCU_LEDGER", witnesses(&[other, (witness.origin.clone(), &third)]));
        world.spawn_on(command, ports[at], &[]).wait_until_ready()
    };
    let (main, other) = (start(0), start(1));
    let token = world.token(&main, "wide");
    let people = world.people();
    let ask = |server: &Server| {
        let mut connection = server.connect();
        for person in &people[..20] {
            assert_eq!(connection.verify(&token, &question(person)).unwrap().status, 200);
        }
    };
    for (at, server) in [&main, &other].into_iter().enumerate() {
        ask(server);
        for path in ["/log/cosigned", "/log/checkpoint"] {
            let by = [&keys[1 - at], &third];
            wait_for(server, path, |answer| cosigned(answer, &logs[at], &by).filter(|size| *size >= 20));
        }
    }
    // A node is no witness of its own log, and none of a log of another house.
    let own = format!("old 0\n\n{}", main.get("/log/checkpoint").text());
    main.connect()
        .post("/witness/add-checkpoint", "", own.as_bytes())
        .unwrap()
        .is_problem(404, "DANCU-WITNESS-002");
    // With one node dead the other answers, and the third still cosigns.
    other.kill();
    ask(&main);
    wait_for(&main, "/log/checkpoint", |answer| {
        cosigned(answer, &logs[0], &[&third]).filter(|size| *size >= 40)
    });
    wait_for(&main, "/health", |answer| {
        (answer.json()["witnesses"][0]["code"] == "DANCU-WITNESS-020").then_some(())
    });
    // It comes back and cosigns again.
    let other = start(1);
    let by = [&keys[1], &third];
    wait_for(&main, "/log/cosigned", |answer| cosigned(answer, &logs[0], &by).filter(|size| *size >= 40));
    [main, other, witness].into_iter().for_each(Server::stop);
}
