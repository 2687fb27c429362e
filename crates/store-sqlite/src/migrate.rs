//! The schema of each file, as numbered steps that are applied once and never edited.

use refinery::{Migration, Runner};

/// Names a step and embeds its file.
macro_rules! steps {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../migrations/", $folder, "/", $name, ".sql")))),*]
    };
}

type Steps = &'static [(&'static str, &'static str)];

const REGISTER: Steps = steps!("register": "V1__register", "V3__identity");

/// Steps of `register.db`.
pub fn register_migrations() -> Runner {
    runner(REGISTER)
}

fn runner(steps: Steps) -> Runner {
    let steps: Vec<Migration> = steps
        .iter()
        .map(|(name, sql)| Migration::unapplied(name, sql).expect("step names are tested to be well formed"))
        .collect();
    Runner::new(&steps)
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
}
