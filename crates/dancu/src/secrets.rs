//! Small secret keys in files of their own, outside the databases.

use crate::{config::Config, failure::Failure};
use dancu_core::Entropy;
use dancu_ledger::NodeName;
use dancu_register::Seals;
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

const SEALED_KEY_FILE: &str = "sealed.key";

/// Reads a key of 32 bytes, or draws it when the file is not there. Only its owner can read it.
pub fn load_or_create(folder: &Path, name: &str, entropy: &dyn Entropy) -> Result<[u8; 32], Failure> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            Failure::new(
                "DANCU-CLI-011",
                format!("{} không phải khóa 32 byte. Hãy khôi phục tệp khóa từ bản sao lưu.", path.display()),
                format!("{} is no key of 32 bytes. Restore the key file from a backup.", path.display()),
            )
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut key = [0; 32];
            entropy.fill(&mut key);
            create(folder, &path, &key).map_err(|error| Failure::file(&path, &error))?;
            Ok(key)
        }
        Err(error) => Err(Failure::file(&path, &error)),
    }
}

/// The key of sealed values. `sealed.check` in the data folder tells which one it was, and nothing of it: another key,
/// or a new one in place of a lost one, would make every sealed value look damaged.
pub fn seals(config: &Config, entropy: &dyn Entropy) -> Result<Seals, Failure> {
    let key_file = config.keys_dir.join(SEALED_KEY_FILE);
    let check_file = config.data_dir.join("sealed.check");
    let known = match fs::read_to_string(&check_file) {
        Ok(known) => Some(known),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Failure::file(&check_file, &error)),
    };
    if known.is_some() && !key_file.exists() {
        return Err(Failure::new(
            "DANCU-CLI-012",
            format!(
                "Thiếu {}, khóa đã niêm phong dữ liệu nhạy cảm. Hãy khôi phục tệp này từ bản sao lưu.",
                key_file.display()
            ),
            format!(
                "{} is missing, with which sensitive data were sealed. Restore it from a backup.",
                key_file.display()
            ),
        ));
    }
    let seals = Seals::new(&[(1, load_or_create(&config.keys_dir, SEALED_KEY_FILE, entropy)?)]);
    let mark = hex(&seals.digest(b"which key of sealed values this is"));
    match known {
        Some(known) if known.trim() == mark => Ok(seals),
        Some(_) => Err(Failure::new(
            "DANCU-CLI-013",
            format!(
                "{} không phải khóa đã niêm phong dữ liệu ở đây. Hãy khôi phục đúng tệp khóa.",
                key_file.display()
            ),
            format!(
                "{} is not the key with which the data here were sealed. Restore the right file.",
                key_file.display()
            ),
        )),
        None => {
            create(&config.data_dir, &check_file, mark.as_bytes())
                .map_err(|error| Failure::file(&check_file, &error))?;
            Ok(seals)
        }
    }
}

/// What tells whether two nodes have the same keys, and nothing of them: what one sealed, signed or handed out the other
/// must open. The key of the log is not among them, since each node has a log of its own.
pub fn mark(config: &Config, entropy: &dyn Entropy) -> Result<String, Failure> {
    let mut all = b"which keys this node has".to_vec();
    for name in ["codes.key", "tickets.key", "answers.key", "webhook.key", "sign-in.key", "statistics.key"] {
        all.extend(load_or_create(&config.keys_dir, name, entropy)?);
    }
    Ok(hex(&seals(config, entropy)?.digest(&all)))
}

/// Another node that runs has other keys.
pub fn differ(config: &Config, other: &NodeName) -> Failure {
    let folder = config.keys_dir.display();
    Failure::new(
        "DANCU-CLI-089",
        format!(
            "Khóa trong {folder} khác khóa của nút “{other}” đang chạy trên cùng cơ sở dữ liệu. Hãy chép codes.key, tickets.key, \
             answers.key, webhook.key, sign-in.key, statistics.key, các tệp id-token-*.key và sealed.key từ nút đó."
        ),
        format!(
            "The keys in {folder} are not those of node “{other}”, which runs over the same database. Copy codes.key, tickets.key, \
             answers.key, webhook.key, sign-in.key, statistics.key, the files id-token-*.key and sealed.key from there."
        ),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Writes beside the file and renames, so that a start that is killed here leaves no key that is cut.
fn create(folder: &Path, path: &Path, key: &[u8]) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_testkit::SeededEntropy;

    #[test]
    fn another_key_and_a_lost_one_are_told_from_damage() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().join("data"),
            keys_dir: folder.path().join("keys"),
            ..Config::default()
        };
        let code = || seals(&config, &SeededEntropy::new(1)).map(drop).map_err(|failure| failure.0.code);
        assert_eq!(code(), Ok(()));
        assert_eq!(code(), Ok(()), "the same key again");
        let key = config.keys_dir.join(SEALED_KEY_FILE);
        let kept = fs::read(&key).unwrap();
        fs::write(&key, [9; 32]).unwrap();
        assert_eq!(code(), Err("DANCU-CLI-013"));
        fs::remove_file(&key).unwrap();
        assert_eq!(code(), Err("DANCU-CLI-012"));
        assert!(!key.exists(), "no new key takes its place");
        fs::write(&key, kept).unwrap();
        assert_eq!(code(), Ok(()));
    }
}
