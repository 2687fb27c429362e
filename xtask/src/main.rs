//! Chores of the repository, run as `cargo xtask <chore>`: they need no network and build nothing of the product.
//!
//! - `tidy` holds the sources against the house rules of `STYLE.md` and `docs/ARCHITECTURE.md`.
//! - `errors` writes `docs/ERRORS.md`, the list of every error code, from the sources.

// The output of a chore is what it prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore reports on the terminal")]

mod adrs;
mod error_codes;
mod lengths;
mod links;
mod problem;
mod rooms;
mod rust_tokens;
mod sources;
mod typescript;
mod words;

use problem::Problem;
use sources::Source;
use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let chore = std::env::args().nth(1);
    // xtask stands directly under the root of the workspace.
    // Asked when it runs, not when it was built: worktrees share what is built.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&folder).join("..");
    let done = match chore.as_deref() {
        Some("tidy") => tidy(&root),
        Some("errors") => error_codes::write(&root),
        _ => Err("usage: cargo xtask tidy | cargo xtask errors".to_owned()),
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(said) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
    }
}

/// Runs every check; the error text lists all problems, sorted by file and line.
fn tidy(root: &Path) -> Result<String, String> {
    let sources = sources::read_all(root).map_err(|error| format!("cannot read the sources: {error}"))?;
    let members = rooms::members(root)?;
    let mut problems = check_sources(&sources, |path| root.join(path).exists());
    problems.extend(rooms::check(sources::text_of(&sources, rooms::TABLE_FILE), &members));
    problems.sort();
    if problems.is_empty() {
        return Ok(format!("tidy: {} files, {} rooms, no problem", sources.len(), members.len()));
    }
    let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(format!("{}\ntidy: {} problems", list.join("\n"), problems.len()))
}

/// The checks that need only the texts; `exists` tells whether a path below the root is there.
fn check_sources(sources: &[Source], exists: impl Fn(&str) -> bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources {
        problems.extend(lengths::check(source));
        problems.extend(words::check(source));
        problems.extend(links::check(source, &exists));
        problems.extend(adrs::check(source));
    }
    problems.extend(error_codes::check(sources));
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_set_of_sources_has_no_problem() {
        let sources = [
            Source::new("crates/core/src/lib.rs", "//! Core.\n\nfn one() -> u8 {\n    1\n}\n"),
            Source::new("README.md", "See [the core](crates/core/src/lib.rs).\n"),
        ];
        let problems = check_sources(&sources, |path| path == "crates/core/src/lib.rs");
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn every_check_takes_part() {
        let marker = ["FIX", "ME"].concat();
        let long_file = "\n".repeat(501);
        let sources = [
            Source::new("crates/core/src/lib.rs", &format!("// {marker}\n{long_file}")),
            Source::new("README.md", "[gone](gone.md)\n"),
            Source::new("docs/adr/0001-x.md", &long_file),
            Source::new("crates/core/src/e.rs", "const A: &str = \"DANCU-CORE-001\";\n"),
        ];
        let problems = check_sources(&sources, |_| false);
        let files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
        assert_eq!(
            files,
            [
                "crates/core/src/lib.rs",
                "crates/core/src/lib.rs",
                "README.md",
                "docs/adr/0001-x.md",
                "docs/ERRORS.md"
            ]
        );
    }
}
