//! Civil status: birth, number, parents, guardians, marriage, identity, nationality, death, judgments.

use dancu_core::{CommuneCode, OldNumber, PartialDate, PersonName, PersonalNumber, Sex};
use dancu_register::{CountryCode, HouseholdNumber, Relation};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A birth is registered and the child is given a number (Law on Civil Status 2014, art. 13–16).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Birth {
    /// Name.
    pub name: PersonName,
    /// Sex.
    pub sex: Sex,
    /// Day of birth.
    pub birth_date: Date,
    /// Commune of birth.
    pub birth_place: CommuneCode,
    /// Commune of origin of the family.
    #[serde(default)]
    pub origin: Option<CommuneCode>,
    /// Nationality.
    pub nationality: CountryCode,
    /// Mother; `None` for a foundling, or with the father alone.
    #[serde(default)]
    pub mother: Option<PersonalNumber>,
    /// Father.
    #[serde(default)]
    pub father: Option<PersonalNumber>,
    /// Household that the child joins; the mother's, else the father's, when left out.
    #[serde(default)]
    pub household: Option<HouseholdNumber>,
    /// What the child is to that household's head; worked out from the parents when left out.
    #[serde(default)]
    pub relation_to_head: Option<Relation>,
    /// Ethnicity, to be sealed.
    #[serde(default)]
    pub ethnicity: Option<Sensitive>,
    /// The officer has looked at the children of the same parents and days, and this is another one.
    #[serde(default)]
    pub is_another_child: bool,
}

/// A number is issued to a person whose birth was registered without one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberIssue {
    /// Name.
    pub name: PersonName,
    /// Sex.
    pub sex: Sex,
    /// Birth date, as far as known.
    pub birth_date: PartialDate,
    /// Commune of birth.
    #[serde(default)]
    pub birth_place: Option<CommuneCode>,
    /// Commune where the birth was registered.
    #[serde(default)]
    pub registration_place: Option<CommuneCode>,
    /// First three digits of the number: province or country of the registration of birth.
    pub number_place: u16,
    /// Commune of origin of the family.
    #[serde(default)]
    pub origin: Option<CommuneCode>,
    /// Nationality.
    pub nationality: CountryCode,
    /// Number of the identity paper before 2016.
    #[serde(default)]
    pub old_number: Option<OldNumber>,
    /// Father.
    #[serde(default)]
    pub father: Option<PersonalNumber>,
    /// Mother.
    #[serde(default)]
    pub mother: Option<PersonalNumber>,
    /// The officer has looked at the persons of the same name and birth date, and this is another one.
    #[serde(default)]
    pub is_another_person: bool,
}

/// A number that was issued in error goes out of use. It is never given to anyone else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberCancellation {
    /// The number.
    pub number: PersonalNumber,
    /// From when.
    pub on: Date,
}

/// A person gets another number, because sex or birth year were corrected. Everything known moves with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberReplacement {
    /// The present number.
    pub number: PersonalNumber,
    /// From when.
    pub on: Date,
}

/// Which parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parent {
    /// Father.
    Father,
    /// Mother.
    Mother,
}

/// A father or mother and a child recognise each other (Law on Civil Status 2014, art. 24–25).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recognition {
    /// Child.
    pub child: PersonalNumber,
    /// Parent.
    pub parent: PersonalNumber,
    /// As which.
    pub parent_as: Parent,
}

/// A child is adopted by one person or by a couple (Law on Adoption 2010).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// Child.
    pub child: PersonalNumber,
    /// Adoptive father.
    #[serde(default)]
    pub father: Option<PersonalNumber>,
    /// Adoptive mother.
    #[serde(default)]
    pub mother: Option<PersonalNumber>,
    /// From when.
    pub on: Date,
    /// The child's name from then on, if it changes.
    #[serde(default)]
    pub new_name: Option<PersonName>,
}

/// A guardian is appointed (Civil Code 2015, art. 46–63).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardianship {
    /// Who is cared for.
    pub ward: PersonalNumber,
    /// Who cares.
    pub guardian: PersonalNumber,
    /// From when.
    pub on: Date,
}

