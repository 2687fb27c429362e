//! What a check found, said so that the reader knows what to do.

use std::fmt;

/// One breach of a house rule. Ordered by file, then line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path below the root, with `/`.
    pub file: String,
    /// Line, counted from 1; 0 stands for the whole file.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    /// Joins the place, the finding and the remedy.
    pub fn new(file: &str, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.file, self.what)?,
            line => write!(out, "{}:{line}: {}", self.file, self.what)?,
        }
        write!(out, "\n    remedy: {}", self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_place_finding_and_remedy() {
        let problem = Problem::new("a.rs", 3, "too long", "split it");
        assert_eq!(problem.to_string(), "a.rs:3: too long\n    remedy: split it");
        assert_eq!(Problem::new("a.rs", 0, "x", "y").to_string(), "a.rs: x\n    remedy: y");
    }
}
