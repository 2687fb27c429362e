//! All units, with look-ups by code.

use crate::{
    number_place,
    table::{self, COMMUNES, FORMER, PROVINCES},
    unit::{Commune, FormerCommune, Province, Unit, UnitKind},
};
use dancu_core::{CommuneCode, ProvinceCode};
use jiff::civil::Date;
use std::sync::LazyLock;

/// Five-digit codes that exist or could.
const CODES: usize = 100_000;

/// The units of the country. One value serves the whole program: [`Places::national`].
#[derive(Debug)]
pub struct Places {
    provinces: Vec<Province>,
    communes: Vec<Commune>,
    former: Vec<FormerCommune>,
    /// How many of `former` have a code; they stand first, ascending.
    former_with_code: usize,
    /// One bit a code: present or former.
    known: Box<[u64]>,
}

/// What the build found in the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageCounts {
    /// Rows of its table of mappings.
    pub mapping_rows: usize,
    /// Rows that name no old unit.
    pub rows_without_old_unit: usize,
    /// Rows whose successor was taken by name, because its code was cut short or another commune's.
    pub rows_mended: usize,
}

static NATIONAL: LazyLock<Places> = LazyLock::new(Places::build);

fn commune_code(value: u32) -> CommuneCode {
    CommuneCode::from_value(value).expect("the build checked that codes have five digits")
}

fn province_code(value: u8) -> ProvinceCode {
    ProvinceCode::from_value(value).expect("the build checked that codes have two digits")
}

fn kind(name: &str) -> UnitKind {
    UnitKind::of(name).expect("tests hold that every name of the package begins with its type")
}

impl Places {
    /// First day of the present units, last day plus one of the former.
    pub const REFORM: Date = Date::constant(table::REFORM.0, table::REFORM.1, table::REFORM.2);

    /// What the table was made from.
    pub const PACKAGE: PackageCounts = PackageCounts {
        mapping_rows: table::MAPPING_ROWS,
        rows_without_old_unit: table::ROWS_WITHOUT_OLD_UNIT,
        rows_mended: table::ROWS_MENDED,
    };

    /// The table built into the program.
    pub fn national() -> &'static Self {
        &NATIONAL
    }

    fn build() -> Self {
        let provinces = PROVINCES.iter().map(|&(code, name)| {
            let full_name =
                if name.starts_with("Thành phố ") { name.to_owned() } else { format!("Tỉnh {name}") };
            Province { code: province_code(code), name, full_name }
        });
        let communes = COMMUNES.iter().map(|&(code, name, province)| Commune {
            code: commune_code(code),
            name,
            kind: kind(name),
            province: province_code(province),
            valid_from: Self::REFORM,
        });
        let former = FORMER.iter().map(|&(code, name, district, province, successors)| FormerCommune {
            code: (code != 0).then(|| commune_code(code)),
            name,
            kind: kind(name),
            district,
            province: number_place::province(usize::from(province)),
            valid_to: Self::REFORM,
            successors: successors.iter().copied().map(commune_code).collect(),
        });
        let codes = COMMUNES.iter().map(|row| row.0).chain(FORMER.iter().map(|row| row.0));
        let mut known = vec![0_u64; CODES.div_ceil(64)].into_boxed_slice();
        for code in codes.filter(|code| *code != 0) {
            known[code as usize / 64] |= 1 << (code % 64);
        }
        Self {
            provinces: provinces.collect(),
            communes: communes.collect(),
            former: former.collect(),
            former_with_code: FORMER.partition_point(|row| row.0 != 0),
            known,
        }
    }

    /// Provinces of today, ascending by code.
    pub fn provinces(&self) -> &[Province] {
        &self.provinces
    }

    /// Communes of today, ascending by code.
    pub fn communes(&self) -> &[Commune] {
        &self.communes
    }

    /// Communes of before 1 July 2025: those with a code ascending by it, then those whose code is not known.
    pub fn old_communes(&self) -> &[FormerCommune] {
        &self.former
    }

    /// A province of today.
    pub fn province(&self, code: ProvinceCode) -> Option<&Province> {
        let index = self.provinces.binary_search_by_key(&code, |province| province.code).ok()?;
        Some(&self.provinces[index])
    }

    /// A commune of today.
    pub fn commune(&self, code: CommuneCode) -> Option<&Commune> {
        let index = self.communes.binary_search_by_key(&code, |commune| commune.code).ok()?;
        Some(&self.communes[index])
    }

    /// A commune of before 1 July 2025, with its successors. Most codes are a present commune's too.
    pub fn old_commune(&self, code: CommuneCode) -> Option<&FormerCommune> {
        let with_code = &self.former[..self.former_with_code];
        let index = with_code.binary_search_by_key(&Some(code), |commune| commune.code).ok()?;
        Some(&with_code[index])
    }

    /// Whether a unit bears or bore the code. One look into a table of 12 KiB, for loads of millions.
    pub fn is_known(&self, code: CommuneCode) -> bool {
        let code = code.value() as usize;
        self.known[code / 64] >> (code % 64) & 1 == 1
    }

    /// The unit that bore the code on a day. `None` when none did: an old code that ended, a new one before its day.
    /// Units that ended before 30 June 2025 are not in the table; their successors of then answer.
    pub fn resolve(&self, code: CommuneCode, on: Date) -> Option<Unit<'_>> {
        if on < Self::REFORM {
            self.old_commune(code).map(Unit::Former)
        } else {
            self.commune(code).map(Unit::Present)
        }
    }

    /// The communes of today that a code written on a day stands for: itself, or the successors of the unit that
    /// bore it then. Empty for a code that no unit bore then.
    pub fn present(&self, code: CommuneCode, on: Date) -> Vec<&Commune> {
        match self.resolve(code, on) {
            Some(Unit::Present(commune)) => vec![commune],
            Some(Unit::Former(former)) => {
                former.successors.iter().filter_map(|code| self.commune(*code)).collect()
            }
            None => Vec::new(),
        }
    }

    /// The same, also for a code that no unit bore then but one of the other time did: some sources write today's codes for
    /// earlier days, or went on with the old ones.
    pub fn present_of_either_time(&self, code: CommuneCode, on: Date) -> Vec<&Commune> {
        let present = self.present(code, on);
        if !present.is_empty() {
            return present;
        }
        self.present(code, if on < Self::REFORM { Self::REFORM } else { Date::MIN })
    }

    /// The name up to the province: `Phường Ba Đình, Thành phố Hà Nội`. The unit of today where the code has one,
    /// else the old one, with district and province of then.
    pub fn describe(&self, code: CommuneCode) -> Option<String> {
        if let Some(commune) = self.commune(code) {
            let province = self.province(commune.province)?;
            return Some(format!("{}, {}", commune.name, province.full_name));
        }
        let former = self.old_commune(code)?;
        Some(format!("{}, {}, {}", former.name, former.district, former.province.name))
    }
}

#[cfg(test)]
#[path = "places_tests.rs"]
mod tests;
