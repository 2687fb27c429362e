//! `dancu reconcile`: an agency's file against the register, under the agency's contract (ADR 26). What was begun lives in a
//! folder beside the file; killed anywhere, the same command goes on.

mod decisions;
mod examples;
mod fault;
mod folder;
mod lists;
mod page;
mod queue;
mod register;
mod results;
mod sift;
mod stage;
mod tell;

use crate::{
    cli::ReconcileArgs,
    export::{caller as named_caller, refused},
    failure::Failure,
    ledger::progress_bar,
    matching::{Input, read_map, spinner, tell_fields},
    platform::Platform,
};
use dancu_core::{Clock, holds_personal_number};
use dancu_exchange::{Caller, file_match_alike_max, file_match_run_days_max};
use dancu_quality::map::{FileMap, MatchMap, guess};
use dancu_register::At;
use fault::ReconcileFault;
use folder::{Beginning, Matching, Run, RunFolder, Stage, digest};
use indicatif::ProgressBar;
use jiff::SignedDuration;
use results::Sums;
use std::{
    io::{BufRead, IsTerminal, stderr, stdin},
    path::PathBuf,
};

/// Characters of a letter's name at most.
const REFERENCE_CHARACTERS_MAX: usize = 100;

/// Matches a file against the register, or goes on where that stopped.
pub async fn run(platform: &Platform, args: &ReconcileArgs) -> Result<(), Failure> {
    let caller = named_caller(platform, &args.client)?;
    let reference = args.reference.trim();
    if reference.chars().count() > REFERENCE_CHARACTERS_MAX || holds_personal_number(reference) {
        return Err(ReconcileFault::Reference.into());
    }
    let folder = RunFolder::open(&args.out.clone().unwrap_or_else(|| beside(&args.file)))?;
    let outcome = work(platform, args, &caller, &folder).await;
    match outcome {
        Ok(rows) => {
            if !args.quiet {
                tell(&args.file, rows, &folder);
            }
            Ok(())
        }
        Err(failure) => {
            folder.leave_unbegun();
            Err(failure)
        }
    }
}

/// `people.csv` is worked on in `people.csv.reconcile`.
fn beside(file: &std::path::Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".reconcile");
    PathBuf::from(name)
}

/// Every stage that is not done yet.
async fn work(
    platform: &Platform,
    args: &ReconcileArgs,
    caller: &Caller,
    folder: &RunFolder,
) -> Result<Sums, Failure> {
    let sha256 = digest(&args.file)?;
    let known = folder.run()?;
    if let Some(run) = &known {
        if run.sha256 != sha256 {
            return Err(ReconcileFault::OtherFile { folder: folder.path().to_owned() }.into());
        }
        if run.client != caller.client.id || run.contract != caller.contract.id {
            return Err(ReconcileFault::OtherContract { folder: folder.path().to_owned() }.into());
        }
        if run.stage == Stage::Finished {
            results::remove_stages(folder)?;
            return finished(folder);
        }
        must_be_recent(platform, folder, run)?;
    }
    let mut input = Input::open(&args.file, folder.path())?;
    let mut run = match known {
        Some(run) => run,
        None => begin(platform, args, caller, (folder, &input, sha256))?,
    };
    let (schema, selections) = run.map.schema(input.headers(), Some(&register::headers()))?;
    let alike_max = file_match_alike_max(run.as_of);
    input.leave_out(sift::sift(&input, (&schema, &selections[0]), run.given, alike_max)?);
    if run.stage == Stage::Begun {
        let bar = spinner(args.quiet);
        stage::match_file(platform, (folder, &mut run), (&input, caller), &bar).await?;
        bar.finish_and_clear();
    }
    let matching: Matching = run.matching.clone().ok_or_else(|| folder.damaged())?;
    let bar = if args.quiet { ProgressBar::hidden() } else { progress_bar() };
    tell::tell(platform, (folder, &mut run), &matching, &bar).await?;
    bar.finish_and_clear();
    results::finish(platform, (folder, &mut run), &matching, &input).await
}

