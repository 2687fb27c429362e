//! The store port of the exchange.

use crate::{
    Ceiling, Client, ClientId, ConnectionAct, Contract, ContractId, KeyThumbprint, Organisation, RefusalEntry,
};
use async_trait::async_trait;
use dancu_core::StoreError;
use jiff::Timestamp;

/// An access token as it is kept: its hash, never itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// Whose it is.
    pub client: ClientId,
    /// When it ends.
    pub expires: Timestamp,
    /// The key to which it is bound (RFC 9449); none for a bearer's token.
    pub key: Option<KeyThumbprint>,
}

/// What became of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenGrant {
    /// The token is durable and the assertion spent.
    Granted,
    /// The assertion was spent before; nothing was written.
    Replayed,
}

/// Connections to add or replace, with what is told of it in their histories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionChange {
    /// Organisations.
    pub organisations: Vec<Organisation>,
    /// Clients.
    pub clients: Vec<Client>,
    /// Contracts.
    pub contracts: Vec<Contract>,
    /// What is added to the histories of contracts.
    pub acts: Vec<ConnectionAct>,
}

/// How far a contract's connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRow {
    /// Its last step.
    pub step: ConnectionAct,
    /// The last place that is taken in its history.
    pub last_sequence: u32,
    /// What stands over its limits, as it was set last.
    pub ceiling: Option<Ceiling>,
}

/// Keeps organisations, clients, contracts, tokens, spent assertions and refusals.
#[async_trait]
pub trait ExchangeStore: Send + Sync {
    /// Everything that is connected, for the directory in memory.
    async fn connections(&self) -> Result<(Vec<Organisation>, Vec<Client>, Vec<Contract>), StoreError>;

    /// The contracts under which questions about somebody are restricted.
    async fn restricted_contracts(&self) -> Result<Vec<ContractId>, StoreError>;

    /// The contracts under which a court's order is open about somebody.
    async fn ordered_contracts(&self) -> Result<Vec<ContractId>, StoreError>;

    /// How far every contract is. A contract that is not among them never took a step.
    async fn stages(&self) -> Result<Vec<StageRow>, StoreError>;

    /// A number that moves on with every change of what the calls above give, whichever node makes it. A store of
    /// one node need not count: that node knows what it changes.
    async fn connections_version(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Adds or replaces organisations, clients and contracts by their identifiers and adds to the histories of contracts,
    /// all or none. `false`, and nothing is changed, when a place in a history is taken: somebody was quicker.
    async fn save_connections(&self, change: ConnectionChange) -> Result<bool, StoreError>;

    /// Spends an assertion and keeps the token, in one transaction. Identifiers of assertions are per client.
    async fn grant_token(
        &self,
        assertion_id: String,
        assertion_expires: Timestamp,
        token: StoredToken,
    ) -> Result<TokenGrant, StoreError>;

    /// Spends an assertion alone; `false` when it was spent before.
    async fn spend_assertion(
        &self,
        client: &ClientId,
        assertion_id: String,
        assertion_expires: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The token with this hash that has not ended.
    async fn token(&self, hash: [u8; 32], now: Timestamp) -> Result<Option<StoredToken>, StoreError>;

    /// Removes ended tokens and spent assertions that could no longer be used; at most `rows_max` of each.
    async fn remove_ended(&self, now: Timestamp, rows_max: u32) -> Result<u64, StoreError>;

    /// Writes refusals and removes those beyond the newest `keep_max`.
    async fn add_refusals(&self, entries: Vec<RefusalEntry>, keep_max: u32) -> Result<(), StoreError>;

    /// The newest refusals, newest first.
    async fn refusals(&self, rows_max: u32) -> Result<Vec<RefusalEntry>, StoreError>;
}
