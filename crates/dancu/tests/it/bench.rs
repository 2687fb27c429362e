//! Measurements run, on both stores, and never where somebody keeps data.

use crate::support::country::World;
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt};

/// Runs a measurement of a few persons; the objects that it prints.
fn bench(world: &World, name: &str, more: &[&str]) -> Vec<Value> {
    let folder = world.shown("bench");
    let mut arguments =
        vec!["bench", name, "--json", "--persons", "400", "--seconds", "1", "--folder", &folder];
    arguments.extend(more);
    let printed = world.run(&arguments).succeeded();
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn measures(more: &[&str]) {
    let world = World::empty();
    // The server's own user must be able to reach the folder.
    fs::set_permissions(world.root(), fs::Permissions::from_mode(0o711)).unwrap();
    for name in ["load", "read", "search", "change"] {
        let reports = bench(&world, name, more);
        let own = &reports[0];
        assert_eq!(own["name"], name);
        assert!(own["ratio"].as_f64().unwrap() > 0.0, "{own}");
        assert!(own["rows"].as_u64().unwrap() > 0, "{own}");
        assert!(own["memory_mib"].as_f64().unwrap() > 0.0, "{own}");
    }
    let cost = &bench(&world, "cost", more)[0];
    let tables = cost["tables"].as_array().unwrap();
    let sum: i64 = tables.iter().map(|table| table["bytes"].as_i64().unwrap()).sum();
    assert_eq!(cost["bytes"].as_i64().unwrap(), sum);
    assert!(tables.iter().any(|table| table["table"] == "fact"));
    let folder = world.shown("bench");
    let again = ["bench", "load", "--persons", "400", "--folder", &folder];
    world.run(&[&again[..], more].concat()).failed("DANCU-CLI-074", "--folder");
}

#[test]
fn measurements_run_on_files() {
    measures(&[]);
    let world = World::empty();
    let layouts = bench(&world, "layout", &[]);
    assert_eq!(layouts.len(), 4);
    assert!(layouts.iter().all(|layout| layout["facts"] == layouts[0]["facts"]));
}

#[test]
fn measurements_run_on_a_database_of_their_own() {
    measures(&["--postgres"]);
}

#[test]
fn a_store_that_somebody_named_is_not_measured() {
    let world = World::empty();
    let named = ["--store", "postgres://dancu@/somewhere?host=/nowhere", "bench", "load"];
    world.run(&named).failed("DANCU-CLI-075", "--postgres");
    world.run(&["bench", "ledger", "--postgres"]).failed("DANCU-CLI-076", "--postgres");
}
