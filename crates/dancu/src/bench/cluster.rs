//! A PostgreSQL server of a measurement's own: its files in the measurement's folder, reached by a socket, gone with
//! this process. So no measurement ever loads into a database that somebody uses.

use crate::failure::Failure;
use rustix::process::getuid;
use std::{
    fs::{self, DirBuilder, File},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::{DirBuilderExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};
use tempfile::TempDir;

/// Who owns the server's files when we are root, which the server refuses to be.
const SERVER_USER: &str = "postgres";
/// What differs from Debian's built-in values, as an operator of a large database sets it. Everything is flushed.
const SETTINGS: [&str; 6] = [
    "listen_addresses=",
    "fsync=on",
    "synchronous_commit=on",
    "max_connections=100",
    "max_wal_size=8GB",
    "checkpoint_timeout=15min",
];
/// Share of the machine's memory that the server keeps pages in, the usual quarter.
const BUFFERS_SHARE: u64 = 4;
const BUFFERS_MAX_MIB: u64 = 8_192;

/// A running server.
pub struct Cluster {
    files: PathBuf,
    socket: TempDir,
    binaries: PathBuf,
    buffers_mib: u64,
    server: Child,
}

fn failed(what: &str, why: &str) -> Failure {
    Failure::new(
        "DANCU-CLI-073",
        format!("Phép đo không dùng được PostgreSQL ({what}): {why}. Hãy cài gói postgresql của Debian."),
        format!(
            "The measurement cannot use PostgreSQL ({what}): {why}. Install Debian's package postgresql."
        ),
    )
}

impl Cluster {
    /// Makes the server's files unless the folder has them, and starts it.
    pub fn start(folder: &Path) -> Result<Self, Failure> {
        let binaries = binaries()?;
        let files = folder.join("server");
        let socket = tempfile::Builder::new()
            .prefix("dancu-bench-")
            .tempdir()
            .map_err(|error| Failure::file(&std::env::temp_dir(), &error))?;
        give_away(socket.path())?;
        if !files.join("PG_VERSION").exists() {
            make_files(&binaries, &files)?;
        }
        let buffers_mib = (memory_mib() / BUFFERS_SHARE).clamp(128, BUFFERS_MAX_MIB);
        let server = start(&binaries, &files, socket.path(), buffers_mib, &folder.join("server.log"))?;
        Ok(Self { files, socket, binaries, buffers_mib, server })
    }

    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://dancu@/{database}?host={}", self.socket.path().display())
    }

    /// Memory that it keeps pages in, MiB.
    pub const fn buffers_mib(&self) -> u64 {
        self.buffers_mib
    }

    /// Makes a database: empty, or a copy of one to which nobody is connected. One of that name goes first.
    pub fn create(&self, database: &str, template: &str) -> Result<(), Failure> {
        self.remove(database)?;
        let mut command = self.client("createdb");
        command.args(["--template", template, database]);
        succeed(&mut command, "createdb")
    }

    /// Makes a database unless it is there.
    pub fn ensure(&self, database: &str) -> Result<(), Failure> {
        let mut command = self.client("psql");
        command.args(["--dbname", "postgres", "--tuples-only", "--no-align", "--command"]);
        command.arg("SELECT datname FROM pg_database");
        let output = command.output().map_err(|error| failed("psql", &error.to_string()))?;
        let names = String::from_utf8_lossy(&output.stdout);
        if names.lines().any(|name| name == database) { Ok(()) } else { self.create(database, "template0") }
    }

    /// Removes a database if it is there.
    pub fn remove(&self, database: &str) -> Result<(), Failure> {
        let mut command = self.client("dropdb");
        command.args(["--if-exists", "--force", database]);
        succeed(&mut command, "dropdb")
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.arg("--host").arg(self.socket.path()).args(["--username", "dancu"]);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = as_server(&self.binaries.join("pg_ctl"));
        stop.args(["stop", "--mode=fast", "--silent", "--timeout=600", "--pgdata"]).arg(&self.files);
        if !stop.status().is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

fn make_files(binaries: &Path, files: &Path) -> Result<(), Failure> {
    let mut folder = DirBuilder::new();
    folder.mode(0o700).recursive(true).create(files).map_err(|error| Failure::file(files, &error))?;
    give_away(files)?;
    let mut initdb = as_server(&binaries.join("initdb"));
    initdb.args(["--auth=trust", "--username=dancu", "--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"]);
    succeed(initdb.arg(files), "initdb")
}

fn start(
    binaries: &Path,
    files: &Path,
    socket: &Path,
    buffers_mib: u64,
    log: &Path,
) -> Result<Child, Failure> {
    let mut command = as_server(&binaries.join("postgres"));
    command.arg("-D").arg(files).arg("-k").arg(socket);
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    command.arg("-c").arg(format!("shared_buffers={buffers_mib}MB"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = command.spawn().map_err(|error| failed("postgres", &error.to_string()))?;
    let stderr = server.stderr.take().expect("it was asked for");
    let mut lines = BufReader::new(stderr).lines();
    let mut out = File::create(log).map_err(|error| Failure::file(log, &error))?;
    loop {
        let Some(Ok(line)) = lines.next() else {
            let _ = server.wait();
            return Err(failed("postgres", &format!("see {}", log.display())));
        };
        let _ = writeln!(out, "{line}");
        if line.contains("ready to accept connections") {
            break;
        }
    }
    // A pipe that nobody reads would stop the server some day.
    thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| writeln!(out, "{line}")));
    Ok(server)
}

fn succeed(command: &mut Command, what: &str) -> Result<(), Failure> {
    let output = command.output().map_err(|error| failed(what, &error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(what, String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// The newest server of Debian's packages, or the one on the path.
fn binaries() -> Result<PathBuf, Failure> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, binaries)| binaries.join("initdb").exists())
        .max();
    if let Some((_, binaries)) = newest {
        return Ok(binaries);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("initdb").exists());
    found.ok_or_else(|| failed("initdb", "it is not installed"))
}

/// A command that ends with the thread that starts it (the main one, so with the process), and that is not root.
fn as_server(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if getuid().is_root() {
        command.args(["--reuid", SERVER_USER, "--regid", SERVER_USER, "--clear-groups"]);
    }
    command.arg("--").arg(program).current_dir("/");
    command
}

/// Makes a folder the server's.
fn give_away(folder: &Path) -> Result<(), Failure> {
    if !getuid().is_root() {
        return Ok(());
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let ids = user
        .filter(|fields| fields.first() == Some(&SERVER_USER))
        .find_map(|fields| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)));
    let Some((user, group)) = ids else { return Err(failed(SERVER_USER, "there is no such user")) };
    chown(folder, Some(user), Some(group)).map_err(|error| Failure::file(folder, &error))
}

/// Memory of the machine.
fn memory_mib() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    total.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// What PostgreSQL said, without what was asked.
pub fn database_failed(error: &tokio_postgres::Error) -> Failure {
    let said = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    failed("postgres", &said)
}

/// What a task's end says.
pub fn task_failed(error: impl std::error::Error) -> Failure {
    failed("tokio", &io::Error::other(error.to_string()).to_string())
}
