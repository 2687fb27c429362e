//! Taking a person's requests, and answering them.

use super::{
    CaseId, CaseKind, CaseMove, CaseProgress, CaseState, PrivacyCase, PrivacyStore,
    rules::{deadlines, extended, open_cases_max},
};
use crate::{Caller, ClientId, ContractId, Directory, ExchangeStore, OrganisationId};
use dancu_core::{Clock, Explain, Explanation, PersonalNumber, StoreError, holds_personal_number};
use serde::Deserialize;
use std::sync::Arc;

/// A look that a request is about, as its record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Its leaf in the log.
    pub leaf: u64,
    /// Who looked.
    pub organisation: OrganisationId,
    /// Its name then.
    pub organisation_name: String,
    /// With which software.
    pub client: ClientId,
    /// Under which contract.
    pub contract: ContractId,
}

/// What the operator does with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseStep {
    /// Accept it, and say what will be done.
    Answer,
    /// It was carried out.
    CarryOut,
    /// Refuse it, on a stated ground.
    Refuse,
    /// Put the last day off, once, with the reason.
    Extend,
}

/// Times that a case about the same look is opened anew after an earlier one was settled.
const ANEW_MAX: u32 = 5;
/// Longest note and longest words, in characters.
const NOTE_CHARACTERS_MAX: usize = 500;

/// Why a request or a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// There is no such case of this person.
    #[error("no such case")]
    NotFound,
    /// The case is not in a state for this step, or somebody else moved it.
    #[error("the case is not in a state for this")]
    NotNow,
    /// Nothing was written, too much, or a personal number.
    #[error("a note of 1 to {NOTE_CHARACTERS_MAX} characters without personal numbers is needed")]
    Note,
    /// The register's own offices work by the law; a restriction of theirs can only be refused.
    #[error("the contract is one of the register's own offices")]
    OwnOffice,
    /// Too many are under way.
    #[error("too many requests are under way")]
    TooMany,
    /// No law of deadlines holds on this day.
    #[error("no deadlines hold on this day")]
    NoDeadlines,
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for PrivacyError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotFound => Explanation::new(
                "DANCU-EXCHANGE-120",
                "Không có yêu cầu này. Hãy mở lại danh sách.",
                "There is no such request. Open the list again.",
            ),
            Self::NotNow => Explanation::new(
                "DANCU-EXCHANGE-121",
                "Yêu cầu này không còn ở bước đó, hoặc người khác vừa xử lý. Hãy mở lại danh sách.",
                "This request is no longer at that step, or somebody else just moved it. Open the list again.",
            ),
            Self::Note => Explanation::new(
                "DANCU-EXCHANGE-122",
                format!("Hãy ghi 1 đến {NOTE_CHARACTERS_MAX} ký tự, không ghi số định danh cá nhân."),
                format!("Write 1 to {NOTE_CHARACTERS_MAX} characters, without personal numbers."),
            ),
            Self::OwnOffice => Explanation::new(
                "DANCU-EXCHANGE-123",
                "Hợp đồng này thuộc cơ quan quản lý cơ sở dữ liệu, làm việc theo luật nên không hạn chế được. Hãy từ chối và nêu căn cứ.",
                "This contract is of an office of the register, which works by the law and cannot be restricted. Refuse with that ground.",
            ),
            Self::TooMany => Explanation::new(
                "DANCU-EXCHANGE-124",
                "Bạn có quá nhiều yêu cầu đang xử lý. Hãy chờ trả lời rồi gửi tiếp.",
                "Too many of your requests are under way. Wait for answers before the next.",
            ),
            Self::NoDeadlines => Explanation::new(
                "DANCU-EXCHANGE-125",
                "Không có thời hạn pháp luật cho ngày này. Hãy kiểm tra đồng hồ của máy chủ.",
                "No legal deadlines hold on this day. Check the server's clock.",
            ),
            Self::Store(error) => error.explain(),
        }
    }
}

/// Takes requests of persons and steps of the operator.
pub struct PrivacyService {
    store: Arc<dyn PrivacyStore>,
    connections: Arc<dyn ExchangeStore>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
}