/// A run of long ago does not go on: its letter is old, and so is the register that it was compared with.
fn must_be_recent(platform: &Platform, folder: &RunFolder, run: &Run) -> Result<(), Failure> {
    let now = platform.state.clock.now();
    let days = file_match_run_days_max(platform.state.clock.today());
    if now.duration_since(run.known_at) <= SignedDuration::from_hours(24 * i64::from(days)) {
        return Ok(());
    }
    results::remove_stages(folder)?;
    Err(ReconcileFault::Expired { folder: folder.path().to_owned(), days }.into())
}

/// Settles which column is what, and asks the contract before anything is read.
fn begin(
    platform: &Platform,
    args: &ReconcileArgs,
    caller: &Caller,
    (folder, input, sha256): (&RunFolder, &Input, String),
) -> Result<Run, Failure> {
    let within = register::headers_within(caller.contract.fields);
    let (map, is_guessed) = match &args.map {
        Some(path) => (read_map(path)?, false),
        None => (MatchMap { right: FileMap::default(), ..guess(input.headers(), Some(&within)) }, true),
    };
    if map.automatic.is_some() || map.review.is_some() || map.vetoes.is_some() {
        return Err(ReconcileFault::Thresholds.into());
    }
    let (schema, selections) = map.schema(input.headers(), Some(&register::headers()))?;
    let given = register::fields_of(&schema, &selections[1])?;
    platform.state.verify.check_file(caller, (given, 0)).map_err(refused)?;
    if is_guessed {
        confirm(&map, args)?;
    }
    let clock = &platform.state.clock;
    let run = Run::new(Beginning {
        file: input.shown(),
        sha256,
        under: (caller.client.id.clone(), caller.contract.id.clone()),
        reference: args.reference.trim().to_owned(),
        at: At { as_of: clock.today(), known_at: clock.now() },
        map: (map, is_guessed),
        given,
    });
    folder.save(&run)?;
    Ok(run)
}

/// Shows what was guessed, and goes on when somebody says so.
fn confirm(map: &MatchMap, args: &ReconcileArgs) -> Result<(), Failure> {
    if !args.quiet || !args.yes {
        eprintln!("Không có --map; đoán từ dòng tiêu đề: / no --map; guessed from the headers:");
        tell_fields(map);
        if let Some(id) = &map.left.id {
            eprintln!("  khóa của dòng / key of a row: {id}");
        }
    }
    if args.yes {
        return Ok(());
    }
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(ReconcileFault::NotConfirmed.into());
    }
    eprint!("Đúng không? [c/K] / right? [y/N] ");
    let mut answer = String::new();
    let read = stdin().lock().read_line(&mut answer);
    let is_yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "c" | "có");
    if read.is_ok() && is_yes { Ok(()) } else { Err(ReconcileFault::NotConfirmed.into()) }
}

/// The counts of a run that was finished before.
fn finished(folder: &RunFolder) -> Result<Sums, Failure> {
    let path = folder.file("report.json");
    let text = std::fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
    let report: serde_json::Value = serde_json::from_slice(&text).map_err(|_| folder.damaged())?;
    serde_json::from_value(report["rows"].clone()).map_err(|_| folder.damaged())
}

/// The sums go to the error stream, as those of other commands do.
fn tell(file: &std::path::Path, rows: Sums, folder: &RunFolder) {
    eprintln!(
        "{}: {} dòng / rows = khớp / matched {} + loại / rejected {} + không có / none {}",
        file.file_name().unwrap_or_default().to_string_lossy(),
        rows.rows_in,
        rows.matched,
        rows.rejected,
        rows.none
    );
    eprintln!("Trong số không có, chờ cán bộ xem / of none, officers have to look: ≥ {}", rows.in_doubt);
    eprintln!("Mỗi dòng khớp có một dòng nhật ký. / Every matched row has an entry in the log.");
    eprintln!("Kết quả / results: {}", folder.path().display());
}
