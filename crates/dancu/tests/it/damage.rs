//! Files that are damaged, lost or someone else's: the message names the file, and nothing that was answered is
//! lost.

use crate::{
    support::{country::World, server::Server},
    told::{all_are_kept, ask, ask_and_stop},
};
use std::fs;

const TILE: &str = "data/log/tile/0/000";

/// More than one tile, so that a full one is on the disk.
const MORE_THAN_A_TILE: usize = 300;

#[test]
fn a_second_process_on_the_folder_is_told_and_the_first_goes_on() {
    let world = World::new();
    let server = world.start();
    let mut receipts = ask(&world, &server, "wide", 3);
    let second = world.command(&["up", "--listen", "127.0.0.1:0"]).output().unwrap();
    for said in [second.into(), world.run(&["load", "people.csv"]), world.run(&["ledger", "check"])] {
        crate::support::command::Said::failed(&said, "DANCU-STORE-004", &world.shown("data/dancu.lock"));
    }
    receipts.extend(ask(&world, &server, "wide", 3));
    server.stop();
    all_are_kept(&world, &receipts);
}

/// Spoils a tile and sees that the check names it, the server says so, and the repair mends it.
fn tile_is_told_and_mended(spoil: impl Fn(&mut Vec<u8>)) {
    let world = World::new();
    let receipts = ask_and_stop(&world, MORE_THAN_A_TILE);
    let file = world.path(TILE);
    let good = fs::read(&file).unwrap();
    let mut bytes = good.clone();
    spoil(&mut bytes);
    fs::write(&file, &bytes).unwrap();
    let report = world.check();
    assert_eq!(report["sound"], false, "{report}");
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "DANCU-LEDGER-020", "{report}");
    for title in ["title_vi", "title_en"] {
        let title = finding[title].as_str().unwrap();
        assert!(title.contains(&world.shown(TILE)) && title.contains("dancu ledger repair"), "{title}");
    }
    let said = world.run(&["ledger", "check"]);
    assert!(!said.is_ok && said.err.contains("[DANCU-CLI-031]"), "{}", said.err);
    // Whether the start notices or not: no caller is ever served a wrong tile as if it were right.
    let mut starting = world.spawn();
    if let Some((address, _)) = starting.take_ready().address() {
        let answer = crate::support::http::Connection::open(address).unwrap().get("/log/tile/0/000").unwrap();
        assert!(answer.status == 503 || answer.body == good, "{}", answer.status);
    }
    starting.child.kill().unwrap();
    starting.child.wait().unwrap();
    world.run(&["ledger", "repair"]).succeeded();
    assert_eq!(fs::read(&file).unwrap(), good);
    all_are_kept(&world, &receipts);
}

#[test]
fn a_tile_with_a_changed_bit_is_told_and_mended() {
    tile_is_told_and_mended(|bytes| bytes[4_000] ^= 1);
}

#[test]
fn a_cut_tile_is_told_and_mended() {
    tile_is_told_and_mended(|bytes| bytes.truncate(1_000));
}

#[test]
fn a_lost_index_and_lost_tiles_are_built_again_at_the_start() {
    let world = World::new();
    let receipts = ask_and_stop(&world, MORE_THAN_A_TILE);
    for name in ["views.db", "views.db-wal", "views.db-shm"] {
        let _ = fs::remove_file(world.path("data").join(name));
    }
    fs::remove_dir_all(world.path("data/log")).unwrap();
    world.start().stop();
    let report = world.check();
    assert_eq!(report["sound"], true, "{report}");
    for kind in ["records", "published", "indexed"] {
        assert_eq!(report[kind], MORE_THAN_A_TILE, "{kind}: {report}");
    }
    all_are_kept(&world, &receipts);
}

#[test]
fn a_write_ahead_log_cut_in_its_unacknowledged_tail_is_repaired_at_the_start() {
    let world = World::new();
    let server = world.start();
    let receipts = ask(&world, &server, "wide", 20);
    server.kill();
    // A torn write that nobody was answered for: half a frame behind the last commit.
    let file = world.path("data/ledger.db-wal");
    let mut bytes = fs::read(&file).unwrap();
    let torn: Vec<u8> = bytes[bytes.len() - 4_120..].iter().map(|byte| byte ^ 0x55).take(2_000).collect();
    bytes.extend(torn);
    fs::write(&file, &bytes).unwrap();
    let server = world.start();
    let more = ask(&world, &server, "wide", 5);
    assert_eq!(more[0].leaf_index, 20, "the log goes on where the last answer was");
    server.stop();
    all_are_kept(&world, &[receipts, more].concat());
}

