//! The rooms of the house: the table in `docs/ARCHITECTURE.md` against what the crates really depend on.

use crate::problem::Problem;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

/// Where the table stands.
pub const TABLE_FILE: &str = "docs/ARCHITECTURE.md";
const TABLE_START: &str = "<!-- rooms:start -->";
const TABLE_END: &str = "<!-- rooms:end -->";
/// Rooms of the domain: they state ports, and know neither stores nor the web.
const DOMAIN_ROOMS: [&str; 9] =
    ["core", "places", "register", "cards", "identity", "exchange", "feed", "ledger", "reception"];
/// Crates of SQL, HTTP and HTML; a name ending in `*` stands for all that begin so.
const OUTSIDE_CRATES: [&str; 13] = [
    "rusqlite",
    "refinery",
    "sqlx",
    "tokio-postgres",
    "deadpool*",
    "axum*",
    "hyper*",
    "http",
    "http-body*",
    "tower*",
    "reqwest",
    "askama*",
    "rust-embed*",
];

/// A crate of the workspace that is a room, and the crates it names as normal or build dependencies.
#[derive(Debug)]
pub struct Member {
    /// Name of its folder under `crates/`.
    pub room: String,
    /// Its `Cargo.toml`, below the root.
    pub manifest: String,
    /// Rooms it depends on, by their names.
    pub rooms_used: BTreeSet<String>,
    /// Crates from outside it depends on.
    pub crates_used: BTreeSet<String>,
}

/// Asks cargo for the rooms, without network.
pub fn members(root: &Path) -> Result<Vec<Member>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata is no JSON: {error}"))?;
    members_of(&metadata).ok_or_else(|| "cargo metadata has not the expected shape".to_owned())
}

fn members_of(metadata: &Value) -> Option<Vec<Member>> {
    let workspace = metadata["workspace_root"].as_str()?;
    let crates = format!("{workspace}/crates/");
    let room_of =
        |path: &str| path.strip_prefix(&crates).and_then(|rest| rest.split('/').next()).map(str::to_owned);
    let mut members = Vec::new();
    for package in metadata["packages"].as_array()? {
        let manifest = package["manifest_path"].as_str()?;
        let Some(room) = room_of(manifest) else { continue };
        let mut member = Member {
            room,
            manifest: manifest.strip_prefix(workspace)?.trim_start_matches('/').to_owned(),
            rooms_used: BTreeSet::new(),
            crates_used: BTreeSet::new(),
        };
        for dependency in package["dependencies"].as_array()? {
            if dependency["kind"] == "dev" {
                continue;
            }
            match dependency["path"].as_str().and_then(|path| room_of(&format!("{path}/"))) {
                Some(room) => member.rooms_used.insert(room),
                None => member.crates_used.insert(dependency["name"].as_str()?.to_owned()),
            };
        }
        members.push(member);
    }
    Some(members)
}

/// Holds the table in `architecture` against the rooms.
pub fn check(architecture: &str, members: &[Member]) -> Vec<Problem> {
    let table = match table(architecture) {
        Ok(table) => table,
        Err(what) => {
            let remedy =
                format!("write `| room | for | may use |` between `{TABLE_START}` and `{TABLE_END}`");
            return vec![Problem::new(TABLE_FILE, 0, what, remedy)];
        }
    };
    let mut problems = table_problems(&table, members);
    for member in members {
        if let Some(row) = table.get(&member.room) {
            problems.extend(member.rooms_used.difference(&row.may_use).map(|used| {
                let what =
                    format!("room `{}` uses room `{used}`, which the table does not allow", member.room);
                let remedy = format!("drop the dependency, or allow it at {TABLE_FILE}:{}", row.line);
                Problem::new(&member.manifest, 0, what, remedy)
            }));
        }
        problems.extend(outside_problems(member));
    }
    problems
}

fn table_problems(table: &BTreeMap<String, Row>, members: &[Member]) -> Vec<Problem> {
    let rooms: BTreeSet<&str> = members.iter().map(|member| member.room.as_str()).collect();
    let mut problems = Vec::new();
    for room in rooms.iter().filter(|room| !table.contains_key(**room)) {
        let what = format!("room `{room}` is missing in the table of rooms");
        problems.push(Problem::new(TABLE_FILE, 0, what, "add a row that says what it is for and may use"));
    }
    for (name, row) in table {
        let unknown = row.may_use.iter().filter(|used| !rooms.contains(used.as_str()));
        for stranger in unknown.chain((!rooms.contains(name.as_str())).then_some(name)) {
            let what = format!("the table names `{stranger}`, and there is no crates/{stranger}");
            problems.push(Problem::new(TABLE_FILE, row.line, what, "correct the name or drop it"));
        }
    }
    problems
}

fn outside_problems(member: &Member) -> Vec<Problem> {
    if !DOMAIN_ROOMS.contains(&member.room.as_str()) {
        return Vec::new();
    }
    let is_outside = |name: &str| {
        OUTSIDE_CRATES.iter().any(|outside| match outside.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *outside,
        })
    };
    let outside = member.crates_used.iter().filter(|name| is_outside(name));
    outside
        .map(|name| {
            let what = format!("domain room `{}` uses `{name}`: no SQL, HTTP or HTML there", member.room);
            Problem::new(
                &member.manifest,
                0,
                what,
                "state a port (trait) here, adapt to it in store-sqlite or web",
            )
        })
        .collect()
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    line: usize,
    may_use: BTreeSet<String>,
}

