//! Telling the pairs, a page at a time: each is in the log before its row is kept, and a page that was broken off is taken up
//! again without a second entry for anybody.

use super::{
    fault::ReconcileFault,
    folder::{Matching, Run, RunFolder, number},
    lists::PAIRS,
    stage::field_names,
};
use crate::{
    export::{not_connected, refused},
    failure::Failure,
    platform::Platform,
};
use csv::StringRecord;
use dancu_exchange::{Caller, FieldSet, FilePair, FileToTell, ToldPairs};
use indicatif::ProgressBar;
use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    sync::Arc,
};

/// Pairs of one page.
const PAGE_PAIRS: usize = 100;
/// Rows that were told, or withheld where there is no entry: row, key, entry, agreed.
pub const TOLD: &str = "told.csv";
/// Its header.
const HEADER: &[u8] = b"row,key,entry,agreed\n";

/// The client's caller, as its contract stands now: also where it was changed on another node since this began.
pub async fn caller(platform: &Platform, run: &Run, folder: &RunFolder) -> Result<Arc<Caller>, Failure> {
    platform.state.directory.follow(&*platform.state.exchange_store).await?;
    let caller = platform.state.directory.caller(&run.client).ok_or_else(not_connected)?;
    if caller.contract.id == run.contract {
        Ok(caller)
    } else {
        Err(ReconcileFault::OtherContract { folder: folder.path().to_owned() }.into())
    }
}

/// Tells whatever is not told yet.
pub async fn tell(
    platform: &Platform,
    (folder, run): (&RunFolder, &mut Run),
    matching: &Matching,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let mut told = open(folder, run)?;
    let mut pairs = folder.rows(PAIRS)?;
    let skipped = usize::try_from(run.told.pairs).unwrap_or(usize::MAX);
    let mut rows = pairs.records().skip(skipped);
    bar.set_length(matching.pairs);
    bar.set_message("ghi nhật ký / into the log");
    loop {
        bar.set_position(run.told.pairs);
        let page: Vec<StringRecord> =
            rows.by_ref().take(PAGE_PAIRS).collect::<Result<_, _>>().map_err(|_| folder.damaged())?;
        if page.is_empty() {
            return if run.told.pairs == matching.pairs { Ok(()) } else { Err(folder.damaged()) };
        }
        let outcome = tell_page(platform, (folder, run), matching, &page).await?;
        let lines = lines(&page, &outcome);
        told.write_all(&lines)
            .and_then(|()| told.sync_data())
            .map_err(|error| Failure::file(&folder.file(TOLD), &error))?;
        run.told.bytes += lines.len() as u64;
        run.told.pairs += outcome.entries.len() as u64;
        run.mark = None;
        folder.save(run)?;
        if outcome.entries.len() < page.len() {
            let (told, pairs) = (run.told.pairs, matching.pairs);
            return Err(ReconcileFault::DailyLimit { told, pairs }.into());
        }
    }
}

/// What is there of `told.csv`, without what a kill left behind the last page that was kept.
fn open(folder: &RunFolder, run: &mut Run) -> Result<File, Failure> {
    let path = folder.file(TOLD);
    let failed = |error: std::io::Error| Failure::file(&path, &error);
    let mut file =
        File::options().create(true).write(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
    if run.told.bytes == 0 {
        file.set_len(0).and_then(|()| file.write_all(HEADER)).map_err(failed)?;
        run.told.bytes = HEADER.len() as u64;
    } else if file.metadata().map_err(failed)?.len() < run.told.bytes {
        return Err(folder.damaged());
    }
    file.set_len(run.told.bytes).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
    Ok(file)
}

/// Fields by their names, with blanks between them.
pub fn fields(names: &str) -> FieldSet {
    names.split(' ').filter_map(|name| name.parse().ok()).collect()
}

/// One page into the log, under the contract as it stands now.
async fn tell_page(
    platform: &Platform,
    (folder, run): (&RunFolder, &mut Run),
    matching: &Matching,
    page: &[StringRecord],
) -> Result<ToldPairs, Failure> {
    let state = &platform.state;
    let caller = caller(platform, run, folder).await?;
    let pair = |row: &StringRecord| {
        Some(FilePair {
            number: number(row.get(2)?)?,
            agreed: fields(row.get(3)?),
            differing: fields(row.get(4)?),
            not_held: fields(row.get(5)?),
        })
    };
    let pairs: Vec<FilePair> =
        page.iter().map(pair).collect::<Option<_>>().ok_or_else(|| folder.damaged())?;
    let resumed_at = run.mark;
    if run.mark.is_none() {
        run.mark = Some(state.verify.mark(&state.logs));
        folder.save(run)?;
    }
    let reference = run.record_reference();
    let file = FileToTell { reference: &reference, given: run.given, rows: matching.rows_in };
    let resumed = resumed_at.map(|mark| (&state.logs, mark));
    state.verify.tell_pairs(&caller, file, &pairs, resumed).await.map_err(refused)
}

/// The rows of `told.csv` of a page. A row that was withheld has no entry.
fn lines(page: &[StringRecord], outcome: &ToldPairs) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    for (row, entry) in page.iter().zip(&outcome.entries) {
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let entry = entry.map(|entry| entry.to_string()).unwrap_or_default();
        let agreed = fields(cell(3)).iter().filter(|field| outcome.fields.contains(*field)).collect();
        out.write_record([cell(0), cell(1), &entry, &field_names(agreed)]).expect("memory takes every row");
    }
    out.into_inner().expect("memory takes every row")
}
