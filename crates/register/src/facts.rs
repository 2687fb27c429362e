//! What the register states of a person: one fact a kind, with its time of validity and its time of record.

use crate::{
    kinds::FactKind,
    packed::{self, PackedTemporary},
    sealed::SealedValue,
    words::{CardState, CountryCode, HouseholdNumber, MaritalStatus, Relation},
};
use dancu_core::{CommuneCode, OldNumber, PartialDate, PersonName, PersonalNumber, Sex};
use jiff::{Timestamp, civil::Date};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::{fmt, sync::Arc};

macro_rules! redacted {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })*
    };
}

redacted!(Identity Family Residence TemporaryResidence Card Contact Life OtherName Absence CurrentPlace Representation NumberState Shared);

/// Who the person is (Law on Identification 2023, art. 9).
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Identity {
    /// Full name.
    pub name: PersonName,
    /// Sex.
    #[serde(with = "packed::one")]
    pub sex: Sex,
    /// Birth date, as far as known.
    #[serde(with = "packed::one")]
    pub birth_date: PartialDate,
    /// Commune of birth.
    #[serde(with = "packed::maybe")]
    pub birth_place: Option<CommuneCode>,
    /// Commune where the birth was registered.
    #[serde(with = "packed::maybe")]
    pub registration_place: Option<CommuneCode>,
    /// Commune of origin of the family.
    #[serde(with = "packed::maybe")]
    pub origin: Option<CommuneCode>,
    /// Nationality.
    #[serde(with = "packed::one")]
    pub nationality: CountryCode,
    /// Number of the identity paper before 2016.
    #[serde(with = "packed::maybe")]
    pub old_number: Option<OldNumber>,
}

/// Whom the person belongs to.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Family {
    /// Marital status.
    #[serde(with = "packed::maybe")]
    pub marital_status: Option<MaritalStatus>,
    /// Father.
    #[serde(with = "packed::maybe")]
    pub father: Option<PersonalNumber>,
    /// Mother.
    #[serde(with = "packed::maybe")]
    pub mother: Option<PersonalNumber>,
    /// Husband or wife.
    #[serde(with = "packed::maybe")]
    pub spouse: Option<PersonalNumber>,
}

/// Where the person lives.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Residence {
    /// Commune of permanent residence.
    #[serde(with = "packed::maybe")]
    pub permanent_commune: Option<CommuneCode>,
    /// House, street, hamlet: the address below the commune.
    pub permanent_address: Option<String>,
    /// Household.
    #[serde(with = "packed::maybe")]
    pub household: Option<HouseholdNumber>,
    /// What the person is to the head of the household.
    #[serde(with = "packed::maybe")]
    pub relation_to_head: Option<Relation>,
    /// Temporary residence beside the permanent one.
    pub temporary: Option<TemporaryResidence>,
    /// Number of the residence file. Rows written before it existed end before it.
    #[serde(default)]
    pub file_number: Option<String>,
}

impl Residence {
    /// Of somebody who resides nowhere, or of whom no residence is known.
    pub const NOWHERE: Self = Self {
        permanent_commune: None,
        permanent_address: None,
        household: None,
        relation_to_head: None,
        temporary: None,
        file_number: None,
    };
}

/// Where the person stays for a time.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "PackedTemporary", from = "PackedTemporary")]
pub struct TemporaryResidence {
    /// Commune.
    pub commune: CommuneCode,
    /// The address below the commune.
    pub address: Option<String>,
    /// First day.
    pub since: Option<Date>,
}

impl From<TemporaryResidence> for PackedTemporary {
    fn from(temporary: TemporaryResidence) -> Self {
        Self(temporary.commune, temporary.address, temporary.since)
    }
}

impl From<PackedTemporary> for TemporaryResidence {
    fn from(PackedTemporary(commune, address, since): PackedTemporary) -> Self {
        Self { commune, address, since }
    }
}

/// The citizen card. Whether it is in force on a day is decided in the cards room.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Card {
    /// Day of issue; `None` while it is being made.
    #[serde(with = "packed::maybe")]
    pub issued: Option<Date>,
    /// Last day; `None` for a card without expiry.
    #[serde(with = "packed::maybe")]
    pub expires: Option<Date>,
    /// State.
    #[serde(with = "packed::one")]
    pub state: CardState,
    /// Who issued it. Rows written before it existed end before it.
    #[serde(default)]
    pub issued_by: Option<String>,
}

