//! A document that states connections: organisations, their clients, and contracts. The operator applies it.

use crate::{CaseloadError, Client, Contract, Directory, ExchangeStore, Feed, Organisation, SearchTerms};
use dancu_core::{Explain, Explanation, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
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

    /// Checks the document against itself and what is connected, keeps it, and makes it effective at once.
    pub async fn apply(
        mut self,
        store: &dyn ExchangeStore,
        directory: &Directory,
    ) -> Result<(), DocumentError> {
        let (organisations, clients, contracts) = store.connections().await?;
        for contract in &mut self.contracts {
            compute_limits(contract)?;
        }
        self.check(&organisations, &clients, &contracts)?;
        store.save_connections(self.organisations, self.clients, self.contracts).await?;
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
        Contract { fields, sealed, .. } if fields.is_empty() && sealed.is_empty() => refuse("fields = []"),
        Contract { sealed, .. } if !sealed.is_empty() && gives_more_than_sealed(contract) => refuse(
            "sealed: fields = [], without may_tell_unknown, search, feed, commands_for_commune, xroad_client, signed_answers",
        ),
        Contract { legal_basis, .. } if !is_readable(legal_basis) => refuse("legal_basis: 1–500 byte"),
        Contract { purpose_vi, purpose_en, .. } if !is_readable(purpose_vi) || !is_readable(purpose_en) => {
            refuse("purpose_vi, purpose_en: 1–500 byte")
        }
        Contract { valid_from, valid_to: Some(valid_to), .. } if valid_to <= valid_from => refuse("valid_to"),
        Contract { feed: Some(Feed { webhook: Some(webhook), .. }), .. } if !is_deliverable(webhook) => {
            refuse("feed.webhook: https, 1–500 byte, without user or fragment")
        }
        _ => Ok(()),
    }
}

