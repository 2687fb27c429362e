//! Rows of a file, cut by one thread and made comparable by all others.

use super::{fault::MatchFault, files::Input, report::Accounts};
use crate::failure::Failure;
use dancu_quality::{
    map::Selection,
    table::{Encoded, Encoder, RowBatch},
};
use indicatif::ProgressBar;
use rayon::prelude::*;
use std::{cell::Cell, rc::Rc, sync::mpsc, thread};

/// Rows of one batch at most, and bytes from which on it is full.
const BATCH_ROWS: usize = 16_384;
const BATCH_BYTES: usize = 4 << 20;
/// Batches that wait at most.
const WAITING: usize = 4;
/// Rows are counted in 32 bits, with room for what is marked.
const ROWS_MAX: u64 = 500_000_000;
/// Rejected rows of one batch are told one by one.
pub type Rejected = Vec<(u64, &'static str)>;

/// Rows that go together.
struct Batch {
    rows: RowBatch,
    rejected: Rejected,
}

/// Reads a file. `take` gets the batches in the order of the file.
pub fn read(
    input: &Input,
    selection: &Selection,
    encoder: &Encoder<'_>,
    bar: &ProgressBar,
    mut take: impl FnMut(Encoded, Rejected) -> Result<(), Failure>,
) -> Result<Accounts, Failure> {
    let (sender, receiver) = mpsc::sync_channel::<Batch>(WAITING);
    let threads = rayon::current_num_threads().max(2);
    let mut account = Accounts::new(input);
    thread::scope(|scope| {
        // Given up together with this closure, so that whoever cuts rows never waits for nobody.
        let receiver = receiver;
        let cutter = scope.spawn(move || cut(input, selection, &sender));
        loop {
            // What waits is taken together, so that every core has a batch.
            let mut batches: Vec<Batch> = receiver.recv().into_iter().collect();
            if batches.is_empty() {
                break;
            }
            while batches.len() < threads
                && let Ok(batch) = receiver.recv()
            {
                batches.push(batch);
            }
            let ready: Vec<(Encoded, Rejected)> =
                batches.into_par_iter().map(|batch| (encoder.encode(&batch.rows), batch.rejected)).collect();
            for (encoded, rejected) in ready {
                account.read(encoded.rows() as u64, rejected.len() as u64);
                take(encoded, rejected)?;
            }
            bar.set_message(format!("{}: {} dòng / rows", input.shown(), account.rows_in));
            bar.tick();
        }
        cutter.join().expect("cutting rows does not panic")
    })?;
    input.must_be_unchanged()?;
    Ok(account)
}

/// What a row of a file is.
pub enum Cut<'a> {
    /// One that is compared, with its number below the header.
    Row(u64, &'a csv::ByteRecord),
    /// One that cannot be, with its line and the reason.
    Rejected(u64, &'static str),
}

/// Cuts the rows of a file. Ends early, and well, when `take` wants no more.
pub fn each(input: &Input, mut take: impl FnMut(Cut<'_>) -> bool) -> Result<(), Failure> {
    let row_end = Rc::new(Cell::new(0));
    let mut reader = input.reader(&row_end)?;
    let mut record = csv::ByteRecord::new();
    let width = input.headers().len();
    let (mut row, mut place) = (0_u64, 0_u64);
    let mut is_header = true;
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| input.failed(&error, row + u64::from(!is_header) + 1))?
    {
        row_end.set(reader.position().byte());
        if std::mem::take(&mut is_header) {
            continue;
        }
        row += 1;
        if row > ROWS_MAX {
            return Err(MatchFault::TooManyRows { file: input.path().to_owned() }.into());
        }
        let line = record.position().map_or(row + 1, csv::Position::line);
        let cut = if record.len() < width {
            Cut::Rejected(line, "too_few_fields")
        } else if record.len() > width {
            Cut::Rejected(line, "too_many_fields")
        } else if Input::is_too_long(record.as_slice().len()) {
            Cut::Rejected(line, "row_too_long")
        } else {
            place += 1;
            input.left_out(place - 1).map_or(Cut::Row(row, &record), |reason| Cut::Rejected(line, reason))
        };
        if !take(cut) {
            break;
        }
    }
    Ok(())
}

/// Cuts the rows and sends them in batches. Ends early, and well, when nobody takes them any more.
fn cut(input: &Input, selection: &Selection, sender: &mpsc::SyncSender<Batch>) -> Result<(), Failure> {
    let columns = selection.columns.len();
    let new = || Batch { rows: RowBatch::new(columns), rejected: Vec::new() };
    let mut batch = new();
    each(input, |cut| {
        match cut {
            Cut::Rejected(line, reason) => batch.rejected.push((line, reason)),
            Cut::Row(row, record) => {
                let cell = |at: usize| record.get(at).unwrap_or_default();
                let id = selection.id.map_or(&b""[..], cell);
                let number = row.to_string();
                let id = if id.trim_ascii().is_empty() { number.as_bytes() } else { id };
                batch.rows.push(id, selection.columns.iter().map(|at| cell(*at)));
            }
        }
        let is_full =
            batch.rows.len() + batch.rejected.len() >= BATCH_ROWS || batch.rows.bytes() >= BATCH_BYTES;
        !is_full || sender.send(std::mem::replace(&mut batch, new())).is_ok()
    })?;
    // Nobody takes it when the run has failed, which is told there.
    let _ = sender.send(batch);
    Ok(())
}
