//! Where a database is: the address as an operator writes it, and as it may be shown.

use crate::{
    password::Passwords,
    tls::{Mode, TlsFiles, TlsSettings},
};
use dancu_core::{Explain, Explanation};
use percent_encoding::percent_decode_str;
use std::{
    ffi::OsString,
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};
use tokio_postgres::{
    Config,
    config::{Host, LoadBalanceHosts, SslMode, TargetSessionAttrs},
};

/// A server of the address, and how it is spoken to.
#[derive(Clone)]
pub(crate) struct Server {
    pub config: Config,
    pub tls: Option<TlsSettings>,
}

/// The address of a database: one server, or several of which one takes writes. It may hold a password, so it prints
/// without.
#[derive(Clone)]
pub struct StoreLocation {
    servers: Arc<[Server]>,
    shown: Arc<Path>,
    is_password_in_it: bool,
}

/// What is wrong with a file that an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileProblem {
    /// It cannot be read.
    Unreadable,
    /// It holds nothing of what it should.
    Malformed,
    /// Others on this machine may read it.
    Exposed,
}

/// An address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It is none.
    #[error("the address of the database does not read")]
    Unreadable,
    /// It would go over the network without encryption whenever somebody on the way wants it, and does not say that
    /// this is meant.
    #[error("the address of the database lets the way to another machine be in the clear")]
    Unencrypted,
    /// A file of certificates, keys or passwords cannot be used.
    #[error("{}: {problem:?}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: FileProblem,
    },
}

impl Explain for LocationError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unreadable => Explanation::new(
                "DANCU-STORE-010",
                "Địa chỉ kho dữ liệu không đọc được. Hãy viết dạng postgres://người_dùng@máy:5432/tên.",
                "The address of the store does not read. Write it as postgres://user@host:5432/name.",
            ),
            Self::Unencrypted => Explanation::new(
                "DANCU-STORE-011",
                "Kho dữ liệu ở máy khác, mà sslmode=prefer cho phép truyền không mã hóa. Hãy bỏ sslmode (mã hóa và \
                 kiểm tra chứng thư), hoặc viết sslmode=disable nếu mạng đã được mã hóa ở lớp dưới.",
                "The store is on another machine, and sslmode=prefer lets it be reached in the clear. Leave sslmode out \
                 (encrypted, certificate verified), or write sslmode=disable if the network below is encrypted.",
            ),
            Self::File { path, problem } => {
                let (vi, en) = match problem {
                    FileProblem::Unreadable => (
                        "không đọc được. Hãy kiểm tra tên và quyền",
                        "cannot be read. Check its name and permissions",
                    ),
                    FileProblem::Malformed => (
                        "không chứa nội dung cần có. Hãy kiểm tra tệp",
                        "does not hold what it should. Check the file",
                    ),
                    FileProblem::Exposed => (
                        "mở cho người khác đọc. Hãy chạy chmod 600",
                        "is open to others. Run chmod 600 on it",
                    ),
                };
                let path = path.display();
                Explanation::new(
                    "DANCU-STORE-013",
                    format!("Tệp {path} trong địa chỉ kho dữ liệu {vi}."),
                    format!("The file {path}, named by the address of the store, {en}."),
                )
            }
        }
    }
}

impl StoreLocation {
    /// Whether a text is the address of a database rather than a folder.
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Reads an address. Of the variables of the environment `PGPASSWORD`, `PGPASSFILE` and `HOME` (for `.pgpass`) are
    /// asked for, as PostgreSQL's own programs do; the files that it names are read now.
    pub fn read(text: &str, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, LocationError> {
        if !Self::is_one(text) {
            return Err(LocationError::Unreadable);
        }
        let (ours, rest) = split_parameters(text)?;
        let config: Config = rest.parse().map_err(|_| LocationError::Unreadable)?;
        if config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            return Err(LocationError::Unreadable);
        }
        let mut tls = ours.tls;
        let passwords = match config.get_password() {
            Some(_) => Passwords::default(),
            None => Passwords::read(ours.passfile, variable)?,
        };
        let servers = (0..config.get_hosts().len().max(config.get_hostaddrs().len()))
            .map(|place| {
                let (mut alone, is_near) = server(&config, place)?;
                if config.get_password().is_none()
                    && let Some(password) = passwords.of(&alone)
                {
                    alone.password(password);
                }
                let mode = effective_mode(&alone, ours.mode, is_near, tls.root.is_some())?;
                alone.ssl_mode(mode.of_driver());
                let tls = tls.settings(mode)?;
                if tls.is_some() && alone.get_hosts().is_empty() {
                    // Without a name there is nothing that a certificate could be compared with.
                    return Err(LocationError::Unreadable);
                }
                Ok(Server { config: alone, tls })
            })
            .collect::<Result<Arc<[Server]>, LocationError>>()?;
        if servers.is_empty() {
            return Err(LocationError::Unreadable);
        }
        let shown = PathBuf::from(shown(&config)).into();
        Ok(Self { servers, shown, is_password_in_it: config.get_password().is_some() })
    }

