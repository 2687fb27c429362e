//! Answers of the exchange, counted, durably logged, with their receipts: against a bare axum JSON echo over the same wire,
//! and, where they are signed, against what this machine can sign and check at all.

use crate::{
    bench::{
        clients::{self, Proof},
        http_load::{self, Load, MakeRequest, Seen, post},
        people::{self, Sample},
        place::Place,
        report::{Report, memory_mib, quantile_ms},
        signing,
        wire::Wire,
    },
    cli::BenchArgs,
    failure::Failure,
    platform::Platform,
};
use axum::{Json, Router, routing::post as post_route};
use dancu_web::{ServerLimits, router, serve};
use serde_json::{Value, json};
use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};

/// Ours and the echo take turns, so that a change of the machine's speed meets both.
const ROUNDS: u32 = 5;
/// Seconds of each before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);
/// Threads of the server, and of the calibration by signatures.
const SERVER_THREADS: usize = 2;
/// An answer with its receipt, about.
const ANSWER_BYTES: usize = 2_048;
/// Us, at the door of an X-Road.
const MEMBER: &str = "VN/GOV/c06/dan-cu";

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `POST /v1/verify`.
    Verify,
    /// `POST /v1/fetch`.
    Fetch,
    /// `verify` behind the X-Road door.
    XRoad,
}

impl Door {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Fetch => "fetch",
            Self::XRoad => "xroad",
        }
    }
}

fn network(error: &io::Error) -> Failure {
    Failure::new(
        "DANCU-CLI-070",
        format!("Phép đo bị lỗi mạng: {error}."),
        format!("The measurement failed on the network: {error}."),
    )
}

/// A server with connected clients, and the load that asks it.
pub struct Stage {
    server: Runtime,
    load: Runtime,
    platform: Platform,
    wire: Arc<Wire>,
    bodies: Arc<Vec<String>>,
    ours: Target,
    stop: oneshot::Sender<()>,
    /// Which store.
    pub store: &'static str,
    _place: Place,
}

impl Stage {
    /// Loads the country, connects the clients and starts the server.
    pub fn open(args: &BenchArgs, folder: &Path, door: Door) -> Result<Self, Failure> {
        let runtime = |threads| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(threads)
                .enable_all()
                .build()
                .map_err(|error| network(&error))
        };
        let (server, load) = (runtime(SERVER_THREADS)?, runtime(1)?);
        let place = Place::open(args, folder)?;
        let mut config = place.config();
        config.xroad_member = MEMBER.parse().ok();
        // The door of an X-Road knows its clients by their certificates alone.
        let is_over_tls = args.tls || door == Door::XRoad;
        let wire = Arc::new(if is_over_tls { Wire::mutual(folder)? } else { Wire::clear() });
        let (platform, samples) = server.block_on(people::platform_of(args, &place, &config))?;
        let proofs = server.block_on(clients::connect(&platform, folder, args, (door, &wire)))?;
        let bodies: Arc<Vec<String>> = Arc::new(samples.iter().map(|sample| body(door, sample)).collect());
        let (address, stop) = start(&server, &wire, router(Arc::clone(&platform.state)))?;
        let ours = (address, questions(door, Arc::clone(&bodies), proofs));
        Ok(Self { server, load, platform, wire, bodies, ours, stop, store: place.store(), _place: place })
    }

    /// Asks for a while; an answer that was refused ends the measurement.
    pub fn ask(&self, load: Load) -> Result<Seen, Failure> {
        self.one(&self.ours, load).map_err(|error| network(&error))
    }

    fn one(&self, (address, make): &Target, load: Load) -> io::Result<Seen> {
        let seen =
            self.load.block_on(http_load::run(*address, Arc::clone(&self.wire), load, Arc::clone(make)))?;
        if seen.others > 0 {
            return Err(io::Error::other(format!("{} answers were refused", seen.others)));
        }
        Ok(seen)
    }

    /// Stops the server.
    pub fn close(self) {
        let _ = self.stop.send(());
        self.platform.close();
    }
}

/// Runs the measurement.
pub fn run(args: &BenchArgs, folder: &Path, door: Door) -> Result<Vec<Report>, Failure> {
    let stage = Stage::open(args, folder, door)?;
    let (echo, stop_echo) = start_echo(&stage.server, &stage.wire)?;
    let bodies = Arc::clone(&stage.bodies);
    let echoed: Arc<MakeRequest> = Arc::new(move |connection, number, into| {
        post("/echo", &[], pick(&bodies, connection, number), into);
    });
    let measurement = Measurement { args, door, stage: &stage };
    let measured = measurement.run(&(echo, echoed)).map_err(|error| network(&error));
    let _ = stop_echo.send(());
    stage.close();
    measured
}

type Target = (SocketAddr, Arc<MakeRequest>);

struct Measurement<'a> {
    args: &'a BenchArgs,
    door: Door,
    stage: &'a Stage,
}

