//! The files that the agency gets. Every row of its file stands in one of them, and whoever restricted questions or did not
//! consent looks like nobody; so does whoever is in doubt, until an officer has decided.

use super::{
    examples::{Example, examples},
    folder::{Matching, Run, RunFolder, number},
    lists::{NOBODY, PAIRS, UNDECIDED},
    page,
    queue::Queue,
    tell::{TOLD, caller, fields},
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
use dancu_core::Clock;
use dancu_exchange::{Caller, Field, file_match_doubt_told};
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
    /// Sums that could not be read or were not compared.
    pub rejected: u64,
    /// Sums of which nothing is told.
    pub none: u64,
    /// Of these, rows that officers have to look at; as the agency is told it, rounded down.
    pub in_doubt: u64,
}

impl Sums {
    /// Whether every row is in one list.
    pub const fn is_whole(self) -> bool {
        self.rows_in == self.matched + self.rejected + self.none
    }
}

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
    none: Unnamed,
    rows: Sums,
    /// Of each field that is told, matched rows that agree in it.
    agreed: Vec<(Field, u64)>,
    examples: Vec<Example>,
}

/// Writes the results and ends the run.
pub async fn finish(
    platform: &Platform,
    (folder, run): (&RunFolder, &mut Run),
    matching: &Matching,
    input: &Input,
) -> Result<Sums, Failure> {
    let caller = caller(platform, run, folder).await?;
    let told = platform.state.verify.check_file(&caller, (run.given, matching.rows_in));
    let told = told.map_err(crate::export::refused)?;
    let mut lists = Lists {
        matched: Unnamed::new(folder.file("matched.csv"), &["key", "entry", "agreed"])?,
        none: Unnamed::new(folder.file("none.csv"), &["key"])?,
        rows: Sums { rows_in: matching.rows_in, rejected: matching.rejected, ..Sums::default() },
        agreed: told.iter().map(|field| (field, 0)).collect(),
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
            lists.told(row, told)?;
        } else if !undecided.is_empty() {
            let shown = may_be_told(platform, (&caller, run), &undecided, folder).await?;
            for pair in &shown {
                queue.add(platform, (folder, run), matching, pair).await?;
            }
            lists.rows.in_doubt += u64::from(!shown.is_empty());
            lists.none(undecided[0].get(1).unwrap_or_default())?;
        } else if let Some(none) = none.first() {
            lists.none(none.get(1).unwrap_or_default())?;
        }
    }
    queue.flush(platform).await?;
    lists.rows.in_doubt = file_match_doubt_told(lists.rows.in_doubt, platform.state.clock.today());
    let rows = lists.rows;
    if !rows.is_whole() {
        return Err(MatchFault::RowsUnaccounted.into());
    }
    end(folder, run, matching, lists, input)?;
    Ok(rows)
}

/// Those of a row's pairs whose person's will does not stand against it.
async fn may_be_told<'a>(
    platform: &Platform,
    (caller, run): (&Caller, &Run),
    pairs: &'a [StringRecord],
    folder: &RunFolder,
) -> Result<Vec<&'a StringRecord>, Failure> {
    let mut told = Vec::new();
    for pair in pairs {
        let number = pair.get(2).and_then(number).ok_or_else(|| folder.damaged())?;
        if platform.state.verify.may_tell(caller, number, run.given).await? {
            told.push(pair);
        }
    }
    Ok(told)
}

impl Lists {
    fn told(&mut self, row: u64, told: &StringRecord) -> Result<(), Failure> {
        let cell = |at: usize| told.get(at).unwrap_or_default();
        if cell(2).is_empty() {
            return self.none(cell(1));
        }
        self.rows.matched += 1;
        let agreed = fields(cell(3));
        for (_, count) in self.agreed.iter_mut().filter(|(field, _)| agreed.contains(*field)) {
            *count += 1;
        }
        Example::add(&mut self.examples, "matched", row, cell(1), cell(3));
        self.matched.row([cell(1).as_bytes(), cell(2).as_bytes(), cell(3).as_bytes()])
    }

    fn none(&mut self, key: &str) -> Result<(), Failure> {
        self.rows.none += 1;
        self.none.row([key.as_bytes()])
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
    let Lists { matched, none, .. } = lists;
    for list in [matched, none] {
        list.whole()?.name()?;
    }
    Whole::of_text(folder.file("report.html"), &page::html(&report))?.name()?;
    Whole::of_text(folder.file("report.json"), &text)?.name()?;
    run.finish();
    folder.save(run)?;
    remove_stages(folder)
}

/// Removes the files of the run that hold personal numbers. A run that is finished, or does not go on, needs them no more.
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
    let of_field = |(field, agreed): &(Field, u64)| {
        let counts = json!({ "agrees": agreed, "does_not": lists.rows.matched - agreed });
        (field.as_str().to_owned(), counts)
    };
    let agreement: Map<String, Value> = lists.agreed.iter().map(of_field).collect();
    let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
    for row in folder.rows("rejected.csv")?.records() {
        let row = row.map_err(|_| folder.damaged())?;
        *rejected.entry(row.get(1).unwrap_or_default().to_owned()).or_default() += 1;
    }
    Ok(json!({
        "format": 2,
        "program": env!("CARGO_PKG_VERSION"),
        "run": {
            "id": run.id, "file": run.file, "sha256": run.sha256, "client": run.client, "contract": run.contract,
            "reference": run.reference, "as_of": run.as_of, "known_at": run.known_at,
        },
        "rows": lists.rows,
        "agreement_of_matched_rows": agreement,
        "rejected_reasons": rejected,
        "examples": examples(&lists.examples, run, input)?,
        "set_aside": matching.set_aside,
        "map": { "is_guessed": run.is_guessed, "fields": run.map.fields },
    }))
}