#[test]
fn a_write_ahead_log_that_lost_answered_records_is_seen_against_the_published_log() {
    let world = World::new();
    let server = world.start();
    ask(&world, &server, "wide", 30);
    wait_until_published(&server, 30);
    server.kill();
    // The disk lied about its flushes: the end of the log is gone, the published checkpoint is still there.
    let file = world.path("data/ledger.db-wal");
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length / 2).unwrap();
    let report = world.check();
    assert_eq!(report["sound"], false, "{report}");
    let said = world.start_fails();
    said.failed("DANCU-LEDGER-006", "ledger.db");
}

/// Waits until the published checkpoint covers so many records.
fn wait_until_published(server: &Server, size: u64) {
    let until = std::time::Instant::now() + crate::support::server::PROCESS_TIME_MAX;
    let mut connection = server.connect();
    loop {
        let checkpoint = connection.get("/log/checkpoint").unwrap();
        if checkpoint.text().lines().nth(1).unwrap().parse::<u64>().unwrap() >= size {
            return;
        }
        assert!(std::time::Instant::now() < until, "{}", checkpoint.text());
    }
}

#[test]
fn a_missing_signing_key_is_told_and_no_new_one_is_drawn() {
    let world = World::new();
    let receipts = ask_and_stop(&world, 2);
    let file = world.path("keys/log-signing.key");
    let text = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    world.start_fails().failed("DANCU-LEDGER-003", &world.shown("keys/log-signing.key"));
    assert!(!file.exists());
    fs::write(&file, text).unwrap();
    world.start().stop();
    all_are_kept(&world, &receipts);
}

#[test]
fn a_foreign_signing_key_is_told() {
    let (world, other) = (World::new(), World::empty());
    let receipts = ask_and_stop(&world, 2);
    other.start().stop();
    let file = world.path("keys/log-signing.key");
    let text = fs::read(&file).unwrap();
    let verifier = fs::read(world.path("keys/log-verifier.pub")).unwrap();
    fs::copy(other.path("keys/log-signing.key"), &file).unwrap();
    world.start_fails().failed("DANCU-LEDGER-003", &world.shown("keys/log-signing.key"));
    fs::write(&file, text).unwrap();
    fs::write(world.path("keys/log-verifier.pub"), verifier).unwrap();
    world.start().stop();
    all_are_kept(&world, &receipts);
}

#[test]
fn garbage_in_place_of_a_database_is_told_with_its_file() {
    for name in ["register.db", "ledger.db"] {
        let world = World::new();
        fs::write(world.path("data").join(name), "Đây không phải cơ sở dữ liệu. ".repeat(500)).unwrap();
        for side in ["-wal", "-shm"] {
            let _ = fs::remove_file(world.path("data").join(format!("{name}{side}")));
        }
        let said = world.start_fails();
        said.failed("DANCU-STORE-003", &world.shown(&format!("data/{name}")));
    }
}

#[test]
fn garbage_in_place_of_the_derived_index_is_replaced_at_the_start() {
    let world = World::new();
    let receipts = ask_and_stop(&world, 5);
    for name in ["data/views.db", "data/views.db-wal", "data/views.db-shm"] {
        fs::write(world.path(name), "garbage ".repeat(2_000)).unwrap();
    }
    let server = world.start();
    assert!(server.errors().contains(&world.shown("data/views.db")), "the operator's log names the file");
    server.stop();
    let report = world.check();
    assert_eq!((&report["sound"], &report["indexed"]), (&true.into(), &5.into()), "{report}");
    all_are_kept(&world, &receipts);
}

#[test]
fn a_page_of_the_register_that_is_garbage_is_told_and_the_log_is_kept() {
    let world = World::new();
    let receipts = ask_and_stop(&world, 5);
    let file = world.path("data/register.db");
    let mut bytes = fs::read(&file).unwrap();
    // Every page but the first: the header is sound, the rest is not.
    bytes[4_096..].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    let said = world.start_fails();
    said.failed("DANCU-STORE-003", &world.shown("data/register.db"));
    all_are_kept(&world, &receipts);
}
