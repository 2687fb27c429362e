//! What a client needs to prove itself: a key pair, and assertions signed with it.

use crate::{cli::ClientCommand, failure::Failure, system::SystemEntropy};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use dancu_core::{Clock, Entropy};
use dancu_exchange::ClientKey;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::json;
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

/// A client's secret key with its public half.
pub struct ClientSecret {
    signing: EncodingKey,
    /// What the operator registers.
    pub public: ClientKey,
}

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

fn bad_key(path: &Path) -> Failure {
    Failure::new(
        "DANCU-CLI-010",
        format!("{} không phải khóa P-256 dạng PKCS#8 PEM.", path.display()),
        format!("{} is no P-256 key in PKCS#8 PEM.", path.display()),
    )
}

impl ClientSecret {
    fn from_der(der: &[u8]) -> Option<Self> {
        let signing = EncodingKey::from_ec_der(der);
        let jwk = Jwk::from_encoding_key(&signing, Algorithm::ES256).ok()?;
        let public = serde_json::to_value(jwk).ok()?.try_into().ok()?;
        Some(Self { signing, public })
    }

    /// Makes a pair and writes the secret half, readable by its owner only. Never overwrites.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let der = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| pair.to_pkcs8v1())
            .map_err(|_| bad_key(path))?;
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let body = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        file.and_then(|mut file| writeln!(file, "{PEM_BEGIN}\n{}\n{PEM_END}", lines.join("\n")))
            .map_err(|error| Failure::file(path, &error))?;
        Self::from_der(der.as_ref()).ok_or_else(|| bad_key(path))
    }

    /// Reads a secret key.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
        text.trim()
            .strip_prefix(PEM_BEGIN)
            .and_then(|rest| rest.strip_suffix(PEM_END))
            .map(|body| body.split_whitespace().collect::<String>())
            .and_then(|body| STANDARD.decode(body).ok())
            .and_then(|der| Self::from_der(&der))
            .ok_or_else(|| bad_key(path))
    }

    /// An assertion for the token endpoint, good for a minute.
    pub fn assertion(
        &self,
        client: &str,
        audience: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<String, Failure> {
        let mut id = [0; 16];
        entropy.fill(&mut id);
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "jti": URL_SAFE_NO_PAD.encode(id),
            "iat": now.as_second(), "exp": now.as_second() + 60,
        });
        encode(&Header::new(Algorithm::ES256), &claims, &self.signing).map_err(|_| bad_key(Path::new(client)))
    }
}

/// Runs `dancu client …`.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub fn run(command: &ClientCommand, clock: &dyn Clock) -> Result<(), Failure> {
    match command {
        ClientCommand::Key { file } => {
            let secret = ClientSecret::create(file)?;
            let jwk = serde_json::to_string(&secret.public).map_err(|_| bad_key(file))?;
            println!("{jwk}");
        }
        ClientCommand::Certificate { file } => println!("{}", dancu_web::thumbprint_of_file(file)?),
        ClientCommand::Assertion { key, client, audience } => {
            let secret = ClientSecret::read(key)?;
            println!(
                "{}",
                secret.assertion(client, audience.trim_end_matches('/'), clock.now(), &SystemEntropy)?
            );
        }
    }
    Ok(())
}
