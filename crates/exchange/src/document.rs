//! A document that states connections: organisations, their clients, and contracts. The operator applies it.

use crate::{
    Author, CaseloadError, Client, Contract, Directory, Feed, Field, LifeError, LifeStore, Organisation,
    OrganisationId, Persons, Product, SearchTerms, Stage, Visibility, access_history,
    alone::{Alone, gives_more_than},
    connecting::change,
    file_match,
    sign_in::are_of_one_portal,
};
use dancu_core::{Explain, Explanation, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use url::Url;

/// Connections to be added or replaced by their identifiers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionsDocument {
    /// Organisations.
    #[serde(default)]
    pub organisations: Vec<Organisation>,
    /// Their clients.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// One contract for each client.
    #[serde(default)]
    pub contracts: Vec<Contract>,
}

/// Why a document was not applied. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It names something that is neither in it nor connected already.
    #[error("{who} names {what}, which is not connected")]
    Dangling {
        /// The client or contract.
        who: String,
        /// What it names.
        what: String,
    },
    /// An identifier stands twice, or a client has two contracts.
    #[error("{0} stands twice")]
    Doubled(String),
    /// A value cannot be.
    #[error("{who}: {what}")]
    Value {
        /// The organisation, client or contract.
        who: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The declared work cannot be.
    #[error("{who}: {error}")]
    Caseload {
        /// The contract.
        who: String,
        /// What is wrong with it.
        error: CaseloadError,
    },
    /// A limit stands above the computed one without a reason.
    #[error("{who}: a limit above {daily_limit} a day or {per_second_max} a second needs a reason")]
    AboveComputed {
        /// The contract.
        who: String,
        /// Computed answers a day.
        daily_limit: u32,
        /// Computed requests a second.
        per_second_max: u32,
    },
    /// The terms stand still in this stage, or for ever.
    #[error("{who}: nothing is rewritten in the stage {}", stage.as_str())]
    StandsStill {
        /// The contract.
        who: String,
        /// How far its connection is.
        stage: Stage,
    },
    /// More than was reviewed.
    #[error("{who}: the new terms go beyond those that were reviewed")]
    Widened {
        /// The contract.
        who: String,
    },
    /// A desk of our own pages would become software, a client somebody else's, or a portal's browsers come back elsewhere.
    #[error(
        "{who}: a client beyond its sandbox keeps its owner, exchanges keys for keys and adds no address"
    )]
    OtherClient {
        /// The client.
        who: String,
    },
    /// Somebody else changed one of the connections meanwhile.
    #[error("a connection was changed meanwhile")]
    Changed,
    /// More rows than a document may hold.
    #[error("more than {0} rows")]
    TooMany(usize),
    /// The store could not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for DocumentError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Dangling { who, what } => Explanation::new(
                "DANCU-EXCHANGE-040",
                format!("{who} trỏ tới {what} chưa được kết nối. Hãy thêm {what} vào tài liệu."),
                format!("{who} names {what}, which is not connected. Add {what} to the document."),
            ),
            Self::Doubled(id) => Explanation::new(
                "DANCU-EXCHANGE-041",
                format!("{id} xuất hiện hai lần. Mỗi mã và mỗi hợp đồng của một phần mềm chỉ ghi một lần."),
                format!("{id} stands twice. Each identifier, and each client's contract, stands once."),
            ),
            Self::Value { who, what } => Explanation::new(
                "DANCU-EXCHANGE-042",
                format!("{who} có giá trị không hợp lệ ({what}). Hãy sửa rồi gửi lại."),
                format!("{who} has an impossible value ({what}). Correct it and send it again."),
            ),
            Self::Caseload { who, error } => {
                let said = error.explain();
                Explanation::new(said.code, format!("{who}: {}", said.vi), format!("{who}: {}", said.en))
            }
            Self::AboveComputed { who, daily_limit, per_second_max } => Explanation::new(
                "DANCU-EXCHANGE-061",
                format!(
                    "{who} đặt hạn mức cao hơn mức tính được ({daily_limit} lượt/ngày, {per_second_max} lượt/giây). Hãy hạ xuống, hoặc nêu lý do ở limit_reason."
                ),
                format!(
                    "{who} has a limit above the computed one ({daily_limit} a day, {per_second_max} a second). Lower it, or state why in limit_reason."
                ),
            ),
            Self::StandsStill { who, stage } => {
                let (vi, en) = stage.words();
                Explanation::new(
                    "DANCU-EXCHANGE-094",
                    format!(
                        "{who} đang ở bước “{vi}” nên không sửa được điều khoản. Hãy trả về thử nghiệm, hoặc lập hợp đồng mới."
                    ),
                    format!(
                        "{who} is at “{en}”, where terms stand still. Send it back to the sandbox, or write a new contract."
                    ),
                )
            }
            Self::Widened { who } => Explanation::new(
                "DANCU-EXCHANGE-095",
                format!(
                    "{who}: điều khoản mới rộng hơn điều đã thẩm định. Hãy lập hợp đồng mới với phần mềm mới; hợp đồng cũ vẫn chạy đến khi thay xong."
                ),
                format!(
                    "{who}: the new terms go beyond those reviewed. Write a new contract for a new client; the old one goes on until it is replaced."
                ),
            ),
            Self::OtherClient { who } => Explanation::new(
                "DANCU-EXCHANGE-096",
                format!(
                    "{who}: sau bước thử nghiệm, phần mềm giữ nguyên chủ, chỉ được thay khóa bằng khóa và không thêm địa chỉ chuyển về. Hãy lập phần mềm và hợp đồng mới."
                ),
                format!(
                    "{who}: beyond its sandbox a client keeps its owner, exchanges keys for keys and adds no address to come back to. Connect a new client with a new contract."
                ),
            ),
            Self::Changed => LifeError::Changed.explain(),
            Self::TooMany(rows) => Explanation::new(
                "DANCU-EXCHANGE-043",
                format!("Tài liệu có hơn {rows} dòng. Hãy chia nhỏ."),
                format!("The document has more than {rows} rows. Split it."),
            ),
            Self::Store(error) => error.explain(),
        }
    }
}

