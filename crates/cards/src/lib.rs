//! The citizen card: what its QR code says, and whether a card is in force on a day.
//!
//! May use `core` and `register`. Names no store, no web.

mod qr;
mod standing;

pub use qr::{CardQr, QrError, QrField, QrNotice, QrReading};
pub use standing::{CardStanding, standing};
