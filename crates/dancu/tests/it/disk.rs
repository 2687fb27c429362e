//! Disks that are full or cannot be written: told at once, and work goes on by itself when there is space again.

use crate::{
    support::{
        client::question,
        command::{DANCU, Said},
        country::World,
        http::{Answer, Connection},
        server::Server,
        small_disk::SmallDisk,
    },
    told::all_are_kept,
};
use dancu_ledger::Receipt;
use serde_json::json;
use std::{fs, process::Command};

/// Questions that are asked at most until the space is used up.
const QUESTIONS_MAX: usize = 5_000;

fn is_answered(answer: &Answer) -> Option<Receipt> {
    (answer.status == 200).then(|| serde_json::from_value(answer.json()["receipt"].clone()).unwrap())
}

/// The answer says that nothing can be recorded, when to try again, and nothing about the machine.
fn is_unavailable(world: &World, answer: &Answer, codes: &[&str]) {
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    assert!(codes.contains(&code.as_str()), "{}", answer.text());
    answer.is_problem(503, &code);
    assert!(answer.retry_after_s().is_some());
    assert!(!answer.text().contains(&world.root().display().to_string()));
}

fn is_unhealthy(connection: &mut Connection, codes: &[&str]) {
    let health = connection.get("/health").unwrap();
    let body = health.json();
    assert_eq!((health.status, &body["status"]), (503, &json!("cannot_record")), "{body}");
    assert!(codes.contains(&body["code"].as_str().unwrap()), "{body}");
}

/// Asks until the disk takes no more, sees what callers and operator are told, gives space, and goes on.
fn full_and_back(world: &World, server: &Server, codes: &[&str], free: impl FnOnce()) -> Vec<Receipt> {
    let token = world.token(server, "wide");
    let mut connection = server.connect();
    let question = question(&world.people()[0]);
    let mut receipts = vec![];
    let refused = (0..QUESTIONS_MAX).find_map(|_| {
        let answer = connection.verify(&token, &question).unwrap();
        match is_answered(&answer) {
            Some(receipt) => {
                receipts.push(receipt);
                None
            }
            None => Some(answer),
        }
    });
    is_unavailable(world, &refused.expect("the disk takes no more at some point"), codes);
    is_unhealthy(&mut connection, codes);
    for _ in 0..3 {
        is_unavailable(world, &connection.verify(&token, &question).unwrap(), codes);
    }
    free();
    for _ in 0..5 {
        let answer = connection.verify(&token, &question).unwrap();
        receipts.push(is_answered(&answer).unwrap_or_else(|| panic!("no recovery: {}", answer.text())));
    }
    assert_eq!(connection.get("/health").unwrap().status, 200);
    for (index, receipt) in receipts.iter().enumerate() {
        assert_eq!(receipt.leaf_index, index as u64, "what was refused left nothing behind");
    }
    receipts
}

#[test]
fn a_full_disk_is_told_and_work_resumes_when_there_is_space() {
    let world = World::new();
    let Some(command) = world.on_small_disk(16 * 1_024, "rw") else { return };
    let server = world.spawn_with(command).wait_until_ready();
    let disk = SmallDisk::of(&world, &server);
    // The first answers find space, then the disk is filled to its last byte.
    let mut receipts = crate::told::ask(&world, &server, "calm", 5);
    let token = world.token(&server, "wide");
    disk.fill();
    let mut connection = server.connect();
    let question = question(&world.people()[0]);
    let refused = (0..QUESTIONS_MAX).find_map(|_| {
        let answer = connection.verify(&token, &question).unwrap();
        is_answered(&answer).map(|receipt| receipts.push(receipt)).is_none().then_some(answer)
    });
    is_unavailable(&world, &refused.unwrap(), &["DANCU-STORE-001"]);
    is_unhealthy(&mut connection, &["DANCU-STORE-001"]);
    let errors = server.errors();
    assert!(errors.contains(&world.shown("data/ledger.db")), "the operator's log names the file: {errors}");
    disk.empty();
    receipts.extend(crate::told::ask(&world, &server, "wide", 5));
    assert_eq!(connection.get("/health").unwrap().status, 200);
    server.stop();
    disk.bring_home(&world);
    all_are_kept(&world, &receipts);
    assert_eq!(world.read_log().size(), receipts.len() as u64, "what was refused left nothing behind");
}

/// A server whose files may not grow beyond a limit.
fn start_limited(world: &World, streams: &str) -> Server {
    let data = fs::read_dir(world.path("data")).unwrap();
    let longest = data.map(|entry| entry.unwrap().metadata().unwrap().len()).max().unwrap();
    let limit = longest.max(64 * 1_024) + 512 * 1_024;
    let mut command = Command::new("sh");
    // Without the trap the kernel would end the process at the limit.
    let script = format!("trap '' XFSZ; exec prlimit --fsize={limit}: \"$0\" \"$@\" {streams}");
    command.args(["-c", &script, DANCU]);
    world.name_folders(&mut command);
    world.spawn_with(command).wait_until_ready()
}

fn lift_limit(server: &Server) {
    let id = server.id().to_string();
    let raised = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited:"]).status().unwrap();
    assert!(raised.success());
}

#[test]
fn files_that_may_not_grow_are_told_and_work_resumes_when_they_may() {
    let world = World::new();
    let server = start_limited(&world, "");
    let receipts = full_and_back(&world, &server, &["DANCU-STORE-001", "DANCU-STORE-006"], || {
        let errors = server.errors();
        assert!(
            errors.contains(&world.shown("data/ledger.db")),
            "the operator's log names the file: {errors}"
        );
        lift_limit(&server);
    });
    server.stop();
    all_are_kept(&world, &receipts);
}

/// The error stream is often a file on the very disk that is full: whoever cannot complain must not fall over that.
#[test]
fn work_resumes_also_where_the_error_stream_could_not_be_written() {
    let world = World::new();
    let server = start_limited(&world, "2> /dev/full");
    let codes = ["DANCU-STORE-001", "DANCU-STORE-006"];
    let receipts = full_and_back(&world, &server, &codes, || lift_limit(&server));
    server.stop();
    all_are_kept(&world, &receipts);
}

#[test]
fn a_disk_that_cannot_be_written_is_told_with_its_file() {
    let world = World::new();
    let Some(command) = world.on_small_disk(16 * 1_024, "ro") else { return };
    let mut command = command;
    let said: Said = command.args(["up", "--listen", "127.0.0.1:0"]).output().unwrap().into();
    said.failed("DANCU-STORE-002", &world.shown("data/dancu.lock"));
    fs::remove_dir(world.path("data")).unwrap();
    fs::rename(world.path("data-before"), world.path("data")).unwrap();
    world.start().stop();
}
