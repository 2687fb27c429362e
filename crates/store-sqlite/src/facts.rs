//! Rows of the table of facts, read and written.

use dancu_core::PersonalNumber;
use dancu_register::{
    At, Belief, Change, Fact, FactDecodeError, FactKind, FactValue, Held, KindSet, Person, day_from_number,
    day_to_number,
};
use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, Result, Row, types::Type};
use std::{collections::HashMap, sync::Arc};

/// A person's number as SQLite keeps whole numbers.
pub(crate) fn number_to_sql(number: PersonalNumber) -> i64 {
    i64::try_from(number.value()).expect("twelve digits fit")
}

/// The number in a column.
pub(crate) fn number_from_sql(row: &Row<'_>, column: usize) -> Result<PersonalNumber> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).ok().and_then(PersonalNumber::from_value).ok_or_else(|| unreadable(column))
}

/// A value that is none that this crate writes.
pub(crate) fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FactDecodeError))
}

fn instant(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| unreadable(column))
}

fn day(row: &Row<'_>, column: usize) -> Result<Date> {
    day_from_number(row.get(column)?).ok_or_else(|| unreadable(column))
}

fn value(row: &Row<'_>, kind: usize, json: usize) -> Result<FactValue> {
    let kind = FactKind::from_code(row.get(kind)?).ok_or_else(|| unreadable(kind))?;
    let text = row.get_ref(json)?.as_bytes().map_err(|_| unreadable(json))?;
    FactValue::decode(kind, text).map_err(|_| unreadable(json))
}

/// The person at a point of both time axes, from one scan of their rows.
pub(crate) fn person(
    connection: &Connection,
    number: PersonalNumber,
    at: At,
    kinds: KindSet,
) -> Result<Option<Person>> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, value, valid_from, recorded_from FROM fact
         WHERE number = ?1 AND (1 << kind) & ?2
           AND valid_from <= ?3 AND (valid_to IS NULL OR ?3 < valid_to)
           AND recorded_from <= ?4 AND (recorded_to IS NULL OR ?4 < recorded_to)",
    )?;
    let known_at = at.known_at.as_microsecond();
    let mut rows =
        statement.query((number_to_sql(number), kinds.bits(), day_to_number(at.as_of), known_at))?;
    let mut person: Option<Person> = None;
    while let Some(row) = rows.next()? {
        person.get_or_insert_with(|| Person::new(number)).hold(Held {
            value: value(row, 0, 1)?,
            valid_from: day(row, 2)?,
            recorded_from: instant(row, 3)?,
        });
    }
    Ok(person)
}

/// Every row of a person by kind, time of record and validity.
pub(crate) fn history(connection: &Connection, number: PersonalNumber) -> Result<Vec<Fact>> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, value, valid_from, valid_to, recorded_from, recorded_to, name
         FROM fact JOIN fact_source ON fact_source.id = source
         WHERE number = ?1 ORDER BY kind, recorded_from, valid_from",
    )?;
    let mut rows = statement.query([number_to_sql(number)])?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next()? {
        let open = |column: usize| row.get_ref(column).map(|value| value == rusqlite::types::ValueRef::Null);
        facts.push(Fact {
            number,
            value: value(row, 0, 1)?,
            valid_from: day(row, 2)?,
            valid_to: if open(3)? { None } else { Some(day(row, 3)?) },
            recorded_from: instant(row, 4)?,
            recorded_to: if open(5)? { None } else { Some(instant(row, 5)?) },
            source: row.get::<_, String>(6)?.into(),
        });
    }
    Ok(facts)
}

/// Writes facts, and remembers what goes with them.
pub(crate) struct FactWriter<'c> {
    connection: &'c Connection,
    insert: rusqlite::CachedStatement<'c>,
    sources: HashMap<Arc<str>, i64>,
    json: Vec<u8>,
    /// Households named by the facts written, to be put in the index in their order.
    households: Vec<(String, i64)>,
}

impl<'c> FactWriter<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Result<Self> {
        let insert = connection.prepare_cached(
            "INSERT INTO fact (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value)
             VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?7)",
        )?;
        Ok(Self { connection, insert, sources: HashMap::new(), json: Vec::new(), households: Vec::new() })
    }

    /// The number of a source, which is created if it is new.
    pub(crate) fn source(&mut self, name: &Arc<str>) -> Result<i64> {
        if let Some(id) = self.sources.get(name) {
            return Ok(*id);
        }
        let find = "SELECT id FROM fact_source WHERE name = ?1";
        let found =
            self.connection.prepare_cached(find)?.query_row([&**name], |row| row.get(0)).optional()?;
        let id = if let Some(id) = found {
            id
        } else {
            self.connection.execute("INSERT INTO fact_source (name) VALUES (?1)", [&**name])?;
            self.connection.last_insert_rowid()
        };
        self.sources.insert(Arc::clone(name), id);
        Ok(id)
    }

    /// A belief about a person of whom nothing is recorded yet.
    pub(crate) fn insert(
        &mut self,
        number: PersonalNumber,
        belief: &Belief,
        recorded_from: Timestamp,
        source: i64,
    ) -> Result<()> {
        self.json.clear();
        belief.value.encode(&mut self.json);
        let json = str::from_utf8(&self.json).map_err(|error| rusqlite::Error::Utf8Error(7, error))?;
        let number = number_to_sql(number);
        self.insert.execute((
            number,
            belief.value.kind().code(),
            recorded_from.as_microsecond(),
            day_to_number(belief.valid_from),
            belief.valid_to.map(day_to_number),
            source,
            json,
        ))?;
        if let FactValue::Residence(residence) = &belief.value
            && let Some(household) = &residence.household
        {
            self.households.push((household.as_str().to_owned(), number));
        }
        Ok(())
    }

    /// Changes to the rows of one person.
    pub(crate) fn change(&mut self, number: PersonalNumber, changes: &[Change]) -> Result<()> {
        for change in changes {
            match change {
                Change::Close { kind, recorded_from, valid_from, recorded_to } => {
                    let closed = self
                        .connection
                        .prepare_cached(
                            "UPDATE fact SET recorded_to = ?5
                             WHERE number = ?1 AND kind = ?2 AND recorded_from = ?3 AND valid_from = ?4
                               AND recorded_to IS NULL",
                        )?
                        .execute((
                            number_to_sql(number),
                            kind.code(),
                            recorded_from.as_microsecond(),
                            day_to_number(*valid_from),
                            recorded_to.as_microsecond(),
                        ))?;
                    if closed != 1 {
                        return Err(rusqlite::Error::StatementChangedRows(closed));
                    }
                }
                Change::Insert(fact) => {
                    let source = self.source(&fact.source)?;
                    let belief = Belief {
                        value: fact.value.clone(),
                        valid_from: fact.valid_from,
                        valid_to: fact.valid_to,
                    };
                    self.insert(number, &belief, fact.recorded_from, source)?;
                }
            }
        }
        Ok(())
    }

    /// Puts the households in the index, in its own order, so that its pages are touched once.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.households.sort_unstable();
        self.households.dedup();
        let mut insert = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO household_person (household, number) VALUES (?1, ?2)")?;
        for (household, number) in &self.households {
            insert.execute((household, number))?;
        }
        Ok(())
    }
}
