//! Which postman goes where.

use crate::{JetStreamPostman, WebhookPostman};
use async_trait::async_trait;
use dancu_feed::{Letter, PostFailure, Posted, Postman};

/// Delivers to webhooks, and into a stream where the operator has set one up.
#[derive(Debug)]
pub struct Postmen {
    webhooks: WebhookPostman,
    stream: Option<JetStreamPostman>,
}

impl Postmen {
    /// Both of them.
    pub const fn new(webhooks: WebhookPostman, stream: Option<JetStreamPostman>) -> Self {
        Self { webhooks, stream }
    }
}

#[async_trait]
impl Postman for Postmen {
    async fn post(&self, letter: Letter<'_>) -> Posted {
        if !letter.is_for_stream() {
            return self.webhooks.post(letter).await;
        }
        match &self.stream {
            Some(stream) => stream.post(letter).await,
            None => Posted::Failed(PostFailure::NotSetUp),
        }
    }
}
