//! Deliveries into a server of NATS itself. Without one at hand these tests say so and test nothing; `./test` notes it.

use super::*;
use async_nats::jetstream::{consumer::PullConsumer, stream::Stream};
use dancu_feed::WebhookKey;
use futures_util::StreamExt;
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};
use url::Url;

/// A server in a folder, killed with its last test.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts one on a free port, or on the port of one that was killed; `None` where there is no program for it.
    async fn start(folder: &Path, port: Option<u16>) -> Option<Self> {
        Self::start_with(folder, port, "").await
    }

    async fn start_with(folder: &Path, port: Option<u16>, settings: &str) -> Option<Self> {
        let program = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];
        let Some(program) = program.into_iter().find(|path| Path::new(path).exists()) else {
            eprintln!("NOT TESTED: there is no nats-server here (Debian's nats-server)");
            return None;
        };
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = port.unwrap_or_else(free);
        let file = folder.join("settings");
        std::fs::write(&file, settings).unwrap();
        let process = Command::new(program)
            .arg("--config")
            .arg(file)
            .args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream", "--store_dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, port };
        // The port answers when the server does.
        until(async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        Some(server)
    }

    fn address(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn postman(&self) -> JetStreamPostman {
        JetStreamPostman::new(JetStreamServer::new(&self.address(), None).unwrap())
    }

    async fn stream(&self) -> Stream {
        let client = async_nats::connect(self.address()).await.unwrap();
        jetstream::new(client).get_stream(STREAM).await.unwrap()
    }
}

/// Tries until it is so; a minute is enough anywhere.
async fn until(is_so: impl AsyncFn() -> bool) {
    let trying = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_mins(1), trying).await.expect("it never came to be so");
}

const BODY: &[u8] = b"{\"entries\":[]}";

async fn post(postman: &JetStreamPostman, id: &str) -> Posted {
    post_to(postman, id, "bank-core").await
}

async fn post_to(postman: &JetStreamPostman, id: &str, client: &str) -> Posted {
    let to: Url = format!("nats:dancu.changes.{client}").parse().unwrap();
    let key = WebhookKey::from_seed(&[7; 32]).unwrap();
    let headers = key.sign(&to, BODY, "2026-11-22T02:00:00Z".parse().unwrap(), &[1; 16]).unwrap();
    postman.post(Letter { id, to: &to, body: BODY, headers: &headers }).await
}

#[tokio::test]
async fn a_delivery_stands_once_in_the_stream_with_its_signature_under_the_clients_subject() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(folder.path(), None).await else { return };
    let postman = server.postman();
    for id in ["1", "1", "2"] {
        assert_eq!(post(&postman, id).await, Posted::Taken);
    }
    let mut stream = server.stream().await;
    assert_eq!(stream.info().await.unwrap().state.messages, 2, "the repetition was kept out");
    let config = jetstream::consumer::pull::Config {
        filter_subject: "dancu.changes.bank-core".to_owned(),
        ..Default::default()
    };
    let consumer: PullConsumer = stream.create_consumer(config).await.unwrap();
    let message = consumer.messages().await.unwrap().next().await.unwrap().unwrap();
    assert_eq!(&message.payload[..], BODY);
    let headers = message.headers.as_ref().unwrap();
    for (name, beginning) in [
        ("Content-Type", "application/json"),
        ("Content-Digest", "sha-256=:"),
        ("Signature-Input", "dancu=("),
        ("Signature", "dancu=:"),
        ("Nats-Msg-Id", "1"),
    ] {
        assert!(headers.get(name).unwrap().as_str().starts_with(beginning), "{name}");
    }
}

#[tokio::test]
async fn a_killed_server_takes_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(folder.path(), None).await else { return };
    let postman = server.postman();
    assert_eq!(post(&postman, "1").await, Posted::Taken);
    let port = server.port;
    drop(server);
    assert!(matches!(post(&postman, "2").await, Posted::Failed(_)));
    let again = Server::start(folder.path(), Some(port)).await.unwrap();
    // The courier would wait longer between its attempts; the library comes back by itself.
    until(async || post(&postman, "2").await == Posted::Taken).await;
    assert_eq!(again.stream().await.info().await.unwrap().state.messages, 2);
}

#[tokio::test]
async fn a_stream_that_was_taken_away_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(folder.path(), None).await else { return };
    let postman = server.postman();
    assert_eq!(post(&postman, "1").await, Posted::Taken);
    let client = async_nats::connect(server.address()).await.unwrap();
    jetstream::new(client).delete_stream(STREAM).await.unwrap();
    assert!(matches!(post(&postman, "2").await, Posted::Failed(_)));
    assert_eq!(post(&postman, "2").await, Posted::Taken);
}

/// The users of the operators' guide, with a second agency.
fn users() -> String {
    let guide = include_str!("../../../docs/guide/operator.md");
    let begin = guide.find("{user: dancu,").unwrap();
    let users = guide[begin..].split("```").next().unwrap().replace('…', "secret");
    let other =
        users[users.find("{user: ngan-hang-core").unwrap()..].replace("ngan-hang-core", "benh-vien-core");
    format!("authorization: {{users: [{users} {other}]}}")
}

