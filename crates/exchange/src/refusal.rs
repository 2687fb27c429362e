//! Refusals: one standard answer to the caller, the true reason to the operator.

use crate::{AssertionError, ClientId};
use dancu_core::{Explain, Explanation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// What the caller of the exchange is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Client authentication failed, for whichever reason (RFC 6749: `invalid_client`).
    #[error("client authentication failed")]
    InvalidClient,
    /// The access token is missing, unknown or has ended (RFC 6750: `invalid_token`).
    #[error("the access token is missing, unknown or ended")]
    InvalidToken,
    /// The proof of the key is missing or wrong (RFC 9449: `invalid_dpop_proof`).
    #[error("the DPoP proof is missing or wrong")]
    InvalidProof,
    /// The contract does not allow what was asked.
    #[error("the contract does not allow this request")]
    NotInContract,
    /// The contract does not hold the product, or it is not offered.
    #[error("the contract does not hold this product")]
    ProductNotInContract,
    /// A rule of the house forbids it.
    #[error("a rule of the operators forbids this request")]
    HouseRule,
    /// The person's consent is needed, and none in force covers what was asked.
    #[error("no consent in force covers this request")]
    NoConsent,
    /// The day's limit is used up.
    #[error("the daily limit is used up")]
    DailyLimit,
    /// Too many requests at once.
    #[error("too many requests at once")]
    TooFast,
    /// The grant is not offered (RFC 6749: `unsupported_grant_type`).
    #[error("only client_credentials with private_key_jwt is offered")]
    UnsupportedGrant,
    /// A parameter is missing or doubled (RFC 6749: `invalid_request`).
    #[error("a parameter is missing, doubled or of the wrong form")]
    InvalidRequest,
    /// The connection is a draft.
    #[error("the connection is a draft")]
    Draft,
    /// The connection is tried or reviewed; real answers are given later.
    #[error("the connection is in the sandbox or under review")]
    SandboxOnly,
    /// The connection is suspended.
    #[error("the connection is suspended")]
    Suspended,
    /// The connection has ended.
    #[error("the connection has ended")]
    Ended,
    /// The pilot is over and nothing followed yet.
    #[error("the pilot is over")]
    PilotOver,
}

