//! A connection as its history tells it, and what may be done next. Nothing here is kept: every decision is an act for a
//! store to add.

use super::{
    Author, ChecklistItem, Computed, ConnectionAct, Deed, LifeError, Need, Part, PilotTerms, Side, Stage,
    Step, Transition, Verdict, checklist, connection_rules, transition,
};
use crate::{Client, Contract, Field, Organisation, Product};
use dancu_core::today_in_viet_nam;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Longest ground or note, in bytes.
const TEXT_BYTES_MAX: usize = 500;
/// Longest name of a file, in bytes.
const NAME_BYTES_MAX: usize = 120;

/// A contract with its client, its owner, and everything that was done to the connection, oldest first.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Whose.
    pub organisation: Organisation,
    /// The software.
    pub client: Client,
    /// The terms.
    pub contract: Contract,
    /// The history.
    pub acts: Vec<ConnectionAct>,
}

/// What a reviewer said of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The answer.
    pub verdict: Verdict,
    /// The note.
    pub note: String,
    /// Who said it.
    pub by: Author,
    /// When.
    pub at: Timestamp,
}

/// A file that was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// Place of the act, by which the file is fetched.
    pub sequence: u32,
    /// Name.
    pub name: String,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
    /// Length.
    pub bytes: u32,
    /// Who attached it.
    pub by: Author,
    /// When.
    pub at: Timestamp,
}

/// An item of the checklist as it stands.
#[derive(Debug, Clone)]
pub struct CheckedItem {
    /// What is asked.
    pub item: &'static ChecklistItem,
    /// The law behind it.
    pub legal_reference: &'static str,
    /// What was said of it in this review; never of what the program finds out.
    pub given: Option<Given>,
    /// Files, of this review and of those before.
    pub files: Vec<AttachedFile>,
    /// Whether it is as the review wants it.
    pub is_met: bool,
}

/// A signature under a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Which.
    pub part: Part,
    /// Who.
    pub by: Author,
    /// When.
    pub at: Timestamp,
}

/// A step that somebody might take, and what stands in the way.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Which.
    pub transition: &'static Transition,
    /// What stands in the way; nothing: a ground at most is missing.
    pub obstacle: Option<LifeError>,
}

impl Connection {
    /// Lines of history that a connection may have.
    pub const ACTS_MAX: u32 = 1_000;
    /// Files that it may have.
    pub const FILES_MAX: usize = 20;
    /// Length of a file at most, in bytes.
    pub const FILE_BYTES_MAX: usize = 1 << 20;

