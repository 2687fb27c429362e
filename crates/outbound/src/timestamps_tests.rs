use crate::HttpTimestampAuthority;
use dancu_evidence::{AuthorityError, TimestampAuthority};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

/// Answers one request with these bytes; gives back the head and the body that came.
fn answer(bytes: Vec<u8>) -> (HttpTimestampAuthority, JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tsr", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0);
        }
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        // Whoever finds the answer too long hangs up.
        let _ = reader.into_inner().write_all(&bytes);
        (head, body)
    });
    (HttpTimestampAuthority::new(url.parse().unwrap()).unwrap(), served)
}

fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_query_is_sent_as_the_protocol_says_and_the_reply_comes_back() {
    let (authority, served) = answer(http("200 OK", b"reply"));
    assert_eq!(authority.ask(b"query").await.unwrap(), b"reply");
    let (head, body) = served.join().unwrap();
    assert!(
        head.starts_with("post /tsr http/1.1") && head.contains("content-type: application/timestamp-query")
    );
    assert_eq!(body, b"query");
}

#[tokio::test]
async fn an_authority_that_fails_talks_without_end_or_is_not_there_is_told_apart() {
    let (authority, _served) = answer(http("503 Service Unavailable", b""));
    assert!(matches!(authority.ask(b"query").await, Err(AuthorityError::Status(503))));
    let (authority, _served) = answer(http("200 OK", &vec![0; 70_000]));
    assert!(matches!(authority.ask(b"query").await, Err(AuthorityError::TooLong)));
    let (authority, _served) = answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut".to_vec());
    assert!(matches!(authority.ask(b"query").await, Err(AuthorityError::Unreachable)));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = HttpTimestampAuthority::new(format!("http://{free}/").parse().unwrap()).unwrap();
    assert!(matches!(nobody.ask(b"query").await, Err(AuthorityError::Unreachable)));
}
