//! `dancu up`: opens the platform, serves, and stops without losing anything.

use crate::{
    cli::UpArgs,
    config::Config,
    demo, descriptors,
    extracts::keep_making,
    failure::Failure,
    feed::Deliveries,
    handover,
    platform::{
        Platform, follow_connections, follow_logs, housekeeping, index_older_persons, write_refusals,
    },
    statistics::keep_counting,
    system::{SystemClock, SystemEntropy},
    timestamps::keep_stamping,
    witness::keep_cosigned,
};
use dancu_web::{ServerLimits, Tls, router, serve};
use std::{io::Write, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{Signal, SignalKind, signal},
};

/// Serves until Ctrl-C or SIGTERM.
pub async fn run(args: &UpArgs, mut config: Config) -> Result<(), Failure> {
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    config.accept_clock_behind |= args.accept_clock_behind;
    // The port is taken first, so that a second instance is told at once.
    let listener = listen(config.listen)?;
    adopt_port(&mut config, &listener);
    let tls = open_tls(&mut config)?;
    let mut platform = Platform::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    let (clock, entropy) = (&platform.state.clock, &platform.state.entropy);
    let queue = handover::open(args, &platform.stores, &config, clock, entropy).await?;
    let state = Arc::get_mut(&mut platform.state).expect("nobody else has the state before it is served");
    state.handover.clone_from(&queue);
    let demonstration =
        if args.demo { Some(demo::prepare(&platform, &config, args.persons).await?) } else { None };
    // Listened for before anybody is told that it runs: whoever stops it at once must find it listening.
    let stop = stop_signal();
    announce(&config, args.json, demonstration.as_ref());
    let keeper = tokio::spawn(housekeeping(Arc::clone(&platform.state)));
    let courier = queue.map(|queue| tokio::spawn(handover::keep_handing_over(queue)));
    let followers = [
        tokio::spawn(follow_logs(Arc::clone(&platform.state.logs))),
        tokio::spawn(follow_connections(Arc::clone(&platform.state))),
    ];
    let indexer = tokio::spawn(index_older_persons(Arc::clone(&platform.stores.search)));
    let watch = platform.watch();
    let extracts = tokio::spawn(keep_making(platform.cohort_maker(), platform.stores.clone()));
    let maker = platform.statistics_maker(&config, &SystemEntropy)?;
    let counting = tokio::spawn(keep_counting(maker, platform.stores.clone()));
    let deliveries = Deliveries::start(Arc::clone(&platform.courier), platform.stores.clone());
    let connections_max = descriptors::make_room(config.connections_max);
    let limits = ServerLimits { connections_max, ..ServerLimits::default() };
    let stamping = platform.timestamper.take();
    let stamping = stamping.map(|stamper| tokio::spawn(keep_stamping(stamper, config.timestamp_minutes)));
    let cosigning = platform.state.cosigning.clone().map(|asked| tokio::spawn(keep_cosigned(asked)));
    let renewal = tls.clone().map(|tls| tokio::spawn(keep_certificate_new(tls)));
    let served = serve(listener, tls, router(Arc::clone(&platform.state)), limits, stop).await;
    deliveries.stop().await;
    keeper.abort();
    followers.iter().for_each(tokio::task::JoinHandle::abort);
    watch.abort();
    extracts.abort();
    counting.abort();
    indexer.abort();
    for task in [courier, stamping, cosigning, renewal].into_iter().flatten() {
        task.abort();
    }
    if let Err(error) = write_refusals(&platform.state).await {
        tracing::warn!(%error, "refusals could not be written");
    }
    platform.close();
    served.map_err(|error| Failure::new("DANCU-CLI-051", error.to_string(), error.to_string()))
}

/// Opens the port. The queue of connections that wait to be accepted is long: one more is dropped by the kernel, and
/// its client tries again a whole second later.
pub fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    open_port(address).map_err(|error| {
        Failure::new(
            "DANCU-CLI-050",
            format!("Không mở được cổng {address}: {error}. Hãy chọn cổng khác bằng --listen."),
            format!("{address} cannot be opened: {error}. Choose another port with --listen."),
        )
    })
}

fn open_port(address: SocketAddr) -> std::io::Result<TcpListener> {
    const WAITING_MAX: u32 = 4_096;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the old process's connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_MAX)
}

/// With port 0 the system chose one; addresses that were built in follow it.
fn adopt_port(config: &mut Config, listener: &TcpListener) {
    let Ok(address) = listener.local_addr() else { return };
    let was_default = config.public_origin == Config::default().public_origin;
    config.listen = address;
    if was_default {
        // Fails for schemes without ports only.
        let _ = config.public_origin.set_port(Some(address.port()));
    }
}

/// TLS, when certificate and key are both set. The built-in address of the pages becomes an `https` one with it.
pub fn open_tls(config: &mut Config) -> Result<Option<Arc<Tls>>, Failure> {
    let (certificate, key) = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return Ok(None),
        _ => {
            return Err(Failure::new(
                "DANCU-CLI-052",
                "Cần cả tls_certificate và tls_key, hoặc không có cái nào.",
                "Both tls_certificate and tls_key are needed, or neither.",
            ));
        }
    };
    let tls = Tls::open(certificate, key)?;
    if config.public_origin.host_str() == Some("localhost") {
        // Fails for special schemes only, of which http is none here.
        let _ = config.public_origin.set_scheme("https");
    }
    Ok(Some(Arc::new(tls)))
}

/// Takes renewed certificates up.
pub async fn keep_certificate_new(tls: Arc<Tls>) {
    let mut minute = tokio::time::interval(Duration::from_mins(1));
    loop {
        minute.tick().await;
        match tls.renew() {
            Ok(true) => tracing::info!("a renewed TLS certificate is served"),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, "the renewed TLS certificate cannot be used; the old one is served");
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "the addresses are for whoever started it")]
fn announce(config: &Config, json: bool, demonstration: Option<&demo::Demonstration>) {
    let origin = config.public_origin.as_str().trim_end_matches('/');
    let scheme = if config.tls_certificate.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}", config.listen);
    match demonstration {
        Some(demonstration) if json => println!("{}", demonstration.to_json(origin, &address)),
        None if json => println!("{}", serde_json::json!({ "origin": origin, "address": address })),
        _ => {
            println!("\n  Dancu: {origin}   ({address}, {address}/health)");
            if let Some(demonstration) = demonstration {
                println!("{}", demonstration.to_words(origin));
            }
            println!("  Ctrl-C để dừng / to stop");
        }
    }
    let _ = std::io::stdout().flush();
}

/// Listens for Ctrl-C and SIGTERM from the call on; the future waits for the first of them.
pub fn stop_signal() -> impl Future<Output = ()> {
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        let [interrupt, terminate] = signals.map(received);
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
        tracing::info!("stopping");
    }
}

/// Waits for a signal; for ever when the system does not let it be listened for.
async fn received(listening: std::io::Result<Signal>) {
    match listening {
        Ok(mut signal) => drop(signal.recv().await),
        Err(error) => {
            tracing::warn!(%error, "a signal to stop cannot be listened for");
            std::future::pending::<()>().await;
        }
    }
}
