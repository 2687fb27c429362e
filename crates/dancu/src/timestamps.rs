//! Time-stamps over the log's checkpoints while the server runs.

use crate::{config::Config, failure::Failure};
use dancu_core::Entropy;
use dancu_evidence::{Evidence, Timestamper, TrustError, TrustedAuthorities};
use dancu_ledger::{Logs, TileFiles};
use dancu_outbound::HttpTimestampAuthority;
use dancu_store_sqlite::LogFolder;
use std::{path::Path, sync::Arc, time::Duration};

/// After a failure it is tried again this soon, or sooner.
const AGAIN: Duration = Duration::from_mins(5);

/// What evidence is made of, and who asks for time-stamps, if anybody does.
pub struct OpenEvidence {
    /// For the pages.
    pub evidence: Evidence,
    /// For [`keep_stamping`].
    pub timestamper: Option<Timestamper>,
}

/// Opens the folder of time-stamps and reads whom to trust.
pub fn open(config: &Config, logs: &Arc<Logs>, entropy: &Arc<dyn Entropy>) -> Result<OpenEvidence, Failure> {
    let files: Arc<dyn TileFiles> = Arc::new(LogFolder::of_originals(&config.data_dir.join("timestamps"))?);
    let trusted = config.timestamp_certificates.as_deref().map(read_trusted).transpose()?.map(Arc::new);
    let timestamper = match (&config.timestamp_url, &trusted) {
        (Some(url), Some(trusted)) => HttpTimestampAuthority::new(url.clone()).map(|authority| {
            let (logs, files, entropy) = (Arc::clone(logs), Arc::clone(&files), Arc::clone(entropy));
            Timestamper::new(logs, files, Arc::new(authority), Arc::clone(trusted), entropy)
        }),
        (Some(_), None) => {
            return Err(Failure::new(
                "DANCU-CLI-053",
                "Có timestamp_url mà thiếu timestamp_certificates: không có chứng thư gốc thì không ai kiểm tra được dấu thời gian.",
                "There is a timestamp_url and no timestamp_certificates: without the root certificate nobody can verify the time-stamps.",
            ));
        }
        (None, _) => None,
    };
    Ok(OpenEvidence { evidence: Evidence::new(files, trusted), timestamper })
}

fn read_trusted(file: &Path) -> Result<TrustedAuthorities, Failure> {
    let pem = std::fs::read_to_string(file).map_err(|error| Failure::file(file, &error))?;
    Ok(TrustedAuthorities::from_pem(&pem).ok_or_else(|| TrustError { file: file.to_owned() })?)
}

/// Has the newest checkpoint stamped from time to time. A failure is told in the log, and tried again soon.
pub async fn keep_stamping(timestamper: Timestamper, minutes: u32) {
    let usual = Duration::from_mins(minutes.max(1).into());
    loop {
        let wait = match timestamper.stamp().await {
            Ok(size) => {
                tracing::debug!(size, "the log has a time-stamp");
                usual
            }
            Err(error) => {
                tracing::warn!(%error, "the log's checkpoint has no new time-stamp");
                usual.min(AGAIN)
            }
        };
        tokio::time::sleep(wait).await;
    }
}
