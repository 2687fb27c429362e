//! Names with their real skew, by sex, generation and region.

use crate::{
    draw::{Draw, Weights},
    error::SynthError,
    tables::{self, Region, Row},
};
use dancu_core::Sex;

/// Which row of the surnames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surname(usize);

#[derive(Debug)]
struct SurnameRow {
    text: String,
    /// Written after the given name, with `Y` or `H'` before it, as the Ê Đê and their neighbours do.
    is_last: bool,
}

/// Words with a weight for each generation.
#[derive(Debug, Default)]
struct Words {
    texts: Vec<String>,
    weights: [Weights; 4],
}

impl Words {
    fn new(rows: &[&Row], first_weight: usize) -> Result<Self, SynthError> {
        let mut weights: [Vec<u32>; 4] = Default::default();
        for row in rows {
            for (generation, weights) in weights.iter_mut().enumerate() {
                weights.push(row.value(first_weight + generation)?);
            }
        }
        let texts = rows.iter().map(|row| row.text(0).to_owned()).collect();
        Ok(Self { texts, weights: weights.map(Weights::new) })
    }

    fn draw(&self, draw: &mut Draw, generation: usize) -> &str {
        &self.texts[draw.weighted(&self.weights[generation])]
    }
}

/// All names.
#[derive(Debug)]
pub struct Names {
    surnames: Vec<SurnameRow>,
    north: Weights,
    south: Weights,
    /// For men, for women.
    middle: [Words; 2],
    given: [Words; 2],
    given_before_surname: [Words; 2],
}

const fn index_of(sex: Sex) -> usize {
    match sex {
        Sex::Male => 0,
        Sex::Female => 1,
    }
}

const fn generation(birth_year: i16) -> usize {
    match birth_year {
        ..1960 => 0,
        1960..1980 => 1,
        1980..2000 => 2,
        _ => 3,
    }
}

impl Names {
    /// Reads the three tables.
    pub fn new() -> Result<Self, SynthError> {
        let surnames = tables::rows("synth_surnames.csv", include_str!("../../../data/synth_surnames.csv"))?;
        let middle =
            tables::rows("synth_middle_names.csv", include_str!("../../../data/synth_middle_names.csv"))?;
        let given =
            tables::rows("synth_given_names.csv", include_str!("../../../data/synth_given_names.csv"))?;
        let weights = |column| -> Result<Weights, SynthError> {
            let weights: Vec<u32> = surnames.iter().map(|row| row.value(column)).collect::<Result<_, _>>()?;
            Ok(Weights::new(weights))
        };
        let select = |rows: &[Row], sex: Sex, form: Option<&str>, first_weight| {
            let chosen: Vec<&Row> = rows
                .iter()
                .filter(|row| row.text(1) == sex.letter() && form.is_none_or(|form| row.text(2) == form))
                .collect();
            Words::new(&chosen, first_weight)
        };
        let both = |rows: &[Row], form, first_weight| -> Result<[Words; 2], SynthError> {
            Ok([select(rows, Sex::Male, form, first_weight)?, select(rows, Sex::Female, form, first_weight)?])
        };
        Ok(Self {
            north: weights(1)?,
            south: weights(2)?,
            middle: both(&middle, None, 2)?,
            given: both(&given, Some("surname_first"), 3)?,
            given_before_surname: both(&given, Some("surname_last"), 3)?,
            surnames: surnames
                .iter()
                .map(|row| SurnameRow {
                    text: row.text(0).to_owned(),
                    is_last: row.text(3) == "surname_last",
                })
                .collect(),
        })
    }

    /// A surname as common as it is in the region.
    pub fn surname(&self, draw: &mut Draw, region: Region) -> Surname {
        let weights = match region {
            Region::North => &self.north,
            Region::South => &self.south,
        };
        Surname(draw.weighted(weights))
    }

    /// A full name: surname, mostly a middle name, given name.
    pub fn full_name(&self, draw: &mut Draw, surname: Surname, sex: Sex, birth_year: i16) -> String {
        let surname = &self.surnames[surname.0];
        let (sex_index, generation) = (index_of(sex), generation(birth_year));
        if surname.is_last {
            let given = self.given_before_surname[sex_index].draw(draw, generation);
            return match sex {
                Sex::Male => format!("Y {given} {}", surname.text),
                Sex::Female => format!("H'{given} {}", surname.text),
            };
        }
        let given = self.given[sex_index].draw(draw, generation);
        let middle = self.middle[sex_index].draw(draw, generation);
        let repeats = middle == surname.text || middle.split(' ').any(|word| word == given);
        if middle.is_empty() || repeats {
            format!("{} {given}", surname.text)
        } else {
            format!("{} {middle} {given}", surname.text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_core::PersonName;

    #[test]
    fn every_word_of_the_tables_makes_a_name_that_the_register_accepts() {
        let names = Names::new().unwrap();
        let words = names.surnames.iter().map(|row| &row.text);
        let words = words.chain(names.given.iter().flat_map(|words| &words.texts));
        let words = words.chain(names.given_before_surname.iter().flat_map(|words| &words.texts));
        let words = words.chain(names.middle.iter().flat_map(|words| &words.texts));
        let mut count = 0;
        for word in words.filter(|word| !word.is_empty()) {
            let name: PersonName = word.parse().unwrap();
            assert_eq!(name.as_str(), word, "not in the normal form");
            count += 1;
        }
        assert!(count > 500, "{count}");
    }

    #[test]
    fn names_follow_region_sex_and_generation() {
        let names = Names::new().unwrap();
        let mut draw = Draw::for_block(5, 5);
        let mut share = |region, sex, year, wanted: &str| {
            let drawn = (0..4_000).filter(|_| {
                let surname = names.surname(&mut draw, region);
                names.full_name(&mut draw, surname, sex, year).split(' ').any(|word| word == wanted)
            });
            drawn.count()
        };
        assert!(share(Region::North, Sex::Male, 1990, "Huỳnh") < 40);
        assert!(share(Region::South, Sex::Male, 1990, "Huỳnh") > 120);
        assert!(share(Region::North, Sex::Female, 1965, "Thị") > 2_000);
        assert!(share(Region::North, Sex::Female, 2015, "Thị") < 600);
        assert_eq!(share(Region::South, Sex::Male, 1975, "Thị"), 0);
    }
}
