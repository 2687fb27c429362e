//! `dancu witness`, and what a node has of witnesses: those that it asks, and the one that it is for the other nodes.

use crate::{
    cli::WitnessArgs,
    config::Config,
    descriptors,
    failure::Failure,
    system::{SystemClock, SystemEntropy},
    up::{keep_certificate_new, listen, open_tls, stop_signal},
};
use dancu_core::{Clock, Entropy};
use dancu_ledger::{Logs, PublicLog, read_key_file};
use dancu_outbound::HttpWitness;
use dancu_store_sqlite::{LogFolder, lock_data_folder};
use dancu_web::{ServerLimits, serve, witness_router};
use dancu_witness::{
    AddressedWitness, Cosigner, CosignerError, CosignerVerifier, Cosigning, HouseLogs, KnownKeys, Memory,
    Witness, load_or_create_cosigner,
};
use std::{io::Write, net::SocketAddr, path::Path, sync::Arc, time::Duration};

/// Between two rounds of asking.
const ROUND: Duration = Duration::from_secs(1);

/// Serves until Ctrl-C or SIGTERM. It holds keys, sizes and hashes; nothing of anybody.
pub async fn run(args: &WitnessArgs, mut config: Config) -> Result<(), Failure> {
    let listener = listen(args.listen.unwrap_or(config.listen))?;
    config.listen = listener.local_addr().map_err(|error| Failure::file(&args.key_file, &error))?;
    let tls = open_tls(&mut config)?;
    // Two processes with one memory could each cosign another history.
    let _lock = lock_data_folder(&config.data_dir)?;
    let memory = open_memory(&config.data_dir)?;
    let text = std::fs::read_to_string(&args.logs).map_err(|error| Failure::file(&args.logs, &error))?;
    let logs = KnownKeys::read(&text)?;
    let cosigner = open_cosigner(&args.key_file, args.name.as_deref(), &memory, &SystemEntropy)?;
    let (count, verifier) = (logs.len(), cosigner.verifier().as_str().to_owned());
    let witness = Arc::new(Witness::new(cosigner, memory, Box::new(logs), Arc::new(SystemClock)));
    let stop = stop_signal();
    announce(args.json, config.listen, tls.is_some(), (&verifier, count));
    let connections_max = descriptors::make_room(config.connections_max);
    let limits = ServerLimits { connections_max, ..ServerLimits::default() };
    let renewal = tls.clone().map(|tls| tokio::spawn(keep_certificate_new(tls)));
    let served = serve(listener, tls, witness_router(witness), limits, stop).await;
    if let Some(renewal) = renewal {
        renewal.abort();
    }
    served.map_err(|error| Failure::new("DANCU-CLI-054", error.to_string(), error.to_string()))
}

#[expect(clippy::print_stdout, reason = "the address is for whoever started it")]
fn announce(json: bool, address: SocketAddr, has_tls: bool, (verifier, logs): (&str, usize)) {
    let address = format!("{}://{address}", if has_tls { "https" } else { "http" });
    if json {
        let all = serde_json::json!({
            "origin": address, "address": address, "verifier_key": verifier, "logs": logs,
        });
        println!("{all}");
    } else {
        println!("\n  Nhân chứng / Witness: {address}");
        println!("  Khóa kiểm tra / Verifier key: {verifier}");
        println!("  Nhật ký / Logs: {logs}\n  Ctrl-C để dừng / to stop");
    }
    let _ = std::io::stdout().flush();
}

/// What a witness remembers, below a data folder.
fn open_memory(data_folder: &Path) -> Result<Memory, Failure> {
    Ok(Memory::new(Arc::new(LogFolder::of_originals(&data_folder.join("witness"))?)))
}

/// The key with its memory: drawn anew only where neither was before.
fn open_cosigner(
    file: &Path,
    name: Option<&str>,
    memory: &Memory,
    entropy: &dyn Entropy,
) -> Result<Cosigner, CosignerError> {
    let is_new_key = read_key_file(file)?.is_none();
    if is_new_key && !memory.is_new()? {
        // A memory without its key: another key must not take its place.
        return Err(CosignerError::Key { file: file.to_owned() });
    }
    let cosigner = load_or_create_cosigner(file, name, entropy)?;
    memory.take_up(cosigner.verifier(), is_new_key)?;
    Ok(cosigner)
}

