//! Cards to try the reception desk with: the QR texts of persons in a CSV, one of each kind.

use crate::failure::Failure;
use dancu_cards::CardQr;
use dancu_core::{CommuneCode, PartialDate};
use dancu_exchange::residence_line;
use serde::{Deserialize, Serialize};
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

#[derive(Deserialize)]
struct Row {
    number: String,
    old_number: String,
    full_name: String,
    sex: String,
    birth_date: String,
    permanent_commune: String,
    permanent_address: String,
    card_issued: String,
    card_state: String,
    life_status: String,
}

/// What a row's card is a sample of.
fn kind(row: &Row) -> Option<&'static str> {
    match (row.life_status.as_str(), row.card_state.as_str()) {
        ("dead", _) => Some("đã mất / dead"),
        ("alive" | "", "handed_over") => Some("còn hiệu lực / in force"),
        ("alive" | "", "expired") => Some("hết hạn / expired"),
        ("alive" | "", "lost") => Some("báo mất / lost"),
        ("alive" | "", "revoked") => Some("thu hồi / revoked"),
        _ => None,
    }
}

fn card(row: &Row) -> Option<CardQr> {
    let commune: CommuneCode = row.permanent_commune.parse().ok()?;
    Some(CardQr {
        number: row.number.parse().ok()?,
        old_number: row.old_number.parse().ok(),
        name: row.full_name.parse().ok()?,
        birth_date: row.birth_date.parse().ok()?,
        sex: row.sex.parse().ok()?,
        residence: residence_line(Some(&row.permanent_address), commune),
        issued: row.card_issued.parse::<PartialDate>().ok()?.whole()?,
    })
}

/// One card of each kind, two of those in force, and one with another person's birth date.
pub fn samples(file: &Path) -> Result<Vec<SampleCard>, Failure> {
    let unreadable = |error: csv::Error| Failure::file(file, &std::io::Error::other(error.to_string()));
    let mut reader = csv::Reader::from_path(file).map_err(unreadable)?;
    let mut found: Vec<SampleCard> = Vec::new();
    for row in reader.deserialize::<Row>().take(ROWS_MAX) {
        let row = row.map_err(unreadable)?;
        let (Some(kind), Some(card)) = (kind(&row), card(&row)) else { continue };
        let wanted = if kind.starts_with("còn") { 2 } else { 1 };
        if found.iter().filter(|sample| sample.kind == kind).count() < wanted {
            found.push(SampleCard { kind, number: card.number.to_string(), qr: card.write() });
        }
    }
    if let Some(forged) = found.iter().find(|sample| sample.kind.starts_with("còn")).and_then(forged) {
        found.push(forged);
    }
    found.sort_by_key(|sample| !sample.kind.starts_with("còn"));
    Ok(found)
}

/// The same card with another birth date, as a forger would print it.
fn forged(sample: &SampleCard) -> Option<SampleCard> {
    let mut card = CardQr::read(&sample.qr).ok()?.card;
    card.birth_date = PartialDate::from(card.birth_date.first_day().tomorrow().ok()?);
    Some(SampleCard { kind: "bị sửa / altered", number: sample.number.clone(), qr: card.write() })
}
