//! Why a sign-in does not go on: the word of the standard for software, a code and two sentences for people.

use dancu_core::{Explain, Explanation, StoreError};
use dancu_exchange::{Refusal, VerifyError};

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// A parameter stands twice, is too long, or is no text.
    #[error("a parameter stands twice, is too long or is no text")]
    Doubled,
    /// A parameter is missing or of the wrong form.
    #[error("the parameter {0} is missing or wrong")]
    Parameter(&'static str),
    /// Another response type than `code`.
    #[error("another response type than code")]
    ResponseType,
    /// Another grant than those that are offered.
    #[error("another grant")]
    GrantType,
    /// A scope that the contract does not hold, or none that can be granted.
    #[error("scope {0:?}")]
    Scope(&'static str),
    /// A request object, which is not offered.
    #[error("a request object")]
    RequestObject,
    /// The address to come back to is not registered.
    #[error("the address to come back to is not registered")]
    Redirect,
    /// A code or refresh token that is unknown, used, ended, another client's, or shown without what belongs to it.
    #[error("no such grant")]
    Grant,
    /// The request was never pushed, or its time is over, or it was answered.
    #[error("no such request")]
    RequestOver,
    /// The person said no, or their restriction stands.
    #[error("refused by the person")]
    Denied,
    /// Nobody is signed in, and nothing may be asked.
    #[error("nobody is signed in")]
    LoginRequired,
    /// The person did not agree yet, and nothing may be asked.
    #[error("not agreed yet")]
    ConsentRequired,
    /// None of the wanted levels can be achieved.
    #[error("no wanted level can be achieved")]
    Level,
    /// The request proves no key to which its token could be bound.
    #[error("no key to which a token could be bound")]
    KeyNeeded,
    /// The access token is unknown, ended, or shown without its key.
    #[error("no such access token")]
    Token,
    /// The client is no portal at which people sign in, or its contract does not hold it today.
    #[error("the client is no portal")]
    NoPortal,
    /// Refused like any other request of a client.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What was to be told could not be.
    #[error(transparent)]
    Telling(#[from] VerifyError),
    /// The store could not read or keep.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No rules hold today, or a key cannot sign.
    #[error("a defect: {0}")]
    Defect(&'static str),
}

impl OpenIdError {
    /// The word of RFC 6749, RFC 9449, RFC 9470 or OpenID Connect Core.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Doubled | Self::Parameter(_) | Self::Redirect | Self::RequestOver => "invalid_request",
            Self::ResponseType => "unsupported_response_type",
            Self::GrantType => "unsupported_grant_type",
            Self::Scope(_) => "invalid_scope",
            Self::RequestObject => "request_not_supported",
            Self::Grant => "invalid_grant",
            Self::Denied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::Level => "unmet_authentication_requirements",
            Self::KeyNeeded => "invalid_dpop_proof",
            Self::Token => "invalid_token",
            Self::NoPortal => "unauthorized_client",
            Self::Refused(_) | Self::Telling(_) | Self::Store(_) | Self::Defect(_) => {
                "temporarily_unavailable"
            }
        }
    }

    /// Whether the portal may be told of it by the browser: the person is still at the door, and where it leads was checked.
    pub const fn goes_back(&self) -> bool {
        matches!(
            self,
            Self::Denied
                | Self::LoginRequired
                | Self::ConsentRequired
                | Self::Level
                | Self::Scope(_)
                | Self::NoPortal
        )
    }
}

impl Explain for OpenIdError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Refused(error) | Self::Telling(VerifyError::Refused(error)) => error.explain(),
            Self::Store(error) | Self::Telling(VerifyError::Store(error)) => error.explain(),
            Self::Telling(VerifyError::Value { reason, .. }) => reason.clone(),
            Self::Telling(VerifyError::DailyLimit { .. }) => Refusal::DailyLimit.explain(),
            Self::Doubled
            | Self::Parameter(_)
            | Self::ResponseType
            | Self::GrantType
            | Self::Scope(_)
            | Self::RequestObject
            | Self::Redirect => explain_request(self),
            _ => explain_state(self),
        }
    }
}

