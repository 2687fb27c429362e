//! Checkpoints to witnesses (C2SP tlog-witness).

use crate::answers::read_up_to;
use async_trait::async_trait;
use dancu_witness::{Answer, NoAnswer, WitnessAddress};
use reqwest::{Client, redirect::Policy};
use std::{fmt, time::Duration};
use url::Url;

/// A cosignature has some hundred bytes; a witness may answer with several of them.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
const CONNECT_S_MAX: u64 = 3;
const ANSWER_S_MAX: u64 = 5;

/// A witness at an address that the operator named.
pub struct HttpWitness {
    address: String,
    client: Client,
}

impl fmt::Debug for HttpWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpWitness")
    }
}

impl HttpWitness {
    /// Below a submission prefix. `None` when the system's certificates cannot be read.
    pub fn new(prefix: &Url) -> Option<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .user_agent("dancu-witness")
            .connect_timeout(Duration::from_secs(CONNECT_S_MAX))
            .timeout(Duration::from_secs(ANSWER_S_MAX))
            .pool_max_idle_per_host(1)
            .build();
        let client = client.inspect_err(|error| tracing::error!(%error, "witnesses cannot be asked")).ok()?;
        Some(Self { address: format!("{}/add-checkpoint", prefix.as_str().trim_end_matches('/')), client })
    }
}

#[async_trait]
impl WitnessAddress for HttpWitness {
    async fn add_checkpoint(&self, body: String) -> Result<Answer, NoAnswer> {
        let mut answer = self.client.post(&self.address).body(body).send().await.map_err(|_| NoAnswer)?;
        let status = answer.status().as_u16();
        let body = read_up_to(&mut answer, ANSWER_BYTES_MAX).await.map_err(|_| NoAnswer)?;
        // What is longer than it may be is no answer to this question.
        Ok(Answer { status, body: body.unwrap_or_default() })
    }
}

#[cfg(test)]
#[path = "witnesses_tests.rs"]
mod tests;
