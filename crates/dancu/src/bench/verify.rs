//! Verified, counted, durably logged answers with their receipts, against a bare axum JSON echo.

use crate::{
    bench::{
        http_load::{self, MakeRequest, Seen, post},
        people::{self, Sample},
        place::Place,
        report::{Report, memory_mib, quantile_ms},
    },
    cli::BenchArgs,
    client::ClientSecret,
    failure::Failure,
    platform::Platform,
    rehearsal,
    system::{SystemClock, SystemEntropy},
};
use axum::{Json, Router, routing::post as post_route};
use dancu_core::Clock;
use dancu_exchange::{Author, ConnectionsDocument};
use dancu_web::{ServerLimits, router, serve};
use serde_json::{Value, json};
use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};

/// Clients that share the load.
const CLIENTS: usize = 8;
/// Ours and the echo take turns, so that a change of the machine's speed meets both.
const ROUNDS: u64 = 5;
/// Seconds of each before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

fn network(error: &io::Error) -> Failure {
    Failure::new(
        "DANCU-CLI-070",
        format!("Phép đo bị lỗi mạng: {error}."),
        format!("The measurement failed on the network: {error}."),
    )
}

/// Runs the measurement.
pub fn run(args: &BenchArgs, folder: &Path) -> Result<Vec<Report>, Failure> {
    let runtime = |threads| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .map_err(|error| network(&error))
    };
    let (server, load) = (runtime(2)?, runtime(1)?);
    let place = Place::open(args, folder)?;
    let (platform, samples) = server.block_on(people::platform(args, &place))?;
    let tokens = server.block_on(connect(&platform, folder))?;
    let bodies: Arc<Vec<String>> = Arc::new(samples.iter().map(body).collect());
    let state = Arc::clone(&platform.state);
    let (ours, stop_ours) = start(&server, router(state))?;
    let (echo, stop_echo) = start_echo(&server)?;
    let question = questions(Arc::clone(&bodies), tokens);
    let echo_bodies = Arc::clone(&bodies);
    let echoed: Arc<MakeRequest> = Arc::new(move |connection, number, into| {
        post("/echo", None, pick(&echo_bodies, connection, number), into);
    });
    let measured = measure(args, place.store(), &load, &(ours, question), &(echo, echoed))
        .map_err(|error| network(&error));
    let _ = (stop_ours.send(()), stop_echo.send(()));
    platform.close();
    Ok(vec![measured?])
}

fn measure(
    args: &BenchArgs,
    store: &'static str,
    load: &Runtime,
    ours: &(SocketAddr, Arc<MakeRequest>),
    echo: &(SocketAddr, Arc<MakeRequest>),
) -> io::Result<Report> {
    let one = |(address, make): &(SocketAddr, Arc<MakeRequest>), duration| {
        load.block_on(http_load::run(*address, args.connections, duration, Arc::clone(make)))
    };
    one(ours, WARM_UP)?;
    one(echo, WARM_UP)?;
    let turn = Duration::from_millis(args.seconds * 1000 / ROUNDS);
    let (mut mine, mut theirs) = (Seen::default(), Seen::default());
    for _ in 0..ROUNDS {
        add(&mut mine, one(ours, turn)?);
        add(&mut theirs, one(echo, turn)?);
    }
    if mine.others > 0 || theirs.others > 0 {
        return Err(io::Error::other(format!("{} answers of ours were refused", mine.others)));
    }
    mine.latencies_us.sort_unstable();
    let seconds = turn.as_secs_f64() * f64::from(u32::try_from(ROUNDS).unwrap_or(u32::MAX));
    let (ours_per_second, calibration_per_second) =
        (rate(mine.answers, seconds), rate(theirs.answers, seconds));
    Ok(Report {
        name: "verify",
        store,
        ours_per_second,
        calibration: "bare axum JSON echo, same client, same connections",
        calibration_per_second,
        ratio: ours_per_second / calibration_per_second,
        p50_ms: quantile_ms(&mine.latencies_us, 0.5),
        p99_ms: quantile_ms(&mine.latencies_us, 0.99),
        memory_mib: memory_mib(),
        seconds,
        rows: mine.answers,
    })
}

