//! How a measurement's clients reach the server: in the clear, or over TLS with a certificate on either side.

use crate::failure::Failure;
use dancu_exchange::CertificateThumbprint;
use dancu_web::{Tls, thumbprint_of_file};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use sha2::{Digest, Sha256};
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

const NAME: &str = "localhost";

/// The certificates of one measurement; none in the clear.
pub struct Wire {
    pair: Option<Mutual>,
}

struct Mutual {
    server: Arc<Tls>,
    connector: TlsConnector,
    client_thumbprint: String,
    client_certificate: CertificateThumbprint,
}

/// A connection of the load.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Wire {
    /// Without TLS.
    pub const fn clear() -> Self {
        Self { pair: None }
    }

    /// Makes certificates of P-256 for the server and for the clients, in the folder.
    pub fn mutual(folder: &Path) -> Result<Self, Failure> {
        let (server, server_key) = certificate(folder, "server")?;
        let (client, client_key) = certificate(folder, "clients")?;
        let connector = connector(&server, &client, &client_key)
            .map_err(|error| Failure::file(folder, &io::Error::other(error)))?;
        let client_thumbprint = thumbprint_of_file(&client)?;
        let client_certificate = CertificateDer::from_pem_file(&client)
            .map_err(|error| Failure::file(&client, &io::Error::other(error)))?;
        let client_certificate = Sha256::digest(&client_certificate).into();
        let server = Arc::new(Tls::open(&server, &server_key)?);
        Ok(Self { pair: Some(Mutual { server, connector, client_thumbprint, client_certificate }) })
    }

    /// What the server serves with.
    pub fn server(&self) -> Option<Arc<Tls>> {
        self.pair.as_ref().map(|pair| Arc::clone(&pair.server))
    }

    /// The thumbprint under which the clients' certificate is registered.
    pub fn client_thumbprint(&self) -> Option<&str> {
        self.pair.as_ref().map(|pair| pair.client_thumbprint.as_str())
    }

    /// The same in bytes, as a connection shows it.
    pub fn client_certificate(&self) -> Option<&CertificateThumbprint> {
        self.pair.as_ref().map(|pair| &pair.client_certificate)
    }

    /// Opens a connection, its handshake included.
    pub async fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let Some(pair) = &self.pair else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
        Ok(Box::new(pair.connector.connect(name, stream).await?))
    }
}

fn certificate(folder: &Path, name: &str) -> Result<(PathBuf, PathBuf), Failure> {
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()])
        .map_err(|error| Failure::file(&certificate, &io::Error::other(error)))?;
    for (path, text) in [(&certificate, made.cert.pem()), (&key, made.signing_key.serialize_pem())] {
        std::fs::write(path, text).map_err(|error| Failure::file(path, &error))?;
    }
    Ok((certificate, key))
}

type Refused = Box<dyn std::error::Error + Send + Sync>;

fn connector(server: &Path, client: &Path, client_key: &Path) -> Result<TlsConnector, Refused> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(server)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(
            vec![CertificateDer::from_pem_file(client)?],
            PrivateKeyDer::from_pem_file(client_key)?,
        )?;
    Ok(TlsConnector::from(Arc::new(config)))
}
