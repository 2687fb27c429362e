//! Codes of places. What a code means on a day is the business of the `places` room.

use crate::{Explain, Explanation};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The text is no place code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// A commune code has five digits.
    #[error("a commune code has five digits")]
    Commune,
    /// A province code has two digits.
    #[error("a province code has two digits")]
    Province,
}

impl Explain for PlaceError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Commune => Explanation::new(
                "DANCU-CORE-020",
                "Mã xã, phường, đặc khu phải có đúng 5 chữ số.",
                "A commune code must have exactly 5 digits.",
            ),
            Self::Province => Explanation::new(
                "DANCU-CORE-021",
                "Mã tỉnh, thành phố phải có đúng 2 chữ số.",
                "A province code must have exactly 2 digits.",
            ),
        }
    }
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $digits:literal, $error:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name($inner);

        impl $name {
            /// The code as a whole number, without its leading zeros.
            pub const fn value(self) -> $inner {
                self.0
            }

            /// From the whole number; `None` when it has too many digits.
            pub fn from_value(value: $inner) -> Option<Self> {
                (u64::from(value) < 10_u64.pow($digits)).then_some(Self(value))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:0width$}", self.0, width = $digits)
            }
        }

        // A place code by itself names no person.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = PlaceError;

            fn from_str(text: &str) -> Result<Self, PlaceError> {
                if text.len() != $digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err($error);
                }
                text.parse().map(Self).map_err(|_| $error)
            }
        }

        impl TryFrom<String> for $name {
            type Error = PlaceError;

            fn try_from(text: String) -> Result<Self, PlaceError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.to_string()
            }
        }
    };
}

code!(
    /// A commune, ward or special zone: five digits of the national list of units.
    CommuneCode, u32, 5, PlaceError::Commune
);
code!(
    /// A province or centrally run city: two digits of the national list of units.
    ProvinceCode, u8, 2, PlaceError::Province
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_are_kept_and_other_lengths_refused() {
        assert_eq!("00004".parse::<CommuneCode>().unwrap().to_string(), "00004");
        assert_eq!("01".parse::<ProvinceCode>().unwrap().to_string(), "01");
        for bad in ["4", "000004", "0000a", "", "+0004"] {
            assert!(bad.parse::<CommuneCode>().is_err(), "{bad}");
        }
        assert!(CommuneCode::from_value(100_000).is_none());
    }
}
