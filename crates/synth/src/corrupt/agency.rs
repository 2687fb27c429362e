//! Rows as an agency keeps them.

use super::{legacy::Legacy, person::SourceRow, rates, slips};
use crate::{SynthError, draw::Draw, names::Names, tables::Region};
use dancu_core::{CommuneCode, PersonalNumber, Sex, fold};
use dancu_places::{FormerCommune, Places};
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Makes rows of the agency.
pub struct Agency {
    legacy: Legacy,
    names: Names,
    former: HashMap<CommuneCode, Vec<&'static FormerCommune>>,
    number_before: String,
}

impl Agency {
    /// With the tables of names and places.
    pub fn new() -> Result<Self, SynthError> {
        let mut former: HashMap<CommuneCode, Vec<&FormerCommune>> = HashMap::new();
        for commune in Places::national().old_communes() {
            for successor in &commune.successors {
                former.entry(*successor).or_default().push(commune);
            }
        }
        Ok(Self { legacy: Legacy::new(), names: Names::new()?, former, number_before: String::new() })
    }

    /// Another child of the same birth. None where the number has no neighbour, or the name nothing to change.
    pub fn twin(&self, draw: &mut Draw, person: &SourceRow) -> Option<SourceRow> {
        let number: PersonalNumber = person.number.parse().ok()?;
        let number = PersonalNumber::from_value(number.value() + 1)?;
        let sex: Sex = person.sex.parse().ok()?;
        let year = person.birth_date.get(..4)?.parse().ok()?;
        let surname = self.names.surname(draw, Region::North);
        let given = self.names.full_name(draw, surname, sex, year).split(' ').next_back()?.to_owned();
        let mut words: Vec<&str> = person.full_name.split(' ').collect();
        if words.len() < 2 || *words.last()? == given {
            return None;
        }
        words.pop();
        words.push(&given);
        let full_name = words.join(" ");
        let number = number.to_string();
        Some(SourceRow {
            number,
            old_number: String::new(),
            full_name,
            phone: String::new(),
            ..person.clone()
        })
    }

    /// One row, its name left out.
    pub fn row(&mut self, draw: &mut Draw, person: &SourceRow) -> [String; 7] {
        let number = self.number(draw, person);
        self.number_before.clone_from(&person.number);
        [
            number,
            self.name(draw, &person.full_name),
            birth(draw, &person.birth_date),
            sex(draw, &person.sex),
            phone(draw, &person.phone),
            self.place(draw, person.commune),
            address(draw, &person.address),
        ]
    }

    fn number(&self, draw: &mut Draw, person: &SourceRow) -> String {
        let number = person.number.as_str();
        let mut lot = Lot::new(draw);
        if lot.falls(rates::NUMBER_MISSING) {
            String::new()
        } else if lot.falls(rates::NUMBER_OLD) {
            let old = &person.old_number;
            if old.is_empty() { number.to_owned() } else { old.clone() }
        } else if lot.falls(rates::NUMBER_ZEROS_LOST) {
            number.trim_start_matches('0').to_owned()
        } else if lot.falls(rates::NUMBER_SLIP) {
            slips::in_digits(draw, number)
        } else if lot.falls(rates::NUMBER_SCIENTIFIC) {
            scientific(number)
        } else if lot.falls(rates::NUMBER_ZEROS) {
            "000000000000".to_owned()
        } else if lot.falls(rates::NUMBER_OF_ANOTHER) {
            self.number_before.clone()
        } else {
            number.to_owned()
        }
    }

    fn name(&self, draw: &mut Draw, name: &str) -> String {
        let mut lot = Lot::new(draw);
        let words: Vec<&str> = name.split(' ').collect();
        let has_middle = words.len() > 2;
        let mut written = if lot.falls(rates::NAME_SLIP) {
            slips::in_letters(draw, name)
        } else if lot.falls(rates::NAME_OTHER_TONE) {
            other_tone(draw, &words)
        } else if lot.falls(rates::NAME_WITHOUT_MIDDLE) && has_middle {
            format!("{} {}", words[0], words[words.len() - 1])
        } else if lot.falls(rates::NAME_MIDDLE_CUT) && has_middle {
            let first: String = words[1].chars().take(1).collect();
            format!("{} {first}. {}", words[0], words[words.len() - 1])
        } else if lot.falls(rates::NAME_SURNAME_CUT) && words[0] == "Nguyễn" {
            format!("Ng. {}", words[1..].join(" "))
        } else if lot.falls(rates::NAME_TURNED) && has_middle {
            format!("{} {}", words[1..].join(" "), words[0])
        } else {
            name.to_owned()
        };
        let mut look = Lot::new(draw);
        if look.falls(rates::NAME_WITHOUT_MARKS) {
            written = capitals_of_words(&fold(&written));
        } else if look.falls(rates::NAME_TCVN3) {
            return self.legacy.tcvn3(&written);
        } else if look.falls(rates::NAME_VNI) {
            return self.legacy.vni(&written);
        } else if look.falls(rates::NAME_DECOMPOSED) {
            written = written.nfd().collect();
        }
        if draw.chance(rates::NAME_CAPITALS) { written.to_uppercase() } else { written }
    }