#[tokio::test]
async fn with_the_users_of_the_guide_an_agency_reads_its_own_changes_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start_with(folder.path(), None, &users()).await else { return };
    let address = format!("nats://dancu:secret@127.0.0.1:{}", server.port);
    let postman = JetStreamPostman::new(JetStreamServer::new(&address, None).unwrap());
    for (id, client) in [("1", "ngan-hang-core"), ("2", "benh-vien-core")] {
        assert_eq!(post_to(&postman, id, client).await, Posted::Taken);
    }
    let (refusals, mut refused) = tokio::sync::mpsc::unbounded_channel();
    let agency = ConnectOptions::with_user_and_password("ngan-hang-core".into(), "secret".into())
        .custom_inbox_prefix("_INBOX_ngan-hang-core")
        .event_callback(move |event| {
            let refusals = refusals.clone();
            async move {
                if let async_nats::Event::ServerError(error) = event {
                    let _ = refusals.send(error.to_string());
                }
            }
        })
        .connect(server.address())
        .await
        .unwrap();
    let context = jetstream::new(agency.clone());
    let consumer = |name: &str, client: &str| jetstream::consumer::pull::Config {
        durable_name: Some(name.to_owned()),
        name: Some(name.to_owned()),
        filter_subject: format!("dancu.changes.{client}"),
        ..Default::default()
    };
    let own = consumer("ngan-hang-core", "ngan-hang-core");
    let own: PullConsumer = context.create_consumer_on_stream(own, STREAM).await.unwrap();
    let mut messages = own.messages().await.unwrap();
    let message = messages.next().await.unwrap().unwrap();
    assert_eq!(message.subject.as_str(), "dancu.changes.ngan-hang-core");
    message.double_ack().await.unwrap();
    drop(messages);
    for subject in ["dancu.changes.*", "dancu.changes.benh-vien-core", "_INBOX.>", "_INBOX_benh-vien-core.>"]
    {
        let _listening = agency.subscribe(subject).await.unwrap();
        let said = timeout(Duration::from_mins(1), refused.recv()).await.unwrap().unwrap();
        assert!(said.to_lowercase().contains("permissions violation"), "{subject}: {said}");
    }
    for subject in [
        "$JS.API.CONSUMER.CREATE.DANCU_CHANGES.ngan-hang-core.dancu.changes.benh-vien-core",
        "$JS.API.CONSUMER.MSG.NEXT.DANCU_CHANGES.benh-vien-core",
        "$JS.API.STREAM.MSG.GET.DANCU_CHANGES",
        "$JS.API.DIRECT.GET.DANCU_CHANGES",
        "dancu.changes.ngan-hang-core",
    ] {
        agency.publish(subject, "{}".into()).await.unwrap();
        let said = timeout(Duration::from_mins(1), refused.recv()).await.unwrap().unwrap();
        assert!(said.to_lowercase().contains("permissions violation"), "{subject}: {said}");
    }
    // A consumer of the allowed name with another's subject in its body is refused by the server.
    let body = r#"{"stream_name":"DANCU_CHANGES","config":{"durable_name":"ngan-hang-core","name":"ngan-hang-core","ack_policy":"explicit","filter_subject":"dancu.changes.benh-vien-core"}}"#;
    let subject = "$JS.API.CONSUMER.CREATE.DANCU_CHANGES.ngan-hang-core.dancu.changes.ngan-hang-core";
    let answer = agency.request(subject, body.into()).await.unwrap();
    assert!(String::from_utf8_lossy(&answer.payload).contains("error"), "{:?}", answer.payload);
}

#[tokio::test]
async fn nobody_there_is_told_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = JetStreamServer::new(&format!("nats://127.0.0.1:{port}"), None).unwrap();
    assert_eq!(post(&JetStreamPostman::new(server), "1").await, Posted::Failed(PostFailure::Unreachable));
}

#[tokio::test]
async fn where_no_server_is_named_the_operator_reads_that() {
    let networks = crate::AllowedNetworks::new(Vec::new());
    let webhooks = crate::WebhookPostman::new(networks, crate::WebhookLimits::default());
    let postmen = crate::Postmen::new(webhooks, None);
    let to: Url = "nats:dancu.changes.bank-core".parse().unwrap();
    let key = WebhookKey::from_seed(&[7; 32]).unwrap();
    let headers = key.sign(&to, BODY, "2026-11-22T02:00:00Z".parse().unwrap(), &[1; 16]).unwrap();
    let posted = postmen.post(Letter { id: "1", to: &to, body: BODY, headers: &headers }).await;
    assert_eq!(posted, Posted::Failed(PostFailure::NotSetUp));
}

#[test]
fn only_this_machine_is_spoken_to_without_tls() {
    for (address, is_plain) in [
        ("nats://127.0.0.1:4222", true),
        ("nats://[::1]:4222", true),
        ("nats://10.0.0.1:4222", false),
        ("nats://localhost:4222", false),
        ("tls://nats.example", false),
    ] {
        let server = JetStreamServer::new(address, None).unwrap();
        assert_eq!(server.is_this_machine(), is_plain, "{address}");
        assert_eq!(format!("{server:?}"), "JetStreamServer(…)");
    }
    for address in ["", "http://nats.example", "ws://nats.example", "nats://"] {
        assert!(JetStreamServer::new(address, None).is_none(), "{address}");
    }
}