    /// The steps, oldest first.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (&ConnectionAct, &Step)> {
        self.acts.iter().filter_map(|act| Some((act, act.step()?)))
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        self.steps().next_back().map_or(Stage::Draft, |(_, step)| step.to)
    }

    /// The day on which it became official for the first time; the use of before says nothing of what it needs.
    pub fn official_since(&self) -> Option<Date> {
        let first = self.steps().find(|(_, step)| step.to == Stage::Official);
        first.map(|(act, _)| today_in_viet_nam(act.at))
    }

    /// The act that comes next.
    pub fn act(&self, by: &Author, deed: Deed, now: Timestamp) -> Result<ConnectionAct, LifeError> {
        let sequence = self.acts.last().map_or(1, |last| last.sequence + 1);
        // The last lines are kept for suspending and ending: nothing may fill the history so that it cannot be stopped.
        let is_stop =
            matches!(&deed, Deed::Ceiling(_) | Deed::Step(Step { to: Stage::Suspended | Stage::Ended, .. }));
        if sequence > Self::ACTS_MAX && !is_stop {
            return Err(LifeError::Full);
        }
        Ok(ConnectionAct { contract: self.contract.id.clone(), sequence, at: now, by: by.clone(), deed })
    }

    /// The beginning of a life.
    pub fn first_act(contract: &Contract, by: &Author, now: Timestamp) -> ConnectionAct {
        let step = Step { from: None, to: Stage::Draft, ground: String::new(), pilot: None, notify_by: None };
        let deed = Deed::Step(step);
        ConnectionAct { contract: contract.id.clone(), sequence: 1, at: now, by: by.clone(), deed }
    }

    /// Takes a step.
    pub fn step(
        &self,
        by: &Author,
        to: Stage,
        ground: &str,
        now: Timestamp,
    ) -> Result<ConnectionAct, LifeError> {
        let from = self.stage();
        let taken = transition(from, to).ok_or(LifeError::NoStep { from, to })?;
        let today = today_in_viet_nam(now);
        let ground = ground.trim();
        let is_said = !ground.is_empty() || !taken.needs.contains(&Need::Ground);
        self.obstacle(by, taken, today).map_or(Ok(()), Err)?;
        if !is_said || ground.len() > TEXT_BYTES_MAX {
            return Err(LifeError::Ground);
        }
        let rules = connection_rules(today).ok_or(LifeError::NoRules)?;
        let pilot = (to == Stage::Pilot).then(|| {
            // A pilot that was suspended goes on as it was, with the same end.
            let before =
                self.steps().rev().find_map(|(_, step)| step.pilot).filter(|_| from == Stage::Suspended);
            before.unwrap_or_else(|| PilotTerms {
                until: today.saturating_add(i64::from(rules.pilot_days).days()),
                limit_percent: rules.pilot_limit_percent,
            })
        });
        let notify_by = (to == Stage::Suspended).then(|| {
            now.saturating_add(SignedDuration::from_hours(rules.notice_hours.into())).unwrap_or(now)
        });
        let step = Step { from: Some(from), to, ground: ground.to_owned(), pilot, notify_by };
        self.act(by, Deed::Step(step), now)
    }

    /// The steps that somebody might take from here.
    pub fn openings(&self, by: &Author, today: Date) -> Vec<Opening> {
        let from = self.stage();
        let steps = super::TRANSITIONS.iter().filter(|step| step.from == from);
        steps
            .filter(|step| self.is_theirs(by, step))
            .map(|transition| Opening { transition, obstacle: self.obstacle(by, transition, today) })
            // The way back from a suspension is one, not both.
            .filter(|opening| !matches!(opening.obstacle, Some(LifeError::NoStep { .. })))
            .collect()
    }

    fn is_theirs(&self, by: &Author, step: &Transition) -> bool {
        match &by.side {
            Side::Operator => true,
            Side::Agency { organisation } => step.is_agencys && *organisation == self.organisation.id,
            Side::Console | Side::Release | Side::Program => false,
        }
    }

    fn obstacle(&self, by: &Author, step: &Transition, today: Date) -> Option<LifeError> {
        if !self.is_theirs(by, step) {
            return Some(LifeError::NotTheirs);
        }
        if step.needs.contains(&Need::StageBefore) {
            let before = self.steps().next_back().and_then(|(_, last)| last.from);
            if before != Some(step.to) {
                return Some(LifeError::NoStep { from: step.from, to: step.to });
            }
        }
        let open = if step.needs.contains(&Need::Review) { self.open(today) } else { Vec::new() };
        if open.is_empty() { None } else { Some(LifeError::ReviewOpen { open }) }
    }

    /// What is still open of the review: codes of items, then of parts that nobody signed.
    pub fn open(&self, today: Date) -> Vec<String> {
        let items = self.checklist(today).into_iter().filter(|checked| !checked.is_met);
        let mut open: Vec<String> = items.map(|checked| checked.item.code.clone()).collect();
        let signed = self.signatures();
        let unsigned = Part::ALL.into_iter().filter(|part| !signed.iter().any(|one| one.part == *part));
        open.extend(unsigned.map(|part| format!("signature:{}", part.as_str())));
        open
    }

    /// The acts of the last review: those behind the step into it, if the connection was ever under review.
    fn review(&self) -> &[ConnectionAct] {
        let is_begin = |act: &ConnectionAct| act.step().is_some_and(|step| step.to == Stage::Review);
        self.acts.iter().rposition(is_begin).map_or(&[], |place| &self.acts[place..])
    }

    /// The checklist of the last review, or of one that would begin today.
    pub fn checklist(&self, today: Date) -> Vec<CheckedItem> {
        let review = self.review();
        let begun = review.first().map_or(today, |act| today_in_viet_nam(act.at));
        let items = checklist(begun).map(|row| {
            let item = &row.value;
            let given = review.iter().rev().find_map(|act| match &act.deed {
                Deed::Answer { item: code, verdict, note } if *code == item.code => {
                    Some(Given { verdict: *verdict, note: note.clone(), by: act.by.clone(), at: act.at })
                }
                _ => None,
            });
            let files = self.files(&item.code);
            let is_met = match (item.computed, given.as_ref().map(|given| given.verdict)) {
                (Some(computed), _) => self.holds(computed, begun),
                (None, Some(Verdict::Yes)) => !item.is_evidence_required || !files.is_empty(),
                (None, Some(Verdict::NotApplicable)) => true,
                (None, Some(Verdict::No) | None) => false,
            };
            CheckedItem { item, legal_reference: &row.legal_reference, given, files, is_met }
        });
        items.collect()
    }

    fn files(&self, code: &str) -> Vec<AttachedFile> {
        let file = |act: &ConnectionAct| match &act.deed {
            Deed::Evidence { item, name, sha256, bytes } if item == code => Some(AttachedFile {
                sequence: act.sequence,
                name: name.clone(),
                sha256: sha256.clone(),
                bytes: *bytes,
                by: act.by.clone(),
                at: act.at,
            }),
            _ => None,
        };
        self.acts.iter().filter_map(file).collect()
    }

    /// What the program finds out itself.
    fn holds(&self, computed: Computed, today: Date) -> bool {
        let contract = &self.contract;
        match computed {
            // Without a key nobody gets a token: such a client is a desk of our own pages, and stays one (ADR 14).
            Computed::Keys => !self.client.keys.is_empty() || !self.has_door(),
            Computed::Tried => !self.is_tried_by_software() || self.untried(today).is_empty(),
            Computed::Limit => {
                let computed = contract.caseload.and_then(|caseload| caseload.limit(contract.valid_to).ok());
                let is_within = computed.is_some_and(|computed| {
                    contract.daily_limit <= computed.daily_limit
                        && contract.per_second_max <= computed.per_second_max
                });
                is_within || contract.limit_reason.is_some()
            }
        }
    }

    /// Whether there is software, and something that it can verify, so that the sandbox has something to see.
    pub fn is_tried_by_software(&self) -> bool {
        let contract = &self.contract;
        let can_ask = contract.may_tell_unknown || contract.fields.iter().any(Field::identifies);
        !self.client.keys.is_empty() && contract.products().contains(&Product::Verify) && can_ask
    }

    /// What the sandbox has not yet seen of these terms: an answer, a refusal, or both. Empty without rules.
    fn untried(&self, today: Date) -> Vec<bool> {
        let Some(rules) = connection_rules(today) else { return Vec::new() };
        let terms = self.acts.iter().rposition(|act| act.deed == Deed::Terms).unwrap_or_default();
        let seen = |is_answered: bool| {
            let tried = self.acts[terms..].iter().filter(|act| act.deed == Deed::Tried { is_answered });
            u32::try_from(tried.count()).unwrap_or(u32::MAX)
        };
        let wanted = [(true, rules.sandbox_answers_min), (false, rules.sandbox_refusals_min)];
        wanted.into_iter().filter(|(kind, min)| seen(*kind) < *min).map(|(kind, _)| kind).collect()
    }

    /// Notes a try in the sandbox; nothing when the review has seen enough of its kind.
    pub fn tried(&self, is_answered: bool, now: Timestamp) -> Option<ConnectionAct> {
        let is_wanted = matches!(self.stage(), Stage::Sandbox | Stage::Review)
            && self.untried(today_in_viet_nam(now)).contains(&is_answered);
        let side = Side::Agency { organisation: self.organisation.id.clone() };
        let by = Author { id: self.client.id.to_string(), name: self.client.id.to_string(), side };
        is_wanted.then(|| self.act(&by, Deed::Tried { is_answered }, now).ok()).flatten()
    }

    /// Whether the terms name something that only software can use, so that a client without a key makes no sense.
    fn has_door(&self) -> bool {
        let contract = &self.contract;
        contract.xroad_client.is_some()
            || contract.signed_answers
            || contract.commands_for_commune.is_some()
            || contract.cohort.is_some()
            || contract.access_history
            || contract.sign_in.is_some()
            || contract.statistics.is_some()
            || contract.feed.as_ref().is_some_and(|feed| feed.destination(&contract.client).is_none())
    }

    /// The signatures that hold: of the last review, behind the last answer to their part.
    pub fn signatures(&self) -> Vec<Signed> {
        let review = self.review();
        let items: Vec<_> = review.first().map_or_else(Vec::new, |act| {
            checklist(today_in_viet_nam(act.at)).map(|row| &row.value).collect()
        });
        let part_of = |code: &str| items.iter().find(|item| item.code == code).map(|item| item.part);
        let mut signed: Vec<Signed> = Vec::new();
        for act in review {
            match &act.deed {
                Deed::Signature { part } => {
                    signed.retain(|one| one.part != *part);
                    signed.push(Signed { part: *part, by: act.by.clone(), at: act.at });
                }
                // What was signed is no longer what stands.
                Deed::Answer { item, .. } => signed.retain(|one| Some(one.part) != part_of(item)),
                // Less than was signed may hold later on; while it is under review the terms stand still.
                Deed::Step(_)
                | Deed::Terms
                | Deed::Keys { .. }
                | Deed::BoundTokens { .. }
                | Deed::Tried { .. }
                | Deed::Ceiling(_)
                | Deed::Evidence { .. } => {}
            }
        }
        signed
    }

    /// Whether somebody wrote these terms or a part of them.
    fn is_drafter(&self, by: &Author) -> bool {
        let writes = |act: &ConnectionAct| match &act.deed {
            Deed::Terms => true,
            Deed::Step(step) => step.from.is_none(),
            _ => false,
        };
        self.acts.iter().any(|act| act.by.id == by.id && writes(act))
    }

    fn reviewer(&self, by: &Author) -> Result<(), LifeError> {
        if self.stage() != Stage::Review {
            Err(LifeError::NotUnderReview)
        } else if by.side != Side::Operator {
            Err(LifeError::NotTheirs)
        } else {
            Ok(())
        }
    }

    fn item(&self, code: &str, today: Date) -> Result<CheckedItem, LifeError> {
        let found = self.checklist(today).into_iter().find(|checked| checked.item.code == code);
        let found = found.ok_or(LifeError::NoSuchItem)?;
        if found.item.computed.is_some() { Err(LifeError::FoundOut) } else { Ok(found) }
    }

    /// Answers an item.
    pub fn answer(
        &self,
        by: &Author,
        code: &str,
        verdict: Verdict,
        note: &str,
        now: Timestamp,
    ) -> Result<ConnectionAct, LifeError> {
        self.reviewer(by)?;
        let found = self.item(code, today_in_viet_nam(now))?;
        let note = note.trim();
        if note.len() > TEXT_BYTES_MAX || (note.is_empty() && verdict == Verdict::NotApplicable) {
            return Err(LifeError::Note);
        }
        let deed = Deed::Answer { item: found.item.code.clone(), verdict, note: note.to_owned() };
        self.act(by, deed, now)
    }

    /// Attaches a file to an item: an operator, or the agency itself, until the review is over.
    pub fn attach(
        &self,
        by: &Author,
        code: &str,
        name: &str,
        content: &[u8],
        now: Timestamp,
    ) -> Result<ConnectionAct, LifeError> {
        let is_theirs = match &by.side {
            Side::Operator => true,
            Side::Agency { organisation } => *organisation == self.organisation.id,
            Side::Console | Side::Release | Side::Program => false,
        };
        if !is_theirs {
            return Err(LifeError::NotTheirs);
        }
        if !self.stage().is_open() && self.stage() != Stage::Review {
            return Err(LifeError::NotUnderReview);
        }
        let found = self.item(code, today_in_viet_nam(now))?;
        let files = self.acts.iter().filter(|act| matches!(act.deed, Deed::Evidence { .. })).count();
        if files >= Self::FILES_MAX {
            return Err(LifeError::Full);
        }
        let name = name.trim();
        let is_name = (1..=NAME_BYTES_MAX).contains(&name.len())
            && !name.chars().any(|letter| letter.is_control() || "/\\\"".contains(letter));
        if content.is_empty() || content.len() > Self::FILE_BYTES_MAX || !is_name {
            return Err(LifeError::File);
        }
        let deed = Deed::Evidence {
            item: found.item.code.clone(),
            name: name.to_owned(),
            sha256: hexadecimal(&Sha256::digest(content)),
            bytes: u32::try_from(content.len()).map_err(|_| LifeError::File)?,
        };
        self.act(by, deed, now)
    }

    /// Signs a part: everything in it is as the review wants it, and whoever signs neither wrote the terms nor signed the
    /// other part.
    pub fn sign(&self, by: &Author, part: Part, now: Timestamp) -> Result<ConnectionAct, LifeError> {
        self.reviewer(by)?;
        if self.is_drafter(by) {
            return Err(LifeError::Drafter);
        }
        let is_other = |one: &Signed| one.part != part && one.by.id == by.id;
        if self.signatures().iter().any(is_other) {
            return Err(LifeError::SamePerson);
        }
        let checked = self.checklist(today_in_viet_nam(now)).into_iter();
        let open = checked.filter(|checked| checked.item.part == part && !checked.is_met);
        let open: Vec<String> = open.map(|checked| checked.item.code.clone()).collect();
        if !open.is_empty() {
            return Err(LifeError::ReviewOpen { open });
        }
        self.act(by, Deed::Signature { part }, now)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
