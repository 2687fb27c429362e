//! The X-Road door: `/r1/{instance}/{class}/{member}/{subsystem}/{service}…` of the message protocol for REST (PR-REST
//! 1.0) and the service metadata for REST (PR-MREST). It speaks the protocol; it is no certified Security Server.
//!
//! The consumer's system connects over mutual TLS, as it does with its own Security Server. The certificate has to be that of
//! the client whose contract names the X-Road subsystem in `X-Road-Client`. What is offered are the same services as under
//! `/v1`, under the same contracts, limits and receipts.

use super::{attest, changes, fetch, find_usage, limits, verify};
use crate::{AppState, api::body::collect, tls::Peer};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use dancu_exchange::{Caller, XRoadFaultCodes, XRoadMember, xroad_part};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use std::{fmt, sync::Arc};

/// As for a verification.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Longest `X-Road-Id`, `X-Road-UserId` and `X-Road-Issue`, in bytes.
const TEXT_BYTES_MAX: usize = 255;
const ID: &str = "x-road-id";

/// A service behind the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Verify,
    Fetch,
    Attest,
    Household,
    Changes,
    Limits,
    FindUsage,
}

impl Service {
    const ALL: [Self; 7] = [
        Self::Verify,
        Self::Fetch,
        Self::Attest,
        Self::Household,
        Self::Changes,
        Self::Limits,
        Self::FindUsage,
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Fetch => "fetch",
            Self::Attest => "attest",
            Self::Household => "household",
            Self::Changes => "changes",
            Self::Limits => "limits",
            Self::FindUsage => "findUsage",
        }
    }

    const fn method(self) -> &'static str {
        match self {
            Self::Verify | Self::Fetch | Self::Attest | Self::Household => "POST",
            Self::Changes | Self::Limits | Self::FindUsage => "GET",
        }
    }

    /// Paths behind the service's code.
    const fn paths(self) -> &'static [&'static str] {
        match self {
            Self::FindUsage => &find_usage::PATHS,
            _ => &["/"],
        }
    }

    /// Whether a contract gives the right to it.
    fn is_allowed(self, caller: &Caller) -> bool {
        match self {
            Self::Verify => !caller.contract.access_history,
            Self::Limits => true,
            Self::Fetch => !caller.contract.fetch.is_empty(),
            Self::Attest => !caller.contract.attest.is_empty(),
            Self::Household => caller.contract.household.is_some(),
            Self::Changes => caller.contract.feed.is_some(),
            Self::FindUsage => caller.contract.access_history,
        }
    }
}

/// An error of the door itself, in the protocol's words. The provider's own errors pass as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The request is not of the protocol's form.
    BadRequest(&'static str),
    /// The consumer's certificate is missing or another's.
    Certificate,
    /// No client, provider or service of this name.
    UnknownClient,
    UnknownProvider,
    UnknownService,
    /// The contract does not give the service.
    AccessDenied,
}

impl Fault {
    const fn code(self, spelling: XRoadFaultCodes) -> &'static str {
        let (up_to_77, from_78) = match self {
            Self::BadRequest(_) => ("Client.BadRequest", "client.bad_request"),
            Self::Certificate => {
                ("Server.ClientProxy.SslAuthenticationFailed", "server.clientproxy.ssl_authentication_failed")
            }
            Self::UnknownClient | Self::UnknownProvider => {
                ("Server.ClientProxy.UnknownMember", "server.clientproxy.unknown_member")
            }
            Self::UnknownService => {
                ("Server.ServerProxy.UnknownService", "server.serverproxy.unknown_service")
            }
            Self::AccessDenied => ("Server.ServerProxy.AccessDenied", "server.serverproxy.access_denied"),
        };
        match spelling {
            XRoadFaultCodes::UpTo77 => up_to_77,
            XRoadFaultCodes::From78 => from_78,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::BadRequest(what) => what,
            Self::Certificate => {
                "The connection's certificate is not registered for the client in X-Road-Client"
            }
            Self::UnknownClient => "The client in X-Road-Client has no contract here",
            Self::UnknownProvider => "The service provider in the address is not this one",
            Self::UnknownService => "There is no such service; listMethods names them",
            Self::AccessDenied => "The client's contract does not give this service",
        }
    }

    /// Bad requests are the client's, everything else is reported as 500 (PR-REST 4.6).
    const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Identifiers of one request: drawn here, and the consumer's own where it gave one.
