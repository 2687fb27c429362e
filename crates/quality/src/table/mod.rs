//! Files as columns of numbers: one dictionary for both files and each slot.

mod dictionary;
mod encode;

pub(crate) use dictionary::{Dictionary, hash_of, mix};
pub use encode::{Encoded, Encoder, Notes};

use crate::schema::Schema;
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows as they were read: the columns that are compared, and the row's own name first.
#[derive(Default)]
pub struct RowBatch {
    bytes: Vec<u8>,
    /// Where each cell ends.
    ends: Vec<u32>,
    width: usize,
}

impl RowBatch {
    /// Rows of `width` columns.
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a row: its own name, or its number in the file, then the cells.
    pub fn push<'a>(&mut self, id: &'a [u8], cells: impl Iterator<Item = &'a [u8]>) {
        for cell in std::iter::once(id).chain(cells) {
            self.bytes.extend_from_slice(cell);
            self.ends.push(u32::try_from(self.bytes.len()).expect("a batch is far below 4 GiB"));
        }
        debug_assert!(self.ends.len().is_multiple_of(self.width + 1), "every row has all columns");
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.ends.len() / (self.width + 1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cow<'_, str> {
        let at = row * (self.width + 1) + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        let bytes = &self.bytes[start..self.ends[at] as usize];
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            // Most files that are no UTF-8 are in a table of one byte a sign; readers of names know its meaning.
            Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
        }
    }

    fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
        self.cell(row, column + 1)
    }

    fn id(&self, row: usize) -> Cow<'_, str> {
        self.cell(row, 0)
    }
}

/// One file.
#[derive(Default)]
pub struct Table {
    ids: String,
    id_ends: Vec<usize>,
    columns: Vec<Vec<u32>>,
    /// What was set aside in it.
    pub notes: Notes,
}

impl Table {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.id_ends.len()
    }

    /// The row's own name, or its number in the file.
    pub fn id(&self, row: u32) -> &str {
        let at = row as usize;
        let start = if at == 0 { 0 } else { self.id_ends[at - 1] };
        &self.ids[start..self.id_ends[at]]
    }

    /// Whether a row tells something of a slot.
    pub fn tells(&self, slot: usize, row: u32) -> bool {
        self.value(slot, row) != 0
    }

    /// A value's number, which rows share that say the same in a slot; 0 where nothing is told.
    pub fn value(&self, slot: usize, row: u32) -> u32 {
        self.columns[slot][row as usize]
    }

    pub(crate) fn column(&self, slot: usize) -> &[u32] {
        &self.columns[slot]
    }

    /// A number that rows of the same name and values share, wherever they stand: what decides where nothing else does.
    pub(crate) fn rank(&self, row: u32) -> u64 {
        hash_of(self.id(row).as_bytes())
    }
}

/// Two files, or one, over common dictionaries.
pub struct Tables {
    /// First file.
    pub left: Table,
    /// Second file; `None` when the first is matched with itself.
    pub right: Option<Table>,
    pub(crate) dictionaries: Vec<Dictionary>,
}

impl Tables {
    /// Without rows.
    pub fn new(schema: &Schema, is_one_file: bool) -> Self {
        let table = || Table { columns: vec![Vec::new(); schema.slots().len()], ..Table::default() };
        Self {
            left: table(),
            right: (!is_one_file).then(table),
            dictionaries: schema.slots().iter().map(|_| Dictionary::default()).collect(),
        }
    }

    /// Adds a batch of the first file; batches come in the order of the file.
    pub fn append_left(&mut self, batch: &Encoded) {
        append(&mut self.left, &mut self.dictionaries, batch);
    }

    /// Adds a batch of the second file.
    pub fn append_right(&mut self, batch: &Encoded) {
        let right = self.right.as_mut().expect("a second file was announced");
        append(right, &mut self.dictionaries, batch);
    }

    /// The file on the other side: the second, or the only one.
    pub fn other(&self) -> &Table {
        self.right.as_ref().unwrap_or(&self.left)
    }
}

fn append(table: &mut Table, dictionaries: &mut [Dictionary], batch: &Encoded) {
    for id in &batch.ids {
        table.ids.push_str(id);
        table.id_ends.push(table.ids.len());
    }
    for (what, count) in &batch.notes {
        *table.notes.entry(what.clone()).or_default() += count;
    }
    table
        .columns
        .par_iter_mut()
        .zip(dictionaries.par_iter_mut())
        .zip(batch.columns.par_iter().zip(&batch.dictionaries))
        .for_each(|((column, dictionary), (numbers, own))| {
            let map = dictionary.adopt(own);
            column.extend(numbers.iter().map(|number| map[*number as usize]));
        });
    debug_assert_eq!(
        table.columns.first().map_or(0, Vec::len),
        table.rows(),
        "columns are as long as the file"
    );
    debug_assert_eq!(batch.rows, batch.ids.len(), "every row has a name");
}
