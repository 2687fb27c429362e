//! Asking for an extract, and approving it.

use super::{
    Approval, CohortError, CohortExtract, CohortRequest, CohortRules, CohortStore, ExtractId, ExtractMove,
    ExtractState, Found, OpenBounds, PROGRAM, cohort_rules, request::text,
};
use crate::{Caller, VerifyService, policy::plan_extract};
use async_trait::async_trait;
use dancu_core::{Clock, Entropy, StoreError, today_in_viet_nam};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::{fmt, sync::Arc};

/// Who may approve, asked anew each time: an approval is worth nothing without the right of whoever gave it.
#[async_trait]
pub trait ApproverRights: Send + Sync {
    /// Whether a member of staff may decide on extracts now.
    async fn may_decide(&self, staff: &str) -> Result<bool, StoreError>;
}

/// Takes what clients ask and officers decide.
pub struct CohortService {
    pub(super) store: Arc<dyn CohortStore>,
    pub(super) verify: Arc<VerifyService>,
    rights: Arc<dyn ApproverRights>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for CohortService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CohortService")
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// So many days after an instant.
pub(super) fn days_after(instant: Timestamp, days: u32) -> Timestamp {
    let hours = SignedDuration::from_hours(24 * i64::from(days));
    instant.saturating_add(hours).unwrap_or(Timestamp::MAX)
}

/// The rules of the day of an instant.
pub(super) fn rules_at(now: Timestamp) -> Result<CohortRules, CohortError> {
    cohort_rules(today_in_viet_nam(now)).ok_or(CohortError::NoRules)
}

impl CohortService {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Puts the service together.
    pub fn new(
        store: Arc<dyn CohortStore>,
        verify: Arc<VerifyService>,
        rights: Arc<dyn ApproverRights>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { store, verify, rights, clock, entropy }
    }

    /// Asks for an extract. Nothing is told of how many persons it has. The same question while one is under way is the same
    /// extract.
    pub async fn ask(&self, caller: &Caller, request: &CohortRequest) -> Result<CohortExtract, CohortError> {
        let day = self.verify.ledger.counting_day();
        let refuse = |reason| CohortError::from(self.verify.refuse(caller, reason));
        let _place = caller.enter(day).map_err(refuse)?;
        plan_extract(caller, &request.criteria, day).map_err(refuse)?;
        let reference = text(&request.reference)?;
        let as_of = request.as_of.unwrap_or(day);
        let contract = &caller.contract;
        let back_max = cohort_rules(day).ok_or(CohortError::NoRules)?.as_of_days_max;
        let earliest = day.saturating_sub(i64::from(back_max).days()).max(contract.valid_from);
        if !(earliest..=day).contains(&as_of) {
            return Err(CohortError::Day);
        }
        let same = |known: &CohortExtract| known.criteria == request.criteria && known.as_of == as_of;
        if let Some(known) = self.store.open_extract(&contract.id, &reference).await? {
            return if same(&known) { Ok(known) } else { Err(CohortError::Doubled) };
        }
        // Stores keep whole microseconds.
        let now = Timestamp::from_microsecond(self.verify.ledger.now().as_microsecond());
        let now = now.unwrap_or(Timestamp::UNIX_EPOCH);
        let rules = rules_at(now)?;
        let client = caller.client.id.clone();
        let state = ExtractState::Asked;
        let asked = ExtractMove { at: now, by: client.to_string(), to: state, note: String::new() };
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        let extract = CohortExtract {
            id: ExtractId(uuid::Builder::from_random_bytes(bytes).into_uuid()),
            contract: contract.id.clone(),
            client,
            reference,
            criteria: request.criteria.clone(),
            fields: contract.cohort.as_ref().map(|terms| terms.fields).unwrap_or_default(),
            as_of,
            asked_at: now,
            state,
            due: days_after(now, rules.waiting_days),
            approvals: Vec::new(),
            moves: vec![asked],
            found: Found::default(),
            rows: 0,
            cursor: None,
            mark: None,
            is_to_clear: false,
            version: 1,
        };
        let bounds = OpenBounds {
            open_max: rules.open_per_contract_max,
            asked_max: rules.asked_per_day_max,
            since: now.saturating_sub(DAY).unwrap_or(Timestamp::MIN),
        };
        if self.store.add_extract(extract.clone(), bounds).await? {
            return Ok(extract);
        }
        // Of two that ask the same at once, one found no place.
        let known = self.store.open_extract(&contract.id, &extract.reference).await?;
        known.filter(same).ok_or(CohortError::TooMany)
    }

