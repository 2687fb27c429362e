//! What can go wrong when someone wants in. Refusals tell nothing about accounts, codes or passkeys that exist.

use crate::{ReadCodeError, StaffIdError};
use dancu_core::{Explain, Explanation, StoreError};

/// A refusal, or a failure of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The text is no code at all.
    #[error(transparent)]
    ReadCode(#[from] ReadCodeError),
    /// The text is no staff id.
    #[error(transparent)]
    StaffId(#[from] StaffIdError),
    /// No code like this is live: never issued, used, replaced by a newer one, or expired.
    #[error("the code opens nothing")]
    CodeRefused,
    /// Too many attempts from one place, or from everywhere.
    #[error("too many attempts; wait {retry_after_seconds} s")]
    TooManyAttempts {
        /// Whole seconds to wait.
        retry_after_seconds: u64,
    },
    /// The challenge was answered before, is older than five minutes, or belongs to another browser or session.
    #[error("the passkey challenge is over")]
    CeremonyOver,
    /// The passkey did not prove who it is: unknown, wrong signature, wrong place, a counter that ran backwards.
    #[error("the passkey was refused")]
    PasskeyRefused,
    /// The answer of the device does not register a passkey here.
    #[error("the registration was refused")]
    RegistrationRefused,
    /// The passkey is registered already.
    #[error("the passkey is registered already")]
    PasskeyKnown,
    /// The account has as many passkeys as an account may have.
    #[error("the account has {max} passkeys")]
    PasskeysFull {
        /// How many an account may have.
        max: u32,
    },
    /// Too many ceremonies have begun at once.
    #[error("too many passkey ceremonies at once")]
    Busy,
    /// The one who asks may not do this.
    #[error("not allowed")]
    NotAllowed,
    /// No open account has this staff id.
    #[error("no account has this staff id")]
    StaffUnknown,
    /// An organisation or client id is empty, too long, or has other characters than ids have.
    #[error("organisation or client id is empty, too long or has blanks")]
    RoleOutOfBounds,
    /// The public origin and the relying party's id do not fit.
    #[error("the relying party's id is no domain of the public origin")]
    RelyingParty,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for IdentityError {
    fn explain(&self) -> Explanation {
        match self {
            Self::ReadCode(error) => error.explain(),
            Self::StaffId(error) => error.explain(),
            Self::Store(error) => error.explain(),
            Self::CodeRefused
            | Self::TooManyAttempts { .. }
            | Self::CeremonyOver
            | Self::PasskeyRefused
            | Self::RegistrationRefused
            | Self::Busy => explain_attempt(self),
            _ => explain_state(self),
        }
    }
}

/// Refusals on the way in.
fn explain_attempt(error: &IdentityError) -> Explanation {
    match error {
        IdentityError::CodeRefused => Explanation::new(
            "DANCU-IDENTITY-010",
            "Mã không đúng, đã dùng, đã được thay hoặc đã hết hạn. Hãy kiểm tra lại; nếu vẫn không được, hãy xin mã mới.",
            "The code is wrong, used, replaced or expired. Check it; if it still fails, ask for a new one.",
        ),
        IdentityError::TooManyAttempts { retry_after_seconds } => Explanation::new(
            "DANCU-IDENTITY-011",
            format!("Đã thử quá nhiều lần. Hãy thử lại sau {retry_after_seconds} giây."),
            format!("Too many attempts. Try again in {retry_after_seconds} seconds."),
        ),
        IdentityError::CeremonyOver => Explanation::new(
            "DANCU-IDENTITY-012",
            "Yêu cầu khóa truy cập đã hết hạn (5 phút) hoặc đã được trả lời. Hãy bấm lại nút để bắt đầu lại.",
            "The passkey request has expired (5 minutes) or was answered already. Press the button again to start over.",
        ),
        IdentityError::PasskeyRefused => Explanation::new(
            "DANCU-IDENTITY-013",
            "Không đăng nhập được bằng khóa truy cập này. Hãy thử khóa khác hoặc xin mã mới tại trụ sở xã, phường.",
            "This passkey does not sign in here. Try another one, or ask for a new code at the commune office.",
        ),
        IdentityError::RegistrationRefused => Explanation::new(
            "DANCU-IDENTITY-014",
            "Thiết bị không tạo được khóa truy cập cho trang này. Hãy thử lại hoặc dùng thiết bị khác có khóa màn hình.",
            "The device made no passkey for this site. Try again, or use another device with a screen lock.",
        ),
        _ => Explanation::new(
            "DANCU-IDENTITY-015",
            "Quá nhiều người đang đăng nhập cùng lúc. Hãy thử lại sau ít phút.",
            "Too many people are signing in at once. Try again in a few minutes.",
        ),
    }
}

/// Refusals that come from what stands in the platform.
fn explain_state(error: &IdentityError) -> Explanation {
    match error {
        IdentityError::PasskeyKnown => Explanation::new(
            "DANCU-IDENTITY-020",
            "Khóa truy cập này đã được đăng ký. Hãy đăng nhập bằng khóa đó.",
            "This passkey is registered already. Sign in with it.",
        ),
        IdentityError::PasskeysFull { max } => Explanation::new(
            "DANCU-IDENTITY-021",
            format!("Tài khoản đã có {max} khóa truy cập, là số tối đa. Hãy dùng một khóa đã có."),
            format!("The account has {max} passkeys, the most it may have. Use one of them."),
        ),
        IdentityError::NotAllowed => Explanation::new(
            "DANCU-IDENTITY-022",
            "Bạn không có quyền làm việc này. Hãy đăng nhập bằng tài khoản có vai trò phù hợp.",
            "You may not do this. Sign in with an account of the right role.",
        ),
        IdentityError::StaffUnknown => Explanation::new(
            "DANCU-IDENTITY-023",
            "Không có tài khoản cán bộ nào mang mã này. Hãy tạo tài khoản trước khi cấp mã.",
            "No staff account has this id. Create the account before issuing a code.",
        ),
        IdentityError::RoleOutOfBounds => Explanation::new(
            "DANCU-IDENTITY-024",
            "Mã tổ chức và mã hệ thống phải có 1 đến 100 ký tự, không có khoảng trắng. Hãy kiểm tra lại.",
            "Organisation and client ids have 1 to 100 characters without blanks. Check them.",
        ),
        _ => Explanation::new(
            "DANCU-IDENTITY-025",
            "Tên miền của khóa truy cập không thuộc địa chỉ công khai. Hãy sửa `public_origin` và `relying_party_id` trong cấu hình; địa chỉ IP không dùng được.",
            "The passkey domain is not part of the public origin. Correct `public_origin` and `relying_party_id` in the configuration; an IP address cannot be used.",
        ),
    }
}