fn add(all: &mut Seen, more: Seen) {
    all.answers += more.answers;
    all.others += more.others;
    all.latencies_us.extend(more.latencies_us);
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

/// The question that a counter asks: the data of a person's card.
fn body(sample: &Sample) -> String {
    json!({
        "number": sample.number, "name": sample.full_name, "birth_date": sample.birth_date, "sex": sample.sex,
        "reference": "bench",
    })
    .to_string()
}

fn pick(bodies: &[String], connection: usize, number: u64) -> &str {
    // Odd strides visit all persons, each connection in its own order.
    let index = (connection as u64).wrapping_mul(7919).wrapping_add(number.wrapping_mul(104_729))
        % bodies.len() as u64;
    &bodies[usize::try_from(index).unwrap_or(0)]
}

fn questions(bodies: Arc<Vec<String>>, tokens: Vec<String>) -> Arc<MakeRequest> {
    Arc::new(move |connection, number, into| {
        post("/v1/verify", Some(&tokens[connection % tokens.len()]), pick(&bodies, connection, number), into);
    })
}

/// Connects the clients of the load and gets each a token, as any client would.
async fn connect(platform: &Platform, folder: &Path) -> Result<Vec<String>, Failure> {
    let state = &platform.state;
    let mut secrets = Vec::new();
    let mut document = json!({
        "organisations": [{"id": "bench", "name_vi": "Đo lường", "name_en": "Measurement"}],
        "clients": [], "contracts": [],
    });
    for index in 0..CLIENTS {
        let (id, path) = (format!("bench-{index}"), folder.join(format!("client-{index}.pem")));
        let secret = if path.exists() { ClientSecret::read(&path)? } else { ClientSecret::create(&path)? };
        push(&mut document["clients"], json!({"id": id, "organisation": "bench", "keys": [secret.public]}));
        push(
            &mut document["contracts"],
            json!({
                "id": format!("contract-{index}"), "client": id, "legal_basis": "Luật Căn cước 2023, Điều 10",
                "purpose_vi": "Đo lường", "purpose_en": "Measurement",
                "fields": ["name", "birth_date", "sex", "card_status", "life_status"],
                "daily_limit": u32::MAX, "per_second_max": 1_000_000, "limit_reason": "Đo lường", "valid_from": "2026-01-01",
            }),
        );
        secrets.push((id, secret));
    }
    let document: ConnectionsDocument = serde_json::from_value(document)
        .map_err(|error| Failure::new("DANCU-CLI-071", error.to_string(), error.to_string()))?;
    document.apply(state.life.store(), &state.directory, &Author::console(), state.clock.now()).await?;
    rehearsal::make_official(platform).await?;
    let audience = state.public_origin.as_str().trim_end_matches('/').to_owned();
    let mut tokens = Vec::new();
    for (id, secret) in secrets {
        let assertion = secret.assertion(&id, &audience, SystemClock.now(), &SystemEntropy)?;
        let issued = state.tokens.grant(&assertion, None, None).await.map_err(|error| match error {
            dancu_exchange::TokenError::Refused(refusal) => Failure::from(refusal),
            dancu_exchange::TokenError::Store(error) => Failure::from(error),
        })?;
        tokens.push(issued.secret);
    }
    Ok(tokens)
}

fn push(list: &mut Value, value: Value) {
    if let Some(list) = list.as_array_mut() {
        list.push(value);
    }
}

type Started = (SocketAddr, oneshot::Sender<()>);

fn start(runtime: &Runtime, router: Router) -> Result<Started, Failure> {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(|error| network(&error))?;
    let address = listener.local_addr().map_err(|error| network(&error))?;
    let (stop, stopped) = oneshot::channel();
    runtime.spawn(serve(listener, None, router, ServerLimits::default(), async {
        let _ = stopped.await;
    }));
    Ok((address, stop))
}

/// The calibration: axum as its own front page shows it.
fn start_echo(runtime: &Runtime) -> Result<Started, Failure> {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(|error| network(&error))?;
    let address = listener.local_addr().map_err(|error| network(&error))?;
    let (stop, stopped) = oneshot::channel::<()>();
    let router = Router::new().route("/echo", post_route(|Json(body): Json<Value>| async { Json(body) }));
    runtime.spawn(async move {
        axum::serve(
            axum::serve::ListenerExt::tap_io(listener, |stream| {
                let _ = stream.set_nodelay(true);
            }),
            router,
        )
        .with_graceful_shutdown(async {
            let _ = stopped.await;
        })
        .await
    });
    Ok((address, stop))
}
