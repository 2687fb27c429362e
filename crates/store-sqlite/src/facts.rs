//! Rows of the table of facts, read and written.

use crate::search::SearchWriter;
use dancu_core::PersonalNumber;
use dancu_register::{
    At, Belief, Change, Fact, FactDecodeError, FactKind, FactValue, Held, KindSet, Person, communes,
    day_from_number, day_to_number, links,
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

/// Every row of a person by kind, time of record and validity, the sealed kinds left out.
pub(crate) fn history(connection: &Connection, number: PersonalNumber) -> Result<Vec<Fact>> {
    rows_of(
        connection,
        number,
        "SELECT kind, value, valid_from, valid_to, recorded_from, recorded_to, name
         FROM fact JOIN fact_source ON fact_source.id = source
         WHERE number = ?1 ORDER BY kind, recorded_from, valid_from",
    )
}

/// Every row of the sealed kinds of a person, in the same order.
pub(crate) fn sealed_history(connection: &Connection, number: PersonalNumber) -> Result<Vec<Fact>> {
    rows_of(
        connection,
        number,
        "SELECT kind, value, valid_from, valid_to, recorded_from, recorded_to, name
         FROM sealed_fact JOIN fact_source ON fact_source.id = source
         WHERE number = ?1 ORDER BY kind, recorded_from, valid_from",
    )
}

fn rows_of(connection: &Connection, number: PersonalNumber, sql: &str) -> Result<Vec<Fact>> {
    let mut statement = connection.prepare_cached(sql)?;
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

/// The last instant at which a sealed value or an event was recorded of a person: what a history does not show.
pub(crate) fn version_beside_history(
    connection: &Connection,
    number: PersonalNumber,
) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached(
        "SELECT max(instant) FROM (
             SELECT max(coalesce(recorded_to, recorded_from)) AS instant FROM sealed_fact WHERE number = ?1
             UNION ALL
             SELECT max(recorded_at) FROM event_person WHERE number = ?1)",
    )?;
    let latest: Option<i64> = statement.query_row([number_to_sql(number)], |row| row.get(0))?;
    latest.map(|micros| Timestamp::from_microsecond(micros).map_err(|_| unreadable(0))).transpose()
}

/// Writes facts, and remembers what goes with them.
pub(crate) struct FactWriter<'c> {
    connection: &'c Connection,
    insert: rusqlite::CachedStatement<'c>,
    sources: HashMap<Arc<str>, i64>,
    json: Vec<u8>,
    /// What the facts written name, to be put in the indexes in their order.
    households: Vec<(String, i64)>,
    relatives: Vec<(i64, i64)>,
    communes: Vec<(u32, i64)>,
    search: SearchWriter,
}

impl<'c> FactWriter<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Result<Self> {
        let insert = connection.prepare_cached(
            "INSERT INTO fact (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value)
             VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?7)",
        )?;
        let (households, relatives, communes) = (Vec::new(), Vec::new(), Vec::new());
        let (sources, json) = (HashMap::new(), Vec::new());
        let search = SearchWriter::default();
        Ok(Self { connection, insert, sources, json, households, relatives, communes, search })
    }

    /// The connection to which it writes.
    pub(crate) const fn connection(&self) -> &'c Connection {
        self.connection
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

    /// A belief about a person of whom nothing is recorded at that instant yet.
    pub(crate) fn insert(
        &mut self,
        number: PersonalNumber,
        belief: &Belief,
        recorded_from: Timestamp,
        source: i64,
    ) -> Result<()> {
        self.search.note(number, &belief.value);
        let number = number_to_sql(number);
        let kind = belief.value.kind().code();
        let recorded_from = recorded_from.as_microsecond();
        let valid_from = day_to_number(belief.valid_from);
        let valid_to = belief.valid_to.map(day_to_number);
        if let FactValue::Sealed(sealed) = &belief.value {
            return self
                .connection
                .prepare_cached(
                    "INSERT INTO sealed_fact
                         (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value)
                     VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?7)",
                )?
                .execute((number, kind, recorded_from, valid_from, valid_to, source, &*sealed.bytes))
                .map(drop);
        }
        self.json.clear();
        belief.value.encode(&mut self.json);
        let json = str::from_utf8(&self.json).map_err(|error| rusqlite::Error::Utf8Error(7, error))?;
        self.insert.execute((number, kind, recorded_from, valid_from, valid_to, source, json))?;
        if let FactValue::Residence(residence) = &belief.value
            && let Some(household) = &residence.household
        {
            self.households.push((household.as_str().to_owned(), number));
        }
        let named = links(&belief.value).into_iter().map(|(relative, _)| (number_to_sql(relative), number));
        self.relatives.extend(named);
        self.communes.extend(communes(&belief.value).map(|commune| (commune.value(), number)));
        Ok(())
    }

    /// Changes to the rows of one person.
    pub(crate) fn change(&mut self, number: PersonalNumber, changes: &[Change]) -> Result<()> {
        for change in changes {
            match change {
                Change::Close { kind, recorded_from, valid_from, recorded_to } => {
                    self.close(number, *kind, (*recorded_from, *valid_from), *recorded_to)?;
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

    /// Ends the time of record of a row, which is told by its beginnings on both axes.
    fn close(
        &self,
        number: PersonalNumber,
        kind: FactKind,
        (recorded_from, valid_from): (Timestamp, Date),
        recorded_to: Timestamp,
    ) -> Result<()> {
        let sql = if kind.is_sealed() {
            "UPDATE sealed_fact SET recorded_to = ?5
             WHERE number = ?1 AND kind = ?2 AND recorded_from = ?3 AND valid_from = ?4 AND recorded_to IS NULL"
        } else {
            "UPDATE fact SET recorded_to = ?5
             WHERE number = ?1 AND kind = ?2 AND recorded_from = ?3 AND valid_from = ?4 AND recorded_to IS NULL"
        };
        let closed = self.connection.prepare_cached(sql)?.execute((
            number_to_sql(number),
            kind.code(),
            recorded_from.as_microsecond(),
            day_to_number(valid_from),
            recorded_to.as_microsecond(),
        ))?;
        if closed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(closed)) }
    }

    /// Fills the indexes, each in its own order, so that its pages are touched once.
    pub(crate) fn finish(self) -> Result<()> {
        let add = |sql| self.connection.prepare_cached(sql);
        let mut statement =
            add("INSERT OR IGNORE INTO household_person (household, number) VALUES (?1, ?2)")?;
        for entry in in_order(self.households) {
            statement.execute(entry)?;
        }
        let mut statement = add("INSERT OR IGNORE INTO relative (relative, number) VALUES (?1, ?2)")?;
        for entry in in_order(self.relatives) {
            statement.execute(entry)?;
        }
        let mut statement = add("INSERT OR IGNORE INTO commune_person (commune, number) VALUES (?1, ?2)")?;
        for entry in in_order(self.communes) {
            statement.execute(entry)?;
        }
        self.search.finish(self.connection)
    }
}

fn in_order<T: Ord>(mut entries: Vec<T>) -> Vec<T> {
    entries.sort_unstable();
    entries.dedup();
    entries
}
