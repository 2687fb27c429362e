//! Corrections: a citizen or an officer proposes, the commune of residence decides, a second officer approves what
//! concerns the identity, and the register is changed by the same road as by any other command.
//!
//! The command's identifier is derived from the proposal's, so that a crash between the change of the register and the
//! step of the proposal is settled by deciding again: the register knows the command already.

mod error;
mod limits;
mod right;

pub use error::CorrectionError;
pub(crate) use right::present_home;

use crate::{
    Actor, ChangeError, ChangeService, ChangeStore, CommandId, Envelope, Event, Evidence, Proposal,
    ProposalFilter, ProposalId, ProposalMove, ProposalState, ProposedBy, ProposedChange, Refusal, World,
    notes::{Note, note_fits},
    refusal::Common,
    service::{micros, name_based},
};
use dancu_calendar::Calendar;
use dancu_core::{Clock, CommuneCode, Explain, PersonalNumber, today_in_viet_nam};
use jiff::civil::Date;
use std::sync::Arc;

/// Proposals of one person that may wait at a time.
pub const OPEN_PROPOSALS_MAX: usize = 10;
/// Proposals on a page of a list.
pub const PROPOSALS_PAGE_MAX: usize = 100;
/// Times that a step is tried anew because somebody else moved the proposal meanwhile.
const ATTEMPTS_MAX: u32 = 8;
/// Steps of one proposal; more come of a rule that refuses again and again.
const MOVES_MAX: usize = 60;

/// What an officer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is right.
    Accept,
    /// It is not.
    Refuse,
}

impl Proposal {
    /// Under which the register is changed: derived from the proposal, so that it is changed once.
    pub fn command_id(&self) -> CommandId {
        CommandId(name_based(&format!("proposal:{}", self.id)))
    }

    /// Whether a second officer has to approve it.
    pub const fn needs_second(&self) -> bool {
        self.change.alters_identity()
    }

    /// Whether the time limit has passed without a decision.
    pub fn is_overdue(&self, today: Date) -> bool {
        !self.state.is_final() && self.due < today
    }

    /// The officer of the commune who agreed first. A step back after the rules refused is nobody's agreement.
    fn first_officer(&self) -> Option<&str> {
        let to = if self.needs_second() { ProposalState::AwaitsSecond } else { ProposalState::Accepted };
        let agrees = |place: &usize| {
            let before = place.checked_sub(1).map(|before| self.moves[before].to);
            self.moves[*place].to == to && before != Some(ProposalState::Accepted)
        };
        (0..self.moves.len()).rev().find(agrees).map(|place| self.moves[place].by.as_str())
    }
}

/// Corrections from their proposal to the register.
pub struct CorrectionService {
    changes: Arc<ChangeService>,
    clock: Arc<dyn Clock>,
}

impl CorrectionService {
    /// Joins the parts.
    pub fn new(changes: Arc<ChangeService>, clock: Arc<dyn Clock>) -> Self {
        Self { changes, clock }
    }

    /// Working days within which the commune decides what is proposed today.
    pub fn decision_working_days(&self) -> Option<u16> {
        limits::decision_working_days(today_in_viet_nam(self.clock.now()))
    }

