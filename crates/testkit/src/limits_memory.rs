//! Limits that several nodes share, in memory: what a database does for them, with nodes that can be killed.

use dancu_core::StoreError;
use dancu_ledger::{Batch, Head, LedgerStore, LimitShares, QuotaCount, Share, ShareAsk, share_of};
use jiff::civil::Date;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a node used durably, and what it holds.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    used: u64,
    held: u64,
}

#[derive(Debug, Default)]
struct House {
    rows: BTreeMap<(Date, String), BTreeMap<u16, Row>>,
    /// The incarnation of each node that runs.
    alive: BTreeMap<u16, u64>,
    started: u64,
}

/// The house where the nodes meet.
#[derive(Debug, Clone, Default)]
pub struct SharedLimits(Arc<Mutex<House>>);

/// One node's way there, for as long as it lives.
#[derive(Debug, Clone)]
pub struct SharedLimitsOf {
    house: SharedLimits,
    node: u16,
    incarnation: u64,
}

impl SharedLimits {
    fn lock(&self) -> MutexGuard<'_, House> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A node starts; whoever had its number before has it no more.
    pub fn start(&self, node: u16) -> SharedLimitsOf {
        let mut house = self.lock();
        house.started += 1;
        let incarnation = house.started;
        house.alive.insert(node, incarnation);
        SharedLimitsOf { house: self.clone(), node, incarnation }
    }

    /// A node is killed: nothing it does from now on arrives.
    pub fn kill(&self, node: u16) {
        self.lock().alive.remove(&node);
    }

    /// What all nodes used durably.
    pub fn used(&self, contract: &str, day: Date) -> u64 {
        let house = self.lock();
        let rows = house.rows.get(&(day, contract.to_owned()));
        rows.into_iter().flat_map(BTreeMap::values).map(|row| row.used).sum()
    }
}

impl SharedLimitsOf {
    /// The node's store: it counts only what the node holds, as a database does.
    pub fn counting<S: LedgerStore>(&self, store: S) -> CountingLedger<S> {
        CountingLedger { limits: self.clone(), store }
    }

    fn lock(&self) -> Result<MutexGuard<'_, House>, StoreError> {
        let house = self.house.lock();
        let file = || "memory/house".into();
        match house.alive.get(&self.node) {
            Some(incarnation) if *incarnation == self.incarnation => Ok(house),
            _ => Err(StoreError::Failed { file: file(), detail: "this node was killed".to_owned() }),
        }
    }
}

impl LimitShares for SharedLimitsOf {
    fn take(&self, ask: &ShareAsk<'_>) -> Result<Share, StoreError> {
        let mut house = self.lock()?;
        let House { rows, alive, .. } = &mut *house;
        let rows = rows.entry((ask.day, ask.contract.to_owned())).or_default();
        for (node, row) in rows.iter_mut() {
            if !alive.contains_key(node) {
                row.held = row.used;
            }
        }
        let others = rows.iter().filter(|(node, _)| **node != self.node);
        let (held, used) = others.fold((0, 0), |(held, used), (_, row)| (held + row.held, used + row.used));
        let own = rows.entry(self.node).or_default();
        own.held = share_of(ask.in_use, ask.limit.saturating_sub(held), own.held).max(own.used);
        Ok(Share { held: own.held, used_by_others: used })
    }

    fn give_back(&self, contract: &str, day: Date, in_use: u64) -> Result<(), StoreError> {
        let mut house = self.lock()?;
        let rows = house.rows.entry((day, contract.to_owned())).or_default();
        let own = rows.entry(self.node).or_default();
        own.held = own.held.min(in_use.max(own.used));
        Ok(())
    }

    fn give_back_all(&self, from_day: Date) -> Result<(), StoreError> {
        let mut house = self.lock()?;
        for ((day, _), rows) in &mut house.rows {
            if let Some(own) = rows.get_mut(&self.node).filter(|_| *day >= from_day) {
                own.held = own.used;
            }
        }
        Ok(())
    }

    fn used_by_others(&self, day: Date) -> Result<Vec<QuotaCount>, StoreError> {
        let house = self.lock()?;
        let of_day = house.rows.iter().filter(|((of, _), _)| *of == day);
        Ok(of_day
            .map(|((_, contract), rows)| {
                let others = rows.iter().filter(|(node, _)| **node != self.node);
                QuotaCount {
                    contract: contract.as_str().into(),
                    day,
                    used: others.map(|(_, row)| row.used).sum(),
                }
            })
            .filter(|count| count.used > 0)
            .collect())
    }
}

/// A store of a node that refuses, with its record, a count for which the node holds no place.
#[derive(Debug)]
pub struct CountingLedger<S> {
    limits: SharedLimitsOf,
    store: S,
}

impl<S: LedgerStore> LedgerStore for CountingLedger<S> {
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        self.store.head()
    }

    fn quota_counts(&mut self, from_day: Date) -> Result<Vec<QuotaCount>, StoreError> {
        self.store.quota_counts(from_day)
    }

    fn append(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let mut house = self.limits.lock()?;
        for quota in batch.quotas {
            let rows = house.rows.entry((quota.day, quota.contract.to_string())).or_default();
            let own = rows.entry(self.limits.node).or_default();
            if own.used + quota.used > own.held {
                let detail = "more is counted than the node holds".to_owned();
                return Err(StoreError::Failed { file: "memory/house".into(), detail });
            }
        }
        self.store.append(batch)?;
        for quota in batch.quotas {
            let rows = house.rows.entry((quota.day, quota.contract.to_string())).or_default();
            rows.entry(self.limits.node).or_default().used += quota.used;
        }
        Ok(())
    }
}
