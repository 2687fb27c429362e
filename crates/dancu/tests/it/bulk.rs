//! Persons in and out as workbooks and Parquet files.

use crate::support::country::World;

/// The file of persons in another format.
fn synth(world: &World, name: &str) -> String {
    let file = world.shown(name);
    world.run(&["synth", "--persons", "300", "--output", &file]).succeeded();
    file
}

#[test]
fn every_format_loads_to_the_same_register_and_a_second_load_changes_nothing() {
    let mut seen = Vec::new();
    for name in ["all.csv", "all.xlsx", "all.parquet"] {
        let world = World::empty();
        let file = synth(&world, name);
        let said = world.run(&["load", &file]);
        assert!(said.err.contains("new 300"), "{name}: {}", said.err);
        said.succeeded();
        let again = world.run(&["load", &file]);
        assert!(again.err.contains("nothing changed"), "{name}: {}", again.err);
        assert!(!world.path(&format!("{name}.rows.csv")).exists(), "nothing in the clear is left beside it");
        let path = world.path(name);
        let mut rows = Vec::new();
        match dancu_bulk::Format::of_file(&path).unwrap() {
            dancu_bulk::Format::Csv => rows = std::fs::read(path).unwrap(),
            format => drop(dancu_bulk::to_csv(&path, format, &mut rows).unwrap()),
        }
        seen.push(String::from_utf8(rows).unwrap().replace('"', ""));
    }
    // A workbook leaves out quotation marks that nobody needs; the rows are the same.
    assert_eq!(seen[0].lines().count(), 301);
    assert!(seen.iter().all(|rows| rows.replace("\r\n", "\n") == seen[0].replace("\r\n", "\n")));
}

#[test]
fn an_export_needs_two_operators_and_logs_everyone_in_it() {
    let world = World::new();
    for id in ["op.one", "op.two"] {
        world.run(&["staff", "add", id, "Lê Thị An", "operator"]).succeeded();
    }
    let file = world.shown("out.parquet");
    let export = |approved_by: &str, client: &str, file: &str| {
        world.run(&[
            "export",
            file,
            "--client",
            client,
            "--reference",
            "CV-12/2026",
            "--ordered-by",
            "op.one",
            "--approved-by",
            approved_by,
        ])
    };
    export("op.one", "wide", &file).failed("DANCU-CLI-082", "--approved-by");
    export("op.nobody", "wide", &file).failed("DANCU-CLI-082", "--approved-by");
    assert!(!export("op.two", "nobody", &file).is_ok);
    // Three a day: nothing is handed over of a page that the limit cuts.
    assert!(export("op.two", "small", &file).err.contains("[DANCU-CLI-083]"));
    assert!(!world.path("out.parquet").exists());
    let before = world.check_is_sound();
    export("op.two", "wide", &file).succeeded();
    assert_eq!(world.check_is_sound() - before, 300, "everyone has an entry");
    let mut rows = Vec::new();
    dancu_bulk::to_csv(&world.path("out.parquet"), dancu_bulk::Format::Parquet, &mut rows).unwrap();
    let rows = String::from_utf8(rows).unwrap();
    assert!(
        rows.starts_with("number,full_name,birth_date,sex,card_state,life_status\n"),
        "the contract's columns"
    );
    assert_eq!(rows.lines().count(), 301);
    export("op.two", "wide", &file).failed("DANCU-CLI-001", "out.parquet");
}

#[test]
fn a_change_of_identity_needs_two_operators_who_stand_in_the_event() {
    let world = World::new();
    for id in ["op.one", "op.two"] {
        world.run(&["staff", "add", id, "Lê Thị An", "operator"]).succeeded();
    }
    let person = &world.people()[0];
    let change = serde_json::json!({
        "id": "01930000-0000-7000-8000-0000000000f1", "taken_at": "2026-11-01T02:00:00Z",
        "actor": {"role": "operator", "id": "op.one"},
        "evidence": [{"kind": "civil_status_paper", "reference": "GKS 1/2026"}],
        "command": {"command": "correct_identity", "number": person.number, "fields": {"name": "Nguyễn Thị Thử"}},
    });
    let file = world.shown("change.json");
    std::fs::write(world.path("change.json"), change.to_string()).unwrap();
    let two = |ordered_by: &'static str, approved_by: &'static str| {
        world.run(&["change", &file, "--json", "--ordered-by", ordered_by, "--approved-by", approved_by])
    };
    let alone = world.run(&["change", &file, "--json"]);
    assert!(alone.out.contains("DANCU-CLI-093") && !alone.is_ok, "{} {}", alone.out, alone.err);
    two("op.one", "op.one").failed("DANCU-CLI-082", "--approved-by");
    two("op.one", "op.nobody").failed("DANCU-CLI-082", "--approved-by");
    assert!(two("op.one", "op.two").succeeded().contains("\"was_known\":false"));
    assert!(two("op.one", "op.two").succeeded().contains("\"was_known\":true"), "the same two again");
}

#[test]
fn a_file_of_which_nothing_can_be_loaded_is_told_to_scripts() {
    let world = World::new();
    std::fs::write(world.path("other.csv"), "number,old_number,full_name,sex,birth_date,birth_place,registration_place,origin,nationality\n12,,A,M,1990,,,,VNM\n13,,B,F,1991,,,,VNM\n").unwrap();
    world.run(&["load", "other.csv", "--quiet"]).failed("DANCU-CLI-124", "other.csv.rejects.csv");
}