    /// Takes a proposal in, when the rules would allow it as things stand. The same proposal sent again under its
    /// identifier is the one that is there.
    pub async fn propose(
        &self,
        id: ProposalId,
        by: ProposedBy,
        change: ProposedChange,
        evidence: Vec<Evidence>,
    ) -> Result<Proposal, CorrectionError> {
        if let Some(known) = self.store().proposal(id).await? {
            return same(known, &by, &change, &evidence);
        }
        let number = right::subject(&change).ok_or(CorrectionError::NotACorrection)?;
        let now = micros(self.clock.now());
        let mut world = World::open(&**self.store(), now).await?;
        right::may_propose(&mut world, number, &by).await?;
        let owner = right::owner(&mut world, number, &by).await?;
        if self.waiting_of(number).await? >= OPEN_PROPOSALS_MAX {
            return Err(CorrectionError::TooMany);
        }
        let days = limits::decision_working_days(world.today).ok_or(CorrectionError::NoLegalValue)?;
        let proposal = Proposal {
            id,
            number,
            proposed_by: by,
            proposed_at: now,
            change,
            evidence,
            owner,
            due: Calendar::national().deadline(now, days),
            state: ProposalState::Proposed,
            event: None,
            moves: Vec::new(),
        };
        self.changes.check(&envelope(&proposal, "proposed")).await?;
        if self.store().save_proposal(proposal.clone(), None).await? {
            return Ok(proposal);
        }
        let known = self.store().proposal(id).await?.ok_or(CorrectionError::Moved)?;
        same(known, &proposal.proposed_by, &proposal.change, &proposal.evidence)
    }

    /// An officer of the commune decides. What needs no second officer is in the register when this returns; a refusal by
    /// the rules comes back as an error and leaves the proposal waiting.
    pub async fn decide(
        &self,
        id: ProposalId,
        officer: &Actor,
        verdict: Verdict,
        note: &str,
    ) -> Result<Proposal, CorrectionError> {
        check_note(verdict, note)?;
        for _ in 0..ATTEMPTS_MAX {
            let proposal = self.of_office(id, officer).await?;
            if officer.commune().is_none() {
                return Err(CorrectionError::OtherCommune);
            }
            if is_proposer(&proposal, officer) {
                return Err(CorrectionError::SameOfficer);
            }
            let to = match verdict {
                Verdict::Refuse => ProposalState::Refused,
                Verdict::Accept if proposal.needs_second() => ProposalState::AwaitsSecond,
                Verdict::Accept => ProposalState::Accepted,
            };
            match proposal.state {
                ProposalState::Proposed => {}
                ProposalState::Accepted if verdict == Verdict::Accept => {
                    return self.apply(id, officer).await;
                }
                // The same button pressed twice.
                state if is_repetition(&proposal, state, to, officer) => return Ok(proposal),
                _ => return Err(CorrectionError::Settled),
            }
            if self.step(proposal, to, officer.id(), note).await? {
                return self.finish(id, to, officer).await;
            }
        }
        Err(CorrectionError::Moved)
    }

    /// A second officer, of the same commune or of the centre, approves what concerns the identity.
    pub async fn approve(
        &self,
        id: ProposalId,
        second: &Actor,
        verdict: Verdict,
        note: &str,
    ) -> Result<Proposal, CorrectionError> {
        check_note(verdict, note)?;
        for _ in 0..ATTEMPTS_MAX {
            let proposal = self.of_office(id, second).await?;
            if is_proposer(&proposal, second) || proposal.first_officer() == Some(second.id()) {
                return Err(CorrectionError::SameOfficer);
            }
            let to = match verdict {
                Verdict::Refuse => ProposalState::Refused,
                Verdict::Accept => ProposalState::Accepted,
            };
            match proposal.state {
                ProposalState::AwaitsSecond => {}
                ProposalState::Proposed => return Err(CorrectionError::FirstIsMissing),
                ProposalState::Accepted if verdict == Verdict::Accept => return self.apply(id, second).await,
                state if is_repetition(&proposal, state, to, second) => return Ok(proposal),
                _ => return Err(CorrectionError::Settled),
            }
            if self.step(proposal, to, second.id(), note).await? {
                return self.finish(id, to, second).await;
            }
        }
        Err(CorrectionError::Moved)
    }

