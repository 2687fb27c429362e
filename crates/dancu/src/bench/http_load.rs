//! A plain HTTP/1.1 load: a fixed number of kept-alive connections, each sending its next request when the
//! last was answered, or at a pace. Cheap on purpose, since it shares the machine with what it measures.

use crate::bench::wire::{Stream, Wire};
use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

/// How a load runs.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections.
    pub connections: usize,
    /// How long, from when all of them are open.
    pub duration: Duration,
    /// Requests a second of all connections together; each as soon as the last is answered when left out.
    pub per_second: Option<f64>,
}

/// Runs the load.
pub async fn run(
    address: SocketAddr,
    wire: Arc<Wire>,
    load: Load,
    make: Arc<MakeRequest>,
) -> io::Result<Seen> {
    let mut streams = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        streams.push(wire.connect(address).await?);
    }
    let begun = Instant::now();
    let tasks: Vec<_> = streams
        .into_iter()
        .enumerate()
        .map(|(connection, stream)| {
            let pace = Pace::new(begun, load, connection);
            tokio::spawn(one(stream, connection, pace, Arc::clone(&make)))
        })
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

/// When a connection sends.
#[derive(Clone, Copy)]
struct Pace {
    first: Instant,
    until: Instant,
    interval: Option<Duration>,
}

impl Pace {
    fn new(begun: Instant, load: Load, connection: usize) -> Self {
        let count = u32::try_from(load.connections).unwrap_or(u32::MAX);
        let interval = load.per_second.map(|rate| Duration::from_secs_f64(f64::from(count) / rate));
        let place = u32::try_from(connection).unwrap_or(0);
        let first = begun + interval.unwrap_or_default() * place / count.max(1);
        Self { first, until: begun + load.duration, interval }
    }

    /// Waits until the n-th request is due; from when its time counts. What is sent late because the answer before it was
    /// late counts from when it was due, or a server that stalls would look fast.
    async fn due(self, number: u64) -> Instant {
        let Some(interval) = self.interval else { return Instant::now() };
        let due = self.first + interval * u32::try_from(number).unwrap_or(u32::MAX);
        if Instant::now() >= due {
            return due;
        }
        tokio::time::sleep_until(due.into()).await;
        // The timer's own lateness, up to a millisecond, is not the server's.
        Instant::now()
    }
}

async fn one(
    mut stream: Box<dyn Stream>,
    connection: usize,
    pace: Pace,
    make: Arc<MakeRequest>,
) -> io::Result<Seen> {
    let (mut request, mut answer) = (Vec::new(), vec![0; 16 * 1024]);
    let mut seen = Seen::default();
    let mut number = 0;
    loop {
        let begun = pace.due(number).await;
        if Instant::now() >= pace.until {
            return Ok(seen);
        }
        request.clear();
        make(connection, number, &mut request);
        number += 1;
        stream.write_all(&request).await?;
        let good = read_answer(&mut *stream, &mut answer).await?;
        seen.latencies_us.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        if good {
            seen.answers += 1;
        } else {
            seen.others += 1;
        }
    }
}

/// Reads one whole answer; true when its status is 200.
async fn read_answer(stream: &mut dyn Stream, buffer: &mut [u8]) -> io::Result<bool> {
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

/// Writes a POST of JSON with more headers, each a whole line without its end.
pub fn post(path: &str, headers: &[&str], body: &str, into: &mut Vec<u8>) {
    use std::io::Write;
    let _ = write!(into, "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    for header in headers {
        let _ = write!(into, "{header}\r\n");
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