impl Explain for Refusal {
    // tidy: allow long function: one table of what callers are told, read from top to bottom
    fn explain(&self) -> Explanation {
        let (code, vi, en) = match self {
            Self::InvalidClient => (
                "DANCU-EXCHANGE-020",
                "Không xác thực được phần mềm kết nối. Hãy kiểm tra khóa, đồng hồ và địa chỉ nhận.",
                "The client could not be authenticated. Check its key, its clock and the audience.",
            ),
            Self::InvalidToken => (
                "DANCU-EXCHANGE-021",
                "Mã truy cập thiếu, không đúng hoặc đã hết hạn. Hãy xin mã mới tại /oauth/token.",
                "The access token is missing, unknown or ended. Ask for a new one at /oauth/token.",
            ),
            Self::InvalidProof => (
                "DANCU-EXCHANGE-175",
                "Chứng minh khóa (DPoP) thiếu, đã dùng rồi hoặc không thuộc về yêu cầu, mã và giờ này. Hãy ký một chứng minh mới cho từng yêu cầu và chỉnh đồng hồ.",
                "The proof of the key (DPoP) is missing, was used before, or is not of this request, token and time. Sign a new one for each request, and set the clock.",
            ),
            Self::NotInContract => (
                "DANCU-EXCHANGE-022",
                "Hợp đồng khai thác không cho phép yêu cầu này. Hãy chỉ hỏi những trường trong hợp đồng.",
                "The contract does not allow this request. Ask only for fields that are in the contract.",
            ),
            Self::ProductNotInContract => (
                "DANCU-EXCHANGE-140",
                "Hợp đồng khai thác không có sản phẩm này. Xem các sản phẩm của hợp đồng tại GET /v1/products.",
                "The contract does not hold this product. GET /v1/products lists those that it holds.",
            ),
            Self::HouseRule => (
                "DANCU-EXCHANGE-174",
                "Một quy tắc của đơn vị vận hành không cho phép yêu cầu này, dù hợp đồng có. Hãy liên hệ đơn vị vận hành.",
                "A rule of the operators forbids this request, although the contract has it. Speak to the operators.",
            ),
            Self::NoConsent => (
                "DANCU-EXCHANGE-027",
                "Không được hỏi về người này: không có sự đồng ý còn hiệu lực cho các trường và số lần này, hoặc việc hỏi đã bị hạn chế. Hợp đồng cần sự đồng ý thì gửi đề nghị tại /v1/consent-requests.",
                "This person may not be asked about: no consent in force covers these fields this often, or questions are restricted. Under a contract that needs consent, ask for it at /v1/consent-requests.",
            ),
            Self::DailyLimit => (
                "DANCU-EXCHANGE-023",
                "Đã dùng hết mức giới hạn truy vấn của ngày. Mức mới bắt đầu lúc 0 giờ.",
                "The daily limit is used up. It starts anew at midnight in Viet Nam.",
            ),
            Self::TooFast => (
                "DANCU-EXCHANGE-024",
                "Có quá nhiều yêu cầu cùng lúc. Hãy gửi chậm lại.",
                "Too many requests at once. Send them more slowly.",
            ),
            Self::UnsupportedGrant => (
                "DANCU-EXCHANGE-025",
                "Chỉ hỗ trợ client_credentials với private_key_jwt.",
                "Only client_credentials with private_key_jwt is offered.",
            ),
            Self::InvalidRequest => (
                "DANCU-EXCHANGE-026",
                "Thiếu, trùng hoặc sai tham số của yêu cầu.",
                "A parameter of the request is missing, doubled or of the wrong form.",
            ),
            Self::Draft => (
                "DANCU-EXCHANGE-097",
                "Kết nối còn là dự thảo nên chưa được trả lời. Hãy đề nghị chuyển sang thử nghiệm.",
                "The connection is a draft, so nothing is answered. Ask for it to enter the sandbox.",
            ),
            Self::SandboxOnly => (
                "DANCU-EXCHANGE-098",
                "Kết nối đang thử nghiệm hoặc thẩm định: chỉ /v1/verify được trả lời, từ một nước tổng hợp. Hãy hoàn tất thẩm định.",
                "The connection is in the sandbox or under review: only /v1/verify is answered, from a synthetic country. Complete the review.",
            ),
            Self::Suspended => (
                "DANCU-EXCHANGE-099",
                "Kết nối đang bị tạm dừng. Lý do có ở GET /v1/connection; hãy khắc phục rồi liên hệ đơn vị vận hành.",
                "The connection is suspended. GET /v1/connection says why; mend it, then speak to the operators.",
            ),
            Self::Ended => (
                "DANCU-EXCHANGE-100",
                "Kết nối đã chấm dứt và không mở lại. Muốn tiếp tục, hãy lập hợp đồng mới.",
                "The connection has ended and is not opened again. To go on, apply for a new contract.",
            ),
            Self::PilotOver => (
                "DANCU-EXCHANGE-101",
                "Thời gian thí điểm đã hết. Hãy đề nghị đơn vị vận hành chuyển sang chính thức.",
                "The pilot is over. Ask the operators to make the connection official.",
            ),
        };
        Explanation::new(code, vi, en)
    }
}

