//! Makes a missing build of the pages a plain sentence instead of a riddle in the embedding macro.

use std::{env, error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../ui/dist");
    println!("cargo::rerun-if-changed={}", dist.join("version").display());
    if !dist.join("version").is_file() {
        println!(
            "cargo::error=ui/dist is missing: run `npm --prefix ui ci && npm --prefix ui run build` first"
        );
    }
    Ok(())
}
