use super::*;
use proptest::prelude::*;
use std::{collections::HashMap, sync::LazyLock};
use unicode_normalization::UnicodeNormalization;

const SURNAMES: &str = include_str!("../../../../data/synth_surnames.csv");
const MIDDLES: &str = include_str!("../../../../data/synth_middle_names.csv");
const GIVEN: &str = include_str!("../../../../data/synth_given_names.csv");

/// Names of Vietnamese syllables, as most of the country bears them; files are told by lists of the other names, too.
fn names() -> impl Strategy<Value = String> {
    let column = |text: &'static str| -> Vec<&'static str> {
        text.lines().skip(1).filter_map(|line| line.split(',').next()).collect()
    };
    let parts = [column(SURNAMES), column(MIDDLES), column(GIVEN)].map(proptest::sample::select);
    let whole = parts.prop_map(|parts| {
        parts.iter().flat_map(|part| part.split_whitespace()).collect::<Vec<_>>().join(" ")
    });
    whole.prop_filter("names of syllables", |name| words(name).all(is_syllable))
}

/// Each letter with the sign of its byte.
static TCVN3_SIGNS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let meaning = |byte| LegacyEncoding::Tcvn3.read(&char::from(byte).to_string())?.chars().next();
    (0xA1_u8..=0xFE).filter_map(|byte| Some((meaning(byte)?, char::from(byte)))).collect()
});

/// The text as a program of Latin letters shows its bytes.
fn tcvn3_bytes(text: &str) -> String {
    let own = |letter: char| TCVN3_SIGNS.get(&letter).copied();
    // Toned capitals have no code: the fonts of capitals show the small ones so.
    let small = |letter: char| letter.to_lowercase().next().and_then(own);
    text.nfc().map(|letter| own(letter).or_else(|| small(letter)).unwrap_or(letter)).collect()
}

/// Each letter with its one or two signs.
static VNI_SIGNS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let vowels = ["a", "e", "o", "u", "y", "ô", "ö", "A", "E", "O", "U", "Y", "Ô", "Ö"];
    let marks = ["", "ù", "ø", "û", "õ", "ï", "â", "á", "à", "å", "ã", "ä", "ê", "é", "è", "ú", "ü", "ë"];
    let pairs = vowels.iter().flat_map(|vowel| marks.iter().map(move |mark| format!("{vowel}{mark}")));
    let singles = ["í", "ì", "æ", "ó", "ò", "î", "ñ", "Ñ", "Í", "Ì"].map(str::to_owned);
    pairs.chain(singles).filter_map(|signs| Some((LegacyEncoding::Vni.read(&signs)?, signs))).collect()
});

fn vni_text(text: &str) -> String {
    let signs =
        |letter: char| VNI_SIGNS.get(&letter.to_string()).cloned().unwrap_or_else(|| letter.to_string());
    text.nfc().map(signs).collect()
}

#[test]
fn the_three_tables_are_recognised() {
    for (text, table) in [
        ("NguyÔn V¨n An", LegacyEncoding::Tcvn3),
        ("TrÇn ThÞ HuÖ", LegacyEncoding::Tcvn3),
        ("Lª Hµ", LegacyEncoding::Tcvn3),
        ("Vâ Phóc", LegacyEncoding::Tcvn3),
        ("Nguyeãn Vaên An", LegacyEncoding::Vni),
        ("NGUYEÃN THÒ HUEÄ", LegacyEncoding::Vni),
        ("Nguyá»…n VÄƒn An", LegacyEncoding::Utf8),
    ] {
        assert_eq!(check_name(text), Err(LegacyText(table)), "{text}");
        assert_eq!(check_text(text), Err(LegacyText(table)), "{text}");
    }
    for (text, table) in [
        ("Sè 5, ngâ 7, ®\u{ad}êng L¸ng", LegacyEncoding::Tcvn3),
        ("Soá 5, ñöôøng Laùng", LegacyEncoding::Vni),
        ("Bu«n §¾k L¾k", LegacyEncoding::Tcvn3),
    ] {
        assert_eq!(check_text(text), Err(LegacyText(table)), "{text}");
    }
}

#[test]
fn proper_names_and_addresses_of_here_and_elsewhere_are_left_alone() {
    for text in [
        "Hoàng Thanh Hà",
        "Lê Hà",
        "Lý An",
        "Hùng",
        "Dòng",
        "Trần Thị Hoè",
        "Ðinh Công Tráng",
        "Y Bhăm Niê",
        "H'Hen Niê",
        "François",
        "Müller",
        "Łukasz",
        "José María Núñez",
        "Zoë",
        "Chloé Lefèvre",
        "Noël",
        "Anaïs",
        "Søren Kierkegård",
        "Jürgen Groß",
        "Björn Åkesson",
        "Gonçalves",
        "João",
        "Þórunn",
        "Málfríður",
        "Renée",
        "Desirée",
        "Günther",
        "Inès",
        "Hélène",
        "Gisèle",
        "Étienne",
        "Jörg",
        "Øystein",
        "Núria",
        "Strauß",
        "Ñusta",
        "Çelik",
        "Özgür",
        "An",
    ] {
        assert_eq!(check_name(text), Ok(()), "{text}");
        assert_eq!(check_text(text), Ok(()), "{text}");
        let decomposed: String = text.nfd().collect();
        assert_eq!(check_name(&decomposed), Ok(()), "{text}, decomposed");
    }
    for text in [
        "Số 5 ngõ 7",
        "Thôn Đông, 5 m²",
        "Calle 1ª, nº 5",
        "Straße 7",
        "Lô B, khu ½",
        "«Cà Mau»",
        "12°30'",
        "São Paulo · 3",
        "",
    ] {
        assert_eq!(check_text(text), Ok(()), "{text}");
    }
}

proptest! {
    #[test]
    fn proper_vietnamese_names_are_never_taken_for_another_table(name in names()) {
        prop_assert_eq!(check_name(&name), Ok(()));
        prop_assert_eq!(check_name(&name.to_uppercase()), Ok(()));
        prop_assert_eq!(check_text(&name), Ok(()));
    }

    /// Either the signs are no Vietnamese as they stand, and it is told; or they are, and nobody can tell by the name alone.
    #[test]
    fn a_name_in_tcvn3_is_recognised_unless_it_is_vietnamese_as_it_stands(name in names()) {
        let shown = tcvn3_bytes(&name);
        if shown == name || stands_as_it_is(&shown) {
            prop_assert_eq!(check_name(&shown), Ok(()));
        } else {
            prop_assert_eq!(check_name(&shown), Err(LegacyText(LegacyEncoding::Tcvn3)), "{}", shown);
        }
    }

    #[test]
    fn a_name_in_vni_is_recognised_unless_it_is_vietnamese_as_it_stands(name in names()) {
        let shown = vni_text(&name);
        if shown == name || stands_as_it_is(&shown) {
            prop_assert_eq!(check_name(&shown), Ok(()));
        } else {
            prop_assert!(check_name(&shown).is_err(), "{}", shown);
        }
    }

    #[test]
    fn a_name_in_utf8_read_byte_by_byte_is_always_recognised(name in names()) {
        let shown: String = name.bytes().map(char::from).collect();
        prop_assert_eq!(check_name(&shown).is_err(), !name.is_ascii());
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = (check_name(&text), check_text(&text));
    }
}
