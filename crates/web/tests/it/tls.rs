//! Mutual TLS on a real socket: who shows a registered certificate gets a token, and the token works with it alone.

use crate::house::{HOA, House};
use dancu_web::{ServerLimits, Tls, router, serve, thumbprint_of_file};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsConnector;

/// A self-signed certificate and its key, in a folder.
fn pair(folder: &Path, name: &str) -> Pair {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    Pair { certificate, key }
}

pub struct Pair {
    certificate: std::path::PathBuf,
    key: std::path::PathBuf,
}

/// The house behind TLS, with the bank's software bound to a certificate.
pub struct Guarded {
    pub house: House,
    address: SocketAddr,
    server: Pair,
    pub bank: Pair,
    pub stranger: Pair,
    /// Where the certificates are.
    _folder: TempDir,
}

impl Guarded {
    pub async fn open() -> Self {
        Self::open_with(&[("fetch", json!(["name"]))]).await
    }

    /// With other terms in the bank's contract.
    pub async fn open_with(terms: &[(&str, Value)]) -> Self {
        let pairs = tempfile::tempdir().unwrap();
        let [server, bank, stranger] = ["server", "bank", "stranger"].map(|name| pair(pairs.path(), name));
        let mut clients: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
        // The key of RFC 8037, appendix A.2, with the bank's certificate beside it.
        clients["clients"][1]["keys"] = json!([{
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "x5t#S256": thumbprint_of_file(&bank.certificate).unwrap(),
        }]);
        clients["contracts"][1]["xroad_client"] = json!("VN/COM/ngan-hang/core");
        for (key, value) in terms {
            clients["contracts"][1][*key] = value.clone();
        }
        let house = House::open_with(clients).await;
        let tls = Some(Arc::new(Tls::open(&server.certificate, &server.key).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = router(Arc::clone(&house.state));
        tokio::spawn(serve(listener, tls, routes, ServerLimits::default(), std::future::pending()));
        Self { house, address, server, bank, stranger, _folder: pairs }
    }

    /// One request over a connection of its own; status and JSON of the answer.
    pub async fn ask(&self, shows: Option<&Pair>, request: &str, body: &str) -> (u16, Value) {
        let (status, _, body) = self.ask_whole(shows, request, body).await;
        (status, body)
    }

    /// The same, with the head of the answer.
    pub async fn ask_whole(&self, shows: Option<&Pair>, request: &str, body: &str) -> (u16, String, Value) {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.server.certificate).unwrap()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match shows {
            Some(pair) => {
                let chain = vec![CertificateDer::from_pem_file(&pair.certificate).unwrap()];
                builder
                    .with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(&pair.key).unwrap())
                    .unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        let length = body.len();
        let text = format!(
            "{request}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    async fn token(&self, shows: Option<&Pair>, client: &str) -> (u16, Value) {
        let request = "POST /oauth/token HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded";
        self.ask(shows, request, &format!("grant_type=client_credentials&client_id={client}")).await
    }

    async fn verify(&self, shows: Option<&Pair>, token: &str) -> (u16, Value) {
        let request = format!("POST /v1/verify HTTP/1.1\r\nauthorization: Bearer {token}");
        self.ask(shows, &request, &json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string()).await
    }
}

#[tokio::test]
async fn the_certificate_of_the_connection_proves_the_client_and_binds_its_token() {
    let guarded = Guarded::open().await;
    let (status, body) = guarded.token(Some(&guarded.bank), "bank-core").await;
    assert_eq!(status, 200, "{body}");
    let token = body["access_token"].as_str().unwrap();
    let (status, body) = guarded.verify(Some(&guarded.bank), token).await;
    assert_eq!((status, &body["answers"]["name"]), (200, &json!("match")));
    // Stolen, it is worth nothing: without the certificate, or with another one.
    for shows in [None, Some(&guarded.stranger)] {
        let (status, body) = guarded.verify(shows, token).await;
        assert_eq!((status, &body["code"]), (401, &json!("DANCU-EXCHANGE-021")));
    }
    let counts = guarded.house.state.refusals.counts();
    assert!(counts.contains(&(dancu_exchange::RefusalReason::TokenCertificate, 2)), "{counts:?}");
    assert_eq!(guarded.house.state.ledger.size(), 1, "nothing was disclosed to the thief");
}

#[tokio::test]
async fn a_certificate_that_is_not_registered_proves_nobody() {
    let guarded = Guarded::open().await;
    for (shows, client) in [
        (Some(&guarded.stranger), "bank-core"),
        (Some(&guarded.bank), "hospital-desk"),
        (Some(&guarded.bank), "nobody"),
        (Some(&guarded.bank), "KHÔNG"),
        (None, "bank-core"),
    ] {
        let (status, body) = guarded.token(shows, client).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{client}");
    }
    let (status, body) = guarded.ask(None, "GET /health HTTP/1.1", "").await;
    assert_eq!((status, body.is_null()), (200, false), "the pages need no certificate");
}

#[tokio::test]
async fn whoever_speaks_plainly_to_a_tls_port_is_let_go() {
    let guarded = Guarded::open().await;
    let mut stream = TcpStream::connect(guarded.address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // A TLS alert, and the end.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
}
