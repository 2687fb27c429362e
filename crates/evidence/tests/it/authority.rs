//! A time-stamping authority of openssl's in a folder.

use async_trait::async_trait;
use dancu_evidence::{AuthorityError, TimestampAuthority, TrustedAuthorities};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;

/// Sections for `openssl req`, `x509` and `ts`.
const SETTINGS: &str = "
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = keyCertSign
[tsa]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
[tsa_config]
default_policy = 1.2.3.4.1
digests = sha256,sha384,sha512
ess_cert_id_alg = sha256
";

pub struct Authority {
    folder: TempDir,
    serial: AtomicU32,
}

pub fn run(program: &str, arguments: &[&str], folder: &Path) -> (bool, String) {
    let done = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

impl Authority {
    /// With a key of a kind as `openssl genpkey` names it.
    pub fn new(key: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("settings"), SETTINGS).unwrap();
        let authority = Self { folder, serial: AtomicU32::new(0) };
        for name in ["ca", "tsa", "server"] {
            authority.openssl(&[&["genpkey", "-out", &format!("{name}.key")], key].concat());
        }
        authority.openssl(&[
            "req",
            "-x509",
            "-new",
            "-config",
            "settings",
            "-extensions",
            "ca",
            "-key",
            "ca.key",
            "-subj",
            "/CN=Root",
            "-days",
            "30",
            "-out",
            "ca.pem",
        ]);
        for name in ["tsa", "server"] {
            let (key, request, out) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
            let subject = format!("/CN={name}");
            authority.openssl(&[
                "req", "-new", "-config", "settings", "-key", &key, "-subj", &subject, "-out", &request,
            ]);
            authority.openssl(&[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "20",
                "-extfile",
                "settings",
                "-extensions",
                name,
                "-out",
                &out,
            ]);
        }
        authority
    }

    pub fn elliptic() -> Self {
        Self::new(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }

    fn openssl(&self, arguments: &[&str]) {
        let (is_done, said) = run("openssl", arguments, self.folder.path());
        assert!(is_done, "openssl {arguments:?}: {said}");
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn trusted(&self) -> TrustedAuthorities {
        TrustedAuthorities::from_pem(&std::fs::read_to_string(self.file("ca.pem")).unwrap()).unwrap()
    }

    pub fn reply(&self, query: &[u8]) -> Vec<u8> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        std::fs::write(self.file("serial"), format!("{serial:02X}")).unwrap();
        std::fs::write(self.file("query"), query).unwrap();
        let settings = std::fs::read_to_string(self.file("settings")).unwrap();
        let ts = settings.replace("[tsa_config]", "[tsa_config]\nserial = serial\nsigner_digest = sha256");
        std::fs::write(self.file("ts"), ts).unwrap();
        self.openssl(&[
            "ts",
            "-reply",
            "-config",
            "ts",
            "-section",
            "tsa_config",
            "-queryfile",
            "query",
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-chain",
            "ca.pem",
            "-out",
            "reply",
        ]);
        std::fs::read(self.file("reply")).unwrap()
    }
}

#[async_trait]
impl TimestampAuthority for Authority {
    async fn ask(&self, query: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        Ok(self.reply(query))
    }
}
