//! The accept loop: bounded connections, bounded time for a head, and a stop that finishes what has begun.

use crate::tls::{Peer, Tls};
use axum::{Router, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
#[cfg(target_os = "linux")]
use socket2::SockRef;
use std::{future::Future, io, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt;

/// What one server gives to its clients at most.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// Open connections; further ones wait in the system's backlog.
    pub connections_max: usize,
    /// Time for a request's head to arrive, and for an idle connection to say something, in milliseconds.
    pub head_ms_max: u64,
    /// Time for which a client may leave what was sent to it unread, in milliseconds.
    pub unread_ms_max: u64,
    /// Time for requests in hand to finish at a stop, in milliseconds.
    pub stop_ms_max: u64,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { connections_max: 16_384, head_ms_max: 30_000, unread_ms_max: 30_000, stop_ms_max: 10_000 }
    }
}

/// Serves, over TLS where a certificate is given, until `stop` resolves, then lets requests in hand finish.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    router: Router,
    limits: ServerLimits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(limits.connections_max));
    let graceful = GracefulShutdown::new();
    let mut connection_builder = http1::Builder::new();
    connection_builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_ms_max))
        .max_buf_size(32 * 1024);
    tokio::pin!(stop);
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit.map_err(io::Error::other)?,
            () = &mut stop => break,
        };
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of descriptors or a connection that went away: others must not suffer.
                Err(error) => {
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Small answers must not wait for more data.
        let _ = stream.set_nodelay(true);
        forget_who_does_not_read(&stream, limits.unread_ms_max);
        let (router, connection_builder) = (router.clone(), connection_builder.clone());
        let (acceptor, watcher) = (tls.as_deref().map(Tls::acceptor), graceful.watcher());
        let head_ms_max = limits.head_ms_max;
        // Limits by source address look for it in the request, and who proves itself by a certificate is found there.
        let service = move |peer: Peer| {
            TowerToHyperService::new(router.map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(address));
                request.extensions_mut().insert(peer);
                request
            }))
        };
        tokio::spawn(async move {
            // A client that breaks off mid-request is its own affair.
            let Some(acceptor) = acceptor else {
                let served =
                    connection_builder.serve_connection(TokioIo::new(stream), service(Peer::default()));
                let _ = watcher.watch(served).await;
                return drop(permit);
            };
            let handshake = tokio::time::timeout(Duration::from_millis(head_ms_max), acceptor.accept(stream));
            if let Ok(Ok(stream)) = handshake.await {
                let peer = Peer::of(stream.get_ref().1);
                let served = connection_builder.serve_connection(TokioIo::new(stream), service(peer));
                let _ = watcher.watch(served).await;
            }
            drop(permit);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(Duration::from_millis(limits.stop_ms_max), graceful.shutdown()).await;
    Ok(())
}

/// Has the kernel break a connection off whose client leaves unread what it is sent: it would hold a place for ever.
fn forget_who_does_not_read(stream: &TcpStream, ms_max: u64) {
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(Duration::from_millis(ms_max))) {
        tracing::warn!(%error, "a connection has no limit for what stays unread");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, ms_max);
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_client_that_reads_nothing_gives_its_place_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/long", get(async || vec![0_u8; 64 << 20]))
            .route("/short", get(async || "short"));
        let limits = ServerLimits { connections_max: 1, unread_ms_max: 500, ..ServerLimits::default() };
        tokio::spawn(serve(listener, None, router, limits, std::future::pending()));
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        // It has the only place as soon as its answer begins.
        idle.read_u8().await.unwrap();
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(b"GET /short HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        let read = tokio::time::timeout(Duration::from_secs(20), next.read_to_string(&mut answer));
        read.await.expect("a place comes free").unwrap();
        assert!(answer.ends_with("short"));
        drop(idle);
    }
}
