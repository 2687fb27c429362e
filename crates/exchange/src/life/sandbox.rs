//! The sandbox: the same questions, answered from a synthetic country by a service of its own over a register and a log of
//! its own. The real services refuse whoever is only this far, and this one takes nobody else: it is a matter of types.

use crate::{Caller, VerifyAnswer, VerifyError, VerifyRequest, VerifyService};
use async_trait::async_trait;
use dancu_core::StoreError;
use dancu_ledger::Channel;
use serde::Serialize;
use std::sync::Arc;

/// A client at the sandbox's door. Only a [`Sandbox`] can ask in its name.
#[derive(Debug)]
pub struct SandboxCaller(Caller);

impl SandboxCaller {
    pub(crate) fn new(caller: Caller) -> Self {
        Self(caller)
    }
}

/// Somebody who does not exist, to try with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SamplePerson {
    /// Personal number.
    pub number: String,
    /// Full name.
    pub name: String,
    /// Birth date, as the register has it.
    pub birth_date: String,
    /// `M` or `F`.
    pub sex: String,
}

/// A synthetic country with its own register and log.
pub struct Sandbox {
    verify: VerifyService,
    samples: Vec<SamplePerson>,
}

impl Sandbox {
    /// Puts it together. `verify` works on a register and a log that hold synthetic persons and nobody else.
    pub const fn new(verify: VerifyService, samples: Vec<SamplePerson>) -> Self {
        Self { verify, samples }
    }

    /// Persons to try with.
    pub fn samples(&self) -> &[SamplePerson] {
        &self.samples
    }

    /// Compares what was given with the synthetic register, under the client's own contract.
    pub async fn verify(
        &self,
        caller: &SandboxCaller,
        request: &VerifyRequest,
    ) -> Result<VerifyAnswer, VerifyError> {
        self.verify.verify(&caller.0, request, Channel::Api).await
    }
}

/// Opens the sandbox when somebody needs it first.
#[async_trait]
pub trait SandboxSource: Send + Sync {
    /// The sandbox.
    async fn sandbox(&self) -> Result<Arc<Sandbox>, StoreError>;
}
