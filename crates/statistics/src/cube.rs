//! All counts of one day.

use crate::{AgeBand, Dimension, Tally};
use dancu_core::{CommuneCode, ProvinceCode, Sex};
use std::collections::{BTreeMap, BTreeSet};

/// What persons who are counted together have in common; `None` where it is not known, or is not told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cell {
    /// Province of today of the permanent residence.
    pub province: Option<ProvinceCode>,
    /// Commune of today. Not known of who is registered in an old commune that was divided.
    pub commune: Option<CommuneCode>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Age.
    pub age: Option<AgeBand>,
}

impl Cell {
    /// With what a table tells apart.
    #[must_use]
    pub fn by(self, by: &BTreeSet<Dimension>) -> Self {
        let told = |dimension| by.contains(&dimension);
        Self {
            // A commune lies in its province.
            province: self.province.filter(|_| told(Dimension::Province) || told(Dimension::Commune)),
            commune: self.commune.filter(|_| told(Dimension::Commune)),
            sex: self.sex.filter(|_| told(Dimension::Sex)),
            age: self.age.filter(|_| told(Dimension::Age)),
        }
    }
}

/// A cell and its tally in the text of a store.
type Line = (Option<ProvinceCode>, Option<CommuneCode>, Option<Sex>, Option<AgeBand>, u64, u64);

/// Exact counts by everything that tables tell apart. They leave this room rounded only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cube(BTreeMap<Cell, Tally>);

impl Cube {
    /// Counts more persons.
    pub fn add(&mut self, cell: Cell, tally: Tally) {
        let sum = self.0.entry(cell).or_default();
        *sum = sum.with(tally);
    }

    /// What a table tells apart, of one province or of the country.
    #[must_use]
    pub fn table(&self, by: &BTreeSet<Dimension>, province: Option<ProvinceCode>) -> Self {
        let mut table = Self::default();
        let inside = self.0.iter().filter(|(cell, _)| province.is_none() || cell.province == province);
        for (cell, tally) in inside {
            table.add(cell.by(by), *tally);
        }
        table
    }

    /// Its cells in their order.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, Tally)> {
        self.0.iter().map(|(cell, tally)| (*cell, *tally))
    }

    /// Everybody together.
    pub fn total(&self) -> Tally {
        self.0.values().copied().fold(Tally::default(), Tally::with)
    }

    /// Whether nobody was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a text that a store keeps: a list of province, commune, sex, age group, persons and sum of keys.
    pub fn to_text(&self) -> String {
        let line = |(cell, tally): (Cell, Tally)| {
            (cell.province, cell.commune, cell.sex, cell.age, tally.persons, tally.key)
        };
        let lines: Vec<Line> = self.cells().map(line).collect();
        serde_json::to_string(&lines).expect("cells are plain values")
    }

    /// From such a text; `None` when it is none.
    pub fn from_text(text: &str) -> Option<Self> {
        let lines: Vec<Line> = serde_json::from_str(text).ok()?;
        let cell = |(province, commune, sex, age, persons, key): Line| {
            (Cell { province, commune, sex, age }, Tally { persons, key })
        };
        Some(Self(lines.into_iter().map(cell).collect()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn any_cell() -> impl Strategy<Value = Cell> {
        let births = ["1950", "1990-05-04", "2001-01-01", "2020-02-29", "2001"];
        let places = [Some(("01", "00004")), Some(("01", "00008")), Some(("31", "11329")), None];
        let sexes = [Some(Sex::Male), Some(Sex::Female), None];
        (
            prop::sample::select(places.to_vec()),
            prop::sample::select(sexes.to_vec()),
            prop::sample::select(births.to_vec()),
        )
            .prop_map(|(place, sex, birth)| Cell {
                province: place.map(|(province, _)| province.parse().unwrap()),
                commune: place.map(|(_, commune)| commune.parse().unwrap()),
                sex,
                age: AgeBand::of(birth.parse().unwrap(), date(2026, 11, 1)),
            })
    }

    /// A few persons, each in a cell.
    pub fn any_cube() -> impl Strategy<Value = Cube> {
        prop::collection::vec((any_cell(), any::<u64>()), 0..60).prop_map(|persons| {
            let mut cube = Cube::default();
            for (cell, key) in persons {
                cube.add(cell, Tally::one(key));
            }
            cube
        })
    }

    proptest! {
        #[test]
        fn a_kept_cube_is_the_same(cube in any_cube()) {
            prop_assert_eq!(Cube::from_text(&cube.to_text()), Some(cube));
        }

        #[test]
        fn every_table_counts_everybody_once(cube in any_cube(), by in prop::collection::btree_set(prop::sample::select(Dimension::ALL.to_vec()), 0..4)) {
            let table = cube.table(&by, None);
            prop_assert_eq!(table.total(), cube.total());
            // Coarser again it is what it would have been at once.
            prop_assert_eq!(table.table(&BTreeSet::new(), None), cube.table(&BTreeSet::new(), None));
            let provinces: u64 = cube.cells().map(|(cell, _)| cell.province).collect::<BTreeSet<_>>().into_iter().flatten()
                .map(|province| cube.table(&by, Some(province)).total().persons).sum();
            let nowhere: u64 = cube.cells().filter(|(cell, _)| cell.province.is_none()).map(|(_, tally)| tally.persons).sum();
            prop_assert_eq!(provinces + nowhere, cube.total().persons);
        }
    }
}
