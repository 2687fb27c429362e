//! Why a correction is not proposed, decided or withdrawn.

use crate::{ChangeError, Refusal};
use dancu_core::{Explain, Explanation, StoreError};

/// A correction goes no further. The register is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionError {
    /// The command is none that corrects what is held of one person.
    #[error("not a correction")]
    NotACorrection,
    /// Neither the person nor a parent or guardian.
    #[error("a proposal for somebody else")]
    NotForThem,
    /// The register knows no residence, so that no commune can decide.
    #[error("no residence is known")]
    NoResidence,
    /// The person lives in another commune.
    #[error("another commune decides")]
    OtherCommune,
    /// Too many proposals of one person wait already.
    #[error("too many proposals wait")]
    TooMany,
    /// The identifier was used for another proposal.
    #[error("the identifier belongs to another proposal")]
    IdentifierUsed,
    /// There is no such proposal, or another commune decides it.
    #[error("no such proposal")]
    NoSuchProposal,
    /// Whoever proposed or agreed first may not agree for the second time.
    #[error("the same officer twice")]
    SameOfficer,
    /// The commune has to agree before a second officer can.
    #[error("the first decision is still to be made")]
    FirstIsMissing,
    /// It is decided or withdrawn already.
    #[error("settled already")]
    Settled,
    /// The note is missing, too long, or holds a number.
    #[error("the note has not the form it should have")]
    Note,
    /// Somebody else moved it at the same moment.
    #[error("moved meanwhile")]
    Moved,
    /// The table of legal values has no row for the day.
    #[error("no legal value for the day")]
    NoLegalValue,
    /// The change itself was not recorded.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<StoreError> for CorrectionError {
    fn from(error: StoreError) -> Self {
        Self::Change(ChangeError::Store(error))
    }
}

impl From<Refusal> for CorrectionError {
    fn from(refusal: Refusal) -> Self {
        Self::Change(ChangeError::Refused(refusal))
    }
}

impl Explain for CorrectionError {
    // tidy: allow long function: one table of sentences, read from top to bottom
    fn explain(&self) -> Explanation {
        match self {
            Self::NotACorrection => Explanation::new(
                "DANCU-CHANGE-300",
                "Chỉ có thể đề nghị sửa thông tin nhân thân, tên gọi khác, liên hệ hoặc nơi ở hiện tại của một người.",
                "Only identity, other name, contact or current place of one person can be proposed for correction.",
            ),
            Self::NotForThem => Explanation::new(
                "DANCU-CHANGE-301",
                "Bạn chỉ có thể đề nghị cho mình, cho con chưa thành niên hoặc người bạn giám hộ.",
                "You can propose this for yourself, for your minor child or for a person in your care only.",
            ),
            Self::NoResidence => Explanation::new(
                "DANCU-CHANGE-302",
                "Cơ sở dữ liệu chưa có nơi cư trú của người này. Hãy đăng ký cư trú trước.",
                "The register knows no residence of this person. Register the residence first.",
            ),
            Self::OtherCommune => Explanation::new(
                "DANCU-CHANGE-303",
                "Người này cư trú ở xã, phường khác. Hãy chuyển đề nghị đến nơi cư trú.",
                "This person lives in another commune. Hand the proposal to that commune.",
            ),
            Self::TooMany => Explanation::new(
                "DANCU-CHANGE-304",
                "Đã có quá nhiều đề nghị đang chờ. Hãy đợi kết quả hoặc rút bớt đề nghị cũ.",
                "Too many proposals are waiting already. Wait for their outcome or withdraw one.",
            ),
            Self::IdentifierUsed => Explanation::new(
                "DANCU-CHANGE-305",
                "Mã đề nghị này đã dùng cho một đề nghị khác. Hãy mở lại trang rồi gửi lại.",
                "This identifier was used for another proposal. Open the page anew and send again.",
            ),
            Self::NoSuchProposal => Explanation::new(
                "DANCU-CHANGE-306",
                "Không có đề nghị này trong danh sách của bạn.",
                "There is no such proposal in your list.",
            ),
            Self::SameOfficer => Explanation::new(
                "DANCU-CHANGE-307",
                "Người đề nghị hoặc người đã đồng ý lần đầu không được duyệt tiếp. Hãy để cán bộ khác duyệt.",
                "Whoever proposed it or agreed first may not decide again. Another officer has to.",
            ),
            Self::FirstIsMissing => Explanation::new(
                "DANCU-CHANGE-308",
                "Xã, phường chưa quyết định đề nghị này. Hãy quyết định lần đầu trước khi duyệt.",
                "The commune has not decided this proposal yet. The first decision comes before the approval.",
            ),
            Self::Settled => Explanation::new(
                "DANCU-CHANGE-309",
                "Đề nghị này đã có kết quả hoặc đã được rút.",
                "This proposal was decided or withdrawn already.",
            ),
            Self::Note => Explanation::new(
                "DANCU-CHANGE-310",
                "Ghi chú phải có 1–500 ký tự khi từ chối và không được chứa số định danh hay số điện thoại.",
                "A refusal needs a note of 1–500 characters; a note holds no personal or telephone number.",
            ),
            Self::Moved => Explanation::new(
                "DANCU-CHANGE-311",
                "Người khác vừa xử lý đề nghị này. Hãy xem lại trạng thái mới.",
                "Somebody else has just dealt with this proposal. Look at its new state.",
            ),
            Self::NoLegalValue => Explanation::new(
                "DANCU-CHANGE-312",
                "Bảng giá trị pháp lý chưa có thời hạn cho ngày này. Hãy báo trung tâm.",
                "The table of legal values has no time limit for this day. Tell the centre.",
            ),
            Self::Change(error) => error.explain(),
        }
    }
}
