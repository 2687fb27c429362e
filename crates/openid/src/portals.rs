//! What a person sees and ends: the portals they are connected with, and where they signed in.

use crate::{OpenId, OpenIdError, Portal, SignInEntry};
use dancu_exchange::{Caller, ClientId};
use dancu_identity::{AccountId, Principal, SessionId};
use jiff::Timestamp;
use std::sync::Arc;

impl OpenId {
    /// The portals that a person is connected with, in the order of their names, after one; with who they are, where they
    /// still are connected with us.
    pub async fn portals(
        &self,
        account: AccountId,
        after: Option<&ClientId>,
        rows_max: u32,
    ) -> Result<Vec<(Portal, Option<Arc<Caller>>)>, OpenIdError> {
        let portals = self.store.portals(account, after, rows_max).await?;
        let known = |portal: Portal| {
            let caller = self.directory.caller(&portal.client);
            (portal, caller)
        };
        Ok(portals.into_iter().map(known).collect())
    }

    /// Takes back what a person agreed to for a portal; its tokens end. `false` when they are not connected.
    pub async fn disconnect(&self, account: AccountId, client: &ClientId) -> Result<bool, OpenIdError> {
        Ok(self.store.disconnect(account, client, self.now()).await?)
    }

    /// Where a person signed in before an instant, the newest first; with who the portals are.
    pub async fn sign_ins(
        &self,
        account: AccountId,
        before: Option<Timestamp>,
        rows_max: u32,
    ) -> Result<Vec<(SignInEntry, Option<Arc<Caller>>)>, OpenIdError> {
        let before = before.unwrap_or(Timestamp::MAX);
        let entries = self.store.sign_ins(account, before, rows_max).await?;
        let known = |entry: SignInEntry| {
            let caller = self.directory.caller(&entry.client);
            (entry, caller)
        };
        Ok(entries.into_iter().map(known).collect())
    }

    /// What was granted in a session goes on in the next one of the same account, and ends with one of another.
    pub async fn replace_session(
        &self,
        (old, account): (SessionId, AccountId),
        new: &Principal,
    ) -> Result<(), OpenIdError> {
        if account == new.account() {
            self.store.move_families(old, new.session()).await?;
        } else {
            self.store.end_families_of(old, self.now()).await?;
        }
        Ok(())
    }

    /// Ends what was granted in a session, when it ends.
    pub async fn end_session(&self, session: SessionId) -> Result<u64, OpenIdError> {
        Ok(self.store.end_families_of(session, self.now()).await?)
    }
}