/// Whether a contract gives any right beside sealed values.
fn gives_more_than_sealed(contract: &Contract) -> bool {
    !contract.fields.is_empty()
        || contract.may_tell_unknown
        || contract.search.is_some()
        || contract.feed.is_some()
        || contract.commands_for_commune.is_some()
        || contract.xroad_client.is_some()
        || contract.signed_answers
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
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> serde_json::Value {
        json!({
            "organisations": [{"id": "bank-a", "name_vi": "Ngân hàng A", "name_en": "Bank A"}],
            "clients": [{"id": "bank-a-core", "organisation": "bank-a"}],
            "contracts": [{
                "id": "c-1", "client": "bank-a-core", "legal_basis": "Luật", "purpose_vi": "a", "purpose_en": "b",
                "fields": ["name"], "daily_limit": 10, "per_second_max": 5, "valid_from": "2026-01-01"
            }]
        })
    }

    fn check(document: serde_json::Value) -> Result<(), DocumentError> {
        serde_json::from_value::<ConnectionsDocument>(document).unwrap().check(&[], &[], &[])
    }

    #[test]
    fn a_whole_document_is_accepted_and_every_gap_named() {
        assert!(check(document()).is_ok());
        let mut gap = document();
        gap["organisations"] = json!([]);
        assert!(matches!(check(gap).unwrap_err(), DocumentError::Dangling { .. }));
        let mut doubled = document();
        let again = doubled["clients"][0].clone();
        doubled["clients"].as_array_mut().unwrap().push(again);
        assert_eq!(check(doubled).unwrap_err(), DocumentError::Doubled("bank-a-core".to_owned()));
        for (key, value) in [
            ("daily_limit", json!(0)),
            ("per_second_max", json!(0)),
            ("fields", json!([])),
            ("legal_basis", json!(" ")),
            ("purpose_en", json!("")),
            ("valid_to", json!("2026-01-01")),
            ("search", json!({"per_officer_minute_max": 0, "per_officer_day_max": 9})),
            ("search", json!({"per_officer_minute_max": 9, "per_officer_day_max": 0})),
        ] {
            let mut wrong = document();
            wrong["contracts"][0][key] = value;
            assert!(matches!(check(wrong).unwrap_err(), DocumentError::Value { .. }), "{key}");
        }
    }

    #[test]
    fn a_contract_gives_no_right_to_search_unless_it_says_so() {
        let read = |document| serde_json::from_value::<ConnectionsDocument>(document).unwrap().contracts;
        assert_eq!(read(document())[0].search, None);
        let mut with = document();
        with["contracts"][0]["search"] = json!({"per_officer_minute_max": 10, "per_officer_day_max": 200});
        assert_eq!(read(with.clone())[0].search.unwrap().per_officer_day_max, 200);
        assert!(check(with).is_ok());
    }

    #[test]
    fn an_xroad_subsystem_is_that_of_one_contract() {
        let with = |id: &str, client: &str, member: &str| {
            let mut contract = document()["contracts"][0].clone();
            contract["id"] = json!(id);
            contract["client"] = json!(client);
            contract["xroad_client"] = json!(member);
            serde_json::from_value::<Contract>(contract).unwrap()
        };
        let mut whole: ConnectionsDocument = serde_json::from_value(document()).unwrap();
        let other = serde_json::from_value(json!({"id": "other", "organisation": "bank-a"})).unwrap();
        whole.clients.push(other);
        whole.contracts = vec![with("c-1", "bank-a-core", "VN/COM/1/a"), with("c-2", "other", "VN/COM/1/b")];
        assert_eq!(whole.check(&[], &[], &[]), Ok(()));
        let stored = whole.contracts.clone();
        whole.contracts[1].xroad_client = whole.contracts[0].xroad_client.clone();
        assert_eq!(whole.check(&[], &[], &[]), Err(DocumentError::Doubled("VN/COM/1/a".to_owned())));
        // What is replaced in the same document does not stand in the way: the two may be exchanged.
        whole.contracts = vec![with("c-1", "bank-a-core", "VN/COM/1/b"), with("c-2", "other", "VN/COM/1/a")];
        assert_eq!(whole.check(&[], &[], &stored), Ok(()));
    }

    #[test]
    fn limits_that_are_left_out_are_computed_and_none_stands_above_without_a_reason() {
        let caseload = json!({
            "stated_on": "2026-11-22", "visits_per_day": 5500, "queries_per_100_visits": 110, "branches": 2,
            "opening_hours": 9, "peak_hour_percent": 25, "busiest_day_percent": 160, "growth_percent_per_year": 12
        });
        let contract = |change: serde_json::Value| {
            let mut contract = document()["contracts"][0].clone();
            let object = contract.as_object_mut().unwrap();
            object.insert("caseload".to_owned(), caseload.clone());
            object.retain(|key, _| key != "daily_limit" && key != "per_second_max");
            object.extend(change.as_object().unwrap().clone());
            serde_json::from_value::<Contract>(contract).unwrap()
        };
        let mut left_out = contract(json!({}));
        compute_limits(&mut left_out).unwrap();
        assert_eq!((left_out.daily_limit, left_out.per_second_max), (14_000, 5));
        assert!(compute_limits(&mut contract(json!({"daily_limit": 500}))).is_ok(), "less may be wanted");
        let above = compute_limits(&mut contract(json!({"daily_limit": 14_001}))).unwrap_err();
        assert!(above.explain().en.contains("14000 a day, 5 a second"));
        assert!(compute_limits(&mut contract(json!({"per_second_max": 6}))).is_err());
        let reasoned = json!({"daily_limit": 20_000, "limit_reason": "Chiến dịch cấp thẻ tháng 12"});
        assert!(compute_limits(&mut contract(reasoned)).is_ok());
        let mut wrong = contract(json!({}));
        wrong.caseload.as_mut().unwrap().branches = 0;
        assert!(
            compute_limits(&mut wrong)
                .unwrap_err()
                .explain()
                .en
                .contains("c-1: The declared caseload.branches")
        );
    }

    #[test]
    fn sealed_groups_have_a_contract_of_their_own() {
        let with = |changes: &[(&str, serde_json::Value)]| {
            let mut document = document();
            document["contracts"][0]["sealed"] = json!(["blood_group"]);
            document["contracts"][0]["fields"] = json!([]);
            for (key, value) in changes {
                document["contracts"][0][*key] = value.clone();
            }
            document
        };
        assert!(check(with(&[])).is_ok());
        for (key, value) in [
            ("sealed", json!([])),
            ("fields", json!(["name"])),
            ("may_tell_unknown", json!(true)),
            ("search", json!({"per_officer_minute_max": 9, "per_officer_day_max": 9})),
            ("feed", json!({"persons": "all"})),
            ("commands_for_commune", json!("00004")),
            ("signed_answers", json!(true)),
        ] {
            assert!(
                matches!(check(with(&[(key, value)])).unwrap_err(), DocumentError::Value { .. }),
                "{key}"
            );
        }
        let unreadable = with(&[("sealed", json!(["opinion"]))]);
        assert!(serde_json::from_value::<ConnectionsDocument>(unreadable).is_err());
        let plain: ConnectionsDocument = serde_json::from_value(document()).unwrap();
        assert!(!serde_json::to_string(&plain).unwrap().contains("sealed"));
    }

    #[test]
    fn what_citizens_read_has_words_and_an_end() {
        let long = "a".repeat(TEXT_BYTES_MAX + 1);
        for (list, key, value) in [
            ("organisations", "name_vi", json!(" ")),
            ("organisations", "name_en", json!(long)),
            ("clients", "suspended", json!(long)),
            ("clients", "keys", json!(vec![key(); KEYS_MAX + 1])),
            ("contracts", "legal_basis", json!(long)),
            ("contracts", "purpose_vi", json!(long)),
        ] {
            let mut wrong = document();
            wrong[list][0][key] = value;
            assert!(matches!(check(wrong).unwrap_err(), DocumentError::Value { .. }), "{key}");
        }
    }

    #[test]
    fn a_webhook_is_an_address_without_secrets_and_a_contract_without_feed_stays_as_it_was() {
        let with = |feed: serde_json::Value| {
            let mut document = document();
            document["contracts"][0]["feed"] = feed;
            document
        };
        assert!(check(with(json!({"persons": "disclosed"}))).is_ok());
        let hook = |url: &str| with(json!({"persons": "all", "webhook": url}));
        assert!(check(hook("https://bank.example/changes?channel=1")).is_ok());
        for bad in [
            "ftp://bank.example/",
            "https://me:secret@bank.example/",
            "https://bank.example/#part",
            "data:,a",
        ] {
            assert!(matches!(check(hook(bad)).unwrap_err(), DocumentError::Value { .. }), "{bad}");
        }
        assert!(check(hook(&format!("https://bank.example/{}", "a".repeat(500)))).is_err());
        for unreadable in [json!({}), json!({"persons": "some"}), json!({"persons": "all", "fields": []})] {
            assert!(serde_json::from_value::<ConnectionsDocument>(with(unreadable)).is_err());
        }
        let plain: ConnectionsDocument = serde_json::from_value(document()).unwrap();
        assert!(!serde_json::to_string(&plain).unwrap().contains("feed"));
    }

    /// An Ed25519 public key (RFC 8037, appendix A.2).
    fn key() -> serde_json::Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    }

    #[test]
    fn fields_that_do_not_exist_here_cannot_be_contracted() {
        let mut wrong = document();
        wrong["contracts"][0]["fields"] = json!(["religion"]);
        assert!(serde_json::from_value::<ConnectionsDocument>(wrong).is_err());
    }
}
