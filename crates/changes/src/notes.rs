//! Notes that officers write to decisions. They stand in lists that others read, so they hold no personal data.

use dancu_core::holds_personal_number;

/// Characters of a note at most.
pub const NOTE_CHARACTERS_MAX: usize = 500;

/// Whether a note may stay empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// Whoever is refused has to know why.
    Required,
    /// An agreement speaks for itself.
    Optional,
}

/// Whether a note has the length it should have and no digits in which a number of a person could stand.
pub(crate) fn note_fits(text: &str, note: Note) -> bool {
    let text = text.trim();
    let is_short = text.chars().count() <= NOTE_CHARACTERS_MAX;
    let is_there = note == Note::Optional || !text.is_empty();
    is_short
        && is_there
        && !holds_personal_number(text)
        && !text.chars().any(|letter| letter.is_control() && letter != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_holds_words_and_days_but_no_number_of_a_person() {
        assert!(note_fits("Giấy khai sinh ngày 01/02/2020 không khớp.", Note::Required));
        assert!(note_fits("", Note::Optional));
        for bad in ["", "  ", "001099000017", "số 001 099 000 017", "0912.345.678", "012–345–678", "a\u{7}"]
        {
            assert!(!note_fits(bad, Note::Required), "{bad}");
        }
        assert!(!note_fits(&"a".repeat(501), Note::Optional));
    }
}
