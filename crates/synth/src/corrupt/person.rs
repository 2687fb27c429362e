//! What is taken from a row of the country.

use crate::rows::COLUMNS;
use dancu_core::CommuneCode;
use dancu_places::Places;

/// Where the columns stand.
pub struct Source {
    positions: [usize; 9],
}

/// A person of the country.
#[derive(Clone)]
pub struct SourceRow {
    pub number: String,
    pub old_number: String,
    pub full_name: String,
    pub sex: String,
    pub birth_date: String,
    pub phone: String,
    pub commune: Option<CommuneCode>,
    pub address: String,
}

impl Source {
    pub fn new() -> Self {
        let names = [
            "number",
            "old_number",
            "full_name",
            "sex",
            "birth_date",
            "phone",
            "permanent_commune",
            "permanent_address",
            "life_status",
        ];
        let at = |name: &str| COLUMNS.iter().position(|column| *column == name).unwrap_or_default();
        Self { positions: names.map(at) }
    }

    /// The person of a row; none for the header.
    pub fn read(&self, row: &csv::StringRecord) -> Option<SourceRow> {
        let text = |at: usize| row.get(self.positions[at]).unwrap_or_default().to_owned();
        let number = text(0);
        if !number.starts_with(|sign: char| sign.is_ascii_digit()) {
            return None;
        }
        Some(SourceRow {
            number,
            old_number: text(1),
            full_name: text(2),
            sex: text(3),
            birth_date: text(4),
            phone: text(5),
            commune: text(6).parse().ok(),
            address: text(7),
        })
    }
}

impl SourceRow {
    /// The row of the register.
    pub fn register(&self, id: &str) -> [String; 9] {
        let place = self.commune.and_then(|commune| Places::national().describe(commune));
        [
            id.to_owned(),
            self.number.clone(),
            self.old_number.clone(),
            self.full_name.clone(),
            self.birth_date.clone(),
            self.sex.clone(),
            self.phone.clone(),
            place.unwrap_or_default(),
            self.address.clone(),
        ]
    }
}
