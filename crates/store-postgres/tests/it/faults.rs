//! The server dies, again and again, while changes, loads and disclosures are on their way: what was acknowledged is
//! there, and nothing is there twice. A standby takes over from a server that does not come back.

use crate::{
    cluster::{Server, open},
    work::{PERSONS, Progress, Work, check_is_whole, disclose_and_check, load_all, number, people},
};
use dancu_register::RegisterStore;
use dancu_store_postgres::StoreLocation;
use std::{sync::Arc, time::Duration};
use tokio::task::spawn_blocking;

const KILLS: u64 = 4;
/// Rows of the file that is loaded meanwhile.
const ROWS: u64 = 1_500;
/// Disclosures that must be acknowledged.
const DISCLOSURES: u64 = 400;
/// Within this a store answers again once a server takes writes. It needs a new connection, no more.
const BACK_WITHIN: Duration = Duration::from_secs(10);

async fn server() -> Arc<Server> {
    Arc::new(spawn_blocking(Server::start).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_dies_loses_nothing_and_doubles_nothing() {
    let server = server().await;
    let work = Work::new(open(&server.new_location())).await;
    let folder = tempfile::tempdir().unwrap();
    people(&folder.path().join("second.csv"), PERSONS..PERSONS + ROWS);
    let loading = tokio::spawn(load_all(work.store.clone(), folder.path().join("second.csv")));
    let progress = work.progress();
    let killer = spawn_blocking(move || {
        for kill in 1..=KILLS {
            progress.wait_for(kill, KILLS + 1);
            kill_and_resume(&server, kill);
        }
        server
    });
    let acknowledged = work.send_all().await;
    let _server = killer.await.unwrap();
    loading.await.unwrap();
    assert_eq!(work.store.count_persons().await.unwrap(), PERSONS + ROWS);
    for serial in PERSONS..PERSONS + ROWS {
        assert_eq!(work.store.history(number(serial)).await.unwrap().len(), 1, "loaded once");
    }
    check_is_whole(&work.store, &acknowledged).await;
}

fn kill_and_resume(server: &Server, kill: u64) {
    if kill.is_multiple_of(2) {
        server.cluster.kill();
    } else {
        server.cluster.stop_immediately();
    }
    server.cluster.resume();
}

#[test]
fn a_server_that_dies_under_the_log_loses_no_receipt_and_doubles_no_record() {
    let server = Server::start();
    let (location, progress) = (server.new_location(), Progress::new(DISCLOSURES));
    std::thread::scope(|scope| {
        let log = scope.spawn(|| disclose_and_check(&location, &progress));
        for kill in 1..=KILLS {
            progress.wait_for(kill, KILLS + 1);
            kill_and_resume(&server, kill);
        }
        log.join().unwrap();
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_standby_takes_over_and_nothing_that_was_acknowledged_is_lost() {
    let primary = server().await;
    let database = primary.new_database();
    let standby = Arc::new(primary.cluster.start_standby());
    // From here on acknowledged means: on both.
    primary
        .cluster
        .sql("postgres", &["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"]);
    let is_followed = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    while primary.cluster.sql("postgres", &[is_followed]) != "1" {}
    let folders = (primary.cluster.folder().display(), standby.folder().display());
    let url = format!("postgres://dancu@/{database}?host={}&host={}", folders.0, folders.1);
    let location: StoreLocation = format!("{url}&target_session_attrs=read-write").parse().unwrap();

    let work = Work::new(open(&location)).await;
    let log_progress = Progress::new(DISCLOSURES);
    let log = spawn_blocking({
        let log_progress = log_progress.clone();
        move || disclose_and_check(&location, &log_progress)
    });
    let progress = work.progress();
    let takeover = tokio::spawn({
        let (primary, standby, store) = (Arc::clone(&primary), Arc::clone(&standby), work.store.clone());
        async move {
            spawn_blocking(move || {
                progress.wait_for(1, 2);
                log_progress.wait_for(1, 8);
                primary.cluster.kill();
                standby.promote();
            })
            .await
            .unwrap();
            let answers = async { while store.count_persons().await.is_err() {} };
            tokio::time::timeout(BACK_WITHIN, answers).await.expect("the same store answers again, soon");
        }
    });
    let acknowledged = work.send_all().await;
    takeover.await.unwrap();
    log.await.unwrap();
    check_is_whole(&work.store, &acknowledged).await;
}
