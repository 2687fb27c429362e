//! The schema: from nothing, from the release before, by two nodes at once, and broken off in the middle. And the list of
//! tables that says by what they are sharded.

use crate::cluster::{Server, shared};
use dancu_changes::CommandId;
use dancu_core::PersonalNumber;
use dancu_exchange::{ExchangeStore, Side, Stage};
use dancu_handover::HandoverStore;
use dancu_register::{FactValue, RegisterStore, day_from_number};
use dancu_store_postgres::{DatabaseOptions, PostgresStore, StoreLocation};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

const NODES: usize = 6;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How many steps there are.
fn steps() -> usize {
    std::fs::read_dir(root().join("migrations")).unwrap().count()
}

fn location(server: &Server, database: &str) -> StoreLocation {
    server.cluster.url(database).parse().unwrap()
}

/// Every step was applied, once.
fn check_steps(server: &Server, database: &str) {
    let sql = "SELECT count(*), count(DISTINCT version), max(version) FROM refinery_schema_history";
    assert_eq!(server.cluster.sql(database, &[sql]), format!("{0}|{0}|{0}", steps()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_make_the_tables_once() {
    let server = shared();
    let database = server.cluster.create_database("template0");
    let mut nodes = JoinSet::new();
    for _ in 0..NODES {
        let location = location(server, &database);
        nodes.spawn(async move { PostgresStore::open(&location, DatabaseOptions::default()).await.unwrap() });
    }
    for store in nodes.join_all().await {
        assert_eq!(store.count_persons().await, Ok(0));
    }
    check_steps(server, &database);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_broken_off_in_the_middle_left_nothing() {
    let server = Server::start();
    let database = server.cluster.create_database("template0");
    let open = |options| {
        let location = location(&server, &database);
        async move { PostgresStore::open(&location, options).await }
    };
    for by_server in [false, true] {
        // Somebody makes a table of a later step and has not said yet whether it stays: the upgrade waits there.
        let (holder, connection) =
            tokio_postgres::connect(&server.cluster.url(&database), NoTls).await.unwrap();
        tokio::spawn(connection);
        holder.batch_execute("BEGIN; CREATE TABLE visit (organisation text)").await.unwrap();
        let upgrade = tokio::spawn(open(DatabaseOptions::default()));
        let waits = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)";
        while !holder.query_one(waits, &[]).await.unwrap().get::<_, bool>(0) {}
        if by_server {
            server.cluster.kill();
            server.cluster.resume();
            assert!(upgrade.await.unwrap().is_err());
        } else {
            upgrade.abort();
            assert!(upgrade.await.is_err());
            holder.batch_execute("ROLLBACK").await.unwrap();
        }
        if by_server {
            let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'
                              AND tablename <> 'refinery_schema_history'";
            assert_eq!(server.cluster.sql(&database, &[tables]), "0", "no step without the others");
        }
        let store = open(DatabaseOptions::default()).await.unwrap();
        assert_eq!(store.count_persons().await, Ok(0));
        check_steps(&server, &database);
        store.close();
        server.cluster.sql(&database, &["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_release_before_is_opened_and_answers_the_same() {
    let server = shared();
    let database = server.cluster.create_database("template0");
    server.cluster.sql_file(&database, &root().join("tests/data/release-0.2.sql"));
    let sql = "SELECT number, kind, value, valid_from, valid_to, recorded_from, recorded_to, name
               FROM fact JOIN fact_source ON id = source ORDER BY number, kind, recorded_from, valid_from";
    let rows = server.cluster.sql(&database, &[sql]);
    let mut expected: BTreeMap<PersonalNumber, Vec<String>> = BTreeMap::new();
    for row in rows.lines() {
        let number = row.split('|').next().unwrap().parse().unwrap();
        expected.entry(PersonalNumber::from_value(number).unwrap()).or_default().push(row.to_owned());
    }
    assert_eq!(expected.len(), 24);
    let connected = [
        "INSERT INTO organisation VALUES ('bank', 'A', 'A')",
        "INSERT INTO client VALUES ('core', 'bank', '[]', NULL)",
        "INSERT INTO contract VALUES ('c-1', 'core', '{}')",
    ];
    server.cluster.sql(&database, &connected);
    let location = location(server, &database);
    let store = PostgresStore::open(&location, DatabaseOptions::default()).await.unwrap();
    check_steps(server, &database);
    // What was connected before there were reviews stays in use, and its history says so.
    let stages = store.stages().await.unwrap();
    let step = stages[0].step.step().unwrap();
    assert_eq!((stages.len(), stages[0].last_sequence, step.to), (1, 1, Stage::Official));
    assert_eq!(stages[0].step.by.side, Side::Release);
    assert_eq!(store.count_persons().await, Ok(24));
    for (number, rows) in &expected {
        let history = store.history(*number).await.unwrap();
        assert_eq!(history.len(), rows.len());
        for (fact, row) in history.iter().zip(rows) {
            let cells: Vec<&str> = row.split('|').collect();
            let value = FactValue::decode(fact.value.kind(), cells[2].as_bytes()).unwrap();
            let day = |cell: &str| cell.parse().ok().map(|number| day_from_number(number).unwrap());
            let instant =
                |cell: &str| cell.parse().ok().map(|micros| Timestamp::from_microsecond(micros).unwrap());
            assert_eq!((cells[1], &fact.value), (&*fact.value.kind().code().to_string(), &value));
            assert_eq!((Some(fact.valid_from), fact.valid_to), (day(cells[3]), day(cells[4])));
            assert_eq!((Some(fact.recorded_from), fact.recorded_to), (instant(cells[5]), instant(cells[6])));
            assert_eq!(&*fact.source, cells[7]);
        }
    }
    // What is new is there, and empty.
    let id = CommandId(uuid::Uuid::from_u128(1));
    assert_eq!(store.rows(None, 10).await, Ok(Vec::new()));
    assert_eq!(store.add(id, Timestamp::UNIX_EPOCH, vec![1]).await, Ok(None));
    store.close();
    let again = PostgresStore::open(&location, DatabaseOptions::default()).await.unwrap();
    assert!(again.row(id).await.unwrap().is_some());
    check_steps(server, &database);
}

/// A table that nobody thought of when it was said by what tables are sharded fails here.
#[test]
fn the_decision_on_sharding_names_every_table_of_the_steps() {
    let decision = std::fs::read_to_string(root().join("../../docs/adr/0009-postgresql.md")).unwrap();
    let list = decision.split("## Tables").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = list.lines().filter(|line| line.starts_with("| ")).skip(1);
    let named: Vec<&str> =
        rows.flat_map(|row| row.split('|').nth(1).unwrap().split(',')).map(str::trim).collect();
    let mut made = BTreeSet::from(["refinery_schema_history".to_owned()]);
    for file in std::fs::read_dir(root().join("migrations")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let tables = text.lines().filter_map(|line| line.strip_prefix("CREATE TABLE "));
        made.extend(tables.map(|line| line.split([' ', '(']).next().unwrap().to_owned()));
    }
    assert!(made.len() > 40, "{} tables", made.len());
    assert_eq!(named.len(), named.iter().collect::<BTreeSet<_>>().len(), "each once");
    assert_eq!(named.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), made);
}