struct Marks {
    id: String,
    request_id: String,
    client: Option<XRoadMember>,
    service: Option<String>,
}

/// Everything under `/r1/`.
pub(super) async fn door(
    State(state): State<Arc<AppState>>,
    peer: Peer,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(place) = &state.xroad else { return crate::Problem::not_found().into_response() };
    let provider = &place.member;
    let mut marks = Marks { id: drawn(&state), request_id: drawn(&state), client: None, service: None };
    let bytes = match collect(body, BODY_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => return marked(problem.into_response(), &marks, None),
    };
    let hash = request_hash(&method, &uri, &headers, &bytes);
    let request = Request { state: &state, provider, peer, method, uri: &uri, headers: &headers, bytes };
    match request.answer(&mut marks).await {
        Ok(response) => marked(response, &marks, Some(&hash)),
        Err(fault) => {
            let detail = marks.request_id.clone();
            let code = fault.code(place.fault_codes);
            let body = json!({ "type": code, "message": fault.message(), "detail": detail });
            let mut response = (fault.status(), Json(body)).into_response();
            response.headers_mut().insert("x-road-error", HeaderValue::from_static(code));
            marked(response, &marks, None)
        }
    }
}

struct Request<'a> {
    state: &'a Arc<AppState>,
    provider: &'a XRoadMember,
    peer: Peer,
    method: Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    bytes: Bytes,
}

