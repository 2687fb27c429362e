//! `dancu synth`: a synthetic country as CSV.

use crate::{cli::SynthArgs, failure::Failure, ledger::progress_bar};
use std::{
    fs::File,
    io::{BufWriter, Write, stdout},
    path::Path,
};

/// Writes to a file with a progress bar, or to standard output.
pub fn run(args: &SynthArgs) -> Result<(), Failure> {
    let options = dancu_synth::Options { persons: args.persons, seed: args.seed, today: args.today };
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

fn write(
    options: &dancu_synth::Options,
    out: &mut impl Write,
    path: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    dancu_synth::write_country(options, out, progress)?;
    out.flush().map_err(|error| Failure::file(path, &error))
}
