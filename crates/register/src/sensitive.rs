//! What may stand in a sealed value, checked in the clear, and what an opened one is.
//!
//! Whoever seals asks here first, whether a desk or a file states it, so that what opens later is of one of these forms.

use crate::{
    kinds::FactKind,
    sealed::{OpenValue, SealError},
};
use jiff::civil::Date;
use std::{fmt, sync::LazyLock};

/// Bytes of a portrait at most.
pub const PORTRAIT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of all templates of fingerprints at most.
pub const FINGERPRINTS_BYTES_MAX: usize = 32 * 1024;
/// Characters of the name of a religion at most.
pub const RELIGION_CHARACTERS_MAX: usize = 100;
/// The groups of the systems AB0 and Rhesus, as laboratories write them.
const BLOOD_GROUPS: [&str; 8] = ["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"];

struct Ethnicity {
    name: String,
    valid_from: Date,
    valid_to: Option<Date>,
}

static ETHNICITIES: LazyLock<Vec<Ethnicity>> = LazyLock::new(|| {
    let day = |text: &str| text.parse().expect("the table has days");
    let table = include_str!("../../../data/ethnicities.csv");
    let rows = csv::Reader::from_reader(table.as_bytes()).into_records();
    rows.map(|row| {
        let row = row.expect("the table is sound");
        Ethnicity {
            name: row[0].to_owned(),
            valid_from: day(&row[2]),
            valid_to: (!row[3].is_empty()).then(|| day(&row[3])),
        }
    })
    .collect()
});

/// Whether a name is in the official list of peoples on a day.
pub fn is_ethnicity(name: &str, on: Date) -> bool {
    ETHNICITIES
        .iter()
        .any(|row| row.name == name && row.valid_from <= on && row.valid_to.is_none_or(|end| on < end))
}

/// The names of the official list of peoples on a day, in its order.
pub fn ethnicities(on: Date) -> impl Iterator<Item = &'static str> {
    let holds = move |row: &&Ethnicity| row.valid_from <= on && row.valid_to.is_none_or(|end| on < end);
    ETHNICITIES.iter().filter(holds).map(|row| row.name.as_str())
}

/// The blood groups that are accepted.
pub const fn blood_groups() -> &'static [&'static str] {
    &BLOOD_GROUPS
}

/// The form of a picture, told by its first bytes: what a file is called tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// JPEG 2000, as chips of cards hold it. Not every browser shows it.
    Jpeg2000,
}

impl ImageKind {
    /// The form of these bytes; `None` for anything else.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF];
        const PNG: &[u8] = &[0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];
        const JPEG_2000: &[u8] = &[0, 0, 0, 12, b'j', b'P', b' ', b' ', 0x0D, 0x0A, 0x87, 0x0A];
        [(JPEG, Self::Jpeg), (PNG, Self::Png), (JPEG_2000, Self::Jpeg2000)]
            .into_iter()
            .find_map(|(begin, kind)| bytes.starts_with(begin).then_some(kind))
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Jpeg2000 => "image/jp2",
        }
    }
}

/// What an opened value is. Prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Sensitive {
    /// Ethnicity, religion, blood group.
    Text(String),
    /// A portrait.
    Image(ImageKind, Vec<u8>),
    /// Fingerprints are held. Nobody reads their templates: they serve comparison by a machine alone, and who has seen
    /// them once can imitate them for life.
    Templates,
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

impl OpenValue {
    /// A value of a sealed kind as it is stated on a day: text as it is, pictures and templates as their bytes. `None` when
    /// it is no value of the kind.
    pub fn read(kind: FactKind, bytes: Vec<u8>, on: Date) -> Option<Self> {
        let text = str::from_utf8(&bytes).ok();
        let is_fit = match kind {
            FactKind::Ethnicity => text.is_some_and(|text| is_ethnicity(text, on)),
            FactKind::Religion => text.is_some_and(|text| {
                (1..=RELIGION_CHARACTERS_MAX).contains(&text.chars().count())
                    && text.trim() == text
                    && !text.chars().any(char::is_control)
            }),
            FactKind::BloodGroup => text.is_some_and(|text| BLOOD_GROUPS.contains(&text)),
            FactKind::Portrait => bytes.len() <= PORTRAIT_BYTES_MAX && ImageKind::of(&bytes).is_some(),
            FactKind::Fingerprints => (1..=FINGERPRINTS_BYTES_MAX).contains(&bytes.len()),
            _ => false,
        };
        is_fit.then_some(Self(bytes))
    }