/// Why it was refused in truth. For the operator's eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// No such client.
    UnknownClient,
    /// The client is suspended.
    SuspendedClient,
    /// The assertion is no JWT of the stated form.
    AssertionShape,
    /// Its algorithm does not belong to the client's key.
    AssertionAlgorithm,
    /// No key of the client verifies it.
    AssertionSignature,
    /// Its issuer or subject is not the client.
    AssertionIssuer,
    /// It was meant for another server.
    AssertionAudience,
    /// It has ended.
    AssertionExpired,
    /// It begins in the future or runs too long.
    AssertionLifetime,
    /// It was used before.
    AssertionReplayed,
    /// The token is missing, unknown or ended.
    Token,
    /// The contract has not begun, or has ended.
    ContractDates,
    /// A field outside the contract was asked.
    FieldOutsideContract,
    /// No field that identifies the person was given.
    NothingIdentifying,
    /// The day's limit is used up.
    DailyLimit,
    /// Too many requests at once.
    TooFast,
    /// Another grant or another way of authentication.
    UnsupportedGrant,
    /// A parameter is missing, doubled or of the wrong form.
    InvalidRequest,
    /// The contract holds no change feed.
    NoFeed,
    /// A token was asked for over a connection without one of the client's certificates.
    Certificate,
    /// A token was used over a connection without one of the client's certificates: it may be stolen.
    TokenCertificate,
    /// A search found nobody. It was answered; many of them are a sign of fishing.
    NobodyFound,
    /// Sealed values were asked that the contract does not name.
    SealedOutsideContract,
    /// Sealed values were asked by an officer without the right to read any.
    NoSealedRight,
    /// The connection is a draft.
    Draft,
    /// The connection is in the sandbox or under review.
    SandboxOnly,
    /// The contract is suspended.
    SuspendedContract,
    /// The contract was ended.
    EndedContract,
    /// The pilot is over.
    PilotOver,
    /// No consent of the person is in force, or there is no such person.
    NoConsent,
    /// A consent is in force, and does not cover the fields.
    FieldOutsideConsent,
    /// A consent is in force, and was used as often as it allows today.
    ConsentUsedUp,
    /// The person had questions under this contract restricted.
    Restricted,
    /// A product was asked that the contract does not hold, or that is not offered.
    ProductOutsideContract,
    /// More was asked of a product than its terms in the contract: another age or place, too many persons.
    TermsOutsideContract,
    /// A rule of the house forbids it.
    HouseRule,
    /// The proof of a key is missing, or not of this request, token, key and time.
    KeyProof,
    /// The proof of a key was shown before.
    KeyProofReplayed,
    /// A bound token was used without a proof of its key: it may be stolen.
    TokenKey,
}

impl RefusalReason {
    /// All reasons in their fixed order.
    pub const ALL: [Self; 39] = [
        Self::UnknownClient,
        Self::SuspendedClient,
        Self::AssertionShape,
        Self::AssertionAlgorithm,
        Self::AssertionSignature,
        Self::AssertionIssuer,
        Self::AssertionAudience,
        Self::AssertionExpired,
        Self::AssertionLifetime,
        Self::AssertionReplayed,
        Self::Token,
        Self::ContractDates,
        Self::FieldOutsideContract,
        Self::NothingIdentifying,
        Self::DailyLimit,
        Self::TooFast,
        Self::UnsupportedGrant,
        Self::InvalidRequest,
        Self::NoFeed,
        Self::Certificate,
        Self::TokenCertificate,
        Self::NobodyFound,
        Self::SealedOutsideContract,
        Self::NoSealedRight,
        Self::Draft,
        Self::SandboxOnly,
        Self::SuspendedContract,
        Self::EndedContract,
        Self::PilotOver,
        Self::NoConsent,
        Self::FieldOutsideConsent,
        Self::ConsentUsedUp,
        Self::Restricted,
        Self::ProductOutsideContract,
        Self::TermsOutsideContract,
        Self::HouseRule,
        Self::KeyProof,
        Self::KeyProofReplayed,
        Self::TokenKey,
    ];

