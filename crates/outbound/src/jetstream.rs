//! Deliveries into a stream of NATS, for agencies that read from a bus of their own country's systems.

use async_nats::{
    ConnectOptions, HeaderMap, ServerAddr,
    connection::State,
    jetstream::{
        self, Context,
        context::PublishErrorKind,
        stream::{Config, DiscardPolicy},
    },
};
use async_trait::async_trait;
use dancu_feed::{CONTENT_TYPE, Letter, PostFailure, Posted, Postman};
use percent_encoding::percent_decode_str;
use std::{fmt, net::IpAddr, path::PathBuf, time::Duration};
use tokio::{sync::OnceCell, time::timeout};

/// Name of the stream.
const STREAM: &str = "DANCU_CHANGES";
/// Its subjects: one for each client, so that the server's permissions keep them apart.
const SUBJECTS: &str = "dancu.changes.*";
/// How long a delivery is kept in it. It is no archive: what was missed for longer is asked for again.
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);
/// Within this time the server keeps a repetition of a delivery out.
const REPETITION_WINDOW: Duration = Duration::from_hours(2);
/// How long a connection, and how long the whole of a delivery may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Where the stream is.
#[derive(Clone)]
pub struct JetStreamServer {
    address: ServerAddr,
    certificates: Option<PathBuf>,
}

impl fmt::Debug for JetStreamServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JetStreamServer(…)")
    }
}

impl JetStreamServer {
    /// A server by its address, `tls://user:password@host:4222`, and a file of root certificates beside those of the system;
    /// `None` when it is no address of one.
    pub fn new(address: &str, certificates: Option<PathBuf>) -> Option<Self> {
        let address = address.parse().ok().filter(|address: &ServerAddr| {
            matches!(address.scheme(), "nats" | "tls") && !address.host().is_empty()
        })?;
        Some(Self { address, certificates })
    }

    /// With the user and password of the address, or with its token: a user without a password.
    fn signed_in(&self) -> ConnectOptions {
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        match (self.address.username().map(plain), self.address.password().map(plain)) {
            (Some(user), Some(password)) => ConnectOptions::with_user_and_password(user, password),
            (Some(token), None) => ConnectOptions::with_token(token),
            (None, _) => ConnectOptions::new(),
        }
    }

    /// Whether the connection may be without TLS: nobody but this machine reads along.
    fn is_this_machine(&self) -> bool {
        let host = self.address.host().trim_matches(['[', ']']);
        host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

/// Delivers into the stream. A delivery is taken when the server has acknowledged that it holds it.
pub struct JetStreamPostman {
    server: JetStreamServer,
    /// Opened at the first delivery; from then on the library keeps it.
    opened: OnceCell<Opened>,
}

struct Opened {
    client: async_nats::Client,
    context: Context,
}

impl fmt::Debug for JetStreamPostman {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JetStreamPostman")
    }
}

impl JetStreamPostman {
    /// A postman to one server, or a cluster of which this is one.
    pub fn new(server: JetStreamServer) -> Self {
        Self { server, opened: OnceCell::new() }
    }

    async fn open(&self) -> Result<Opened, PostFailure> {
        let mut options = self
            .server
            .signed_in()
            .name("dancu-feed")
            .connection_timeout(CONNECT_MAX)
            .require_tls(!self.server.is_this_machine());
        if let Some(certificates) = &self.server.certificates {
            options = options.add_root_certificates(certificates.clone());
        }
        let client = options.connect(self.server.address.clone()).await.map_err(|error| {
            tracing::warn!(kind = %error.kind(), "the NATS server cannot be reached");
            PostFailure::Unreachable
        })?;
        let context = jetstream::new(client.clone());
        self.make_stream(&context).await?;
        Ok(Opened { client, context })
    }

    /// Makes the stream where there is none. An operator who wants more copies or another age makes it beforehand.
    async fn make_stream(&self, context: &Context) -> Result<(), PostFailure> {
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS.to_owned()],
            // A full stream refuses, and the delivery is tried again, rather than dropping what nobody has read.
            discard: DiscardPolicy::New,
            max_age: KEPT_FOR,
            duplicate_window: REPETITION_WINDOW,
            description: Some("Dancu: changes, a subject for each client".to_owned()),
            ..Config::default()
        };
        context.get_or_create_stream(config).await.map(drop).map_err(|error| {
            tracing::warn!(kind = %error.kind(), "the stream of changes cannot be opened");
            PostFailure::Refused
        })
    }

    async fn publish(&self, letter: Letter<'_>) -> Result<(), PostFailure> {
        let opened = self.opened.get_or_try_init(|| self.open()).await?;
        // Without a connection the library would keep the delivery for later, and the courier send it once more.
        if opened.client.connection_state() != State::Connected {
            return Err(PostFailure::Unreachable);
        }
        let subject = letter.to.path().to_owned();
        let acknowledged =
            opened.context.publish_with_headers(subject, headers(letter), letter.body.to_vec().into()).await;
        let acknowledged = match acknowledged {
            Ok(acknowledged) => acknowledged.await,
            Err(error) => Err(error),
        };
        match acknowledged.map_err(|error| error.kind()) {
            Ok(_) => Ok(()),
            Err(PublishErrorKind::StreamNotFound) => {
                // Somebody took it away; the next attempt finds a new one.
                self.make_stream(&opened.context).await?;
                Err(PostFailure::Unreachable)
            }
            Err(PublishErrorKind::TimedOut) => Err(PostFailure::TooSlow),
            Err(PublishErrorKind::BrokenPipe) => Err(PostFailure::Unreachable),
            Err(_) => Err(PostFailure::Refused),
        }
    }
}

/// What stands beside the body: as over HTTP, and by what the server knows a repetition.
fn headers(letter: Letter<'_>) -> HeaderMap {
    let signed = letter.headers;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("Content-Type", CONTENT_TYPE),
        ("Content-Digest", &signed.content_digest),
        ("Signature-Input", &signed.signature_input),
        ("Signature", &signed.signature),
        ("Nats-Msg-Id", letter.id),
    ] {
        headers.insert(name, value);
    }
    headers
}

#[async_trait]
impl Postman for JetStreamPostman {
    async fn post(&self, letter: Letter<'_>) -> Posted {
        match timeout(ANSWER_MAX, self.publish(letter)).await {
            Ok(Ok(())) => Posted::Taken,
            Ok(Err(failure)) => Posted::Failed(failure),
            Err(_) => Posted::Failed(PostFailure::TooSlow),
        }
    }
}

#[cfg(test)]
#[path = "jetstream_tests.rs"]
mod tests;
