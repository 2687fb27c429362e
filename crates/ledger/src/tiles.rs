//! Tiles as files, and built again from the records where a file is missing or cut.

use crate::{
    error::LedgerError,
    hash::{Hash, commitment, leaf_hash, perfect_root},
    ports::{LedgerRecords, TileFiles},
    tail::{Tail, bundle, level_count, split_hashes, unfinished},
    tile_path::{TILE_WIDTH, TileKind, TilePath},
};
use std::sync::Arc;

const WIDTH: u64 = TILE_WIDTH as u64;

/// Tile files over the records they are derived from.
#[derive(Clone)]
pub(crate) struct TileSource {
    pub records: Arc<dyn LedgerRecords>,
    pub tiles: Arc<dyn TileFiles>,
}

impl TileSource {
    /// The bytes of a full tile or bundle that the log has. A missing or cut file is built again.
    pub fn full(&self, kind: TileKind, number: u64) -> Result<Vec<u8>, LedgerError> {
        let path = TilePath::full(kind, number);
        if let Some(bytes) = self.tiles.read(&path.to_string())? {
            if bytes.len() == path.length() {
                return Ok(bytes);
            }
            tracing::warn!(file = %self.tiles.location(&path.to_string()).display(), "a cut tile is built again");
        }
        let bytes = self.build(kind, number)?;
        self.tiles.write(&path.to_string(), &bytes)?;
        Ok(bytes)
    }

    /// A full tile or bundle from the records and, for higher levels, from the tiles below.
    fn build(&self, kind: TileKind, number: u64) -> Result<Vec<u8>, LedgerError> {
        match kind {
            TileKind::Entries => Ok(bundle(&self.entries(number * WIDTH, WIDTH)?)),
            TileKind::Hashes(0) => Ok(leaves(&self.entries(number * WIDTH, WIDTH)?).concat()),
            TileKind::Hashes(level) => {
                let below = number * WIDTH..(number + 1) * WIDTH;
                let roots: Result<Vec<Hash>, LedgerError> =
                    below.map(|number| Ok(perfect_root(&self.full_hashes(level - 1, number)?))).collect();
                Ok(roots?.concat())
            }
        }
    }

    /// The hashes of a full tile.
    pub fn full_hashes(&self, level: u8, number: u64) -> Result<Vec<Hash>, LedgerError> {
        let bytes = self.full(TileKind::Hashes(level), number)?;
        split_hashes(&bytes).ok_or_else(|| self.wrong(TilePath::full(TileKind::Hashes(level), number)))
    }

    fn wrong(&self, path: TilePath) -> LedgerError {
        LedgerError::Tile { file: self.tiles.location(&path.to_string()) }
    }

    /// The entries of records `first` to `first + count`, all of which must be there.
    fn entries(&self, first: u64, count: u64) -> Result<Vec<Hash>, LedgerError> {
        let mut entries = Vec::new();
        let mut next = first;
        self.records.scan(first, count, &mut |record| {
            if record.index == next {
                next += 1;
                entries.push(commitment(record.salt, record.record));
            }
        })?;
        if next == first + count {
            Ok(entries)
        } else {
            Err(LedgerError::Tree { detail: format!("record {next} is missing") })
        }
    }

    /// The unfinished tiles of a log of `size` entries: the lowest level from the records, the others from the
    /// full tiles below them.
    pub fn load_tail(&self, size: u64) -> Result<Tail, LedgerError> {
        let (number, width) = unfinished(size, 0);
        let entries = self.entries(number * WIDTH, width as u64)?;
        let mut levels = Vec::new();
        for level in 0..level_count(size) {
            if level == 0 {
                levels.push(leaves(&entries));
                continue;
            }
            let (number, width) = unfinished(size, level);
            let below = u8::try_from(level - 1).unwrap_or(u8::MAX);
            let first = number * WIDTH;
            let roots = (first..first + width as u64)
                .map(|number| Ok(perfect_root(&self.full_hashes(below, number)?)))
                .collect::<Result<_, LedgerError>>()?;
            levels.push(roots);
        }
        Tail::from_parts(size, levels, entries)
            .ok_or_else(|| LedgerError::Tree { detail: format!("the tiles do not fit size {size}") })
    }

    /// Compares the tiles that [`TileSource::load_tail`] reads with the records, and names the first that is
    /// wrong.
    pub fn compare_edge(&self, size: u64) -> Result<(), LedgerError> {
        for level in 1..level_count(size) {
            let (number, width) = unfinished(size, level);
            let kind = TileKind::Hashes(u8::try_from(level - 1).unwrap_or(u8::MAX));
            for number in number * WIDTH..number * WIDTH + width as u64 {
                let path = TilePath::full(kind, number);
                if self.tiles.read(&path.to_string())? != Some(self.build(kind, number)?) {
                    return Err(self.wrong(path));
                }
            }
        }
        Ok(())
    }

    /// The full node `(level, index)` of the tree, from the unfinished tiles or a full one.
    pub fn node(&self, tail: &Tail, level: u32, index: u64) -> Result<Hash, LedgerError> {
        let (tile_level, within) = ((level / 8) as usize, level % 8);
        let first = index << within;
        let number = first / WIDTH;
        let start = usize::try_from(first % WIDTH).unwrap_or(usize::MAX);
        let span = start..start.saturating_add(1 << within);
        let kept = tail.hashes(tile_level, number).map(|hashes| hashes.get(span.clone()).map(perfect_root));
        let tile_level = u8::try_from(tile_level).unwrap_or(u8::MAX);
        let node = match kept {
            Some(node) => node,
            None => self.full_hashes(tile_level, number)?.get(span).map(perfect_root),
        };
        node.ok_or_else(|| self.wrong(TilePath::full(TileKind::Hashes(tile_level), number)))
    }
}

fn leaves(entries: &[Hash]) -> Vec<Hash> {
    entries.iter().map(leaf_hash).collect()
}
