//! Doubtful pairs go into the queue of the officers who decide them.

use super::{
    folder::{Matching, Run, RunFolder, number},
    tell::caller,
};
use crate::{failure::Failure, platform::Platform};
use csv::StringRecord;
use dancu_core::Clock;
use dancu_exchange::{DoubtfulPair, FilePairId, PairState, SlotSaid};

/// Pairs of one transaction.
const PAGE_PAIRS: usize = 200;

/// Pairs on their way into the queue. A pair that waits there already, or is decided, is not added again.
#[derive(Default)]
pub struct Queue {
    pairs: Vec<DoubtfulPair>,
}

impl Queue {
    /// Adds a pair of `undecided.csv`.
    pub async fn add(
        &mut self,
        platform: &Platform,
        (folder, run): (&RunFolder, &Run),
        matching: &Matching,
        pair: &StringRecord,
    ) -> Result<(), Failure> {
        let second_review =
            caller(platform, run, folder).await?.contract.file_match.is_some_and(|terms| terms.second_review);
        let read = read(platform, run, matching, (pair, second_review));
        self.pairs.push(read.ok_or_else(|| folder.damaged())?);
        if self.pairs.len() >= PAGE_PAIRS { self.flush(platform).await } else { Ok(()) }
    }

    /// Keeps what waits.
    pub async fn flush(&mut self, platform: &Platform) -> Result<(), Failure> {
        if !self.pairs.is_empty() {
            platform.stores.file_reviews.add_pairs(std::mem::take(&mut self.pairs)).await?;
        }
        Ok(())
    }
}

fn read(
    platform: &Platform,
    run: &Run,
    matching: &Matching,
    (pair, second_review): (&StringRecord, bool),
) -> Option<DoubtfulPair> {
    let number = number(pair.get(2)?)?;
    let row = pair.get(9)?.to_owned();
    let parts = matching.slots.iter().zip(pair.get(6)?.split('.')).zip(pair.get(7)?.split('.'));
    let slot = |((slot, level), weight): ((&super::folder::SlotName, &str), &str)| {
        let level: usize = level.parse().ok()?;
        let level = level.checked_sub(1).and_then(|level| slot.levels.get(level)).cloned();
        Some(SlotSaid { slot: slot.name.clone(), level, weight: weight.parse().ok()? })
    };
    Some(DoubtfulPair {
        id: FilePairId::of(&run.contract, &row, number),
        contract: run.contract.clone(),
        client: run.client.clone(),
        run: run.id.clone(),
        file: run.file.clone(),
        key: pair.get(1)?.to_owned(),
        cells: serde_json::from_str(pair.get(10)?).ok()?,
        number,
        agreed: pair.get(8)?.split(' ').filter_map(|name| name.parse().ok()).collect(),
        reason: pair.get(3)?.to_owned(),
        probability_ppm: millionths(pair.get(4)?.parse().ok()?),
        weight: pair.get(5)?.parse().ok()?,
        slots: parts.map(slot).collect::<Option<_>>()?,
        second_review,
        queued_at: platform.state.clock.now(),
        state: PairState::Waiting,
        decisions: Vec::new(),
        version: 1,
        row,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability, 0 to 1")]
fn millionths(probability: f64) -> u32 {
    (probability.clamp(0.0, 1.0) * 1e6) as u32
}
