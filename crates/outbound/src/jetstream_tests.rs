//! Deliveries into a server of NATS itself. Without one at hand these tests say so and test nothing; `./test` notes it.

use super::*;
use async_nats::jetstream::consumer::PullConsumer;
use dancu_feed::WebhookKey;
use futures_util::StreamExt;
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

/// The server takes a free port itself: one that we had found for it could be another's by then.
const FREE_PORT: &str = "-1";

/// A server in a folder, killed with its last test.
struct Server {
    process: Child,
    /// Host and port.
    address: String,
    /// Kept open: the server ends when nobody holds the other end of what it writes to.
    _log: BufReader<ChildStderr>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts one on a free port; `None` where there is no program for it.
    fn start(folder: &Path) -> Option<Self> {
        Self::start_with(folder, ["127.0.0.1", FREE_PORT], "")
    }

    fn start_with(folder: &Path, [host, port]: [&str; 2], settings: &str) -> Option<Self> {
        let program = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];
        let Some(program) = program.into_iter().find(|path| Path::new(path).exists()) else {
            eprintln!("NOT TESTED: there is no nats-server here (Debian's nats-server)");
            return None;
        };
        let file = folder.join("settings");
        std::fs::write(&file, settings).unwrap();
        let mut process = Command::new(program)
            .arg("--config")
            .arg(file)
            .args(["--addr", host, "--port", port, "--jetstream", "--store_dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let address = format!("{host}:{}", listening(&mut log, host));
        Some(Self { process, address, _log: log })
    }

    fn address(&self) -> String {
        format!("nats://{}", self.address)
    }

    fn postman(&self) -> JetStreamPostman {
        JetStreamPostman::new(JetStreamServer::new(&self.address(), None).unwrap())
    }

    async fn stream(&self) -> Stream {
        let client = async_nats::connect(self.address()).await.unwrap();
        jetstream::new(client).get_stream(STREAM).await.unwrap()
    }
}

/// The port that a server says it has; afterwards it is ready.
fn listening(log: &mut impl BufRead, host: &str) -> u16 {
    let beginning = format!("client connections on {host}:");
    let mut port = None;
    let mut told = String::new();
    for line in log.lines().map_while(Result::ok) {
        if let Some((_, its)) = line.rsplit_once(&beginning) {
            port = its.trim().parse().ok();
        }
        if line.ends_with("Server is ready") {
            return port.expect("it says where it listens before it is ready");
        }
        told = line;
    }
    panic!("the server did not start: {told}");
}

/// Tries until it is so; a minute is enough anywhere.
async fn until(is_so: impl AsyncFn() -> bool) {
    let trying = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
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
    let Some(server) = Server::start(folder.path()) else { return };
    let postman = server.postman();
    for id in ["1", "1", "2"] {
        assert_eq!(post(&postman, id).await, Posted::Taken);
    }
    let mut stream = server.stream().await;
    assert_eq!(stream.info().await.unwrap().state.messages, 2, "the repetition was kept out");
    let consumer: PullConsumer = stream.get_consumer("bank-core").await.expect("made by the postman");
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
    // At an address of its own, so that nobody takes the port while the server is away.
    let host = "127.0.0.2";
    let Some(server) = Server::start_with(folder.path(), [host, FREE_PORT], "") else { return };
    let postman = server.postman();
    assert_eq!(post(&postman, "1").await, Posted::Taken);
    let (_, port) = server.address.split_once(':').unwrap();
    let port = port.to_owned();
    drop(server);
    assert!(matches!(post(&postman, "2").await, Posted::Failed(_)));
    let again = Server::start_with(folder.path(), [host, &port], "").unwrap();
    // The courier would wait longer between its attempts; the library comes back by itself.
    until(async || post(&postman, "2").await == Posted::Taken).await;
    assert_eq!(again.stream().await.info().await.unwrap().state.messages, 2);
}

#[tokio::test]
async fn a_stream_that_was_taken_away_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(folder.path()) else { return };
    let postman = server.postman();
    assert_eq!(post(&postman, "1").await, Posted::Taken);
    let client = async_nats::connect(server.address()).await.unwrap();
    jetstream::new(client).delete_stream(STREAM).await.unwrap();
    assert!(matches!(post(&postman, "2").await, Posted::Failed(_)));
    assert_eq!(post(&postman, "2").await, Posted::Taken);
}

/// The accounts of the operators' guide, with a second agency.
fn accounts() -> String {
    let guide = include_str!("../../../docs/guide/operator.md");
    let begin = guide.find("accounts: {").unwrap();
    let one = guide[begin..].split("```").next().unwrap().replace('…', "secret");
    let exports = &one[one.find("    {service: \"$JS").unwrap()..one.find("  ]}\n  NGAN_HANG").unwrap()];
    let agency = &one[one.find("  NGAN_HANG").unwrap()..one.rfind('}').unwrap()];
    let other = |text: &str| text.replace("ngan-hang", "benh-vien").replace("NGAN_HANG", "BENH_VIEN");
    let whole = one.replacen(exports, &format!("{exports}{}", other(exports)), 1);
    whole.replacen(agency, &format!("{agency}{}", other(agency)), 1)
}

