//! Which column stands where.

use super::fields::{FIELDS_MAX, Fields, split};
use crate::reject::RowError;
use dancu_core::{Explain, Explanation};
use std::borrow::Cow;

macro_rules! columns {
    ({ $($variant:ident $name:literal,)* } { $($sealed:ident $sealed_name:literal,)* }) => {
        /// The columns that a file of persons can have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the columns are documented by their names")]
        pub enum Column { $($variant,)* $($sealed,)* }

        impl Column {
            /// The name in the header.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* $(Self::$sealed => $sealed_name,)* }
            }
        }

        /// Every column that every file may have, in the order in which we write them.
        pub const COLUMNS: &[Column] = &[$(Column::$variant),*];

        /// Columns whose values are sealed as soon as they are read. A file has any of them; its rejected rows are kept
        /// without them.
        pub const SEALED_COLUMNS: &[Column] = &[$(Column::$sealed),*];
    };
}

columns! { {
    Number "number",
    OldNumber "old_number",
    FullName "full_name",
    Sex "sex",
    BirthDate "birth_date",
    BirthPlace "birth_place",
    RegistrationPlace "registration_place",
    Origin "origin",
    Nationality "nationality",
    MaritalStatus "marital_status",
    Father "father",
    Mother "mother",
    Spouse "spouse",
    PermanentCommune "permanent_commune",
    PermanentAddress "permanent_address",
    PermanentSince "permanent_since",
    Household "household",
    RelationToHead "relation_to_head",
    PreviousCommune "previous_commune",
    PreviousAddress "previous_address",
    PreviousSince "previous_since",
    TemporaryCommune "temporary_commune",
    TemporaryAddress "temporary_address",
    TemporarySince "temporary_since",
    Phone "phone",
    Email "email",
    CardIssued "card_issued",
    CardExpires "card_expires",
    CardState "card_state",
    LifeStatus "life_status",
    LifeDate "life_date",
} {
    Ethnicity "ethnicity",
    Religion "religion",
    BloodGroup "blood_group",
} }

const COLUMNS_ALL: usize = COLUMNS.len() + SEALED_COLUMNS.len();

/// Columns that stand together or not at all; the first group must be there.
const GROUPS: &[&[Column]] = {
    use Column as C;
    &[
        &[
            C::Number,
            C::OldNumber,
            C::FullName,
            C::Sex,
            C::BirthDate,
            C::BirthPlace,
            C::RegistrationPlace,
            C::Origin,
            C::Nationality,
        ],
        &[C::MaritalStatus, C::Father, C::Mother, C::Spouse],
        &[
            C::PermanentCommune,
            C::PermanentAddress,
            C::PermanentSince,
            C::Household,
            C::RelationToHead,
            C::TemporaryCommune,
            C::TemporaryAddress,
            C::TemporarySince,
        ],
        &[C::PreviousCommune, C::PreviousAddress, C::PreviousSince],
        &[C::Phone, C::Email],
        &[C::CardIssued, C::CardExpires, C::CardState],
        &[C::LifeStatus, C::LifeDate],
    ]
};

/// Why a file cannot be loaded at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The file is empty, or its first line is no UTF-8 or too long.
    #[error("no header row")]
    None,
    /// Columns are missing.
    #[error("columns are missing: {}", .columns.join(", "))]
    Missing {
        /// Their names.
        columns: Vec<&'static str>,
    },
    /// More columns than a file may have.
    #[error("more than {FIELDS_MAX} columns")]
    Wide,
    /// A column stands there twice.
    #[error("column {column} stands there twice")]
    Twice {
        /// Its name.
        column: &'static str,
    },
    /// A column's values have to be sealed, and there is no key to seal them with.
    #[error("column {column} cannot be sealed without a key")]
    Unsealed {
        /// Its name.
        column: &'static str,
    },
}

