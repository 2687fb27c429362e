//! The unfinished tiles at the right edge of the published log. Leaves go in, full tiles come out.

use crate::{
    hash::{Hash, perfect_root},
    tile_path::{ENTRY_LENGTH, TILE_WIDTH, TileKind, TilePath},
    tree::Frontier,
};

/// For every level of tiles the hashes that do not fill a tile yet, and the entries that do not fill a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tail {
    size: u64,
    levels: Vec<Vec<Hash>>,
    entries: Vec<Hash>,
}

/// How many hashes level `level` of tiles has in a log of `size` entries.
const fn level_size(size: u64, level: usize) -> u64 {
    if level >= 8 { 0 } else { size >> (8 * level) }
}

/// How many levels of tiles a log of `size` entries has.
pub(crate) fn level_count(size: u64) -> usize {
    (0..8).take_while(|level| level_size(size, *level) > 0).count()
}

/// Number and width of the unfinished tile of a level.
pub(crate) fn unfinished(size: u64, level: usize) -> (u64, usize) {
    let hashes = level_size(size, level);
    (hashes / u64::from(TILE_WIDTH), usize::try_from(hashes % u64::from(TILE_WIDTH)).unwrap_or(0))
}

impl Tail {
    /// Puts stored pieces together; `None` when they do not fit the size.
    pub fn from_parts(size: u64, levels: Vec<Vec<Hash>>, entries: Vec<Hash>) -> Option<Self> {
        let fits = levels.len() == level_count(size)
            && levels.iter().enumerate().all(|(level, hashes)| hashes.len() == unfinished(size, level).1)
            && entries.len() == unfinished(size, 0).1;
        fits.then_some(Self { size, levels, entries })
    }

    /// How many leaves went in.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf with its entry. Each tile and bundle that it fills is given to `full`.
    pub fn push<E>(
        &mut self,
        entry: Hash,
        leaf: Hash,
        full: &mut dyn FnMut(TilePath, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.entries.push(entry);
        if self.entries.len() == usize::from(TILE_WIDTH) {
            let number = self.size / u64::from(TILE_WIDTH);
            full(TilePath::full(TileKind::Entries, number), bundle(&self.entries))?;
            self.entries.clear();
        }
        self.size += 1;
        let mut node = leaf;
        for level in 0..8 {
            if self.levels.len() == level {
                self.levels.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
            }
            self.levels[level].push(node);
            if self.levels[level].len() < usize::from(TILE_WIDTH) {
                break;
            }
            let kind = TileKind::Hashes(u8::try_from(level).unwrap_or(u8::MAX));
            let number = level_size(self.size, level) / u64::from(TILE_WIDTH) - 1;
            full(TilePath::full(kind, number), self.levels[level].concat())?;
            node = perfect_root(&self.levels[level]);
            self.levels[level].clear();
        }
        Ok(())
    }

    /// The frontier of the tree, put together from the unfinished tiles.
    pub fn frontier(&self) -> Frontier {
        let mut peaks = Vec::with_capacity(64);
        for hashes in self.levels.iter().rev() {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let (largest, smaller) = rest.split_at(1 << rest.len().ilog2());
                peaks.push(perfect_root(largest));
                rest = smaller;
            }
        }
        Frontier::from_parts(self.size, peaks).expect("every bit of the size is one run of hashes")
    }

    /// The unfinished tiles and the unfinished bundle, as files.
    pub fn partial_files(&self) -> Vec<(TilePath, Vec<u8>)> {
        let mut files = Vec::with_capacity(self.levels.len() + 1);
        for (level, hashes) in (0_u8..).zip(&self.levels) {
            files.extend(self.partial(TileKind::Hashes(level), hashes.len()));
        }
        files.extend(self.partial(TileKind::Entries, self.entries.len()));
        files
    }

    /// The first `width` hashes or entries of the unfinished tile of a kind, as a file.
    fn partial(&self, kind: TileKind, width: usize) -> Option<(TilePath, Vec<u8>)> {
        let path = self.unfinished_path(kind, width)?;
        Some((path, self.prefix(&path)?))
    }

    fn unfinished_path(&self, kind: TileKind, width: usize) -> Option<TilePath> {
        let level = if let TileKind::Hashes(level) = kind { usize::from(level) } else { 0 };
        let width = u16::try_from(width).ok().filter(|width| *width > 0)?;
        Some(TilePath { kind, number: unfinished(self.size, level).0, width })
    }

