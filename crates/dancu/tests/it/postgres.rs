//! A house moves from its files into a database and back, and loses nothing on either way.

use crate::{
    support::{country::World, server::written},
    told::ask,
};
use dancu_testkit::PostgresCluster;
use std::{fs, process::Stdio};

/// Bytes after which the copy back is killed first, and how many more each time after.
const KILLED_AT: u64 = 150_000;
const LATER: u64 = 60_000;

#[test]
fn a_house_moves_to_postgresql_and_back() {
    let world = World::new();
    let server = world.start();
    ask(&world, &server, "wide", 20);
    server.stop();
    let cluster = PostgresCluster::start();
    let url = cluster.url(&cluster.create_database("template0"));
    let copy = |from: &str, to: &str| world.run(&["store", "copy", "--from", from, "--to", to]);
    let said = copy(&world.shown("data"), &url).succeeded();
    assert!(said.lines().any(|line| line.starts_with("record ") && line.contains(" 20 ")), "{said}");
    assert_eq!(copy(&world.shown("data"), &url).succeeded(), said, "run again it is the same");

    // From here on the settings name the database; of the data folder only the log's public files are used.
    fs::write(world.path("dancu.toml"), format!("store_url = \"{url}\"\n")).unwrap();
    for name in ["register.db", "ledger.db", "views.db"] {
        fs::remove_file(world.path("data").join(name)).unwrap();
    }
    let server = world.start();
    ask(&world, &server, "wide", 30);
    server.stop();
    assert_eq!(world.check_is_sound(), 50);
    world.run(&["load", "people.csv", "--quiet"]).succeeded();
    let other = World::new();
    copy(&other.shown("data"), &url).failed("DANCU-COPY-001", "postgres://");
    assert!(!world.path("data").join("register.db").exists(), "nothing is kept in files");

    let mut kills = 0;
    loop {
        let words = ["store", "copy", "--from", &url, "--to", "back"];
        let mut child = world.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while written(child.id()).is_some_and(|written| written < KILLED_AT + kills * LATER)
            && child.try_wait().unwrap().is_none()
        {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            break;
        }
        kills += 1;
        assert!(kills < 100, "the copy comes to no end");
    }
    assert!(kills > 1, "the copy was killed on its way");
    fs::remove_file(world.path("dancu.toml")).unwrap();
    fs::remove_dir_all(world.path("data")).unwrap();
    fs::rename(world.path("back"), world.path("data")).unwrap();
    let server = world.start();
    ask(&world, &server, "wide", 5);
    server.stop();
    assert_eq!(world.check_is_sound(), 55);
}

#[test]
fn an_address_that_cannot_be_used_is_told_without_its_password() {
    let world = World::new();
    let told = |url: &str, code: &str| {
        // In the settings, since a command line is no place for a password.
        fs::write(world.path("dancu.toml"), format!("store_url = \"{url}\"\n")).unwrap();
        let said = world.run(&["load", "people.csv"]);
        assert!(!said.is_ok && said.err.contains(code), "{}", said.err);
        assert!(!said.err.contains("geheim"), "{}", said.err);
    };
    told("postgres://dancu:geheim@db.example/register?sslmode=prefer", "DANCU-STORE-011");
    told("postgres://dancu:geheim@db.example/register?sslrootcert=/nowhere", "DANCU-STORE-013");
    told("mysql://dancu:geheim@localhost/register", "DANCU-STORE-010");
    told("postgres://dancu:geheim@127.0.0.1:1/register", "DANCU-STORE-006");
    fs::remove_file(world.path("dancu.toml")).unwrap();
    let url = "postgres://dancu:geheim@localhost/register";
    for words in
        [&["--store", url, "load", "people.csv"][..], &["store", "copy", "--from", "data", "--to", url]]
    {
        let said = world.run(words);
        assert!(!said.is_ok && said.err.contains("DANCU-CLI-086"), "{}", said.err);
        assert!(!said.err.contains("geheim"), "{}", said.err);
    }
}