    /// What the caller is told of it: reasons that would help an attacker look the same.
    pub const fn told(self) -> Refusal {
        match self {
            Self::UnknownClient
            | Self::SuspendedClient
            | Self::AssertionShape
            | Self::AssertionAlgorithm
            | Self::AssertionSignature
            | Self::AssertionIssuer
            | Self::AssertionAudience
            | Self::AssertionExpired
            | Self::AssertionLifetime
            | Self::AssertionReplayed
            | Self::Certificate => Refusal::InvalidClient,
            Self::Token | Self::TokenCertificate | Self::TokenKey => Refusal::InvalidToken,
            Self::KeyProof | Self::KeyProofReplayed => Refusal::InvalidProof,
            Self::ContractDates
            | Self::FieldOutsideContract
            | Self::NothingIdentifying
            | Self::TermsOutsideContract
            | Self::NoFeed
            | Self::SealedOutsideContract
            | Self::NoSealedRight => Refusal::NotInContract,
            Self::ProductOutsideContract => Refusal::ProductNotInContract,
            Self::HouseRule => Refusal::HouseRule,
            Self::Draft => Refusal::Draft,
            Self::SandboxOnly => Refusal::SandboxOnly,
            Self::SuspendedContract => Refusal::Suspended,
            Self::EndedContract => Refusal::Ended,
            Self::PilotOver => Refusal::PilotOver,
            Self::NoConsent | Self::FieldOutsideConsent | Self::ConsentUsedUp | Self::Restricted => {
                Refusal::NoConsent
            }
            Self::DailyLimit => Refusal::DailyLimit,
            Self::TooFast => Refusal::TooFast,
            Self::UnsupportedGrant => Refusal::UnsupportedGrant,
            // An empty list is told as such; nobody asks what to say instead.
            Self::InvalidRequest | Self::NobodyFound => Refusal::InvalidRequest,
        }
    }

    /// Words for the operator's page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownClient => ("Không có phần mềm kết nối này", "Unknown client"),
            Self::SuspendedClient => ("Kết nối đang bị tạm dừng", "Suspended client"),
            Self::AssertionShape => ("Xác nhận không đúng mẫu", "Assertion malformed"),
            Self::AssertionAlgorithm => {
                ("Thuật toán ký không khớp khóa", "Assertion algorithm is not the key's")
            }
            Self::AssertionSignature => ("Chữ ký sai", "Wrong signature"),
            Self::AssertionIssuer => ("Người phát hành không khớp", "Issuer is not the client"),
            Self::AssertionAudience => ("Gửi nhầm máy chủ", "Meant for another audience"),
            Self::AssertionExpired => ("Xác nhận hết hạn", "Assertion expired"),
            Self::AssertionLifetime => ("Thời hạn xác nhận không hợp lệ", "Assertion lifetime not accepted"),
            Self::AssertionReplayed => ("Xác nhận đã dùng rồi", "Assertion replayed"),
            Self::Token => ("Mã truy cập không hợp lệ", "Token missing, unknown or ended"),
            Self::ContractDates => ("Hợp đồng chưa hoặc không còn hiệu lực", "Contract not in force"),
            Self::FieldOutsideContract => ("Hỏi trường ngoài hợp đồng", "Field outside the contract"),
            Self::NothingIdentifying => ("Không có trường định danh", "No identifying field given"),
            Self::DailyLimit => ("Hết mức truy vấn trong ngày", "Daily limit used up"),
            Self::TooFast => ("Gửi quá nhanh", "Too many requests at once"),
            Self::UnsupportedGrant => ("Cách xin mã không được hỗ trợ", "Grant not offered"),
            Self::InvalidRequest => ("Tham số thiếu hoặc sai", "Parameter missing or wrong"),
            Self::NoFeed => ("Hợp đồng không có luồng thay đổi", "No change feed in the contract"),
            Self::Certificate => {
                ("Xin mã không qua chứng thư đã đăng ký", "Token asked without the certificate")
            }
            Self::TokenCertificate => {
                ("Dùng mã không qua chứng thư đã đăng ký", "Token used without the certificate")
            }
            Self::NobodyFound => ("Tra cứu không thấy ai", "Search found nobody"),
            Self::SealedOutsideContract => {
                ("Xem dữ liệu niêm phong ngoài hợp đồng", "Sealed data outside the contract")
            }
            Self::NoSealedRight => {
                ("Cán bộ không có quyền xem dữ liệu niêm phong", "Officer without the right to sealed data")
            }
            Self::Draft => ("Kết nối còn là dự thảo", "Connection is a draft"),
            Self::SandboxOnly => ("Kết nối chưa qua thẩm định", "Connection not past its review"),
            Self::SuspendedContract => ("Hợp đồng đang bị tạm dừng", "Suspended contract"),
            Self::EndedContract => ("Hợp đồng đã chấm dứt", "Ended contract"),
            Self::PilotOver => ("Hết thời gian thí điểm", "Pilot over"),
            Self::NoConsent => ("Không có sự đồng ý còn hiệu lực", "No consent in force"),
            Self::FieldOutsideConsent => ("Hỏi trường ngoài sự đồng ý", "Field outside the consent"),
            Self::Restricted => ("Người dân đã yêu cầu hạn chế", "Restricted by the person"),
            Self::ProductOutsideContract => ("Sản phẩm ngoài hợp đồng", "Product outside the contract"),
            Self::TermsOutsideContract => {
                ("Hỏi quá điều khoản của sản phẩm", "More than the product's terms")
            }
            Self::KeyProof => ("Chứng minh khóa thiếu hoặc sai", "Proof of the key missing or wrong"),
            Self::KeyProofReplayed => ("Chứng minh khóa đã dùng rồi", "Proof of the key replayed"),
            Self::TokenKey => ("Dùng mã mà không chứng minh khóa", "Token used without its key"),
            Self::HouseRule => ("Quy tắc riêng của nơi vận hành cấm", "Forbidden by a rule of the house"),
            Self::ConsentUsedUp => ("Hết số lần đã đồng ý trong ngày", "Consent used up for the day"),
        }
    }
}

