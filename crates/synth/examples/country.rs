//! Writes a country to standard output: `cargo run --release -p dancu-synth --example country -- <persons> <seed>`.

use dancu_synth::{Options, write_country};
use jiff::civil::date;
use std::{env, error::Error, io};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let options =
        Options { persons: next(100_000)?, seed: next(1)?, today: date(2026, 11, 21), sealed: false };
    let summary = write_country(&options, &mut io::stdout().lock(), &mut |_| {})?;
    eprintln!("{summary:#?}");
    Ok(())
}