    /// What the value of a kind is. A list of the law may have changed since it was sealed, so that texts are taken as they
    /// are.
    pub fn content(self, kind: FactKind) -> Result<Sensitive, SealError> {
        let text = |bytes| String::from_utf8(bytes).map_err(|_| SealError::Form);
        match kind {
            FactKind::Ethnicity | FactKind::Religion | FactKind::BloodGroup => {
                text(self.0).map(Sensitive::Text)
            }
            FactKind::Portrait => {
                let image = ImageKind::of(&self.0).ok_or(SealError::Form)?;
                Ok(Sensitive::Image(image, self.0))
            }
            FactKind::Fingerprints => Ok(Sensitive::Templates),
            _ => Err(SealError::Form),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 22);

    #[test]
    fn the_list_has_54_peoples_and_foreigners() {
        assert_eq!((ETHNICITIES.len(), ethnicities(TODAY).count()), (55, 55));
        assert!(
            is_ethnicity("Kinh", TODAY) && is_ethnicity("Rơ-măm", TODAY) && is_ethnicity("foreign", TODAY)
        );
        assert!(!is_ethnicity("kinh", TODAY) && !is_ethnicity("", TODAY));
        assert!(!is_ethnicity("Kinh", date(1979, 3, 1)), "the list has its first day");
    }

    #[test]
    fn a_value_is_read_by_its_kind_alone() {
        let read = |kind, bytes: &[u8]| OpenValue::read(kind, bytes.to_vec(), TODAY);
        let png = b"\x89PNG\r\n\x1a\n....";
        let jp2 = b"\0\0\0\x0cjP  \r\n\x87\n....";
        for (kind, good) in [
            (FactKind::Ethnicity, "Tày".as_bytes()),
            (FactKind::Religion, "Phật giáo".as_bytes()),
            (FactKind::BloodGroup, b"AB-"),
            (FactKind::Portrait, b"\xff\xd8\xff\xe0"),
            (FactKind::Portrait, png),
            (FactKind::Portrait, jp2),
            (FactKind::Fingerprints, b"FMR\0"),
        ] {
            let value = read(kind, good);
            assert!(value.is_some_and(|value| value.content(kind).is_ok()), "{kind:?}");
        }
        let long = "a".repeat(RELIGION_CHARACTERS_MAX + 1);
        let svg: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'/>";
        for (kind, bad) in [
            (FactKind::Ethnicity, "Người".as_bytes()),
            (FactKind::Religion, b""),
            (FactKind::Religion, b" x"),
            (FactKind::Religion, b"a\nb"),
            (FactKind::Religion, long.as_bytes()),
            (FactKind::BloodGroup, b"o+"),
            (FactKind::BloodGroup, b"\xff"),
            (FactKind::Portrait, svg),
            (FactKind::Portrait, b"GIF89a"),
            (FactKind::Fingerprints, b""),
            (FactKind::Identity, b"x"),
        ] {
            assert_eq!(read(kind, bad), None, "{kind:?}");
        }
        let large = [b"\xff\xd8\xff".to_vec(), vec![0; PORTRAIT_BYTES_MAX]].concat();
        assert_eq!(read(FactKind::Portrait, &large), None);
    }

    #[test]
    fn what_is_none_of_the_forms_is_told_from_damage() {
        assert_eq!(OpenValue(vec![0xFF]).content(FactKind::Religion), Err(SealError::Form));
        assert_eq!(OpenValue(b"GIF89a".to_vec()).content(FactKind::Portrait), Err(SealError::Form));
        assert_eq!(OpenValue(b"FMR".to_vec()).content(FactKind::Fingerprints), Ok(Sensitive::Templates));
        assert_eq!(format!("{:?}", Sensitive::Text("Kinh".to_owned())), "Sensitive(…)");
    }
}