/// How the person is reached.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Contact {
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// Whether the person lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Alive: stated only after another statement was withdrawn.
    Alive,
    /// Dead.
    Dead {
        /// Day of death, when known.
        date: Option<Date>,
    },
    /// Missing.
    Missing {
        /// First day, when known.
        since: Option<Date>,
    },
}

/// Another name by which the person is called.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OtherName {
    /// The name; `None` when an earlier one is no longer borne.
    pub name: Option<PersonName>,
}

/// Whether the person has declared to be away. The days are those of the fact.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Absence {
    /// Away; `false` states the return.
    pub is_away: bool,
    /// Why, in the person's words.
    pub reason: Option<String>,
}

/// Where the person stays when it is neither of the registered residences.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct CurrentPlace {
    /// Commune; `None` when the person is back at a registered residence.
    #[serde(with = "packed::maybe")]
    pub commune: Option<CommuneCode>,
    /// The address below the commune.
    pub address: Option<String>,
}

/// Who lawfully acts for the person: guardians, or a representative that a court named.
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Representation {
    /// Their numbers in ascending order; none when an earlier representation has ended.
    #[serde(with = "packed::many")]
    pub representatives: Vec<PersonalNumber>,
}

/// What became of a personal number. A number is never given to anyone else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NumberState {
    /// In use.
    InUse,
    /// Issued in error and out of use.
    Cancelled,
    /// The person has another number now.
    ReplacedBy(PersonalNumber),
    /// The person had another number before.
    InPlaceOf(PersonalNumber),
}

/// What other databases share of the person (group 26 of the record).
#[derive(Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Shared {
    /// Code of the item in the closed list, and its value; ascending by code, each code once.
    pub items: Vec<(String, String)>,
}

/// The value of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// See [`Identity`].
    Identity(Identity),
    /// See [`Family`].
    Family(Family),
    /// See [`Residence`].
    Residence(Residence),
    /// See [`Card`].
    Card(Card),
    /// See [`Contact`].
    Contact(Contact),
    /// See [`Life`].
    Life(Life),
    /// See [`OtherName`].
    OtherName(OtherName),
    /// See [`Absence`].
    Absence(Absence),
    /// See [`CurrentPlace`].
    CurrentPlace(CurrentPlace),
    /// See [`Representation`].
    Representation(Representation),
    /// See [`NumberState`].
    Number(NumberState),
    /// See [`Shared`].
    Shared(Shared),
    /// A value that only [`crate::Seals`] can read.
    Sealed(SealedValue),
}

/// A stored value is none that the register writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored fact does not decode")]
pub struct FactDecodeError;

impl FactValue {
    /// Its kind.
    pub const fn kind(&self) -> FactKind {
        match self {
            Self::OtherName(_) => FactKind::OtherName,
            Self::Absence(_) => FactKind::Absence,
            Self::CurrentPlace(_) => FactKind::CurrentPlace,
            Self::Representation(_) => FactKind::Representation,
            Self::Number(_) => FactKind::Number,
            Self::Shared(_) => FactKind::Shared,
            Self::Sealed(value) => value.kind,
            Self::Identity(_) => FactKind::Identity,
            Self::Family(_) => FactKind::Family,
            Self::Residence(_) => FactKind::Residence,
            Self::Card(_) => FactKind::Card,
            Self::Contact(_) => FactKind::Contact,
            Self::Life(_) => FactKind::Life,
        }
    }

    /// Appends the compact JSON array of the value, as stores keep it; of a sealed value its bytes.
    ///
    /// A last place of the array that holds nothing, and that was added after rows without it were written, is left out.
    pub fn encode(&self, into: &mut Vec<u8>) {
        let written = match self {
            Self::Identity(value) => serde_json::to_writer(&mut *into, value),
            Self::Family(value) => serde_json::to_writer(&mut *into, value),
            Self::Residence(value) => serde_json::to_writer(&mut *into, value),
            Self::Card(value) => serde_json::to_writer(&mut *into, value),
            Self::Contact(value) => serde_json::to_writer(&mut *into, value),
            Self::Life(value) => serde_json::to_writer(&mut *into, &pack_life(*value)),
            Self::OtherName(value) => serde_json::to_writer(&mut *into, value),
            Self::Absence(value) => serde_json::to_writer(&mut *into, value),
            Self::CurrentPlace(value) => serde_json::to_writer(&mut *into, value),
            Self::Representation(value) => serde_json::to_writer(&mut *into, value),
            Self::Number(value) => serde_json::to_writer(&mut *into, &pack_number(*value)),
            Self::Shared(value) => serde_json::to_writer(&mut *into, value),
            Self::Sealed(value) => {
                into.extend_from_slice(&value.bytes);
                Ok(())
            }
        };
        written.expect("values are plain arrays, and memory takes every byte");
        let is_short = match self {
            Self::Residence(value) => value.file_number.is_none(),
            Self::Card(value) => value.issued_by.is_none(),
            _ => false,
        };
        if is_short {
            into.truncate(into.len() - ",null]".len());
            into.push(b']');
        }
    }

