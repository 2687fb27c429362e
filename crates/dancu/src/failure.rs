//! Errors of the command line: two sentences and a code, then a non-zero exit.

use dancu_core::{Explain, Explanation};
use std::fmt;

/// Why a command failed.
#[derive(Debug, Clone)]
pub struct Failure(pub Explanation);

impl Failure {
    /// From its parts.
    pub fn new(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self(Explanation::new(code, vi, en))
    }

    /// A file that could not be read or written.
    pub fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(
            "DANCU-CLI-001",
            format!("Không đọc hoặc ghi được {}: {error}.", path.display()),
            format!("{} cannot be read or written: {error}.", path.display()),
        )
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.explain())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n[{}]", self.0.vi, self.0.en, self.0.code)
    }
}
