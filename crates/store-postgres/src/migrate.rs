//! The schema, as numbered steps that are applied once and never edited.

use crate::errors::{Fault, Result};
use refinery::{Migration, Runner};
use tokio_postgres::Client;

/// Names a step and embeds its file.
macro_rules! steps {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../migrations/", $name, ".sql")))),*]
    };
}

const STEPS: &[(&str, &str)] = steps!(
    "V1__register",
    "V2__changes",
    "V3__exchange",
    "V4__identity",
    "V5__reception",
    "V6__ledger",
    "V7__feed",
    "V8__copy",
    "V9__search",
    "V10__handover",
    "V11__desk",
    "V12__outbox_start",
    "V13__life",
    "V14__consent",
    "V15__privacy",
    "V16__usage",
    "V17__orders",
    "V18__nodes",
    "V19__alarms",
    "V20__cohorts",
    "V21__proof_of_key",
    "V22__sign_in",
    "V23__census",
    "V24__file_review",
);

/// Held by whoever applies steps, so that two nodes that start at once do not both do it.
const LOCK: i64 = crate::locks::Lock::Migration.number();

/// Applies the steps that are missing, all in one transaction with the note that they were. `session` is what holds for
/// the connection otherwise.
pub(crate) async fn migrate(client: &mut Client, session: &str) -> Result<()> {
    // A step may take as long as the tables are long, and another node that starts waits for it. The locks of a step are
    // waited for as usual: whoever waits for one keeps everybody else from the table.
    client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    client.batch_execute("SET lock_timeout = '30s'").await?;
    let steps: Vec<Migration> = STEPS
        .iter()
        .map(|(name, sql)| Migration::unapplied(name, sql).expect("step names are tested to be well formed"))
        .collect();
    let outcome = Runner::new(&steps).set_grouped(true).run_async(client).await;
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
    client.batch_execute(session).await?;
    outcome.map(drop).map_err(|error| {
        tracing::error!(%error, "the tables could not be created or upgraded");
        Fault::Defect("the tables could not be created or upgraded; the program's log says why")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that nobody listed would never be applied.
    #[test]
    fn every_step_is_listed() {
        let folder = format!("{}/migrations", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let step = |name: &String| name[1..name.find('_').unwrap()].parse::<u32>().unwrap();
        files.sort_by_key(step);
        let listed: Vec<String> = STEPS.iter().map(|(name, _)| format!("{name}.sql")).collect();
        assert_eq!(files, listed);
        for (name, sql) in STEPS {
            Migration::unapplied(name, sql).unwrap();
        }
    }
}
