//! Ten thousand connections that say nothing.

use crate::support::{client::question, command::DANCU, country::World, server::Server};
use std::{fs, net::TcpStream, process::Command};

const IDLE: u64 = 10_000;
/// Descriptors for everything else in this process.
const OTHERS: u64 = 1_000;
/// Memory that one idle connection may cost the server.
const KIB_EACH_MAX: u64 = 32;

/// Raises this process's own limit of descriptors as far as the machine allows; how many there are then.
fn raise_own_limit(wanted: u64) -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let hard = line.split_whitespace().nth(4).unwrap().parse().unwrap_or(u64::MAX);
    let limit = wanted.min(hard);
    let id = std::process::id().to_string();
    let words = ["--pid", &id, &format!("--nofile={limit}:")];
    assert!(Command::new("prlimit").args(words).status().unwrap().success());
    limit
}

/// A server that begins with the few descriptors that a login gives it.
fn start_with_few_descriptors(world: &World) -> Server {
    let mut command = Command::new("prlimit");
    command.args(["--nofile=1024:", DANCU]);
    world.name_folders(&mut command);
    world.spawn_with(command).wait_until_ready()
}

#[test]
fn ten_thousand_idle_connections_cost_little_and_others_are_answered() {
    let count = raise_own_limit(IDLE + OTHERS).saturating_sub(OTHERS).min(IDLE);
    if count < IDLE {
        eprintln!("only {count} of {IDLE} connections: the machine's hard limit of descriptors is low");
    }
    let world = World::new();
    let server = start_with_few_descriptors(&world);
    let token = world.token(&server, "wide");
    let question = question(&world.people()[0]);
    let mut connection = server.connect();
    assert_eq!(connection.verify(&token, &question).unwrap().status, 200);
    let before_kib = server.memory_kib();
    let idle: Vec<TcpStream> = (0..count).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    // The newest connection is behind all idle ones in the queue: when it is answered, they are all held.
    assert_eq!(server.connect().verify(&token, &question).unwrap().status, 200);
    assert_eq!(connection.verify(&token, &question).unwrap().status, 200);
    let open = fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count() as u64;
    assert!(open >= count, "{open} descriptors are open, {count} connections were made");
    let more_kib = server.memory_kib().saturating_sub(before_kib);
    eprintln!("{count} idle connections: {more_kib} KiB more, {before_kib} KiB before");
    assert!(more_kib <= count * KIB_EACH_MAX, "{more_kib} KiB for {count} idle connections");
    drop(idle);
    assert_eq!(server.get("/health").status, 200);
    server.stop();
}
