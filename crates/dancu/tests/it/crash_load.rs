//! The load dies at any byte it writes, again and again: in the end the register is that of an undisturbed load.

use crate::support::{country::World, numbers::Numbers, server::written};
use rusqlite::{Connection, types::Value};
use std::{
    fmt::Write,
    fs,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const KILLS: u32 = 50;
/// Loads that are begun at most: most are killed.
const ATTEMPTS_MAX: u32 = 400;
/// Rows of a transaction.
const BATCH_ROWS: &str = "20";
/// Every so many rows one is spoiled.
const SPOILED_EACH: usize = 13;
const TIME_MAX: Duration = Duration::from_mins(4);
const REJECTS: &str = "load.csv.rejects.csv";

/// The country's file with rows that cannot be taken: wrong values, too few fields, a number twice.
fn write_file(world: &World) {
    let text = fs::read_to_string(world.path("people.csv")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let header = lines[0].clone();
    let sex = header.split(',').position(|name| name == "sex").unwrap();
    for (count, index) in (1..lines.len()).step_by(SPOILED_EACH).enumerate() {
        let mut fields: Vec<&str> = lines[index].split(',').collect();
        match count % 3 {
            0 => fields[sex] = "?",
            1 => fields.truncate(3),
            _ => fields[0] = "12",
        }
        lines[index] = fields.join(",");
    }
    let twice = lines[6].clone();
    lines.push(twice);
    fs::write(world.path("load.csv"), lines.join("\n") + "\n").unwrap();
}

fn load(world: &World) -> std::process::Command {
    let words = ["load", "load.csv", "--quiet", "--batch-rows", BATCH_ROWS, "--effective", "2026-11-21"];
    let mut command = world.command(&words);
    command.stdout(Stdio::null()).stderr(fs::File::create(world.path("stderr.txt")).unwrap());
    command
}

/// Kills the load once it has written so many bytes; true when it was killed, false when it ended before.
fn killed(world: &World, child: &mut Child, bytes: u64) -> bool {
    let until = Instant::now() + TIME_MAX;
    while written(child.id()).is_some_and(|written| written < bytes) {
        if let Some(status) = child.try_wait().unwrap() {
            let said = || fs::read_to_string(world.path("stderr.txt")).unwrap();
            assert!(status.success(), "{status}: {}", said());
            return false;
        }
        assert!(Instant::now() < until, "the load neither writes nor ends");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// Everything that a load leaves behind, but for the times of record.
fn register(world: &World) -> String {
    let connection = Connection::open(world.path("data").join("register.db")).unwrap();
    let mut text = String::new();
    for query in [
        "SELECT number, kind, valid_from, valid_to, recorded_to IS NULL, name, value
           FROM fact JOIN fact_source ON id = source ORDER BY 1, 2, 3, 4, 5, 6, 7",
        "SELECT persons FROM person_count",
        "SELECT household, number FROM household_person ORDER BY 1, 2",
        "SELECT relative, number FROM relative ORDER BY 1, 2",
        "SELECT commune, number FROM commune_person ORDER BY 1, 2",
        "SELECT name, hex(digest), bytes, lines, rows, rejected, warnings, complete
           FROM load_file JOIN fact_source ON id = source ORDER BY 1",
        "SELECT name, line, field, code, message_vi, message_en, hex(row)
           FROM load_reject JOIN fact_source ON id = source ORDER BY 1, 2",
    ] {
        let mut statement = connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<Value> = (0..columns).map(|column| row.get(column).unwrap()).collect();
            writeln!(text, "{values:?}").unwrap();
        }
    }
    text
}

#[test]
fn a_load_that_is_killed_50_times_gives_the_register_of_an_undisturbed_one() {
    let source = World::new();
    write_file(&source);
    let fresh = || {
        let world = World::empty();
        fs::copy(source.path("load.csv"), world.path("load.csv")).unwrap();
        world
    };
    let undisturbed = fresh();
    assert!(load(&undisturbed).status().unwrap().success());
    let (expected, rejects) = (register(&undisturbed), fs::read(undisturbed.path(REJECTS)).unwrap());
    let rejected = expected.lines().filter(|line| line.contains("DANCU-")).count();
    assert!(rejected > 20, "{rejected} rows were rejected");
    let mut numbers = Numbers::seeded(50);
    let (mut kills, mut loads, mut world) = (0, 0, fresh());
    for _ in 0..ATTEMPTS_MAX {
        if kills < KILLS && killed(&world, &mut load(&world).spawn().unwrap(), numbers.below(600_000)) {
            kills += 1;
            continue;
        }
        // It came to its end, or all kills are done: what is there must be whole.
        assert!(load(&world).status().unwrap().success(), "a load that is repeated changes nothing");
        assert!(register(&world) == expected, "the register differs from that of an undisturbed load");
        assert_eq!(fs::read(world.path(REJECTS)).unwrap(), rejects);
        loads += 1;
        if kills == KILLS {
            eprintln!("{kills} kills in {loads} loads");
            return;
        }
        world = fresh();
    }
    panic!("only {kills} loads were killed");
}
