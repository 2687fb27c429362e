//! Receivers of every kind: good ones, slow ones, endless ones, looping ones, and such as we never go to.

use super::*;
use dancu_feed::WebhookKey;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a receiver does with a connection after it read the request.
#[derive(Clone, Copy)]
enum Receiver {
    Says(&'static str),
    /// Sends a head that never ends.
    EndlessHead,
    /// Sends a body without end.
    EndlessBody,
    Silent,
    BreaksOff,
}

struct Running {
    url: Url,
    asked: Arc<AtomicUsize>,
    requests: tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>,
}

async fn answer(mut stream: TcpStream, receiver: Receiver) -> Option<()> {
    match receiver {
        Receiver::Says(head) => stream.write_all(head.as_bytes()).await.ok()?,
        Receiver::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await.ok()?;
            while stream.write_all(&[b"x: ".as_slice(), &[b'a'; 4_096], b"\r\n"].concat()).await.is_ok() {}
        }
        Receiver::EndlessBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.ok()?;
            while stream.write_all(&[b"1000\r\n".as_slice(), &[b'a'; 4_096], b"\r\n"].concat()).await.is_ok()
            {
            }
        }
        Receiver::Silent => drop(stream.read(&mut [0; 1]).await),
        Receiver::BreaksOff => {}
    }
    Some(())
}

async fn start(receiver: Receiver) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?a=1", listener.local_addr().unwrap()).parse().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let (sender, requests) = tokio::sync::mpsc::unbounded_channel();
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let mut request = vec![0; 8_192];
            let mut length = 0;
            while !request[..length].ends_with(b"{\"entries\":[]}") {
                length += stream.read(&mut request[length..]).await.unwrap();
            }
            request.truncate(length);
            let _ = sender.send(request);
            answer(stream, receiver).await;
        }
    });
    Running { url, asked, requests }
}

async fn post_to(url: &Url, networks: &[&str]) -> Posted {
    let allowed = AllowedNetworks::new(networks.iter().map(|text| text.parse().unwrap()).collect());
    let limits = WebhookLimits { connect_ms_max: 300, answer_ms_max: 300 };
    let postman = WebhookPostman::new(allowed, limits);
    let body = b"{\"entries\":[]}";
    let key = WebhookKey::from_seed(&[7; 32]).unwrap();
    let headers = key.sign(url, body, "2026-11-22T02:00:00Z".parse().unwrap(), &[1; 16]).unwrap();
    postman.post(Letter { id: "1", to: url, body, headers: &headers }).await
}

const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1/128"];

#[tokio::test]
async fn a_receiver_gets_the_body_with_its_digest_and_signature() {
    let mut receiver = start(Receiver::Says("HTTP/1.1 204 No Content\r\n\r\n")).await;
    assert_eq!(post_to(&receiver.url, LOOPBACK).await, Posted::Taken);
    let request = String::from_utf8(receiver.requests.recv().await.unwrap()).unwrap();
    assert!(request.starts_with("POST /hook?a=1 HTTP/1.1\r\n"), "{request}");
    for line in [
        "content-type: application/json\r\n",
        "content-digest: sha-256=:",
        "signature: dancu=:",
        "signature-input: dancu=(",
    ] {
        assert!(request.contains(line), "{line} is not in {request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"entries\":[]}"));
}

#[tokio::test]
async fn what_a_receiver_answers_decides_and_a_redirection_is_not_followed() {
    let elsewhere = start(Receiver::Says("HTTP/1.1 204 No Content\r\n\r\n")).await;
    let leaked: &'static str = Box::leak(
        format!(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            elsewhere.url
        )
        .into_boxed_str(),
    );
    for (head, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Posted::Taken),
        ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", Posted::Gone),
        ("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", Posted::Failed(PostFailure::Status(500))),
        ("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n", Posted::Failed(PostFailure::Status(401))),
        ("no HTTP at all\r\n\r\n", Posted::Failed(PostFailure::Unreachable)),
        (leaked, Posted::Failed(PostFailure::Status(307))),
    ] {
        let receiver = start(Receiver::Says(head)).await;
        assert_eq!(post_to(&receiver.url, LOOPBACK).await, expected, "{head}");
    }
    assert_eq!(elsewhere.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_slow_endless_or_broken_receiver_costs_a_bounded_time() {
    for (receiver, expected) in [
        (Receiver::Silent, Posted::Failed(PostFailure::TooSlow)),
        (Receiver::EndlessBody, Posted::Taken),
        (Receiver::EndlessHead, Posted::Failed(PostFailure::Unreachable)),
        (Receiver::BreaksOff, Posted::Failed(PostFailure::Unreachable)),
    ] {
        let running = start(receiver).await;
        let begun = Instant::now();
        assert_eq!(post_to(&running.url, LOOPBACK).await, expected);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn no_spelling_of_an_address_of_our_own_is_knocked_at() {
    let receiver = start(Receiver::Says("HTTP/1.1 204 No Content\r\n\r\n")).await;
    let port = receiver.url.port().unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/").parse().unwrap();
            assert_eq!(post_to(&url, &[]).await, Posted::Failed(PostFailure::Forbidden), "{url}");
        }
    }
    // A name without TLS is refused whatever it resolves to; one with TLS that resolves to us is let through when the
    // operator allowed it, and then fails because nobody there speaks TLS.
    let plain = format!("http://localhost:{port}/").parse().unwrap();
    assert_eq!(post_to(&plain, LOOPBACK).await, Posted::Failed(PostFailure::Forbidden));
    assert_eq!(receiver.asked.load(Ordering::Relaxed), 0);
    let open = "http://93.184.215.14/".parse().unwrap();
    assert_eq!(
        post_to(&open, LOOPBACK).await,
        Posted::Failed(PostFailure::Forbidden),
        "no TLS, another's machine"
    );
}

#[tokio::test]
async fn a_name_without_address_is_told() {
    let url = "https://no-such-host.invalid/".parse().unwrap();
    assert_eq!(post_to(&url, &[]).await, Posted::Failed(PostFailure::NoAddress));
}