/// Those that are asked, and the one that this node is.
pub type Witnesses = (Option<Arc<Cosigning>>, Option<Arc<Witness>>);

/// Who is asked for this node's log, and the witness that this node is for the others.
pub fn open(
    config: &Config,
    log: &Arc<PublicLog>,
    logs: &Arc<Logs>,
    (clock, entropy): (&Arc<dyn Clock>, &dyn Entropy),
) -> Result<Witnesses, Failure> {
    Ok((open_cosigning(config, log)?, open_witness(config, logs, clock, entropy)))
}

/// The witness that this node is for the logs of the other nodes, whose records it reads itself. `None` without others,
/// and where it cannot be one: the node does its work all the same, and the program's log says why.
fn open_witness(
    config: &Config,
    logs: &Arc<Logs>,
    clock: &Arc<dyn Clock>,
    entropy: &dyn Entropy,
) -> Option<Arc<Witness>> {
    config.store_url.text()?;
    let open = || -> Result<Witness, Failure> {
        let memory = open_memory(&config.data_dir)?;
        let node = &config.node;
        let file = if node.is_main() { "witness.key".to_owned() } else { format!("witness-{node}.key") };
        let name = format!("witness.{}", node.origin(&config.log_origin));
        let cosigner = open_cosigner(&config.keys_dir.join(file), Some(&name), &memory, entropy)?;
        Ok(Witness::new(cosigner, memory, Box::new(HouseLogs(Arc::clone(logs))), Arc::clone(clock)))
    };
    match open() {
        Ok(witness) => Some(Arc::new(witness)),
        Err(failure) => {
            let said = failure.0;
            tracing::error!(code = said.code, "this node is no witness for the others: {}", said.en);
            None
        }
    }
}

/// The witnesses that are asked for this node's log; `None` where none is named.
fn open_cosigning(config: &Config, log: &Arc<PublicLog>) -> Result<Option<Arc<Cosigning>>, Failure> {
    let settings = &config.ledger;
    let mut witnesses = Vec::with_capacity(settings.witnesses.len());
    for setting in &settings.witnesses {
        let wrong = || CosignerError::WitnessKey { key: setting.key.clone() };
        let verifier = CosignerVerifier::new(setting.key.trim()).ok_or_else(wrong)?;
        let address = HttpWitness::new(&setting.url).ok_or_else(unasked)?;
        let doubled = |held: &AddressedWitness| held.verifier.as_str() == verifier.as_str();
        if witnesses.iter().any(doubled) {
            return Err(wrong_settings(&format!("{} stands twice", verifier.name())));
        }
        witnesses.push(AddressedWitness { verifier, address: Arc::new(address) });
    }
    if witnesses.is_empty() {
        return Ok(None);
    }
    let quorum = settings.witness_quorum.unwrap_or(witnesses.len() / 2 + 1);
    if !(1..=witnesses.len()).contains(&quorum) {
        return Err(wrong_settings("witness_quorum is none of them, or more than there are"));
    }
    Ok(Some(Arc::new(Cosigning::new(Arc::clone(log), witnesses, quorum))))
}

/// The settings would make one witness count as two, or no number of them enough.
fn wrong_settings(what: &str) -> Failure {
    Failure::new(
        "DANCU-WITNESS-016",
        format!(
            "Cài đặt ledger.witnesses không hợp lệ: {what}. Mỗi nhân chứng ghi một lần; witness_quorum từ 1 đến số nhân chứng."
        ),
        format!(
            "The settings of ledger.witnesses are wrong: {what}. Name each witness once, and a witness_quorum from 1 to how many there are."
        ),
    )
}

fn unasked() -> Failure {
    Failure::new(
        "DANCU-WITNESS-017",
        "Không đọc được chứng thư gốc của hệ thống nên không hỏi được nhân chứng nào. Hãy cài gói ca-certificates.",
        "The system's root certificates cannot be read, so no witness can be asked. Install the package ca-certificates.",
    )
}

/// Has the newest checkpoint cosigned for as long as it is polled.
pub async fn keep_cosigned(cosigning: Arc<Cosigning>) {
    let mut every = tokio::time::interval(ROUND);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        cosigning.round().await;
    }
}
