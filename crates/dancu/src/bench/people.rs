//! The persons of a measurement: a synthetic country, loaded once for each folder.

use crate::system::{SystemClock, SystemEntropy};
use crate::{
    bench::place::Place, cli::BenchArgs, config::Config, failure::Failure, load, platform::Platform,
};
use dancu_core::{Clock, PersonalNumber};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Persons whose data are kept in memory for questions.
const SAMPLE_MAX: usize = 200_000;

/// What a question needs of a person.
#[derive(Debug, Clone, Deserialize)]
pub struct Sample {
    /// Number.
    pub number: String,
    /// Name.
    pub full_name: String,
    /// Sex.
    pub sex: String,
    /// Birth date.
    pub birth_date: String,
}

/// Writes the country of a measurement, unless the folder has it.
pub fn csv(args: &BenchArgs, folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join(format!("people-{}.csv", args.persons));
    if path.exists() {
        return Ok(path);
    }
    let part = path.with_extension("part");
    let file = File::create(&part).map_err(|error| Failure::file(&part, &error))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let options =
        dancu_synth::Options { persons: args.persons, seed: 1, today: SystemClock.today(), sealed: false };
    dancu_synth::write_country(&options, &mut out, &mut |_| {})?;
    out.flush().and_then(|()| fs::rename(&part, &path)).map_err(|error| Failure::file(&part, &error))?;
    Ok(path)
}

/// A platform with the country loaded.
pub async fn platform(args: &BenchArgs, place: &Place) -> Result<(Platform, Vec<Sample>), Failure> {
    platform_of(args, place, &place.config()).await
}

/// The same with settings of one's own.
pub async fn platform_of(
    args: &BenchArgs,
    place: &Place,
    config: &Config,
) -> Result<(Platform, Vec<Sample>), Failure> {
    let people = csv(args, place.folder())?;
    let platform = Platform::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    load::run(&platform, &people, true).await?;
    Ok((platform, samples(&people, args.persons)?))
}

/// The numbers of all persons of a file, in its order.
pub fn numbers(people: &Path) -> Result<Vec<i64>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        number: String,
    }
    let unreadable = |error: csv::Error| Failure::file(people, &std::io::Error::other(error.to_string()));
    let mut reader = csv::Reader::from_path(people).map_err(unreadable)?;
    let mut numbers = Vec::new();
    for row in reader.deserialize::<Row>() {
        let number = row.map_err(unreadable)?.number.parse::<PersonalNumber>();
        numbers.extend(number.map(|number| number.value().cast_signed()));
    }
    Ok(numbers)
}

/// Persons spread evenly over the file.
pub fn samples<T: DeserializeOwned>(people: &Path, persons: u64) -> Result<Vec<T>, Failure> {
    let unreadable = |error: csv::Error| Failure::file(people, &std::io::Error::other(error.to_string()));
    let step = usize::try_from(persons).unwrap_or(usize::MAX).div_ceil(SAMPLE_MAX).max(1);
    let mut reader = csv::Reader::from_path(people).map_err(unreadable)?;
    reader.deserialize().step_by(step).collect::<Result<_, _>>().map_err(unreadable)
}

/// Numbers in an order that has nothing to do with the file's.
pub fn shuffled_numbers(samples: &[Sample]) -> Vec<PersonalNumber> {
    let mut numbers: Vec<PersonalNumber> =
        samples.iter().filter_map(|sample| sample.number.parse().ok()).collect();
    // Ordering by a multiplicative hash is a fixed shuffle.
    numbers.sort_by_key(|number| number.value().wrapping_mul(0x9E37_79B9_7F4A_7C15));
    numbers
}
