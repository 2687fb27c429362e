//! The text in the QR code of a citizen card.
//!
//! `number|old number|name|ddMMyyyy|sex|residence|ddMMyyyy issued`. The old number may be empty, dates may
//! carry slashes, newer cards append fields, and some printers leave the old number's place out (six fields).
//! A QR code proves nothing: whoever can print can make one. Check its data against the register.

use dancu_core::{
    Explain, Explanation, NameError, NumberError, OldNumber, PartialDate, PartialDateError, PersonName,
    PersonalNumber, Sex, SexError,
};
use jiff::civil::Date;
use std::{fmt, fmt::Write as _};

/// Longest text that is looked at, in bytes. Real codes hold about 200.
const TEXT_BYTES_MAX: usize = 2048;

/// What a card's QR code says.
#[derive(Clone, PartialEq, Eq)]
pub struct CardQr {
    /// Personal number.
    pub number: PersonalNumber,
    /// Old nine-digit number, where the holder had one.
    pub old_number: Option<OldNumber>,
    /// Full name.
    pub name: PersonName,
    /// Birth date; older cards may know only the year.
    pub birth_date: PartialDate,
    /// Sex.
    pub sex: Sex,
    /// Residence as printed, one line.
    pub residence: String,
    /// Day of issue.
    pub issued: Date,
}

impl fmt::Debug for CardQr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardQr(…)")
    }
}

/// The parts of the text, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrField {
    /// Field 1.
    Number,
    /// Field 2, may be empty.
    OldNumber,
    /// Field 3.
    Name,
    /// Field 4.
    BirthDate,
    /// Field 5.
    Sex,
    /// Field 6.
    Residence,
    /// Field 7.
    Issued,
}

impl QrField {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Number => ("số định danh cá nhân", "personal number"),
            Self::OldNumber => ("số CMND 9 số", "old number"),
            Self::Name => ("họ tên", "name"),
            Self::BirthDate => ("ngày sinh", "birth date"),
            Self::Sex => ("giới tính", "sex"),
            Self::Residence => ("nơi thường trú", "residence"),
            Self::Issued => ("ngày cấp", "date of issue"),
        }
    }
}

/// What was unusual about a text that could be read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrNotice {
    /// Six fields: the place of the old number is left out.
    OldNumberLeftOut,
    /// More than seven fields; those after the seventh were not read.
    MoreFields {
        /// Fields found.
        found: usize,
    },
}

impl QrNotice {
    /// A Vietnamese and an English sentence for the person at the desk.
    pub fn sentences(self) -> (String, String) {
        match self {
            Self::OldNumberLeftOut => (
                "Mã QR có 6 trường (không có chỗ cho số CMND 9 số); đã đọc đủ thông tin còn lại.".to_owned(),
                "The QR code has 6 fields (no place for the old number); all else was read.".to_owned(),
            ),
            Self::MoreFields { found } => (
                format!("Mã QR có {found} trường; đã đọc 7 trường đầu, bỏ qua phần sau."),
                format!("The QR code has {found} fields; the first 7 were read, the rest left aside."),
            ),
        }
    }
}

/// Why a text is not a card's QR code. Positions count from 1; the text itself is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// Nothing was scanned.
    #[error("nothing was scanned")]
    Empty,
    /// Longer than any card's code.
    #[error("the text has more than {TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// A web address, a payment code or other text.
    #[error("this is no citizen card's code")]
    OtherCode,
    /// The machine readable lines on the back were scanned.
    #[error("these are the machine readable lines, not the QR code")]
    MachineReadableZone,
    /// The text begins like a card's code and ends too early.
    #[error("the text was cut: {found} of 7 fields")]
    Cut {
        /// Fields found.
        found: usize,
    },
    /// One field cannot be read.
    #[error("field {position} cannot be read")]
    Field {
        /// Which one.
        field: QrField,
        /// Its place in the text, counted from 1.
        position: usize,
        /// What is wrong with it.
        reason: Explanation,
    },
}

