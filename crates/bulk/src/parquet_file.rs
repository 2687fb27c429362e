//! Parquet files, row by row in, row group by row group out.

use crate::{BulkError, CELL_CHARACTERS_MAX, COLUMNS_MAX};
use jiff::{SignedDuration, Timestamp, civil::date};
use parquet::{
    basic::{Compression, ConvertedType, Repetition, Type as PhysicalType, ZstdLevel},
    data_type::{ByteArray, ByteArrayType},
    file::{
        properties::WriterProperties,
        reader::{FileReader, SerializedFileReader},
        writer::SerializedFileWriter,
    },
    record::Field,
    schema::types::Type,
};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) fn to_csv(source: &Path, target: &mut dyn Write) -> Result<u64, BulkError> {
    let file = File::open(source).map_err(|error| BulkError::file(source, &error))?;
    let reader = SerializedFileReader::new(file).map_err(|_| BulkError::damaged(source))?;
    let columns = columns(source, &reader)?;
    let failed = |error: csv::Error| BulkError::File { file: source.to_owned(), detail: error.to_string() };
    let mut out = csv::Writer::from_writer(target);
    out.write_record(&columns).map_err(failed)?;
    let mut lines = 1;
    for row in reader.get_row_iter(None).map_err(|_| BulkError::damaged(source))? {
        let row = row.map_err(|_| BulkError::damaged(source))?;
        lines += 1;
        for (_, field) in row.get_column_iter() {
            let text = text(field);
            if text.chars().nth(CELL_CHARACTERS_MAX).is_some() {
                return Err(BulkError::CellTooLong { file: source.to_owned(), row: lines });
            }
            out.write_field(text.replace(['\r', '\n'], " ")).map_err(failed)?;
        }
        out.write_record(None::<&[u8]>).map_err(failed)?;
    }
    out.flush().map_err(|error| BulkError::file(source, &error))?;
    Ok(lines)
}

fn columns(source: &Path, reader: &SerializedFileReader<File>) -> Result<Vec<String>, BulkError> {
    let schema = reader.metadata().file_metadata().schema();
    let fields = schema.get_fields();
    if fields.len() > COLUMNS_MAX {
        return Err(BulkError::TooManyColumns { file: source.to_owned() });
    }
    for field in fields {
        let is_list = field.get_basic_info().has_repetition()
            && field.get_basic_info().repetition() == Repetition::REPEATED;
        if !field.is_primitive() || is_list {
            return Err(BulkError::Nested { file: source.to_owned(), column: field.name().to_owned() });
        }
    }
    Ok(fields.iter().map(|field| field.name().to_owned()).collect())
}

/// A value as the text that CSV would have. Instants are written in UTC.
fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::Date(days) => date(1970, 1, 1)
            .checked_add(SignedDuration::from_hours(24 * i64::from(*days)))
            .map_or_else(|_| field.to_string(), |day| day.to_string()),
        Field::TimestampMillis(millis) => instant(Timestamp::from_millisecond(*millis), field),
        Field::TimestampMicros(micros) => instant(Timestamp::from_microsecond(*micros), field),
        Field::Float(number) if number.fract() == 0.0 => format!("{number:.0}"),
        Field::Double(number) if number.fract() == 0.0 => format!("{number:.0}"),
        other => other.to_string(),
    }
}

fn instant(instant: Result<Timestamp, jiff::Error>, field: &Field) -> String {
    instant.map_or_else(|_| field.to_string(), |instant| instant.to_string())
}

/// Writes rows of text; an empty text is a null.
pub(crate) struct ParquetSink {
    path: PathBuf,
    writer: SerializedFileWriter<File>,
    /// Values of the row group that is being filled, by column.
    columns: Vec<Vec<Option<ByteArray>>>,
}

/// Rows that are held in memory until they are written together.
const GROUP_ROWS: usize = 50_000;

impl ParquetSink {
    pub(crate) fn new(path: &Path, columns: &[&str]) -> Result<Self, BulkError> {
        let file = File::create(path).map_err(|error| BulkError::file(path, &error))?;
        let fields = columns.iter().map(|name| {
            Type::primitive_type_builder(name, PhysicalType::BYTE_ARRAY)
                .with_converted_type(ConvertedType::UTF8)
                .with_repetition(Repetition::OPTIONAL)
                .build()
                .map(Arc::new)
        });
        let failed = |error: parquet::errors::ParquetError| failed(path, &error);
        let fields = fields.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let schema = Type::group_type_builder("rows").with_fields(fields).build().map_err(failed)?;
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let writer =
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), writer, columns: vec![Vec::new(); columns.len()] })
    }

    pub(crate) fn row(&mut self, fields: &[&str]) -> Result<(), BulkError> {
        for (column, field) in self.columns.iter_mut().zip(fields) {
            column.push((!field.is_empty()).then(|| ByteArray::from(*field)));
        }
        if self.columns.first().is_some_and(|column| column.len() >= GROUP_ROWS) {
            self.write_group()
        } else {
            Ok(())
        }
    }

    fn write_group(&mut self) -> Result<(), BulkError> {
        let path = self.path.clone();
        let failed = |error: parquet::errors::ParquetError| failed(&path, &error);
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for column in &mut self.columns {
            let levels: Vec<i16> = column.iter().map(|value| i16::from(value.is_some())).collect();
            let values: Vec<ByteArray> = column.drain(..).flatten().collect();
            let mut writer = group.next_column().map_err(failed)?.expect("as many columns as the schema has");
            writer.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).map_err(failed)?;
            writer.close().map_err(failed)?;
        }
        group.close().map_err(failed).map(drop)
    }

    pub(crate) fn finish(mut self) -> Result<(), BulkError> {
        if self.columns.first().is_some_and(|column| !column.is_empty()) {
            self.write_group()?;
        }
        let path = self.path.clone();
        self.writer.close().map(drop).map_err(|error| failed(&path, &error))
    }
}

fn failed(path: &Path, error: &parquet::errors::ParquetError) -> BulkError {
    BulkError::File { file: path.to_owned(), detail: error.to_string() }
}