    /// The bytes of a partial tile or bundle, when it is a beginning of an unfinished one.
    pub fn prefix(&self, path: &TilePath) -> Option<Vec<u8>> {
        let (level, hashes) = match path.kind {
            TileKind::Hashes(level) => (usize::from(level), self.levels.get(usize::from(level))?),
            TileKind::Entries => (0, &self.entries),
        };
        if unfinished(self.size, level).0 != path.number {
            return None;
        }
        let hashes = hashes.get(..usize::from(path.width))?;
        Some(if path.kind == TileKind::Entries { bundle(hashes) } else { hashes.concat() })
    }

    /// The hashes of the unfinished tile `number` of a level.
    pub fn hashes(&self, level: usize, number: u64) -> Option<&[Hash]> {
        (unfinished(self.size, level).0 == number)
            .then(|| self.levels.get(level).map(Vec::as_slice))
            .flatten()
    }
}

/// Entries as a bundle holds them: each with its length in two bytes, big endian (C2SP tlog-tiles).
pub(crate) fn bundle(entries: &[Hash]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.len() * ENTRY_LENGTH);
    for entry in entries {
        bytes.extend_from_slice(&[0, 32]);
        bytes.extend_from_slice(entry);
    }
    bytes
}

/// The hashes of a tile file; `None` when its length is not a multiple of a hash.
pub(crate) fn split_hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| hashes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hash::leaf_hash, tree::BatchTree};
    use std::{collections::HashMap, convert::Infallible};

    fn entry(number: u64) -> Hash {
        let mut entry = [0; 32];
        entry[..8].copy_from_slice(&number.to_be_bytes());
        entry
    }

    fn read_nodes(tail: &Tail, files: &HashMap<String, Vec<u8>>, indexes: &[u64]) -> Vec<tlog_tiles::Hash> {
        let read = |index: &u64| {
            let tile = tlog_tiles::Tile::from_index(8, *index);
            let full = tlog_tiles::Tile::new(8, tile.level(), tile.level_index(), 256, false);
            let path = full.path().replacen("tile/8/", "tile/", 1);
            let bytes = files.get(&path).cloned().unwrap_or_else(|| {
                let path = TilePath {
                    kind: TileKind::Hashes(tile.level()),
                    number: tile.level_index(),
                    width: u16::try_from(tile.width()).unwrap(),
                };
                tail.prefix(&path).expect("an unfinished tile has what is asked of it")
            });
            tile.hash_at_index(&bytes, *index).unwrap()
        };
        indexes.iter().map(read).collect()
    }

    struct Reader<'a>(&'a Tail, &'a HashMap<String, Vec<u8>>);

    impl tlog_tiles::HashReader for Reader<'_> {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
            Ok(read_nodes(self.0, self.1, indexes))
        }
    }

    #[test]
    fn tiles_and_unfinished_tiles_give_an_independent_reader_the_same_roots() {
        let (mut tail, mut files) = (Tail::default(), HashMap::new());
        let mut frontier = Frontier::default();
        for number in 0..70_000_u64 {
            let (entry, leaf) = (entry(number), leaf_hash(&entry(number)));
            let mut keep = |path: TilePath, bytes: Vec<u8>| {
                assert_eq!(bytes.len(), path.length());
                assert!(files.insert(path.to_string(), bytes).is_none());
                Ok::<_, Infallible>(())
            };
            tail.push(entry, leaf, &mut keep).unwrap();
            frontier = BatchTree::append(&frontier, vec![leaf]).after().clone();
            let size = number + 1;
            if size < 600 || size % 4_093 == 0 || (65_530..65_800).contains(&size) {
                assert_eq!(tail.frontier(), frontier, "size {size}");
                let root = tlog_tiles::tree_hash(size, &Reader(&tail, &files)).unwrap();
                assert_eq!(root.0, frontier.root(), "size {size}");
                let parts = Tail::from_parts(size, tail.levels.clone(), tail.entries.clone());
                assert_eq!(parts.as_ref(), Some(&tail));
            }
        }
        assert_eq!(files.len(), 70_000 / 256 * 2 + 1);
        assert_eq!(&files["tile/entries/001"][..10], &[0, 32, 0, 0, 0, 0, 0, 0, 1, 0]);
        let paths: Vec<String> = tail.partial_files().iter().map(|(path, _)| path.to_string()).collect();
        assert_eq!(
            paths,
            ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"]
        );
        assert_eq!(Tail::from_parts(3, vec![], vec![]), None);
    }
}
