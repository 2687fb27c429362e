//! Which format a file has.

use crate::BulkError;
use std::{fs::File, io::Read, path::Path, str::FromStr};

/// A format of files of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180), UTF-8.
    Csv,
    /// Workbook of Excel (ECMA-376); its first sheet.
    Xlsx,
    /// Apache Parquet without nested columns.
    Parquet,
}

impl Format {
    /// The format by the file's first bytes: its name may lie.
    pub fn of_file(path: &Path) -> Result<Self, BulkError> {
        let mut first = [0; 4];
        let mut file = File::open(path).map_err(|error| BulkError::file(path, &error))?;
        let mut read = 0;
        while read < first.len() {
            match file.read(&mut first[read..]).map_err(|error| BulkError::file(path, &error))? {
                0 => break,
                count => read += count,
            }
        }
        match &first[..read] {
            b"PAR1" => Ok(Self::Parquet),
            b"PK\x03\x04" => Ok(Self::Xlsx),
            [0xD0, 0xCF, 0x11, 0xE0] => Err(BulkError::OldWorkbook { file: path.to_owned() }),
            _ => Ok(Self::Csv),
        }
    }

    /// The format that a file to be written has by its name; CSV when the name does not tell.
    pub fn of_name(path: &Path) -> Self {
        let extension = path.extension().and_then(|text| text.to_str()).unwrap_or_default();
        extension.to_ascii_lowercase().parse().unwrap_or(Self::Csv)
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "csv" => Ok(Self::Csv),
            "xlsx" => Ok(Self::Xlsx),
            "parquet" => Ok(Self::Parquet),
            _ => Err("csv, xlsx, parquet".to_owned()),
        }
    }
}
