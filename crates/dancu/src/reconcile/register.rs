//! The register as the other file: read in pages, so that no more than a page of persons is in memory beside their numbers.

use super::fault::ReconcileFault;
use crate::{failure::Failure, platform::Platform};
use dancu_core::Sex;
use dancu_exchange::{Field, FieldSet};
use dancu_quality::{
    map::Selection,
    schema::{ColumnKind, Schema},
    table::{Encoded, Encoder, RowBatch},
};
use dancu_register::{At, FactKind, NumberState, Person};
use indicatif::ProgressBar;

/// Persons of one page.
const PAGE_PERSONS: usize = 2_000;

/// Columns that a map can name, with the one kind that each is compared as, and the field of the contract that it belongs to.
/// The number is what is asked about, and so needs none.
const COLUMNS: [(&str, ColumnKind, Option<Field>); 8] = [
    ("number", ColumnKind::Number, None),
    ("old_number", ColumnKind::OldNumber, Some(Field::OldNumber)),
    ("full_name", ColumnKind::FullName, Some(Field::Name)),
    ("birth_date", ColumnKind::BirthDate, Some(Field::BirthDate)),
    ("sex", ColumnKind::Sex, Some(Field::Sex)),
    ("phone", ColumnKind::Phone, Some(Field::Phone)),
    ("permanent_commune", ColumnKind::Place, Some(Field::Residence)),
    ("permanent_address", ColumnKind::Text, Some(Field::Residence)),
];

/// All columns, for maps that are written by hand.
pub fn headers() -> Vec<String> {
    COLUMNS.iter().map(|(name, ..)| (*name).to_owned()).collect()
}

/// Columns that a contract lets a file be compared with, for maps that are guessed.
pub fn headers_within(fields: FieldSet) -> Vec<String> {
    let is_within = |field: &Option<Field>| field.is_none_or(|field| fields.contains(field));
    COLUMNS.iter().filter(|(.., field)| is_within(field)).map(|(name, ..)| (*name).to_owned()).collect()
}

/// Fields of the register that are compared: those of the columns that were found, not of the names that a map has for them.
/// A column of the register stands once, as what it is, and beside a column of the file: as another kind, its agreement would
/// be told as another field's, and alone it would pass for something that the file gives.
pub fn fields_of(schema: &Schema, register: &Selection) -> Result<FieldSet, ReconcileFault> {
    let (mut given, mut seen) = (FieldSet::EMPTY, [false; COLUMNS.len()]);
    for (field, is_compared) in schema.fields().iter().zip(schema.compared_fields()) {
        let Some(at) = field.right.map(|at| register.columns[at]) else { continue };
        let (column, kind, of) = COLUMNS[at];
        if field.kind != kind || !is_compared || std::mem::replace(&mut seen[at], true) {
            return Err(ReconcileFault::Column { column });
        }
        given = of.map_or(given, |of| given.with(of));
    }
    Ok(given)
}

/// Reads everybody at a point of time; `columns` are places in [`headers`].
pub async fn read(
    platform: &Platform,
    at: At,
    (fields, columns): (FieldSet, &[usize]),
    encoder: &Encoder<'_>,
    bar: &ProgressBar,
    mut take: impl FnMut(Encoded),
) -> Result<u64, Failure> {
    let register = &*platform.state.register;
    let kinds = fields.with(Field::Name).fact_kinds().with(FactKind::Number);
    let (mut after, mut count) = (None, 0);
    loop {
        let numbers = register.numbers(after, PAGE_PERSONS).await?;
        let Some(last) = numbers.last() else { return Ok(count) };
        after = Some(*last);
        let persons = register.persons_now(&numbers, at, kinds).await?;
        let mut batch = RowBatch::new(columns.len());
        for person in persons.iter().flatten().filter(|person| is_somebody(person)) {
            let cells: Vec<String> = columns.iter().map(|column| value(person, COLUMNS[*column].0)).collect();
            batch.push(person.number.to_string().as_bytes(), cells.iter().map(String::as_bytes));
        }
        count += batch.len() as u64;
        take(encoder.encode(&batch));
        bar.set_message(format!("sổ đăng ký / register: {count} người / persons"));
        bar.tick();
    }
}

/// Whether the record is a person's, and not a number that was given out in error or replaced.
fn is_somebody(person: &Person) -> bool {
    person.identity().is_some()
        && matches!(person.number_state(), NumberState::InUse | NumberState::InPlaceOf(_))
}

fn value(person: &Person, column: &str) -> String {
    let identity = person.identity();
    let text = match column {
        "number" => Some(person.number.to_string()),
        "old_number" => identity.and_then(|identity| identity.old_number).map(|number| number.to_string()),
        "full_name" => identity.map(|identity| identity.name.as_str().to_owned()),
        "birth_date" => identity.map(|identity| identity.birth_date.to_string()),
        "sex" => identity.map(|identity| Sex::letter(identity.sex).to_string()),
        "phone" => person.contact().and_then(|contact| contact.phone.clone()),
        "permanent_commune" => {
            person.residence().and_then(|home| home.permanent_commune).map(|commune| commune.to_string())
        }
        "permanent_address" => person.residence().and_then(|home| home.permanent_address.clone()),
        _ => None,
    };
    text.unwrap_or_default()
}
