//! The files that the agency gets. Every row of its file stands in one of them, and whoever restricted questions or did not
//! consent looks like nobody.

use super::{
    examples::{Example, examples},
    folder::{Matching, Run, RunFolder, Stage, number},
    lists::{NOBODY, PAIRS, UNDECIDED},
    page,
    queue::Queue,
    tell::{TOLD, caller},
};
use crate::{
    failure::Failure,
    matching::{
        Input,
        fault::MatchFault,
        write::{Unnamed, Whole},
    },
    platform::Platform,
};
use csv::StringRecord;
use dancu_exchange::Caller;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fs::File, iter::Peekable};

/// What became of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Sums below the header.
    pub rows_in: u64,
    /// Sums whose person was found, each with its entry in the log.
    pub matched: u64,
    /// Sums that somebody has to look at.
    pub review: u64,
    /// Sums that could not be read.
    pub rejected: u64,
    /// Sums without anybody.
    pub none: u64,
}

impl Sums {
    /// Whether every row is in one list.
    pub const fn is_whole(self) -> bool {
        self.rows_in == self.matched + self.review + self.rejected + self.none
    }
}

/// What is told to the agency of a row without anybody, whatever the ground.
const NOBODY_REASON: &str = "no_candidate";

/// A file of the run, read row by row.
type Stream = Peekable<csv::StringRecordsIntoIter<File>>;

fn stream(folder: &RunFolder, name: &str) -> Result<Stream, Failure> {
    Ok(folder.rows(name)?.into_records().peekable())
}

/// The records of a stream that are a row's.
fn of_row(stream: &mut Stream, row: u64, folder: &RunFolder) -> Result<Vec<StringRecord>, Failure> {
    let is_of_row = |record: &Result<StringRecord, csv::Error>| match record {
        Ok(record) => record.get(0).and_then(|text| text.parse().ok()) == Some(row),
        Err(_) => true,
    };
    let mut found = Vec::new();
    while let Some(record) = stream.next_if(is_of_row) {
        found.push(record.map_err(|_| folder.damaged())?);
    }
    Ok(found)
}

/// The lists while they are written.
struct Lists {
    matched: Unnamed,
    review: Unnamed,
    none: Unnamed,
    rows: Sums,
    /// Of the matched rows, by slot and level.
    levels: Vec<Vec<u64>>,
    review_reasons: BTreeMap<String, u64>,
    none_reasons: BTreeMap<String, u64>,
    examples: Vec<Example>,
}

/// Writes the results and ends the run.
pub async fn finish(
    platform: &Platform,
    (folder, run): (&RunFolder, &mut Run),
    matching: &Matching,
    input: &Input,
) -> Result<Sums, Failure> {
    let caller = caller(platform, run, folder)?;
    let told = platform.state.verify.check_file(&caller, (run.given, matching.rows_in));
    told.map_err(crate::export::refused)?;
    let mut lists = Lists {
        matched: Unnamed::new(folder.file("matched.csv"), &["key", "entry", "agreed"])?,
        review: Unnamed::new(folder.file("review.csv"), &["key", "reason"])?,
        none: Unnamed::new(folder.file("none.csv"), &["key", "reason"])?,
        rows: Sums { rows_in: matching.rows_in, rejected: matching.rejected, ..Sums::default() },
        levels: matching.slots.iter().map(|slot| vec![0; slot.levels.len() + 1]).collect(),
        review_reasons: BTreeMap::new(),
        none_reasons: BTreeMap::new(),
        examples: Vec::new(),
    };
    let (mut pairs, mut doubtful, mut nobody) =
        (stream(folder, TOLD)?, stream(folder, UNDECIDED)?, stream(folder, NOBODY)?);
    let mut queue = Queue::default();
    for row in 0..matching.rows_in - matching.rejected {
        let told = of_row(&mut pairs, row, folder)?;
        let undecided = of_row(&mut doubtful, row, folder)?;
        let none = of_row(&mut nobody, row, folder)?;
        if let Some(told) = told.first() {
            lists.told(row, told, folder)?;
        } else if !undecided.is_empty() {
            let shown = may_be_told(platform, (&caller, run), (&undecided, 2), folder).await?;
            for pair in &shown {
                queue.add(platform, (folder, run), matching, pair).await?;
            }
            let is_alone = shown.len() < undecided.len();
            lists.undecided(row, &undecided, (shown.first().copied(), is_alone))?;
        } else if let Some(none) = none.first() {
            // That somebody is like a row is not told of whom nothing may be told.
            let names_somebody = none.get(3).is_some_and(|nearest| !nearest.is_empty());
            let is_told = !names_somebody
                || !may_be_told(platform, (&caller, run), (std::slice::from_ref(none), 3), folder)
                    .await?
                    .is_empty();
            let reason = none.get(2).filter(|_| is_told).unwrap_or(NOBODY_REASON);
            lists.none(none.get(1).unwrap_or_default(), reason)?;
        }
    }
    queue.flush(platform).await?;
    let rows = lists.rows;
    if !rows.is_whole() {
        return Err(MatchFault::RowsUnaccounted.into());
    }
    end(folder, run, matching, lists, input)?;
    Ok(rows)
}

