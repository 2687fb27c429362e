//! All connected clients in memory, as of the last change.

use crate::{Caller, ClientId, ContractId, ExchangeStore, Organisation, OrganisationId, Policies, Standing};
use dancu_core::StoreError;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

type Callers = Arc<HashMap<ClientId, Arc<Caller>>>;

/// Finds a caller by its client identifier without touching the store.
#[derive(Debug)]
pub struct Directory {
    /// What decides on questions under the contracts.
    policies: Arc<Policies>,
    /// Reloads that have begun.
    turns: AtomicU64,
    /// The store's number of the connections as they were followed last.
    followed: AtomicU64,
    /// The callers, with the turn of the reload that read them.
    callers: RwLock<(u64, Callers)>,
}

impl Default for Directory {
    fn default() -> Self {
        Self::new(Policies::built_in())
    }
}

impl Directory {
    /// With nobody in it yet, whose questions these policies will decide.
    pub fn new(policies: Arc<Policies>) -> Self {
        Self { policies, turns: AtomicU64::new(0), followed: AtomicU64::new(0), callers: RwLock::default() }
    }

    /// What decides on questions under the contracts.
    pub const fn policies(&self) -> &Arc<Policies> {
        &self.policies
    }

    /// Reads all connections from the store. A caller whose binding did not change keeps its running limits. Of
    /// reloads that overlap the last begun stands, for it has seen what the others' callers saved.
    pub async fn reload(&self, store: &dyn ExchangeStore) -> Result<(), StoreError> {
        let turn = 1 + self.turns.fetch_add(1, Ordering::AcqRel);
        // Stages before terms: terms that are still written never meet a stage in which they are answered.
        let stages: HashMap<_, _> = (store.stages().await?.into_iter())
            .map(|row| (row.step.contract.clone(), Standing::of(&row)))
            .collect();
        let (organisations, clients, contracts) = store.connections().await?;
        let restricted: HashSet<ContractId> = store.restricted_contracts().await?.into_iter().collect();
        let ordered: HashSet<ContractId> = store.ordered_contracts().await?.into_iter().collect();
        let organisations: HashMap<_, _> =
            organisations.into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect();
        let mut contracts: HashMap<_, _> =
            contracts.into_iter().map(|row| (row.client.clone(), row)).collect();
        let before = self.all();
        let mut callers = HashMap::with_capacity(clients.len());
        for client in clients {
            let (Some(organisation), Some(contract)) =
                (organisations.get(&client.organisation), contracts.remove(&client.id))
            else {
                continue;
            };
            let standing = stages.get(&contract.id).copied().unwrap_or(Standing::DRAFT);
            let contract = standing.limited(contract);
            let above = agencies_above(organisation, &organisations);
            let has_restrictions = restricted.contains(&contract.id);
            let has_orders = ordered.contains(&contract.id);
            let same = before.get(&client.id).filter(|caller| {
                caller.client == client
                    && caller.contract == contract
                    && caller.standing == standing
                    && caller.organisation == *organisation
                    && caller.above == above
                    && caller.has_restrictions == has_restrictions
                    && caller.has_orders == has_orders
            });
            let caller = same.cloned().unwrap_or_else(|| {
                let mut caller = Caller::new(
                    (Arc::clone(organisation), above),
                    client.clone(),
                    contract,
                    standing,
                    &self.policies,
                );
                caller.has_restrictions = has_restrictions;
                caller.has_orders = has_orders;
                Arc::new(caller)
            });
            callers.insert(client.id, caller);
        }
        let mut held = self.callers.write().unwrap_or_else(PoisonError::into_inner);
        if held.0 < turn {
            *held = (turn, Arc::new(callers));
        }
        Ok(())
    }

    /// Reads the connections anew if another node changed them since the last call; says whether it did.
    pub async fn follow(&self, store: &dyn ExchangeStore) -> Result<bool, StoreError> {
        // The number first: what is changed while the connections are read is read again the next time.
        let version = store.connections_version().await?;
        if self.followed.load(Ordering::Acquire) == version {
            return Ok(false);
        }
        self.reload(store).await?;
        self.followed.store(version, Ordering::Release);
        Ok(true)
    }

    /// The caller with this client identifier.
    pub fn caller(&self, client: &ClientId) -> Option<Arc<Caller>> {
        self.callers.read().unwrap_or_else(PoisonError::into_inner).1.get(client).cloned()
    }