impl PrivacyService {
    /// Puts the service together.
    pub fn new(
        store: Arc<dyn PrivacyStore>,
        connections: Arc<dyn ExchangeStore>,
        directory: Arc<Directory>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, connections, directory, clock }
    }

    /// A person's request about one look. The caller has made sure that the look is about this person and that they may
    /// see it. Pressing twice asks once; about a look whose earlier request is settled it may be asked anew.
    pub async fn open(
        &self,
        number: PersonalNumber,
        kind: CaseKind,
        looked: Looked,
    ) -> Result<PrivacyCase, PrivacyError> {
        let (now, today) = (self.clock.now(), self.clock.today());
        let has_processor = self.contract(&looked).is_some_and(|caller| caller.contract.uses_processor);
        let due = deadlines(kind, today, has_processor).ok_or(PrivacyError::NoDeadlines)?;
        let most = open_cases_max(today).ok_or(PrivacyError::NoDeadlines)?;
        for turn in 0..ANEW_MAX {
            let id = CaseId::of(&format!("{}/{number}/{}/{turn}", kind.as_str(), looked.leaf));
            match self.store.case(id).await? {
                Some(case) if case.state.is_open() || case.is_restricting() => return Ok(case),
                Some(_) => continue,
                None if self.store.open_cases(number).await? >= most => break,
                None => {}
            }
            let case = PrivacyCase {
                id,
                number,
                kind,
                organisation: looked.organisation,
                organisation_name: looked.organisation_name,
                contract: looked.contract,
                leaf: Some(looked.leaf),
                consent: None,
                words: String::new(),
                received_at: now,
                answer_due: due.answer,
                carry_out_due: due.carry_out,
                is_extended: false,
                state: CaseState::Received,
                moves: Vec::new(),
            };
            // Whoever was faster wrote the same.
            self.store.save_case(case.clone(), None).await?;
            return Ok(case);
        }
        Err(PrivacyError::TooMany)
    }

    /// A person's requests, the last one first.
    pub async fn mine(
        &self,
        number: PersonalNumber,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Result<Vec<PrivacyCase>, PrivacyError> {
        Ok(self.store.cases_of(number, after, length_max).await?)
    }

    /// Adds the person's own words to a request that waits for an answer.
    pub async fn say(
        &self,
        number: PersonalNumber,
        id: CaseId,
        words: &str,
    ) -> Result<PrivacyCase, PrivacyError> {
        let mut case = self.own(number, id).await?;
        if case.state != CaseState::Received {
            return Err(PrivacyError::NotNow);
        }
        words.trim().clone_into(&mut case.words);
        if !is_readable(&case.words) {
            return Err(PrivacyError::Note);
        }
        // A step of its own, so that an answer that is under way does not write over the words.
        self.move_to(case, CaseState::Received, "citizen", "").await
    }

    /// The person takes a request back, or ends a restriction.
    pub async fn end(&self, number: PersonalNumber, id: CaseId) -> Result<PrivacyCase, PrivacyError> {
        let case = self.own(number, id).await?;
        if !case.may_be_ended() {
            return Err(PrivacyError::NotNow);
        }
        self.move_to(case, CaseState::Ended, "citizen", "").await
    }

    /// Cases by their last day, those that are late first.
    pub async fn due(
        &self,
        progress: CaseProgress,
        after: Option<CaseId>,
        length_max: usize,
    ) -> Result<Vec<PrivacyCase>, PrivacyError> {
        Ok(self.store.cases_due(progress, after, length_max).await?)
    }

    /// A step of the operator, with a note that the person reads.
    pub async fn step(
        &self,
        by: &str,
        id: CaseId,
        step: CaseStep,
        note: &str,
    ) -> Result<PrivacyCase, PrivacyError> {
        let note = note.trim();
        if !is_readable(note) || holds_personal_number(note) {
            return Err(PrivacyError::Note);
        }
        let mut case = self.store.case(id).await?.ok_or(PrivacyError::NotFound)?;
        let to = match (step, case.state) {
            (CaseStep::Answer, CaseState::Received) => {
                if case.kind.restricts() && self.is_of_own_office(&case.contract) {
                    return Err(PrivacyError::OwnOffice);
                }
                CaseState::Answered
            }
            (CaseStep::CarryOut, CaseState::Answered) => CaseState::CarriedOut,
            // What was accepted is not refused afterwards; a withdrawal needs nobody's leave.
            (CaseStep::Refuse, CaseState::Received) if case.kind != CaseKind::Withdraw => CaseState::Refused,
            (CaseStep::Extend, state) if state.is_open() && !case.is_extended => {
                let today = self.clock.today();
                // A day that is over is not put off: the case is late, and stays visible as such.
                if case.carry_out_due < today {
                    return Err(PrivacyError::NotNow);
                }
                case.carry_out_due = extended(case.carry_out_due, today).ok_or(PrivacyError::NoDeadlines)?;
                case.is_extended = true;
                state
            }
            _ => return Err(PrivacyError::NotNow),
        };
        self.move_to(case, to, by, note).await
    }

    async fn own(&self, number: PersonalNumber, id: CaseId) -> Result<PrivacyCase, PrivacyError> {
        let found = self.store.case(id).await?.filter(|case| case.number == number);
        found.ok_or(PrivacyError::NotFound)
    }

    async fn move_to(
        &self,
        mut case: PrivacyCase,
        to: CaseState,
        by: &str,
        note: &str,
    ) -> Result<PrivacyCase, PrivacyError> {
        let (moves, restricted) = (case.moves.len(), case.is_restricting());
        case.state = to;
        let (by, note) = (by.to_owned(), note.to_owned());
        case.moves.push(CaseMove { to, at: self.clock.now(), by, note });
        let case = self.save(case, moves).await?;
        if case.is_restricting() != restricted {
            // Contracts without restrictions ask the store nothing, so that the directory must know.
            self.directory.reload(&*self.connections).await?;
        }
        Ok(case)
    }

    async fn save(&self, case: PrivacyCase, moves_before: usize) -> Result<PrivacyCase, PrivacyError> {
        if self.store.save_case(case.clone(), Some(moves_before)).await? {
            Ok(case)
        } else {
            Err(PrivacyError::NotNow)
        }
    }

    fn contract(&self, looked: &Looked) -> Option<Arc<Caller>> {
        let caller = self.directory.caller(&looked.client);
        caller.filter(|caller| caller.contract.id == looked.contract)
    }

    fn is_of_own_office(&self, contract: &ContractId) -> bool {
        let all = self.directory.all();
        all.values().any(|caller| caller.contract.id == *contract && caller.contract.is_of_own_office())
    }
}

fn is_readable(text: &str) -> bool {
    let is_plain = |character: char| !character.is_control() || matches!(character, '\n' | '\r');
    !text.is_empty() && text.chars().count() <= NOTE_CHARACTERS_MAX && text.chars().all(is_plain)
}
