//! The one binary: joins the rooms, gives them a clock, randomness and keys, and speaks the command line.

mod alarms;
mod bench;
mod cards;
mod change;
mod cli;
mod client;
mod config;
mod connect;
mod control;
mod demo;
mod descriptors;
mod export;
mod extracts;
mod failure;
mod feed;
mod handover;
mod ledger;
mod load;
mod matching;
mod person;
mod platform;
mod policies;
mod postmen;
mod reconcile;
mod rehearsal;
mod sandbox;
mod secrets;
mod sign_in_keys;
mod staff;
mod statistics;
mod store_copy;
mod stores;
mod synth;
mod system;
mod timestamps;
mod unfinished;
mod up;
mod witness;

use crate::{
    cli::{Cli, Command, StoreCommand},
    config::{Config, SecretUrl},
    failure::Failure,
    platform::Platform,
    system::{SystemClock, SystemEntropy},
};
use clap::Parser;
use std::{process::ExitCode, sync::Arc};

/// Requests allocate on one thread and free on another; the system's allocator takes a tenth of the time for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("DANCU_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        // It would tell by `eprintln!`, which panics where the error stream itself cannot be written: a full disk.
        .log_internal_errors(false)
        .init();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let mut config = Config::read(&cli.config).map_err(|text| {
        Failure::new(
            "DANCU-CLI-002",
            format!("Cấu hình trong {} sai: {text}.", cli.config.display()),
            format!("The settings in {} are wrong: {text}.", cli.config.display()),
        )
    })?;
    config.data_dir = cli.data.unwrap_or(config.data_dir);
    config.keys_dir = cli.keys.unwrap_or(config.keys_dir);
    if let Some(node) = cli.node {
        config.node = node;
    }
    if let Some(text) = cli.store {
        stores::read_argument(&text)?;
        config.store_url = SecretUrl::new(text);
    }
    match cli.command {
        Command::Match(args) => matching::run(&args),
        Command::Synth(args) => synth::run(&args),
        Command::Cards { file } => print_cards(&file),
        Command::Client { command } => client::run(&command, &SystemClock),
        Command::Statistics(args) => block_on(statistics::run(&config, &args)),
        Command::RotateSignInKey => sign_in_keys::run(&config),
        Command::Ledger { command } => ledger::run(&command, &config),
        Command::Bench(args) => bench::run(&args, &config),
        Command::Up(args) => block_on(up::run(&args, config)),
        Command::Witness(args) => block_on(witness::run(&args, config)),
        Command::Load(args) => with_platform(&config, async |platform| load::run_args(platform, &args).await),
        Command::Reconcile(args) => {
            with_platform(&config, async |platform| reconcile::run(platform, &args).await)
        }
        Command::Export(args) => with_platform(&config, async |platform| export::run(platform, &args).await),
        Command::Change(args) => with_platform(&config, async |platform| change::run(platform, &args).await),
        Command::Person(args) => with_platform(&config, async |platform| person::run(platform, &args).await),
        Command::Store { command: StoreCommand::Copy { from, to } } => block_on(store_copy::run(&from, &to)),
        Command::Connect { document } => {
            with_platform(&config, async |platform| connect::run(platform, &document).await)
        }
        Command::Control { command } => block_on(control::run(&config, &command)),
        Command::Staff { command } => {
            with_platform(&config, async |platform| staff::run(platform, &command).await)
        }
    }
}

/// Does something with the platform, which is closed afterwards whatever comes of it.
fn with_platform(
    config: &Config,
    work: impl AsyncFnOnce(&Platform) -> Result<(), Failure>,
) -> Result<(), Failure> {
    block_on(async {
        let platform = Platform::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
        let outcome = work(&platform).await;
        platform.close();
        outcome
    })
}

fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("DANCU-CLI-003", error.to_string(), error.to_string()))?
        .block_on(work)
}

#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
fn print_cards(file: &std::path::Path) -> Result<(), Failure> {
    for card in cards::samples(file)? {
        println!("{}\t{}", card.kind, card.qr);
    }
    Ok(())
}
