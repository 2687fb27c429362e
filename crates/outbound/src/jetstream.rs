//! Deliveries into a stream of NATS, for agencies that read from a bus of their own country's systems.

use async_nats::{
    ConnectOptions, HeaderMap, ServerAddr,
    connection::State,
    jetstream::{
        self, Context,
        consumer::pull,
        context::PublishErrorKind,
        stream::{Config, DiscardPolicy, Stream},
    },
};
use async_trait::async_trait;
use dancu_feed::{CONTENT_TYPE, Letter, PostFailure, Posted, Postman};
use percent_encoding::percent_decode_str;
use std::{
    collections::HashSet,
    fmt,
    net::IpAddr,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::OnceCell, time::timeout};
use url::Url;

/// Name of the stream.
const STREAM: &str = "DANCU_CHANGES";
/// Its subjects: one for each client.
const SUBJECTS: &str = "dancu.changes.*";
/// How long a delivery is kept in it. It is no archive: a reader sees a gap by `after` and asks for what it missed.
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);
/// Within this time the server keeps a repetition of a delivery out.
const REPETITION_WINDOW: Duration = Duration::from_hours(2);
/// How long a connection, and how long the whole of a delivery may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Where the stream is.
#[derive(Clone)]
pub struct JetStreamServer {
    /// Without the user and the password: the library tells addresses in its own log.
    address: ServerAddr,
    user: Option<String>,
    password: Option<String>,
    certificates: Option<PathBuf>,
}

impl fmt::Debug for JetStreamServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JetStreamServer(…)")
    }
}

impl JetStreamServer {
    /// A server by its address, `tls://user:password@host:4222`, and a file of root certificates in place of those of the
    /// system; `None` when it is no address of one.
    pub fn new(address: &str, certificates: Option<PathBuf>) -> Option<Self> {
        let mut url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "nats" | "tls"))?;
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = Some(plain(url.username())).filter(|user| !user.is_empty());
        let password = url.password().map(plain);
        url.set_password(None).ok()?;
        url.set_username("").ok()?;
        let address = ServerAddr::from_url(url).ok().filter(|address| !address.host().is_empty())?;
        Some(Self { address, user, password, certificates })
    }

    /// With the user and password of the address, or with its token: a user without a password.
    fn signed_in(&self) -> ConnectOptions {
        match (self.user.clone(), self.password.clone()) {
            (Some(user), Some(password)) => ConnectOptions::with_user_and_password(user, password),
            (Some(token), None) => ConnectOptions::with_token(token),
            (None, _) => ConnectOptions::new(),
        }
    }

    /// Without TLS to this machine alone, where nobody else reads along; and then to no server that this one names.
    fn guarded(&self, options: ConnectOptions) -> ConnectOptions {
        let host = self.address.host().trim_matches(['[', ']']);
        if host.parse().is_ok_and(|address: IpAddr| address.is_loopback()) {
            options.ignore_discovered_servers()
        } else {
            options.require_tls(true)
        }
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
    /// Subjects whose reader is there.
    read: Mutex<HashSet<String>>,
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
        let options = self.server.guarded(self.server.signed_in());
        let mut options = options.name("dancu-feed").connection_timeout(CONNECT_MAX);
        if let Some(certificates) = &self.server.certificates {
            options = options.add_root_certificates(certificates.clone());
        }
        let client = options.connect(self.server.address.clone()).await.map_err(|error| {
            tracing::warn!(kind = %error.kind(), "the NATS server cannot be reached");
            PostFailure::Unreachable
        })?;
        let context = jetstream::new(client.clone());
        Ok(Opened { client, context, read: Mutex::default() })
    }

    async fn publish(&self, letter: Letter<'_>) -> Result<(), PostFailure> {
        let opened = self.opened.get_or_try_init(|| self.open()).await?;
        // Without a connection the library would keep the delivery for later, and the courier send it once more.
        if opened.client.connection_state() != State::Connected {
            return Err(PostFailure::Unreachable);
        }
        let subject = letter.to.path();
        opened.make_reader(subject).await?;
        let (subject, body) = (subject.to_owned(), letter.body.to_vec().into());
        let acknowledged = match opened.context.publish_with_headers(subject, headers(letter), body).await {
            Ok(acknowledged) => acknowledged.await,
            Err(error) => Err(error),
        };
        match acknowledged.map_err(|error| error.kind()) {
            Ok(_) => Ok(()),
            Err(PublishErrorKind::StreamNotFound) => {
                // Somebody took it away; the next attempt makes a new one.
                opened.read.lock().unwrap_or_else(PoisonError::into_inner).clear();
                Err(PostFailure::Unreachable)
            }
            Err(PublishErrorKind::TimedOut) => Err(PostFailure::TooSlow),
            Err(PublishErrorKind::BrokenPipe) => Err(PostFailure::Unreachable),
            Err(_) => Err(PostFailure::Refused),
        }
    }
}

impl Opened {
    /// The stream, made where there is none. An operator who wants more copies or another age makes it beforehand.
    async fn stream(&self) -> Result<Stream, PostFailure> {
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
        let stream = self.context.get_or_create_stream(config).await.map_err(|error| {
            tracing::warn!(kind = %error.kind(), "the stream of changes cannot be opened");
            PostFailure::Refused
        })?;
        if keeps_what_is_promised(&stream.cached_info().config) {
            return Ok(stream);
        }
        tracing::warn!(
            "the stream {STREAM} was made otherwise: it needs the subjects {SUBJECTS}, discard = new, and a window for repetitions of two hours"
        );
        Err(PostFailure::Refused)
    }

    /// A consumer that the client's agency reads by: with it, the agency needs no right to make any.
    async fn make_reader(&self, subject: &str) -> Result<(), PostFailure> {
        let is_there = |read: &Mutex<HashSet<String>>| {
            read.lock().unwrap_or_else(PoisonError::into_inner).contains(subject)
        };
        if is_there(&self.read) {
            return Ok(());
        }
        let name = subject.rsplit('.').next().unwrap_or(subject);
        let config = pull::Config {
            durable_name: Some(name.to_owned()),
            filter_subject: subject.to_owned(),
            ..pull::Config::default()
        };
        let made = self.stream().await?.get_or_create_consumer(name, config).await;
        made.map_err(|error| {
            tracing::warn!(%error, "a reader of the stream of changes cannot be made");
            PostFailure::Refused
        })?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(subject.to_owned());
        Ok(())
    }
}

/// Whether a stream drops nothing unread before its time, and keeps repetitions out for as long as the courier makes them.
fn keeps_what_is_promised(config: &Config) -> bool {
    config.subjects.iter().any(|subject| subject == SUBJECTS)
        && config.discard == DiscardPolicy::New
        && config.duplicate_window >= REPETITION_WINDOW
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
