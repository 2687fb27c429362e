//! Writes a small log with receipts, for verifiers that are not ours: see `e2e/logcheck`.
//!
//! `cargo run -p dancu-store-sqlite --example log_sample -- <folder> <records>` appends the records to the log
//! in the folder, in commits of many sizes, and puts `<index>.receipt.json` beside it for some of them, both as
//! given with the answer and as proven later.

use dancu_core::PersonalNumber;
use dancu_ledger::{
    Channel, Draft, Ledger, LedgerOptions, PublicLog, Publisher, Receipt, Under, load_or_create_signer,
};
use dancu_store_sqlite::open_ledger_parts;
use dancu_testkit::{FakeClock, SeededEntropy};
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
    let size = log.size();
    for index in [0, size / 3, size / 2, size.saturating_sub(1)] {
        if index < size {
            save(folder, &format!("{index}-later"), &log.receipt(index)?)?;
        }
    }
    Ok(())
}
