//! What is known of the values of one slot.

use super::{
    DAY_AS_KNOWN, NAME_CUT, NAME_DIFFERS, NAME_MARKS_MISSING, NAME_OTHER_MARKS, NAME_SAME, NAME_SIMILAR,
    NAME_SLIP,
    alike::{alike, slips},
};
use crate::{
    normal::fits_cut,
    schema::SlotKind,
    table::{Dictionary, Table, Tables, hash_of},
};
use dancu_core::fold;

/// Values of one slot by their numbers.
pub(crate) struct Values {
    pub kind: SlotKind,
    /// The values.
    texts: Dictionary,
    /// Of each value, the number of its plain form: without marks and blanks. Empty where every value is plain.
    plain_of: Vec<u32>,
    plain: Dictionary,
    /// Of each name, its words without marks in any order.
    bags: Vec<u64>,
    /// How often each value is told in the file that tells more.
    pub counts: Vec<u32>,
    /// The same by plain form; empty where every value is plain.
    pub plain_counts: Vec<u32>,
    /// How often any value is told there.
    pub told: u64,
    /// Of values that are told once, twice …, how often one is told by somebody else; see [`expected`].
    expected: [f64; RARE],
    plain_expected: [f64; RARE],
}

/// Values that are told less often are rare: how often they are told says little of how common they are.
const RARE: usize = 6;
/// Values of one count from which on something is learned of them.
const VALUES_MIN: u32 = 20;
/// Nothing is taken for rarer than this share of one telling.
const EXPECTED_MIN: f64 = 0.02;

/// How often a value that is told so often is to be expected among as many others (Good and Turing): a birth date that
/// one row in a thousand has is not borne by every thousandth person.
fn expected(counts: &[u32]) -> [f64; RARE] {
    let mut of_count = [0_u32; RARE + 1];
    for count in counts {
        if let Some(values) = (*count as usize).checked_sub(1).and_then(|at| of_count.get_mut(at)) {
            *values += 1;
        }
    }
    let mut expected = [0.0; RARE];
    for (at, place) in expected.iter_mut().enumerate() {
        let told = f64::from(number(at + 1));
        *place = told;
        if of_count[at] >= VALUES_MIN {
            let turing = (told + 1.0) * (f64::from(of_count[at + 1]) + 0.5) / f64::from(of_count[at]);
            *place = turing.clamp(EXPECTED_MIN, told);
        }
    }
    expected
}

/// A count as far as it says how common a value is.
fn smoothed(expected: &[f64; RARE], count: u32) -> f64 {
    match count {
        0 => expected[0],
        _ => expected.get(count as usize - 1).copied().unwrap_or(f64::from(count)),
    }
}

fn word_hash(word: &str) -> u64 {
    if word.is_empty() { 0 } else { hash_of(word.as_bytes()) }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("values are counted in 32 bits")
}

impl Values {
    pub fn new(kind: SlotKind, slot: usize, dictionary: Dictionary, tables: &Tables) -> Self {
        let counts_in = |table: &Table| {
            let mut counts = vec![0_u32; dictionary.len()];
            for value in table.column(slot) {
                counts[*value as usize] += 1;
            }
            counts[0] = 0;
            let told: u64 = counts.iter().map(|count| u64::from(*count)).sum();
            (counts, told)
        };
        let (mut counts, mut told) = counts_in(&tables.left);
        if let Some((other, other_told)) = tables.right.as_ref().map(counts_in)
            && other_told >= told
        {
            (counts, told) = (other, other_told);
        }
        let (mut plain_of, mut plain, mut plain_counts) = (Vec::new(), Dictionary::default(), Vec::new());
        if kind.is_name() || kind == SlotKind::Text {
            for at in 0..dictionary.len() {
                let text = dictionary.text(number(at));
                let bare = if text.is_ascii() { text.to_owned() } else { fold(text) };
                let bare: String = bare.chars().filter(|sign| !matches!(sign, ' ' | '.')).collect();
                plain_of.push(plain.number(&bare));
            }
            plain_counts = vec![0; plain.len()];
            for (value, count) in counts.iter().enumerate() {
                plain_counts[plain_of[value] as usize] += count;
            }
            plain.freeze();
        }
        let bags = if kind.is_name() {
            let bag = |at| dictionary.text(number(at)).split(' ').map(|word| word_hash(&fold(word)));
            (0..dictionary.len()).map(|at| bag(at).fold(0, u64::wrapping_add)).collect()
        } else {
            Vec::new()
        };
        let (rare, plain_rare) = (expected(&counts), expected(&plain_counts));
        Self {
            kind,
            texts: dictionary,
            plain_of,
            plain,
            bags,
            counts,
            plain_counts,
            told,
            expected: rare,
            plain_expected: plain_rare,
        }
    }

