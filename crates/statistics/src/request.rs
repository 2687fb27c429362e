//! What a table is asked for.

use dancu_core::ProvinceCode;
use dancu_exchange::AreaLevel;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What persons are told apart by. There is no other: not ethnicity, not religion, not opinion, and not the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Province of today of the permanent residence.
    Province,
    /// Commune of today, of one province at a time.
    Commune,
    /// Sex.
    Sex,
    /// Age in groups of five years.
    Age,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Province, Self::Commune, Self::Sex, Self::Age];
}

/// What a caller sends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRequest {
    /// The first of a month; the newest there is when left out.
    #[serde(default)]
    pub day: Option<Date>,
    /// What is told apart; none: one count.
    #[serde(default)]
    pub by: BTreeSet<Dimension>,
    /// The province that is counted; the whole country when left out.
    #[serde(default)]
    pub province: Option<ProvinceCode>,
}

impl TableRequest {
    /// How small its areas are.
    pub fn area(&self) -> AreaLevel {
        if self.by.contains(&Dimension::Commune) {
            AreaLevel::Commune
        } else if self.by.contains(&Dimension::Province) || self.province.is_some() {
            AreaLevel::Province
        } else {
            AreaLevel::Country
        }
    }

    /// Whether it has a bounded number of rows: communes are of one province at a time.
    pub fn is_bounded(&self) -> bool {
        self.province.is_some() || !self.by.contains(&Dimension::Commune)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_smallest_that_is_told_apart() {
        for (body, area, is_bounded) in [
            (r#"{"by":["sex","age"]}"#, AreaLevel::Country, true),
            (r#"{"by":["province","sex"]}"#, AreaLevel::Province, true),
            (r#"{"province":"01"}"#, AreaLevel::Province, true),
            (r#"{"by":["commune"],"province":"01"}"#, AreaLevel::Commune, true),
            (r#"{"by":["commune"]}"#, AreaLevel::Commune, false),
        ] {
            let request: TableRequest = serde_json::from_str(body).unwrap();
            assert_eq!((request.area(), request.is_bounded()), (area, is_bounded), "{body}");
        }
    }

    #[test]
    fn nobody_is_counted_by_what_they_are_or_think() {
        for word in ["ethnicity", "religion", "opinion", "party", "household", "name"] {
            let body = format!(r#"{{"by":["{word}"]}}"#);
            assert!(serde_json::from_str::<TableRequest>(&body).is_err(), "{word}");
        }
    }
}