impl Explain for QrError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Empty => Explanation::new(
                "DANCU-CARDS-001",
                "Chưa có dữ liệu quét. Hãy đưa mã QR ở mặt trước thẻ vào máy quét.",
                "Nothing was scanned. Hold the QR code on the front of the card to the scanner.",
            ),
            Self::TooLong => Explanation::new(
                "DANCU-CARDS-002",
                "Nội dung quét quá dài, không phải mã QR của thẻ căn cước. Hãy xóa ô và quét lại một lần.",
                "The scanned text is too long for a citizen card. Clear the field and scan once more.",
            ),
            Self::OtherCode => Explanation::new(
                "DANCU-CARDS-003",
                "Đây không phải mã QR của thẻ căn cước. Hãy quét mã ở góc trên bên phải, mặt trước thẻ.",
                "This is not the QR code of a citizen card. Scan the code at the top right of the card's front.",
            ),
            Self::MachineReadableZone => Explanation::new(
                "DANCU-CARDS-004",
                "Đây là các dòng máy đọc (MRZ) ở mặt sau. Hãy quét mã QR ở mặt trước thẻ.",
                "These are the machine readable lines of the back. Scan the QR code on the front of the card.",
            ),
            Self::Cut { found } => Explanation::new(
                "DANCU-CARDS-005",
                format!("Mã QR bị cắt: chỉ có {found} trên 7 trường. Hãy giữ thẻ yên và quét lại."),
                format!("The QR code was cut: only {found} of 7 fields. Hold the card still and scan again."),
            ),
            Self::Field { field, position, reason } => {
                let (vi, en) = field.words();
                Explanation::new(
                    "DANCU-CARDS-006",
                    format!("Trường thứ {position} của mã QR ({vi}) không đọc được. {}", reason.vi),
                    format!("Field {position} of the QR code ({en}) cannot be read. {}", reason.en),
                )
            }
        }
    }
}

/// A card's code together with what was unusual about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrReading {
    /// What the code says.
    pub card: CardQr,
    /// What was unusual, if anything.
    pub notice: Option<QrNotice>,
}

impl CardQr {
    /// Reads the text of a scan. Blanks and line ends around it, as scanners add them, do not count.
    pub fn read(text: &str) -> Result<QrReading, QrError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
        if text.is_empty() {
            return Err(QrError::Empty);
        }
        if text.len() > TEXT_BYTES_MAX {
            return Err(QrError::TooLong);
        }
        if text.starts_with("IDVNM") {
            return Err(QrError::MachineReadableZone);
        }
        let fields: Vec<&str> = text.split('|').map(str::trim).collect();
        if fields.len() == 1 && !looks_like_a_number(fields[0]) || text.contains("://") {
            return Err(QrError::OtherCode);
        }
        match fields.len() {
            found @ 0..=5 => {
                // A wrong first field says more than the count: another kind of code has its own shape.
                read_number(fields[0])?;
                Err(QrError::Cut { found })
            }
            6 => read_six(&fields),
            _ if lacks_old_number(&fields) => read_six(&fields[..6]),
            7 => Ok(QrReading { card: read_seven(&fields, false)?, notice: None }),
            found => Ok(QrReading {
                card: read_seven(&fields[..7], false)?,
                notice: Some(QrNotice::MoreFields { found }),
            }),
        }
    }

    /// Writes the seven fields as cards of 2021 carry them.
    pub fn write(&self) -> String {
        let mut text = format!("{}|", self.number);
        if let Some(old_number) = self.old_number {
            let _ = write!(text, "{old_number}");
        }
        let birth = self.birth_date.whole().map_or_else(|| self.birth_date.year().to_string(), packed);
        let _ = write!(
            text,
            "|{}|{birth}|{}|{}|{}",
            self.name.as_str(),
            self.sex.vietnamese(),
            self.residence.replace('|', " "),
            packed(self.issued)
        );
        text
    }
}

fn packed(date: Date) -> String {
    format!("{:02}{:02}{:04}", date.day(), date.month(), date.year())
}

fn looks_like_a_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= PersonalNumber::DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Seven fields or more of which the second is a name and the third a date: six, and what was put behind them.
fn lacks_old_number(fields: &[&str]) -> bool {
    let is_name = fields[1].parse::<PersonName>().is_ok();
    is_name && birth_date(fields[2]).is_ok()
}