    /// All callers.
    pub fn all(&self) -> Arc<HashMap<ClientId, Arc<Caller>>> {
        Arc::clone(&self.callers.read().unwrap_or_else(PoisonError::into_inner).1)
    }
}

/// The agencies above one, the nearest first.
fn agencies_above(
    of: &Organisation,
    organisations: &HashMap<OrganisationId, Arc<Organisation>>,
) -> Vec<OrganisationId> {
    let parent = |organisation: &Organisation| organisation.parent.clone();
    let above = |id: &OrganisationId| organisations.get(id).and_then(|organisation| parent(organisation));
    // A document with a circle is refused; the bound holds even for one that came otherwise.
    std::iter::successors(parent(of), above).take(Organisation::LEVELS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, ConnectionChange, Contract, RefusalEntry, StageRow, StoredToken, TokenGrant};
    use async_trait::async_trait;
    use jiff::Timestamp;
    use std::{
        future::{Future, poll_fn},
        pin::pin,
        sync::atomic::AtomicBool,
        task::{Context, Poll, Waker},
    };

    /// One client, which may be suspended; whoever reads it waits once before going on.
    #[derive(Default)]
    struct OneClient {
        is_suspended: AtomicBool,
    }

    #[async_trait]
    impl ExchangeStore for OneClient {
        async fn connections(&self) -> Result<(Vec<Organisation>, Vec<Client>, Vec<Contract>), StoreError> {
            let organisation = Organisation {
                id: "bank".parse().unwrap(),
                parent: None,
                name_vi: "A".to_owned(),
                name_en: "A".to_owned(),
            };
            let client = Client {
                id: "core".parse().unwrap(),
                organisation: organisation.id.clone(),
                keys: Vec::new(),
                dpop_bound_access_tokens: false,
                redirect_uris: Vec::new(),
                post_logout_redirect_uris: Vec::new(),
                suspended: self.is_suspended.load(Ordering::Relaxed).then(|| "key lost".to_owned()),
            };
            let contract = serde_json::from_value(serde_json::json!({
                "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
                "fields": ["name"], "daily_limit": 1, "per_second_max": 1, "valid_from": "2026-01-01"
            }));
            let mut has_waited = false;
            poll_fn(
                |_| if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending },
            )
            .await;
            Ok((vec![organisation], vec![client], vec![contract.unwrap()]))
        }

        async fn stages(&self) -> Result<Vec<StageRow>, StoreError> {
            Ok(Vec::new())
        }

        async fn restricted_contracts(&self) -> Result<Vec<ContractId>, StoreError> {
            Ok(Vec::new())
        }

        async fn ordered_contracts(&self) -> Result<Vec<ContractId>, StoreError> {
            Ok(Vec::new())
        }

        async fn save_connections(&self, _: ConnectionChange) -> Result<bool, StoreError> {
            unreachable!()
        }

        async fn grant_token(
            &self,
            _: String,
            _: Timestamp,
            _: StoredToken,
        ) -> Result<TokenGrant, StoreError> {
            unreachable!()
        }

        async fn spend_assertion(&self, _: &ClientId, _: String, _: Timestamp) -> Result<bool, StoreError> {
            unreachable!()
        }

        async fn token(&self, _: [u8; 32], _: Timestamp) -> Result<Option<StoredToken>, StoreError> {
            unreachable!()
        }

        async fn remove_ended(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
            unreachable!()
        }

        async fn add_refusals(&self, _: Vec<RefusalEntry>, _: u32) -> Result<(), StoreError> {
            unreachable!()
        }

        async fn refusals(&self, _: u32) -> Result<Vec<RefusalEntry>, StoreError> {
            unreachable!()
        }
    }

    #[test]
    fn a_slow_reload_does_not_bring_back_a_suspended_client() {
        let (directory, store) = (Directory::default(), OneClient::default());
        let context = &mut Context::from_waker(Waker::noop());
        let mut slow = pin!(directory.reload(&store));
        assert!(slow.as_mut().poll(context).is_pending());
        store.is_suspended.store(true, Ordering::Relaxed);
        let mut quick = pin!(directory.reload(&store));
        assert!(quick.as_mut().poll(context).is_pending());
        assert_eq!(quick.as_mut().poll(context), Poll::Ready(Ok(())));
        assert_eq!(slow.as_mut().poll(context), Poll::Ready(Ok(())));
        assert!(directory.caller(&"core".parse().unwrap()).unwrap().client.suspended.is_some());
    }
}