    /// An extract of the caller's contract.
    pub async fn look(&self, caller: &Caller, id: ExtractId) -> Result<CohortExtract, CohortError> {
        let found = self.store.extract(id).await?;
        found.filter(|extract| extract.contract == caller.contract.id).ok_or(CohortError::NotFound)
    }

    /// Extracts that wait for an officer, or all others, the newest first.
    pub async fn list(
        &self,
        waits: bool,
        after: Option<ExtractId>,
        length_max: usize,
    ) -> Result<Vec<CohortExtract>, CohortError> {
        Ok(self.store.extracts(waits, after, length_max).await?)
    }

    /// An extract, for those who decide.
    pub async fn extract(&self, id: ExtractId) -> Result<CohortExtract, CohortError> {
        self.store.extract(id).await?.ok_or(CohortError::NotFound)
    }

    /// Approves an extract as the first or the second of two officers. An approval of somebody who may no longer decide
    /// falls away: then this one is the first.
    pub async fn approve(&self, by: &str, id: ExtractId) -> Result<CohortExtract, CohortError> {
        let mut extract = self.waiting(id).await?;
        let (now, before) = (self.clock.now(), extract.approvals.len());
        let rules = rules_at(now)?;
        let mut standing = Vec::with_capacity(2);
        for approval in extract.approvals {
            if self.rights.may_decide(&approval.by).await? {
                standing.push(approval);
            }
        }
        let has_fallen = standing.len() < before;
        if standing.iter().any(|approval| approval.by == by) {
            return Err(CohortError::NotNow);
        }
        standing.push(Approval { by: by.to_owned(), at: now });
        let to = if standing.len() < 2 { ExtractState::ApprovedOnce } else { ExtractState::Approved };
        extract.approvals = standing;
        if has_fallen {
            let note = "Một lần duyệt mất hiệu lực vì người duyệt không còn quyền / an approval fell away with the right of whoever gave it";
            extract = extract.moved(ExtractState::Counted, (PROGRAM, note), now);
        }
        let holds_until = days_after(now, rules.approval_days);
        let waits_until = days_after(extract.asked_at, rules.waiting_days);
        extract.due = if to == ExtractState::Approved { holds_until } else { holds_until.min(waits_until) };
        self.keep(extract.moved(to, (by, ""), now)).await
    }

    /// Refuses an extract, on a stated ground that the client reads.
    pub async fn refuse(&self, by: &str, id: ExtractId, ground: &str) -> Result<CohortExtract, CohortError> {
        let ground = text(ground)?;
        let extract = self.waiting(id).await?;
        self.keep(extract.moved(ExtractState::Refused, (by, &ground), self.clock.now())).await
    }

    /// An extract that waits for an officer, and in time.
    async fn waiting(&self, id: ExtractId) -> Result<CohortExtract, CohortError> {
        let extract = self.extract(id).await?;
        if extract.state.waits() && self.clock.now() < extract.due {
            Ok(extract)
        } else {
            Err(CohortError::NotNow)
        }
    }

    async fn keep(&self, mut extract: CohortExtract) -> Result<CohortExtract, CohortError> {
        extract.version += 1;
        let is_kept = self.store.save_extract(extract.clone(), Vec::new()).await?;
        if is_kept { Ok(extract) } else { Err(CohortError::NotNow) }
    }
}
