//! `/operator`: organisations, contracts, today's use against limits, live counters, refusals with their true reason.

use super::{
    fields::Params,
    live::{self, Live, code},
    reader::Reader,
};
use crate::{
    AppState, Problem, format,
    views::{Finding, Page, PageProblem, Words},
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use dancu_core::{Clock, Explain};
use dancu_exchange::{
    Client, ClientId, Contract, ContractId, Organisation, OrganisationId, RefusalEntry, SealedGroup, Stage,
    Standing,
};
use dancu_identity::access::Operation;
use dancu_witness::WitnessStatus;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

pub(super) const PATH: &str = "/operator";
/// Rows of one page of a list.
const ROWS_PAGE: usize = 20;
/// Latest refusals that are shown.
const REFUSALS_MAX: u32 = 50;

#[derive(Template, Serialize)]
#[template(path = "operator.html")]
pub(super) struct OperatorView {
    #[serde(skip)]
    page: Page,
    #[serde(skip)]
    live_url: String,
    #[serde(skip)]
    counters: Vec<Counter>,
    #[serde(skip)]
    refusals_by_reason: Vec<Counter>,
    live: Live,
    witnesses: Vec<WitnessView>,
    contracts: Vec<ContractView>,
    contracts_newer: Option<String>,
    contracts_older: Option<String>,
    organisations: Vec<OrganisationView>,
    organisations_newer: Option<String>,
    organisations_older: Option<String>,
    refusals: Vec<RefusalView>,
    /// What became of a document that was just sent.
    pub problem: Option<PageProblem>,
    pub applied: Option<Words>,
    /// The document as it was sent, to be corrected.
    #[serde(skip)]
    pub document: String,
}

/// A figure that the page refreshes at `key`.
struct Counter {
    key: String,
    label: Words,
    value: String,
}

#[derive(Serialize)]
struct ContractView {
    id: String,
    client: String,
    organisation: Words,
    purpose: Words,
    legal_basis: String,
    fields: Vec<Words>,
    used: u64,
    limit: u64,
    state: Finding,
}

impl ContractView {
    /// From here on the meter warns: nine tenths of the limit.
    const fn used_warning(&self) -> u64 {
        self.limit - self.limit / 10
    }
}

/// A witness of this node's log.
#[derive(Serialize)]
struct WitnessView {
    name: String,
    size: Option<u64>,
    signed_at: Option<Timestamp>,
    behind: u64,
    state: Finding,
}

#[derive(Serialize)]
struct OrganisationView {
    id: String,
    name: Words,
    clients: u64,
}

#[derive(Serialize)]
struct RefusalView {
    time: Timestamp,
    client: Option<String>,
    code: &'static str,
    reason: &'static str,
    reason_words: Words,
}

/// Which pages of the two lists are wanted, from 1.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct PageNumbers {
    #[serde(default)]
    contracts: usize,
    #[serde(default)]
    organisations: usize,
}

/// The page.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Params(numbers): Params<PageNumbers>,
) -> Result<Response, Problem> {
    reader.may(Operation::ViewOperations)?;
    Ok(reader.show(StatusCode::OK, &view(&state, &reader, numbers).await?))
}

/// Everything on the page.
pub(super) async fn view(
    state: &AppState,
    reader: &Reader,
    numbers: PageNumbers,
) -> Result<OperatorView, Problem> {
    let stages = (state.exchange_store.stages().await?.into_iter())
        .map(|row| (row.step.contract.clone(), Standing::of(&row)))
        .collect();
    let (organisations, clients, contracts) = state.exchange_store.connections().await?;
    let refusals = state.exchange_store.refusals(REFUSALS_MAX).await?;
    let language = reader.page.language;
    let live = live::counters(state, reader);
    let contracts_page = numbers.contracts.max(1);
    let (shown, more_contracts) = contracts_of_page(contracts, &numbers);
    let contracts =
        shown.into_iter().map(|row| contract_view(state, row, (&organisations, &clients), &stages)).collect();
    let (organisations, organisations_page, more) = organisations_of_page(organisations, &clients, &numbers);
    let address = |contracts: usize, organisations: usize| {
        format!("{PATH}?contracts={contracts}&organisations={organisations}")
    };
    Ok(OperatorView {
        page: reader.page_at(PATH),
        live_url: format!("{PATH}/live?contracts={contracts_page}"),
        counters: figures(&live, language),
        refusals_by_reason: refusal_figures(state, language),
        live,
        witnesses: state.cosigning.iter().flat_map(|asked| asked.statuses()).map(witness_view).collect(),
        contracts,
        contracts_newer: (contracts_page > 1).then(|| address(contracts_page - 1, organisations_page)),
        contracts_older: more_contracts.then(|| address(contracts_page + 1, organisations_page)),
        organisations,
        organisations_newer: (organisations_page > 1)
            .then(|| address(contracts_page, organisations_page - 1)),
        organisations_older: more.then(|| address(contracts_page, organisations_page + 1)),
        refusals: refusals.iter().map(refusal_view).collect(),
        problem: None,
        applied: None,
        document: String::new(),
    })
}

