//! A PostgreSQL server for tests alone: its files in a folder of its own, reached by a socket in there, and gone with
//! the process that started it. It flushes like a real one, since tests kill it.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

/// Begins the names of the folders.
const PREFIX: &str = "dancu-postgres-";
/// It flushes; and nothing is done by itself beside a test: a transaction of the upkeep would hold the outbox back.
const SETTINGS: [&str; 5] =
    ["listen_addresses=", "fsync=on", "autovacuum=off", "max_connections=200", "shared_buffers=32MB"];
/// Attempts to start a server whose former processes have not all ended yet.
const STARTS_MAX: u32 = 100;

/// A server. Dropping it stops it; so does the end of the process.
#[derive(Debug)]
pub struct PostgresCluster {
    folder: PathBuf,
    binaries: PathBuf,
    settings: Vec<String>,
    server: Mutex<Option<Child>>,
    databases: AtomicU32,
}

/// How a server is reached by TCP.
#[derive(Debug, Clone, Copy)]
pub struct TcpServer<'a> {
    /// On 127.0.0.1.
    pub port: u16,
    /// Who is let in: lines of `pg_hba.conf`, before those that let everybody in.
    pub admits: &'a str,
    /// Its certificate, its key and the authority of its clients, as PEM.
    pub tls: Option<(&'a str, &'a str, &'a str)>,
}

impl PostgresCluster {
    /// Makes a cluster and starts its server. Panics when the package `postgresql` is not installed: nothing is left
    /// out in silence.
    pub fn start() -> Self {
        let cluster = Self::make();
        cluster.resume();
        cluster
    }

    /// As [`PostgresCluster::start`], and reached by TCP too.
    pub fn start_on_tcp(server: TcpServer<'_>) -> Self {
        let mut cluster = Self::make();
        let own = ["listen_addresses=127.0.0.1".to_owned(), format!("port={}", server.port)];
        cluster.settings.extend(own);
        let admitted = cluster.folder.join("data/pg_hba.conf");
        let everybody = fs::read_to_string(&admitted).expect("initdb made it");
        fs::write(&admitted, format!("{}\n{everybody}", server.admits)).expect("tests may write it");
        if let Some((certificate, key, authority)) = server.tls {
            cluster.settings.push("ssl=on".to_owned());
            for (setting, name, text) in [
                ("ssl_cert_file", "server.crt", certificate),
                ("ssl_key_file", "server.key", key),
                ("ssl_ca_file", "clients.crt", authority),
            ] {
                let path = cluster.folder.join(name);
                fs::write(&path, text).expect("tests may write it");
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
                give_to_server(&path);
                cluster.settings.push(format!("{setting}={}", path.display()));
            }
        }
        cluster.resume();
        cluster
    }

    /// Makes a server that follows this one, and starts it. It takes no writes until it is promoted.
    #[must_use]
    pub fn start_standby(&self) -> Self {
        let folder = new_folder();
        let mut copy = as_server(&self.binaries.join("pg_basebackup"));
        copy.args(["--username=dancu", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--host"]);
        copy.arg(&self.folder).arg("--pgdata").arg(folder.join("data"));
        let made = copy.output().expect("pg_basebackup runs");
        assert!(made.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&made.stderr));
        let standby = Self {
            folder,
            binaries: self.binaries.clone(),
            settings: self.settings.clone(),
            server: Mutex::new(None),
            databases: AtomicU32::new(0),
        };
        standby.resume();
        standby
    }

    /// Lets a server that followed another one take writes, and waits until it does.
    pub fn promote(&self) {
        let mut promote = as_server(&self.binaries.join("pg_ctl"));
        promote.args(["promote", "--silent", "--pgdata"]).arg(self.folder.join("data"));
        assert!(promote.status().expect("pg_ctl runs").success(), "pg_ctl promotes the server");
    }

    /// The folder of its socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs statements as the superuser, outside of a transaction; gives what they answer, a row a line.
    pub fn sql(&self, database: &str, statements: &[&str]) -> String {
        let mut psql = self.client("psql");
        psql.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--dbname",
        ]);
        psql.arg(database);
        for statement in statements {
            psql.arg("--command").arg(statement);
        }
        let said = psql.output().expect("psql runs");
        assert!(said.status.success(), "psql: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).expect("answers are text").trim_end().to_owned()
    }

