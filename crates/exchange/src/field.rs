//! The fields that a contract may name and a verification may ask.

use dancu_register::{FactKind, KindSet};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A field of a person that can be verified.
///
/// Ethnicity, religion, political opinion and movements are no fields here, by type: no contract can name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Field {
    /// Full name.
    Name,
    /// Birth date.
    BirthDate,
    /// Sex.
    Sex,
    /// Permanent residence: a commune code, or the address in one line.
    Residence,
    /// Old nine-digit number.
    OldNumber,
    /// Day on which the present card was issued.
    CardIssued,
    /// Last day of the present card.
    CardExpires,
    /// Commune of birth.
    BirthPlace,
    /// Nationality, three letters (ICAO 9303).
    Nationality,
    /// Telephone number.
    Phone,
    /// Whether the card is in force: answered with a status, never compared.
    CardStatus,
    /// Whether the person is alive: answered with a status, never compared.
    LifeStatus,
    /// Commune of origin of the family. Shown to an officer, never compared.
    Origin,
    /// Household and relation to its head. Shown to an officer, never compared.
    Household,
    /// Marital status, parents, husband or wife. Shown to an officer, never compared.
    Family,
    /// Everything that was ever recorded, the sealed kinds left out. Shown to an officer, never compared.
    History,
}

impl Field {
    /// All fields in their fixed order.
    pub const ALL: [Self; 16] = [
        Self::Name,
        Self::BirthDate,
        Self::Sex,
        Self::Residence,
        Self::OldNumber,
        Self::CardIssued,
        Self::CardExpires,
        Self::BirthPlace,
        Self::Nationality,
        Self::Phone,
        Self::CardStatus,
        Self::LifeStatus,
        Self::Origin,
        Self::Household,
        Self::Family,
        Self::History,
    ];

    /// The name in the API and in contracts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::BirthDate => "birth_date",
            Self::Sex => "sex",
            Self::Residence => "residence",
            Self::OldNumber => "old_number",
            Self::CardIssued => "card_issued",
            Self::CardExpires => "card_expires",
            Self::BirthPlace => "birth_place",
            Self::Nationality => "nationality",
            Self::Phone => "phone",
            Self::CardStatus => "card_status",
            Self::LifeStatus => "life_status",
            Self::Origin => "origin",
            Self::Household => "household",
            Self::Family => "family",
            Self::History => "history",
        }
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("Họ tên", "Name"),
            Self::BirthDate => ("Ngày sinh", "Birth date"),
            Self::Sex => ("Giới tính", "Sex"),
            Self::Residence => ("Nơi thường trú", "Permanent residence"),
            Self::OldNumber => ("Số CMND 9 số", "Old number"),
            Self::CardIssued => ("Ngày cấp thẻ", "Card issued"),
            Self::CardExpires => ("Thẻ có giá trị đến", "Card expires"),
            Self::BirthPlace => ("Nơi sinh", "Birth place"),
            Self::Nationality => ("Quốc tịch", "Nationality"),
            Self::Phone => ("Số điện thoại", "Telephone"),
            Self::CardStatus => ("Tình trạng thẻ", "Card status"),
            Self::LifeStatus => ("Tình trạng sống", "Life status"),
            Self::Origin => ("Quê quán", "Place of origin"),
            Self::Household => ("Hộ gia đình", "Household"),
            Self::Family => ("Hôn nhân, cha mẹ", "Marriage and parents"),
            Self::History => ("Toàn bộ lịch sử hồ sơ", "The whole history of the record"),
        }
    }

    /// Whether a match of this field makes it plain that the caller holds this person's data.
    ///
    /// Sex, nationality or a commune are guessed too easily to count; a birth date counts where the register knows the
    /// day.
    pub const fn identifies(self) -> bool {
        matches!(self, Self::Name | Self::BirthDate | Self::OldNumber | Self::CardIssued | Self::Phone)
    }

    /// Whether the field is a status that is told, not a value that is compared.
    pub const fn is_status(self) -> bool {
        matches!(self, Self::CardStatus | Self::LifeStatus)
    }

    /// Whether the field is shown to an officer for a matter in hand, and neither compared nor told to others.
    pub const fn is_shown_only(self) -> bool {
        matches!(self, Self::Origin | Self::Household | Self::Family | Self::History)
    }

    /// Whether the value itself can be agreed in a contract, to be told to software.
    pub const fn may_be_fetched(self) -> bool {
        !self.is_status() && !self.is_shown_only()
    }

    /// The facts that answer it.
    pub const fn fact_kinds(self) -> KindSet {
        match self {
            Self::History => KindSet::ALL,
            other => KindSet::EMPTY.with(other.fact_kind()),
        }
    }

    /// The kind of facts that answers it; of the history the first of them.
    const fn fact_kind(self) -> FactKind {
        match self {
            Self::Name
            | Self::BirthDate
            | Self::Sex
            | Self::OldNumber
            | Self::BirthPlace
            | Self::Origin
            | Self::History
            | Self::Nationality => FactKind::Identity,
            Self::Residence | Self::Household => FactKind::Residence,
            Self::Family => FactKind::Family,
            Self::CardIssued | Self::CardExpires | Self::CardStatus => FactKind::Card,
            Self::Phone => FactKind::Contact,
            Self::LifeStatus => FactKind::Life,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|field| field.as_str() == text).ok_or_else(|| text.to_owned())
    }
}

/// A set of fields, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct FieldSet(u32);

impl FieldSet {
    /// No field.
    pub const EMPTY: Self = Self(0);

    /// With one more field.
    #[must_use]
    pub const fn with(self, field: Field) -> Self {
        Self(self.0 | 1 << field as u8)
    }

    /// Whether it holds a field.
    pub const fn contains(self, field: Field) -> bool {
        self.0 & 1 << field as u8 != 0
    }

    /// What this has and the other lacks.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// With all of another set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is no field in it.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// The fields in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(move |field| self.contains(*field))
    }

    /// The facts that answer these fields.
    pub fn fact_kinds(self) -> KindSet {
        self.iter().fold(KindSet::EMPTY, |kinds, field| kinds.union(field.fact_kinds()))
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        fields.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for FieldSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for FieldSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Field>::deserialize(deserializer).map(|fields| fields.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_the_fixed_order_holds() {
        for field in Field::ALL {
            assert_eq!(field.as_str().parse::<Field>(), Ok(field));
            assert_eq!(serde_json::to_value(field).unwrap(), field.as_str());
        }
        let set: FieldSet = [Field::Sex, Field::Name].into_iter().collect();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["name","sex"]"#);
        assert_eq!(serde_json::from_str::<FieldSet>(r#"["sex","name"]"#).unwrap(), set);
    }

    #[test]
    fn sensitive_matters_are_no_fields() {
        for word in ["ethnicity", "religion", "opinion", "politics", "location", "movements", "party"] {
            assert!(word.parse::<Field>().is_err());
        }
    }
}
