//! A whole platform on a clock and entropy of the test, with three persons and three connected clients.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use dancu_alarms::AlarmService;
use dancu_changes::ChangeService;
use dancu_core::{Clock, Entropy, PersonalNumber, StoreError};
use dancu_evidence::Evidence;
use dancu_exchange::{
    AssertionRules, Author, CohortMaker, CohortParts, CohortService, CohortStore, ConnectionsDocument,
    ConsentService, Directory, ExchangeStore, FileReviewService, Gate, LifeService, OrderService,
    PrivacyService, RefusalLog, SamplePerson, Sandbox, SandboxSource, SealedService, SigningKey, StoredToken,
    TokenService, TokenSettings, UsageCounter, VerifyService, XRoadFaultCodes, XRoadPlace,
};
use dancu_feed::{ChangePuller, ChangeTeller, WebhookKey};
use dancu_identity::{
    Account, AccountId, AttemptLimits, CodeHash, CodeKey, Identity, IdentityParts, IdentityStore, Issue,
    Purpose, Redeem, RelyingParty, Role, Session, StaffProfile, Subject, periods,
};
use dancu_ledger::{Ledger, LedgerOptions, Logs, PublicLog, Publisher, load_or_create_signer};
use dancu_places::Places;
use dancu_reception::{Desk, Tickets};
use dancu_register::{
    Seals,
    load::{LoadRequest, load},
};
use dancu_search::{Finder, SearchService};
use dancu_store_sqlite::{DatabaseOptions, SqliteStore, open_ledger_parts};
use dancu_testkit::{FakeClock, MemoryTiles, SeededEntropy, make_official};
use dancu_web::{AppState, Latencies, Looks, StaffApprovers, router};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;

pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";
pub const HTML: &str = "text/html";
/// Alive, with a card in force.
pub const HOA: &str = "001090000017";
/// Dead.
pub const DEAD: &str = "001040000038";
pub const CARD: &str = "001090000017|012345678|Nguyễn Văn Hòa|02051990|Nam|Số 1 Hoàng Hoa Thám, Phường Ba Đình, Thành phố Hà Nội|15062021";
pub const ORIGIN: &str = "http://localhost:8080";

/// Who knocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Enrolling,
    Citizen,
    Receptionist,
    Officer,
    /// An officer with the right to sealed values.
    SealedOfficer,
    Operator,
}

pub struct House {
    pub state: Arc<AppState>,
    pub clock: Arc<FakeClock>,
    router: Router,
    store: SqliteStore,
    folder: TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} is no JSON", self.body))
    }

    /// Status and stable code of a problem.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.body);
        (self.status.as_u16(), self.json()["code"].as_str().unwrap().to_owned())
    }
}

/// A request in the making.
pub struct Knock<'a> {
    house: &'a House,
    request: axum::http::request::Builder,
}

impl Knock<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub async fn send(self, body: impl Into<Body>) -> Answer {
        let request = self.request.body(body.into()).unwrap();
        let (parts, body) = self.house.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, 1 << 22).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

impl House {
    pub async fn open() -> Self {
        Self::open_with(serde_json::from_str(include_str!("connections.json")).unwrap()).await
    }

    /// With other connections; all of them are in use.
    pub async fn open_with(connections: Value) -> Self {
        let house = Self::open_drafts(connections).await;
        let state = &house.state;
        make_official(state.life.store(), &state.directory, house.clock.now()).await;
        house
    }

