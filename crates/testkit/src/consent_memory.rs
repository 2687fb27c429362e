//! Consents and requests of persons in memory, for tests of rooms that need no store.

use async_trait::async_trait;
use dancu_core::{PersonalNumber, StoreError};
use dancu_exchange::{
    AskBounds, AskOutcome, CaseId, CaseProgress, Consent, ConsentId, ConsentState, ConsentStore, ContractId,
    CourtOrder, OrderId, OrderStore, PrivacyCase, PrivacyStore,
};
use jiff::civil::Date;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Keeps consents and cases for as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryConsents {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    consents: Vec<Consent>,
    uses: HashMap<(ConsentId, Date), u32>,
    cases: Vec<PrivacyCase>,
    orders: Vec<CourtOrder>,
}

impl MemoryConsents {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ConsentStore for MemoryConsents {
    async fn ask_consent(&self, consent: Consent, bounds: AskBounds) -> Result<AskOutcome, StoreError> {
        let consents = &mut self.held().consents;
        let is_earlier = |one: &Consent| {
            one.contract == consent.contract
                && one.number == consent.number
                && one.asked_at > bounds.person_since
        };
        let same = consents.iter().rev().find(|one| is_earlier(one) && one.terms == consent.terms);
        if let Some(same) = same {
            return Ok(AskOutcome::Kept { id: same.id, open_until: same.open_until });
        }
        let of_person = consents.iter().filter(|one| is_earlier(one)).count();
        let of_contract = consents
            .iter()
            .filter(|one| one.contract == consent.contract && one.asked_at > bounds.contract_since);
        if of_person >= bounds.per_person_max as usize
            || of_contract.count() >= bounds.per_contract_max as usize
        {
            return Ok(AskOutcome::TooMany);
        }
        for one in consents.iter_mut().filter(|one| is_earlier(one) && one.state == ConsentState::Asked) {
            *one = one.clone().moved(ConsentState::Replaced, consent.asked_at);
        }
        let kept = AskOutcome::Kept { id: consent.id, open_until: consent.open_until };
        consents.push(consent);
        Ok(kept)
    }

    async fn consent(&self, id: ConsentId) -> Result<Option<Consent>, StoreError> {
        Ok(self.held().consents.iter().find(|one| one.id == id).cloned())
    }

    async fn consents_of(
        &self,
        number: PersonalNumber,
        after: Option<ConsentId>,
        length_max: usize,
    ) -> Result<Vec<Consent>, StoreError> {
        let held = self.held();
        let mut found: Vec<Consent> =
            held.consents.iter().filter(|one| one.number == number).cloned().collect();
        found.sort_by_key(|one| std::cmp::Reverse((one.asked_at, one.id)));
        let from = match after {
            None => 0,
            Some(id) => match found.iter().position(|one| one.id == id) {
                Some(place) => place + 1,
                None => return Ok(Vec::new()),
            },
        };
        Ok(found.into_iter().skip(from).take(length_max).collect())
    }

    async fn granted_consent(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
    ) -> Result<Option<Consent>, StoreError> {
        let held = self.held();
        let mut granted = held.consents.iter().filter(|one| one.state == ConsentState::Granted);
        Ok(granted.find(|one| one.contract == *contract && one.number == number).cloned())
    }

    async fn move_consent(&self, consent: Consent, was: ConsentState) -> Result<bool, StoreError> {
        Ok(shift(&mut self.held().consents, consent, was))
    }

    async fn use_consent(&self, id: ConsentId, day: Date, uses_max: u32) -> Result<bool, StoreError> {
        let mut held = self.held();
        if !held.consents.iter().any(|one| one.id == id && one.state == ConsentState::Granted) {
            return Ok(false);
        }
        held.uses.retain(|(used, on), _| *used != id || *on >= day);
        let used = held.uses.entry((id, day)).or_default();
        let is_left = *used < uses_max;
        *used += u32::from(is_left);
        Ok(is_left)
    }
}

/// Puts a consent in the place of what was kept; of those granted under one contract the newest stands.
fn shift(consents: &mut [Consent], consent: Consent, was: ConsentState) -> bool {
    let Some(place) = consents.iter().position(|one| one.id == consent.id && one.state == was) else {
        return false;
    };
    if let (ConsentState::Granted, Some(at)) = (consent.state, consent.granted_at) {
        let others = consents.iter_mut().filter(|one| {
            one.state == ConsentState::Granted
                && one.contract == consent.contract
                && one.number == consent.number
        });
        others.for_each(|one| *one = one.clone().moved(ConsentState::Replaced, at));
    }
    consents[place] = consent;
    true
}

#[async_trait]
impl PrivacyStore for MemoryConsents {
    async fn save_case(&self, case: PrivacyCase, moves_before: Option<usize>) -> Result<bool, StoreError> {
        let cases = &mut self.held().cases;
        let known = cases.iter_mut().find(|one| one.id == case.id);
        Ok(match (known, moves_before) {
            (None, None) => {
                cases.push(case);
                true
            }
            (Some(known), Some(before)) if known.moves.len() == before => {
                *known = case;
                true
            }
            _ => false,
        })
    }

