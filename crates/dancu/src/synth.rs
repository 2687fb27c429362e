//! `dancu synth`: a synthetic country as CSV, XLSX or Parquet, by the name of the file.

use crate::{cli::SynthArgs, failure::Failure, ledger::progress_bar, unfinished};
use dancu_bulk::{Format, from_csv};
use dancu_synth::corrupt::{CorruptSummary, Targets, write_corrupt};
use std::{
    fs::File,
    io::{BufWriter, Write, stdout},
    path::Path,
};

/// Writes to a file with a progress bar, or to standard output.
pub fn run(args: &SynthArgs) -> Result<(), Failure> {
    let options = dancu_synth::Options {
        persons: args.persons,
        seed: args.seed,
        today: args.today,
        sealed: args.sealed,
    };
    if let Some(folder) = &args.corrupt {
        let bar = progress_bar();
        bar.set_length(args.persons);
        let outcome = corrupt(&options, folder, &mut |done| bar.set_position(done));
        bar.finish_and_clear();
        return outcome.map(drop);
    }
    if let Some(path) = &args.output
        && Format::of_name(path) != Format::Csv
    {
        return write_as(&options, path, Format::of_name(path));
    }
    let Some(path) = &args.output else {
        return write(
            &options,
            &mut BufWriter::with_capacity(1 << 20, stdout().lock()),
            Path::new("-"),
            &mut |_| {},
        );
    };
    let file = File::create(path).map_err(|error| Failure::file(path, &error))?;
    let bar = progress_bar();
    bar.set_length(args.persons);
    let outcome = write(&options, &mut BufWriter::with_capacity(1 << 20, file), path, &mut |done| {
        bar.set_position(done);
    });
    bar.finish_and_clear();
    outcome
}

/// Two files to match, and who is who.
pub fn corrupt(
    options: &dancu_synth::Options,
    folder: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<CorruptSummary, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    let create = |name: &str| {
        let path = folder.join(name);
        File::create(&path).map_err(|error| Failure::file(&path, &error))
    };
    let targets = Targets {
        register: create("register.csv")?,
        agency: create("agency.csv")?,
        truth: create("truth.csv")?,
    };
    Ok(write_corrupt(options, targets, progress)?)
}

fn write(
    options: &dancu_synth::Options,
    out: &mut impl Write,
    path: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    dancu_synth::write_country(options, out, progress)?;
    out.flush().map_err(|error| Failure::file(path, &error))
}

/// By way of a CSV beside the file, which is gone afterwards.
fn write_as(options: &dancu_synth::Options, path: &Path, format: Format) -> Result<(), Failure> {
    let rows = unfinished::beside(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, rows.as_file());
    write(options, &mut out, path, &mut |_| {})?;
    drop(out);
    from_csv(rows.path(), path, format)?;
    Ok(())
}
