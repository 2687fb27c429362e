//! Whose time-stamps are believed.

use dancu_core::{Explain, Explanation};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime, pem::PemObject};
use std::{fmt, path::PathBuf, time::Duration};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// `id-kp-timeStamping`, 1.3.6.1.5.5.7.3.8: what a certificate must be meant for (RFC 3161, section 2.3).
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// The file holds no certificate.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} holds no certificate of a time-stamping authority", .file.display())]
pub struct TrustError {
    /// The file.
    pub file: PathBuf,
}

impl Explain for TrustError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-EVIDENCE-001",
            format!(
                "{} không có chứng thư PEM nào dùng được. Hãy lấy chứng thư gốc của tổ chức cấp dấu thời gian.",
                self.file.display()
            ),
            format!(
                "{} holds no usable certificate in PEM. Get the root certificate of the time-stamping authority.",
                self.file.display()
            ),
        )
    }
}

/// Roots under which a time-stamping authority's certificate must stand.
pub struct TrustedAuthorities {
    pem: String,
    anchors: Vec<TrustAnchor<'static>>,
}

impl fmt::Debug for TrustedAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedAuthorities({})", self.anchors.len())
    }
}

impl TrustedAuthorities {
    /// Reads certificates in PEM; `None` when there is none or one cannot be read.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let certificates =
            CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().ok()?;
        let anchors = certificates
            .iter()
            .map(|certificate| Some(anchor_from_trusted_cert(certificate).ok()?.to_owned()))
            .collect::<Option<Vec<_>>>()?;
        (!anchors.is_empty()).then(|| Self { pem: pem.to_owned(), anchors })
    }

    /// The certificates as they were given.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Whether a certificate was one for time-stamps under these roots at an instant, by way of the others.
    pub(crate) fn vouch_for(
        &self,
        certificate: &EndEntityCert<'_>,
        others: &[CertificateDer<'_>],
        unix_s: u64,
    ) -> bool {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(unix_s));
        let usage = KeyUsage::required(TIME_STAMPING);
        let algorithms = webpki::ALL_VERIFICATION_ALGS;
        certificate.verify_for_usage(algorithms, &self.anchors, others, time, usage, None, None).is_ok()
    }
}
