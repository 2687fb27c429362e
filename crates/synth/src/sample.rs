//! Cards to try a reception desk with: what the QR codes of a country's cards say.

use crate::{SynthError, rows::COLUMNS};
use dancu_cards::CardQr;
use dancu_places::Places;
use std::io::Read;

/// What the card of a row's person says; none for a row without a card, or whose columns are not [`COLUMNS`].
pub fn card_qr(row: &csv::StringRecord) -> Option<CardQr> {
    let text = |column: &str| {
        let index = COLUMNS.iter().position(|name| *name == column)?;
        row.get(index).filter(|text| !text.is_empty())
    };
    let place = Places::national().describe(text("permanent_commune")?.parse().ok()?)?;
    Some(CardQr {
        number: text("number")?.parse().ok()?,
        old_number: text("old_number").and_then(|number| number.parse().ok()),
        name: text("full_name")?.parse().ok()?,
        birth_date: text("birth_date")?.parse().ok()?,
        sex: text("sex")?.parse().ok()?,
        residence: format!("{}, {place}", text("permanent_address")?),
        issued: text("card_issued")?.parse().ok()?,
    })
}

/// The QR texts of the first cards in a file of [`crate::write_country`] that are in their holders' hands, at most
/// `limit`.
pub fn sample_cards(people: impl Read, limit: usize) -> Result<Vec<String>, SynthError> {
    let mut texts = Vec::new();
    let state = COLUMNS.iter().position(|name| *name == "card_state");
    for row in csv::Reader::from_reader(people).into_records() {
        if texts.len() == limit {
            break;
        }
        let row = row?;
        if state.and_then(|state| row.get(state)) == Some("handed_over") {
            texts.extend(card_qr(&row).map(|card| card.write()));
        }
    }
    Ok(texts)
}