impl Request<'_> {
    async fn answer(self, marks: &mut Marks) -> Result<Response, Fault> {
        if let Some(id) = self.text(ID)? {
            id.clone_into(&mut marks.id);
        }
        let user = self.text("x-road-userid")?;
        let issue = self.text("x-road-issue")?;
        let client =
            self.text("x-road-client")?.ok_or(Fault::BadRequest("The header X-Road-Client is missing"))?;
        let client: XRoadMember =
            client.parse().map_err(|_| Fault::BadRequest("X-Road-Client is no identifier of a member"))?;
        marks.client = Some(client.clone());
        let rest = self.uri.path().strip_prefix("/r1/").unwrap_or_default();
        if rest == "listClients" {
            self.caller(&client)?;
            return Ok(self.list_clients());
        }
        let (code, path) = self.service_code(rest)?;
        marks.service = Some(format!("{}/{code}", self.provider));
        let caller = self.caller(&client)?;
        let own = |service: &&Service| service.code() == code;
        let service = Service::ALL.iter().find(own).copied();
        let is_known = service.map_or(path == "/", |service| path == "/" || service.paths() != ["/"]);
        if !is_known {
            return Err(Fault::UnknownService);
        }
        match code.as_str() {
            "listMethods" => Ok(self.methods(&Service::ALL)),
            "allowedMethods" => {
                let allowed = Service::ALL.into_iter().filter(|service| service.is_allowed(&caller));
                Ok(self.methods(&allowed.collect::<Vec<_>>()))
            }
            "getOpenAPI" => self.description(),
            _ => {
                let service = service.ok_or(Fault::UnknownService)?;
                self.serve((service, &path), &caller, (user, issue)).await
            }
        }
    }

    /// A header of the protocol: at most one, printable, of bounded length.
    fn text(&self, name: &'static str) -> Result<Option<&str>, Fault> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next();
        if values.next().is_some() {
            return Err(Fault::BadRequest("A header of the protocol stands twice"));
        }
        let Some(value) = first else { return Ok(None) };
        let text =
            value.to_str().map_err(|_| Fault::BadRequest("A header of the protocol is no plain text"))?;
        let fits = !text.trim().is_empty() && (text.len() <= TEXT_BYTES_MAX || name == "x-road-client");
        if fits {
            Ok(Some(text))
        } else {
            Err(Fault::BadRequest("A header of the protocol is empty or too long"))
        }
    }

    /// The service's code, and the path behind it. The parts are separated before they are decoded, so that an encoded
    /// slash does not make two of one.
    fn service_code(&self, rest: &str) -> Result<(String, String), Fault> {
        let unreadable = Fault::BadRequest("The address is no identifier of a service");
        let parts = rest.split('/').map(xroad_part).collect::<Result<Vec<_>, _>>().map_err(|_| unreadable)?;
        let provider: Vec<&str> = self.provider.parts().collect();
        // A member has three parts, a subsystem four; one more is the code.
        if parts.len() < 4 {
            return Err(unreadable);
        }
        match parts.split_at_checked(provider.len()) {
            Some((members, [code, path @ ..])) if members == provider => {
                Ok((code.clone(), format!("/{}", path.join("/"))))
            }
            _ => Err(Fault::UnknownProvider),
        }
    }

    /// The client whose contract names the subsystem, proven by its certificate.
    fn caller(&self, client: &XRoadMember) -> Result<Arc<Caller>, Fault> {
        let callers = self.state.directory.all();
        let caller = callers.values().find(|caller| caller.contract.xroad_client.as_ref() == Some(client));
        let caller = caller.ok_or(Fault::UnknownClient)?;
        if caller.is_proven_by(self.peer.0.as_ref()) {
            Ok(Arc::clone(caller))
        } else {
            Err(Fault::Certificate)
        }
    }

    async fn serve(
        &self,
        (service, path): (Service, &str),
        caller: &Caller,
        (user, issue): (Option<&str>, Option<&str>),
    ) -> Result<Response, Fault> {
        if !service.is_allowed(caller) {
            return Err(Fault::AccessDenied);
        }
        if self.method.as_str() != service.method() {
            return Ok(crate::Problem::wrong_method().into_response());
        }
        let query = self.uri.query().unwrap_or_default();
        let answered = match service {
            Service::Verify => verify::answer(self.state, caller, &self.bytes, issue).await,
            Service::Fetch => fetch::answer(self.state, caller, &self.bytes, issue).await,
            Service::Attest => attest::answer_attest(self.state, caller, &self.bytes, issue).await,
            Service::Household => attest::answer_household(self.state, caller, &self.bytes, issue).await,
            Service::Changes => changes::answer(self.state, caller, query).await,
            Service::Limits => limits::answer(self.state, caller).await,
            Service::FindUsage => find_usage::answer(self.state, caller, (path, query), (user, issue)).await,
        };
        Ok(answered.unwrap_or_else(|refused| refused))
    }

    fn methods(&self, services: &[Service]) -> Response {
        let list = services.iter().map(|service| {
            let mut entry = identifier(self.provider, "SERVICE");
            entry["service_code"] = json!(service.code());
            entry["service_type"] = json!("OPENAPI");
            let endpoint = |path: &&str| json!({ "method": service.method(), "path": path });
            entry["endpoint_list"] = service.paths().iter().map(endpoint).collect();
            entry
        });
        Json(json!({ "service": list.collect::<Vec<_>>() })).into_response()
    }

    fn description(&self) -> Result<Response, Fault> {
        let query = self.uri.query().unwrap_or_default();
        let mut asked =
            url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "serviceCode");
        let (_, code) = asked.next().ok_or(Fault::BadRequest("The parameter serviceCode is missing"))?;
        let service = Service::ALL.into_iter().find(|service| service.code() == code);
        Ok(match service.ok_or(Fault::UnknownService)? {
            Service::FindUsage => {
                ([(header::CONTENT_TYPE, "application/json")], find_usage::DOCUMENT).into_response()
            }
            _ => super::openapi::document().into_response(),
        })
    }

    fn list_clients(&self) -> Response {
        if self.method != Method::GET {
            return crate::Problem::wrong_method().into_response();
        }
        let callers = self.state.directory.all();
        let mut members: Vec<(&XRoadMember, &str)> = callers
            .values()
            .filter_map(|caller| {
                Some((caller.contract.xroad_client.as_ref()?, caller.organisation.name_vi.as_str()))
            })
            .collect();
        members.push((self.provider, "Dancu"));
        members.sort_unstable();
        let list: Vec<Value> = members
            .into_iter()
            .map(|(member, name)| json!({ "id": identifier(member, kind(member)), "name": name }))
            .collect();
        Json(json!({ "member": list })).into_response()
    }
}