impl From<AssertionError> for RefusalReason {
    fn from(error: AssertionError) -> Self {
        match error {
            AssertionError::Shape => Self::AssertionShape,
            AssertionError::Algorithm => Self::AssertionAlgorithm,
            AssertionError::Signature => Self::AssertionSignature,
            AssertionError::Issuer => Self::AssertionIssuer,
            AssertionError::Audience => Self::AssertionAudience,
            AssertionError::Expired => Self::AssertionExpired,
            AssertionError::Lifetime => Self::AssertionLifetime,
        }
    }
}

/// One refusal, as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalEntry {
    /// When.
    pub at: Timestamp,
    /// Which client, as far as it was known or claimed.
    pub client: Option<ClientId>,
    /// Why.
    pub reason: RefusalReason,
}

/// Collects refusals between two writes to the store. A flood of them costs a fixed amount of memory.
#[derive(Debug)]
pub struct RefusalLog {
    pending: Mutex<VecDeque<RefusalEntry>>,
    counts: [AtomicU64; RefusalReason::ALL.len()],
    dropped: AtomicU64,
}

impl Default for RefusalLog {
    fn default() -> Self {
        let counts = std::array::from_fn(|_| AtomicU64::new(0));
        Self { pending: Mutex::default(), counts, dropped: AtomicU64::new(0) }
    }
}

impl RefusalLog {
    /// Entries kept between two writes; further ones are counted only.
    pub const PENDING_MAX: usize = 2_000;

    /// Notes a refusal and gives what to tell the caller.
    pub fn note(&self, at: Timestamp, client: Option<&ClientId>, reason: RefusalReason) -> Refusal {
        self.counts[reason as usize].fetch_add(1, Ordering::Relaxed);
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() < Self::PENDING_MAX {
            pending.push_back(RefusalEntry { at, client: client.cloned(), reason });
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        reason.told()
    }

    /// Takes what is to be written.
    pub fn take_pending(&self) -> Vec<RefusalEntry> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    /// Refusals since start, by reason, zeros left out.
    pub fn counts(&self) -> Vec<(RefusalReason, u64)> {
        RefusalReason::ALL
            .into_iter()
            .map(|reason| (reason, self.counts[reason as usize].load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Refusals that were counted but not written one by one.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_in_full_and_kept_in_part() {
        let log = RefusalLog::default();
        let now = "2026-11-21T02:00:00Z".parse().unwrap();
        for _ in 0..RefusalLog::PENDING_MAX + 5 {
            assert_eq!(log.note(now, None, RefusalReason::AssertionReplayed), Refusal::InvalidClient);
        }
        assert_eq!(log.take_pending().len(), RefusalLog::PENDING_MAX);
        assert_eq!(
            log.counts(),
            vec![(RefusalReason::AssertionReplayed, RefusalLog::PENDING_MAX as u64 + 5)]
        );
        assert_eq!(log.dropped(), 5);
    }

    #[test]
    fn the_fixed_order_is_the_order_of_the_counters() {
        for (index, reason) in RefusalReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
        }
    }
}
