//! New connections: the servers of an address one after the other, each for a bounded time, until one takes writes.

use crate::location::{Server, StoreLocation};
use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, Error, NoTls, Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

/// Longest wait for one server. A server that hangs must not keep the others from being asked.
const SERVER_WAIT: Duration = Duration::from_secs(3);

/// The servers of an address.
pub(crate) struct Servers {
    servers: Vec<Server>,
    /// The one that took writes last: it is asked first, so that a dead one costs its wait once.
    first: AtomicUsize,
}

impl Servers {
    pub(crate) fn new(location: &StoreLocation) -> Self {
        let mut servers = location.servers().to_vec();
        for Server { config, .. } in &mut servers {
            config.connect_timeout(SERVER_WAIT).application_name("dancu");
            config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(Duration::from_secs(30));
        }
        Self { servers, first: AtomicUsize::new(0) }
    }

    /// The time in which each was asked.
    pub(crate) fn wait_max(&self) -> Duration {
        SERVER_WAIT.saturating_mul(u32::try_from(self.servers.len()).unwrap_or(u32::MAX))
            + Duration::from_secs(1)
    }
}

impl Connect for Servers {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(async move {
            let (count, first) = (self.servers.len(), self.first.load(Ordering::Relaxed));
            for place in (first..first + count - 1).map(|place| place % count) {
                let connecting = connect(&self.servers[place]);
                if let Ok(Ok(connected)) = tokio::time::timeout(SERVER_WAIT, connecting).await {
                    self.first.store(place, Ordering::Relaxed);
                    return Ok(connected);
                }
            }
            // The pool ends the wait for the last one.
            let last = (first + count - 1) % count;
            let connected = connect(&self.servers[last]).await?;
            self.first.store(last, Ordering::Relaxed);
            Ok(connected)
        })
    }
}

async fn connect(server: &Server) -> Result<(Client, JoinHandle<()>), Error> {
    match &server.tls {
        Some(tls) => connect_by(&server.config, tls.clone()).await,
        None => connect_by(&server.config, NoTls).await,
    }
}

async fn connect_by<T>(config: &Config, tls: T) -> Result<(Client, JoinHandle<()>), Error>
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = config.connect(tls).await?;
    // How it ends shows in the work that used it.
    let task = tokio::spawn(async move { drop(connection.await) });
    Ok((client, task))
}
