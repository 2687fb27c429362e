//! Where a database is: the address as an operator writes it, and as it may be shown.

use dancu_core::{Explain, Explanation};
use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// The address of a database. It may hold a password, so it prints without.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreLocation {
    config: Config,
    shown: Arc<Path>,
}

/// An address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It is none.
    #[error("the address of the database does not read")]
    Unreadable,
    /// It would go over the network without encryption, and does not say that this is meant.
    #[error("the address of the database names another machine without sslmode=disable")]
    Unencrypted,
    /// It asks for encryption.
    #[error("the address of the database asks for TLS")]
    Encrypted,
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
                "Kho dữ liệu ở máy khác mà đường truyền không mã hóa. Hãy dùng socket hoặc đường hầm trên máy này, \
                 hoặc thêm ?sslmode=disable nếu mạng đã được mã hóa ở lớp dưới.",
                "The store is on another machine and the way there is not encrypted. Use a socket or a tunnel on this \
                 machine, or add ?sslmode=disable if the network below is encrypted.",
            ),
            Self::Encrypted => Explanation::new(
                "DANCU-STORE-012",
                "Chương trình này chưa nói TLS với PostgreSQL. Hãy dùng đường hầm mã hóa trên máy này (stunnel, \
                 WireGuard) và ?sslmode=disable.",
                "This program does not speak TLS to PostgreSQL. Use an encrypted tunnel on this machine (stunnel, \
                 WireGuard) and ?sslmode=disable.",
            ),
        }
    }
}

impl StoreLocation {
    /// Whether a text is the address of a database rather than a folder.
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// The address without name of user and password, for messages.
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    pub(crate) fn shared(&self) -> Arc<Path> {
        Arc::clone(&self.shown)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }
}

impl FromStr for StoreLocation {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if !Self::is_one(text) {
            return Err(LocationError::Unreadable);
        }
        let config: Config = text.parse().map_err(|_| LocationError::Unreadable)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(LocationError::Unreadable);
        }
        if matches!(config.get_ssl_mode(), SslMode::Require) {
            return Err(LocationError::Encrypted);
        }
        let says_disable = config.get_ssl_mode() == SslMode::Disable;
        let is_near = config.get_hosts().iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
            }
        }) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        if !is_near && !says_disable {
            return Err(LocationError::Unencrypted);
        }
        let shown = PathBuf::from(shown(&config)).into();
        Ok(Self { config, shown })
    }
}

/// Host, port and name of the database only: the other parts may hold what is secret.
fn shown(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().map(|port| format!(":{port}")).unwrap_or_default();
    format!("postgres://{host}{port}/{}", config.get_dbname().unwrap_or_default())
}

impl fmt::Debug for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreLocation({})", self.shown.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_of(text: &str) -> Result<String, LocationError> {
        text.parse::<StoreLocation>().map(|location| location.shown().display().to_string())
    }

    #[test]
    fn a_password_is_never_shown() {
        let location: StoreLocation = "postgres://dancu:geheim@localhost:5433/register".parse().unwrap();
        assert_eq!(location.shown().display().to_string(), "postgres://localhost:5433/register");
        assert_eq!(format!("{location:?}"), "StoreLocation(postgres://localhost:5433/register)");
    }

    #[test]
    fn another_machine_is_named_with_sslmode_disable_or_not_at_all() {
        assert_eq!(shown_of("postgres://u@db.example/x"), Err(LocationError::Unencrypted));
        assert_eq!(shown_of("postgres://u@10.0.0.5/x?sslmode=prefer"), Err(LocationError::Unencrypted));
        assert_eq!(shown_of("postgres://u@db.example/x?sslmode=require"), Err(LocationError::Encrypted));
        assert!(shown_of("postgres://u@db.example/x?sslmode=disable").is_ok());
        assert!(shown_of("postgres://u@127.0.0.1/x").is_ok());
        assert!(shown_of("postgres://u@[::1]/x").is_ok());
        assert!(shown_of("postgres:///x?host=/run/postgresql").is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "var/data", "mysql://u@localhost/x", "postgres://", "postgres://localhost:x/y"] {
            assert_eq!(shown_of(text), Err(LocationError::Unreadable), "{text}");
        }
    }
}
