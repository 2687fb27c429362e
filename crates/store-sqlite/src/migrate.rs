//! The schema of each file, as numbered steps that are applied once and never edited.

use refinery::{Migration, Runner};

/// Names a step and embeds its file.
macro_rules! steps {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../migrations/", $folder, "/", $name, ".sql")))),*]
    };
}

type Steps = &'static [(&'static str, &'static str)];

const REGISTER: Steps = steps!(
    "register": "V1__register", "V2__exchange", "V3__identity", "V4__reception", "V5__changes", "V6__search",
    "V7__feed", "V8__desk", "V9__outbox_start", "V10__life", "V11__consent", "V12__privacy", "V13__usage", "V14__orders",
    "V15__alarms",
    "V16__cohorts", "V17__proof_of_key", "V18__sign_in", "V19__census",
    "V20__file_review",
);

const LEDGER: Steps = steps!("ledger": "V1__ledger", "V2__nodes");
const VIEWS: Steps = steps!("views": "V1__disclosures_by_person");
const HANDOVER: Steps = steps!("handover": "V1__handover");

/// Steps of `register.db`.
pub fn register_migrations() -> Runner {
    runner(REGISTER)
}

/// Steps of `ledger.db`.
pub(crate) fn ledger_migrations() -> Runner {
    runner(LEDGER)
}

/// Steps of `views.db`.
pub(crate) fn views_migrations() -> Runner {
    runner(VIEWS)
}

/// Steps of `handover.db`.
pub(crate) fn handover_migrations() -> Runner {
    runner(HANDOVER)
}

fn runner(steps: Steps) -> Runner {
    let steps: Vec<Migration> = steps
        .iter()
        .map(|(name, sql)| Migration::unapplied(name, sql).expect("step names are tested to be well formed"))
        .collect();
    // Grouped: the steps and the note that they were applied are one transaction. Apart, a crash between the two
    // leaves a file in which every later start fails on a table that exists already.
    Runner::new(&steps).set_grouped(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that nobody listed would never be applied.
    fn every_file_is_listed(folder: &str, steps: Steps) {
        let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let mut listed: Vec<String> = steps.iter().map(|(name, _)| format!("{name}.sql")).collect();
        listed.sort();
        assert_eq!(files, listed);
        for (name, sql) in steps {
            Migration::unapplied(name, sql).unwrap();
        }
    }

    #[test]
    fn every_step_of_the_register_is_listed() {
        every_file_is_listed("register", REGISTER);
    }

    #[test]
    fn every_step_of_the_other_files_is_listed() {
        every_file_is_listed("ledger", LEDGER);
        every_file_is_listed("views", VIEWS);
        every_file_is_listed("handover", HANDOVER);
    }
}
