//! All connected clients in memory, as of the last change.

use crate::{Caller, ClientId, ExchangeStore};
use dancu_core::StoreError;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Finds a caller by its client identifier without touching the store.
#[derive(Debug, Default)]
pub struct Directory {
    callers: RwLock<Arc<HashMap<ClientId, Arc<Caller>>>>,
}

impl Directory {
    /// Reads all connections from the store. A caller whose binding did not change keeps its running limits.
    pub async fn reload(&self, store: &dyn ExchangeStore) -> Result<(), StoreError> {
        let (organisations, clients, contracts) = store.connections().await?;
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
            let same = before.get(&client.id).filter(|caller| {
                caller.client == client && caller.contract == contract && caller.organisation == *organisation
            });
            let caller = same
                .cloned()
                .unwrap_or_else(|| Arc::new(Caller::new(Arc::clone(organisation), client.clone(), contract)));
            callers.insert(client.id, caller);
        }
        *self.callers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(callers);
        Ok(())
    }

    /// The caller with this client identifier.
    pub fn caller(&self, client: &ClientId) -> Option<Arc<Caller>> {
        self.callers.read().unwrap_or_else(PoisonError::into_inner).get(client).cloned()
    }

    /// All callers.
    pub fn all(&self) -> Arc<HashMap<ClientId, Arc<Caller>>> {
        Arc::clone(&self.callers.read().unwrap_or_else(PoisonError::into_inner))
    }
}