    /// With connections that nobody looked at yet.
    pub async fn open_drafts(connections: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at("2026-11-21T02:00:00Z"));
        let entropy = Arc::new(SeededEntropy::new(7));
        let store = SqliteStore::open(folder.path(), DatabaseOptions::default()).unwrap();
        let state = Arc::new(put_together(folder.path(), &store, &clock, &entropy));
        let people = folder.path().join("people.csv");
        std::fs::write(&people, include_str!("people.csv")).unwrap();
        let request =
            LoadRequest { seals: Some(Arc::new(seals())), ..LoadRequest::new(&people, clock.today()) };
        let report = load(&store, &*clock, Places::national(), &request, &mut |_| {}).await.unwrap();
        assert_eq!((report.added, report.progress.rejected), (3, 0));
        let house = Self { router: router(Arc::clone(&state)), state, clock, store, folder };
        house.connect(connections).await;
        house
    }

    /// Applies a document of connections as the command line does.
    pub async fn connect(&self, document: Value) {
        let document: ConnectionsDocument = serde_json::from_value(document).unwrap();
        let (state, by) = (&self.state, Author::console());
        document.apply(state.life.store(), &state.directory, &by, self.clock.now()).await.unwrap();
    }

    /// Makes extracts, over a store of them that may fail.
    pub fn cohort_maker(&self, store: Arc<dyn CohortStore>) -> CohortMaker {
        let state = &self.state;
        CohortMaker::new(CohortParts {
            store,
            verify: state.verify.clone(),
            directory: state.directory.clone(),
            rights: Arc::new(StaffApprovers::new(state.identity.clone())),
            logs: state.logs.clone(),
            clock: self.clock.clone(),
        })
    }
    pub fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// The data folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn knock(&self, method: &str, path: &str) -> Knock<'_> {
        Knock { house: self, request: Request::builder().method(method).uri(path) }
    }

    /// The `Cookie` header of someone who is signed in.
    pub async fn cookie(&self, who: Who) -> String {
        let staff = |role| {
            // Who approves as a second officer is somebody else than the first.
            let id = match role {
                Role::Operator => "van.hanh",
                Role::Officer { sealed_client: Some(_), .. } => "can.bo.mat",
                _ => "can.bo",
            };
            let (id, name) = (id.parse().unwrap(), "Phạm Thị Thử".parse().unwrap());
            Subject::Staff(StaffProfile { id, name, role })
        };
        let (subject, purpose) = match who {
            Who::Nobody => return "lang=vi".to_owned(),
            Who::Enrolling => (Subject::Citizen(number(HOA)), Purpose::Enrolment),
            Who::Citizen => (Subject::Citizen(number(HOA)), Purpose::Full),
            Who::Receptionist => {
                let role = Role::Receptionist {
                    organisation: "benh-vien".to_owned(),
                    client: "hospital-desk".to_owned(),
                };
                (staff(role), Purpose::Full)
            }
            Who::Officer => (
                staff(Role::Officer { commune: "00004".parse().unwrap(), sealed_client: None }),
                Purpose::Full,
            ),
            Who::SealedOfficer => {
                let sealed_client = Some("sealed-desk".to_owned());
                (staff(Role::Officer { commune: "00004".parse().unwrap(), sealed_client }), Purpose::Full)
            }
            Who::Operator => (staff(Role::Operator), Purpose::Full),
        };
        self.session(subject, purpose).await
    }

    /// The `Cookie` header of an operator with this id.
    pub async fn operator(&self, id: &str) -> String {
        let (id, name) = (id.parse().unwrap(), "Phạm Thị Thử".parse().unwrap());
        self.session(Subject::Staff(StaffProfile { id, name, role: Role::Operator }), Purpose::Full).await
    }

    /// The `Cookie` header of somebody who works for an agency.
    pub async fn agency(&self, organisation: &str) -> String {
        let id = format!("nguoi-cua-{organisation}");
        let role = Role::Agency { organisation: organisation.to_owned() };
        let (id, name) = (id.parse().unwrap(), "Ngô Thị Thử".parse().unwrap());
        self.session(Subject::Staff(StaffProfile { id, name, role }), Purpose::Full).await
    }

    /// Begins a session as a code or a passkey would.
    pub async fn session(&self, subject: Subject, purpose: Purpose) -> String {
        let (now, entropy) = (self.clock.now(), &*self.state.entropy);
        let account = Account { id: AccountId::draw(entropy), subject, opened: now };
        if let Subject::Staff(_) = &account.subject {
            self.store.put_staff(account.clone()).await.unwrap();
        }
        let mut hash = [0; 32];
        entropy.fill(&mut hash);
        let hash = CodeHash::from_bytes(&hash).unwrap();
        let expires = now + SignedDuration::from_hours(1);
        let issue = Issue { account, hash, issued: now, expires, issued_by: None };
        let account = self.store.issue_code(issue).await.unwrap().unwrap();
        let table = periods();
        let periods = &table.on(self.clock.today()).unwrap().value;
        let (token, session) = Session::begin(account.id, &account.subject, purpose, periods, now, entropy);
        assert!(self.store.redeem_code(Redeem { hash, at: now, session }).await.unwrap());
        format!("dancu_session={}", token.to_text())
    }

    /// The `Authorization` header of the bank's software.
    pub async fn bearer(&self) -> String {
        self.bearer_of("bank-core").await
    }

    /// The `Authorization` header of some client's software.
    pub async fn bearer_of(&self, client: &str) -> String {
        let secret = format!("a-token-of-{client}");
        let ends = "2027-11-22T00:00:00Z".parse::<Timestamp>().unwrap();
        let (hash, client) = (Sha256::digest(&secret).into(), client.parse().unwrap());
        let token = StoredToken { hash, client, expires: ends, key: None };
        self.state.exchange_store.grant_token("assertion-1".to_owned(), ends, token).await.unwrap();
        format!("Bearer {secret}")
    }
}

