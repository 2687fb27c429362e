//! Who is asking: a client that proved itself, with its contract.

use crate::{
    CertificateThumbprint, Client, ClientKey, Contract, Organisation, OrganisationId, RefusalReason,
    SandboxCaller, Standing,
    policy::{Decisions, Policies},
};
use dancu_core::PersonalNumber;
use dancu_ledger::{Channel, Draft, Under};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::civil::Date;
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// A connected client with what it is bound by. Shared by all its requests.
#[derive(Debug)]
pub struct Caller {
    /// Whose software it is.
    pub organisation: Arc<Organisation>,
    /// The agencies above that one, the nearest first.
    pub above: Vec<OrganisationId>,
    /// The software.
    pub client: Client,
    /// Its contract, with the limits that hold in the stage of its connection.
    pub contract: Contract,
    /// How far its connection is.
    pub standing: Standing,
    /// Whether questions about somebody are restricted under the contract; about whom, the store knows.
    pub has_restrictions: bool,
    /// Whether an order of a court is open under the contract; about whom, the store knows.
    pub has_orders: bool,
    pub(crate) decisions: Decisions,
    certificates: Vec<CertificateThumbprint>,
    burst: DefaultDirectRateLimiter,
    in_flight: AtomicU32,
    /// The same client at the sandbox's door, while that is where it belongs.
    sandbox: Option<Box<SandboxCaller>>,
}

/// A place among the requests in hand of one client; given back when dropped.
#[derive(Debug)]
pub struct InFlight<'a>(&'a Caller);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Caller {
    /// Requests of one client in hand at once. One client's flood must not fill the queue of all.
    pub const IN_FLIGHT_MAX: u32 = 512;

    /// Puts a client, its owner and its contract together. `contract` is what holds in its stage: [`Standing::limited`].
    pub fn new(
        (organisation, above): (Arc<Organisation>, Vec<OrganisationId>),
        client: Client,
        contract: Contract,
        standing: Standing,
        policies: &Arc<Policies>,
    ) -> Self {
        let sandbox = standing.is_in_sandbox().then(|| {
            // What is tried need not be in force yet, and nobody there is who could consent.
            let persons = crate::Persons::All;
            let contract = Contract { valid_from: Date::MIN, valid_to: None, persons, ..contract.clone() };
            let owners = (Arc::clone(&organisation), above.clone());
            let inside = Self::new(owners, client.clone(), contract, Standing::OFFICIAL, policies);
            Box::new(SandboxCaller::new(inside))
        });
        let per_second = NonZeroU32::new(contract.per_second_max).unwrap_or(NonZeroU32::MIN);
        Self {
            certificates: client.keys.iter().filter_map(ClientKey::certificate).collect(),
            organisation,
            above,
            client,
            contract,
            standing,
            has_restrictions: false,
            has_orders: false,
            decisions: Decisions::new(Arc::clone(policies)),
            burst: RateLimiter::direct(Quota::per_second(per_second)),
            in_flight: AtomicU32::new(0),
            sandbox,
        }
    }

    /// Whether a connection is one that the client may use: a client with certificates works over mutual TLS alone, so
    /// that a stolen token is worth nothing without the key of one of them (RFC 8705, certificate-bound tokens).
    pub fn is_connection_theirs(&self, certificate: Option<&CertificateThumbprint>) -> bool {
        self.certificates.is_empty() || certificate.is_some_and(|shown| self.certificates.contains(shown))
    }

    /// Whether the certificate of a connection is registered for the client, and so proves it.
    pub fn is_proven_by(&self, certificate: Option<&CertificateThumbprint>) -> bool {
        !self.certificates.is_empty() && self.is_connection_theirs(certificate)
    }

    /// The client at the sandbox's door, if that is where it belongs.
    pub fn sandbox(&self) -> Option<&SandboxCaller> {
        self.sandbox.as_deref()
    }

    /// Whether the client may be told anything on a day.
    pub fn check_standing(&self, today: Date) -> Result<(), RefusalReason> {
        if self.client.suspended.is_some() {
            return Err(RefusalReason::SuspendedClient);
        }
        self.standing.check(today)?;
        if !self.contract.holds_on(today) {
            return Err(RefusalReason::ContractDates);
        }
        Ok(())
    }

    /// The record of a disclosure to this caller: who asked, under which law and for what are the contract's.
    pub fn draft<'a>(
        &'a self,
        subject: PersonalNumber,
        asked: Vec<&'a str>,
        outcome: Vec<(&'a str, &'a str)>,
        channel: Channel,
        reference: &'a str,
    ) -> Draft<'a> {
        Draft {
            organisation_id: self.organisation.id.as_str(),
            organisation_name: &self.organisation.name_vi,
            client: self.client.id.as_str(),
            subject,
            purpose: &self.contract.purpose_vi,
            legal_basis: &self.contract.legal_basis,
            asked,
            outcome,
            channel,
            reference,
            under: Under { delay_days: self.contract.visibility.days(), ..Under::default() },
        }
    }

    /// Takes a place for one request, or says why there is none today or now.
    pub fn enter(&self, today: Date) -> Result<InFlight<'_>, RefusalReason> {
        self.check_standing(today)?;
        self.take_place()
    }

    /// Takes a place for a request for a token, which gives away nothing of the register.
    pub fn enter_for_token(&self, today: Date) -> Result<InFlight<'_>, RefusalReason> {
        if self.client.suspended.is_some() {
            return Err(RefusalReason::SuspendedClient);
        }
        self.standing.check_token()?;
        if !self.standing.is_in_sandbox() && !self.contract.holds_on(today) {
            return Err(RefusalReason::ContractDates);
        }
        self.take_place()
    }

    fn take_place(&self) -> Result<InFlight<'_>, RefusalReason> {
        let place = InFlight(self);
        if self.in_flight.fetch_add(1, Ordering::Relaxed) >= Self::IN_FLIGHT_MAX
            || self.burst.check().is_err()
        {
            return Err(RefusalReason::TooFast);
        }
        Ok(place)
    }
}
