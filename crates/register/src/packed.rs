//! How values stand in the stored JSON arrays: whole numbers in place of texts, since there are many of them.

use dancu_core::{CommuneCode, OldNumber, PartialDate, PersonalNumber, Sex};
use jiff::civil::Date;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A type with a short form for storage.
pub(crate) trait Pack {
    type Wire: Serialize + DeserializeOwned;
    fn pack(&self) -> Self::Wire;
}

/// The way back.
pub(crate) trait Unpack: Pack + Sized {
    /// `None` when the stored value is none that `pack` writes.
    fn unpack(wire: Self::Wire) -> Option<Self>;
}

// `serde_tuple` writes through references to the fields.
impl<T: Pack> Pack for &T {
    type Wire = T::Wire;

    fn pack(&self) -> T::Wire {
        (**self).pack()
    }
}

/// For `#[serde(with = "packed::one")]`.
pub(crate) mod one {
    use super::{Pack, Unpack};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<T: Pack, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.pack().serialize(serializer)
    }

    pub fn deserialize<'de, T: Unpack, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::unpack(T::Wire::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("value out of range"))
    }
}

/// For `#[serde(with = "packed::maybe")]` on an `Option`.
pub(crate) mod maybe {
    use super::{Pack, Unpack};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub fn serialize<T: Pack, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Pack::pack).serialize(serializer)
    }

    pub fn deserialize<'de, T: Unpack, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        Option::<T::Wire>::deserialize(deserializer)?
            .map(|wire| T::unpack(wire).ok_or_else(|| D::Error::custom("value out of range")))
            .transpose()
    }
}

/// For `#[serde(with = "packed::many")]` on a `Vec`.
pub(crate) mod many {
    use super::{Pack, Unpack};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<T: Pack, S: Serializer>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(Pack::pack))
    }

    pub fn deserialize<'de, T: Unpack, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        let wires = Vec::<T::Wire>::deserialize(deserializer)?;
        wires
            .into_iter()
            .map(T::unpack)
            .collect::<Option<_>>()
            .ok_or_else(|| D::Error::custom("value out of range"))
    }
}

impl Pack for PersonalNumber {
    type Wire = u64;

    fn pack(&self) -> u64 {
        self.value()
    }
}

impl Unpack for PersonalNumber {
    fn unpack(wire: u64) -> Option<Self> {
        Self::from_value(wire)
    }
}

impl Pack for OldNumber {
    type Wire = u32;

    fn pack(&self) -> u32 {
        self.value()
    }
}

impl Unpack for OldNumber {
    fn unpack(wire: u32) -> Option<Self> {
        Self::from_value(wire)
    }
}

impl Pack for CommuneCode {
    type Wire = u32;

    fn pack(&self) -> u32 {
        self.value()
    }
}

impl Unpack for CommuneCode {
    fn unpack(wire: u32) -> Option<Self> {
        Self::from_value(wire)
    }
}

/// `0` Nam, `1` Nữ.
impl Pack for Sex {
    type Wire = u8;

    fn pack(&self) -> u8 {
        u8::from(*self == Self::Female)
    }
}

impl Unpack for Sex {
    fn unpack(wire: u8) -> Option<Self> {
        match wire {
            0 => Some(Self::Male),
            1 => Some(Self::Female),
            _ => None,
        }
    }
}

/// `yyyymmdd`.
impl Pack for Date {
    type Wire = i32;

    fn pack(&self) -> i32 {
        day_to_number(*self)
    }
}

impl Unpack for Date {
    fn unpack(wire: i32) -> Option<Self> {
        day_from_number(wire)
    }
}

/// `yyyymmdd`, `yyyymm` or `yyyy`: the count of digits tells which.
impl Pack for PartialDate {
    type Wire = i32;

    fn pack(&self) -> i32 {
        match (self.whole(), self.month()) {
            (Some(day), _) => day_to_number(day),
            (None, Some(month)) => i32::from(self.year()) * 100 + i32::from(month),
            (None, None) => i32::from(self.year()),
        }
    }
}

impl Unpack for PartialDate {
    fn unpack(wire: i32) -> Option<Self> {
        let part = |value: i32| i8::try_from(value % 100).ok();
        let (year, month, day) = match wire {
            1_000..=9_999 => (wire, None, None),
            100_000..=999_999 => (wire / 100, Some(part(wire)?), None),
            10_000_000..=99_999_999 => (wire / 10_000, Some(part(wire / 100)?), Some(part(wire)?)),
            _ => return None,
        };
        Self::new(i16::try_from(year).ok()?, month, day).ok()
    }
}

/// A day as the whole number `yyyymmdd`.
pub fn day_to_number(day: Date) -> i32 {
    i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
}

/// The day of a whole number `yyyymmdd`; `None` when the calendar has no such day.
pub fn day_from_number(number: i32) -> Option<Date> {
    let part = |value: i32| i8::try_from(value % 100).ok();
    Date::new(i16::try_from(number / 10_000).ok()?, part(number / 100)?, part(number)?).ok()
}

/// A residence that is not the permanent one, nested in its fact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PackedTemporary(
    #[serde(with = "one")] pub CommuneCode,
    pub Option<String>,
    #[serde(with = "maybe")] pub Option<Date>,
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn partial_dates_come_back(year in 1_800_i16..2_400, month in proptest::option::of(1_i8..13), day in 1_i8..29, whole: bool) {
            let date = PartialDate::new(year, month, (whole && month.is_some()).then_some(day)).unwrap();
            prop_assert_eq!(PartialDate::unpack(date.pack()), Some(date));
        }

        #[test]
        fn no_stored_number_panics(wire: i32) {
            let _ = PartialDate::unpack(wire);
            if let Some(day) = day_from_number(wire) {
                prop_assert_eq!(day_to_number(day), wire);
            }
        }
    }
}
