//! What every handler works with. Put together once, in the binary.

use crate::{latency::Latencies, looks::Looks};
use dancu_alarms::AlarmService;
use dancu_changes::ChangeService;
use dancu_core::{Clock, Entropy};
use dancu_evidence::Evidence;
use dancu_exchange::{
    CohortService, ConsentService, Directory, ExchangeStore, FileReviewService, LifeService, OrderService,
    PrivacyService, RefusalLog, SandboxSource, SealedService, SigningKey, TokenService, UsageCounter,
    VerifyService, XRoadPlace,
};
use dancu_feed::{ChangePuller, ChangeSource, FeedStore, WebhookKey};
use dancu_handover::Handover;
use dancu_identity::Identity;
use dancu_ledger::{Ledger, Logs, PublicLog, Publisher};
use dancu_openid::OpenId;
use dancu_reception::Desk;
use dancu_register::RegisterStore;
use dancu_search::SearchService;
use dancu_statistics::StatisticsService;
use dancu_witness::{Cosigning, Witness};
use std::sync::Arc;
use url::Url;

/// The parts behind the doors.
pub struct AppState {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Where the pages live, e.g. `http://localhost:8080`; passkeys are bound to its host name.
    pub public_origin: Url,
    /// Who we are on an X-Road; none: there is no such door.
    pub xroad: Option<XRoadPlace>,
    /// Where the source code is kept, for the footer.
    pub source_url: String,
    /// Persons.
    pub register: Arc<dyn RegisterStore>,
    /// What changes persons.
    pub changes: Arc<ChangeService>,
    /// The queue of a commune's own node; none at the centre.
    pub handover: Option<Arc<Handover>>,
    /// What officers look at.
    pub looks: Looks,
    /// Accounts and sessions.
    pub identity: Arc<Identity>,
    /// Signs people in at portals.
    pub openid: Arc<OpenId>,
    /// Connected clients.
    pub directory: Arc<Directory>,
    /// Connections and refusals at rest.
    pub exchange_store: Arc<dyn ExchangeStore>,
    /// What is done to connections.
    pub life: Arc<LifeService>,
    /// Access tokens.
    pub tokens: Arc<TokenService>,
    /// Refusals since start.
    pub refusals: Arc<RefusalLog>,
    /// Verifications.
    pub verify: Arc<VerifyService>,
    /// Requests for consent, and the answers.
    pub consents: Arc<ConsentService>,
    /// Requests of persons about their data.
    pub privacy: Arc<PrivacyService>,
    /// Orders of courts.
    pub orders: Arc<OrderService>,
    /// Doubtful pairs of files.
    pub file_reviews: Arc<FileReviewService>,
    /// Extracts of cohorts.
    pub cohorts: Arc<CohortService>,
    /// Numbers of persons.
    pub statistics: Arc<StatisticsService>,
    /// What was used of products.
    pub usage: Arc<UsageCounter>,
    /// Alarms about looks.
    pub alarms: Arc<AlarmService>,
    /// The synthetic country for clients that are not reviewed yet.
    pub sandbox: Arc<dyn SandboxSource>,
    /// Sealed values.
    pub sealed: Arc<SealedService>,
    /// Searches of officers.
    pub search: Arc<SearchService>,
    /// The reception desk.
    pub desk: Arc<Desk>,
    /// Tells clients what changed.
    pub puller: Arc<ChangePuller>,
    /// Where the subscribers of changes stand.
    pub feed: Arc<dyn FeedStore>,
    /// The outbox of changes.
    pub outbox: Arc<dyn ChangeSource>,
    /// Signs answers for contracts that want them signed.
    pub answer_key: Arc<SigningKey>,
    /// Signs deliveries to webhooks.
    pub webhook_key: Arc<WebhookKey>,
    /// The log's writing side.
    pub ledger: Arc<Ledger>,
    /// The log's public side.
    pub public_log: Arc<PublicLog>,
    /// The logs of all nodes.
    pub logs: Arc<Logs>,
    /// Publishes the log's files.
    pub publisher: Arc<Publisher>,
    /// Who asks witnesses to cosign this node's log; none where no witness is named.
    pub cosigning: Option<Arc<Cosigning>>,
    /// Cosigns the logs of the other nodes; none where there are none.
    pub witness: Option<Arc<Witness>>,
    /// Bundles that prove an exchange to others.
    pub evidence: Evidence,
    /// How long answers took since start.
    pub latencies: Latencies,
}
