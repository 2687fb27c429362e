//! How like a name is to the one that was asked for. The index brings names together that are written alike; here they
//! are parted again, so that *Hương* stands above *Hường* when *Hương* was asked for.

use crate::{
    vocabulary::{slips, slips_max},
    words::{key_word, split},
};
use dancu_core::{NameComparison, PersonName};
use serde::Serialize;

/// How a person's name agrees with the query's. The better stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// No name was asked for, or it is this one, marks included.
    Same,
    /// The same letters; one side was written without marks.
    MarksMissing,
    /// The same letters with other marks: another name.
    OtherMarks,
    /// The words of the query stand in another order, or some of the name's were not given.
    OtherOrder,
    /// A word is spelt otherwise.
    OtherSpelling,
}

/// By what the person was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// The number, the old number or a parent, or the name borne now.
    Present,
    /// Another name that is borne beside it.
    OtherName,
    /// A name or an old number that was borne before.
    Former,
}

/// The name of a query, its words parted once.
pub(crate) struct Wanted {
    words: Vec<Word>,
}

struct Word {
    name: Option<PersonName>,
    folded: String,
    key: String,
}

/// A likeness with its place among others of the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    pub likeness: Likeness,
    /// 0 to 1000; more is better.
    pub points: u16,
}

fn parts(name: &PersonName) -> Vec<Word> {
    let text = name.as_str();
    text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '.' | ','))
        .filter_map(|word| {
            let folded: String = split(word).collect();
            let key = key_word(&folded);
            (!key.is_empty()).then(|| Word { name: word.parse().ok(), folded, key })
        })
        .take(crate::words::WORDS_MAX)
        .collect()
}

/// Points of one word against another: what they share of marks and letters. `None`: nothing.
fn word_points(wanted: &Word, held: &Word) -> Option<(Likeness, u16)> {
    if let (Some(wanted), Some(held)) = (&wanted.name, &held.name) {
        match held.compare(wanted) {
            NameComparison::Same => return Some((Likeness::Same, 1000)),
            NameComparison::DiacriticsMissing => return Some((Likeness::MarksMissing, 920)),
            NameComparison::Differs => {}
        }
    }
    if wanted.folded == held.folded {
        return Some((Likeness::OtherMarks, 650));
    }
    if wanted.key == held.key {
        return Some((Likeness::OtherMarks, 750));
    }
    match slips(&wanted.key, &held.key, slips_max(wanted.key.chars().count()))? {
        0 | 1 => Some((Likeness::OtherSpelling, 500)),
        _ => Some((Likeness::OtherSpelling, 350)),
    }
}

impl Wanted {
    pub fn new(name: &PersonName) -> Self {
        Self { words: parts(name) }
    }

    /// Compares with a name of the register. `None` when a word of the query has no like in it.
    pub fn measure(&self, held: &PersonName) -> Option<Measured> {
        let held = parts(held);
        let count = self.words.len();
        if count == 0 || count > held.len() {
            return None;
        }
        if count == held.len()
            && let Some(in_order) = total(self.words.iter().zip(&held).map(|(a, b)| word_points(a, b)), count)
        {
            return Some(in_order);
        }
        // The best free word for each; names have few words, and the first fit of the best ones decides.
        let mut is_free = vec![true; held.len()];
        let mut points = Vec::with_capacity(count);
        let mut places = Vec::with_capacity(count);
        for word in &self.words {
            let free = held.iter().enumerate().filter(|(place, _)| is_free[*place]);
            let best = free
                .filter_map(|(place, held)| Some((word_points(word, held)?, place)))
                .max_by_key(|((_, points), place)| (*points, std::cmp::Reverse(*place)))?;
            is_free[best.1] = false;
            places.push(best.1);
            points.push(Some(best.0));
        }
        let whole = total(points.into_iter(), count)?;
        let missing = u16::try_from(held.len() - count).unwrap_or(u16::MAX);
        let is_ascending = places.is_sorted();
        let penalty = if is_ascending { 0 } else { 150 } + missing.saturating_mul(60);
        Some(Measured {
            likeness: whole.likeness.max(Likeness::OtherOrder),
            points: whole.points.saturating_sub(penalty),
        })
    }
}

/// The worst likeness and the mean of the points.
fn total(words: impl Iterator<Item = Option<(Likeness, u16)>>, count: usize) -> Option<Measured> {
    let mut likeness = Likeness::Same;
    let mut sum = 0_u32;
    for word in words {
        let (one, points) = word?;
        likeness = likeness.max(one);
        sum += u32::from(points);
    }
    let mean = sum / u32::try_from(count).ok()?;
    Some(Measured { likeness, points: u16::try_from(mean).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Likeness::{MarksMissing, OtherMarks, OtherOrder, OtherSpelling, Same};

    fn measure(wanted: &str, held: &str) -> Option<Measured> {
        Wanted::new(&wanted.parse().unwrap()).measure(&held.parse().unwrap())
    }

    #[test]
    fn names_stand_in_the_order_in_which_they_are_meant() {
        for (wanted, held, expected) in [
            ("Nguyễn Thị Hương", "Nguyễn Thị Hương", Some(Same)),
            ("nguyen thi huong", "Nguyễn Thị Hương", Some(MarksMissing)),
            ("Nguyễn Thị Hương", "Nguyễn Thị Hường", Some(OtherMarks)),
            ("Lý Văn Hòa", "Lí Văn Hoà", Some(OtherMarks)),
            ("Hương Nguyễn Thị", "Nguyễn Thị Hương", Some(OtherOrder)),
            ("Nguyễn Hương", "Nguyễn Thị Hương", Some(OtherOrder)),
            ("Nguyễn Thị Hươn", "Nguyễn Thị Hương", Some(OtherSpelling)),
            ("Nguyễn Thị Lan", "Nguyễn Thị Hương", None),
            ("Nguyễn Thị Thu Hương", "Nguyễn Thị Hương", None),
        ] {
            assert_eq!(measure(wanted, held).map(|found| found.likeness), expected, "{wanted} {held}");
        }
        let points = |held| measure("Nguyễn Thị Hương", held).unwrap().points;
        assert!(points("Nguyễn Thị Hương") > points("Nguyễn Thị Huong"));
        assert!(points("Nguyễn Thị Huong") > points("Nguyễn Thị Hường"));
        assert!(points("Nguyễn Thị Hường") > points("Nguyễn Thị Hươngg"));
    }
}
