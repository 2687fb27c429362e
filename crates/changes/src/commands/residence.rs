//! Residence and households (Law on Residence 2020).

use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{HouseholdNumber, Relation};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A place to live: commune and what stands below it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Commune.
    pub commune: CommuneCode,
    /// House, street, hamlet.
    pub line: String,
}

/// Someone with what they are to the head.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Number.
    pub number: PersonalNumber,
    /// What the person is to the head.
    pub relation_to_head: Relation,
}

/// Permanent residence is registered: persons move together (art. 20–22).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermanentMove {
    /// Who moves. With a new household exactly one of them is its head.
    pub movers: Vec<Member>,
    /// The household that they join; a new one at the address when left out.
    #[serde(default)]
    pub household: Option<HouseholdNumber>,
    /// Where to; the household's own address when they join one and this is left out.
    #[serde(default)]
    pub address: Option<Address>,
    /// Number of the residence file.
    #[serde(default)]
    pub file_number: Option<String>,
    /// From when.
    pub on: Date,
}

/// Temporary residence beside the permanent one (art. 27), for two years at most at a time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemporaryStay {
    /// Who.
    pub numbers: Vec<PersonalNumber>,
    /// Where.
    pub address: Address,
    /// First day.
    pub from: Date,
    /// First day after it.
    pub until: Date,
}

/// One person and a day: the end of a temporary residence or of an absence.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonOn {
    /// Who.
    pub number: PersonalNumber,
    /// From when.
    pub on: Date,
}

/// An absence is declared (art. 31).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbsenceNotice {
    /// Who.
    pub number: PersonalNumber,
    /// First day away.
    pub from: Date,
    /// First day back, when known.
    #[serde(default)]
    pub until: Option<Date>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A host tells who stays under the roof for less than thirty days (art. 30). It stands in the commune's book of stays
/// only, which nobody can search by person and which is emptied: no profile of movements comes of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StayNotice {
    /// Who stays.
    pub number: PersonalNumber,
    /// Where.
    pub address: Address,
    /// First day.
    pub from: Date,
    /// First day after it.
    pub until: Date,
}

/// Why a permanent residence is deleted (art. 24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletionGround {
    /// Settled abroad.
    SettledAbroad,
    /// The registration was taken back as unlawful.
    Unlawful,
    /// Absent from it for twelve months without a word.
    LongAbsence,
    /// Gave up nationality or had it withdrawn.
    NationalityLost,
    /// No longer the lawful dwelling.
    DwellingLost,
}

/// A permanent residence is deleted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidenceDeletion {
    /// Whose.
    pub number: PersonalNumber,
    /// Why.
    pub ground: DeletionGround,
    /// From when.
    pub on: Date,
}

/// Where a person stays who is at neither of the registered residences (art. 19).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurrentPlaceStatement {
    /// Who.
    pub number: PersonalNumber,
    /// Where; `None` when back at a registered residence.
    #[serde(default)]
    pub address: Option<Address>,
    /// From when.
    pub on: Date,
}

/// A household is formed of persons at one address. Exactly one is its head.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseholdCreation {
    /// Who belongs to it.
    pub members: Vec<Member>,
    /// From when.
    pub on: Date,
}

/// Some members leave a household at the same address and form one of their own (art. 25).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseholdSplit {
    /// The household.
    pub household: HouseholdNumber,
    /// Who leaves. Exactly one is the new head.
    pub leaving: Vec<Member>,
    /// From when.
    pub on: Date,
}

/// A household becomes part of another one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseholdMerge {
    /// The household that ends.
    pub from: HouseholdNumber,
    /// The household that stays.
    pub into: HouseholdNumber,
    /// What its members are to the head of the one that stays.
    pub relations: Vec<Member>,
    /// From when.
    pub on: Date,
}

/// A household has another head.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadChange {
    /// The household.
    pub household: HouseholdNumber,
    /// What every member is to the new head, who is among them.
    pub relations: Vec<Member>,
    /// From when.
    pub on: Date,
}