    /// Whoever proposed it takes it back, as long as it is not on its way into the register.
    pub async fn withdraw(&self, id: ProposalId, by: &ProposedBy) -> Result<Proposal, CorrectionError> {
        for _ in 0..ATTEMPTS_MAX {
            let proposal = self.store().proposal(id).await?.ok_or(CorrectionError::NoSuchProposal)?;
            if proposal.proposed_by != *by {
                return Err(CorrectionError::NoSuchProposal);
            }
            match proposal.state {
                ProposalState::Proposed | ProposalState::AwaitsSecond => {}
                ProposalState::Withdrawn => return Ok(proposal),
                _ => return Err(CorrectionError::Settled),
            }
            let who = match by {
                ProposedBy::Citizen { .. } => "citizen",
                ProposedBy::Officer { id, .. } => id,
            };
            if self.step(proposal, ProposalState::Withdrawn, who, "").await? {
                return self.store().proposal(id).await?.ok_or(CorrectionError::NoSuchProposal);
            }
        }
        Err(CorrectionError::Moved)
    }

    /// A proposal as an office sees it: an officer those of the commune, the centre all.
    pub async fn of_office(&self, id: ProposalId, office: &Actor) -> Result<Proposal, CorrectionError> {
        let proposal = self.store().proposal(id).await?.ok_or(CorrectionError::NoSuchProposal)?;
        let is_theirs = office.commune().is_none_or(|commune| commune == proposal.owner);
        if is_theirs { Ok(proposal) } else { Err(CorrectionError::NoSuchProposal) }
    }

    /// Proposals in one state, the one that is due first before the others; at most [`PROPOSALS_PAGE_MAX`].
    pub async fn list(
        &self,
        filter: ProposalFilter,
        after: Option<ProposalId>,
        length_max: usize,
    ) -> Result<Vec<Proposal>, CorrectionError> {
        Ok(self.store().proposals(filter, after, length_max.min(PROPOSALS_PAGE_MAX)).await?)
    }

    /// Proposals whose time limit has passed, the longest overdue first; of one commune, or of all.
    pub async fn overdue(
        &self,
        owner: Option<CommuneCode>,
        length_max: usize,
    ) -> Result<Vec<Proposal>, CorrectionError> {
        let today = today_in_viet_nam(self.clock.now());
        let mut overdue = Vec::new();
        for state in ProposalState::OPEN {
            let filter = ProposalFilter { owner, number: None, state: Some(state) };
            let page = self.list(filter, None, length_max).await?;
            overdue.extend(page.into_iter().filter(|proposal| proposal.is_overdue(today)));
        }
        overdue.sort_by_key(|proposal| (proposal.due, proposal.id));
        overdue.truncate(length_max);
        Ok(overdue)
    }

    async fn waiting_of(&self, number: PersonalNumber) -> Result<usize, CorrectionError> {
        let mut waiting = 0;
        for state in ProposalState::OPEN {
            let filter = ProposalFilter { owner: None, number: Some(number), state: Some(state) };
            waiting += self.list(filter, None, OPEN_PROPOSALS_MAX).await?.len();
        }
        Ok(waiting)
    }

    async fn finish(
        &self,
        id: ProposalId,
        state: ProposalState,
        officer: &Actor,
    ) -> Result<Proposal, CorrectionError> {
        match state {
            ProposalState::Accepted => self.apply(id, officer).await,
            _ => self.store().proposal(id).await?.ok_or(CorrectionError::NoSuchProposal),
        }
    }

