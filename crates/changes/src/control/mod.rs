//! Control tools of civil status: what is odd in the register, who looks into it, and how far that is.

mod error;
mod family;
mod household;
mod limits;
mod own;
mod scan;
mod twice;

pub use error::FindingError;
pub(crate) use limits::desk_events_days;
pub use scan::{SCAN_PAGE_PERSONS, Scan, ScanPage, ScanSummary};

use crate::{
    Actor, ChangeStore, Finding, FindingFilter, FindingId, FindingMove, FindingState,
    notes::{Note, note_fits},
    service::micros,
};
use dancu_core::Clock;
use std::sync::Arc;

/// Findings on a page of a list.
pub const FINDINGS_PAGE_MAX: usize = 100;
/// Steps of one finding, so that no record grows without end.
const MOVES_MAX: usize = 100;

/// Findings and the steps that officers take.
pub struct FindingService {
    store: Arc<dyn ChangeStore>,
    clock: Arc<dyn Clock>,
}

impl FindingService {
    /// Joins the parts.
    pub fn new(store: Arc<dyn ChangeStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Findings, the newest first, at most [`FINDINGS_PAGE_MAX`]. An officer sees those of the commune, whatever the
    /// filter says; the centre all.
    pub async fn list(
        &self,
        office: &Actor,
        filter: FindingFilter,
        after: Option<FindingId>,
        length_max: usize,
    ) -> Result<Vec<Finding>, FindingError> {
        let owner = office.commune().or(filter.owner);
        let filter = FindingFilter { owner, ..filter };
        Ok(self.store.findings(filter, after, length_max.min(FINDINGS_PAGE_MAX)).await?)
    }

    /// One finding, as an office sees it.
    pub async fn finding(&self, office: &Actor, id: FindingId) -> Result<Finding, FindingError> {
        let finding = self.store.finding(id).await?.ok_or(FindingError::NoSuchFinding)?;
        let is_theirs = office.commune().is_none_or(|commune| finding.owner == Some(commune));
        if is_theirs { Ok(finding) } else { Err(FindingError::NoSuchFinding) }
    }

    /// Takes a finding in hand, gives it back, resolves or dismisses it, or opens it again. Dismissing and reopening
    /// need a note. The same step said twice by one officer is one step.
    pub async fn step(
        &self,
        office: &Actor,
        id: FindingId,
        to: FindingState,
        note: &str,
    ) -> Result<Finding, FindingError> {
        let mut finding = self.finding(office, id).await?;
        if finding.state == to && finding.moves.last().is_some_and(|last| last.by == office.id()) {
            return Ok(finding);
        }
        let is_step = match finding.state {
            FindingState::Open => to != FindingState::Open,
            FindingState::InHand => to != FindingState::InHand,
            FindingState::Resolved | FindingState::Dismissed => to == FindingState::Open,
        };
        if !is_step || finding.moves.len() >= MOVES_MAX {
            return Err(FindingError::NoSuchStep);
        }
        let reopens = finding.state.is_final();
        let kind = if reopens || to == FindingState::Dismissed { Note::Required } else { Note::Optional };
        if !note_fits(note, kind) {
            return Err(FindingError::Note);
        }
        let before = finding.moves.len();
        let (at, by) = (micros(self.clock.now()), office.id().to_owned());
        finding.moves.push(FindingMove { to, at, by, note: note.trim().to_owned() });
        finding.state = to;
        if self.store.save_finding(finding.clone(), before).await? {
            Ok(finding)
        } else {
            Err(FindingError::Moved)
        }
    }
}
