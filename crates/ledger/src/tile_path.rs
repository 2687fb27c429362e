//! Names of the files of a log (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`.
//!
//! Written here because the parser of `tlog_tiles` names tiles of Go's checksum database and panics on a width
//! of zero, and these paths come from anybody.

use std::fmt;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// Hashes of a level of tiles: level `l` holds the nodes of the tree's level `8 l`.
    Hashes(u8),
    /// The entries themselves, each with its length in two bytes before it.
    Entries,
}

/// One file of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TilePath {
    /// What it holds.
    pub kind: TileKind,
    /// Number within its level, counted from 0.
    pub number: u64,
    /// How many hashes or entries: 256 for a full one.
    pub width: u16,
}

impl TilePath {
    /// Reads a path; `None` unless it is exactly as the specification writes it.
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match level {
            "entries" => TileKind::Entries,
            digits if digits.len() <= 2 => TileKind::Hashes(digits.parse().ok().filter(|level| *level < 64)?),
            _ => return None,
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) if width.len() <= 3 => (number, width.parse().ok()?),
            Some(_) => return None,
            None => (rest, TILE_WIDTH),
        };
        // Seven groups of three digits hold every 64-bit number.
        if number.len() > 7 * 5 {
            return None;
        }
        let mut value = 0_u64;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            value = value.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        let parsed = Self { kind, number: value, width };
        // Any other way of writing the same tile is refused by writing it again.
        (1..=TILE_WIDTH).contains(&width).then_some(parsed).filter(|parsed| parsed.to_string() == path)
    }

    /// The full tile of a number.
    pub const fn full(kind: TileKind, number: u64) -> Self {
        Self { kind, number, width: TILE_WIDTH }
    }

    /// Whether it holds 256 hashes or entries.
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The folder that holds the partial forms of this tile, e.g. `tile/0/000.p`.
    pub fn partial_folder(&self) -> String {
        format!("{}.p", Self::full(self.kind, self.number))
    }

    /// Bytes of the file.
    pub fn length(&self) -> usize {
        let each = match self.kind {
            TileKind::Hashes(_) => 32,
            TileKind::Entries => ENTRY_LENGTH,
        };
        usize::from(self.width) * each
    }
}

/// Bytes of an entry in its bundle: two for the length, then the commitment.
pub const ENTRY_LENGTH: usize = 34;

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.number % 1_000];
        let mut higher = self.number / 1_000;
        while higher > 0 {
            groups.push(higher % 1_000);
            higher /= 1_000;
        }
        for group in groups.iter().skip(1).rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups[0])?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_specification() {
        let path = TilePath { kind: TileKind::Hashes(0), number: 1_234_067, width: 256 };
        assert_eq!(path.to_string(), "tile/0/x001/x234/067");
        let partial = TilePath { kind: TileKind::Entries, number: 5, width: 8 };
        assert_eq!(partial.to_string(), "tile/entries/005.p/8");
        assert_eq!(partial.partial_folder(), "tile/entries/005.p");
    }

    #[test]
    fn other_ways_of_writing_and_nonsense_are_refused() {
        for path in [
            "tile/0/0",
            "tile/00/000",
            "tile/0/x000/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/64/000",
            "tile/0/x001/x234",
            "tile/0/001/234",
            "tile/0/../000",
            "tile/+1/000",
            "tile/0/+01",
            "tile/data/000",
            "tile/0/000.p/+1",
            "tile//000",
            "tile/0/",
            "checkpoint",
            "",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(TilePath::parse(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn every_path_is_read_as_written(level in 0_u8..64, is_entries: bool, number: u64, width in 1_u16..=256) {
            let kind = if is_entries { TileKind::Entries } else { TileKind::Hashes(level) };
            let path = TilePath { kind, number, width };
            prop_assert_eq!(TilePath::parse(&path.to_string()), Some(path));
            if !is_entries && number < 1 << 50 {
                let go = tlog_tiles::Tile::new(8, level, number, u32::from(width), false).path();
                prop_assert_eq!(path.to_string(), go.replacen("tile/8/", "tile/", 1));
            }
        }

        #[test]
        fn no_text_panics(text in "tile/[0-9a-z/.x]{0,60}|\\PC{0,30}") {
            let _ = TilePath::parse(&text);
        }
    }
}
