//! The first three digits of a personal number: a province of the 63, or a country.

use crate::table;
use dancu_core::ProvinceCode;

/// Where a birth was registered, as the first three digits of the number say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberPlace {
    /// A province of before 1 July 2025. Numbers keep it for good.
    Province(NumberProvince),
    /// A country, for births registered abroad.
    Country(NumberCountry),
}

/// One of the 63 provinces of before 1 July 2025.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberProvince {
    /// Three digits with which the number begins.
    pub code: u16,
    /// Its name then.
    pub name: &'static str,
    /// The province that most of it belongs to now.
    pub present: ProvinceCode,
    /// What the source says besides, mostly empty.
    pub note: &'static str,
}

/// A country of the list for births registered abroad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberCountry {
    /// Three digits with which the number begins.
    pub code: u16,
    /// ISO 3166-1 alpha-2.
    pub iso2: &'static str,
    /// English name.
    pub name_en: &'static str,
}

/// What the first three digits of a number mean. `None` for codes outside both lists, which is no error of the
/// number: the lists grow.
pub fn number_place(code: u16) -> Option<NumberPlace> {
    if let Ok(index) = table::NUMBER_PROVINCES.binary_search_by_key(&code, |row| row.0) {
        return Some(NumberPlace::Province(province(index)));
    }
    let index = table::NUMBER_COUNTRIES.binary_search_by_key(&code, |row| row.0).ok()?;
    Some(NumberPlace::Country(country(index)))
}

/// The 63 provinces, ascending by code.
pub fn number_provinces() -> impl ExactSizeIterator<Item = NumberProvince> {
    (0..table::NUMBER_PROVINCES.len()).map(province)
}

/// The countries, ascending by code.
pub fn number_countries() -> impl ExactSizeIterator<Item = NumberCountry> {
    (0..table::NUMBER_COUNTRIES.len()).map(country)
}

fn country(index: usize) -> NumberCountry {
    let (code, iso2, name_en) = table::NUMBER_COUNTRIES[index];
    NumberCountry { code, iso2, name_en }
}

/// The province at a place of the generated table.
pub(crate) fn province(index: usize) -> NumberProvince {
    let (code, name, present, note) = table::NUMBER_PROVINCES[index];
    let present = ProvinceCode::from_value(present).expect("the table holds two digits");
    NumberProvince { code, name, present, note }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provinces_and_countries_are_told_apart() {
        match number_place(82) {
            Some(NumberPlace::Province(place)) => {
                assert_eq!((place.name, place.present.value()), ("Tiền Giang", 82));
                assert!(!place.note.is_empty());
            }
            other => panic!("{other:?}"),
        }
        match number_place(107) {
            Some(NumberPlace::Country(place)) => assert_eq!(place.iso2, "GB"),
            other => panic!("{other:?}"),
        }
        assert_eq!(number_place(3), None);
        assert_eq!(number_place(999), None);
        assert_eq!(number_provinces().len(), 63);
    }

    #[test]
    fn every_row_of_the_lists_is_found() {
        for (path, is_country) in
            [("../../data/province_birth_codes_63.csv", false), ("../../data/foreign_birth_codes.csv", true)]
        {
            for row in csv::Reader::from_path(path).unwrap().records() {
                let row = row.unwrap();
                let found = number_place(row[0].parse().unwrap()).unwrap();
                assert_eq!(matches!(found, NumberPlace::Country(_)), is_country, "{row:?}");
            }
        }
    }
}