/// Reads the rows by room: the first cell is the room, the last the rooms it may use, separated by commas.
fn table(architecture: &str) -> Result<BTreeMap<String, Row>, String> {
    let mut table = BTreeMap::new();
    let mut inside = false;
    for (index, line) in architecture.lines().enumerate() {
        match line.trim() {
            TABLE_START => inside = true,
            TABLE_END => {
                return if table.is_empty() {
                    Err("the table of rooms is empty".to_owned())
                } else {
                    Ok(table)
                };
            }
            row if inside && row.starts_with('|') => {
                let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
                let &[room, _, may_use] = cells.as_slice() else {
                    return Err(format!("line {}: a row of the table of rooms has three cells", index + 1));
                };
                let room = plain(room);
                if room == "room" || room.starts_with("---") || room.starts_with(":--") {
                    continue;
                }
                let may_use =
                    may_use.split(',').map(plain).filter(|name| !["", "-", "–", "—"].contains(name));
                let row = Row { line: index + 1, may_use: may_use.map(str::to_owned).collect() };
                if table.insert(room.to_owned(), row).is_some() {
                    return Err(format!("line {}: room `{room}` stands twice", index + 1));
                }
            }
            _ => {}
        }
    }
    Err("the table of rooms is missing or has no end".to_owned())
}

/// A cell's word without its backticks.
fn plain(cell: &str) -> &str {
    cell.trim().trim_matches('`').trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TABLE: &str = "# Rooms\n<!-- rooms:start -->\n| room | for | may use |\n|---|---|---|\n\
                         | `core` | words | — |\n| `web` | pages | `core`, `core` |\n<!-- rooms:end -->\n";

    fn member(room: &str, rooms: &[&str], crates: &[&str]) -> Member {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let manifest = format!("crates/{room}/Cargo.toml");
        Member { room: room.to_owned(), manifest, rooms_used: set(rooms), crates_used: set(crates) }
    }

    fn whats(architecture: &str, members: &[Member]) -> Vec<String> {
        check(architecture, members).into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn a_table_that_agrees_passes() {
        assert_eq!(
            whats(TABLE, &[member("core", &[], &["serde"]), member("web", &["core"], &["axum"])]),
            [""; 0]
        );
    }

    #[test]
    fn an_edge_that_is_not_allowed_is_named() {
        let problems = check(TABLE, &[member("core", &["web"], &[]), member("web", &[], &[])]);
        assert_eq!(problems[0].file, "crates/core/Cargo.toml");
        assert_eq!(problems[0].what, "room `core` uses room `web`, which the table does not allow");
        assert_eq!(problems[0].remedy, "drop the dependency, or allow it at docs/ARCHITECTURE.md:5");
    }

    #[test]
    fn a_missing_and_an_extra_room_are_named() {
        assert_eq!(
            whats(TABLE, &[member("core", &[], &[]), member("ledger", &[], &[])]),
            [
                "room `ledger` is missing in the table of rooms",
                "the table names `web`, and there is no crates/web"
            ]
        );
    }

    #[test]
    fn a_domain_room_with_sql_or_http_is_named() {
        let members = [member("core", &[], &["rusqlite", "tower-http"]), member("web", &[], &["tower-http"])];
        assert_eq!(
            whats(TABLE, &members),
            [
                "domain room `core` uses `rusqlite`: no SQL, HTTP or HTML there",
                "domain room `core` uses `tower-http`: no SQL, HTTP or HTML there"
            ]
        );
    }

    #[test]
    fn a_table_that_cannot_be_read_is_named() {
        assert_eq!(whats("# Rooms\n", &[]), ["the table of rooms is missing or has no end"]);
        let empty = "<!-- rooms:start -->\n<!-- rooms:end -->\n";
        assert_eq!(whats(empty, &[]), ["the table of rooms is empty"]);
        let twice = TABLE.replace("`web`", "`core`");
        assert_eq!(whats(&twice, &[]), ["line 6: room `core` stands twice"]);
        let cells = TABLE.replace("| pages ", "");
        assert_eq!(whats(&cells, &[]), ["line 6: a row of the table of rooms has three cells"]);
    }

    #[test]
    fn reads_cargo_metadata_without_dev_dependencies() {
        let metadata = json!({"workspace_root": "/w", "packages": [
            {"manifest_path": "/w/xtask/Cargo.toml", "dependencies": []},
            {"manifest_path": "/w/crates/web/Cargo.toml", "dependencies": [
                {"name": "dancu-core", "kind": null, "path": "/w/crates/core"},
                {"name": "dancu-testkit", "kind": "dev", "path": "/w/crates/testkit"},
                {"name": "axum", "kind": null},
                {"name": "dancu-places", "kind": "build", "path": "/w/crates/places"}
            ]}
        ]});
        let members = members_of(&metadata).expect("the sample has the shape of cargo metadata");
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].manifest, "crates/web/Cargo.toml");
        assert_eq!(members[0].rooms_used.iter().collect::<Vec<_>>(), ["core", "places"]);
        assert_eq!(members[0].crates_used.iter().collect::<Vec<_>>(), ["axum"]);
    }
}