/// An agency that fetches by the reader that was made for it.
async fn fetch(agency: &async_nats::Client, reply: &str) {
    let subject = "$JS.API.CONSUMER.MSG.NEXT.DANCU_CHANGES.ngan-hang-core";
    let question = r#"{"batch":1,"no_wait":true}"#;
    agency.publish_with_reply(subject, reply.to_owned(), question.into()).await.unwrap();
}

#[tokio::test]
async fn with_the_accounts_of_the_guide_an_agency_reads_its_own_changes_and_does_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start_with(folder.path(), ["127.0.0.1", FREE_PORT], &accounts()) else {
        return;
    };
    let address = format!("nats://dancu:secret@{}", server.address);
    let postman = JetStreamPostman::new(JetStreamServer::new(&address, None).unwrap());
    for (id, client) in [("1", "ngan-hang-core"), ("2", "benh-vien-core"), ("3", "ngan-hang-core")] {
        assert_eq!(post_to(&postman, id, client).await, Posted::Taken);
    }
    let agency = ConnectOptions::with_user_and_password("ngan-hang".into(), "secret".into());
    let agency = agency.connect(server.address()).await.unwrap();
    let mut everything = agency.subscribe(">").await.unwrap();
    // A reply may be directed to any subject, but only of the agency's own account.
    for reply in [
        "dancu.changes.benh-vien-core",
        "$JS.API.STREAM.DELETE.DANCU_CHANGES",
        "$JS.API.STREAM.PURGE.DANCU_CHANGES",
        "$JS.API.CONSUMER.DELETE.DANCU_CHANGES.benh-vien-core",
    ] {
        fetch(&agency, reply).await;
    }
    for subject in [
        "$JS.API.CONSUMER.MSG.NEXT.DANCU_CHANGES.benh-vien-core",
        "$JS.API.STREAM.INFO.DANCU_CHANGES",
        "$JS.API.STREAM.MSG.GET.DANCU_CHANGES",
        "dancu.changes.benh-vien-core",
    ] {
        agency.publish_with_reply(subject, "answer", "{}".into()).await.unwrap();
    }
    let mut told = Vec::new();
    while told.len() < 2 {
        let message =
            timeout(Duration::from_mins(1), everything.next()).await.expect("it may fetch").unwrap();
        let headers = message.headers.unwrap_or_default();
        if let Some(id) = headers.get("Nats-Msg-Id") {
            told.push(id.to_string());
            let acknowledged = agency.request(message.reply.unwrap(), "+ACK".into()).await;
            acknowledged.expect("it may acknowledge");
        }
    }
    assert_eq!(told, ["1", "3"], "its own, and no other's");
    let mut stream = postman.opened.get().unwrap().stream().await.expect("nobody took it away");
    let info = stream.info().await.unwrap();
    assert_eq!((info.state.messages, info.state.consumer_count), (3, 2), "nothing was added or taken");
    let mut reader: PullConsumer = stream.get_consumer("ngan-hang-core").await.unwrap();
    let reader = reader.info().await.unwrap();
    assert_eq!((reader.num_pending, reader.num_ack_pending), (0, 0));
}

#[tokio::test]
async fn a_stream_that_was_made_otherwise_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(folder.path()) else { return };
    let context = jetstream::new(async_nats::connect(server.address()).await.unwrap());
    let subjects = vec![SUBJECTS.to_owned()];
    let dropping = Config { name: STREAM.to_owned(), subjects: subjects.clone(), ..Config::default() };
    context.create_stream(dropping.clone()).await.unwrap();
    assert_eq!(post(&server.postman(), "1").await, Posted::Failed(PostFailure::Refused));
    let duplicate_window = REPETITION_WINDOW;
    let good = Config { discard: DiscardPolicy::New, duplicate_window, ..dropping };
    context.update_stream(good).await.unwrap();
    assert_eq!(post(&server.postman(), "1").await, Posted::Taken);
}

#[tokio::test]
async fn nobody_there_is_told_at_once() {
    let free = TcpListener::bind("127.0.0.3:0").unwrap().local_addr().unwrap();
    let server = JetStreamServer::new(&format!("nats://{free}"), None).unwrap();
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

#[tokio::test]
async fn no_name_is_spoken_to_without_tls_even_when_it_is_this_machines() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("localhost:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let info = br#"INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"jetstream":true}"#;
        stream.write_all(&[info.as_slice(), b"\r\n"].concat()).await.unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    let server = JetStreamServer::new(&format!("nats://user:secret@localhost:{port}"), None).unwrap();
    assert_eq!(post(&JetStreamPostman::new(server), "1").await, Posted::Failed(PostFailure::Unreachable));
    let heard = String::from_utf8_lossy(&heard.await.unwrap()).into_owned();
    assert!(!heard.contains("CONNECT") && !heard.contains("secret"), "{heard}");
}

#[test]
fn an_address_is_one_of_a_server_and_shows_no_password() {
    let server = JetStreamServer::new("tls://user:ge%3Aheim@nats.example:4222", None).unwrap();
    assert_eq!((server.user.as_deref(), server.password.as_deref()), (Some("user"), Some("ge:heim")));
    assert_eq!(format!("{server:?} {:?}", server.address).matches("heim").count(), 0);
    for address in ["", "http://nats.example", "ws://nats.example", "nats://"] {
        assert!(JetStreamServer::new(address, None).is_none(), "{address}");
    }
}