/// The contracts of a page in the order of their identifiers, and whether there are more.
pub(super) fn contracts_of_page(
    mut contracts: Vec<Contract>,
    numbers: &PageNumbers,
) -> (Vec<Contract>, bool) {
    contracts.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    page_of(contracts, numbers.contracts)
}

fn page_of<T>(rows: Vec<T>, page: usize) -> (Vec<T>, bool) {
    let before = page.saturating_sub(1).saturating_mul(ROWS_PAGE);
    let has_more = rows.len() > before.saturating_add(ROWS_PAGE);
    (rows.into_iter().skip(before).take(ROWS_PAGE).collect(), has_more)
}

fn organisations_of_page(
    mut organisations: Vec<Organisation>,
    clients: &[Client],
    numbers: &PageNumbers,
) -> (Vec<OrganisationView>, usize, bool) {
    let mut counts: HashMap<&OrganisationId, u64> = HashMap::new();
    for client in clients {
        *counts.entry(&client.organisation).or_default() += 1;
    }
    organisations.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    let (shown, has_more) = page_of(organisations, numbers.organisations);
    let view = |row: Organisation| OrganisationView {
        clients: counts.get(&row.id).copied().unwrap_or_default(),
        id: row.id.to_string(),
        name: (row.name_vi, row.name_en).into(),
    };
    (shown.into_iter().map(view).collect(), numbers.organisations.max(1), has_more)
}

fn contract_view(
    state: &AppState,
    contract: Contract,
    (organisations, clients): (&[Organisation], &[Client]),
    stages: &HashMap<ContractId, Standing>,
) -> ContractView {
    let reached = stages.get(&contract.id).copied().unwrap_or(Standing::DRAFT);
    let client = clients.iter().find(|client| client.id == contract.client);
    let owner = client.and_then(|client| organisations.iter().find(|row| row.id == client.organisation));
    let organisation = owner.map_or_else(
        || Words::same(contract.client.to_string()),
        |owner| (owner.name_vi.clone(), owner.name_en.clone()).into(),
    );
    ContractView {
        organisation,
        used: state.ledger.used_today(contract.id.as_str()),
        limit: reached.limited(contract.clone()).daily_limit.into(),
        state: standing(&contract, client, reached, state.clock.today()),
        fields: (contract.fields.iter().map(|field| field.words().into()))
            .chain(contract.sealed.iter().map(|group| sealed_words(*group)))
            .collect(),
        id: contract.id.to_string(),
        client: contract.client.to_string(),
        purpose: (contract.purpose_vi, contract.purpose_en).into(),
        legal_basis: contract.legal_basis,
    }
}

fn witness_view(status: WitnessStatus) -> WitnessView {
    let state = match &status.trouble {
        None if status.signed.is_some() => ("cosigns", ("Đang ký", "Cosigns").into()),
        None => ("not_asked_yet", ("Chưa hỏi", "Not asked yet").into()),
        Some(trouble) => {
            let said = trouble.explain();
            (said.code, (said.vi, said.en).into())
        }
    };
    WitnessView {
        name: status.name,
        size: status.signed.map(|signed| signed.size),
        signed_at: status.signed.map(|signed| signed.at),
        behind: status.behind,
        state: Finding { is_good: state.0 == "cosigns", code: state.0, text: state.1 },
    }
}

