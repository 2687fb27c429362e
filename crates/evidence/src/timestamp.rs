//! A question to a time-stamping authority, and whether its answer is worth something (RFC 3161).

use crate::TrustedAuthorities;
use async_trait::async_trait;
use cms::{
    cert::CertificateChoices,
    signed_data::{SignedData, SignerIdentifier, SignerInfo},
};
use der::{
    Any, Decode, Encode,
    asn1::{Int, Null, ObjectIdentifier, OctetString},
    oid::db::{
        rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNED_DATA},
        rfc5912::{ID_SHA_256, ID_SHA_384, ID_SHA_512},
    },
};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256, Sha384, Sha512};
use spki::AlgorithmIdentifier;
use webpki::EndEntityCert;
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

/// `id-ct-TSTInfo`, the contents of a token.
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// Why there was no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthorityError {
    /// It cannot be reached, or took too long.
    #[error("the time-stamping authority cannot be reached")]
    Unreachable,
    /// It answered with a status of HTTP that is none of success.
    #[error("the time-stamping authority answered {0}")]
    Status(u16),
    /// Its answer is longer than any token.
    #[error("the answer of the time-stamping authority is too long")]
    TooLong,
}

/// Whoever puts a time on a hash.
#[async_trait]
pub trait TimestampAuthority: Send + Sync {
    /// Sends a query (`application/timestamp-query`) and gives back the reply, both in DER.
    async fn ask(&self, query: &[u8]) -> Result<Vec<u8>, AuthorityError>;
}

/// Why an answer proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// It cannot be read.
    #[error("the time-stamp cannot be read")]
    Unreadable,
    /// The authority refused.
    #[error("the time-stamping authority refused")]
    Refused,
    /// It is about something else than what was asked.
    #[error("the time-stamp is about something else")]
    OtherQuestion,
    /// It is not signed by an authority that is trusted.
    #[error("the time-stamp is not signed by a trusted authority")]
    Untrusted,
}

/// A question about one text.
#[derive(Debug, Clone)]
pub struct Query {
    digest: [u8; 32],
    nonce: Int,
    der: Vec<u8>,
}

impl Query {
    /// Asks for the time of a text. The random number ties the answer to this question.
    pub fn new(text: &[u8], mut random: [u8; 16]) -> Result<Self, TimestampError> {
        // A positive number without leading zeros has one form only.
        random[0] = random[0] & 0x3f | 0x40;
        let digest: [u8; 32] = Sha256::digest(text).into();
        let unreadable = |_| TimestampError::Unreadable;
        let nonce = Int::new(&random).map_err(unreadable)?;
        let hash_algorithm = AlgorithmIdentifier { oid: ID_SHA_256, parameters: Some(Any::from(Null)) };
        let request = TimeStampReq {
            version: TspVersion::V1,
            message_imprint: MessageImprint {
                hash_algorithm,
                hashed_message: OctetString::new(digest).map_err(unreadable)?,
            },
            req_policy: None,
            nonce: Some(nonce.clone()),
            cert_req: true,
            extensions: None,
        };
        Ok(Self { digest, nonce, der: request.to_der().map_err(unreadable)? })
    }

    /// What is sent.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The time that a reply gives, when it answers this very question and is signed under a trusted root.
    pub fn check(&self, reply: &[u8], trusted: &TrustedAuthorities) -> Result<Timestamp, TimestampError> {
        let (info, time) = read_reply(reply, trusted)?;
        let is_same = info.message_imprint.hash_algorithm.oid == ID_SHA_256
            && info.message_imprint.hashed_message.as_bytes() == self.digest
            && info.nonce.as_ref() == Some(&self.nonce);
        if is_same { Ok(time) } else { Err(TimestampError::OtherQuestion) }
    }
}

