//! Provinces and communes, of today and of before 1 July 2025.

use crate::number_place::NumberProvince;
use dancu_core::{CommuneCode, ProvinceCode};
use jiff::civil::Date;

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// Xã.
    Commune,
    /// Phường.
    Ward,
    /// Thị trấn, until 30 June 2025.
    Township,
    /// Đặc khu, since 1 July 2025.
    SpecialZone,
}

impl UnitKind {
    /// From the first word of the name. `None` for a name that begins otherwise.
    pub(crate) fn of(name: &str) -> Option<Self> {
        [
            ("Xã ", Self::Commune),
            ("Phường ", Self::Ward),
            ("Thị trấn ", Self::Township),
            ("Đặc khu ", Self::SpecialZone),
        ]
        .into_iter()
        .find_map(|(prefix, kind)| name.starts_with(prefix).then_some(kind))
    }
}

/// A province or centrally run city of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Province {
    /// Two digits.
    pub code: ProvinceCode,
    /// `Cà Mau`, but `Thành phố Hà Nội`.
    pub name: &'static str,
    /// With its type: `Tỉnh Cà Mau`, `Thành phố Hà Nội`.
    pub full_name: String,
}

/// A commune, ward or special zone of today. The law that made it is [`Commune::LEGAL_REFERENCE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commune {
    /// Five digits.
    pub code: CommuneCode,
    /// With its type, e.g. `Phường Ba Đình`.
    pub name: &'static str,
    /// What it is.
    pub kind: UnitKind,
    /// Where it lies.
    pub province: ProvinceCode,
    /// First day.
    pub valid_from: Date,
}

impl Commune {
    /// Where the law says so.
    pub const LEGAL_REFERENCE: &'static str = crate::table::LAW_OF_PRESENT_UNITS;
}

/// A commune, ward or township as it stood on 30 June 2025.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerCommune {
    /// Five digits; `None` where the source names the unit without its code.
    pub code: Option<CommuneCode>,
    /// With its type, e.g. `Thị trấn Vân Đình`.
    pub name: &'static str,
    /// What it was.
    pub kind: UnitKind,
    /// With its type, e.g. `Huyện Ứng Hòa`.
    pub district: &'static str,
    /// One of the 63.
    pub province: NumberProvince,
    /// First day on which it was no more.
    pub valid_to: Date,
    /// Communes of today that took its land, ascending; never empty. All since [`FormerCommune::valid_to`].
    pub successors: Vec<CommuneCode>,
}

impl FormerCommune {
    /// The law under which it stood.
    pub const LEGAL_REFERENCE: &'static str = crate::table::LAW_OF_FORMER_UNITS;
}

/// A unit of either time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit<'a> {
    /// Of today.
    Present(&'a Commune),
    /// Of before 1 July 2025.
    Former(&'a FormerCommune),
}