impl Explain for HeaderError {
    fn explain(&self) -> Explanation {
        match self {
            Self::None => Explanation::new(
                "DANCU-REG-030",
                "Tệp không có dòng tiêu đề đọc được. Dòng đầu phải ghi tên các cột, mã hóa UTF-8.",
                "The file has no readable header row. Its first line must name the columns, in UTF-8.",
            ),
            Self::Missing { columns } => Explanation::new(
                "DANCU-REG-031",
                format!("Tệp thiếu cột: {}. Các cột cùng nhóm phải có đủ.", columns.join(", ")),
                format!(
                    "The file lacks columns: {}. Columns of a group must all be there.",
                    columns.join(", ")
                ),
            ),
            Self::Wide => Explanation::new(
                "DANCU-REG-033",
                format!("Tệp có hơn {FIELDS_MAX} cột. Hãy bỏ các cột không dùng."),
                format!("The file has more than {FIELDS_MAX} columns. Leave out those that nobody reads."),
            ),
            Self::Twice { column } => Explanation::new(
                "DANCU-REG-032",
                format!("Cột `{column}` xuất hiện hai lần. Hãy xóa một cột."),
                format!("Column `{column}` stands there twice. Remove one."),
            ),
            Self::Unsealed { column } => Explanation::new(
                "DANCU-REG-034",
                format!(
                    "Không có khóa để niêm phong cột `{column}`. Hãy khôi phục tệp khóa, hoặc bỏ cột này."
                ),
                format!(
                    "There is no key to seal column `{column}` with. Restore the file of the key, or leave the column out."
                ),
            ),
        }
    }
}

/// The header row of a file.
#[derive(Debug, Clone)]
pub struct Header {
    positions: [Option<usize>; COLUMNS_ALL],
    width: usize,
    unknown: Vec<String>,
}

impl Header {
    /// All columns but the sealed ones, in our own order.
    pub fn standard() -> Self {
        let mut positions = [None; COLUMNS_ALL];
        for (index, position) in positions.iter_mut().take(COLUMNS.len()).enumerate() {
            *position = Some(index);
        }
        Self { positions, width: COLUMNS.len(), unknown: Vec::new() }
    }

    /// Reads a header row, with or without a byte order mark.
    pub fn parse(row: &[u8]) -> Result<Self, HeaderError> {
        let row = row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row);
        let mut fields = Fields::default();
        split(row, &mut fields).map_err(|error| match error {
            RowError::FieldCount { .. } => HeaderError::Wide,
            _ => HeaderError::None,
        })?;
        let mut header = Self { positions: [None; COLUMNS_ALL], width: fields.len(), unknown: Vec::new() };
        for (index, name) in fields.iter(row).enumerate() {
            let name = name.trim().to_ascii_lowercase();
            match COLUMNS.iter().chain(SEALED_COLUMNS).find(|column| column.name() == name) {
                Some(column) => {
                    if header.positions[*column as usize].replace(index).is_some() {
                        return Err(HeaderError::Twice { column: column.name() });
                    }
                }
                None => header.unknown.push(name.chars().take(60).collect()),
            }
        }
        let missing: Vec<_> = GROUPS
            .iter()
            .enumerate()
            .filter(|(index, group)| *index == 0 || group.iter().any(|column| header.has(*column)))
            .flat_map(|(_, group)| *group)
            .filter(|column| !header.has(**column))
            .map(|column| column.name())
            .collect();
        if missing.is_empty() { Ok(header) } else { Err(HeaderError::Missing { columns: missing }) }
    }

    /// Whether the file has a column.
    pub fn has(&self, column: Column) -> bool {
        self.positions[column as usize].is_some()
    }

    /// The columns of the file whose values are sealed.
    pub fn sealed(&self) -> impl Iterator<Item = Column> {
        SEALED_COLUMNS.iter().copied().filter(|column| self.has(*column))
    }

    /// A row as it may be kept in the clear: what stands in a sealed column is left out, and of a row that cannot be cut
    /// into fields everything.
    pub fn without_sealed<'r>(&self, row: &'r [u8]) -> Cow<'r, [u8]> {
        if self.sealed().next().is_none() {
            return Cow::Borrowed(row);
        }
        let mut fields = Fields::default();
        if split(row, &mut fields).is_err() || fields.len() != self.width {
            return Cow::Borrowed(b"");
        }
        let mut writer =
            csv::WriterBuilder::new().has_headers(false).from_writer(Vec::with_capacity(row.len()));
        let is_sealed = |index| self.sealed().any(|column| self.position(column) == Some(index));
        let kept = fields.iter(row).enumerate().map(|(index, text)| if is_sealed(index) { "" } else { text });
        let written = writer.write_record(kept).is_ok();
        // A buffer in memory takes every byte.
        let bytes = writer.into_inner().unwrap_or_default();
        Cow::Owned(if written { bytes } else { Vec::new() })
    }

    /// Where a column stands, from 0.
    pub(crate) fn position(&self, column: Column) -> Option<usize> {
        self.positions[column as usize]
    }

    /// How many fields each row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Names of columns that nobody reads, to be told to whoever loads the file.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }
}