fn read_reply(reply: &[u8], trusted: &TrustedAuthorities) -> Result<(TstInfo, Timestamp), TimestampError> {
    let unreadable = |_| TimestampError::Unreadable;
    let reply = TimeStampResp::from_der(reply).map_err(unreadable)?;
    // Granted, or granted with changes that `check` finds.
    if reply.status.status as u32 > 1 {
        return Err(TimestampError::Refused);
    }
    let token = reply.time_stamp_token.ok_or(TimestampError::Refused)?;
    if token.content_type != ID_SIGNED_DATA {
        return Err(TimestampError::Unreadable);
    }
    let token: SignedData = token.content.decode_as().map_err(unreadable)?;
    let contents = &token.encap_content_info;
    let bytes = contents.econtent.as_ref().ok_or(TimestampError::Unreadable)?;
    let bytes: OctetString = bytes.decode_as().map_err(unreadable)?;
    if contents.econtent_type != TST_INFO {
        return Err(TimestampError::Unreadable);
    }
    let info = TstInfo::from_der(bytes.as_bytes()).map_err(unreadable)?;
    let unix = info.gen_time.to_unix_duration();
    let [signer] = token.signer_infos.0.as_slice() else { return Err(TimestampError::Unreadable) };
    if !is_signed(&token, signer, bytes.as_bytes(), trusted, unix.as_secs()) {
        return Err(TimestampError::Untrusted);
    }
    let seconds = i64::try_from(unix.as_secs()).map_err(|_| TimestampError::Unreadable)?;
    let time = Timestamp::from_second(seconds).map_err(|_| TimestampError::Unreadable)?;
    Ok((info, time))
}

/// Whether the signature over the contents is that of a certificate in the token, for time-stamps, under a trusted root.
fn is_signed(
    token: &SignedData,
    signer: &SignerInfo,
    contents: &[u8],
    trusted: &TrustedAuthorities,
    unix_s: u64,
) -> bool {
    let Some(certificates) = &token.certificates else { return false };
    let mut theirs = None;
    let mut others = Vec::new();
    for choice in certificates.0.iter() {
        let CertificateChoices::Certificate(certificate) = choice else { continue };
        let Ok(der) = certificate.to_der() else { return false };
        let is_signers = match &signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(named) => {
                let body = &certificate.tbs_certificate;
                body.issuer == named.issuer && body.serial_number == named.serial_number
            }
            // RFC 3161 has the signer named in full.
            SignerIdentifier::SubjectKeyIdentifier(_) => false,
        };
        if is_signers {
            theirs = Some(CertificateDer::from(der));
        } else {
            others.push(CertificateDer::from(der));
        }
    }
    let Some(theirs) = theirs else { return false };
    let Ok(certificate) = EndEntityCert::try_from(&theirs) else { return false };
    trusted.vouch_for(&certificate, &others, unix_s) && signature_holds(&certificate, signer, contents)
}

/// Whether the signed attributes name this content and are signed by the certificate's key (RFC 5652, section 5.4).
fn signature_holds(certificate: &EndEntityCert<'_>, signer: &SignerInfo, contents: &[u8]) -> bool {
    let Some(attributes) = &signer.signed_attrs else { return false };
    let value = |oid: ObjectIdentifier| {
        let attribute = attributes.iter().find(|attribute| attribute.oid == oid)?;
        let [value] = attribute.values.as_slice() else { return None };
        Some(value)
    };
    let digest = match signer.digest_alg.oid {
        ID_SHA_256 => Sha256::digest(contents).to_vec(),
        ID_SHA_384 => Sha384::digest(contents).to_vec(),
        ID_SHA_512 => Sha512::digest(contents).to_vec(),
        _ => return false,
    };
    let names_contents = value(ID_MESSAGE_DIGEST)
        .and_then(|value| value.decode_as::<OctetString>().ok())
        .is_some_and(|named| named.as_bytes() == digest);
    let names_type = value(ID_CONTENT_TYPE)
        .and_then(|value| value.decode_as::<ObjectIdentifier>().ok())
        .is_some_and(|named| named == TST_INFO);
    let Ok(message) = attributes.to_der() else { return false };
    let signature = signer.signature.as_bytes();
    // An algorithm that does not fit the key says so, and the next one is tried.
    let verifies = |algorithm: &&dyn rustls_pki_types::SignatureVerificationAlgorithm| {
        certificate.verify_signature(*algorithm, &message, signature).is_ok()
    };
    names_contents && names_type && webpki::ALL_VERIFICATION_ALGS.iter().any(verifies)
}
