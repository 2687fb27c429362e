//! Errors that a person can read: a stable code and one sentence in each language.

/// What is said of an error: `DANCU-` with a room and a number, then a sentence in Vietnamese and in English.
///
/// The sentences say what happened and what to do. They never carry personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Stable code, for support and for machines, e.g. `DANCU-CORE-001`.
    pub code: &'static str,
    /// Vietnamese sentence.
    pub vi: String,
    /// English sentence.
    pub en: String,
}

impl Explanation {
    /// Joins a code with its two sentences.
    pub fn new(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, vi: vi.into(), en: en.into() }
    }
}

/// Implemented by every error that can reach a person.
pub trait Explain {
    /// The code and the sentences.
    fn explain(&self) -> Explanation;
}
