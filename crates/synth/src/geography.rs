//! Where families come from and live: old communes, their provinces and their successors.

use crate::{
    draw::Draw,
    error::SynthError,
    rates,
    tables::{self, Provinces, Region, Streets},
};
use dancu_core::CommuneCode;
use dancu_places::{Places, UnitKind};
use jiff::civil::Date;
use std::ops::Range;

/// An old commune with what the country needs of it.
#[derive(Debug, Clone, Copy)]
pub struct Home {
    /// Code of before the reform.
    pub old: CommuneCode,
    /// Its first successor.
    pub present: CommuneCode,
    /// First two digits of the present code of its province, as numbers begin with since the reform.
    pub present_province: u8,
    /// Index into the 63 provinces.
    pub province: usize,
    is_ward: bool,
}

impl Home {
    /// The code that was right on a day.
    pub fn code_on(&self, day: Date) -> CommuneCode {
        if day < Places::REFORM { self.old } else { self.present }
    }
}

/// Provinces, communes and streets.
#[derive(Debug)]
pub struct Geography {
    provinces: Provinces,
    homes: Vec<Home>,
    homes_of_province: Vec<Range<usize>>,
    streets: Streets,
    birth_countries: Vec<u16>,
}

impl Geography {
    /// Joins the national units with the tables.
    pub fn new(places: &Places) -> Result<Self, SynthError> {
        let provinces = tables::provinces()?;
        let (mut homes, mut homes_of_province) = (Vec::new(), Vec::new());
        for (province, row) in provinces.rows.iter().enumerate() {
            let first = homes.len();
            let old = places.old_communes().iter().filter(|old| old.province.code == row.number_code);
            homes.extend(old.filter_map(|old| {
                let present = places.commune(*old.successors.first()?)?;
                let is_ward = present.kind == UnitKind::Ward;
                let present_province = present.province.value();
                Some(Home { old: old.code?, present: present.code, present_province, province, is_ward })
            }));
            homes_of_province.push(first..homes.len());
        }
        let countries = dancu_places::number_countries()
            .filter(|country| rates::BIRTH_COUNTRIES.contains(&country.iso2))
            .map(|country| country.code);
        Ok(Self {
            provinces,
            homes,
            homes_of_province,
            streets: tables::streets()?,
            birth_countries: countries.collect(),
        })
    }

    /// The province of a block. Shares of even small countries come out near the populations, because blocks
    /// step evenly (by the golden ratio) through the sum of all.
    pub fn province_of_block(&self, seed: u64, block: u64) -> usize {
        let golden = 0x9E37_79B9_7F4A_7C15_u64;
        let point = golden
            .wrapping_mul(block.wrapping_add(1))
            .wrapping_add(golden.wrapping_mul(seed).rotate_left(29));
        let scaled = (u128::from(point) * u128::from(self.provinces.population.total())) >> 64;
        self.provinces.population.index_of(u32::try_from(scaled).expect("below the total, a u32"))
    }

    /// A commune of a province.
    pub fn home_in(&self, draw: &mut Draw, province: usize) -> Home {
        *draw.pick(&self.homes[self.homes_of_province[province].clone()])
    }

    /// A commune anywhere, by population.
    pub fn home_anywhere(&self, draw: &mut Draw) -> Home {
        let province = draw.weighted(&self.provinces.population);
        self.home_in(draw, province)
    }

    /// A commune that people move to.
    pub fn destination(&self, draw: &mut Draw) -> Home {
        let province = draw.weighted(&self.provinces.migration);
        self.home_in(draw, province)
    }

    /// First three digits of numbers of children born in a commune on a day.
    pub fn number_place(&self, home: &Home, day: Date) -> u16 {
        if day < Places::REFORM {
            self.provinces.rows[home.province].number_code
        } else {
            u16::from(home.present_province)
        }
    }

    /// First three digits of a number of a person born abroad.
    pub fn country(&self, draw: &mut Draw) -> u16 {
        *draw.pick(&self.birth_countries)
    }

    /// First two digits of old numbers of a commune.
    pub fn old_number_prefix(&self, home: &Home) -> u8 {
        self.provinces.rows[home.province].old_number_prefix
    }

    /// North or south.
    pub fn region(&self, home: &Home) -> Region {
        self.provinces.rows[home.province].region
    }

    /// House and street in wards, hamlet elsewhere.
    pub fn address(&self, draw: &mut Draw, home: &Home) -> String {
        if home.is_ward {
            let (house, street) = (draw.between(1, 480), draw.pick(&self.streets.streets));
            return match draw.below(10) {
                0..=5 => format!("Số {house} {street}"),
                6..=8 => format!("{house}/{} {street}", draw.between(1, 60)),
                _ => format!("Tổ dân phố {}, đường {street}", draw.between(1, 30)),
            };
        }
        let kind = match (self.region(home), draw.below(10)) {
            (Region::North, 0) => "Bản",
            (Region::North, 1) => "Xóm",
            (Region::South, 0..=4) => "Ấp",
            _ => "Thôn",
        };
        if draw.chance(5_000) {
            format!("{kind} {}", draw.between(1, 14))
        } else {
            format!("{kind} {}", draw.pick(&self.streets.hamlets))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_province_has_homes_and_blocks_follow_the_population() {
        let geography = Geography::new(Places::national()).unwrap();
        assert!(geography.homes_of_province.iter().all(|homes| homes.len() > 40));
        assert_eq!(geography.birth_countries.len(), rates::BIRTH_COUNTRIES.len());
        for seed in [1, 2, 99] {
            let mut blocks = [0_u32; 63];
            for block in 0..2_000 {
                blocks[geography.province_of_block(seed, block)] += 1;
            }
            // Thành phố Hồ Chí Minh: 8,993 of 96,000 thousand.
            let city = geography.provinces.rows.iter().position(|row| row.number_code == 79).unwrap();
            assert!((182..=192).contains(&blocks[city]), "{}", blocks[city]);
            assert!(blocks.iter().all(|count| *count > 0));
        }
    }
}
