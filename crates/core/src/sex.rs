//! Sex as the register holds it.

use crate::{Explain, Explanation};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Sex in the register (Law on Identification 2023, art. 9).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// Nam.
    #[serde(rename = "M")]
    Male,
    /// Nữ.
    #[serde(rename = "F")]
    Female,
}

impl fmt::Debug for Sex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sex(…)")
    }
}

impl Sex {
    /// `M` or `F`, as files and the API write it.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Male => "M",
            Self::Female => "F",
        }
    }

    /// `Nam` or `Nữ`, as the card writes it.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Male => "Nam",
            Self::Female => "Nữ",
        }
    }
}

/// The text names no sex that the register knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sex is neither M nor F")]
pub struct SexError;

impl Explain for SexError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-CORE-010",
            "Giới tính phải là M (Nam) hoặc F (Nữ).",
            "Sex must be M (Nam) or F (Nữ).",
        )
    }
}

impl FromStr for Sex {
    type Err = SexError;

    fn from_str(text: &str) -> Result<Self, SexError> {
        match crate::fold(text.trim()).as_str() {
            "m" | "nam" | "male" => Ok(Self::Male),
            "f" | "nu" | "female" => Ok(Self::Female),
            _ => Err(SexError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_and_both_normal_forms_are_read() {
        for text in ["F", "f", "Nữ", "NỮ", "Nu\u{31b}\u{303}", "female"] {
            assert_eq!(text.parse::<Sex>().unwrap().letter(), "F", "{text}");
        }
        assert_eq!("Nam".parse::<Sex>().unwrap().letter(), "M");
        assert!("x".parse::<Sex>().is_err());
        assert!("".parse::<Sex>().is_err());
    }
}