/// The parts of an identifier as the metadata name them.
fn identifier(member: &XRoadMember, object_type: &str) -> Value {
    let mut id = json!({
        "object_type": object_type, "xroad_instance": member.instance, "member_class": member.member_class,
        "member_code": member.member_code,
    });
    if let Some(subsystem) = &member.subsystem_code {
        id["subsystem_code"] = json!(subsystem);
    }
    id
}

const fn kind(member: &XRoadMember) -> &'static str {
    if member.subsystem_code.is_some() { "SUBSYSTEM" } else { "MEMBER" }
}

/// A random identifier in the form of a UUID (RFC 9562, version 4).
fn drawn(state: &AppState) -> String {
    let mut bytes = [0; 16];
    state.entropy.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// `SHA512(SHA512(headers) + SHA512(body))` in base64, of the headers alone where there is no body (PR-REST 4.3). The
/// protocol does not say which bytes the headers are: here the request line and then the protocol's own headers in the
/// order of their names, each `name: value` and a line feed.
fn request_hash(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-road-"))
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort_unstable();
    let head = Sha512::digest(format!("{method} {uri}\n{}", lines.concat()));
    let whole = if body.is_empty() {
        head
    } else {
        Sha512::new().chain_update(head).chain_update(Sha512::digest(body)).finalize()
    };
    STANDARD.encode(whole)
}

/// Adds the protocol's headers to an answer.
fn marked(mut response: Response, marks: &Marks, hash: Option<&str>) -> Response {
    let text = |value: &dyn fmt::Display| HeaderValue::try_from(value.to_string()).ok();
    let headers = [
        (ID, text(&marks.id)),
        ("x-road-request-id", text(&marks.request_id)),
        ("x-road-client", marks.client.as_ref().and_then(|client| text(client))),
        ("x-road-service", marks.service.as_ref().and_then(|service| text(service))),
        ("x-road-request-hash", hash.and_then(|hash| text(&hash))),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_spelt_as_the_release_of_the_x_road_spells_them() {
        for (fault, up_to_77, from_78) in [
            (Fault::BadRequest("x"), "Client.BadRequest", "client.bad_request"),
            (
                Fault::Certificate,
                "Server.ClientProxy.SslAuthenticationFailed",
                "server.clientproxy.ssl_authentication_failed",
            ),
            (Fault::UnknownClient, "Server.ClientProxy.UnknownMember", "server.clientproxy.unknown_member"),
            (Fault::UnknownProvider, "Server.ClientProxy.UnknownMember", "server.clientproxy.unknown_member"),
            (
                Fault::UnknownService,
                "Server.ServerProxy.UnknownService",
                "server.serverproxy.unknown_service",
            ),
            (Fault::AccessDenied, "Server.ServerProxy.AccessDenied", "server.serverproxy.access_denied"),
        ] {
            assert_eq!(fault.code(XRoadFaultCodes::UpTo77), up_to_77);
            assert_eq!(fault.code(XRoadFaultCodes::From78), from_78);
        }
    }

    #[test]
    fn the_hash_binds_method_address_headers_and_body() {
        let hash = |method: &str, uri: &str, issue: &str, body: &str| {
            let headers = HeaderMap::from_iter([
                (HeaderName::from_static("x-road-issue"), HeaderValue::from_str(issue).unwrap()),
                (header::ACCEPT, HeaderValue::from_static("*/*")),
            ]);
            request_hash(&method.parse().unwrap(), &uri.parse().unwrap(), &headers, body.as_bytes())
        };
        let one = hash("POST", "/r1/a", "1", "{}");
        assert_eq!(STANDARD.decode(&one).unwrap().len(), 64);
        for other in [
            hash("GET", "/r1/a", "1", "{}"),
            hash("POST", "/r1/b", "1", "{}"),
            hash("POST", "/r1/a", "2", "{}"),
            hash("POST", "/r1/a", "1", "{ }"),
            hash("POST", "/r1/a", "1", ""),
        ] {
            assert_ne!(one, other);
        }
    }
}
