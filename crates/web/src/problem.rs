//! Errors as RFC 9457 problem details: a stable code and a sentence in each language.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dancu_core::{Explain, Explanation, StoreError};
use serde_json::json;

/// What a caller is told of an error. Carries no personal data.
#[derive(Debug, Clone)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Code and sentences.
    pub said: Explanation,
    /// Seconds after which another try makes sense.
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem from an explained error.
    pub fn new(status: StatusCode, error: &impl Explain) -> Self {
        Self { status, said: error.explain(), retry_after_s: None }
    }

    /// Tells the caller when to try again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The requested thing is not here, or not for this caller to know of.
    pub fn not_found() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            said: Explanation::new(
                "DANCU-WEB-001",
                "Không có trang hoặc dữ liệu này. Hãy kiểm tra lại địa chỉ.",
                "There is no such page or data. Check the address.",
            ),
            retry_after_s: None,
        }
    }

    /// Nobody is signed in.
    pub fn not_signed_in() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            said: Explanation::new(
                "DANCU-WEB-002",
                "Bạn chưa đăng nhập, hoặc phiên làm việc đã hết hạn. Hãy đăng nhập lại.",
                "You are not signed in, or your session has ended. Sign in again.",
            ),
            retry_after_s: None,
        }
    }

    /// Someone is signed in who may not do this.
    pub fn not_allowed() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            said: Explanation::new(
                "DANCU-WEB-003",
                "Tài khoản của bạn không có quyền thực hiện việc này.",
                "Your account may not do this.",
            ),
            retry_after_s: None,
        }
    }

    /// The request came from another site.
    pub fn other_site() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            said: Explanation::new(
                "DANCU-WEB-004",
                "Yêu cầu đến từ một trang khác nên bị từ chối. Hãy mở lại trang này và thử lại.",
                "The request came from another site and was refused. Open this page again and retry.",
            ),
            retry_after_s: None,
        }
    }

    /// The body is no JSON of the stated form. `place` names the field or the position, never the value.
    pub fn bad_body(place: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            said: Explanation::new(
                "DANCU-WEB-005",
                format!("Nội dung yêu cầu không đúng mẫu ({place}). Hãy xem tài liệu API."),
                format!("The request body is not of the stated form ({place}). See the API documentation."),
            ),
            retry_after_s: None,
        }
    }

    /// The body is larger than this address accepts.
    pub fn body_too_large(bytes_max: usize) -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            said: Explanation::new(
                "DANCU-WEB-006",
                format!("Nội dung yêu cầu lớn hơn {bytes_max} byte nên bị từ chối."),
                format!("The request body is larger than {bytes_max} bytes and was refused."),
            ),
            retry_after_s: None,
        }
    }

    /// The address is here, but not under this method.
    pub fn wrong_method() -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            said: Explanation::new(
                "DANCU-WEB-010",
                "Địa chỉ này không nhận yêu cầu kiểu đó. Hãy mở lại trang từ đầu.",
                "This address does not take that kind of request. Open the page again from its start.",
            ),
            retry_after_s: None,
        }
    }

    /// The answer took longer than a page may.
    pub fn too_slow() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            said: Explanation::new(
                "DANCU-WEB-011",
                "Hệ thống trả lời quá chậm nên đã dừng yêu cầu. Hãy thử lại sau ít phút.",
                "The answer took too long and was given up. Try again in a few minutes.",
            ),
            retry_after_s: Some(5),
        }
    }

    /// A fault of the program. What went wrong stands in the log, not here.
    pub fn fault() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            said: Explanation::new(
                "DANCU-WEB-012",
                "Hệ thống gặp lỗi khi xử lý yêu cầu này. Hãy thử lại; nếu vẫn lỗi, hãy báo người vận hành kèm mã lỗi.",
                "The system failed on this request. Try again; if it fails again, give the operator the error code.",
            ),
            retry_after_s: None,
        }
    }

    /// The public log cannot be read; the operator's log says why.
    pub fn log_unreadable() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            said: Explanation::new(
                "DANCU-WEB-013",
                "Hiện chưa đọc được nhật ký công khai. Không có gì bị mất; hãy thử lại sau.",
                "The public log cannot be read at the moment. Nothing is lost; try again later.",
            ),
            retry_after_s: Some(5),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(code = error.explain().code, %error, "store");
        // The file's name is for the operator's log; the caller learns the kind of trouble only.
        let said = match &error {
            StoreError::Overloaded => error.explain(),
            _ => Explanation::new(
                error.explain().code,
                "Hệ thống tạm thời không ghi nhận được yêu cầu. Không có gì bị mất; hãy thử lại sau.",
                "The system cannot record requests at the moment. Nothing is lost; try again later.",
            ),
        };
        Self { status: StatusCode::SERVICE_UNAVAILABLE, said, retry_after_s: Some(1) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("urn:dancu:error:{}", self.said.code),
            "title": self.said.en,
            "title_vi": self.said.vi,
            "title_en": self.said.en,
            "status": self.status.as_u16(),
            "code": self.said.code,
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // Pages turn this into a readable screen; the API sends it as it is.
        response.extensions_mut().insert(self);
        response
    }
}
