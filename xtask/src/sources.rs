//! The texts of the repository that the checks read.

use std::{fs, io, path::Path};

/// Folders that hold built, downloaded or run-time things, at any depth.
const FOLDERS_SKIPPED: [&str; 9] =
    [".git", "target", "node_modules", "dist", "var", "corpus", "artifacts", "test-results", "vendor"];
/// Endings of the texts people write here.
const ENDINGS: [&str; 12] =
    [".rs", ".ts", ".js", ".mjs", ".md", ".sql", ".html", ".css", ".scss", ".toml", ".sh", ".txt"];
/// Scripts without an ending.
const SCRIPTS: [&str; 4] = ["run", "test", ".ci/run", "scripts/ensure"];

/// One text file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path below the root, with `/`.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

impl Source {
    /// Joins a path and a text.
    #[cfg(test)]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether the path ends in one of `endings`.
    pub fn ends_in(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }

    /// Whether the file holds tests only: it lies in a `tests` folder, or is a `tests.rs` or `…_tests.rs`.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs"))
    }
}

/// Reads every text below `root`, sorted by path. A file that is not UTF-8 is an error naming it.
pub fn read_all(root: &Path) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            // Links are not followed: what they point to is read where it stands.
            let kind = entry.file_type()?;
            if kind.is_dir() && !FOLDERS_SKIPPED.contains(&name.as_str()) {
                folders.push(path);
            } else if kind.is_file() && is_read(&path) {
                let text = fs::read_to_string(entry.path())
                    .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
                sources.push(Source { path, text });
            }
        }
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(sources)
}

/// The text of the file at `path`, empty when there is none.
pub fn text_of<'a>(sources: &'a [Source], path: &str) -> &'a str {
    sources.iter().find(|source| source.path == path).map_or("", |source| source.text.as_str())
}

fn is_read(path: &str) -> bool {
    SCRIPTS.contains(&path) || ENDINGS.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_this_crate_and_skips_built_folders() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = read_all(root).expect("the crate's own folder is readable");
        assert!(text_of(&sources, "src/sources.rs").contains("reads_this_crate"));
        assert_eq!(text_of(&sources, "no/such/file.rs"), "");
        assert!(sources.iter().all(|source| !source.path.starts_with("target/")));
        assert!(sources.is_sorted_by(|left, right| left.path < right.path));
    }

    #[test]
    fn tells_tests_and_texts() {
        assert!(Source::new("crates/core/tests/it/main.rs", "").is_test());
        assert!(Source::new("crates/core/src/tests.rs", "").is_test());
        assert!(Source::new("crates/core/src/tree_tests.rs", "").is_test());
        assert!(!Source::new("crates/testkit/src/lib.rs", "").is_test());
        assert!(is_read("run") && is_read("a/b.rs") && !is_read("a/run") && !is_read("Cargo.lock"));
    }
}