/// The key of RFC 8037, appendix A.2.
pub fn public_key() -> Value {
    serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

/// The key of sealed values in this house.
fn seals() -> Seals {
    Seals::new(&[(1, [6; 32])])
}

pub fn number(text: &str) -> PersonalNumber {
    text.parse().unwrap()
}

/// A field of a form, encoded.
pub fn form(name: &str, value: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

fn xroad_place() -> XRoadPlace {
    XRoadPlace { member: "VN/GOV/c06/dan-cu".parse().unwrap(), fault_codes: XRoadFaultCodes::UpTo77 }
}

// tidy: allow long function: it joins every room once, as the binary does
fn put_together(
    folder: &Path,
    store: &SqliteStore,
    clock: &Arc<FakeClock>,
    entropy: &Arc<SeededEntropy>,
) -> AppState {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (clock.clone(), entropy.clone());
    let (log_store, parts) = open_ledger_parts(folder).unwrap();
    let signer = load_or_create_signer(&folder.join("keys"), "dancu.test/log", &*entropy, true).unwrap();
    let verifier = signer.verifier().clone();
    let (at, options) = (folder.join("ledger.db"), LedgerOptions::default());
    let started = Ledger::start(Box::new(log_store), at, signer, clock.clone(), entropy.clone(), options);
    let ledger = Arc::new(started.unwrap());
    let public_log = Arc::new(PublicLog::open(parts, verifier).unwrap());
    let logs = Arc::new(Logs::alone(public_log.clone()));
    let exchange_store: Arc<dyn ExchangeStore> = Arc::new(store.clone());
    let life_store = Arc::new(store.clone());
    let (directory, refusals) = (Arc::new(Directory::default()), Arc::new(RefusalLog::default()));
    let rules = AssertionRules { audiences: vec![ORIGIN.to_owned()], lifetime_s_max: 300, skew_s_max: 30 };
    let life = Arc::new(LifeService::new(life_store, directory.clone(), clock.clone()));
    let tokens = Arc::new(TokenService::new(
        exchange_store.clone(),
        directory.clone(),
        refusals.clone(),
        clock.clone(),
        entropy.clone(),
        TokenSettings { assertion: rules, lifetime_s: 600 },
    ));
    let register = Arc::new(store.clone());
    let gate = Arc::new(Gate::new(register.clone(), register.clone(), register.clone()));
    let consents = ConsentService::new(
        (register.clone(), register.clone()),
        refusals.clone(),
        clock.clone(),
        entropy.clone(),
    );
    let privacy =
        PrivacyService::new(register.clone(), exchange_store.clone(), directory.clone(), clock.clone());
    let orders = orders_of(store, &directory, (&clock, &entropy));
    let verify = Arc::new(VerifyService::new(
        register.clone(),
        ledger.clone(),
        gate.clone(),
        refusals.clone(),
        clock.clone(),
    ));
    let identity = identity_of(store, &clock, &entropy);
    let cohorts = cohorts_of(store, &verify, &identity, (&clock, &entropy));
    let seals = Arc::new(seals());
    let sealed = SealedService::new(verify.clone(), seals.clone());
    let changes = ChangeService::new(register.clone(), seals, clock.clone(), entropy.clone());
    let desk = Desk::new(verify.clone(), register.clone(), Tickets::new([5; 32]), clock.clone());
    let search = search_service(store, &ledger, &refusals, &clock, &entropy);
    let alarms = AlarmService::new(register.clone(), life.clone(), clock.clone());
    let outbox = Arc::new(store.clone());
    let teller = ChangeTeller::new(outbox.clone(), Arc::new(logs.clone()), gate, ledger.clone());
    let puller = ChangePuller::new(Arc::new(teller), refusals.clone(), clock.clone());
    AppState {
        openid: crate::openid::provider(store, (&directory, &tokens, &verify), (&clock, &entropy)),
        puller: Arc::new(puller),
        feed: Arc::new(store.clone()),
        outbox,
        answer_key: Arc::new(SigningKey::from_seed(&[9; 32]).unwrap()),
        webhook_key: Arc::new(WebhookKey::from_seed(&[7; 32]).unwrap()),
        public_origin: ORIGIN.parse().unwrap(),
        xroad: Some(xroad_place()),
        source_url: "https://example.com/dancu".to_owned(),
        register,
        changes: Arc::new(changes),
        handover: None,
        looks: Looks::default(),
        identity,
        directory,
        exchange_store,
        sandbox: Arc::new(TestSandbox {
            folder: folder.join("sandbox"),
            clock: clock.clone(),
            entropy: entropy.clone(),
            opened: OnceCell::new(),
        }),
        life,
        tokens,
        statistics: crate::statistics::service(store, &refusals, &clock),
        refusals,
        verify,
        consents: Arc::new(consents),
        privacy: Arc::new(privacy),
        orders,
        cohorts,
        file_reviews: Arc::new(FileReviewService::new(Arc::new(store.clone()), clock.clone())),
        usage: Arc::new(UsageCounter::new(Arc::new(store.clone()), Arc::clone(&public_log))),
        alarms: Arc::new(alarms),
        sealed: Arc::new(sealed),
        search,
        desk: Arc::new(desk),
        cosigning: None,
        witness: None,
        publisher: Arc::new(Publisher::start(public_log.clone()).unwrap()),
        ledger,
        public_log,
        logs,
        evidence: Evidence::new(Arc::new(MemoryTiles::default()), None),
        latencies: Latencies::default(),
        clock,
        entropy,
    }
}

fn orders_of(
    store: &SqliteStore,
    directory: &Arc<Directory>,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> Arc<OrderService> {
    let store = Arc::new(store.clone());
    Arc::new(OrderService::new(store.clone(), store, directory.clone(), clock.clone(), entropy.clone()))
}

fn cohorts_of(
    store: &SqliteStore,
    verify: &Arc<VerifyService>,
    identity: &Arc<Identity>,
    (clock, entropy): (&Arc<dyn Clock>, &Arc<dyn Entropy>),
) -> Arc<CohortService> {
    let (store, rights) = (Arc::new(store.clone()), Arc::new(StaffApprovers::new(identity.clone())));
    Arc::new(CohortService::new(store, verify.clone(), rights, clock.clone(), entropy.clone()))
}

fn identity_of(store: &SqliteStore, clock: &Arc<dyn Clock>, entropy: &Arc<dyn Entropy>) -> Arc<Identity> {
    let parts = IdentityParts {
        store: Arc::new(store.clone()),
        clock: clock.clone(),
        entropy: entropy.clone(),
        code_key: CodeKey::new([9; 32]),
        periods: periods(),
        relying_party: RelyingParty {
            id: "localhost".to_owned(),
            origin: ORIGIN.parse().unwrap(),
            name: "Dancu".to_owned(),
        },
        code_limits: AttemptLimits::CODES,
        passkey_limits: AttemptLimits::PASSKEYS,
    };
    Arc::new(Identity::new(parts).unwrap())
}

/// The sandbox of the house: the same three persons, of whom one has another name, and a log of its own.
struct TestSandbox {
    folder: std::path::PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    opened: OnceCell<Arc<Sandbox>>,
}

#[async_trait::async_trait]
impl SandboxSource for TestSandbox {
    async fn sandbox(&self) -> Result<Arc<Sandbox>, StoreError> {
        let opened = self.opened.get_or_init(|| async {
            std::fs::create_dir(&self.folder).unwrap();
            let store = SqliteStore::open(&self.folder, DatabaseOptions::default()).unwrap();
            let people = self.folder.join("people.csv");
            let text = include_str!("people.csv").replace("Nguyễn Văn Hòa", "Nguyễn Văn Thử");
            std::fs::write(&people, text).unwrap();
            let request = LoadRequest {
                seals: Some(Arc::new(seals())),
                ..LoadRequest::new(&people, self.clock.today())
            };
            load(&store, &*self.clock, Places::national(), &request, &mut |_| {}).await.unwrap();
            let (log_store, _) = open_ledger_parts(&self.folder).unwrap();
            let keys = self.folder.join("keys");
            let signer =
                load_or_create_signer(&keys, "dancu.test/log/sandbox", &*self.entropy, true).unwrap();
            let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
            let at = self.folder.join("ledger.db");
            let ledger =
                Ledger::start(Box::new(log_store), at, signer, clock, entropy, LedgerOptions::default());
            let refusals = Arc::new(RefusalLog::default());
            let register = Arc::new(store);
            let gate = Arc::new(Gate::new(register.clone(), register.clone(), register.clone()));
            let verify =
                VerifyService::new(register, Arc::new(ledger.unwrap()), gate, refusals, self.clock.clone());
            let sample = SamplePerson {
                number: HOA.to_owned(),
                name: "Nguyễn Văn Thử".to_owned(),
                birth_date: "1990-05-02".to_owned(),
                sex: "M".to_owned(),
            };
            Arc::new(Sandbox::new(verify, vec![sample]))
        });
        Ok(Arc::clone(opened.await))
    }
}

fn search_service(
    store: &SqliteStore,
    ledger: &Arc<Ledger>,
    refusals: &Arc<RefusalLog>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Arc<SearchService> {
    let store = Arc::new(store.clone());
    let finder = Finder::new(store.clone(), store);
    Arc::new(SearchService::new(finder, ledger.clone(), refusals.clone(), clock.clone(), entropy.clone()))
}

impl Drop for House {
    /// The ledger's threads end before their folder goes.
    fn drop(&mut self) {
        self.state.ledger.shut_down();
        self.state.publisher.shut_down();
        assert!(self.folder.path().exists());
    }
}
