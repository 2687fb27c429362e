//! What the signs of a text mean in another code table.

use unicode_normalization::UnicodeNormalization;

/// A way in which Vietnamese text is shown wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyEncoding {
    /// UTF-8 that was read as Windows-1252.
    Utf8,
    /// TCVN3, of the "ABC" fonts (`.VnTime`).
    Tcvn3,
    /// VNI for Windows (`VNI-Times`).
    Vni,
}

/// TCVN 5712:1993, the bytes A0 to FF; a blank where there is no letter.
const TCVN3: &str =
    " ĂÂÊÔƠƯĐăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ ";

/// Windows-1252, the bytes 80 to 9F; those without a sign stand for themselves.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// Whether all of a text can come from a table of one byte a sign, and anything in it is not ASCII.
pub(super) fn may_be_legacy(text: &str) -> bool {
    !text.is_ascii() && text.chars().all(|sign| u32::from(sign) < 0x100 || WINDOWS.contains(sign))
}

impl LegacyEncoding {
    /// In the order in which they are tried.
    pub(super) const ALL: [Self; 3] = [Self::Utf8, Self::Tcvn3, Self::Vni];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8 (Windows-1252)",
            Self::Tcvn3 => "TCVN3 (ABC)",
            Self::Vni => "VNI",
        }
    }

    /// The text that was meant, if the signs can be of this table and mean another text.
    pub(super) fn read(self, text: &str) -> Option<String> {
        let reading = match self {
            Self::Utf8 => utf8(text),
            Self::Tcvn3 => text.chars().map(tcvn3).collect(),
            Self::Vni => vni(text),
        };
        reading.filter(|reading| reading != text)
    }
}

fn utf8(text: &str) -> Option<String> {
    let byte = |sign: char| match u32::from(sign) {
        code @ ..0x100 => u8::try_from(code).ok(),
        _ => WINDOWS.chars().position(|other| other == sign).and_then(|at| u8::try_from(0x80 + at).ok()),
    };
    String::from_utf8(text.chars().map(byte).collect::<Option<Vec<u8>>>()?).ok()
}

fn tcvn3(sign: char) -> Option<char> {
    if sign.is_ascii() || sign == '\u{a0}' {
        return Some(sign);
    }
    let at = usize::try_from(u32::from(sign)).ok()?.checked_sub(0xA0)?;
    TCVN3.chars().nth(at).filter(|letter| *letter != ' ')
}

/// A vowel and the sign behind it, which carries the marks; a few letters have a sign of their own.
fn vni(text: &str) -> Option<String> {
    let mut meant = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        let small = sign.to_lowercase().next()?;
        let base = match small {
            'ô' => "o\u{31b}",
            'ö' => "u\u{31b}",
            'ñ' => "đ",
            'í' => "i\u{301}",
            'ì' => "i\u{300}",
            'æ' => "i\u{309}",
            'ó' => "i\u{303}",
            'ò' => "i\u{323}",
            'î' => "y\u{323}",
            _ if sign.is_ascii() => "",
            _ => return None,
        };
        let mut letter = if base.is_empty() { small.to_string() } else { base.to_owned() };
        let marks = signs.peek().and_then(|next| vni_marks(small, next.to_lowercase().next()?));
        if let Some(marks) = marks {
            letter.push_str(marks);
            signs.next();
        }
        if sign.is_uppercase() {
            meant.extend(letter.chars().flat_map(char::to_uppercase));
        } else {
            meant.push_str(&letter);
        }
    }
    Some(meant.nfc().collect())
}

/// The marks that a second sign adds to a vowel.
fn vni_marks(vowel: char, sign: char) -> Option<&'static str> {
    let tone = match sign {
        'ù' => Some("\u{301}"),
        'ø' => Some("\u{300}"),
        'û' => Some("\u{309}"),
        'õ' => Some("\u{303}"),
        'ï' => Some("\u{323}"),
        _ => None,
    };
    if matches!(vowel, 'a' | 'e' | 'o' | 'u' | 'y' | 'ô' | 'ö') && tone.is_some() {
        return tone;
    }
    match (vowel, sign) {
        ('a' | 'e' | 'o', 'â') => Some("\u{302}"),
        ('a' | 'e' | 'o', 'á') => Some("\u{302}\u{301}"),
        ('a' | 'e' | 'o', 'à') => Some("\u{302}\u{300}"),
        ('a' | 'e' | 'o', 'å') => Some("\u{302}\u{309}"),
        ('a' | 'e' | 'o', 'ã') => Some("\u{302}\u{303}"),
        ('a' | 'e' | 'o', 'ä') => Some("\u{323}\u{302}"),
        ('a', 'ê') => Some("\u{306}"),
        ('a', 'é') => Some("\u{306}\u{301}"),
        ('a', 'è') => Some("\u{306}\u{300}"),
        ('a', 'ú') => Some("\u{306}\u{309}"),
        ('a', 'ü') => Some("\u{306}\u{303}"),
        ('a', 'ë') => Some("\u{323}\u{306}"),
        _ => None,
    }
}