    async fn withdraw_consent(
        &self,
        consent: Consent,
        was: ConsentState,
        case: PrivacyCase,
    ) -> Result<bool, StoreError> {
        let mut held = self.held();
        let is_moved = shift(&mut held.consents, consent, was);
        if is_moved {
            held.cases.push(case);
        }
        Ok(is_moved)
    }

    async fn case(&self, id: CaseId) -> Result<Option<PrivacyCase>, StoreError> {
        Ok(self.held().cases.iter().find(|one| one.id == id).cloned())
    }

    async fn cases_of(
        &self,
        number: PersonalNumber,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Result<Vec<PrivacyCase>, StoreError> {
        let mut found: Vec<PrivacyCase> =
            self.held().cases.iter().filter(|one| one.number == number).cloned().collect();
        found.sort_by_key(|one| std::cmp::Reverse((one.received_at, one.id)));
        let from = match after.map(|id| found.iter().position(|one| one.id == id)) {
            None => 0,
            Some(Some(place)) => place + 1,
            Some(None) => return Ok(Vec::new()),
        };
        Ok(found.into_iter().skip(from).take(length_max).collect())
    }

    async fn cases_due(
        &self,
        progress: CaseProgress,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Result<Vec<PrivacyCase>, StoreError> {
        let held = self.held();
        let after = match after.map(|id| held.cases.iter().find(|one| one.id == id)) {
            None => None,
            Some(Some(shown)) => Some((shown.due(), shown.id)),
            Some(None) => return Ok(Vec::new()),
        };
        let is_listed = |one: &&PrivacyCase| {
            one.state.is_open() == (progress == CaseProgress::Open)
                && after.is_none_or(|after| (one.due(), one.id) > after)
        };
        let mut found: Vec<PrivacyCase> = held.cases.iter().filter(is_listed).cloned().collect();
        found.sort_by_key(|one| (one.due(), one.id));
        found.truncate(length_max);
        Ok(found)
    }

    async fn open_cases(&self, number: PersonalNumber) -> Result<u32, StoreError> {
        let held = self.held();
        let open = held.cases.iter().filter(|one| one.number == number && one.state.is_open());
        Ok(u32::try_from(open.count()).unwrap_or(u32::MAX))
    }

    async fn is_restricted(&self, contract: &ContractId, number: PersonalNumber) -> Result<bool, StoreError> {
        let held = self.held();
        let mut restricting = held.cases.iter().filter(|one| one.is_restricting());
        Ok(restricting.any(|one| one.contract == *contract && one.number == number))
    }
}

#[async_trait]
impl OrderStore for MemoryConsents {
    async fn save_order(&self, order: CourtOrder, moves_before: Option<usize>) -> Result<bool, StoreError> {
        let orders = &mut self.held().orders;
        let is_taken = orders.iter().any(|one| {
            one.id == order.id
                || (one.state.is_open() && one.number == order.number && one.contract == order.contract)
        });
        let known = orders.iter_mut().find(|one| one.id == order.id);
        Ok(match (known, moves_before) {
            (None, None) if !is_taken => {
                orders.push(order);
                true
            }
            (Some(known), Some(before)) if known.moves.len() == before => {
                *known = order;
                true
            }
            _ => false,
        })
    }

    async fn order(&self, id: OrderId) -> Result<Option<CourtOrder>, StoreError> {
        Ok(self.held().orders.iter().find(|one| one.id == id).cloned())
    }

    async fn standing_order(
        &self,
        contract: &ContractId,
        number: PersonalNumber,
        day: Date,
    ) -> Result<Option<OrderId>, StoreError> {
        let held = self.held();
        let stands =
            |one: &&CourtOrder| one.contract == *contract && one.number == number && one.stands_on(day);
        Ok(held.orders.iter().find(stands).map(|one| one.id))
    }

    async fn orders_about(&self, number: PersonalNumber, day: Date) -> Result<Vec<OrderId>, StoreError> {
        let held = self.held();
        let standing = held.orders.iter().filter(|one| one.number == number && one.stands_on(day));
        Ok(standing.map(|one| one.id).collect())
    }

    async fn orders(
        &self,
        is_open: bool,
        after: Option<OrderId>,
        length_max: usize,
    ) -> Result<Vec<CourtOrder>, StoreError> {
        let held = self.held();
        let key = |one: &CourtOrder| (one.until, one.id);
        let from = match after.map(|id| held.orders.iter().find(|one| one.id == id)) {
            None => None,
            Some(Some(last)) => Some(key(last)),
            Some(None) => return Ok(Vec::new()),
        };
        let mut found: Vec<CourtOrder> = (held.orders.iter())
            .filter(|one| one.state.is_open() == is_open && from.is_none_or(|from| key(one) > from))
            .cloned()
            .collect();
        found.sort_by_key(key);
        found.truncate(length_max);
        Ok(found)
    }
}
