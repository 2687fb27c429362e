//! Who may approve extracts, from the accounts of staff as they stand.

use async_trait::async_trait;
use dancu_core::{Explain, StoreError};
use dancu_exchange::ApproverRights;
use dancu_identity::{Identity, IdentityError, access::may_decide_extracts};
use std::{fmt, sync::Arc};

/// The rights of staff whose accounts are open.
pub struct StaffApprovers(Arc<Identity>);

impl StaffApprovers {
    /// Of these accounts.
    pub const fn new(identity: Arc<Identity>) -> Self {
        Self(identity)
    }
}

impl fmt::Debug for StaffApprovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaffApprovers")
    }
}

#[async_trait]
impl ApproverRights for StaffApprovers {
    async fn may_decide(&self, staff: &str) -> Result<bool, StoreError> {
        let Ok(id) = staff.parse() else { return Ok(false) };
        match self.0.staff(&id).await {
            Ok(profile) => Ok(profile.is_some_and(|profile| may_decide_extracts(&profile.role))),
            Err(IdentityError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::Failed { file: "account".into(), detail: error.explain().en }),
        }
    }
}
