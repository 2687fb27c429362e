//! Two files of one country matched, from the first byte read to the last link decided, against the known truth.

use crate::{
    bench::memory::Peak,
    cli::BenchArgs,
    failure::Failure,
    matching::{self, Matched, write::Writer},
    synth,
};
use dancu_quality::{
    link::{Band, Options},
    map::guess,
};
use dancu_synth::Options as Country;
use indicatif::ProgressBar;
use serde::Serialize;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    time::Instant,
};

/// Persons of the country for so many rows of a file: each file lacks one in twenty.
const PERSONS_PER_100_ROWS: u64 = 105;

/// One size.
#[derive(Debug, Serialize)]
struct Measured {
    name: &'static str,
    left_rows: u64,
    right_rows: u64,
    seconds: f64,
    memory_mib: f64,
    precision: f64,
    recall: f64,
    recall_with_review: f64,
    f1: f64,
    review_share: f64,
    wrong: usize,
    /// Seconds grow like the rows to this power, from the size before.
    slope: Option<f64>,
}

/// A tenth, three tenths and all.
pub fn run(args: &BenchArgs, folder: &Path) -> Result<(), Failure> {
    let mut before: Option<(u64, f64)> = None;
    let mut all = Vec::new();
    for (part, of) in [(1, 10), (3, 10), (1, 1)] {
        let persons = (args.persons * part / of * PERSONS_PER_100_ROWS / 100).max(1);
        let mut measured = one(persons, folder)?;
        let size = measured.left_rows + measured.right_rows;
        measured.slope = before.map(|(rows, seconds)| slope((rows, seconds), (size, measured.seconds)));
        before = Some((size, measured.seconds));
        all.push(measured);
    }
    print(&all, args.json);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn slope(before: (u64, f64), now: (u64, f64)) -> f64 {
    (now.1 / before.1).ln() / (now.0 as f64 / before.0 as f64).ln()
}

fn one(persons: u64, folder: &Path) -> Result<Measured, Failure> {
    let files = folder.join(format!("match-{persons}"));
    // The files are written before the clock starts, and stay in a folder that was named: others are measured on them.
    let country = Country { persons, seed: 1, today: jiff::civil::date(2026, 11, 21), sealed: false };
    synth::corrupt(&country, &files, &mut |_| {})?;
    let peak = Peak::start();
    let begun = Instant::now();
    let (left, right) =
        matching::inputs(&files.join("agency.csv"), Some(&files.join("register.csv")), &files)?;
    let map = guess(left.headers(), right.as_ref().map(matching::Input::headers));
    let writer = Writer::new(&files)?;
    let bar = ProgressBar::hidden();
    let (matched, _) = matching::work(&left, right.as_ref(), &map, &Options::default(), writer, &bar)?;
    let seconds = begun.elapsed().as_secs_f64();
    let memory_mib = peak.end();
    judge(&matched, &files.join("truth.csv"), seconds, memory_mib)
}

/// Counts against the truth. A register's person counts as found when one row of theirs is linked.
fn judge(matched: &Matched, truth: &Path, seconds: f64, memory_mib: f64) -> Result<Measured, Failure> {
    let unreadable = |error: csv::Error| Failure::file(truth, &std::io::Error::other(error.to_string()));
    let mut person_of: HashMap<String, String> = HashMap::new();
    for row in csv::Reader::from_path(truth).map_err(unreadable)?.into_records() {
        let row = row.map_err(unreadable)?;
        person_of.insert(row[1].to_owned(), row[0].to_owned());
    }
    let persons: HashSet<&String> = person_of.values().collect();
    let (mut found, mut shown) = (HashSet::new(), HashSet::new());
    let (mut automatic, mut right_ones, mut review) = (0_usize, 0_usize, 0_usize);
    for link in &matched.outcome.links {
        let (agency, register) = (matched.tables.left.id(link.left), matched.tables.other().id(link.right));
        let is_right = person_of.get(agency).is_some_and(|person| person == register);
        let is_automatic = link.band == Band::Automatic;
        automatic += usize::from(is_automatic);
        review += usize::from(!is_automatic);
        right_ones += usize::from(is_automatic && is_right);
        if is_right {
            shown.insert(register);
            if is_automatic {
                found.insert(register);
            }
        }
    }
    let (precision, recall) = (share(right_ones, automatic), share(found.len(), persons.len()));
    let rows = |at: usize| matched.accounts.get(at).map_or(0, |account| account.rows_in);
    Ok(Measured {
        name: "match",
        left_rows: rows(0),
        right_rows: rows(1),
        seconds,
        memory_mib,
        precision,
        recall,
        recall_with_review: share(shown.len(), persons.len()),
        f1: 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE),
        review_share: share(review, usize::try_from(rows(0)).unwrap_or(usize::MAX)),
        wrong: automatic - right_ones,
        slope: None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
fn print(all: &[Measured], json: bool) {
    if json {
        for measured in all {
            println!("{}", serde_json::to_string(measured).unwrap_or_default());
        }
        return;
    }
    println!(
        "{:>10} {:>10} {:>8} {:>7} {:>10} {:>6} {:>8} {:>9} {:>8} {:>8} {:>6}",
        "left",
        "right",
        "seconds",
        "MiB",
        "precision",
        "wrong",
        "recall",
        "+ review",
        "F1",
        "review",
        "slope"
    );
    for one in all {
        println!(
            "{:>10} {:>10} {:>8.2} {:>7.0} {:>10.6} {:>6} {:>8.5} {:>9.5} {:>8.6} {:>7.3}% {:>6}",
            one.left_rows,
            one.right_rows,
            one.seconds,
            one.memory_mib,
            one.precision,
            one.wrong,
            one.recall,
            one.recall_with_review,
            one.f1,
            one.review_share * 100.0,
            one.slope.map_or_else(|| "-".to_owned(), |slope| format!("{slope:.2}")),
        );
    }
}
