//! Deliveries to webhooks.

use crate::AllowedNetworks;
use async_trait::async_trait;
use dancu_feed::{CONTENT_TYPE, Letter, PostFailure, Posted, Postman};
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE as CONTENT_TYPE_FIELD, HeaderName},
    redirect::Policy,
};
use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};
use url::{Host, Url};

/// How long one delivery may take.
#[derive(Debug, Clone, Copy)]
pub struct WebhookLimits {
    /// Time to a connection, in milliseconds.
    pub connect_ms_max: u64,
    /// Time from the beginning to the head of the answer, in milliseconds.
    pub answer_ms_max: u64,
}

impl Default for WebhookLimits {
    fn default() -> Self {
        Self { connect_ms_max: 5_000, answer_ms_max: 10_000 }
    }
}

/// Delivers over HTTPS. Addresses are checked after the name was resolved and are those that are connected to, so that
/// a name that points elsewhere a moment later leads nowhere else.
pub struct WebhookPostman {
    allowed: Arc<AllowedNetworks>,
    limits: WebhookLimits,
    /// Made at the first delivery: it reads the system's certificates, and who delivers nothing needs none.
    client: OnceLock<Option<Client>>,
}

impl fmt::Debug for WebhookPostman {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookPostman")
    }
}

impl WebhookPostman {
    /// A postman that goes to these networks alone.
    pub fn new(allowed: AllowedNetworks, limits: WebhookLimits) -> Self {
        Self { allowed: Arc::new(allowed), limits, client: OnceLock::new() }
    }

    fn client(&self) -> Option<&Client> {
        self.client
            .get_or_init(|| {
                let client = Client::builder()
                    .redirect(Policy::none())
                    .no_proxy()
                    .referer(false)
                    .http1_only()
                    .user_agent("dancu-feed")
                    .connect_timeout(Duration::from_millis(self.limits.connect_ms_max))
                    .timeout(Duration::from_millis(self.limits.answer_ms_max))
                    .pool_max_idle_per_host(1)
                    .pool_idle_timeout(Duration::from_secs(30))
                    .dns_resolver(Resolver(Arc::clone(&self.allowed)))
                    .build();
                client.inspect_err(|error| tracing::error!(%error, "webhooks cannot be delivered")).ok()
            })
            .as_ref()
    }

    /// Whether the address may be knocked at, as far as it can be told before its name is resolved.
    fn may_knock(&self, webhook: &Url) -> bool {
        let literal = match webhook.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return false,
        };
        match (webhook.scheme(), literal) {
            ("https", Some(address)) => self.allowed.allow(address),
            ("https", None) => true,
            // Without TLS nobody but this machine may read along; a name could be anybody's.
            ("http", Some(address)) => self.allowed.allow_plain(address),
            _ => false,
        }
    }
}

#[async_trait]
impl Postman for WebhookPostman {
    async fn post(&self, letter: Letter<'_>) -> Posted {
        if !self.may_knock(letter.to) {
            return Posted::Failed(PostFailure::Forbidden);
        }
        let Some(client) = self.client() else { return Posted::Failed(PostFailure::Unreachable) };
        let headers = letter.headers;
        let request = client
            .post(letter.to.clone())
            .header(CONTENT_TYPE_FIELD, CONTENT_TYPE)
            .header(HeaderName::from_static("content-digest"), &headers.content_digest)
            .header(HeaderName::from_static("signature-input"), &headers.signature_input)
            .header(HeaderName::from_static("signature"), &headers.signature)
            .body(letter.body.to_vec());
        // The body of the answer is never read: dropping the answer breaks the connection off where it has one.
        match request.send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Posted::Taken,
            Ok(status) if status.as_u16() == 410 => Posted::Gone,
            Ok(status) => Posted::Failed(PostFailure::Status(status.as_u16())),
            Err(error) => Posted::Failed(failure(&error)),
        }
    }
}

/// Why nothing arrived. The library's own words may name the address, so they go nowhere.
fn failure(error: &reqwest::Error) -> PostFailure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(unresolved) = error.downcast_ref::<Unresolved>() {
            return match unresolved {
                Unresolved::Forbidden => PostFailure::Forbidden,
                Unresolved::NoAddress => PostFailure::NoAddress,
            };
        }
        cause = error.source();
    }
    if error.is_timeout() { PostFailure::TooSlow } else { PostFailure::Unreachable }
}

/// A name that leads nowhere where we go.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Unresolved {
    #[error("every address of the name is one of our own network")]
    Forbidden,
    #[error("the name has no address")]
    NoAddress,
}

/// The system's resolver without the addresses to which we do not go.
struct Resolver(Arc<AllowedNetworks>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.0);
        Box::pin(async move {
            let found =
                tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| Unresolved::NoAddress)?;
            let found: Vec<SocketAddr> = found.collect();
            let has_any = !found.is_empty();
            let open: Vec<SocketAddr> =
                found.into_iter().filter(|address| allowed.allow(address.ip())).collect();
            if open.is_empty() {
                return Err(if has_any { Unresolved::Forbidden } else { Unresolved::NoAddress }.into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
#[path = "webhooks_tests.rs"]
mod tests;
