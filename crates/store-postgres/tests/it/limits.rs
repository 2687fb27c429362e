//! Bounds: of waiting, of statements, of running again.

use crate::{
    cluster::{new_store, shared},
    work::{PERSONS, Work, check_is_whole, number},
};
use dancu_changes::ChangeStore;
use dancu_core::StoreError;
use dancu_ledger::{Batch, Frontier, Head, LedgerStore, NodeName};
use dancu_register::RegisterStore;
use dancu_store_postgres::{DatabaseOptions, PostgresStore, StoreLocation, open_ledger};
use std::{sync::Arc, time::Duration};
use tokio_postgres::NoTls;

/// Longer than any wait of a test that goes well.
const TOO_LONG: Duration = Duration::from_mins(1);

/// Somebody who holds a table of a database.
struct Holder {
    client: tokio_postgres::Client,
}

impl Holder {
    async fn of(database: &str, table: &str) -> Self {
        let (client, connection) =
            tokio_postgres::connect(&shared().cluster.url(database), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("BEGIN; LOCK TABLE {table}")).await.unwrap();
        Self { client }
    }

    /// Waits until somebody waits for the table.
    async fn wanted(&self) {
        let sql = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND database =
                       (SELECT oid FROM pg_database WHERE datname = current_database()))";
        while !self.client.query_one(sql, &[]).await.unwrap().get::<_, bool>(0) {
            tokio::task::yield_now().await;
        }
    }

    async fn let_go(&self) {
        self.client.batch_execute("COMMIT").await.unwrap();
    }
}

async fn open(database: &str, options: DatabaseOptions) -> PostgresStore {
    let location: StoreLocation = shared().cluster.url(database).parse().unwrap();
    PostgresStore::open(&location, options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_every_connection_in_use_is_told_soon() {
    let database = shared().new_database();
    let store = open(&database, DatabaseOptions { connections_max: 1, ..DatabaseOptions::default() }).await;
    let holder = Holder::of(&database, "event").await;
    let first = tokio::spawn({
        let store = store.clone();
        async move { store.event(Work::envelope(0).id).await }
    });
    holder.wanted().await;
    let told = tokio::time::timeout(TOO_LONG, store.count_persons()).await.unwrap();
    assert_eq!(told, Err(StoreError::Overloaded));
    holder.let_go().await;
    assert_eq!(first.await.unwrap(), Ok(None));
    assert_eq!(store.count_persons().await, Ok(0), "and served again afterwards");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_away_leaves_nobody_waiting_for_their_statement() {
    let database = shared().new_database();
    let store = open(&database, DatabaseOptions { connections_max: 1, ..DatabaseOptions::default() }).await;
    let holder = Holder::of(&database, "event").await;
    let gone = tokio::spawn({
        let store = store.clone();
        async move { store.event(Work::envelope(0).id).await }
    });
    holder.wanted().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let told = tokio::time::timeout(TOO_LONG, store.count_persons()).await.unwrap();
    assert_eq!(told, Ok(0), "another table is read while the first is still held");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_ends_after_its_time() {
    let database = shared().new_database();
    let options =
        DatabaseOptions { statement_time_max: Duration::from_millis(100), ..DatabaseOptions::default() };
    let store = open(&database, options).await;
    let holder = Holder::of(&database, "event").await;
    let told = tokio::time::timeout(TOO_LONG, store.event(Work::envelope(0).id)).await.unwrap();
    assert_eq!(told, Err(StoreError::Overloaded));
    holder.let_go().await;
    assert_eq!(store.event(Work::envelope(0).id).await, Ok(None));
}

/// The strictest isolation makes PostgreSQL undo many transactions that meet: each is run again or told, never lost and
/// never done twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transactions_that_meet_are_run_again() {
    let database = shared().new_database();
    shared().cluster.sql(
        "postgres",
        &[&format!("ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'")],
    );
    let work = Work::new(open(&database, DatabaseOptions::default()).await).await;
    let acknowledged = work.send_all().await;
    check_is_whole(&work.store, &acknowledged).await;
}

/// Changes that wait at the same time are written together; the database refuses those of one person.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_the_database_refuses_takes_no_other_one_with_it() {
    let database = shared().new_database();
    let work = Work::new(open(&database, DatabaseOptions::default()).await).await;
    let refused = number(2).value();
    shared().cluster.sql(
        &database,
        &[
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
            &format!(
                "CREATE TRIGGER refuse BEFORE INSERT ON fact FOR EACH ROW WHEN (NEW.number = {refused})
                 EXECUTE FUNCTION refuse()"
            ),
        ],
    );
    let mut told: Vec<(u64, bool)> = work.send_each(60).await;
    told.sort_unstable();
    let expected: Vec<(u64, bool)> = (0..60).map(|serial| (serial, serial % PERSONS != 2)).collect();
    assert_eq!(told, expected);
}

/// As after a failover in which the old server was not stopped: it answers, and takes no writes.
#[test]
fn a_log_looks_for_another_server_when_its_own_takes_no_writes() {
    let database = shared().new_database();
    let location: StoreLocation = shared().cluster.url(&database).parse().unwrap();
    let mut store = open_ledger(&location, &NodeName::default()).unwrap().store;
    let head = Head { frontier: Frontier::default(), checkpoint: "example\n0\n".into(), newest_us: 1 };
    let mut commit = || store.append(&Batch { first: 0, records: &[], quotas: &[], head: &head });
    commit().unwrap();
    let cluster = &shared().cluster;
    let read_only = format!("ALTER DATABASE {database} SET default_transaction_read_only = on");
    let end_all =
        format!("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{database}'");
    cluster.sql("postgres", &[&read_only, &end_all]);
    // The first only learns that its connection is gone.
    let told = [commit(), commit()];
    assert!(matches!(told[1], Err(StoreError::ReadOnly { .. })), "{told:?}");
    cluster.sql("postgres", &[&format!("ALTER DATABASE {database} RESET default_transaction_read_only")]);
    commit().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_says_so() {
    let store = new_store();
    store.close();
    assert!(matches!(Arc::new(store).count_persons().await, Err(StoreError::Failed { .. })));
}
