//! One row cut into its fields.

use crate::reject::RowError;
use csv_core::ReadRecordResult;

/// A row has at most this many fields; a file with more columns is refused.
pub(crate) const FIELDS_MAX: usize = 128;

/// The fields of one row; kept between rows, so that nothing is allocated for each.
#[derive(Debug)]
pub struct Fields {
    /// Ends of the fields in `text`, or in the row itself when nothing was quoted.
    ends: Vec<usize>,
    text: String,
    quoted: bool,
    output: Vec<u8>,
    /// Building it costs more than reading a row with it.
    reader: csv_core::Reader,
}

impl Default for Fields {
    fn default() -> Self {
        // A lone CR is no line break here, as it is none in a row without quotation marks.
        let reader = csv_core::ReaderBuilder::new().terminator(csv_core::Terminator::Any(b'\n')).build();
        Self { ends: Vec::new(), text: String::new(), quoted: false, output: Vec::new(), reader }
    }
}

impl Fields {
    /// How many fields the row has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the row has no field at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A field of the row that was split last; `row` must be that row.
    pub fn get<'a>(&'a self, row: &'a [u8], index: usize) -> &'a str {
        let Some(&end) = self.ends.get(index) else { return "" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        if self.quoted {
            return self.text.get(start..end).unwrap_or_default();
        }
        // Between two fields of an unquoted row stands a comma.
        let start = if index == 0 { 0 } else { start + 1 };
        row.get(start..end).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Every field in order.
    pub fn iter<'a>(&'a self, row: &'a [u8]) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map(|index| self.get(row, index))
    }
}

/// Cuts a row, with or without its line break, into its fields.
pub fn split(row: &[u8], fields: &mut Fields) -> Result<(), RowError> {
    fields.ends.clear();
    fields.quoted = memchr::memchr(b'"', row).is_some();
    if str::from_utf8(row).is_err() {
        return Err(RowError::NotUtf8);
    }
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    let row = row.strip_suffix(b"\r").unwrap_or(row);
    if fields.quoted {
        return split_quoted(row, fields);
    }
    fields.ends.extend(memchr::memchr_iter(b',', row).take(FIELDS_MAX));
    if fields.ends.len() == FIELDS_MAX {
        return Err(RowError::FieldCount { expected: 0, found: FIELDS_MAX });
    }
    fields.ends.push(row.len());
    Ok(())
}

fn split_quoted(row: &[u8], fields: &mut Fields) -> Result<(), RowError> {
    fields.output.resize(row.len() + 1, 0);
    let mut ends = [0; FIELDS_MAX];
    fields.reader.reset();
    let (mut read, mut written, mut count) = (0, 0, 0);
    loop {
        // Empty input at the end tells the reader that the row ends here.
        let (result, bytes_in, bytes_out, ended) =
            fields.reader.read_record(&row[read..], &mut fields.output[written..], &mut ends[count..]);
        read += bytes_in;
        written += bytes_out;
        count += ended;
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::Record | ReadRecordResult::End => break,
            ReadRecordResult::OutputFull => return Err(RowError::RowTooLong),
            ReadRecordResult::OutputEndsFull => {
                return Err(RowError::FieldCount { expected: 0, found: FIELDS_MAX });
            }
        }
    }
    if read < row.len() {
        // More than one row: the rest must not vanish.
        return Err(RowError::QuoteNotClosed);
    }
    fields.ends.extend_from_slice(&ends[..count]);
    fields.text.clear();
    // The row is UTF-8 and is cut at ASCII characters only.
    fields.text.push_str(str::from_utf8(&fields.output[..written]).map_err(|_| RowError::NotUtf8)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(row: &[u8]) -> Vec<String> {
        let mut fields = Fields::default();
        split(row, &mut fields).unwrap();
        fields.iter(row).map(str::to_owned).collect()
    }

    #[test]
    fn quoted_and_plain_rows_are_cut_alike() {
        assert_eq!(cut(b"a,,c\r\n"), ["a", "", "c"]);
        assert_eq!(cut(b"\"a\",,\"c\"\r\n"), ["a", "", "c"]);
        assert_eq!(cut("\"Số 5, ngõ \"\"Chùa\"\"\",b".as_bytes()), ["Số 5, ngõ \"Chùa\"", "b"]);
        assert_eq!(cut(b"\"two\nlines\",b\n"), ["two\nlines", "b"]);
        assert_eq!(cut(b",\n"), ["", ""]);
    }

    #[test]
    fn a_row_has_no_more_fields_than_the_most_quoted_or_not() {
        let mut fields = Fields::default();
        for field in ["a", "\"a\""] {
            split([field; FIELDS_MAX].join(",").as_bytes(), &mut fields).unwrap();
            assert_eq!(fields.len(), FIELDS_MAX);
            let wide = [field; FIELDS_MAX + 1].join(",");
            assert!(matches!(split(wide.as_bytes(), &mut fields), Err(RowError::FieldCount { .. })));
        }
    }

    #[test]
    fn nothing_behind_a_row_is_dropped() {
        let mut fields = Fields::default();
        assert_eq!(split(b"\"a\",b\nc,d\n", &mut fields), Err(RowError::QuoteNotClosed));
        assert_eq!(cut(b"\"a\",b\rc,d\r\n"), ["a", "b\rc", "d"]);
    }

    #[test]
    fn other_encodings_and_endless_rows_are_refused() {
        let mut fields = Fields::default();
        assert_eq!(split(b"Nguy\xe1\xbbn,\"b\"", &mut fields), Err(RowError::NotUtf8));
        let wide = ["\"a\""; 200].join(",");
        assert!(matches!(split(wide.as_bytes(), &mut fields), Err(RowError::FieldCount { .. })));
    }

    proptest! {
        #[test]
        fn what_the_csv_library_writes_is_read_back(values in proptest::collection::vec("[a-zà-ỹ\",\n\r ]{0,8}", 2..20)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&values).unwrap();
            let row = writer.into_inner().unwrap();
            prop_assert_eq!(cut(&row), values);
        }

        #[test]
        fn no_row_panics(row in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut fields = Fields::default();
            if split(&row, &mut fields).is_ok() {
                prop_assert_eq!(fields.iter(&row).count(), fields.len());
            }
        }
    }
}
