//! Keeps what is done to connections, and makes it effective at once.

use super::{Author, CeilingChange, Connection, ConnectionAct, Deed, LifeError, Part, Stage, Verdict};
use crate::{ContractId, Directory, ExchangeStore};
use async_trait::async_trait;
use dancu_core::{Clock, StoreError};
use std::{fmt, sync::Arc};

/// Keeps the histories of connections.
#[async_trait]
pub trait LifeStore: ExchangeStore {
    /// The history of a connection, oldest first: at most `rows_max` acts behind the place `after`.
    async fn acts(
        &self,
        contract: &ContractId,
        after: u32,
        rows_max: u32,
    ) -> Result<Vec<ConnectionAct>, StoreError>;

    /// Adds acts, all or none, with the content of a file for each that attaches one. `false`, and nothing is added, when
    /// one of the places is taken.
    async fn add_acts(&self, acts: Vec<(ConnectionAct, Option<Vec<u8>>)>) -> Result<bool, StoreError>;

    /// The content of the file that an act attached.
    async fn evidence(&self, contract: &ContractId, sequence: u32) -> Result<Option<Vec<u8>>, StoreError>;
}

/// A file to attach.
#[derive(Clone, Copy)]
pub struct EvidenceFile<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

impl fmt::Debug for EvidenceFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EvidenceFile(…)")
    }
}

/// What people do to connections.
pub struct LifeService {
    store: Arc<dyn LifeStore>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
}

impl LifeService {
    /// Puts it together.
    pub fn new(store: Arc<dyn LifeStore>, directory: Arc<Directory>, clock: Arc<dyn Clock>) -> Self {
        Self { store, directory, clock }
    }

    /// The store behind it.
    pub fn store(&self) -> &dyn LifeStore {
        &*self.store
    }

    /// A connection with its whole history; `None` when there is no such contract.
    pub async fn connection(&self, contract: &ContractId) -> Result<Option<Connection>, StoreError> {
        // First what was done, then the terms: a step that comes between is seen as taken by its place alone.
        let acts = self.store.acts(contract, 0, Connection::ACTS_MAX + 2).await?;
        let (organisations, clients, contracts) = self.store.connections().await?;
        let Some(contract) = contracts.into_iter().find(|row| row.id == *contract) else { return Ok(None) };
        let client = clients.into_iter().find(|row| row.id == contract.client);
        let Some(client) = client else { return Ok(None) };
        let organisation = organisations.into_iter().find(|row| row.id == client.organisation);
        Ok(organisation.map(|organisation| Connection { organisation, client, contract, acts }))
    }

    /// Takes a step.
    pub async fn step(
        &self,
        connection: &Connection,
        by: &Author,
        to: Stage,
        ground: &str,
    ) -> Result<(), LifeError> {
        let act = connection.step(by, to, ground, self.clock.now())?;
        self.add(act, None).await?;
        Ok(self.directory.reload(&*self.store).await?)
    }

    /// Lowers the limits for a time, or lets the contract's own hold again: from the next request on.
    pub async fn tighten(
        &self,
        connection: &Connection,
        by: &Author,
        change: CeilingChange,
    ) -> Result<(), LifeError> {
        let act = connection.tighten(by, change, self.clock.now())?;
        self.add(act, None).await?;
        Ok(self.directory.reload(&*self.store).await?)
    }

    /// Takes away the ceilings that have ended; how many they were.
    pub async fn end_ceilings(&self) -> Result<usize, LifeError> {
        let now = self.clock.now();
        let mut ended = 0;
        // What the directory knows is what holds; so a look costs nothing while no time is over.
        let callers = self.directory.all();
        for caller in callers.values() {
            if caller.standing.ceiling.is_none_or(|ceiling| now < ceiling.until) {
                continue;
            }
            let Some(connection) = self.connection(&caller.contract.id).await? else { continue };
            let change =
                CeilingChange { set: None, ground: "Hết hạn / its time is over".to_owned(), alarm: None };
            match self.tighten(&connection, &Author::program(), change).await {
                Ok(()) => ended += 1,
                // Somebody changed it meanwhile: the next look sees what stands.
                Err(LifeError::Changed | LifeError::NotTheirs | LifeError::Ceiling) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }

    /// Answers an item of the review.
    pub async fn answer(
        &self,
        connection: &Connection,
        by: &Author,
        code: &str,
        (verdict, note): (Verdict, &str),
    ) -> Result<(), LifeError> {
        let act = connection.answer(by, code, verdict, note, self.clock.now())?;
        self.add(act, None).await
    }

    /// Attaches a file to an item.
    pub async fn attach(
        &self,
        connection: &Connection,
        by: &Author,
        code: &str,
        file: EvidenceFile<'_>,
    ) -> Result<(), LifeError> {
        let act = connection.attach(by, code, file.name, file.content, self.clock.now())?;
        self.add(act, Some(file.content.to_vec())).await
    }

    /// Signs a part of the review.
    pub async fn sign(&self, connection: &Connection, by: &Author, part: Part) -> Result<(), LifeError> {
        let act = connection.sign(by, part, self.clock.now())?;
        self.add(act, None).await
    }

    /// Notes that a client was answered in the sandbox, or refused. Whoever is quicker counts; the other is not missed.
    pub async fn tried(&self, contract: &ContractId, is_answered: bool) -> Result<(), StoreError> {
        let Some(connection) = self.connection(contract).await? else { return Ok(()) };
        match connection.tried(is_answered, self.clock.now()) {
            Some(act) => self.store.add_acts(vec![(act, None)]).await.map(drop),
            None => Ok(()),
        }
    }

    async fn add(&self, act: ConnectionAct, content: Option<Vec<u8>>) -> Result<(), LifeError> {
        debug_assert_eq!(matches!(act.deed, Deed::Evidence { .. }), content.is_some());
        if self.store.add_acts(vec![(act, content)]).await? { Ok(()) } else { Err(LifeError::Changed) }
    }
}
