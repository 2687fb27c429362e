//! Which letters make a Vietnamese syllable.

use unicode_normalization::UnicodeNormalization;

/// Grave, acute, tilde, hook above, dot below.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// The longer before the shorter that begins it.
const INITIALS: [&str; 28] = [
    "ngh", "ng", "nh", "ch", "gh", "gi", "kh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g", "h", "k",
    "l", "m", "n", "p", "r", "s", "t", "v", "x", "",
];

/// Vowels with what ends the syllable, without tones.
const RIMES: &str = "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây \
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu \
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot \
    ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc ui um un ung uôc uôi uôm uôn uông uôt up ut \
    uê uêch uên uênh uơ uy uya uych uyn uynh uyp uyt uyu uyên uyêt ư ưa ưc ưi ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu \
    y yêm yên yêng yêt yêu ak ăk âk ek êk ik ok ôk uk ưk";

/// Whether a word is one syllable, in any case.
pub(super) fn is_syllable(word: &str) -> bool {
    let mut tone = None;
    let mut tones = 0;
    let plain: String = word
        .nfd()
        .flat_map(char::to_lowercase)
        .filter(|letter| {
            let is_tone = TONES.contains(letter);
            if is_tone {
                tone = Some(*letter);
                tones += 1;
            }
            !is_tone
        })
        .nfc()
        .collect();
    tones < 2
        && INITIALS
            .iter()
            .any(|initial| plain.strip_prefix(initial).is_some_and(|rest| fits(initial, rest, tone)))
}

fn fits(initial: &str, rest: &str, tone: Option<char>) -> bool {
    let is_front = rest.starts_with(['i', 'e', 'ê', 'y']);
    let is_written = match initial {
        "k" | "gh" | "ngh" => is_front,
        "c" | "ng" => !is_front,
        "g" => !rest.starts_with(['e', 'ê', 'y']),
        // After the u of qu, no second one.
        "qu" => !rest.starts_with(['o', 'u', 'ư']),
        _ => true,
    };
    let is_rime = RIMES.split_ascii_whitespace().any(|rime| rime == rest)
        || initial == "gi" && rest.is_empty()
        || initial == "qu" && matches!(rest, "ych" | "ynh" | "yt" | "yn" | "yu");
    // A syllable that ends in a stop rises or falls.
    let is_stopped = rest.ends_with(['c', 'k', 'p', 't']) || rest.ends_with("ch");
    let is_sung = !is_stopped || matches!(tone, Some('\u{301}' | '\u{323}'));
    is_written && is_rime && is_sung
}

#[cfg(test)]
mod tests {
    use super::is_syllable;

    #[test]
    fn words_of_the_language_are_told_from_others() {
        for word in [
            "Nguyễn",
            "Trần",
            "Lê",
            "Huỳnh",
            "Quốc",
            "Quyên",
            "Quý",
            "Khuê",
            "Giang",
            "Gì",
            "Giêng",
            "Nghĩa",
            "Đặng",
            "Ý",
            "Yên",
            "Oanh",
            "Ước",
            "Thuý",
            "Thúy",
            "Hoà",
            "Hòa",
            "Khoẻ",
            "ĐƯỜNG",
            "an",
        ] {
            assert!(is_syllable(word), "{word}");
        }
        for word in [
            "Müller",
            "François",
            "José",
            "NguyÔn",
            "V¨n",
            "Hung2",
            "Phòc",
            "ngi",
            "ka",
            "ñ",
            "Wei",
            "ing",
            "",
        ] {
            assert!(!is_syllable(word), "{word}");
        }
    }
}