    /// Reads what [`FactValue::encode`] wrote.
    pub fn decode(kind: FactKind, stored: &[u8]) -> Result<Self, FactDecodeError> {
        let value = match kind {
            FactKind::Identity => serde_json::from_slice(stored).map(Self::Identity),
            FactKind::Family => serde_json::from_slice(stored).map(Self::Family),
            FactKind::Residence => serde_json::from_slice(stored).map(Self::Residence),
            FactKind::Card => serde_json::from_slice(stored).map(Self::Card),
            FactKind::Contact => serde_json::from_slice(stored).map(Self::Contact),
            FactKind::Life => {
                let packed = serde_json::from_slice(stored).map_err(|_| FactDecodeError)?;
                return unpack_life(packed).map(Self::Life).ok_or(FactDecodeError);
            }
            FactKind::OtherName => serde_json::from_slice(stored).map(Self::OtherName),
            FactKind::Absence => serde_json::from_slice(stored).map(Self::Absence),
            FactKind::CurrentPlace => serde_json::from_slice(stored).map(Self::CurrentPlace),
            FactKind::Representation => serde_json::from_slice(stored).map(Self::Representation),
            FactKind::Number => {
                let packed = serde_json::from_slice(stored).map_err(|_| FactDecodeError)?;
                return unpack_number(packed).map(Self::Number).ok_or(FactDecodeError);
            }
            FactKind::Shared => serde_json::from_slice(stored).map(Self::Shared),
            FactKind::Ethnicity
            | FactKind::Religion
            | FactKind::BloodGroup
            | FactKind::Portrait
            | FactKind::Fingerprints => {
                return Ok(Self::Sealed(SealedValue { kind, bytes: stored.into() }));
            }
        };
        value.map_err(|_| FactDecodeError)
    }
}

/// State (0 in use, 1 cancelled, 2 replaced by, 3 in place of) and the other number (0 for none).
fn pack_number(state: NumberState) -> (u8, u64) {
    match state {
        NumberState::InUse => (0, 0),
        NumberState::Cancelled => (1, 0),
        NumberState::ReplacedBy(other) => (2, other.value()),
        NumberState::InPlaceOf(other) => (3, other.value()),
    }
}

fn unpack_number((state, other): (u8, u64)) -> Option<NumberState> {
    match state {
        0 => Some(NumberState::InUse),
        1 => Some(NumberState::Cancelled),
        2 => PersonalNumber::from_value(other).map(NumberState::ReplacedBy),
        3 => PersonalNumber::from_value(other).map(NumberState::InPlaceOf),
        _ => None,
    }
}

/// State (0 alive, 1 dead, 2 missing) and day (0 when unknown).
fn pack_life(life: Life) -> (u8, i32) {
    let number = |day: Option<Date>| day.map_or(0, packed::day_to_number);
    match life {
        Life::Alive => (0, 0),
        Life::Dead { date } => (1, number(date)),
        Life::Missing { since } => (2, number(since)),
    }
}

fn unpack_life((state, number): (u8, i32)) -> Option<Life> {
    let day = if number == 0 { None } else { Some(packed::day_from_number(number)?) };
    match state {
        0 => Some(Life::Alive),
        1 => Some(Life::Dead { date: day }),
        2 => Some(Life::Missing { since: day }),
        _ => None,
    }
}

/// One row of a person's history.
///
/// Rows are only added. The end of record time closes once, when the register believes otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Whose fact.
    pub number: PersonalNumber,
    /// What is stated.
    pub value: FactValue,
    /// First day on which it holds.
    pub valid_from: Date,
    /// First day on which it no longer holds; `None` while no end is known.
    pub valid_to: Option<Date>,
    /// When the register began to believe it (microseconds).
    pub recorded_from: Timestamp,
    /// When the register ceased to; `None` while it does.
    pub recorded_to: Option<Timestamp>,
    /// Where it came from, e.g. `load:people.csv`.
    pub source: Arc<str>,
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
