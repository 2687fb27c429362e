//! Rows of text become rows of numbers.

use super::{Dictionary, RowBatch};
use crate::{
    normal::{
        NameReader, NormalNumber, PlaceReader, ValueFault, plain_text, read_day, read_number, read_phone,
        read_sex,
    },
    schema::{ColumnKind, Schema, Side, Target},
};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, sync::Mutex};

/// How often something was mended or set aside, by column and word.
pub type Notes = BTreeMap<(String, &'static str), u64>;

/// A batch as numbers of its own dictionaries.
pub struct Encoded {
    pub(super) rows: usize,
    pub(super) ids: Vec<String>,
    pub(super) columns: Vec<Vec<u32>>,
    pub(super) dictionaries: Vec<Dictionary>,
    pub(super) notes: Notes,
}

impl Encoded {
    /// How many rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }
}

/// Turns batches of one file into numbers. Batches can be encoded at the same time.
pub struct Encoder<'a> {
    schema: &'a Schema,
    places: &'a PlaceReader,
    side: Side,
    /// What those who encoded a batch remember, for the next one.
    memories: Mutex<Vec<Memory>>,
}

/// Meanings of texts that come again and again.
struct Memory {
    names: NameReader,
    /// By field; `None` for what means nothing.
    known: Vec<FxHashMap<Box<str>, Option<Box<str>>>>,
}

/// Texts of one field whose meaning is remembered.
const TEXTS_REMEMBERED: usize = 60_000;

/// The work on one batch.
struct Batch<'a> {
    schema: &'a Schema,
    places: &'a PlaceReader,
    side: Side,
    memory: Memory,
    dictionaries: Vec<Dictionary>,
    row: Vec<u32>,
    notes: Notes,
    text: String,
}

impl<'a> Encoder<'a> {
    /// For the rows of one side.
    pub fn new(schema: &'a Schema, places: &'a PlaceReader, side: Side) -> Self {
        Self { schema, places, side, memories: Mutex::new(Vec::new()) }
    }

    fn memory(&self) -> Memory {
        let waiting = self.memories.lock().ok().and_then(|mut memories| memories.pop());
        waiting.unwrap_or_else(|| Memory {
            names: NameReader::default(),
            known: self.schema.fields().iter().map(|_| FxHashMap::default()).collect(),
        })
    }

    /// Encodes a batch.
    pub fn encode(&self, batch: &RowBatch) -> Encoded {
        let slots = self.schema.slots().len();
        let mut work = Batch {
            schema: self.schema,
            places: self.places,
            side: self.side,
            memory: self.memory(),
            dictionaries: (0..slots).map(|_| Dictionary::default()).collect(),
            row: vec![0; slots],
            notes: Notes::new(),
            text: String::new(),
        };
        let mut columns = vec![Vec::with_capacity(batch.len()); slots];
        let mut ids = Vec::with_capacity(batch.len());
        for row in 0..batch.len() {
            work.row.fill(0);
            work.encode(batch, row);
            for (column, number) in columns.iter_mut().zip(&work.row) {
                column.push(*number);
            }
            ids.push(batch.id(row).into_owned());
        }
        let Batch { memory, dictionaries, notes, .. } = work;
        if let Ok(mut memories) = self.memories.lock() {
            memories.push(memory);
        }
        Encoded { rows: batch.len(), ids, columns, dictionaries, notes }
    }
}

