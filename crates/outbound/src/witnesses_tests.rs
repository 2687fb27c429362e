use super::*;
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

/// Answers one request with these bytes; gives back what came.
fn answer(bytes: Vec<u8>) -> (HttpWitness, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/w1/", listener.local_addr().unwrap()).parse().unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"old 0\n\nbody") {
            let mut part = [0; 1_024];
            let length = stream.read(&mut part).unwrap();
            assert_ne!(length, 0);
            request.extend_from_slice(&part[..length]);
        }
        // Whoever finds the answer too long hangs up.
        let _ = stream.write_all(&bytes);
        String::from_utf8(request).unwrap()
    });
    (HttpWitness::new(&url).unwrap(), served)
}

fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_checkpoint_is_posted_below_the_prefix_and_every_answer_comes_back() {
    for (status, code) in [("200 OK", 200), ("409 Conflict", 409), ("422 Unprocessable Entity", 422)] {
        let (witness, served) = answer(http(status, b"7\n"));
        let came = witness.add_checkpoint("old 0\n\nbody".to_owned()).await.unwrap();
        assert_eq!(came, Answer { status: code, body: b"7\n".to_vec() });
        assert!(served.join().unwrap().starts_with("POST /w1/add-checkpoint HTTP/1.1\r\n"));
    }
}

#[tokio::test]
async fn an_endless_a_cut_and_a_missing_answer_cost_a_bounded_time_and_memory() {
    let body = || "old 0\n\nbody".to_owned();
    let (witness, _served) = answer(http("200 OK", &vec![b'a'; 20_000]));
    assert_eq!(witness.add_checkpoint(body()).await.unwrap().body, b"");
    let (witness, _served) = answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut".to_vec());
    assert_eq!(witness.add_checkpoint(body()).await, Err(NoAnswer));
    let (witness, _served) =
        answer(b"HTTP/1.1 307 T\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec());
    assert_eq!(witness.add_checkpoint(body()).await.unwrap().status, 307, "not followed");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = HttpWitness::new(&format!("http://{free}/").parse().unwrap()).unwrap();
    assert_eq!(nobody.add_checkpoint(body()).await, Err(NoAnswer));
}