    /// Changes the register by an accepted proposal and marks it so. What the register holds already is only marked.
    async fn apply(&self, id: ProposalId, officer: &Actor) -> Result<Proposal, CorrectionError> {
        for _ in 0..ATTEMPTS_MAX {
            let proposal = self.store().proposal(id).await?.ok_or(CorrectionError::NoSuchProposal)?;
            if proposal.state == ProposalState::Applied {
                return Ok(proposal);
            }
            let event = match self.event_of(&proposal).await? {
                Some(event) => event,
                None if proposal.state != ProposalState::Accepted => return Err(CorrectionError::Settled),
                None => {
                    let first = proposal.first_officer().unwrap_or(officer.id()).to_owned();
                    match self.changes.execute(&envelope(&proposal, &first)).await {
                        Ok(receipt) => receipt.event,
                        // Another officer's trial was faster; the next round finds its event.
                        Err(ChangeError::Refused(Refusal::Common(Common::IdentifierUsed))) => continue,
                        Err(ChangeError::Refused(refusal)) => {
                            self.hand_back(proposal, officer, &refusal).await?;
                            return Err(refusal.into());
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
            };
            let mut applied = proposal;
            applied.event = Some(event.id);
            if self.step(applied, ProposalState::Applied, officer.id(), "").await? {
                return self.store().proposal(id).await?.ok_or(CorrectionError::NoSuchProposal);
            }
        }
        Err(CorrectionError::Moved)
    }

    /// The event that the proposal became. One of another command under the derived identifier is somebody's forgery.
    async fn event_of(&self, proposal: &Proposal) -> Result<Option<Event>, CorrectionError> {
        match self.store().event(proposal.command_id()).await? {
            None => Ok(None),
            Some((event, _)) if event.command == proposal.change => Ok(Some(event)),
            Some(_) => Err(Refusal::from(Common::IdentifierUsed).into()),
        }
    }

    /// The rules refuse: the proposal waits again where it was, and its history says which rule.
    async fn hand_back(
        &self,
        proposal: Proposal,
        officer: &Actor,
        refusal: &Refusal,
    ) -> Result<(), CorrectionError> {
        let to = if proposal.needs_second() { ProposalState::AwaitsSecond } else { ProposalState::Proposed };
        let (by, note) = (officer.id(), refusal.explain().code);
        self.step(proposal, to, by, note).await.map(|_| ())
    }

    /// One step of a proposal; `false` when somebody else moved it meanwhile.
    async fn step(
        &self,
        mut proposal: Proposal,
        to: ProposalState,
        by: &str,
        note: &str,
    ) -> Result<bool, CorrectionError> {
        let before = proposal.moves.len();
        if before >= MOVES_MAX && !to.is_final() {
            return Err(CorrectionError::TooMany);
        }
        let at = micros(self.clock.now());
        proposal.moves.push(ProposalMove { to, at, by: by.to_owned(), note: note.trim().to_owned() });
        proposal.state = to;
        Ok(self.store().save_proposal(proposal, Some(before)).await?)
    }

    fn store(&self) -> &Arc<dyn ChangeStore> {
        self.changes.store()
    }
}

fn check_note(verdict: Verdict, note: &str) -> Result<(), CorrectionError> {
    let kind = if verdict == Verdict::Refuse { Note::Required } else { Note::Optional };
    if note_fits(note, kind) { Ok(()) } else { Err(CorrectionError::Note) }
}

fn is_proposer(proposal: &Proposal, officer: &Actor) -> bool {
    matches!(&proposal.proposed_by, ProposedBy::Officer { id, .. } if id == officer.id())
}

/// Whether the officer has said this very thing before: the step stands, or has led to the register meanwhile.
fn is_repetition(proposal: &Proposal, state: ProposalState, to: ProposalState, officer: &Actor) -> bool {
    let has_led = state == to || (to == ProposalState::Accepted && state == ProposalState::Applied);
    has_led && proposal.moves.iter().any(|step| step.to == to && step.by == officer.id())
}

fn same(
    known: Proposal,
    by: &ProposedBy,
    change: &ProposedChange,
    evidence: &[Evidence],
) -> Result<Proposal, CorrectionError> {
    if known.proposed_by == *by && known.change == *change && known.evidence == evidence {
        Ok(known)
    } else {
        Err(CorrectionError::IdentifierUsed)
    }
}

/// The proposal as a command of the commune that decides it. Whoever finishes it, the officer who agreed first is named,
/// so that a repetition is the same command.
fn envelope(proposal: &Proposal, officer: &str) -> Envelope {
    Envelope {
        id: proposal.command_id(),
        actor: Actor::Officer { id: officer.to_owned(), commune: proposal.owner },
        evidence: proposal.evidence.clone(),
        taken_at: proposal.proposed_at,
        command: proposal.change.clone(),
    }
}