impl Batch<'_> {
    fn encode(&mut self, batch: &RowBatch, row: usize) {
        let schema = self.schema;
        for (at, (kind, column, target)) in schema.columns(self.side).enumerate() {
            let text = batch.text(row, column);
            if text.trim().is_empty() {
                continue;
            }
            let outcome = match target {
                Target::Numbers { personal, old } => self.number(&text, personal, old),
                Target::Names { surname, middle, given } => self.full_name(&text, [surname, middle, given]),
                Target::One(slot) => self.one(at, kind, &text, slot),
            };
            if let Err(fault) = outcome {
                self.note(at, fault.as_str());
            }
        }
    }

    fn note(&mut self, field: usize, what: &'static str) {
        let name = schema_name(self.schema, self.side, field);
        *self.notes.entry((name, what)).or_default() += 1;
    }

    /// A slot takes the first value that is told for it: a whole name, then columns of its parts.
    fn set(&mut self, slot: usize, text: &str) {
        if self.row[slot] == 0 {
            self.row[slot] = self.dictionaries[slot].number(text);
        }
    }

    fn number(&mut self, text: &str, personal: usize, old: usize) -> Result<(), ValueFault> {
        let Some((number, _)) = read_number(text)? else {
            return Ok(());
        };
        self.text.clear();
        let slot = match number {
            NormalNumber::Personal(number) => {
                let _ = write!(self.text, "{number}");
                personal
            }
            NormalNumber::Old(number) => {
                let _ = write!(self.text, "{number}");
                old
            }
        };
        let digits = std::mem::take(&mut self.text);
        self.set(slot, &digits);
        self.text = digits;
        Ok(())
    }

    fn full_name(&mut self, text: &str, slots: [usize; 3]) -> Result<(), ValueFault> {
        if let Some((name, _)) = self.memory.names.read(text)? {
            for (slot, part) in slots.into_iter().zip([&name.surname, &name.middle, &name.given]) {
                self.set(slot, part);
            }
        }
        Ok(())
    }

    /// A value of one slot, remembered by its text where texts come again and again.
    fn one(&mut self, field: usize, kind: ColumnKind, text: &str, slot: usize) -> Result<(), ValueFault> {
        let is_repeated = matches!(
            kind,
            ColumnKind::Surname
                | ColumnKind::MiddleName
                | ColumnKind::GivenName
                | ColumnKind::BirthDate
                | ColumnKind::Sex
                | ColumnKind::Place
                | ColumnKind::Category
        );
        if !is_repeated {
            if let Some(meaning) = self.meaning(kind, text)? {
                self.set(slot, &meaning);
            }
            return Ok(());
        }
        if !self.memory.known[field].contains_key(text) {
            let meaning = self.meaning(kind, text)?;
            let known = &mut self.memory.known[field];
            if known.len() >= TEXTS_REMEMBERED {
                known.clear();
            }
            known.insert(text.into(), meaning.map(Into::into));
        }
        if self.row[slot] == 0
            && let Some(Some(meaning)) = self.memory.known[field].get(text)
        {
            self.row[slot] = self.dictionaries[slot].number(meaning);
        }
        Ok(())
    }

    fn meaning(&mut self, kind: ColumnKind, text: &str) -> Result<Option<String>, ValueFault> {
        Ok(match kind {
            ColumnKind::OldNumber => old_number(text)?,
            ColumnKind::Surname | ColumnKind::MiddleName | ColumnKind::GivenName => {
                self.memory.names.read_words(text)
            }
            ColumnKind::BirthDate => read_day(text)?
                .map(|(day, _)| String::from_utf8(day.digits().to_vec()).expect("digits are ASCII")),
            ColumnKind::Sex => read_sex(text)?.map(|sex| sex.letter().to_owned()),
            ColumnKind::Phone => read_phone(text)?.map(|digits| digits.to_string()),
            ColumnKind::Place => self.places.read(text, self.schema.places_on(self.side))?.map(|place| {
                let mut key = format!("{:02}", place.province);
                for commune in place.communes {
                    let _ = write!(key, ":{commune:05}");
                }
                key
            }),
            ColumnKind::Text => Some(plain_text(text)).filter(|text| !text.is_empty()),
            ColumnKind::Code | ColumnKind::Category => {
                Some(plain_text(text).replace(' ', "")).filter(|text| !text.is_empty())
            }
            ColumnKind::Number | ColumnKind::FullName => None,
        })
    }
}

/// An old number of nine digits; eight lost a zero. Other countries' numbers are columns of the kind `code`.
fn old_number(text: &str) -> Result<Option<String>, ValueFault> {
    let padded = match text.trim() {
        text if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Cow::Owned(format!("0{text}"))
        }
        text => Cow::Borrowed(text),
    };
    match read_number(&padded)? {
        Some((NormalNumber::Old(number), _)) => Ok(Some(number.to_string())),
        Some((NormalNumber::Personal(_), _)) => Err(ValueFault::NumberLength { digits: 12 }),
        None => Ok(None),
    }
}

/// The name of a side's field, counted among the columns that the side has.
fn schema_name(schema: &Schema, side: Side, field: usize) -> String {
    let has = |field: &&crate::schema::Field| match side {
        Side::Left => field.left.is_some(),
        Side::Right => field.right.is_some(),
    };
    schema.fields().iter().filter(has).nth(field).map(|field| field.name.clone()).unwrap_or_default()
}
