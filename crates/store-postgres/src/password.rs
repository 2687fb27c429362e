//! Passwords that stand beside an address rather than in it: in the environment, or in a file of PostgreSQL's own form
//! (`host:port:database:user:password`, one a line).

use crate::location::{FileProblem, LocationError};
use std::{
    ffi::OsString,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};
use tokio_postgres::{Config, config::Host};

/// What is known; it prints nothing of it.
#[derive(Default)]
pub(crate) struct Passwords {
    of_everyone: Option<String>,
    lines: Vec<[String; 5]>,
}

impl Passwords {
    /// Reads the file that is named, else `PGPASSWORD`, else the file of `PGPASSFILE`, else `~/.pgpass` if it is there.
    pub(crate) fn read(
        named: Option<PathBuf>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, LocationError> {
        if named.is_none()
            && let Some(password) = variable("PGPASSWORD").filter(|password| !password.is_empty())
        {
            let of_everyone = Some(password.into_string().map_err(|_| LocationError::Unreadable)?);
            return Ok(Self { of_everyone, lines: Vec::new() });
        }
        if let Some(file) = named.or_else(|| variable("PGPASSFILE").map(PathBuf::from)) {
            return Self::from_file(&file);
        }
        let usual =
            variable("HOME").map(|home| Path::new(&home).join(".pgpass")).filter(|path| path.exists());
        let Some(usual) = usual else { return Ok(Self::default()) };
        // Nobody asked for this one, and perhaps nobody needs it.
        Ok(Self::from_file(&usual).unwrap_or_else(|error| {
            tracing::warn!(%error, "the usual file of passwords is not used");
            Self::default()
        }))
    }

    fn from_file(file: &Path) -> Result<Self, LocationError> {
        let malformed = || LocationError::File { path: file.to_owned(), problem: FileProblem::Malformed };
        let text = String::from_utf8(read_secret(file)?).map_err(|_| malformed())?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines = lines.map(fields).collect::<Option<_>>();
        Ok(Self { of_everyone: None, lines: lines.ok_or_else(malformed)? })
    }

    /// The password for a server: that of the first line that fits.
    pub(crate) fn of(&self, server: &Config) -> Option<&str> {
        if let Some(password) = &self.of_everyone {
            return Some(password);
        }
        let host = match (server.get_hosts(), server.get_hostaddrs()) {
            ([Host::Tcp(name)], _) => name.clone(),
            ([Host::Unix(folder)], _) => folder.display().to_string(),
            (_, [address]) => address.to_string(),
            _ => return None,
        };
        let is_socket = matches!(server.get_hosts(), [Host::Unix(_)]);
        let port = server.get_ports().first().copied().unwrap_or(5432).to_string();
        let user = server.get_user().unwrap_or_default();
        let database = server.get_dbname().unwrap_or(user);
        let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        let found = self.lines.iter().find(|[at, on, name, who, _]| {
            (fits(at, &host) || is_socket && at == "localhost")
                && fits(on, &port)
                && fits(name, database)
                && fits(who, user)
        });
        found.map(|[.., password]| password.as_str())
    }
}

/// The fields of a line; a colon or backslash within one has a backslash before it.
fn fields(line: &str) -> Option<[String; 5]> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => fields.last_mut()?.push(letters.next().unwrap_or('\\')),
            // The last field may hold colons.
            ':' if fields.len() < 5 => fields.push(String::new()),
            other => fields.last_mut()?.push(other),
        }
    }
    fields.try_into().ok()
}

/// Reads a file that nobody else may read. What belongs to root may be open to one group: so do keys that several
/// programs use.
pub(crate) fn read_secret(path: &Path) -> Result<Vec<u8>, LocationError> {
    let failed = |problem| LocationError::File { path: path.to_owned(), problem };
    let unreadable = |_| failed(FileProblem::Unreadable);
    let metadata = path.metadata().map_err(unreadable)?;
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.mode() & forbidden != 0 {
        return Err(failed(FileProblem::Exposed));
    }
    std::fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn passwords(text: &str) -> Passwords {
        Passwords { of_everyone: None, lines: text.lines().map(|line| fields(line).unwrap()).collect() }
    }

    #[test]
    fn the_first_line_that_fits_is_taken_and_colons_may_be_written() {
        let known = passwords(
            "db1:5432:*:dancu:one\nlocalhost:*:*:*:near\n*:6432:r\\:x:dancu:t:w\\\\o\n*:*:*:*:rest",
        );
        let of = |text: &str| known.of(&text.parse().unwrap()).unwrap().to_owned();
        assert_eq!(of("postgres://dancu@db1/register"), "one");
        assert_eq!(of("postgres://dancu@db1:6432/r%3Ax"), "t:w\\o");
        assert_eq!(of("postgres://other@db1/register"), "rest");
        assert_eq!(of("postgres://dancu@%2Frun%2Fpostgresql/register"), "near");
        assert_eq!(passwords("db1:5432:*:dancu:one").of(&"postgres://dancu@db2/x".parse().unwrap()), None);
    }

    #[test]
    fn a_line_with_too_few_fields_is_none() {
        assert!(fields("db1:5432:dancu:one").is_none());
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "*:*:*:*:geheim\n").unwrap();
        let read = |mode| {
            file.as_file().set_permissions(PermissionsExt::from_mode(mode)).unwrap();
            Passwords::read(Some(file.path().to_owned()), &|_| None).map(|known| known.lines.len())
        };
        assert_eq!(read(0o600), Ok(1));
        let problem = FileProblem::Exposed;
        assert_eq!(read(0o644), Err(LocationError::File { path: file.path().to_owned(), problem }));
    }

    #[test]
    fn the_environment_is_asked_as_the_programs_of_postgresql_do() {
        let variable = |name: &str| (name == "PGPASSWORD").then(|| OsString::from("geheim"));
        let known = Passwords::read(None, &variable).unwrap();
        assert_eq!(known.of(&"postgres://dancu@db1/x".parse().unwrap()), Some("geheim"));
        assert_eq!(
            Passwords::read(None, &|_| None).unwrap().of(&"postgres://dancu@db1/x".parse().unwrap()),
            None
        );
        let missing = |name: &str| (name == "PGPASSFILE").then(|| OsString::from("/nowhere/pgpass"));
        assert!(Passwords::read(None, &missing).is_err(), "a file that is named must be there");
        let no_home = |name: &str| (name == "HOME").then(|| OsString::from("/nowhere"));
        assert!(Passwords::read(None, &no_home).is_ok());
    }
}
