//! What a contract lets tell of numbers of persons. The numbers themselves are counted elsewhere; here stands how small their
//! areas may be.

use serde::{Deserialize, Serialize};

/// How small the areas of a table are. Compared: a smaller area tells more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AreaLevel {
    /// The country as a whole.
    Country,
    /// Provinces.
    Province,
    /// Communes.
    Commune,
}

impl AreaLevel {
    /// As a number that policies compare; 0 is no area at all.
    pub(crate) const fn rank(area: Option<Self>) -> usize {
        match area {
            None => 0,
            Some(Self::Country) => 1,
            Some(Self::Province) => 2,
            Some(Self::Commune) => 3,
        }
    }

    /// Words for a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Country => ("cả nước", "the country"),
            Self::Province => ("cấp tỉnh", "provinces"),
            Self::Commune => ("cấp xã", "communes"),
        }
    }
}

/// What a contract may be told of numbers of persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatisticsTerms {
    /// The smallest areas that are told apart.
    pub area: AreaLevel,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_ranked_as_they_are_ordered() {
        let areas = [None, Some(AreaLevel::Country), Some(AreaLevel::Province), Some(AreaLevel::Commune)];
        assert!(areas.is_sorted());
        assert_eq!(areas.map(AreaLevel::rank), [0, 1, 2, 3]);
    }
}
