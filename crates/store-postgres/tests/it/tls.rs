//! The way to a server on another machine: who is believed, and what is refused.

use crate::cluster::free_port;
use dancu_core::StoreError;
use dancu_store_postgres::{DatabaseOptions, PostgresStore, StoreLocation};
use dancu_testkit::{PostgresCluster, TcpServer};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The name in the server's certificate. No name server knows it: the address is given beside it.
const HOST: &str = "db.dancu.example";
/// By TLS with a password, by TLS with a certificate, and nobody in the clear.
const ADMITS: &str = "hostssl all secret 127.0.0.1/32 scram-sha-256\n\
                      hostssl all visitor 127.0.0.1/32 cert\n\
                      hostnossl all all 127.0.0.1/32 reject";

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    Authority { pem, issuer: Issuer::new(params, key) }
}

impl Authority {
    /// A certificate and its key.
    fn issue(&self, name: &str, hosts: &[&str]) -> (String, String) {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// Files that only we read.
struct Files(TempDir);

impl Files {
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

async fn try_open(url: &str) -> Result<(), String> {
    let location: StoreLocation = url.parse().map_err(|error| format!("{error:?}"))?;
    let store =
        PostgresStore::open(&location, DatabaseOptions::default()).await.map_err(|error| match error {
            StoreError::Failed { detail, .. } => detail,
            other => other.to_string(),
        })?;
    store.close();
    Ok(())
}

async fn refused(url: &str, why: &str) {
    let told = try_open(url).await.unwrap_err();
    assert!(told.contains(why), "{told}");
    assert!(!told.contains("geheim") && !told.contains("falsch"), "{told}");
}

#[tokio::test]
async fn a_server_is_believed_by_its_authority_and_its_name() {
    let files = Files(tempfile::tempdir().unwrap());
    let ours = authority("Dancu test authority");
    let (certificate, key) = ours.issue(HOST, &[HOST]);
    let port = free_port();
    let cluster = PostgresCluster::start_on_tcp(TcpServer {
        port,
        admits: ADMITS,
        tls: Some((&certificate, &key, &ours.pem)),
    });
    cluster.sql(
        "postgres",
        &["CREATE ROLE secret SUPERUSER LOGIN PASSWORD 'geheim'", "CREATE ROLE visitor SUPERUSER LOGIN"],
    );
    let shown = |path: &Path| path.display().to_string();
    let root = shown(&files.write("root.pem", &ours.pem));
    let other = shown(&files.write("other.pem", &authority("Somebody else").pem));
    let passfile = shown(&files.write("pgpass", &format!("*:{port}:*:secret:geheim\n")));
    let wrong = shown(&files.write("wrong", "*:*:*:*:falsch\n"));
    let by_name = format!("postgres://secret@{HOST}:{port}/postgres?hostaddr=127.0.0.1&passfile={passfile}");
    let nearby = format!("postgres://secret@localhost:{port}/postgres?passfile={passfile}");

    try_open(&format!("{by_name}&sslrootcert={root}")).await.unwrap();
    refused(&format!("{by_name}&sslrootcert={other}"), "UnknownIssuer").await;
    refused(&format!("{by_name}&sslrootcert={other}&sslmode=verify-ca"), "UnknownIssuer").await;
    refused(&format!("{by_name}&sslrootcert={other}&sslmode=require"), "UnknownIssuer").await;
    refused(&format!("{nearby}&sslrootcert={root}"), "TLS with the database failed").await;
    refused(&format!("{nearby}&sslrootcert={root}&sslmode=verify-full"), "not valid for name").await;
    for weaker in ["require", "prefer", "verify-ca"] {
        let named = if weaker == "verify-ca" { format!("&sslrootcert={root}") } else { String::new() };
        try_open(&format!("{nearby}&sslmode={weaker}{named}")).await.unwrap();
    }
    // In the clear this server lets nobody in, and says so.
    refused(&format!("{nearby}&sslmode=disable"), "refuses the user").await;
    refused(&nearby, "refuses the user").await;
    let with_wrong =
        format!("postgres://secret@{HOST}:{port}/postgres?hostaddr=127.0.0.1&sslrootcert={root}");
    refused(&format!("{with_wrong}&passfile={wrong}"), "refuses the user").await;

    let (mine, my_key) = ours.issue("visitor", &[]);
    let (mine, my_key) = (shown(&files.write("my.pem", &mine)), shown(&files.write("my.key", &my_key)));
    let visitor = format!("postgres://visitor@{HOST}:{port}/postgres?hostaddr=127.0.0.1&sslrootcert={root}");
    try_open(&format!("{visitor}&sslcert={mine}&sslkey={my_key}")).await.unwrap();
    refused(&visitor, "refuses the user").await;
    fs::set_permissions(&my_key, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&format!("{visitor}&sslcert={mine}&sslkey={my_key}"), "Exposed").await;
}

#[tokio::test]
async fn a_server_without_tls_is_refused_unless_it_may_be_in_the_clear() {
    let port = free_port();
    let _cluster = PostgresCluster::start_on_tcp(TcpServer { port, admits: "", tls: None });
    let far = format!("postgres://dancu@{HOST}:{port}/postgres?hostaddr=127.0.0.1");
    let near = format!("postgres://dancu@127.0.0.1:{port}/postgres");
    refused(&format!("{near}?sslmode=require"), "does not support TLS").await;
    refused(&format!("{far}&sslmode=require"), "does not support TLS").await;
    for clear in [near.clone(), format!("{near}?sslmode=prefer"), format!("{near}?sslmode=disable")] {
        try_open(&clear).await.unwrap();
    }
    try_open(&format!("{far}&sslmode=disable")).await.unwrap();
}