impl Measurement<'_> {
    fn run(&self, echo: &Target) -> io::Result<Vec<Report>> {
        let ours = &self.stage.ours;
        self.one(ours, WARM_UP, None)?;
        self.one(echo, WARM_UP, None)?;
        let turn = Duration::from_millis(self.args.seconds * 1000 / u64::from(ROUNDS));
        let (mut mine, mut theirs, mut pairs) = (Seen::default(), Seen::default(), 0.0);
        for _ in 0..ROUNDS {
            add(&mut mine, self.one(ours, turn, None)?);
            add(&mut theirs, self.one(echo, turn, None)?);
            if self.args.signed {
                pairs +=
                    signing::pairs_per_second(SERVER_THREADS, turn / 4, ANSWER_BYTES) / f64::from(ROUNDS);
            }
        }
        let seconds = turn.as_secs_f64() * f64::from(ROUNDS);
        let echoed = rate(theirs.answers, seconds);
        // Half of what it can do, sent at an even pace: what a caller waits for on a day that is busy and not the worst.
        let half = rate(mine.answers, seconds) / 2.0;
        let paced = self.one(ours, turn * ROUNDS, Some(half))?;
        let mut reports = vec![
            self.report(self.name(false), mine, seconds, (ECHO, echoed)),
            self.report(self.name(true), paced, seconds, (ECHO, echoed)),
        ];
        if self.args.signed {
            let whole = &reports[0];
            let ratio = whole.ours_per_second / pairs;
            let signed = Report { calibration: PAIRS, calibration_per_second: pairs, ratio, ..whole.clone() };
            reports.insert(1, signed);
        }
        Ok(reports)
    }

    fn one(&self, target: &Target, duration: Duration, per_second: Option<f64>) -> io::Result<Seen> {
        self.stage.one(target, Load { connections: self.args.connections, duration, per_second })
    }

    fn report(&self, name: String, mut seen: Seen, seconds: f64, calibration: (&'static str, f64)) -> Report {
        seen.latencies_us.sort_unstable();
        let ours_per_second = rate(seen.answers, seconds);
        Report {
            name,
            store: self.stage.store,
            ours_per_second,
            calibration: calibration.0,
            calibration_per_second: calibration.1,
            ratio: ours_per_second / calibration.1,
            p50_ms: quantile_ms(&seen.latencies_us, 0.5),
            p99_ms: quantile_ms(&seen.latencies_us, 0.99),
            memory_mib: memory_mib(),
            seconds,
            rows: seen.answers,
        }
    }

    fn name(&self, is_half: bool) -> String {
        let mut name = self.door.word().to_owned();
        for (is_so, word) in [
            (self.stage.wire.server().is_some(), " tls"),
            (self.args.signed, " signed"),
            (is_half, " half load"),
        ] {
            if is_so {
                name.push_str(word);
            }
        }
        name
    }
}

const ECHO: &str = "bare axum JSON echo, same client, same wire, same connections";
const PAIRS: &str = "Ed25519 signatures made and checked, two threads, nothing else";

fn add(all: &mut Seen, more: Seen) {
    all.answers += more.answers;
    all.latencies_us.extend(more.latencies_us);
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
pub fn rate(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

/// The question that a counter asks: the data of a person's card.
fn body(door: Door, sample: &Sample) -> String {
    let person = json!({
        "number": sample.number, "name": sample.full_name, "birth_date": sample.birth_date, "sex": sample.sex,
        "reference": "bench",
    });
    match door {
        Door::Verify | Door::XRoad => person.to_string(),
        Door::Fetch => json!({ "person": person, "fields": ["name", "birth_date", "sex"] }).to_string(),
    }
}

fn pick(bodies: &[String], connection: usize, number: u64) -> &str {
    // Odd strides visit all persons, each connection in its own order.
    let index = (connection as u64).wrapping_mul(7919).wrapping_add(number.wrapping_mul(104_729))
        % bodies.len() as u64;
    &bodies[usize::try_from(index).unwrap_or(0)]
}

fn questions(door: Door, bodies: Arc<Vec<String>>, proofs: Vec<Proof>) -> Arc<MakeRequest> {
    let path = match door {
        Door::Verify => "/v1/verify".to_owned(),
        Door::Fetch => "/v1/fetch".to_owned(),
        Door::XRoad => format!("/r1/{MEMBER}/verify"),
    };
    Arc::new(move |connection, number, into| {
        let Proof(header) = &proofs[connection % proofs.len()];
        post(&path, &[header], pick(&bodies, connection, number), into);
    })
}

type Started = (SocketAddr, oneshot::Sender<()>);

fn start(runtime: &Runtime, wire: &Wire, router: Router) -> Result<Started, Failure> {
    let (listener, address) = listen(runtime)?;
    let (stop, stopped) = oneshot::channel();
    runtime.spawn(serve(listener, wire.server(), router, ServerLimits::default(), async {
        let _ = stopped.await;
    }));
    Ok((address, stop))
}

fn listen(runtime: &Runtime) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(|error| network(&error))?;
    let address = listener.local_addr().map_err(|error| network(&error))?;
    Ok((listener, address))
}

/// The calibration: axum as its own front page shows it; over TLS, which axum does not serve, behind our own loop.
fn start_echo(runtime: &Runtime, wire: &Wire) -> Result<Started, Failure> {
    let router = Router::new().route("/echo", post_route(|Json(body): Json<Value>| async { Json(body) }));
    if wire.server().is_some() {
        return start(runtime, wire, router);
    }
    let (listener, address) = listen(runtime)?;
    let (stop, stopped) = oneshot::channel::<()>();
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
