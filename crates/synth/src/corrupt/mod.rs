//! Two files of the same persons with the errors of real ones, and who is who: to measure a matcher with.
//!
//! `register.csv` is clean. `agency.csv` holds most of the same persons and some others, in another order, with columns and
//! shapes of its own and errors at the rates of [`rates`]. `truth.csv` names the pairs. Twins are added to the country, and
//! some persons stand twice in the agency's file. The same seed gives the same bytes.

mod agency;
mod legacy;
mod person;
pub mod rates;
mod slips;

use crate::{Options, SynthError, draw::Draw, write_country};
use agency::Agency;
use person::{Source, SourceRow};
use std::io::{self, Write};

/// Columns of `register.csv`.
pub const REGISTER_COLUMNS: [&str; 9] =
    ["id", "number", "old_number", "full_name", "birth_date", "sex", "phone", "place", "address"];
/// Columns of `agency.csv`.
pub const AGENCY_COLUMNS: [&str; 8] =
    ["ma", "so_giay_to", "ho_ten", "ngay_sinh", "gioi_tinh", "sdt", "noi_thuong_tru", "dia_chi"];

/// Agency rows that are put into another order together.
const SHUFFLED_ROWS: usize = 50_000;
/// Stream of the draws here; blocks of the country have the streams from 0 on.
const STREAM: u64 = u64::MAX;

/// Where the three files go.
pub struct Targets<W: Write> {
    /// `register.csv`.
    pub register: W,
    /// `agency.csv`.
    pub agency: W,
    /// `truth.csv`: `register,agency`, a line for each true pair.
    pub truth: W,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CorruptSummary {
    /// Rows of the register.
    pub register: u64,
    /// Rows of the agency.
    pub agency: u64,
    /// True pairs.
    pub pairs: u64,
}

/// Takes the country's CSV as it comes and cuts it into rows.
struct Rows<'a, W: Write> {
    out: &'a mut Files<W>,
    pending: Vec<u8>,
    source: Source,
    fault: Option<SynthError>,
}

struct Files<W: Write> {
    register: csv::Writer<W>,
    agency: csv::Writer<W>,
    truth: csv::Writer<W>,
    draw: Draw,
    maker: Agency,
    waiting: Vec<(Option<String>, [String; 7])>,
    summary: CorruptSummary,
}

/// Writes the files of a country.
pub fn write_corrupt<W: Write>(
    options: &Options,
    targets: Targets<W>,
    progress: &mut dyn FnMut(u64),
) -> Result<CorruptSummary, SynthError> {
    let csv = |out: W| csv::WriterBuilder::new().buffer_capacity(1 << 18).from_writer(out);
    let mut files = Files {
        register: csv(targets.register),
        agency: csv(targets.agency),
        truth: csv(targets.truth),
        draw: Draw::for_block(options.seed, STREAM),
        maker: Agency::new()?,
        waiting: Vec::new(),
        summary: CorruptSummary::default(),
    };
    files.register.write_record(REGISTER_COLUMNS)?;
    files.agency.write_record(AGENCY_COLUMNS)?;
    files.truth.write_record(["register", "agency"])?;
    let mut rows = Rows { out: &mut files, pending: Vec::new(), source: Source::new(), fault: None };
    let outcome = write_country(&Options { sealed: false, ..*options }, &mut rows, progress);
    if let Some(fault) = rows.fault.take() {
        return Err(fault);
    }
    outcome?;
    rows.lines(true)?;
    files.shuffle()?;
    for out in [&mut files.register, &mut files.agency, &mut files.truth] {
        out.flush().map_err(csv::Error::from)?;
    }
    Ok(files.summary)
}

impl<W: Write> Write for Rows<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if let Err(fault) = self.lines(false) {
            self.fault = Some(fault);
            return Err(io::Error::other("a row could not be written"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Rows<'_, W> {
    /// Takes the whole lines that wait. No value of the country holds a line break.
    fn lines(&mut self, is_end: bool) -> Result<(), SynthError> {
        let whole = match self.pending.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if is_end => self.pending.len(),
            None => return Ok(()),
        };
        let rest = self.pending.split_off(whole);
        let lines = std::mem::replace(&mut self.pending, rest);
        let reader = csv::ReaderBuilder::new().has_headers(false).from_reader(lines.as_slice());
        for record in reader.into_records() {
            if let Some(person) = self.source.read(&record?) {
                self.out.person(&person)?;
            }
        }
        Ok(())
    }
}

impl<W: Write> Files<W> {
    /// A person, and a twin now and then.
    fn person(&mut self, person: &SourceRow) -> Result<(), SynthError> {
        self.one(person)?;
        if self.draw.chance(rates::TWINS)
            && let Some(twin) = self.maker.twin(&mut self.draw, person)
        {
            self.one(&twin)?;
        }
        Ok(())
    }