    /// Runs a file of statements.
    pub fn sql_file(&self, database: &str, file: &Path) {
        let mut psql = self.client("psql");
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", database, "--file"])
            .arg(file);
        let said = psql.stdout(Stdio::null()).output().expect("psql runs");
        assert!(said.status.success(), "psql: {}", String::from_utf8_lossy(&said.stderr));
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        let port = self.settings.iter().find_map(|setting| setting.strip_prefix("port=")).unwrap_or("5432");
        command.arg("--host").arg(&self.folder).args(["--username=dancu", "--port", port]);
        command
    }

    fn make() -> Self {
        let binaries = binaries();
        let folder = new_folder();
        let data = folder.join("data");
        let mut initdb = as_server(&binaries.join("initdb"));
        initdb.args(["--auth=trust", "--username=dancu", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        let made = initdb.arg("--pgdata").arg(&data).output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let settings = SETTINGS.map(str::to_owned).to_vec();
        Self { folder, binaries, settings, server: Mutex::new(None), databases: AtomicU32::new(0) }
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://dancu@/{database}?host={}", self.folder.display())
    }

    /// Makes a new, empty database, or a copy of another one to which nobody is connected. Gives its name.
    pub fn create_database(&self, template: &str) -> String {
        let name = format!("case_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut createdb = self.client("createdb");
        let made = createdb.args(["--template", template, &name]).output().expect("createdb runs");
        assert!(made.status.success(), "createdb: {}", String::from_utf8_lossy(&made.stderr));
        name
    }

    /// Kills the server's first process, as a crash of the machine would, and waits for its end.
    pub fn kill(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut child) = server.take() {
            child.kill().expect("the server is killed");
            child.wait().expect("the server ends");
        }
    }

    /// Stops the server at once, without writing anything down: all its processes have ended afterwards.
    pub fn stop_immediately(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut child) = server.take() {
            let mut stop = as_server(&self.binaries.join("pg_ctl"));
            stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(self.folder.join("data"));
            assert!(stop.status().expect("pg_ctl runs").success(), "pg_ctl stops the server");
            child.wait().expect("the server ends");
        }
    }

    /// Starts the server again after [`PostgresCluster::kill`], and waits until it takes connections.
    pub fn resume(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(server.is_none(), "the server runs already");
        // What is left of a killed server holds its memory for a moment; the start fails until it is gone.
        *server = (0..STARTS_MAX).find_map(|_| self.try_start());
        assert!(server.is_some(), "the server does not start: see {}", self.folder.join("log").display());
    }

    fn try_start(&self) -> Option<Child> {
        let mut command = as_server(&self.binaries.join("postgres"));
        command.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        for setting in &self.settings {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let (ready, started) = mpsc::channel();
        let log = self.folder.join("log");
        // The server ends with the thread that started it, which lives until the server has ended or the process.
        thread::spawn(move || {
            let mut child = command.spawn().expect("postgres runs");
            let stderr = child.stderr.take().expect("it was asked for");
            let mut child = Some(child);
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = fs::OpenOptions::new().create(true).append(true).open(&log).and_then(|mut file| {
                    std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes())
                });
                if line.contains("ready to accept") {
                    let _ = ready.send(child.take());
                }
            }
            if let Some(mut child) = child {
                let _ = child.wait();
                let _ = ready.send(None);
            }
        });
        started.recv().ok().flatten()
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        self.stop_immediately();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The newest server of Debian's packages, or the one on the path.
fn binaries() -> PathBuf {
    let mut installed: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            let binaries = path.join("bin");
            binaries.join("initdb").exists().then_some((version, binaries))
        })
        .collect();
    installed.sort();
    if let Some((_, newest)) = installed.pop() {
        return newest;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("initdb").exists());
    found.expect("the package `postgresql` is installed; ./test installs it")
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A command that ends with the thread that starts it, and that is not root: the server refuses to be.
fn as_server(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.arg("--").arg(program).current_dir("/");
    command
}

/// A folder that only the server's user reads. Those of processes that are gone are removed.
fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let parent = std::env::temp_dir();
    for entry in fs::read_dir(&parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = parent.join(format!("{PREFIX}{}-{count}", std::process::id()));
    fs::DirBuilder::new().mode(0o700).create(&folder).expect("tests may make folders");
    give_to_server(&folder);
    folder
}

/// Where root runs the tests, the server is another user.
fn give_to_server(path: &Path) {
    if is_root() {
        let user = fs::read_to_string("/etc/passwd").expect("there are users");
        let fields =
            user.lines().find(|line| line.starts_with("postgres:")).expect("the package made its user");
        let mut ids = fields.split(':').skip(2).map(|field| field.parse::<u32>().expect("a number"));
        chown(path, ids.next(), ids.next()).expect("root may give files away");
    }
}
