//! How alike two words are that are not the same.

use rapidfuzz::distance::osa;

/// Slips between two texts: letters added, lost, exchanged with a neighbour or with another letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alike {
    /// `None` when there are more than a third of the letters.
    slips: Option<usize>,
    letters: usize,
}

/// Compares two texts.
pub(crate) fn alike(one: &str, other: &str) -> Alike {
    let letters = one.len().max(other.len());
    let most = letters.div_ceil(3).max(1);
    if one.len().abs_diff(other.len()) > most {
        return Alike { slips: None, letters };
    }
    Alike { slips: slips(one, other, most), letters }
}

/// How many slips, if not more than a bound.
pub(crate) fn slips(one: &str, other: &str, most: usize) -> Option<usize> {
    osa::distance_with_args(one.bytes(), other.bytes(), &osa::Args::default().score_cutoff(most))
}

impl Alike {
    /// One slip, in a word that is long enough for it to be one.
    pub const fn is_one_slip(self) -> bool {
        matches!(self.slips, Some(0 | 1)) && self.letters >= 3
    }

    /// A slip, or two in a long word.
    pub const fn is_near(self) -> bool {
        match self.slips {
            Some(0) => true,
            Some(1) => self.letters >= 3,
            Some(slips) => self.letters >= slips * 6,
            None => false,
        }
    }

    /// At most a third of the letters differs.
    pub const fn is_similar(self) -> bool {
        match self.slips {
            Some(0) => true,
            Some(1) => self.letters >= 3,
            Some(slips) => self.letters >= 5 && slips * 3 <= self.letters + 1,
            None => false,
        }
    }
}