    /// How often a value is to be expected among as many as are told.
    pub fn expected(&self, value: u32) -> f64 {
        smoothed(&self.expected, self.counts[value as usize])
    }

    /// The same for its plain form.
    pub fn plain_expected(&self, value: u32) -> f64 {
        smoothed(&self.plain_expected, self.plain_counts[self.plain_number(value) as usize])
    }

    /// The number of a value's plain form.
    pub fn plain_number(&self, value: u32) -> u32 {
        self.plain_of.get(value as usize).copied().unwrap_or(value)
    }

    /// A value without marks and blanks.
    pub fn plain(&self, value: u32) -> &str {
        match self.plain_of.get(value as usize) {
            Some(plain) => self.plain.text(*plain),
            None => self.texts.text(value),
        }
    }

    /// The words of a name, in any order; sums of those of several names are those of all.
    pub fn bag(&self, value: u32) -> u64 {
        self.bags.get(value as usize).copied().unwrap_or_default()
    }

    /// A value.
    pub fn text(&self, value: u32) -> &str {
        self.texts.text(value)
    }

    /// The level of two values that are told.
    pub fn level(&self, one: u32, other: u32) -> u8 {
        match self.kind {
            SlotKind::Surname | SlotKind::Middle | SlotKind::Given => self.names(one, other),
            SlotKind::Day => days(self.text(one).as_bytes(), self.text(other).as_bytes(), one == other),
            _ if one == other => 1,
            SlotKind::Number | SlotKind::Phone => match slips(self.text(one), self.text(other), 2) {
                Some(0 | 1) => 2,
                Some(_) => 3,
                None => 4,
            },
            SlotKind::Sex | SlotKind::Category => 2,
            SlotKind::Place => places(self.text(one), self.text(other)),
            SlotKind::Text => self.whole_texts(one, other),
            SlotKind::Code => match slips(self.text(one), self.text(other), 1) {
                Some(_) => 2,
                None => 3,
            },
        }
    }

    fn names(&self, one: u32, other: u32) -> u8 {
        if one == other {
            return NAME_SAME;
        }
        let (text, other_text) = (self.text(one), self.text(other));
        if self.plain_number(one) == self.plain_number(other) {
            return marks(text, other_text);
        }
        if is_part(text, other_text) || is_part(other_text, text) {
            return NAME_CUT;
        }
        let alike = alike(self.plain(one), self.plain(other));
        if alike.is_one_slip() {
            NAME_SLIP
        } else if alike.is_similar() {
            NAME_SIMILAR
        } else {
            NAME_DIFFERS
        }
    }

    fn whole_texts(&self, one: u32, other: u32) -> u8 {
        if self.plain_number(one) == self.plain_number(other) {
            return 1;
        }
        let (plain, other_plain) = (self.plain(one), self.plain(other));
        let alike = alike(plain, other_plain);
        if alike.is_near() {
            2
        } else if alike.is_similar() || share_words(self.text(one), self.text(other)) {
            3
        } else {
            5
        }
    }
}

/// Two keys of the same letters: whether one only lacks marks, word by word, or has others.
fn marks(one: &str, other: &str) -> u8 {
    let (mut words, mut other_words) = (one.split(' '), other.split(' '));
    loop {
        match (words.next(), other_words.next()) {
            (None, None) => return NAME_MARKS_MISSING,
            (Some(word), Some(other)) if word == other || word.is_ascii() || other.is_ascii() => {}
            (Some(_), Some(_)) => return NAME_OTHER_MARKS,
            // The blanks differ.
            _ => return NAME_SLIP,
        }
    }
}

/// Whether each word of one name stands in the other in the same order, cut short or whole, and some were left out or cut.
fn is_part(part: &str, whole: &str) -> bool {
    let mut rest = whole.split(' ');
    part.split(' ').all(|word| {
        rest.any(|other| other == word || word.ends_with('.') && fits_cut(&fold(word), &fold(other)))
    })
}