/// Longest text of a document, in bytes: it stands in every record, and citizens read it.
const TEXT_BYTES_MAX: usize = 500;
/// Keys of one client: each may cost a check of a signature.
const KEYS_MAX: usize = 8;

impl ConnectionsDocument {
    const ROWS_MAX: usize = 10_000;

    /// Checks the document against itself and what is connected, keeps it, and makes it effective at once. A contract that
    /// is new begins as a draft of whoever sends it; one that is beyond its sandbox may become less, and never more.
    pub async fn apply(
        mut self,
        store: &dyn LifeStore,
        directory: &Directory,
        by: &Author,
        now: Timestamp,
    ) -> Result<(), DocumentError> {
        let stages = store.stages().await?;
        let (organisations, clients, contracts) = store.connections().await?;
        for contract in &mut self.contracts {
            compute_limits(contract)?;
        }
        self.check(&organisations, &clients, &contracts)?;
        let change = change(self, (&clients, &contracts), &stages, (by, now))?;
        if !store.save_connections(change).await? {
            return Err(DocumentError::Changed);
        }
        directory.reload(store).await?;
        Ok(())
    }

    fn check(
        &self,
        organisations: &[Organisation],
        clients: &[Client],
        contracts: &[Contract],
    ) -> Result<(), DocumentError> {
        if self.organisations.len() + self.clients.len() + self.contracts.len() > Self::ROWS_MAX {
            return Err(DocumentError::TooMany(Self::ROWS_MAX));
        }
        let mine: HashSet<&str> = unique(self.organisations.iter().map(|row| row.id.as_str()))?;
        let my_clients = unique(self.clients.iter().map(|row| row.id.as_str()))?;
        let my_contracts = unique(self.contracts.iter().map(|row| row.id.as_str()))?;
        unique(self.contracts.iter().map(|row| row.client.as_str()))?;
        for organisation in &self.organisations {
            if !is_readable(&organisation.name_vi) || !is_readable(&organisation.name_en) {
                return Err(wrong(&organisation.id, "name_vi, name_en: 1–500 byte"));
            }
        }
        self.check_tree(organisations)?;
        for client in &self.clients {
            client_values(client)?;
            let owner = client.organisation.as_str();
            if !mine.contains(owner) && !organisations.iter().any(|row| row.id.as_str() == owner) {
                return Err(DocumentError::Dangling { who: client.id.to_string(), what: owner.to_owned() });
            }
        }
        for contract in &self.contracts {
            let client = contract.client.as_str();
            if !my_clients.contains(client) && !clients.iter().any(|row| row.id.as_str() == client) {
                return Err(DocumentError::Dangling {
                    who: contract.id.to_string(),
                    what: client.to_owned(),
                });
            }
            let bound_otherwise = contracts.iter().any(|row| {
                (row.client == contract.client && row.id != contract.id)
                    || (row.id == contract.id && row.client != contract.client)
            });
            if bound_otherwise {
                return Err(DocumentError::Doubled(client.to_owned()));
            }
            contract_values(contract)?;
            feed_values(contract)?;
            cohort_values(contract)?;
            if let Some(what) = access_history::wrong(contract).or_else(|| file_match::wrong(contract)) {
                return Err(wrong(&contract.id, what));
            }
        }
        let kept = contracts.iter().filter(|row| !my_contracts.contains(row.id.as_str()));
        let doors = kept.chain(&self.contracts).filter_map(|row| row.xroad_client.as_ref());
        let mut seen = HashSet::new();
        match doors.into_iter().find(|member| !seen.insert(*member)) {
            Some(doubled) => Err(DocumentError::Doubled(doubled.to_string())),
            None => Ok(()),
        }
    }
}