/// Six fields are either a code without the old number's place, or a code whose end was cut off.
fn read_six(fields: &[&str]) -> Result<QrReading, QrError> {
    read_number(fields[0])?;
    let second_is_old_number = fields[1].is_empty() || looks_like_a_number(fields[1]);
    if second_is_old_number {
        return Err(QrError::Cut { found: 6 });
    }
    let seven = [fields[0], "", fields[1], fields[2], fields[3], fields[4], fields[5]];
    Ok(QrReading { card: read_seven(&seven, true)?, notice: Some(QrNotice::OldNumberLeftOut) })
}

fn read_number(text: &str) -> Result<PersonalNumber, QrError> {
    text.parse().map_err(|error: NumberError| field_error(QrField::Number, 1, &error))
}

fn field_error(field: QrField, position: usize, error: &impl Explain) -> QrError {
    QrError::Field { field, position, reason: error.explain() }
}

/// Reads seven fields; `old_left_out` tells that the second was put in, so that positions name the scanned text.
fn read_seven(fields: &[&str], old_left_out: bool) -> Result<CardQr, QrError> {
    let position = |place: usize| if old_left_out { place - 1 } else { place };
    let number = read_number(fields[0])?;
    let old_number = match fields[1] {
        "" => None,
        text => Some(text.parse::<OldNumber>().map_err(|error| field_error(QrField::OldNumber, 2, &error))?),
    };
    let name = fields[2]
        .parse::<PersonName>()
        .map_err(|error: NameError| field_error(QrField::Name, position(3), &error))?;
    let birth_date = birth_date(fields[3])
        .map_err(|error: PartialDateError| field_error(QrField::BirthDate, position(4), &error))?;
    let sex =
        fields[4].parse::<Sex>().map_err(|error: SexError| field_error(QrField::Sex, position(5), &error))?;
    let issued = fields[6]
        .parse::<PartialDate>()
        .and_then(|date| date.whole().ok_or(PartialDateError::Shape))
        .map_err(|error| {
            // A last date of fewer digits is the mark of a cut code.
            let cut = !old_left_out && fields[6].len() < 8;
            if cut { QrError::Cut { found: 6 } } else { field_error(QrField::Issued, position(7), &error) }
        })?;
    Ok(CardQr { number, old_number, name, birth_date, sex, residence: fields[5].to_owned(), issued })
}