/// Two days as `YYYYMMDD`.
fn days(one: &[u8], other: &[u8], is_same: bool) -> u8 {
    let is_whole = |day: &[u8]| &day[4..6] != b"00" && &day[6..] != b"00";
    let is_first = |day: &[u8]| &day[4..] == b"0101";
    if one.len() != 8 || other.len() != 8 {
        return 8;
    }
    if is_same {
        return if !is_whole(one) {
            DAY_AS_KNOWN
        } else if is_first(one) {
            2
        } else {
            1
        };
    }
    let same_year = one[..4] == other[..4];
    if !is_whole(one) || !is_whole(other) {
        let (month, other_month) = (&one[4..6], &other[4..6]);
        let fits = month == b"00" || other_month == b"00" || month == other_month;
        return match (same_year, fits || is_first(one) || is_first(other)) {
            (true, true) => DAY_AS_KNOWN,
            (true, false) => 7,
            _ => 8,
        };
    }
    if same_year && (is_first(one) || is_first(other)) {
        return DAY_AS_KNOWN;
    }
    if same_year && one[4..6] == other[6..] && one[6..] == other[4..6] {
        return 3;
    }
    if is_one_slip(one, other) {
        return 5;
    }
    let parts = [same_year, one[4..6] == other[4..6], one[6..] == other[6..]];
    match parts.iter().filter(|part| **part).count() {
        2.. => 6,
        _ if same_year => 7,
        _ => 8,
    }
}

/// One digit is another, or two neighbours changed places.
fn is_one_slip(one: &[u8], other: &[u8]) -> bool {
    let mut differing = (0..one.len()).filter(|at| one[*at] != other[*at]);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(_), None, _) => true,
        (Some(a), Some(b), None) => b == a + 1 && one[a] == other[b] && one[b] == other[a],
        _ => false,
    }
}

/// Two places as `PP:CCCCC:CCCCC`.
fn places(one: &str, other: &str) -> u8 {
    let communes = |place: &str| place.split(':').skip(1).map(str::to_owned).collect::<Vec<_>>();
    let (ones, others) = (communes(one), communes(other));
    if ones.iter().any(|commune| others.contains(commune)) {
        return 1;
    }
    let province = |place: &str| place.split(':').next().filter(|code| *code != "00").map(str::to_owned);
    if province(one).is_some() && province(one) == province(other) { 2 } else { 3 }
}

/// Whether at least three fifths of the words of the shorter text stand in the other, and not one alone.
fn share_words(one: &str, other: &str) -> bool {
    let count = |text: &str| text.split(' ').count();
    let (short, long) = if count(one) <= count(other) { (one, other) } else { (other, one) };
    let shared = short.split(' ').filter(|word| long.split(' ').any(|other| other == *word)).count();
    shared >= 2 && shared * 5 >= count(short) * 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(one: &str, other: &str) -> u8 {
        days(one.as_bytes(), other.as_bytes(), one == other)
    }

    #[test]
    fn days_agree_by_levels() {
        assert_eq!(day("19800305", "19800305"), 1);
        assert_eq!(day("19800101", "19800101"), 2);
        assert_eq!(day("19800305", "19800503"), 3);
        assert_eq!(day("19800000", "19800305"), DAY_AS_KNOWN);
        assert_eq!(day("19800101", "19800305"), DAY_AS_KNOWN);
        assert_eq!(day("19800305", "19800306"), 5);
        assert_eq!(day("19800305", "19830005"), 8);
        assert_eq!(day("19170509", "19175009"), 5);
        assert_eq!(day("19800305", "19800319"), 6);
        assert_eq!(day("19800305", "19801119"), 7);
        assert_eq!(day("19800305", "19711119"), 8);
    }

    #[test]
    fn marks_that_are_missing_are_told_from_others() {
        let key = |text: &str| dancu_core::name_key(text);
        assert_eq!(marks(&key("Hương"), &key("Huong")), NAME_MARKS_MISSING);
        assert_eq!(marks(&key("Hương"), &key("Hường")), NAME_OTHER_MARKS);
        assert_eq!(marks(&key("Thị Hương"), &key("Thi Hương")), NAME_MARKS_MISSING);
    }

    #[test]
    fn left_out_and_cut_words_are_parts() {
        assert!(is_part("v.", "van") && is_part("thanh", "thi thanh") && is_part("t. thanh", "thi thanh"));
        assert!(!is_part("thanh thi", "thi thanh") && !is_part("van", "v."));
    }

    #[test]
    fn places_meet_in_a_commune_or_a_province() {
        assert_eq!(places("01:00004:00008", "01:00008"), 1);
        assert_eq!(places("01:00004", "01"), 2);
        assert_eq!(places("01:00004", "79:27000"), 3);
        assert_eq!(places("00:00004:27000", "00:00009:27001"), 3);
    }

    proptest! {
        #[test]
        fn comparing_days_is_symmetric(one in "(19|20)[0-9]{2}[01][0-9][0-3][0-9]", other in "(19|20)[0-9]{2}[01][0-9][0-3][0-9]") {
            prop_assert_eq!(day(&one, &other), day(&other, &one));
        }
    }
}
