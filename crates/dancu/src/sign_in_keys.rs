//! The keys of the sign-in at portals: `sign-in.key` for pseudonyms and refresh tokens, which never changes, and
//! `id-token-1.key`, `id-token-2.key`, … for statements about sign-ins, which do.
//!
//! The last but one signs; the last is the next one, published ahead so that every portal knows it before it signs; the one
//! before is published until what it signed has ended. `dancu rotate-sign-in-key` adds one, and each node works with
//! it from its next start. A start or a rotation that is killed leaves whole files, and the next one goes on from there.

use crate::{config::Config, failure::Failure, secrets::load_or_create, system::SystemEntropy};
use dancu_core::Entropy;
use dancu_openid::Keys;
use std::{fs, io::ErrorKind, path::Path};

/// Keys that are published: the next one, the one that signs, the one before.
const PUBLISHED: usize = 3;

/// The keys of this node; those that are missing are made.
pub fn open(config: &Config, entropy: &dyn Entropy) -> Result<Keys, Failure> {
    let folder = &config.keys_dir;
    let secret = load_or_create(folder, "sign-in.key", entropy)?;
    let mut numbers = numbers(folder)?;
    while numbers.len() < 2 {
        numbers.push(numbers.last().map_or(1, |last| last + 1));
    }
    let newest_first: Vec<u32> = numbers.into_iter().rev().take(PUBLISHED).collect();
    let key = |number: &u32| load_or_create(folder, &name(*number), entropy);
    let signing = key(&newest_first[1])?;
    let beside = newest_first.iter().enumerate().filter(|(place, _)| *place != 1);
    let beside = beside.map(|(_, number)| key(number)).collect::<Result<Vec<_>, _>>()?;
    Ok(Keys::new(&signing, &beside, &secret)?)
}

/// Runs `dancu rotate-sign-in-key`.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub fn run(config: &Config) -> Result<(), Failure> {
    let number = rotate(config, &SystemEntropy)?;
    println!("id-token-{number}.key");
    Ok(())
}

/// Adds a key; the one that was next signs from the next start on. Says which one that is.
pub fn rotate(config: &Config, entropy: &dyn Entropy) -> Result<u32, Failure> {
    open(config, entropy)?;
    let folder = &config.keys_dir;
    let last = numbers(folder)?.into_iter().next_back().unwrap_or(1);
    load_or_create(folder, &name(last + 1), entropy)?;
    // What nobody publishes any more is removed; what is left behind by a kill goes the next time.
    let numbers = numbers(folder)?;
    for number in numbers.iter().rev().skip(PUBLISHED) {
        let path = folder.join(name(*number));
        fs::remove_file(&path).map_err(|error| Failure::file(&path, &error))?;
    }
    Ok(last)
}

fn name(number: u32) -> String {
    format!("id-token-{number}.key")
}

/// The numbers of the keys that are there, in their order.
fn numbers(folder: &Path) -> Result<Vec<u32>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::file(folder, &error)),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::file(folder, &error))?;
        let file = entry.file_name();
        let number = file.to_str().and_then(|text| text.strip_prefix("id-token-")?.strip_suffix(".key"));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_testkit::SeededEntropy;

    fn published(config: &Config) -> Vec<String> {
        let set = open(config, &SeededEntropy::new(1)).unwrap().public_set();
        let keys = set["keys"].as_array().unwrap();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_next_key_is_known_before_it_signs_and_the_one_before_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { keys_dir: folder.path().join("keys"), ..Config::default() };
        let first = published(&config);
        assert_eq!((first.len(), &published(&config)), (2, &first), "the same keys at each start");
        let entropy = SeededEntropy::new(2);
        assert_eq!(rotate(&config, &entropy).unwrap(), 2);
        let second = published(&config);
        assert_eq!(second.len(), 3);
        assert_eq!(second[0], first[1], "what was next signs now");
        assert!(second.contains(&first[0]) && !first.contains(&second[1]));
        assert_eq!(rotate(&config, &entropy).unwrap(), 3);
        let third = published(&config);
        assert_eq!((third.len(), &third[0]), (3, &second[1]));
        assert!(!third.contains(&first[0]), "forgotten");
        assert_eq!(numbers(&config.keys_dir).unwrap(), [2, 3, 4]);
    }
}
