//! The tables of `data/synth_*.csv`, built into the program.

use crate::{draw::Weights, error::SynthError};
use dancu_core::Sex;
use std::str::FromStr;

/// North or south: surnames and words in addresses differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// Up to Quảng Trị.
    North,
    /// From Huế on.
    South,
}

/// One of the 63 provinces by which numbers begin.
#[derive(Debug)]
pub struct ProvinceRow {
    /// Three digits at the front of personal numbers.
    pub number_code: u16,
    /// Two digits at the front of old numbers.
    pub old_number_prefix: u8,
    /// North or south.
    pub region: Region,
}

/// Provinces with their weights.
#[derive(Debug)]
pub struct Provinces {
    /// In the order of the file.
    pub rows: Vec<ProvinceRow>,
    /// Population in thousands: where people come from.
    pub population: Weights,
    /// Where people move to.
    pub migration: Weights,
}

/// Ages by sex, in groups.
#[derive(Debug)]
pub struct Pyramid {
    /// First age, last age, sex.
    pub groups: Vec<(i32, i32, Sex)>,
    /// Persons of each group.
    pub weights: Weights,
}

/// Names of streets and hamlets.
#[derive(Debug, Default)]
pub struct Streets {
    /// Streets of wards.
    pub streets: Vec<String>,
    /// Hamlets of communes.
    pub hamlets: Vec<String>,
}

/// A row of a file as text, with the means to say where it is wrong.
pub struct Row {
    file: &'static str,
    record: csv::StringRecord,
}

impl Row {
    /// The text of a column.
    pub fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    /// The value of a column.
    pub fn value<T: FromStr>(&self, column: usize) -> Result<T, SynthError> {
        self.text(column).parse().map_err(|_| self.wrong(column))
    }

    /// The error for a column.
    pub fn wrong(&self, column: usize) -> SynthError {
        let line = self.record.position().map_or(0, csv::Position::line);
        SynthError::Table { file: self.file, detail: format!("line {line}, column {}", column + 1) }
    }
}

/// Reads a table; an empty one is an error.
pub fn rows(file: &'static str, text: &str) -> Result<Vec<Row>, SynthError> {
    let records = csv::Reader::from_reader(text.as_bytes()).into_records();
    let rows: Vec<Row> =
        records.map(|record| Ok(Row { file, record: record? })).collect::<Result<_, csv::Error>>()?;
    if rows.is_empty() {
        return Err(SynthError::Table { file, detail: "no rows".to_owned() });
    }
    Ok(rows)
}

/// Reads `number_code,population_thousands,old_number_prefix,migration_weight,region`.
pub fn provinces() -> Result<Provinces, SynthError> {
    let rows = rows("synth_provinces.csv", include_str!("../../../data/synth_provinces.csv"))?;
    let (mut provinces, mut population, mut migration) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        population.push(row.value(1)?);
        migration.push(row.value(3)?);
        provinces.push(ProvinceRow {
            number_code: row.value(0)?,
            old_number_prefix: row.value(2)?,
            region: match row.text(4) {
                "north" => Region::North,
                "south" => Region::South,
                _ => return Err(row.wrong(4)),
            },
        });
    }
    let (population, migration) = (Weights::new(population), Weights::new(migration));
    Ok(Provinces { rows: provinces, population, migration })
}

/// Reads `age_from,age_to,men,women`.
pub fn pyramid() -> Result<Pyramid, SynthError> {
    let rows = rows("synth_age_pyramid.csv", include_str!("../../../data/synth_age_pyramid.csv"))?;
    let (mut groups, mut weights) = (Vec::new(), Vec::new());
    for row in &rows {
        let (first, last) = (row.value(0)?, row.value(1)?);
        for (column, sex) in [(2, Sex::Male), (3, Sex::Female)] {
            groups.push((first, last, sex));
            weights.push(row.value(column)?);
        }
    }
    Ok(Pyramid { groups, weights: Weights::new(weights) })
}

/// Reads `kind,name`.
pub fn streets() -> Result<Streets, SynthError> {
    let rows = rows("synth_street_names.csv", include_str!("../../../data/synth_street_names.csv"))?;
    let mut streets = Streets::default();
    for row in &rows {
        let name = row.text(1).to_owned();
        match row.text(0) {
            "street" => streets.streets.push(name),
            "hamlet" => streets.hamlets.push(name),
            _ => return Err(row.wrong(0)),
        }
    }
    Ok(streets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pyramid_has_the_published_shares() {
        let pyramid = pyramid().unwrap();
        let share = |wanted: &dyn Fn(&(i32, i32, Sex)) -> bool| {
            let mut sum = 0;
            for point in 0..pyramid.weights.total() {
                sum += u32::from(wanted(&pyramid.groups[pyramid.weights.index_of(point)]));
            }
            f64::from(sum) / f64::from(pyramid.weights.total())
        };
        assert!((share(&|group| group.1 < 15) - 0.233).abs() < 0.002);
        assert!((share(&|group| group.0 >= 65) - 0.093).abs() < 0.002);
        assert!((share(&|group| group.2 == Sex::Female) - 0.503).abs() < 0.003);
    }

    #[test]
    fn all_63_provinces_of_the_number_list_are_weighted() {
        let provinces = provinces().unwrap();
        let codes: Vec<u16> = provinces.rows.iter().map(|row| row.number_code).collect();
        let expected: Vec<u16> = dancu_places::number_provinces().map(|place| place.code).collect();
        assert_eq!(codes, expected);
    }

    #[test]
    fn a_wrong_row_is_named() {
        let rows = rows("x.csv", "a,b\n1,x\n").unwrap();
        let error = rows[0].value::<u32>(1).unwrap_err();
        assert_eq!(error.to_string(), "data/x.csv: line 2, column 2");
    }
}
