//! What officers decided on pairs of earlier runs: a pair that was rejected is not brought again, one that was accepted is matched.

use crate::{failure::Failure, platform::Platform};
use dancu_core::PersonalNumber;
use dancu_exchange::{ContractId, DecidedPair, FieldSet};
use dancu_quality::table::Table;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Decided pairs that are read at once.
const PAGE_PAIRS: usize = 1_000;

/// Decisions under a contract, by the digest of what a row says.
#[derive(Default)]
pub struct Decisions {
    by_row: HashMap<String, Vec<DecidedPair>>,
    /// Where the accepted persons stand in the register that was read.
    places: HashMap<PersonalNumber, u32>,
}

impl Decisions {
    /// Reads them.
    pub async fn read(platform: &Platform, contract: &ContractId) -> Result<Self, Failure> {
        let (mut by_row, mut after): (HashMap<String, Vec<DecidedPair>>, _) = (HashMap::new(), None);
        loop {
            let page = platform.stores.file_reviews.decided_pairs(contract, after, PAGE_PAIRS).await?;
            let Some(last) = page.last() else { return Ok(Self { by_row, places: HashMap::new() }) };
            after = Some(last.id);
            for pair in page {
                by_row.entry(pair.row.clone()).or_default().push(pair);
            }
        }
    }

    /// Leaves out those whose person is not in the register any more, so that nobody is told of a number out of use.
    pub fn keep_those_in(&mut self, register: &Table) {
        if self.by_row.is_empty() {
            return;
        }
        let named: HashMap<String, PersonalNumber> =
            self.by_row.values().flatten().map(|pair| (pair.number.to_string(), pair.number)).collect();
        let rows = 0..u32::try_from(register.rows()).expect("rows are counted in 32 bits");
        self.places = rows.filter_map(|row| Some((*named.get(register.id(row))?, row))).collect();
        for pairs in self.by_row.values_mut() {
            pairs.retain(|pair| !pair.is_same || self.places.contains_key(&pair.number));
        }
    }

    /// Whether nothing was ever decided.
    pub fn is_empty(&self) -> bool {
        self.by_row.is_empty()
    }

    /// The person whom a row was decided to be, by its place in the register, and in which fields they agree.
    pub fn accepted(&self, row: &str) -> Option<(u32, FieldSet)> {
        let mut same = self.by_row.get(row)?.iter().filter(|pair| pair.is_same);
        let pair = same.next()?;
        // A row that officers found to be two persons, in two runs, is neither until they look again.
        let is_certain = same.all(|other| other.number == pair.number);
        is_certain.then_some(())?;
        Some((*self.places.get(&pair.number)?, pair.agreed))
    }

    /// Whether a row was decided not to be somebody.
    pub fn is_rejected(&self, row: &str, number: &str) -> bool {
        let pairs = self.by_row.get(row);
        pairs.is_some_and(|pairs| pairs.iter().any(|pair| !pair.is_same && pair.number.to_string() == number))
    }
}

/// Digest of what a row says in the columns that are compared, whatever their order: a row that was changed is another row,
/// and is decided anew.
pub fn row_digest(key: &str, cells: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = cells.iter().collect();
    sorted.sort();
    let text = serde_json::to_string(&(key, sorted)).expect("texts are JSON");
    super::folder::hex(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::row_digest;

    #[test]
    fn a_row_is_the_same_whatever_the_order_of_its_columns() {
        let cell = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let row = row_digest("A1", &[cell("a", "1"), cell("b", "2")]);
        assert_eq!(row, row_digest("A1", &[cell("b", "2"), cell("a", "1")]));
        assert_ne!(row, row_digest("A2", &[cell("a", "1"), cell("b", "2")]));
        assert_ne!(row, row_digest("A1", &[cell("a", "2"), cell("b", "1")]));
    }
}