/// A sealed group among the fields of a contract, told as what it is.
fn sealed_words(group: SealedGroup) -> Words {
    let (vi, en) = group.words();
    (format!("{vi} (niêm phong)"), format!("{en} (sealed)")).into()
}

fn standing(contract: &Contract, client: Option<&Client>, held: Standing, today: Date) -> Finding {
    let (code, text): (_, Words) = if let Some(ground) = client.and_then(|client| client.suspended.clone()) {
        ("suspended", (format!("Tạm dừng: {ground}"), format!("Suspended: {ground}")).into())
    } else if held.stage == Stage::Pilot && held.check(today).is_err() {
        ("pilot_over", ("Hết thí điểm", "Pilot over").into())
    } else if held.stage != Stage::Official {
        (held.stage.as_str(), held.stage.words().into())
    } else if contract.holds_on(today) {
        ("in_force", ("Còn hiệu lực", "In force").into())
    } else if today < contract.valid_from {
        ("not_begun", ("Chưa hiệu lực", "Not begun").into())
    } else {
        ("ended", ("Đã hết hiệu lực", "Ended").into())
    };
    Finding { is_good: matches!(code, "in_force" | "pilot"), code, text }
}

fn refusal_view(entry: &RefusalEntry) -> RefusalView {
    RefusalView {
        time: entry.at,
        client: entry.client.as_ref().map(ClientId::to_string),
        code: entry.reason.told().explain().code,
        reason: code(entry.reason),
        reason_words: entry.reason.words().into(),
    }
}

fn figures(live: &Live, language: crate::Language) -> Vec<Counter> {
    let whole = |key: &str, vi: &'static str, en: &'static str, value: u64| Counter {
        key: key.to_owned(),
        label: (vi, en).into(),
        value: format::number(value, language),
    };
    let exact = |key: &str, vi: &'static str, en: &'static str, value: Option<f64>| Counter {
        key: key.to_owned(),
        label: (vi, en).into(),
        value: value.map_or_else(|| "–".to_owned(), |value| format::decimal(value, language)),
    };
    vec![
        whole("answers", "câu trả lời từ lúc chạy", "answers since the start", live.answers),
        whole("log_size", "mục trong nhật ký", "entries in the log", live.log_size),
        exact("p50_ms", "ms, một nửa nhanh hơn", "ms, half are faster", live.p50_ms),
        exact("p99_ms", "ms, 99 % nhanh hơn", "ms, 99 % are faster", live.p99_ms),
        whole("commits", "lần ghi đĩa", "commits to disk", live.commits),
        exact("mean_batch", "câu trả lời mỗi lần ghi", "answers a commit", Some(live.mean_batch)),
        exact("last_commit_ms", "ms, lần ghi cuối", "ms, the last commit", Some(live.last_commit_ms)),
        whole("queue_length", "đang chờ ghi", "waiting to be recorded", live.queue_length),
        whole("overloaded", "bị từ chối vì quá tải", "refused, overloaded", live.overloaded),
        whole("failed_commits", "lần ghi thất bại", "failed commits", live.failed_commits),
    ]
}

fn refusal_figures(state: &AppState, language: crate::Language) -> Vec<Counter> {
    let counts = state.refusals.counts().into_iter().map(|(reason, count)| Counter {
        key: format!("refusals.{}", code(reason)),
        label: reason.words().into(),
        value: format::number(count, language),
    });
    let dropped = state.refusals.dropped();
    let uncounted = (dropped > 0).then(|| Counter {
        key: "refusals_dropped".to_owned(),
        label: ("chỉ đếm, không ghi từng lượt", "counted only, not listed").into(),
        value: format::number(dropped, language),
    });
    counts.chain(uncounted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_into_pages_and_no_page_number_overflows() {
        let rows: Vec<usize> = (0..41).collect();
        assert_eq!(page_of(rows.clone(), 0), ((0..20).collect(), true));
        assert_eq!(page_of(rows.clone(), 1), ((0..20).collect(), true));
        assert_eq!(page_of(rows.clone(), 3), (vec![40], false));
        assert_eq!(page_of(rows, usize::MAX), (vec![], false));
    }
}
