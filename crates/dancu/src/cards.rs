//! Cards to try the reception desk with: the QR texts of persons in a synthetic country, one of each kind.

use crate::failure::Failure;
use dancu_cards::CardQr;
use dancu_core::PartialDate;
use serde::Serialize;
use std::path::Path;

/// Rows that are looked at: enough to meet every kind.
const ROWS_MAX: usize = 20_000;

/// A card to scan.
#[derive(Debug, Clone, Serialize)]
pub struct SampleCard {
    /// What to expect of it.
    pub kind: &'static str,
    /// The person's number.
    pub number: String,
    /// The QR text.
    pub qr: String,
}

const IN_FORCE: &str = "còn hiệu lực / in force";

/// What a person's card is a sample of, by the states of person and card.
fn kind(life_status: &str, card_state: &str) -> Option<&'static str> {
    match (life_status, card_state) {
        ("dead", _) => Some("đã mất / dead"),
        ("alive", "handed_over") => Some(IN_FORCE),
        ("alive", "expired") => Some("hết hạn / expired"),
        ("alive", "lost") => Some("báo mất / lost"),
        _ => None,
    }
}

/// One card of each kind, two of those in force first, and one with an altered birth date.
pub fn samples(file: &Path) -> Result<Vec<SampleCard>, Failure> {
    let unreadable = |error: csv::Error| Failure::file(file, &std::io::Error::other(error.to_string()));
    let mut reader = csv::Reader::from_path(file).map_err(unreadable)?;
    let column = |name| dancu_synth::COLUMNS.iter().position(|column| *column == name);
    let (life, state) = (column("life_status"), column("card_state"));
    let mut found: Vec<SampleCard> = Vec::new();
    for row in reader.records().take(ROWS_MAX) {
        let row = row.map_err(unreadable)?;
        let text = |index: Option<usize>| index.and_then(|index| row.get(index)).unwrap_or_default();
        let Some(kind) = kind(text(life), text(state)) else { continue };
        let wanted = if kind == IN_FORCE { 2 } else { 1 };
        if found.iter().filter(|sample| sample.kind == kind).count() < wanted
            && let Some(card) = dancu_synth::card_qr(&row)
        {
            found.push(SampleCard { kind, number: card.number.to_string(), qr: card.write() });
        }
    }
    let altered = found.iter().find(|sample| sample.kind == IN_FORCE).and_then(altered);
    found.extend(altered);
    found.sort_by_key(|sample| sample.kind != IN_FORCE);
    Ok(found)
}

/// The same card with another birth date, as a forger would print it.
fn altered(sample: &SampleCard) -> Option<SampleCard> {
    let mut card = CardQr::read(&sample.qr).ok()?.card;
    card.birth_date = PartialDate::from(card.birth_date.first_day().tomorrow().ok()?);
    Some(SampleCard { kind: "bị sửa / altered", number: sample.number.clone(), qr: card.write() })
}