/// Those of a row's pairs, with the number in a column, whose person's will does not stand against it.
async fn may_be_told<'a>(
    platform: &Platform,
    (caller, run): (&Caller, &Run),
    (pairs, column): (&'a [StringRecord], usize),
    folder: &RunFolder,
) -> Result<Vec<&'a StringRecord>, Failure> {
    let terms = caller.contract.file_match.map(|terms| terms.fields).unwrap_or_default();
    let fields = terms.iter().filter(|field| run.given.contains(*field)).collect();
    let mut told = Vec::new();
    for pair in pairs {
        let number = pair.get(column).and_then(number).ok_or_else(|| folder.damaged())?;
        if platform.state.verify.may_tell(caller, number, fields).await? {
            told.push(pair);
        }
    }
    Ok(told)
}

impl Lists {
    fn told(&mut self, row: u64, told: &StringRecord, folder: &RunFolder) -> Result<(), Failure> {
        let cell = |at: usize| told.get(at).unwrap_or_default();
        if cell(2).is_empty() {
            return self.none(cell(1), NOBODY_REASON);
        }
        self.rows.matched += 1;
        // Of a pair that an officer decided nothing was compared in this run.
        let compared = cell(4).split('.').filter(|level| !level.is_empty());
        for (counts, level) in self.levels.iter_mut().zip(compared) {
            let level: usize = level.parse().map_err(|_| folder.damaged())?;
            *counts.get_mut(level).ok_or_else(|| folder.damaged())? += 1;
        }
        Example::add(&mut self.examples, "matched", row, cell(1), cell(3));
        self.matched.row([cell(1).as_bytes(), cell(2).as_bytes(), cell(3).as_bytes()])
    }

    fn undecided(
        &mut self,
        row: u64,
        pairs: &[StringRecord],
        (shown, is_alone): (Option<&StringRecord>, bool),
    ) -> Result<(), Failure> {
        let key = pairs.first().and_then(|pair| pair.get(1)).unwrap_or_default();
        let Some(pair) = shown else {
            return self.none(key, NOBODY_REASON);
        };
        // Of a rival who may not be told of, nothing is told.
        let told = pair.get(3).unwrap_or_default();
        let reason = if is_alone && told == "rival" { "unsure" } else { told };
        self.rows.review += 1;
        *self.review_reasons.entry(reason.to_owned()).or_default() += 1;
        Example::add(&mut self.examples, "review", row, key, reason);
        self.review.row([key.as_bytes(), reason.as_bytes()])
    }

    fn none(&mut self, key: &str, reason: &str) -> Result<(), Failure> {
        self.rows.none += 1;
        *self.none_reasons.entry(reason.to_owned()).or_default() += 1;
        self.none.row([key.as_bytes(), reason.as_bytes()])
    }
}

/// Gives everything its name, the report last, and removes what holds personal numbers.
fn end(
    folder: &RunFolder,
    run: &mut Run,
    matching: &Matching,
    lists: Lists,
    input: &Input,
) -> Result<(), Failure> {
    let report = report(folder, run, matching, &lists, input)?;
    let text = serde_json::to_string_pretty(&report).expect("counts and words are JSON");
    let Lists { matched, review, none, .. } = lists;
    for list in [matched, review, none] {
        list.whole()?.name()?;
    }
    Whole::of_text(folder.file("report.html"), &page::html(&report))?.name()?;
    Whole::of_text(folder.file("report.json"), &text)?.name()?;
    run.stage = Stage::Finished;
    folder.save(run)?;
    remove_stages(folder)
}

/// Removes the files of the run that hold personal numbers. A run that is finished needs them no more.
pub fn remove_stages(folder: &RunFolder) -> Result<(), Failure> {
    for name in [PAIRS, UNDECIDED, NOBODY, TOLD] {
        let path = folder.file(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::file(&path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `report.json`.
fn report(
    folder: &RunFolder,
    run: &Run,
    matching: &Matching,
    lists: &Lists,
    input: &Input,
) -> Result<Value, Failure> {
    let agreement: Map<String, Value> = matching
        .slots
        .iter()
        .zip(&lists.levels)
        .map(|(slot, counts)| {
            let words = std::iter::once("not_told").chain(slot.levels.iter().map(String::as_str));
            let levels = words.zip(counts).map(|(word, count)| (word.to_owned(), json!(count)));
            (slot.name.clone(), Value::Object(levels.collect()))
        })
        .collect();
    let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
    for row in folder.rows("rejected.csv")?.records() {
        let row = row.map_err(|_| folder.damaged())?;
        *rejected.entry(row.get(1).unwrap_or_default().to_owned()).or_default() += 1;
    }
    let mut report = json!({
        "format": 1,
        "program": env!("CARGO_PKG_VERSION"),
        "run": {
            "id": run.id, "file": run.file, "sha256": run.sha256, "client": run.client, "contract": run.contract,
            "reference": run.reference, "as_of": run.as_of, "known_at": run.known_at,
        },
        "rows": lists.rows,
        "agreement_of_matched_rows": agreement,
        "review_reasons": lists.review_reasons,
        "none_reasons": lists.none_reasons,
        "rejected_reasons": rejected,
        "examples": examples(&lists.examples, run, input)?,
        "map": { "is_guessed": run.is_guessed, "fields": run.map.fields },
    });
    if let (Value::Object(report), Value::Object(matcher)) = (&mut report, &matching.report) {
        report.extend(matcher.clone());
    }
    Ok(report)
}
