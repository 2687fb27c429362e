use super::*;
use proptest::prelude::*;

type Row = (u64, String, u64, Option<RowError>);

/// Gives out a few bytes at a time, as a slow disk or pipe may.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(into.len());
        into[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn rows(bytes: &[u8]) -> Vec<Row> {
    let mut reader = RecordReader::new(Slow(bytes, 7_001), 0, 0);
    let mut rows = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let text = String::from_utf8_lossy(record.bytes).trim_end().to_owned();
        rows.push((record.line, text, record.end, record.fault));
    }
    assert_eq!(reader.bytes_done(), bytes.len() as u64);
    rows
}

#[test]
fn rows_carry_their_line_and_their_end() {
    assert_eq!(
        rows(b"a,b\r\n\n\"c\nd\",e\r\n f,g"),
        [
            (1, "a,b".to_owned(), 5, None),
            (3, "\"c\nd\",e".to_owned(), 15, None),
            (5, " f,g".to_owned(), 19, None)
        ]
    );
    assert_eq!(rows(b""), []);
    assert_eq!(rows(b"\n\r\n\n"), []);
}

#[test]
fn an_open_quotation_mark_spoils_its_own_line_only() {
    assert_eq!(
        rows(b"a,\"b\nc,d\n"),
        [(1, "a,\"b".to_owned(), 5, Some(RowError::QuoteNotClosed)), (2, "c,d".to_owned(), 9, None)]
    );
    assert_eq!(rows(b"\"b"), [(1, "\"b".to_owned(), 2, Some(RowError::QuoteNotClosed))]);
}

#[test]
fn a_mark_within_a_field_joins_no_rows() {
    let found = rows(b"a,5\" b\nc,d\ne,7\" f\n\"g \"\"\nh\"\"\",i\n");
    let texts: Vec<&str> = found.iter().map(|row| row.1.as_str()).collect();
    assert_eq!(texts, ["a,5\" b", "c,d", "e,7\" f", "\"g \"\"\nh\"\"\",i"]);
    assert!(found.iter().all(|row| row.3.is_none()));
}

#[test]
fn a_row_over_the_bound_is_cut_and_the_next_one_read() {
    for length in [RECORD_BYTES_MAX, RECORD_BYTES_MAX * 3, BUFFER_BYTES * 2] {
        let mut bytes = b"a,b\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', length));
        bytes.extend(b"\nc,d\n");
        let found = rows(&bytes);
        assert_eq!(found.len(), 3, "{length}");
        assert_eq!(found[1].3, Some(RowError::RowTooLong));
        assert_eq!(found[1].1.len(), RECORD_BYTES_MAX);
        assert_eq!((found[2].0, found[2].1.as_str()), (3, "c,d"));
    }
}

#[test]
fn a_row_of_just_the_bound_is_taken() {
    let mut bytes = vec![b'x'; RECORD_BYTES_MAX - 1];
    bytes.extend(b"\nc,d\n");
    assert!(rows(&bytes).iter().all(|row| row.3.is_none()));
}

proptest! {
    #[test]
    fn a_row_is_one_row_to_the_splitter_too(text in "[\",\n\ra]{0,60}") {
        let mut reader = RecordReader::new(text.as_bytes(), 0, 0);
        while let Some(record) = reader.next().unwrap() {
            if record.fault.is_none() {
                prop_assert_eq!(super::super::split(record.bytes, &mut super::super::Fields::default()), Ok(()));
            }
        }
    }

    #[test]
    fn no_byte_is_lost_and_any_row_can_be_the_start(bytes in proptest::collection::vec(
        prop_oneof![Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b','), Just(b'a'), any::<u8>()], 0..300,
    )) {
        let all = rows(&bytes);
        for (index, row) in all.iter().enumerate() {
            let done = usize::try_from(row.2).unwrap();
            let lines = memchr::memchr_iter(b'\n', &bytes[..done]).count() as u64;
            let mut reader = RecordReader::new(&bytes[done..], row.2, lines);
            let next = reader.next().unwrap().map(|record| (record.line, record.end, record.fault));
            prop_assert_eq!(next, all.get(index + 1).map(|row| (row.0, row.2, row.3.clone())));
        }
    }
}
