//! The kinds of facts, and sets of them.

/// The kinds of facts. The numbers stand in stores and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum FactKind {
    /// Name, sex, birth, nationality, old number.
    Identity = 1,
    /// Marital status, parents, spouse.
    Family = 2,
    /// Permanent and temporary residence, household.
    Residence = 3,
    /// The citizen card.
    Card = 4,
    /// Telephone and e-mail.
    Contact = 5,
    /// Whether the person lives; no such fact means alive.
    Life = 6,
    /// Another name by which the person is called.
    OtherName = 7,
    /// Declared absence from the place of residence.
    Absence = 8,
    /// Where the person stays when it is neither the permanent nor the temporary residence.
    CurrentPlace = 9,
    /// Who lawfully acts for the person.
    Representation = 10,
    /// What became of the personal number; no such fact means in use.
    Number = 11,
    /// What other databases share of the person, from a closed list.
    Shared = 12,
    /// Ethnicity. Sealed.
    Ethnicity = 17,
    /// Religion. Sealed.
    Religion = 18,
    /// Blood group. Sealed: it concerns health.
    BloodGroup = 19,
    /// Portrait. Sealed.
    Portrait = 20,
    /// Fingerprints. Sealed.
    Fingerprints = 21,
}

impl FactKind {
    /// Every kind that is read like any other, in the order of its number.
    pub const ALL: [Self; 12] = [
        Self::Identity,
        Self::Family,
        Self::Residence,
        Self::Card,
        Self::Contact,
        Self::Life,
        Self::OtherName,
        Self::Absence,
        Self::CurrentPlace,
        Self::Representation,
        Self::Number,
        Self::Shared,
    ];

    /// The kinds that are kept apart and encrypted.
    pub const SEALED: [Self; 5] =
        [Self::Ethnicity, Self::Religion, Self::BloodGroup, Self::Portrait, Self::Fingerprints];

    /// The number that stores keep.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether values of the kind are encrypted and stand in a table of their own.
    pub const fn is_sealed(self) -> bool {
        self.code() > 16
    }

    /// The kind of a stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().chain(Self::SEALED).find(|kind| kind.code() == code)
    }

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Family => "family",
            Self::Residence => "residence",
            Self::Card => "card",
            Self::Contact => "contact",
            Self::Life => "life",
            Self::OtherName => "other_name",
            Self::Absence => "absence",
            Self::CurrentPlace => "current_place",
            Self::Representation => "representation",
            Self::Number => "number",
            Self::Shared => "shared",
            Self::Ethnicity => "ethnicity",
            Self::Religion => "religion",
            Self::BloodGroup => "blood_group",
            Self::Portrait => "portrait",
            Self::Fingerprints => "fingerprints",
        }
    }
}

/// A set of kinds: what a reader wants to know, so that nothing else is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindSet(u32);

impl KindSet {
    /// No kind.
    pub const EMPTY: Self = Self(0);
    /// Every kind but the sealed ones.
    pub const ALL: Self = Self(0b1_1111_1111_1110);

    /// The set with one kind more.
    #[must_use]
    pub const fn with(self, kind: FactKind) -> Self {
        Self(self.0 | 1 << kind.code())
    }

    /// Whether a kind is in it.
    pub const fn contains(self, kind: FactKind) -> bool {
        self.0 & 1 << kind.code() != 0
    }

    /// What is in either of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether no kind is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Bit `1 << code` for each kind in the set, as stores filter with it.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl FromIterator<FactKind> for KindSet {
    fn from_iter<I: IntoIterator<Item = FactKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::EMPTY, Self::with)
    }
}
