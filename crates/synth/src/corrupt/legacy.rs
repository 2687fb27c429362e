//! Names in the bytes of old code tables: the inverse of what `dancu_core` reads.

use dancu_core::{LegacyEncoding, composed, legacy_readings};
use std::collections::HashMap;

/// Letters with their signs in TCVN3 and in VNI.
pub struct Legacy {
    tcvn3: HashMap<char, char>,
    vni: HashMap<String, String>,
}

fn reading(signs: &str, table: LegacyEncoding) -> Option<String> {
    legacy_readings(signs).into_iter().find(|(other, _)| *other == table).map(|(_, reading)| reading)
}

impl Legacy {
    /// Asks the readers what every sign means.
    pub fn new() -> Self {
        let tcvn3 = (0xA1_u8..=0xFE).filter_map(|byte| {
            let sign = char::from(byte);
            Some((reading(&sign.to_string(), LegacyEncoding::Tcvn3)?.chars().next()?, sign))
        });
        let vowels = ["a", "e", "o", "u", "y", "ô", "ö", "A", "E", "O", "U", "Y", "Ô", "Ö"];
        let marks = ["", "ù", "ø", "û", "õ", "ï", "â", "á", "à", "å", "ã", "ä", "ê", "é", "è", "ú", "ü", "ë"];
        let pairs = vowels.iter().flat_map(|vowel| marks.iter().map(move |mark| format!("{vowel}{mark}")));
        let singles = ["í", "ì", "æ", "ó", "ò", "î", "ñ", "Ñ", "Í", "Ì"].map(str::to_owned);
        let vni =
            pairs.chain(singles).filter_map(|signs| Some((reading(&signs, LegacyEncoding::Vni)?, signs)));
        Self { tcvn3: tcvn3.collect(), vni: vni.collect() }
    }

    /// As a program of Latin letters shows it.
    pub fn tcvn3(&self, name: &str) -> String {
        let own = |letter: char| self.tcvn3.get(&letter).copied();
        // Toned capitals have no code: the fonts of capitals show the small ones so.
        let small = |letter: char| letter.to_lowercase().next().and_then(own);
        composed(name).chars().map(|letter| own(letter).or_else(|| small(letter)).unwrap_or(letter)).collect()
    }

    /// As a program of Latin letters shows it.
    pub fn vni(&self, name: &str) -> String {
        let signs = |letter: char| {
            let letter = letter.to_string();
            self.vni.get(&letter).cloned().unwrap_or(letter)
        };
        composed(name).chars().map(signs).collect()
    }
}
