//! Files are matched without a running system, and what is wrong with them is told.

use crate::support::country::World;
use std::fs;

const HEADER: &str = "id,full_name,birth_date,number\n";

fn write(world: &World, name: &str, bytes: impl AsRef<[u8]>) -> String {
    fs::write(world.path(name), bytes).unwrap();
    world.shown(name)
}

fn rows(world: &World, name: &str) -> Vec<String> {
    let text = fs::read_to_string(world.path("out").join(name)).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn files_of_mixed_encodings_are_matched_and_every_row_is_in_one_list() {
    let world = World::empty();
    let folder = world.shown("files");
    world.run(&["synth", "--persons", "700", "--corrupt", &folder]).succeeded();
    let (agency, register) = (format!("{folder}/agency.csv"), format!("{folder}/register.csv"));
    // A row that is cut, and one in bytes that are no UTF-8.
    let mut bytes = fs::read(&agency).unwrap();
    bytes.extend_from_slice(b"cut,row\n");
    bytes.extend_from_slice(b"latin,,Tr\xc7n Th\xde B\xd7nh,01/02/1990,,,,\n");
    fs::write(&agency, bytes).unwrap();
    let out = world.shown("out");
    world.run(&["match", &agency, &register, "--out", &out]).succeeded();
    let truth = fs::read_to_string(format!("{folder}/truth.csv")).unwrap();
    let links = rows(&world, "links.csv");
    for link in &links {
        let ids: Vec<&str> = link.split(',').collect();
        assert!(truth.contains(&format!("{},{}", ids[1], ids[0])), "{link}");
    }
    let pairs = truth.lines().count() - 1;
    assert!(links.len() * 100 >= pairs * 95, "{} of {pairs}", links.len());
    assert_eq!(rows(&world, "rejected.csv").len(), 1);
    let review = rows(&world, "review.csv").len();
    let none = rows(&world, "none.csv").iter().filter(|row| row.starts_with("left,")).count();
    let left_rows = fs::read(&agency).unwrap().split(|byte| *byte == b'\n').count() - 2;
    assert_eq!(left_rows, links.len() + review + none + 1);
    // The model of the first run judges the second, and says so.
    let model = format!("{out}/model.json");
    world.run(&["match", &agency, &register, "--out", &out, "--model", &model]).succeeded();
    assert!(
        fs::read_to_string(world.path("out").join("report.json")).unwrap().contains("\"is_frozen\": true")
    );
}

#[test]
fn bad_files_and_maps_are_told_by_code_and_leave_nothing() {
    let world = World::empty();
    let out = world.shown("out");
    let good = write(&world, "good.csv", format!("{HEADER}1,Trần Thị An,1990-02-01,001190000011\n"));
    let empty = write(&world, "empty.csv", "");
    let wide = write(&world, "wide.csv", vec!["column"; 10_000].join(","));
    let wide_text = write(&world, "wide_text.csv", b"\xff\xfei\0d\0,\0");
    let endless = write(&world, "endless.csv", format!("{HEADER}1,\"{}", "x".repeat(5 << 20)));
    let strange = write(&world, "strange.csv", "a,b\n1,2\n");
    let map = write(&world, "map.toml", "[[field]]\nkind = \"full_name\"\ncolumn = \"nobody\"\n");
    let no_map = write(&world, "no_map.toml", "[[field]]\nkind = \"shoe_size\"\n");
    for (arguments, code) in [
        (vec![good.as_str(), empty.as_str()], "DANCU-BULK-004"),
        (vec![&good, &wide], "DANCU-BULK-006"),
        (vec![&good, &wide_text], "DANCU-CLI-107"),
        (vec![&endless, &good], "DANCU-CLI-108"),
        (vec![&good, &good], "DANCU-CLI-106"),
        (vec![&good, &strange], "DANCU-QUALITY-011"),
        (vec![&good, "--map", &map], "DANCU-QUALITY-010"),
        (vec![&good, "--map", &no_map], "DANCU-CLI-103"),
        (vec![&good, "--model", &map], "DANCU-CLI-104"),
    ] {
        let mut command = vec!["match"];
        command.extend(arguments);
        command.extend(["--out", &out]);
        let said = world.run(&command);
        assert!(!said.is_ok && said.err.contains(code), "{code}: {}", said.err);
        let left = fs::read_dir(world.path("out")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{code}: nothing is written");
    }
    // Only a header: no rows, and no fault.
    let header = write(&world, "header.csv", HEADER);
    world.run(&["match", &good, &header, "--out", &out]).succeeded();
    assert_eq!(rows(&world, "none.csv"), ["left,1,no_candidate,"]);
}
