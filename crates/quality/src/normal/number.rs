//! Numbers of persons and telephones as spreadsheets leave them.

use super::{Mended, ValueFault};
use dancu_core::{OldNumber, PersonalNumber};

/// A number of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NormalNumber {
    /// Of 12 digits.
    Personal(PersonalNumber),
    /// Of 9 digits, from before 2016.
    Old(OldNumber),
}

/// Digits of a text without the blanks, dots, quotation marks and signs of formulas around and between them.
fn digits(text: &str) -> Result<Option<String>, ValueFault> {
    let text = text.trim();
    // `="001085000001"` keeps a spreadsheet from dropping zeros; an apostrophe in front does, too.
    let text = text.trim_matches(|sign: char| matches!(sign, '=' | '"' | '\'' | '’' | '`' | ' '));
    if text.is_empty() {
        return Ok(None);
    }
    if is_scientific(text) {
        return Err(ValueFault::Scientific);
    }
    // `1085000001.0`: a number that a program took for a measure.
    let text = text.strip_suffix(".0").or_else(|| text.strip_suffix(".00")).unwrap_or(text);
    let mut digits = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '0'..='9' => digits.push(sign),
            '０'..='９' => digits.extend(char::from_digit(u32::from(sign) - u32::from('０'), 10)),
            ' ' | '.' | '-' | '\u{a0}' | '\u{200b}' | '\u{feff}' | '_' | '\t' => {}
            _ => return Err(ValueFault::NotANumber),
        }
    }
    Ok((!digits.is_empty()).then_some(digits))
}

/// `1.08E+09`, `1,08e9`: a mantissa of figures, an E, an exponent.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let is_figures = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.trim_start_matches(['+', '-']);
    let mut parts = mantissa.splitn(2, ['.', ',']);
    is_figures(exponent) && parts.all(is_figures)
}

fn is_placeholder(digits: &str) -> bool {
    let mut signs = digits.bytes();
    signs.next().is_some_and(|first| signs.all(|sign| sign == first))
}

/// A personal number or an old one, by its length: 12 digits, 10 or 11 that lost their zeros, or 9. Nine are never filled
/// up to 12: no personal number begins with three zeros. `None` for an empty cell.
pub fn read_number(text: &str) -> Result<Option<(NormalNumber, Option<Mended>)>, ValueFault> {
    let Some(digits) = digits(text)? else {
        return Ok(None);
    };
    if is_placeholder(&digits) {
        return Err(ValueFault::Placeholder);
    }
    let length = ValueFault::NumberLength { digits: digits.len() };
    let (number, mended) = match digits.len() {
        9 => (digits.parse().map(NormalNumber::Old), None),
        12 => (digits.parse().map(NormalNumber::Personal), None),
        10 | 11 => {
            let whole = format!("{digits:0>width$}", width = PersonalNumber::DIGITS);
            (whole.parse().map(NormalNumber::Personal), Some(Mended::ZerosRestored))
        }
        _ => return Err(length),
    };
    number.map(|number| Some((number, mended))).map_err(|_| length)
}

/// A telephone number in national form without its zero: `+84 912 345 678`, `0912.345.678` and `912345678` are one.
/// Mobile numbers of 11 digits lost their old prefix in 2018 and are left as they stand.
pub fn read_phone(text: &str) -> Result<Option<u64>, ValueFault> {
    let text = text.trim();
    let text = text.strip_prefix("+").unwrap_or(text);
    let bare: String = text.chars().filter(|sign| !matches!(sign, '(' | ')' | '/')).collect();
    let Some(digits) = digits(&bare)? else {
        return Ok(None);
    };
    if is_placeholder(&digits) {
        return Err(ValueFault::Placeholder);
    }
    let national = match digits.strip_prefix("84") {
        Some(rest) if rest.len() >= 9 => rest,
        _ => &digits,
    };
    let national = national.trim_start_matches('0');
    match national.len() {
        6..=15 => national.parse().map(Some).map_err(|_| ValueFault::NumberLength { digits: national.len() }),
        count => Err(ValueFault::NumberLength { digits: count }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn personal(text: &str) -> String {
        match read_number(text) {
            Ok(Some((NormalNumber::Personal(number), _))) => number.to_string(),
            other => panic!("{:?}", other.map(|found| found.map(|(_, mended)| mended))),
        }
    }

    #[test]
    fn what_spreadsheets_do_to_numbers_is_undone() {
        for text in [
            "001085000001",
            "1085000001",
            "01085000001",
            "'001085000001",
            "=\"001085000001\"",
            " 001 085 000 001 ",
            "001.085.000.001",
            "1085000001.0",
            "００１０８５０００００１",
        ] {
            assert_eq!(personal(text), "001085000001", "{text}");
        }
        assert_eq!(read_number("1085000001").unwrap().unwrap().1, Some(Mended::ZerosRestored));
    }

    #[test]
    fn nine_digits_are_an_old_number_and_never_filled_up() {
        assert!(matches!(read_number("012345678"), Ok(Some((NormalNumber::Old(_), None)))));
        assert_eq!(read_number("12345678"), Err(ValueFault::NumberLength { digits: 8 }));
        assert_eq!(read_number("0010850000012"), Err(ValueFault::NumberLength { digits: 13 }));
    }

    #[test]
    fn rounded_and_made_up_numbers_are_set_aside_with_the_reason() {
        for text in ["1.08E+09", "1,08E+11", "1E9", "1.085e+9"] {
            assert_eq!(read_number(text), Err(ValueFault::Scientific), "{text}");
        }
        for text in ["000000000000", "0", "999999999", "111111111111"] {
            assert_eq!(read_number(text), Err(ValueFault::Placeholder), "{text}");
        }
        assert_eq!(read_number("không có"), Err(ValueFault::NotANumber));
        assert_eq!(read_number("  "), Ok(None));
    }

    #[test]
    fn telephones_are_one_in_every_form() {
        for text in ["0912345678", "+84912345678", "84 912 345 678", "912345678", "(091) 234.5678"] {
            assert_eq!(read_phone(text), Ok(Some(912_345_678)), "{text}");
        }
        assert_eq!(read_phone("12"), Err(ValueFault::NumberLength { digits: 2 }));
    }

    proptest! {
        #[test]
        fn every_personal_number_survives_the_loss_of_its_zeros(value in 1_000_000_000_u64..1_000_000_000_000) {
            let number = PersonalNumber::from_value(value).unwrap();
            let shown = number.to_string();
            prop_assume!(!is_placeholder(&shown) && !is_placeholder(&value.to_string()));
            prop_assert_eq!(personal(&value.to_string()), shown);
        }

        #[test]
        fn no_text_panics_and_what_was_read_reads_again(text in "\\PC{0,20}") {
            let _ = read_phone(&text);
            if let Ok(Some((NormalNumber::Personal(number), _))) = read_number(&text) {
                prop_assert_eq!(personal(&number.to_string()), number.to_string());
            }
        }
    }
}