/// The birth date; zeros stand for a day, or a day and a month, that nobody knows: `00001950`, `00051950`.
fn birth_date(text: &str) -> Result<PartialDate, PartialDateError> {
    let digits = text.replace('/', "");
    match digits.strip_prefix("00").filter(|_| digits.len() == 8).and_then(|rest| rest.split_at_checked(2)) {
        Some(("00", year)) => year.parse(),
        Some((month, year)) => format!("{year}-{month}").parse(),
        None => text.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEVEN: &str =
        "001085000001|012345678|Nguyễn Văn An|02051985|Nam|Số 1, Phường Ba Đình, Thành phố Hà Nội|15062021";

    fn code(text: &str) -> &'static str {
        CardQr::read(text).unwrap_err().explain().code
    }

    #[test]
    fn seven_fields_are_read_and_written_back() {
        let reading = CardQr::read(&format!("\u{feff}{SEVEN}\r\n")).unwrap();
        assert_eq!(reading.notice, None);
        assert_eq!(reading.card.write(), SEVEN);
        assert_eq!(reading.card.old_number.unwrap().to_string(), "012345678");
    }

    #[test]
    fn an_empty_old_number_slashed_dates_and_more_fields_are_read() {
        let slashed = "001085000001||Nguyễn Văn An|02/05/1985|Nam|Hà Nội|15/06/2021|Cha|Mẹ";
        let reading = CardQr::read(slashed).unwrap();
        assert_eq!(reading.notice, Some(QrNotice::MoreFields { found: 9 }));
        assert!(reading.card.old_number.is_none());
        assert_eq!(reading.card.birth_date.to_string(), "1985-05-02");
    }

    #[test]
    fn six_fields_are_told_apart_from_a_cut_code() {
        let six = CardQr::read("001085000001|Nguyễn Văn An|02051985|Nam|Hà Nội|15062021").unwrap();
        assert_eq!(six.notice, Some(QrNotice::OldNumberLeftOut));
        let cut = CardQr::read("001085000001|012345678|Nguyễn Văn An|02051985|Nam|Hà Nội").unwrap_err();
        assert_eq!(cut, QrError::Cut { found: 6 });
        let cut = CardQr::read("001085000001||Nguyễn Văn An|02051985|Nam|Hà Nội").unwrap_err();
        assert_eq!(cut, QrError::Cut { found: 6 });
    }

    #[test]
    fn a_birth_date_of_which_only_the_year_or_month_is_known_is_read() {
        for (printed, expected) in
            [("1950", "1950"), ("00001950", "1950"), ("00/00/1950", "1950"), ("00051950", "1950-05")]
        {
            let reading = CardQr::read(&SEVEN.replace("02051985", printed)).unwrap();
            assert_eq!(reading.card.birth_date.to_string(), expected, "{printed}");
        }
        assert_eq!(code(&SEVEN.replace("02051985", "00131950")), "DANCU-CARDS-006");
        assert_eq!(code(&SEVEN.replace("02051985", "00000000")), "DANCU-CARDS-006");
    }

    #[test]
    fn six_fields_with_more_behind_them_are_read_as_six() {
        let six = "001085000001|Nguyễn Văn An|02051985|Nam|Hà Nội|15062021";
        for more in ["|", "||", "|Nguyễn Văn Bình|Trần Thị Lan"] {
            let reading = CardQr::read(&format!("{six}{more}")).unwrap();
            assert_eq!(reading.notice, Some(QrNotice::OldNumberLeftOut), "{more}");
            assert_eq!(reading.card, CardQr::read(six).unwrap().card);
        }
        let wrong = SEVEN.replace("012345678", "01234567O");
        assert!(matches!(
            CardQr::read(&wrong),
            Err(QrError::Field { field: QrField::OldNumber, position: 2, .. })
        ));
    }

    #[test]
    fn each_kind_of_bad_text_has_its_own_message() {
        assert_eq!(code("  \n"), "DANCU-CARDS-001");
        assert_eq!(code(&"9".repeat(3000)), "DANCU-CARDS-002");
        assert_eq!(code("https://example.com/a|b"), "DANCU-CARDS-003");
        assert_eq!(code("hello"), "DANCU-CARDS-003");
        assert_eq!(code("IDVNM0850000017001085000001<<8"), "DANCU-CARDS-004");
        assert_eq!(code("001085000001"), "DANCU-CARDS-005");
        assert_eq!(code("001085000001|0123"), "DANCU-CARDS-005");
        assert_eq!(code(&SEVEN[..SEVEN.len() - 3]), "DANCU-CARDS-005");
        assert_eq!(code(&SEVEN.replace("001085000001", "12345678901")), "DANCU-CARDS-006");
        assert_eq!(code(&SEVEN.replace("02051985", "31021985")), "DANCU-CARDS-006");
        assert_eq!(code(&SEVEN.replace("|Nam|", "|?|")), "DANCU-CARDS-006");
    }

    #[test]
    fn no_message_repeats_the_text() {
        for text in ["12345678901|x|y|z|a|b|c", &SEVEN.replace("Nguyễn Văn An", "Nguyễn Văn 8")] {
            let said = CardQr::read(text).unwrap_err().explain();
            assert!(!said.vi.contains("12345678901") && !said.vi.contains("Nguyễn"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9a-zA-ZĐđ|/ ]{0,120}") {
            let _ = CardQr::read(&text);
        }

        #[test]
        fn every_cut_of_a_code_is_refused(length in 0_usize..SEVEN.chars().count()) {
            let cut: String = SEVEN.chars().take(length).collect();
            prop_assert!(CardQr::read(&cut).is_err());
        }
    }
}
