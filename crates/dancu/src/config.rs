//! Configuration in layers: built-in values, then `dancu.toml`, then the environment (`DANCU_…`), then flags.

use dancu_exchange::{XRoadFaultCodes, XRoadMember, XRoadPlace};
use dancu_ledger::NodeName;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{fmt, net::SocketAddr, path::PathBuf};
use url::Url;

/// Address of a database or a NATS server. It may hold a password, so it prints nothing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(Option<String>);

impl SecretUrl {
    /// From a text.
    pub const fn new(text: String) -> Self {
        Self(Some(text))
    }

    /// The text, if one is set.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text().is_some() { "SecretUrl(…)" } else { "SecretUrl(none)" })
    }
}

/// A witness that is asked to cosign this node's log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessSetting {
    /// Where it is asked: the address before `/add-checkpoint`.
    pub url: Url,
    /// Its verifier key, of the kind for cosignatures.
    pub key: String,
}

/// Settings of the log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerSettings {
    /// Witnesses that are asked to cosign.
    pub witnesses: Vec<WitnessSetting>,
    /// How many cosignatures make a checkpoint one that is shown as cosigned; more than half of the witnesses when left out.
    pub witness_quorum: Option<usize>,
}

/// All settings of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the databases and the log's files.
    pub data_dir: PathBuf,
    /// Folder of the keys. Keep it on another disk and back it up apart from the data.
    pub keys_dir: PathBuf,
    /// Database in place of files in the data folder, `postgres://user:password@host:5432/name`; files when left out.
    pub store_url: SecretUrl,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Chain of the server's certificate in PEM; with it and `tls_key` the port speaks TLS. Renewed files are taken up
    /// within a minute. Without them a proxy in front ends TLS.
    pub tls_certificate: Option<PathBuf>,
    /// Key of the certificate in PEM.
    pub tls_key: Option<PathBuf>,
    /// Where browsers find the pages. Passkeys are bound to its host name, so it must be a name, not an address.
    pub public_origin: Url,
    /// Who we are on an X-Road, e.g. `VN/GOV/c06/dan-cu`; with it, and with TLS, the X-Road door is open.
    pub xroad_member: Option<XRoadMember>,
    /// How faults are spelt there: `7.7`, as up to that release, or `7.8`.
    pub xroad_fault_codes: XRoadFaultCodes,
    /// Where the running source code can be read, for the pages' footer; no link when left out.
    pub source_url: Option<String>,
    /// Name of the log, in its checkpoints for ever (C2SP tlog-checkpoint: the origin). Of a node with a name of its own it
    /// is the beginning: `<log_origin>/<node>`.
    pub log_origin: String,
    /// Name of this node among several over one database, for ever.
    pub node: NodeName,
    /// The log's witnesses.
    pub ledger: LedgerSettings,
    /// Connections for reading the register.
    pub readers: usize,
    /// Longest wait of a record for others to share its commit, microseconds.
    pub commit_linger_us: u64,
    /// Open connections of clients.
    pub connections_max: usize,
    /// Start although the newest record is later than the clock.
    pub accept_clock_behind: bool,
    /// Networks of our own to which changes may be delivered, e.g. `["10.20.0.0/16"]`. The open Internet always is
    /// allowed; with `127.0.0.0/8` a trial on this machine needs no TLS.
    pub webhook_networks: Vec<IpNet>,
    /// NATS server with its streams switched on, for contracts whose changes are delivered into one, e.g.
    /// `tls://dancu:password@nats.example:4222`; none when left out. Without TLS only at an address of this machine.
    pub nats_url: SecretUrl,
    /// Root certificates of the NATS server in PEM, in place of those of the system.
    pub nats_certificates: Option<PathBuf>,
    /// Address of a time-stamping authority (RFC 3161) that puts a time on the log's checkpoints; none when left out.
    pub timestamp_url: Option<Url>,
    /// Its root certificates in PEM. Needed with the address: what nobody can verify proves nothing.
    pub timestamp_certificates: Option<PathBuf>,
    /// Minutes between two time-stamps.
    pub timestamp_minutes: u32,
    /// Rules of the house in Cedar, which forbid more than the contracts do; read at the start. None when left out.
    pub house_rules: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "var/data".into(),
            keys_dir: "var/keys".into(),
            store_url: SecretUrl::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls_certificate: None,
            tls_key: None,
            public_origin: Url::parse("http://localhost:8080").expect("a constant that is tested"),
            xroad_member: None,
            xroad_fault_codes: XRoadFaultCodes::default(),
            source_url: None,
            log_origin: "dancu.example/log".to_owned(),
            node: NodeName::default(),
            ledger: LedgerSettings::default(),
            readers: std::thread::available_parallelism().map_or(2, usize::from) + 2,
            commit_linger_us: dancu_ledger::CommitOptions::default().linger_us,
            connections_max: 16_384,
            accept_clock_behind: false,
            webhook_networks: Vec::new(),
            nats_url: SecretUrl::default(),
            nats_certificates: None,
            timestamp_url: None,
            timestamp_certificates: None,
            timestamp_minutes: 60,
            house_rules: None,
        }
    }
}

