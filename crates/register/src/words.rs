//! The closed lists of words in a person's record, and the short texts with a form of their own.

use crate::packed::{Pack, Unpack};
use dancu_core::{Explain, Explanation};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::borrow::Cow;
use std::{fmt, str::FromStr};

/// The text is no word of the list, or has not the form it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct WordError {
    /// The words or the form that fit.
    pub expected: &'static str,
}

impl Explain for WordError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-REG-001",
            format!("Giá trị không hợp lệ; chỉ nhận: {}.", self.expected),
            format!("The value is not valid; accepted: {}.", self.expected),
        )
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $list:literal: $($(#[$variant_doc:meta])* $variant:ident = $code:literal $word:literal $vi:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every word in its fixed order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in files and in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The word on Vietnamese pages.
            pub const fn vietnamese(self) -> &'static str {
                match self { $(Self::$variant => $vi,)* }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl FromStr for $name {
            type Err = WordError;

            fn from_str(text: &str) -> Result<Self, WordError> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or(WordError { expected: $list })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl Pack for $name {
            type Wire = u8;

            fn pack(&self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }
        }

        impl Unpack for $name {
            fn unpack(wire: u8) -> Option<Self> {
                match wire { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// Marital status.
    MaritalStatus, "single, married, divorced, widowed":
    /// Never married.
    Single = 1 "single" "Chưa kết hôn",
    /// Married.
    Married = 2 "married" "Đã kết hôn",
    /// Divorced.
    Divorced = 3 "divorced" "Đã ly hôn",
    /// Widow or widower.
    Widowed = 4 "widowed" "Góa",
}

words! {
    /// What a member of a household is to its head.
    Relation, "head, spouse, child, parent, grandchild, sibling, other":
    /// The head.
    Head = 1 "head" "Chủ hộ",
    /// Husband or wife.
    Spouse = 2 "spouse" "Vợ/chồng",
    /// Son or daughter.
    Child = 3 "child" "Con",
    /// Father or mother.
    Parent = 4 "parent" "Cha/mẹ",
    /// Grandchild.
    Grandchild = 5 "grandchild" "Cháu",
    /// Brother or sister.
    Sibling = 6 "sibling" "Anh/chị/em",
    /// Anyone else.
    Other = 7 "other" "Khác",
}

words! {
    /// State of a citizen card.
    CardState, "requested, in_production, issued, handed_over, expired, lost, damaged, held, revoked, cancelled":
    /// Asked for.
    Requested = 1 "requested" "Đã đề nghị cấp",
    /// Being made.
    InProduction = 2 "in_production" "Đang sản xuất",
    /// Made, not yet fetched.
    Issued = 3 "issued" "Đã cấp, chưa trả",
    /// In its owner's hands.
    HandedOver = 4 "handed_over" "Đã trả thẻ",
    /// Past its last day.
    Expired = 5 "expired" "Hết hạn",
    /// Reported lost.
    Lost = 6 "lost" "Báo mất",
    /// Damaged.
    Damaged = 7 "damaged" "Hư hỏng",
    /// Kept by an authority for a time.
    Held = 8 "held" "Bị giữ",
    /// Taken back.
    Revoked = 9 "revoked" "Bị thu hồi",
    /// Made void.
    Cancelled = 10 "cancelled" "Bị hủy",
}

/// Texts with a form of their own stand in JSON as themselves.
macro_rules! as_text {
    ($($name:ident)*) => {
        $(impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        })*
    };
}

as_text!(CountryCode HouseholdNumber);

/// Three capital letters of a country (ICAO 9303), e.g. `VNM`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountryCode([u8; 3]);

impl CountryCode {
    /// Viet Nam.
    pub const VIET_NAM: Self = Self(*b"VNM");

    /// The three letters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountryCode(…)")
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CountryCode {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err(WordError { expected: "VNM, LAO, KHM … (ICAO 9303)" }),
        }
    }
}

/// The letters in base 26, so that they stand as a number.
impl Pack for CountryCode {
    type Wire = u16;

    fn pack(&self) -> u16 {
        self.0.iter().fold(0, |code, letter| code * 26 + u16::from(letter - b'A'))
    }
}

impl Unpack for CountryCode {
    fn unpack(wire: u16) -> Option<Self> {
        let letter = |value: u16| u8::try_from(value % 26).ok().map(|value| b'A' + value);
        (wire < 26 * 26 * 26).then_some(())?;
        Some(Self([letter(wire / 676)?, letter(wire / 26)?, letter(wire)?]))
    }
}

/// Number of a household's book: 1–20 letters, digits, `-`, `/` or `.`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HouseholdNumber(String);

impl HouseholdNumber {
    /// Characters that such a number has at most.
    pub const LENGTH_MAX: usize = 20;

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HouseholdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdNumber(…)")
    }
}

impl fmt::Display for HouseholdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HouseholdNumber {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'.');
        if (1..=Self::LENGTH_MAX).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(WordError { expected: "1–20 × A–Z a–z 0–9 - / ." })
        }
    }
}

impl Pack for HouseholdNumber {
    type Wire = String;

    fn pack(&self) -> String {
        self.0.clone()
    }
}

impl Unpack for HouseholdNumber {
    fn unpack(wire: String) -> Option<Self> {
        wire.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_word_is_read_back_and_packed_alone() {
        for state in CardState::ALL {
            assert!(state.as_str().parse::<CardState>().unwrap() == *state);
            assert!(CardState::unpack(state.pack()).unwrap() == *state);
        }
        for relation in Relation::ALL {
            assert!(Relation::unpack(relation.pack()).unwrap() == *relation);
        }
        for status in MaritalStatus::ALL {
            assert!(MaritalStatus::unpack(status.pack()).unwrap() == *status);
        }
        assert!("Head".parse::<Relation>().is_err());
        assert!(CardState::unpack(0).is_none());
        assert!(format!("{:?}", CardState::Lost).find("ost").is_none());
    }

    proptest! {
        #[test]
        fn countries_come_back(code in "[A-Z]{3}") {
            let country: CountryCode = code.parse().unwrap();
            prop_assert_eq!(country.to_string(), code);
            prop_assert!(CountryCode::unpack(country.pack()) == Some(country));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}", wire: u16) {
            let _ = text.parse::<CountryCode>();
            let _ = text.parse::<HouseholdNumber>();
            let _ = CountryCode::unpack(wire);
        }
    }
}