/// Two persons marry (Law on Marriage and Family 2014, art. 8).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marriage {
    /// One.
    pub first: PersonalNumber,
    /// The other.
    pub second: PersonalNumber,
    /// Day of the marriage.
    pub on: Date,
}

/// A marriage ends by divorce, or is annulled from its beginning; a court decided it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separation {
    /// One.
    pub first: PersonalNumber,
    /// The other.
    pub second: PersonalNumber,
    /// Day on which the judgment took effect.
    pub on: Date,
}

/// Fields of the identity that are corrected (from birth on) or changed (from a day on). At least one is given.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityFields {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
    /// Sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<PartialDate>,
    /// Commune of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_place: Option<CommuneCode>,
    /// Commune where the birth was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_place: Option<CommuneCode>,
    /// Commune of origin of the family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<CommuneCode>,
    /// Old nine-digit number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_number: Option<OldNumber>,
}

/// The register was wrong from the start (cải chính), and is set right for all time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityCorrection {
    /// Whose.
    pub number: PersonalNumber,
    /// What is right.
    pub fields: IdentityFields,
}

/// Something changes from a day on (thay đổi), for instance the name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityChange {
    /// Whose.
    pub number: PersonalNumber,
    /// What is new.
    pub fields: IdentityFields,
    /// From when.
    pub on: Date,
}

/// A nationality is gained or lost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NationalityChange {
    /// Whose.
    pub number: PersonalNumber,
    /// Nationality from then on.
    pub nationality: CountryCode,
    /// From when.
    pub on: Date,
}

/// A death is registered (Law on Civil Status 2014, art. 32–34).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Death {
    /// Who died.
    pub number: PersonalNumber,
    /// Day of death.
    pub on: Date,
    /// Commune of death; `None` when not known.
    #[serde(default)]
    pub place: Option<CommuneCode>,
}

/// A court declares a person missing (Civil Code 2015, art. 68).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// Who.
    pub number: PersonalNumber,
    /// Since when.
    pub since: Date,
}

/// A person who was declared missing or dead is back; the court took its decision back (Civil Code 2015, art. 70, 73).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reappearance {
    /// Who.
    pub number: PersonalNumber,
    /// Day on which the decision took effect.
    pub on: Date,
}

/// What a judgment is about that is noted without a change of another fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgmentMatter {
    /// Legal capacity lost, limited or restored (Civil Code 2015, art. 22–24).
    LegalCapacity,
    /// Parenthood confirmed or denied; the fact itself changes by a recognition or a correction.
    Parenthood,
    /// An adoption ended.
    AdoptionEnded,
    /// A foreign court's or office's decision on civil status, noted here.
    ForeignDecision,
}

/// A court's judgment is noted (Law on Civil Status 2014, art. 30).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgment {
    /// About whom.
    pub number: PersonalNumber,
    /// What about.
    pub matter: JudgmentMatter,
    /// Day on which it took effect.
    pub on: Date,
}

/// A sensitive value in the clear, on its way to be sealed. Stored events hold the word `sealed` in its place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sensitive(pub String);

/// States ethnicity, religion, blood group, portrait or fingerprints.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitiveStatement {
    /// Whose.
    pub number: PersonalNumber,
    /// Which.
    pub kind: SensitiveKind,
    /// The value: text, or Base64 for portrait and fingerprints.
    pub value: Sensitive,
    /// From when; from birth when left out.
    #[serde(default)]
    pub on: Option<Date>,
}

/// The sealed kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensitiveKind {
    /// One of the 54 peoples of the official list, or a foreign one.
    Ethnicity,
    /// Religion, or none.
    Religion,
    /// A, B, AB or O with + or -.
    BloodGroup,
    /// JPEG, PNG or JPEG 2000.
    Portrait,
    /// ISO/IEC 19794 template.
    Fingerprints,
}

/// Another name by which the person is called begins or ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherNameStatement {
    /// Whose.
    pub number: PersonalNumber,
    /// The name; `None` to end the earlier one.
    #[serde(default)]
    pub name: Option<PersonName>,
    /// From when.
    pub on: Date,
}
