//! What discovery tells (OpenID Connect Discovery 1.0, RFC 8414): what is there, and nothing that is not.

use crate::{Level, OpenId, Scope};
use serde_json::{Value, json};

/// How people prove who they are (RFC 8176): a key that only they hold, unlocked by themselves.
pub const AUTHENTICATION_METHODS: &[&str] = &["pop", "user", "mfa"];

const SIGNING_ALGORITHMS: [&str; 3] = ["ES256", "PS256", "EdDSA"];

impl OpenId {
    /// The document of both well-known places.
    pub fn metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        let scopes: Vec<_> = Scope::ALL.into_iter().map(Scope::as_str).collect();
        let proofs: Vec<_> = dancu_exchange::PROOF_ALGORITHMS.split(' ').collect();
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/oauth/authorize"),
            "pushed_authorization_request_endpoint": at("/oauth/par"),
            "require_pushed_authorization_requests": true,
            "token_endpoint": at("/oauth/token"),
            "userinfo_endpoint": at("/oauth/userinfo"),
            "introspection_endpoint": at("/oauth/introspect"),
            "revocation_endpoint": at("/oauth/revoke"),
            "end_session_endpoint": at("/oauth/logout"),
            "jwks_uri": at("/.well-known/dancu-sign-in-jwks.json"),
            "scopes_supported": scopes,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent"],
            "acr_values_supported": Level::ACHIEVABLE,
            "claims_supported": [
                "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "name", "birthdate",
                "gender", "address", "phone_number", "personal_number",
            ],
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": true,
            "require_request_uri_registration": false,
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "self_signed_tls_client_auth"],
            "token_endpoint_auth_signing_alg_values_supported": SIGNING_ALGORITHMS,
            "introspection_endpoint_auth_methods_supported": ["private_key_jwt", "self_signed_tls_client_auth"],
            "introspection_endpoint_auth_signing_alg_values_supported": SIGNING_ALGORITHMS,
            "revocation_endpoint_auth_methods_supported": ["private_key_jwt", "self_signed_tls_client_auth"],
            "revocation_endpoint_auth_signing_alg_values_supported": SIGNING_ALGORITHMS,
            "tls_client_certificate_bound_access_tokens": true,
            "dpop_signing_alg_values_supported": proofs,
            "ui_locales_supported": ["vi", "en"],
        })
    }
}