impl ConnectionsDocument {
    /// Each agency stands below one that is known, and none above itself. Those that were known before are gone through too:
    /// what is put above one of them counts for all below it.
    fn check_tree(&self, kept: &[Organisation]) -> Result<(), DocumentError> {
        let all: HashMap<&str, Option<&str>> = (kept.iter().chain(&self.organisations))
            .map(|row| (row.id.as_str(), row.parent.as_ref().map(OrganisationId::as_str)))
            .collect();
        for (id, parent) in &all {
            let mut above = *parent;
            for _ in 0..Organisation::LEVELS_MAX {
                let Some(parent) = above else { break };
                let Some(next) = all.get(parent) else {
                    return Err(DocumentError::Dangling { who: (*id).to_owned(), what: parent.to_owned() });
                };
                above = *next;
            }
            if above.is_some() {
                return Err(wrong(id, "parent: no circle, 8 levels at most"));
            }
        }
        Ok(())
    }
}

/// Puts the computed limits in place of those that were left out, and lets none stand above them without a reason.
fn compute_limits(contract: &mut Contract) -> Result<(), DocumentError> {
    let Some(caseload) = contract.caseload else { return Ok(()) };
    let computed = caseload
        .limit(contract.valid_to)
        .map_err(|error| DocumentError::Caseload { who: contract.id.to_string(), error })?;
    for (limit, computed) in [
        (&mut contract.daily_limit, computed.daily_limit),
        (&mut contract.per_second_max, computed.per_second_max),
    ] {
        if *limit == 0 {
            *limit = computed;
        }
    }
    let is_above =
        contract.daily_limit > computed.daily_limit || contract.per_second_max > computed.per_second_max;
    if is_above && contract.limit_reason.is_none() {
        return Err(DocumentError::AboveComputed {
            who: contract.id.to_string(),
            daily_limit: computed.daily_limit,
            per_second_max: computed.per_second_max,
        });
    }
    Ok(())
}

fn wrong(who: &impl ToString, what: &'static str) -> DocumentError {
    DocumentError::Value { who: who.to_string(), what }
}

/// Whether a text says something and does not go on for ever.
fn is_readable(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= TEXT_BYTES_MAX
}

fn client_values(client: &Client) -> Result<(), DocumentError> {
    match client {
        Client { keys, .. } if keys.len() > KEYS_MAX => Err(wrong(&client.id, "keys: > 8")),
        Client { redirect_uris, post_logout_redirect_uris, .. }
            if !are_of_one_portal(redirect_uris, post_logout_redirect_uris) =>
        {
            Err(wrong(
                &client.id,
                "redirect_uris, post_logout_redirect_uris: at most 8 each, all at one host",
            ))
        }
        Client { suspended: Some(ground), .. } if !is_readable(ground) => {
            Err(wrong(&client.id, "suspended: 1–500 byte"))
        }
        _ => Ok(()),
    }
}

