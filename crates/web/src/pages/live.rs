//! `/operator/live`: the counters that the operator's page refreshes.

use super::{
    fields::Params,
    operator::{PageNumbers, contracts_of_page},
    reader::Reader,
};
use crate::{AppState, Problem, format, views::Words};
use axum::{Json, extract::State};
use dancu_core::Explain;
use dancu_exchange::{RefusalReason, Standing};
use dancu_identity::access::Operation;
use dancu_ledger::LedgerHealth;
use dancu_witness::Trouble;
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Figures since the start of this process; times in milliseconds.
#[derive(Serialize)]
pub(super) struct Live {
    pub answers: u64,
    pub log_size: u64,
    pub commits: u64,
    pub failed_commits: u64,
    pub mean_batch: f64,
    pub last_commit_ms: f64,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub queue_length: u64,
    pub overloaded: u64,
    pub refusals: BTreeMap<&'static str, u64>,
    pub refusals_dropped: u64,
    pub recording: String,
    pub publishing: String,
    pub contracts: BTreeMap<String, Used>,
}

#[derive(Serialize)]
pub(super) struct Used {
    pub used: u64,
    pub limit: u64,
}

/// The counters, for the contracts of the page that asks.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(numbers): Params<PageNumbers>,
) -> Result<Json<Live>, Problem> {
    reader.may(Operation::ViewOperations)?;
    let stages: HashMap<_, _> = (state.exchange_store.stages().await?.into_iter())
        .map(|row| (row.step.contract.clone(), Standing::of(&row)))
        .collect();
    let (_, _, contracts) = state.exchange_store.connections().await?;
    let shown = contracts_of_page(contracts, &numbers).0;
    let used = shown.into_iter().map(|contract| {
        let id = contract.id.to_string();
        let used = state.ledger.used_today(&id);
        let standing = stages.get(&contract.id).copied().unwrap_or(Standing::DRAFT);
        (id, Used { used, limit: standing.limited(contract).daily_limit.into() })
    });
    let mut live = counters(&state, &reader);
    live.contracts = used.collect();
    Ok(Json(live))
}

/// The counters without the contracts.
pub(super) fn counters(state: &AppState, reader: &Reader) -> Live {
    let metrics = state.ledger.metrics();
    let (recording, publishing) = health(state);
    let counted: BTreeMap<_, _> = state.refusals.counts().into_iter().collect();
    let refusals = RefusalReason::ALL.into_iter().map(|reason| (code(reason), counted.get(&reason).copied()));
    Live {
        answers: metrics.appended,
        log_size: metrics.size,
        commits: metrics.commits,
        failed_commits: metrics.failed_commits,
        mean_batch: ratio(metrics.appended, metrics.commits),
        last_commit_ms: ratio(metrics.last_commit_us, 1000),
        p50_ms: state.latencies.at_per_mille(500).map(|us| ratio(us, 1000)),
        p99_ms: state.latencies.at_per_mille(990).map(|us| ratio(us, 1000)),
        queue_length: metrics.queue_length,
        overloaded: metrics.overloaded,
        refusals: refusals.map(|(code, count)| (code, count.unwrap_or_default())).collect(),
        refusals_dropped: state.refusals.dropped(),
        recording: reader.page.say(&recording).to_owned(),
        publishing: reader.page.say(&publishing).to_owned(),
        contracts: BTreeMap::new(),
    }
}

/// Whether answers are recorded, and whether the public log follows.
fn health(state: &AppState) -> (Words, Words) {
    let recording = match state.ledger.health() {
        LedgerHealth::Working => ("Đang ghi nhận", "Recording").into(),
        LedgerHealth::Failing { error, since } => {
            let said = error.explain();
            let hour = format::time(since);
            (
                format!("KHÔNG ghi được từ {hour}: {}", said.vi),
                format!("NOT recording since {hour}: {}", said.en),
            )
                .into()
        }
    };
    let statuses = state.cosigning.iter().flat_map(|asked| asked.statuses());
    let alarm = statuses.filter_map(|witness| witness.trouble).find(Trouble::is_alarm).map(|it| it.explain());
    let publishing = match state.publisher.failure() {
        None => alarm.map_or_else(|| ("Đang công bố", "Publishing").into(), |said| (said.vi, said.en).into()),
        Some(error) => {
            let said = error.explain();
            (format!("KHÔNG công bố được: {}", said.vi), format!("NOT publishing: {}", said.en)).into()
        }
    };
    (recording, publishing)
}

/// The name of a reason in JSON.
pub(super) fn code(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::UnknownClient => "unknown_client",
        RefusalReason::SuspendedClient => "suspended_client",
        RefusalReason::AssertionShape => "assertion_shape",
        RefusalReason::AssertionAlgorithm => "assertion_algorithm",
        RefusalReason::AssertionSignature => "assertion_signature",
        RefusalReason::AssertionIssuer => "assertion_issuer",
        RefusalReason::AssertionAudience => "assertion_audience",
        RefusalReason::AssertionExpired => "assertion_expired",
        RefusalReason::AssertionLifetime => "assertion_lifetime",
        RefusalReason::AssertionReplayed => "assertion_replayed",
        RefusalReason::Token => "token",
        RefusalReason::ContractDates => "contract_dates",
        RefusalReason::FieldOutsideContract => "field_outside_contract",
        RefusalReason::NothingIdentifying => "nothing_identifying",
        RefusalReason::DailyLimit => "daily_limit",
        RefusalReason::TooFast => "too_fast",
        RefusalReason::UnsupportedGrant => "unsupported_grant",
        RefusalReason::InvalidRequest => "invalid_request",
        RefusalReason::NobodyFound => "nobody_found",
        RefusalReason::SealedOutsideContract => "sealed_outside_contract",
        RefusalReason::NoSealedRight => "no_sealed_right",
        RefusalReason::Draft => "draft",
        RefusalReason::SandboxOnly => "sandbox_only",
        RefusalReason::SuspendedContract => "suspended_contract",
        RefusalReason::EndedContract => "ended_contract",
        RefusalReason::PilotOver => "pilot_over",
        RefusalReason::NoConsent => "no_consent",
        RefusalReason::FieldOutsideConsent => "field_outside_consent",
        RefusalReason::ConsentUsedUp => "consent_used_up",
        RefusalReason::Restricted => "restricted",
        RefusalReason::NoFeed => "no_feed",
        RefusalReason::ProductOutsideContract => "product_outside_contract",
        RefusalReason::TermsOutsideContract => "terms_outside_contract",
        RefusalReason::HouseRule => "house_rule",
        RefusalReason::KeyProof => "key_proof",
        RefusalReason::KeyProofReplayed => "key_proof_replayed",
        RefusalReason::TokenKey => "token_key",
        RefusalReason::Certificate => "certificate",
        RefusalReason::TokenCertificate => "token_certificate",
    }
}

/// A ratio to two decimals; zero of nothing.
fn ratio(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people, to two decimals")]
    let ratio = part as f64 / whole.max(1) as f64;
    (ratio * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_one_name_in_json() {
        for reason in RefusalReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), code(reason));
        }
        assert!((ratio(1_254, 1_000) - 1.25).abs() < f64::EPSILON);
        assert!(ratio(0, 0).abs() < f64::EPSILON);
    }
}
