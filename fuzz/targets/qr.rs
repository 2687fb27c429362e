//! The QR text of a card: whatever is scanned, it is read or refused, and what was read can be written and read back.
#![no_main]

use dancu_cards::CardQr;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(reading) = CardQr::read(text) {
        let written = reading.card.write();
        let again = CardQr::read(&written).expect("what was written can be read");
        assert!(again.card == reading.card, "reading, writing and reading gave another card");
    }
});
