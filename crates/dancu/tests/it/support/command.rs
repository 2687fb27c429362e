//! Commands of the binary that run to their end.

use super::country::World;
use serde_json::Value;
use std::process::{Command, Output};

/// The binary that was built for these tests.
pub const DANCU: &str = env!("CARGO_BIN_EXE_dancu");

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub is_ok: bool,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            is_ok: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// The command succeeded; its output.
    #[track_caller]
    pub fn succeeded(self) -> String {
        assert!(self.is_ok, "the command failed: {}", self.err);
        self.out
    }

    /// The command failed with a code, in both languages, and its message names `named`.
    #[track_caller]
    pub fn failed(&self, code: &str, named: &str) {
        assert!(!self.is_ok, "the command succeeded: {}", self.out);
        assert!(self.err.contains(&format!("[{code}]")), "{code} is not in: {}", self.err);
        let sentences = self.err.lines().filter(|line| line.contains(named)).count();
        assert_eq!(sentences, 2, "{named} is to stand in both sentences: {}", self.err);
    }
}

/// Runs the binary without a data folder.
pub fn plain(arguments: &[&str]) -> Said {
    Command::new(DANCU).args(arguments).env_remove("DANCU_LOG").output().unwrap().into()
}

impl World {
    /// The binary on this world's folders.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(DANCU);
        self.name_folders(&mut command);
        command.args(arguments);
        command
    }

    /// Puts the folders behind a program that is or becomes the binary.
    pub fn name_folders(&self, command: &mut Command) {
        command.arg("--config").arg(self.path("dancu.toml"));
        command.arg("--data").arg(self.path("data")).arg("--keys").arg(self.path("keys"));
        command.env_remove("DANCU_LOG").current_dir(self.root());
    }

    /// Runs the binary on this world's folders.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// What `dancu ledger check --json` reports.
    pub fn check(&self) -> Value {
        let said = self.run(&["ledger", "check", "--json"]);
        serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("no report: {}", said.err))
    }

    /// The log is sound; how many records it has.
    #[track_caller]
    pub fn check_is_sound(&self) -> u64 {
        let report = self.check();
        assert_eq!(report["sound"], true, "{report}");
        report["records"].as_u64().unwrap()
    }
}