/// What is wrong with what was sent.
fn explain_request(error: &OpenIdError) -> Explanation {
    match error {
        OpenIdError::Doubled => Explanation::new(
            "DANCU-OPENID-001",
            "Có tham số bị lặp, quá dài hoặc không phải chữ. Hãy gửi mỗi tham số một lần.",
            "A parameter stands twice, is too long or is no text. Send each parameter once.",
        ),
        OpenIdError::Parameter(name) => Explanation::new(
            "DANCU-OPENID-002",
            format!("Tham số {name} thiếu hoặc sai mẫu. Hãy sửa rồi gửi lại."),
            format!("The parameter {name} is missing or of the wrong form. Correct it and send it again."),
        ),
        OpenIdError::ResponseType => Explanation::new(
            "DANCU-OPENID-003",
            "Chỉ có response_type=code. Hãy sửa rồi gửi lại.",
            "There is response_type=code only. Correct it and send it again.",
        ),
        OpenIdError::GrantType => Explanation::new(
            "DANCU-OPENID-004",
            "Chỉ có client_credentials, authorization_code và refresh_token. Hãy sửa grant_type.",
            "There are client_credentials, authorization_code and refresh_token only. Correct grant_type.",
        ),
        OpenIdError::Scope(scope) => Explanation::new(
            "DANCU-OPENID-005",
            format!(
                "Hợp đồng không cho biết “{scope}” khi đăng nhập. Hãy bỏ nó khỏi scope, hoặc sửa hợp đồng."
            ),
            format!(
                "The contract does not let “{scope}” be learned at a sign-in. Take it out of scope, or change the contract."
            ),
        ),
        OpenIdError::RequestObject => Explanation::new(
            "DANCU-OPENID-006",
            "Không nhận tham số request. Hãy gửi từng tham số tới /oauth/par.",
            "The parameter request is not taken. Send each parameter to /oauth/par.",
        ),
        _ => Explanation::new(
            "DANCU-OPENID-007",
            "redirect_uri chưa được đăng ký đúng từng chữ cho phần mềm này. Hãy đăng ký trước.",
            "redirect_uri is not registered, letter by letter, for this client. Register it first.",
        ),
    }
}

/// What stands against it.
fn explain_state(error: &OpenIdError) -> Explanation {
    match error {
        OpenIdError::Grant => Explanation::new(
            "DANCU-OPENID-010",
            "Mã hoặc mã làm mới không dùng được nữa. Hãy cho người dùng đăng nhập lại.",
            "The code or refresh token is not good, or no longer. Have the person sign in again.",
        ),
        OpenIdError::RequestOver => Explanation::new(
            "DANCU-OPENID-011",
            "Yêu cầu đăng nhập này đã hết hạn hoặc đã dùng xong. Hãy quay lại trang dịch vụ và đăng nhập lại.",
            "This sign-in is over or was finished. Go back to the portal and sign in again.",
        ),
        OpenIdError::Denied => Explanation::new(
            "DANCU-OPENID-012",
            "Người dùng không đồng ý. Chưa có gì được cho biết.",
            "The person did not agree. Nothing was told.",
        ),
        OpenIdError::LoginRequired => Explanation::new(
            "DANCU-OPENID-013",
            "Người dùng chưa đăng nhập. Hãy gửi lại, không có prompt=none.",
            "The person is not signed in. Send it again without prompt=none.",
        ),
        OpenIdError::ConsentRequired => Explanation::new(
            "DANCU-OPENID-014",
            "Người dùng chưa đồng ý. Hãy gửi lại, không có prompt=none.",
            "The person did not agree yet. Send it again without prompt=none.",
        ),
        OpenIdError::Level => Explanation::new(
            "DANCU-OPENID-015",
            "Không đạt được mức nào trong acr_values. Hãy đề nghị mức thấp hơn; xem acr_values_supported.",
            "No level of acr_values can be achieved. Ask for a lower one; see acr_values_supported.",
        ),
        OpenIdError::KeyNeeded => Explanation::new(
            "DANCU-OPENID-016",
            "Mã truy cập phải gắn với khóa: hãy gửi DPoP (RFC 9449), hoặc dùng chứng thư đã đăng ký (RFC 8705).",
            "Tokens are bound to a key: send DPoP (RFC 9449), or use a registered certificate (RFC 8705).",
        ),
        OpenIdError::Token => Explanation::new(
            "DANCU-OPENID-017",
            "Mã truy cập không dùng được. Hãy xin mã mới.",
            "The access token is not good. Get a new one.",
        ),
        OpenIdError::NoPortal => Explanation::new(
            "DANCU-OPENID-018",
            "Phần mềm này không phải cổng đăng nhập, hoặc hợp đồng hôm nay không cho phép. Hãy kiểm tra kết nối.",
            "This client is no portal at which people sign in, or its contract does not hold it today. Check the connection.",
        ),
        _ => Explanation::new(
            "DANCU-OPENID-019",
            "Hệ thống đăng nhập có lỗi bên trong. Hãy báo cho đơn vị vận hành.",
            "The sign-in has a fault inside. Tell the operators.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_portal_may_know_goes_back_by_the_browser() {
        for error in
            [OpenIdError::Redirect, OpenIdError::RequestOver, OpenIdError::Doubled, OpenIdError::Token]
        {
            assert!(!error.goes_back(), "{error}");
        }
        assert!(OpenIdError::Denied.goes_back() && OpenIdError::LoginRequired.goes_back());
    }
}
