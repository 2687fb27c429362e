//! TLS to the server: rustls with the cryptography of the rest of the program.

use crate::{
    location::{FileProblem, LocationError},
    password::read_secret,
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The name under which the authorities of this machine are meant.
const OF_THE_SYSTEM: &str = "system";

/// What is asked of the way to a server, in the words of PostgreSQL's own programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// `disable`: in the clear.
    Disable,
    /// `prefer`: encrypted if the server can.
    Prefer,
    /// `require`: encrypted; whoever is there is believed.
    Require,
    /// `verify-ca`: the certificate is of a known authority.
    VerifyAuthority,
    /// `verify-full`: and it is that of the host which was named.
    VerifyFull,
}

impl Mode {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyAuthority,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

/// How handshakes are made.
pub(crate) type TlsSettings = MakeRustlsConnect;

/// The files that an address names, and what was made of them for each mode.
#[derive(Default)]
pub(crate) struct TlsFiles {
    pub root: Option<PathBuf>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    made: HashMap<Mode, TlsSettings>,
}

impl TlsFiles {
    /// The settings of a mode, and none for the mode that needs none.
    pub(crate) fn settings(&mut self, mode: Mode) -> Result<Option<TlsSettings>, LocationError> {
        if mode == Mode::Disable {
            return Ok(None);
        }
        if let Some(made) = self.made.get(&mode) {
            return Ok(Some(made.clone()));
        }
        let settings = MakeRustlsConnect::new(self.client_config(mode)?);
        self.made.insert(mode, settings.clone());
        Ok(Some(settings))
    }

    fn client_config(&self, mode: Mode) -> Result<ClientConfig, LocationError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match mode {
            Mode::Disable | Mode::Prefer | Mode::Require => Arc::new(AnyServer(Arc::clone(&provider))),
            Mode::VerifyAuthority => Arc::new(AnyName(self.verifier(mode, &provider)?)),
            Mode::VerifyFull => self.verifier(mode, &provider)?,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has suites for both versions")
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        match (&self.certificate, &self.key) {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(certificate), Some(key)) => {
                let malformed = |path: &Path| failed(path, FileProblem::Malformed);
                let private =
                    PrivateKeyDer::from_pem_slice(&read_secret(key)?).map_err(|_| malformed(key))?;
                builder.with_client_auth_cert(certificates(certificate)?, private).map_err(|_| malformed(key))
            }
            // One is nothing without the other.
            _ => Err(LocationError::Unreadable),
        }
    }

    fn verifier(
        &self,
        mode: Mode,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, LocationError> {
        let mut roots = RootCertStore::empty();
        match &self.root {
            Some(path) if path.as_os_str() != OF_THE_SYSTEM => {
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|_| failed(path, FileProblem::Malformed))?;
                }
            }
            // Everybody gets a certificate of a public authority for some name.
            _ if mode == Mode::VerifyAuthority => return Err(LocationError::Unreadable),
            _ => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        let path = self.root.as_deref().unwrap_or(Path::new(OF_THE_SYSTEM));
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|_| failed(path, FileProblem::Malformed))
    }
}

fn failed(path: &Path, problem: FileProblem) -> LocationError {
    LocationError::File { path: path.to_owned(), problem }
}

/// The certificates of a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, LocationError> {
    let text = std::fs::read(path).map_err(|_| failed(path, FileProblem::Unreadable))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| failed(path, FileProblem::Malformed))
}

/// Believes every certificate; what was signed in the handshake must still be signed with its key.
struct AnyServer(Arc<CryptoProvider>);

/// Asks who issued a certificate, and not for whom.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl fmt::Debug for AnyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyServer")
    }
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        status: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The chain is verified before the name is compared.
        match self.0.verify_server_cert(certificate, between, name, status, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
