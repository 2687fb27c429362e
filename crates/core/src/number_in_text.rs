//! Whether a text that others read holds a number by which a person is known.

use unicode_normalization::UnicodeNormalization;

/// Digits from which on they may be such a number: the identity paper of before 2016 has nine, a telephone ten, the
/// personal number twelve.
const DIGITS_MIN: usize = 9;

/// Whether digits stand in a text in which a personal number, an old number or a telephone number could be. Blanks, dots,
/// dashes, slashes and signs that nobody sees do not part them, and digits of any script count; dates do not.
pub fn holds_personal_number(text: &str) -> bool {
    let text: Vec<char> = text.nfkc().filter(|sign| !is_unseen(*sign)).map(plain_digit).collect();
    let (mut at, mut run) = (0, 0);
    while let Some(sign) = text.get(at) {
        if let Some(length) = date_at(&text, at) {
            run = 0;
            at += length;
            continue;
        }
        if sign.is_ascii_digit() {
            run += 1;
        } else if !is_separator(*sign) {
            run = 0;
        }
        if run >= DIGITS_MIN {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether a sign has no width, or turns the direction of reading round.
pub fn is_unseen(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Compatibility forms are plain by now; what is left are the digits of other scripts.
fn plain_digit(sign: char) -> char {
    const ZEROS: [char; 6] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}', '\u{17e0}'];
    let value = ZEROS.iter().find_map(|zero| {
        let above = u32::from(sign).checked_sub(u32::from(*zero))?;
        char::from_digit(above, 10).filter(|_| above < 10)
    });
    value.unwrap_or(sign)
}

fn is_separator(sign: char) -> bool {
    sign.is_whitespace()
        || matches!(
            sign,
            '.' | '-' | '/' | '_' | ',' | '\'' | '·' | '•' | '\u{2010}'..='\u{2015}' | '\u{2212}'
        )
}

/// The length of a date that stands for itself: `1/2/2020`, `01.02.2020`, `2020-02-01`.
fn date_at(text: &[char], at: usize) -> Option<usize> {
    if at > 0 && (text[at - 1].is_ascii_digit() || at > 1 && joins(text, at - 1)) {
        return None;
    }
    let (first, digits) = number_at(text, at)?;
    let sign = *text.get(at + digits)?;
    if !matches!(sign, '/' | '-' | '.') {
        return None;
    }
    let (second, more) = number_at(text, at + digits + 1)?;
    if text.get(at + digits + 1 + more) != Some(&sign) {
        return None;
    }
    let (third, last) = number_at(text, at + digits + more + 2)?;
    let end = at + digits + more + 2 + last;
    let is_day = |day: u32, length: usize| length < 3 && (1..=31).contains(&day);
    let is_month = more < 3 && (1..=12).contains(&second);
    let is_year = |year: u32, length: usize| length == 4 && (1800..=2199).contains(&year);
    let is_date =
        is_day(first, digits) && is_year(third, last) || is_year(first, digits) && is_day(third, last);
    let goes_on = text.get(end).is_some_and(char::is_ascii_digit) || joins(text, end);
    (is_month && is_date && !goes_on).then_some(end - at)
}

/// Whether a sign ties the digits on both of its sides together; a blank does not.
fn joins(text: &[char], at: usize) -> bool {
    let is_tie = text.get(at).is_some_and(|sign| is_separator(*sign) && !sign.is_whitespace());
    is_tie && at > 0 && text[at - 1].is_ascii_digit() && text.get(at + 1).is_some_and(char::is_ascii_digit)
}

/// The number that begins at a place, of at most four digits, and how many.
fn number_at(text: &[char], at: usize) -> Option<(u32, usize)> {
    let digits = text[at.min(text.len())..].iter().take_while(|sign| sign.is_ascii_digit()).count();
    if !(1..=4).contains(&digits) {
        return None;
    }
    let value = text[at..at + digits]
        .iter()
        .filter_map(|sign| sign.to_digit(10))
        .fold(0, |sum, digit| sum * 10 + digit);
    Some((value, digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_persons_are_found_however_they_are_written() {
        for text in [
            "001099000017",
            "số 001 099 000 017.",
            "001.099.000.017",
            "001-099-000-017",
            "001–099–000–017",
            "001/099/000/017",
            "CMND 012345678",
            "012 345 678",
            "０１２３４５６７８",
            "٠١٢٣٤٥٦٧٨",
            "012\u{200b}345\u{ad}678",
            "0912.345.678",
            "+84 912 345 678",
            "0 1 2 3 4 5 6 7 8",
            "ngày 01/02/2020 số 012345678",
            "01-02-1999-000017",
            "012.12.1999.0001",
        ] {
            assert!(holds_personal_number(text), "{text}");
        }
    }

    #[test]
    fn days_times_and_papers_are_no_numbers_of_persons() {
        for text in [
            "",
            "Giấy khai sinh ngày 01/02/2020 không khớp.",
            "Từ 01/02/2020 đến 03/04/2021",
            "01/02/2020 03/04/2021 05.06.2022 2023-07-08",
            "Quyết định số 123/2026/QĐ-UBND",
            "2026-11-22 08:30",
            "12345678",
            "Điều 12, khoản 3, Luật 60/2014/QH13",
        ] {
            assert!(!holds_personal_number(text), "{text}");
        }
    }

    fn digits(count: usize) -> impl Strategy<Value = Vec<char>> {
        proptest::collection::vec(
            prop_oneof![proptest::char::range('0', '9'), proptest::char::range('０', '９')],
            count,
        )
    }

    proptest! {
        #[test]
        fn no_separators_hide_a_number(
            digits in prop_oneof![digits(9), digits(10), digits(12)],
            signs in proptest::collection::vec(
                proptest::sample::select(vec!["", "", " ", ".", "-", "–", "\u{200b}", "\u{a0}", ". ", " - "]), 12),
            before in "[a-zà-ỹ ]{0,10}",
            after in "[a-zà-ỹ ]{0,10}",
        ) {
            let parted = digits.iter().zip(&signs).flat_map(|(digit, sign)| [digit.to_string(), (*sign).to_owned()]);
            let number: String = parted.collect();
            // A day and a year that stand between blanks are read as a date, of which at most one digit is left over.
            let plain: Vec<char> = number.nfkc().filter(|sign| !is_unseen(*sign)).collect();
            let has_date = (0..plain.len()).any(|at| date_at(&plain, at).is_some());
            prop_assume!(!has_date);
            prop_assert!(holds_personal_number(&format!("{before}{number}{after}")), "{}", number);
        }

        #[test]
        fn dates_alone_never_count(days in proptest::collection::vec((1_u32..=31, 1_u32..=12, 1900_u32..=2100), 1..6)) {
            let text: Vec<String> = days.iter().map(|(day, month, year)| format!("{day:02}/{month:02}/{year}")).collect();
            prop_assert!(!holds_personal_number(&text.join(", ")));
            prop_assert!(!holds_personal_number(&text.join(" ")));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            holds_personal_number(&text);
        }
    }
}
