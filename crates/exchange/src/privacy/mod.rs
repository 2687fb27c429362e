//! A person's requests about their data: a complaint about one look, restriction, objection, and what follows from a
//! withdrawn consent. Each is a case with the last days that the law sets, seen by the person and by the operator.
//!
//! A case names the leaf in the log or the consent that it is about, never what was answered.

mod rules;
mod service;
mod store;

pub use rules::{Deadlines, deadlines};
pub use service::{CaseStep, Looked, PrivacyError, PrivacyService};
pub use store::{CaseProgress, PrivacyStore};

use crate::{Consent, ConsentId, ContractId, OrganisationId};
use dancu_core::PersonalNumber;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies a case. It follows from what the case is about, so that pressing twice asks once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub Uuid);

impl CaseId {
    /// Under which identifiers of cases are derived.
    const SPACE: Uuid = Uuid::from_u128(0x5d0f_30c1_9a52_4be3_8d53_2f8f_7b1c_9e04);

    fn of(text: &str) -> Self {
        Self(Uuid::new_v5(&Self::SPACE, text.as_bytes()))
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CaseId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// What a person asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// Look into one look at me.
    Complaint,
    /// Ask no more about me for the time being.
    Restrict,
    /// I object to being asked about for this purpose.
    Object,
    /// I withdrew my consent: stop, and delete.
    Withdraw,
}

impl CaseKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Complaint, Self::Restrict, Self::Object, Self::Withdraw];

    /// The word in forms, stores and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Restrict => "restrict",
            Self::Object => "object",
            Self::Withdraw => "withdraw",
        }
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Complaint => ("Khiếu nại một lần xem", "Complaint about one look"),
            Self::Restrict => ("Yêu cầu hạn chế xử lý", "Request to restrict"),
            Self::Object => ("Phản đối xử lý", "Objection"),
            Self::Withdraw => ("Rút lại sự đồng ý: ngừng và xóa", "Consent withdrawn: stop and delete"),
        }
    }

    /// Whether accepting it stops questions under the contract about the person.
    pub const fn restricts(self) -> bool {
        matches!(self, Self::Restrict | Self::Object)
    }
}

/// How far a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// It waits for an answer.
    Received,
    /// It was accepted, and is being carried out.
    Answered,
    /// It was carried out.
    CarriedOut,
    /// It was refused, on a stated ground.
    Refused,
    /// The person ended it.
    Ended,
}

impl CaseState {
    /// The word in forms, stores and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Answered => "answered",
            Self::CarriedOut => "carried_out",
            Self::Refused => "refused",
            Self::Ended => "ended",
        }
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Received => ("đã tiếp nhận", "received"),
            Self::Answered => ("đã trả lời, đang thực hiện", "answered, being carried out"),
            Self::CarriedOut => ("đã thực hiện", "carried out"),
            Self::Refused => ("không chấp nhận", "refused"),
            Self::Ended => ("đã kết thúc theo yêu cầu", "ended by the person"),
        }
    }

    /// Whether something is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Answered)
    }
}

/// A step of a case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseMove {
    /// To what. The same as before when it was put off.
    pub to: CaseState,
    /// When.
    pub at: Timestamp,
    /// By whom: a staff identifier, or `citizen`.
    pub by: String,
    /// The answer, the ground or the reason; the person reads it.
    pub note: String,
}

/// A case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyCase {
    /// Identifier.
    pub id: CaseId,
    /// Whose request.
    pub number: PersonalNumber,
    /// What is asked.
    pub kind: CaseKind,
    /// Whom it is about.
    pub organisation: OrganisationId,
    /// Its name as the person read it.
    pub organisation_name: String,
    /// Under which contract.
    pub contract: ContractId,
    /// The look that it is about, by its leaf in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u64>,
    /// The consent that was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentId>,
    /// The person's own words; empty when none were added.
    pub words: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// Last day of the answer.
    pub answer_due: Date,
    /// Last day of carrying it out.
    pub carry_out_due: Date,
    /// Whether the last day was put off, which is possible once.
    pub is_extended: bool,
    /// How far it is.
    pub state: CaseState,
    /// Steps taken, the oldest first.
    pub moves: Vec<CaseMove>,
}

impl fmt::Debug for PrivacyCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivacyCase(…)")
    }
}

impl fmt::Debug for CaseMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseMove(…)")
    }
}

impl PrivacyCase {
    /// The last day of what is to be done next; of a case that is settled, the last one.
    pub const fn due(&self) -> Date {
        match self.state {
            CaseState::Received => self.answer_due,
            _ => self.carry_out_due,
        }
    }

    /// Whether what is to be done next is late on a day.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.state.is_open() && self.due() < today
    }

    /// Whether questions under its contract about its person are refused.
    pub const fn is_restricting(&self) -> bool {
        self.kind.restricts() && matches!(self.state, CaseState::Answered | CaseState::CarriedOut)
    }

    /// Whether the person may end it: what stands no longer, or what restricts.
    pub const fn may_be_ended(&self) -> bool {
        self.is_restricting()
            || (matches!(self.state, CaseState::Received) && !matches!(self.kind, CaseKind::Withdraw))
    }
}

/// What a withdrawn consent asks of its organisation; `None` while no deadlines hold.
pub(crate) fn case_of_withdrawal(consent: &Consent, now: Timestamp) -> Option<PrivacyCase> {
    let received = dancu_core::today_in_viet_nam(now);
    let due = deadlines(CaseKind::Withdraw, received, consent.terms.uses_processor)?;
    Some(PrivacyCase {
        id: CaseId::of(&format!("withdraw/{}", consent.id)),
        number: consent.number,
        kind: CaseKind::Withdraw,
        organisation: consent.organisation.clone(),
        organisation_name: consent.terms.organisation_vi.clone(),
        contract: consent.contract.clone(),
        leaf: None,
        consent: Some(consent.id),
        words: String::new(),
        received_at: now,
        answer_due: due.answer,
        carry_out_due: due.carry_out,
        is_extended: false,
        state: CaseState::Received,
        moves: Vec::new(),
    })
}