impl Config {
    /// The settings by name. Other variables that begin with `DANCU_` belong to others, such as the tests.
    const NAMES: [&str; 24] = [
        "data_dir",
        "keys_dir",
        "store_url",
        "listen",
        "tls_certificate",
        "tls_key",
        "public_origin",
        "source_url",
        "xroad_member",
        "xroad_fault_codes",
        "log_origin",
        "node",
        "ledger",
        "readers",
        "commit_linger_us",
        "connections_max",
        "accept_clock_behind",
        "webhook_networks",
        "nats_url",
        "nats_certificates",
        "timestamp_url",
        "timestamp_certificates",
        "timestamp_minutes",
        "house_rules",
    ];

    /// Our place on an X-Road, if we have one.
    pub fn xroad_place(&self) -> Option<XRoadPlace> {
        let member = self.xroad_member.clone()?;
        Some(XRoadPlace { member, fault_codes: self.xroad_fault_codes })
    }

    /// Reads all layers but the flags.
    pub fn read(file: &std::path::Path) -> Result<Self, String> {
        Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file))
            .merge(Env::prefixed("DANCU_").only(&Self::NAMES))
            .extract()
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_values_are_complete() {
        let config = Config::read(std::path::Path::new("no-such-file.toml")).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_origin.as_str(), "http://localhost:8080/");
    }

    #[test]
    fn every_setting_can_come_from_the_environment() {
        let all = serde_json::to_value(Config::default()).unwrap();
        let mut names: Vec<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
        let mut listed = Config::NAMES;
        names.sort_unstable();
        listed.sort_unstable();
        assert_eq!(names, listed);
    }

    #[test]
    fn the_address_of_a_database_prints_nothing() {
        let config =
            Config { store_url: SecretUrl::new("postgres://a:geheim@b/c".to_owned()), ..Config::default() };
        assert!(!format!("{config:?}").contains("geheim"));
    }

    #[test]
    fn witnesses_are_read_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dancu.toml");
        let text = "[ledger]\nwitness_quorum = 1\n[[ledger.witnesses]]\nurl = \"https://w.example/\"\nkey = \"w+1a2b3c4d+BA\"\n";
        std::fs::write(&file, text).unwrap();
        let ledger = Config::read(&file).unwrap().ledger;
        assert_eq!((ledger.witnesses.len(), ledger.witness_quorum), (1, Some(1)));
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let folder = std::env::temp_dir().join(format!("dancu-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("dancu.toml");
        std::fs::write(&file, "data_dri = \"x\"").unwrap();
        assert!(Config::read(&file).unwrap_err().contains("data_dri"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