    /// The address without name of user and password, for messages.
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// Whether the address itself holds a password. A command line is no place for it: others see that.
    pub const fn holds_password(&self) -> bool {
        self.is_password_in_it
    }

    pub(crate) fn shared(&self) -> Arc<Path> {
        Arc::clone(&self.shown)
    }

    pub(crate) fn servers(&self) -> Arc<[Server]> {
        Arc::clone(&self.servers)
    }
}

impl FromStr for StoreLocation {
    type Err = LocationError;

    /// As [`StoreLocation::read`], without an environment.
    fn from_str(text: &str) -> Result<Self, LocationError> {
        Self::read(text, &|_| None)
    }
}

/// Parameters that the driver does not know.
#[derive(Default)]
struct Ours {
    mode: Option<Mode>,
    tls: TlsFiles,
    passfile: Option<PathBuf>,
}

/// Takes our parameters out of an address.
fn split_parameters(text: &str) -> Result<(Ours, String), LocationError> {
    let mut ours = Ours::default();
    let Some((before, parameters)) = text.split_once('?') else { return Ok((ours, text.to_owned())) };
    let mut others = Vec::new();
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or(LocationError::Unreadable)?;
        let value = percent_decode_str(value).decode_utf8().map_err(|_| LocationError::Unreadable)?;
        let path = || Some(PathBuf::from(value.as_ref()));
        match name {
            "sslmode" => ours.mode = Some(Mode::named(&value).ok_or(LocationError::Unreadable)?),
            "sslrootcert" => ours.tls.root = path(),
            "sslcert" => ours.tls.certificate = path(),
            "sslkey" => ours.tls.key = path(),
            "passfile" => ours.passfile = path(),
            _ => others.push(parameter),
        }
    }
    let question = if others.is_empty() { "" } else { "?" };
    Ok((ours, format!("{before}{question}{}", others.join("&"))))
}

/// One server of an address by itself, and whether it is on this machine.
fn server(all: &Config, place: usize) -> Result<(Config, bool), LocationError> {
    let mut alone = Config::new();
    let host = all.get_hosts().get(place);
    let address = all.get_hostaddrs().get(place);
    let is_local = |name: &str| name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let is_near = match host {
        Some(Host::Unix(folder)) => {
            alone.host_path(folder);
            true
        }
        Some(Host::Tcp(name)) => {
            alone.host(name);
            address.map_or_else(|| name == "localhost" || is_local(name), IpAddr::is_loopback)
        }
        None => address.is_some_and(IpAddr::is_loopback),
    };
    if let Some(address) = address {
        alone.hostaddr(*address);
    }
    if let [first, others @ ..] = all.get_ports() {
        let port = if others.is_empty() { Some(first) } else { all.get_ports().get(place) };
        alone.port(*port.ok_or(LocationError::Unreadable)?);
    }
    if let Some(user) = all.get_user() {
        alone.user(user);
    }
    if let Some(password) = all.get_password() {
        alone.password(password);
    }
    if let Some(name) = all.get_dbname() {
        alone.dbname(name);
    }
    if let Some(options) = all.get_options() {
        alone.options(options);
    }
    alone.channel_binding(all.get_channel_binding());
    // Of several servers the one that takes writes is meant, said or not.
    let is_one = all.get_hosts().len().max(all.get_hostaddrs().len()) == 1;
    alone.target_session_attrs(if is_one {
        all.get_target_session_attrs()
    } else {
        TargetSessionAttrs::ReadWrite
    });
    Ok((alone, is_near))
}

/// How a server is spoken to: with all precautions when it is elsewhere and nothing is said.
fn effective_mode(
    server: &Config,
    said: Option<Mode>,
    is_near: bool,
    names_root: bool,
) -> Result<Mode, LocationError> {
    if matches!(server.get_hosts(), [Host::Unix(_)]) {
        return Ok(Mode::Disable);
    }
    match said {
        Some(Mode::Prefer) if !is_near => Err(LocationError::Unencrypted),
        // As PostgreSQL's own programs read it: whoever names an authority wants it asked.
        Some(Mode::Require) if names_root => Ok(Mode::VerifyAuthority),
        Some(mode) => Ok(mode),
        None if is_near && !names_root => Ok(Mode::Disable),
        None => Ok(Mode::VerifyFull),
    }
}

/// Hosts, ports and name of the database only: the other parts may hold what is secret.
fn shown(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts: Vec<String> = if config.get_hosts().is_empty() {
        config.get_hostaddrs().iter().map(ToString::to_string).collect()
    } else {
        let name = |host: &Host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        };
        config.get_hosts().iter().map(name).collect()
    };
    let hosts: Vec<String> = hosts
        .into_iter()
        .enumerate()
        .map(|(place, host)| match ports.get(place).or(ports.first()) {
            Some(port) => format!("{host}:{port}"),
            None => host,
        })
        .collect();
    format!("postgres://{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

impl Mode {
    const fn of_driver(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyAuthority | Self::VerifyFull => SslMode::Require,
        }
    }
}

impl fmt::Debug for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreLocation({})", self.shown.display())
    }
}

#[cfg(test)]
#[path = "location_tests.rs"]
mod tests;
