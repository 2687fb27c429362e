//! TLS at our own door: the server's certificate, renewed without a restart, and the certificate that a client shows.
//!
//! A client's certificate is not judged by who issued it. It is proven by the handshake, and recognised by its thumbprint,
//! which stands in the client's contract (RFC 8705 2.2, `self_signed_tls_client_auth`): there is no path to build and no
//! authority to trust.

use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::{Explain, Explanation};
use dancu_exchange::CertificateThumbprint;
use rustls::{
    DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use sha2::{Digest, Sha256};
use std::{
    convert::Infallible,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};
use tokio_rustls::TlsAcceptor;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds no PEM of its kind.
    #[error("{file}: {detail}")]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Certificate and key do not belong together, or are of a kind that is not accepted.
    #[error("certificate and key: {0}")]
    Pair(rustls::Error),
}

impl Explain for TlsError {
    fn explain(&self) -> Explanation {
        match self {
            Self::File { file, detail } => Explanation::new(
                "DANCU-WEB-091",
                format!(
                    "Không đọc được chứng thư hoặc khóa TLS từ {} ({detail}). Hãy chỉ đúng tệp PEM.",
                    file.display()
                ),
                format!("{} gives no TLS certificate or key ({detail}). Name a PEM file.", file.display()),
            ),
            Self::Pair(error) => Explanation::new(
                "DANCU-WEB-092",
                format!("Chứng thư và khóa TLS không dùng được với nhau ({error}). Hãy kiểm tra hai tệp."),
                format!(
                    "The TLS certificate and key cannot be used together ({error}). Check the two files."
                ),
            ),
        }
    }
}

/// The server's certificate and key.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    /// What is served, with the times of the files that it was read from.
    held: RwLock<(Times, Arc<ServerConfig>)>,
}

type Times = [Option<SystemTime>; 2];

impl Tls {
    /// Reads a chain of certificates and its key from PEM files.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let held = RwLock::new((times(certificate, key), read(certificate, key)?));
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), held })
    }

    /// Reads the files again if they changed; whether they did. After an error the old certificate goes on being served.
    pub fn renew(&self) -> Result<bool, TlsError> {
        let now = times(&self.certificate, &self.key);
        if self.held.read().unwrap_or_else(PoisonError::into_inner).0 == now {
            return Ok(false);
        }
        let config = read(&self.certificate, &self.key)?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = (now, config);
        Ok(true)
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).1).into()
    }
}

fn times(certificate: &Path, key: &Path) -> Times {
    [certificate, key].map(|file| fs::metadata(file).and_then(|file| file.modified()).ok())
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let wrong = |file: &Path, error: &dyn std::fmt::Display| TlsError::File {
        file: file.to_owned(),
        detail: error.to_string(),
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(certificate, &error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(AnyCertificate(Arc::clone(&provider)));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, secret)
        .map_err(TlsError::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Takes whichever certificate a client shows, and none as well; the handshake proves that the client holds its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The thumbprint of the first certificate of a PEM file as it stands in a client's key (`x5t#S256`).
pub fn thumbprint_of_file(certificate: &Path) -> Result<String, TlsError> {
    let read = CertificateDer::from_pem_file(certificate);
    let read =
        read.map_err(|error| TlsError::File { file: certificate.to_owned(), detail: error.to_string() })?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(read)))
}

/// The thumbprint of the certificate that a client showed on its connection; none without TLS or certificate.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Peer(pub Option<CertificateThumbprint>);

impl Peer {
    /// From a finished handshake.
    pub fn of(connection: &rustls::ServerConnection) -> Self {
        let shown = connection.peer_certificates().and_then(<[_]>::first);
        Self(shown.map(|certificate| Sha256::digest(certificate).into()))
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate and key for `localhost` in two PEM files.
    fn files(folder: &Path) -> (PathBuf, PathBuf) {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.join("a.pem"), folder.join("a.key"));
        fs::write(&certificate, pair.cert.pem()).unwrap();
        fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    #[test]
    fn files_that_are_missing_empty_or_of_two_pairs_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = files(folder.path());
        assert!(Tls::open(&certificate, &key).is_ok());
        let missing = Tls::open(&folder.path().join("none.pem"), &key).unwrap_err();
        assert!(missing.explain().en.contains("none.pem"));
        let empty = folder.path().join("empty.pem");
        fs::write(&empty, "").unwrap();
        assert!(Tls::open(&empty, &key).is_err());
        assert!(matches!(Tls::open(&certificate, &empty), Err(TlsError::File { .. })));
        let (other, other_key) = files(tempfile::tempdir().unwrap().keep().as_path());
        assert!(matches!(Tls::open(&certificate, &other_key), Err(TlsError::Pair(_))));
        fs::remove_dir_all(other.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_renewed_certificate_is_served_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = files(folder.path());
        let tls = Tls::open(&certificate, &key).unwrap();
        assert!(!tls.renew().unwrap(), "nothing changed");
        files(folder.path());
        let later = SystemTime::UNIX_EPOCH + std::time::Duration::from_hours(24 * 365 * 80);
        fs::File::open(&certificate).unwrap().set_modified(later).unwrap();
        assert!(tls.renew().unwrap() && !tls.renew().unwrap());
        fs::write(&certificate, "broken").unwrap();
        assert!(tls.renew().is_err());
        let _still_there = tls.acceptor();
    }
}