    fn place(&self, draw: &mut Draw, commune: Option<CommuneCode>) -> String {
        let places = Places::national();
        let Some(mut commune) = commune.filter(|_| !draw.chance(rates::PLACE_MISSING)) else {
            return String::new();
        };
        if draw.chance(rates::PLACE_MOVED) {
            commune = draw.pick(places.communes()).code;
        }
        if draw.chance(rates::PLACE_OLD_NAME)
            && let Some(former) = self.former.get(&commune)
        {
            let former = draw.pick(former);
            return format!("{}, {}, {}", former.name, former.district, former.province.name);
        }
        places.describe(commune).unwrap_or_default()
    }
}

/// One draw among errors of which at most one happens.
struct Lot(u32);

impl Lot {
    fn new(draw: &mut Draw) -> Self {
        Self(draw.below(10_000))
    }

    /// Whether it falls on the next error.
    fn falls(&mut self, per_ten_thousand: u32) -> bool {
        let falls = self.0 < per_ten_thousand;
        // Beyond every rate once it has fallen, so that what excludes an error leaves the value as it is.
        self.0 = if falls { u32::MAX } else { self.0 - per_ten_thousand };
        falls
    }
}

/// What a spreadsheet makes of a long number: `1.085E+09`.
fn scientific(number: &str) -> String {
    let digits = number.trim_start_matches('0');
    let (first, rest) = digits.split_at(digits.len().min(1));
    format!("{first}.{}E+{:02}", rest.get(..2).unwrap_or("00"), rest.len())
}

fn capitals_of_words(text: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    text.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}

/// One word gets another tone, or loses it.
fn other_tone(draw: &mut Draw, words: &[&str]) -> String {
    const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];
    let chosen = draw.index(words.len());
    let tone = *draw.pick(&TONES);
    let written = words.iter().enumerate().map(|(at, word)| {
        if at != chosen {
            return (*word).to_owned();
        }
        let had = word.nfd().any(|sign| TONES.contains(&sign));
        let bare: String = word.nfd().filter(|sign| !TONES.contains(sign)).collect();
        if had {
            return bare.nfc().collect();
        }
        let at = bare.find(['a', 'e', 'i', 'o', 'u', 'y']).map_or(bare.len(), |at| at + 1);
        format!("{}{tone}{}", &bare[..at], &bare[at..]).nfc().collect()
    });
    written.collect::<Vec<_>>().join(" ")
}

/// A date in one of the usual shapes, with the errors of the mix. Dates of the country may be partial already.
fn birth(draw: &mut Draw, date: &str) -> String {
    let mut parts = date.split('-');
    let (year, month, day) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let mut lot = Lot::new(draw);
    if lot.falls(rates::BIRTH_MISSING) {
        return String::new();
    }
    if lot.falls(rates::BIRTH_YEAR_ONLY) || month.is_empty() {
        return year.to_owned();
    }
    if day.is_empty() {
        return format!("{month}/{year}");
    }
    if lot.falls(rates::BIRTH_FIRST_OF_JANUARY) {
        return format!("01/01/{year}");
    }
    let (day, month) = if lot.falls(rates::BIRTH_EXCHANGED) { (month, day) } else { (day, month) };
    let written = match draw.below(10) {
        0 => format!("{year}-{month}-{day}"),
        1 => format!("{}/{}/{year}", day.trim_start_matches('0'), month.trim_start_matches('0')),
        2 => format!("{day}-{month}-{year}"),
        _ => format!("{day}/{month}/{year}"),
    };
    if lot.falls(rates::BIRTH_SLIP) { slips::in_digits(draw, &written) } else { written }
}

fn sex(draw: &mut Draw, sex: &str) -> String {
    let mut lot = Lot::new(draw);
    if lot.falls(rates::SEX_MISSING) {
        return String::new();
    }
    let is_male = (sex == "M") != lot.falls(rates::SEX_WRONG);
    if is_male { "Nam".to_owned() } else { "Nữ".to_owned() }
}

fn phone(draw: &mut Draw, phone: &str) -> String {
    let mut lot = Lot::new(draw);
    if phone.is_empty() || lot.falls(rates::PHONE_MISSING) {
        return String::new();
    }
    let digits = if lot.falls(rates::PHONE_OTHER) {
        format!("09{:08}", draw.below(100_000_000))
    } else {
        phone.to_owned()
    };
    match draw.below(6) {
        0 => format!("+84{}", &digits[1..]),
        1 => digits[1..].to_owned(),
        _ => digits,
    }
}

fn address(draw: &mut Draw, address: &str) -> String {
    let mut lot = Lot::new(draw);
    if lot.falls(rates::ADDRESS_MISSING) {
        String::new()
    } else if lot.falls(rates::ADDRESS_SLIP) {
        slips::in_letters(draw, address)
    } else {
        address.to_owned()
    }
}