fn contract_values(contract: &Contract) -> Result<(), DocumentError> {
    let refuse = |what| Err(wrong(&contract.id, what));
    match contract {
        Contract { daily_limit: 0, .. } => refuse("daily_limit = 0"),
        Contract { per_second_max: 0, .. } => refuse("per_second_max = 0"),
        Contract { search: Some(SearchTerms { per_officer_minute_max: 0, .. }), .. }
        | Contract { search: Some(SearchTerms { per_officer_day_max: 0, .. }), .. } => {
            refuse("search: per_officer_minute_max, per_officer_day_max = 0")
        }
        Contract { limit_reason: Some(reason), .. } if !is_readable(reason) => {
            refuse("limit_reason: 1–500 byte")
        }
        Contract { service_hours: Some(hours), .. } if !is_readable(hours) => {
            refuse("service_hours: 1–500 byte")
        }
        Contract { products, .. } if !products.is_empty() && !are_terms_of(contract) => {
            refuse("products: each with its terms, and no terms without their product")
        }
        Contract { attest, valid_from, .. } if !attest.are_sound(*valid_from) => refuse(
            "attest: ages from 1 to 120 and places of today, no more than data/attestation_rules.csv says",
        ),
        Contract { household: Some(terms), valid_from, .. } if !terms.are_sound(*valid_from) => {
            refuse("household.persons_max")
        }
        Contract { persons: Persons::WithConsent, household: Some(_), .. } => {
            refuse("household: not with persons = with_consent")
        }
        // A person consents to the field behind a claim, and so the contract must name it.
        Contract { persons: Persons::WithConsent, fields, attest, .. }
            if (!attest.ages.is_empty() && !fields.contains(Field::BirthDate))
                || (!attest.places.is_empty() && !fields.contains(Field::Residence)) =>
        {
            refuse("attest with persons = with_consent: fields with birth_date, residence")
        }
        Contract { price_exemption: Some(ground), valid_from, .. } if ground.on(*valid_from).is_none() => {
            refuse("price_exemption")
        }
        Contract { fields, sealed, cohort: None, access_history: false, statistics: None, .. }
            if fields.is_empty() && sealed.is_empty() =>
        {
            refuse("fields = []")
        }
        Contract { fetch, fields, .. }
            if !fetch.without(*fields).is_empty() || !fetch.iter().all(Field::may_be_fetched) =>
        {
            refuse("fetch: only of `fields`, and only fields that have a value")
        }
        Contract { sign_in: Some(terms), fields, .. } if !terms.are_sound(*fields) => {
            refuse("sign_in.fields: only of `fields`, and only fields that have a value")
        }
        Contract { sealed, .. } if !sealed.is_empty() && gives_more_than(contract, Alone::Sealed) => refuse(
            "sealed: fields = [], without cohort, may_tell_unknown, search, attest, household, sign_in, file_match, feed, commands_for_commune, xroad_client, signed_answers",
        ),
        Contract { visibility, valid_from, .. } if !visibility.may_begin_on(*valid_from) => {
            refuse("visibility.delayed.days")
        }
        Contract { persons: Persons::WithConsent, visibility: Visibility::Delayed { .. }, .. } => {
            refuse("visibility: immediate with persons = with_consent")
        }
        Contract { persons: Persons::WithConsent, .. } if contract.is_of_own_office() => {
            refuse("persons = with_consent: without search, sealed, commands_for_commune, shown fields")
        }
        Contract { legal_basis, .. } if !is_readable(legal_basis) => refuse("legal_basis: 1–500 byte"),
        Contract { purpose_vi, purpose_en, .. } if !is_readable(purpose_vi) || !is_readable(purpose_en) => {
            refuse("purpose_vi, purpose_en: 1–500 byte")
        }
        Contract { valid_from, valid_to: Some(valid_to), .. } if valid_to <= valid_from => refuse("valid_to"),
        _ => Ok(()),
    }
}

fn feed_values(contract: &Contract) -> Result<(), DocumentError> {
    match &contract.feed {
        Some(Feed { webhook: Some(_), jetstream: true, .. }) => {
            Err(wrong(&contract.id, "feed: webhook or jetstream, not both"))
        }
        Some(Feed { webhook: Some(webhook), .. }) if !is_deliverable(webhook) => {
            Err(wrong(&contract.id, "feed.webhook: https, 1–500 byte, without user or fragment"))
        }
        _ => Ok(()),
    }
}

fn cohort_values(contract: &Contract) -> Result<(), DocumentError> {
    let Some(terms) = &contract.cohort else { return Ok(()) };
    if !terms.are_sound(contract.valid_from) {
        let what = "cohort: fields that have a value, ages up to 120 or birth dates, places of today, rows_max, as data/cohort_rules.csv says";
        return Err(wrong(&contract.id, what));
    }
    if gives_more_than(contract, Alone::Cohort) {
        let what = "cohort: fields = [], without sealed, may_tell_unknown, search, attest, household, sign_in, file_match, feed, commands_for_commune, xroad_client, signed_answers, persons = with_consent";
        return Err(wrong(&contract.id, what));
    }
    Ok(())
}

/// Whether the products that a contract names are those whose terms stand in it. Fields may stand without a verification:
/// other products find out by them who is meant.
fn are_terms_of(contract: &Contract) -> bool {
    Product::ALL.into_iter().all(|product| {
        let (is_named, has_terms) = (contract.products.contains(&product), product.has_terms(contract));
        is_named == has_terms || (product == Product::Verify && !is_named)
    })
}

/// Whether a webhook's address can be one at all. Plain HTTP is for a trial on one machine: to where it may lead is
/// decided at each delivery.
fn is_deliverable(webhook: &Url) -> bool {
    matches!(webhook.scheme(), "https" | "http")
        && webhook.has_host()
        && webhook.username().is_empty()
        && webhook.password().is_none()
        && webhook.fragment().is_none()
        && webhook.as_str().len() <= TEXT_BYTES_MAX
}

fn unique<'a>(ids: impl Iterator<Item = &'a str>) -> Result<HashSet<&'a str>, DocumentError> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(DocumentError::Doubled(id.to_owned()));
        }
    }
    Ok(seen)
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
