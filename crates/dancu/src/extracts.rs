//! Extracts of cohorts beside the server: one node counts and makes them at a time, in a thread of its own, and rests as
//! long as it worked, so that a cohort of millions never stands on the road of an answer.

use crate::{platform::Platform, stores::Stores};
use dancu_core::{Clock, Entropy, StoreError};
use dancu_exchange::{CohortMaker, CohortParts, CohortService, VerifyService};
use dancu_identity::Identity;
use dancu_store_postgres::Duty;
use dancu_web::StaffApprovers;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// How often it is looked for something to do.
const ROUND: Duration = Duration::from_secs(1);
/// The longest rest between two rounds in which something was done.
const REST_MAX: Duration = Duration::from_secs(2);

/// The service behind the doors.
pub fn service(
    stores: &Stores,
    verify: &Arc<VerifyService>,
    identity: &Arc<Identity>,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> CohortService {
    let rights = Arc::new(StaffApprovers::new(Arc::clone(identity)));
    let store = Arc::clone(&stores.cohorts);
    CohortService::new(store, Arc::clone(verify), rights, Arc::clone(clock), Arc::clone(entropy))
}

impl Platform {
    /// What makes extracts.
    pub fn cohort_maker(&self) -> CohortMaker {
        let state = &self.state;
        CohortMaker::new(CohortParts {
            store: Arc::clone(&self.stores.cohorts),
            verify: Arc::clone(&state.verify),
            directory: Arc::clone(&state.directory),
            rights: Arc::new(StaffApprovers::new(Arc::clone(&state.identity))),
            logs: Arc::clone(&state.logs),
            clock: Arc::clone(&state.clock),
        })
    }
}

/// Makes extracts while the duty is this node's, for as long as it is polled.
pub async fn keep_making(maker: CohortMaker, stores: Stores) {
    let maker = Arc::new(maker);
    let mut every = tokio::time::interval(ROUND);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut was_told = false;
    loop {
        every.tick().await;
        let Ok(Some(duty)) = stores.take_duty(Duty::Extracts).await else { continue };
        while duty.is_held().await {
            let begun = Instant::now();
            let outcome = round(&maker).await;
            if let Some(error) = outcome.as_ref().err().filter(|_| !was_told) {
                tracing::warn!(%error, "extracts of cohorts wait");
            }
            was_told = outcome.is_err();
            if matches!(outcome, Ok(moved) if moved > 0) {
                tokio::time::sleep(begun.elapsed().min(REST_MAX)).await;
            } else {
                every.tick().await;
            }
        }
    }
}

/// One round in a thread of its own: embedded files are read where they are asked.
async fn round(maker: &Arc<CohortMaker>) -> Result<usize, StoreError> {
    let (maker, handle) = (Arc::clone(maker), Handle::current());
    let round = tokio::task::spawn_blocking(move || handle.block_on(maker.round()));
    round.await.unwrap_or_else(|error| {
        let detail = format!("a round ended by a defect of the program: {error}");
        Err(StoreError::Failed { file: "cohort_extract".into(), detail })
    })
}
