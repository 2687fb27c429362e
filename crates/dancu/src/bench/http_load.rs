//! A plain HTTP/1.1 load: a fixed number of kept-alive connections, each sending its next request when the
//! last was answered. Cheap on purpose, since it shares the machine with what it measures.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What a load saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Answers with status 200.
    pub answers: u64,
    /// Answers with another status.
    pub others: u64,
    /// Microseconds of each answer.
    pub latencies_us: Vec<u32>,
}

/// Makes the n-th request of a connection.
pub type MakeRequest = dyn Fn(usize, u64, &mut Vec<u8>) + Send + Sync;

/// Runs the load for a while.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    make: Arc<MakeRequest>,
) -> io::Result<Seen> {
    let until = Instant::now() + duration;
    let tasks: Vec<_> = (0..connections)
        .map(|connection| tokio::spawn(one(address, connection, until, Arc::clone(&make))))
        .collect();
    let mut all = Seen::default();
    for task in tasks {
        let seen = task.await.map_err(io::Error::other)??;
        all.answers += seen.answers;
        all.others += seen.others;
        all.latencies_us.extend(seen.latencies_us);
    }
    Ok(all)
}

async fn one(
    address: SocketAddr,
    connection: usize,
    until: Instant,
    make: Arc<MakeRequest>,
) -> io::Result<Seen> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut request, mut answer) = (Vec::new(), vec![0; 16 * 1024]);
    let mut seen = Seen::default();
    let mut number = 0;
    loop {
        let begun = Instant::now();
        if begun >= until {
            return Ok(seen);
        }
        request.clear();
        make(connection, number, &mut request);
        number += 1;
        stream.write_all(&request).await?;
        let good = read_answer(&mut stream, &mut answer).await?;
        seen.latencies_us.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        if good {
            seen.answers += 1;
        } else {
            seen.others += 1;
        }
    }
}

/// Reads one whole answer; true when its status is 200.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += count;
        if let Some(length) = whole_length(&buffer[..filled])?
            && filled >= length
        {
            return Ok(buffer.starts_with(b"HTTP/1.1 200"));
        }
    }
}

/// The length of head and body, once the head is there.
fn whole_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..head]).map_err(io::Error::other)?;
    let body = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .ok_or_else(|| io::Error::other("an answer without its length"))?;
    Ok(Some(head + 4 + body))
}

/// Writes a POST of JSON.
pub fn post(path: &str, bearer: Option<&str>, body: &str, into: &mut Vec<u8>) {
    use std::io::Write;
    let _ = write!(into, "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    if let Some(bearer) = bearer {
        let _ = write!(into, "authorization: Bearer {bearer}\r\n");
    }
    let _ = write!(into, "content-length: {}\r\n\r\n{body}", body.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is_there() {
        assert_eq!(whole_length(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n").unwrap(), None);
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(whole_length(whole).unwrap(), Some(whole.len()));
        assert!(whole_length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
