//! Questions to a time-stamping authority over HTTP (RFC 3161, section 3.4).

use crate::answers::read_up_to;
use async_trait::async_trait;
use dancu_evidence::{AuthorityError, TimestampAuthority};
use reqwest::{
    Client,
    header::{ACCEPT, CONTENT_TYPE},
    redirect::Policy,
};
use std::{fmt, time::Duration};
use url::Url;

/// Tokens with the certificates of their authority have a few kilobytes.
const REPLY_BYTES_MAX: usize = 64 * 1024;
const CONNECT_S_MAX: u64 = 5;
const ANSWER_S_MAX: u64 = 20;

/// An authority at an address that the operator named.
pub struct HttpTimestampAuthority {
    url: Url,
    client: Client,
}

impl fmt::Debug for HttpTimestampAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpTimestampAuthority")
    }
}

impl HttpTimestampAuthority {
    /// `None` when the system's certificates cannot be read.
    pub fn new(url: Url) -> Option<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .user_agent("dancu-evidence")
            .connect_timeout(Duration::from_secs(CONNECT_S_MAX))
            .timeout(Duration::from_secs(ANSWER_S_MAX))
            .build();
        let client =
            client.inspect_err(|error| tracing::error!(%error, "time-stamps cannot be asked for")).ok()?;
        Some(Self { url, client })
    }
}

#[async_trait]
impl TimestampAuthority for HttpTimestampAuthority {
    async fn ask(&self, query: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/timestamp-query")
            .header(ACCEPT, "application/timestamp-reply")
            .body(query.to_vec());
        let mut answer = request.send().await.map_err(|_| AuthorityError::Unreachable)?;
        if !answer.status().is_success() {
            return Err(AuthorityError::Status(answer.status().as_u16()));
        }
        let reply =
            read_up_to(&mut answer, REPLY_BYTES_MAX).await.map_err(|_| AuthorityError::Unreachable)?;
        reply.ok_or(AuthorityError::TooLong)
    }
}

#[cfg(test)]
#[path = "timestamps_tests.rs"]
mod tests;
