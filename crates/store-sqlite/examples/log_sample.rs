//! Writes a small log with receipts, for verifiers that are not ours: see `e2e/logcheck`.
//!
//! `cargo run -p dancu-store-sqlite --example log_sample -- <folder> <records>` appends the records to the log
//! in the folder, in commits of many sizes, and puts `<index>.receipt.json` beside it for some of them, both as
//! given with the answer and as proven later. A witness, whose memory is in the folder too, cosigns where it ends.

use dancu_core::PersonalNumber;
use dancu_ledger::{
    Channel, Draft, Ledger, LedgerOptions, PublicLog, Publisher, Receipt, Under, load_or_create_signer,
};
use dancu_store_sqlite::{LogFolder, open_ledger_parts};
use dancu_testkit::{FakeClock, SeededEntropy};
use dancu_witness::{
    AddressedWitness, Answer, Cosigning, KnownKeys, Memory, NoAnswer, Refusal, Witness, WitnessAddress,
    load_or_create_cosigner,
};
use std::{error::Error, fs, path::Path, sync::Arc};

fn draft(number: u64) -> Draft<'static> {
    Draft {
        organisation_id: "benh-vien-mau",
        organisation_name: "Bệnh viện mẫu",
        client: "benh-vien-mau-api",
        subject: PersonalNumber::from_value(1_085_000_001 + number % 1_000)
            .expect("a number of twelve digits"),
        purpose: "patient_admission",
        legal_basis: "Luật mẫu",
        asked: vec!["name"],
        outcome: vec![("name", "match")],
        channel: Channel::Api,
        reference: "mẫu \"1\"",
        under: Under::default(),
    }
}

fn save(folder: &Path, name: &str, receipt: &Receipt) -> Result<(), Box<dyn Error>> {
    fs::write(folder.join(format!("{name}.receipt.json")), serde_json::to_vec(receipt)?)?;
    Ok(())
}

/// A witness without a wire.
struct InHouse(Witness);

#[async_trait::async_trait]
impl WitnessAddress for InHouse {
    async fn add_checkpoint(&self, body: String) -> Result<Answer, NoAnswer> {
        Ok(match self.0.add_checkpoint(body.as_bytes()) {
            Ok(line) => Answer { status: 200, body: line.into_bytes() },
            Err(Refusal::OtherSize { size }) => {
                Answer { status: 409, body: format!("{size}\n").into_bytes() }
            }
            Err(refusal) => Answer { status: refusal.status(), body: Vec::new() },
        })
    }
}

/// Has a witness cosign the log where it ends.
fn cosign(folder: &Path, log: &Arc<PublicLog>) -> Result<(), Box<dyn Error>> {
    let file = folder.join("keys").join("witness.key");
    let cosigner = load_or_create_cosigner(&file, Some("witness.example/w1"), &SeededEntropy::new(99))?;
    let verifier = cosigner.verifier().clone();
    let memory = Memory::new(Arc::new(LogFolder::of_originals(&folder.join("witness"))?));
    let clock = Arc::new(FakeClock::at("2026-11-21T02:00:00Z"));
    let keys = KnownKeys::read(log.verifier().as_str())?;
    let address = Arc::new(InHouse(Witness::new(cosigner, memory, Box::new(keys), clock)));
    let asking = Cosigning::new(Arc::clone(log), vec![AddressedWitness { verifier, address }], 1);
    tokio::runtime::Builder::new_current_thread().build()?.block_on(Arc::new(asking).round());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, records] = arguments.as_slice() else {
        return Err("give a folder and a number of records".into());
    };
    let (folder, records) = (Path::new(folder), records.parse::<u64>()?);
    fs::create_dir_all(folder)?;
    let entropy = Arc::new(SeededEntropy::new(records));
    let signer = load_or_create_signer(&folder.join("keys"), "dancu.example/log", &*entropy, true)?;
    let (store, parts) = open_ledger_parts(folder)?;
    let clock = Arc::new(FakeClock::at("2026-11-21T02:00:00Z"));
    let location = parts.records.location();
    let ledger = Ledger::start(Box::new(store), location, signer, clock, entropy, LedgerOptions::default())?;
    let log = Arc::new(PublicLog::open(parts, ledger.verifier().clone())?);
    let publisher = Publisher::start(log.clone())?;
    let (mut done, mut portion) = (0, 1);
    while done < records {
        let count = portion.min(records - done);
        let submit =
            |number| ledger.submit(draft(number), ledger.reserve("mau", u64::MAX).expect("no limit"));
        let waiting = (done..done + count).map(submit).collect::<Result<Vec<_>, _>>()?;
        for (at, one) in waiting.into_iter().enumerate() {
            let disclosed = one.blocking_recv()??;
            if at == 0 {
                save(folder, &format!("{}-answer", disclosed.entry()), &disclosed.into_receipt())?;
            }
        }
        done += count;
        portion = (portion * 3 / 2 + 1).min(3_000);
    }
    ledger.shut_down();
    publisher.shut_down();
    cosign(folder, &log)?;
    let size = log.size();
    for index in [0, size / 3, size / 2, size.saturating_sub(1)] {
        if index < size {
            save(folder, &format!("{index}-later"), &log.receipt(index)?)?;
        }
    }
    Ok(())
}