    fn one(&mut self, person: &SourceRow) -> Result<(), SynthError> {
        let lot = self.draw.below(10_000);
        let in_register = lot >= rates::AGENCY_ONLY;
        let in_agency = lot < 10_000 - rates::REGISTER_ONLY;
        let mut id = None;
        if in_register {
            self.summary.register += 1;
            let own = format!("R{:09}", self.summary.register);
            self.register.write_record(person.register(&own))?;
            id = Some(own);
        }
        if in_agency {
            let copies = if self.draw.chance(rates::TWICE_IN_FILE) { 2 } else { 1 };
            for _ in 0..copies {
                let row = self.maker.row(&mut self.draw, person);
                self.waiting.push((id.clone(), row));
            }
        }
        if self.waiting.len() >= SHUFFLED_ROWS { self.shuffle() } else { Ok(()) }
    }

    /// Writes the agency's rows that wait, in any order; they get their names only then.
    fn shuffle(&mut self) -> Result<(), SynthError> {
        let mut rows = std::mem::take(&mut self.waiting);
        self.draw.shuffle(&mut rows);
        for (register, row) in rows {
            self.summary.agency += 1;
            let id = format!("A{:09}", self.summary.agency);
            self.agency.write_record(std::iter::once(&id).chain(&row))?;
            if let Some(register) = register {
                self.summary.pairs += 1;
                self.truth.write_record([&register, &id])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::HashSet;

    fn made(persons: u64, seed: u64) -> (Vec<u8>, Vec<u8>, Vec<u8>, CorruptSummary) {
        let options = Options { persons, seed, today: date(2026, 11, 21), sealed: false };
        let (mut register, mut agency, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        let targets =
            Targets { register: &mut register as &mut dyn Write, agency: &mut agency, truth: &mut truth };
        let summary = write_corrupt(&options, targets, &mut |_| {}).unwrap();
        (register, agency, truth, summary)
    }

    fn rows(bytes: &[u8]) -> Vec<csv::StringRecord> {
        csv::Reader::from_reader(bytes).into_records().map(Result::unwrap).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_files_and_the_truth_names_their_rows() {
        let (register, agency, truth, summary) = made(3000, 4);
        let again = made(3000, 4);
        assert!(again == (register.clone(), agency.clone(), truth.clone(), summary));
        let ids = |bytes: &[u8]| rows(bytes).iter().map(|row| row[0].to_owned()).collect::<HashSet<_>>();
        let (lefts, rights) = (ids(&register), ids(&agency));
        assert_eq!((lefts.len() as u64, rights.len() as u64), (summary.register, summary.agency));
        let pairs = rows(&truth);
        assert_eq!(pairs.len() as u64, summary.pairs);
        assert!(pairs.iter().all(|pair| lefts.contains(&pair[0]) && rights.contains(&pair[1])));
        assert!(summary.pairs * 100 > summary.register * 90);
    }

    #[test]
    fn every_kind_of_error_of_the_mix_comes_about() {
        let (_, agency, _, _) = made(6000, 5);
        let rows = rows(&agency);
        let share = |test: &dyn Fn(&csv::StringRecord) -> bool| rows.iter().filter(|row| test(row)).count();
        assert!(share(&|row| row[1].is_empty()) > 100, "no number");
        assert!(share(&|row| row[1].len() == 9) > 50, "an old number");
        assert!(share(&|row| row[1].len() == 11 || row[1].len() == 10) > 200, "zeros lost");
        assert!(share(&|row| row[1].contains('E')) > 5, "scientific");
        assert!(share(&|row| row[2].is_ascii()) > 100, "marks lost");
        assert!(share(&|row| dancu_core::check_name(&row[2]).is_err()) > 20, "old code tables");
        assert!(share(&|row| row[3].len() == 4) > 20, "year only");
        assert!(share(&|row| row[3].starts_with("01/01/")) > 20, "1 January");
        assert!(
            share(&|row| row[6].contains("Huyện") || row[6].contains("Quận")) > 300,
            "old names of places"
        );
    }
}
