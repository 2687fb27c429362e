//! A small country with connected clients, made once in a test run and copied for each test.

use super::command::{DANCU, plain};
use dancu_exchange::{Directory, LifeService, Stage};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore};
use dancu_testkit::{FakeClock, bring_to, make_official};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
};
use tempfile::TempDir;

/// Persons of the country.
const PERSONS: usize = 300;

/// Connected clients: id, fields, answers a day, requests a second.
pub const CLIENTS: [(&str, &[&str], u32, u32); 6] = [
    ("wide", &["name", "birth_date", "sex", "card_status", "life_status"], 100_000_000, 100_000_000),
    ("narrow", &["name"], 1_500, 100_000_000),
    ("small", &["name"], 3, 100_000_000),
    ("flooding", &["name"], 100_000_000, 5),
    ("calm", &["name", "birth_date"], 100_000_000, 100_000_000),
    ("suspended", &["name"], 100_000_000, 100_000_000),
];

/// Folders of a node: data, keys, the clients' keys, and the file of persons.
pub struct World {
    folder: TempDir,
}

/// A person of the country, as the file has it.
#[derive(Debug, Clone)]
pub struct Person {
    pub number: String,
    pub name: String,
}

impl World {
    /// A copy of the country, its connections in use.
    pub fn new() -> Self {
        let world = Self::drafts();
        world.make_official();
        world
    }

    /// A copy of the country whose connections are drafts.
    pub fn drafts() -> Self {
        let world = Self::empty();
        copy(base(), world.root());
        world
    }

    /// Takes every draft through its review, as two operators do. No server runs meanwhile.
    pub fn make_official(&self) {
        let store = SqliteStore::open(&self.path("data"), DatabaseOptions::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        runtime.block_on(make_official(&store, &Directory::default(), now));
        store.database().close();
    }

    /// Folders with nothing in them.
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("world-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        Self { folder: folder.unwrap() }
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// A path as messages show it.
    pub fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Takes one draft as far as a stage. No server runs meanwhile.
    pub fn bring_to(&self, contract: &str, stage: Stage) {
        let store = SqliteStore::open(&self.path("data"), DatabaseOptions::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let clock = Arc::new(FakeClock::at("2026-11-21T00:00:00Z"));
        let life = LifeService::new(Arc::new(store.clone()), Arc::default(), clock);
        runtime.block_on(async {
            let mut connection = life.connection(&contract.parse().unwrap()).await.unwrap().unwrap();
            let now = "2026-11-21T00:00:00Z".parse().unwrap();
            bring_to(&store, &Directory::default(), &mut connection, stage, now).await;
        });
        store.database().close();
    }

    /// The country's persons who are alive.
    pub fn people(&self) -> Vec<Person> {
        let mut rows = csv::Reader::from_path(self.path("people.csv")).unwrap();
        let rows = rows.deserialize::<std::collections::HashMap<String, String>>();
        rows.map(Result::unwrap)
            .filter(|row| row["life_status"] != "dead")
            .map(|row| Person { number: row["number"].clone(), name: row["full_name"].clone() })
            .collect()
    }
}

/// Copies a folder with all in it.
pub fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success());
}

fn base() -> &'static Path {
    static BASE: OnceLock<PathBuf> = OnceLock::new();
    BASE.get_or_init(|| {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_left_behind(parent);
        let folder = parent.join(format!("base-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        create(&folder);
        folder
    })
}

/// Removes the countries of test runs that have ended.
fn remove_left_behind(parent: &Path) {
    for entry in fs::read_dir(parent).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.strip_prefix("base-").is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}

fn create(folder: &Path) {
    let people = folder.join("people.csv");
    plain(&["synth", "--persons", &PERSONS.to_string(), "--output", people.to_str().unwrap()]).succeeded();
    let document = folder.join("connections.json");
    fs::write(&document, connections(folder).to_string()).unwrap();
    for arguments in [["load", people.to_str().unwrap()], ["connect", document.to_str().unwrap()]] {
        let mut command = Command::new(DANCU);
        command.arg("--data").arg(folder.join("data")).arg("--keys").arg(folder.join("keys"));
        let output = command.args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn connections(folder: &Path) -> Value {
    fs::create_dir_all(folder.join("clients")).unwrap();
    let (mut clients, mut contracts) = (vec![], vec![]);
    for (id, fields, daily_limit, per_second_max) in CLIENTS {
        let file = folder.join("clients").join(format!("{id}.pem"));
        let key = plain(&["client", "key", file.to_str().unwrap()]).succeeded();
        let key: Value = serde_json::from_str(&key).unwrap();
        let suspended = (id == "suspended").then_some("Kiểm tra");
        clients.push(json!({"id": id, "organisation": "office", "keys": [key], "suspended": suspended}));
        contracts.push(json!({
            "id": format!("contract-{id}"), "client": id, "legal_basis": "Luật Căn cước 2023, Điều 10",
            "purpose_vi": "Kiểm thử", "purpose_en": "Test", "fields": fields, "daily_limit": daily_limit,
            "per_second_max": per_second_max, "valid_from": "2026-01-01", "limit_reason": "Kiểm thử",
        }));
    }
    json!({
        "organisations": [{"id": "office", "name_vi": "Cơ quan thử", "name_en": "Test office"}],
        "clients": clients, "contracts": contracts,
    })
}
