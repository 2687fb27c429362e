//! `dancu control …`: looks for what contradicts itself in the register, and opens findings for the communes.

use crate::{cli::ControlCommand, config::Config, failure::Failure, stores::Stores, system::SystemClock};
use dancu_changes::{ChangeStore, Scan, ScanSummary};
use dancu_core::{CommuneCode, StoreError};
use dancu_places::Places;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};

/// Runs `dancu control …`.
pub async fn run(config: &Config, command: &ControlCommand) -> Result<(), Failure> {
    let (commune, json) = match command {
        ControlCommand::Scan { commune, json } => (commune, json),
        ControlCommand::Alarms { json } => return crate::alarms::run(config, *json).await,
    };
    let commune = commune.as_deref().map(str::parse::<CommuneCode>).transpose()?;
    let (stores, _lock) = Stores::open(config).await?;
    let outcome = scan(&stores.changes, commune).await;
    stores.close();
    print(&outcome?, *json);
    Ok(())
}

/// One commune, or one after the other, each by itself: what is remembered to see doubles is that of one commune.
async fn scan(port: &Arc<dyn ChangeStore>, commune: Option<CommuneCode>) -> Result<ScanSummary, StoreError> {
    let is_whole = commune.is_none();
    let communes = match commune {
        Some(commune) => BTreeSet::from([commune]),
        None => every_commune(&**port).await?,
    };
    let bar = ProgressBar::new(communes.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let mut summary = ScanSummary::default();
    for commune in communes {
        summary.add(&Scan::new(Arc::clone(port), Arc::new(SystemClock)).commune(commune).await?);
        bar.inc(1);
    }
    if is_whole {
        let (mut scan, mut after) = (Scan::new(Arc::clone(port), Arc::new(SystemClock)), None);
        loop {
            let page = scan.rest(after).await?;
            summary.add(&page.summary);
            if page.next.is_none() {
                break;
            }
            after = page.next;
        }
    }
    bar.finish_and_clear();
    Ok(summary)
}

/// The communes of the table that is built in, and those made by merges since.
async fn every_commune(store: &dyn ChangeStore) -> Result<BTreeSet<CommuneCode>, StoreError> {
    let made = store.unit_changes().await?.into_iter().map(|change| change.into);
    Ok(Places::national().communes().iter().map(|commune| commune.code).chain(made).collect())
}

#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
fn print(summary: &ScanSummary, json: bool) {
    let ScanSummary { persons, found, new, reopened, pairs_left_out } = summary;
    if json {
        let found: Map<String, Value> =
            found.iter().map(|(kind, count)| (kind.as_str().to_owned(), json!(count))).collect();
        println!(
            "{}",
            json!({
                "persons": persons, "found": found, "new": new, "reopened": reopened,
                "pairs_left_out": pairs_left_out,
            })
        );
        return;
    }
    println!("Đã xem {persons} người. / {persons} persons were looked at.");
    for (kind, count) in found {
        let (vi, en) = kind.words();
        println!("{count:>10}  {vi} / {en}");
    }
    if *pairs_left_out > 0 {
        println!(
            "Quá nhiều người trùng tên, trùng ngày sinh: {pairs_left_out} cặp chưa so. / Too many of one name and birth day: {pairs_left_out} pairs were not compared."
        );
    }
    println!("Mới: {new}; mở lại: {reopened}. / New: {new}; opened again: {reopened}.");
}
