//! The port to whatever carries a delivery to its receiver.

use crate::{SignedHeaders, WebhookKey};
use async_trait::async_trait;
use dancu_core::{Clock, Entropy};
use dancu_exchange::STREAM_SCHEME;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// One attempt at a delivery: a POST of JSON, or the same as a message of a stream.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// By what a repetition is known.
    pub id: &'a str,
    /// To where: a webhook, or a subject of the stream.
    pub to: &'a Url,
    /// The JSON.
    pub body: &'a [u8],
    /// Digest and signature.
    pub headers: &'a SignedHeaders,
}

impl Letter<'_> {
    /// Whether it goes into the stream, and not to a webhook.
    pub fn is_for_stream(&self) -> bool {
        self.to.scheme() == STREAM_SCHEME
    }
}

impl fmt::Debug for Letter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(…)")
    }
}

/// Why a delivery failed, without anything of the receiver's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostFailure {
    /// The address is none to which deliveries go: not https, or one of our own network.
    Forbidden,
    /// The name has no address.
    NoAddress,
    /// Nobody answered there, or the connection broke.
    Unreachable,
    /// The time of a delivery was over.
    TooSlow,
    /// The receiver answered with another status than 2xx; redirections are among them and are not followed.
    Status(u16),
    /// The stream took nothing: it is full, or not for us.
    Refused,
    /// There is no stream here: the operator has named no server.
    NotSetUp,
}

impl PostFailure {
    /// Words for the operator's page, Vietnamese and English.
    pub fn words(self) -> (String, String) {
        let (vi, en) = match self {
            Self::Forbidden => ("địa chỉ không được phép", "the address is not allowed"),
            Self::NoAddress => ("không tìm thấy tên máy chủ", "the host's name is not found"),
            Self::Unreachable => ("không kết nối được", "cannot be reached"),
            Self::TooSlow => ("trả lời quá chậm", "answers too slowly"),
            Self::Refused => ("máy chủ NATS không nhận", "the NATS server does not take it"),
            Self::NotSetUp => {
                ("chưa cấu hình máy chủ NATS (nats_url)", "no NATS server is set up (nats_url)")
            }
            Self::Status(status) => {
                return (format!("trả lời mã {status}"), format!("answered with status {status}"));
            }
        };
        (vi.to_owned(), en.to_owned())
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// The receiver has it (2xx).
    Taken,
    /// The receiver wants no more (410).
    Gone,
    /// It may or may not have it.
    Failed(PostFailure),
}

/// Carries deliveries. Every attempt ends within a bounded time, takes a bounded amount of memory whatever the receiver
/// answers, follows no redirection, and goes to no address of our own network unless the operator allowed it.
#[async_trait]
pub trait Postman: Send + Sync {
    /// Delivers once.
    async fn post(&self, letter: Letter<'_>) -> Posted;
}

/// Signs a body, now and for its receiver alone, and delivers it once.
pub async fn post_signed(
    postman: &dyn Postman,
    key: &WebhookKey,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    (id, to, body): (&str, &Url, &[u8]),
) -> Posted {
    let mut nonce = [0; 16];
    entropy.fill(&mut nonce);
    match key.sign(to, body, clock.now(), &nonce) {
        Ok(headers) => postman.post(Letter { id, to, body, headers: &headers }).await,
        // The address holds what no header may.
        Err(_) => Posted::Failed(PostFailure::Forbidden),
    }
}
